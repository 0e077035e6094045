//! The secret itself.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::store::{StoreError, StoreErrorKind, TokenDigest, parse_32};

/// A token: 256 random bits, written as 43 characters of base64url.
///
/// `Debug` does not show them, there is no `Display`, and it cannot be serialised: it leaves only by
/// [`expose`](Self::expose).
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// A new one, from the operating system's random source.
    pub(super) fn generate() -> Result<Self, StoreError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            StoreError::with_source(StoreErrorKind::Unavailable, "the system gives no random bytes", error)
        })?;
        Ok(Self(bytes))
    }

    /// Reads the one written form of a token; `None` for anything else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        parse_32(text).map(Self)
    }

    /// What a store knows of it.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }

    /// The written form: whoever has it is signed in. For an answer's `no-store` body or a test, never for a log or a URL.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

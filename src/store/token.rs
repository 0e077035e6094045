//! The contract of a token store.

use std::{fmt, str, str::FromStr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{future::StoreFuture, record::TokenRecord};

/// Characters of a digest as base64url.
const DIGEST_LENGTH: usize = 43;

/// The SHA-256 of a token's secret: what a store knows of it.
///
/// It is no secret: nobody can sign in with it. It names a session in a list of sessions, where `Display` and `FromStr`
/// write and read it as 43 characters of base64url.
///
/// ```
/// use tower_consent::TokenDigest;
///
/// let digest = TokenDigest::of(b"secret");
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// assert!("K7gNU3".parse::<TokenDigest>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// A digest that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; DIGEST_LENGTH];
        let length = URL_SAFE_NO_PAD.encode_slice(self.0, &mut text).map_err(|_too_long| fmt::Error)?;
        f.pad(text.get(..length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default())
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenDigest({self})")
    }
}

impl FromStr for TokenDigest {
    type Err = TokenDigestError;

    fn from_str(text: &str) -> Result<Self, TokenDigestError> {
        parse_32(text.as_bytes()).map(Self).ok_or(TokenDigestError)
    }
}

/// 32 bytes from their one written form.
pub(crate) fn parse_32(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != DIGEST_LENGTH {
        return None;
    }
    // A little room more than 32 bytes, because the decoder estimates upwards.
    let mut room = [0; 36];
    let written = URL_SAFE_NO_PAD.decode_slice(text, &mut room).ok()?;
    room.get(..written)?.try_into().ok()
}

/// A text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDigestError;

impl fmt::Display for TokenDigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token's digest is written as 43 characters of base64url")
    }
}

impl std::error::Error for TokenDigestError {}

/// Keeps tokens: what [`Tokens`](crate::Tokens) works on.
///
/// # Contract
///
/// Every store that comes with this crate passes one suite of tests, and every other one should (`tests/stores`).
///
/// 1. **An answer is a promise.** What [`insert_new`](Self::insert_new) acknowledged is found until it is deleted or has
///    ended; what a delete acknowledged is never found again, by no process. A store that keeps tokens over a restart
///    keeps both promises over a crash.
/// 2. **No upsert.** `insert_new` changes nothing where the digest is known; [`touch`](Self::touch) changes nothing where
///    it is not.
/// 3. **Deletion is seen at once**, by every process on the store, before it is acknowledged.
/// 4. **A subject's end is an end.** When [`delete_all_of`](Self::delete_all_of) answers, every token of the subject that
///    was acknowledged before it was called is gone; one that was inserted meanwhile is gone too, or is listed. A store
///    that cannot delete all in one step lists and deletes until it has itself deleted all of a listing.
/// 5. **A store does not judge.** It gives ended tokens like others, until it deletes them: by its own time, at the
///    earliest one sweep interval after their end, at the latest two.
/// 6. **A failure is an error**, never an absence. After an error a write may have happened or not.
/// 7. Operations can be dropped before they are done; what they began may happen or not, and nothing half.
///
/// A record with a new field is a new form for every store: a table needs a migration, and a store that keeps bytes reads
/// the old form too.
///
/// The methods take `&self` and give futures that are `Send`; a store that answers at once uses [`StoreFuture::ready`].
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// Adds a token. `false`: its digest is known already, and nothing was changed.
    ///
    /// # Errors
    ///
    /// [`Full`](super::StoreErrorKind::Full) where there is no room: a store never makes room by losing a token.
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool>;

    /// The token of this digest, ended or not.
    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>>;

    /// Deletes a token, and tells whether it was there. Of two that delete one token at a time, one is told `true`.
    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool>;

    /// Deletes every token of a subject, and tells how many it deleted.
    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64>;

    /// The tokens of a subject, in any order, as of one moment: a session that is rotated meanwhile is listed under one
    /// token or the other, and not under none.
    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>>;

    /// Notes that a token was used at this time (Unix seconds), and tells whether it was there. Never brings one back;
    /// never moves the time backwards.
    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool>;

    /// Deletes tokens whose end lies at least one sweep interval back, by the store's own time, and tells how many. A
    /// store whose server expires by itself may have nothing to do. Stores call it themselves at every interval.
    fn sweep(&self) -> StoreFuture<'_, u64>;
}

/// A store can be shared.
impl<S: TokenStore + ?Sized> TokenStore for Arc<S> {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        (**self).insert_new(record)
    }

    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        (**self).get(digest)
    }

    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        (**self).delete(digest)
    }

    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        (**self).delete_all_of(subject)
    }

    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        (**self).list_of(subject)
    }

    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        (**self).touch(digest, seen_at)
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        (**self).sweep()
    }
}

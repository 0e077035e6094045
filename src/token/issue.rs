//! What is asked for when a token is issued, and what is given.

use super::secret::Token;
use crate::store::{TokenForm, TokenRecord};

/// A token to be issued: whose, and with what.
///
/// ```
/// use tower_consent::NewToken;
///
/// let by_name = NewToken::of("user-17").with_label("Firefox on Linux").browser_session();
/// # let _ = by_name;
/// ```
#[derive(Clone)]
#[must_use = "it is issued by `SignIn::issue` or `Tokens::issue`"]
pub struct NewToken {
    pub(super) subject: String,
    pub(super) label: String,
    pub(super) data: Vec<u8>,
    pub(super) form: TokenForm,
}

impl NewToken {
    /// A token of this subject: the application's own name of an account, 1 to 255 bytes.
    ///
    /// Its cookie lives as long as the token, as policies promise that speak of seven days; see
    /// [`browser_session`](Self::browser_session) for visitors who did not ask for that.
    pub fn of(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), label: String::new(), data: Vec::new(), form: TokenForm::default() }
    }

    /// A device label for lists of sessions, at most 255 bytes: "Firefox on Linux".
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// A small amount of the application's own data, at most 1,024 bytes. It is stored in the clear and cannot be changed.
    pub fn with_data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = data.into();
        self
    }

    /// The cookie ends with the browser: for visitors who did not tick *keep me signed in*. A login that survives the
    /// browser is strictly necessary, and so free of consent, only where the visitor asked for it (WP29 opinion 04/2012
    /// section 3.2). The server ends both forms alike.
    pub fn browser_session(mut self) -> Self {
        self.form = TokenForm::BrowserSession;
        self
    }

    /// No cookie: the token is given to the application, to be sent as `Authorization: Bearer`.
    pub fn bearer(mut self) -> Self {
        self.form = TokenForm::Bearer;
        self
    }
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("form", &self.form).finish_non_exhaustive()
    }
}

impl From<&str> for NewToken {
    fn from(subject: &str) -> Self {
        Self::of(subject)
    }
}

impl From<&String> for NewToken {
    fn from(subject: &String) -> Self {
        Self::of(subject.as_str())
    }
}

impl From<String> for NewToken {
    fn from(subject: String) -> Self {
        Self::of(subject)
    }
}

/// A token that was issued.
#[derive(Clone, Debug)]
#[must_use = "nobody else knows the token"]
pub struct Issued {
    pub(super) token: Token,
    pub(super) record: TokenRecord,
}

impl Issued {
    /// The secret.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// What the store keeps of it.
    #[must_use]
    pub const fn record(&self) -> &TokenRecord {
        &self.record
    }
}

//! A request whose token is alive.

use std::fmt;

use http::{HeaderMap, HeaderValue};

use super::{context::TokenContext, sign_in::SignedIn};
use crate::store::{StoreError, TokenDigest, TokenForm, TokenRecord};

/// The session of a request: its token is alive. An extractor, also as `Option<Session>`.
#[derive(Clone)]
pub struct Session {
    record: TokenRecord,
    by_cookie: bool,
    context: TokenContext,
}

impl Session {
    pub(super) const fn new(record: TokenRecord, by_cookie: bool, context: TokenContext) -> Self {
        Self { record, by_cookie, context }
    }

    /// Whose session it is: what the application gave at the sign-in.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.record.subject()
    }

    /// The session's name in a list of sessions.
    #[must_use]
    pub fn digest(&self) -> &TokenDigest {
        self.record.digest()
    }

    /// All that is stored of it.
    #[must_use]
    pub const fn record(&self) -> &TokenRecord {
        &self.record
    }

    /// Seconds until it ends, by the clock of the tokens.
    #[must_use]
    pub fn seconds_left(&self) -> i64 {
        self.context.tokens().seconds_left(&self.record)
    }

    /// Signs out: the token is deleted from the store, and then from the browser with the answer. Whoever comes with it
    /// afterwards is refused, on every server. To end it again changes nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be reached: then the token may be alive, and the cookie stays, so that the visitor can try again.
    pub async fn end(&self) -> Result<Ended, StoreError> {
        self.context.tokens().end(&self.record).await?;
        self.context.note_change();
        Ok(Ended { clears_site_data: false })
    }

    /// Signs out everywhere: every token of the subject.
    ///
    /// # Errors
    ///
    /// The store cannot be reached: then some may be alive.
    pub async fn end_all(&self) -> Result<Ended, StoreError> {
        self.context.tokens().revoke_all(self.record.subject()).await?;
        self.context.note_change();
        Ok(Ended { clears_site_data: false })
    }

    /// Gives the session a new secret, which ends when the old one would have: after a change of rights. `None`: the token
    /// was ended or rotated meanwhile, so this request is anonymous now.
    ///
    /// Requests that are under way with the old secret are anonymous from now on, and a page among them expires the
    /// cookie. So rotate where a browser has nothing else under way: on a form's POST, and not on a timer.
    ///
    /// # Errors
    ///
    /// The store cannot be reached.
    pub async fn rotate(&self) -> Result<Option<SignedIn>, StoreError> {
        let tokens = self.context.tokens();
        // Where nothing may be stored it goes on as a bearer token, and stays one.
        let form = if self.context.forbids_cookies().is_some() { TokenForm::Bearer } else { self.record.form() };
        let Some(issued) = tokens.replace(&self.record, form).await? else {
            self.context.note_loss();
            return Ok(None);
        };
        self.context.note_change();
        Ok(Some(SignedIn::new(issued, &self.context, &tokens)))
    }

    /// Whether the token came by cookie, and not as a bearer token.
    #[must_use]
    pub const fn is_by_cookie(&self) -> bool {
        self.by_cookie
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("record", &self.record)
            .field("by_cookie", &self.by_cookie)
            .finish_non_exhaustive()
    }
}

/// A session that was ended. The layer expires the cookie with the answer to this request, whatever the answer is; as an
/// answer by itself this is `204 No Content`.
#[derive(Clone, Copy, Debug)]
#[must_use = "the visitor wants an answer"]
pub struct Ended {
    clears_site_data: bool,
}

impl Ended {
    /// Asks the browser to clear its cache and the site's storage too (Clear-Site-Data). Not its cookies: that would take
    /// the visitor's consent choice with them (R64).
    ///
    /// Browsers differ in what they do with it (R65). Chromium, for one, still shows the page before with the back button,
    /// if the answer that carries this is a redirect: send the header with a style sheet or an image of the page that
    /// follows too.
    pub const fn clear_site_data(mut self) -> Self {
        self.clears_site_data = true;
        self
    }

    /// Writes what the answer needs into its headers.
    pub fn apply(self, headers: &mut HeaderMap) {
        if self.clears_site_data {
            headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
        }
    }
}

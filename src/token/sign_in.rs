//! Signing in with an answer.

use std::fmt;

use bytes::Bytes;
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use time::Duration;

use super::{
    context::TokenContext,
    issue::{Issued, NewToken},
    presented::Presented,
    tokens::Tokens,
};
use crate::{
    signal::Signal,
    store::{StoreError, TokenForm, TokenRecord},
};

/// Signs a visitor in. An extractor.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Form, response::IntoResponse};
/// use tower_consent::{NewToken, SignIn, StoreError};
///
/// # #[derive(serde::Deserialize)] struct Login { name: String, keep_me_signed_in: Option<String> }
/// async fn login(sign_in: SignIn, Form(login): Form<Login>) -> Result<impl IntoResponse, StoreError> {
///     // check the password here
///     let token = NewToken::of(login.name);
///     let token = if login.keep_me_signed_in.is_some() { token } else { token.browser_session() };
///     Ok(sign_in.issue(token).await?.redirect("/"))
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SignIn {
    presented: Presented,
    context: TokenContext,
}

impl SignIn {
    pub(super) const fn new(presented: Presented, context: TokenContext) -> Self {
        Self { presented, context }
    }

    /// Issues a token to a subject that has proved who it is, and ends what came with this request (R74): a token, or both
    /// of two that differ. For a token beside the visitor's own, such as one for a program, use
    /// [`Tokens::issue`].
    ///
    /// Under a signal by which the policy stores nothing at all, the token is given as a bearer token and not as a cookie:
    /// see [`SignedIn::bearer`].
    ///
    /// # Errors
    ///
    /// The store is down or full, and nobody was signed in; a subject, label or data that is too long.
    pub async fn issue(&self, new: impl Into<NewToken>) -> Result<SignedIn, StoreError> {
        let mut new = new.into();
        if self.context.forbids_cookies().is_some() {
            new.form = TokenForm::Bearer;
        }
        let tokens = self.context.tokens();
        let issued = tokens.issue(new).await?;
        for old in self.presented.digests() {
            if let Err(error) = tokens.end_by(&old).await {
                // Whether it works or not, nobody learns the new secret.
                drop(tokens.delete(issued.record().digest()).await);
                return Err(error);
            }
        }
        self.context.note_change();
        self.context.note_sign_in(issued.record().subject());
        Ok(SignedIn::new(issued, &self.context, &tokens))
    }

    /// The tokens of the layer, within what the policy promises.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.context.tokens()
    }
}

/// A visitor who was signed in: a part of the answer, which brings the token to the browser.
///
/// Whatever else the answer says, the layer makes it `no-store`.
#[derive(Clone)]
#[must_use = "the token reaches the visitor only with the answer"]
pub struct SignedIn {
    record: TokenRecord,
    carrier: Carrier,
    forbidden_by: Option<Signal>,
}

#[derive(Clone)]
enum Carrier {
    Cookie(HeaderValue),
    Bearer(String),
}

impl SignedIn {
    pub(super) fn new(issued: Issued, context: &TokenContext, tokens: &Tokens) -> Self {
        let forbidden_by = context.forbids_cookies();
        let text = issued.token.expose();
        let record = issued.record;
        let max_age = match record.form() {
            TokenForm::Persistent => Some(tokens.seconds_left(&record)),
            TokenForm::BrowserSession | TokenForm::Bearer => None,
        };
        let is_cookie = record.form() != TokenForm::Bearer;
        let line = is_cookie.then(|| cookie_line(context.cookie_name(), &text, max_age)).flatten();
        Self { record, carrier: line.map_or(Carrier::Bearer(text), Carrier::Cookie), forbidden_by }
    }

    /// The token, where it does not travel by cookie: because it was asked for in that form, or because nothing may be
    /// stored in this browser. Give it to the visitor in a body, never in a URL: an answer that redirects cannot carry it,
    /// so let a page say what happened.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        match &self.carrier {
            Carrier::Cookie(_) => None,
            Carrier::Bearer(token) => Some(token),
        }
    }

    /// The signal because of which there is no cookie.
    #[must_use]
    pub const fn forbidden_by(&self) -> Option<Signal> {
        self.forbidden_by
    }

    /// What is stored of the token.
    #[must_use]
    pub const fn record(&self) -> &TokenRecord {
        &self.record
    }

    /// A whole answer: on to `location` (303 See Other) with the cookie; or, where the token does not travel by cookie, the
    /// token in a body, because an answer that redirects cannot carry it. Where that is so because of a signal, it is a
    /// page that says why. An application with a page of its own asks [`bearer`](Self::bearer) first.
    ///
    /// A `location` that cannot stand in a header becomes `/`.
    pub fn redirect(&self, location: &str) -> SignInAnswer {
        let mut answer = match &self.carrier {
            Carrier::Cookie(_) => {
                let mut answer = Response::new(Bytes::new());
                *answer.status_mut() = StatusCode::SEE_OTHER;
                let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
                answer.headers_mut().insert(header::LOCATION, location);
                answer
            }
            Carrier::Bearer(token) => {
                let (kind, body) = match self.forbidden_by {
                    Some(_) => ("text/html; charset=utf-8", [NOT_REMEMBERED, token, "</code>\n"].concat()),
                    None => ("text/plain; charset=utf-8", format!("{token}\n")),
                };
                let mut answer = Response::new(Bytes::from(body));
                answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
                answer
            }
        };
        self.apply(answer.headers_mut());
        SignInAnswer(answer)
    }

    /// Writes the cookie, if there is one, into the headers of the answer.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if let Carrier::Cookie(line) = &self.carrier {
            headers.append(header::SET_COOKIE, line.clone());
        }
    }
}

/// What [`SignedIn::redirect`] gives.
#[must_use = "the token reaches the visitor only with the answer"]
pub struct SignInAnswer(Response<Bytes>);

impl SignInAnswer {
    /// The answer.
    #[must_use]
    pub fn into_answer(self) -> Response<Bytes> {
        self.0
    }
}

impl fmt::Debug for SignInAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may be a token.
        f.debug_struct("SignInAnswer").field("status", &self.0.status()).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn")
            .field("record", &self.record)
            .field("is_bearer", &self.bearer().is_some())
            .finish_non_exhaustive()
    }
}

/// Says why a visitor is not signed in although name and password were right; the token follows.
const NOT_REMEMBERED: &str = "<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content=\"width=device-width\">
<title>Your browser asked us not to store anything</title>
<h1>Your browser asked us not to store anything</h1>
<p>Your name and password are right. But your browser sends a signal against tracking (Do Not Track or Global Privacy
Control), and this site promises to store nothing in a browser that does: also not the cookie that would keep you signed
in.
<p>To sign in here, turn the signal off for this site, and sign in again.
<p>A program can go on with this token, which is shown only here: <code>Authorization: Bearer ";

/// The line that sets the token cookie (R122). It is marked sensitive: no log of headers shows it.
fn cookie_line(name: &str, token: &str, max_age: Option<i64>) -> Option<HeaderValue> {
    let line = Cookie::build((name, token)).path("/").secure(true).http_only(true).same_site(SameSite::Lax);
    let line = match max_age {
        Some(seconds) => line.max_age(Duration::seconds(seconds)),
        None => line,
    };
    let mut line = HeaderValue::try_from(line.build().to_string()).ok()?;
    line.set_sensitive(true);
    Some(line)
}

/// The line that deletes the token cookie, at the scope of the other.
pub(super) fn deletion_line(name: &str) -> Option<HeaderValue> {
    let line = Cookie::build((name, "")).path("/").secure(true).http_only(true).same_site(SameSite::Lax);
    let line = line.max_age(Duration::ZERO).expires(time::OffsetDateTime::UNIX_EPOCH);
    HeaderValue::try_from(line.build().to_string()).ok()
}

//! Signing in, the list of one's sessions, and signing out. There are no accounts: any name signs in.

use askama::Template;
use axum::{
    Form,
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use time::OffsetDateTime;
use tower_consent::{
    Decision, Fragments, NewToken, Session, SessionRejection, SignIn, Signal, StoreError, TokenDigest, TokenForm,
    TokenRecord, Tokens,
};

use super::{device, message::message, page::render};

/// Pages about one visitor: no cache keeps them. For a browser's memory, see [`forget`].
pub(super) const NO_STORE: [(header::HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

const MAX_NAME: usize = 60;

#[derive(Template)]
#[template(path = "sign_in.html", config = "examples/demo/askama.toml")]
struct SignInPage {
    fragments: Fragments,
    /// The signal under which nothing is stored.
    stores_nothing: Option<Signal>,
    has_ended: bool,
    max_name: usize,
}

/// The form; who is signed in already is led on.
pub(super) async fn sign_in_page(
    session: Option<Session>,
    decision: Decision,
    fragments: Fragments,
    uri: Uri,
) -> Response {
    if session.is_some() {
        return Redirect::to("/account").into_response();
    }
    let page = SignInPage {
        fragments,
        stores_nothing: decision.forbids_storing(),
        has_ended: uri.query() == Some("ended"),
        max_name: MAX_NAME,
    };
    (NO_STORE, render(StatusCode::OK, &page)).into_response()
}

#[derive(Deserialize)]
pub(super) struct SignInForm {
    name: String,
    keep: Option<String>,
}

#[derive(Template)]
#[template(path = "bearer.html", config = "examples/demo/askama.toml")]
struct BearerPage<'a> {
    fragments: Fragments,
    name: &'a str,
    token: &'a str,
    signal: Option<Signal>,
}

/// Signs in under any name: a real application checks a password here.
pub(super) async fn sign_in(
    sign_in: SignIn,
    decision: Decision,
    fragments: Fragments,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Result<Response, AccountError> {
    let name = form.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        let text = format!("A name has 1 to {MAX_NAME} characters.");
        return Ok(message(StatusCode::BAD_REQUEST, "That is no name", &text));
    }
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let token = NewToken::of(name);
    let token = match (decision.forbids_storing(), form.keep) {
        // Of a browser that asks us not to track it the list of sessions says nothing either.
        (Some(_), _) => token.bearer().with_label(device::label("")),
        (None, Some(_)) => token.with_label(device::label(agent)),
        (None, None) => token.with_label(device::label(agent)).browser_session(),
    };
    let signed_in = sign_in.issue(token).await?;
    let Some(token) = signed_in.bearer() else {
        return Ok((signed_in, Redirect::to("/account")).into_response());
    };
    let page = BearerPage { fragments, name, token, signal: signed_in.forbidden_by() };
    Ok((NO_STORE, render(StatusCode::OK, &page)).into_response())
}

#[derive(Template)]
#[template(path = "account.html", config = "examples/demo/askama.toml")]
struct AccountPage<'a> {
    fragments: Fragments,
    name: &'a str,
    sessions: Vec<Line<'a>>,
}

/// One session in the list.
struct Line<'a> {
    digest: String,
    device: &'a str,
    is_this: bool,
    left: String,
    issued: String,
    form: &'static str,
}

impl<'a> Line<'a> {
    fn new(record: &'a TokenRecord, this: &TokenDigest, now: i64) -> Self {
        let form = match record.form() {
            TokenForm::Persistent => "kept on the device",
            TokenForm::BrowserSession => "until the browser is closed",
            _ => "by a token, without a cookie",
        };
        Self {
            digest: record.digest().to_string(),
            device: record.label(),
            is_this: record.digest() == this,
            left: days_and_hours(record.expires_at() - now),
            issued: minute(record.issued_at()),
            form,
        }
    }
}

/// "6 days, 23 hours"; minutes only where no hour is left.
pub(crate) fn days_and_hours(seconds: i64) -> String {
    let count = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) if minutes < 1 => "less than a minute".to_owned(),
        (0, 0) => count(minutes, "minute"),
        (0, hours) => count(hours, "hour"),
        (days, 0) => count(days, "day"),
        (days, hours) => format!("{}, {}", count(days, "day"), count(hours, "hour")),
    }
}

/// A time as people read it.
fn minute(unix_seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix_seconds)
        .map_or_else(|_beyond| String::new(), |at| format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute()))
}

/// The visitor's sessions.
pub(super) async fn account(session: Session, tokens: Tokens, fragments: Fragments) -> Result<Response, AccountError> {
    let records = tokens.list(session.subject()).await?;
    // By the clock of the tokens, which in tests is not the machine's.
    let now = session.record().expires_at() - session.seconds_left();
    let page = AccountPage {
        fragments,
        name: session.subject(),
        sessions: records.iter().map(|record| Line::new(record, session.digest(), now)).collect(),
    };
    Ok((NO_STORE, render(StatusCode::OK, &page)).into_response())
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    session: String,
}

/// Ends one session of the list. A name that is not in it, also one of somebody else's sessions, ends nothing.
pub(super) async fn end_one(
    session: Session,
    tokens: Tokens,
    Form(form): Form<EndForm>,
) -> Result<Response, AccountError> {
    let Ok(digest) = form.session.parse::<TokenDigest>() else {
        return Ok(message(StatusCode::BAD_REQUEST, "No such session", "The form names no session."));
    };
    if digest == *session.digest() {
        return sign_out(Some(session)).await;
    }
    tokens.revoke_one_of(session.subject(), &digest).await?;
    Ok(Redirect::to("/account").into_response())
}

/// Signs out on every device.
pub(super) async fn end_all(session: Session) -> Result<Response, AccountError> {
    Ok((session.end_all().await?.clear_site_data(), Redirect::to("/sign-in?ended")).into_response())
}

/// Signs out here. Who is signed out already is told the same.
pub(super) async fn sign_out(session: Option<Session>) -> Result<Response, AccountError> {
    let next = Redirect::to("/sign-in?ended");
    Ok(match session {
        Some(session) => (session.end().await?.clear_site_data(), next).into_response(),
        None => next.into_response(),
    })
}

/// An empty style sheet of the page that follows a sign-out. Chromium shows a `no-store` page from memory when the visitor
/// goes back; the page gets there after the answer to the sign-out, so only a later answer can clear it away.
pub(super) async fn forget() -> impl IntoResponse {
    (NO_STORE, [(header::CONTENT_TYPE, "text/css; charset=utf-8")], [("clear-site-data", "\"cache\"")])
}

/// The answer where a session is needed and there is none: people are led to the form, programs are told.
pub(super) fn no_session(rejection: &SessionRejection, request: &Parts) -> axum::http::Response<Bytes> {
    let accepts = request.headers.get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    let wants_page = accepts.windows(9).any(|part| part == b"text/html");
    let mut answer = axum::http::Response::new(Bytes::from(format!("{rejection}\n")));
    let (status, name, value) = match (rejection.is_anonymous(), wants_page) {
        (true, true) => (StatusCode::SEE_OTHER, header::LOCATION, "/sign-in"),
        (true, false) => (rejection.status(), header::WWW_AUTHENTICATE, "Bearer"),
        (false, _) => (rejection.status(), header::RETRY_AFTER, "5"),
    };
    *answer.status_mut() = status;
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

/// Sign-ins or records cannot be read or written.
#[derive(Debug)]
pub(super) struct AccountError(StoreError);

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl IntoResponse for AccountError {
    fn into_response(self) -> Response {
        tracing::error!("store: {}", self.0);
        let text = "The store cannot be reached now, and nothing was promised. Please try again soon.";
        message(StatusCode::SERVICE_UNAVAILABLE, "Please try again", text)
    }
}

//! An application that signs in with tower-sessions and stays with it, kept to seven days: `cargo run --example
//! existing_sessions`, then
//!
//! ```console
//! $ curl -i -c jar -b jar                  http://localhost:3002/
//! $ curl -i -c jar -b jar -d name=ada      http://localhost:3002/sign-in
//! $ curl -i -c jar -b jar -X POST          http://localhost:3002/sign-out
//! ```
//!
//! Its session layer asks for thirty days, as it always did. The first answer shows two `Max-Age` in one line: browsers
//! take the last, which the consent layer appended. `manual::sessions` goes through it line by line.

use std::{error::Error, net::SocketAddr};

use axum::{
    Form, Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tower_consent::{Category, ConsentLayer, Decision, Policy, PolicyBuilder, Preset};
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, SessionStore, session};

/// What the policy promises.
const LIFE: Duration = Duration::days(7);

/// Keys of the session's data.
pub(crate) const USER: &str = "user";
pub(crate) const SIGNED_IN_AT: &str = "signed_in_at";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 3002))).await?;
    println!("listening on http://localhost:{}", listener.local_addr()?.port());
    axum::serve(listener, app(policy().build()?, MemoryStore::default())).await?;
    Ok(())
}

/// Undeclared cookies are stripped, and the session's is declared twice: the preset says what it is for, and
/// `auth_cookie` how long it may live. The application's own rule stands above the preset's.
pub(crate) fn policy() -> PolicyBuilder {
    Policy::builder().preset(Preset::TowerSessions).auth_cookie("id").cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
}

/// The application over any session store.
pub(crate) fn app(policy: Policy, store: impl SessionStore + Clone) -> Router {
    let sessions = SessionManagerLayer::new(store).with_expiry(Expiry::OnInactivity(Duration::days(30)));
    Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/refuse", post(async |consent: Decision| consent.refuse_all()))
        // Inside of the session layer: it must have its say before the session is saved.
        .layer(from_fn(seven_days))
        .layer(sessions)
        // Outermost: it sees the session's cookie in both directions.
        .layer(ConsentLayer::new(policy))
}

/// Holds every sign-in to seven days from its beginning, whatever the session layer says.
async fn seven_days(session: Session, request: Request, next: Next) -> Result<Response, SessionError> {
    if let Some(at) = session.get::<i64>(SIGNED_IN_AT).await?
        && OffsetDateTime::now_utc() >= end_of(at)
    {
        // Not `flush`: if the handler writes to the session, that would bring the same id back.
        session.clear().await;
        session.cycle_id().await?;
    }
    let response = next.run(request).await;
    let is_signed_in = session.get::<String>(USER).await?.is_some();
    // Sessions that are older than this middleware do not say when they began: their seven days begin now.
    if is_signed_in && session.get::<i64>(SIGNED_IN_AT).await?.is_none() {
        session.insert(SIGNED_IN_AT, OffsetDateTime::now_utc().unix_timestamp()).await?;
    }
    // Every request begins with the layer's expiry again, and a change would save that.
    if session.is_modified()
        && let Some(at) = session.get::<i64>(SIGNED_IN_AT).await?
    {
        session.set_expiry(Some(Expiry::AtDateTime(end_of(at))));
    }
    Ok(response)
}

fn end_of(signed_in_at: i64) -> OffsetDateTime {
    // A time that no calendar has is long over.
    OffsetDateTime::from_unix_timestamp(signed_in_at).unwrap_or(OffsetDateTime::UNIX_EPOCH).saturating_add(LIFE)
}

/// Counts visits, so that every request changes the session.
async fn home(session: Session) -> Result<String, SessionError> {
    let visits = session.get::<u32>("visits").await?.unwrap_or_default().saturating_add(1);
    session.insert("visits", visits).await?;
    let user = session.get::<String>(USER).await?;
    Ok(format!("{}, visit {visits}\n", user.as_deref().unwrap_or("nobody")))
}

#[derive(Deserialize)]
struct SignIn {
    name: String,
}

async fn sign_in(session: Session, Form(form): Form<SignIn>) -> Result<impl IntoResponse, SessionError> {
    // Check the password here. A new id, because the old one may be known to somebody else.
    session.cycle_id().await?;
    session.insert(USER, form.name).await?;
    session.insert(SIGNED_IN_AT, OffsetDateTime::now_utc().unix_timestamp()).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to("/")))
}

/// `flush` deletes in the store and empties the session, for which the session layer then writes a deletion of the cookie.
/// Deletions always pass the consent layer.
async fn sign_out(session: Session) -> Result<impl IntoResponse, SessionError> {
    session.flush().await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to("/")))
}

/// The session could not be read or written.
struct SessionError(session::Error);

impl From<session::Error> for SessionError {
    fn from(error: session::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        eprintln!("session: {}", self.0);
        (StatusCode::SERVICE_UNAVAILABLE, "Sessions cannot be read now.\n").into_response()
    }
}

//! An application that signs in with axum-login and stays with it, kept to seven days: `cargo run --example axum_login`, then
//!
//! ```console
//! $ curl -i -c jar -b jar                              http://localhost:3003/
//! $ curl -i -c jar -b jar -d 'name=ada&password=love'  http://localhost:3003/sign-in
//! $ curl -i -c jar -b jar                              http://localhost:3003/
//! $ curl -i -c jar -b jar -X POST                      http://localhost:3003/sign-out
//! ```
//!
//! axum-login keeps its data in a session of tower-sessions, and has its own ideas of neither time nor cookies: what
//! `examples/existing_sessions.rs` does for the one is done here for the other. `manual::sessions` says why.

use std::{convert::Infallible, error::Error, net::SocketAddr};

use axum::{
    Form, Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
// The version of tower-sessions that axum-login stands on: its types are others than those of a newer one.
use axum_login::tower_sessions::{Expiry, SessionManagerLayer, SessionStore, session};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tower_consent::{Category, ConsentLayer, Policy, PolicyBuilder, Preset};
use tower_sessions_memory_store::MemoryStore;

/// What the policy promises.
const LIFE: Duration = Duration::days(7);

/// Key of the session's data.
pub(crate) const SIGNED_IN_AT: &str = "signed_in_at";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 3003))).await?;
    println!("listening on http://localhost:{}", listener.local_addr()?.port());
    axum::serve(listener, app(policy().build()?, MemoryStore::default())).await?;
    Ok(())
}

/// The preset says what the session's cookie is for, and `auth_cookie` how long it may live.
pub(crate) fn policy() -> PolicyBuilder {
    Policy::builder().preset(Preset::AxumLogin).auth_cookie("id").cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
}

/// The application over any session store.
pub(crate) fn app(policy: Policy, store: impl SessionStore + Clone) -> Router {
    let sessions = SessionManagerLayer::new(store).with_expiry(Expiry::OnInactivity(Duration::days(30)));
    Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        // Inside of the sessions: it must have its say before they are saved.
        .layer(from_fn(seven_days))
        .layer(AuthManagerLayerBuilder::new(People, sessions).build())
        // Outermost: it sees the session's cookie in both directions.
        .layer(ConsentLayer::new(policy))
}

/// Holds every sign-in to seven days from its beginning, whatever the session layer says.
async fn seven_days(auth: AuthSession, mut request: Request, next: Next) -> Result<Response, Failure> {
    let session = auth.session.clone();
    if let Some(at) = session.get::<i64>(SIGNED_IN_AT).await?
        && OffsetDateTime::now_utc() >= end_of(at)
    {
        // Not `logout`: if the handler writes to the session, that would bring the same id back.
        session.clear().await;
        session.cycle_id().await?;
        // axum-login has read the session already, and would still tell the handler who it was.
        let mut nobody = auth.clone();
        nobody.user = None;
        request.extensions_mut().insert(nobody);
    }
    let was_signed_in = auth.user.is_some();
    let response = next.run(request).await;
    // Sessions that are older than this middleware do not say when they began: their seven days begin now. After a sign-out
    // the session is empty, and must stay so.
    if was_signed_in && !session.is_empty().await && session.get::<i64>(SIGNED_IN_AT).await?.is_none() {
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
async fn home(auth: AuthSession) -> Result<String, Failure> {
    let visits = auth.session.get::<u32>("visits").await?.unwrap_or_default().saturating_add(1);
    auth.session.insert("visits", visits).await?;
    Ok(format!("{}, visit {visits}\n", auth.user.map_or("nobody".to_owned(), |user| user.name)))
}

async fn sign_in(mut auth: AuthSession, Form(login): Form<Login>) -> Result<Response, Failure> {
    // Who is signed in already would keep the old id.
    if auth.user.is_some() {
        auth.logout().await?;
    }
    let Some(user) = auth.authenticate(login).await? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    auth.login(&user).await?;
    // A new id, because the old one may be known to somebody else. `login` takes one only where nobody was signed in, and what
    // `logout` has flushed would come back under its old one.
    auth.session.cycle_id().await?;
    // The middleware does not learn of a sign-in: its copy is from before.
    auth.session.insert(SIGNED_IN_AT, OffsetDateTime::now_utc().unix_timestamp()).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to("/")).into_response())
}

async fn sign_out(mut auth: AuthSession) -> Result<impl IntoResponse, Failure> {
    auth.logout().await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to("/")))
}

type AuthSession = axum_login::AuthSession<People>;

/// One person, in place of a table of them.
#[derive(Clone, Debug)]
pub(crate) struct People;

#[derive(Clone, Debug)]
pub(crate) struct Person {
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct Login {
    name: String,
    password: String,
}

impl AuthUser for Person {
    type Id = String;

    fn id(&self) -> String {
        self.name.clone()
    }

    /// The hash of the password: who changes it is signed out everywhere.
    fn session_auth_hash(&self) -> &[u8] {
        b"the hash of a password"
    }
}

impl AuthnBackend for People {
    type User = Person;
    type Credentials = Login;
    type Error = Infallible;

    async fn authenticate(&self, login: Login) -> Result<Option<Person>, Infallible> {
        Ok((login.name == "ada" && login.password == "love").then_some(Person { name: login.name }))
    }

    async fn get_user(&self, name: &String) -> Result<Option<Person>, Infallible> {
        Ok((name == "ada").then(|| Person { name: name.clone() }))
    }
}

/// The session could not be read or written.
struct Failure;

impl From<session::Error> for Failure {
    fn from(error: session::Error) -> Self {
        eprintln!("session: {error}");
        Self
    }
}

impl From<axum_login::Error<People>> for Failure {
    fn from(error: axum_login::Error<People>) -> Self {
        eprintln!("session: {error}");
        Self
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, "Sessions cannot be read now.\n").into_response()
    }
}

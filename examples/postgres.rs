//! Sign-ins of several servers that share a PostgreSQL:
//!
//! ```console
//! $ cargo run --example postgres -- postgres://user:password@localhost/database
//! ```
//!
//! The address can also stand in `DATABASE_URL`, and the port in `PORT` (3003 where it does not). Start a second one on
//! another port: who signs out there is signed out here.
//!
//! ```console
//! $ curl -i -c jar -b jar -d name=ada      http://localhost:3003/login
//! $ curl -i -c jar -b jar                  http://localhost:3003/account
//! $ curl -i -c jar -b jar -X POST          http://localhost:3004/logout
//! $ curl -i -c jar -b jar                  http://localhost:3003/account
//! ```

use std::{env, error::Error, net::Ipv4Addr, process::ExitCode};

use axum::{
    Form, Router,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_consent::{
    Category, ConsentLayer, Decision, NewToken, Policy, PostgresStore, Session, SignIn, StoreError, Tokens,
};

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).or_else(|| env::var("DATABASE_URL").ok());
    let address = address.ok_or("no database: give its address as argument, or in DATABASE_URL")?;
    let store = PostgresStore::connect(&address).await?;
    let port = env::var("PORT").ok().map_or(Ok(3003), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://localhost:{port}");
    axum::serve(listener, app(store)?).await?;
    Ok(())
}

fn app(store: PostgresStore) -> Result<Router, Box<dyn Error>> {
    let policy = Policy::builder().cookies(Category::ANALYTICS, ["_ga", "_ga_*"]).build()?;
    Ok(Router::new()
        .route("/", get(home))
        .route("/login", post(login))
        .route("/account", get(account))
        .route("/logout", post(logout))
        .route("/logout-everywhere", post(logout_everywhere))
        .layer(ConsentLayer::new(policy).with_tokens(Tokens::new(store))))
}

async fn home(consent: Decision, session: Option<Session>) -> String {
    let user = session.as_ref().map_or("nobody", Session::subject);
    format!("{user}, analytics {}\n", if consent.allows(Category::ANALYTICS) { "on" } else { "off" })
}

#[derive(Deserialize)]
struct Login {
    name: String,
}

async fn login(sign_in: SignIn, headers: HeaderMap, Form(form): Form<Login>) -> Result<impl IntoResponse, StoreError> {
    // Check the password here. The label tells devices apart in the list of sessions.
    let device = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let device: String = device.chars().take(60).collect();
    let token = NewToken::of(form.name).with_label(device).browser_session();
    Ok(sign_in.issue(token).await?.redirect("/account"))
}

async fn account(session: Session, sign_in: SignIn) -> Result<String, StoreError> {
    let mut page = format!("{}, signed in for {} seconds more\n", session.subject(), session.seconds_left());
    for other in sign_in.tokens().list(session.subject()).await? {
        let mark = if other.digest() == session.digest() { " (this one)" } else { "" };
        page += &format!("- {}{mark}\n", other.label());
    }
    Ok(page)
}

async fn logout(session: Session) -> Result<impl IntoResponse, StoreError> {
    Ok((session.end().await?, Redirect::to("/")))
}

async fn logout_everywhere(session: Session) -> Result<impl IntoResponse, StoreError> {
    Ok((session.end_all().await?, Redirect::to("/")))
}

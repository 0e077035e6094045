//! Sign-ins of several servers that share a Redis or Valkey, single or cluster:
//!
//! ```console
//! $ redis-server --appendonly yes --appendfsync always --save ''
//! $ cargo run --example redis -- redis://127.0.0.1
//! ```
//!
//! The address can also stand in `REDIS_URL`, and the port of this application in `PORT` (3004 where it does not).
//! Several addresses with commas between them are the nodes of a cluster. A server whose settings could lose a sign-in, or
//! bring a log-out back, is refused, and the line that says so names the setting.
//!
//! ```console
//! $ curl -i -c jar -b jar -d name=ada   http://localhost:3004/login
//! $ curl -i -c jar -b jar               http://localhost:3004/account
//! $ curl -i -c jar -b jar -X POST       http://localhost:3004/logout
//! $ curl -i -c jar -b jar               http://localhost:3004/account
//! ```

use std::{env, error::Error, net::Ipv4Addr, process::ExitCode};

use axum::{
    Form, Router,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_consent::{
    Category, ConsentLayer, Decision, NewToken, Policy, RedisStore, Session, SignIn, StoreError, Tokens,
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
    let address = env::args().nth(1).or_else(|| env::var("REDIS_URL").ok());
    let address = address.ok_or("no Redis: give its address as argument, or in REDIS_URL (redis://127.0.0.1)")?;
    let store = match address.split_once(',') {
        Some(_) => RedisStore::builder().connect_cluster(address.split(',')).await?,
        None => RedisStore::connect(&address).await?,
    };
    let port = env::var("PORT").ok().map_or(Ok(3004), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://localhost:{port}");
    axum::serve(listener, app(store)?).await?;
    Ok(())
}

fn app(store: RedisStore) -> Result<Router, Box<dyn Error>> {
    let policy = Policy::builder().cookies(Category::ANALYTICS, ["_ga", "_ga_*"]).build()?;
    Ok(Router::new()
        .route("/", get(home))
        .route("/login", post(login))
        .route("/account", get(account))
        .route("/logout", post(logout))
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

async fn login(sign_in: SignIn, Form(form): Form<Login>) -> Result<impl IntoResponse, StoreError> {
    // Check the password here.
    Ok(sign_in.issue(NewToken::of(form.name).browser_session()).await?.redirect("/account"))
}

// Without a live token 401, while Redis is away 503: never somebody else, and never nobody.
async fn account(session: Session) -> String {
    format!("{}, signed in for {} seconds more\n", session.subject(), session.seconds_left())
}

async fn logout(session: Session) -> Result<impl IntoResponse, StoreError> {
    Ok((session.end().await?, Redirect::to("/")))
}

//! A shop that keeps its cookie policy: `cargo run --example demo`, then open <http://localhost:3000/>.
//!
//! Everything it promises stands in `policy.toml`. The terminal shows for each request what passed and what did not;
//! `RUST_LOG=debug` adds the library's own events. `--listen ADDR` listens elsewhere.
//!
//! Its consent and session cookies are `Secure`. Over plain HTTP, Chromium and Firefox keep those from `localhost` and
//! 127.0.0.1 only, so serve it behind TLS anywhere else.

mod app;

use std::{env, error::Error, net::SocketAddr};

use tokio::net::TcpListener;
use tower_consent::PolicyBuilder;
use tracing_subscriber::EnvFilter;

const USAGE: &str = "usage: demo [--listen ADDR], for example --listen 127.0.0.1:3000";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_target(false).init();

    let policy = toml::from_str::<PolicyBuilder>(include_str!("policy.toml"))?.build()?;
    let listener = TcpListener::bind(listen_address(env::args().skip(1))?).await?;
    let port = listener.local_addr()?.port();
    tracing::info!("open http://localhost:{port}/ and end with Ctrl+C");
    axum::serve(listener, app::app(policy)).with_graceful_shutdown(interrupted()).await?;
    Ok(())
}

fn listen_address(mut arguments: impl Iterator<Item = String>) -> Result<SocketAddr, Box<dyn Error>> {
    let address = match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, None, None) => SocketAddr::from(([127, 0, 0, 1], 3000)),
        (Some("--listen"), Some(address), None) => address.parse().map_err(|error| format!("{error}\n{USAGE}"))?,
        _ => return Err(USAGE.into()),
    };
    Ok(address)
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal there is no graceful end: serve until killed.
        std::future::pending::<()>().await;
    }
}

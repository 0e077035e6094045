//! A shop that keeps its cookie policy: `cargo run --example demo`, then open <http://localhost:3000/>.
//!
//! Everything it promises stands in `policy.toml`. The terminal shows for each request what passed and what did not;
//! `RUST_LOG=debug` adds the library's own events. At <http://localhost:3000/records> stands what a data-protection officer
//! needs: the records, whether they are intact, the proof of a choice, and a button that publishes the next revision.
//!
//! - `--listen ADDR` listens elsewhere.
//! - `--policy NAME` keeps another policy: `capsolver`, `2captcha`, `browsec`, `filehost` or `vendor`, which were made after
//!   published ones and lie in `examples/policies`, or a file of your own. The cookies that the shop itself needs are added.
//! - `--no-cookies-under-dnt` keeps a stricter promise: in a browser that sends Do Not Track nothing is stored at all.
//! - `--region us` is a shop in California: everything passes until the visitor opts out, by one click.
//! - `--sample-days` fills <http://localhost:3000/statistics> with two weeks that were made up; without it the page begins to
//!   show days when the first one is over.
//! - Sign-ins and consent records lie in the file `demo.redb`, in `target/tmp` or in the folder that the environment
//!   variable `DEMO_DATA` names, and outlive the server: end it, start it again, and you are still signed in. The keys lie
//!   beside it, in `demo.keys`, and the visit log in the folder `visits`: a line a request, with no address of who did not
//!   agree.
//!
//! Its consent, session and token cookies are `Secure`. Over plain HTTP, Chromium and Firefox keep those from `localhost`
//! and 127.0.0.1 only, so serve it behind TLS anywhere else.

mod app;
mod keys;
mod policies;

use std::{env, error::Error, fs, io, net::SocketAddr, path::PathBuf};

use tokio::net::TcpListener;
use tower_consent::{JsonLinesSink, PolicyBuilder, Records, RedbStore, Regime, Signal, SignalScope, Tokens, VisitLog};
use tracing_subscriber::EnvFilter;

use self::app::statistics::Statistics;

const USAGE: &str = "usage: demo [--listen ADDR] [--policy NAME|FILE] [--no-cookies-under-dnt] [--region eu|us] \
                     [--sample-days], for example --listen 127.0.0.1:3000 --policy capsolver";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_target(false).init();

    let options = Options::read(env::args().skip(1))?;
    let folder = data_folder()?;
    let keys = keys::Keys::open(&folder.join("demo.keys"))?;
    let mut policy = match &options.policy {
        Some(name) => app::own_cookies::declare(toml::from_str::<PolicyBuilder>(&policies::read(name)?)?)?,
        None => toml::from_str::<PolicyBuilder>(include_str!("policy.toml"))?,
    };
    policy = policy.mac_key("demo", keys.cookie);
    if options.is_strict {
        policy = policy.signal(Signal::Dnt, SignalScope::NoCookies);
    }
    if let Some(regime) = options.regime {
        policy = policy.regime(regime);
    }
    let file = folder.join("demo.redb");
    let store = RedbStore::open(&file)?;
    let records = Records::builder(store.clone()).chain_key(keys.chain).build();
    let tokens = Tokens::new(store);
    let statistics = match options.has_sample_days {
        true => Statistics::with_sample(policy.clone())?,
        false => Statistics::default(),
    };
    let visits = VisitLog::to(JsonLinesSink::open(folder.join("visits"))?)?;
    let app = app::app(policy, tokens, records, statistics, visits)?;
    let listener = TcpListener::bind(options.address).await?;
    let port = listener.local_addr()?.port();
    tracing::info!("sign-ins and consent records are kept in {}, visits beside it", file.display());
    tracing::info!("open http://localhost:{port}/ and end with Ctrl+C");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(interrupted()).await?;
    Ok(())
}

struct Options {
    address: SocketAddr,
    is_strict: bool,
    /// In place of the demo's own.
    policy: Option<String>,
    /// In place of the policy's own.
    regime: Option<Regime>,
    has_sample_days: bool,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let address = SocketAddr::from(([127, 0, 0, 1], 3000));
        let mut options = Self { address, is_strict: false, policy: None, regime: None, has_sample_days: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--listen" => {
                    let address = arguments.next().ok_or(USAGE)?;
                    options.address = address.parse().map_err(|error| format!("{error}\n{USAGE}"))?;
                }
                "--policy" => options.policy = Some(arguments.next().ok_or(USAGE)?),
                "--sample-days" => options.has_sample_days = true,
                "--no-cookies-under-dnt" => options.is_strict = true,
                "--region" => match arguments.next().as_deref() {
                    Some("eu") => options.regime = Some(Regime::OptIn),
                    Some("us") => options.regime = Some(Regime::OptOut),
                    _ => return Err(USAGE.into()),
                },
                _ => return Err(USAGE.into()),
            }
        }
        Ok(options)
    }
}

/// Where the demo keeps its files.
fn data_folder() -> io::Result<PathBuf> {
    let ours = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp"));
    let folder = env::var_os("DEMO_DATA").map_or_else(ours, PathBuf::from);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal there is no graceful end: serve until killed.
        std::future::pending::<()>().await;
    }
}

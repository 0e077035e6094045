//! Consent before any site, in any language: a reverse proxy that keeps a policy.
//!
//! ```console
//! $ cargo run --example guard -- --upstream http://127.0.0.1:8000 --policy examples/policies/complete.toml
//! ```
//!
//! Then <http://localhost:3002/> is the site of port 8000, whose cookies pass as the policy and its visitors have it. The site
//! itself stays as it is, and must be reached through the guard only.
//!
//! - `--upstream URL`: the site, over plain HTTP/1.1.
//! - `--policy FILE`: the policy, as TOML or JSON.
//! - `--listen ADDR`: 127.0.0.1:3002 unless it says otherwise. HTTP/1.1 and HTTP/2 without TLS: TLS ends before it.
//! - `--pages PATH`: where the consent pages stand, `/privacy` unless it says otherwise. What the site has there is hidden, and
//!   its `/.well-known/gpc.json`.
//! - `--trust ADDR|PREFIX`, as often as needed: a proxy before the guard, such as the one that ends TLS. Its `Forwarded` and
//!   `X-Forwarded-…` are kept; everybody else's are removed, and written by the guard.
//! - `--tell`: each request for a page tells the site what is allowed, `Consent-Allows: essential, analytics, …`. Such pages
//!   stay out of shared caches.
//! - `--timeout SECONDS`: how long the site may take to answer, 60 unless it says otherwise.
//! - `--data FOLDER`: where records (`guard.redb`) and keys (`guard.keys`) are kept, `target/tmp` unless it says otherwise.
//!
//! # What the site adds
//!
//! Nothing is written into its pages. It adds to its layout, in whatever language that is:
//!
//! ```html
//! <script src="/privacy/include.js" defer></script>
//! ```
//!
//! The script asks for `/privacy/fragments?path=…` (JSON: `head`, `banner`, `footer`) and puts the banner at the beginning of
//! the page, or of `[data-consent-banner-here]`; the footer at the end, or into `[data-consent-footer-here]`. Scripts of third
//! parties wait with `type="text/plain" data-consent="analytics"`, as with every other site. For browsers without scripts add
//! `<noscript><a href="/privacy/">Cookies</a></noscript>`. A single-page application uses `/privacy/api/state` and
//! `/privacy/api/choice` instead.
//!
//! A site that writes banner and footer itself asks the guard for `/privacy/fragments` with the visitor's `Cookie`, `DNT`,
//! `Sec-GPC`, `Sec-Fetch-…` and `Accept-Language`, and keeps that page out of caches.
//!
//! # What it does to messages
//!
//! `Host` stays. Fields of one connection go, and those that `Connection` names; `Via` is added. A WebSocket passes, every other
//! upgrade does not. Bodies stream in both directions. `Set-Cookie` behind a body, and `Alt-Svc`, which leads past the guard,
//! go. What two servers could read in two ways is refused. 1xx answers other than 100 are not passed on.

pub(crate) mod app;
#[path = "../demo/keys.rs"]
mod keys;

use std::{convert::Infallible, env, error::Error, fs, net::SocketAddr, path::PathBuf, time::Duration};

use http::{Uri, uri::Authority};
use tokio::net::TcpListener;
use tower_consent::{PolicyBuilder, PolicyHandle, Records, RedbStore};
use tracing_subscriber::EnvFilter;

const USAGE: &str = "usage: guard --upstream http://HOST:PORT --policy FILE [--listen ADDR] [--pages PATH] \
                     [--trust ADDR|PREFIX]... [--tell] [--timeout SECONDS] [--data FOLDER]";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_target(false).init();

    let options = Options::read(env::args().skip(1))?;
    let listener = TcpListener::bind(options.listen).await?;
    tracing::info!("open http://localhost:{}/ and end with Ctrl+C", listener.local_addr()?.port());
    tokio::select! {
        ended = run(listener, options) => ended.map(|never| match never {}),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

/// Serves, if it can, until it is dropped.
pub(crate) async fn run(listener: TcpListener, options: Options) -> Result<Infallible, Box<dyn Error>> {
    fs::create_dir_all(&options.data)?;
    let keys = keys::Keys::open(&options.data.join("guard.keys"))?;
    let store = RedbStore::open(options.data.join("guard.redb"))?;
    let guard = app::Guard {
        policy: PolicyHandle::new(options.policy.mac_key("guard", keys.cookie).build()?),
        records: Records::builder(store).chain_key(keys.chain).build(),
        site: options.upstream,
        pages: options.pages,
        trusted: options.trusted,
        tells: options.tells,
        patience: options.patience,
    };
    Ok(app::serve(listener, guard).await)
}

/// The command line.
pub(crate) struct Options {
    upstream: Authority,
    policy: PolicyBuilder,
    listen: SocketAddr,
    pages: String,
    trusted: Vec<app::Prefix>,
    tells: bool,
    patience: app::Patience,
    data: PathBuf,
}

impl Options {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut upstream, mut policy) = (None, None);
        let mut listen = SocketAddr::from(([127, 0, 0, 1], 3002));
        let mut pages = "/privacy".to_owned();
        let (mut trusted, mut tells, mut patience) = (Vec::new(), false, app::Patience::default());
        let mut data = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp"));
        while let Some(argument) = arguments.next() {
            if argument == "--tell" {
                tells = true;
                continue;
            }
            let value = arguments.next().ok_or(USAGE)?;
            match argument.as_str() {
                "--upstream" => upstream = Some(site(&value)?),
                "--policy" => policy = Some(read_policy(&value)?),
                "--listen" => listen = value.parse().map_err(|error| format!("--listen {value}: {error}"))?,
                "--pages" => pages = value,
                "--trust" => trusted.push(value.parse().map_err(|error| format!("--trust: {error}"))?),
                "--timeout" => {
                    let seconds = value.parse().map_err(|error| format!("--timeout {value}: {error}"))?;
                    patience.answer = Duration::from_secs(seconds);
                }
                "--data" => data = value.into(),
                _ => return Err(USAGE.into()),
            }
        }
        let (upstream, policy) = (upstream.ok_or(USAGE)?, policy.ok_or(USAGE)?);
        if pages.trim_matches('/').is_empty() {
            return Err("--pages: the root would hide the whole site".into());
        }
        Ok(Self { upstream, policy, listen, pages, trusted, tells, patience, data })
    }
}

/// Host and port of an address that says no more than these.
fn site(address: &str) -> Result<Authority, String> {
    let wrong = || format!("--upstream {address}: not of the form http://HOST:PORT");
    let parts = address.parse::<Uri>().map_err(|_none| wrong())?.into_parts();
    let is_plain = parts.scheme.is_some_and(|scheme| scheme == http::uri::Scheme::HTTP);
    let is_root = parts.path_and_query.is_none_or(|path| path == "/");
    parts.authority.filter(|_| is_plain && is_root).ok_or_else(wrong)
}

fn read_policy(file: &str) -> Result<PolicyBuilder, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("--policy {file}: {error}"))?;
    Ok(if file.ends_with(".json") {
        serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?
    } else {
        toml::from_str(&text).map_err(|error| format!("{file}: {error}"))?
    })
}

//! The demo and the consent pages in real browsers: what they store, send and forget, and what a visitor sees and clicks.
//!
//! The demo answers as `https://www.example.test`, a name that leads to this machine, with a certificate of its own.
//! Without a `chromedriver` the tests say that they are skipped; with `CI=true` they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod account;
#[path = "../../examples/demo/app/mod.rs"]
#[allow(dead_code, reason = "what only the tests without a browser look at")]
mod app;
mod banners;
mod choices;
mod csp;
mod driver;
mod hints;
mod look;
mod officer;
mod pages;
#[path = "../../examples/demo/policies.rs"]
mod policies;
mod process;
mod strict;
mod tls;

use std::time::{Duration, Instant};

use app::statistics::Statistics;
use axum::Router;
use driver::Browser;
use tls::TlsServer;
use tower_consent::{MemorySink, MemoryStore, Policy, PolicyBuilder, Records, Tokens, VisitLog};

const HOST: &str = "www.example.test";
/// What passes without consent, as it lies in the browser after a visit to the shop.
const ESSENTIAL: [&str; 4] = ["__cf_bm", "cart", "csrf", "id"];

/// The demo's policy, on the domain on which the tests serve it.
fn policy() -> Policy {
    policy_file().build().expect("a policy")
}

fn policy_file() -> PolicyBuilder {
    let file: PolicyBuilder = toml::from_str(include_str!("../../examples/demo/policy.toml")).expect("a policy file");
    file.site_domain("example.test").mac_key("test", [7; 32])
}

/// The application, with records of its own.
fn shop(policy: PolicyBuilder, tokens: Tokens) -> Router {
    let records = Records::builder(MemoryStore::new()).chain_key([9; 32]).build();
    let visits = VisitLog::to(MemorySink::new()).expect("a thread");
    app::app(policy, tokens, records, Statistics::default(), visits).expect("a policy")
}

async fn demo() -> TlsServer {
    TlsServer::start(shop(policy_file(), Tokens::new(MemoryStore::new()))).await
}

/// Scrolls an element out from under the banner, as a visitor does.
async fn uncover(browser: &Browser, css: &str) {
    browser.run(&format!("document.querySelector(\"{css}\").scrollIntoView({{ block: 'start' }})")).await;
}

/// Clicks what leads to another page, wherever the banner is.
async fn follow(browser: &Browser, css: &str) {
    uncover(browser, css).await;
    browser.follow(css).await;
}

/// Clicks the button with this answer on a banner or in a footer, and waits until the script has carried it out: then the
/// button is gone, and the page is the same.
async fn answer(browser: &Browser, answer: &str) {
    browser.run("window.isTheSamePage = true").await;
    browser.click(&format!("button[value={answer}]")).await;
    let gone =
        format!("![...document.querySelectorAll('button[value={answer}]')].some(button => button.checkVisibility())");
    browser.wait_until(&gone).await;
    assert_eq!(browser.run("return window.isTheSamePage").await, true, "no page was loaded");
}

/// What the home page knows of the choice: what is granted, and what is refused.
async fn known(browser: &Browser, server: &TlsServer) -> (String, String) {
    browser.goto(&server.url(HOST, "/")).await;
    (browser.text("#granted").await, browser.text("#refused").await)
}

/// Waits until the browser holds exactly these cookies besides the consent cookie, as `name` or `name@domain`, sorted.
async fn holds(browser: &Browser, expected: &[&str]) {
    let start = Instant::now();
    loop {
        let cookies = browser.cookies().await.into_iter().filter(|cookie| cookie.name != "__Host-consent");
        // A leading dot: set with a Domain.
        let mut names: Vec<_> = cookies
            .map(|cookie| if cookie.domain == ".example.test" { format!("{}@.", cookie.name) } else { cookie.name })
            .collect();
        names.sort_unstable();
        if names == expected {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "the browser holds {names:?}, not {expected:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Saves what the tab shows, to be looked at.
async fn screenshot(browser: &Browser, name: &str) {
    browser.screenshot(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("demo-{name}.png"))).await;
}

#[tokio::test]
async fn a_panic_ends_the_browser() {
    let Some(browser) = Browser::start().await else { return };
    let addr = browser.driver_addr();
    let folder = browser.folder().to_owned();
    assert!(folder.exists());
    let test = tokio::spawn(async move {
        let _browser = browser;
        panic!("on purpose");
    });
    assert!(test.await.is_err());
    assert!(std::net::TcpStream::connect(addr).is_err());
    assert!(!folder.exists());
}

//! The banners that sites already have, as their authors publish them, in a real browser in front of the layer: what the
//! visitor clicks there is obeyed on the server.

use std::{collections::BTreeSet, fs, io::Write, path::PathBuf};

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse},
    routing::get,
};
use serde_json::{Value, json};
use tower_consent::{
    Banner, Category, ConsentLayer, ConsentPages, ConsentSource, Decision, MemoryStore, Policy, Records, Reissue,
};

use crate::{HOST, driver::Browser, tls::TlsServer};

/// The folder of the installed packages; `None` where they are not installed, which with `CI=true` is a panic.
fn packages() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../npm/node_modules");
    if folder.join("klaro").exists() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{}: tests/all installs it", folder.display());
    writeln!(std::io::stderr(), "skipped: the banners are not installed; tests/all does that").unwrap_or(());
    None
}

/// A site that sets a cookie of every category on every page, behind the layer and under the banner's choice.
async fn site(source: ConsentSource, page: &'static str, packages: PathBuf) -> TlsServer {
    let policy = Policy::builder()
        .cookies(Category::FUNCTIONAL, ["theme"])
        .cookies(Category::ANALYTICS, ["_pk_id"])
        .cookies(Category::MARKETING, ["_fbp"])
        .source(source)
        .build()
        .expect("a policy");
    let records = Records::builder(MemoryStore::new()).chain_key([7; 32]).build();
    let pages = ConsentPages::at("/privacy", records.clone());
    let library = move |Path(path): Path<String>| async move {
        let kind = if path.ends_with(".css") { "text/css" } else { "text/javascript" };
        let file = fs::read(packages.join(&path)).map_err(|_missing| StatusCode::NOT_FOUND)?;
        Ok::<_, StatusCode>(([(header::CONTENT_TYPE, kind)], file))
    };
    let router = Router::new()
        .route("/", get(move |_: Decision| async move { with_cookies(Html(page)) }))
        .route("/state", get(state))
        .route("/lib/{*path}", get(library))
        .nest_service("/privacy", pages)
        .layer(ConsentLayer::new(policy).with_records(records));
    TlsServer::start(router).await
}

fn with_cookies(body: impl IntoResponse) -> impl IntoResponse {
    let lines = ["theme=dark", "_pk_id=1", "_fbp=2"].map(|pair| (header::SET_COOKIE, format!("{pair}; Path=/")));
    (axum::response::AppendHeaders(lines), body)
}

/// What the server makes of the request.
async fn state(decision: Decision) -> impl IntoResponse {
    let allowed = decision.verdicts().filter(|(_, verdict)| verdict.is_allowed()).map(|(category, _)| category);
    let granted: Vec<_> = allowed.filter(|it| *it != Category::ESSENTIAL).map(|it| it.to_string()).collect();
    let undecided = decision.undecided().map(|reason| reason.as_str());
    let banner = decision.banner().map(|banner| banner.as_str());
    let state = json!({ "granted": granted, "undecided": undecided, "banner": banner });
    with_cookies(([(header::CONTENT_TYPE, "application/json")], state.to_string()))
}

/// A banner's page, what it is called, and how the policy reads it.
struct Case {
    source: ConsentSource,
    banner: Banner,
    page: &'static str,
}

fn cases() -> [Case; 4] {
    let klaro = ConsentSource::banner(Banner::Klaro)
        .category(Category::FUNCTIONAL, ["chat"])
        .category(Category::ANALYTICS, ["matomo"])
        .category(Category::MARKETING, ["youtube", "pixel"]);
    [
        Case { source: klaro, banner: Banner::Klaro, page: include_str!("klaro.html") },
        Case {
            source: ConsentSource::banner(Banner::CookieConsentV3),
            banner: Banner::CookieConsentV3,
            page: include_str!("cookieconsent-v3.html"),
        },
        Case {
            source: ConsentSource::banner(Banner::Tarteaucitron),
            banner: Banner::Tarteaucitron,
            page: include_str!("tarteaucitron.html"),
        },
        Case { source: ConsentSource::banner(Banner::Osano), banner: Banner::Osano, page: include_str!("osano.html") },
    ]
}

struct Visit<'v> {
    browser: &'v Browser,
    server: &'v TlsServer,
    banner: Banner,
}

impl Visit<'_> {
    async fn open(&self) {
        self.browser.goto(&self.server.url(HOST, "/")).await;
        self.browser.wait_until("window.banner && window.banner.isReady()").await;
    }

    /// Clicks, and gives what the banner itself then says is granted, once it has written its cookie.
    async fn answer(&self, name: &str) -> BTreeSet<String> {
        let before = self.browser.run("return document.cookie").await;
        let script = format!(
            "const done = arguments[arguments.length - 1]; Promise.resolve(window.banner.{name}()).then(() => done(true));"
        );
        self.browser.run_async(&script, Vec::new()).await;
        self.browser.wait_until(&format!("document.cookie !== {before}")).await;
        names(&self.browser.run("return window.banner.granted()").await)
    }

    /// The server's answer to the next request must be what the banner shows, and what the browser is allowed to keep.
    async fn assert_obeyed(&self, shown: &BTreeSet<String>, step: &str) {
        let banner = self.banner;
        let known = self.fetch().await;
        assert_eq!(known["undecided"], Value::Null, "{banner}, {step}: {known}");
        assert_eq!(known["banner"], banner.as_str(), "{banner}, {step}: {known}");
        assert_eq!(names(&known["granted"]), *shown, "{banner}, {step}");
        let held: BTreeSet<_> = self.browser.cookies().await.into_iter().map(|cookie| cookie.name).collect();
        for (cookie, category) in [("theme", "functional"), ("_pk_id", "analytics"), ("_fbp", "marketing")] {
            assert_eq!(held.contains(cookie), shown.contains(category), "{banner}, {step}: {cookie} of {held:?}");
        }
    }

    async fn fetch(&self) -> Value {
        let script = "const done = arguments[arguments.length - 1];
            fetch('/state', { headers: { accept: 'text/html' } }).then((answer) => answer.json()).then(done, (error) => done(String(error)));";
        // Twice: what is refused and still there goes with a page's answer.
        self.browser.goto(&self.server.url(HOST, "/")).await;
        self.browser.run_async(script, Vec::new()).await
    }
}

fn names(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn what_is_clicked_in_a_banner_is_obeyed_on_the_server() {
    let Some(packages) = packages() else { return };
    let Some(browser) = Browser::start().await else { return };
    let all = BTreeSet::from(["functional", "analytics", "marketing"].map(str::to_owned));
    for Case { source, banner, page } in cases() {
        let server = site(source, page, packages.clone()).await;
        let visit = Visit { browser: &browser, server: &server, banner };
        for first in ["accept", "reject"] {
            browser.forget_cookies().await;
            visit.open().await;
            let known = visit.fetch().await;
            assert_eq!((&known["undecided"], &known["granted"]), (&json!("none"), &json!([])), "{banner}: {known}");

            visit.open().await;
            let shown = visit.answer(first).await;
            assert_eq!(shown, if first == "accept" { all.clone() } else { BTreeSet::new() }, "{banner}, {first}");
            visit.assert_obeyed(&shown, first).await;

            visit.open().await;
            let changed = visit.answer("change").await;
            assert_ne!(changed, shown, "{banner}, {first}, changed");
            visit.assert_obeyed(&changed, "change").await;
        }
        let name = format!("banner-{banner}.png");
        browser.forget_cookies().await;
        visit.open().await;
        browser.screenshot(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)).await;
    }
    browser.close().await;
}

/// Who withdraws on the consent pages has taken back what the banner holds: its cookie goes, and it asks again.
#[tokio::test]
async fn a_withdrawal_on_the_consent_pages_makes_the_banner_ask_again() {
    let Some(packages) = packages() else { return };
    let Some(browser) = Browser::start().await else { return };
    for Case { source, banner, page } in cases() {
        let server = site(source, page, packages.clone()).await;
        let visit = Visit { browser: &browser, server: &server, banner };
        browser.forget_cookies().await;
        visit.open().await;
        let shown = visit.answer("accept").await;
        visit.assert_obeyed(&shown, "accept").await;

        browser.goto(&server.url(HOST, "/privacy/")).await;
        crate::answer(&browser, "withdraw").await;
        let known = visit.fetch().await;
        assert_eq!((&known["banner"], &known["granted"]), (&Value::Null, &json!([])), "{banner}: {known}");
        let held: Vec<_> = browser.cookies().await.into_iter().map(|cookie| cookie.name).collect();
        assert!(!held.iter().any(|name| ["theme", "_pk_id", "_fbp"].contains(&name.as_str())), "{banner}: {held:?}");

        // It asks, and what is clicked there from then on counts again.
        visit.open().await;
        let shown = visit.answer("accept").await;
        visit.assert_obeyed(&shown, "accepted again").await;
    }
    browser.close().await;
}

/// Set again by the server, the banner's cookie is still the banner's: one cookie, the same value, read by its script, and
/// with the server's lifetime.
#[tokio::test]
async fn a_reissued_cookie_is_still_the_banners() {
    let Some(packages) = packages() else { return };
    let Some(browser) = Browser::start().await else { return };
    // vanilla-cookieconsent writes to the host's own name as a Domain.
    let reissue = Reissue::default().domain(HOST);
    let source = ConsentSource::banner(Banner::CookieConsentV3).reissue(reissue);
    let server = site(source, include_str!("cookieconsent-v3.html"), packages).await;
    let visit = Visit { browser: &browser, server: &server, banner: Banner::CookieConsentV3 };
    visit.open().await;
    let shown = visit.answer("change").await;
    let cookie = async || {
        let all = browser.cookies().await.into_iter().filter(|cookie| cookie.name == "cc_cookie").collect::<Vec<_>>();
        let [cookie] = all.as_slice() else { panic!("{all:?}") };
        cookie.clone()
    };
    let written = cookie().await;
    visit.open().await;
    let reissued = cookie().await;
    assert_eq!((&reissued.value, &reissued.domain, &reissued.path), (&written.value, &written.domain, &written.path));
    assert_ne!(reissued.expires, written.expires, "the server's lifetime");
    assert!(reissued.secure && !reissued.http_only && reissued.same_site.as_deref() == Some("Lax"), "{reissued:?}");
    assert_eq!(browser.run("return CookieConsent.validConsent()").await, true);
    assert_eq!(names(&browser.run("return window.banner.granted()").await), shown);
    visit.assert_obeyed(&shown, "reissued").await;
    browser.close().await;
}

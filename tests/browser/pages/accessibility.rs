//! axe-core on every page and state, in light and dark, wide and narrow, from left to right and from right to left, in the
//! regimes of opt-in and opt-out. The screenshots are for people.

use std::{fs, io::Write, path::Path};

use serde_json::{Value, json};
use tower_consent::{MemorySink, MemoryStore, Records, Revision, Tokens, VisitLog};

use super::{
    assert_calm, chromium, draw, prefer, screenshot, show_at,
    site::{self, Site, policy},
    watch,
};
use crate::{
    HOST,
    app::{app, statistics::Statistics},
    driver::Browser,
    policy_file,
    tls::TlsServer,
};

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const say = ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map((node) => `${node.html} ${node.any.map((a) => a.message)}`).join(' | ')}`;
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
    const part = document.querySelector('.consent-scroll');
    const form = part?.closest('form');
    (async () => {
        const { violations, passes } = await axe.run(document, { runOnly: tags, preload: false });
        const found = violations.map(say);
        if (part) {
            // It cannot tell the contrast of what is scrolled away, or above the shade that says that there is more.
            part.style.background = 'none';
            form.style.maxHeight = 'none';
            const contrast = await axe.run(form, { runOnly: { type: 'rule', values: ['color-contrast'] }, preload: false });
            found.push(...contrast.violations.map(say), ...contrast.incomplete.map(say));
            part.removeAttribute('style');
            form.removeAttribute('style');
        }
        return { passes: passes.length, violations: found };
    })().then(done, (error) => done({ passes: 0, violations: [String(error)] }));";

/// axe-core, as `tests/all` installs it.
pub(super) struct Axe(String);

impl Axe {
    /// `None` where it is not installed; with `CI=true` that is a panic.
    pub(super) fn load() -> Option<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../npm/node_modules/axe-core/axe.min.js");
        match fs::read_to_string(&path) {
            Ok(source) => Some(Self(source)),
            Err(error) => {
                let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
                assert!(!is_ci, "{}: {error}; tests/all installs it", path.display());
                writeln!(std::io::stderr(), "skipped: axe-core is not installed; tests/all does that").unwrap_or(());
                None
            }
        }
    }

    /// What axe-core finds on the page.
    async fn violations(&self, browser: &Browser) -> Vec<String> {
        if browser.run("return typeof axe").await == "undefined" {
            browser.run(&self.0).await;
        }
        let found = browser.run_async(RUN, Vec::new()).await;
        let violations = found["violations"].as_array().unwrap_or_else(|| panic!("no result: {found}"));
        assert!(found["passes"].as_u64() > Some(5) || !violations.is_empty(), "it looked at nothing: {found}");
        violations.iter().map(|violation| violation.as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(super) async fn check(&self, browser: &Browser, place: &str) {
        let violations = self.violations(browser).await;
        assert!(violations.is_empty(), "{place}: {violations:#?}");
    }
}

/// What the guide and the README show: `tests/pictures`.
const DRAWN: [&str; 4] =
    ["en-shop-light-1000", "en-shop-dark-1000", "en-preferences-light-1000", "en-cookies-light-1000"];

/// Light or dark, and a width.
type View = (&'static str, u32);

struct Tour {
    browser: Browser,
    axe: Option<Axe>,
    site: Site,
    host: fn(&Site, &str) -> String,
    name: &'static str,
    views: &'static [View],
    findings: Vec<String>,
}

impl Tour {
    async fn goto(&mut self, path: &str, name: &str) {
        self.browser.goto(&(self.host)(&self.site, path)).await;
        self.look(name).await;
    }

    async fn follow(&mut self, css: &str, name: &str) {
        self.browser.follow(css).await;
        self.look(name).await;
    }

    /// Every view of what the tab shows: axe-core, no sideways scrolling, a picture.
    async fn look(&mut self, name: &str) {
        let Self { browser, axe, .. } = self;
        let name = format!("{}-{name}", self.name);
        assert_calm(browser, &name).await;
        for (scheme, width) in self.views {
            let name = format!("{name}-{scheme}-{width}");
            prefer(browser, &[("prefers-color-scheme", scheme)]).await;
            show_at(browser, *width, 800).await;
            let sizes = "const root = document.documentElement;
                return [root.scrollWidth - root.clientWidth, root.scrollHeight, !!document.querySelector('.consent-banner')]";
            let sizes = browser.run(sizes).await;
            if sizes[0] != 0 {
                self.findings.push(format!("{name}: scrolls sideways by {}", sizes[0]));
            }
            if let Some(axe) = axe {
                let found = axe.violations(browser).await;
                self.findings.extend(found.into_iter().map(|violation| format!("{name}: {violation}")));
            }
            // A whole page, but a banner where it stands.
            if sizes[2] == Value::Bool(false) {
                let height = sizes[1].as_u64().and_then(|height| u32::try_from(height).ok()).unwrap_or(800);
                show_at(browser, *width, height.clamp(400, 4_000)).await;
            }
            screenshot(browser, &name).await;
            if DRAWN.contains(&&*name) {
                draw(browser, &name).await;
            }
        }
        show_at(browser, 1000, 800).await;
    }

    /// Chooses on the page of preferences without the script, so that the page after it is one of the service.
    async fn send(&mut self, css: &str, name: &str) {
        self.browser
            .run("document.querySelectorAll('form').forEach((form) => { form.dataset.consentPlain = 'yes' })")
            .await;
        self.follow(css, name).await;
    }

    async fn through_all_states(&mut self, opt_out: bool) {
        self.browser.forget_cookies().await;
        self.goto("/shop", "shop").await;
        self.goto("/privacy", "preferences").await;
        self.goto("/privacy/cookies", "cookies").await;
        self.goto("/privacy/update", "update").await;
        self.goto("/privacy/your-data", "your-data").await;
        self.goto("/privacy/nothing-here", "missing").await;
        self.goto("/film", if opt_out { "film" } else { "prompt" }).await;
        if opt_out {
            self.goto("/privacy", "preferences-again").await;
            self.send(".consent-card button[value=opt-out]", "opted-out").await;
            self.goto("/shop", "shop-opted-out").await;
            self.goto("/privacy", "preferences-opted-out").await;
            self.send(".consent-preferences button[value=accept-all]", "confirm").await;
            return;
        }
        self.goto("/members", "gate").await;
        self.send(".consent-update button[value=accept-all]", "saved").await;
        self.goto("/privacy", "preferences-granted").await;
        self.goto("/shop", "shop-granted").await;
        self.goto("/privacy/your-data", "your-data-known").await;
        let notice = Revision::new(2).on(2026, 5, 1).notice().changes("Another address of ours.");
        let policy = policy().revision(notice).build().expect("a policy");
        self.site.handle.publish(policy).expect("newer");
        self.goto("/shop", "notice").await;
        self.goto("/privacy/update", "update-notice").await;
        self.site.handle.publish(policy_with_material()).expect("newer");
        self.goto("/shop", "shop-again").await;
        self.goto("/privacy/update", "update-asks").await;
        self.goto("/privacy/your-data", "your-data-outdated").await;
        self.browser.click("#consent-erase ~ form input[type=checkbox]").await;
        self.follow("button[value=erase]", "erased").await;
    }
}

fn policy_with_material() -> tower_consent::Policy {
    let notice = Revision::new(2).on(2026, 5, 1).notice().changes("Another address of ours.");
    let material = Revision::new(3).on(2026, 6, 1).changes("We also advertise with Meta.");
    policy().revision(notice).revision(material).build().expect("a policy")
}

async fn tour(name: &'static str, language: &str, host: fn(&Site, &str) -> String, views: &'static [View]) {
    let Some(browser) = chromium().await else { return };
    let site = Site::start(policy()).await;
    watch(&browser).await;
    let agent = browser.run("return navigator.userAgent").await;
    let agent = json!({ "userAgent": agent, "acceptLanguage": language });
    browser.devtools("Emulation.setUserAgentOverride", agent).await;
    let is_opt_out = host(&site, "").contains(site::OPT_OUT_HOST);
    let mut tour = Tour { browser, axe: Axe::load(), site, host, name, views, findings: Vec::new() };
    tour.through_all_states(is_opt_out).await;
    assert!(tour.findings.is_empty(), "{} findings:\n{}", tour.findings.len(), tour.findings.join("\n"));
    tour.browser.close().await;
}

#[tokio::test]
async fn every_page_in_english() {
    tour("en", "en", Site::url, &[("light", 1000), ("dark", 1000), ("light", 320), ("dark", 320)]).await;
}

#[tokio::test]
async fn every_page_from_right_to_left() {
    tour("ar", "ar", Site::url, &[("light", 1000), ("dark", 320)]).await;
}

#[tokio::test]
async fn every_page_where_opting_out_is_the_way() {
    tour("us", "en-US", Site::opt_out_url, &[("light", 1000), ("dark", 320)]).await;
}

#[tokio::test]
async fn axe_core_finds_what_is_wrong() {
    let (Some(browser), Some(axe)) = (chromium().await, Axe::load()) else { return };
    let site = Site::start(policy()).await;
    show_at(&browser, 1000, 800).await;
    browser.goto(&site.url("/shop")).await;
    axe.check(&browser, "before").await;
    browser.run("document.querySelector('#consent-banner-title').style.color = '#ccc'").await;
    browser.run("document.querySelector('button[value=accept-all]').textContent = ''").await;
    let found = axe.violations(&browser).await.join("\n");
    assert!(found.contains("button-name") && found.contains("color-contrast"), "{found}");
    browser.close().await;
}

/// The demo's charts: axe-core, no sideways scrolling, and text that can be read on what is behind it.
#[tokio::test]
async fn the_statistics_of_the_demo() {
    let Some(browser) = chromium().await else { return };
    let (tokens, records) = (Tokens::new(MemoryStore::new()), Records::new(MemoryStore::new()));
    let statistics = Statistics::with_sample(policy_file()).expect("a policy");
    let visits = VisitLog::to(MemorySink::new()).expect("a thread");
    let server = TlsServer::start(app(policy_file(), tokens, records, statistics, visits).expect("a policy")).await;
    browser.goto(&server.url(HOST, "/statistics")).await;
    crate::look::show_everywhere(&browser, "statistics").await;
    if let Some(axe) = Axe::load() {
        for scheme in ["light", "dark"] {
            prefer(&browser, &[("prefers-color-scheme", scheme)]).await;
            axe.check(&browser, scheme).await;
        }
    }
    for scheme in ["light", "dark"] {
        prefer(&browser, &[("prefers-color-scheme", scheme)]).await;
        let shows = "const drawn = (css) => getComputedStyle(document.querySelector(css));
            return [document.querySelectorAll('svg[role=img] rect').length > 40, drawn('.chart text').fill,
                drawn('body').color, drawn('.chart svg').width !== '0px']";
        let shows = browser.run(shows).await;
        assert_eq!((&shows[0], &shows[1], &shows[3]), (&json!(true), &shows[2], &json!(true)), "{scheme}: {shows}");
    }
    browser.close().await;
}

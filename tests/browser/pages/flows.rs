//! Accept, reject, choose, withdraw, expire, re-ask, gate, in every kind of browser; after each step the cookies that the
//! browser holds are those of the decision.

use serde_json::json;
use tower_consent::{Signal, SignalScope};

use super::{
    BANNER, consent, holds, is_shown, screenshot,
    site::{self, Site, policy},
    text,
};
use crate::{
    driver::{Browser, Options},
    process::Engine,
};

const ALL: [&str; 5] = ["functional", "analytics", "marketing", "google-ads", "meta"];
const DAY: i64 = 86_400;

struct Flow {
    browser: Browser,
    site: Site,
    script: bool,
    /// The signal's letter in the consent cookie, with its colon.
    signal: &'static str,
}

impl Flow {
    /// Clicks a button of a consent form; with the script that loads no page.
    async fn press(&self, css: &str) {
        if !self.script {
            return self.browser.follow(css).await;
        }
        self.browser.run("document.documentElement.dataset.old = 'yes'").await;
        self.browser.click(css).await;
        self.browser
            .wait_until("[...document.querySelectorAll('[data-consent-status]')].some(s => s.textContent)")
            .await;
        assert_eq!(self.browser.run("return document.documentElement.dataset.old").await, "yes", "{css} loaded a page");
    }

    async fn shop(&self) {
        self.browser.goto(&self.site.url("/shop")).await;
    }

    /// The shop once more, which sets every cookie that it can, and what the browser then holds.
    async fn assert_allowed(&self, allowed: &[&str], said: &str) {
        self.shop().await;
        holds(&self.browser, allowed, self.script).await;
        let said = format!("1:{}{said}{}", self.site.today(), self.signal);
        let held = consent(&self.browser).await.expect("a consent cookie");
        assert_eq!(held.replacen("1:1:", "1:", 1).replacen("1:2:", "1:", 1).replacen("1:1.2:", "1:", 1), said);
    }

    async fn assert_asks(&self, asks: bool) {
        // A visitor with a signal has said something, and is not asked.
        assert_eq!(is_shown(&self.browser, BANNER).await, asks && self.signal.is_empty());
    }

    async fn run(self) {
        let Self { browser, site, .. } = &self;
        // Nobody has decided.
        self.shop().await;
        self.assert_asks(true).await;
        assert!(is_shown(browser, ".consent-choices").await);
        holds(browser, &[], self.script).await;
        assert_eq!(consent(browser).await, None);

        // Reject.
        if self.signal.is_empty() {
            self.press(&format!("{BANNER} button[value=reject-all]")).await;
        } else {
            browser.follow(".consent-choices").await;
            let words = text(browser).await;
            let signal = if self.signal == ":d" { "Do Not Track" } else { "Global Privacy Control" };
            assert!(words.contains(signal) && words.contains("and we obey it"), "{words}");
            self.press(".consent-preferences button[value=reject-all]").await;
        }
        self.assert_allowed(&[], "!functional!analytics!marketing").await;
        self.assert_asks(false).await;

        // Accept, on the page of preferences, and back with the link in the footer.
        browser.follow(".consent-choices").await;
        self.press(".consent-preferences button[value=accept-all]").await;
        self.assert_allowed(&ALL, "+functional+analytics+marketing").await;

        // Withdraw by one click. What the browser held goes with the answer, before any other page.
        assert!(is_shown(browser, "footer button[value=withdraw]").await);
        self.press("footer button[value=withdraw]").await;
        holds(browser, &[], self.script).await;
        self.assert_allowed(&[], "!functional!analytics!marketing").await;

        // Choose.
        browser.follow(".consent-choices").await;
        assert_eq!(browser.run("return document.querySelectorAll('input:checked').length").await, 0);
        browser.click("input[value=analytics]").await;
        browser.click("input[value=meta]").await;
        self.press(".consent-preferences button[value=save]").await;
        self.assert_allowed(&["analytics", "meta"], "!functional+analytics!marketing+@meta").await;
        browser.follow(".consent-choices").await;
        assert_eq!(browser.run("return document.querySelectorAll('input:checked').length").await, 2);

        // A grant expires after six months: the shop asks again, and what it allowed is gone.
        site.clock.advance(190 * DAY);
        self.shop().await;
        self.assert_asks(true).await;
        holds(browser, &[], self.script).await;
        if self.signal.is_empty() {
            assert!(browser.text(BANNER).await.contains("has expired"), "says why");
            self.press(&format!("{BANNER} button[value=accept-all]")).await;
        } else {
            browser.follow(".consent-choices").await;
            self.press(".consent-preferences button[value=accept-all]").await;
        }
        self.assert_allowed(&ALL, "+functional+analytics+marketing").await;

        // Re-ask: a new revision. Routes behind the gate show what changed, and the way on leads there.
        browser.goto(&site.url("/members")).await;
        assert!(text(browser).await.contains("members only"));
        site.handle.publish(policy().revision(site::material()).build().expect("a policy")).expect("newer");
        self.shop().await;
        self.assert_asks(true).await;
        holds(browser, &[], self.script).await;
        browser.goto(&site.url("/members")).await;
        assert!(text(browser).await.contains("We also advertise with Meta."));
        if !self.signal.is_empty() {
            // The signal has closed everything again, so there is nothing to answer: it is enough to take note.
            browser.follow(".consent-update button[value=note]").await;
            assert!(text(browser).await.contains("members only"));
            self.assert_allowed(&[], "+functional+analytics+marketing").await;
            return self.browser.close().await;
        }
        if self.script {
            self.press(".consent-update button[value=reject-all]").await;
            browser.goto(&site.url("/members")).await;
        } else {
            browser.follow(".consent-update button[value=reject-all]").await;
        }
        assert!(text(browser).await.contains("members only"));
        self.assert_allowed(&[], "!functional!analytics!marketing").await;
        self.assert_asks(false).await;
        self.browser.close().await;
    }
}

#[tokio::test]
async fn chromium_with_script() {
    let Some(browser) = Browser::start().await else { return };
    Flow { browser, site: Site::start(policy()).await, script: true, signal: "" }.run().await;
}

#[tokio::test]
async fn chromium_without_script() {
    let options = Options { javascript: false, ..Options::default() };
    let Some(browser) = Browser::start_with(options).await else { return };
    Flow { browser, site: Site::start(policy()).await, script: false, signal: "" }.run().await;
}

#[tokio::test]
async fn chromium_with_do_not_track() {
    let options = Options { do_not_track: true, ..Options::default() };
    let Some(browser) = Browser::start_with(options).await else { return };

    // Where the signal always wins, its switches are shown closed, with the reason.
    let strict = Site::start(policy().signal(Signal::Dnt, SignalScope::All).signal_always()).await;
    browser.goto(&strict.url("/privacy")).await;
    let switches =
        browser.run("return [...document.querySelectorAll('input[type=checkbox]')].map(i => i.disabled)").await;
    assert_eq!(switches, json!([true, true, true, true, true]));
    assert!(text(&browser).await.contains("This site always obeys it."));
    super::show_at(&browser, 1000, 2000).await;
    screenshot(&browser, "closed-by-signal").await;

    Flow { browser, site: Site::start(policy()).await, script: true, signal: ":d" }.run().await;
}

#[tokio::test]
async fn firefox_with_global_privacy_control() {
    let options = Options { engine: Engine::Firefox, global_privacy_control: true, ..Options::default() };
    let Some(browser) = Browser::start_with(options).await else { return };
    let site = Site::start(policy()).await;

    // Where opting out is the law's way, the signal opts out, and the page says so in the law's words.
    browser.goto(&site.opt_out_url("/shop")).await;
    assert_eq!(browser.run("return navigator.globalPrivacyControl").await, true);
    assert!(browser.text("footer").await.contains("Opt-out request honored"));
    assert!(!is_shown(&browser, BANNER).await);
    holds(&browser, &[], true).await;
    screenshot(&browser, "firefox-gpc-shop").await;
    browser.goto(&site.opt_out_url("/privacy")).await;
    screenshot(&browser, "firefox-gpc-preferences").await;
    browser.forget_cookies().await;

    Flow { browser, site, script: true, signal: ":g" }.run().await;
}

//! What the script does: nothing that the visitor did not cause, and what was allowed at once.

use serde_json::{Value, json};

use super::{
    BANNER, assert_calm, chromium, holds, is_shown,
    site::{Site, policy},
    watch,
};
use crate::driver::Browser;

/// What a first page needs, and nothing else.
const ASSETS: [&str; 4] = ["GET /privacy/consent.js", "GET /privacy/style.css", "GET /shop", "GET /site.css"];

async fn ran(browser: &Browser) -> Value {
    browser.run("return window.ran").await
}

/// The commands for Google's tags, as `[command, what, its consent types]`.
async fn commands(browser: &Browser) -> Value {
    browser.run("return (window.dataLayer || []).map((entry) => [...entry])").await
}

/// Gives a request that nobody caused the time to be sent: the page is idle, and one more round trip has passed.
async fn settle(browser: &Browser) {
    let idle = "const done = arguments[arguments.length - 1];
        requestIdleCallback(() => fetch('/site.css').then(() => setTimeout(done, 200)))";
    browser.run_async(idle, Vec::new()).await;
}

#[tokio::test]
async fn nothing_is_requested_before_a_click_and_the_allowed_at_once_after_it() {
    let Some(browser) = chromium().await else { return };
    let site = Site::start(policy()).await;
    watch(&browser).await;
    browser.goto(&site.url("/shop")).await;
    settle(&browser).await;
    let mut expected: Vec<_> = ASSETS.to_vec();
    // The one of `settle`.
    expected.push("GET /site.css");
    assert_eq!(site.take_requests(), expected);
    assert_eq!(ran(&browser).await, json!([]));
    assert_eq!(commands(&browser).await, json!([]), "nothing is said to Google");
    assert!(is_shown(&browser, "#placeholder").await && !is_shown(&browser, "iframe").await);
    assert_calm(&browser, "shop").await;

    // A refusal: what it takes, and whether the browser kept it; and nothing wakes.
    browser.click(&format!("{BANNER} button[value=reject-all]")).await;
    browser.wait_until("seen.changes.length === 1").await;
    settle(&browser).await;
    assert_eq!(site.take_requests(), ["GET /privacy/api/state", "GET /site.css", "POST /privacy/api/choice"]);
    assert_eq!(ran(&browser).await, json!([]));
    assert_eq!(commands(&browser).await, json!([]));
    assert_eq!(browser.run("return seen.changes[0].categories.analytics.allowed").await, false);
    assert!(!is_shown(&browser, BANNER).await);
    assert_calm(&browser, "shop after a refusal").await;

    // A grant: scripts in their order, the frame, and Google's default before its tag.
    browser.devtools("Network.clearBrowserCookies", json!({})).await;
    browser.goto(&site.url("/shop")).await;
    site.take_requests();
    browser.click(&format!("{BANNER} button[value=accept-all]")).await;
    browser
        .wait_until("window.ran.length === 3 && document.querySelector('iframe').contentDocument?.title === 'Film'")
        .await;
    assert_eq!(
        site.take_requests(),
        ["GET /ads.js", "GET /frame", "GET /privacy/api/state", "POST /privacy/api/choice"]
    );
    assert_eq!(ran(&browser).await, json!(["analytics", "ads", "after ads"]));
    assert!(is_shown(&browser, "iframe").await && !is_shown(&browser, "#placeholder").await);
    let changes = browser.run("return seen.changes").await;
    assert_eq!(changes.as_array().map(Vec::len), Some(1));
    assert_eq!(changes[0]["services"]["google-ads"]["allowed"], true);
    assert_eq!(changes[0]["asks"], Value::Null);
    let told = browser.run("return window.told").await;
    assert_eq!(told[0][0], "consent");
    assert_eq!(told[0][1], "default");
    for (kind, expected) in [("ad_storage", "granted"), ("ad_user_data", "granted"), ("analytics_storage", "granted")] {
        assert_eq!(told[0][2][kind], expected, "{kind}: {told}");
    }
    assert_eq!(browser.run("return document.querySelectorAll('script[type=\"text/plain\"]').length").await, 0);
    assert_calm(&browser, "shop after a grant").await;

    // What is withdrawn is said to Google, as an update; the frame is emptied.
    browser.click("footer button[value=withdraw]").await;
    browser.wait_until("seen.changes.length === 2").await;
    let commands = commands(&browser).await;
    assert_eq!(commands.as_array().map(Vec::len), Some(2));
    assert_eq!(commands[1][1], "update");
    assert_eq!(commands[1][2]["ad_storage"], "denied");
    assert_eq!(commands[1][2]["security_storage"], "granted");
    assert!(!is_shown(&browser, "iframe").await && is_shown(&browser, "#placeholder").await);
    holds(&browser, &[], true).await;
    assert_calm(&browser, "shop after the withdrawal").await;
    browser.close().await;
}

#[tokio::test]
async fn what_is_granted_runs_at_the_next_page_without_a_click() {
    let Some(browser) = chromium().await else { return };
    let site = Site::start(policy()).await;
    watch(&browser).await;
    browser.goto(&site.url("/privacy")).await;
    browser.click("input[value=google-ads]").await;
    browser.click(".consent-preferences button[value=save]").await;
    browser.wait_until("seen.changes.length === 1").await;
    browser.goto(&site.url("/shop")).await;
    browser.wait_until("window.ran.length === 2").await;
    assert_eq!(ran(&browser).await, json!(["ads", "after ads"]));
    let commands = commands(&browser).await;
    assert_eq!(commands.as_array().map(Vec::len), Some(1));
    assert_eq!((&commands[0][1], &commands[0][2]["ad_storage"]), (&json!("default"), &json!("granted")));
    assert_eq!(commands[0][2]["analytics_storage"], "denied");
    assert!(!is_shown(&browser, "iframe").await, "not this service");
    assert_calm(&browser, "shop").await;
    // The instrument works: a shift, a violation and a failing script are seen.
    browser
        .run(
            "const box = document.createElement('div'); box.textContent = 'x'; box.setAttribute('style', 'height: 9px');
             document.body.prepend(box); box.animate([{ height: '0' }, { height: '200px' }], { duration: 50, fill: 'forwards' });",
        )
        .await;
    browser.wait_until("seen.shifts.length && seen.violations.length").await;
    browser.close().await;
}

#[tokio::test]
async fn a_script_that_cannot_reach_the_server_leaves_it_to_the_form() {
    let Some(browser) = chromium().await else { return };
    let site = Site::start(policy()).await;
    browser.goto(&site.url("/shop")).await;
    browser.run("window.fetch = () => Promise.reject(new Error('offline'))").await;
    browser.follow(&format!("{BANNER} button[value=accept-all]")).await;
    browser.wait_until("location.pathname === '/shop' && !document.querySelector('[data-consent-banner]')").await;
    holds(&browser, &["functional", "analytics", "google-ads", "meta"], true).await;

    // A page that is older than the policy: the form shows the new one, and nothing is granted.
    browser.goto(&site.url("/privacy")).await;
    let next = policy().revision(super::site::material()).build().expect("a policy");
    site.handle.publish(next).expect("newer");
    browser.follow(".consent-preferences button[value=accept-all]").await;
    assert!(is_shown(&browser, ".consent-said").await);
    holds(&browser, &[], true).await;
    browser.close().await;
}

/// The state of Google's Consent Mode by the server alone: the tag finds it, and the page's security policy lets it run.
#[tokio::test]
async fn google_is_told_without_the_script_too() {
    let Some(browser) = chromium().await else { return };
    let site = Site::start(policy()).await;
    watch(&browser).await;
    browser.goto(&site.url("/google")).await;
    assert_eq!(browser.run("return [window.ran, window.dataLayer === undefined]").await, json!([[], true]));
    assert_calm(&browser, "nothing is told before a grant").await;

    browser.goto(&site.url("/privacy")).await;
    browser.click("input[value=google-ads]").await;
    browser.click(".consent-preferences button[value=save]").await;
    browser.wait_until("seen.changes.length === 1").await;
    browser.goto(&site.url("/google")).await;
    assert_eq!(ran(&browser).await, json!(["ads"]));
    let expected = json!({
        "ad_storage": "granted", "ad_user_data": "granted", "ad_personalization": "granted",
        "analytics_storage": "denied", "functionality_storage": "denied", "personalization_storage": "denied",
        "security_storage": "granted",
    });
    assert_eq!(browser.run("return window.told").await, json!([["consent", "default", expected]]));
    assert_eq!(commands(&browser).await, json!([["consent", "default", expected]]));
    assert_calm(&browser, "the server's script").await;
    browser.close().await;
}

//! The consent pages in real browsers, on a site of their own.

mod accessibility;
mod cookies_blocked;
mod flows;
mod keyboard;
mod script;
mod site;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::driver::{Browser, Options};

const BANNER: &str = "[data-consent-banner]";
/// The policy's cookies, each with what allows it.
const OPTIONAL: [(&str, &str); 5] = [
    ("functional", "theme"),
    ("analytics", "_ga"),
    ("analytics", "_ga_tag"),
    ("google-ads", "_gcl_au"),
    ("meta", "_fbp"),
];

/// Watches every document from its first moment, before its own scripts.
const WATCH: &str = "
    window.seen = { shifts: [], violations: [], changes: [], errors: [] };
    new PerformanceObserver((list) => {
        for (const { hadRecentInput, startTime, value } of list.getEntries())
            if (!hadRecentInput) seen.shifts.push({ startTime, value });
    }).observe({ type: 'layout-shift', buffered: true });
    addEventListener('securitypolicyviolation', (event) =>
        seen.violations.push(`${event.effectiveDirective} ${event.blockedURI}`), true);
    addEventListener('error', (event) => seen.errors.push(String(event.message)));
    document.addEventListener('consent:change', (event) => seen.changes.push(event.detail));";

async fn watch(browser: &Browser) {
    // Where a scroll bar takes room, a page that is painted before it is read to its end moves when the bar appears. On phones
    // it lies over the page.
    browser.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await;
}

/// Nothing has moved by itself, nothing was forbidden, and no script failed.
async fn assert_calm(browser: &Browser, place: &str) {
    // Two frames, so that a shift is reported.
    let frames = "const done = arguments[arguments.length - 1];
        const { domInteractive } = performance.getEntriesByType('navigation')[0];
        // A page that is painted before it is read to its end grows. Scripts of the page run after that.
        const shifts = () => seen.shifts.filter(({ startTime }) => startTime >= domInteractive);
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done({ ...seen, shifts: shifts() }), 0)));";
    let seen = browser.run_async(frames, Vec::new()).await;
    assert_eq!(seen["shifts"], json!([]), "layout shifts on {place}");
    assert_eq!(seen["violations"], json!([]), "violations of the security policy on {place}");
    assert_eq!(seen["errors"], json!([]), "errors of scripts on {place}");
}

/// Waits until the browser holds exactly the cookies of what is allowed, on all hosts, besides the consent cookie.
async fn holds(browser: &Browser, allowed: &[&str], script: bool) {
    let mut expected = vec!["cart"];
    expected.extend(
        OPTIONAL
            .iter()
            .filter(|(by, name)| allowed.contains(by) && (script || *name != "_ga_tag"))
            .map(|(_, name)| name),
    );
    expected.sort_unstable();
    let start = Instant::now();
    loop {
        let cookies = browser.cookies().await.into_iter().filter(|cookie| cookie.name != site::CONSENT);
        let mut names: Vec<_> = cookies.map(|cookie| cookie.name).collect();
        names.sort_unstable();
        if names == expected {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "the browser holds {names:?}, not {expected:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the consent cookie in the browser says, without record and MAC.
async fn consent(browser: &Browser) -> Option<String> {
    let cookie = browser.cookie(site::CONSENT).await?;
    assert!(cookie.secure && cookie.http_only && cookie.expires.is_some() && cookie.path == "/", "{cookie:?}");
    let (said, _) = cookie.value.split_once('~').expect("a MAC");
    Some(said.split_once('#').map_or(said, |(said, _)| said).to_owned())
}

/// Whether an element is there and can be seen.
async fn is_shown(browser: &Browser, css: &str) -> bool {
    let shown = format!("return [...document.querySelectorAll({})].some(e => e.checkVisibility())", json!(css));
    browser.run(&shown).await == Value::Bool(true)
}

/// The visible text of the whole page.
async fn text(browser: &Browser) -> String {
    browser.text("body").await
}

async fn show_at(browser: &Browser, width: u32, height: u32) {
    let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
}

async fn prefer(browser: &Browser, features: &[(&str, &str)]) {
    let features: Vec<_> = features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    browser.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
}

async fn screenshot(browser: &Browser, name: &str) {
    browser.screenshot(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pages-{name}.png"))).await;
}

/// Saves what the tab shows as a drawing: `tests/pictures` takes these for the guide and the README.
async fn draw(browser: &Browser, name: &str) {
    let drawing = browser.run(include_str!("drawing.js")).await;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pages-{name}.svg"));
    fs::write(path, drawing.as_str().expect("a drawing")).expect("a file for the drawing");
}

async fn chromium() -> Option<Browser> {
    Browser::start_with(Options::default()).await
}

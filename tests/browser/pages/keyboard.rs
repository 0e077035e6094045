//! The keyboard, the focus and what is said aloud, and what moves.

use serde_json::{Value, json};

use super::{
    BANNER, chromium, is_shown, prefer, screenshot, show_at,
    site::{Site, policy},
};
use crate::driver::Browser;

async fn press(browser: &Browser, key: &str) {
    let (code, number, text) = match key {
        " " => ("Space", 32, " "),
        "Enter" => ("Enter", 13, "\r"),
        _ => ("Tab", 9, ""),
    };
    for kind in ["keyDown", "keyUp"] {
        let event = json!({ "type": kind, "key": key, "code": code, "text": text, "windowsVirtualKeyCode": number });
        browser.devtools("Input.dispatchKeyEvent", event).await;
    }
}

/// Presses Tab until this element has the focus; gives what had it on the way.
async fn tab_to(browser: &Browser, css: &str) -> Vec<String> {
    let mut way = Vec::new();
    for _ in 0..40 {
        press(browser, "Tab").await;
        let now = "const e = document.activeElement; return [e.value || e.textContent.trim(), e.matches(arguments[0])]";
        let now = browser.run(&now.replace("arguments[0]", &json!(css).to_string())).await;
        way.push(now[0].as_str().unwrap_or_default().to_owned());
        if now[1] == Value::Bool(true) {
            return way;
        }
    }
    panic!("Tab does not lead to {css}: {way:?}");
}

#[tokio::test]
async fn the_banner_by_keyboard() {
    let Some(browser) = chromium().await else { return };
    let site = Site::start(policy()).await;
    browser.goto(&site.url("/shop")).await;
    assert_eq!(browser.run("return document.activeElement.localName").await, "body", "the focus is not taken");

    // Accept and reject stand beside each other, alike, and each is one key away.
    tab_to(&browser, "#first").await;
    let way = tab_to(&browser, &format!("{BANNER} button[value=accept-all]")).await;
    assert!(way.len() <= 8, "{way:?}");
    assert_eq!(tab_to(&browser, "button[value=reject-all]").await.len(), 1);
    let ring = browser
        .run("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]")
        .await;
    assert_eq!(ring, json!(["solid", "3px"]));
    screenshot(&browser, "focus-banner").await;
    for width in [320, 1000] {
        show_at(&browser, width, 700).await;
        let looks = "return ['accept-all', 'reject-all'].map((value) => {
            const button = document.querySelector(`[data-consent-banner] button[value=${value}]`);
            const { width, height } = button.getBoundingClientRect(), style = getComputedStyle(button);
            return [width, height, style.color, style.backgroundColor, style.font, style.border];
        })";
        let looks = browser.run(looks).await;
        assert_eq!(looks[0], looks[1]);
        assert!(looks[0][1].as_f64() >= Some(44.0), "large enough for a thumb: {looks}");
    }

    // The answer closes the banner, is said aloud, and the focus is where it was before the banner.
    let before = browser.run(
        "const links = [...document.querySelectorAll('main a, header a')]; return links[links.length - 1].textContent").await;
    press(&browser, "Enter").await;
    browser.wait_until("!document.querySelector('[data-consent-banner]')").await;
    let after = browser.run("return document.activeElement.textContent").await;
    assert_eq!(after, before);
    browser.wait_until("document.querySelector('[data-consent-status]').textContent").await;
    let said = "const s = document.querySelector('[data-consent-status]'); return [s.getAttribute('aria-live'), s.checkVisibility()]";
    assert_eq!(browser.run(said).await, json!(["polite", true]));
    browser.close().await;
}

#[tokio::test]
async fn the_preferences_by_keyboard_and_without_motion() {
    let Some(browser) = chromium().await else { return };
    let site = Site::start(policy()).await;
    browser.goto(&site.url("/privacy")).await;
    let moves =
        "return getComputedStyle(document.querySelector('input[type=checkbox]'), '::before').transitionDuration";
    assert_ne!(browser.run(moves).await, "0s");
    prefer(&browser, &[("prefers-reduced-motion", "reduce")]).await;
    assert_eq!(browser.run(moves).await, "0s");

    tab_to(&browser, "input[value=analytics]").await;
    press(&browser, " ").await;
    screenshot(&browser, "focus-switch").await;
    tab_to(&browser, ".consent-preferences button[value=save]").await;
    press(&browser, "Enter").await;
    browser.wait_until("document.querySelector('.consent-preferences [data-consent-status]').textContent").await;
    assert_eq!(browser.run("return document.activeElement.value").await, "save", "the focus stays");
    assert!(is_shown(&browser, ".consent-preferences button[value=withdraw]").await);
    let switches =
        browser.run("return [...document.querySelectorAll('input:checked')].map((input) => input.value)").await;
    assert_eq!(switches, json!(["analytics"]));
    screenshot(&browser, "saved-by-script").await;
    browser.close().await;
}

//! What a visitor sees: sizes, a narrow screen, dark and light, the keyboard. The screenshots are for people.

use serde_json::{Value, json};

use crate::{HOST, answer, demo, driver::Browser, known, screenshot};

pub(crate) async fn show_at(browser: &Browser, width: u32, height: u32) {
    let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
}

async fn prefer(browser: &Browser, scheme: &str) {
    let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    browser.devtools("Emulation.setEmulatedMedia", media).await;
}

#[tokio::test]
async fn pages_fit_a_narrow_screen_in_dark_and_light() {
    let Some(browser) = Browser::start().await else { return };
    let server = demo().await;
    for path in
        ["/shop", "/", "/everything", "/nothing", "/sign-in", "/records", "/film", "/privacy-policy", "/imprint"]
    {
        browser.goto(&server.url(HOST, path)).await;
        let name = path.trim_start_matches('/');
        show_everywhere(&browser, if name.is_empty() { "home" } else { name }).await;
    }
    browser.close().await;
}

/// Takes pictures of the page in light and dark, wide and narrow, and holds that it never scrolls sideways.
pub(crate) async fn show_everywhere(browser: &Browser, name: &str) {
    for (scheme, width, height) in
        [("light", 1000, 1100), ("dark", 1000, 1100), ("dark", 320, 1700), ("light", 320, 1700)]
    {
        prefer(browser, scheme).await;
        show_at(browser, width, height).await;
        let root = "const root = document.documentElement; return [root.scrollWidth, root.clientWidth]";
        let widths = browser.run(root).await;
        assert_eq!(widths[0], widths[1], "{name} scrolls sideways at {width}");
        screenshot(browser, &format!("{name}-{scheme}-{width}")).await;
    }
}

#[tokio::test]
async fn accepting_and_rejecting_look_the_same() {
    let Some(browser) = Browser::start().await else { return };
    let server = demo().await;
    for path in ["/", "/shop"] {
        browser.goto(&server.url(HOST, path)).await;
        for width in [320, 1000] {
            show_at(&browser, width, 800).await;
            let looks = "return ['accept-all', 'reject-all'].map(value => {
                const button = document.querySelector(`button[value=${value}]`);
                const box = button.getBoundingClientRect(), style = getComputedStyle(button);
                return [box.width, box.height, style.color, style.backgroundColor, style.font];
            })";
            let looks = browser.run(looks).await;
            assert_eq!(looks[0], looks[1]);
            assert!(looks[0][1].as_f64() >= Some(44.0), "large enough for a thumb: {looks}");
        }
        assert_eq!(browser.run("return document.querySelectorAll(':checked').length").await, Value::from(0));
    }
    // What was chosen is shown, and the first answer is still there.
    answer(&browser, "accept-all").await;
    browser.goto(&server.url(HOST, "/privacy/")).await;
    show_at(&browser, 1000, 1100).await;
    screenshot(&browser, "accepted").await;
    assert_eq!(browser.run("return document.querySelectorAll(':checked').length").await, Value::from(5));
    browser.close().await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    let Some(browser) = Browser::start().await else { return };
    let server = demo().await;
    browser.goto(&server.url(HOST, "/")).await;
    focus(&browser, "a.skip").await;
    screenshot(&browser, "skip-link").await;
    focus(&browser, "button[value=accept-all]").await;
    let ring = browser.run("return getComputedStyle(document.activeElement).outlineStyle").await;
    assert_eq!(ring, "solid");
    press(&browser, "Tab", "").await;
    press(&browser, "Tab", "").await;
    assert_eq!(browser.run("return document.activeElement.className").await, "consent-more");
    press(&browser, "Enter", "\r").await;
    browser.wait_until("location.pathname === '/privacy/'").await;
    focus(&browser, "input[value=functional]").await;
    press(&browser, " ", " ").await;
    screenshot(&browser, "keyboard").await;
    focus(&browser, "button[value=save]").await;
    press(&browser, "Enter", "\r").await;
    browser.wait_until("[...document.querySelectorAll('[data-consent-status]')].some(said => said.textContent)").await;
    assert_eq!(known(&browser, &server).await.0, "functional");
    browser.close().await;
}

/// Presses Tab until this element has the focus.
async fn focus(browser: &Browser, css: &str) {
    for _ in 0..20 {
        press(browser, "Tab", "").await;
        if browser.run(&format!("return document.activeElement.matches('{css}')")).await == Value::Bool(true) {
            return;
        }
    }
    panic!("Tab does not lead to {css}");
}

async fn press(browser: &Browser, key: &str, text: &str) {
    let (code, number) = match key {
        " " => ("Space", 32),
        "Enter" => ("Enter", 13),
        _ => ("Tab", 9),
    };
    for kind in ["keyDown", "keyUp"] {
        let event = json!({ "type": kind, "key": key, "code": code, "text": text, "windowsVirtualKeyCode": number });
        browser.devtools("Input.dispatchKeyEvent", event).await;
    }
}

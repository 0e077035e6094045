//! The path of a data-protection officer through the demo, by clicking, with a picture of each station.

use serde_json::Value;
use tower_consent::{MemoryStore, Regime, Tokens};

use crate::{
    HOST, answer, demo,
    driver::{Browser, Options},
    follow,
    look::show_at,
    policy_file, screenshot, shop,
    tls::TlsServer,
    uncover,
};

async fn station(browser: &Browser, name: &str) {
    show_at(browser, 1000, 1100).await;
    screenshot(browser, &format!("officer-{name}")).await;
}

/// What a link of the page leads to, as JSON.
async fn file(browser: &Browser, css: &str) -> Value {
    let ask = format!("return (async () => (await fetch(document.querySelector('{css}').href)).json())()");
    browser.run(&ask).await
}

async fn records(browser: &Browser, server: &TlsServer) -> String {
    browser.goto(&server.url(HOST, "/records")).await;
    browser.text("main").await
}

fn outcomes(proof: &Value) -> Vec<(&str, &str)> {
    let events = proof["events"].as_array().expect("events");
    let text = |value: &'_ Value| -> &str { value.as_str().unwrap_or_default().to_owned().leak() };
    events.iter().map(|event| (text(&event["outcome"]), text(&event["state"]))).collect()
}

async fn the_path(javascript: bool) {
    let Some(browser) = Browser::start_with(Options { javascript, ..Options::default() }).await else { return };
    let server = demo().await;
    let name = |station: &str| if javascript { station.to_owned() } else { format!("{station}-without-script") };

    // A visitor signs in, and accepts on the banner.
    browser.goto(&server.url(HOST, "/sign-in")).await;
    browser.type_into("#name", "ada").await;
    follow(&browser, "main form button").await;
    browser.goto(&server.url(HOST, "/shop")).await;
    station(&browser, &name("1-banner")).await;
    let shown = browser.text("[data-consent-banner]").await;
    press(&browser, "accept-all", javascript).await;

    // The officer sees it, and downloads the proof with the text that was shown.
    let seen = records(&browser, &server).await;
    station(&browser, &name("2-records")).await;
    assert!(seen.contains("Intact: 1 entry in 1 chain") && seen.contains("revision 2"), "{seen}");
    // What the script sends comes by the JSON interface.
    assert!(javascript || seen.contains("banner, revision 2"), "{seen}");
    let proof = file(&browser, "#proof-browser").await;
    assert_eq!(outcomes(&proof), [("grant", "in-force")]);
    assert_eq!(proof["events"][0]["method"], "banner", "with and without script");
    let hash = proof["events"][0]["text"].as_str().expect("a hash");
    let text = proof["texts"][hash].as_str().expect("the text");
    for part in ["Teapot Example Ltd", "Accept all", "Reject all"] {
        assert!(text.contains(part) && shown.contains(part), "{part}: {text}");
    }

    // A new service: the checkout waits for another answer.
    browser.goto(&server.url(HOST, "/shop/checkout")).await;
    assert_eq!(browser.text("h1").await, "Checkout");
    browser.goto(&server.url(HOST, "/records")).await;
    follow(&browser, "button[value=material]").await;
    assert!(browser.text("#revision").await.starts_with("Revision 3 of "));
    station(&browser, &name("3-published")).await;
    browser.goto(&server.url(HOST, "/shop/checkout")).await;
    assert_eq!(browser.text("h1").await, "Our privacy policy has changed");
    assert!(browser.text("main").await.contains("A help chat was added."));
    station(&browser, &name("4-gate")).await;
    for open in ["/privacy-policy", "/imprint", "/privacy/your-data"] {
        browser.goto(&server.url(HOST, open)).await;
        assert_ne!(browser.text("h1").await, "Our privacy policy has changed", "{open}");
    }
    browser.goto(&server.url(HOST, "/shop/checkout")).await;
    through_the_gate(&browser, &server, javascript).await;
    assert_eq!(browser.text("h1").await, "Checkout");
    station(&browser, &name("5-through")).await;

    // A notice keeps the choice.
    browser.goto(&server.url(HOST, "/records")).await;
    follow(&browser, "button[value=notice]").await;
    browser.goto(&server.url(HOST, "/shop")).await;
    assert!(browser.text("[data-consent-notice]").await.contains("A clearer sentence"));
    station(&browser, &name("6-notice")).await;
    browser.follow("button[value=note]").await;
    assert_eq!(browser.run("return document.querySelectorAll('[data-consent-notice]').length").await, 0);

    // The visitor withdraws, and the proof shows it.
    press(&browser, "withdraw", javascript).await;
    records(&browser, &server).await;
    station(&browser, &name("7-withdrawn")).await;
    let proof = file(&browser, "#proof-account").await;
    assert_eq!(outcomes(&proof), [("grant", "superseded"), ("grant", "withdrawn"), ("withdraw", "")]);

    // The visitor asks for more, takes a copy, and goes.
    browser.goto(&server.url(HOST, "/account")).await;
    station(&browser, &name("8-account")).await;
    follow(&browser, "form[action='/account/request'] button").await;
    assert!(records(&browser, &server).await.contains("restrict, ada"));
    follow(&browser, "form[action='/records/answered'] button").await;
    assert!(browser.text("#requests").await.contains("answered"));
    station(&browser, &name("9-requests")).await;
    browser.goto(&server.url(HOST, "/privacy/your-data")).await;
    station(&browser, &name("10-your-data")).await;
    browser.goto(&server.url(HOST, "/account")).await;
    let export = "return (async () => {
        const body = new URLSearchParams({ action: 'export' });
        return (await fetch('/privacy/your-data', { method: 'POST', body })).json();
    })()";
    let export = browser.run(export).await;
    assert_eq!(
        (&export["account"]["about"]["subject"], &export["account"]["events"][0]["outcome"]),
        (&"ada".into(), &"grant".into())
    );
    browser.click("input[name=confirm]").await;
    browser.follow("button[value=erase]").await;
    station(&browser, &name("11-erased")).await;
    assert_eq!(browser.cookie("__Host-token").await, None);

    // What is left: that something was there, in a chain that verifies.
    let seen = records(&browser, &server).await;
    station(&browser, &name("12-verified")).await;
    assert!(
        seen.contains("Intact: ") && !seen.contains("Not intact") && !seen.contains(", 0 of them erased"),
        "{seen}"
    );
    assert!(!seen.contains("ada"), "{seen}");
    browser.close().await;
}

/// Clicks an answer of the banner or the footer.
async fn press(browser: &Browser, action: &str, javascript: bool) {
    match javascript {
        true => answer(browser, action).await,
        false => follow(browser, &format!("button[value={action}]:not([hidden])")).await,
    }
}

/// Accepts on the page of the gate, which leads on to the checkout; the script stays, and the visitor goes on.
async fn through_the_gate(browser: &Browser, server: &TlsServer, javascript: bool) {
    let button = "main button[value=accept-all]";
    if javascript {
        uncover(browser, button).await;
        browser.click(button).await;
        let said = "[...document.querySelectorAll('[data-consent-status]')].some(status => status.textContent)";
        browser.wait_until(said).await;
        browser.goto(&server.url(HOST, "/shop/checkout")).await;
    } else {
        follow(browser, button).await;
    }
}

#[tokio::test]
async fn the_path_of_a_data_protection_officer_with_javascript() {
    the_path(true).await;
}

#[tokio::test]
async fn the_path_of_a_data_protection_officer_without_javascript() {
    the_path(false).await;
}

#[tokio::test]
async fn a_film_opens_where_it_is_asked_for() {
    let Some(browser) = Browser::start().await else { return };
    let server = demo().await;
    browser.goto(&server.url(HOST, "/shop")).await;
    let loaded =
        "return performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/player')).length";
    assert_eq!(browser.run(loaded).await, 0, "nothing of it is loaded before");
    follow(&browser, "a[href='/film']").await;
    assert_eq!(browser.text("h1").await, "This content needs your consent");
    station(&browser, "film-asks").await;
    browser.follow("main button[value=save]").await;
    assert_eq!(browser.text("h1").await, "How a teapot is made");
    station(&browser, "film").await;

    // On the shop's page it is open now, and closes with the consent.
    browser.goto(&server.url(HOST, "/shop")).await;
    browser.wait_until("document.querySelector('iframe').src.endsWith('/player')").await;
    assert_eq!(browser.run("return document.querySelector('[data-consent-placeholder]').hidden").await, true);
    assert_eq!(browser.cookie("player").await.map(|cookie| cookie.domain).as_deref(), Some(HOST));
    answer(&browser, "withdraw").await;
    assert_eq!(browser.run("return document.querySelector('[data-consent-placeholder]').hidden").await, false);
    assert_eq!(browser.run("return document.querySelector('iframe').hidden").await, true);
    assert_eq!(browser.cookie("player").await, None);
    browser.close().await;
}

#[tokio::test]
async fn where_people_opt_out_one_click_does_it() {
    let Some(browser) = Browser::start().await else { return };
    let router = shop(policy_file().regime(Regime::OptOut), Tokens::new(MemoryStore::new()));
    let server = TlsServer::start(router).await;
    browser.goto(&server.url(HOST, "/shop")).await;
    browser.wait_until("document.querySelector('#tag').textContent.includes('has run')").await;
    assert!(browser.text("footer .consent-choices").await.starts_with("Your Privacy Choices"));
    assert!(browser.cookie("_fbp").await.is_some(), "everything passes until it is refused");
    station(&browser, "us").await;
    follow(&browser, "footer button[value=opt-out]").await;
    assert_eq!(browser.text("footer .consent-honoured").await, "Opt-out request honored");
    station(&browser, "us-opted-out").await;
    crate::holds(&browser, &crate::ESSENTIAL).await;
    browser.close().await;
}

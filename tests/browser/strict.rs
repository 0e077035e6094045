//! The five policies in real browsers that send a signal: what a whole visit with a sign-in leaves, to the letter. And that
//! nothing is sent that the visitor did not ask for.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    extract::Request,
    middleware::{Next, from_fn},
};
use serde_json::{Value, json};
use tower_consent::{Category, MemoryStore, Policy, PolicyBuilder, Tokens};

use crate::{
    HOST, answer, app,
    driver::{Browser, Options},
    follow,
    look::show_everywhere,
    policies,
    process::Engine,
    shop,
    tls::TlsServer,
    uncover,
};

/// One of the five, as the demo is started with it, on the domain on which the tests serve it.
fn policy(name: &str) -> PolicyBuilder {
    let file: PolicyBuilder = toml::from_str(&policies::read(name).expect("a file")).expect("a policy file");
    app::own_cookies::declare(file).expect("a policy").site_domain("example.test").mac_key("test", [7; 32])
}

fn with_do_not_track() -> Options {
    Options { do_not_track: true, ..Options::default() }
}

fn firefox_with_global_privacy_control() -> Options {
    Options { engine: Engine::Firefox, global_privacy_control: true, ..Options::default() }
}

/// The names in the jar, on all hosts, sorted.
async fn jar(browser: &Browser) -> Vec<String> {
    let mut names: Vec<_> = browser.cookies().await.into_iter().map(|cookie| cookie.name).collect();
    names.sort_unstable();
    names
}

/// Everything else in which a page can store something.
async fn stored(browser: &Browser) -> Value {
    let look = "const done = arguments[arguments.length - 1];
        Promise.all([indexedDB.databases(), caches.keys(), navigator.serviceWorker.getRegistrations()]).then((all) =>
            done([localStorage.length, sessionStorage.length, ...all.map((list) => list.length), document.cookie]))";
    browser.run_async(look, Vec::new()).await
}

/// C3: no line stores anything, sign-in works by a token that a script holds in memory, and the pages say so.
async fn a_visit_to_the_letter(options: Options, signal: &str) {
    let Some(browser) = Browser::start_with(options).await else { return };
    let tokens = Tokens::new(MemoryStore::new());
    let server = TlsServer::start(shop(policy("capsolver"), tokens.clone())).await;
    for path in ["/", "/shop", "/everything", "/privacy/cookies", "/privacy/your-data", "/shop/checkout"] {
        browser.goto(&server.url(HOST, path)).await;
        assert_eq!(jar(&browser).await, [""; 0], "{path}");
    }
    assert_eq!(browser.text("h1").await, "Checkout", "nobody is held up who cannot answer");
    browser.goto(&server.url(HOST, "/privacy/")).await;
    let page = browser.text("body").await;
    assert!(
        page.contains(&format!("Your browser sends {signal}. This site then stores nothing in your browser")),
        "{page}"
    );
    assert_eq!(browser.run("return document.querySelectorAll('button[value=accept-all]').length").await, 0);
    show_everywhere_in(&browser, "strict-preferences").await;

    browser.goto(&server.url(HOST, "/account")).await;
    assert_eq!(browser.text("h1").await, "Sign in");
    browser.type_into("#name", "ada").await;
    follow(&browser, "main form button").await;
    assert_eq!(browser.text("h1").await, "Signed in, and nothing stored");
    assert!(browser.text("#why").await.contains(signal));
    assert_eq!(tokens.list("ada").await.expect("a list").len(), 1);
    show_everywhere_in(&browser, "strict-bearer").await;

    // The page's own script sends the token, under the page's own policy.
    press(&browser, "#show-account", "Signed in as ada").await;
    assert_eq!(jar(&browser).await, [""; 0]);
    assert_eq!(stored(&browser).await, json!([0, 0, 0, 0, 0, ""]));
    // Another page of the same browser is nobody's.
    let first = browser.open_tab().await;
    browser.goto(&server.url(HOST, "/account")).await;
    assert_eq!(browser.text("h1").await, "Sign in");
    browser.show_tab(first).await;
    press(&browser, "#end", "You are signed out: the token is deleted on the server.").await;
    assert_eq!(tokens.list("ada").await.expect("a list").len(), 0);
    press(&browser, "#show-account", "The server does not know this token any more.").await;
    assert_eq!(jar(&browser).await, [""; 0]);
    assert_eq!(stored(&browser).await, json!([0, 0, 0, 0, 0, ""]));
    browser.close().await;
}

/// Clicks a button of the page with the token, and waits for what it says.
async fn press(browser: &Browser, css: &str, said: &str) {
    uncover(browser, css).await;
    browser.click(css).await;
    browser.wait_until(&format!("document.querySelector('#said').textContent === '{said}'")).await;
}

/// Chromium alone shows itself at other sizes.
async fn show_everywhere_in(browser: &Browser, name: &str) {
    if browser.run("return navigator.userAgent.includes('Chrome')").await == true {
        show_everywhere(browser, name).await;
    } else {
        crate::screenshot(browser, &format!("{name}-firefox")).await;
    }
}

#[tokio::test]
async fn do_not_track_to_the_letter_leaves_the_jar_empty() {
    a_visit_to_the_letter(with_do_not_track(), "Do Not Track").await;
}

#[tokio::test]
async fn global_privacy_control_to_the_letter_leaves_the_jar_empty_in_firefox() {
    a_visit_to_the_letter(firefox_with_global_privacy_control(), "Global Privacy Control").await;
}

/// A whole visit with a sign-in: page after page that sets whatever it can.
async fn visits_under_a_signal(options: Options) {
    let Some(browser) = Browser::start_with(options).await else { return };
    for (name, _) in policies::NAMED {
        let built: Policy = policy(name).build().expect("a policy");
        let server = TlsServer::start(shop(policy(name), Tokens::new(MemoryStore::new()))).await;
        for path in ["/", "/shop", "/privacy/", "/privacy/cookies", "/shop"] {
            browser.goto(&server.url(HOST, path)).await;
        }
        browser.goto(&server.url(HOST, "/account")).await;
        browser.type_into("#name", "ada").await;
        let is_strict = name == "capsolver";
        if !is_strict {
            uncover(&browser, "input[name=keep]").await;
            browser.click("input[name=keep]").await;
        }
        follow(&browser, "main form button").await;
        let expected: &[&str] = match name {
            "capsolver" => &[],
            "filehost" => &["__Host-token", "__cf_bm", "cart", "csrf", "id"],
            _ => &["__Host-token", "cart", "csrf", "id"],
        };
        assert_eq!(jar(&browser).await, expected, "{name}");
        if !is_strict {
            browser.goto(&server.url(HOST, "/account")).await;
            assert_eq!(browser.text("h1").await, "Signed in as ada", "{name}");
        }
        // Every cookie that there is: what stays is declared, and essential.
        browser.goto(&server.url(HOST, "/everything")).await;
        let all = jar(&browser).await;
        let is_essential = |name: &String| {
            name == "__Host-token"
                || built.lookup(name.as_bytes()).is_some_and(|(category, _)| category == Category::ESSENTIAL)
        };
        assert!(all.iter().all(is_essential), "{name}: {all:?}");
        assert_eq!(all.is_empty(), is_strict, "{name}");
        browser.forget_cookies().await;
    }
    browser.close().await;
}

#[tokio::test]
async fn with_do_not_track_a_visit_leaves_exactly_the_declared_cookies() {
    visits_under_a_signal(with_do_not_track()).await;
}

#[tokio::test]
async fn with_global_privacy_control_a_visit_leaves_exactly_the_declared_cookies_in_firefox() {
    visits_under_a_signal(firefox_with_global_privacy_control()).await;
}

/// B6: no beacon and no call in the background, whatever was chosen, while the page is read, hidden, and left.
#[tokio::test]
async fn nothing_is_sent_that_the_visitor_did_not_ask_for() {
    let Some(browser) = Browser::start().await else { return };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let watch = from_fn(move |request: Request, next: Next| {
        log.lock().expect("no panic").push(format!("{} {}", request.method(), request.uri().path()));
        next.run(request)
    });
    let take = || std::mem::take(&mut *asked.lock().expect("no panic"));
    let server = TlsServer::start(shop(policy("browsec"), Tokens::new(MemoryStore::new())).layer(watch)).await;
    for choice in [None, Some("accept-all"), Some("withdraw")] {
        browser.goto(&server.url(HOST, "/shop")).await;
        if let Some(choice) = choice {
            take();
            answer(&browser, choice).await;
            let mut sent = take();
            sent.retain(|line| line.starts_with("POST"));
            assert_eq!(sent.len(), 1, "{choice}: one choice, one call: {sent:?}");
            browser.goto(&server.url(HOST, "/shop")).await;
        }
        browser.wait_until("document.readyState === 'complete'").await;
        // What the page itself needs is there then.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(take().iter().any(|line| line == "GET /shop"));
        browser.run("scrollTo(0, document.body.scrollHeight); dispatchEvent(new Event('focus'))").await;
        let first = browser.open_tab().await;
        browser.run("document.title = 'elsewhere'").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        browser.show_tab(first).await;
        browser.run("scrollTo(0, 0)").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        browser.goto("about:blank").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(take(), [""; 0], "after {choice:?}");
    }
    browser.close().await;
}

/// The page of cookies with what the policy says beyond them, for people to look at.
#[tokio::test]
async fn statements_are_shown() {
    let Some(browser) = Browser::start().await else { return };
    for (name, _) in policies::NAMED {
        let server = TlsServer::start(shop(policy(name), Tokens::new(MemoryStore::new()))).await;
        browser.goto(&server.url(HOST, "/privacy/cookies")).await;
        assert_eq!(browser.text("#consent-statements").await, "Also in our privacy policy");
        show_everywhere(&browser, &format!("five-{name}-cookies")).await;
        browser.goto(&server.url(HOST, "/shop")).await;
        show_everywhere(&browser, &format!("five-{name}-shop")).await;
    }
    browser.close().await;
}

//! Signing in and out: what the browser stores and for how long, what it forgets when it is closed, and what it shows of
//! a private page afterwards.

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::Request,
    http::{Method, header},
    middleware::{Next, from_fn},
    response::Html,
    routing::get,
};
use tower_consent::{MemoryStore, NewToken, Signal, SignalScope, Tokens};

use crate::{
    HOST,
    driver::{Browser, Cookie, Options},
    follow,
    look::show_everywhere,
    policy_file, shop,
    tls::TlsServer,
    uncover,
};

const TOKEN: &str = "__Host-token";

/// The demo, and a hand on its tokens.
async fn demo_with_tokens() -> (TlsServer, Tokens) {
    let tokens = Tokens::new(MemoryStore::new());
    (TlsServer::start(shop(policy_file(), tokens.clone())).await, tokens)
}

/// Signs in as a visitor does: by typing and clicking.
async fn sign_in(browser: &Browser, server: &TlsServer, name: &str, keep: bool) {
    browser.goto(&server.url(HOST, "/account")).await;
    assert_eq!(browser.text("h1").await, "Sign in", "who is anonymous is led to the form");
    browser.type_into("#name", name).await;
    if keep {
        uncover(browser, "input[name=keep]").await;
        browser.click("input[name=keep]").await;
    }
    follow(browser, "main form button").await;
}

async fn is_signed_in(browser: &Browser, server: &TlsServer) -> bool {
    browser.goto(&server.url(HOST, "/account")).await;
    let is_account = browser.address().await.ends_with("/account");
    assert_eq!(browser.text("h1").await.starts_with("Signed in as"), is_account);
    is_account
}

/// The token as the browser stores it, with the attributes that every one has.
async fn token_cookie(browser: &Browser) -> Cookie {
    let cookie = browser.cookie(TOKEN).await.expect("stored");
    assert_eq!((&*cookie.domain, &*cookie.path), (HOST, "/"));
    assert!(cookie.secure && cookie.http_only && !cookie.partitioned);
    assert_eq!(cookie.same_site.as_deref(), Some("Lax"));
    assert_eq!(cookie.value.len(), 43);
    cookie
}

async fn a_kept_sign_in_outlives_the_browser(javascript: bool) {
    let Some(browser) = Browser::start_with(Options { javascript, ..Options::default() }).await else { return };
    let (server, _tokens) = demo_with_tokens().await;
    sign_in(&browser, &server, "ada", true).await;
    assert_eq!(browser.text("h1").await, "Signed in as ada");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let expires = token_cookie(&browser).await.expires.expect("a persistent cookie");
    assert!((expires - now - 604_800.0).abs() < 60.0, "{}", expires - now);

    let before = token_cookie(&browser).await;
    let browser = browser.restart().await;
    assert_eq!(browser.cookie(TOKEN).await, Some(before));
    assert!(is_signed_in(&browser, &server).await);
    browser.close().await;
}

#[tokio::test]
async fn a_kept_sign_in_outlives_the_browser_with_javascript() {
    a_kept_sign_in_outlives_the_browser(true).await;
}

#[tokio::test]
async fn a_kept_sign_in_outlives_the_browser_without_javascript() {
    a_kept_sign_in_outlives_the_browser(false).await;
}

#[tokio::test]
async fn a_sign_in_that_is_not_kept_ends_with_the_browser() {
    let Some(browser) = Browser::start().await else { return };
    let (server, tokens) = demo_with_tokens().await;
    sign_in(&browser, &server, "ada", false).await;
    assert_eq!(token_cookie(&browser).await.expires, None, "a session cookie");
    assert!(is_signed_in(&browser, &server).await);
    assert_eq!(browser.run("return document.cookie.includes('token')").await, false, "out of reach of scripts");

    let browser = browser.restart().await;
    assert_eq!(browser.cookie(TOKEN).await, None);
    assert!(!is_signed_in(&browser, &server).await);
    // The server did not hear of it: its own seven days end the token.
    assert_eq!(tokens.list("ada").await.expect("a list").len(), 1);
    browser.close().await;
}

async fn after_a_sign_out_nothing_private_is_left(javascript: bool) {
    let Some(browser) = Browser::start_with(Options { javascript, ..Options::default() }).await else { return };
    let (server, tokens) = demo_with_tokens().await;
    sign_in(&browser, &server, "ada", true).await;
    let first = browser.open_tab().await;
    assert!(is_signed_in(&browser, &server).await, "in the other tab too");
    let second = browser.open_tab().await;
    browser.show_tab(first).await;

    follow(&browser, "form[action='/sign-out'] button").await;
    assert_eq!(browser.text("[role=status]").await.split(':').next(), Some("You are signed out"));
    assert_eq!(browser.cookie(TOKEN).await, None);
    assert!(tokens.list("ada").await.expect("a list").is_empty());

    // Neither from a cache nor from the browser's memory: the account is asked for anew, which leads to the form.
    browser.back().await;
    assert!(browser.address().await.ends_with("/sign-in"), "{}", browser.address().await);
    assert_eq!(browser.text("h1").await, "Sign in");

    // The other tab still shows what it showed, and whatever it asks for next is refused.
    browser.show_tab(second).await;
    assert_eq!(browser.text("h1").await, "Signed in as ada");
    follow(&browser, "form[action='/account/end-all'] button").await;
    assert_eq!(browser.text("h1").await, "Sign in");
    browser.close().await;
}

#[tokio::test]
async fn after_a_sign_out_nothing_private_is_left_with_javascript() {
    after_a_sign_out_nothing_private_is_left(true).await;
}

#[tokio::test]
async fn after_a_sign_out_nothing_private_is_left_without_javascript() {
    after_a_sign_out_nothing_private_is_left(false).await;
}

#[tokio::test]
async fn a_session_that_is_ended_from_the_list_is_out_at_its_next_request() {
    let Some(desk) = Browser::start().await else { return };
    let Some(phone) = Browser::start().await else { return };
    let (server, _tokens) = demo_with_tokens().await;
    sign_in(&phone, &server, "ada", true).await;
    sign_in(&desk, &server, "ada", true).await;
    assert_eq!(desk.run("return document.querySelectorAll('#sessions li').length").await, 2);
    assert_eq!(desk.run("return document.querySelectorAll('.badge').length").await, 1);
    assert!(desk.text("#sessions .this b").await.starts_with("Chrome on "));

    follow(&desk, "form[action='/account/end'] button").await;
    assert_eq!(desk.run("return document.querySelectorAll('#sessions li').length").await, 1);
    assert!(!is_signed_in(&phone, &server).await);
    assert_eq!(phone.cookie(TOKEN).await, None, "a dead cookie is expired");
    assert!(is_signed_in(&desk, &server).await);

    // All of them, one's own too.
    sign_in(&phone, &server, "ada", false).await;
    desk.goto(&server.url(HOST, "/account")).await;
    follow(&desk, "form[action='/account/end-all'] button").await;
    assert_eq!(desk.cookie(TOKEN).await, None);
    assert!(!is_signed_in(&phone, &server).await);
    phone.close().await;
    desk.close().await;
}

#[tokio::test]
async fn a_form_of_another_site_brings_no_cookie_and_ends_nothing() {
    let options = Options { hosts: vec!["example.test".to_owned(), "evil.test".to_owned()], ..Options::default() };
    let Some(browser) = Browser::start_with(options).await else { return };
    // What arrives with posted forms.
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&arrived);
    let watch = from_fn(move |request: Request, next: Next| {
        if request.method() == Method::POST {
            let cookies = request.headers().get_all(header::COOKIE).iter();
            let has_token = cookies.into_iter().any(|line| line.to_str().unwrap_or_default().contains(TOKEN));
            notes.lock().expect("no panic").push((request.uri().path().to_owned(), has_token));
        }
        next.run(request)
    });
    let tokens = Tokens::new(MemoryStore::new());
    let server = TlsServer::start(shop(policy_file(), tokens).layer(watch)).await;
    let action = server.url(HOST, "/sign-out");
    let page = format!("<!doctype html><form method=post action={action}><button>Win</button></form>");
    let router = Router::new().route("/", get(|| async { Html(page) }));
    let evil = TlsServer::start(router.clone()).await;

    sign_in(&browser, &server, "ada", true).await;
    for host in ["evil.test", "sister.example.test"] {
        browser.goto(&evil.url(host, "/")).await;
        browser.follow("button").await;
        assert_eq!(browser.text("h1").await, "Nothing was changed", "{host}");
        assert!(is_signed_in(&browser, &server).await, "{host}");
    }
    let arrived = arrived.lock().expect("no panic").clone();
    let of = |path: &str, has_token| (path.to_owned(), has_token);
    // A sister host is the same site: its form brings the cookie, and is refused by where it comes from.
    assert_eq!(arrived, [of("/sign-in", false), of("/sign-out", false), of("/sign-out", true)]);
    browser.close().await;
}

#[tokio::test]
async fn under_the_strict_promise_the_browser_holds_no_cookie_after_a_sign_in() {
    let Some(browser) = Browser::start_with(Options { do_not_track: true, ..Options::default() }).await else { return };
    let strict = policy_file().signal(Signal::Dnt, SignalScope::NoCookies);
    let server = TlsServer::start(shop(strict, Tokens::new(MemoryStore::new()))).await;
    browser.goto(&server.url(HOST, "/shop")).await;
    show_everywhere(&browser, "strict-shop").await;
    browser.goto(&server.url(HOST, "/account")).await;
    assert!(browser.text("#keep-why").await.contains("asks us not to store anything"));
    assert_eq!(browser.run("return document.querySelectorAll('[type=checkbox]').length").await, 0);
    show_everywhere(&browser, "strict-sign-in").await;

    browser.type_into("#name", "ada").await;
    follow(&browser, "main form button").await;
    assert_eq!(browser.text("h1").await, "Signed in, and nothing stored");
    assert!(browser.text("#why").await.contains("this browser asked not to store anything"));
    let token = browser.text("#token").await;
    assert_eq!(token.len(), 43, "{token}");
    assert_eq!(browser.cookies().await, []);
    assert_eq!(browser.run("return localStorage.length + sessionStorage.length").await, 0);
    show_everywhere(&browser, "strict").await;

    // The token works for who sends it, and the browser does not.
    let ask = format!(
        "const bearer = await fetch('/account', {{ headers: {{ Authorization: 'Bearer {token}' }} }});
         const plain = await fetch('/account', {{ headers: {{ Accept: 'application/json' }} }});
         return [(await bearer.text()).includes('Signed in as'), plain.status]"
    );
    // The pages' own policy forbids scripts to connect: this one stands on a page without it.
    browser.devtools("Page.setBypassCSP", serde_json::json!({ "enabled": true })).await;
    browser.goto(&server.url(HOST, "/sign-in")).await;
    assert_eq!(browser.run(&format!("return (async () => {{ {ask} }})()")).await, serde_json::json!([true, 401]));
    assert_eq!(browser.cookies().await, []);
    browser.close().await;
}

#[tokio::test]
async fn the_account_fits_a_narrow_screen_in_dark_and_light() {
    let Some(browser) = Browser::start().await else { return };
    let (server, tokens) = demo_with_tokens().await;
    for (device, is_kept) in [("Firefox on Windows", true), ("Samsung Internet on Android", false)] {
        let token = NewToken::of("Ada Lovelace").with_label(device);
        let issued = tokens.issue(if is_kept { token } else { token.browser_session() }).await.expect("issued");
        assert_eq!(issued.record().label(), device);
    }
    drop(tokens.issue(NewToken::of("Ada Lovelace").with_label("curl").bearer()).await.expect("issued"));
    sign_in(&browser, &server, "Ada Lovelace", true).await;
    show_everywhere(&browser, "account").await;
    follow(&browser, "form[action='/sign-out'] button").await;
    show_everywhere(&browser, "signed-out").await;
    browser.close().await;
}

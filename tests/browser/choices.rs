//! Choices by clicking, and the cookies that the browser then holds.

use std::net::Ipv4Addr;

use axum::{Router, response::Html, routing::get};
use serde_json::json;
use tokio::net::TcpListener;
use tower_consent::{Category, MemoryStore, Tokens};

use crate::{
    ESSENTIAL, HOST, answer, demo,
    driver::{Browser, Cookie, Options},
    holds, known, policy, policy_file, shop,
    tls::TlsServer,
};

/// What the shop sets with consent to everything, where its script does not run.
const ALL: [&str; 10] = ["__cf_bm", "_fbp", "_ga", "_ga_S1H0P12345", "_gcl_au", "_gid", "cart", "csrf", "id", "lang"];
/// With its script: what that puts on the whole site stands beside what the server put on its host. And the film plays.
const ALL_AND_TAG: [&str; 13] = [
    "__cf_bm",
    "_fbp",
    "_ga",
    "_ga@.",
    "_ga_S1H0P12345",
    "_ga_S1H0P12345@.",
    "_gcl_au",
    "_gid",
    "cart",
    "csrf",
    "id",
    "lang",
    "player",
];

/// All that can be granted.
const EVERYTHING: &str = "functional, analytics, marketing, media";

async fn every_answer_by_clicking(javascript: bool) {
    let Some(browser) = Browser::start_with(Options { javascript, ..Options::default() }).await else { return };
    let server = demo().await;
    let all: &[&str] = if javascript { &ALL_AND_TAG } else { &ALL };

    browser.goto(&server.url(HOST, "/shop")).await;
    assert_eq!(browser.text("#consent-banner-title").await, "Cookies: your choice");
    assert_eq!(browser.text("#tag").await, "The script of the statistics has not run on this page.");
    holds(&browser, &ESSENTIAL).await;
    assert_eq!(browser.cookie("__Host-consent").await, None);

    if javascript {
        // At once: what waited for consent runs in the page that is there.
        answer(&browser, "accept-all").await;
        browser.wait_until("document.querySelector('#tag').textContent.includes('has run')").await;
        holds(&browser, &["__cf_bm", "_ga@.", "_ga_S1H0P12345@.", "_gid", "cart", "csrf", "id", "player"]).await;
        browser.goto(&server.url(HOST, "/shop")).await;
    } else {
        browser.follow("button[value=accept-all]").await;
    }
    assert_eq!(browser.run("return document.querySelectorAll('[data-consent-banner]').length").await, 0);
    holds(&browser, all).await;
    let consent = browser.cookie("__Host-consent").await.expect("stored");
    assert_eq!((&*consent.domain, &*consent.path), (HOST, "/"));
    assert!(consent.http_only && consent.secure && consent.expires.is_some());
    assert_eq!(consent.same_site.as_deref(), Some("Lax"));

    // They stay as long as the consent does.
    assert_eq!(known(&browser, &server).await.0, EVERYTHING);
    holds(&browser, all).await;
    browser.goto(&server.url(HOST, "/shop")).await;
    if javascript {
        let seen = browser.run("return document.cookie").await;
        let seen = seen.as_str().expect("text");
        assert!(seen.contains("_ga=") && !seen.contains("consent"), "{seen}");
    }

    // The answer to the withdrawal takes them away, the page after it does not set them again, and the session is the same.
    if javascript {
        answer(&browser, "withdraw").await;
        holds(&browser, &ESSENTIAL).await;
        browser.goto(&server.url(HOST, "/shop")).await;
    } else {
        browser.follow("button[value=withdraw]:not([hidden])").await;
    }
    holds(&browser, &ESSENTIAL).await;
    assert_eq!(browser.text("#session").await, "You were here 4 times. Your cart holds 0 teapots.");
    assert_eq!(known(&browser, &server).await.0, "nothing");

    browser.goto(&server.url(HOST, "/privacy/")).await;
    browser.click("input[value=functional]").await;
    browser.click("input[value=meta]").await;
    on_the_page(&browser, "save", javascript).await;
    assert_eq!(known(&browser, &server).await.0, "functional, meta");
    browser.goto(&server.url(HOST, "/shop")).await;
    holds(&browser, &["__cf_bm", "_fbp", "cart", "csrf", "id", "lang"]).await;

    browser.goto(&server.url(HOST, "/privacy/")).await;
    on_the_page(&browser, "reject-all", javascript).await;
    assert_eq!(known(&browser, &server).await.1, EVERYTHING);
    holds(&browser, &ESSENTIAL).await;
    browser.close().await;
}

/// Clicks a button of the preferences page: the script says that it is done, without it the page comes again.
async fn on_the_page(browser: &Browser, action: &str, javascript: bool) {
    let button = format!("main button[value={action}]");
    if javascript {
        browser.click(&button).await;
        let said = "[...document.querySelectorAll('[data-consent-status]')].some(status => status.textContent)";
        browser.wait_until(said).await;
    } else {
        browser.follow(&button).await;
    }
}

#[tokio::test]
async fn every_answer_by_clicking_with_javascript() {
    every_answer_by_clicking(true).await;
}

#[tokio::test]
async fn every_answer_by_clicking_without_javascript() {
    every_answer_by_clicking(false).await;
}

#[tokio::test]
async fn what_a_tag_left_before_the_layer_came_is_gone_after_one_page() {
    let Some(browser) = Browser::start().await else { return };
    let server = demo().await;
    // The page of a site that knew no policy: its script sets cookies on the parent domain, the host, and by prefix.
    browser.goto(&server.url(HOST, "/style.css")).await;
    browser
        .run(
            "document.cookie = '_ga=GA1.1.1.1; Domain=example.test; Path=/; Max-Age=9999';
             document.cookie = '_ga_OLD=GS2.1; Domain=example.test; Path=/; Max-Age=9999';
             document.cookie = '_ga_HOST=GS2.1; Path=/; Max-Age=9999';
             document.cookie = '_fbp=fb.1.1.1; Path=/';
             document.cookie = 'undeclared=1; Path=/';",
        )
        .await;
    holds(&browser, &["_fbp", "_ga@.", "_ga_HOST", "_ga_OLD@.", "undeclared"]).await;

    browser.goto(&server.url(HOST, "/")).await;
    // What nobody declared has no known scope: it is stripped, and stays where it is.
    holds(&browser, &["undeclared"]).await;
    crate::look::show_at(&browser, 1000, 1500).await;
    crate::screenshot(&browser, "stripped").await;
    let cookies = browser.text("#cookies").await;
    assert_eq!(cookies.matches("stripped: nobody has decided yet").count(), 4, "{cookies}");
    browser.close().await;
}

#[tokio::test]
async fn after_a_withdrawal_every_cookie_goes_however_many_there_are() {
    let Some(browser) = Browser::start().await else { return };
    let server = demo().await;
    // The home page loads itself again after a choice.
    browser.goto(&server.url(HOST, "/")).await;
    browser.follow("button[value=accept-all]").await;
    browser.goto(&server.url(HOST, "/everything")).await;
    let held = browser.cookies().await.len();
    assert!(held > 30, "{held}");
    browser.goto(&server.url(HOST, "/")).await;
    browser.follow("button[value=withdraw]").await;
    assert_eq!(browser.text("#granted").await, "nothing");
    // The answer to the withdrawal and the page after it expire up to twenty at a time.
    let policy = policy();
    let left: Vec<_> = browser.cookies().await.into_iter().filter(|cookie| cookie.name != "__Host-consent").collect();
    let is_essential = |cookie: &&Cookie| {
        policy.lookup(cookie.name.as_bytes()).is_some_and(|(category, _)| category == Category::ESSENTIAL)
    };
    let (essential, others): (Vec<_>, Vec<_>) = left.iter().partition(is_essential);
    assert!(essential.len() > 10, "{essential:?}");
    // One rule names one place: the copy in a partition (CHIPS) of a cookie that is not declared as partitioned is
    // stripped from every request, and stays where it is.
    assert!(others.iter().all(|cookie| cookie.partitioned), "{others:?}");
    browser.close().await;
}

#[tokio::test]
async fn do_not_track_is_obeyed_and_named() {
    let Some(browser) = Browser::start_with(Options { do_not_track: true, ..Options::default() }).await else { return };
    let server = demo().await;
    refused_by_signal(&browser, &server, "Do Not Track").await;
    crate::screenshot(&browser, "dnt").await;
    browser.close().await;
}

#[tokio::test]
async fn global_privacy_control_is_obeyed_and_named() {
    let Some(browser) = Browser::start().await else { return };
    let server = demo().await;
    // Chromium has no switch for it.
    browser.devtools("Network.enable", json!({})).await;
    browser.devtools("Network.setExtraHTTPHeaders", json!({ "headers": { "Sec-GPC": "1" } })).await;
    refused_by_signal(&browser, &server, "Global Privacy Control").await;
    browser.close().await;
}

async fn refused_by_signal(browser: &Browser, server: &TlsServer, signal: &str) {
    browser.goto(&server.url(HOST, "/shop")).await;
    holds(browser, &ESSENTIAL).await;
    browser.goto(&server.url(HOST, "/")).await;
    assert_eq!(
        browser.run("return document.querySelectorAll('[data-consent-banner]').length").await,
        0,
        "nobody is asked"
    );
    assert_eq!(browser.text("footer .consent-honoured").await, format!("Opt-out request honored ({signal})"));
    let decision = browser.text("#decision").await;
    assert!(decision.contains(&format!("analytics refused: the browser sends {signal}")), "{decision}");
    // Consent that is given while the signal is on counts.
    browser.goto(&server.url(HOST, "/privacy/")).await;
    assert!(
        browser.text("[aria-labelledby=consent-signals]").await.contains(&format!("sends {signal}, and we obey it"))
    );
    on_the_page(browser, "accept-all", true).await;
    assert_eq!(known(browser, server).await.0, EVERYTHING);
    browser.goto(&server.url(HOST, "/shop")).await;
    holds(browser, &ALL_AND_TAG).await;
    answer(browser, "withdraw").await;
    holds(browser, &ESSENTIAL).await;
    browser.goto(&server.url(HOST, "/")).await;
}

#[tokio::test]
async fn another_site_can_refuse_for_a_visitor_and_not_consent() {
    let options = Options { hosts: vec!["example.test".to_owned(), "evil.test".to_owned()], ..Options::default() };
    let Some(browser) = Browser::start_with(options).await else { return };
    let server = demo().await;
    let action = server.url(HOST, "/privacy/choice");
    let page = format!(
        "<!doctype html><form method=post action={action}><input name=return value=/><input name=revision value=2>\
         <button name=action value=accept-all>Win</button><button name=action value=reject-all>Lose</button></form>"
    );
    let evil = TlsServer::start(Router::new().route("/", get(|| async { Html(page) }))).await;

    browser.goto(&evil.url("evil.test", "/")).await;
    browser.follow("button[value=accept-all]").await;
    assert!(browser.text(".consent-said").await.contains("from another site"));
    assert_eq!(browser.cookie("__Host-consent").await, None);

    browser.goto(&server.url(HOST, "/shop")).await;
    answer(&browser, "accept-all").await;
    browser.goto(&server.url(HOST, "/shop")).await;
    holds(&browser, &ALL_AND_TAG).await;
    browser.goto(&evil.url("evil.test", "/")).await;
    browser.follow("button[value=reject-all]").await;
    assert_eq!(browser.text("#granted").await, "nothing");
    holds(&browser, &ESSENTIAL).await;
    browser.close().await;
}

/// What `cargo run --example demo` says of itself: no TLS, and still every cookie is kept.
#[tokio::test]
async fn over_plain_http_this_machine_keeps_secure_cookies() {
    let Some(browser) =
        Browser::start_with(Options { hosts: vec!["localhost".to_owned()], ..Options::default() }).await
    else {
        return;
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let server = tokio::spawn(async move {
        axum::serve(listener, shop(policy_file(), Tokens::new(MemoryStore::new()))).await.expect("serves")
    });
    for host in ["localhost", "127.0.0.1"] {
        browser.goto(&format!("http://{host}:{port}/shop")).await;
        answer(&browser, "accept-all").await;
        browser.goto(&format!("http://{host}:{port}/")).await;
        assert_eq!(browser.text("#granted").await, EVERYTHING, "{host}");
        browser.goto(&format!("http://{host}:{port}/shop")).await;
        assert_eq!(browser.text("#session").await, "You were here 2 times. Your cart holds 0 teapots.", "{host}");
    }
    server.abort();
    browser.close().await;
}

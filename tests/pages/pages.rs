//! What the pages answer with: header fields, languages, escaping, who is responsible.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use tower_consent::{
    Category, CategoryEntry, Languages, Look, ServiceEntry, Signal,
    look::{DefaultLook, Footer, Message, Page},
};

use crate::site::{Answer, CARRIERS, Carrier, HOST, Site, policy, raw};

const PAGES: &[&str] = &["/privacy/", "/privacy/cookies", "/privacy/update", "/privacy/your-data"];

fn assert_is_page(answer: &Answer, what: &str) {
    assert_eq!(answer.field("content-type"), Some("text/html; charset=utf-8"), "{what}");
    assert_eq!(answer.field("cache-control"), Some("no-store"), "{what}");
    assert_eq!(answer.field("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.field("referrer-policy"), Some("same-origin"), "{what}");
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                  form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    assert_eq!(answer.field("content-security-policy"), Some(policy), "{what}");
    // What that policy forbids is not there: no inline code, style or handler, nothing of another host.
    answer.assert_lacks("<style");
    answer.assert_lacks(" style=");
    answer.assert_lacks(" onclick=");
    for script in answer.body.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/privacy/consent.js\""), "{what}: {script}");
    }
    for link in answer.body.split("<link rel=\"stylesheet\"").skip(1) {
        assert!(link.starts_with(" href=\"/"), "{what}: {link}");
    }
}

#[tokio::test]
async fn header_fields() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages.with_stylesheet("/site.css")).await;
        for path in PAGES {
            let answer = site.get(&mut site.visitor(), path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_is_page(&answer, path);
            answer.assert_says("href=\"/site.css\"");
        }
        assert_is_page(&site.get(&mut site.visitor(), "/privacy/nothing").await, "404");
        assert_is_page(&site.choose(&mut site.visitor(), "action=x").await, "400");
        assert_is_page(&site.choose(&mut site.visitor(), "action=accept-all&revision=1").await, "409");
        let answer = site.get(&mut site.visitor(), "/privacy/api/state").await;
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        assert_eq!(answer.field("x-content-type-options"), Some("nosniff"));
        assert!(answer.all("vary").to_lowercase().contains("cookie"), "{}", answer.all("vary"));
    }
}

/// What was wrong is told to a program as a program reads it.
#[tokio::test]
async fn problems_for_programs() {
    let site = Site::new().await;
    let fields = [("host", "www.example.com"), ("content-type", "application/x-www-form-urlencoded")];
    for (accept, is_json) in [
        ("application/json", true),
        ("application/problem+json", true),
        ("text/html,application/xhtml+xml,*/*;q=0.8", false),
        ("text/html, application/json", false),
        ("*/*", false),
    ] {
        let fields = [&fields[..], &[("accept", accept)]].concat();
        let sent = [("action=x", 400, "malformed"), ("action=accept-all&revision=3", 403, "foreign-origin")];
        for (form, status, code) in sent {
            let answer = site.send(raw("POST", "/privacy/choice", &fields).body(form).unwrap()).await;
            assert_eq!(answer.status, status);
            if is_json {
                assert_eq!(answer.problem(), code);
            } else {
                assert_is_page(&answer, accept);
            }
        }
    }
}

#[tokio::test]
async fn languages() {
    let site = Site::new().await;
    for (accepted, tag, direction) in [
        ("de-CH,de;q=0.9,en;q=0.8", "de", "ltr"),
        ("fr", "fr", "ltr"),
        ("es-AR", "es", "ltr"),
        ("ar", "ar", "rtl"),
        ("tlh", "en", "ltr"),
        ("", "en", "ltr"),
        ("\u{fc}", "en", "ltr"),
    ] {
        let fields = [("host", "www.example.com"), ("accept-language", accepted)];
        for path in PAGES.iter().chain(&["/privacy/nothing"]) {
            let answer = site.send(raw("GET", path, &fields).body("").unwrap()).await;
            answer.assert_says(&format!("<html class=\"consent-root\" lang=\"{tag}\" dir=\"{direction}\">"));
        }
        let answer = site.send(raw("POST", "/privacy/choice", &fields).body("").unwrap()).await;
        assert_eq!(answer.status, 415);
        answer.assert_says(&format!("lang=\"{tag}\""));
    }
    let german = Languages::default().falling_back_to("de").unwrap();
    let site = Site::on(Carrier::Axum, policy(), |pages| pages.with_languages(german)).await;
    let answer = site.send(raw("GET", "/privacy/", &[("accept-language", "tlh")]).body("").unwrap()).await;
    answer.assert_says("lang=\"de\"");
}

/// The texts of a policy are texts.
#[tokio::test]
async fn escaping() {
    let evil = "\"><script>alert(1)</script>&amp;";
    let rules = policy().category(CategoryEntry::new("analytics").label(evil).purpose(evil)).service_entry(
        ServiceEntry::new("chat", "functional").label(evil).provider(evil).purpose(evil).transfers(evil),
    );
    let site = Site::with(rules).await;
    for path in PAGES.iter().chain(&["/shop", "/film?needed=chat", "/film?needed=analytics", "/gated"]) {
        let answer = site.get(&mut site.visitor(), path).await;
        answer.assert_lacks("<script>alert");
    }
    site.get(&mut site.visitor(), "/privacy/update").await.assert_lacks("<b>services</b>");
}

#[tokio::test]
async fn what_the_preferences_page_says() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    let page = site.get(&mut visitor, "/privacy/").await;
    for text in ["Example Ltd", "/privacy-policy", "/imprint", "Google Ads", "Shows films", "value=\"accept-all\""] {
        page.assert_says(text);
    }
    page.assert_says("value=\"reject-all\"");
    page.assert_lacks(" checked");
    page.assert_lacks("value=\"stripe\"");
    site.choose(&mut visitor, "action=save&revision=3&category=analytics").await;
    let page = site.get(&mut visitor, "/privacy/").await;
    assert_eq!(page.body.matches(" checked").count(), 1);
    page.assert_says("value=\"withdraw\"");
    // A visitor is led back to where the link stood.
    site.get(&mut visitor, "/privacy/?return=/shop%3Fpage%3D2")
        .await
        .assert_says("name=\"return\" value=\"/shop?page=2\"");
    let declaration = site.get(&mut visitor, "/privacy/cookies").await;
    for text in ["_ga", "theme", "__Host-consent", "Google Ads"] {
        declaration.assert_says(text);
    }
    let signals = site.get(&mut site.visitor().with_signal(Signal::Gpc), "/privacy/").await;
    signals.assert_says("Global Privacy Control");
    signals.assert_says("Opt-out request honored");
}

/// An application's own look, for whole pages and for parts.
#[tokio::test]
async fn another_look() {
    #[derive(Debug)]
    struct Ours;
    impl Look for Ours {
        fn page(&self, page: &Page<'_>) -> String {
            format!("<!doctype html><title>ours: {}</title>{}{}", page.title, page.content, page.footer)
        }
        fn footer(&self, _: &Footer<'_>) -> String {
            "[our footer]".to_owned()
        }
        fn message(&self, message: &Message<'_>) -> String {
            format!("[our message: {}]", DefaultLook.message(message))
        }
    }
    let site = Site::on(Carrier::Axum, policy(), |pages| pages.with_look(Ours)).await;
    for path in PAGES {
        let page = site.get(&mut site.visitor(), path).await;
        page.assert_says("<!doctype html><title>ours: ");
        page.assert_says("[our footer]");
    }
    site.get(&mut site.visitor(), "/privacy/nothing").await.assert_says("[our message: ");
    site.get(&mut site.visitor(), "/shop").await.assert_says("[footer][our footer][/footer]");
}

/// One snapshot of the policy for each request: a page is of the policy that its layer judged by.
#[tokio::test]
async fn another_policy_is_published() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/privacy/cookies").await.assert_lacks("_matomo");
    let next = policy()
        .revision(tower_consent::Revision::new(4).on(2026, 11, 22).changes("Matomo."))
        .cookies(Category::ANALYTICS, ["_matomo"]);
    site.handle.publish(next.build().unwrap()).unwrap();
    site.get(&mut visitor, "/privacy/cookies").await.assert_says("_matomo");
    site.get(&mut visitor, "/privacy/update").await.assert_says("Matomo.");
    assert_eq!(site.state(&mut visitor).await["revision"], 4);
    assert_eq!(site.choose(&mut visitor, "action=accept-all&revision=3").await.status, 409);
    assert_eq!(site.choose(&mut visitor, "action=accept-all&revision=4").await.status, 303);
    assert!(HOST.starts_with("https"));
}

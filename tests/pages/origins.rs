//! Where a request comes from: a grant only from here or from a trusted origin, a refusal from anywhere; CORS (R73).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::json;
use tower_consent::{ConsentPages, MemoryStore};

use crate::site::{CARRIERS, Carrier, FORM, JSON, Site, policy, raw};

const FRIEND: &str = "https://app.example.com";

async fn site(carrier: Carrier) -> Site {
    Site::on(carrier, policy(), |pages| pages.with_trusted_origins([FRIEND, "http://localhost:5173/"]).unwrap()).await
}

/// What a request says of where it comes from, and whether a grant is taken from there.
const SOURCES: &[(&[(&str, &str)], bool)] = &[
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
    (&[("sec-fetch-site", "same-site"), ("origin", FRIEND)], true),
    (&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:5173")], true),
    (&[("origin", FRIEND)], true),
    (&[("origin", "https://www.example.com")], true),
    (&[], false),
    (&[("referer", "https://www.example.com/privacy/")], false),
    (&[("sec-fetch-site", "none")], false),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "same-site"), ("origin", "https://sister.example.com")], false),
    (&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], false),
    (&[("sec-fetch-site", "cross-site"), ("origin", "null")], false),
    // The browser's word beats an origin that looks like ours.
    (&[("sec-fetch-site", "cross-site"), ("origin", "https://www.example.com")], false),
    (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
    (&[("origin", "https://evil.example")], false),
    (&[("origin", "null")], false),
    (&[("origin", "https://www.example.com.evil.example")], false),
    (&[("origin", "https://www.example.com:8443")], false),
    (&[("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")], false),
    (&[("origin", "https://app.example.com.evil.example")], false),
    (&[("origin", "https://xapp.example.com")], false),
    (&[("origin", "http://app.example.com")], false),
    (&[("origin", "https://www.example.com"), ("origin", "https://evil.example")], false),
    (&[("origin", "https://evil.example"), ("x-http-method-override", "GET")], false),
];

#[tokio::test]
async fn grants_by_form_come_from_here() {
    for carrier in [Carrier::Axum, Carrier::Hyper { http2: false }] {
        let site = site(carrier).await;
        for (fields, is_taken) in SOURCES {
            let fields = [&[("host", "www.example.com"), ("content-type", FORM)], *fields].concat();
            for grant in ["action=accept-all&revision=3&return=/shop", "action=save&category=analytics&revision=3"] {
                let answer = site.send(raw("POST", "/privacy/choice", &fields).body(grant).unwrap()).await;
                let expected = if *is_taken { 303 } else { 403 };
                assert_eq!((answer.status, answer.sets_consent()), (expected, *is_taken), "{fields:?} {answer:?}");
                if !is_taken {
                    // The page on which the visitor can do it.
                    answer.assert_says("This choice was sent from another site");
                    answer.assert_says("action=\"/privacy/choice\"");
                }
            }
            for refusal in ["action=reject-all", "action=withdraw", "action=opt-out", "action=save&revision=3"] {
                let answer = site.send(raw("POST", "/privacy/choice", &fields).body(refusal).unwrap()).await;
                assert_eq!((answer.status, answer.sets_consent()), (303, true), "{refusal} {fields:?}");
            }
            let note = "action=note&revision=3";
            let answer = site.send(raw("POST", "/privacy/choice", &fields).body(note).unwrap()).await;
            assert_eq!(answer.status, if *is_taken { 409 } else { 403 }, "{fields:?}");
        }
    }
}

#[tokio::test]
async fn grants_by_program_come_from_here() {
    let site = site(Carrier::Axum).await;
    for (fields, is_taken) in SOURCES {
        let fields = [&[("host", "www.example.com"), ("content-type", JSON)], *fields].concat();
        for grant in [json!({"revision": 3, "all": true}), json!({"revision": 3, "grant_services": ["meta"]})] {
            let request = raw("POST", "/privacy/api/choice", &fields).body(grant.to_string()).unwrap();
            let answer = site.send(request).await;
            assert_eq!(
                (answer.status, answer.sets_consent()),
                (if *is_taken { 200 } else { 403 }, *is_taken),
                "{fields:?}"
            );
            if !is_taken {
                assert_eq!(answer.problem(), "foreign-origin");
            }
        }
        for (path, refusal) in
            [("choice", json!({"revision": 3, "grant": []})), ("choice", json!({})), ("withdraw", json!({}))]
        {
            let request = raw("POST", &format!("/privacy/api/{path}"), &fields).body(refusal.to_string()).unwrap();
            let answer = site.send(request).await;
            assert_eq!((answer.status, answer.sets_consent()), (200, true), "{path} {refusal} {fields:?}");
        }
    }
}

/// A page of another site that posts a form: the browser sends no consent cookie, and a refusal counts all the same.
#[tokio::test]
async fn a_forged_form() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=reject-all").await;
    let address = "https://www.example.com/privacy/choice";
    let forge = |visitor: &mut tower_consent::test::Visitor, body: &'static str| {
        let builder = visitor.embedded(address, "document").method("POST").header("origin", "https://evil.example");
        builder.header("content-type", FORM).body(body).unwrap()
    };
    let request = forge(&mut visitor, "action=accept-all&revision=3");
    assert_eq!(site.receive(&mut visitor, address, request).await.status, 403);
    assert_eq!(site.state(&mut visitor).await["categories"]["analytics"]["reason"], "refused");
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    let request = forge(&mut visitor, "action=withdraw");
    assert_eq!(site.receive(&mut visitor, address, request).await.status, 303);
    assert_eq!(site.state(&mut visitor).await["categories"]["analytics"]["reason"], "refused");
}

/// Only a trusted origin may read the answers of the API, with credentials; everybody else gets none of these fields.
#[tokio::test]
async fn cross_origin_answers() {
    for carrier in CARRIERS {
        let site = site(carrier).await;
        for (path, method) in [
            ("/privacy/api/state", "GET"),
            ("/privacy/api/openapi.json", "GET"),
            ("/privacy/api/choice", "POST"),
            ("/privacy/api/withdraw", "POST"),
        ] {
            for (origin, is_friend) in [(FRIEND, true), ("https://evil.example", false), ("null", false)] {
                let fields = [
                    ("host", "www.example.com"),
                    ("origin", origin),
                    ("sec-fetch-site", "same-site"),
                    ("content-type", JSON),
                ];
                let answer = site.send(raw(method, path, &fields).body("{}").unwrap()).await;
                assert_eq!(answer.status, 200, "{path}");
                assert_eq!(answer.field("access-control-allow-origin"), is_friend.then_some(origin), "{path}");
                assert_eq!(answer.field("access-control-allow-credentials"), is_friend.then_some("true"));
                assert!(answer.all("vary").to_lowercase().contains("origin"), "{path}: {}", answer.all("vary"));

                let fields = [
                    ("host", "www.example.com"),
                    ("origin", origin),
                    ("access-control-request-method", method),
                    ("access-control-request-headers", "content-type"),
                ];
                let answer = site.send(raw("OPTIONS", path, &fields).body("").unwrap()).await;
                assert_eq!(answer.status, 204, "{path}");
                assert_eq!(answer.field("access-control-allow-origin"), is_friend.then_some(origin), "{path}");
                assert_eq!(answer.field("access-control-allow-methods"), is_friend.then_some(method), "{path}");
                assert_eq!(answer.field("access-control-allow-headers"), is_friend.then_some("content-type"));
                assert!(answer.all("vary").to_lowercase().contains("origin"));
                assert!(answer.body.is_empty() && !answer.sets_consent());
            }
        }
        // Errors can be read too.
        let fields = [("host", "www.example.com"), ("origin", FRIEND), ("content-type", JSON)];
        let answer = site.send(raw("POST", "/privacy/api/choice", &fields).body("{").unwrap()).await;
        assert_eq!((answer.status, answer.field("access-control-allow-origin")), (400, Some(FRIEND)));
        // Pages are for nobody else.
        for path in ["/privacy/", "/privacy/cookies", "/privacy/your-data"] {
            let answer = site.send(raw("GET", path, &fields[..2]).body("").unwrap()).await;
            assert_eq!((answer.status, answer.field("access-control-allow-origin")), (200, None), "{path}");
        }
    }
}

#[test]
fn what_is_no_origin_cannot_be_trusted() {
    for origin in ["*", "null", "app.example.com", "https://app.example.com/path", "https://*.example.com", ""] {
        let error = ConsentPages::at("/privacy", MemoryStore::new()).with_trusted_origins([origin]).unwrap_err();
        assert!(error.to_string().starts_with(&format!("trusted_origins: {origin:?} is not an origin")), "{error}");
    }
}

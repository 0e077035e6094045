//! What is stored of a visitor: seen, exported, erased, objected to, corrected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use tower_consent::{Category, Owner, Policy, Revision, test::Visitor};

use crate::{
    choices::allowed,
    site::{FORM, Site, raw},
};

const DATA: &str = "/privacy/your-data";

async fn chosen(site: &Site) -> Visitor {
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    visitor
}

async fn signed_in(site: &Site) -> Visitor {
    let mut visitor = chosen(site).await;
    site.post(&mut visitor, "/sign-in", "").await;
    site.choose(&mut visitor, "action=save&category=analytics&revision=3").await;
    visitor
}

fn account() -> Owner {
    Owner::Subject(Arc::from("user-17"))
}

#[tokio::test]
async fn the_page() {
    let site = Site::new().await;
    let page = site.get(&mut site.visitor(), DATA).await;
    page.assert_says("No proof of a choice is kept on our server.");
    page.assert_lacks("You are signed in");
    let page = site.get(&mut chosen(&site).await, DATA).await;
    page.assert_says("There is a proof of your choice, under a random number.");
    page.assert_lacks("You are signed in");
    let mut visitor = signed_in(&site).await;
    site.get(&mut visitor, DATA).await.assert_says("You are signed in");
    site.store.set_down(true);
    let page = site.get(&mut visitor, DATA).await;
    assert_eq!(page.status, 200);
    page.assert_says("Not possible at the moment");
    page.assert_lacks("pulled-plug");
}

#[tokio::test]
async fn an_export() {
    let site = Site::new().await;
    let mut visitor = chosen(&site).await;
    let file = site.post(&mut visitor, DATA, "action=export").await;
    assert_eq!((file.status, file.field("content-type")), (200, Some("application/json")));
    assert_eq!(file.field("content-disposition"), Some("attachment; filename=\"consent-data.json\""));
    assert_eq!(file.field("cache-control"), Some("no-store"));
    assert!(file.json()["account"].is_null());
    assert!(file.json()["browser"].to_string().contains("marketing"), "{}", file.body);
    let mut visitor = signed_in(&site).await;
    let file = site.post(&mut visitor, DATA, "action=export").await.json();
    assert!(file["account"]["sessions"].as_array().is_some_and(|sessions| sessions.len() == 1), "{file}");
    assert!(file["account"].to_string().contains("analytics") && !file["browser"].is_null());
    for store in [&site.store, &site.tokens] {
        store.set_down(true);
        let answer = site.post(&mut visitor, DATA, "action=export").await;
        assert_eq!((answer.status, answer.field("retry-after")), (503, Some("5")));
        answer.assert_lacks("pulled-plug");
        store.set_down(false);
    }
}

#[tokio::test]
async fn an_erasure() {
    let site = Site::new().await;
    let mut visitor = signed_in(&site).await;
    let browser = Owner::Record(site.record_id(&mut visitor).await.unwrap());
    for form in ["action=erase", "action=erase&confirm=no"] {
        let answer = site.post(&mut visitor, DATA, form).await;
        assert_eq!(answer.status, 400, "{form}");
        answer.assert_says("confirm");
    }
    assert!(!site.records.proof(&account()).await.unwrap().is_empty());
    let answer = site.post(&mut visitor, DATA, "action=erase&confirm=yes").await;
    assert_eq!(answer.status, 200);
    answer.assert_says("We have erased what we hold of you");
    for owner in [account(), browser] {
        assert!(site.records.proof(&owner).await.unwrap().is_empty());
    }
    assert!(site.tokens.memory.is_empty());
    visitor.assert_lacks("__Host-token");
    assert!(site.record_id(&mut visitor).await.is_none(), "the number is forgotten with the record");
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"], "no grant without a proof");
    let answer = site.post(&mut visitor, DATA, "action=export").await;
    assert_eq!(answer.status, 403, "nobody is known any more");
}

#[tokio::test]
async fn an_objection() {
    let site = Site::new().await;
    let mut visitor = signed_in(&site).await;
    let answer = site.post(&mut visitor, DATA, "action=object").await;
    assert_eq!((answer.status, answer.sets_consent()), (200, true));
    answer.assert_says("Everything optional is switched off.");
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
    let proof = site.records.proof(&account()).await.unwrap().to_json();
    assert!(proof.contains("\"object\""), "{proof}");
    // Of anybody, from anywhere, whatever the stores do.
    for (mut visitor, down) in [(site.visitor(), false), (chosen(&site).await, true)] {
        site.store.set_down(down);
        let request = visitor.embedded("https://www.example.com/privacy/your-data", "document").method("POST");
        let request = request.header("content-type", FORM).body("action=object").unwrap();
        let answer = site.receive(&mut visitor, "https://www.example.com/privacy/your-data", request).await;
        assert_eq!((answer.status, answer.sets_consent()), (200, true));
        assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
    }
}

#[tokio::test]
async fn a_correction() {
    let site = Site::new().await;
    let mut visitor = chosen(&site).await;
    for (form, part) in [
        ("action=correct", "text is missing"),
        ("action=correct&text=", "text = "),
        ("action=correct&text=+%0D%0A", "text = "),
        ("action=correct&text=a&text=b", "twice"),
    ] {
        let answer = site.post(&mut visitor, DATA, form).await;
        assert_eq!(answer.status, 400, "{form}");
        answer.assert_says(part);
    }
    let long = format!("action=correct&text={}", "x".repeat(2_001));
    assert_eq!(site.post(&mut visitor, DATA, &long).await.status, 400);
    let answer = site.post(&mut visitor, DATA, "action=correct&text=It+was+the+day+before.").await;
    assert_eq!(answer.status, 200);
    answer.assert_says("We will correct it");
    let proof = site.proof(&mut visitor).await.to_string();
    assert!(proof.contains("It was the day before."), "{proof}");
}

/// Only a page of this very site, and only a person who is known: by the session, or by a cookie that a key authenticates.
#[tokio::test]
async fn who_may_ask() {
    let site = Site::new().await;
    for form in ["action=export", "action=erase&confirm=yes", "action=correct&text=x"] {
        let answer = site.post(&mut site.visitor(), DATA, form).await;
        assert_eq!((answer.status, answer.sets_consent()), (403, false), "{form}");
        answer.assert_says("We cannot tell whose data you mean");
        let mut refused = site.visitor();
        site.choose(&mut refused, "action=reject-all").await;
        assert_eq!(site.post(&mut refused, DATA, form).await.status, 403, "a refusal has no number");

        let mut visitor = signed_in(&site).await;
        let cookies = visitor.request("https://www.example.com/").body(()).unwrap();
        let cookies = cookies.headers()["cookie"].to_str().unwrap();
        for source in [
            &[][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://app.example.com")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null")],
        ] {
            let fields = [&[("host", "www.example.com"), ("content-type", FORM), ("cookie", cookies)], source].concat();
            let answer = site.send(raw("POST", DATA, &fields).body(form).unwrap()).await;
            assert_eq!((answer.status, answer.sets_consent()), (403, false), "{form} {source:?}");
            answer.assert_says("This request was sent from another site");
        }
        assert!(!site.records.proof(&account()).await.unwrap().is_empty(), "{form}");
    }
    for form in ["", "action=", "action=delete", "action=export&action=erase"] {
        assert_eq!(site.post(&mut chosen(&site).await, DATA, form).await.status, 400, "{form}");
    }
    // A trusted origin is trusted with a choice, not with what is stored.
    let trusting = Site::on(crate::site::Carrier::Axum, crate::site::policy(), |pages| {
        pages.with_trusted_origins(["https://app.example.com"]).unwrap()
    })
    .await;
    let mut visitor = chosen(&trusting).await;
    let cookies = visitor.request("https://www.example.com/").body(()).unwrap();
    let fields = [
        ("cookie", cookies.headers()["cookie"].to_str().unwrap()),
        ("origin", "https://app.example.com"),
        ("content-type", FORM),
    ];
    assert_eq!(trusting.send(raw("POST", DATA, &fields).body("action=export").unwrap()).await.status, 403);

    // Without a key anybody could write a cookie with somebody's number.
    let keyless = Policy::builder().revision(Revision::new(3)).cookies(Category::ANALYTICS, ["_ga"]);
    let site = Site::with(keyless).await;
    let mut visitor = chosen(&site).await;
    assert!(site.record_id(&mut visitor).await.is_some());
    assert_eq!(site.post(&mut visitor, DATA, "action=export").await.status, 403);
    site.get(&mut visitor, DATA).await.assert_says("No proof of a choice is kept on our server.");
    // With a session it does not take the cookie; and the cookie still adds nothing to it.
    site.post(&mut visitor, "/sign-in", "").await;
    let file = site.post(&mut visitor, DATA, "action=export").await;
    assert_eq!(file.status, 200);
    assert!(file.json()["browser"].is_null());
}

//! The JSON API: read, choose, withdraw; and which conflicts there are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::json;
use tower::{Layer as _, ServiceExt as _};
use tower_consent::{
    ConsentLayer, ConsentPages, ContentSecurityPolicy, MemoryStore, PolicyBuilder, Regime, ServiceEntry, Signal,
    SignalScope,
};

use crate::{
    choices::allowed,
    description::assert_described,
    site::{Answer, CARRIERS, Site, policy},
};

#[tokio::test]
async fn the_state() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    let refused = |category: &str| json!({"allowed": false, "reason": "undecided", "category": category, "closed_by_signal": false});
    let undecided = || json!({"allowed": false, "reason": "undecided", "always": false, "closed_by_signal": false});
    assert_eq!(
        site.state(&mut visitor).await,
        json!({
            "revision": 3, "date": "2026-11-01", "asks": {"reason": "none"}, "notice": null, "regime": "opt-in",
            "signals": {"dnt": false, "gpc": false}, "honoured": [], "enforced": true, "stores": true,
            "reloads": false, "decided": null,
            "categories": {
                "essential": {"allowed": true, "reason": "essential", "always": true, "closed_by_signal": false},
                "analytics": undecided(), "functional": undecided(), "marketing": undecided(),
            },
            "services": {
                "google-ads": refused("marketing"), "meta": refused("marketing"), "youtube": refused("functional"),
                "stripe": {"allowed": true, "reason": "essential", "category": "essential", "closed_by_signal": false},
            },
            "google": null,
        })
    );
}

#[tokio::test]
async fn the_main_way() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages).await;
        let mut visitor = site.visitor();
        let answer = site.call(&mut visitor, "choice", json!({"revision": 3, "all": true})).await;
        assert_eq!((answer.status, answer.field("cache-control")), (200, Some("no-store")), "{carrier:?} {answer:?}");
        let state = answer.json();
        assert_described("State", &state);
        assert_eq!((&state["asks"], &state["decided"]), (&json!(null), &json!("2026-11-22")));
        assert_eq!(state["services"]["meta"]["reason"], "granted");
        assert_eq!(state, site.state(&mut visitor).await, "the state to come is the state that came");
        let proof = site.proof(&mut visitor).await.to_string();
        assert!(proof.contains("\"api\""), "{proof}");

        let body = json!({
            "revision": 3, "grant": ["marketing"], "grant_services": ["youtube"], "refuse_services": ["meta"],
            "language": "fr", "method": "banner", "confirm": false,
        });
        let state = site.call(&mut visitor, "choice", body).await.json();
        assert_eq!(allowed(&site, &mut visitor).await, ["essential", "marketing", "google-ads", "stripe", "youtube"]);
        assert_eq!(state, site.state(&mut visitor).await);
        let proof = site.proof(&mut visitor).await.to_string();
        assert!(proof.contains("\"banner\"") && proof.contains("\"fr\""), "{proof}");

        let state = site.call(&mut visitor, "withdraw", json!({})).await.json();
        assert_eq!(state, site.state(&mut visitor).await);
        assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
        assert_eq!(state["categories"]["marketing"]["reason"], "refused");
        site.call(&mut visitor, "choice", json!({"revision": 3, "all": true, "refuse_services": ["meta"]})).await;
        assert!(!allowed(&site, &mut visitor).await.contains(&"meta".to_owned()));
        let answer = site.call(&mut visitor, "choice", json!({"revision": 1, "grant": []})).await;
        assert_eq!(answer.status, 200, "a refusal at any revision");
        assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
    }
}

#[tokio::test]
async fn conflicts() {
    let site = Site::with(policy().regime(Regime::OptOut)).await;
    let mut visitor = site.visitor();
    let grant = |revision: u32| json!({"revision": revision, "grant": ["analytics"]});
    let answer = site.call(&mut visitor, "choice", grant(2)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (409, "revision-outdated"));
    assert_eq!((&answer.json()["field"], &answer.json()["value"]), (&json!("revision"), &json!("2")));
    assert!(!answer.sets_consent());
    site.call(&mut visitor, "withdraw", json!({})).await;
    let answer = site.call(&mut visitor, "choice", grant(3)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (409, "confirmation-needed"));
    assert!(!answer.sets_consent());
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
    let mut confirmed = grant(3);
    confirmed["confirm"] = json!(true);
    assert_eq!(site.call(&mut visitor, "choice", confirmed).await.status, 200);
    assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential", "stripe"]);
}

/// A signal that always wins: 409, and what was refused is written all the same.
#[tokio::test]
async fn a_signal_that_always_wins() {
    let rules = policy().signal(Signal::Gpc, SignalScope::Categories(vec!["marketing".to_owned()])).signal_always();
    let site = Site::with(rules).await;
    let mut visitor = site.visitor();
    site.call(&mut visitor, "choice", json!({"revision": 3, "all": true})).await;
    let mut visitor = visitor.with_signal(Signal::Gpc);
    let body = json!({"revision": 3, "grant": ["functional", "marketing"]});
    let answer = site.call(&mut visitor, "choice", body).await;
    assert_eq!((answer.status, answer.problem().as_str()), (409, "closed-by-signal"));
    assert_described("ClosedBySignal", &answer.json());
    assert_eq!(answer.json()["closed"], json!(["marketing"]));
    assert!(answer.sets_consent());
    assert_eq!(answer.json()["state"], site.state(&mut visitor).await);
    assert_eq!(answer.json()["state"]["categories"]["marketing"]["closed_by_signal"], true);
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "functional", "stripe", "youtube"]);
    // The signal goes, and nothing springs to life: neither marketing nor what this answer refused.
    let mut visitor = visitor.without_signal(Signal::Gpc);
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "functional", "stripe", "youtube"]);
}

/// Report-only: the pages work and write, and say that nothing is enforced.
#[tokio::test]
async fn report_only() {
    let site = Site::with(policy().report_only()).await;
    let mut visitor = site.visitor();
    let answer = site.call(&mut visitor, "choice", json!({"revision": 3, "all": true})).await;
    assert_eq!((answer.status, &answer.json()["enforced"]), (200, &json!(false)));
    assert_eq!(site.state(&mut visitor).await["decided"], "2026-11-22");
}

/// A page whose header fields forbid what a choice allows must be loaded anew for it; no other one.
#[tokio::test]
async fn the_state_tells_whether_a_choice_needs_another_page() {
    let policy = |host: &str| policy().service_entry(ServiceEntry::new("chat", "functional").hosts([host]));
    let reloads = async |policy: PolicyBuilder, has_csp: bool| {
        let pages = ConsentPages::at("/privacy", MemoryStore::new());
        let request = http::Request::get("/privacy/api/state").body(String::new()).unwrap();
        let layer = ConsentLayer::new(policy.build().unwrap());
        let answer = if has_csp {
            let csp = ContentSecurityPolicy::new().scripts();
            Answer::of(layer.with_csp(csp).layer(pages).oneshot(request).await.unwrap()).await
        } else {
            Answer::of(layer.layer(pages).oneshot(request).await.unwrap()).await
        };
        answer.json()["reloads"].as_bool().unwrap()
    };
    assert!(reloads(policy("chat.example"), true).await);
    assert!(!reloads(policy("chat.example"), false).await);
    assert!(!reloads(policy("chat.example").report_only(), true).await, "nothing is forbidden there");
}

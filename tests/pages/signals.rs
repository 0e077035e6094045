//! Signals that always win, and signals under which nothing is stored, by form.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::json;
use tower_consent::{Signal, SignalScope};

use crate::{
    choices::allowed,
    site::{CONSENT, Site, policy},
};

/// The page says which signal closed what, and stores the rest.
#[tokio::test]
async fn a_signal_that_always_wins() {
    let rules = policy().signal(Signal::Dnt, SignalScope::Categories(vec!["marketing".to_owned()])).signal_always();
    let site = Site::with(rules).await;
    let mut visitor = site.visitor().with_signal(Signal::Dnt);
    let page = site.get(&mut visitor, "/privacy/").await;
    assert_eq!(page.body.matches(" disabled").count(), 2, "both services of marketing");
    let answer = site.choose(&mut visitor, "action=accept-all&revision=3&return=/shop").await;
    assert_eq!((answer.status, answer.sets_consent()), (409, true));
    answer.assert_says("Not everything could be switched on, because your browser sends Do Not Track");
    answer.assert_says("name=\"return\" value=\"/shop\"");
    let open = ["analytics", "essential", "functional", "stripe", "youtube"];
    assert_eq!(allowed(&site, &mut visitor).await, open);
    let mut visitor = visitor.without_signal(Signal::Dnt);
    assert_eq!(allowed(&site, &mut visitor).await, open, "nothing springs to life");
    // Switches that the page does not close are no conflict.
    let mut visitor = site.visitor().with_signal(Signal::Dnt);
    let answer = site.choose(&mut visitor, "action=save&category=analytics&revision=3&return=/shop").await;
    assert_eq!(answer.status, 303);
}

/// A signal that a later choice beats.
#[tokio::test]
async fn a_choice_in_knowledge_of_the_signal() {
    let site = Site::new().await;
    let mut visitor = site.visitor().with_signal(Signal::Gpc);
    assert_eq!(site.state(&mut visitor).await["honoured"], serde_json::json!(["gpc"]));
    assert_eq!(site.choose(&mut visitor, "action=save&category=analytics&revision=3").await.status, 303);
    assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential", "stripe"]);
}

/// Nothing at all is stored: not even a refusal, and nobody is sent in a circle for it.
#[tokio::test]
async fn a_signal_that_stores_nothing() {
    let site = Site::with(policy().signal(Signal::Dnt, SignalScope::NoCookies)).await;
    let mut visitor = site.visitor().with_signal(Signal::Dnt);
    let state = site.state(&mut visitor).await;
    assert_eq!((&state["stores"], &state["asks"]), (&false.into(), &serde_json::Value::Null));
    let answer = site.choose(&mut visitor, "action=accept-all&revision=3&return=/shop").await;
    assert_eq!(answer.status, 409);
    let answer = site.choose(&mut visitor, "action=reject-all&return=/shop").await;
    assert_eq!(answer.status, 303);
    visitor.assert_lacks(CONSENT);
    let next = site.get(&mut visitor, answer.location()).await;
    assert_ne!(next.status, 303, "{next:?}");
    assert_eq!(site.get(&mut visitor, "/gated").await.body, "through");
}

/// What is answered then says neither that a choice was saved, nor that the browser keeps no cookies.
#[tokio::test]
async fn nothing_stored_is_not_called_saved() {
    let strict = || policy().signal(Signal::Dnt, SignalScope::NoCookies);
    for policy in [strict(), strict().regime(tower_consent::Regime::OptOut)] {
        let site = Site::with(policy).await;
        // One who has nothing, and one who came with a grant.
        let mut granting = site.visitor();
        site.choose(&mut granting, "action=accept-all&revision=3").await;
        for visitor in [site.visitor(), granting] {
            for form in ["action=reject-all&return=/shop", "action=withdraw", "action=save&revision=3"] {
                let mut visitor = visitor.clone().with_signal(Signal::Dnt);
                let answer = site.choose(&mut visitor, form).await;
                assert!(!answer.location().contains("kept=1"), "{form}: {}", answer.location());
                for path in ["/privacy/", "/privacy/?kept=1", "/privacy/?kept=1&return=/shop"] {
                    let page = site.get(&mut visitor.clone(), path).await;
                    if page.status == 303 {
                        continue;
                    }
                    page.assert_lacks(">Your choice has been saved.</p>");
                    page.assert_lacks("Your browser keeps no cookies");
                    page.assert_says("stores nothing in your browser, not even a choice");
                }
            }
            // By the API, and in what the page of a conflict says.
            let mut visitor = visitor.clone().with_signal(Signal::Dnt);
            let before = site.state(&mut visitor).await["decided"].clone();
            let answer = site.call(&mut visitor, "choice", json!({"all": true, "revision": 3})).await;
            assert_eq!(answer.status, 409);
            answer.assert_lacks("What was refused is stored");
            assert_eq!(answer.json()["state"]["decided"], before, "nothing was decided");
            let answer = site.call(&mut visitor, "withdraw", json!({})).await;
            let after = site.state(&mut visitor).await;
            assert_eq!(answer.json()["decided"], after["decided"], "as the next request has it");
        }
    }
}

/// While the policy is only reported, cookies are stored: then the page must not say that nothing is.
#[tokio::test]
async fn a_signal_that_stores_nothing_is_only_reported() {
    let site = Site::with(policy().signal(Signal::Dnt, SignalScope::NoCookies).report_only()).await;
    let mut visitor = site.visitor().with_signal(Signal::Dnt);
    assert_eq!(site.state(&mut visitor).await["stores"], true);
    site.get(&mut visitor, "/privacy/").await.assert_lacks("stores nothing in your browser");
    let answer = site.choose(&mut visitor, "action=reject-all").await;
    assert_eq!((answer.location(), answer.sets_consent()), ("/privacy/?kept=1", true));
    site.get(&mut visitor, "/privacy/?kept=1").await.assert_says(">Your choice has been saved.</p>");
}

//! Who is signed in, and stores that are down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use serde_json::json;
use tower_consent::Owner;

use crate::{
    choices::allowed,
    site::{CONSENT, Site},
};

/// A choice of somebody who is signed in is on record for the account.
#[tokio::test]
async fn a_choice_belongs_to_the_account() {
    let site = Site::new().await;
    let owner = Owner::Subject(Arc::from("user-17"));
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    assert!(site.records.proof(&owner).await.unwrap().is_empty());
    site.post(&mut visitor, "/sign-in", "").await;
    site.choose(&mut visitor, "action=save&revision=3&category=analytics").await;
    site.call(&mut visitor, "choice", json!({"revision": 3, "grant": ["functional"]})).await;
    site.choose(&mut visitor, "action=withdraw").await;
    let proof = site.records.proof(&owner).await.unwrap();
    let proof: serde_json::Value = serde_json::from_str(&proof.to_json()).unwrap();
    let events = proof["events"].as_array().unwrap();
    let of_account: Vec<_> = events
        .iter()
        .filter(|event| event["subject"] == "user-17")
        .map(|event| (event["outcome"].as_str().unwrap(), event["method"].as_str().unwrap()))
        .collect();
    assert_eq!(of_account, [("grant", "page"), ("grant", "api"), ("withdraw", "page")]);
}

/// The store of records is down: nothing is granted, and the visitor sees why; a refusal takes effect.
#[tokio::test]
async fn records_are_down() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.store.set_down(true);
    for grant in ["action=accept-all&revision=3&return=/shop", "action=save&revision=3&service=meta&return=/shop"] {
        let answer = site.choose(&mut visitor, grant).await;
        assert_eq!((answer.status, answer.field("retry-after"), answer.sets_consent()), (503, Some("5"), false));
        answer.assert_says("Your consent cannot be recorded at the moment");
        answer.assert_says("name=\"return\" value=\"/shop\"");
        answer.assert_lacks("pulled-plug");
    }
    let answer = site.call(&mut visitor, "choice", json!({"revision": 3, "all": true})).await;
    assert_eq!((answer.status, answer.problem().as_str(), answer.sets_consent()), (503, "unavailable", false));
    visitor.assert_lacks(CONSENT);
    for (path, refusal) in [("choice", json!({"grant": []})), ("withdraw", json!({}))] {
        let answer = site.call(&mut site.visitor(), path, refusal).await;
        assert_eq!((answer.status, answer.sets_consent()), (200, true));
    }
    assert_eq!(site.choose(&mut visitor, "action=reject-all&return=/shop").await.status, 303);
    visitor.assert_holds(CONSENT);

    // A withdrawal of what is on record.
    site.store.set_down(false);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    site.store.set_down(true);
    assert_eq!(site.choose(&mut visitor, "action=withdraw").await.status, 303);
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
}

/// The store of sign-ins is down: whose choice it is cannot be told. A grant is not given, a refusal is.
#[tokio::test]
async fn tokens_are_down() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.post(&mut visitor, "/sign-in", "").await;
    site.choose(&mut visitor, "action=save&revision=3&category=analytics").await;
    site.tokens.set_down(true);
    let answer = site.choose(&mut visitor, "action=accept-all&revision=3").await;
    assert_eq!((answer.status, answer.sets_consent()), (503, false));
    let answer = site.call(&mut visitor, "choice", json!({"revision": 3, "all": true})).await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"));
    assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential", "stripe"]);
    assert_eq!(site.choose(&mut visitor, "action=reject-all&return=/shop").await.location(), "/shop");
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
    // Who shows no token needs no store.
    assert_eq!(site.choose(&mut site.visitor(), "action=accept-all&revision=3").await.status, 303);
}

//! Forms of long ago: a refusal is taken whatever else they hold, a consent is asked for again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use tower_consent::{Category, Policy, Revision};

use crate::{
    choices::allowed,
    site::{KEY, Site},
};

/// The page was loaded before a category and a service went from the policy.
#[tokio::test]
async fn a_form_with_names_that_are_gone() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    let next = Policy::builder()
        .revision(Revision::new(4).on(2026, 11, 20))
        .cookies(Category::ANALYTICS, ["_ga"])
        .mac_key("k1", KEY)
        .build()
        .unwrap();
    site.handle.publish(next).unwrap();
    let answer = site.choose(&mut visitor, "action=save&revision=3&service=meta&category=analytics").await;
    assert_eq!((answer.status, answer.sets_consent()), (409, false), "{answer:?}");
    for action in ["reject-all", "withdraw", "opt-out"] {
        let mut visitor = site.visitor();
        site.choose(&mut visitor, "action=accept-all&revision=4").await;
        assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential"]);
        let form = format!("action={action}&revision=3&service=meta&category=functional&method=old&return=/shop");
        let answer = site.choose(&mut visitor, &form).await;
        assert_eq!(answer.location(), "/shop", "{action}");
        assert_eq!(allowed(&site, &mut visitor).await, ["essential"], "{action}");
    }
}

/// Nothing new is granted where no record can be written; what the same form takes back is taken back (R89, R115).
#[tokio::test]
async fn a_store_that_is_down_holds_up_no_withdrawal_of_a_part() {
    let site = Site::new().await;
    let mut by_form = site.visitor();
    site.choose(&mut by_form, "action=accept-all&revision=3").await;
    let mut by_script = by_form.clone();
    site.store.set_down(true);
    let answer = site.choose(&mut by_form, "action=save&revision=3&category=analytics&category=functional").await;
    assert_eq!(answer.status, 503);
    // What is left, and nothing else: not YouTube, which was not ticked.
    let left = ["analytics", "essential", "functional", "stripe"];
    assert_eq!(allowed(&site, &mut by_form).await, left);
    let body = serde_json::json!({ "revision": 3, "grant": ["functional"] });
    let answer = site.call(&mut by_script, "choice", body).await;
    assert_eq!(answer.problem(), "unavailable");
    assert_eq!(allowed(&site, &mut by_script).await, ["essential", "functional", "stripe", "youtube"]);
    // Who grants and refuses gets the refusal only.
    let answer = site.choose(&mut by_script, "action=save&revision=3&category=analytics").await;
    assert_eq!(answer.status, 503);
    assert_eq!(allowed(&site, &mut by_script).await, ["essential", "stripe"]);
    site.store.set_down(false);
    site.records.purge().await.unwrap();
    assert_eq!(site.records.unwritten(), 0);
    let proof = site.proof(&mut by_form).await;
    let events = proof["events"].as_array().unwrap();
    assert_eq!(events[1]["refused"], serde_json::json!(["marketing"]), "{proof}");
    assert_eq!(events.last().unwrap()["outcome"], "withdraw", "{proof}");
}

/// Who keeps one service of a category that goes gets the refusal only: the service goes with it, and nothing says that it
/// was refused by name.
#[tokio::test]
async fn a_store_that_is_down_writes_no_refusal_of_what_was_wished_for() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    site.store.set_down(true);
    let answer = site.choose(&mut visitor, "action=save&revision=3&category=analytics&service=youtube").await;
    assert_eq!((answer.status, answer.sets_consent()), (503, true));
    assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential", "stripe"]);
    let lines = answer.all("set-cookie");
    assert!(lines.contains("!functional") && !lines.contains("youtube"), "{lines}");
}

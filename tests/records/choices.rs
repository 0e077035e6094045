//! What is recorded of a choice, and what is only counted.

use http::StatusCode;
use serde_json::json;
use tower_consent::{MemoryStore, Signal};

use crate::{
    failing::Flaky,
    site::{DAY, Site, account, builder, opt_out, outcomes},
};

#[tokio::test]
async fn a_grant_is_on_record_with_everything_that_proves_it() {
    let site = Site::new();
    let mut browser = site.browser().sending("user-agent", "Curious/1.0").sending("x-forwarded-for", "192.0.2.77");
    let answer = browser.post("/accept").await;
    assert_eq!(answer.status, StatusCode::OK);
    let proof = site.proof(&browser.record().expect("a record id with a grant")).await;
    let event = &proof["events"][0];
    assert_eq!(event["outcome"], "grant");
    assert_eq!(event["revision"], 1);
    assert_eq!(event["granted"], json!(["functional", "analytics", "marketing"]));
    assert_eq!(event["refused"], json!([]));
    assert_eq!((&event["method"], &event["language"]), (&json!("banner"), &json!("de")));
    assert_eq!((&event["dnt"], &event["gpc"], &event["regime"]), (&json!(false), &json!(false), &json!("opt-in")));
    assert_eq!(event["time"], "2027-01-15T08:00:00Z");
    assert_eq!(event["ends"], "2027-07-15T00:00:00Z");
    assert_eq!(event["library"], concat!("tower-consent ", env!("CARGO_PKG_VERSION")));
    assert_eq!(event["state"], "in-force");
    let hash = event["text"].as_str().unwrap();
    // As `printf 'May we count?' | sha256sum` says.
    assert_eq!(hash, "37a395ab028cd0b35aaa67bfc5461a5b7a579f5ff802b3c177da62abb18dc5b5");
    assert_eq!(proof["texts"][hash], "May we count?");
    assert_eq!(proof["verification"]["is_intact"], true);
    let text = proof.to_string();
    assert!(!text.contains("Curious") && !text.contains("192.0.2"), "no address, no user agent: {text}");
}

/// Whoever asked for the counters went away before the store answered.
#[tokio::test]
async fn a_refusal_is_counted_whoever_gives_up_asking() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    let mut browser = site.browser();
    browser.post("/nothing").await;
    store.set_hanging(true);
    for _ in 0..3 {
        let asked = tokio::time::timeout(std::time::Duration::from_millis(1), site.records.day_counts()).await;
        asked.unwrap_err();
    }
    store.set_hanging(false);
    let counts = site.records.day_counts().await.unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 1, "{counts:?}");
}

#[tokio::test]
async fn a_refusal_without_an_earlier_grant_is_counted_and_leaves_no_record() {
    let site = Site::new();
    for _ in 0..500 {
        let mut browser = site.browser();
        browser.post("/refuse").await;
        assert!(browser.consent().contains("!analytics") && !browser.consent().contains('#'), "{}", browser.consent());
        browser.post("/nothing").await;
    }
    let counts = site.records.day_counts().await.unwrap();
    let counts: Vec<_> = counts.iter().map(|count| (count.what.as_str(), count.count)).collect();
    assert_eq!(counts, [("refuse application", 500), ("refuse footer", 500)]);
    assert_eq!(site.records.verify().await.unwrap().entries, 0);
}

#[tokio::test]
async fn a_withdrawal_is_a_new_event_of_the_same_record() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    let old = browser.clone();
    site.clock.advance(3 * DAY);
    browser.post("/withdraw").await;
    assert!(browser.record().is_none(), "who withdraws keeps no number: {}", browser.consent());
    let proof = site.proof(&owner).await;
    assert_eq!(outcomes(&proof), ["grant", "withdraw"]);
    assert_eq!(proof["events"][0]["state"], "withdrawn");
    assert_eq!(proof["events"][1]["time"], "2027-01-18T08:00:00Z");
    // A cookie that is kept from before takes effect when it withdraws again, and adds nothing.
    for _ in 0..20 {
        let mut replayed = old.clone();
        replayed.post("/withdraw").await;
        assert!(replayed.consent().contains("!analytics"));
    }
    assert_eq!(outcomes(&site.proof(&owner).await).len(), 2);
    assert_eq!(site.counted().await, 20);
}

#[tokio::test]
async fn a_changed_grant_supersedes_the_one_before() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    browser.post("/analytics").await;
    assert_eq!(browser.record(), Some(owner.clone()));
    // The very same choice again is nothing new.
    browser.post("/analytics").await;
    let proof = site.proof(&owner).await;
    assert_eq!(outcomes(&proof), ["grant", "grant"]);
    let states: Vec<_> =
        proof["events"].as_array().unwrap().iter().map(|event| event["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["superseded", "in-force"]);
    assert_eq!(proof["events"][1]["refused"], json!(["functional", "marketing"]));
    site.clock.advance(200 * DAY);
    assert_eq!(site.proof(&owner).await["events"][1]["state"], "expired");
}

#[tokio::test]
async fn numbers_that_nobody_gave_leave_nothing() {
    // Without keys anybody can write a cookie with any number.
    let site = Site::with(
        tower_consent::Policy::builder().cookies(tower_consent::Category::ANALYTICS, ["_ga"]),
        MemoryStore::new(),
    );
    for number in 0..50 {
        let mut browser = site.browser();
        let id = format!("{:A>22}", number);
        browser.cookies.push(("__Host-consent".to_owned(), format!("1:1:2027-01-15+analytics#{id}")));
        browser.post("/withdraw").await;
    }
    assert_eq!(site.records.verify().await.unwrap().entries, 0);
    assert_eq!(site.counted().await, 50);
}

#[tokio::test]
async fn what_cannot_be_chosen_is_named() {
    let site = Site::new();
    let answer = site.browser().post("/unknown").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("\"nobody\""), "{}", answer.body);
    assert_eq!(site.records.verify().await.unwrap().entries, 0);
}

#[tokio::test]
async fn opting_in_after_an_opt_out_takes_a_second_step() {
    let site = Site::with(opt_out(), MemoryStore::new());
    let mut browser = site.browser();
    browser.post("/refuse").await;
    let answer = browser.post("/accept").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(browser.consent().contains("!analytics"), "nothing was granted: {}", browser.consent());
    assert_eq!(browser.post("/again").await.status, StatusCode::OK);
    assert!(browser.consent().contains("+analytics"));
    // Where nobody opted out, and under opt-in, one step is enough.
    assert_eq!(site.browser().post("/accept").await.status, StatusCode::OK);
    let opt_in = Site::new();
    let mut browser = opt_in.browser();
    browser.post("/refuse").await;
    assert_eq!(browser.post("/accept").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_signals_of_the_moment_are_on_record() {
    let site = Site::new();
    let mut browser = site.browser().sending("sec-gpc", "1").sending("dnt", "1");
    browser.post("/accept").await;
    let event = site.proof(&browser.record().unwrap()).await["events"][0].clone();
    assert_eq!((&event["dnt"], &event["gpc"]), (&json!(true), &json!(true)));
    // A policy that always obeys a signal writes no grant of what it covers: there is nothing to record.
    let strict = Site::with(
        builder().signal_always().signal(Signal::Dnt, tower_consent::SignalScope::Ignore),
        MemoryStore::new(),
    );
    let mut browser = strict.browser().sending("sec-gpc", "1");
    browser.post("/accept").await;
    assert!(browser.record().is_none() && strict.records.verify().await.unwrap().entries == 0);
}

#[tokio::test]
async fn a_signed_in_choice_is_bound_to_the_account() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    browser.post("/accept").await;
    browser.post("/withdraw").await;
    let proof = site.proof(&account("user-17")).await;
    assert_eq!(outcomes(&proof), ["grant", "withdraw"]);
    assert_eq!(proof["events"][0]["subject"], "user-17");
    assert!(site.proof(&account("user-1")).await["events"].as_array().unwrap().is_empty());
}

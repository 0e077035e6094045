//! The retention table: every line of it is purged, at its second.

use tower_consent::{DueRule, Lifetime, MemoryStore, RequestKind, Retention};

use crate::site::{DAY, START, Site, account, builder};

fn days(days: u16) -> Lifetime {
    Lifetime::days(days)
}

fn site() -> Site {
    let retention =
        Retention::default().with_consent_records(days(365)).with_rights_requests(days(100)).with_day_counts(days(50));
    Site::with(builder().retention(retention), MemoryStore::new())
}

#[tokio::test]
async fn consent_records_go_at_their_second() {
    let site = site();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    site.clock.set(START + 365 * DAY - 1);
    site.records.purge().await.unwrap();
    assert_eq!(site.records.proof(&owner).await.unwrap().len(), 1);
    site.clock.set(START + 365 * DAY);
    site.records.purge().await.unwrap();
    assert!(site.records.proof(&owner).await.unwrap().is_empty());
    assert!(site.records.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn texts_go_with_the_last_record_that_names_them() {
    let site = site();
    let mut early = site.browser();
    early.post("/accept").await;
    site.clock.advance(100 * DAY);
    let mut late = site.browser();
    late.post("/accept").await;
    let owner = late.record().unwrap();
    site.clock.set(START + 464 * DAY);
    site.records.purge().await.unwrap();
    let proof = site.proof(&owner).await;
    let hash = proof["events"][0]["text"].as_str().unwrap();
    assert_eq!(proof["texts"][hash], "May we count?", "the later record still needs it");
    site.clock.set(START + 467 * DAY);
    assert_eq!(site.records.purge().await.unwrap(), 2, "the last record, and the text");
}

#[tokio::test]
async fn requests_go_at_their_second() {
    let site = site();
    site.rights.receive(Some("user-17"), RequestKind::Access, &DueRule::default()).await.unwrap();
    site.browser().post("/accept").await;
    site.clock.set(START + 100 * DAY - 1);
    site.records.purge().await.unwrap();
    assert_eq!(site.rights.requests().await.unwrap().len(), 1);
    site.clock.set(START + 100 * DAY);
    site.records.purge().await.unwrap();
    assert!(site.rights.requests().await.unwrap().is_empty());
    assert_eq!(site.records.verify().await.unwrap().entries, 1, "the record of the choice is still there");
}

#[tokio::test]
async fn counters_go_by_the_day() {
    let site = site();
    site.browser().post("/refuse").await;
    assert_eq!(site.counted().await, 1);
    site.clock.advance(49 * DAY);
    site.records.purge().await.unwrap();
    assert_eq!(site.counted().await, 1);
    site.clock.advance(2 * DAY);
    site.records.purge().await.unwrap();
    assert_eq!(site.counted().await, 0);
}

/// The default lasts longer than the longest consent; a record that would go before its consent is refused.
#[tokio::test]
async fn a_record_outlives_its_consent() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    site.clock.advance(35 * 30 * DAY);
    site.records.purge().await.unwrap();
    assert_eq!(site.records.proof(&owner).await.unwrap().len(), 1);
    let short = Retention::default().with_consent_records(days(180));
    assert!(builder().retention(short).build().is_err(), "a grant can live for six months, which can have 184 days");
    assert!(builder().retention(short.with_consent_records(days(184))).build().is_ok());
}

/// It happens by itself: the first record begins it.
#[tokio::test]
async fn nobody_has_to_ask_for_a_purge() {
    let store = MemoryStore::new();
    let old = Site::with(builder(), store.clone());
    let mut browser = old.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    // Another process, years later.
    let new = Site::with(builder(), store);
    new.clock.set(START + 4 * 365 * DAY);
    new.browser().post("/refuse").await;
    for _ in 0..2_000 {
        if new.records.proof(&owner).await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the record is still there");
}

/// An account that is still there keeps its opt-out, although the record of it is over.
#[tokio::test]
async fn an_opt_out_of_an_account_does_not_lapse() {
    let site = site();
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    browser.post("/refuse").await;
    for _ in 0..8 {
        site.clock.advance(90 * DAY);
        site.records.purge().await.unwrap();
    }
    assert!(site.rights.has_opted_out("user-17").await.unwrap());
    assert!(!site.rights.has_opted_out("user-18").await.unwrap());
    site.rights.erase(&account("user-17")).await.unwrap();
    assert!(!site.rights.has_opted_out("user-17").await.unwrap(), "a closed account leaves nothing");
}

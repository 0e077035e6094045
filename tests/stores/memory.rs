//! The store in memory.

use std::time::Duration;

use tokio::time;
use tower_consent::{ManualClock, MemoryStore, StoreErrorKind, TokenStore};

use super::{
    contract::{self, Run},
    ledger,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let store = MemoryStore::new();
    contract::run("memory", async || store.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_beats_rotations() {
    let store = MemoryStore::new();
    contract::a_log_out_beats_rotations("memory log-out", (50, 5, 0), (store.clone(), store)).await;
}

#[tokio::test]
async fn seven_days() {
    contract::exactly_seven_days(MemoryStore::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn records() {
    let store = MemoryStore::new();
    ledger::run("memory", async || store.clone()).await;
    let store = MemoryStore::new();
    ledger::a_purge_ends_at_its_days("memory", async || store.clone()).await;
}

/// No sign-in pushes another out.
#[tokio::test]
async fn a_full_store_says_so() {
    let run = Run::new("memory full");
    let store = MemoryStore::builder().capacity(2).build();
    let records: Vec<_> = (0..3).map(|_| run.record("s")).collect();
    assert!(store.insert_new(records[0].clone()).await.unwrap());
    assert!(store.insert_new(records[1].clone()).await.unwrap());
    let error = store.insert_new(records[2].clone()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert_eq!(error.to_string(), "the store is full: it holds 2 tokens, and no more than that");
    assert_eq!(store.list_of(records[0].subject()).await.unwrap().len(), 2);
    assert!(store.delete(records[0].digest()).await.unwrap());
    assert!(store.insert_new(records[2].clone()).await.unwrap(), "a place is free again");
    assert_eq!(store.len(), 2);
}

/// A token is deleted one interval after its end, and no second earlier.
#[tokio::test]
async fn swept_one_interval_after_the_end() {
    let (run, clock) = (Run::new("memory sweep"), ManualClock::at(0));
    let store = MemoryStore::builder().clock(clock.clone()).sweep_interval(Duration::from_secs(600)).build();
    // The sweep at its start is over.
    time::sleep(Duration::from_millis(300)).await;
    let record = run.record("s");
    store.insert_new(record.clone()).await.unwrap();
    clock.set(record.expires_at() + 599);
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert!(store.get(record.digest()).await.unwrap().is_some());
    clock.advance(1);
    assert_eq!(store.sweep().await.unwrap(), 1);
    contract::assert_gone(&store, &record).await;
    assert!(store.is_empty());
}

/// It sweeps by itself, after two intervals at the latest, and its thread ends with it.
#[tokio::test]
async fn swept_by_itself() {
    let store = MemoryStore::builder().sweep_interval(Duration::from_secs(1)).build();
    let run = Run::new("memory swept");
    // It ends in a second, may go after another, and must be gone after a third.
    let (ended, live) = (run.ended_record("s", -1), run.record("s"));
    for record in [&ended, &live] {
        assert!(store.insert_new(record.clone()).await.unwrap());
    }
    time::sleep(Duration::from_millis(300)).await;
    assert_eq!(store.len(), 2, "not by the sweep at its start");
    time::sleep(Duration::from_millis(3_000)).await;
    contract::assert_gone(&store, &ended).await;
    assert_eq!(store.list_of(live.subject()).await.unwrap(), [live]);
}

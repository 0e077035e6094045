//! A store that is down, slow, or full: a grant is not given, a refusal works all the same (R115).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use time::Date;
use tower_consent::{
    ChainId, Checkpoint, ConsentStore, DayCount, EntryPlace, LedgerBatch, LedgerEntry, LedgerPurge, MemoryStore, Owner,
    Records, StoreError, StoreErrorKind, StoreFuture, TextHash, TokenDigest, TokenRecord, TokenStore,
};

use crate::site::{Site, account, builder, outcomes};

/// A store that can be switched off, that can lose its answers, and that takes a moment.
#[derive(Clone, Debug)]
pub(crate) struct Flaky {
    pub(crate) inner: MemoryStore,
    pub(crate) is_down: Arc<AtomicBool>,
    /// What is written arrives, and the answer is lost.
    pub(crate) loses_answers: Arc<AtomicBool>,
    pub(crate) is_slow: bool,
    /// What is asked for, and what is counted, never gets an answer.
    pub(crate) hangs: Arc<AtomicBool>,
    pub(crate) appends: Arc<AtomicUsize>,
    pub(crate) purges: Arc<AtomicUsize>,
}

impl Flaky {
    pub(crate) fn new() -> Self {
        let inner = MemoryStore::new();
        let (is_down, loses_answers, hangs) = (Arc::default(), Arc::default(), Arc::default());
        Self { inner, is_down, loses_answers, is_slow: false, hangs, appends: Arc::default(), purges: Arc::default() }
    }

    fn slow() -> Self {
        Self { is_slow: true, ..Self::new() }
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    pub(crate) fn set_hanging(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.is_down.load(Ordering::SeqCst) {
            true => Err(StoreError::new(StoreErrorKind::Unavailable, "switched off by the test")),
            false => Ok(()),
        }
    }
}

/// Tokens can be switched off too.
impl TokenStore for Flaky {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        StoreFuture::awaited(async move {
            self.check()?;
            self.inner.insert_new(record).await
        })
    }

    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        let digest = *digest;
        StoreFuture::awaited(async move {
            self.check()?;
            self.inner.get(&digest).await
        })
    }

    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        let digest = *digest;
        StoreFuture::awaited(async move {
            self.check()?;
            self.inner.delete(&digest).await
        })
    }

    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        let subject = subject.to_owned();
        StoreFuture::awaited(async move {
            self.check()?;
            self.inner.delete_all_of(&subject).await
        })
    }

    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        let subject = subject.to_owned();
        StoreFuture::awaited(async move {
            self.check()?;
            self.inner.list_of(&subject).await
        })
    }

    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        let digest = *digest;
        StoreFuture::awaited(async move {
            self.check()?;
            self.inner.touch(&digest, seen_at).await
        })
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        StoreFuture::awaited(async move {
            self.check()?;
            TokenStore::sweep(&self.inner).await
        })
    }
}

impl ConsentStore for Flaky {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        StoreFuture::awaited(async move {
            if self.is_slow {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            self.check()?;
            self.appends.fetch_add(1, Ordering::SeqCst);
            self.inner.append(batch).await?;
            match self.loses_answers.load(Ordering::SeqCst) {
                true => Err(StoreError::new(StoreErrorKind::Timeout, "the answer was lost by the test")),
                false => Ok(()),
            }
        })
    }

    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        if self.hangs.load(Ordering::SeqCst) {
            return StoreFuture::awaited(std::future::pending());
        }
        match self.check() {
            Ok(()) => self.inner.entries_of(owner),
            Err(error) => StoreFuture::ready(Err(error)),
        }
    }

    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        self.inner.entries_after(place, limit)
    }

    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        ConsentStore::chains(&self.inner)
    }

    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()> {
        match self.check() {
            Ok(()) => self.inner.keep_text(hash, text, day),
            Err(error) => StoreFuture::ready(Err(error)),
        }
    }

    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        self.inner.text(hash)
    }

    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        if self.hangs.load(Ordering::SeqCst) {
            return StoreFuture::awaited(std::future::pending());
        }
        match self.check() {
            Ok(()) => self.inner.count(count),
            Err(error) => StoreFuture::ready(Err(error)),
        }
    }

    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        self.inner.counts()
    }

    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        self.purges.fetch_add(1, Ordering::SeqCst);
        self.inner.purge(purge)
    }
}

#[tokio::test]
async fn a_grant_is_not_given_where_no_record_can_be_written() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    store.set_down(true);
    let mut browser = site.browser();
    let answer = browser.post("/accept").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.consent(), "", "nothing was granted");
    assert_eq!(browser.get("/tracks").await.body, "false false");
    assert_eq!(browser.cookie("_ga"), None);
    // The store is back, and so is consent.
    store.set_down(false);
    assert_eq!(browser.post("/accept").await.status, StatusCode::OK);
    assert!(browser.consent().contains("+analytics"));
}

#[tokio::test]
async fn a_withdrawal_takes_effect_and_is_written_when_the_store_is_back() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    let mut browser = site.browser();
    browser.post("/accept").await;
    browser.get("/tracks").await;
    assert!(browser.cookie("_ga").is_some());
    let owner = browser.record().unwrap();
    store.set_down(true);
    site.clock.advance(60);
    let answer = browser.post("/withdraw").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(browser.consent().contains("!analytics") && browser.cookie("_ga").is_none(), "{:?}", browser.cookies);
    assert_eq!(site.records.unwritten(), 1);
    assert_eq!(browser.get("/tracks").await.body, "false false");
    store.set_down(false);
    site.clock.advance(3_600);
    // Written with whatever is written next, at the time at which it happened.
    site.browser().post("/accept").await;
    let proof = site.proof(&owner).await;
    assert_eq!(outcomes(&proof), ["grant", "withdraw"]);
    assert_eq!(proof["events"][1]["time"], "2027-01-15T08:01:00Z");
    assert_eq!(site.records.unwritten(), 0);
    assert!(site.records.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn a_withdrawal_that_waits_is_written_by_the_purge_too() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    store.set_down(true);
    browser.post("/withdraw").await;
    store.set_down(false);
    site.records.purge().await.unwrap();
    assert_eq!(outcomes(&site.proof(&owner).await), ["grant", "withdraw"]);
}

#[tokio::test]
async fn a_refusal_of_an_account_waits_as_well() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    store.set_down(true);
    assert_eq!(browser.post("/refuse").await.status, StatusCode::OK);
    store.set_down(false);
    site.records.purge().await.unwrap();
    assert_eq!(outcomes(&site.proof(&account("user-17")).await), ["refuse"]);
}

#[tokio::test]
async fn an_answer_that_is_lost_begins_another_chain() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    site.browser().post("/accept").await;
    store.loses_answers.store(true, Ordering::SeqCst);
    assert_eq!(site.browser().post("/accept").await.status, StatusCode::SERVICE_UNAVAILABLE);
    store.loses_answers.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(site.browser().post("/accept").await.status, StatusCode::OK);
    }
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact(), "{:?}", verification.findings);
    assert_eq!((verification.chains, verification.entries), (2, 5));
}

#[tokio::test]
async fn a_full_store_takes_no_grant_and_the_chain_goes_on() {
    let site = Site::with(builder(), MemoryStore::builder().record_capacity(2).build());
    for status in [StatusCode::OK, StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE] {
        assert_eq!(site.browser().post("/accept").await.status, status);
    }
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact());
    assert_eq!((verification.chains, verification.entries), (1, 2));
}

/// Everybody who waits while a batch is written goes into the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_who_decide_at_once_share_few_writes() {
    let store = Flaky::slow();
    let site = Site::with(builder(), store.clone());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let mut browser = site.browser();
        tasks.spawn(async move {
            assert_eq!(browser.post("/accept").await.status, StatusCode::OK);
            browser.record().unwrap()
        });
    }
    let owners = tasks.join_all().await;
    let appends = store.appends.load(Ordering::SeqCst);
    assert!(appends < 200, "{appends} writes for 1,000 choices");
    for owner in &owners {
        assert_eq!(store.entries_of(owner).await.unwrap().len(), 1);
    }
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact(), "{:?}", verification.findings);
    assert_eq!((verification.chains, verification.entries), (1, 1_000));
}

/// Visitors who go away in the middle stop nobody else's record, whoever had the lead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_goes_away_stops_nobody() {
    let store = Flaky::slow();
    let site = Site::with(builder(), store.clone());
    let mut staying = tokio::task::JoinSet::new();
    for number in 0..300u64 {
        let mut browser = site.browser();
        let leaves_after = Duration::from_micros(number * 37 % 4_000);
        if number % 3 == 0 {
            staying.spawn(async move {
                assert_eq!(browser.post("/accept").await.status, StatusCode::OK);
                browser.record().unwrap()
            });
        } else {
            tokio::spawn(async move { tokio::time::timeout(leaves_after, browser.post("/accept")).await.is_ok() });
        }
    }
    let owners = staying.join_all().await;
    assert_eq!(owners.len(), 100);
    for owner in owners {
        assert_eq!(store.entries_of(&owner).await.unwrap().len(), 1, "acknowledged, so it is there");
    }
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact(), "{:?}", verification.findings);
}

/// Records on a store without a runtime: a thread of its own purges.
#[test]
fn a_store_in_memory_needs_no_runtime() {
    let records = Records::new(MemoryStore::new());
    let counted = wait_for(records.day_counts());
    assert!(counted.unwrap().is_empty());
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

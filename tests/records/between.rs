//! What comes between: late records, other people on the same browser, a store that changes while it is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use time::Date;
use tower_consent::{
    ChainId, Checkpoint, ConsentStore, DayCount, Decision, DueRule, EntryPlace, LedgerBatch, LedgerEntry, LedgerPurge,
    Lifetime, MemoryStore, Owner, RequestKind, Retention, StoreError, StoreFuture, TextHash,
};

use crate::{
    failing::Flaky,
    site::{DAY, Site, account, builder, opt_out, outcomes},
};

/// A withdrawal that waits for the store is not written behind the back of an erasure.
#[tokio::test]
async fn an_erasure_takes_what_still_waits_to_be_written() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    browser.post("/accept").await;
    store.set_down(true);
    browser.post("/withdraw").await;
    assert_eq!(site.records.unwritten(), 1);
    store.set_down(false);
    site.rights.erase(&account("user-17")).await.unwrap();
    assert!(!site.rights.is_known(&account("user-17")).await.unwrap());
    assert_eq!(site.records.unwritten(), 0);
    assert!(site.records.verify().await.unwrap().is_intact());
}

/// Received, erased, answered: the usual order of a request for deletion.
#[tokio::test]
async fn the_answer_to_an_erasure_does_not_name_the_person_again() {
    let site = Site::new();
    let request = site.rights.receive(Some("user-17"), RequestKind::Erase, &DueRule::default()).await.unwrap();
    let kept = site.rights.receive(Some("user-18"), RequestKind::Access, &DueRule::default()).await.unwrap();
    site.rights.erase(&account("user-17")).await.unwrap();
    site.rights.answer(&request).await.unwrap();
    assert!(!site.rights.is_known(&account("user-17")).await.unwrap());
    // Of somebody who is still there it is on record with the name.
    site.rights.answer(&kept).await.unwrap();
    assert!(site.rights.requests().await.unwrap()[0].answered.is_some());
    assert_eq!(site.rights.export(&account("user-18")).await.unwrap().len(), 2);
}

/// Two people sign in on one browser, one after the other: it goes on with the number of its record.
#[tokio::test]
async fn a_shared_browser_shares_no_records_of_accounts() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/sign-in?who=anna").await;
    browser.post("/accept").await;
    browser.cookies.retain(|(name, _)| name != "__Host-token");
    browser.post("/sign-in?who=bert").await;
    browser.post("/analytics").await;

    let export = site.rights.export(&account("bert")).await.unwrap();
    assert_eq!(export.len(), 1);
    assert!(!export.to_json().contains("anna"), "{}", export.to_json());
    let export = site.rights.export(&browser.record().unwrap()).await.unwrap();
    assert_eq!(export.len(), 2, "what the browser chose is known to it");
    for name in ["anna", "bert"] {
        assert!(!export.to_json().contains(name), "who has the browser now need not be signed in");
    }
    assert_eq!(site.rights.erase(&account("bert")).await.unwrap().entries, 1);
    assert_eq!(site.rights.export(&account("anna")).await.unwrap().len(), 1, "nobody erases another's records");
    assert!(site.records.verify().await.unwrap().is_intact());
}

/// Who opens one thing has not lifted the opt-out of another (11 CCR 7025(c)(5)).
#[tokio::test]
async fn a_partial_grant_lifts_an_opt_out_only_in_part() {
    for renews in [false, true] {
        let policy = opt_out().retention(Retention::default().with_consent_records(Lifetime::days(400)));
        let site = Site::with(policy, MemoryStore::new());
        let mut phone = site.browser().sending("sec-gpc", "1");
        phone.post("/sign-in?who=user-17").await;
        phone.get("/tracks").await;
        assert!(site.rights.has_opted_out("user-17").await.unwrap());
        site.clock.advance(2 * DAY);
        let mut laptop = site.browser();
        laptop.post("/analytics").await;
        laptop.post("/sign-in?who=user-17").await;
        laptop.post("/analytics").await;
        if renews {
            site.clock.advance(399 * DAY);
            site.records.purge().await.unwrap();
        }
        assert!(site.rights.has_opted_out("user-17").await.unwrap(), "marketing is refused still, {renews}");
        let mut tablet = site.browser();
        tablet.post("/sign-in?who=user-17").await;
        assert!(tablet.consent().contains("!marketing"), "{renews}: {}", tablet.consent());
        // Nothing is left of it once the rest is granted too.
        let mut phone = site.browser();
        phone.post("/sign-in?who=user-17").await;
        phone.post("/again").await;
        assert!(!site.rights.has_opted_out("user-17").await.unwrap(), "{renews}");
    }
}

/// What is written anew before it is purged says when it was said: what was chosen after it stands.
#[tokio::test]
async fn a_renewed_opt_out_keeps_its_day() {
    let policy = opt_out().retention(Retention::default().with_consent_records(Lifetime::days(400)));
    let site = Site::with(policy, MemoryStore::new());
    let mut phone = site.browser();
    phone.post("/sign-in?who=user-17").await;
    phone.post("/refuse").await;
    site.clock.advance(399 * DAY);
    let mut laptop = site.browser();
    laptop.post("/accept").await;
    site.clock.advance(DAY);
    assert_eq!(site.records.purge().await.unwrap(), 1);
    let proof = site.proof(&account("user-17")).await;
    assert_eq!(proof["events"][0]["since"], "2027-01-15T08:00:00Z", "{proof}");
    laptop.post("/sign-in?who=user-17").await;
    assert!(laptop.consent().contains("+analytics"), "{}", laptop.consent());
    assert_eq!(laptop.get("/tracks").await.body, "true false");
}

/// An erasure is kept as long as what it speaks for can be: that is no reason to keep everybody else's records.
#[tokio::test]
async fn an_erasure_holds_up_no_purge() {
    let retention =
        Retention::default().with_consent_records(Lifetime::days(365)).with_rights_requests(Lifetime::days(700));
    let site = Site::with(builder().retention(retention), MemoryStore::new());
    let mut one = site.browser();
    one.post("/accept").await;
    site.rights.erase(&one.record().unwrap()).await.unwrap();
    let mut other = site.browser();
    other.post("/accept").await;
    let owner = other.record().unwrap();
    site.clock.advance(365 * DAY);
    site.records.purge().await.unwrap();
    assert!(site.records.proof(&owner).await.unwrap().is_empty());
    assert!(site.records.verify().await.unwrap().is_intact());
    site.clock.advance(335 * DAY);
    site.records.purge().await.unwrap();
    assert_eq!(site.records.verify().await.unwrap().entries, 0);
}

/// A store that is down for long: what waits is written in pieces, and holds nobody up.
#[tokio::test]
async fn thousands_of_late_withdrawals_are_written_in_pieces() {
    let store = Flaky::new();
    let site = Site::with(builder(), store.clone());
    let mut browsers = Vec::new();
    for _ in 0..600 {
        let mut browser = site.browser();
        browser.post("/accept").await;
        browsers.push(browser);
    }
    store.set_down(true);
    for browser in &mut browsers {
        browser.post("/withdraw").await;
    }
    assert_eq!(site.records.unwritten(), 600);
    // Nobody waits for ever.
    assert_eq!(site.browser().post("/accept").await.status, 503);
    assert_eq!(site.records.unwritten(), 600);
    store.set_down(false);
    let before = store.appends.load(Ordering::SeqCst);
    site.records.purge().await.unwrap();
    assert_eq!(site.records.unwritten(), 0);
    assert!(store.appends.load(Ordering::SeqCst) - before >= 2, "no batch has more than its share of them");
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact(), "{:?}", verification.findings);
    assert_eq!(verification.entries, 1_200);
}

type Between = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A store where something happens in between: after so many reads of entries.
#[derive(Clone)]
struct Busy {
    inner: MemoryStore,
    reads: Arc<AtomicUsize>,
    between: Arc<Mutex<Option<(usize, Between)>>>,
}

impl std::fmt::Debug for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Busy")
    }
}

impl Busy {
    fn new() -> Self {
        Self { inner: MemoryStore::new(), reads: Arc::default(), between: Arc::default() }
    }

    fn after_reads(&self, count: usize, work: impl Future<Output = ()> + Send + 'static) {
        self.reads.store(0, Ordering::SeqCst);
        let work: Between = Box::new(move || Box::pin(work));
        *self.between.lock().unwrap() = Some((count, work));
    }
}

impl ConsentStore for Busy {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        self.inner.append(batch)
    }
    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        self.inner.entries_of(owner)
    }
    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        StoreFuture::awaited(async move {
            let read = self.reads.fetch_add(1, Ordering::SeqCst);
            let due = {
                let mut between = self.between.lock().unwrap();
                let is_due = between.as_ref().is_some_and(|(count, _)| *count == read);
                if is_due { between.take() } else { None }
            };
            if let Some((_, work)) = due {
                work().await;
            }
            self.inner.entries_after(place, limit).await
        })
    }
    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        self.inner.chains()
    }
    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()> {
        self.inner.keep_text(hash, text, day)
    }
    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        self.inner.text(hash)
    }
    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        self.inner.count(count)
    }
    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        self.inner.counts()
    }
    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        self.inner.purge(purge)
    }
}

/// A purge, or an erasure, while somebody verifies is no manipulation.
#[tokio::test]
async fn what_happens_during_a_verification_is_no_finding() -> Result<(), StoreError> {
    let store = Busy::new();
    let policy = builder().retention(Retention::default().with_consent_records(Lifetime::days(365)));
    let site = Site::with(policy, store.clone());
    for _ in 0..3 {
        site.browser().post("/accept").await;
    }
    site.clock.advance(200 * DAY);
    let mut late = site.browser();
    late.post("/accept").await;
    site.clock.advance(165 * DAY);
    let purging = site.clone();
    store.after_reads(0, async move { drop(purging.records.purge().await) });
    let verification = site.records.verify().await?;
    assert!(verification.is_intact(), "{:?}", verification.findings);
    assert_eq!(verification.entries, 1);

    // More than one page: an entry is read with its body, and erased before the next page is read. Of two chains nobody
    // knows which is read first.
    let mut first = site.browser();
    first.post("/accept").await;
    for _ in 0..600 {
        site.browser().post("/accept").await;
    }
    site.rights.erase(&late.record().unwrap()).await?;
    let mut owner = first.record().unwrap();
    for reads in [1, 2] {
        let erasing = site.clone();
        store.after_reads(reads, async move { drop(erasing.rights.erase(&owner).await) });
        let verification = site.records.verify().await?;
        assert!(verification.is_intact(), "{reads}: {:?}", verification.findings);
        first.post("/accept").await;
        owner = first.record().unwrap();
    }
    Ok(())
}

/// A record that the application erased is written again when the visitor agrees again, on the same day too.
#[tokio::test]
async fn who_agrees_again_after_an_erasure_is_on_record_again() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    site.rights.erase(&owner).await.unwrap();
    browser.post("/accept").await;
    assert_eq!(outcomes(&site.proof(&browser.record().unwrap()).await), ["grant"]);
}

#[tokio::test]
async fn an_objection_is_written_once() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    for _ in 0..5 {
        site.rights.object(&owner, &Decision::no_layer()).await.unwrap();
    }
    assert_eq!(outcomes(&site.proof(&owner).await), ["grant", "object"]);
}

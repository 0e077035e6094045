//! The records of a site: the handle that everything else here works on.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use http::Extensions;
use time::Date;
use tokio::sync::Mutex as AsyncMutex;

use super::{
    chain::ChainKeys,
    ledger::{Draft, Ledger, lock},
    objection::{self, Objection},
    purge::Purger,
};
use crate::{
    clock::{Clock, SystemClock},
    policy::{Policy, Retention, day_of},
    store::{ConsentStore, DayCount, EntryPlace, MAX_TEXT, StoreError, StoreErrorKind, TextHash},
    visit::VisitCounts,
};

/// Texts whose last day is remembered, so that a text is written once a day and not once a choice.
const REMEMBERED: usize = 1_000;
/// For how long it is remembered what an account objects to.
const OBJECTION_SECONDS: i64 = 60;

/// Records of consent over a [`ConsentStore`]. Cheap to clone; clones share one writer, and one chain.
///
/// ```
/// use tower_consent::{ConsentLayer, MemoryStore, Policy, Records};
///
/// let records = Records::builder(MemoryStore::new()).chain_key(*b"32 random bytes, kept in a vault").build();
/// let layer = ConsentLayer::new(Policy::default()).with_records(records.clone());
/// ```
///
/// # Defaults
///
/// No chain key; [`Retention`] of the policy; the system's clock; a purge every hour, on a thread that begins with the first
/// record and ends with the last clone.
///
/// # The chain
///
/// With a key, whoever can write to the store but does not know the key cannot alter, drop or insert an entry without being
/// found by [`verify`](Self::verify). Without a key the chain finds accidents only. What no chain can find: that the
/// newest entries of a chain, or a whole chain, are missing. Export the [heads](Self::heads) to another place from time to
/// time: what was there then must be there later, or stand behind a checkpoint. Who knows the key can write
/// anything: keep it away from whoever administers the store.
#[derive(Clone)]
pub struct Records(Arc<Inner>);

pub(super) struct Inner {
    pub(super) ledger: Ledger,
    pub(super) retention: Mutex<Retention>,
    texts: Mutex<HashMap<TextHash, Date>>,
    text_writer: AsyncMutex<()>,
    counts: Mutex<BTreeMap<(Date, String), u64>>,
    /// Counters of visits that are kept here.
    visits: Mutex<Option<VisitCounts>>,
    objections: Mutex<HashMap<Arc<str>, Asked>>,
    last_moment: AtomicI64,
    is_keyed: bool,
    purger: OnceLock<Purger>,
}

/// What an account objects to, and when the store was asked (Unix seconds).
type Asked = (i64, Option<Objection>);

/// Settings of [`Records`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct RecordsBuilder {
    store: Arc<dyn ConsentStore>,
    keys: Vec<Vec<u8>>,
    clock: Arc<dyn Clock>,
    retention: Retention,
}

impl Records {
    /// Records in this store, with the defaults.
    pub fn new(store: impl ConsentStore) -> Self {
        Self::builder(store).build()
    }

    /// Records with settings.
    pub fn builder(store: impl ConsentStore) -> RecordsBuilder {
        let (clock, retention) = (Arc::new(SystemClock), Retention::default());
        RecordsBuilder { store: Arc::new(store), keys: Vec::new(), clock, retention }
    }

    /// The records of a request, if a layer [with records](crate::ConsentLayer::with_records) handled it.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// Whether the chain has a key.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        self.0.is_keyed
    }

    /// What was only counted, by day: refusals without an earlier grant, by how they were made.
    ///
    /// # Errors
    ///
    /// The store cannot tell.
    pub async fn day_counts(&self) -> Result<Vec<DayCount>, StoreError> {
        self.write_counts().await?;
        let mut counts = self.store().counts().await?;
        // Those of visits are shown by their own report alone, which hides small groups.
        counts.retain(|count| !VisitCounts::is_label(&count.what));
        Ok(counts)
    }

    /// How many withdrawals wait to be written, because the store was down when they were made.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.0.ledger.late()
    }

    /// Deletes what is over by the policy's [`Retention`], writes what waits, and tells how many entries, texts and
    /// counters went. It happens by itself every hour.
    ///
    /// # Errors
    ///
    /// The store does not do it.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        self.0.ledger.write_late().await;
        self.write_counts().await?;
        self.visit_report().await?;
        super::purge::purge(self).await
    }

    pub(super) fn visit_counts(&self) -> &Mutex<Option<VisitCounts>> {
        &self.0.visits
    }

    pub(super) fn from_inner(inner: Arc<Inner>) -> Self {
        Self(inner)
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub(super) fn store(&self) -> &dyn ConsentStore {
        &*self.0.ledger.store
    }

    pub(super) fn now(&self) -> i64 {
        self.0.ledger.clock.unix_seconds()
    }

    /// The time of an entry: no two of a process have the same, so that they have an order.
    pub(super) fn moment(&self) -> i64 {
        let now = self.0.ledger.clock.unix_micros();
        let later = |last: i64| Some(now.max(last.saturating_add(1)));
        match self.0.last_moment.fetch_update(Ordering::AcqRel, Ordering::Acquire, later) {
            Ok(last) | Err(last) => now.max(last.saturating_add(1)),
        }
    }

    pub(super) fn retention(&self) -> Retention {
        *lock(&self.0.retention)
    }

    /// What this policy promises about retention holds from now on.
    pub(super) fn follow(&self, policy: &Policy) {
        let mut retention = lock(&self.0.retention);
        if *retention != *policy.retention() {
            *retention = *policy.retention();
        }
    }

    /// Writes an entry.
    pub(super) async fn append(&self, draft: Draft) -> Result<EntryPlace, StoreError> {
        self.start_purging();
        let (subject, is_erasure) = (draft.subject.clone(), !draft.erased.is_empty());
        let written = self.0.ledger.append(draft).await;
        // Whether it was written or not: the store is asked again.
        let mut objections = lock(&self.0.objections);
        if is_erasure {
            objections.clear();
        } else if let Some(subject) = subject {
            objections.remove(&subject);
        }
        written
    }

    /// Keeps a withdrawal that could not be written for the next time that something is.
    pub(super) fn write_later(&self, draft: Draft, error: &StoreError) {
        let is_kept = self.0.ledger.append_later(draft);
        #[cfg(feature = "tracing")]
        tracing::warn!(target: "tower_consent", %error, is_kept, "a withdrawal took effect, and is not on record yet");
        #[cfg(not(feature = "tracing"))]
        let _unused = (is_kept, error);
    }

    /// What an account objects to, as of a minute ago at the latest.
    pub(super) async fn objection_of(&self, subject: &Arc<str>) -> Result<Option<Objection>, StoreError> {
        let now = self.now();
        let is_fresh = |asked: i64| (0..OBJECTION_SECONDS).contains(&now.saturating_sub(asked));
        if let Some((asked, objection)) = lock(&self.0.objections).get(subject)
            && is_fresh(*asked)
        {
            return Ok(objection.clone());
        }
        let objection = objection::objection_of(self, subject).await?;
        let mut objections = lock(&self.0.objections);
        if objections.len() >= REMEMBERED {
            objections.retain(|_, (asked, _)| is_fresh(*asked));
        }
        if objections.len() < 10 * REMEMBERED {
            objections.insert(Arc::clone(subject), (now, objection.clone()));
        }
        Ok(objection)
    }

    pub(super) fn start_purging(&self) {
        if self.0.purger.get().is_none() {
            // Where two begin at a time, the second ends here. Without a thread the next record tries again.
            if let Some(purger) = Purger::start(&self.0) {
                drop(self.0.purger.set(purger));
            }
        }
    }

    /// Keeps a text that is shown, and gives its hash.
    pub(super) async fn keep_text(&self, text: &str) -> Result<TextHash, StoreError> {
        if text.len() > MAX_TEXT {
            let message = format!("shown text: {} bytes, at most {MAX_TEXT}", text.len());
            return Err(StoreError::new(StoreErrorKind::Invalid, message));
        }
        let (hash, today) = (TextHash::of(text), day_of(self.now()));
        let is_kept = || lock(&self.0.texts).get(&hash) == Some(&today);
        if is_kept() {
            return Ok(hash);
        }
        // The first visitors of a day come together: one of them writes.
        let _turn = self.0.text_writer.lock().await;
        if is_kept() {
            return Ok(hash);
        }
        self.store().keep_text(hash, text, today).await?;
        let mut texts = lock(&self.0.texts);
        if texts.len() >= REMEMBERED {
            texts.clear();
        }
        texts.insert(hash, today);
        Ok(hash)
    }

    /// Counts what leaves no record: in memory, until the next purge or question.
    pub(super) fn count(&self, what: String) {
        let mut counts = lock(&self.0.counts);
        let counter = counts.entry((day_of(self.now()), what)).or_default();
        *counter = counter.saturating_add(1);
        drop(counts);
        self.start_purging();
    }

    async fn write_counts(&self) -> Result<(), StoreError> {
        loop {
            let Some(((day, what), count)) = lock(&self.0.counts).pop_first() else { return Ok(()) };
            let mut taken = Taken { counts: &self.0.counts, day, what, count };
            self.store().count(DayCount::new(day, taken.what.clone(), count)).await?;
            taken.count = 0;
        }
    }
}

/// What is about to be written. It goes back where that failed, and where who asked did not wait for it.
struct Taken<'r> {
    counts: &'r Mutex<BTreeMap<(Date, String), u64>>,
    day: Date,
    what: String,
    count: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.count > 0 {
            let mut counts = lock(self.counts);
            let counter = counts.entry((self.day, std::mem::take(&mut self.what))).or_default();
            *counter = counter.saturating_add(self.count);
        }
    }
}

impl RecordsBuilder {
    /// Adds a key of the chain: at least 32 random bytes. The first one writes, all of them verify; keep old ones for as long
    /// as records are kept. A shorter key is as good as its length.
    pub fn chain_key(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.keys.push(secret.into());
        self
    }

    /// Takes the time from another clock: for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How long records are kept, until a policy says it: that of a request, or of the layer.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// The records.
    #[must_use]
    pub fn build(self) -> Records {
        let keys = ChainKeys::new(&self.keys);
        Records(Arc::new(Inner {
            ledger: Ledger::new(self.store, keys, self.clock),
            retention: Mutex::new(self.retention),
            texts: Mutex::default(),
            text_writer: AsyncMutex::default(),
            counts: Mutex::default(),
            visits: Mutex::default(),
            objections: Mutex::default(),
            last_moment: AtomicI64::new(i64::MIN),
            is_keyed: !self.keys.is_empty(),
            purger: OnceLock::new(),
        }))
    }
}

impl<S: ConsentStore> From<S> for Records {
    fn from(store: S) -> Self {
        Self::new(store)
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("ledger", &self.0.ledger).field("is_keyed", &self.0.is_keyed).finish()
    }
}

impl fmt::Debug for RecordsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordsBuilder")
            .field("store", &self.store)
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

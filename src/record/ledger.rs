//! The writer of a process: whatever waits is written together, in the order of the chain.
//!
//! A link needs the one before it, so one batch is under way at a time. Whoever wants to write puts a draft into the
//! queue; whoever holds the lead writes all that wait, and tells the others. The batch under way belongs to the ledger
//! and not to the request that began it: a visitor who goes away stops nobody else's record.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, oneshot};

use super::chain::{ChainKeys, START};
use crate::{
    clock::Clock,
    consent::RecordId,
    store::{
        ChainId, ConsentStore, EntryBody, EntryKind, EntryPlace, LedgerBatch, LedgerEntry, StoreError, StoreErrorKind,
    },
};

/// Entries in one batch.
const BATCH: usize = 1_000;
/// Entries that wait for a store that is down.
const LATER: usize = 10_000;

/// What is to be written.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: EntryKind,
    pub(super) time: i64,
    pub(super) record_id: Option<RecordId>,
    pub(super) subject: Option<Arc<str>>,
    pub(super) data: Vec<u8>,
    pub(super) erased: Vec<EntryPlace>,
}

type Told = oneshot::Sender<Result<EntryPlace, StoreError>>;

/// The writer, shared by all requests.
pub(super) struct Ledger {
    pub(super) store: Arc<dyn ConsentStore>,
    pub(super) keys: ChainKeys,
    pub(super) clock: Arc<dyn Clock>,
    queue: Mutex<VecDeque<(Draft, Told)>>,
    /// What must be written although the store was down when it happened.
    later: Mutex<VecDeque<Draft>>,
    lead: AsyncMutex<Lead>,
}

#[derive(Default)]
struct Lead {
    /// The ends of the chains of choices, of requests and of erasures: a chain is purged from its beginning, so what is
    /// kept longer must not stand before what is kept shorter.
    tails: Tails,
    under_way: Option<UnderWay>,
    /// The last batch failed: the next one takes along one late entry only, to see whether the store is back. All of them
    /// with every attempt would cost as much as there are, and be written again each time where only the answer is lost.
    has_failed: bool,
}

type Tails = [Option<Tail>; 3];

#[derive(Clone, Copy)]
struct Tail {
    place: EntryPlace,
    link: [u8; 32],
}

struct UnderWay {
    outcome: Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>,
    told: Vec<(Told, EntryPlace)>,
    late: Vec<Draft>,
    tails: Tails,
}

impl Ledger {
    pub(super) fn new(store: Arc<dyn ConsentStore>, keys: ChainKeys, clock: Arc<dyn Clock>) -> Self {
        let (queue, later, lead) = Default::default();
        Self { store, keys, clock, queue, later, lead }
    }

    /// Writes an entry, and gives its place when it is written.
    pub(super) async fn append(&self, draft: Draft) -> Result<EntryPlace, StoreError> {
        let (told, mut answer) = oneshot::channel();
        lock(&self.queue).push_back((draft, told));
        let mut lead = self.lead.lock().await;
        loop {
            match answer.try_recv() {
                Ok(outcome) => return outcome,
                Err(oneshot::error::TryRecvError::Empty) => self.write(&mut lead).await,
                Err(oneshot::error::TryRecvError::Closed) => {
                    return Err(StoreError::new(StoreErrorKind::Unavailable, "the record was dropped"));
                }
            }
        }
    }

    /// Keeps an entry for when the store is back. `false`: too many wait already.
    pub(super) fn append_later(&self, draft: Draft) -> bool {
        let mut later = lock(&self.later);
        let has_room = later.len() < LATER;
        if has_room {
            later.push_back(draft);
        }
        has_room
    }

    /// Writes what waits for the store to be back.
    pub(super) async fn write_late(&self) {
        let mut lead = self.lead.lock().await;
        loop {
            let left = self.late();
            if lead.under_way.is_none() && left == 0 {
                return;
            }
            let was_under_way = lead.under_way.is_some();
            self.write(&mut lead).await;
            // The store is down still.
            if !was_under_way && self.late() >= left {
                return;
            }
        }
    }

    /// How many entries wait for the store to be back.
    pub(super) fn late(&self) -> usize {
        lock(&self.later).len()
    }

    /// Writes one batch to its end: the one under way, or the next. Dropped in between, the next call goes on with it.
    async fn write(&self, lead: &mut Lead) {
        if lead.under_way.is_none() {
            lead.under_way = self.begin(&lead.tails, if lead.has_failed { 1 } else { BATCH / 2 });
        }
        let Some(under_way) = &mut lead.under_way else { return };
        let outcome = under_way.outcome.as_mut().await;
        let Some(UnderWay { told, late, tails, .. }) = lead.under_way.take() else { return };
        lead.has_failed = outcome.is_err();
        match &outcome {
            Ok(()) => lead.tails = tails,
            Err(error) => {
                // Nothing was written: the chain goes on where it was. Otherwise nobody knows where it ends, and another
                // one begins.
                if !matches!(error.kind(), StoreErrorKind::Full | StoreErrorKind::Unsafe) {
                    lead.tails = Tails::default();
                }
                let mut later = lock(&self.later);
                late.into_iter().rev().for_each(|draft| later.push_front(draft));
            }
        }
        for (told, place) in told {
            // Whoever went away needs no answer.
            drop(told.send(outcome.clone().map(|()| place)));
        }
    }

    /// Takes what waits, and begins to write it. Whoever cannot be written is told at once.
    fn begin(&self, tails: &Tails, most_late: usize) -> Option<UnderWay> {
        let mut tails = *tails;
        let late: Vec<_> = {
            let mut later = lock(&self.later);
            // Whoever waits for an answer has a place in every batch, and no batch is too large for the store.
            let count = later.len().min(most_late);
            later.drain(..count).collect()
        };
        let waiting: Vec<_> = {
            let mut queue = lock(&self.queue);
            let count = queue.len().min(BATCH - late.len());
            queue.drain(..count).collect()
        };
        let mut batch = LedgerBatch::default();
        let mut told = Vec::with_capacity(waiting.len());
        let mut kept = Vec::new();
        for draft in late {
            // One that can never be written was refused when it was first tried.
            if self.extend(&mut batch, &mut tails, draft.clone()).is_ok() {
                kept.push(draft);
            }
        }
        for (draft, sender) in waiting {
            match self.extend(&mut batch, &mut tails, draft) {
                Ok(place) => told.push((sender, place)),
                Err(error) => drop(sender.send(Err(error))),
            }
        }
        if batch.entries.is_empty() {
            return None;
        }
        let store = Arc::clone(&self.store);
        let outcome = Box::pin(async move { store.append(batch).await });
        Some(UnderWay { outcome, told, late: kept, tails })
    }

    /// Adds an entry to a batch.
    fn extend(&self, batch: &mut LedgerBatch, tails: &mut Tails, draft: Draft) -> Result<EntryPlace, StoreError> {
        let Draft { kind, time, record_id, subject, data, erased } = draft;
        let body = EntryBody::new(random()?, record_id, subject.as_deref(), data)?;
        let [choices, requests, erasures] = tails;
        let tail = match kind {
            EntryKind::Request => requests,
            EntryKind::Erasure => erasures,
            EntryKind::Choice => choices,
        };
        let (place, before) = match tail {
            Some(Tail { place, link }) => (EntryPlace { number: place.number + 1, ..*place }, *link),
            None => (EntryPlace { chain: ChainId::from_bytes(random()?), number: 1 }, START),
        };
        let entry: LedgerEntry = self.keys.entry(&before, place, time, kind, body);
        *tail = Some(Tail { place, link: entry.link });
        batch.entries.push(entry);
        batch.erased.extend(erased);
        Ok(place)
    }
}

/// Bytes of the operating system's random source.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::with_source(StoreErrorKind::Unavailable, "the operating system gives no random bytes", error)
    })?;
    Ok(bytes)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing behind these locks is left half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("store", &self.store).field("keys", &self.keys).finish_non_exhaustive()
    }
}

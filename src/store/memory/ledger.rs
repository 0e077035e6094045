//! Consent records in memory.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::Date;

use super::MemoryStore;
use crate::{
    consent::RecordId,
    store::{
        consent::{ConsentStore, DayCount, LedgerBatch, LedgerPurge, Owner, TextHash},
        entry::{ChainId, Checkpoint, EntryBody, EntryPlace, LedgerEntry},
        error::{StoreError, StoreErrorKind},
        future::StoreFuture,
    },
};

/// All records. One lock: they are written when somebody decides, which is seldom.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    entries: BTreeMap<EntryPlace, LedgerEntry>,
    by_record: HashMap<RecordId, BTreeSet<EntryPlace>>,
    by_subject: HashMap<Arc<str>, BTreeSet<EntryPlace>>,
    checkpoints: BTreeMap<ChainId, Checkpoint>,
    texts: BTreeMap<TextHash, (Date, String)>,
    counts: BTreeMap<(Date, String), u64>,
}

impl Ledger {
    fn books(&self) -> MutexGuard<'_, Books> {
        // No change is left half done: nothing in between can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn append(&mut self, batch: LedgerBatch, capacity: usize) -> Result<(), StoreError> {
        if self.entries.len().saturating_add(batch.entries.len()) > capacity {
            let message = format!("it holds {} records, and no more than {capacity}", self.entries.len());
            return Err(StoreError::new(StoreErrorKind::Full, message));
        }
        let is_purged = |place: &EntryPlace| {
            self.checkpoints.get(&place.chain).is_some_and(|checkpoint| place.number <= checkpoint.place.number)
        };
        let is_taken = |place: &EntryPlace| self.entries.contains_key(place) || is_purged(place);
        let mut seen = BTreeSet::new();
        let mut places = batch.entries.iter().map(|entry| &entry.place);
        if let Some(place) = places.find(|place| is_taken(place) || !seen.insert(**place)) {
            let message = format!("chain {}: number {} is taken", place.chain, place.number);
            return Err(StoreError::new(StoreErrorKind::Invalid, message));
        }
        for entry in batch.entries {
            if let Some(body) = &entry.body {
                if let Some(id) = body.record_id() {
                    self.by_record.entry(id).or_default().insert(entry.place);
                }
                if let Some(subject) = body.subject() {
                    self.by_subject.entry(subject.into()).or_default().insert(entry.place);
                }
            }
            self.entries.insert(entry.place, entry);
        }
        for place in &batch.erased {
            if let Some(body) = self.entries.get_mut(place).and_then(|entry| entry.body.take()) {
                self.disown(*place, &body);
            }
        }
        Ok(())
    }

    /// Takes an entry out of the indices of its owners.
    fn disown(&mut self, place: EntryPlace, body: &EntryBody) {
        fn remove<K, Q>(index: &mut HashMap<K, BTreeSet<EntryPlace>>, owner: &Q, place: EntryPlace)
        where
            K: Eq + Hash + Borrow<Q>,
            Q: Eq + Hash + ?Sized,
        {
            if let Some(places) = index.get_mut(owner) {
                places.remove(&place);
                if places.is_empty() {
                    index.remove(owner);
                }
            }
        }
        if let Some(id) = body.record_id() {
            remove(&mut self.by_record, &id, place);
        }
        if let Some(subject) = body.subject() {
            remove(&mut self.by_subject, subject, place);
        }
    }

    fn entries_of(&self, owner: &Owner) -> Vec<LedgerEntry> {
        let places = match owner {
            Owner::Record(id) => self.by_record.get(id),
            Owner::Subject(subject) => self.by_subject.get(subject),
        };
        let mut found: Vec<_> =
            places.into_iter().flatten().filter_map(|place| self.entries.get(place)).cloned().collect();
        found.sort_by_key(|entry| (entry.time, entry.place));
        found
    }

    fn purge(&mut self, purge: &LedgerPurge) -> u64 {
        let before = self.entries.len() + self.texts.len() + self.counts.len();
        for checkpoint in &purge.checkpoints {
            let chain = checkpoint.place.chain;
            let is_behind = |held: &Checkpoint| held.place.number >= checkpoint.place.number;
            if self.checkpoints.get(&chain).is_some_and(is_behind) {
                continue;
            }
            let first = EntryPlace { chain, number: 0 };
            let over: Vec<_> = self.entries.range(first..=checkpoint.place).map(|(place, _)| *place).collect();
            for place in over {
                if let Some(LedgerEntry { body: Some(body), .. }) = self.entries.remove(&place) {
                    self.disown(place, &body);
                }
            }
            self.checkpoints.insert(chain, *checkpoint);
        }
        self.texts.retain(|_, (day, _)| *day >= purge.texts_before);
        self.counts.retain(|(day, _), _| *day >= purge.counts_before);
        let after = self.entries.len() + self.texts.len() + self.counts.len();
        before.saturating_sub(after) as u64
    }
}

impl ConsentStore for MemoryStore {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        StoreFuture::ready(self.0.ledger.books().append(batch, self.0.records))
    }

    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        StoreFuture::ready(Ok(self.0.ledger.books().entries_of(owner)))
    }

    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        let last = EntryPlace { number: u64::MAX, ..place };
        let first = EntryPlace { number: place.number.saturating_add(1), ..place };
        let books = self.0.ledger.books();
        let found = if first.number > place.number { books.entries.range(first..=last) } else { Default::default() };
        StoreFuture::ready(Ok(found.take(limit).map(|(_, entry)| entry.clone()).collect()))
    }

    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        let books = self.0.ledger.books();
        let mut chains: BTreeMap<_, _> = books.entries.keys().map(|place| (place.chain, None)).collect();
        chains.extend(books.checkpoints.iter().map(|(chain, checkpoint)| (*chain, Some(*checkpoint))));
        StoreFuture::ready(Ok(chains.into_iter().collect()))
    }

    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()> {
        let mut books = self.0.ledger.books();
        let (last, _) = books.texts.entry(hash).or_insert_with(|| (day, text.to_owned()));
        *last = day.max(*last);
        StoreFuture::ready(Ok(()))
    }

    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        StoreFuture::ready(Ok(self.0.ledger.books().texts.get(hash).map(|(_, text)| text.clone())))
    }

    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        let mut books = self.0.ledger.books();
        let counter = books.counts.entry((count.day, count.what)).or_default();
        *counter = counter.saturating_add(count.count);
        StoreFuture::ready(Ok(()))
    }

    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        let books = self.0.ledger.books();
        let all = books.counts.iter().map(|((day, what), count)| DayCount::new(*day, what, *count));
        StoreFuture::ready(Ok(all.collect()))
    }

    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        StoreFuture::ready(Ok(self.0.ledger.books().purge(&purge)))
    }
}

//! The tables of consent records, and what is done to them within one transaction.
//!
//! An entry's row stands under its place. As long as it has a body, each of its owners has a key that finds it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, RangeInclusive},
};

use ::redb::{Error, ReadTransaction, ReadableTable, Table, TableDefinition, TableError, WriteTransaction};
use time::Date;

use super::{compaction, rows::Answer};
use crate::store::{
    consent::{DayCount, LedgerBatch, LedgerPurge, Owner, TextHash},
    entry::{ChainId, Checkpoint, EntryBody, EntryPlace, LedgerEntry},
    error::{StoreError, StoreErrorKind},
};

/// Chain, number.
type PlaceKey = [u8; 24];

/// The written entry by place.
const ENTRIES: TableDefinition<'_, &PlaceKey, &[u8]> = TableDefinition::new("records");
/// Owner, time, place: the entries of an owner stand in the order in which they are told.
const OWNERS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("records_by_owner");
/// The written checkpoint by chain.
const CHECKPOINTS: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("record_checkpoints");
/// The text by hash.
const TEXTS: TableDefinition<'_, &[u8; 32], &str> = TableDefinition::new("record_texts");
/// The Julian day on which it was last shown: apart from the text, which is long and stays the same.
const TEXT_DAYS: TableDefinition<'_, &[u8; 32], i32> = TableDefinition::new("record_text_days");
/// How often, by Julian day and name.
const COUNTS: TableDefinition<'_, (i32, &str), u64> = TableDefinition::new("record_counts");

/// The tables, open for writing.
pub(super) struct Ledger<'t> {
    entries: Table<'t, &'static PlaceKey, &'static [u8]>,
    owners: Table<'t, &'static [u8], ()>,
    checkpoints: Table<'t, &'static [u8; 16], &'static [u8]>,
    texts: Table<'t, &'static [u8; 32], &'static str>,
    text_days: Table<'t, &'static [u8; 32], i32>,
    counts: Table<'t, (i32, &'static str), u64>,
    /// Whether there is something to commit.
    pub(super) has_changed: bool,
}

impl<'t> Ledger<'t> {
    /// Opens them; they are made where they are missing.
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            entries: transaction.open_table(ENTRIES)?,
            owners: transaction.open_table(OWNERS)?,
            checkpoints: transaction.open_table(CHECKPOINTS)?,
            texts: transaction.open_table(TEXTS)?,
            text_days: transaction.open_table(TEXT_DAYS)?,
            counts: transaction.open_table(COUNTS)?,
            has_changed: false,
        })
    }

    pub(super) fn append(&mut self, batch: &LedgerBatch) -> Answer<u64> {
        // Whatever can go wrong is found before the first change.
        let mut new = BTreeSet::new();
        for LedgerEntry { place, .. } in &batch.entries {
            let is_purged = match purged(&self.checkpoints, place.chain)? {
                Ok(checkpoint) => checkpoint.is_some_and(|checkpoint| place.number <= checkpoint.place.number),
                Err(unreadable) => return Ok(Err(unreadable)),
            };
            if is_purged || self.entries.get(&place_key(*place))?.is_some() || !new.insert(*place) {
                return Ok(Err(is_taken(*place)));
            }
        }
        let mut erased = BTreeMap::new();
        for place in &batch.erased {
            match self.entries.get(&place_key(*place))?.map(|row| LedgerEntry::from_bytes(row.value())).transpose() {
                Ok(entry) => erased.insert(*place, entry),
                Err(unreadable) => return Ok(Err(unreadable)),
            };
        }

        self.has_changed |= !batch.entries.is_empty();
        for entry in &batch.entries {
            if erased.contains_key(&entry.place) {
                let bare = LedgerEntry { body: None, ..entry.clone() };
                self.entries.insert(&place_key(entry.place), bare.to_bytes().as_slice())?;
                continue;
            }
            self.entries.insert(&place_key(entry.place), entry.to_bytes().as_slice())?;
            for key in owner_keys(entry) {
                self.owners.insert(key.as_slice(), ())?;
            }
        }
        for mut entry in erased.into_values().flatten().filter(|entry| entry.body.is_some()) {
            self.has_changed = true;
            for key in owner_keys(&entry) {
                self.owners.remove(key.as_slice())?;
            }
            entry.body = None;
            self.entries.insert(&place_key(entry.place), entry.to_bytes().as_slice())?;
        }
        Ok(Ok(0))
    }

    pub(super) fn keep_text(&mut self, hash: &TextHash, text: &str, day: Date) -> Answer<u64> {
        let last = self.text_days.get(hash.as_bytes())?.map(|day| day.value());
        if last.is_none() {
            self.texts.insert(hash.as_bytes(), text)?;
        }
        if last.is_none_or(|last| last < day.to_julian_day()) {
            self.has_changed = true;
            self.text_days.insert(hash.as_bytes(), day.to_julian_day())?;
        }
        Ok(Ok(0))
    }

    pub(super) fn count(&mut self, DayCount { day, what, count }: &DayCount) -> Answer<u64> {
        let key = (day.to_julian_day(), what.as_str());
        let held = self.counts.get(key)?.map_or(0, |held| held.value());
        self.has_changed = true;
        self.counts.insert(key, held.saturating_add(*count))?;
        Ok(Ok(0))
    }

    pub(super) fn purge(&mut self, purge: &LedgerPurge) -> Answer<u64> {
        // Whatever can go wrong is found before the first change.
        let mut ahead: BTreeMap<ChainId, Checkpoint> = BTreeMap::new();
        for checkpoint in &purge.checkpoints {
            let chain = checkpoint.place.chain;
            let held = match ahead.get(&chain) {
                Some(held) => Some(*held),
                None => match purged(&self.checkpoints, chain)? {
                    Ok(held) => held,
                    Err(unreadable) => return Ok(Err(unreadable)),
                },
            };
            if held.is_none_or(|held| held.place.number < checkpoint.place.number) {
                ahead.insert(chain, *checkpoint);
            }
        }
        for checkpoint in ahead.values() {
            for row in self.entries.range::<&PlaceKey>(as_refs(&up_to(checkpoint)))? {
                if let Err(unreadable) = LedgerEntry::from_bytes(row?.1.value()) {
                    return Ok(Err(unreadable));
                }
            }
        }

        let mut gone = 0;
        for (chain, checkpoint) in &ahead {
            for row in self.entries.extract_from_if::<&PlaceKey, _>(as_refs(&up_to(checkpoint)), |_, _| true)? {
                gone += 1;
                // It was read above.
                if let Ok(entry) = LedgerEntry::from_bytes(row?.1.value()) {
                    for key in owner_keys(&entry) {
                        self.owners.remove(key.as_slice())?;
                    }
                }
            }
            self.checkpoints.insert(chain.as_bytes(), checkpoint.to_bytes().as_slice())?;
        }
        let first = purge.texts_before.to_julian_day();
        for row in self.text_days.extract_if(|_, day| day < first)? {
            gone += 1;
            self.texts.remove(row?.0.value())?;
        }
        let first = (purge.counts_before.to_julian_day(), "");
        for row in self.counts.extract_from_if::<(i32, &str), _>(..first, |_, _| true)? {
            row?;
            gone += 1;
        }
        self.has_changed |= gone > 0 || !ahead.is_empty();
        Ok(Ok(gone))
    }
}

/// Writes every row anew.
pub(super) fn rewrite(transaction: &WriteTransaction) -> Result<(), Error> {
    compaction::rewrite(transaction, ENTRIES)?;
    compaction::rewrite(transaction, OWNERS)?;
    compaction::rewrite(transaction, CHECKPOINTS)?;
    compaction::rewrite(transaction, TEXTS)?;
    compaction::rewrite(transaction, TEXT_DAYS)?;
    compaction::rewrite(transaction, COUNTS)
}

/// What was read; the outer error is the file's, the inner one this row's.
type Found<T> = Result<Result<T, StoreError>, Error>;

/// The entries of an owner, as they stood at one moment.
pub(super) fn entries_of(transaction: &ReadTransaction, owner: &Owner) -> Found<Vec<LedgerEntry>> {
    let Some(owner) = owner_prefix(owner) else { return Ok(Ok(Vec::new())) };
    let entries = transaction.open_table(ENTRIES)?;
    let keys = [&owner[..], &[0; 32]].concat()..=[&owner[..], &[u8::MAX; 32]].concat();
    let keys = keys.start().as_slice()..=keys.end().as_slice();
    let mut found = Vec::new();
    for key in transaction.open_table(OWNERS)?.range::<&[u8]>(keys)? {
        let place: PlaceKey = key?.0.value().last_chunk().copied().unwrap_or([0; 24]);
        let Some(row) = entries.get(&place)? else { return Ok(Err(no_row())) };
        match LedgerEntry::from_bytes(row.value()) {
            Ok(entry) => found.push(entry),
            Err(unreadable) => return Ok(Err(unreadable)),
        }
    }
    Ok(Ok(found))
}

/// The entries of a chain after this one.
pub(super) fn entries_after(transaction: &ReadTransaction, place: EntryPlace, limit: usize) -> Found<Vec<LedgerEntry>> {
    let (first, last) = (place_key(place), place_key(EntryPlace { number: u64::MAX, ..place }));
    let rows = transaction.open_table(ENTRIES)?;
    let rows = rows.range::<&PlaceKey>((Bound::Excluded(&first), Bound::Included(&last)))?;
    let mut found = Vec::new();
    for row in rows.take(limit) {
        match LedgerEntry::from_bytes(row?.1.value()) {
            Ok(entry) => found.push(entry),
            Err(unreadable) => return Ok(Err(unreadable)),
        }
    }
    Ok(Ok(found))
}

/// Every chain once. From each it goes on to the next, past all that the chain holds.
pub(super) fn chains(transaction: &ReadTransaction) -> Found<Vec<(ChainId, Option<Checkpoint>)>> {
    let (entries, mut chains) = (transaction.open_table(ENTRIES)?, BTreeMap::new());
    let mut after = Bound::Unbounded;
    while let Some(row) = entries.range::<&PlaceKey>((after.as_ref(), Bound::Unbounded))?.next() {
        let chain = ChainId::from_bytes(row?.0.value().first_chunk().copied().unwrap_or_default());
        chains.insert(chain, None);
        after = Bound::Excluded(place_key(EntryPlace { chain, number: u64::MAX }));
    }
    for row in transaction.open_table(CHECKPOINTS)?.iter()? {
        match Checkpoint::from_bytes(row?.1.value()) {
            Ok(checkpoint) => chains.insert(checkpoint.place.chain, Some(checkpoint)),
            Err(unreadable) => return Ok(Err(unreadable)),
        };
    }
    Ok(Ok(chains.into_iter().collect()))
}

/// The text of this hash.
pub(super) fn text(transaction: &ReadTransaction, hash: &TextHash) -> Found<Option<String>> {
    let row = transaction.open_table(TEXTS)?.get(hash.as_bytes())?;
    Ok(Ok(row.map(|text| text.value().to_owned())))
}

/// All counters. Their keys stand in the order of days and names.
pub(super) fn counts(transaction: &ReadTransaction) -> Found<Vec<DayCount>> {
    let mut counts = Vec::new();
    for row in transaction.open_table(COUNTS)?.iter()? {
        let (key, count) = row?;
        let (day, what) = key.value();
        let Ok(day) = Date::from_julian_day(day) else {
            let message = format!("a counter of the Julian day {day}, which is none");
            return Ok(Err(StoreError::new(StoreErrorKind::Corrupt, message)));
        };
        counts.push(DayCount::new(day, what, count.value()));
    }
    Ok(Ok(counts))
}

fn purged(
    checkpoints: &impl ReadableTable<&'static [u8; 16], &'static [u8]>,
    chain: ChainId,
) -> Answer<Option<Checkpoint>> {
    let row = checkpoints.get(chain.as_bytes())?;
    Ok(row.map(|row| Checkpoint::from_bytes(row.value())).transpose())
}

/// Big-endian, so that bytes sort as numbers do.
fn place_key(place: EntryPlace) -> PlaceKey {
    let mut key = [0; 24];
    let (chain, number) = key.split_at_mut(16);
    chain.copy_from_slice(place.chain.as_bytes());
    number.copy_from_slice(&place.number.to_be_bytes());
    key
}

/// The keys of a chain up to its checkpoint.
fn up_to(checkpoint: &Checkpoint) -> RangeInclusive<PlaceKey> {
    place_key(EntryPlace { number: 0, ..checkpoint.place })..=place_key(checkpoint.place)
}

fn as_refs(keys: &RangeInclusive<PlaceKey>) -> RangeInclusive<&PlaceKey> {
    keys.start()..=keys.end()
}

/// With its kind and, where lengths differ, its length: no owner's keys begin with those of another.
fn owner_prefix(owner: &Owner) -> Option<Vec<u8>> {
    match owner {
        Owner::Record(id) => Some([&[0], &id.as_bytes()[..]].concat()),
        // A longer one is nobody's: no entry has it.
        Owner::Subject(subject) => Some([&[1, u8::try_from(subject.len()).ok()?], subject.as_bytes()].concat()),
    }
}

/// The keys that find an entry: none without a body.
fn owner_keys(entry: &LedgerEntry) -> impl Iterator<Item = Vec<u8>> {
    let record = entry.body.as_ref().and_then(EntryBody::record_id).map(Owner::Record);
    let subject = entry.body.as_ref().and_then(EntryBody::subject).map(|subject| Owner::Subject(subject.into()));
    // With its sign turned over, so that bytes sort as times do.
    let (time, place) = ((entry.time ^ i64::MIN).to_be_bytes(), place_key(entry.place));
    let owners = record.into_iter().chain(subject).filter_map(|owner| owner_prefix(&owner));
    owners.map(move |owner| [&owner[..], &time, &place].concat())
}

fn is_taken(place: EntryPlace) -> StoreError {
    let message = format!("chain {}: number {} is taken", place.chain, place.number);
    StoreError::new(StoreErrorKind::Invalid, message)
}

fn no_row() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "an entry is listed under its owner and is not there")
}

//! Two tables over the same records: by digest, cut into many small shards, so that no lock is held for long; and by
//! subject.
//!
//! A shard is locked for one look-up, one change, or one pass over the thousand or so tokens in it. Whoever needs both
//! locks takes the subject's first.

use std::{
    borrow::Borrow,
    collections::HashSet,
    hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState},
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::store::{record::TokenRecord, token::TokenDigest};

/// Tokens that a shard holds where the table is full.
const SHARD: usize = 1_000;

#[derive(Debug)]
pub(super) struct Table {
    tokens: Box<[RwLock<Records>]>,
    subjects: Box<[Mutex<HashSet<Sessions>>]>,
    hasher: RandomState,
    count: AtomicUsize,
    capacity: usize,
}

type Records = HashSet<Slot, BuildHasherDefault<FirstWord>>;

/// A record, with the first bytes of its digest beside it: a table grows without going to each record.
#[derive(Debug)]
struct Slot {
    word: u64,
    record: TokenRecord,
}

impl Slot {
    fn new(record: TokenRecord) -> Self {
        let word = record.digest().as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        Self { word, record }
    }
}

impl Borrow<TokenDigest> for Slot {
    fn borrow(&self) -> &TokenDigest {
        self.record.digest()
    }
}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.word);
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word && self.record.digest() == other.record.digest()
    }
}

impl Eq for Slot {}

/// A digest is its own hash: nobody can choose one.
#[derive(Debug, Default)]
struct FirstWord(u64);

impl Hasher for FirstWord {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }

    // The length that a slice writes before its bytes.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The tokens of a subject: mostly one.
#[derive(Debug)]
enum Sessions {
    One(TokenRecord),
    Many(Box<(TokenRecord, Records)>),
}

impl Sessions {
    fn insert(self, record: TokenRecord) -> Self {
        let mut many = match self {
            Self::One(first) => Box::new((first.clone(), Records::from_iter([Slot::new(first)]))),
            Self::Many(many) => many,
        };
        many.1.insert(Slot::new(record));
        Self::Many(many)
    }

    /// What is left without a token.
    fn remove(self, digest: &TokenDigest) -> Option<Self> {
        match self {
            Self::One(first) if first.digest() == digest => None,
            Self::One(first) => Some(Self::One(first)),
            Self::Many(mut many) => {
                many.1.remove(digest);
                // The record that lends its subject to the entry stays in memory no longer than it is one of them.
                let first = many.1.iter().next()?.record.clone();
                if many.1.len() == 1 {
                    return Some(Self::One(first));
                }
                if many.0.digest() == digest {
                    many.0 = first;
                }
                shrink(&mut many.1);
                Some(Self::Many(many))
            }
        }
    }

    fn records(&self) -> impl Iterator<Item = &TokenRecord> {
        let (one, many) = match self {
            Self::One(first) => (Some(first), None),
            Self::Many(many) => (None, Some(&many.1)),
        };
        one.into_iter().chain(many.into_iter().flatten().map(|slot| &slot.record))
    }
}

impl Borrow<str> for Sessions {
    fn borrow(&self) -> &str {
        match self {
            Self::One(first) => first.subject(),
            Self::Many(many) => many.0.subject(),
        }
    }
}

impl Hash for Sessions {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrow::<str>::borrow(self).hash(state);
    }
}

impl PartialEq for Sessions {
    fn eq(&self, other: &Self) -> bool {
        Borrow::<str>::borrow(self) == Borrow::<str>::borrow(other)
    }
}

impl Eq for Sessions {}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        let shards = (capacity / SHARD).clamp(16, 16_384).next_power_of_two();
        Self {
            tokens: (0..shards).map(|_| RwLock::default()).collect(),
            subjects: (0..shards).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            count: AtomicUsize::new(0),
            capacity,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Takes a place; `false` where there is none.
    fn reserve(&self) -> bool {
        let take = |count: usize| (count < self.capacity).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn release(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self, digest: &TokenDigest) -> Option<TokenRecord> {
        read(self.shard(digest)?).get(digest).map(|slot| slot.record.clone())
    }

    /// Adds a token; `None` where the table is full.
    pub(super) fn insert(&self, record: TokenRecord) -> Option<bool> {
        let mut subjects = self.subject(record.subject())?;
        let shard = self.shard(record.digest())?;
        if !self.reserve() {
            return None;
        }
        if !write(shard).insert(Slot::new(record.clone())) {
            self.release();
            return Some(false);
        }
        let sessions = match subjects.take(record.subject()) {
            Some(sessions) => sessions.insert(record),
            None => Sessions::One(record),
        };
        subjects.insert(sessions);
        Some(true)
    }

    pub(super) fn delete(&self, digest: &TokenDigest) -> bool {
        let Some(record) = self.get(digest) else { return false };
        let Some(mut subjects) = self.subject(record.subject()) else { return false };
        // Somebody else may have been faster.
        if !self.remove(digest) {
            return false;
        }
        forget(&mut subjects, &record);
        true
    }

    pub(super) fn delete_all_of(&self, subject: &str) -> u64 {
        let Some(mut subjects) = self.subject(subject) else { return 0 };
        let Some(sessions) = subjects.take(subject) else { return 0 };
        sessions.records().map(|record| u64::from(self.remove(record.digest()))).sum()
    }

    pub(super) fn list_of(&self, subject: &str) -> Vec<TokenRecord> {
        let Some(subjects) = self.subject(subject) else { return Vec::new() };
        subjects.get(subject).into_iter().flat_map(Sessions::records).cloned().collect()
    }

    /// Deletes what ended at this time or before.
    pub(super) fn sweep(&self, ended_by: i64, should_stop: impl Fn() -> bool) -> u64 {
        let mut deleted = 0;
        for shard in &self.tokens {
            if should_stop() {
                break;
            }
            let is_over = |slot: &Slot| slot.record.expires_at() <= ended_by;
            let over: Vec<TokenDigest> =
                read(shard).iter().filter(|slot| is_over(slot)).map(|slot| *slot.record.digest()).collect();
            if over.is_empty() {
                continue;
            }
            // Look-ups wait for this, and for nothing else: the records are let go, and the subjects tidied up, outside.
            let gone: Vec<Slot> = {
                let mut records = write(shard);
                let gone = over.iter().filter_map(|digest| records.take(digest)).collect();
                shrink(&mut records);
                gone
            };
            deleted += gone.len() as u64;
            for Slot { record, .. } in gone {
                self.release();
                // A list may still show it in between: it has ended.
                if let Some(mut subjects) = self.subject(record.subject()) {
                    forget(&mut subjects, &record);
                }
            }
        }
        deleted
    }

    fn remove(&self, digest: &TokenDigest) -> bool {
        let is_removed = self.shard(digest).is_some_and(|shard| write(shard).remove(digest));
        if is_removed {
            self.release();
        }
        is_removed
    }

    fn shard(&self, digest: &TokenDigest) -> Option<&RwLock<Records>> {
        // Other bytes than those that find the place inside of the shard.
        let [.., high, low] = digest.as_bytes();
        let index = usize::from(u16::from_be_bytes([*high, *low])) & (self.tokens.len() - 1);
        self.tokens.get(index)
    }

    fn subject(&self, subject: &str) -> Option<MutexGuard<'_, HashSet<Sessions>>> {
        // The truncation is wanted.
        let index = self.hasher.hash_one(subject) as usize & (self.subjects.len() - 1);
        self.subjects.get(index).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes a token out of its subject's.
#[expect(clippy::mutable_key_type, reason = "neither hash nor equality looks at the time of last use")]
fn forget(subjects: &mut HashSet<Sessions>, record: &TokenRecord) {
    let left = subjects.take(record.subject()).and_then(|sessions| sessions.remove(record.digest()));
    if let Some(left) = left {
        subjects.insert(left);
    } else if subjects.capacity() > 4 * subjects.len() + 16 {
        subjects.shrink_to_fit();
    }
}

/// Gives memory back, where more than half of it lies idle.
#[expect(clippy::mutable_key_type, reason = "neither hash nor equality looks at the time of last use")]
fn shrink(records: &mut Records) {
    if records.capacity() > 2 * records.len() + 16 {
        records.shrink_to_fit();
    }
}

fn read(shard: &RwLock<Records>) -> RwLockReadGuard<'_, Records> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Records>) -> RwLockWriteGuard<'_, Records> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

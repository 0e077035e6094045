//! The contract of a store of consent records.

use std::{fmt, sync::Arc};

use time::Date;

use super::{
    entry::{ChainId, Checkpoint, EntryPlace, LedgerEntry},
    future::StoreFuture,
};
use crate::consent::RecordId;

/// Bytes of one text that was shown.
pub const MAX_TEXT: usize = 256 << 10;

/// Entries to be added, and bodies to be erased: all of it or nothing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LedgerBatch {
    /// New entries, those of one chain in the order of their numbers.
    pub entries: Vec<LedgerEntry>,
    /// Entries whose bodies go. Where there is none any more, nothing happens.
    pub erased: Vec<EntryPlace>,
}

impl LedgerBatch {
    /// A batch of these entries and erasures.
    #[must_use]
    pub const fn new(entries: Vec<LedgerEntry>, erased: Vec<EntryPlace>) -> Self {
        Self { entries, erased }
    }
}

/// Whose entries are meant.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever keeps records must know both")]
pub enum Owner {
    /// A browser, by the id in its consent cookie.
    Record(RecordId),
    /// An account, by the name that the application has for it.
    Subject(Arc<str>),
}

// Who it is stays out of logs.
impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Record(_) => "Owner::Record",
            Self::Subject(_) => "Owner::Subject",
        })
    }
}

/// The SHA-256 of a text that was shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextHash([u8; 32]);

impl TextHash {
    /// The hash of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(text.as_bytes()).into())
    }

    /// A hash that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of this written form: 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
        bytes?.try_into().ok().filter(|_| rest.is_empty()).map(Self)
    }
}

/// 64 hexadecimal digits, as `sha256sum` writes them.
impl fmt::Display for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextHash({self})")
    }
}

/// A counter of one day: how often something happened that leaves no record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct DayCount {
    /// The UTC day.
    pub day: Date,
    /// What was counted: at most 64 bytes of a small set of names.
    pub what: String,
    /// How often.
    pub count: u64,
}

impl DayCount {
    /// A counter of these parts.
    pub fn new(day: Date, what: impl Into<String>, count: u64) -> Self {
        Self { day, what: what.into(), count }
    }
}

/// What is over, and goes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LedgerPurge {
    /// For each chain: entries up to this one go, and this stands in their place. A checkpoint that is not further than the
    /// one that is there changes nothing.
    pub checkpoints: Vec<Checkpoint>,
    /// Texts that were last shown before this day go.
    pub texts_before: Date,
    /// Counters of days before this one go.
    pub counts_before: Date,
}

impl LedgerPurge {
    /// A purge of these parts.
    #[must_use]
    pub const fn new(checkpoints: Vec<Checkpoint>, texts_before: Date, counts_before: Date) -> Self {
        Self { checkpoints, texts_before, counts_before }
    }
}

/// Keeps consent records: what [`Records`](crate::Records) works on.
///
/// # Contract
///
/// Every store that comes with this crate passes one suite of tests, and every other one should (`tests/stores`).
///
/// 1. **An answer is a promise.** What was acknowledged survives whatever the store says that it survives.
/// 2. **Append-only.** [`append`](Self::append) changes no entry that is there, and refuses a batch with a place that is
///    taken, purged or named twice ([`Invalid`](super::StoreErrorKind::Invalid)). Only an erasure takes a body, and only a purge an entry.
/// 3. **All or nothing**, for each call: a crash, a failure or a future that is dropped leaves no half of it.
/// 4. What is acknowledged is **seen at once**, by every process on the store.
/// 5. **A store does not judge**: it works out no hash, and purges nothing by itself.
/// 6. **A failure is an error**, never an absence. After an error a write may have happened or not.
/// 7. An erased body is found by nobody, under no owner.
///
/// Several processes append to chains of their own at a time.
pub trait ConsentStore: fmt::Debug + Send + Sync + 'static {
    /// Adds entries and erases bodies, all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`Invalid`](super::StoreErrorKind::Invalid) where a place is taken: nothing was changed.
    /// [`Full`](super::StoreErrorKind::Full) where there is no room.
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()>;

    /// The entries of an owner that have a body, in the order of their times, then chains, then numbers.
    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>>;

    /// The entries of a chain after this number, at most so many, in order; erased ones without a body.
    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>>;

    /// The chains that have entries or a checkpoint, in any order, each with its checkpoint if it has one.
    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>>;

    /// Keeps a text that was shown on this day. Where it is there, only its last day moves on.
    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()>;

    /// A text by its hash.
    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>>;

    /// Adds to the counter of a day.
    fn count(&self, count: DayCount) -> StoreFuture<'_, ()>;

    /// All counters, in the order of days and names.
    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>>;

    /// Deletes what is over, and tells how many entries, texts and counters went.
    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64>;
}

/// A store can be shared.
impl<S: ConsentStore + ?Sized> ConsentStore for Arc<S> {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        (**self).append(batch)
    }

    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        (**self).entries_of(owner)
    }

    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        (**self).entries_after(place, limit)
    }

    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        (**self).chains()
    }

    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()> {
        (**self).keep_text(hash, text, day)
    }

    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        (**self).text(hash)
    }

    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        (**self).count(count)
    }

    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        (**self).counts()
    }

    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        (**self).purge(purge)
    }
}

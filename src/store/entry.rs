//! What a store keeps of a consent record: an entry of a chain, and its body, which can be erased.

use std::{fmt, str, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    error::{StoreError, StoreErrorKind},
    record::MAX_SUBJECT,
};
use crate::consent::RecordId;

/// Bytes of the data of one entry.
pub const MAX_ENTRY_DATA: usize = 16 << 10;

/// The version of the written form.
const VERSION: u8 = 1;
/// Version, chain, number, time, kind, commitment, link, and whether there is a body.
pub(super) const HEAD: usize = 1 + 16 + 8 + 8 + 1 + 32 + 32 + 1;

/// The number of a chain: 128 random bits, one for each process that writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId([u8; 16]);

impl ChainId {
    /// An id of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainId({self})")
    }
}

/// The place of an entry: its chain, and its number there, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a pair that will not grow")]
pub struct EntryPlace {
    /// The chain.
    pub chain: ChainId,
    /// The number in it, from 1 without gaps.
    pub number: u64,
}

/// What kinds of entries there are. A store keeps the number and does not judge by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// What a visitor chose.
    Choice,
    /// The bodies of other entries were erased.
    Erasure,
    /// A request of a person about their data.
    Request,
}

impl EntryKind {
    const ALL: [Self; 3] = [Self::Choice, Self::Erasure, Self::Request];

    /// The number that stores write for it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Choice => 1,
            Self::Erasure => 2,
            Self::Request => 3,
        }
    }

    /// The kind of this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What can be erased of an entry: whom it is about, and what happened.
///
/// `Debug` shows neither: it is about a person.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryBody {
    salt: [u8; 32],
    record_id: Option<RecordId>,
    subject: Option<Arc<str>>,
    data: Arc<[u8]>,
}

impl EntryBody {
    /// A body.
    ///
    /// # Errors
    ///
    /// [`Invalid`](StoreErrorKind::Invalid) if the subject is empty or longer than [`MAX_SUBJECT`] bytes, or the data
    /// longer than [`MAX_ENTRY_DATA`].
    pub fn new(
        salt: [u8; 32],
        record_id: Option<RecordId>,
        subject: Option<&str>,
        data: impl Into<Arc<[u8]>>,
    ) -> Result<Self, StoreError> {
        let data = data.into();
        let invalid = |message: String| Err(StoreError::new(StoreErrorKind::Invalid, message));
        match subject {
            Some("") => return invalid("subject: is empty".to_owned()),
            Some(subject) if subject.len() > MAX_SUBJECT => {
                return invalid(format!("subject: {} bytes, at most {MAX_SUBJECT}", subject.len()));
            }
            _ => {}
        }
        if data.len() > MAX_ENTRY_DATA {
            return invalid(format!("data: {} bytes, at most {MAX_ENTRY_DATA}", data.len()));
        }
        Ok(Self { salt, record_id, subject: subject.map(Arc::from), data })
    }

    /// The salt of the entry's commitment: once it is erased, the commitment says nothing.
    #[must_use]
    pub const fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    /// The record of a browser that the entry belongs to.
    #[must_use]
    pub const fn record_id(&self) -> Option<RecordId> {
        self.record_id
    }

    /// The account that the entry belongs to.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// What happened, as JSON.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

impl fmt::Debug for EntryBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryBody").field("data", &self.data.len()).finish_non_exhaustive()
    }
}

/// One entry of a chain. `body` is gone once it was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// Where it stands.
    pub place: EntryPlace,
    /// When it happened (Unix microseconds, so that the entries of several processes have an order).
    pub time: i64,
    /// What kind of entry it is.
    pub kind: EntryKind,
    /// The salted hash of the body.
    pub commitment: [u8; 32],
    /// The keyed hash of everything before and of this entry.
    pub link: [u8; 32],
    /// What can be erased.
    pub body: Option<EntryBody>,
}

impl LedgerEntry {
    /// An entry of these parts.
    #[must_use]
    pub const fn new(
        place: EntryPlace,
        time: i64,
        kind: EntryKind,
        commitment: [u8; 32],
        link: [u8; 32],
        body: Option<EntryBody>,
    ) -> Self {
        Self { place, time, kind, commitment, link, body }
    }

    /// Its written form, for stores that keep bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.body.as_ref().map_or(0, |body| 64 + body.data.len()));
        bytes.push(VERSION);
        bytes.extend_from_slice(self.place.chain.as_bytes());
        bytes.extend_from_slice(&self.place.number.to_be_bytes());
        bytes.extend_from_slice(&self.time.to_be_bytes());
        bytes.push(self.kind.number());
        bytes.extend_from_slice(&self.commitment);
        bytes.extend_from_slice(&self.link);
        bytes.push(u8::from(self.body.is_some()));
        if let Some(EntryBody { salt, record_id, subject, data }) = &self.body {
            bytes.extend_from_slice(salt);
            bytes.push(u8::from(record_id.is_some()));
            bytes.extend_from_slice(record_id.as_ref().map_or(&[], |id| &id.as_bytes()[..]));
            // A subject has at most 255 bytes, and is never empty.
            let subject = subject.as_deref().unwrap_or_default();
            bytes.push(u8::try_from(subject.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(subject.as_bytes());
            bytes.extend_from_slice(data);
        }
        bytes
    }

    /// Reads the written form.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt): it is none, or of a later version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        parse(bytes).ok_or_else(|| {
            let message = format!("a record entry of {} bytes cannot be read", bytes.len());
            StoreError::new(StoreErrorKind::Corrupt, message)
        })
    }
}

fn parse(bytes: &[u8]) -> Option<LedgerEntry> {
    let rest = &mut &*bytes;
    if take(rest)? != [VERSION] {
        return None;
    }
    let place = EntryPlace { chain: ChainId(take(rest)?), number: u64::from_be_bytes(take(rest)?) };
    let time = i64::from_be_bytes(take(rest)?);
    let [kind] = take(rest)?;
    let kind = EntryKind::from_number(kind)?;
    let (commitment, link) = (take(rest)?, take(rest)?);
    let body = match take(rest)? {
        [0] if rest.is_empty() => None,
        [1] => Some(parse_body(rest)?),
        _ => return None,
    };
    Some(LedgerEntry { place, time, kind, commitment, link, body })
}

fn parse_body(rest: &mut &[u8]) -> Option<EntryBody> {
    let salt = take(rest)?;
    let record_id = match take(rest)? {
        [0] => None,
        [1] => Some(RecordId::from_bytes(take(rest)?)),
        _ => return None,
    };
    let [length] = take(rest)?;
    let (subject, data) = rest.split_at_checked(usize::from(length))?;
    let subject = str::from_utf8(subject).ok().filter(|subject| !subject.is_empty());
    EntryBody::new(salt, record_id, subject, data).ok()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

/// The end of a part of a chain that was purged: what is left begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The last entry that is gone; number 0 where none is.
    pub place: EntryPlace,
    /// Its link.
    pub link: [u8; 32],
    /// The keyed hash that vouches for it.
    pub seal: [u8; 32],
}

impl Checkpoint {
    /// A checkpoint of these parts.
    #[must_use]
    pub const fn new(place: EntryPlace, link: [u8; 32], seal: [u8; 32]) -> Self {
        Self { place, link, seal }
    }

    /// Its written form, for stores that keep bytes: 88 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { place, link, seal } = self;
        [&place.chain.as_bytes()[..], &place.number.to_be_bytes(), link, seal].concat()
    }

    /// Reads the written form.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt): it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let parse = |rest: &mut &[u8]| {
            let place = EntryPlace { chain: ChainId(take(rest)?), number: u64::from_be_bytes(take(rest)?) };
            Some(Self { place, link: take(rest)?, seal: take(rest)? })
        };
        let rest = &mut &*bytes;
        parse(rest).filter(|_| rest.is_empty()).ok_or_else(|| {
            StoreError::new(StoreErrorKind::Corrupt, format!("a checkpoint of {} bytes cannot be read", bytes.len()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(body: Option<EntryBody>) -> LedgerEntry {
        let place = EntryPlace { chain: ChainId([7; 16]), number: 9 };
        LedgerEntry::new(place, -5, EntryKind::Request, [1; 32], [2; 32], body)
    }

    #[test]
    fn entries_are_written_and_read() {
        let id = Some(RecordId::from_bytes([3; 16]));
        let bodies = [
            None,
            Some(EntryBody::new([4; 32], None, None, *b"{}").unwrap()),
            Some(EntryBody::new([4; 32], id, Some(&"x".repeat(255)), *b"").unwrap()),
            Some(EntryBody::new([0; 32], id, Some("k\u{e4}the"), vec![9; MAX_ENTRY_DATA]).unwrap()),
        ];
        for body in bodies {
            let entry = entry(body);
            let bytes = entry.to_bytes();
            assert_eq!(LedgerEntry::from_bytes(&bytes).unwrap(), entry);
            for length in 0..HEAD.min(bytes.len()) {
                assert_eq!(LedgerEntry::from_bytes(&bytes[..length]).unwrap_err().kind(), StoreErrorKind::Corrupt);
            }
        }
        assert!(LedgerEntry::from_bytes(&[entry(None).to_bytes(), vec![0]].concat()).is_err());
    }

    #[test]
    fn checkpoints_are_written_and_read() {
        let checkpoint = Checkpoint::new(EntryPlace { chain: ChainId([7; 16]), number: 3 }, [1; 32], [2; 32]);
        assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap(), checkpoint);
        assert_eq!(checkpoint.to_bytes().len(), 88);
        assert!(Checkpoint::from_bytes(&[0; 87]).is_err());
    }

    #[test]
    fn bodies_have_limits() {
        for body in [
            EntryBody::new([0; 32], None, Some(""), *b""),
            EntryBody::new([0; 32], None, Some(&"x".repeat(256)), *b""),
            EntryBody::new([0; 32], None, None, vec![0; MAX_ENTRY_DATA + 1]),
        ] {
            assert_eq!(body.unwrap_err().kind(), StoreErrorKind::Invalid);
        }
    }
}

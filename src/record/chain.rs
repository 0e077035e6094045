//! The keyed chain: commitments, links, seals.
//!
//! An entry's *commitment* is the hash of its body with a salt that is part of the body; its *link* is a keyed hash of the
//! link before, the entry's place, time, kind and commitment. So a link says that everything before it is as it was, and
//! says nothing of a body that is gone.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::store::{Checkpoint, EntryBody, EntryKind, EntryPlace, LedgerEntry};

/// What stands before the first entry of a chain.
pub(super) const START: [u8; 32] = [0; 32];

/// The keys: the first one writes, all of them verify.
#[derive(Clone)]
pub(super) struct ChainKeys(Vec<Hmac<Sha256>>);

impl ChainKeys {
    /// Without a key, whoever can write to the store can write a chain that verifies.
    pub(super) fn new(secrets: &[Vec<u8>]) -> Self {
        // HMAC takes keys of any length.
        let keyed = |secret: &[u8]| Hmac::new_from_slice(secret).ok();
        let mut keys: Vec<_> = secrets.iter().filter_map(|secret| keyed(secret)).collect();
        if keys.is_empty() {
            keys.extend(keyed(&[0; 32]));
        }
        Self(keys)
    }

    fn sign(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = key.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    /// Whether one of the keys gives this hash, in constant time for each.
    fn verify(&self, parts: &[&[u8]], hash: &[u8; 32]) -> bool {
        self.0.iter().any(|key| {
            let mut mac = key.clone();
            parts.iter().for_each(|part| mac.update(part));
            mac.verify_slice(hash).is_ok()
        })
    }

    fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.0.first().map_or(START, |key| Self::sign(key, parts))
    }

    /// The entry that follows a link.
    pub(super) fn entry(
        &self,
        before: &[u8; 32],
        place: EntryPlace,
        time: i64,
        kind: EntryKind,
        body: EntryBody,
    ) -> LedgerEntry {
        let commitment = commitment(&body);
        let head = Head::new(&place, time, kind);
        let link = self.hash(&head.parts(before, &commitment));
        LedgerEntry::new(place, time, kind, commitment, link, Some(body))
    }

    /// Whether an entry follows a link.
    pub(super) fn follows(&self, before: &[u8; 32], entry: &LedgerEntry) -> bool {
        let head = Head::new(&entry.place, entry.time, entry.kind);
        self.verify(&head.parts(before, &entry.commitment), &entry.link)
    }

    /// The checkpoint that stands for everything up to a link.
    pub(super) fn checkpoint(&self, place: EntryPlace, link: [u8; 32]) -> Checkpoint {
        let number = place.number.to_be_bytes();
        let seal = self.hash(&[b"tower-consent checkpoint 1", place.chain.as_bytes(), &number, &link]);
        Checkpoint::new(place, link, seal)
    }

    /// Whether a checkpoint was written with one of the keys.
    pub(super) fn vouches_for(&self, checkpoint: &Checkpoint) -> bool {
        let Checkpoint { place, link, seal, .. } = checkpoint;
        let number = place.number.to_be_bytes();
        self.verify(&[b"tower-consent checkpoint 1", place.chain.as_bytes(), &number, link], seal)
    }
}

impl fmt::Debug for ChainKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainKeys({})", self.0.len())
    }
}

/// The bytes of an entry's head.
struct Head {
    chain: [u8; 16],
    number: [u8; 8],
    time: [u8; 8],
    kind: [u8; 1],
}

impl Head {
    fn new(place: &EntryPlace, time: i64, kind: EntryKind) -> Self {
        Self {
            chain: *place.chain.as_bytes(),
            number: place.number.to_be_bytes(),
            time: time.to_be_bytes(),
            kind: [kind.number()],
        }
    }

    fn parts<'a>(&'a self, before: &'a [u8; 32], commitment: &'a [u8; 32]) -> [&'a [u8]; 7] {
        [b"tower-consent link 1", before, &self.chain, &self.number, &self.time, &self.kind, commitment]
    }
}

/// The salted hash of a body. Every part has a fixed length or one that is written before it.
pub(super) fn commitment(body: &EntryBody) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"tower-consent body 1");
    hash.update(body.salt());
    match body.record_id() {
        Some(id) => {
            hash.update([1]);
            hash.update(id.as_bytes());
        }
        None => hash.update([0]),
    }
    let subject = body.subject().unwrap_or_default();
    hash.update((subject.len() as u64).to_be_bytes());
    hash.update(subject);
    hash.update(body.data());
    hash.finalize().into()
}

//! Whether anything was altered, dropped or inserted.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{
    chain::{ChainKeys, START, commitment},
    event::ErasureEvent,
    records::Records,
};
use crate::store::{ChainId, Checkpoint, EntryKind, EntryPlace, LedgerEntry, StoreError, TextHash};

/// Entries that are read at a time.
const PAGE: usize = 500;

/// A chain that is walked along.
#[derive(Debug)]
pub(super) struct Chain {
    checkpoint: Option<Checkpoint>,
    place: EntryPlace,
    link: [u8; 32],
}

impl Chain {
    pub(super) fn new(chain: ChainId, checkpoint: Option<Checkpoint>) -> Self {
        let (place, link) = match &checkpoint {
            Some(checkpoint) => (checkpoint.place, checkpoint.link),
            None => (EntryPlace { chain, number: 0 }, START),
        };
        Self { checkpoint, place, link }
    }

    /// Where it stands: the last entry that was followed, or the checkpoint.
    pub(super) const fn place(&self) -> EntryPlace {
        self.place
    }

    pub(super) fn is_vouched_for(&self, keys: &ChainKeys) -> bool {
        self.checkpoint.as_ref().is_none_or(|checkpoint| keys.vouches_for(checkpoint))
    }

    /// Goes on to an entry, and tells whether it is the next one.
    pub(super) fn follow(&mut self, keys: &ChainKeys, entry: &LedgerEntry) -> bool {
        let is_next = entry.place.number == self.place.number.saturating_add(1) && keys.follows(&self.link, entry);
        (self.place, self.link) = (entry.place, entry.link);
        is_next
    }
}

/// The newest entry of a chain: what to keep in another place, so that its loss is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChainHead {
    /// The chain, as 22 characters.
    pub chain: String,
    /// The number of its newest entry.
    pub number: u64,
    /// That entry's link, in hexadecimal digits.
    pub link: String,
}

impl ChainHead {
    fn new(place: &EntryPlace, link: &[u8; 32]) -> Self {
        // A link is written as a text's hash is.
        let link = TextHash::from_bytes(*link).to_string();
        Self { chain: place.chain.to_string(), number: place.number, link }
    }
}

/// What the walk along all chains found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// Chains.
    pub chains: u64,
    /// Entries of all chains.
    pub entries: u64,
    /// Entries whose bodies were erased.
    pub erased: u64,
    /// Whether the chains have a key: without one only accidents are found.
    pub is_keyed: bool,
    /// The newest entry of each chain.
    pub heads: Vec<ChainHead>,
    /// What is wrong; empty if nothing is.
    pub findings: Vec<Finding>,
}

impl Verification {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, kind: FindingKind, place: &EntryPlace) {
        self.findings.push(Finding { kind, chain: place.chain.to_string(), number: place.number });
    }
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// The chain.
    pub chain: String,
    /// The number of the entry.
    pub number: u64,
}

/// What can be wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingKind {
    /// It does not follow the one before: one of the two was altered, or one between them was dropped, or this one inserted.
    BrokenLink,
    /// Its body is not the one that was written.
    AlteredBody,
    /// Its body is gone, and no erasure says so.
    MissingBody,
    /// It was erased, and is there again.
    ReturnedBody,
    /// A checkpoint that was not written with the key.
    ForgedCheckpoint,
    /// A head that was kept elsewhere is not in the chain any more.
    LostHead,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FindingKind::BrokenLink => "does not follow the entry before it",
            FindingKind::AlteredBody => "was altered",
            FindingKind::MissingBody => "lost its body, and no erasure says so",
            FindingKind::ReturnedBody => "was erased, and has a body again",
            FindingKind::ForgedCheckpoint => "is a checkpoint that was not written with the key",
            FindingKind::LostHead => "was the head of the chain, and is not in it any more",
        };
        write!(f, "chain {}, entry {}: {what}", self.chain, self.number)
    }
}

impl Records {
    /// Walks along every chain, from its beginning or checkpoint to its head.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn verify(&self) -> Result<Verification, StoreError> {
        self.verify_since(&[]).await
    }

    /// The same, and whether heads that were kept elsewhere are still there, or behind a checkpoint.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn verify_since(&self, known: &[ChainHead]) -> Result<Verification, StoreError> {
        let first = self.walk(known).await?;
        if first.is_intact() {
            return Ok(first);
        }
        // A purge or an erasure between two pages of the walk looks like a manipulation, but not twice in the same place.
        let mut again = self.walk(known).await?;
        again.findings.retain(|finding| first.findings.contains(finding));
        Ok(again)
    }

    async fn walk(&self, known: &[ChainHead]) -> Result<Verification, StoreError> {
        let keys = &self.ledger().keys;
        let mut found = Verification { is_keyed: self.is_keyed(), ..Verification::default() };
        let (mut bare, mut erased) = (BTreeSet::new(), BTreeSet::new());
        let mut whole = BTreeSet::new();
        let mut lost: Vec<&ChainHead> = known.iter().collect();
        for (id, checkpoint) in self.store().chains().await? {
            let mut chain = Chain::new(id, checkpoint);
            found.chains += 1;
            if !chain.is_vouched_for(keys) {
                found.find(FindingKind::ForgedCheckpoint, &chain.place());
            }
            let purged = chain.place();
            let name = id.to_string();
            lost.retain(|head| head.chain != name || head.number > purged.number);
            loop {
                let page = self.store().entries_after(chain.place(), PAGE).await?;
                let is_last = page.len() < PAGE;
                for entry in &page {
                    found.entries += 1;
                    if !chain.follow(keys, entry) {
                        found.find(FindingKind::BrokenLink, &entry.place);
                    }
                    match &entry.body {
                        None => drop(bare.insert(entry.place)),
                        Some(body) if commitment(body) != entry.commitment => {
                            found.find(FindingKind::AlteredBody, &entry.place);
                        }
                        Some(body) if entry.kind == EntryKind::Erasure => {
                            erased.extend(
                                serde_json::from_slice::<ErasureEvent>(body.data())
                                    .map_or_else(|_other| Vec::new(), |event| event.erased),
                            );
                        }
                        Some(_) => drop(whole.insert((name.clone(), entry.place.number))),
                    }
                    let head = ChainHead::new(&entry.place, &entry.link);
                    lost.retain(|known| **known != head);
                }
                if is_last {
                    break;
                }
            }
            found.heads.push(ChainHead::new(&chain.place(), &chain.link));
        }
        found.erased = bare.len() as u64;
        for place in &bare {
            if !erased.contains(&(place.chain.to_string(), place.number)) {
                found.find(FindingKind::MissingBody, place);
            }
        }
        for (chain, number) in whole.intersection(&erased) {
            found.findings.push(Finding { kind: FindingKind::ReturnedBody, chain: chain.clone(), number: *number });
        }
        found.findings.extend(lost.iter().map(|head| Finding {
            kind: FindingKind::LostHead,
            chain: head.chain.clone(),
            number: head.number,
        }));
        Ok(found)
    }

    /// The newest entry of each chain: keep them in another place, with their day, and give them to
    /// [`verify_since`](Self::verify_since) later.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn heads(&self) -> Result<Vec<ChainHead>, StoreError> {
        Ok(self.verify().await?.heads)
    }
}

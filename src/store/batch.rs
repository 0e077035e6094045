//! What the stores on servers make of a batch or a purge before they send it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    consent::LedgerBatch,
    entry::{ChainId, Checkpoint, EntryPlace, LedgerEntry},
    error::{StoreError, StoreErrorKind},
};

/// The error of a place that is taken.
pub(super) fn is_taken(place: &EntryPlace) -> StoreError {
    let message = format!("chain {}: number {} is taken", place.chain, place.number);
    StoreError::new(StoreErrorKind::Invalid, message)
}

/// The entries of a batch, each place once, and the places to erase. What is erased as soon as it is added is sent
/// without its body.
pub(super) fn parts(batch: LedgerBatch) -> Result<(Vec<LedgerEntry>, BTreeSet<EntryPlace>), StoreError> {
    let LedgerBatch { mut entries, erased } = batch;
    let erased: BTreeSet<_> = erased.into_iter().collect();
    let mut places = BTreeSet::new();
    for entry in &mut entries {
        if !places.insert(entry.place) {
            return Err(is_taken(&entry.place));
        }
        if erased.contains(&entry.place) {
            entry.body = None;
        }
    }
    Ok((entries, erased))
}

/// One checkpoint for each chain, the farthest, in the order of the chains.
pub(super) fn farthest(checkpoints: Vec<Checkpoint>) -> impl Iterator<Item = Checkpoint> {
    let mut farthest = BTreeMap::<ChainId, Checkpoint>::new();
    for checkpoint in checkpoints {
        let kept = farthest.entry(checkpoint.place.chain).or_insert(checkpoint);
        if kept.place.number < checkpoint.place.number {
            *kept = checkpoint;
        }
    }
    farthest.into_values()
}

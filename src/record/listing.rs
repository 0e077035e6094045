//! Reading what is on record: of an owner, and of everybody for the site's own staff.

use std::collections::BTreeSet;

use super::records::Records;
use crate::{
    consent::RecordId,
    store::{EntryKind, EntryPlace, LedgerEntry, Owner, StoreError},
};

/// The entries of an owner, and of the other half of it: an account's browsers.
pub(super) async fn entries_of_all(records: &Records, owner: &Owner) -> Result<Vec<LedgerEntry>, StoreError> {
    let mut found = records.store().entries_of(owner).await?;
    if matches!(owner, Owner::Subject(_)) {
        let ids: BTreeSet<_> =
            found.iter().filter_map(|entry| entry.body.as_ref()?.record_id()).map(|id| *id.as_bytes()).collect();
        for id in ids {
            let id = RecordId::from_bytes(id);
            found.extend(records.store().entries_of(&Owner::Record(id)).await?);
        }
        found.sort_by_key(|entry| (entry.time, entry.place));
        found.dedup_by_key(|entry| entry.place);
    }
    Ok(found)
}

impl Records {
    /// All entries of a kind that have a body, chain by chain.
    pub(super) async fn all_of(&self, kind: EntryKind) -> Result<Vec<LedgerEntry>, StoreError> {
        const PAGE: usize = 500;
        let mut found = Vec::new();
        for (chain, checkpoint) in self.store().chains().await? {
            let mut place = checkpoint.map_or(EntryPlace { chain, number: 0 }, |checkpoint| checkpoint.place);
            loop {
                let page = self.store().entries_after(place, PAGE).await?;
                let Some(last) = page.last() else { break };
                place = last.place;
                let is_last = page.len() < PAGE;
                found.extend(page.into_iter().filter(|entry| entry.kind == kind && entry.body.is_some()));
                if is_last {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The latest choices on record, the newest first, each as a line of JSON: for a page of the site's own staff.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn latest(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let mut entries = self.all_of(EntryKind::Choice).await?;
        // What became of a grant is told by what comes after it.
        entries.sort_by_key(|entry| (entry.time, entry.place));
        let latest = entries.split_off(entries.len().saturating_sub(most));
        let (events, _) = self.describe(&latest).await?;
        Ok(events.iter().rev().map(ToString::to_string).collect())
    }
}

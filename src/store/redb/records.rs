//! Consent records in the file: written by the one writer, read from it at once.

use ::redb::{Error, ReadTransaction};
use time::Date;

use super::{RedbStore, ledger, writer::Change};
use crate::store::{
    consent::{ConsentStore, DayCount, LedgerBatch, LedgerPurge, Owner, TextHash},
    entry::{ChainId, Checkpoint, EntryPlace, LedgerEntry},
    error::StoreError,
    future::StoreFuture,
};

impl RedbStore {
    fn found<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<Result<T, StoreError>, Error>,
    ) -> StoreFuture<'_, T> {
        StoreFuture::ready(self.0.file.read(work).inspect_err(|error| self.0.mend(error)))
    }

    fn written(&self, change: Change) -> StoreFuture<'_, ()> {
        StoreFuture::awaited(async move { self.0.change(change).await.map(drop) })
    }
}

impl ConsentStore for RedbStore {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        self.written(Change::Append(batch))
    }

    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        self.found(|transaction| ledger::entries_of(transaction, owner))
    }

    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        self.found(|transaction| ledger::entries_after(transaction, place, limit))
    }

    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        self.found(ledger::chains)
    }

    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()> {
        self.written(Change::KeepText { hash, text: text.into(), day })
    }

    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        self.found(|transaction| ledger::text(transaction, hash))
    }

    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        self.written(Change::Count(count))
    }

    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        self.found(ledger::counts)
    }

    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        StoreFuture::awaited(self.0.change(Change::Purge(purge)))
    }
}

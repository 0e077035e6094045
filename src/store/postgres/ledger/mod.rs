//! Consent records in PostgreSQL.

mod row;
mod statements;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Error, IsolationLevel};

use self::row::day_number;
pub(super) use self::statements::{Statements, tables};
use super::{
    PostgresStore,
    database::Database,
    error::{Stage, failed, was_rolled_back},
};
use time::Date;

use crate::store::{
    batch::{farthest, is_taken, parts},
    consent::{ConsentStore, DayCount, LedgerBatch, LedgerPurge, Owner, TextHash},
    entry::{ChainId, Checkpoint, EntryPlace, LedgerEntry},
    error::{StoreError, StoreErrorKind},
    future::StoreFuture,
};

/// How long a purge may take: nobody waits for it, and it is all or nothing.
const PURGE_LIMIT: Duration = Duration::from_secs(300);

/// A number as the tables have it.
fn number(place: &EntryPlace) -> Result<i64, StoreError> {
    i64::try_from(place.number).map_err(|_too_large| {
        let message = format!("chain {}: number {}, at most {}", place.chain, place.number, i64::MAX);
        StoreError::new(StoreErrorKind::Invalid, message)
    })
}

impl PostgresStore {
    async fn append_batch(&self, batch: LedgerBatch) -> Result<(), StoreError> {
        let (entries, erased) = parts(batch)?;
        let numbers = entries.iter().map(|entry| number(&entry.place)).collect::<Result<Vec<_>, _>>()?;
        let chains: Vec<&[u8]> = entries.iter().map(|entry| &entry.place.chain.as_bytes()[..]).collect();
        let times: Vec<i64> = entries.iter().map(|entry| entry.time).collect();
        let kinds: Vec<i16> = entries.iter().map(|entry| i16::from(entry.kind.number())).collect();
        let commitments: Vec<&[u8]> = entries.iter().map(|entry| &entry.commitment[..]).collect();
        let links: Vec<&[u8]> = entries.iter().map(|entry| &entry.link[..]).collect();
        let bodies = || entries.iter().map(|entry| entry.body.as_ref());
        let salts: Vec<Option<&[u8]>> = bodies().map(|body| Some(&body?.salt()[..])).collect();
        let ids: Vec<Option<_>> = bodies().map(|body| body?.record_id()).collect();
        let ids: Vec<Option<&[u8]>> = ids.iter().map(|id| Some(&id.as_ref()?.as_bytes()[..])).collect();
        let subjects: Vec<Option<&[u8]>> = bodies().map(|body| Some(body?.subject()?.as_bytes())).collect();
        let data: Vec<Option<&[u8]>> = bodies().map(|body| Some(body?.data())).collect();
        // What has no number here is not there.
        let erased = erased.iter().filter_map(|place| Some((&place.chain.as_bytes()[..], number(place).ok()?)));
        let (erased_chains, erased_numbers): (Vec<&[u8]>, Vec<i64>) = erased.unzip();
        let rows = self
            .database
            .change(
                "append",
                &self.database.statements.ledger.append,
                &[
                    &chains,
                    &numbers,
                    &times,
                    &kinds,
                    &commitments,
                    &links,
                    &salts,
                    &ids,
                    &subjects,
                    &data,
                    &erased_chains,
                    &erased_numbers,
                ],
            )
            .await?;
        if rows.is_empty() {
            return Ok(());
        }
        Err(row::taken(&rows).as_ref().map_or_else(
            || StoreError::new(StoreErrorKind::Corrupt, "append: an answer that names no place"),
            is_taken,
        ))
    }

    async fn find_entries_of(&self, owner: Owner) -> Result<Vec<LedgerEntry>, StoreError> {
        let statements = &self.database.statements.ledger;
        let rows = match &owner {
            Owner::Record(id) => {
                let id = &id.as_bytes()[..];
                self.database.query("entries of a record", &statements.entries_of_record, &[&id]).await?
            }
            Owner::Subject(subject) => {
                let subject = subject.as_bytes();
                self.database.query("entries of a subject", &statements.entries_of_subject, &[&subject]).await?
            }
        };
        row::entries("entries of an owner", &rows)
    }

    async fn find_entries_after(&self, place: EntryPlace, limit: usize) -> Result<Vec<LedgerEntry>, StoreError> {
        // After the largest number nothing comes.
        let number = i64::try_from(place.number).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = &self.database.statements.ledger.entries_after;
        let rows = self.database.query("entries after", sql, &[&&place.chain.as_bytes()[..], &number, &limit]).await?;
        row::entries("entries after", &rows)
    }

    async fn purge_now(&self, purge: LedgerPurge) -> Result<u64, StoreError> {
        let mut checkpoints = Vec::new();
        for checkpoint in farthest(purge.checkpoints) {
            checkpoints.push((number(&checkpoint.place)?, checkpoint));
        }
        let days = (day_number(purge.texts_before), day_number(purge.counts_before));
        self.database.purge(&checkpoints, days).await
    }
}

impl Database {
    /// All in one transaction: after the wait for a row of a chain, what an append has added must be seen.
    async fn purge(&self, checkpoints: &[(i64, Checkpoint)], days: (i32, i32)) -> Result<u64, StoreError> {
        let what = "purge";
        let deadline = Instant::now() + PURGE_LIMIT;
        loop {
            let mut client = self.client(PURGE_LIMIT, what, deadline).await?;
            let work = transact(&mut client, &self.statements.ledger, checkpoints, days);
            match timeout_at(deadline, work).await {
                Ok(Ok(count)) => return Ok(count),
                Ok(Err(error)) if was_rolled_back(&error) => {}
                Ok(Err(error)) => return Err(failed(Stage::Open, what, error)),
                Err(_elapsed) => return Err(self.give_up(PURGE_LIMIT, what, client)),
            }
        }
    }
}

async fn transact(
    client: &mut deadpool_postgres::Client,
    statements: &Statements,
    checkpoints: &[(i64, Checkpoint)],
    (texts_before, counts_before): (i32, i32),
) -> Result<u64, Error> {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    let mut count = 0;
    if !checkpoints.is_empty() {
        let chains: Vec<&[u8]> = checkpoints.iter().map(|(_, end)| &end.place.chain.as_bytes()[..]).collect();
        let numbers: Vec<i64> = checkpoints.iter().map(|(number, _)| *number).collect();
        let links: Vec<&[u8]> = checkpoints.iter().map(|(_, end)| &end.link[..]).collect();
        let seals: Vec<&[u8]> = checkpoints.iter().map(|(_, end)| &end.seal[..]).collect();
        let advance = transaction.prepare_cached(&statements.advance).await?;
        let advanced = transaction.query(&advance, &[&chains, &numbers, &links, &seals]).await?;
        let mut places: (Vec<&[u8]>, Vec<i64>) = Default::default();
        for row in &advanced {
            places.0.push(row.try_get(0)?);
            places.1.push(row.try_get(1)?);
        }
        let entries = transaction.prepare_cached(&statements.purge_entries).await?;
        count += transaction.execute(&entries, &[&places.0, &places.1]).await?;
    }
    for (sql, day) in [(&statements.purge_texts, texts_before), (&statements.purge_counts, counts_before)] {
        let statement = transaction.prepare_cached(sql).await?;
        count += transaction.execute(&statement, &[&day]).await?;
    }
    transaction.commit().await?;
    Ok(count)
}

impl ConsentStore for PostgresStore {
    fn append(&self, batch: LedgerBatch) -> StoreFuture<'_, ()> {
        StoreFuture::awaited(self.append_batch(batch))
    }

    fn entries_of(&self, owner: &Owner) -> StoreFuture<'_, Vec<LedgerEntry>> {
        StoreFuture::awaited(self.find_entries_of(owner.clone()))
    }

    fn entries_after(&self, place: EntryPlace, limit: usize) -> StoreFuture<'_, Vec<LedgerEntry>> {
        StoreFuture::awaited(self.find_entries_after(place, limit))
    }

    fn chains(&self) -> StoreFuture<'_, Vec<(ChainId, Option<Checkpoint>)>> {
        let database = &self.database;
        StoreFuture::awaited(async move {
            row::chains(&database.query("chains", &database.statements.ledger.chains, &[]).await?)
        })
    }

    fn keep_text(&self, hash: TextHash, text: &str, day: Date) -> StoreFuture<'_, ()> {
        let (database, text, day) = (&self.database, text.to_owned(), day_number(day));
        StoreFuture::awaited(async move {
            let sql = &database.statements.ledger.keep_text;
            database.execute("keep text", sql, &[&&hash.as_bytes()[..], &text.as_bytes(), &day]).await.map(drop)
        })
    }

    fn text(&self, hash: &TextHash) -> StoreFuture<'_, Option<String>> {
        let (database, hash) = (&self.database, *hash);
        StoreFuture::awaited(async move {
            row::text(&database.query("text", &database.statements.ledger.text, &[&&hash.as_bytes()[..]]).await?)
        })
    }

    fn count(&self, count: DayCount) -> StoreFuture<'_, ()> {
        let database = &self.database;
        StoreFuture::awaited(async move {
            let (day, more) = (day_number(count.day), i64::try_from(count.count).unwrap_or(i64::MAX));
            let sql = &database.statements.ledger.count;
            database.execute("count", sql, &[&day, &count.what.as_bytes(), &more]).await.map(drop)
        })
    }

    fn counts(&self) -> StoreFuture<'_, Vec<DayCount>> {
        let database = &self.database;
        StoreFuture::awaited(async move {
            row::counts(&database.query("counts", &database.statements.ledger.counts, &[]).await?)
        })
    }

    fn purge(&self, purge: LedgerPurge) -> StoreFuture<'_, u64> {
        StoreFuture::awaited(self.purge_now(purge))
    }
}

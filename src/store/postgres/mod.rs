//! Tokens and consent records in PostgreSQL: for many servers.

mod address;
mod builder;
mod database;
mod error;
mod ledger;
mod row;
mod schema;
mod statements;
mod sweeping;

use std::{fmt, sync::Arc};

use deadpool_postgres::Pool;

pub use self::builder::PostgresStoreBuilder;
use self::{database::Database, sweeping::Sweeping};
use super::{
    error::{StoreError, StoreErrorKind},
    future::StoreFuture,
    record::TokenRecord,
    token::{TokenDigest, TokenStore},
};

/// How often all tokens of a subject are deleted and listed again, before that is an error.
const ROUNDS: usize = 100;

/// Keeps tokens and consent records in PostgreSQL (12 or later), for any number of servers. Clones share one pool of
/// connections.
///
/// ```no_run
/// use tower_consent::{PostgresStore, Tokens};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect("postgres://app:password@db.example.com/app?sslmode=require").await?;
/// let tokens = Tokens::new(store);
/// # Ok(())
/// # }
/// ```
///
/// # Defaults
///
/// 10 connections at most; 2 seconds for an operation, the wait for a connection included; a sweep when it is opened and
/// every 5 minutes, on a task that ends with the last clone; tables in the first schema of the `search_path`. See
/// [`PostgresStoreBuilder`]. It is opened and used inside of a Tokio runtime, as its driver is.
///
/// # TLS
///
/// `sslmode=prefer`, which is the driver's default, uses TLS where the server offers it; `require` insists. In both the
/// certificate and its name are checked, against the roots that browsers trust or
/// [`root_certificates`](PostgresStoreBuilder::root_certificates). Say `sslmode=require` wherever the line leaves the
/// machine.
///
/// # Tables
///
/// The store makes `tower_consent_version`, `tower_consent_tokens`, and for consent records `tower_consent_entries`,
/// `tower_consent_chains` (with their checkpoints), `tower_consent_texts` and `tower_consent_counts`. It does so in one
/// transaction and under a lock, so that any number of servers may start at once; what an earlier release has made gets
/// what it lacks, and keeps its rows. The role needs `CREATE` on the schema for that, and later only `SELECT`, `INSERT`,
/// `UPDATE`, `DELETE`. Tables of a later version are refused. Subjects, labels, record ids and what was chosen are stored
/// as `bytea`, in the clear; the token's secret is not stored. Days are counted from 1970-01-01.
///
/// # Round trips
///
/// One for every operation, by a prepared statement (one more when a connection meets it first).
/// `delete_all_of` takes two, and more while tokens of the subject are being issued. An `append` is one too, whatever its
/// batch holds; where it meets another one, or a purge, the server takes it back and it is sent again. A `purge` is a
/// transaction of up to six, and may take five minutes. A broken connection is noticed
/// without asking; statements under way on it fail with [`Unavailable`](StoreErrorKind::Unavailable), reads are sent once
/// more on another one. After a restart of the server the store works again by itself.
///
/// # Promises, and who can break them
///
/// A write is acknowledged when the server has it on disk. A server, database or role with `fsync = off` or
/// `synchronous_commit = off` is refused when the store is opened, unless
/// [`accept_unsafe`](PostgresStoreBuilder::accept_unsafe) is called. A standby is never read.
///
/// - **Failover.** With asynchronous replication a failover loses the last writes: a token that was revoked in the last
///   moments is back. Set `synchronous_standby_names` where that matters, or revoke all sessions after a failover
///   (`DELETE FROM tower_consent_tokens`). An old primary that was not shut off still finds what was deleted elsewhere.
/// - **Restoring a backup** brings back what was revoked since: empty the table of tokens after it. It brings back erased
///   bodies too, and loses the records since: who restores one must erase again.
/// - **Pooling proxies** (PgBouncer) work by session. By transaction they must know prepared statements (PgBouncer 1.21
///   with `max_prepared_statements`). The store keeps no lock and no setting between statements.
///
/// # Growth
///
/// About 250 bytes a token with a short subject and no label, indices included. A sweep deletes, by the database's own
/// time and in batches of 1,000, what ended at least one interval ago; of many servers one at a time has the turn.
/// Autovacuum gives the room to new tokens.
///
/// A consent record with a record id and a short subject takes about 330 bytes more than its data. Nothing deletes one but a
/// purge.
///
/// # What deletion leaves behind
///
/// A deleted row's bytes (subject, times, label, data, and a digest that opens nothing) stay in the table's pages until
/// vacuum and new rows overwrite them, and in the write-ahead log until its segments are reused. `VACUUM FULL
/// tower_consent_tokens` writes the table anew, and locks it meanwhile; `SELECT pg_switch_wal(); CHECKPOINT` lets old
/// segments be reused. Archived logs, replicas and backups keep theirs. With the body of an erased record it is the same
/// (`VACUUM FULL tower_consent_entries`): in the row itself only its place, time, kind and hashes are left.
#[derive(Clone)]
pub struct PostgresStore {
    database: Arc<Database>,
    seconds: i64,
    // Ends with the last clone.
    _sweeping: Arc<Sweeping>,
}

impl PostgresStore {
    /// A store with the defaults.
    ///
    /// # Errors
    ///
    /// As [`PostgresStoreBuilder::connect`].
    pub async fn connect(address: &str) -> Result<Self, StoreError> {
        Self::builder().connect(address).await
    }

    /// A store with the defaults, on an application's own pool.
    ///
    /// # Errors
    ///
    /// As [`PostgresStoreBuilder::connect`].
    pub async fn with_pool(pool: Pool) -> Result<Self, StoreError> {
        Self::builder().with_pool(pool).await
    }

    /// A store with settings.
    pub fn builder() -> PostgresStoreBuilder {
        PostgresStoreBuilder::new()
    }

    async fn insert(&self, record: TokenRecord) -> Result<bool, StoreError> {
        let (database, form) = (&self.database, i16::from(record.form().number()));
        let count = database
            .execute(
                "insert",
                &database.statements.insert,
                &[
                    &&record.digest().as_bytes()[..],
                    &record.subject().as_bytes(),
                    &record.issued_at(),
                    &record.expires_at(),
                    &record.seen_at(),
                    &record.session(),
                    &form,
                    &record.label().as_bytes(),
                    &record.data(),
                ],
            )
            .await?;
        Ok(count > 0)
    }

    async fn find(&self, digest: TokenDigest) -> Result<Option<TokenRecord>, StoreError> {
        let database = &self.database;
        let rows = database.query("get", &database.statements.get, &[&&digest.as_bytes()[..]]).await?;
        Ok(row::records("get", &rows)?.pop())
    }

    async fn list(&self, subject: &str) -> Result<Vec<TokenRecord>, StoreError> {
        let database = &self.database;
        let rows = database.query("list", &database.statements.list, &[&subject.as_bytes()]).await?;
        row::records("list", &rows)
    }

    async fn remove(&self, digest: TokenDigest) -> Result<bool, StoreError> {
        let database = &self.database;
        let count = database.execute("delete", &database.statements.delete, &[&&digest.as_bytes()[..]]).await?;
        Ok(count > 0)
    }

    async fn note(&self, digest: TokenDigest, seen_at: i64) -> Result<bool, StoreError> {
        let database = &self.database;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&&digest.as_bytes()[..], &seen_at];
        Ok(database.execute("touch", &database.statements.touch, &params).await? > 0)
    }

    /// One `DELETE` is not enough. It sees the tokens of the moment it began: of a rotation in that moment it can meet
    /// the old token when that is gone already, and never see the new one. A later look that finds nothing is enough:
    /// who deletes an old token after that look finds it gone, and takes its successor back.
    async fn remove_all(&self, subject: &str) -> Result<u64, StoreError> {
        let (database, subject) = (&self.database, subject.as_bytes());
        let mut deleted = 0;
        for _ in 0..ROUNDS {
            deleted += database.execute("delete all", &database.statements.delete_all, &[&subject]).await?;
            let left = database.query("delete all", &database.statements.is_anything_left, &[&subject]).await?;
            if !row::is_anything_left("delete all", &left)? {
                return Ok(deleted);
            }
        }
        let message = format!("delete all: after {ROUNDS} rounds there are tokens still; somebody keeps issuing them");
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    }
}

impl TokenStore for PostgresStore {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        StoreFuture::awaited(self.insert(record))
    }

    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        StoreFuture::awaited(self.find(*digest))
    }

    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        StoreFuture::awaited(self.remove(*digest))
    }

    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        let subject = subject.to_owned();
        StoreFuture::awaited(async move { self.remove_all(&subject).await })
    }

    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        let subject = subject.to_owned();
        StoreFuture::awaited(async move { self.list(&subject).await })
    }

    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        StoreFuture::awaited(self.note(*digest, seen_at))
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        StoreFuture::awaited(sweeping::sweep(&self.database, self.seconds))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("database", &self.database.name).finish_non_exhaustive()
    }
}

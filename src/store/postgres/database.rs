//! Statements on a connection of the pool, each within the time limit.

use std::{fmt, time::Duration};

use deadpool_postgres::{Client, Object, Pool};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::{Error, Row, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    error::{Stage, failed, met_a_later_one, no_connection, was_rolled_back},
    statements::Statements,
};
use crate::store::error::{StoreError, StoreErrorKind};

/// The database as every clone of a store, and its sweep, use it.
pub(super) struct Database {
    pub(super) pool: Pool,
    pub(super) statements: Statements,
    pub(super) limit: Duration,
    /// How to reach the server once more, to stop a statement there. Not known of an application's own pool.
    pub(super) tls: Option<MakeRustlsConnect>,
    /// `host:port/database`.
    pub(super) name: String,
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Database {
    /// Rows of a statement that changes nothing. A line that turns out to be broken is tried once more, on another one.
    pub(super) async fn query(&self, what: &str, sql: &str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        let deadline = Instant::now() + self.limit;
        let mut is_retry = false;
        loop {
            let client = self.client(self.limit, what, deadline).await?;
            let statement = async {
                let statement = client.prepare_cached(sql).await?;
                client.query(&statement, params).await
            };
            match timeout_at(deadline, statement).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(error)) if was_rolled_back(&error) => {}
                Ok(Err(error)) if error.is_closed() && !is_retry => is_retry = true,
                Ok(Err(error)) => return Err(failed(Stage::Open, what, error)),
                Err(_elapsed) => return Err(self.give_up(self.limit, what, client)),
            }
        }
    }

    /// How many rows a statement changed.
    pub(super) async fn execute(&self, what: &str, sql: &str, params: Params<'_>) -> Result<u64, StoreError> {
        self.execute_within(self.limit, what, sql, params).await
    }

    /// The same within another time limit.
    pub(super) async fn execute_within(
        &self,
        limit: Duration,
        what: &str,
        sql: &str,
        params: Params<'_>,
    ) -> Result<u64, StoreError> {
        let deadline = Instant::now() + limit;
        loop {
            let client = self.client(limit, what, deadline).await?;
            let statement = async {
                let statement = client.prepare_cached(sql).await?;
                client.execute(&statement, params).await
            };
            match timeout_at(deadline, statement).await {
                Ok(Ok(count)) => return Ok(count),
                // Strict isolation: it met another one. Nothing was done, and there is time.
                Ok(Err(error)) if was_rolled_back(&error) => {}
                Ok(Err(error)) => return Err(failed(Stage::Open, what, error)),
                Err(_elapsed) => return Err(self.give_up(limit, what, client)),
            }
        }
    }

    /// Rows of a statement that changes something, and leaves nothing where it meets another one.
    pub(super) async fn change(&self, what: &str, sql: &str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        let deadline = Instant::now() + self.limit;
        loop {
            let client = self.client(self.limit, what, deadline).await?;
            let statement = async {
                let statement = client.prepare_cached(sql).await?;
                client.query(&statement, params).await
            };
            match timeout_at(deadline, statement).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(error)) if was_rolled_back(&error) || met_a_later_one(&error) => {}
                Ok(Err(error)) => return Err(failed(Stage::Open, what, error)),
                Err(_elapsed) => return Err(self.give_up(self.limit, what, client)),
            }
        }
    }

    pub(super) async fn client(&self, limit: Duration, what: &str, deadline: Instant) -> Result<Client, StoreError> {
        match timeout_at(deadline, self.pool.get()).await {
            Ok(client) => client.map_err(|error: deadpool_postgres::PoolError| no_connection(Stage::Open, what, error)),
            Err(_elapsed) => Err(self.too_slow(limit, what, "no connection was free")),
        }
    }

    /// Takes a connection that does not answer out of the pool, so that nobody waits behind its statement, and asks the
    /// server to stop that: it would hold its place there for as long as it waits.
    pub(super) fn give_up(&self, limit: Duration, what: &str, client: Client) -> StoreError {
        let stop = client.cancel_token();
        drop(Object::take(client));
        if let Some(tls) = self.tls.clone() {
            // Whether it arrives is not known in any case.
            drop(tokio::spawn(timeout(self.limit, async move { stop.cancel_query(tls).await })));
        }
        self.too_slow(limit, what, "no answer")
    }

    fn too_slow(&self, limit: Duration, what: &str, reason: &str) -> StoreError {
        let message = format!("{what}: {reason} from {} within {limit:?}", self.name);
        StoreError::new(StoreErrorKind::Timeout, message)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("name", &self.name).field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Whether an error tells of a value that this version cannot read.
pub(super) fn unreadable(error: &Error) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, format!("a row of tower_consent_tokens: {error}"))
}

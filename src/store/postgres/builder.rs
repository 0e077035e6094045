//! Settings of a store, and opening one.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    PostgresStore,
    address::{self, Roots},
    database::Database,
    error::{Stage, no_connection},
    schema::{self, Demands},
    statements::Statements,
    sweeping::Sweeping,
};
use crate::store::{
    error::{StoreError, StoreErrorKind},
    sweep::{DEFAULT_INTERVAL, whole_seconds},
};

/// How long the tables may take to be made, where many servers begin at a time.
const MIGRATION_LIMIT: Duration = Duration::from_secs(60);

/// Settings of a [`PostgresStore`].
///
/// # Defaults
///
/// 10 connections at most, 2 seconds for an operation, a sweep every 5 minutes, the first schema of the `search_path`,
/// the roots that browsers trust, and no unsafe settings.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect` or `with_pool`"]
pub struct PostgresStoreBuilder {
    pool_size: usize,
    limit: Duration,
    interval: Duration,
    roots: Roots,
    demands: Demands,
}

impl PostgresStoreBuilder {
    pub(super) fn new() -> Self {
        Self {
            pool_size: 10,
            limit: Duration::from_secs(2),
            interval: DEFAULT_INTERVAL,
            roots: Roots::default(),
            demands: Demands::default(),
        }
    }

    /// How many connections it opens at most, for all clones together: 1 to 1,000.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections.clamp(1, 1_000);
        self
    }

    /// How long an operation may take, the wait for a connection included: at most an hour. After that the answer is
    /// [`Timeout`](StoreErrorKind::Timeout), its connection is closed, and the server is asked to stop the statement.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit.min(Duration::from_secs(3_600));
        self
    }

    /// How often it sweeps, and how long after its end a token is deleted at the earliest: at least one second.
    pub fn sweep_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_secs(1));
        self
    }

    /// The schema that the tables stand in; it is created where it is missing. Lower-case letters, digits and `_`.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.demands.schema = Some(name.into());
        self
    }

    /// Trusts these certificate authorities alone, in PEM form, as managed databases give them.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Roots::Own(pem.into());
        self
    }

    /// Takes a server that can lose an acknowledged write in a crash (`fsync = off`, `synchronous_commit = off`): a
    /// token that was revoked shortly before can be back. For tests.
    pub fn accept_unsafe(mut self) -> Self {
        self.demands.accepts_unsafe = true;
        self
    }

    /// Connects, makes the tables where they are missing, and begins to sweep. The address is a URL
    /// (`postgres://user:password@host/database`) or pairs (`host=… user=… dbname=…`).
    ///
    /// # Errors
    ///
    /// [`Unavailable`](StoreErrorKind::Unavailable) or [`Timeout`](StoreErrorKind::Timeout) where the server cannot be
    /// reached or is a standby; [`Config`](StoreErrorKind::Config) for a bad address, sign-in, certificate, schema, or
    /// tables of a later version; [`Unsafe`](StoreErrorKind::Unsafe) for the server's own settings.
    pub async fn connect(self, address: &str) -> Result<PostgresStore, StoreError> {
        let config = address::parse(address)?;
        let tls = address::tls(&config, &self.roots)?;
        let name = address::name(&config);
        // Asks no server: the driver knows when a line has broken.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, tls.clone(), recycling);
        let pool = Pool::builder(manager)
            .max_size(self.pool_size)
            .build()
            .map_err(|error| StoreError::with_source(StoreErrorKind::Config, "the pool of connections", error))?;
        self.open(pool, name, Some(tls)).await
    }

    /// The same on an application's own pool, whose size, certificates and connections it keeps. Its connections should
    /// reach the primary server alone, and have a `statement_timeout`: the store closes one that does not answer in time,
    /// and cannot tell the server.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn with_pool(self, pool: Pool) -> Result<PostgresStore, StoreError> {
        self.open(pool, "the pool".to_owned(), None).await
    }

    async fn open(self, pool: Pool, name: String, tls: Option<MakeRustlsConnect>) -> Result<PostgresStore, StoreError> {
        self.demands.check()?;
        let too_slow = |what: &str, limit: Duration| {
            StoreError::new(StoreErrorKind::Timeout, format!("{what} {name}: not done within {limit:?}"))
        };
        let connection =
            timeout(self.limit, pool.get()).await.map_err(|_elapsed| too_slow("connecting to", self.limit))?;
        let mut client =
            connection.map_err(|error| no_connection(Stage::Opening, &format!("connecting to {name}"), error))?;
        let prepared = timeout(MIGRATION_LIMIT, schema::prepare(&mut client, &self.demands)).await;
        let schema = prepared.map_err(|_elapsed| too_slow("making the tables of", MIGRATION_LIMIT))??;
        drop(client);
        let statements = Statements::new(&schema);
        let database = Arc::new(Database { pool, statements, limit: self.limit, tls, name });
        let seconds = whole_seconds(self.interval);
        let sweeping = Arc::new(Sweeping::start(Arc::clone(&database), self.interval, seconds));
        Ok(PostgresStore { database, seconds, _sweeping: sweeping })
    }
}

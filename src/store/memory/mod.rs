//! Tokens and consent records in memory: for one process, gone when it ends.

mod ledger;
mod table;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use self::{ledger::Ledger, table::Table};
use super::{
    error::{StoreError, StoreErrorKind},
    future::StoreFuture,
    record::TokenRecord,
    sweep::{DEFAULT_INTERVAL, Stop, Sweeper, whole_seconds},
    token::{TokenDigest, TokenStore},
};
use crate::clock::{Clock, SystemClock};

/// Keeps tokens and consent records in memory. Clones share one store.
///
/// Everybody is signed out when the process ends: for tests, for one server whose users may be asked to sign in again,
/// and as the fastest store there is. It is bounded: a sign-in too many is an error, and never pushes another out.
///
/// # Defaults
///
/// At most 1,000,000 tokens (about 200 bytes each, with a subject of 16); a sweep every 5 minutes, on a thread that begins with the first
/// token and ends with the store. At most 100,000 entries of consent records (about 1,000 bytes each), which end with the
/// process too: a proof that must outlive it needs another store.
///
/// ```
/// use tower_consent::{MemoryStore, Tokens};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let tokens = Tokens::new(MemoryStore::new());
/// let issued = tokens.issue("user-17").await?;
/// let record = tokens.verify(issued.token().expose()).await?;
/// assert_eq!(record.as_ref().map(|record| record.subject()), Some("user-17"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore(Arc<Shell>);

#[derive(Debug)]
struct Shell {
    table: Arc<Table>,
    ledger: Ledger,
    /// Entries of records that it holds at most.
    records: usize,
    clock: Arc<dyn Clock>,
    interval: Duration,
    // Begun with the first token: an empty store needs no thread.
    sweeper: OnceLock<Sweeper>,
}

/// Settings of a [`MemoryStore`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct MemoryStoreBuilder {
    capacity: usize,
    records: usize,
    interval: Duration,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// A store with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A store with settings.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder {
            capacity: 1_000_000,
            records: 100_000,
            interval: DEFAULT_INTERVAL,
            clock: Arc::new(SystemClock),
        }
    }

    /// How many tokens it holds, ended ones that are not deleted yet included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.table.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn insert(&self, record: TokenRecord) -> Result<bool, StoreError> {
        self.0.start_sweeping()?;
        self.0.table.insert(record).ok_or_else(|| {
            let message = format!("it holds {} tokens, and no more than that", self.len());
            StoreError::new(StoreErrorKind::Full, message)
        })
    }
}

impl Shell {
    fn start_sweeping(&self) -> Result<(), StoreError> {
        if self.sweeper.get().is_some() {
            return Ok(());
        }
        let (table, clock) = (Arc::clone(&self.table), Arc::clone(&self.clock));
        let interval = whole_seconds(self.interval);
        let sweep = move |stop: &Stop| {
            table.sweep(clock.unix_seconds().saturating_sub(interval), || stop.is_set());
        };
        let sweeper = Sweeper::start(self.interval, sweep).map_err(|error| {
            StoreError::with_source(StoreErrorKind::Unavailable, "its sweep cannot begin: no thread", error)
        })?;
        // Where two begin at a time, the second ends here.
        drop(self.sweeper.set(sweeper));
        Ok(())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStoreBuilder {
    /// How many tokens it holds at most.
    pub fn capacity(mut self, tokens: usize) -> Self {
        self.capacity = tokens;
        self
    }

    /// How many entries of consent records it holds at most.
    pub fn record_capacity(mut self, entries: usize) -> Self {
        self.records = entries;
        self
    }

    /// How often it sweeps, and how long after its end a token is deleted at the earliest: whole seconds, at least one.
    pub fn sweep_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_secs(1));
        self
    }

    /// Takes the time of its sweeps from another clock: for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The store.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        MemoryStore(Arc::new(Shell {
            table: Arc::new(Table::new(self.capacity)),
            ledger: Ledger::default(),
            records: self.records,
            clock: self.clock,
            interval: self.interval,
            sweeper: OnceLock::new(),
        }))
    }
}

impl TokenStore for MemoryStore {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        StoreFuture::ready(self.insert(record))
    }

    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        StoreFuture::ready(Ok(self.0.table.get(digest)))
    }

    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        StoreFuture::ready(Ok(self.0.table.delete(digest)))
    }

    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        StoreFuture::ready(Ok(self.0.table.delete_all_of(subject)))
    }

    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        StoreFuture::ready(Ok(self.0.table.list_of(subject)))
    }

    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        let found = self.0.table.get(digest);
        let is_there = found.is_some();
        if let Some(record) = found {
            record.touch(seen_at);
        }
        StoreFuture::ready(Ok(is_there))
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        let before = self.0.clock.unix_seconds().saturating_sub(whole_seconds(self.0.interval));
        StoreFuture::ready(Ok(self.0.table.sweep(before, || false)))
    }
}

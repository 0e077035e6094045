//! Tokens and consent records in one file: for one process, over restarts.

mod cache;
mod compaction;
mod file;
mod ledger;
mod records;
mod rows;
mod writer;

use std::{fmt, path::Path, sync::Arc, thread::JoinHandle, time::Duration};

use self::{
    cache::Cache,
    file::File,
    writer::{Change, Queue, SWEPT},
};
use super::{
    error::{StoreError, StoreErrorKind},
    future::StoreFuture,
    record::TokenRecord,
    sweep::{DEFAULT_INTERVAL, Stop, Sweeper, tell_of_sweep, whole_seconds},
    token::{TokenDigest, TokenStore},
};
use crate::clock::{Clock, SystemClock};

/// Keeps tokens and consent records in one file, a [redb](https://docs.rs/redb) database. Clones share one store.
///
/// For a server that is one process: nobody is signed out when it restarts, and nothing else has to run beside it. What
/// it answered is on the disk (`fsync`), so a crash loses no sign-in and no record, and brings no log-out back. All writes
/// that wait at a time share one `fsync`, those of tokens and those of records. A token is looked up in memory, or reads
/// the file at once, as records do, without a thread; it needs no runtime.
///
/// # Defaults
///
/// 100,000 tokens in use are kept in memory (some hundred bytes each), beside at most 64 MiB of the file's pages; a sweep
/// every 5 minutes. A new file can be read and written by its owner only (mode 0600, on Unix).
///
/// # One file, one process
///
/// A second process that opens the file is told that it is [in use](StoreErrorKind::InUse); so is a second store in the
/// same process. **A rolling update, where the new process starts before the old one has ended, does not work**: stop,
/// then start. On a network file system the lock may not hold; use a local disk. Where several processes serve one site,
/// use Redis or PostgreSQL.
///
/// The file is checked as a whole whenever it is opened, and repaired after a crash: that takes the longer the larger it
/// is.
/// Dropping the last clone finishes what was begun, ends the two threads, and closes the file; it waits for the disk.
///
/// # What a deleted token leaves, and an erased record
///
/// Of a token: digests, subjects, labels and data; never a secret, because none is stored. Of a consent record whose body
/// was erased, or that was purged: the body, with its salt, the browser's record id and the subject. A deletion and an
/// erasure take them out of every answer at once, but their bytes stay in the file until their places are used again. [`compact`](Self::compact) takes them out
/// of it: it writes anew what is left, cuts the file, and overwrites what is free in between. After an erasure that a
/// person asked for, call it soon. File systems, disks and backups keep copies of their own: to be sure of these too, keep
/// the file on an encrypted volume and destroy the key.
///
/// # Errors
///
/// After an I/O error (a full disk), what was to be written together is answered with
/// [`Unavailable`](StoreErrorKind::Unavailable), and the file is closed and opened again before the next write: it
/// recovers by itself.
///
/// ```
/// use tower_consent::{RedbStore, Tokens};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokens.redb");
/// let tokens = Tokens::new(RedbStore::open(&path)?);
/// let issued = tokens.issue("user-17").await?;
/// drop(tokens);
///
/// let tokens = Tokens::new(RedbStore::open(&path)?);
/// assert!(tokens.verify(issued.token().expose()).await?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RedbStore(Arc<Shell>);

/// The parts, in the order in which they must end: who sends, who writes, what is written to.
struct Shell {
    sweeper: Option<Sweeper>,
    queue: Option<Queue>,
    writer: Option<JoinHandle<()>>,
    cache: Arc<Cache>,
    file: Arc<File>,
    clock: Arc<dyn Clock>,
    interval: i64,
}

/// Settings of a [`RedbStore`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open`"]
pub struct RedbStoreBuilder {
    cache: usize,
    interval: Duration,
    clock: Arc<dyn Clock>,
}

impl RedbStore {
    /// Opens this file with the defaults, and makes it where there is none. The folder must exist.
    ///
    /// It reads the file, and blocks as long.
    ///
    /// # Errors
    ///
    /// [`InUse`](StoreErrorKind::InUse): somebody has it open. [`Config`](StoreErrorKind::Config): it cannot be made or
    /// read there, or is no redb database. [`Corrupt`](StoreErrorKind::Corrupt): it was damaged.
    /// [`Unavailable`](StoreErrorKind::Unavailable): the disk fails or is full.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open(path)
    }

    /// A store with settings.
    pub fn builder() -> RedbStoreBuilder {
        RedbStoreBuilder { cache: 100_000, interval: DEFAULT_INTERVAL, clock: Arc::new(SystemClock) }
    }

    /// Makes the file small, takes out of it what was deleted, erased or purged, and tells whether it is shorter than
    /// before.
    ///
    /// It copies what the file holds, and needs as much room again for as long as it takes. Writes wait, and so do look-ups
    /// that memory does not answer. It blocks this thread too; from async code call it where blocking is allowed
    /// (`tokio::task::spawn_blocking`).
    ///
    /// # Errors
    ///
    /// The disk fails or is full.
    pub fn compact(&self) -> Result<bool, StoreError> {
        self.0.queue()?.compact()
    }
}

impl RedbStoreBuilder {
    /// How many tokens in use it keeps in memory at most. 0: none.
    pub fn cache_tokens(mut self, tokens: usize) -> Self {
        self.cache = tokens;
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

    /// Opens this file, and makes it where there is none. The folder must exist.
    ///
    /// # Errors
    ///
    /// As of [`RedbStore::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<RedbStore, StoreError> {
        let no_thread = |error| StoreError::with_source(StoreErrorKind::Unavailable, "cannot start a thread", error);
        let (file, cache) = (Arc::new(File::open(path.as_ref())?), Arc::new(Cache::new(self.cache)));
        let (queue, writer) = writer::start(Arc::clone(&file), Arc::clone(&cache)).map_err(no_thread)?;
        let (interval, clock) = (whole_seconds(self.interval), self.clock);
        let mut shell =
            Shell { sweeper: None, queue: Some(queue.clone()), writer: Some(writer), cache, file, clock, interval };
        let clock = Arc::clone(&shell.clock);
        let sweep = move |stop: &Stop| {
            let ended_by = clock.unix_seconds().saturating_sub(interval);
            while !stop.is_set() {
                match queue.change_blocking(Change::Sweep { ended_by }) {
                    Ok(swept) if swept >= SWEPT => {}
                    Ok(_) => break,
                    Err(error) => {
                        // The next one begins anew.
                        tell_of_sweep(&error);
                        break;
                    }
                }
            }
        };
        shell.sweeper = Some(Sweeper::start(self.interval, sweep).map_err(no_thread)?);
        Ok(RedbStore(Arc::new(shell)))
    }
}

impl Shell {
    fn queue(&self) -> Result<&Queue, StoreError> {
        // It is there until the store is dropped.
        self.queue.as_ref().ok_or_else(|| StoreError::new(StoreErrorKind::Unavailable, "the store is closed"))
    }

    async fn change(&self, change: Change) -> Result<u64, StoreError> {
        self.queue()?.change(change).await
    }

    fn read(&self, digest: &TokenDigest) -> Result<Option<TokenRecord>, StoreError> {
        let ticket = match self.cache.find(digest) {
            Ok(record) => return Ok(Some(record)),
            Err(ticket) => ticket,
        };
        let found =
            self.file.read(|transaction| rows::token(transaction, digest)).inspect_err(|error| self.mend(error))?;
        if let Some(record) = &found {
            self.cache.fill(&ticket, record);
        }
        Ok(found)
    }

    /// A reader cannot open the file again; the writer can.
    fn mend(&self, error: &StoreError) {
        if error.kind() == StoreErrorKind::Unavailable {
            // The reader does not wait for it.
            drop(self.queue().and_then(|queue| queue.push(Change::Mend)));
        }
    }
}

impl TokenStore for RedbStore {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        StoreFuture::awaited(async move { Ok(self.0.change(Change::Insert(record)).await? > 0) })
    }

    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        StoreFuture::ready(self.0.read(digest))
    }

    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        let digest = *digest;
        StoreFuture::awaited(async move { Ok(self.0.change(Change::Delete(digest)).await? > 0) })
    }

    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        StoreFuture::awaited(self.0.change(Change::DeleteAllOf(subject.into())))
    }

    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        let found = self.0.file.read(|transaction| rows::tokens_of(transaction, subject));
        StoreFuture::ready(found.inspect_err(|error| self.0.mend(error)))
    }

    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        let digest = *digest;
        StoreFuture::awaited(async move { Ok(self.0.change(Change::Touch(digest, seen_at)).await? > 0) })
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        StoreFuture::awaited(async move {
            let ended_by = self.0.clock.unix_seconds().saturating_sub(self.0.interval);
            let mut deleted = 0;
            loop {
                let swept = self.0.change(Change::Sweep { ended_by }).await?;
                deleted += swept;
                if swept < SWEPT {
                    return Ok(deleted);
                }
            }
        })
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The sweep holds a queue of its own; with the last one the writer ends, after all that waits.
        drop(self.sweeper.take());
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            // It ends by itself if it panicked; there is nobody to tell.
            drop(writer.join());
        }
    }
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shell").field(&self.file.path()).finish()
    }
}

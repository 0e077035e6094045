//! A store that writes down what it is asked, gives copies as a remote store does, and fails or waits on demand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tower_consent::{MemoryStore, StoreError, StoreErrorKind, StoreFuture, TokenDigest, TokenRecord, TokenStore};

/// A store in memory that is watched. Clones are one store.
#[derive(Clone, Debug)]
pub(crate) struct Watched(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: MemoryStore,
    /// The operations in order, each with the bytes that it was given.
    calls: Mutex<Vec<(&'static str, Vec<u8>)>>,
    broken: Mutex<(Vec<&'static str>, StoreErrorKind)>,
    /// How long it waits before and after each operation.
    wait: Duration,
}

impl Watched {
    pub(crate) fn new() -> Self {
        Self::over(MemoryStore::new(), Duration::ZERO)
    }

    pub(crate) fn over(store: MemoryStore, wait: Duration) -> Self {
        let broken = Mutex::new((Vec::new(), StoreErrorKind::Unavailable));
        Self(Arc::new(Inner { store, calls: Mutex::default(), broken, wait }))
    }

    /// How many tokens it holds.
    pub(crate) fn len(&self) -> usize {
        self.0.store.len()
    }

    /// The names of the operations since the last time, in order.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.0.calls.lock().unwrap().drain(..).map(|(name, _)| name).collect()
    }

    /// Every byte that it was given since `calls`.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.calls.lock().unwrap().iter().flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    /// From now on exactly these operations fail.
    pub(crate) fn breaks(&self, operations: &[&'static str]) {
        *self.0.broken.lock().unwrap() = (operations.to_vec(), StoreErrorKind::Unavailable);
    }

    /// The same, for want of room.
    pub(crate) fn fills(&self, operations: &[&'static str]) {
        *self.0.broken.lock().unwrap() = (operations.to_vec(), StoreErrorKind::Full);
    }

    fn answer<'a, T: Send + 'a>(
        &'a self,
        name: &'static str,
        bytes: Vec<u8>,
        operation: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        StoreFuture::awaited(async move {
            self.0.calls.lock().unwrap().push((name, bytes));
            self.pause().await;
            let (broken, kind) = self.0.broken.lock().unwrap().clone();
            if broken.contains(&name) {
                return Err(StoreError::new(kind, "pulled-plug"));
            }
            let answer = operation.await;
            self.pause().await;
            answer
        })
    }

    async fn pause(&self) {
        if self.0.wait.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(self.0.wait).await;
        }
    }
}

/// What a remote store gives: a record of its own, made from bytes.
fn copy(record: &TokenRecord) -> TokenRecord {
    TokenRecord::from_bytes(*record.digest(), &record.to_bytes()).unwrap()
}

impl TokenStore for Watched {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        let bytes = [record.digest().as_bytes(), &*record.to_bytes(), format!("{record:?}").as_bytes()].concat();
        // Nothing happens before it is awaited, as with a remote store.
        self.answer("insert_new", bytes, async move { self.0.store.insert_new(copy(&record)).await })
    }

    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        let digest = *digest;
        let found = async move { Ok(self.0.store.get(&digest).await?.as_ref().map(copy)) };
        self.answer("get", digest.as_bytes().to_vec(), found)
    }

    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        let digest = *digest;
        self.answer("delete", digest.as_bytes().to_vec(), async move { self.0.store.delete(&digest).await })
    }

    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        let subject = subject.to_owned();
        let bytes = subject.clone().into_bytes();
        self.answer("delete_all_of", bytes, async move { self.0.store.delete_all_of(&subject).await })
    }

    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        let subject = subject.to_owned();
        let bytes = subject.clone().into_bytes();
        let listed = async move { Ok(self.0.store.list_of(&subject).await?.iter().map(copy).collect()) };
        self.answer("list_of", bytes, listed)
    }

    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        let digest = *digest;
        let bytes = [digest.as_bytes(), &seen_at.to_be_bytes()[..]].concat();
        self.answer("touch", bytes, async move { self.0.store.touch(&digest, seen_at).await })
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        self.answer("sweep", Vec::new(), async move { self.0.store.sweep().await })
    }
}

//! A store by its address.

use std::{error::Error, sync::Arc, time::Duration};

use tower_consent::{ConsentStore, MemoryStore, PostgresStore, RedbStore, RedisStore, TokenStore};

/// What all servers of the site share.
pub(crate) struct Stores {
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) records: Arc<dyn ConsentStore>,
}

impl Stores {
    /// Opens `memory`, `redb:FILE`, a Redis or a PostgreSQL; `sweep` as each store has it, unless it is given.
    pub(crate) async fn open(address: &str, sweep: Option<Duration>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if address == "memory" {
            let store = MemoryStore::builder().capacity(2_000_000).record_capacity(2_000_000);
            return Ok(Self::both(sweep.into_iter().fold(store, |store, sweep| store.sweep_interval(sweep)).build()));
        }
        if let Some(file) = address.strip_prefix("redb:") {
            let store = sweep.into_iter().fold(RedbStore::builder(), |store, sweep| store.sweep_interval(sweep));
            return Ok(Self::both(store.open(file)?));
        }
        if address.starts_with("redis") {
            let store = sweep.into_iter().fold(RedisStore::builder(), |store, sweep| store.sweep_interval(sweep));
            return Ok(Self::both(store.connect(address).await?));
        }
        let store = sweep.into_iter().fold(PostgresStore::builder(), |store, sweep| store.sweep_interval(sweep));
        Ok(Self::both(store.connect(address).await?))
    }

    fn both(store: impl TokenStore + ConsentStore + Clone) -> Self {
        Self { tokens: Arc::new(store.clone()), records: Arc::new(store) }
    }
}

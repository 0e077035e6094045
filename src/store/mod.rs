//! Where tokens are kept: the contract, and the stores.
//!
//! 1. A store knows the digest of a token, never its secret.
//! 2. A store does not judge: whether a token has ended is said by [`Tokens`](crate::Tokens) and its clock alone. A
//!    store's own time only deletes, one sweep interval after the end, so that a clock that runs ahead by less ends nothing early.
//! 3. There is no upsert. What was deleted cannot come back: a log-out wins every race.
//! 4. A store that is down says so ([`StoreErrorKind`]); it never answers "no such token".

#[cfg(any(feature = "postgres", feature = "redis"))]
mod batch;
mod consent;
mod entry;
mod error;
mod future;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "redis")]
mod redis;
mod sweep;
mod token;

#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "redb")]
pub use self::redb::{RedbStore, RedbStoreBuilder};
#[cfg(feature = "redis")]
pub use self::redis::{RedisConnection, RedisStore, RedisStoreBuilder};
pub(crate) use self::token::parse_32;
pub use self::{
    consent::{ConsentStore, DayCount, LedgerBatch, LedgerPurge, MAX_TEXT, Owner, TextHash},
    entry::{ChainId, Checkpoint, EntryBody, EntryKind, EntryPlace, LedgerEntry, MAX_ENTRY_DATA},
    error::{StoreError, StoreErrorKind},
    future::StoreFuture,
    memory::{MemoryStore, MemoryStoreBuilder},
    record::{MAX_DATA, MAX_LABEL, MAX_SUBJECT, TokenForm, TokenRecord},
    token::{TokenDigest, TokenDigestError, TokenStore},
};

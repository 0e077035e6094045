//! Tokens and consent records in Redis or Valkey: for many servers.

mod builder;
mod commands;
mod connection;
mod fault;
mod join;
mod ledger;
mod link;
mod safety;
mod scripts;

use std::{fmt, sync::Arc};

pub use self::{builder::RedisStoreBuilder, connection::RedisConnection};
use self::{
    commands::{Member, is_pending},
    link::Link,
    scripts::MAX_END,
};
use super::{
    error::{StoreError, StoreErrorKind},
    future::StoreFuture,
    record::TokenRecord,
    token::{TokenDigest, TokenStore},
};

/// How many members of an index are deleted in one round, and how many rounds there are at most.
const ROUND: usize = 1_000;
const ROUNDS: usize = 1_000;

/// Keeps tokens and consent records in Redis 6.2 or later, or Valkey: one server or a cluster, with or without TLS.
/// Clones share one connection.
///
/// It needs a Tokio runtime with its timer. The connection is multiplexed, and made again by itself when it breaks. For TLS
/// the driver takes the process's default cryptography of `rustls`; where there is none, the store installs `ring`.
///
/// # Defaults
///
/// Keys begin with `tower-consent`; the server deletes a token 5 minutes after its end; one second for the answer to a
/// command, two for a connection; TLS (`rediss://`) trusts whom browsers trust.
///
/// # Which settings it asks of the server
///
/// They are read when a store is opened (`INFO`, `CONFIG GET`), on every primary of a cluster, and what cannot be read
/// counts as unsafe. Otherwise the store is not opened, with an error of kind [`Unsafe`](StoreErrorKind::Unsafe) that
/// names setting, value and what is wanted.
///
/// | setting | wanted | or say |
/// |---|---|---|
/// | `maxmemory-policy` | `noeviction` | [`accept_eviction`](RedisStoreBuilder::accept_eviction) |
/// | `appendonly` | `yes` | [`accept_weak_persistence`](RedisStoreBuilder::accept_weak_persistence) |
/// | `appendfsync` | `always` | [`accept_weak_persistence`](RedisStoreBuilder::accept_weak_persistence) |
/// | `no-appendfsync-on-rewrite` | `no` | [`accept_weak_persistence`](RedisStoreBuilder::accept_weak_persistence) |
/// | `appendonly`, for consent records | `yes` | [`accept_records_without_append_only_file`](RedisStoreBuilder::accept_records_without_append_only_file) |
/// | role | primary | (never, where `INFO` can be read) |
///
/// A token lives for days and can be issued again; a record proves something for years. So a server without its
/// append-only file that was accepted for tokens keeps no records: the store opens, and `append`, `keep_text`, `count` and
/// `purge` answer [`Unsafe`](StoreErrorKind::Unsafe), until that is accepted too. What is accepted of eviction holds for
/// both: an `allkeys-` policy can drop all records of a process at a time.
///
/// A change of settings while the store is open is not noticed; only the role is asked again on each new connection.
///
/// # Failover
///
/// Replication is asynchronous. **When a replica takes over, it lacks what its primary acknowledged last**: a new sign-in
/// can be lost, a log-out can be undone, and the last records can be missing. That holds for Sentinel, for a cluster and for most managed services.
/// `WAIT` would not help: it tells how many replicas have a write, and does not make one of them the next primary, nor
/// does it take the write back where too few have it. A primary that is cut off from its cluster answers reads until it
/// notices. Where a log-out must survive the loss of a machine, use `PostgresStore` with synchronous replication.
///
/// # Round trips
///
/// | operation | commands, one after the other |
/// |---|---|
/// | `get` | one `GET` |
/// | `touch` | one `EVAL` |
/// | `insert_new` | `EVAL` (index), `SET NX PXAT`, `EVAL` (index) |
/// | `delete` | `GETDEL`, `ZREM` (index) |
/// | `list_of` | `ZRANGE` (index), then the `GET`s of up to 128 tokens at a time; again where one went meanwhile |
/// | `delete_all_of` | `ZRANGEBYSCORE` twice (index), the `DEL`s of up to 128 tokens at a time, `EVAL` (index); all but the first again for each 1,000 tokens, and where somebody else deletes at the same time |
/// | `sweep` | none: the server deletes by its own clock, and the answer is 0 |
/// | `append`, `keep_text`, `count`, `purge` | one `EVAL` |
/// | `entries_of` | `ZRANGEBYLEX` (owners), then one `EVAL` where there are any |
/// | `entries_after` | one `ZRANGEBYLEX` |
/// | `chains`, `counts`; `text` | one `HGETALL`; one `HGET` |
///
/// A command that changes something is sent once. If its answer is lost, that is an error, and it may have been done:
/// sent again, a delete would answer "not there" of what it deleted itself, and an append would find its own place taken.
/// What only reads is read again once when a connection breaks. An operation waits for each command no longer than the
/// response time-out, and for a connection no longer than twice the connect time-out.
///
/// A list is read again where a token went while it was read: nobody is missed in it. Where a subject's tokens change
/// faster than a round trip for a thousand times, it gives up with [`Unavailable`](StoreErrorKind::Unavailable), and so does
/// a log-out that follows a session which is rotated without any pause.
///
/// A purge is one script, during which the server answers nobody: about 10 ms for 1,000 records. Purge every day. More
/// than some 50,000 at once can take longer than the response time-out: then the answer is
/// [`Timeout`](StoreErrorKind::Timeout), and they go all the same.
///
/// # What is stored
///
/// `{prefix}:t:{digest}` is a token in its written form, subject and label in plain text. `{prefix}:s:{hash of the
/// subject}` is the subject's list of digests; it ends with the last of them. A token takes about 460
/// bytes with the list of its subject, and about 290 where the subject has ten (subjects of 16 bytes, Redis 7.0).
/// Every one of these keys stands alone: it works over the slots of a cluster.
///
/// The keys of consent records begin with `{prefix}:{records:{prefix}}:`, and the braces in it keep them in one slot of a
/// cluster, on one node, so that a script can change them together. `c:{chain}` holds the entries of a chain, `owners` who
/// has which, record ids and subjects in plain text, `chains` the checkpoints, `texts`, `text-days` and `counts` the rest.
/// None of them ends by itself. A record with a record id and a subject takes about 600 bytes more than its data, an erased
/// one about 230 (Redis 7.0). While that slot moves to another node an append can fail with
/// [`Unavailable`](StoreErrorKind::Unavailable); a chain, the records of one process since its start, moves as one key. A
/// prefix whose first `{` is followed by `}` is refused.
///
/// What was deleted or erased stays in the server's log (and in snapshots, replicas and backups) until the log is
/// rewritten. `BGREWRITEAOF` does that, in the background; then only digests and records of tokens that live remain, and of
/// an erased record its place, time, kind and hashes.
///
/// # Permissions
///
/// The user needs `GET`, `SET`, `GETDEL`, `DEL`, `EVAL`, `GETRANGE`, `SETRANGE`, `ZADD`, `ZREM`, `ZRANGE`,
/// `ZRANGEBYSCORE`, `ZREVRANGEBYSCORE`, `ZREMRANGEBYSCORE`, `ZSCORE`, `PEXPIREAT`, `TIME` on keys with the prefix, and
/// `INFO` and `CONFIG GET` (in a cluster `CLUSTER SLOTS` too). For consent records: `EVAL`, `HGET`, `HSET`, `HSETNX`,
/// `HDEL`, `HKEYS`, `HGETALL`, `HINCRBY`, `ZADD`, `ZREM`, `ZCARD`, `ZLEXCOUNT`, `ZRANGEBYLEX`, `ZRANGEBYSCORE`,
/// `ZREMRANGEBYRANK`.
///
/// ```no_run
/// use tower_consent::{RedisStore, Tokens};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::connect("rediss://app:password@redis.example.com:6379").await?;
/// let tokens = Tokens::new(store);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<Shared>);

struct Shared {
    link: Link,
    prefix: String,
    interval: i64,
    /// Why no consent records are written.
    refusal: Option<StoreError>,
}

impl RedisStore {
    /// Opens a store on one server, with the defaults.
    ///
    /// # Errors
    ///
    /// As [`RedisStoreBuilder::connect`].
    pub async fn connect(url: impl AsRef<str>) -> Result<Self, StoreError> {
        Self::builder().connect(url).await
    }

    /// A store with settings.
    pub fn builder() -> RedisStoreBuilder {
        RedisStoreBuilder::new()
    }
}

impl Shared {
    fn token(&self, digest: &TokenDigest) -> String {
        format!("{}:t:{digest}", self.prefix)
    }

    // Of one length, and without a brace, by which a cluster would choose the slot.
    fn index(&self, subject: &str) -> String {
        format!("{}:s:{}", self.prefix, TokenDigest::of(subject.as_bytes()))
    }

    /// Adds a token between two entries into the index.
    ///
    /// The first, so that a token is never without an entry, whatever happens in between. The second confirms it before
    /// the token is acknowledged: whoever finds a confirmed entry without a token knows that the token is gone, and that
    /// its successor, if it has one, is confirmed too.
    async fn insert(&self, record: &TokenRecord) -> Result<bool, StoreError> {
        let (token, index) = (self.token(record.digest()), self.index(record.subject()));
        let end = record.expires_at().clamp(0, MAX_END);
        let announce = commands::announce(&index, record.digest(), end, self.interval);
        let is_announced: bool = self.link.run("EVAL (index)", &announce).await?;
        let set = commands::set_new(&token, record, (end + self.interval) * 1_000);
        let is_new: Option<String> = self.link.run("SET", &set).await?;
        if is_new.is_none() {
            if is_announced {
                let member = (record.digest().as_bytes().to_vec(), (scripts::PENDING + end) as f64);
                self.forget(&index, [&member]).await?;
            }
            return Ok(false);
        }
        let confirm = commands::confirm(&index, record.digest(), end, self.interval);
        match self.link.run::<i64>("EVAL (index)", &confirm).await {
            Ok(_) => Ok(true),
            // "Full" would say that nothing was stored.
            Err(error) if error.kind() == StoreErrorKind::Full => {
                Err(StoreError::with_source(StoreErrorKind::Unavailable, "the token is not confirmed", error))
            }
            Err(error) => Err(error),
        }
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<TokenRecord>, StoreError> {
        let bytes: Option<Vec<u8>> = self.link.look("GET", &commands::get(&self.token(&digest))).await?;
        bytes.map(|bytes| TokenRecord::from_bytes(digest, &bytes)).transpose()
    }

    async fn delete(&self, digest: TokenDigest) -> Result<bool, StoreError> {
        let command = commands::get_and_delete(&self.token(&digest));
        let Some(bytes) = self.link.run::<Option<Vec<u8>>>("GETDEL", &command).await? else { return Ok(false) };
        // The token is gone, and that is the answer. What is left in the index is found and removed by who reads it.
        if let Ok(record) = TokenRecord::from_bytes(digest, &bytes) {
            let remove = commands::remove(&self.index(record.subject()), &digest);
            drop(self.link.run::<i64>("ZREM", &remove).await);
        }
        Ok(true)
    }

    async fn delete_all_of(&self, subject: &str) -> Result<u64, StoreError> {
        let index = self.index(subject);
        let pending: Vec<Member> = self.link.look("ZRANGEBYSCORE", &commands::pending(&index)).await?;
        // Left by inserts that did not come to their end, or are under way. The entry of one that is under way stays.
        let mut deleted = 0;
        let mut done = Vec::new();
        for (member, found) in self.records_of(pending).await? {
            if found.ok().flatten().is_some_and(|record| record.subject() == subject) {
                deleted += self.delete_members([&member]).await?;
                done.push(member);
            }
        }
        self.forget(&index, &done).await?;
        for _ in 0..ROUNDS {
            let members: Vec<Member> = self.link.look("ZRANGEBYSCORE", &commands::confirmed(&index, ROUND)).await?;
            let found = self.delete_members(&members).await?;
            self.forget(&index, &members).await?;
            deleted += found;
            // All that were confirmed at one time, and none that somebody else was faster with: that could have been a
            // rotation, and its successor is on the next list. A rotation that was slower gives up its successor itself.
            if members.len() < ROUND && found == members.len() as u64 {
                return Ok(deleted);
            }
        }
        let message = format!("{}: tokens came as fast as they were deleted ({deleted})", self.link.address());
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    }

    async fn list_of(&self, subject: &str) -> Result<Vec<TokenRecord>, StoreError> {
        let index = self.index(subject);
        for _ in 0..ROUNDS {
            let members: Vec<Member> = self.link.look("ZRANGE", &commands::members(&index)).await?;
            let (mut records, mut gone) = (Vec::new(), Vec::new());
            for (member, found) in self.records_of(members).await? {
                match found? {
                    Some(record) if record.subject() == subject => records.push(record),
                    // Its token is not there yet, or somebody else has a token with this digest.
                    _ if is_pending(&member) => {}
                    _ => gone.push(member),
                }
            }
            if gone.is_empty() {
                return Ok(records);
            }
            // One that was confirmed and has no token may have been rotated since the index was read: then its successor
            // is in it now. Nobody is missed in a list that found every token of the index.
            self.forget(&index, &gone).await?;
        }
        let message = format!("{}: the tokens of a subject changed as fast as they were read", self.link.address());
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    }

    /// The tokens of these entries, each read by itself: in a cluster they lie on many nodes.
    async fn records_of(
        &self,
        members: Vec<Member>,
    ) -> Result<Vec<(Member, Result<Option<TokenRecord>, StoreError>)>, StoreError> {
        let read = |member: Member| async move {
            let Some(digest) = digest_of(&member) else { return Ok((member, Ok(None))) };
            match self.get(digest).await {
                Err(error) if error.kind() != StoreErrorKind::Corrupt => Err(error),
                found => Ok((member, found)),
            }
        };
        join::all(members.into_iter().map(read)).await
    }

    async fn delete_members(&self, members: impl IntoIterator<Item = &Member>) -> Result<u64, StoreError> {
        let delete = |digest: TokenDigest| async move {
            let delete = commands::delete(&self.token(&digest));
            self.link.run::<u64>("DEL", &delete).await
        };
        let deleted = join::all(members.into_iter().filter_map(digest_of).map(delete)).await?;
        Ok(deleted.into_iter().sum())
    }

    async fn forget(&self, index: &str, members: impl IntoIterator<Item = &Member>) -> Result<(), StoreError> {
        let mut members = members.into_iter().peekable();
        if members.peek().is_none() {
            return Ok(());
        }
        self.link.run("EVAL (index)", &commands::forget(index, members)).await
    }
}

fn digest_of(member: &Member) -> Option<TokenDigest> {
    member.0.as_slice().try_into().ok().map(TokenDigest::from_bytes)
}

impl TokenStore for RedisStore {
    fn insert_new(&self, record: TokenRecord) -> StoreFuture<'_, bool> {
        StoreFuture::awaited(async move { self.0.insert(&record).await })
    }

    fn get(&self, digest: &TokenDigest) -> StoreFuture<'_, Option<TokenRecord>> {
        StoreFuture::awaited(self.0.get(*digest))
    }

    fn delete(&self, digest: &TokenDigest) -> StoreFuture<'_, bool> {
        StoreFuture::awaited(self.0.delete(*digest))
    }

    fn delete_all_of(&self, subject: &str) -> StoreFuture<'_, u64> {
        let subject = subject.to_owned();
        StoreFuture::awaited(async move { self.0.delete_all_of(&subject).await })
    }

    fn list_of(&self, subject: &str) -> StoreFuture<'_, Vec<TokenRecord>> {
        let subject = subject.to_owned();
        StoreFuture::awaited(async move { self.0.list_of(&subject).await })
    }

    fn touch(&self, digest: &TokenDigest, seen_at: i64) -> StoreFuture<'_, bool> {
        let touch = commands::touch(&self.0.token(digest), seen_at);
        StoreFuture::awaited(async move { self.0.link.run("EVAL (touch)", &touch).await })
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        StoreFuture::ready(Ok(0))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("address", &self.0.link.address())
            .field("key_prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}

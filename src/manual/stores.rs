//! Which store for tokens and consent records, what each promises, and what can still go wrong.
//!
//! # Which store
//!
//! | store | for | after a restart | a validation costs |
//! |---|---|---|---|
//! | [`MemoryStore`](crate::MemoryStore) | one process; tests | everybody signs in again | a look-up in memory |
//! | `RedbStore` (feature `redb`) | one process, one file | everybody is still signed in | a look-up in memory; from the file where the token was not used lately |
//! | `RedisStore` (feature `redis`) | many servers | as durable as the server is set | one `GET`, one round trip |
//! | `PostgresStore` (feature `postgres`) | many servers | still signed in | one prepared `SELECT`, one round trip |
//!
//! All pass one suite of tests; the contracts are the texts of [`TokenStore`](crate::TokenStore) and
//! [`ConsentStore`](crate::ConsentStore). A store of your own goes in wherever these do. One store can keep both: give a clone
//! of it to [`Tokens`](crate::Tokens), and one to [`Records`](crate::Records).
//!
//! # What is promised
//!
//! 1. **Seven days.** A token is refused from the very second of its end on, by the clock of [`Tokens`](crate::Tokens).
//!    No store judges that, and no use moves it.
//! 2. **Log-out.** What a log-out acknowledged is gone on every server before the answer leaves, also against a request,
//!    a renewal or a second log-out that runs at the same time.
//! 3. **Deleted, not only ignored.** Ended tokens leave the store by themselves: at the earliest one sweep interval after
//!    their end (5 minutes), at the latest two. The interval in between is for clocks that disagree: a store whose clock
//!    runs ahead by less ends nothing early.
//!    A token that ended before its seven days, by an idle limit, is deleted when it is next shown, or with the others.
//! 4. **A store that is down** is an error (503 from the extractors): never *anonymous*, never *valid*. With feature
//!    `tracing` the log has a warning that says what failed.
//!
//! # What may remain of a deleted token
//!
//! A token's secret is never stored. What a file may still hold for a while, until its place is used again, is its digest,
//! subject, label and data:
//!
//! | store | where | what clears it |
//! |---|---|---|
//! | memory | freed memory of the process | the end of the process |
//! | redb | free pages of the file | [`compact()`](#redb) writes the file anew, and zeros over what is left between |
//! | Redis | the append-only file, until it is rewritten; snapshots | `BGREWRITEAOF`; delete old snapshots |
//! | PostgreSQL | dead rows until `VACUUM`, the write-ahead log until it is recycled, backups | `VACUUM FULL` on the table; `CHECKPOINT`, and the archive's own retention |
//!
//! # redb
//!
//! **One process.** The file is locked while it is open. A second process that opens it gets
//! [`InUse`](crate::StoreErrorKind::InUse) with its path. That forbids rolling updates in which the new process starts
//! before the old one has stopped: stop, then start, and let the proxy in front hold requests for that second. Who cannot
//! do that needs Redis or PostgreSQL.
//!
//! **Durable before it answers.** A sign-in or a log-out is on the disk when it is acknowledged; those that wait at the
//! same time share one write. Look-ups that memory does not answer read the file on the thread that asks: put it on a
//! local disk. `RedbStore::compact` makes them wait, and needs as much room again while it runs. Back the
//! file up only while it is closed, or from a snapshot of the file system.
//!
//! # Redis
//!
//! **Settings.** A Redis that evicts keys signs people out at random; one that writes its append-only file only now and
//! then can lose a sign-in, or bring a token back that was ended. Both are refused when the store connects, with the
//! setting and its value, unless the application says that it accepts them. What is wanted: `maxmemory-policy noeviction`,
//! `appendonly yes`, `appendfsync always`, `no-appendfsync-on-rewrite no`.
//!
//! **Failover.** Redis copies to its replicas after it has answered. A failover, also that of a cluster or a sentinel,
//! can therefore lose the last writes: a sign-in, and with it nothing worse than a sign-in again; or a log-out, and then
//! a token is alive again that its owner has ended, until its seven days are over. `WAIT` makes that rarer and not
//! impossible. Where that cannot be accepted, use PostgreSQL with synchronous replication.
//!
//! # PostgreSQL
//!
//! The library makes and updates its own table when it connects; many servers may start at once. `synchronous_commit` must
//! not be `off`: an acknowledged log-out could be undone by a crash. With asynchronous replication a failover can lose
//! the last commits, as above. One of all servers sweeps; the others find it locked.
//!
//! # Consent records
//!
//! | store | what a record costs, its data aside | writes |
//! |---|---|---|
//! | memory | about 700 bytes; at most 100,000 entries | at once; all is gone when the process ends |
//! | redb | | durable before it answers; whatever waits shares one write |
//! | Redis | about 600 bytes; about 230 once erased | one `EVAL`; all keys of the records lie in one slot of a cluster |
//! | PostgreSQL | about 330 bytes | one statement |
//!
//! Redis keeps records only with its append-only file on: it is looked at when the store is opened, and otherwise every write
//! of a record is refused, unless the application calls `accept_records_without_append_only_file`.
//!
//! The data of a record is JSON of some hundred bytes. Erasure takes it out of every answer at once; what files may still
//! hold, and what clears it, is as for tokens above. Retention is the work of [`Records`](crate::Records), not of the
//! store: see [`manual::records`](super::records).
//!
//! # Growth
//!
//! What many servers share, how many bytes a token and a record take in each store, and what breaks first, stands in
//! [`manual::scale`](super::scale).
//!
//! A store grows with the sign-ins of seven days, not with users. Sign-ins of a script that never logs out stay for seven
//! days each: limit attempts to sign in in front of the handler. [`MemoryStore`](crate::MemoryStore) refuses a sign-in
//! beyond its capacity, and never makes room by losing one.

//! Many servers on one store; what a token, a record and a request cost; and what breaks first as a site grows.
//!
//! # Many servers
//!
//! Any number of processes serve one site on one Redis or one PostgreSQL. No request needs the server that answered the one
//! before, so a load balancer need not be sticky. `examples/fleet` is such a server, and `tests/servers` runs two and four
//! of it, as processes, on each of the two stores. They share the store, and must be given the same:
//!
//! - **The key of the consent cookie** ([`PolicyBuilder::mac_key`](crate::PolicyBuilder::mac_key)). A server with another one
//!   takes every choice for forged: nothing passes there that is not essential, and everybody is asked again.
//! - **The key of the chain** ([`RecordsBuilder::chain_key`](crate::RecordsBuilder::chain_key)). With another one, records of
//!   the others look broken.
//! - **The policy.** A grant names the revision that was shown; a server that has another one answers 409 and asks again.
//!
//! | what is done on one server | holds on all others |
//! |---|---|
//! | a sign-in, a rotation | from its answer on |
//! | a log-out, of one session or of all | from its answer on, also against rotations that run on other servers at the same time |
//! | a choice, a withdrawal | with the browser's next request: the cookie carries it, and no store is asked |
//! | the opt-out of an account ([`AccountLink`](crate::AccountLink)) | within a minute: each server asks once for a person and minute. The browser itself shows it at once |
//! | a record | at once; every process writes chains of its own, up to three, and every server verifies all of them |
//! | a count of refusals | within an hour: each server adds what it has counted |
//!
//! **Sweeps.** In PostgreSQL one server at a time deletes ended tokens, and the others leave the turn to it; Redis deletes by
//! its own clock. Every server purges records each hour. However many do it at a time, an entry is deleted, and counted, once.
//!
//! # When something goes away
//!
//! | what | then |
//! |---|---|
//! | a server is killed | Nothing that it acknowledged is lost; the others do not notice. Requests under way get no answer: they may have been done or not. Lost are its counts of refusals of at most an hour, and withdrawals that waited for a store that was away at the same time. One that comes in its place begins chains of its own |
//! | the store | Pages without a token, refusals and withdrawals go on; a choice that was made holds. Whoever shows a token gets 503 from the extractors, as do sign-ins, log-outs and grants. Who could not log out keeps the cookie, and can try again |
//! | it is back | The connections are made anew by themselves. Every sign-in is as it was. A withdrawal that waited is written with the next record of its server, or within the hour |
//!
//! # Calls of the store
//!
//! Counted by the server of the store, exactly, with [`AccountLink`](crate::AccountLink) in the stack; a test holds them
//! (`tests/servers/calls.rs`). Redis: round trips; PostgreSQL: statements, each a round trip.
//!
//! | request | Redis | PostgreSQL |
//! |---|---|---|
//! | without a token, or with what is none; with a consent cookie | 0 | 0 |
//! | with a token, live or unknown | 1 | 1 |
//! | the first of a signed-in person in a minute, on each server | 1 more | 1 more |
//! | a sign-in | 4 | 2 |
//! | a rotation | 6 | 3 |
//! | a sign-out | 3 | 2 |
//! | a grant | 1 | 1 |
//! | a withdrawal | 3 | 2 |
//! | a refusal without an earlier grant | 0 | 0 |
//!
//! Without [`AccountLink`](crate::AccountLink) a request whose handler does not ask for the session makes no call either, and
//! a sign-in one less.
//!
//! # Requests a second
//!
//! `cargo bench --bench fleet -- throughput`, on 2026-11-22: optimised build, one thread a server, 64 requests under way at a
//! time over real connections; two shared virtual cores on which client, servers and store ran, before all else that the
//! machine did. So they are a floor, more servers than one could win little, and the rows differ by that machine's noise as
//! much as by their servers. How it scales over more cores was not measured.
//!
//! | store | servers | a page without a token | a page with one |
//! |---|---:|---:|---:|
//! | Redis | 1 | 49,901 | 41,425 |
//! | Redis | 2 | 53,048 | 30,781 |
//! | Redis | 4 | 57,466 | 36,627 |
//! | PostgreSQL | 1 | 43,413 | 17,253 |
//! | PostgreSQL | 2 | 48,618 | 16,324 |
//! | PostgreSQL | 4 | 44,075 | 12,540 |
//!
//! # Bytes
//!
//! `cargo bench --bench fleet -- sizes`, on 2026-11-22. Bytes of a token whose subject has 16, without a label, and of the record
//! of a visitor who accepts all; Redis 7.0 (its memory, with all indexes), PostgreSQL 15 (tables and indexes).
//!
//! | store | how many | token | record |
//! |---|---:|---:|---:|
//! | memory | 100,000 | 173 | 991 |
//! | memory | 1,000,000 | 198 | 1,023 |
//! | redb, the file as it grew | 100,000 | 337 | 674 |
//! | redb, the file as it grew | 1,000,000 | 269 | 1,078 |
//! | redb, the file once compacted | 100,000 | 189 | 520 |
//! | redb, the file once compacted | 1,000,000 | 189 | 520 |
//! | Redis, memory | 100,000 | 444 | 693 |
//! | Redis, memory | 1,000,000 | 434 | 684 |
//! | Redis, append-only file, between two rewrites | 100,000 | 781 | 615 |
//! | Redis, append-only file, between two rewrites | 1,000,000 | 639 | 466 |
//! | PostgreSQL | 100,000 | 260 | 559 |
//! | PostgreSQL | 1,000,000 | 254 | 558 |
//!
//! The file of redb grows by doubling, so it is larger than what lies in it; `compact` makes up for that. The append-only file
//! of Redis grows with every write until it rewrites itself: another run found 950 and, just rewritten, 277 bytes a token.
//!
//! # Growth on paper
//!
//! A site of **a million visits a day**. What is assumed: a visit is 10 requests; one in ten visits is signed in, and lasts
//! five minutes; one in twenty signs in anew (50,000), and nobody logs out; one in twenty agrees (50,000), and records are kept
//! for the default of 36 months. Everything else is computed from the figures above: of the calls, 10 are for the requests of a
//! visit that is signed in, 5 for its minutes, 2 for a sign-in and one for a grant (PostgreSQL).
//!
//! | what | arithmetic | a million visits | 10 million | 1,000 million |
//! |---|---|---:|---:|---:|
//! | requests a second, on average | 1,000,000 × 10 / 86,400 | 116 | 1,157 | 115,741 |
//! | calls of the store a second | (1,000,000 × 0.1 × (10 + 5) + 50,000 × 2 + 50,000) / 86,400 | 19 | 191 | 19,097 |
//! | processor time a day, all together | 9 million × 2 s / 43,413 + 1 million × 2 s / 17,253 | 531 s | 5,305 s | 530,500 s |
//! | that in cores | 531 / 86,400 | 0.006 | 0.06 | 6.1 |
//! | live tokens | 1,000,000 / 20 × 7 | 350,000 | 3,500,000 | 350,000,000 |
//! | tokens, Redis | 350,000 × 434 B | 0.2 GB | 1.5 GB | 151.9 GB |
//! | tokens, PostgreSQL | 350,000 × 254 B | 0.1 GB | 0.9 GB | 88.9 GB |
//! | records after three years | 1,000,000 / 20 × 1,096 | 54.8 million | 548 million | 54,800 million |
//! | records, Redis | 54.8 million × 684 B | 37.5 GB | 374.8 GB | 37,483.2 GB |
//! | records, PostgreSQL | 54.8 million × 558 B | 30.6 GB | 305.8 GB | 30,578.4 GB |
//! | reads of one [`verify`](crate::Records::verify), 500 entries each | 54.8 million / 500 | 109,600 | 1,096,000 | 109,600,000 |
//!
//! The processor's time is an upper bound: both cores are counted in full for as long as the bench ran, client, store and
//! other work included. A million tokens are 0.4 GB in Redis and 0.3 GB in PostgreSQL, a million records 0.7 GB and
//! 0.6 GB (1,000,000 × the bytes of one).
//!
//! **What breaks first**
//!
//! - *At a million visits:* [`MemoryStore`](crate::MemoryStore) is full of records after two days (100,000 / 50,000 a day); from then
//!   on nothing is granted. Redis keeps records in memory: 37.5 GB after three years. So records belong into
//!   PostgreSQL or a file from the start, and Redis is for tokens. One server and one PostgreSQL do the rest.
//! - *At ten times that:* [`verify`](crate::Records::verify) and [`Records::proof`](crate::Records::proof), which walk along all
//!   records: 1,096,000 reads, one after the other. What visitors ask for themselves ([`Rights::export`](crate::Rights::export))
//!   does not walk. Ask for a proof where nobody waits for it, or keep records for a shorter time.
//! - *At a thousand times that:* the one primary of PostgreSQL: 19,097 calls a second on average against the 17,253 answers of the
//!   table above, 30.6 TB of records, and 579 new sign-ins a second (50 million / 86,400), each a durable commit. Tokens can
//!   move to a Redis cluster, whose nodes share them; records cannot, because all of their keys lie in one slot. There the
//!   site is cut into parts with a store each, by host or by country.
//!
//! # A soak
//!
//! `cargo bench --bench fleet -- soak` runs mixed load over each store in turn: visits, grants, withdrawals, refusals, sign-ins,
//! rotations, log-outs, programs with bearer tokens, rights of persons, and garbage. It fails where an answer is not the
//! expected one; where an acknowledged sign-in, log-out, grant, withdrawal or erasure is not so at the end, and once more
//! after servers and store were killed and started again; and where the servers' memory grows, from the second quarter of the time to
//! the last, by more than 2 MiB a server, 64 bytes a request, and 2 KiB for each record and sign-in that lies in that very memory
//! (memory; redb's pages). A form of ten seconds a store is a test.
//!
//! On 2026-11-22, thirty minutes: seven and a half for each store, one after the other, optimised build, 100 requests a second,
//! beside other work (a load of 1 to 10 on the two cores):
//!
//! | store | servers | requests | acknowledged and checked | lost | wrong answers | memory after warm-up |
//! |---|---:|---:|---:|---:|---:|---|
//! | memory | 1 | 46,356 | 120 live sign-ins, 6,942 ended, 381 grants (222 withdrawn), 198 erasures | 0 | 0 | +2.47 MiB over 23,176 requests and 4,816 records and sign-ins: 538 bytes for each of these |
//! | redb | 1 | 46,353 | 122 live sign-ins, 6,940 ended, 383 grants (222 withdrawn), 198 erasures | 0 | 0 | +3.33 MiB over 23,171 requests and 4,816 records and sign-ins: 725 bytes for each of these; the file's pages are kept up to 64 MiB |
//! | Redis | 2 | 46,380 | 117 live sign-ins, 6,945 ended, 384 grants (192 withdrawn), 184 erasures | 0 | 0 | +0.17 MiB over 23,183 requests: 8 bytes for each |
//! | PostgreSQL | 2 | 46,374 | 119 live sign-ins, 6,942 ended, 420 grants (211 withdrawn), 183 erasures | 0 | 0 | +0.69 MiB over 23,186 requests: 31 bytes for each |
//!
//! Garbage (one request in ten) got 400, 401, 403, 404, 405, 409 and 413, as planted; there was no 5xx. Half of the answers took
//! less than 0.4, 1.1, 1.0 and 1.5 ms, all but one in a hundred less than 11, 31, 34 and 25 ms, and the longest 120, 241, 609 and
//! 168 ms. The servers are those of `examples/fleet`, which take any store; the demo's shop has its one file.

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
@FIGURES@

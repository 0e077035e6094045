//! Every store against one contract for tokens (`contract.rs`) and one for consent records (`ledger.rs`), and what is
//! particular to each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod contract;
mod ledger;
mod memory;
mod postgres;
mod postgres_server;
mod proofs;
mod redb;
mod redb_ledger;
mod redis;
mod servers;

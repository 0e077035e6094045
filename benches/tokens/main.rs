//! Tokens in every store, beside the raw driver of that store and the peers, in one run.
//!
//! `cargo bench --bench tokens`, and after `--`:
//!
//! - `memory`, `redb`, `redis`, `postgres`: only these stores
//! - `--quick`: fewer rounds, and a tenth of the tokens in memory
//!
//! The contenders of a section run in turn, A B C A B C, round after round. A ratio is taken inside one round, and the
//! tables show the medians of all rounds. Absolute times differ from machine to machine and from minute to minute: only
//! the ratios tell something, and a missed goal fails nothing. A server that is missing does where `CI` is `true`.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a bench may panic, and its tables are its own")]

mod accounts;
mod figures;
mod flood;
mod memory;
#[path = "../../tests/stores/postgres_server.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "as in the tests"
)]
mod postgres_server;
#[path = "postgres.rs"]
mod postgres_store;
#[path = "redb.rs"]
mod redb_store;
#[path = "redis.rs"]
mod redis_store;
#[path = "../../tests/stores/servers.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "as in the tests"
)]
mod servers;
mod sweep;

use std::{error::Error, process::ExitCode};

/// What goes wrong in a bench ends it with a sentence.
type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Size {
    rounds: usize,
    /// Tokens in memory.
    tokens: usize,
}

/// What became of a section.
enum Done {
    Measured,
    /// What is missing for it.
    Skipped(&'static str),
}

/// A section by its name.
type Section = (&'static str, fn(Size) -> Result<Done>);

const SECTIONS: [Section; 4] = [
    ("memory", memory::section),
    ("redb", redb_store::section),
    ("redis", redis_store::section),
    ("postgres", postgres_store::section),
];

fn main() -> Result<ExitCode> {
    let mut size = Size { rounds: 31, tokens: 1_000_000 };
    let mut wanted = Vec::new();
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "--bench" => {}
            "--quick" => size = Size { rounds: 9, tokens: 100_000 },
            name if SECTIONS.iter().any(|(known, _)| *known == name) => wanted.push(arg),
            _ if is_bench => return Err(format!("unknown argument {arg:?}").into()),
            // A test runner has options of its own.
            _ => {}
        }
    }
    // Without cargo's `--bench` this is a test run, which measures nothing.
    let sections =
        SECTIONS.iter().filter(|(name, _)| is_bench && (wanted.is_empty() || wanted.iter().any(|one| one == name)));
    let mut is_complete = true;
    for (name, section) in sections {
        if let Done::Skipped(missing) = section(size)? {
            println!("\n{name}: skipped, there is no {missing}");
            is_complete = false;
        }
    }
    let must_be_complete = std::env::var("CI").is_ok_and(|value| value == "true");
    Ok(if is_complete || !must_be_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

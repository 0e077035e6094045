//! Several servers of one site as processes of their own, and one server for a long time: figures of `manual::scale`.
//!
//! `cargo bench --bench fleet --`, and after it one or more of
//!
//! - `throughput`: requests a second of one, two and four processes over Redis and over PostgreSQL
//! - `sizes`: bytes of a token and of a record in each store, at 100,000 and at 1,000,000; `--quick` for 10,000 and 100,000
//! - `soak`: mixed load over each store in turn, for 30 minutes in all, or for `--minutes N`
//!
//! `--store NAME`, once or more: only these stores (`memory`, `redb`, `redis`, `postgres`), each as long as it would be soaked
//! among all.
//!
//! Everything stops by itself, and what it starts stops with it. A fault that a soak finds makes the program fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench may panic"
)]

#[path = "../../tests/servers/audit.rs"]
mod audit;
#[path = "../../tests/servers/crowd.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod crowd;
#[path = "../../tests/servers/fleet.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fleet;
#[path = "../../tests/servers/person.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod person;
#[path = "../../tests/stores/postgres_server.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod postgres_server;
#[path = "../../tests/servers/process.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod process;
#[path = "../../tests/stores/servers.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod servers;
#[path = "../../examples/fleet/site.rs"]
mod site;
mod sizes;
#[path = "../../tests/servers/soak.rs"]
mod soak;
#[path = "../../examples/fleet/stores.rs"]
mod stores;
mod throughput;
#[path = "../../tests/servers/undecided.rs"]
mod undecided;

use std::{env, process::ExitCode, time::Duration};

use self::process::Kind;

/// A server of the fleet needs no arguments: its environment says what it is.
pub(crate) const NO_ARGUMENTS: &[&str] = &[];

fn main() -> ExitCode {
    if process::serve_if_asked() {
        return ExitCode::SUCCESS;
    }
    let (mut wanted, mut minutes, mut is_quick, mut is_bench) = (Vec::new(), 30.0, false, false);
    let mut kinds = Vec::new();
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => is_bench = true,
            "--quick" => is_quick = true,
            "--minutes" => minutes = arguments.next().and_then(|text| text.parse().ok()).expect("a number of minutes"),
            "--store" => kinds.push(kind(&arguments.next().expect("the name of a store"))),
            _ => wanted.push(argument),
        }
    }
    // Without cargo's `--bench` this is a test run, which measures nothing.
    if !is_bench {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let kinds = if kinds.is_empty() { &ALL[..] } else { &kinds };
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let mut is_well = true;
    if is_wanted("throughput") {
        runtime.block_on(throughput::measure());
    }
    if is_wanted("sizes") {
        sizes::measure(kinds, if is_quick { &[10_000, 100_000] } else { &[100_000, 1_000_000] });
    }
    if is_wanted("soak") {
        is_well = runtime.block_on(soak_all(kinds, Duration::from_secs_f64(15.0 * minutes)));
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Requests a second: so few that it can go on beside other work.
const RATE: u32 = 100;

const ALL: [Kind; 4] = [Kind::Memory, Kind::Redb, Kind::Redis, Kind::Postgres];

fn kind(name: &str) -> Kind {
    ALL.into_iter().find(|kind| format!("{kind:?}").eq_ignore_ascii_case(name)).expect("the name of a store")
}

/// So long over each of these.
async fn soak_all(kinds: &[Kind], length: Duration) -> bool {
    let mut is_well = true;
    for kind in kinds {
        let Some(report) = soak::soak(*kind, length, RATE, NO_ARGUMENTS).await else { continue };
        println!("{}", report.text);
        for fault in report.faults {
            is_well = false;
            println!("  FAULT: {fault}");
        }
    }
    is_well
}

//! The soak of `cargo bench --bench fleet -- soak`, for some seconds each.

use std::time::Duration;

use crate::{fleet::IN_TESTS, process::Kind, soak::soak};

async fn short(kind: Kind) {
    let Some(report) = soak(kind, Duration::from_secs(10), 150, IN_TESTS).await else { return };
    println!("{}", report.text);
    assert_eq!(report.faults, [""; 0], "{}", report.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_memory() {
    short(Kind::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_redb() {
    short(Kind::Redb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_redis() {
    short(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_postgres() {
    short(Kind::Postgres).await;
}

//! Two and four server processes of one site on one Redis, and on one PostgreSQL: what is done on one holds on all, and
//! nothing that was acknowledged is lost when a server or the store goes away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod audit;
mod calls;
mod crowd;
mod faults;
mod fleet;
mod person;
#[path = "../stores/postgres_server.rs"]
#[allow(dead_code, reason = "the stores' own tests use more of it")]
mod postgres_server;
mod process;
mod records;
#[path = "../stores/servers.rs"]
#[allow(dead_code, reason = "the stores' own tests use more of it")]
mod servers;
mod short_soak;
#[path = "../../examples/fleet/site.rs"]
mod site;
mod soak;
#[path = "../../examples/fleet/stores.rs"]
mod stores;
mod sweeping;
mod tokens;
mod undecided;

/// Each of these tests on a Redis and on a PostgreSQL.
macro_rules! on_both {
    ($($name:ident),*) => {
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::process::Kind::Redis).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::process::Kind::Postgres).await;
            })*
        }
    };
}
use on_both;

/// One server of a fleet. Begun by the tests, and by nobody else.
#[test]
#[ignore = "begun by the tests"]
fn one_server() {
    process::serve_if_asked();
}

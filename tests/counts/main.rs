//! The counters: what is counted as what, what is shown of it, and what nobody can work out from that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attack;
mod counting;
mod lines;
mod server;
mod showing;
mod site;

//! The guard over real connections, before a small site on hyper that can be told to misbehave, and before a real one on
//! Express.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../examples/guard/app/mod.rs"]
mod app;

mod choices;
mod express;
mod hostile;
mod messages;
mod site;
mod streams;
mod visitor;
mod waiting;
mod web_socket;

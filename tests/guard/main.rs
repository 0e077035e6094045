//! The guard over real connections, before a small site on hyper that can be told to misbehave, and before a real one on
//! Express.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../examples/guard/main.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod guard;

mod choices;
mod command_line;
#[path = "../browser/driver.rs"]
#[allow(dead_code, reason = "the browser tests use all of it")]
mod driver;
mod express;
mod hostile;
mod messages;
#[path = "../browser/process.rs"]
mod process;
mod site;
mod streams;
#[path = "../browser/tls.rs"]
#[allow(dead_code, reason = "the driver asks it for its key alone")]
mod tls;
mod visitor;
mod waiting;
mod web_socket;

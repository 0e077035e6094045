//! The five policies of `examples/policies`, promise by promise: a module for each, and in it a test for each line that a
//! server can keep, named by its number. HTTP in, HTTP out; and what the browser's jar and the stores hold then.
//!
//! What no server can keep (C14, B4, M5) stands on the pages as text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod browsec;
mod capsolver;
mod filehost;
mod said;
mod shared;
mod site;
mod two_captcha;
mod vendor;

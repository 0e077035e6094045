//! The catalogue: the data against the CSV that it is made from, the names of frameworks, and what happens to cookies by it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../examples/catalogue/table.rs"]
mod table;

mod data;
mod enforcement;
mod frameworks;
mod naive;
mod told;

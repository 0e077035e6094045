//! Records of consent: what is written, when, and what can be proved, corrected and erased. HTTP in, HTTP out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod account;
mod between;
mod chain;
mod choices;
mod failing;
mod pages;
mod retention;
mod rights;
mod site;
mod visits;

//! The inventory: what it notes, what it never holds, the draft that it writes, and the example that reads recordings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod drafts;
mod layer;
mod recordings;

use http::{HeaderMap, HeaderValue, header};
use tower_consent::{Inventory, Policy, PolicyBuilder, SeenCookie};

/// A policy that declares nothing.
fn nothing() -> Policy {
    Policy::builder().build().unwrap()
}

/// Header fields of one name.
fn fields(name: header::HeaderName, lines: &[&[u8]]) -> HeaderMap {
    lines.iter().map(|line| (name.clone(), HeaderValue::from_bytes(line).unwrap())).collect()
}

fn shows(inventory: &Inventory, line: &str) {
    inventory.see_request(&fields(header::COOKIE, &[line.as_bytes()]), &nothing());
}

fn sets(inventory: &Inventory, lines: &[&str]) {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
    inventory.see_response(&fields(header::SET_COOKIE, &lines), &nothing());
}

fn names<'c>(cookies: impl IntoIterator<Item = &'c SeenCookie>) -> Vec<String> {
    cookies.into_iter().map(|cookie| cookie.name().to_string()).collect()
}

/// The policy that a file gives.
fn policy_of(toml: &str) -> Policy {
    let builder: PolicyBuilder = toml::from_str(toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    builder.build().unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

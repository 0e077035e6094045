//! The fuzz targets: each takes any bytes, and panics where a property does not hold.
//!
//! They stand here because they are tests: `tests/fuzz` runs them over every file of `fuzz/corpus`, and the crate in
//! `fuzz` gives them to libFuzzer. Corpora are text where they can be, so that a finding can be read.

pub(crate) mod api;
pub(crate) mod banners;
pub(crate) mod browser;
pub(crate) mod consent_cookie;
pub(crate) mod policy;
pub(crate) mod request;
pub(crate) mod response;
mod server;

#[path = "../../oracle/naive.rs"]
pub(crate) mod naive;
#[allow(dead_code, reason = "shared with tests that use more of it")]
#[path = "../../oracle/scenarios.rs"]
pub(crate) mod scenarios;

use std::path::PathBuf;

use http::{HeaderName, HeaderValue, Request};

type Target = (&'static str, fn(&[u8]));

/// Every target by its name.
pub(crate) const ALL: [Target; 6] = [
    ("request", request::run),
    ("response", response::run),
    ("consent_cookie", consent_cookie::run),
    ("banners", banners::run),
    ("policy", policy::run),
    ("api", api::run),
];

/// The folder of the library. This module is compiled there, and one folder below, in `fuzz`.
pub(crate) fn root() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("fuzz") && folder.join("../tests/fuzz").is_dir() { folder.join("..") } else { folder }
}

/// The first byte picks one of so many: `A` the first, `B` the second.
fn pick(input: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = input.split_first()?;
    Some((usize::from(first.wrapping_sub(b'A')) % count, rest))
}

/// The lines of an input that can be values of header fields: no others reach a service. Blanks around a value are no
/// part of it. At most `most` of them.
pub(crate) fn field_lines(input: &[u8], most: usize) -> Vec<Vec<u8>> {
    let lines = naive::split(input, b'\n').into_iter().map(|line| naive::trim(&line));
    lines.filter(|line| HeaderValue::from_bytes(line).is_ok()).take(most).collect()
}

fn with_lines(name: HeaderName, lines: &[Vec<u8>]) -> Request<()> {
    let mut request = Request::new(());
    for line in lines {
        request.headers_mut().append(name.clone(), HeaderValue::from_bytes(line).unwrap());
    }
    request
}

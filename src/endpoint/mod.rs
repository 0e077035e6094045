//! The consent pages, the banner and the JSON API.

pub mod look;

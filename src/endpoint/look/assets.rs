//! The style sheet and the script of the pages: one file each, without dependencies, the same for every visitor.

/// The style sheet: at most 3 KiB gzipped.
pub(crate) const STYLE: &str = include_str!("../assets/style.css");

/// The script: at most 4 KiB gzipped.
pub(crate) const SCRIPT: &str = include_str!("../assets/consent.js");

//! The policies that the demo can be started with: its own, five that were made after published ones, or any file.

use std::{fs, io};

/// By name, each with its text.
pub(crate) const NAMED: [(&str, &str); 5] = [
    ("capsolver", include_str!("../policies/capsolver.toml")),
    ("2captcha", include_str!("../policies/2captcha.toml")),
    ("browsec", include_str!("../policies/browsec.toml")),
    ("filehost", include_str!("../policies/filehost.toml")),
    ("vendor", include_str!("../policies/vendor.toml")),
];

/// The text of a policy: one of the five by its name, or else a file.
pub(crate) fn read(name: &str) -> io::Result<String> {
    match NAMED.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => Ok((*text).to_owned()),
        None => fs::read_to_string(name).map_err(|error| {
            let known = NAMED.map(|(known, _)| known).join(", ");
            io::Error::new(error.kind(), format!("the policy {name:?}: {error}; known by name: {known}"))
        }),
    }
}

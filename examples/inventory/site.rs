//! Which hosts are the site's own, and what the others do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use http::header;

use crate::har::Exchange;

/// The hosts of a site.
pub(crate) struct Site(Vec<String>);

impl Site {
    /// The hosts that were named; else the one of the first request.
    pub(crate) fn of(named: &[String], first: Option<&str>) -> Self {
        let plain = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_ascii_lowercase();
        if named.is_empty() {
            return Self(first.map(plain).into_iter().collect());
        }
        Self(named.iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    /// Whether a host is one of them or below one of them.
    pub(crate) fn has(&self, host: &str) -> bool {
        self.0
            .iter()
            .any(|own| host.strip_suffix(own.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.')))
    }
}

/// The cookies of other hosts: names by host.
#[derive(Default)]
pub(crate) struct Elsewhere(BTreeMap<String, BTreeSet<Vec<u8>>>);

impl Elsewhere {
    pub(crate) fn add(&mut self, exchange: &Exchange) {
        let shown = exchange.request.get_all(header::COOKIE).iter();
        let shown = shown.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        let set = exchange.response.get_all(header::SET_COOKIE).iter();
        let set = set.map(|line| line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default());
        for pair in shown.chain(set) {
            // Without `=` it is all value.
            let end = pair.iter().position(|byte| *byte == b'=');
            if let Some((name, _value)) = end.and_then(|end| pair.split_at_checked(end)) {
                let name = name.trim_ascii().to_vec();
                if !name.is_empty() {
                    self.0.entry(exchange.host.clone()).or_default().insert(name);
                }
            }
        }
    }
}

/// A comment; nothing where no other host has cookies.
impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 20;
        if !self.0.is_empty() {
            writeln!(
                f,
                "\n# Cookies of other hosts. This server never sees them: whoever loads these hosts into a page has to ask"
            )?;
            writeln!(f, "# before. (Is one of them the site's own? --host names it.)")?;
        }
        for (host, names) in &self.0 {
            let listed: Vec<_> = names.iter().take(MOST).map(|name| name.escape_ascii().to_string()).collect();
            let more = if names.len() > MOST { ", ..." } else { "" };
            writeln!(f, "#   {}: {}{more}", host.escape_default(), listed.join(", "))?;
        }
        Ok(())
    }
}

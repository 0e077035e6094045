//! Fields that hold addresses, made coarse.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use crate::visit::anonymize;

/// A list of addresses (`X-Forwarded-For` and its like): the network of each; what is no address becomes `unknown`.
pub(super) fn truncated_list(value: &str) -> String {
    let networks = value.split(',').map(|node| match address(node) {
        Some(address) => anonymize::address(address).to_string(),
        None => UNKNOWN.to_owned(),
    });
    networks.collect::<Vec<_>>().join(", ")
}

/// `Forwarded` (RFC 7239) with the network of each visitor, or without visitors: host and protocol stay.
pub(super) fn forwarded(value: &str, keeps_network: bool) -> String {
    let mut written = String::new();
    for element in split(value, b',') {
        let mut pairs = split(element, b';').filter_map(|pair| pair_of(pair, keeps_network)).peekable();
        if pairs.peek().is_none() {
            continue;
        }
        if !written.is_empty() {
            written.push_str(", ");
        }
        for (place, pair) in pairs.enumerate() {
            // Writing to a string cannot fail.
            _ = write!(written, "{}{pair}", if place == 0 { "" } else { ";" });
        }
    }
    written
}

const UNKNOWN: &str = "unknown";

/// What stays of one pair; nothing of what is none.
fn pair_of(pair: &str, keeps_network: bool) -> Option<String> {
    let (name, value) = pair.trim().split_once('=')?;
    if !["for", "by"].iter().any(|node| name.eq_ignore_ascii_case(node)) {
        return ["host", "proto"].iter().any(|known| name.eq_ignore_ascii_case(known)).then(|| pair.trim().to_owned());
    }
    // `by` is the proxy; but a proxy that is wrong about itself may name the visitor.
    let network = address(value.trim_matches('"')).filter(|_| keeps_network).map(anonymize::address);
    match network {
        Some(IpAddr::V4(network)) => Some(format!("{name}={network}")),
        Some(IpAddr::V6(network)) => Some(format!("{name}=\"[{network}]\"")),
        None => keeps_network.then(|| format!("{name}={UNKNOWN}")),
    }
}

/// An address, with or without brackets, zone and port.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    if let Ok(socket) = node.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    let bare = node.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(node);
    let bare = bare.split('%').next().unwrap_or_default();
    // A port that is none.
    let without_port = || bare.rsplit_once(':').and_then(|(host, _)| host.parse().ok());
    bare.parse().ok().or_else(without_port)
}

/// The parts between separators that do not stand in quotes.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |byte: char| {
        let ends = !is_quoted && byte == char::from(separator);
        if byte == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = is_quoted && !is_escaped && byte == '\\';
        ends
    })
}

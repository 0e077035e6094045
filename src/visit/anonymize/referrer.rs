//! Referrers become origins.

use std::{fmt::Write as _, net::Ipv6Addr};

/// Bytes of a host name, with its final dot.
const MOST_HOST: usize = 254;
/// Bytes of a path that is kept.
const MOST_PATH: usize = 2_048;

/// The origin of a referrer: scheme, host in lower case, and the port where it is not the scheme's own; at most 268 bytes of
/// ASCII without spaces.
///
/// No user name, path, query or fragment. `None` for what is not an absolute `http` or `https` address with a host of
/// letters, digits, `-`, `_` and `.` (browsers send others as `xn--`), or of an IPv6 address in brackets.
#[must_use]
pub fn referrer(text: &str) -> Option<String> {
    Some(split(text)?.0)
}

/// The [origin](referrer) of a referrer and its path, at most 2,048 bytes of it, without query, fragment, and what stands
/// behind a `;` in each segment (old servers put session ids there).
///
/// `None` also where the path has other characters than a header field can have in a URL: ASCII that can be seen.
#[must_use]
pub fn referrer_path(text: &str) -> Option<String> {
    let (mut origin, rest) = split(text)?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let most = origin.len() + MOST_PATH;
    for segment in path.split(['/', '\\']).skip(1) {
        origin.push('/');
        origin.push_str(segment.split(';').next().unwrap_or_default());
    }
    // All of it is ASCII.
    origin.truncate(most);
    Some(origin)
}

/// The origin, and what stands behind it.
fn split(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let (scheme, own_port) = match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => ("https", 443),
        _ if scheme.eq_ignore_ascii_case("http") => ("http", 80),
        _ => return None,
    };
    // A browser takes a backslash for a slash.
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    let place = authority.rsplit_once('@').map_or(authority, |(_user, place)| place);
    let (host, port) = if let Some(bracketed) = place.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        (format!("[{address}]"), port.strip_prefix(':').or_else(|| port.is_empty().then_some(""))?)
    } else {
        let (host, port) = place.split_once(':').unwrap_or((place, ""));
        (name(host)?, port)
    };
    let mut origin = format!("{scheme}://{host}");
    if !port.is_empty() {
        // `parse` would take a sign.
        let is_number = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
        let port: u16 = port.parse().ok().filter(|_| is_number)?;
        if port != own_port {
            // Writing to a String cannot fail.
            let _infallible = write!(origin, ":{port}");
        }
    }
    Some((origin, rest))
}

fn name(host: &str) -> Option<String> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = !host.is_empty() && host.len() <= MOST_HOST && host.bytes().all(is_known);
    is_name.then(|| host.to_ascii_lowercase())
}

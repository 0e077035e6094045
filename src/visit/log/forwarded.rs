//! The addresses that proxies write into `X-Forwarded-For` and `Forwarded`, from the right to the left.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderValue;

/// The elements of all `X-Forwarded-For` lines, both from the last one on; none where one is no address.
pub(super) fn listed<'l>(lines: impl Iterator<Item = &'l HeaderValue>) -> impl Iterator<Item = Option<IpAddr>> {
    lines.flat_map(|line| {
        // A line that is no text hides what stands in it, and what stands before it is not reached.
        line.to_str().unwrap_or("?").rsplit(',').map(|element| node(element.trim_matches([' ', '\t'])))
    })
}

/// The elements of all `Forwarded` lines, both from the last one on; none where one names no address. A line with an error
/// anywhere in it names none: an opened quote further left could make a proxy's own element look like another's.
pub(super) fn forwarded<'l>(lines: impl Iterator<Item = &'l HeaderValue>) -> impl Iterator<Item = Option<IpAddr>> {
    lines.flat_map(|line| {
        let elements = line.to_str().ok().and_then(elements).unwrap_or_else(|| vec![None]);
        elements.into_iter().rev()
    })
}

/// `Forwarded = 1#( [ pair ] *( ";" [ pair ] ) )`, `pair = token "=" ( token / quoted-string )` (RFC 7239 section 4).
/// Nothing for a line that is not written so.
fn elements(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let mut elements = Vec::new();
    let mut rest = line;
    loop {
        let (element, separator, behind) = self::element(rest)?;
        // An empty one is no element (RFC 9110 section 5.6.1.2).
        if let Some(name) = element {
            elements.push(name);
        }
        if separator.is_none() {
            return Some(elements);
        }
        rest = behind;
    }
}

/// One element: whom it names, if it has any pair; whether another follows; what follows.
type Element<'t> = (Option<Option<IpAddr>>, Option<u8>, &'t str);

fn element(text: &str) -> Option<Element<'_>> {
    let (mut has_pair, mut client) = (false, None);
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if !rest.starts_with([';', ',']) && !rest.is_empty() {
            let (name, behind) = rest.split_once('=')?;
            if name.is_empty() || !name.bytes().all(is_token) {
                return None;
            }
            let (value, behind) = value(behind)?;
            rest = behind.trim_start_matches([' ', '\t']);
            has_pair = true;
            // Twice in an element is an error (section 4): which of them counts?
            if name.eq_ignore_ascii_case("for") && client.replace(node(&value)).is_some() {
                return None;
            }
        }
        match rest.as_bytes() {
            [b';', ..] => rest = rest.get(1..)?,
            [b',', ..] => return Some((has_pair.then(|| client.flatten()), Some(b','), rest.get(1..)?)),
            [] => return Some((has_pair.then(|| client.flatten()), None, "")),
            _ => return None,
        }
    }
}

/// A token, or a quoted string without its quotes; and what follows.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_token(byte)).unwrap_or(text.len());
        let (token, behind) = text.split_at(end);
        return (!token.is_empty()).then(|| (token.to_owned(), behind));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// An address, alone or with a port: `192.0.2.7`, `192.0.2.7:80`, `[2001:db8::7]`, `[2001:db8::7]:80`; without brackets
/// too, as `X-Forwarded-For` has it. Nothing for `unknown`, `_hidden` and everything else.
fn node(text: &str) -> Option<IpAddr> {
    let with_port = |text: &str| text.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let in_brackets = |text: &str| {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().map(IpAddr::V6).ok()
    };
    let address = text.parse().ok().or_else(|| with_port(text)).or_else(|| in_brackets(text));
    // An obfuscated port is allowed beside a plain address (section 6.3).
    let with_hidden_port = || {
        let (node, port) = text.rsplit_once(":_")?;
        let is_port =
            !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        is_port.then(|| node.parse().ok().filter(IpAddr::is_ipv4).or_else(|| in_brackets(node))).flatten()
    };
    address.or_else(with_hidden_port).map(|address| address.to_canonical())
}

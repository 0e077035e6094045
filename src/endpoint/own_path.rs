//! Where a visitor goes back to: a path of this site, and nowhere else.

/// The longest path that is gone back to, in bytes.
const LONGEST: usize = 2_048;

/// How often a path may change when it is decoded. No chain of servers is longer, and each time is a pass over the path.
const MOST_DECODED: usize = 4;

/// The path, if every browser takes it for one of this very site.
///
/// One slash and no second one (`//host` is another site), no backslash (browsers read it as a slash), only visible
/// ASCII (browsers drop tabs and line breaks from addresses before they read them), and none of these in percent-encoding
/// where a server on the way may decode it. What follows `?` or `#` is not read as a path, so it may hold all that.
pub(super) fn own_path(path: &str) -> Option<&str> {
    let is_visible = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if path.len() > LONGEST || !is_visible {
        return None;
    }
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (before, _) = path.split_at_checked(end)?;
    // Decoded as often as it changes: a chain of servers may do so.
    let mut decoded = before.as_bytes().to_vec();
    for _ in 0..=MOST_DECODED {
        if !is_plain(&decoded) {
            return None;
        }
        let next = decode(&decoded);
        if next.len() == decoded.len() {
            return Some(path);
        }
        decoded = next;
    }
    None
}

/// Whether this stays on the site, once dots are resolved too.
fn is_plain(path: &[u8]) -> bool {
    let has_odd_byte = path.iter().any(|byte| *byte < b' ' || *byte == 0x7f || *byte == b'\\');
    let Some(rest) = path.strip_prefix(b"/").filter(|_| !has_odd_byte) else { return false };
    // An empty segment at the front is another host; further behind it becomes one where dots are resolved (`/x/..//y`).
    let mut segments = rest.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        if (segment.is_empty() || segment.trim_ascii().is_empty()) && segments.peek().is_some() {
            return false;
        }
    }
    true
}

fn decode(path: &[u8]) -> Vec<u8> {
    let digit =
        |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|it| u8::try_from(it).ok());
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        match (byte, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}

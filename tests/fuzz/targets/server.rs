//! The names that a server finds in `Cookie` lines, by the habits of the readers in use (R50): with and without quotes,
//! with and without percent-decoding, by one line or by all of them.

use super::naive;

/// Every name that some reader sees; how it reads, for a message.
pub(crate) fn names(lines: &[Vec<u8>]) -> Vec<(&'static str, Vec<u8>)> {
    let joined = [lines.join(&b"; "[..])];
    let mut found = Vec::new();
    for (how, lines, has_quotes) in [
        ("a line at a time", lines, false),
        ("all lines as one", &joined[..], false),
        ("a line at a time, with quotes", lines, true),
        ("all lines as one, with quotes", &joined[..], true),
    ] {
        for line in lines {
            for piece in if has_quotes { quoted(line) } else { naive::split(line, b';') } {
                let (name, _) = naive::cut(&piece, b'=').unwrap_or((piece, Vec::new()));
                let name = naive::trim(&name);
                let text = String::from_utf8_lossy(&name).into_owned();
                let decoded = decoded(&name);
                found.push((how, name));
                found.push((how, text.trim().as_bytes().to_vec()));
                found.push((how, decoded.trim().as_bytes().to_vec()));
            }
        }
    }
    found
}

/// Pieces between semicolons outside of quotes.
fn quoted(line: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let mut is_inside = false;
    for byte in line {
        is_inside ^= *byte == b'"';
        if *byte == b';' && !is_inside {
            pieces.push(Vec::new());
        } else {
            pieces.last_mut().unwrap().push(*byte);
        }
    }
    pieces
}

fn decoded(name: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < name.len() {
        let hex = name.get(at + 1..at + 3).filter(|hex| name[at] == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        match hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                at += 3;
            }
            None => {
                bytes.push(name[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

//! Text from visitors, made safe to stand on a line of a log.

/// The most of a host's name.
pub(super) const HOST: usize = 255;
/// The most of a path, with its query where it is declared.
pub(super) const PATH: usize = 2_048;
/// The most of a user agent.
pub(super) const AGENT: usize = 512;
/// The most of a referrer.
pub(super) const REFERRER: usize = 2_048;

/// Printable ASCII as it is, every other byte as `%XX`, cut at this many bytes: no line break, no escape sequence for
/// terminals and no text that runs from right to left comes through.
pub(super) fn plain(bytes: &[u8], limit: usize) -> String {
    // Almost every text: judged without a branch for each byte, and copied at once.
    let is_plain = bytes.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'));
    if is_plain
        && bytes.len() <= limit
        && let Ok(text) = str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len().min(limit));
    for &byte in bytes {
        let is_plain = matches!(byte, b' '..=b'~');
        if text.len() + if is_plain { 1 } else { 3 } > limit {
            break;
        }
        if is_plain {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(hex(byte >> 4));
            text.push(hex(byte & 15));
        }
    }
    text
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_but_printable_ascii_comes_through_and_no_more_than_allowed() {
        for (bytes, limit, text) in [
            (&b"Mozilla/5.0 (X11)"[..], 100, "Mozilla/5.0 (X11)"),
            (b"a\r\nb\x1b[31m\x7f\t", 100, "a%0D%0Ab%1B[31m%7F%09"),
            ("é\u{202e}".as_bytes(), 100, "%C3%A9%E2%80%AE"),
            (b"abc", 2, "ab"),
            (b"a\x00b", 3, "a"),
            (b"a\x00b", 4, "a%00"),
            (b"", 4, ""),
        ] {
            assert_eq!(plain(bytes, limit), text);
        }
    }
}

//! Text from visitors, made safe to stand on a line of a log.

use std::ops::Range;

/// The most of a host's name.
pub(super) const HOST: usize = 255;
/// The most of a path, with its query where it is declared.
pub(super) const PATH: usize = 2_048;
/// The most of a user agent.
pub(super) const AGENT: usize = 512;
/// The most of a referrer.
pub(super) const REFERRER: usize = 2_048;

/// Appends printable ASCII as it is, every other byte as `%XX`, cut at this many bytes: no line break, no escape sequence for
/// terminals and no text that runs from right to left comes through. Gives the place.
pub(super) fn push_plain(texts: &mut String, bytes: &[u8], limit: usize) -> Range<usize> {
    let begin = texts.len();
    // Almost every text: judged without a branch for each byte, and copied at once.
    let is_plain = bytes.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'));
    if is_plain
        && bytes.len() <= limit
        && let Ok(text) = str::from_utf8(bytes)
    {
        texts.push_str(text);
        return begin..texts.len();
    }
    for &byte in bytes {
        let is_plain = matches!(byte, b' '..=b'~');
        if texts.len() - begin + if is_plain { 1 } else { 3 } > limit {
            break;
        }
        if is_plain {
            texts.push(char::from(byte));
        } else {
            texts.push('%');
            texts.push(hex(byte >> 4));
            texts.push(hex(byte & 15));
        }
    }
    begin..texts.len()
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::push_plain;

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
            let mut texts = "before".to_owned();
            let place = push_plain(&mut texts, bytes, limit);
            assert_eq!((&texts[..6], &texts[place.clone()], place.end), ("before", text, texts.len()));
        }
    }
}

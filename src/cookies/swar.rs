//! Looks at eight bytes at a time: cookie names are too short for the vectorised search to pay.

use crate::policy::NameStart;

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

const fn each(byte: u8) -> u64 {
    LOW * byte as u64
}

/// The high bit of each byte that is zero. Above the first such byte bits may be set too, never below it.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// The place of the first `=` or `;`; the length if there is none.
pub(crate) fn find_name_end(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ each(b'=')) | zeros(word ^ each(b';'));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len())
}

/// How far behind `start` the first `=` stands, at most the distance to `stop`; and the first eight bytes before it, for
/// which nothing has to be read again.
#[inline(always)]
pub(crate) fn find_equals(line: &[u8], start: usize, stop: usize) -> (usize, NameStart) {
    // Almost every name begins eight bytes before the end of the line, and most end within them.
    if let Some(word) = line.get(start..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ each(b'='));
        if found != 0 {
            let length = found.trailing_zeros() / 8;
            return ((stop - start).min(length as usize), NameStart::cut(word, length));
        }
    }
    let piece = line.get(start..stop).unwrap_or_default();
    let length = find_name_end(piece);
    (length, NameStart::of(piece.get(..length).unwrap_or_default()))
}

/// The place of the first `;` at or after `from`; the length if there is none. Most values are short: four words are
/// looked at before the vectorised search begins.
pub(crate) fn find_semicolon(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let mut at = from;
    for word in rest.as_chunks::<8>().0.iter().take(4) {
        let found = zeros(u64::from_le_bytes(*word) ^ each(b';'));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    memchr::memchr(b';', rest).map_or(bytes.len(), |place| at + place)
}

/// Whether a name holds a byte that is not a visible ASCII character, or a `%`.
pub(crate) fn is_odd(name: &[u8]) -> bool {
    let (words, rest) = name.as_chunks::<8>();
    let is_odd_byte = |byte: &u8| *byte == b'%' || !byte.is_ascii_graphic();
    // Exact for the question whether there is any: a byte below 0x21, one above 0x7e, or a `%`.
    let is_odd_word = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let below = word.wrapping_sub(each(0x21)) & !word;
        let above = word | word.wrapping_add(each(1));
        (below | above | zeros(word ^ each(b'%'))) & HIGH != 0
    };
    words.iter().any(is_odd_word) || rest.iter().any(is_odd_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_are_found_wherever_they_are() {
        for length in 0..100 {
            for from in 0..=length {
                assert_eq!(find_semicolon(&vec![b'a'; length], from), length);
                for place in from..length {
                    let mut line = vec![b':'; length];
                    line[place] = b';';
                    assert_eq!(find_semicolon(&line, from), place);
                }
            }
        }
    }

    #[test]
    fn eight_at_a_time_is_as_one_at_a_time() {
        for byte in 0..=u8::MAX {
            for length in 0..20 {
                for place in 0..length {
                    let mut name = vec![b'a'; length];
                    name[place] = byte;
                    let plain = name.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(length);
                    assert_eq!(find_name_end(&name), plain, "{name:?}");
                    let plain = name.iter().any(|byte| *byte == b'%' || !byte.is_ascii_graphic());
                    assert_eq!(is_odd(&name), plain, "{name:?}");
                    let plain = name.iter().position(|byte| *byte == b';').unwrap_or(length);
                    assert_eq!(find_semicolon(&name, 0), plain, "{name:?}");
                    // Two of them, so that one byte's answer does not hide behind its neighbour's.
                    name[length - 1 - place] = byte.wrapping_add(1);
                    let plain = name.iter().any(|byte| *byte == b'%' || !byte.is_ascii_graphic());
                    assert_eq!(is_odd(&name), plain, "{name:?}");
                }
            }
        }
    }
}

//! Names that some parsers read as another one.
//!
//! Browsers and this crate compare names byte by byte. Other readers in the same server may decode percent signs or trim
//! Unicode blanks, and would then find a refused name in one that was let through (R50, R67, R71).

use std::borrow::Cow;

pub(super) use super::swar::is_odd as can_be_another;

/// The name that such a reader sees, if it can differ.
pub(crate) fn undisguised(name: &[u8]) -> Option<Vec<u8>> {
    // The quick way: an ordinary name.
    if !can_be_another(name) {
        return None;
    }
    // What is not UTF-8 is decoded as it is: a name can be half encoded and half raw.
    let text = str::from_utf8(name).map_or(name, |text| text.trim().as_bytes());
    let decoded = percent_decoded(text);
    let decoded = String::from_utf8_lossy(&decoded);
    let seen = decoded.trim();
    (seen.as_bytes() != name).then(|| seen.as_bytes().to_vec())
}

fn percent_decoded(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'%') {
        return Cow::Borrowed(name);
    }
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [byte, after @ ..] = rest {
        rest = after;
        if let (b'%', [high, low, after @ ..]) = (byte, rest)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.push(high << 4 | low);
            rest = after;
        } else {
            decoded.push(*byte);
        }
    }
    Cow::Owned(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_percent_signs_are_seen_through() {
        for (name, seen) in [
            ("_ga", None),
            ("plain-name", None),
            ("%5Fga", Some("_ga")),
            ("%5fga", Some("_ga")),
            ("_ga%20", Some("_ga")),
            ("\u{2000}_ga", Some("_ga")),
            ("_ga\u{a0}", Some("_ga")),
            ("\u{85}%5Fga\u{3000}", Some("_ga")),
            ("100%", None),
            ("%zz%4", None),
            ("_ga\u{e9}", None),
            ("th%c3%a8me", Some("th\u{e8}me")),
        ] {
            assert_eq!(undisguised(name.as_bytes()).as_deref(), seen.map(str::as_bytes), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_is_half_encoded_is_seen_whole() {
        assert_eq!(undisguised(b"th%c3\xa8me").as_deref(), Some("th\u{e8}me".as_bytes()));
    }
}

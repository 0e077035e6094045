//! Splits a `Cookie` line into its pairs.

use super::swar::{find_name_end, find_semicolon};

/// One pair of a `Cookie` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    /// The pair without the blanks around it.
    pub(crate) bytes: &'a [u8],
    /// The name; empty for a pair without a name or without `=`.
    pub(crate) name: &'a [u8],
    /// The place in the line at which the pair ends.
    pub(crate) end: usize,
}

/// The pairs of a line. Pieces of only blanks are no pairs.
pub(crate) const fn pairs(line: &[u8]) -> Pairs<'_> {
    Pairs { rest: line, at: 0 }
}

/// See [`pairs`].
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'a> {
    rest: &'a [u8],
    /// The place in the line at which `rest` begins.
    at: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        loop {
            let rest = trim_start(self.rest);
            if rest.is_empty() {
                return None;
            }
            let start = self.at + (self.rest.len() - rest.len());
            let head = find_name_end(rest);
            let has_equals = rest.get(head) == Some(&b'=');
            let length = if has_equals { find_semicolon(rest, head + 1) } else { head };
            self.rest = rest.get(length + 1..).unwrap_or_default();
            self.at = start + length + 1;
            let bytes = trim_end(rest.get(..length)?);
            if bytes.is_empty() {
                continue;
            }
            let name = if has_equals { trim_end(rest.get(..head)?) } else { &[] };
            return Some(Pair { bytes, name, end: start + bytes.len() });
        }
    }
}

/// Without SP and HTAB at both ends: browsers trim nothing else (R27).
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_at_semicolons_only() {
        for (line, expected) in [
            ("", &[][..]),
            (" ; ;;\t", &[]),
            ("a=b", &[("a", "a=b")]),
            ("a=b; c=d", &[("a", "a=b"), ("c", "c=d")]),
            (" a = b ;c=d;", &[("a", "a = b"), ("c", "c=d")]),
            ("a=\"b; c\"", &[("a", "a=\"b"), ("", "c\"")]),
            ("a=b=c, d=e", &[("a", "a=b=c, d=e")]),
            ("a; =b; =", &[("", "a"), ("", "=b"), ("", "=")]),
            ("a\t=\tb", &[("a", "a\t=\tb")]),
            ("\u{a0}a=b", &[("\u{a0}a", "\u{a0}a=b")]),
        ] {
            let found: Vec<_> = pairs(line.as_bytes()).map(|pair| (pair.name, pair.bytes)).collect();
            let expected: Vec<_> = expected.iter().map(|(name, pair)| (name.as_bytes(), pair.as_bytes())).collect();
            assert_eq!(found, expected, "{line:?}");
            for pair in pairs(line.as_bytes()) {
                assert!(line.as_bytes()[..pair.end].ends_with(pair.bytes), "{line:?}");
            }
        }
    }
}

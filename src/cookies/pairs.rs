//! Splits a `Cookie` line into its pairs.

use super::swar::{find_name_end, find_semicolon};

/// One pair of a `Cookie` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    /// The name; empty for a pair without a name or without `=`.
    pub(crate) name: &'a [u8],
    /// The place in the line at which the pair begins, without the blanks around it.
    pub(crate) start: usize,
    /// The place in the line at which it ends.
    pub(crate) end: usize,
}

/// The pairs of a line. Pieces of only blanks are no pairs.
pub(crate) const fn pairs(line: &[u8]) -> Pairs<'_> {
    Pairs { line, at: 0 }
}

/// See [`pairs`].
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    // Every cookie of every request: the call would cost as much as the work.
    #[inline(always)]
    fn next(&mut self) -> Option<Pair<'a>> {
        let line = self.line;
        let mut start = self.at;
        while matches!(line.get(start)?, b' ' | b'\t' | b';') {
            start += 1;
        }
        let name_end = start + find_name_end(line.get(start..)?);
        let has_equals = line.get(name_end) == Some(&b'=');
        let stop = if has_equals { find_semicolon(line, name_end + 1) } else { name_end };
        self.at = stop + 1;
        let name = if has_equals { trim_end(line.get(start..name_end)?) } else { &[] };
        let end = start + trim_end(line.get(start..stop)?).len();
        Some(Pair { name, start, end })
    }
}

/// Without SP and HTAB at both ends: browsers trim nothing else (R27).
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

#[inline]
pub(crate) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

#[inline]
pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
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
            let bytes = |pair: Pair<'_>| &line.as_bytes()[pair.start..pair.end];
            let found: Vec<_> = pairs(line.as_bytes()).map(|pair| (pair.name, bytes(pair))).collect();
            let expected: Vec<_> = expected.iter().map(|(name, pair)| (name.as_bytes(), pair.as_bytes())).collect();
            assert_eq!(found, expected, "{line:?}");
        }
    }
}

//! Splits a `Cookie` line into its pairs.

use super::{semicolons::Semicolons, swar::find_equals};
use crate::policy::NameStart;

/// One pair of a `Cookie` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    /// The name; empty for a pair without a name or without `=`.
    pub(crate) name: &'a [u8],
    /// What a look-up by this name begins with; it is at hand when the name is found.
    pub(crate) name_start: NameStart,
    /// The place in the line at which the pair begins, without the blanks around it.
    pub(crate) start: usize,
    /// The place in the line at which it ends.
    pub(crate) end: usize,
}

/// The pairs of a line. Pieces of only blanks are no pairs.
pub(crate) fn pairs(line: &[u8]) -> Pairs<'_> {
    Pairs { line, at: 0, semicolons: Semicolons::of(line) }
}

/// See [`pairs`].
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'a> {
    line: &'a [u8],
    at: usize,
    semicolons: Semicolons<'a>,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    // Every cookie of every request: the call would cost as much as the work.
    #[inline(always)]
    fn next(&mut self) -> Option<Pair<'a>> {
        loop {
            let stop = self.semicolons.next();
            let mut start = self.at;
            let piece = loop {
                // Nothing stands behind the end of the line.
                match self.line.get(start..stop)? {
                    [b' ' | b'\t', ..] => start += 1,
                    piece => break piece,
                }
            };
            self.at = stop + 1;
            if piece.is_empty() {
                continue;
            }
            let (length, name_start) = find_equals(self.line, start, stop);
            let mut pair = Pair { name: &[], name_start: NameStart::NONE, start, end: start + trim_end(piece).len() };
            if let Some(name) = piece.get(..length).filter(|_| length < piece.len()) {
                pair.name = trim_end(name);
                pair.name_start = if pair.name.len() == length { name_start } else { NameStart::of(pair.name) };
            }
            return Some(pair);
        }
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

//! Splits a `Cookie` line into its pairs.

use memchr::memchr_iter;

/// One pair of a `Cookie` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    /// The pair without the blanks around it.
    pub(crate) bytes: &'a [u8],
    /// The name; empty for a pair without a name or without `=`.
    pub(crate) name: &'a [u8],
    /// The value, with quotes if there are any.
    pub(crate) value: &'a [u8],
    /// The place in the line at which the pair ends.
    pub(crate) end: usize,
}

/// The pairs of a line. Pieces of only blanks are no pairs.
pub(crate) fn pairs(line: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let mut from = 0;
    memchr_iter(b';', line).chain(std::iter::once(line.len())).filter_map(move |to| {
        let piece = trim_end(line.get(from..to).unwrap_or_default());
        let end = from + piece.len();
        from = to + 1;
        pair(trim_start(piece), end)
    })
}

fn pair(bytes: &[u8], end: usize) -> Option<Pair<'_>> {
    if bytes.is_empty() {
        return None;
    }
    // Names are short: a loop beats a call of the vectorised search.
    let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(end) => {
            (trim_end(bytes.get(..end).unwrap_or_default()), trim_start(bytes.get(end + 1..).unwrap_or_default()))
        }
        None => (&[][..], bytes),
    };
    Some(Pair { bytes, name, value, end })
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

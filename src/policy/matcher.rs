//! Finds the rule of a cookie name: by exact name, then by longest prefix. Byte-exact, nothing is decoded or folded.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// The shortest prefix that a rule may have.
pub(crate) const MIN_PREFIX: usize = 3;

/// The place of a rule in its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleIndex(pub(crate) u16);

#[derive(Clone, Debug, Default)]
pub(crate) struct Matcher {
    exact: HashMap<Box<[u8]>, RuleIndex, BuildHasherDefault<NameHasher>>,
    /// By their first three bytes; each list begins with its longest prefix.
    prefixes: HashMap<[u8; MIN_PREFIX], Vec<(Box<[u8]>, RuleIndex)>, BuildHasherDefault<NameHasher>>,
}

impl Matcher {
    /// Adds a name; `false` if it was there already, which changes nothing.
    pub(crate) fn insert_exact(&mut self, name: &[u8], rule: RuleIndex) -> bool {
        let is_new = !self.exact.contains_key(name);
        if is_new {
            self.exact.insert(name.into(), rule);
        }
        is_new
    }

    /// Adds a prefix of at least [`MIN_PREFIX`] bytes; `false` if it is too short or was there already.
    pub(crate) fn insert_prefix(&mut self, prefix: &[u8], rule: RuleIndex) -> bool {
        let Some(first) = prefix.first_chunk() else {
            return false;
        };
        let list = self.prefixes.entry(*first).or_default();
        if list.iter().any(|(known, _)| **known == *prefix) {
            return false;
        }
        list.push((prefix.into(), rule));
        list.sort_by_key(|(known, _)| std::cmp::Reverse(known.len()));
        true
    }

    /// The rule of exactly this name.
    pub(crate) fn exact(&self, name: &[u8]) -> Option<RuleIndex> {
        self.exact.get(name).copied()
    }

    /// The rule of exactly this prefix.
    pub(crate) fn prefix(&self, prefix: &[u8]) -> Option<RuleIndex> {
        let list = self.prefixes.get(prefix.first_chunk::<MIN_PREFIX>()?)?;
        list.iter().find(|(known, _)| **known == *prefix).map(|(_, rule)| *rule)
    }

    /// The rule that a cookie of this name falls under.
    pub(crate) fn find(&self, name: &[u8]) -> Option<RuleIndex> {
        if let Some(rule) = self.exact(name) {
            return Some(rule);
        }
        let list = self.prefixes.get(name.first_chunk::<MIN_PREFIX>()?)?;
        list.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, rule)| *rule)
    }
}

/// A hash for short names. Only names of the policy are ever inserted, so a visitor who makes names collide gains
/// nothing: a table of fixed entries is searched, never grown.
#[derive(Clone, Copy, Default)]
pub(crate) struct NameHasher(u64);

impl NameHasher {
    // A multiplier with well-spread bits (the golden ratio's fraction).
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(Self::SPREAD);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.add(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_usize(&mut self, length: usize) {
        self.0 ^= length as u64;
    }

    fn finish(&self) -> u64 {
        // The table takes its bucket from the low bits and its tag from the high ones.
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_beats_prefix_and_the_longest_prefix_wins() {
        let mut matcher = Matcher::default();
        assert!(matcher.insert_prefix(b"_ga", RuleIndex(0)));
        assert!(matcher.insert_prefix(b"_gac_", RuleIndex(1)));
        assert!(matcher.insert_exact(b"_gac_own", RuleIndex(2)));
        assert!(!matcher.insert_exact(b"_gac_own", RuleIndex(3)), "the first one stays");
        assert!(!matcher.insert_prefix(b"_ga", RuleIndex(3)));
        assert!(!matcher.insert_prefix(b"_g", RuleIndex(3)));
        for (name, rule) in [
            ("_ga", Some(0)),
            ("_gacX", Some(0)),
            ("_gac_", Some(1)),
            ("_gac_x", Some(1)),
            ("_gac_own", Some(2)),
            ("_gac_owner", Some(1)),
            ("_GA", None),
            ("_g", None),
            ("", None),
        ] {
            assert_eq!(matcher.find(name.as_bytes()), rule.map(RuleIndex), "{name}");
        }
    }
}

//! Finds the rule of a cookie name: by exact name, then by longest prefix. Byte-exact, nothing is decoded or folded.
//!
//! Every cookie of every request comes by here, so the table is its own: only names of the policy stand in it, it never
//! grows after it is built, and a visitor who makes names collide gains a few comparisons.

/// The shortest prefix that a rule may have.
pub(crate) const MIN_PREFIX: usize = 3;

/// The place of a rule in its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleIndex(pub(crate) u16);

impl RuleIndex {
    /// One of the library's own cookies, which no rule declares.
    pub(crate) const OWN: Self = Self(u16::MAX);
    /// A cookie of a banner that the policy reads.
    pub(crate) const BANNER: Self = Self(u16::MAX - 1);
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Matcher {
    exact: Vec<(Box<[u8]>, RuleIndex)>,
    /// Open addressing over `exact`; at most half full, so that a search soon meets an empty slot.
    slots: Vec<Slot>,
    /// The longest first.
    prefixes: Vec<Prefix>,
}

/// A name in its slot: all of it, if it has no more than sixteen bytes.
#[derive(Clone, Copy, Debug)]
struct Slot {
    start: NameStart,
    end: u64,
    /// `usize::MAX` where the slot is empty.
    length: usize,
    rule: RuleIndex,
    /// The place in `exact`.
    place: u16,
}

const EMPTY: Slot = Slot { start: NameStart::NONE, end: 0, length: usize::MAX, rule: RuleIndex(0), place: 0 };

/// The first eight bytes of a name, with zeros for what is missing. No name holds a zero byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameStart(u64);

impl NameStart {
    /// That of no name.
    pub(crate) const NONE: Self = Self(0);

    /// That of a name which these eight bytes begin with (the first is the lowest), and which has this many of them: less
    /// than eight.
    #[inline]
    pub(crate) const fn cut(word: u64, length: u32) -> Self {
        Self(word & !(u64::MAX << (8 * length)))
    }

    #[inline]
    pub(crate) fn of(name: &[u8]) -> Self {
        let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        Self(match name {
            [a, b, c, d, e, f, g, h, ..] => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
            // Two reads that overlap: where they do they say the same.
            [_, _, _, _, ..] => {
                let first = name.first_chunk().map_or(0, four);
                let last = name.last_chunk().map_or(0, four);
                first | last << (8 * (name.len() - 4))
            }
            [a, b, c] => u64::from_le_bytes([*a, *b, *c, 0, 0, 0, 0, 0]),
            [a, b] => u64::from_le_bytes([*a, *b, 0, 0, 0, 0, 0, 0]),
            [a] => u64::from(*a),
            [] => 0,
        })
    }
}

#[derive(Clone, Debug)]
struct Prefix {
    /// Its first eight bytes, or all of them, and which bits of a name to compare with them.
    start: u64,
    mask: u64,
    /// What follows these.
    rest: Box<[u8]>,
    rule: RuleIndex,
}

impl Prefix {
    fn new(bytes: &[u8], rule: RuleIndex) -> Self {
        let (first, rest) = bytes.split_at_checked(8).unwrap_or((bytes, &[]));
        let word = |bytes: &[u8]| NameStart::of(bytes).0;
        Self { start: word(first), mask: word(&vec![0xff; first.len()]), rest: rest.into(), rule }
    }

    fn len(&self) -> usize {
        self.mask.count_ones() as usize / 8 + self.rest.len()
    }

    /// Whether a name, whose start is given, begins with it.
    fn begins(&self, name: &[u8], name_start: NameStart) -> bool {
        // A shorter name differs in the zeros for what it lacks. An empty rest is not compared: its slice points nowhere, and
        // to compare no bytes at such an address was most of the time of a long Cookie line (masked loads that fault are slow).
        name_start.0 & self.mask == self.start
            && (self.rest.is_empty() || name.get(8..).is_some_and(|after| after.starts_with(&self.rest)))
    }
}

impl Matcher {
    /// A table that holds only the names of the library's own cookies.
    pub(crate) fn of_own<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut matcher = Self::default();
        for name in names {
            matcher.insert_exact(name.as_bytes(), RuleIndex::OWN);
        }
        matcher
    }

    /// Adds a name; `false` if it was there already, which changes nothing.
    pub(crate) fn insert_exact(&mut self, name: &[u8], rule: RuleIndex) -> bool {
        if self.exact(name).is_some() {
            return false;
        }
        self.exact.push((name.into(), rule));
        if self.exact.len() * 2 > self.slots.len() {
            self.slots = vec![EMPTY; (self.exact.len() * 2).next_power_of_two().max(8)];
            (0..self.exact.len()).for_each(|place| self.occupy(place));
        } else {
            self.occupy(self.exact.len() - 1);
        }
        true
    }

    /// Puts the name at this place of `exact` into the first free slot from its own on.
    fn occupy(&mut self, place: usize) {
        let Some((name, rule)) = self.exact.get(place) else { return };
        // A policy has no more rules than that.
        let Ok(place) = u16::try_from(place) else { return };
        let (start, end) = (NameStart::of(name), end(name));
        let mut index = hash(start, end, name.len());
        let mask = self.slots.len().wrapping_sub(1);
        while let Some(slot) = self.slots.get_mut(index & mask) {
            if slot.is_empty() {
                *slot = Slot { start, end, length: name.len(), rule: *rule, place };
                return;
            }
            index = index.wrapping_add(1);
        }
    }

    /// Adds a prefix of at least [`MIN_PREFIX`] bytes; `false` if it is too short or was there already.
    pub(crate) fn insert_prefix(&mut self, prefix: &[u8], rule: RuleIndex) -> bool {
        if prefix.len() < MIN_PREFIX || self.prefix(prefix).is_some() {
            return false;
        }
        self.prefixes.push(Prefix::new(prefix, rule));
        self.prefixes.sort_by_key(|known| std::cmp::Reverse(known.len()));
        true
    }

    /// The rule of exactly this name.
    pub(crate) fn exact(&self, name: &[u8]) -> Option<RuleIndex> {
        self.find_exact(name, NameStart::of(name))
    }

    #[inline(always)]
    fn find_exact(&self, name: &[u8], start: NameStart) -> Option<RuleIndex> {
        let (mask, end) = (self.slots.len().wrapping_sub(1), end(name));
        let mut index = hash(start, end, name.len());
        loop {
            let slot = self.slots.get(index & mask)?;
            if slot.length == name.len() {
                if slot.start == start && slot.end == end && (name.len() <= 16 || self.is_at(slot, name)) {
                    return Some(slot.rule);
                }
            } else if slot.is_empty() {
                return None;
            }
            index = index.wrapping_add(1);
        }
    }

    /// Whether a slot is that of this name, of which it knows both ends.
    fn is_at(&self, slot: &Slot, name: &[u8]) -> bool {
        self.exact.get(usize::from(slot.place)).is_some_and(|(known, _)| **known == *name)
    }

    /// The rule of exactly this prefix.
    pub(crate) fn prefix(&self, prefix: &[u8]) -> Option<RuleIndex> {
        let start = NameStart::of(prefix);
        let is_same = |known: &&Prefix| known.len() == prefix.len() && known.begins(prefix, start);
        self.prefixes.iter().find(is_same).map(|known| known.rule)
    }

    /// The rule that a cookie of this name falls under.
    #[inline(always)]
    pub(crate) fn find(&self, name: &[u8], start: NameStart) -> Option<RuleIndex> {
        if let Some(rule) = self.find_exact(name, start) {
            return Some(rule);
        }
        self.prefixes.iter().find(|prefix| prefix.begins(name, start)).map(|prefix| prefix.rule)
    }
}

impl Slot {
    const fn is_empty(&self) -> bool {
        self.length == usize::MAX
    }
}

/// The last eight bytes of a name that has as many.
#[inline]
fn end(name: &[u8]) -> u64 {
    name.last_chunk().map_or(0, |last| u64::from_le_bytes(*last))
}

/// A hash for short names, made of both ends and the length.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
const fn hash(start: NameStart, end: u64, length: usize) -> usize {
    // A multiplier with well-spread bits (the golden ratio's fraction).
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (start.0 ^ end.rotate_left(29) ^ length as u64).wrapping_mul(SPREAD);
    (mixed ^ (mixed >> 32)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(matcher: &Matcher, name: &[u8]) -> Option<RuleIndex> {
        matcher.find(name, NameStart::of(name))
    }

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
            assert_eq!(find(&matcher, name.as_bytes()), rule.map(RuleIndex), "{name}");
        }
    }

    #[test]
    fn a_cut_word_is_the_start_of_its_name() {
        for length in 0..8 {
            let word = u64::from_le_bytes(*b"ab=d;fgh");
            assert_eq!(NameStart::cut(word, length), NameStart::of(&b"ab=d;fgh"[..length as usize]), "{length}");
        }
    }

    #[test]
    fn many_names_of_all_lengths_are_told_apart() {
        let name = |number: u16| {
            let length = usize::from(number % 40);
            let mut name = format!("{number}").into_bytes();
            name.resize(name.len() + length, b'x');
            name
        };
        let mut matcher = Matcher::default();
        for number in (0..2_000).step_by(2) {
            assert!(matcher.insert_exact(&name(number), RuleIndex(number)));
        }
        for number in 0..2_000 {
            let expected = (number % 2 == 0).then_some(RuleIndex(number));
            assert_eq!(find(&matcher, &name(number)), expected, "{number}");
        }
        assert_eq!(find(&Matcher::default(), b"anything"), None);
    }
}

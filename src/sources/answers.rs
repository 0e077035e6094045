//! From a banner's words to the policy's: which of its keys stand for which category or service.

use crate::consent::{Target, Verdicts};

/// Keys that one mapping can have.
pub(crate) const MAX_KEYS: usize = 512;

/// Which keys of a banner stand for which categories and services of a policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapping {
    /// In order, each once.
    keys: Vec<Box<[u8]>>,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    target: Target,
    keys: Vec<u16>,
    /// The list is the tool's usual one, of which a site has some: only what the banner answers counts.
    is_usual: bool,
}

impl Mapping {
    /// A target is granted if **all** of its keys are; of a *usual* list, all that the banner has.
    ///
    /// `None`: there are more keys than fit.
    pub(crate) fn new<'k>(entries: &[(Target, Vec<&'k str>, bool)]) -> Option<Self> {
        let mut keys: Vec<&'k str> = entries.iter().flat_map(|(_, keys, _)| keys.iter().copied()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > MAX_KEYS {
            return None;
        }
        let place = |key: &&str| keys.binary_search(key).ok().and_then(|place| u16::try_from(place).ok());
        let entries = entries
            .iter()
            .map(|(target, keys, is_usual)| Entry {
                target: *target,
                keys: keys.iter().filter_map(place).collect(),
                is_usual: *is_usual,
            })
            .collect();
        Some(Self { keys: keys.into_iter().map(|key| key.as_bytes().into()).collect(), entries })
    }

    fn place(&self, key: &[u8]) -> Option<usize> {
        self.keys.binary_search_by(|known| (**known).cmp(key)).ok()
    }
}

/// What a banner does with what was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unlisted {
    /// It leaves it out: what its record does not list is refused.
    Refused,
    /// It lists it: what its record does not list, nobody was asked.
    Undecided,
}

/// Gathers what a banner says, key by key.
#[derive(Clone, Debug)]
pub(crate) struct Answers<'m> {
    mapping: &'m Mapping,
    granted: Bits,
    refused: Bits,
    open: Bits,
}

impl<'m> Answers<'m> {
    pub(crate) const fn new(mapping: &'m Mapping) -> Self {
        Self { mapping, granted: Bits::NONE, refused: Bits::NONE, open: Bits::NONE }
    }

    /// The banner says this of one of its keys. A key that the mapping does not have is passed over. One that is answered
    /// both ways is refused.
    pub(crate) fn answer(&mut self, key: &[u8], is_granted: bool) {
        let Some(place) = self.mapping.place(key) else { return };
        if is_granted {
            self.granted.insert(place);
        } else {
            self.refused.insert(place);
        }
    }

    /// The banner asks for this key and has no answer yet: what needs it is undecided, whatever else was granted.
    pub(crate) fn leave_open(&mut self, key: &[u8]) {
        if let Some(place) = self.mapping.place(key) {
            self.open.insert(place);
        }
    }

    /// What was not granted is refused, those of a usual list too: for tools that leave refusals out.
    pub(crate) fn refuse_rest(&mut self) {
        for place in 0..self.mapping.keys.len() {
            if !self.granted.contains(place) {
                self.refused.insert(place);
            }
        }
    }

    /// Whether the mapping has this key.
    pub(crate) fn knows(&self, key: &[u8]) -> bool {
        self.mapping.place(key).is_some()
    }

    /// The keys of the mapping: for formats in which one looks a key up, rather than reads them all.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'m [u8]> + use<'m> {
        self.mapping.keys.iter().map(AsRef::as_ref)
    }

    /// What is granted and what is refused. What is in neither is undecided.
    pub(crate) fn finish(&self, unlisted: Unlisted) -> (Verdicts, Verdicts) {
        let (mut granted, mut refused) = (Verdicts::NONE, Verdicts::NONE);
        for entry in &self.mapping.entries {
            match self.of(entry, unlisted) {
                Some(true) => granted.insert(entry.target),
                Some(false) => refused.insert(entry.target),
                None => {}
            }
        }
        for entry in &self.mapping.entries {
            if refused.contains(entry.target) {
                granted.remove(entry.target);
            }
        }
        (granted, refused)
    }

    fn of(&self, entry: &Entry, unlisted: Unlisted) -> Option<bool> {
        let answer = |key: &u16| match (self.refused.contains((*key).into()), self.granted.contains((*key).into())) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        };
        let mut answers = entry.keys.iter().map(answer);
        if entry.keys.iter().any(|key| answer(key) == Some(false)) {
            return Some(false);
        }
        if entry.keys.iter().any(|key| self.open.contains((*key).into())) {
            return None;
        }
        let is_granted = if entry.is_usual {
            answers.any(|answer| answer == Some(true))
        } else {
            !entry.keys.is_empty() && answers.all(|answer| answer == Some(true))
        };
        match (is_granted, unlisted) {
            (true, _) => Some(true),
            (false, Unlisted::Refused) => Some(false),
            (false, Unlisted::Undecided) => None,
        }
    }
}

/// A set of places of keys.
#[derive(Clone, Copy, Debug)]
struct Bits([u64; MAX_KEYS / 64]);

impl Bits {
    const NONE: Self = Self([0; MAX_KEYS / 64]);

    fn insert(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn contains(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::CategoryIndex;

    fn target(place: u8) -> Target {
        Target::Category(CategoryIndex(place))
    }

    /// What the answers give for a target.
    fn said(entries: &[(Target, Vec<&str>, bool)], answers: &[(&str, bool)], unlisted: Unlisted) -> Option<bool> {
        let mapping = Mapping::new(entries).unwrap();
        let mut all = Answers::new(&mapping);
        answers.iter().for_each(|(key, is_granted)| all.answer(key.as_bytes(), *is_granted));
        let (granted, refused) = all.finish(unlisted);
        match (granted.contains(target(1)), refused.contains(target(1))) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
            (true, true) => panic!("both"),
        }
    }

    #[test]
    fn a_target_needs_all_of_its_keys() {
        use Unlisted::{Refused, Undecided};
        let declared = [(target(1), vec!["a", "b"], false)];
        let usual = [(target(1), vec!["a", "b"], true)];
        for (answers, of_declared, of_usual) in [
            (&[("a", true), ("b", true)][..], [Some(true); 2], [Some(true); 2]),
            (&[("a", true)], [None, Some(false)], [Some(true); 2]),
            (&[("a", true), ("b", false)], [Some(false); 2], [Some(false); 2]),
            (&[("a", true), ("a", false), ("b", true)], [Some(false); 2], [Some(false); 2]),
            (&[], [None, Some(false)], [None, Some(false)]),
            (&[("c", true)], [None, Some(false)], [None, Some(false)]),
        ] {
            assert_eq!([Undecided, Refused].map(|rule| said(&declared, answers, rule)), of_declared, "{answers:?}");
            assert_eq!([Undecided, Refused].map(|rule| said(&usual, answers, rule)), of_usual, "{answers:?}");
        }
        for entries in [&declared, &usual] {
            let mapping = Mapping::new(entries).unwrap();
            for (refuses, rule) in [(false, Undecided), (false, Refused), (true, Undecided)] {
                let mut all = Answers::new(&mapping);
                all.leave_open(b"b");
                all.answer(b"a", !refuses);
                let (granted, refused) = all.finish(rule);
                assert_eq!((granted.contains(target(1)), refused.contains(target(1))), (false, refuses), "{rule:?}");
            }
        }
        let twice = [(target(1), vec!["a"], true), (target(1), vec!["sale"], true)];
        assert_eq!(said(&twice, &[("a", true)], Undecided), Some(true));
        assert_eq!(said(&twice, &[("a", true), ("sale", false)], Undecided), Some(false));
    }
}

//! The Open Cookie Database, looked up by name.

use super::{
    hash,
    table::{self, DISPLACEMENTS, LENGTHS, LONGEST, NAMES, ROWS, Row, SLOTS, TEXT_STARTS, TEXTS},
};
use crate::category::Category;

/// The cookies that the Open Cookie Database knows: some 2,200 names and prefixes of some 350 platforms.
///
/// It is a list of what *others* found, for reports, drafts and the declaration page. It speaks of third parties' cookies;
/// an application's own cookie may have the same name (`sessionid`, `token`), and a prefix may be as short as `_s`. So
/// nothing is enforced by it but where the policy says [`UnknownCookies::Catalogue`](crate::UnknownCookies::Catalogue).
///
/// The data is that of the project jkwakman/Open-Cookie-Database under the Apache License 2.0; licence, source and changes
/// stand beside it in `src/catalogue/open-cookie-database`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Catalogue;

impl Catalogue {
    /// What is known of a cookie of this name: by its exact name, else by the longest prefix. Names are compared byte by
    /// byte.
    ///
    /// Takes constant time whatever the name, allocates nothing, and needs no preparation.
    ///
    /// ```
    /// use tower_consent::{Catalogue, Category};
    ///
    /// let known = Catalogue::lookup(b"_ga_1A2B3C").unwrap();
    /// assert_eq!((known.category, known.platform), (Category::ANALYTICS, "Google Analytics"));
    /// assert_eq!(known.prefix, Some("_ga_"));
    /// assert_eq!(Catalogue::lookup(b"my_own_cookie"), None);
    /// ```
    #[must_use]
    pub fn lookup(name: &[u8]) -> Option<CatalogueEntry> {
        if name.len() <= LONGEST
            && let Some(row) = find(name, false)
        {
            return row.entry();
        }
        by_prefix(name)
    }

    /// The same, for who acts by it: a prefix of fewer than five bytes fits too much.
    pub(crate) fn lookup_to_enforce(name: &[u8]) -> Option<CatalogueEntry> {
        Self::lookup(name).filter(|entry| entry.prefix.is_none_or(|prefix| prefix.len() >= LEAST_PREFIX))
    }
}

/// The shortest prefix that anything is enforced by, in bytes.
const LEAST_PREFIX: usize = 5;

/// The longest prefix that a name begins with. Only the lengths that a prefix of the same first two bytes has are tried,
/// the longest first: four in the mean case, and never more than the longest prefix has bytes.
fn by_prefix(name: &[u8]) -> Option<CatalogueEntry> {
    let [first, second, ..] = name else {
        return None;
    };
    let fitting = u64::MAX >> (63 - name.len().min(63));
    let mut lengths = LENGTHS.get(table::head(*first, *second))? & fitting;
    while lengths != 0 {
        let longest = lengths.ilog2();
        if let Some(row) = name.get(..longest as usize).and_then(|start| find(start, true)) {
            return row.entry();
        }
        lengths ^= 1 << longest;
    }
    None
}

fn find(name: &[u8], is_prefix: bool) -> Option<&'static Row> {
    let hash = hash::hash(name, is_prefix);
    let displacement = DISPLACEMENTS.get(hash::bucket(hash, DISPLACEMENTS.len()))?;
    let place = SLOTS.get(hash::slot(hash, *displacement, SLOTS.len()))?;
    let row = ROWS.get(usize::from(*place))?;
    (row.is_prefix() == is_prefix && row.name().as_bytes() == name).then_some(row)
}

impl Row {
    fn name(&self) -> &'static str {
        let start = usize::from(self.0);
        NAMES.get(start..start + usize::from(self.1)).unwrap_or_default()
    }

    const fn is_prefix(&self) -> bool {
        self.2 & 1 == 1
    }

    fn entry(&self) -> Option<CatalogueEntry> {
        let label = CatalogueLabel::ALL.get(usize::from(self.2 >> 1))?;
        Some(CatalogueEntry {
            category: label.category(),
            label: *label,
            platform: text(self.3),
            domain: text(self.4),
            retention: text(self.5),
            prefix: self.is_prefix().then(|| self.name()),
        })
    }
}

fn text(place: u16) -> &'static str {
    let start = |place: usize| TEXT_STARTS.get(place).copied().map(usize::from);
    let place = usize::from(place);
    // A line without its end.
    let text = || TEXTS.get(start(place)?..start(place + 1)? - 1);
    text().unwrap_or_default()
}

/// What the catalogue knows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogueEntry {
    /// Its category in the words of this crate: [`CatalogueLabel::category`]. Never [`Category::ESSENTIAL`].
    pub category: Category,
    /// Its category in the words of the database.
    pub label: CatalogueLabel,
    /// Whose cookie it is: "Google Analytics". May be empty.
    pub platform: &'static str,
    /// The domain that it is set for, in the database's words; empty for the site's own. A site's server never sees the
    /// cookies of another domain: an application that meets such a name is likely to have one of its own in hand.
    pub domain: &'static str,
    /// How long it is kept, in the database's words: "2 years", "session". May be empty.
    pub retention: &'static str,
    /// The prefix by which the name was found; `None` where it was found as it stands.
    pub prefix: Option<&'static str>,
}

/// The Open Cookie Database's own word for a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CatalogueLabel {
    /// Technical, essential, strictly necessary, and preferences too: the database mixes them.
    Functional,
    /// Tracking, advertising, social media.
    Marketing,
    /// Performance, statistics.
    Analytics,
    /// Against fraud, bots and attacks.
    Security,
    /// Strictly necessary; the database rarely says it.
    Necessary,
    /// Preferences.
    Personalization,
}

impl CatalogueLabel {
    /// In the order of their numbers in the table.
    const ALL: [Self; 6] =
        [Self::Functional, Self::Marketing, Self::Analytics, Self::Security, Self::Necessary, Self::Personalization];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Functional => "Functional",
            Self::Marketing => "Marketing",
            Self::Analytics => "Analytics",
            Self::Security => "Security",
            Self::Necessary => "Necessary",
            Self::Personalization => "Personalization",
        }
    }

    /// The category of this crate that it is judged as. What is neither marketing nor analytics is *functional*: whether a
    /// cookie is strictly necessary for what this site's visitors ask for is the site's to say, by a rule, and not a public
    /// list's.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::Marketing => Category::MARKETING,
            Self::Analytics => Category::ANALYTICS,
            Self::Functional | Self::Security | Self::Necessary | Self::Personalization => Category::FUNCTIONAL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::frameworks::static_size;

    /// 200 KiB are allowed; what it is leaves room for the database to grow by half.
    #[test]
    fn the_static_data_stays_small() {
        let tables = size_of_val(&ROWS) + size_of_val(&TEXT_STARTS) + size_of_val(&LENGTHS);
        let hashes = size_of_val(&DISPLACEMENTS) + size_of_val(&SLOTS);
        let data = tables + hashes + NAMES.len() + TEXTS.len();
        assert!(data < 80 * 1024, "{data} bytes of the database");
        assert!(data + static_size() < 120 * 1024, "{data} and {} of the frameworks", static_size());
    }
}

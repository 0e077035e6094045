//! The counters of one day, small groups included.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{SignalsSeen, VisitGroup, VisitOutcome};
use crate::{
    category::Category,
    visit::anonymize::{BrowserFamily, SystemFamily},
};

/// What the views of pages without a counter of their own are counted as. A path begins with a slash.
pub(super) const OTHER_PAGES: &str = "other";
/// Bytes of a path that has a counter of its own.
const MOST_PATH: usize = 200;
/// Bytes of one that is kept in a store: a label there has 64.
const MOST_KEPT_PATH: usize = 64 - LABEL.len() - "page:".len();
/// What every label begins with.
pub(super) const LABEL: &str = "visit:";

/// What a counter counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Visit(VisitGroup),
    /// Page views, by whether they may be tracked.
    Views(bool),
    Browser(BrowserFamily),
    System(SystemFamily),
    Page(Box<str>),
    /// Cookies held back, by category; none for those that nobody declared.
    Stripped(Option<Category>),
}

impl Key {
    /// The key as a label of at most 64 bytes, for a store; a path that is longer is one of the others.
    pub(super) fn to_label(&self) -> String {
        let letter = |is_tracked: bool| if is_tracked { 't' } else { 'u' };
        let rest = match self {
            Self::Visit(VisitGroup { is_tracked, outcome, signals }) => {
                format!("group:{}:{outcome}:{signals}", letter(*is_tracked))
            }
            Self::Views(is_tracked) => format!("views:{}", letter(*is_tracked)),
            Self::Browser(family) => format!("browser:{family}"),
            Self::System(family) => format!("system:{family}"),
            Self::Page(path) if path.len() <= MOST_KEPT_PATH => format!("page:{path}"),
            Self::Page(_) => format!("page:{OTHER_PAGES}"),
            Self::Stripped(Some(category)) => format!("stripped:{category}"),
            Self::Stripped(None) => "stripped:".to_owned(),
        };
        format!("{LABEL}{rest}")
    }

    /// The key of a label; `None` for those of others.
    pub(super) fn of_label(label: &str) -> Option<Self> {
        let (kind, rest) = label.strip_prefix(LABEL)?.split_once(':')?;
        let tracked = |letter: &str| matches!(letter, "t" | "u").then_some(letter == "t");
        match kind {
            "group" => {
                let (letter, rest) = rest.split_once(':')?;
                let (outcome, signals) = rest.split_once(':')?;
                Some(Self::Visit(VisitGroup {
                    is_tracked: tracked(letter)?,
                    outcome: VisitOutcome::ALL.into_iter().find(|known| known.as_str() == outcome)?,
                    signals: SignalsSeen::ALL.into_iter().find(|known| known.as_str() == signals)?,
                }))
            }
            "views" => tracked(rest).map(Self::Views),
            "browser" => BrowserFamily::ALL.into_iter().find(|known| known.as_str() == rest).map(Self::Browser),
            "system" => SystemFamily::ALL.into_iter().find(|known| known.as_str() == rest).map(Self::System),
            "page" => Some(Self::Page(rest.into())),
            "stripped" if rest.is_empty() => Some(Self::Stripped(None)),
            "stripped" => Category::new(rest).ok().map(|category| Self::Stripped(Some(category))),
            _ => None,
        }
    }
}

/// The counters.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(BTreeMap<Key, u64>);

impl Tally {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, key: Key) {
        self.add_many(key, 1);
    }

    pub(super) fn add_many(&mut self, key: Key, count: u64) {
        let counter = self.0.entry(key).or_default();
        *counter = counter.saturating_add(count);
    }

    pub(super) fn add_all(&mut self, other: Self) {
        other.0.into_iter().for_each(|(key, count)| self.add_many(key, count));
    }

    pub(super) fn pop(&mut self) -> Option<(Key, u64)> {
        self.0.pop_first()
    }

    /// The counters that a question picks.
    pub(super) fn cells<'t, T>(&'t self, pick: impl Fn(&'t Key) -> Option<T>) -> Vec<(T, u64)> {
        self.0.iter().filter_map(|(key, count)| Some((pick(key)?, *count))).collect()
    }
}

/// The paths of a day that have counters of their own: the first ones.
#[derive(Debug, Default)]
pub(super) struct Paths(BTreeSet<Box<str>>);

impl Paths {
    /// What the view of a page is counted as.
    pub(super) fn key(&mut self, path: &str, most: usize) -> Key {
        let is_new = !self.0.contains(path);
        if is_new && (self.0.len() >= most || path.len() > MOST_PATH || !path.starts_with('/')) {
            return Key::Page(OTHER_PAGES.into());
        }
        if is_new {
            self.0.insert(path.into());
        }
        Key::Page(path.into())
    }
}

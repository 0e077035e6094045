//! The counters of one day, small groups included.

use std::collections::BTreeMap;

use super::group::VisitGroup;
use crate::{
    category::Category,
    visit::anonymize::{BrowserFamily, SystemFamily},
};

/// What the views of pages without a counter of their own are counted as. A path begins with a slash.
pub(super) const OTHER_PAGES: &str = "other";
/// Bytes of a path that has a counter of its own.
const MOST_PATH: usize = 200;

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

/// The counters.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counters: BTreeMap<Key, u64>,
    pages: usize,
}

impl Tally {
    pub(super) fn is_empty(&self) -> bool {
        self.counters.is_empty()
    }

    pub(super) fn add(&mut self, key: Key) {
        let counter = self.counters.entry(key).or_default();
        *counter = counter.saturating_add(1);
    }

    /// Adds a view of a page, under a name of its own for so many of them.
    pub(super) fn add_page(&mut self, path: &str, most: usize) {
        let key = Key::Page(path.into());
        if self.counters.contains_key(&key) {
            self.add(key);
        } else if self.pages < most && path.len() <= MOST_PATH && path.starts_with('/') {
            self.pages += 1;
            self.add(key);
        } else {
            self.add(Key::Page(OTHER_PAGES.into()));
        }
    }

    /// The counters that a question picks.
    pub(super) fn cells<'t, T>(&'t self, pick: impl Fn(&'t Key) -> Option<T>) -> Vec<(T, u64)> {
        self.counters.iter().filter_map(|(key, count)| Some((pick(key)?, *count))).collect()
    }
}

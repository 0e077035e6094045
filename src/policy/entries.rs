//! The entries of a policy: its revision, its categories, its services.

use std::fmt;

use serde::Deserialize;
use time::Date;

use super::regime::CategoryKind;
use crate::category::Category;

/// The published state of the policy: a number, and the day it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    pub(crate) number: u32,
    #[serde(default, deserialize_with = "iso_date")]
    pub(crate) date: Option<Date>,
}

impl Revision {
    /// The number; a choice that was made at a lower one is outdated.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The day it was published, where the policy says it.
    #[must_use]
    pub const fn date(&self) -> Option<Date> {
        self.date
    }
}

impl Default for Revision {
    fn default() -> Self {
        Self { number: 1, date: None }
    }
}

// `time`'s own serde form is a tuple of year and day of the year: nobody writes that into a file.
fn iso_date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    deserializer.deserialize_any(DateVisitor).map(Some)
}

/// Takes `"2026-11-21"`, and TOML's own date without quotes, which comes as a map of one entry.
struct DateVisitor;

impl<'de> serde::de::Visitor<'de> for DateVisitor {
    type Value = Date;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date in the form \"YYYY-MM-DD\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Date, E> {
        crate::sources::own::parse_day(text.as_bytes())
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Date, A::Error> {
        match map.next_entry::<String, String>()? {
            Some((_, text)) => self.visit_str(&text),
            None => Err(serde::de::Error::invalid_type(serde::de::Unexpected::Map, &self)),
        }
    }
}

/// A category that the policy declares. The built-in ones need no entry where a cookie rule or a service uses them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryEntry {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: CategoryKind,
    #[serde(default = "first_revision")]
    pub(crate) since: u32,
}

/// A named third party inside a category.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceEntry {
    pub(crate) name: String,
    pub(crate) category: String,
    #[serde(default = "first_revision")]
    pub(crate) since: u32,
}

const fn first_revision() -> u32 {
    1
}

impl CategoryEntry {
    /// A category that is asked for, since revision 1.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: CategoryKind::AskedFor, since: 1 }
    }

    /// Passes until the visitor objects, in regions whose law knows that.
    #[must_use]
    pub fn exempt_until_objected(mut self) -> Self {
        self.kind = CategoryKind::ExemptUntilObjected;
        self
    }

    /// The revision of the policy that brought the category.
    #[must_use]
    pub fn since(mut self, revision: u32) -> Self {
        self.since = revision;
        self
    }
}

impl From<Category> for CategoryEntry {
    fn from(category: Category) -> Self {
        Self::new(category.as_str())
    }
}

impl From<&str> for CategoryEntry {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl ServiceEntry {
    /// A service of this category, since revision 1.
    pub fn new(name: impl Into<String>, category: impl Into<String>) -> Self {
        Self { name: name.into(), category: category.into(), since: 1 }
    }

    /// The revision of the policy that brought the service.
    #[must_use]
    pub fn since(mut self, revision: u32) -> Self {
        self.since = revision;
        self
    }
}

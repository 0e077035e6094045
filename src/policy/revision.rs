//! The revisions of a policy: what was published when, and whether it asks anew.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::Date;

use super::text::Text;

/// A published state of the policy: a number, a day, whether it is *material*, and what changed.
///
/// A material revision (new purposes, recipients, retention) asks anew; a *notice* (an edited sentence) keeps every
/// choice, and is shown until it was seen (R91).
///
/// ```
/// use tower_consent::{Policy, Revision};
///
/// let policy = Policy::builder()
///     .revision(Revision::new(1).on(2026, 3, 1))
///     .revision(Revision::new(2).on(2026, 11, 22).notice().changes("A clearer sentence on backups."))
///     .build()?;
/// assert_eq!(policy.revision().number(), 2);
/// assert_eq!(policy.material_revision(), 1);
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    pub(crate) number: u32,
    #[serde(default, deserialize_with = "iso_date")]
    pub(crate) date: Option<Date>,
    #[serde(default)]
    pub(crate) kind: RevisionKind,
    #[serde(default)]
    pub(crate) changes: Text,
    /// A day that no calendar has, to be refused when the policy is built.
    #[serde(skip)]
    pub(crate) bad_date: Option<(i32, u8, u8)>,
}

/// What a revision does to choices that were made before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RevisionKind {
    /// Earlier grants are asked for anew; refusals stay.
    #[default]
    Material,
    /// Choices stay; visitors see that there is something new.
    Notice,
}

impl Revision {
    /// A material revision of this number (1 to 99,999,999; a date such as 20261122 can serve as one).
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self { number, date: None, kind: RevisionKind::Material, changes: Text::default(), bad_date: None }
    }

    /// Published on this day.
    #[must_use]
    pub fn on(mut self, year: i32, month: u8, day: u8) -> Self {
        let date = time::Month::try_from(month).and_then(|month| Date::from_calendar_date(year, month, day));
        self.bad_date = date.is_err().then_some((year, month, day));
        self.date = date.ok();
        self
    }

    /// It changes nothing that a visitor agreed to.
    #[must_use]
    pub fn notice(mut self) -> Self {
        self.kind = RevisionKind::Notice;
        self
    }

    /// What changed, for visitors.
    #[must_use]
    pub fn changes(mut self, text: impl Into<Text>) -> Self {
        self.changes = text.into();
        self
    }

    /// The number.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The day it was published, where the policy says it.
    #[must_use]
    pub const fn date(&self) -> Option<Date> {
        self.date
    }

    /// Whether it asks anew.
    #[must_use]
    pub const fn is_material(&self) -> bool {
        matches!(self.kind, RevisionKind::Material)
    }

    /// What changed; empty where the policy does not say.
    #[must_use]
    pub const fn what_changed(&self) -> &Text {
        &self.changes
    }
}

impl Default for Revision {
    fn default() -> Self {
        Self::new(1)
    }
}

/// What becomes of grants that were given before a material revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OutdatedGrants {
    /// They are closed until they are given again.
    #[default]
    Close,
    /// They keep what they covered, and visitors are asked only for categories and services that are new.
    KeepScope,
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

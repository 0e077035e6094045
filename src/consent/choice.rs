//! What a visitor decided.

use std::{fmt, str};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use time::Date;

use super::names::{CategoryBits, CategoryIndex, Names, ServiceBits, ServiceIndex, Target};
use crate::{category::Category, signal::Signals};

/// The longest written record id, in bytes: 16 bytes as base64url without padding.
const RECORD_ID_LENGTH: usize = 22;

/// The number of the record that proves a grant: 128 random bits, written as 22 characters of base64url.
///
/// It identifies a browser, so it is only ever written together with a grant.
///
/// ```
/// use tower_consent::RecordId;
///
/// let id = RecordId::from_bytes([7; 16]);
/// assert_eq!(id.to_string().parse(), Ok(id));
/// assert!("AAAA".parse::<RecordId>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordId([u8; 16]);

impl RecordId {
    /// An id of these bytes, which the caller takes from the operating system's random source.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads the written form; `None` for anything else.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        if text.len() != RECORD_ID_LENGTH {
            return None;
        }
        // A little room more than 16 bytes, because the decoder estimates upwards.
        let mut room = [0; 18];
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut room).ok()?;
        bytes.copy_from_slice(room.get(..written)?.get(..16)?);
        Some(Self(bytes))
    }
}

/// Reads what `Display` writes: what stands behind the `#` of a consent cookie.
impl str::FromStr for RecordId {
    type Err = RecordIdError;

    fn from_str(text: &str) -> Result<Self, RecordIdError> {
        Self::parse(text.as_bytes()).ok_or(RecordIdError)
    }
}

/// A text that is no record id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordIdError;

impl fmt::Display for RecordIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record id is written as 22 characters of base64url")
    }
}

impl std::error::Error for RecordIdError {}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; RECORD_ID_LENGTH];
        let length = URL_SAFE_NO_PAD.encode_slice(self.0, &mut text).map_err(|_too_long| fmt::Error)?;
        f.pad(text.get(..length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default())
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

/// A set of categories and services that were answered alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdicts {
    pub(crate) categories: CategoryBits,
    pub(crate) services: ServiceBits,
}

impl Verdicts {
    pub(crate) const NONE: Self = Self { categories: CategoryBits::NONE, services: ServiceBits::NONE };

    pub(crate) fn insert(&mut self, target: Target) {
        match target {
            Target::Category(category) => self.categories.insert(category),
            Target::Service(service) => self.services.insert(service),
        }
    }

    pub(crate) fn remove(&mut self, target: Target) {
        match target {
            Target::Category(category) => self.categories.remove(category),
            Target::Service(service) => self.services.remove(service),
        }
    }

    pub(crate) fn contains(&self, target: Target) -> bool {
        match target {
            Target::Category(category) => self.categories.contains(category),
            Target::Service(service) => self.services.contains(service),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.services.is_empty()
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self { categories: self.categories.union(other.categories), services: self.services.union(&other.services) }
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self {
            categories: self.categories.intersection(other.categories),
            services: self.services.intersection(&other.services),
        }
    }

    pub(crate) fn without(&self, other: &Self) -> Self {
        Self { categories: self.categories.without(other.categories), services: self.services.without(&other.services) }
    }
}

/// A choice, as bits over one table of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The revision of the policy that was shown.
    pub(crate) revision: u32,
    /// The last revision that the visitor has seen: never below `revision`.
    pub(crate) seen: u32,
    /// The UTC day of the decision.
    pub(crate) day: Date,
    /// Whether that day is known. A banner that writes no time has its choice taken for one of today.
    pub(crate) is_dated: bool,
    /// When its grants end whatever the policy says, in Unix seconds: a banner's own end.
    pub(crate) until: Option<i64>,
    pub(crate) granted: Verdicts,
    pub(crate) refused: Verdicts,
    /// Whether everything that was offered was refused, names that the table does not know included.
    pub(crate) refuses_all: bool,
    /// Whether the table knows every name of it.
    pub(crate) is_whole: bool,
    /// The signals that objected when the choice was made.
    pub(crate) signals: Signals,
    pub(crate) record_id: Option<RecordId>,
    pub(crate) source: SourceIndex,
}

/// Where a choice was read from: the place of a banner in its policy, or our own cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceIndex(pub(crate) u8);

impl SourceIndex {
    /// Our own consent cookie.
    pub(crate) const OWN: Self = Self(u8::MAX);
}

/// A choice with its names.
#[derive(Clone, Copy, Debug)]
pub struct NamedChoice<'a> {
    choice: &'a Choice,
    names: &'a Names,
}

impl<'a> NamedChoice<'a> {
    pub(crate) const fn new(choice: &'a Choice, names: &'a Names) -> Self {
        Self { choice, names }
    }

    /// The revision of the policy that was shown.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.choice.revision
    }

    /// The last revision of the policy that the visitor has seen: that of the choice, or a later one whose notice was
    /// taken note of.
    #[must_use]
    pub const fn seen_revision(&self) -> u32 {
        self.choice.seen
    }

    /// The UTC day of the decision.
    #[must_use]
    pub const fn day(&self) -> Date {
        self.choice.day
    }

    /// The signals that the browser sent when the choice was made.
    #[must_use]
    pub const fn signals(&self) -> Signals {
        self.choice.signals
    }

    /// The record that proves the choice, where there is one.
    #[must_use]
    pub const fn record_id(&self) -> Option<RecordId> {
        self.choice.record_id
    }

    /// The categories that were granted.
    pub fn granted(&self) -> impl Iterator<Item = Category> + use<'a> {
        self.categories(self.choice.granted.categories)
    }

    /// The categories that were refused.
    pub fn refused(&self) -> impl Iterator<Item = Category> + use<'a> {
        self.categories(self.choice.refused.categories)
    }

    /// The services that were granted by name.
    pub fn granted_services(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.services(self.choice.granted.services)
    }

    /// The services that were refused by name.
    pub fn refused_services(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.services(self.choice.refused.services)
    }

    fn categories(&self, bits: CategoryBits) -> impl Iterator<Item = Category> + use<'a> {
        let names = self.names;
        names
            .category_indices()
            .filter(move |index: &CategoryIndex| bits.contains(*index))
            .filter_map(|index| names.category(index))
    }

    fn services(&self, bits: ServiceBits) -> impl Iterator<Item = &'a str> + use<'a> {
        let names = self.names;
        bits.iter().filter_map(|index: ServiceIndex| names.service(index))
    }
}

//! Why a cookie exists.

use std::{cmp::Ordering, error::Error, fmt, hash::Hash, str};

use serde::{Deserialize, Serialize, de};

/// The longest name of a category or service, in bytes.
pub const NAME_LIMIT: usize = 32;

/// A category of cookies: the purpose that a visitor agrees to or refuses.
///
/// Four are built in; a site adds its own with [`Category::new`]. A category is only a name: whether it is always on,
/// asked for or exempt until objected is what the policy says of it. `Copy`, 33 bytes, never allocates.
///
/// ```
/// use tower_consent::Category;
///
/// let social = Category::new("social")?;
/// assert_eq!(social.as_str(), "social");
/// assert_eq!(Category::ANALYTICS.to_string(), "analytics");
/// assert!(Category::new("Social Media").is_err());
/// # Ok::<(), tower_consent::NameError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Category {
    length: u8,
    bytes: [u8; NAME_LIMIT],
}

impl Category {
    /// Needed for what the visitor asked for: sign-in, cart, CSRF, load balancing. Always on.
    pub const ESSENTIAL: Self = Self::built_in("essential");
    /// Conveniences: language, theme, saved settings.
    pub const FUNCTIONAL: Self = Self::built_in("functional");
    /// Statistics about visits.
    pub const ANALYTICS: Self = Self::built_in("analytics");
    /// Advertising and social networks.
    pub const MARKETING: Self = Self::built_in("marketing");

    pub(crate) const BUILT_IN: [Self; 4] = [Self::ESSENTIAL, Self::FUNCTIONAL, Self::ANALYTICS, Self::MARKETING];

    /// A category of this name.
    ///
    /// # Errors
    ///
    /// A name that does not match `[a-z0-9_-]{1,32}`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        check_name(name)?;
        Ok(Self::built_in(name))
    }

    // Callers have checked that the name fits; a longer one would be cut, never read out of bounds.
    const fn built_in(name: &str) -> Self {
        let source = name.as_bytes();
        let mut bytes = [0; NAME_LIMIT];
        let mut rest = bytes.as_mut_slice();
        let mut from = source;
        let mut length = 0;
        while let ([to, to_rest @ ..], [byte, from_rest @ ..]) = (rest, from) {
            *to = *byte;
            rest = to_rest;
            from = from_rest;
            length += 1;
        }
        Self { length, bytes }
    }

    /// The name, as it stands in policies and in the consent cookie.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl PartialEq for Category {
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length && self.bytes == other.bytes
    }
}

impl Eq for Category {}

impl PartialOrd for Category {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Category {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Category {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Category({})", self.as_str())
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl str::FromStr for Category {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl Serialize for Category {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Category {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&name).map_err(de::Error::custom)
    }
}

/// A set of categories, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Category>")]
pub struct CategorySet(Vec<Category>);

impl CategorySet {
    /// Whether the set holds this category.
    #[must_use]
    pub fn contains(&self, category: Category) -> bool {
        self.0.binary_search(&category).is_ok()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many categories the set holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The categories, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = Category> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Category> for CategorySet {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        let mut sorted: Vec<_> = categories.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self(sorted)
    }
}

impl From<Vec<Category>> for CategorySet {
    fn from(categories: Vec<Category>) -> Self {
        categories.into_iter().collect()
    }
}

impl<const N: usize> From<[Category; N]> for CategorySet {
    fn from(categories: [Category; N]) -> Self {
        categories.into_iter().collect()
    }
}

/// A name of a category or service that does not match `[a-z0-9_-]{1,32}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError(String);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a name: 1 to {NAME_LIMIT} of the characters a-z 0-9 _ - are", self.0)
    }
}

impl Error for NameError {}

/// The one check of the names of categories and services.
pub(crate) fn check_name(name: &str) -> Result<(), NameError> {
    let fits = (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(is_name_byte);
    fits.then_some(()).ok_or_else(|| NameError(name.to_owned()))
}

pub(crate) const fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')
}

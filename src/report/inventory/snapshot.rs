//! Reading an inventory.

use std::{fmt, sync::atomic::Ordering};

use serde::{Serialize, Serializer};
use time::Date;

use super::{
    DAY, Dropped, Inventory,
    facts::{Facts, HowOften, SeenAttributes, SeenScope},
    known::Known,
};
use crate::{
    catalogue::Preset,
    category::Category,
    policy::{Class, Policy, SameSite, day_of},
    report::CookieName,
};

/// What an inventory holds at a moment.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct InventorySnapshot {
    /// The cookies, in the order of their names.
    pub cookies: Vec<SeenCookie>,
    /// What was not noted.
    pub dropped: DroppedSightings,
}

/// Sightings that were not noted: of names for which there was no room, or of more than 256 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DroppedSightings {
    /// In `Cookie` lines.
    pub in_requests: u64,
    /// In `Set-Cookie` lines.
    pub in_responses: u64,
    /// Cookies without a name, in either direction: they are always stripped.
    pub nameless: u64,
}

/// A cookie that was seen.
///
/// Serialized, the name is text with every byte escaped that is not visible ASCII, as `\xff`; a backslash and quotes are
/// escaped too.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SeenCookie {
    #[serde(serialize_with = "escaped")]
    name: Box<[u8]>,
    /// How often a request showed it.
    pub in_requests: u64,
    /// How often an answer set it.
    pub sets: u64,
    /// How often an answer deleted it.
    pub deletions: u64,
    /// The UTC day on which it was first seen.
    #[serde(serialize_with = "day")]
    pub first_seen: Date,
    /// The UTC day on which it was last seen.
    #[serde(serialize_with = "day")]
    pub last_seen: Date,
    /// What the lines said that set it; `None` if no answer did.
    pub attributes: Option<SeenAttributes>,
    /// What the policy says of it, or what is known of its name.
    pub standing: Standing,
}

/// What the policy says of a name; where it says nothing, what others know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[non_exhaustive]
pub enum Standing {
    /// One of the library's own.
    Own,
    /// A banner's that the policy reads.
    Banner,
    /// The policy declares it.
    Declared {
        /// Its category.
        category: Category,
        /// Its service, where it belongs to one.
        service: Option<String>,
    },
    /// Not declared; a framework gives this name to a cookie of its own. With the feature `catalogue`.
    Framework {
        /// Which one.
        framework: &'static str,
    },
    /// Not declared; a preset has it.
    Preset {
        /// Which one.
        preset: Preset,
        /// The category there.
        category: Category,
    },
    /// Not declared; the catalogue has it. With the feature `catalogue`.
    Catalogue {
        /// The category there.
        category: Category,
        /// Whose cookie it is.
        platform: &'static str,
    },
    /// Not declared, and not known.
    Unknown,
}

impl Standing {
    fn of(name: &[u8], policy: &Policy) -> Self {
        let declared = match policy.classify(name) {
            Class::Own => return Self::Own,
            Class::Banner => return Self::Banner,
            Class::Rule(rule) => policy.describe(rule.target),
            Class::Unknown | Class::Never => None,
        };
        if let Some((category, service)) = declared {
            return Self::Declared { category, service: service.map(str::to_owned) };
        }
        match Known::of(name) {
            #[cfg(feature = "catalogue")]
            Some(Known::Framework(known)) => Self::Framework { framework: known.framework },
            Some(Known::Preset(preset, known)) => Self::Preset { preset, category: known.category },
            #[cfg(feature = "catalogue")]
            Some(Known::Catalogue(known)) => Self::Catalogue { category: known.category, platform: known.platform },
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("the library's own"),
            Self::Banner => f.write_str("of a banner that the policy reads"),
            Self::Declared { category, service: None } => write!(f, "declared: {category}"),
            Self::Declared { category, service: Some(service) } => write!(f, "declared: {category}, {service}"),
            Self::Framework { framework } => write!(f, "a name that {framework} uses"),
            Self::Preset { preset, category } => write!(f, "known: {category}, preset {preset:?}"),
            Self::Catalogue { category, platform: "" } => write!(f, "known: {category}"),
            Self::Catalogue { category, platform } => write!(f, "known: {category}, {platform}"),
            Self::Unknown => f.write_str("not known"),
        }
    }
}

impl Inventory {
    /// What it holds now, each cookie judged by this policy. Old names go first.
    #[must_use]
    pub fn snapshot(&self, policy: &Policy) -> InventorySnapshot {
        self.tidy(policy.retention().inventory());
        // Copied first: what is looked up after needs no lock.
        let table = self.0.read();
        let mut facts: Vec<_> = table.iter().map(|(name, entry)| (name.clone(), entry.facts())).collect();
        drop(table);
        facts.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let Dropped { in_requests, in_responses, nameless } = &self.0.dropped;
        InventorySnapshot {
            cookies: facts.into_iter().map(|(name, facts)| SeenCookie::new(name, facts, policy)).collect(),
            dropped: DroppedSightings {
                in_requests: in_requests.load(Ordering::Relaxed),
                in_responses: in_responses.load(Ordering::Relaxed),
                nameless: nameless.load(Ordering::Relaxed),
            },
        }
    }

    /// The cookies that the site uses and this policy does not declare, in the order of their names. A name that answers
    /// only ever delete is not among them.
    #[must_use]
    pub fn undeclared(&self, policy: &Policy) -> Vec<SeenCookie> {
        let seen = self.snapshot(policy).cookies.into_iter();
        seen.filter(|cookie| cookie.is_used() && !cookie.is_declared()).collect()
    }
}

impl SeenCookie {
    fn new(name: Box<[u8]>, facts: Facts, policy: &Policy) -> Self {
        let standing = Standing::of(&name, policy);
        let date = |day: i64| day_of(day.saturating_mul(DAY));
        Self {
            name,
            in_requests: facts.in_requests,
            sets: facts.sets,
            deletions: facts.deletions,
            first_seen: date(facts.first_day),
            last_seen: date(facts.last_day),
            attributes: facts.attributes,
            standing,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> CookieName<'_> {
        CookieName::new(&self.name)
    }

    /// Whether the policy declares it; true of the library's own, and of a banner's that the policy reads.
    #[must_use]
    pub const fn is_declared(&self) -> bool {
        matches!(self.standing, Standing::Own | Standing::Banner | Standing::Declared { .. })
    }

    /// Its category: by the policy, or by a preset or the catalogue.
    #[must_use]
    pub const fn category(&self) -> Option<Category> {
        match self.standing {
            Standing::Own | Standing::Banner => Some(Category::ESSENTIAL),
            Standing::Declared { category, .. }
            | Standing::Preset { category, .. }
            | Standing::Catalogue { category, .. } => Some(category),
            Standing::Framework { .. } | Standing::Unknown => None,
        }
    }

    /// Whether a request showed it or an answer set it.
    pub(super) const fn is_used(&self) -> bool {
        self.in_requests > 0 || self.sets > 0
    }

    /// How often it was seen.
    pub(super) fn counts(&self) -> String {
        let times = |count| if count == 1 { "time" } else { "times" };
        let mut parts = Vec::new();
        if self.in_requests > 0 {
            parts.push(format!("{} in requests", self.in_requests));
        }
        if self.sets > 0 {
            parts.push(format!("set {} {}", self.sets, times(self.sets)));
        }
        if self.deletions > 0 {
            parts.push(format!("deleted {} {}", self.deletions, times(self.deletions)));
        }
        parts.join(", ")
    }
}

/// One line: the name escaped and cut, how often it was seen where, and its standing.
impl fmt::Display for SeenCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.name(), self.counts(), self.standing)
    }
}

/// One line, as `Secure, HttpOnly, SameSite=Lax; lives 7 days; host-only, Path=/`.
impl fmt::Display for SeenAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [("Secure", self.secure), ("HttpOnly", self.http_only), ("Partitioned", self.partitioned)];
        let flags = flags.into_iter().filter_map(|(name, how_often)| match how_often {
            HowOften::Never => None,
            HowOften::Sometimes => Some(format!("{name} (not always)")),
            HowOften::Always => Some(name.to_owned()),
        });
        let same_site = self.same_site.iter().map(|one: &SameSite| format!("SameSite={}", one.as_str()));
        let unset = self.lacks_same_site.then(|| "no SameSite".to_owned());
        let attributes: Vec<_> = flags.chain(same_site).chain(unset).collect();
        write!(f, "{}; ", attributes.join(", "))?;
        match self.longest_lifetime.map(lifetime) {
            None => f.write_str("ends with the browser session")?,
            Some(text) if self.session == HowOften::Never => write!(f, "lives {text}")?,
            Some(text) => write!(f, "lives {text}, or ends with the browser session")?,
        }
        self.scopes.iter().try_for_each(|scope| write!(f, "; {scope}"))?;
        if self.has_more_scopes { f.write_str("; and elsewhere") } else { Ok(()) }
    }
}

impl fmt::Display for SeenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.domain {
            Some(domain) => write!(f, "Domain={domain}")?,
            None => f.write_str("host-only")?,
        }
        match &self.path {
            Some(path) => write!(f, ", Path={path}"),
            None => f.write_str(", no Path"),
        }
    }
}

/// A lifetime for people: up to two days in hours, and so on.
fn lifetime(seconds: i64) -> String {
    let count = |length: i64, unit: &str| format!("{} {unit}", seconds.saturating_add(length - 1) / length);
    match seconds {
        ..=120 => format!("{seconds} seconds"),
        121..=7_200 => count(60, "minutes"),
        7_201..=172_800 => count(3_600, "hours"),
        _ => count(DAY, "days"),
    }
}

fn escaped<S: Serializer>(name: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&name.escape_ascii())
}

fn day<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

//! What may be written of a visit: of who may be tracked, and of who may not.

use std::fmt;

use serde::Deserialize;

use super::{
    checks::Result,
    error::{ConfigError, ConfigErrorKind as Kind},
    rule::{RuleTarget, TargetName},
};
use crate::{
    category::Category,
    consent::{Names, Target},
};

/// What the policy says of the visit log.
///
/// A visit may be tracked where its [`Decision`](crate::Decision) allows the category (or service) that is named here.
///
/// # Defaults
///
/// | | who may be tracked | who may not, which is also the most that can be set |
/// |---|---|---|
/// | `log` | a line a request | a line a request |
/// | `time` | to the second | to the minute |
/// | `path` | without the query | without the query |
/// | `address` | whole | none |
/// | `user_agent` | whole | none |
/// | `referrer` | without its query | none |
///
/// `category` is `analytics`. Where the policy does not have that category, nobody may be tracked.
///
/// Where the category is exempt until objected ([`CategoryEntry::exempt_until_objected`](crate::CategoryEntry)), nobody was
/// asked: laws with such an exemption want the address truncated at least, so say so.
///
/// ```
/// use tower_consent::{AddressDetail, Category, Policy, VisitDetail, VisitRules};
///
/// let policy = Policy::builder()
///     .cookies(Category::ANALYTICS, ["_ga"])
///     .visits(VisitRules::of(Category::ANALYTICS).tracked(VisitDetail::new().address(AddressDetail::Truncated)))
///     .build()?;
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// In a file:
///
/// ```toml
/// [visits]
/// category = "analytics"
/// tracked = { address = "truncated", user_agent = "family" }
/// untracked = { time = "hour", path = "none" }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VisitRules {
    category: Option<String>,
    service: Option<String>,
    tracked: VisitDetail,
    untracked: VisitDetail,
}

impl VisitRules {
    /// Rules under which a visit may be tracked where this category or service is allowed.
    pub fn of(target: impl Into<RuleTarget>) -> Self {
        match target.into() {
            RuleTarget(TargetName::Category(name)) => Self { category: Some(name), ..Self::default() },
            RuleTarget(TargetName::Service(name)) => Self { service: Some(name), ..Self::default() },
        }
    }

    /// What is written of who may be tracked.
    #[must_use]
    pub fn tracked(mut self, detail: VisitDetail) -> Self {
        self.tracked = detail;
        self
    }

    /// What is written of who may not be tracked: no more than the defaults.
    #[must_use]
    pub fn untracked(mut self, detail: VisitDetail) -> Self {
        self.untracked = detail;
        self
    }
}

/// What is written of a visit; what is left out stays as [`VisitRules`] says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VisitDetail {
    log: Option<bool>,
    time: Option<TimeDetail>,
    path: Option<PathDetail>,
    address: Option<AddressDetail>,
    user_agent: Option<AgentDetail>,
    referrer: Option<ReferrerDetail>,
}

impl VisitDetail {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { log: None, time: None, path: None, address: None, user_agent: None, referrer: None }
    }

    /// Whether a line is written at all.
    #[must_use]
    pub const fn log(mut self, log: bool) -> Self {
        self.log = Some(log);
        self
    }

    /// How exact the time is.
    #[must_use]
    pub const fn time(mut self, detail: TimeDetail) -> Self {
        self.time = Some(detail);
        self
    }

    /// How much of the path.
    #[must_use]
    pub const fn path(mut self, detail: PathDetail) -> Self {
        self.path = Some(detail);
        self
    }

    /// How much of the client's address.
    #[must_use]
    pub const fn address(mut self, detail: AddressDetail) -> Self {
        self.address = Some(detail);
        self
    }

    /// How much of the user agent.
    #[must_use]
    pub const fn user_agent(mut self, detail: AgentDetail) -> Self {
        self.user_agent = Some(detail);
        self
    }

    /// How much of the referrer.
    #[must_use]
    pub const fn referrer(mut self, detail: ReferrerDetail) -> Self {
        self.referrer = Some(detail);
        self
    }

    fn over(self, base: Detail) -> Detail {
        Detail {
            log: self.log.unwrap_or(base.log),
            time: self.time.unwrap_or(base.time),
            path: self.path.unwrap_or(base.path),
            address: self.address.unwrap_or(base.address),
            user_agent: self.user_agent.unwrap_or(base.user_agent),
            referrer: self.referrer.unwrap_or(base.referrer),
        }
    }
}

/// How exact the time of a visit is: what is finer is cut off. From the coarsest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum TimeDetail {
    /// The UTC day.
    Day,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The second.
    Second,
}

/// How much of the path of a visit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PathDetail {
    /// Nothing.
    None,
    /// The path without its query, and without what stands behind a `;` in each segment: old servers put session ids there.
    Path,
    /// The path as it came and its query, which can hold secrets.
    Query,
}

/// How much of the client's address is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AddressDetail {
    /// Nothing.
    None,
    /// The network: /24 of an IPv4 address, /48 of an IPv6 address.
    Truncated,
    /// The whole address.
    Full,
}

/// How much of the user agent is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AgentDetail {
    /// Nothing.
    None,
    /// The family of the browser and that of the operating system.
    Family,
    /// The header as it came.
    Full,
}

/// How much of the referrer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReferrerDetail {
    /// Nothing.
    None,
    /// Its origin.
    Origin,
    /// Its origin and path.
    Path,
    /// Its query too, which can hold secrets.
    Query,
}

/// What is written of a visit, with nothing left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Detail {
    pub(crate) log: bool,
    pub(crate) time: TimeDetail,
    pub(crate) path: PathDetail,
    pub(crate) address: AddressDetail,
    pub(crate) user_agent: AgentDetail,
    pub(crate) referrer: ReferrerDetail,
}

impl Detail {
    /// Of who may be tracked, where the policy says nothing.
    const TRACKED: Self = Self {
        log: true,
        time: TimeDetail::Second,
        path: PathDetail::Path,
        address: AddressDetail::Full,
        user_agent: AgentDetail::Full,
        referrer: ReferrerDetail::Path,
    };

    /// The most that is ever written of who may not be tracked.
    pub(crate) const UNTRACKED: Self = Self {
        log: true,
        time: TimeDetail::Minute,
        path: PathDetail::Path,
        address: AddressDetail::None,
        user_agent: AgentDetail::None,
        referrer: ReferrerDetail::None,
    };
}

/// The rules with their names looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VisitFacts {
    /// What must be allowed; where there is nothing, nobody may be tracked.
    pub(crate) needs: Option<Target>,
    pub(crate) tracked: Detail,
    pub(crate) untracked: Detail,
}

impl Default for VisitFacts {
    fn default() -> Self {
        Self { needs: None, tracked: Detail::TRACKED, untracked: Detail::UNTRACKED }
    }
}

/// Looks the names up. `is_essential` tells of a service whether its category is the essential one.
pub(super) fn compile(rules: &VisitRules, names: &Names, is_essential: impl Fn(Target) -> bool) -> Result<VisitFacts> {
    let needs = match (&rules.category, &rules.service) {
        (Some(category), Some(_)) => return Err(ConfigError::new(Kind::NoSingleTarget, "visits.category", category)),
        (Some(category), None) => {
            let target = category_target(names, category);
            Some(check_needs(target, Kind::UnknownCategory, "visits.category", category, is_essential)?)
        }
        (None, Some(service)) => {
            let target = names.service_index(service.as_bytes()).map(Target::Service);
            Some(check_needs(target, Kind::UnknownService, "visits.service", service, is_essential)?)
        }
        (None, None) => category_target(names, Category::ANALYTICS.as_str()),
    };
    let untracked = rules.untracked;
    let most = Detail::UNTRACKED;
    check_most("time", untracked.time, most.time)?;
    check_most("path", untracked.path, most.path)?;
    check_most("address", untracked.address, most.address)?;
    check_most("user_agent", untracked.user_agent, most.user_agent)?;
    check_most("referrer", untracked.referrer, most.referrer)?;
    Ok(VisitFacts { needs, tracked: rules.tracked.over(Detail::TRACKED), untracked: untracked.over(most) })
}

/// No setting tells more of who may not be tracked than the library ever does.
fn check_most<D: PartialOrd + fmt::Debug>(field: &str, detail: Option<D>, most: D) -> Result<()> {
    match detail.filter(|detail| *detail > most) {
        None => Ok(()),
        Some(detail) => {
            let value = format!("{detail:?}").to_ascii_lowercase();
            Err(ConfigError::new(Kind::TracksUntracked, format!("visits.untracked.{field}"), value))
        }
    }
}

fn category_target(names: &Names, name: &str) -> Option<Target> {
    names.category_index(name.as_bytes()).map(Target::Category)
}

fn check_needs(
    target: Option<Target>,
    missing: Kind,
    place: &str,
    name: &str,
    is_essential: impl Fn(Target) -> bool,
) -> Result<Target> {
    match target {
        None => Err(ConfigError::new(missing, place, name)),
        Some(target) if is_essential(target) => Err(ConfigError::new(Kind::TracksUnasked, place, name)),
        Some(target) => Ok(target),
    }
}

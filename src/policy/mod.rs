//! What the site promises: categories, services, cookie rules, lifetimes, signals, regimes.
//!
//! 1. A [`Policy`] is immutable and was checked as a whole when it was built: a policy that cannot be kept is refused
//!    with the place and the value ([`ConfigError`]).
//! 2. A cookie's name is looked up byte by byte: the library's own cookies, then exact names, then the longest prefix;
//!    what no rule declares is *unknown*. Nothing is decoded, trimmed or folded, because browsers do none of that.
//! 3. A category stands in the policy if it is declared or if a rule or service uses it. Visitors are asked for exactly
//!    those, so that "accept all" never covers what nobody showed them.

mod about;
mod builder;
mod checks;
mod consent_cookie;
mod declared;
mod empty;
mod entries;
mod error;
mod handle;
mod hooks;
mod lifetime;
mod matcher;
mod regime;
mod regions;
mod retention;
mod revision;
mod rule;
mod rule_table;
mod scope;
mod source;
mod source_keys;
mod text;
mod token_rules;
mod validate;
mod verdict;
mod visits;

use std::{fmt, sync::LazyLock};

use memchr::memmem::Finder;
use time::Date;

pub(crate) use self::hooks::{Circumstances, Hooks};
pub(crate) use self::matcher::NameStart;
use self::matcher::{Matcher, RuleIndex};
#[cfg(any(feature = "draft", feature = "tracing"))]
pub(crate) use self::scope::is_token;
pub use self::{
    about::About,
    builder::PolicyBuilder,
    consent_cookie::ConsentCookie,
    declared::{CookieOrigin, DeclaredCategory, DeclaredCookie, DeclaredService},
    entries::{CategoryEntry, ServiceEntry},
    error::{ConfigError, ConfigErrorKind},
    handle::{PolicyHandle, PublishError},
    hooks::SetCookieLine,
    lifetime::{Lifetime, LifetimeError},
    regime::{CacheRule, CategoryKind, Mode, Regime, SignalScope, UnknownCookies},
    regions::{CountryHeader, RegionLaw, Regions},
    retention::Retention,
    revision::{OutdatedGrants, Revision, RevisionKind},
    rule::{AttributeFloors, CookieRule, RuleTarget, SameSite},
    scope::Scope,
    source::{ConsentSource, Reissue},
    text::Text,
    token_rules::TokenRules,
    verdict::{Narrow, Reason, Verdict},
    visits::{AddressDetail, AgentDetail, PathDetail, ReferrerDetail, TimeDetail, VisitDetail, VisitRules},
};
pub(crate) use self::{
    lifetime::{MAX_COOKIE_SECONDS, day_after, day_number, day_of, start_of},
    rule::CompiledRule,
    scope::{MAX_EXPIRY_LINES, NamePrefix, expiry_line, expiry_lines},
    source::BannerSource,
    visits::{Detail, VisitFacts},
};
use crate::{
    category::Category,
    consent::{CategoryBits, CategoryIndex, Choice, Names, Reading, ServiceIndex, Target},
    signal::Signal,
    sources::{mac::MacKeys, own},
};

/// What the site promises. Built by [`Policy::builder`], shared behind an `Arc`.
pub struct Policy {
    pub(crate) names: Names,
    categories: Vec<CategoryFacts>,
    services: Vec<ServiceFacts>,
    rules: Vec<CompiledRule>,
    matcher: Matcher,
    pub(crate) mode: Mode,
    regime: Regime,
    pub(crate) unknown: UnknownCookies,
    pub(crate) grant_lifetime: Lifetime,
    pub(crate) refusal_lifetime: Lifetime,
    revisions: Vec<Revision>,
    /// The number of the last revision, and of the last material one.
    latest: u32,
    material: u32,
    pub(crate) outdated_grants: OutdatedGrants,
    about: About,
    retention: Retention,
    pub(crate) visits: VisitFacts,
    pub(crate) banner_under_signal: bool,
    pub(crate) consent_cookie: ConsentCookie,
    consent_finder: Finder<'static>,
    banners: Vec<BannerSource>,
    /// How many of the banners come before our own cookie.
    own_place: usize,
    token_rules: TokenRules,
    /// Whether the policy says anything of tokens: then the cookie is among what it declares.
    declares_tokens: bool,
    token_finder: Finder<'static>,
    keys: MacKeys,
    signals: [SignalFacts; Signal::ALL.len()],
    pub(crate) floors: AttributeFloors,
    pub(crate) caches: CacheRule,
    hooks: Hooks,
}

#[derive(Clone, Debug)]
struct CategoryFacts {
    kind: CategoryKind,
    since: u32,
    label: Option<Text>,
    purpose: Option<Text>,
}

#[derive(Clone, Debug)]
struct ServiceFacts {
    category: CategoryIndex,
    since: u32,
    entry: ServiceEntry,
}

/// What a signal turns off, as bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignalFacts {
    pub(crate) signal: Signal,
    pub(crate) covers: CategoryBits,
    pub(crate) always: bool,
    pub(crate) no_cookies: bool,
}

/// What a cookie name falls under.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Class<'p> {
    /// One of the library's own: the consent cookie, the token cookie.
    Own,
    /// A banner's that the policy reads.
    Banner,
    Rule(&'p CompiledRule),
    Unknown,
    /// Nameless, or begins with `$`: dropped in every case, and not even logged (R38, R68).
    Never,
}

impl Policy {
    /// Begins a policy.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The categories of the policy, essential first.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        self.names.categories()
    }

    /// The services of the policy, each with its category.
    pub fn services(&self) -> impl Iterator<Item = (&str, Category)> {
        self.names
            .services()
            .zip(&self.services)
            .filter_map(|(name, facts)| self.names.category(facts.category).map(|category| (name, category)))
    }

    /// The names that a choice can speak of.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The published revision: the last of the list.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        static FIRST: LazyLock<Revision> = LazyLock::new(Revision::default);
        self.revisions.last().unwrap_or(&FIRST)
    }

    /// All revisions that the policy lists, the first one first.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// The number of the last material revision: choices that were made before it are outdated.
    #[must_use]
    pub const fn material_revision(&self) -> u32 {
        self.material
    }

    pub(crate) const fn latest_revision(&self) -> u32 {
        self.latest
    }

    /// Who is responsible for the site, and where its documents stand.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// How long the library keeps what it keeps on the server.
    #[must_use]
    pub const fn retention(&self) -> &Retention {
        &self.retention
    }

    /// Whether cookies are stripped or only reported.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The name of the consent cookie.
    #[must_use]
    pub fn consent_cookie_name(&self) -> &str {
        &self.consent_cookie.name
    }

    /// What the policy says of sign-in tokens.
    #[must_use]
    pub const fn token_rules(&self) -> &TokenRules {
        &self.token_rules
    }

    /// Whether the consent cookie is authenticated.
    #[must_use]
    pub const fn has_mac_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The category or service that declares a cookie of this name, as `(category, service)`; `None` for the library's
    /// own cookies and for names that no rule declares.
    #[must_use]
    pub fn lookup(&self, cookie_name: &[u8]) -> Option<(Category, Option<&str>)> {
        match self.classify(cookie_name) {
            Class::Rule(rule) => self.describe(rule.target),
            Class::Own | Class::Banner | Class::Unknown | Class::Never => None,
        }
    }

    pub(crate) fn classify(&self, name: &[u8]) -> Class<'_> {
        self.classify_at(name, NameStart::of(name))
    }

    /// The same for a name of which the start is known.
    // Every cookie of every request: the call would cost as much as the work.
    #[inline(always)]
    pub(crate) fn classify_at(&self, name: &[u8], start: NameStart) -> Class<'_> {
        if matches!(name, [] | [b'$', ..]) {
            return Class::Never;
        }
        match self.matcher.find(name, start) {
            None => Class::Unknown,
            Some(RuleIndex::OWN) => Class::Own,
            Some(RuleIndex::BANNER) => Class::Banner,
            Some(RuleIndex(index)) => self.rules.get(usize::from(index)).map_or(Class::Unknown, Class::Rule),
        }
    }

    /// The category and service of a target.
    pub(crate) fn describe(&self, target: Target) -> Option<(Category, Option<&str>)> {
        match target {
            Target::Category(index) => self.names.category(index).map(|category| (category, None)),
            Target::Service(index) => {
                let category = self.names.category(self.category_of(target)?)?;
                Some((category, self.names.service(index)))
            }
        }
    }

    /// The category that a target is or belongs to.
    pub(crate) fn category_of(&self, target: Target) -> Option<CategoryIndex> {
        match target {
            Target::Category(index) => Some(index),
            Target::Service(index) => self.service_facts(index).map(|facts| facts.category),
        }
    }

    /// The revision that brought a target.
    pub(crate) fn since(&self, target: Target) -> u32 {
        match target {
            Target::Category(index) => self.category_facts(index).map_or(u32::MAX, |facts| facts.since),
            Target::Service(index) => self.service_facts(index).map_or(u32::MAX, |facts| facts.since),
        }
    }

    pub(crate) fn is_essential(&self, category: CategoryIndex) -> bool {
        category == ESSENTIAL
    }

    pub(crate) fn is_exempt_until_objected(&self, category: CategoryIndex) -> bool {
        self.category_facts(category).is_some_and(|facts| facts.kind == CategoryKind::ExemptUntilObjected)
    }

    /// Every category and service that can be switched: all but the essential ones.
    pub(crate) fn askable(&self) -> impl Iterator<Item = Target> + '_ {
        let categories = self.names.category_indices().map(Target::Category);
        let services = self.names.service_indices().map(Target::Service);
        categories
            .chain(services)
            .filter(|target| self.category_of(*target).is_some_and(|category| !self.is_essential(category)))
    }

    fn category_facts(&self, index: CategoryIndex) -> Option<&CategoryFacts> {
        self.categories.get(usize::from(index.0))
    }

    fn service_facts(&self, index: ServiceIndex) -> Option<&ServiceFacts> {
        self.services.get(usize::from(index.0))
    }

    pub(crate) const fn signal_facts(&self) -> &[SignalFacts] {
        &self.signals
    }

    /// Whether something can pass until it is refused: under opt-out, or by an exemption. Then a refusal must not lapse.
    /// A resolver is taken to be able to answer anything.
    pub(crate) fn keeps_refusals(&self) -> bool {
        let has_exempt = || self.categories.iter().any(|facts| facts.kind == CategoryKind::ExemptUntilObjected);
        let can_be = |regime: Regime| match &self.hooks.regions {
            Some(regions) => regions.has(regime),
            None => self.regime == regime,
        };
        self.hooks.regime.is_some() || can_be(Regime::OptOut) || (can_be(Regime::OptInWithExemptions) && has_exempt())
    }

    /// Finds the consent cookie's name in a line, be it as a name or as a part of something else.
    pub(crate) const fn consent_finder(&self) -> &Finder<'static> {
        &self.consent_finder
    }

    /// Finds the token cookie's name in a line, in the same way.
    pub(crate) const fn token_finder(&self) -> &Finder<'static> {
        &self.token_finder
    }

    /// The banners that the policy reads, in its order.
    pub(crate) fn banners(&self) -> &[BannerSource] {
        &self.banners
    }

    pub(crate) const fn own_place(&self) -> usize {
        self.own_place
    }

    /// The revision that was in force on a day: the last one published by then. Without a day, and from the first
    /// revision without a day on, nobody knows: then it is the latest.
    pub(crate) fn revision_in_force(&self, day: Option<Date>) -> u32 {
        let Some(day) = day else { return self.latest };
        let mut before = self.revisions.iter().rev();
        let in_force = before.find(|one| one.date().is_none_or(|published| published <= day));
        in_force.or(self.revisions.first()).map_or(self.latest, |one| one.number)
    }

    /// Reads the value of the consent cookie.
    pub(crate) fn read_consent(&self, value: &[u8]) -> Reading {
        own::decode(value, &self.names, &self.keys)
    }

    /// Writes the value of the consent cookie.
    pub(crate) fn write_consent(&self, choice: &Choice) -> String {
        own::encode(choice, &self.names, &self.keys)
    }
}

/// Essential is the first category of every policy.
const ESSENTIAL: CategoryIndex = CategoryIndex(0);

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("revision", &self.latest)
            .field("mode", &self.mode)
            .field("regime", &self.regime)
            .field("unknown", &self.unknown)
            .field("names", &self.names)
            .field("rules", &self.rules.len())
            .field("consent_cookie", &self.consent_cookie)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// A day in the form `YYYY-MM-DD`.
pub(crate) fn parse_day(text: &str) -> Option<Date> {
    own::parse_day(text.as_bytes())
}

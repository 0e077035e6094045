//! Reading a policy back: what pages show of it.

use super::{CategoryKind, Policy, lifetime::Lifetime, text::Text};
use crate::{category::Category, consent::Target};

/// A category as the policy declares it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DeclaredCategory<'p> {
    /// Which one.
    pub category: Category,
    /// How it is handled; of no meaning for *essential*.
    pub kind: CategoryKind,
    /// The revision that brought it.
    pub since: u32,
    /// Its name for visitors, where the policy gives one.
    pub label: Option<&'p Text>,
    /// What it is for, where the policy says it.
    pub purpose: Option<&'p Text>,
}

/// A service as the policy declares it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DeclaredService<'p> {
    /// Its name in the policy.
    pub name: &'p str,
    /// Its category.
    pub category: Category,
    /// The revision that brought it.
    pub since: u32,
    /// Its name for visitors, where the policy gives one.
    pub label: Option<&'p Text>,
    /// The company that runs it.
    pub provider: Option<&'p Text>,
    /// What it is for.
    pub purpose: Option<&'p Text>,
    /// The third countries that data goes to.
    pub transfers: Option<&'p Text>,
    /// Its own privacy policy.
    pub privacy_policy: Option<&'p str>,
    /// The hosts that it is loaded from.
    pub hosts: &'p [String],
    /// Whether what it gets counts as sold or shared.
    pub is_sale_or_sharing: bool,
}

/// Whose cookie a declared one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CookieOrigin {
    /// The library's own, which holds the choice.
    Consent,
    /// The library's own, which holds the sign-in; only where the policy speaks of tokens.
    Token,
    /// A banner's that the policy reads, which holds the choice too.
    Banner,
    /// One that a rule or a preset declares.
    Rule,
}

/// A cookie as the policy declares it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DeclaredCookie<'p> {
    /// The name; where `is_prefix`, what it begins with.
    pub name: &'p str,
    /// Whether every name that begins so is meant.
    pub is_prefix: bool,
    /// Whose it is.
    pub origin: CookieOrigin,
    /// Its category.
    pub category: Category,
    /// Its service, where it belongs to one.
    pub service: Option<&'p str>,
    /// What it is for.
    pub purpose: Option<&'p Text>,
    /// Who reads it.
    pub provider: Option<&'p Text>,
    /// The longest life that a server's `Set-Cookie` can give it, where the policy says it.
    pub max_age: Option<Lifetime>,
}

impl Policy {
    /// The categories with their texts, essential first.
    pub fn declared_categories(&self) -> impl Iterator<Item = DeclaredCategory<'_>> {
        self.names.categories().iter().zip(&self.categories).map(|(category, facts)| DeclaredCategory {
            category: *category,
            kind: facts.kind,
            since: facts.since,
            label: facts.label.as_ref(),
            purpose: facts.purpose.as_ref(),
        })
    }

    /// The services with their texts.
    pub fn declared_services(&self) -> impl Iterator<Item = DeclaredService<'_>> {
        let entries = self.services.iter();
        entries.filter_map(|facts| {
            let entry = &facts.entry;
            Some(DeclaredService {
                name: &entry.name,
                category: self.names.category(facts.category)?,
                since: facts.since,
                label: entry.label.as_ref(),
                provider: entry.provider.as_ref(),
                purpose: entry.purpose.as_ref(),
                transfers: entry.transfers.as_ref(),
                privacy_policy: entry.privacy_policy.as_deref(),
                hosts: &entry.hosts,
                is_sale_or_sharing: entry.sale_or_sharing,
            })
        })
    }

    /// Every cookie that the policy declares, the library's own first.
    pub fn declared_cookies(&self) -> impl Iterator<Item = DeclaredCookie<'_>> {
        let own = |name, origin, max_age| DeclaredCookie {
            name,
            is_prefix: false,
            origin,
            category: Category::ESSENTIAL,
            service: None,
            purpose: None,
            provider: None,
            max_age: Some(max_age),
        };
        let longest = if self.keeps_refusals() { Lifetime::days(400) } else { self.longest_choice() };
        let consent = own(self.consent_cookie_name(), CookieOrigin::Consent, longest);
        let rules = &self.token_rules;
        let token = self.declares_tokens.then(|| own(rules.cookie_name(), CookieOrigin::Token, rules.lifetime()));
        let banners = self.banners().iter().flat_map(|banner| banner.cookies());
        let banners = banners.map(|(name, is_prefix)| DeclaredCookie {
            name,
            is_prefix,
            origin: CookieOrigin::Banner,
            category: Category::ESSENTIAL,
            service: None,
            purpose: None,
            provider: None,
            max_age: None,
        });
        [consent]
            .into_iter()
            .chain(token)
            .chain(banners)
            .chain(self.rules.iter().filter_map(|rule| self.declared(rule)))
    }

    /// The longer of a grant and a refusal.
    fn longest_choice(&self) -> Lifetime {
        let (grant, refusal) = (self.grant_lifetime, self.refusal_lifetime);
        if grant.seconds_from(0) > refusal.seconds_from(0) { grant } else { refusal }
    }

    fn declared<'p>(&'p self, rule: &'p super::CompiledRule) -> Option<DeclaredCookie<'p>> {
        let (category, service) = self.describe(rule.target)?;
        let source = &rule.source;
        let name = if rule.is_prefix { source.name.strip_suffix('*').unwrap_or(&source.name) } else { &source.name };
        let of_service = match rule.target {
            Target::Service(index) => self.service_facts(index).map(|facts| &facts.entry),
            Target::Category(_) => None,
        };
        Some(DeclaredCookie {
            name,
            is_prefix: rule.is_prefix,
            origin: CookieOrigin::Rule,
            category,
            service,
            purpose: source.purpose.as_ref().or_else(|| of_service?.purpose.as_ref()),
            provider: source.provider.as_ref().or_else(|| of_service?.provider.as_ref()),
            max_age: source.max_age,
        })
    }

    /// How long a grant counts.
    #[must_use]
    pub const fn grant_lifetime(&self) -> Lifetime {
        self.grant_lifetime
    }

    /// How long a refusal counts, before the visitor may be asked again; `None` where it never lapses.
    #[must_use]
    pub fn refusal_lifetime(&self) -> Option<Lifetime> {
        (!self.keeps_refusals()).then_some(self.refusal_lifetime)
    }
}

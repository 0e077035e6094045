//! The rules of a policy while they are gathered: what each becomes, and which of them clash.

use super::{
    builder::PolicyBuilder,
    checks::{Result, check_cookie_name, check_floors, check_lifetime, check_scope, pattern},
    error::{ConfigError, ConfigErrorKind as Kind},
    matcher::{Matcher, RuleIndex},
    rule::{CompiledRule, CookieRule},
    scope::{MAX_EXPIRY_LINES, NamePrefix, Scope, expiry_lines as lines_of},
    source::{BannerSource, is_banners},
};
use crate::consent::{Names, Target};

/// Where the rules of a policy are gathered.
pub(super) struct RuleTable<'b> {
    builder: &'b PolicyBuilder,
    names: &'b Names,
    banners: &'b [BannerSource],
    matcher: Matcher,
    rules: Vec<CompiledRule>,
}

impl<'b> RuleTable<'b> {
    /// An empty one; the matcher knows the library's own cookies and those of banners.
    pub(super) const fn new(
        builder: &'b PolicyBuilder,
        names: &'b Names,
        banners: &'b [BannerSource],
        matcher: Matcher,
    ) -> Self {
        Self { builder, names, banners, matcher, rules: Vec::new() }
    }

    pub(super) fn finish(self) -> (Matcher, Vec<CompiledRule>) {
        (self.matcher, self.rules)
    }

    /// Adds a rule of the application's own: every clash is an error.
    pub(super) fn declare(&mut self, place: &str, rule: CookieRule) -> Result<()> {
        let compiled = self.compile(place, rule)?;
        let (name, is_prefix) = pattern(&compiled.source);
        let error = |kind| ConfigError::new(kind, place, &compiled.source.name);
        let known = if is_prefix { self.matcher.prefix(name) } else { self.matcher.exact(name) };
        if known == Some(RuleIndex::OWN) {
            return Err(error(Kind::OwnCookie));
        }
        if is_banners(name, is_prefix, self.banners) {
            return Err(error(Kind::BannerCookie));
        }
        if let Some(RuleIndex(index)) = known {
            let same = self.rules.get(usize::from(index)).is_some_and(|other| other.target == compiled.target);
            return Err(error(if same { Kind::NeverMatches } else { Kind::TwoCategories }));
        }
        self.insert(compiled)
    }

    /// Adds a rule of a preset: the application's own rules, and presets named earlier, stand.
    pub(super) fn add_preset(&mut self, rule: CookieRule) -> Result<()> {
        let compiled = self.compile("presets", rule)?;
        let (name, is_prefix) = pattern(&compiled.source);
        let known = if is_prefix { self.matcher.prefix(name) } else { self.matcher.exact(name) };
        let is_taken = known.is_some() || is_banners(name, is_prefix, self.banners);
        if is_taken { Ok(()) } else { self.insert(compiled) }
    }

    fn insert(&mut self, rule: CompiledRule) -> Result<()> {
        let index = u16::try_from(self.rules.len())
            .ok()
            .map(RuleIndex)
            .filter(|index| ![RuleIndex::OWN, RuleIndex::BANNER].contains(index))
            .ok_or_else(|| ConfigError::new(Kind::TooMany, "cookies", self.rules.len().to_string()))?;
        let (name, is_prefix) = pattern(&rule.source);
        if is_prefix {
            self.matcher.insert_prefix(name, index);
        } else {
            self.matcher.insert_exact(name, index);
        }
        self.rules.push(rule);
        Ok(())
    }

    fn compile(&self, place: &str, source: CookieRule) -> Result<CompiledRule> {
        let (name, is_prefix) = pattern(&source);
        check_cookie_name(name, is_prefix, &source).map_err(|kind| ConfigError::new(kind, place, &source.name))?;
        let base = place.strip_suffix(".name").unwrap_or(place);
        let at = |field: &str| format!("{base}.{field}");
        let target = self.target(&source, &at)?;
        match source.max_age {
            Some(max_age) => check_lifetime(max_age, (13, 400), &at("max_age"))?,
            None if source.add_max_age => {
                return Err(ConfigError::new(Kind::NoMaxAgeToAdd, at("add_max_age"), "true"));
            }
            None => {}
        }
        let prefix = NamePrefix::of(name);
        for (number, scope) in source.scopes.iter().enumerate() {
            check_scope(scope, prefix, &at(&format!("scopes[{number}]")))?;
        }
        let lines = source.scopes.len() * if source.partitioned { 2 } else { 1 };
        if lines > MAX_EXPIRY_LINES {
            return Err(ConfigError::new(Kind::TooManyScopes, at("scopes"), source.scopes.len().to_string()));
        }
        let scopes = if source.scopes.is_empty() {
            default_scopes(self.builder.site_domain.as_deref(), prefix)
        } else {
            source.scopes.clone()
        };
        let floors = source.floors.unwrap_or(self.builder.floors);
        check_floors(floors, &at("floors"))?;
        let expiry_lines =
            if is_prefix { None } else { Some(lines_of(name, &scopes, source.secure, source.partitioned).collect()) };
        Ok(CompiledRule { is_prefix, target, floors, scopes, expiry_lines, source })
    }

    fn target(&self, rule: &CookieRule, at: &dyn Fn(&str) -> String) -> Result<Target> {
        match (&rule.category, &rule.service) {
            (Some(name), None) => self
                .names
                .category_index(name.as_bytes())
                .map(Target::Category)
                .ok_or_else(|| ConfigError::new(Kind::UnknownCategory, at("category"), name)),
            (None, Some(name)) => self
                .names
                .service_index(name.as_bytes())
                .map(Target::Service)
                .ok_or_else(|| ConfigError::new(Kind::UnknownService, at("service"), name)),
            (category, service) => {
                let value = [category, service].into_iter().flatten().cloned().collect::<Vec<_>>().join(" and ");
                Err(ConfigError::new(Kind::NoSingleTarget, at("category"), value))
            }
        }
    }
}

/// Where a cookie is expired unless the policy says it: at the host, and at the site's domain.
pub(super) fn default_scopes(site_domain: Option<&str>, prefix: NamePrefix) -> Vec<Scope> {
    let shared = site_domain.filter(|_| !prefix.needs_host).map(Scope::domain);
    std::iter::once(Scope::host_only()).chain(shared).collect()
}

//! The policy that a draft writes: what was seen, sorted into presets, rules and questions.

use std::collections::{BTreeMap, HashMap};

use super::{
    evidence::{common_domain, is_domain, is_writable, scope, slug, text},
    propose::{self, Rule, Verdict, keeps_seven_days, with_attributes},
};
use crate::{
    catalogue::Preset,
    category::Category,
    policy::{
        Class, ConsentCookie, ConsentSource, CookieRule, Policy, PolicyBuilder, RuleTarget, Scope, TokenRules, is_token,
    },
    report::inventory::{SeenCookie, known::is_of},
    sources::Banner,
};

/// A draft before it is written.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// As the application says, or as the cookies agree on it.
    pub(super) site_domain: Option<String>,
    /// What the application said, where it is no domain.
    pub(super) bad_site_domain: Option<String>,
    pub(super) consent_cookie: ConsentCookie,
    pub(super) tokens: TokenRules,
    /// Categories and services of the policy at hand that its rules here use, in its order.
    pub(super) categories: Vec<CategoryLine>,
    pub(super) services: Vec<ServiceLine>,
    pub(super) presets: Vec<(Preset, Vec<SeenCookie>)>,
    /// Banners that can be read as they are, and those of which the site must say what their keys mean.
    pub(super) banners: Vec<(Banner, Vec<SeenCookie>)>,
    pub(super) open_banners: Vec<Banner>,
    pub(super) rules: Vec<Proposal>,
    pub(super) own: Vec<SeenCookie>,
    pub(super) unknown: Vec<SeenCookie>,
    /// Names that no file can hold.
    pub(super) unwritable: Vec<SeenCookie>,
    /// Seen only in lines that delete.
    pub(super) only_deleted: Vec<SeenCookie>,
}

/// One rule, and the cookies that it is for.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    /// Without scopes, unless the policy at hand declares it.
    rule: CookieRule,
    pub(super) is_declared: bool,
    /// A session cookie that belongs under `auth_cookies`.
    pub(super) is_auth: bool,
    pub(super) why: String,
    pub(super) seen: Vec<SeenCookie>,
}

/// An entry of `[[categories]]`: its fields.
#[derive(Clone, Debug)]
pub(super) struct CategoryLine(pub(super) Vec<(&'static str, serde_json::Value)>);

/// An entry of `[[services]]`.
#[derive(Clone, Debug)]
pub(super) struct ServiceLine {
    pub(super) name: String,
    pub(super) category: Category,
    pub(super) fields: Vec<(&'static str, serde_json::Value)>,
}

/// Services that a policy can have.
const MOST_SERVICES: usize = crate::consent::MAX_SERVICES;
/// Bytes that the names of all services may have together, so that they fit into the consent cookie with room to grow.
const MOST_SERVICE_BYTES: usize = 1_200;

impl Plan {
    pub(super) fn new(cookies: Vec<SeenCookie>, policy: &Policy) -> Self {
        let mut plan = Self {
            site_domain: common_domain(&cookies),
            bad_site_domain: None,
            consent_cookie: policy.consent_cookie.clone(),
            tokens: policy.token_rules().clone(),
            categories: Vec::new(),
            services: Vec::new(),
            presets: Vec::new(),
            banners: Vec::new(),
            open_banners: Vec::new(),
            rules: Vec::new(),
            own: Vec::new(),
            unknown: Vec::new(),
            unwritable: Vec::new(),
            only_deleted: Vec::new(),
        };
        let mut rest = Vec::new();
        let mut declared: BTreeMap<String, (CookieRule, Vec<SeenCookie>)> = BTreeMap::new();
        for cookie in cookies {
            match policy.classify(cookie.name().as_bytes()) {
                Class::Own => plan.own.push(cookie),
                Class::Rule(rule) if is_writable(rule) => {
                    let entry = declared.entry(rule.source.name.clone());
                    entry.or_insert_with(|| (rule.source.clone(), Vec::new())).1.push(cookie);
                }
                Class::Rule(_) => plan.unwritable.push(cookie),
                Class::Banner | Class::Unknown | Class::Never if !cookie.is_used() => plan.only_deleted.push(cookie),
                // How a policy at hand reads a banner is not written down again, only found again.
                Class::Banner | Class::Unknown | Class::Never => rest.push(cookie),
            }
        }
        plan.keep_names(policy, declared.values().map(|(rule, _)| rule));
        plan.rules.extend(declared.into_values().map(|(rule, seen)| Proposal {
            rule,
            is_declared: true,
            is_auth: false,
            why: "As the policy at hand declares it.".to_owned(),
            seen,
        }));
        let (found, rest) = sort_banners(rest);
        let rest = plan.sort_presets(rest);
        plan.sort_rules(rest);
        plan.add_banners(found);
        plan.cover();
        plan
    }

    /// Categories and services that kept rules need.
    fn keep_names<'r>(&mut self, policy: &Policy, rules: impl Iterator<Item = &'r CookieRule> + Clone) {
        for service in policy.declared_services() {
            if rules.clone().any(|rule| rule.service.as_deref() == Some(service.name)) {
                let text = |text: Option<&crate::policy::Text>| text.and_then(|text| serde_json::to_value(text).ok());
                let fields = [
                    ("label", text(service.label)),
                    ("provider", text(service.provider)),
                    ("purpose", text(service.purpose)),
                    ("transfers", text(service.transfers)),
                    ("privacy_policy", service.privacy_policy.map(Into::into)),
                ];
                self.services.push(ServiceLine {
                    name: service.name.to_owned(),
                    category: service.category,
                    fields: fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
                });
            }
        }
        for declared in policy.declared_categories().skip(1) {
            let name = declared.category;
            let is_used = rules.clone().any(|rule| rule.category.as_deref() == Some(name.as_str()))
                || self.services.iter().any(|service| service.category == name);
            let kind = serde_json::to_value(declared.kind).ok();
            let is_plain = Category::BUILT_IN.contains(&name)
                && declared.kind == crate::policy::CategoryKind::AskedFor
                && declared.label.or(declared.purpose).is_none();
            if is_used && !is_plain {
                let text = |text: Option<&crate::policy::Text>| text.and_then(|text| serde_json::to_value(text).ok());
                let fields = [
                    ("name", Some(name.as_str().into())),
                    ("kind", kind),
                    ("label", text(declared.label)),
                    ("purpose", text(declared.purpose)),
                ];
                let fields = fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
                self.categories.push(CategoryLine(fields));
            }
        }
    }

    /// Takes out what presets declare that are told by what was seen.
    fn sort_presets(&mut self, cookies: Vec<SeenCookie>) -> Vec<SeenCookie> {
        let has = |preset: Preset, cookie: &SeenCookie| {
            preset.cookies().iter().any(|known| is_of(known, cookie.name().as_bytes()))
        };
        let evidence: Vec<_> = Preset::ALL
            .iter()
            .flat_map(|preset| cookies.iter().map(move |cookie| (*preset, cookie)))
            .filter(|(preset, cookie)| has(*preset, cookie))
            .map(|(preset, cookie)| (preset, cookie.name().as_bytes()))
            .collect();
        let mut presets: Vec<_> = propose::presets(&evidence).into_iter().map(|preset| (preset, Vec::new())).collect();
        let mut rest = Vec::new();
        for cookie in cookies {
            match presets.iter_mut().find(|(preset, _)| has(*preset, &cookie)) {
                Some((_, seen)) => seen.push(cookie),
                None => rest.push(cookie),
            }
        }
        presets.retain(|(_, seen)| !seen.is_empty());
        self.presets = presets;
        rest
    }

    /// Sorts the others into rules and questions.
    fn sort_rules(&mut self, cookies: Vec<SeenCookie>) {
        let mut proposed = Vec::new();
        let mut shared: HashMap<String, usize> = HashMap::new();
        for cookie in cookies {
            match propose::propose(&cookie) {
                Verdict::Rule(rule) => {
                    rule.prefix.iter().for_each(|prefix| *shared.entry(prefix.clone()).or_default() += 1);
                    proposed.push((rule, cookie));
                }
                Verdict::Unknown => self.unknown.push(cookie),
                Verdict::Unwritable => self.unwritable.push(cookie),
            }
        }
        let mut rules: BTreeMap<String, (Rule, Vec<SeenCookie>)> = BTreeMap::new();
        for (rule, cookie) in proposed {
            // A short prefix stands for much else: it is taken where several names bear it out.
            let is_sure = |prefix: &&String| prefix.len() >= 5 || shared.get(*prefix).is_some_and(|it| *it > 1);
            let prefix = rule.prefix.as_ref().filter(is_sure);
            if prefix.is_none() && rule.is_unsure() {
                self.unknown.push(cookie);
                continue;
            }
            let name = prefix.map_or_else(|| text(cookie.name().as_bytes()), |prefix| format!("{prefix}*"));
            rules.entry(name).or_insert_with(|| (rule, Vec::new())).1.push(cookie);
        }
        let taken: usize = self.services.iter().map(|service| service.name.len() + 2).sum();
        let mut room = MOST_SERVICE_BYTES.saturating_sub(taken);
        for (name, (rule, seen)) in rules {
            self.add_rule(name, rule, seen, &mut room);
        }
    }

    fn add_rule(&mut self, name: String, proposed: Rule, seen: Vec<SeenCookie>, room: &mut usize) {
        let target = match proposed.platform.and_then(|platform| self.service(platform, proposed.category, room)) {
            Some(service) => RuleTarget::service(service),
            None => RuleTarget::from(proposed.category),
        };
        let is_auth = proposed.is_auth && keeps_seven_days(&seen);
        let mut rule = CookieRule::new(name, target);
        if !is_auth {
            rule = with_attributes(rule, &seen);
            rule.purpose = proposed.purpose.map(Into::into);
            rule.provider = proposed.provider.map(Into::into);
        }
        let mut why = proposed.why;
        if proposed.is_auth && !is_auth {
            why.push_str(" As one of `auth_cookies` it would be held to 7 days.");
        }
        let proposal = Proposal { rule, is_declared: false, is_auth, why, seen };
        // Whatever it is that a policy does not take: then a person decides.
        if self.builds(&proposal.rule) {
            self.rules.push(proposal);
        } else {
            self.unwritable.extend(proposal.seen);
        }
    }

    /// Names the banners that were found, where the policy can be built with them; their cookies then pass by themselves.
    fn add_banners(&mut self, found: Vec<(Banner, Vec<SeenCookie>)>) {
        for (banner, seen) in found {
            let sources = self.banners.iter().map(|(known, _)| *known).chain([banner]);
            let whole = sources.fold(self.builder(), |whole, one| whole.source(ConsentSource::banner(one)));
            if whole.build().is_ok() {
                self.banners.push((banner, seen));
            } else {
                self.open_banners.push(banner);
                let (known, other): (Vec<_>, Vec<_>) =
                    seen.into_iter().partition(|cookie| is_token(cookie.name().as_bytes()));
                self.unknown.extend(known);
                self.unwritable.extend(other);
            }
        }
    }

    /// All that is declared so far.
    fn builder(&self) -> PolicyBuilder {
        let base = PolicyBuilder { consent_cookie: self.consent_cookie.clone(), ..PolicyBuilder::default() };
        let custom = self.services.iter().map(|service| service.category).chain(
            self.rules
                .iter()
                .filter_map(|proposal| proposal.rule.category.as_deref().and_then(|name| Category::new(name).ok())),
        );
        let mut custom: Vec<_> = custom.filter(|category| !Category::BUILT_IN.contains(category)).collect();
        custom.sort_unstable();
        custom.dedup();
        let base = custom.into_iter().fold(base.tokens(self.tokens.clone()), PolicyBuilder::category);
        let base = self.presets.iter().fold(base, |base, (preset, _)| base.preset(*preset));
        let services = self.services.iter();
        let base = services.fold(base, |base, service| base.service(&service.name, service.category.as_str()));
        self.rules.iter().fold(base, |base, proposal| base.cookie(proposal.rule.clone()))
    }

    /// A prefix can stand for names that nobody knows by themselves, or that no file can hold: they are under its rule. So
    /// can a banner that is named.
    fn cover(&mut self) {
        let cookies = [&mut self.unknown, &mut self.unwritable].map(std::mem::take);
        let [unknown, unwritable] = cookies.map(|cookies| self.uncovered(cookies));
        (self.unknown, self.unwritable) = (unknown, unwritable);
    }

    fn uncovered(&mut self, cookies: Vec<SeenCookie>) -> Vec<SeenCookie> {
        let mut left = Vec::new();
        for cookie in cookies {
            let name = cookie.name().as_bytes();
            // Two banners can have one cookie, and only one of them be named.
            let of = |banner: &Banner| banner.format().cookies.iter().any(|known| known.is(name));
            if let Some((_, seen)) = self.banners.iter_mut().find(|(banner, _)| of(banner)) {
                seen.push(cookie);
                continue;
            }
            let is_over = |proposal: &&mut Proposal| {
                let prefix = proposal.rule.name.strip_suffix('*');
                name.first() != Some(&b'$') && prefix.is_some_and(|prefix| name.starts_with(prefix.as_bytes()))
            };
            match self.rules.iter_mut().find(is_over) {
                Some(proposal) => proposal.seen.push(cookie),
                None => left.push(cookie),
            }
        }
        left
    }

    /// The service of a platform, made where there is none yet and there is room; otherwise the cookie stands under its
    /// category alone.
    fn service(&mut self, platform: &str, category: Category, room: &mut usize) -> Option<String> {
        let stem = slug(platform);
        let names = [stem.clone(), slug(&format!("{}-{category}", stem.get(..20).unwrap_or(&stem)))];
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            match self.services.iter().find(|known| known.name == name) {
                Some(known) if known.category == category => return Some(name),
                Some(_) => {}
                None if self.services.len() >= MOST_SERVICES => return None,
                None => {
                    *room = room.checked_sub(name.len() + 2)?;
                    let fields = [("label", platform.into()), ("provider", platform.into())].into();
                    self.services.push(ServiceLine { name: name.clone(), category, fields });
                    return Some(name);
                }
            }
        }
        None
    }

    /// Whether a policy takes this rule.
    fn builds(&self, rule: &CookieRule) -> bool {
        let base = PolicyBuilder { consent_cookie: self.consent_cookie.clone(), ..PolicyBuilder::default() };
        let base = base.tokens(self.tokens.clone());
        let services = self.services.iter().filter(|service| rule.service.as_ref() == Some(&service.name));
        let base = services.fold(base, |base, service| {
            // Built-in categories are there as soon as they are used.
            let is_built_in = Category::BUILT_IN.contains(&service.category);
            let base = if is_built_in { base } else { base.category(service.category) };
            base.service(&service.name, service.category.as_str())
        });
        base.cookie(rule.clone()).build().is_ok()
    }

    pub(super) fn set_site_domain(&mut self, domain: String) {
        if is_domain(&domain) {
            (self.site_domain, self.bad_site_domain) = (Some(domain), None);
        } else {
            self.bad_site_domain = Some(domain);
        }
    }

    pub(super) fn undecided(&self) -> impl Iterator<Item = &SeenCookie> {
        self.unknown.iter().chain(&self.unwritable)
    }

    /// A rule with the scopes at which its cookies were seen, where the policy's own would miss one.
    pub(super) fn scoped(&self, proposal: &Proposal) -> CookieRule {
        let rule = &proposal.rule;
        // Essential cookies are never expired.
        if proposal.is_declared || rule.category.as_deref() == Some(Category::ESSENTIAL.as_str()) {
            return rule.clone();
        }
        let usual = [Some(Scope::host_only()), self.site_domain.as_ref().map(Scope::domain)];
        let usual: Vec<_> = usual.into_iter().flatten().collect();
        let seen = proposal.seen.iter().filter_map(|cookie| cookie.attributes.as_ref());
        let mut others: Vec<Scope> = Vec::new();
        for scope in seen.flat_map(|attributes| &attributes.scopes).filter_map(scope) {
            if !usual.contains(&scope) && !others.contains(&scope) && others.len() < 6 {
                others.push(scope);
            }
        }
        if others.is_empty() {
            return rule.clone();
        }
        let scoped = usual.into_iter().chain(others).fold(rule.clone(), CookieRule::scope);
        if self.builds(&scoped) { scoped } else { rule.clone() }
    }
}

/// Takes out the cookies of banners, each told by the one without which nobody has decided. This is a guess by name, for a
/// person to check.
fn sort_banners(cookies: Vec<SeenCookie>) -> (Vec<(Banner, Vec<SeenCookie>)>, Vec<SeenCookie>) {
    let is_there = |banner: &&Banner| {
        let first = banner.format().cookies.first();
        first.is_some_and(|first| cookies.iter().any(|cookie| first.is(cookie.name().as_bytes())))
    };
    let mut found: Vec<_> = Banner::ALL.iter().filter(is_there).map(|banner| (*banner, Vec::new())).collect();
    let mut rest = Vec::new();
    for cookie in cookies {
        let name = cookie.name().as_bytes();
        match found.iter_mut().find(|(banner, _)| banner.format().cookies.iter().any(|known| known.is(name))) {
            Some((_, seen)) => seen.push(cookie),
            None => rest.push(cookie),
        }
    }
    found.retain(|(_, seen)| !seen.is_empty());
    (found, rest)
}

//! The checks between a builder and a policy. Every error names its place and value.

use std::collections::{HashMap, HashSet};

use super::{
    CategoryFacts, ESSENTIAL, Policy, ServiceFacts, SignalFacts,
    builder::PolicyBuilder,
    checks::{
        Result, check_consent_cookie, check_consent_cookie_size, check_domain, check_floors, check_host_source,
        check_lifetime, check_link, check_retention, check_revisions, check_unknown,
    },
    entries::{CategoryEntry, ServiceEntry},
    error::{ConfigError, ConfigErrorKind as Kind},
    lifetime::Lifetime,
    matcher::{Matcher, RuleIndex},
    regime::{CategoryKind, SignalScope},
    regions,
    revision::Revision,
    rule::CookieRule,
    rule_table::{RuleTable, default_scopes},
    source::{self, BannerSource},
    visits,
};
use crate::{
    category::{Category, check_name},
    consent::{CategoryBits, MAX_CATEGORIES, MAX_SERVICES, Names, Target},
    signal::Signal,
    sources::{mac::MacKeys, own},
};

/// Bytes that a MAC key needs at least: the size of the hash (RFC 2104 section 3).
const MIN_KEY: usize = 32;

const SIX_MONTHS: Lifetime = Lifetime::months(6);

pub(super) fn build(mut builder: PolicyBuilder) -> Result<Policy> {
    if builder.revisions.is_empty() {
        builder.revisions.push(Revision::default());
    }
    check_revisions(&builder.revisions)?;
    let grant_lifetime = builder.grant_lifetime.unwrap_or(SIX_MONTHS);
    check_lifetime(grant_lifetime, (13, 397), "grant_lifetime")?;
    let refusal_lifetime = builder.refusal_lifetime.unwrap_or(SIX_MONTHS);
    check_lifetime(refusal_lifetime, (13, 400), "refusal_lifetime")?;
    if let Some(domain) = &builder.site_domain {
        check_domain(domain, "site_domain")?;
    }
    check_consent_cookie(&builder.consent_cookie)?;
    let declares_tokens = builder.tokens.is_some();
    let tokens = builder.tokens.take().unwrap_or_default();
    tokens.check("tokens")?;
    if tokens.cookie == builder.consent_cookie.name {
        return Err(ConfigError::new(Kind::OwnCookie, "tokens.cookie", &tokens.cookie));
    }
    check_retention(&builder.retention, grant_lifetime)?;
    for (place, link) in builder.about.links() {
        check_link(link, place)?;
    }
    check_floors(builder.floors, "floors")?;
    check_unknown(builder.unknown, cfg!(feature = "catalogue"))?;

    let mut declared = std::mem::take(&mut builder.auth_cookies)
        .into_iter()
        .enumerate()
        .map(|(place, name)| (format!("auth_cookies[{place}]"), CookieRule::auth(name)))
        .collect::<Vec<_>>();
    declared.extend(
        std::mem::take(&mut builder.essential)
            .into_iter()
            .enumerate()
            .map(|(place, name)| (format!("essential[{place}]"), CookieRule::new(name, Category::ESSENTIAL))),
    );
    declared.extend(
        std::mem::take(&mut builder.cookies)
            .into_iter()
            .enumerate()
            .map(|(place, rule)| (format!("cookies[{place}].name"), rule)),
    );
    let presets: Vec<_> = builder.presets.iter().flat_map(|preset| preset.cookies()).map(CookieRule::from).collect();

    let (names, categories, services) = name_table(&builder, declared.iter().map(|(_, rule)| rule).chain(&presets))?;
    let visits = visits::compile(&builder.visits, &names, |target| {
        let category = match target {
            Target::Category(index) => Some(index),
            Target::Service(index) => services.get(usize::from(index.0)).map(|facts| facts.category),
        };
        category == Some(ESSENTIAL)
    })?;
    let keys = mac_keys(&builder)?;
    let longest_key = builder.keys.iter().map(|(id, _)| id.len()).max();
    check_consent_cookie_size(&builder.consent_cookie, own::longest(&names, longest_key))?;
    let signals = Signal::ALL.map(|signal| signal_facts(&builder, &names, signal));
    let [first, second] = signals;
    let signals = [first?, second?];
    regions::compile(&mut builder, &names, &signals)?;

    let own_cookies = [builder.consent_cookie.name.as_str(), tokens.cookie_name()];
    let site_domain = builder.site_domain.as_deref();
    let (banners, own_place) =
        source::compile(std::mem::take(&mut builder.sources), &names, &services, &own_cookies, &|prefix| {
            default_scopes(site_domain, prefix)
        })?;
    let mut matcher = Matcher::of_own(own_cookies);
    for (name, is_prefix) in banners.iter().flat_map(BannerSource::cookies) {
        if is_prefix {
            matcher.insert_prefix(name.as_bytes(), RuleIndex::BANNER);
        } else {
            matcher.insert_exact(name.as_bytes(), RuleIndex::BANNER);
        }
    }
    let mut table = RuleTable::new(&builder, &names, &banners, matcher);
    for (place, rule) in declared {
        table.declare(&place, rule)?;
    }
    for rule in presets {
        table.add_preset(rule)?;
    }
    let (matcher, rules) = table.finish();
    Ok(Policy {
        names,
        categories,
        services,
        rules,
        matcher,
        mode: builder.mode,
        regime: builder.regime,
        unknown: builder.unknown,
        grant_lifetime,
        refusal_lifetime,
        latest: builder.revisions.last().map_or(1, |last| last.number),
        // Without a material one the first is: nobody chose before it.
        material: builder
            .revisions
            .iter()
            .rev()
            .find(|one| one.is_material())
            .or(builder.revisions.first())
            .map_or(1, |one| one.number),
        revisions: builder.revisions,
        outdated_grants: builder.outdated_grants,
        about: builder.about,
        retention: builder.retention,
        visits,
        banner_under_signal: builder.banner_under_signal,
        consent_finder: memchr::memmem::Finder::new(&builder.consent_cookie.name).into_owned(),
        consent_cookie: builder.consent_cookie,
        banners,
        own_place,
        token_finder: memchr::memmem::Finder::new(tokens.cookie_name()).into_owned(),
        token_rules: tokens,
        declares_tokens,
        keys,
        signals,
        floors: builder.floors,
        caches: builder.caches,
        hooks: builder.hooks,
    })
}

/// The categories and services that the policy declares or uses, in the order in which visitors see them.
fn name_table<'a>(
    builder: &PolicyBuilder,
    rules: impl Iterator<Item = &'a CookieRule>,
) -> Result<(Names, Vec<CategoryFacts>, Vec<ServiceFacts>)> {
    let mut entries: HashMap<&str, &CategoryEntry> = HashMap::new();
    for (place, entry) in builder.categories.iter().enumerate() {
        let at = format!("categories[{place}].name");
        check_name(&entry.name).map_err(|_bad| ConfigError::new(Kind::BadName, &at, &entry.name))?;
        if entry.name == Category::ESSENTIAL.as_str() {
            return Err(ConfigError::new(Kind::EssentialIsBuiltIn, &at, &entry.name));
        }
        if entries.insert(&entry.name, entry).is_some() {
            return Err(ConfigError::new(Kind::DeclaredTwice, &at, &entry.name));
        }
        check_since(entry.since, builder, &format!("categories[{place}].since"))?;
    }
    let used: HashSet<&str> = builder
        .services
        .iter()
        .map(|service| service.category.as_str())
        .chain(rules.filter_map(|rule| rule.category.as_deref()))
        .collect();
    let built_in = [Category::FUNCTIONAL, Category::ANALYTICS, Category::MARKETING];
    let mut categories = vec![Category::ESSENTIAL];
    categories.extend(
        built_in.into_iter().filter(|name| entries.contains_key(name.as_str()) || used.contains(name.as_str())),
    );
    for entry in &builder.categories {
        let category =
            Category::new(&entry.name).map_err(|_bad| ConfigError::new(Kind::BadName, "categories", &entry.name))?;
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    if categories.len() > MAX_CATEGORIES {
        return Err(ConfigError::new(Kind::TooMany, "categories", categories.len().to_string()));
    }
    if builder.services.len() > MAX_SERVICES {
        return Err(ConfigError::new(Kind::TooMany, "services", builder.services.len().to_string()));
    }
    let facts = categories
        .iter()
        .map(|category| match entries.get(category.as_str()) {
            Some(entry) => CategoryFacts {
                kind: entry.kind,
                since: entry.since,
                label: entry.label.clone(),
                purpose: entry.purpose.clone(),
            },
            None => CategoryFacts { kind: CategoryKind::AskedFor, since: 1, label: None, purpose: None },
        })
        .collect();
    let services = builder.services.iter().map(|service| service.name.as_str().into()).collect();
    let names = Names::new(categories, services);
    let services = service_table(builder, &names)?;
    Ok((names, facts, services))
}

fn service_table(builder: &PolicyBuilder, names: &Names) -> Result<Vec<ServiceFacts>> {
    let mut seen = HashSet::new();
    let check = |(place, entry): (usize, &ServiceEntry)| {
        let ServiceEntry { name, category, since, .. } = entry;
        let at = |field: &str| format!("services[{place}].{field}");
        check_name(name).map_err(|_bad| ConfigError::new(Kind::BadName, at("name"), name))?;
        if !seen.insert(name.clone()) {
            return Err(ConfigError::new(Kind::DeclaredTwice, at("name"), name));
        }
        check_since(*since, builder, &at("since"))?;
        let category = names
            .category_index(category.as_bytes())
            .ok_or_else(|| ConfigError::new(Kind::UnknownCategory, at("category"), category))?;
        if builder.no_sale && entry.sale_or_sharing {
            return Err(ConfigError::new(Kind::NoSale, at("sale_or_sharing"), name));
        }
        for (number, host) in entry.hosts.iter().enumerate() {
            check_host_source(host, &format!("services[{place}].hosts[{number}]"))?;
        }
        if let Some(link) = &entry.privacy_policy {
            check_link(link, &at("privacy_policy"))?;
        }
        Ok(ServiceFacts { category, since: *since, entry: entry.clone() })
    };
    builder.services.iter().enumerate().map(check).collect()
}

fn check_since(since: u32, builder: &PolicyBuilder, place: &str) -> Result<()> {
    let latest = builder.revisions.last().map_or(1, |last| last.number);
    if (1..=latest).contains(&since) {
        return Ok(());
    }
    Err(ConfigError::new(Kind::SinceAhead, place, since.to_string()))
}

fn mac_keys(builder: &PolicyBuilder) -> Result<MacKeys> {
    let mut keys = MacKeys::default();
    for (place, (id, secret)) in builder.keys.iter().enumerate() {
        let at = format!("mac_keys[{place}]");
        let kind = if check_name(id).is_err() || id.len() > own::MAX_KEY_ID {
            Kind::BadKeyId
        } else if builder.keys.iter().take(place).any(|(other, _)| other == id) {
            Kind::DuplicateKeyId
        } else if secret.is_empty() {
            Kind::EmptyKey
        } else if secret.len() < MIN_KEY {
            Kind::ShortKey
        } else {
            keys.push(id, secret, &builder.consent_cookie.name);
            continue;
        };
        return Err(ConfigError::new(kind, at, id));
    }
    Ok(keys)
}

fn signal_facts(builder: &PolicyBuilder, names: &Names, signal: Signal) -> Result<SignalFacts> {
    let scope = builder.signals.scope(signal);
    let mut covers = CategoryBits::NONE;
    match scope {
        SignalScope::Ignore => {}
        SignalScope::All | SignalScope::NoCookies => {
            names.category_indices().skip(1).for_each(|index| covers.insert(index))
        }
        SignalScope::Categories(list) => {
            for (place, name) in list.iter().enumerate() {
                let field = match signal {
                    Signal::Dnt => "dnt",
                    Signal::Gpc => "gpc",
                };
                let at = format!("signals.{field}[{place}]");
                if name == Category::ESSENTIAL.as_str() {
                    return Err(ConfigError::new(Kind::EssentialIsBuiltIn, at, name));
                }
                match names.category_index(name.as_bytes()) {
                    Some(index) => covers.insert(index),
                    // A built-in one that nothing uses has nothing to turn off.
                    None if Category::BUILT_IN.iter().any(|known| known.as_str() == name) => {}
                    None => return Err(ConfigError::new(Kind::UnknownCategory, at, name)),
                }
            }
        }
    }
    let no_cookies = *scope == SignalScope::NoCookies;
    Ok(SignalFacts { signal, covers, always: builder.signals.always || no_cookies, no_cookies })
}

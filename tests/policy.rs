//! Policies: what is refused when they are built and why, policies in files, and the presets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;

use common::{clock_at, decision_of, lines, request, response, serve};
use http::Response;
use time::macros::date;
use tower_consent::{
    About, AddressDetail, AgentDetail, AttributeFloors, Banner, CacheRule, Category, CategoryEntry, ConfigError,
    ConfigErrorKind as Kind, ConsentCookie, ConsentLayer, ConsentSource, CookieRule, CountryHeader, Lifetime, Mode,
    PathDetail, Policy, PolicyBuilder, Preset, ReferrerDetail, Regime, Regions, Reissue, Retention, Revision,
    RuleTarget, SameSite, Scope, Selection, ServiceEntry, Signal, SignalScope, TimeDetail, TokenRules, UnknownCookies,
    VisitDetail, VisitRules,
};

const KEY: [u8; 32] = [7; 32];

fn builder() -> PolicyBuilder {
    Policy::builder()
}

fn analytics(name: &str) -> PolicyBuilder {
    builder().cookies(Category::ANALYTICS, [name])
}

fn rule(change: impl FnOnce(CookieRule) -> CookieRule) -> PolicyBuilder {
    builder().cookie(change(CookieRule::new("_ga", Category::ANALYTICS)))
}

fn toml(text: &str) -> PolicyBuilder {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn json(text: &str) -> PolicyBuilder {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn refusal(policy: PolicyBuilder) -> Option<ConfigError> {
    policy.build().err()
}

/// `(policy, kind, place, value)`.
type Bad = (PolicyBuilder, Kind, &'static str, &'static str);

/// Bad policies; at least one of every kind.
fn bad_policies() -> Vec<Bad> {
    let own = ConsentCookie::default;
    let none = AttributeFloors::NONE.same_site(SameSite::None);
    let host = |scope: Scope| builder().cookie(CookieRule::new("__Host-x", Category::ANALYTICS).scope(scope));
    let country = Regions::trusting(CountryHeader::Cloudflare);
    let hosts = |hosts: &[&str]| {
        builder().service("meta", "marketing").service_entry(
            ServiceEntry::new("tidio", "functional").hosts(["code.tidio.co"]).hosts(hosts.iter().copied()),
        )
    };
    let visits = |rules: VisitRules| analytics("_ga").service("chat", "essential").visits(rules);
    let untracked = |detail: VisitDetail| visits(VisitRules::default().untracked(detail));
    let klaro = || ConsentSource::banner(Banner::Klaro).category(Category::ANALYTICS, ["matomo"]);
    vec![
        // Every way to go wrong with regions and sources stands in the tests of these.
        (
            builder().regions(Regions::trusting(CountryHeader::named("x country"))),
            Kind::BadHeaderName,
            "regions.country_header",
            "x country",
        ),
        (
            builder().regions(country.clone().country("UK", Regime::OptIn)),
            Kind::UnknownCountry,
            "regions.countries.UK",
            "UK",
        ),
        (
            toml("[regions]\ncountry_header = \"cf-ipcountry\"\nelsewhere = \"Opt-In\""),
            Kind::UnknownRegime,
            "regions.elsewhere",
            "Opt-In",
        ),
        (builder().regime(Regime::OptOut).regions(country.clone()), Kind::RegimeTwice, "regime", "opt-out"),
        (
            builder().cookies(Category::MARKETING, ["_fbp"]).signal(Signal::Gpc, SignalScope::Ignore).regions(country),
            Kind::GpcIgnored,
            "signals.gpc",
            "ignore",
        ),
        (analytics("klaro").source(klaro()), Kind::BannerCookie, "cookies[0].name", "klaro"),
        (
            analytics("_ga").source(ConsentSource::banner(Banner::Klaro)),
            Kind::NoUsualKeys,
            "sources[0].categories",
            "klaro",
        ),
        (analytics("_ga").source(klaro().service("chat", [""; 0])), Kind::NoKeys, "sources[0].services.chat", "[]"),
        (analytics("_ga").source(klaro().revision("2")), Kind::KeepsNoRevision, "sources[0].revision", "2"),
        (
            analytics("_ga").source(klaro().reissue(Reissue::default())),
            Kind::KeepsNoTime,
            "sources[0].reissue",
            "klaro",
        ),
        (
            (0..9).fold(analytics("_ga"), |policy, _| policy.source(ConsentSource::own())),
            Kind::TooManySources,
            "sources",
            "9",
        ),
        (builder().category("Social"), Kind::BadName, "categories[0].name", "Social"),
        (builder().category("a").category("social media"), Kind::BadName, "categories[1].name", "social media"),
        (builder().category(""), Kind::BadName, "categories[0].name", ""),
        (builder().category("café"), Kind::BadName, "categories[0].name", "café"),
        (builder().service("Meta", "marketing"), Kind::BadName, "services[0].name", "Meta"),
        (builder().service("", "marketing"), Kind::BadName, "services[0].name", ""),
        (builder().category("a").category("a"), Kind::DeclaredTwice, "categories[1].name", "a"),
        (
            builder().service("meta", "marketing").service("meta", "analytics"),
            Kind::DeclaredTwice,
            "services[1].name",
            "meta",
        ),
        (builder().category(Category::ESSENTIAL), Kind::EssentialIsBuiltIn, "categories[0].name", "essential"),
        (builder().signal(Signal::Dnt, [Category::ESSENTIAL]), Kind::EssentialIsBuiltIn, "signals.dnt[0]", "essential"),
        (
            builder().cookies(RuleTarget::category("social"), ["x"]),
            Kind::UnknownCategory,
            "cookies[0].category",
            "social",
        ),
        (builder().service("meta", "social"), Kind::UnknownCategory, "services[0].category", "social"),
        (
            analytics("_ga").signal(Signal::Gpc, [Category::ANALYTICS, Category::new("social").unwrap()]),
            Kind::UnknownCategory,
            "signals.gpc[1]",
            "social",
        ),
        (
            analytics("_ga").cookies(RuleTarget::service("meta"), ["_fbp"]),
            Kind::UnknownService,
            "cookies[1].service",
            "meta",
        ),
        (toml("cookies = [{ name = 'x' }]"), Kind::NoSingleTarget, "cookies[0].category", ""),
        (
            toml("cookies = [{ name = 'x', category = 'analytics', service = 'meta' }]"),
            Kind::NoSingleTarget,
            "cookies[0].category",
            "analytics and meta",
        ),
        (categories(32), Kind::TooMany, "categories", "33"),
        (services(257), Kind::TooMany, "services", "257"),
        (builder().category(CategoryEntry::new("a").since(2)), Kind::SinceAhead, "categories[0].since", "2"),
        (
            builder()
                .revision(Revision::new(3).on(2026, 11, 21))
                .service_entry(ServiceEntry::new("a", "marketing").since(4)),
            Kind::SinceAhead,
            "services[0].since",
            "4",
        ),
        (analytics(""), Kind::NeverStored, "cookies[0].name", ""),
        (analytics("a;b"), Kind::NeverStored, "cookies[0].name", "a;b"),
        (analytics("a=b"), Kind::NeverStored, "cookies[0].name", "a=b"),
        (analytics(" a"), Kind::NeverStored, "cookies[0].name", " a"),
        (analytics("a\t"), Kind::NeverStored, "cookies[0].name", "a\t"),
        (analytics("a\nb"), Kind::NeverStored, "cookies[0].name", "a\nb"),
        (analytics("a\u{7f}"), Kind::NeverStored, "cookies[0].name", "a\u{7f}"),
        (analytics("\u{0}\u{0}\u{0}*"), Kind::NeverStored, "cookies[0].name", "\u{0}\u{0}\u{0}*"),
        (toml("essential = ['csrf', 'a b ']"), Kind::NeverStored, "essential[1]", "a b "),
        (toml("auth_cookies = ['']"), Kind::NeverStored, "auth_cookies[0]", ""),
        (analytics("$Version"), Kind::DollarName, "cookies[0].name", "$Version"),
        (analytics("$abc*"), Kind::DollarName, "cookies[0].name", "$abc*"),
        (analytics("_g*"), Kind::ShortPrefix, "cookies[0].name", "_g*"),
        (analytics("*"), Kind::ShortPrefix, "cookies[0].name", "*"),
        (analytics("_ga*_x"), Kind::StarInside, "cookies[0].name", "_ga*_x"),
        (analytics("_ga**"), Kind::StarInside, "cookies[0].name", "_ga**"),
        (analytics("_ga").cookies(Category::MARKETING, ["_ga"]), Kind::TwoCategories, "cookies[1].name", "_ga"),
        (analytics("_ga*").cookies(Category::MARKETING, ["_ga*"]), Kind::TwoCategories, "cookies[1].name", "_ga*"),
        (
            toml("essential = ['_ga']\ncookies = [{ name = '_ga', category = 'analytics' }]"),
            Kind::TwoCategories,
            "cookies[0].name",
            "_ga",
        ),
        (analytics("_ga").cookies(Category::ANALYTICS, ["_gid", "_ga"]), Kind::NeverMatches, "cookies[2].name", "_ga"),
        (toml("auth_cookies = ['sid']\nessential = ['csrf', 'sid']"), Kind::NeverMatches, "essential[1]", "sid"),
        (builder().essential(["__Host-consent"]), Kind::OwnCookie, "cookies[0].name", "__Host-consent"),
        (
            builder().consent_cookie(own().with_name("choice")).auth_cookie("choice"),
            Kind::OwnCookie,
            "cookies[0].name",
            "choice",
        ),
        (rule(CookieRule::add_max_age), Kind::NoMaxAgeToAdd, "cookies[0].add_max_age", "true"),
        (builder().site_domain("https://example.com"), Kind::BadDomain, "site_domain", "https://example.com"),
        (builder().site_domain(".example.com"), Kind::BadDomain, "site_domain", ".example.com"),
        (builder().site_domain("example.com."), Kind::BadDomain, "site_domain", "example.com."),
        (builder().site_domain("example.com:80"), Kind::BadDomain, "site_domain", "example.com:80"),
        (builder().site_domain("Example.com"), Kind::BadDomain, "site_domain", "Example.com"),
        (builder().site_domain("-a.example"), Kind::BadDomain, "site_domain", "-a.example"),
        (builder().site_domain("example.com; Secure"), Kind::BadDomain, "site_domain", "example.com; Secure"),
        (builder().site_domain(""), Kind::BadDomain, "site_domain", ""),
        (builder().consent_cookie(ConsentCookie::shared("a..b")), Kind::BadDomain, "consent_cookie.domain", "a..b"),
        (
            rule(|rule| rule.scope(Scope::host_only()).scope(Scope::domain("a b"))),
            Kind::BadDomain,
            "cookies[0].scopes[1].domain",
            "a b",
        ),
        (rule(|rule| rule.scope(Scope::host_only().path("shop"))), Kind::BadPath, "cookies[0].scopes[0].path", "shop"),
        (rule(|rule| rule.scope(Scope::host_only().path(""))), Kind::BadPath, "cookies[0].scopes[0].path", ""),
        (rule(|rule| rule.scope(Scope::host_only().path("/a;b"))), Kind::BadPath, "cookies[0].scopes[0].path", "/a;b"),
        (
            rule(|rule| rule.scope(Scope::host_only().path("/a\r\n"))),
            Kind::BadPath,
            "cookies[0].scopes[0].path",
            "/a\r\n",
        ),
        (host(Scope::domain("example.com")), Kind::HostPrefixScope, "cookies[0].scopes[0].domain", "example.com"),
        (host(Scope::host_only().path("/a")), Kind::HostPrefixScope, "cookies[0].scopes[0].path", "/a"),
        (
            // R34: browsers compare prefixes without regard to case.
            builder().cookie(CookieRule::new("__HOST-x", Category::ANALYTICS).scope(Scope::domain("example.com"))),
            Kind::HostPrefixScope,
            "cookies[0].scopes[0].domain",
            "example.com",
        ),
        (
            builder().consent_cookie(ConsentCookie::shared("example.com").with_name("__Host-c")),
            Kind::HostPrefixScope,
            "consent_cookie.domain",
            "example.com",
        ),
        (
            builder().consent_cookie(ConsentCookie::plain_http().with_name("__Secure-c")),
            Kind::PrefixNeedsSecure,
            "consent_cookie.name",
            "__Secure-c",
        ),
        (
            builder().consent_cookie(ConsentCookie::plain_http().with_name("__host-c")),
            Kind::PrefixNeedsSecure,
            "consent_cookie.name",
            "__host-c",
        ),
        (
            builder().consent_cookie(own().with_name("__Host-Http-c").script_readable()),
            Kind::PrefixNeedsHttpOnly,
            "consent_cookie.name",
            "__Host-Http-c",
        ),
        (
            builder().consent_cookie(own().with_name("__Http-c").script_readable()),
            Kind::PrefixNeedsHttpOnly,
            "consent_cookie.name",
            "__Http-c",
        ),
        (
            builder().consent_cookie(ConsentCookie::plain_http().with_same_site(SameSite::None)),
            Kind::SameSiteNoneNotSecure,
            "consent_cookie.same_site",
            "none",
        ),
        (rule(|rule| rule.floors(none)), Kind::SameSiteNoneNotSecure, "cookies[0].floors.same_site", "none"),
        (scopes(plain(), 21), Kind::TooManyScopes, "cookies[0].scopes", "21"),
        (builder().consent_cookie(own().with_name("")), Kind::NotAToken, "consent_cookie.name", ""),
        (builder().consent_cookie(own().with_name("my consent")), Kind::NotAToken, "consent_cookie.name", "my consent"),
        (builder().consent_cookie(own().with_name("a;b")), Kind::NotAToken, "consent_cookie.name", "a;b"),
        (builder().consent_cookie(own().with_name("$consent")), Kind::NotAToken, "consent_cookie.name", "$consent"),
        (
            builder().consent_cookie(own().with_name("zustimmungä")),
            Kind::NotAToken,
            "consent_cookie.name",
            "zustimmungä",
        ),
        (builder().grant_lifetime(Lifetime::months(0)), Kind::ZeroLifetime, "grant_lifetime", "0 months"),
        (builder().refusal_lifetime(Lifetime::days(0)), Kind::ZeroLifetime, "refusal_lifetime", "0 seconds"),
        (rule(|rule| rule.max_age(Lifetime::seconds(0))), Kind::ZeroLifetime, "cookies[0].max_age", "0 seconds"),
        (builder().grant_lifetime(Lifetime::months(14)), Kind::LongLifetime, "grant_lifetime", "14 months"),
        (builder().refusal_lifetime(Lifetime::days(401)), Kind::LongLifetime, "refusal_lifetime", "401 days"),
        (rule(|rule| rule.max_age(Lifetime::months(14))), Kind::LongLifetime, "cookies[0].max_age", "14 months"),
        (builder().revision(Revision::new(0).on(2026, 11, 21)), Kind::BadRevision, "revisions[0].number", "0"),
        (
            builder().revision(Revision::new(100_000_000).on(2026, 11, 21)),
            Kind::BadRevision,
            "revisions[0].number",
            "100000000",
        ),
        (
            builder().revision(Revision::new(2)).revision(Revision::new(2)),
            Kind::RevisionOrder,
            "revisions[1].number",
            "2",
        ),
        (
            builder().revision(Revision::new(1).on(2026, 11, 21)).revision(Revision::new(2).on(2026, 11, 20)),
            Kind::RevisionOrder,
            "revisions[1].date",
            "2026-11-20",
        ),
        (builder().revision(Revision::new(1).on(2026, 2, 30)), Kind::BadDate, "revisions[0].date", "2026-02-30"),
        (
            builder().about(About::default().imprint("javascript:alert(1)")),
            Kind::BadLink,
            "about.imprint",
            "javascript:alert(1)",
        ),
        (
            builder().about(About::default().privacy_policy("//evil.example")),
            Kind::BadLink,
            "about.privacy_policy",
            "//evil.example",
        ),
        (
            builder().service_entry(ServiceEntry::new("maps", "marketing").privacy_policy("http://maps.example/")),
            Kind::BadLink,
            "services[0].privacy_policy",
            "http://maps.example/",
        ),
        (
            builder().retention(Retention::default().with_consent_records(Lifetime::months(5))),
            Kind::ShortRetention,
            "retention.consent_records",
            "5 months",
        ),
        (
            builder().retention(Retention::default().with_day_counts(Lifetime::days(0))),
            Kind::ZeroLifetime,
            "retention.day_counts",
            "0 seconds",
        ),
        (builder().mac_key("", KEY), Kind::BadKeyId, "mac_keys[0]", ""),
        (builder().mac_key("K", KEY), Kind::BadKeyId, "mac_keys[0]", "K"),
        (builder().mac_key("a", KEY).mac_key("123456", KEY), Kind::BadKeyId, "mac_keys[1]", "123456"),
        (builder().mac_key("a", KEY).mac_key("a", [8; 32]), Kind::DuplicateKeyId, "mac_keys[1]", "a"),
        (builder().mac_key("a", []), Kind::EmptyKey, "mac_keys[0]", "a"),
        (builder().mac_key("a", [7; 31]), Kind::ShortKey, "mac_keys[0]", "a"),
        (long_names(32, 18), Kind::ConsentCookieTooLarge, "categories and services", "3801"),
        (tokens(|rules| rules.with_cookie_name("")), Kind::NotAToken, "tokens.cookie", ""),
        (tokens(|rules| rules.with_cookie_name("my token")), Kind::NotAToken, "tokens.cookie", "my token"),
        (tokens(|rules| rules.with_cookie_name("$token")), Kind::NotAToken, "tokens.cookie", "$token"),
        (tokens(|rules| rules.with_cookie_name("__Host-consent")), Kind::OwnCookie, "tokens.cookie", "__Host-consent"),
        (builder().essential(["__Host-token"]), Kind::OwnCookie, "cookies[0].name", "__Host-token"),
        (builder().auth_cookie("__Host-token"), Kind::OwnCookie, "cookies[0].name", "__Host-token"),
        (token_life(Lifetime::months(1)), Kind::NotExact, "tokens.lifetime", "1 month"),
        (token_life(Lifetime::days(0)), Kind::ZeroLifetime, "tokens.lifetime", "0 seconds"),
        (token_life(Lifetime::days(8)), Kind::LongTokenLifetime, "tokens.lifetime", "8 days"),
        (toml("tokens = { lifetime = '30 days' }"), Kind::LongTokenLifetime, "tokens.lifetime", "30 days"),
        (longer(Lifetime::days(401)), Kind::LongLifetime, "tokens.lifetime", "401 days"),
        (longer(Lifetime::months(1)), Kind::NotExact, "tokens.lifetime", "1 month"),
        (idle(Lifetime::months(1)), Kind::NotExact, "tokens.idle_limit", "1 month"),
        (idle(Lifetime::seconds(59)), Kind::ShortIdleLimit, "tokens.idle_limit", "59 seconds"),
        (idle(Lifetime::seconds(0)), Kind::ShortIdleLimit, "tokens.idle_limit", "0 seconds"),
        (hosts(&["*"]), Kind::BadHostSource, "services[1].hosts[1]", "*"),
        (hosts(&["a.example", "a.example/path"]), Kind::BadHostSource, "services[1].hosts[2]", "a.example/path"),
        (
            toml("[[services]]\nname = 'a'\ncategory = 'analytics'\nhosts = [\"'self'\"]"),
            Kind::BadHostSource,
            "services[0].hosts[0]",
            "'self'",
        ),
        (
            builder()
                .no_sale()
                .service("meta", "marketing")
                .service_entry(ServiceEntry::new("broker", "marketing").sale_or_sharing()),
            Kind::NoSale,
            "services[1].sale_or_sharing",
            "broker",
        ),
        (
            toml("no_sale = true\n[[services]]\nname = 'a'\ncategory = 'analytics'\nsale_or_sharing = true"),
            Kind::NoSale,
            "services[0].sale_or_sharing",
            "a",
        ),
        (visits(VisitRules::of(Category::ESSENTIAL)), Kind::TracksUnasked, "visits.category", "essential"),
        (visits(VisitRules::of(RuleTarget::service("chat"))), Kind::TracksUnasked, "visits.service", "chat"),
        (visits(VisitRules::of(Category::MARKETING)), Kind::UnknownCategory, "visits.category", "marketing"),
        (visits(VisitRules::of(RuleTarget::service("meta"))), Kind::UnknownService, "visits.service", "meta"),
        (
            toml("essential = ['a']\n[visits]\ncategory = 'analytics'\nservice = 'chat'"),
            Kind::NoSingleTarget,
            "visits.category",
            "analytics",
        ),
        (
            untracked(VisitDetail::new().time(TimeDetail::Second)),
            Kind::TracksUntracked,
            "visits.untracked.time",
            "second",
        ),
        (
            untracked(VisitDetail::new().path(PathDetail::Query)),
            Kind::TracksUntracked,
            "visits.untracked.path",
            "query",
        ),
        (
            untracked(VisitDetail::new().address(AddressDetail::Truncated)),
            Kind::TracksUntracked,
            "visits.untracked.address",
            "truncated",
        ),
        (
            untracked(VisitDetail::new().user_agent(AgentDetail::Family)),
            Kind::TracksUntracked,
            "visits.untracked.user_agent",
            "family",
        ),
        (toml("[visits.untracked]\nreferrer = 'origin'"), Kind::TracksUntracked, "visits.untracked.referrer", "origin"),
        (
            builder().retention(Retention::default().with_visit_log(Lifetime::days(0))),
            Kind::ZeroLifetime,
            "retention.visit_log",
            "0 seconds",
        ),
    ]
}

fn tokens(change: impl FnOnce(TokenRules) -> TokenRules) -> PolicyBuilder {
    builder().tokens(change(TokenRules::default()))
}

fn token_life(life: Lifetime) -> PolicyBuilder {
    tokens(|rules| rules.with_lifetime(life))
}

fn longer(life: Lifetime) -> PolicyBuilder {
    tokens(|rules| rules.longer_than_seven_days(life))
}

fn idle(limit: Lifetime) -> PolicyBuilder {
    tokens(|rules| rules.with_idle_limit(limit))
}

/// A rule with this many scopes.
fn scopes(rule: CookieRule, count: usize) -> PolicyBuilder {
    let scopes = (0..count).map(|number| Scope::host_only().path(format!("/{number}")));
    builder().cookie(scopes.fold(rule, CookieRule::scope))
}

fn plain() -> CookieRule {
    CookieRule::new("_ga", Category::ANALYTICS)
}

/// Essential, and this many more.
fn categories(count: usize) -> PolicyBuilder {
    (0..count).fold(builder(), |policy, number| policy.category(CategoryEntry::new(format!("c{number}"))))
}

fn services(count: usize) -> PolicyBuilder {
    (0..count).fold(builder(), |policy, number| policy.service(format!("s{number}"), "marketing"))
}

#[test]
fn every_bad_policy_is_refused_with_its_place_and_value() {
    for (policy, kind, place, value) in bad_policies() {
        let text = format!("{policy:?}");
        let error = policy.build().expect_err(&text);
        assert_eq!((error.kind(), error.place(), error.value()), (kind, place, value), "{text}");
        assert_eq!(error.to_string(), format!("policy: {place} = {value:?}: {kind}"));
    }
}

/// The names of the variants of an enum, from its source.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let start = source.find(&format!("pub enum {name} {{")).expect(name);
    let body = source[start..].lines().skip(1).take_while(|line| *line != "}");
    let variants = body.map(str::trim).filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    variants.map(|line| line.trim_end_matches(',').to_owned()).collect()
}

/// Nothing is listed that cannot happen, and nothing can happen that is not shown above.
#[test]
fn every_kind_of_error_is_shown_by_a_policy() {
    let listed = variants(include_str!("../src/policy/error.rs"), "ConfigErrorKind");
    assert!(listed.len() > 25, "{listed:?}");
    let mut shown: BTreeSet<_> = bad_policies().iter().map(|(_, kind, ..)| format!("{kind:?}")).collect();
    // Only without the feature `catalogue`, which these tests have: a unit test beside the check shows it.
    shown.insert(format!("{:?}", Kind::NeedsCatalogue));
    // Of a content security policy, which is no part of this one: its own tests show it.
    shown.insert(format!("{:?}", Kind::BadSource));
    assert_eq!(shown, listed);
    let elsewhere = [Kind::NeedsCatalogue, Kind::BadSource];
    let texts = bad_policies().into_iter().map(|(_, kind, ..)| kind).chain(elsewhere);
    let texts: BTreeSet<_> = texts.map(|kind| kind.to_string()).collect();
    assert_eq!(texts.len(), listed.len(), "each kind has a text of its own");
}

/// What a `Content-Security-Policy` takes for a host, and what would be something else in one, or another directive.
#[test]
fn hosts_of_services_are_hosts() {
    let entry = |host: &str| builder().service_entry(ServiceEntry::new("a", "analytics").hosts([host]));
    for host in [
        "a.example",
        "localhost",
        "127.0.0.1",
        "*.a.example",
        "a.example:8443",
        "*.a.example:1",
        "https://a.example",
        "http://a.example",
        "wss://a.example:65535",
        "ws://*.a.example",
    ] {
        let policy = entry(host).build().unwrap_or_else(|error| panic!("{error}"));
        let hosts: Vec<_> = policy.declared_services().flat_map(|service| service.hosts).collect();
        assert_eq!(hosts, [host]);
    }
    for host in [
        "",
        "*",
        "*.",
        ".a.example",
        "a.example.",
        "a..example",
        "A.example",
        "a_b.example",
        "é.example",
        "a b",
        "a;b",
        "a,b",
        "'self'",
        "'none'",
        "data:",
        "https:",
        "https://",
        "//a.example",
        "a.example/",
        "a.example/x",
        "https://a.example/x",
        "a.example:",
        "a.example:*",
        "a.example:65536",
        "a.example:-1",
        "a.example:+1",
        "a.*.example",
        "**.a.example",
        "ftp://a.example",
        "HTTPS://a.example",
        "u@a.example",
        "[::1]",
        "a\n.example",
    ] {
        assert_eq!(refusal(entry(host)).unwrap_or_else(|| panic!("{host}")).kind(), Kind::BadHostSource, "{host}");
    }
}

/// Whoever may not be tracked: what is said of them can only be less than the defaults.
#[tokio::test]
async fn visits_go_by_what_the_policy_names() {
    let may_track = async |policy: PolicyBuilder, grants: &[Category]| {
        let layer = ConsentLayer::new(policy.build().unwrap());
        let selection = grants.iter().fold(Selection::none(), |all, category| all.grant(*category));
        let silent = decision_of(&layer, request(&[])).await;
        let change = silent.choose_unrecorded(&selection).unwrap();
        let held = change.header_value().unwrap().to_str().unwrap().split(';').next().unwrap().to_owned();
        decision_of(&layer, request(&[("cookie", &held)])).await.may_track()
    };
    let both = || analytics("_ga").cookies(Category::MARKETING, ["_fbp"]).service("meta", "marketing");
    assert!(may_track(both(), &[Category::ANALYTICS]).await);
    assert!(!may_track(both(), &[Category::MARKETING]).await);
    assert!(!may_track(builder().cookies(Category::MARKETING, ["_fbp"]), &[Category::MARKETING]).await, "nobody");
    let service = || both().visits(VisitRules::of(RuleTarget::service("meta")));
    assert!(may_track(service(), &[Category::MARKETING]).await);
    assert!(!may_track(service(), &[Category::ANALYTICS]).await);
    // Less is always allowed.
    let least = VisitDetail::new()
        .log(false)
        .time(TimeDetail::Day)
        .path(PathDetail::None)
        .address(AddressDetail::None)
        .user_agent(AgentDetail::None)
        .referrer(ReferrerDetail::None);
    both().visits(VisitRules::default().tracked(least).untracked(least)).build().unwrap();
    let most = least.address(AddressDetail::Full).referrer(ReferrerDetail::Query).path(PathDetail::Query);
    both().visits(VisitRules::default().tracked(most)).build().unwrap();
}

/// One step on either side of each limit.
#[test]
fn limits_are_exact() {
    let months = Lifetime::months;
    let days = Lifetime::days;
    let second_past = |days: u32| Lifetime::seconds(days * 86_400 + 1);
    let max_age = |life| rule(|rule| rule.max_age(life));
    let token = "t".repeat(128);
    for (good, bad, kind) in [
        (builder().grant_lifetime(months(13)), builder().grant_lifetime(months(14)), Kind::LongLifetime),
        // 13 months are 397 days at the most.
        (builder().grant_lifetime(days(397)), builder().grant_lifetime(days(398)), Kind::LongLifetime),
        (builder().grant_lifetime(days(397)), builder().grant_lifetime(second_past(397)), Kind::LongLifetime),
        (builder().refusal_lifetime(months(13)), builder().refusal_lifetime(months(14)), Kind::LongLifetime),
        (builder().refusal_lifetime(days(400)), builder().refusal_lifetime(days(401)), Kind::LongLifetime),
        (max_age(months(13)), max_age(months(14)), Kind::LongLifetime),
        (max_age(days(400)), max_age(days(401)), Kind::LongLifetime),
        (max_age(days(400)), max_age(second_past(400)), Kind::LongLifetime),
        (max_age(Lifetime::seconds(1)), max_age(Lifetime::seconds(0)), Kind::ZeroLifetime),
        (analytics("_ga*"), analytics("_g*"), Kind::ShortPrefix),
        (builder().mac_key("k", [7; 32]), builder().mac_key("k", [7; 31]), Kind::ShortKey),
        (builder().mac_key("k", [7; 1]), builder().mac_key("k", [7; 0]), Kind::EmptyKey),
        (builder().mac_key("a-z_9", KEY), builder().mac_key("a-z_90", KEY), Kind::BadKeyId),
        (
            builder().revision(Revision::new(99_999_999).on(2026, 11, 21)),
            builder().revision(Revision::new(100_000_000).on(2026, 11, 21)),
            Kind::BadRevision,
        ),
        (
            builder().revision(Revision::new(1).on(2026, 11, 21)),
            builder().revision(Revision::new(0).on(2026, 11, 21)),
            Kind::BadRevision,
        ),
        (
            builder().revision(Revision::new(2).on(2026, 11, 21)).category(CategoryEntry::new("a").since(2)),
            builder().revision(Revision::new(2).on(2026, 11, 21)).category(CategoryEntry::new("a").since(3)),
            Kind::SinceAhead,
        ),
        (scopes(plain(), 20), scopes(plain(), 21), Kind::TooManyScopes),
        (scopes(plain().partitioned(), 10), scopes(plain().partitioned(), 11), Kind::TooManyScopes),
        (categories(31), categories(32), Kind::TooMany),
        (services(256), services(257), Kind::TooMany),
        (builder().category(&*"a".repeat(32)), builder().category(&*"a".repeat(33)), Kind::BadName),
        (analytics(&"n".repeat(4_096)), analytics(&"n".repeat(4_097)), Kind::NeverStored),
        (builder().site_domain("d".repeat(63)), builder().site_domain("d".repeat(64)), Kind::BadDomain),
        (
            builder().consent_cookie(ConsentCookie::default().with_name(&*token)),
            builder().consent_cookie(ConsentCookie::default().with_name(format!("{token} "))),
            Kind::NotAToken,
        ),
        (
            builder().consent_cookie(ConsentCookie::default().with_name(&*token)),
            builder().consent_cookie(ConsentCookie::default().with_name(format!("{token}t"))),
            Kind::NotAToken,
        ),
        (long_names(32, 17), long_names(32, 18), Kind::ConsentCookieTooLarge),
        (token_life(days(7)), token_life(second_past(7)), Kind::LongTokenLifetime),
        (token_life(Lifetime::seconds(1)), token_life(Lifetime::seconds(0)), Kind::ZeroLifetime),
        (longer(days(400)), longer(second_past(400)), Kind::LongLifetime),
        (longer(days(7)), longer(days(0)), Kind::ZeroLifetime),
        (idle(Lifetime::seconds(60)), idle(Lifetime::seconds(59)), Kind::ShortIdleLimit),
        (
            tokens(|rules| rules.with_cookie_name("t".repeat(128))),
            tokens(|rules| rules.with_cookie_name("t".repeat(129))),
            Kind::NotAToken,
        ),
    ] {
        let text = format!("{bad:?}");
        assert_eq!(refusal(bad).expect(&text).kind(), kind, "{text}");
        // A key of one byte is short, and not empty.
        let error = refusal(good);
        assert!(
            error.as_ref().is_none_or(|error| error.kind() == Kind::ShortKey && kind == Kind::EmptyKey),
            "{error:?}"
        );
    }
}

/// Services with long names, the last of them of its own length.
fn long_names(length: usize, last: usize) -> PolicyBuilder {
    let name = |number: usize, length: usize| format!("{number:0length$}");
    (0..105)
        .fold(builder(), |policy, number| policy.service(name(number, length), "marketing"))
        .service(name(105, last), "marketing")
        .revision(Revision::new(99_999_999).on(2026, 11, 21))
        .mac_key("key-5", KEY)
}

/// What the limit is about: the largest `Set-Cookie` line that such a policy can lead to.
#[tokio::test]
async fn the_largest_consent_cookie_is_as_large_as_reckoned() {
    let policy = long_names(32, 17).build().unwrap();
    let layer = ConsentLayer::new(policy).with_clock(clock_at(date!(2026 - 11 - 21)));
    let decision = decision_of(&layer, request(&[("dnt", "1"), ("sec-gpc", "1")])).await;
    let policy = decision.policy();
    let each = policy.services().fold(Selection::all(), |selection, (name, _)| selection.refuse_service(name));
    let line = decision.choose_unrecorded(&each).unwrap().header_value().unwrap().len();
    // What is reckoned and not in this line: a record id (23), a Max-Age of 400 days for one of half a year (0), "Strict"
    // for "Lax" (3), a Domain (9), a later revision that was taken note of (9), and "essential" with its sign, which never
    // stands in it (10).
    assert_eq!(line + 23 + 3 + 9 + 9 + 10, 3_800);
}

/// The errors and the texts for people show of a key its id and nothing more.
#[test]
fn secrets_are_not_shown() {
    let policy = || builder().mac_key("k1", *b"hunter2-hunter2-hunter2-hunter2-");
    let error = refusal(policy().mac_key("k2", *b"hunter2")).unwrap();
    let texts = [
        format!("{:?}", policy()),
        format!("{:?}", policy().build().unwrap()),
        format!("{error:?}"),
        error.to_string(),
    ];
    for text in texts {
        let bytes = format!("{:?}", b"hunter2").trim_matches(['[', ']']).to_owned();
        assert!(text.contains("k1") || text.contains("k2"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains(&bytes), "{text}");
    }
}

/// Floors of the whole policy are checked as such, also where no rule stands beside them: they hold for unknown cookies.
#[test]
fn floors_of_the_policy_are_checked_in_their_own_place() {
    let floors = || AttributeFloors::NONE.same_site(SameSite::None);
    for policy in [
        builder().floors(floors()),
        builder().unknown(UnknownCookies::Pass).floors(floors()),
        analytics("_ga").floors(floors()),
        builder().preset(Preset::Stripe).floors(floors()),
    ] {
        let text = format!("{policy:?}");
        let error = policy.build().expect_err(&text);
        assert_eq!((error.kind(), error.place()), (Kind::SameSiteNoneNotSecure, "floors.same_site"), "{text}");
    }
    assert_eq!(refusal(builder().floors(floors().secure())), None);
}

// Files.

/// A policy with something in every field, built in code.
fn in_code() -> PolicyBuilder {
    builder()
        .report_only()
        .regime(Regime::OptInWithExemptions)
        .unknown(UnknownCookies::Report)
        .site_domain("example.com")
        .grant_lifetime(Lifetime::months(12))
        .refusal_lifetime(Lifetime::days(190))
        .revision(Revision::new(3).on(2026, 11, 1))
        .consent_cookie(ConsentCookie::shared("example.com").script_readable().with_same_site(SameSite::Strict))
        .signal(Signal::Dnt, [Category::MARKETING])
        .signal(Signal::Gpc, SignalScope::Ignore)
        .signal_always()
        .floors(AttributeFloors::NONE.secure().same_site(SameSite::Lax))
        .caches(CacheRule::VaryOnly)
        .preset(Preset::Stripe)
        .preset(Preset::GoogleAnalytics)
        .auth_cookie("session")
        .essential(["csrf"])
        .tokens(
            TokenRules::default()
                .with_cookie_name("__Host-sign-in")
                .longer_than_seven_days(Lifetime::days(30))
                .with_idle_limit(Lifetime::seconds(7_200)),
        )
        .category(CategoryEntry::new("statistics").exempt_until_objected().since(2))
        .category(CategoryEntry::new("social"))
        .service_entry(ServiceEntry::new("meta", "marketing").since(3).hosts(["*.facebook.net"]).sale_or_sharing())
        .visits(VisitRules::of(Category::MARKETING).tracked(VisitDetail::new().address(AddressDetail::Truncated)))
        .cookie(
            CookieRule::new("_fb*", RuleTarget::service("meta"))
                .scope(Scope::domain("example.com"))
                .scope(Scope::host_only().path("/shop"))
                .max_age(Lifetime::days(90))
                .add_max_age()
                .secure()
                .partitioned()
                .floors(AttributeFloors::NONE.http_only())
                .purpose("Ads")
                .provider("Meta"),
        )
        .cookies(RuleTarget::category("statistics"), ["stat"])
}

/// The same as a file.
const TOML: &str = r#"
mode = "report-only"
regime = "opt-in-with-exemptions"
unknown = "report"
site_domain = "example.com"
grant_lifetime = "12 months"
refusal_lifetime = "190 days"
revisions = [{ number = 3, date = "2026-11-01" }]
caches = "vary-only"
presets = ["stripe", "google-analytics"]
auth_cookies = ["session"]
essential = ["csrf"]

[consent_cookie]
name = "__Secure-consent"
domain = "example.com"
http_only = false
same_site = "strict"

[signals]
dnt = ["marketing"]
gpc = "ignore"
always = true

[tokens]
cookie = "__Host-sign-in"
lifetime = "30 days"
longer_than_seven_days = true
idle_limit = "2 hours"

[floors]
secure = true
same_site = "lax"

[[categories]]
name = "statistics"
kind = "exempt-until-objected"
since = 2

[[categories]]
name = "social"

[[services]]
name = "meta"
category = "marketing"
since = 3
hosts = ["*.facebook.net"]
sale_or_sharing = true

[visits]
category = "marketing"
tracked = { address = "truncated" }

[[cookies]]
name = "_fb*"
service = "meta"
scopes = [{ domain = "example.com" }, { path = "/shop" }]
max_age = "90 days"
add_max_age = true
secure = true
partitioned = true
floors = { http_only = true }
purpose = "Ads"
provider = "Meta"

[[cookies]]
name = "stat"
category = "statistics"
"#;

const JSON: &str = r#"{
    "mode": "report-only", "regime": "opt-in-with-exemptions", "unknown": "report", "site_domain": "example.com",
    "grant_lifetime": "12 months", "refusal_lifetime": "190 days", "revisions": [{"number": 3, "date": "2026-11-01"}],
    "caches": "vary-only", "presets": ["stripe", "google-analytics"], "auth_cookies": ["session"],
    "essential": ["csrf"],
    "consent_cookie": {"name": "__Secure-consent", "domain": "example.com", "http_only": false, "same_site": "strict"},
    "signals": {"dnt": ["marketing"], "gpc": "ignore", "always": true},
    "tokens": {"cookie": "__Host-sign-in", "lifetime": "30 days", "longer_than_seven_days": true, "idle_limit": "2 hours"},
    "floors": {"secure": true, "same_site": "lax"},
    "categories": [{"name": "statistics", "kind": "exempt-until-objected", "since": 2}, {"name": "social"}],
    "services": [{"name": "meta", "category": "marketing", "since": 3, "hosts": ["*.facebook.net"],
        "sale_or_sharing": true}],
    "visits": {"category": "marketing", "tracked": {"address": "truncated"}},
    "cookies": [
        {"name": "_fb*", "service": "meta", "scopes": [{"domain": "example.com"}, {"path": "/shop"}],
         "max_age": "90 days", "add_max_age": true, "secure": true, "partitioned": true,
         "floors": {"http_only": true}, "purpose": "\u0041ds", "provider": "Meta"},
        {"name": "stat", "category": "statistics"}
    ]
}"#;

/// Cookie names that the policies of these tests treat in different ways.
const NAMES: &[&str] = &[
    "session",
    "csrf",
    "stat",
    "_fbp",
    "_fb",
    "_f",
    "_ga",
    "_ga_X",
    "_gid",
    "__stripe_mid",
    "__Host-consent",
    "__Secure-consent",
    "consent",
    "unknown",
    "lang",
    "cart",
    "id",
    "_gcl_au",
    "theme",
];

/// All that can be seen of a policy: what it says of itself, and what a layer that keeps it answers.
async fn seen(policy: Policy) -> Vec<String> {
    let mut seen = vec![format!(
        "{policy:?} {:?} {:?} {:?} {:?} {} {:?}",
        policy.categories(),
        policy.services().collect::<Vec<_>>(),
        policy.revision(),
        policy.mode(),
        policy.consent_cookie_name(),
        policy.token_rules()
    )];
    seen.extend(policy.declared_services().map(|service| format!("{service:?}")));
    seen.extend(NAMES.iter().map(|name| format!("{name}: {:?}", policy.lookup(name.as_bytes()))));
    let layer = ConsentLayer::new(policy).with_clock(clock_at(date!(2026 - 11 - 21)));
    let others = || NAMES.iter().filter(|name| !name.ends_with("consent"));
    let cookies = others().map(|name| format!("{name}=1")).collect::<Vec<_>>().join("; ");
    let set: Vec<_> =
        others().flat_map(|name| [format!("{name}=2"), format!("{name}=3; Max-Age=99999999; SameSite=None")]).collect();
    let fresh = decision_of(&layer, request(&[("dnt", "1"), ("sec-gpc", "1")])).await;
    let silent = decision_of(&layer, request(&[])).await;
    let tracked = |decision: &tower_consent::Decision| format!("{}", decision.may_track());
    seen.extend([tracked(&silent), tracked(&fresh)]);
    let answers = [silent.grant_all_unrecorded(), fresh.grant_all_unrecorded(), fresh.refuse_all()];
    let mut headers: Vec<Vec<(&str, &str)>> = vec![vec![("cookie", &cookies)]];
    let held: Vec<_> = answers
        .iter()
        .filter_map(|change| change.header_value())
        .map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned())
        .collect();
    let held: Vec<_> = held.iter().map(|pair| format!("{pair}; {cookies}")).collect();
    headers.extend(held.iter().map(|cookies| vec![("cookie", &**cookies)]));
    for mut headers in headers {
        for signal in [None, Some("dnt"), Some("sec-gpc")] {
            headers.push(("sec-fetch-dest", "document"));
            headers.extend(signal.map(|name| (name, "1")));
            let answer = serve(&layer, request(&headers), |request| {
                let context = tower_consent::ConsentContext::of(request.extensions()).unwrap();
                let mut answer = response(&[]);
                for line in set.iter().chain([&format!("seen={:?}", lines(request.headers(), "cookie"))]) {
                    answer.headers_mut().append("set-cookie", line.parse().unwrap());
                }
                answer.headers_mut().append("decision", format!("{:?}", context.decision()).parse().unwrap());
                answer
            })
            .await;
            seen.push(format!("{headers:?} {:#?}", answer.headers()));
        }
    }
    // A page that asks and sets nothing.
    let asked = serve(&layer, request(&[]), |request| {
        let context = tower_consent::ConsentContext::of(request.extensions()).unwrap();
        assert!(!context.decision().allows(Category::MARKETING));
        Response::new(())
    })
    .await;
    seen.push(format!("{:#?}", asked.headers()));
    for change in [fresh.grant_all_unrecorded(), fresh.withdraw()] {
        let answer = serve(&layer, request(&[("cookie", &cookies)]), |_| {
            let mut answer = Response::new(());
            change.apply(answer.headers_mut());
            answer
        })
        .await;
        seen.push(format!("{:#?}", answer.headers()));
    }
    seen
}

async fn assert_same(first: Policy, second: Policy) {
    let (first, second) = (seen(first).await, seen(second).await);
    assert_eq!(first.len(), second.len());
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first, second);
    }
}

#[tokio::test]
async fn a_file_gives_the_same_policy_as_the_builder() {
    for text in [toml(TOML), json(JSON)] {
        assert_same(text.build().unwrap(), in_code().build().unwrap()).await;
    }
    // TOML's own date, without quotes.
    let date = TOML.replace("\"2026-11-01\"", "2026-11-01");
    assert_ne!(date, TOML);
    assert_eq!(toml(&date).build().unwrap().revision(), in_code().build().unwrap().revision());
    for empty in [toml(""), json("{}")] {
        assert_same(empty.build().unwrap(), builder().build().unwrap()).await;
    }
    // What is read is also what acts: the same files, enforced.
    let enforce = |text: &str| text.replace("report-only", "enforce");
    let enforced = toml(&enforce(TOML)).build().unwrap();
    assert_eq!(enforced.mode(), Mode::Enforce);
    assert_same(enforced, json(&enforce(JSON)).build().unwrap()).await;
}

/// Each field of the file changes something that can be seen, so that the comparison above misses none.
#[tokio::test]
async fn every_field_of_a_file_counts() {
    let text = TOML.replace("report-only", "enforce");
    let whole = seen(toml(&text).build().unwrap()).await;
    for (from, to) in [
        ("mode = \"enforce\"", "mode = \"report-only\""),
        ("opt-in-with-exemptions", "opt-in"),
        ("unknown = \"report\"", "unknown = \"strip\""),
        ("site_domain = \"example.com\"\n", ""),
        ("12 months", "11 months"),
        ("number = 3", "number = 4"),
        (", date = \"2026-11-01\"", ""),
        ("vary-only", "private"),
        ("\"stripe\", ", ""),
        ("\"session\"", ""),
        ("\"csrf\"", ""),
        ("\"__Secure-consent\"", "\"__Secure-choice\""),
        ("domain = \"example.com\"\nhttp_only", "http_only"),
        ("http_only = false", "http_only = true"),
        ("same_site = \"strict\"", "same_site = \"lax\""),
        ("[\"*.facebook.net\"]", "[]"),
        ("sale_or_sharing = true", "sale_or_sharing = false"),
        ("dnt = [\"marketing\"]", "dnt = \"no-cookies\""),
        ("dnt = [\"marketing\"]", "dnt = \"all\""),
        ("gpc = \"ignore\"", "gpc = \"all\""),
        ("always = true", "always = false"),
        ("\"__Host-sign-in\"", "\"__Host-token\""),
        ("\"30 days", "\"29 days"),
        ("\"2 hours\"", "\"3 hours\""),
        ("idle_limit = \"2 hours\"\n", ""),
        ("[floors]\nsecure = true", "[floors]\nsecure = false"),
        ("same_site = \"lax\"", "same_site = \"strict\""),
        ("kind = \"exempt-until-objected\"\n", ""),
        ("[[categories]]\nname = \"social\"\n", ""),
        ("_fb*", "_fbp"),
        ("{ domain = \"example.com\" }, ", ""),
        ("\"/shop\"", "\"/\""),
        ("\"90 days", "\"91 days"),
        ("add_max_age = true", "add_max_age = false"),
        ("partitioned = true\n", ""),
        ("{ http_only = true }", "{}"),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from} stands there once");
        let changed = seen(toml(&text.replace(from, to)).build().unwrap()).await;
        assert_ne!(changed, whole, "{from} -> {to}");
    }
    // Where something passes until it is refused, a refusal never lapses.
    let opt_in = |days: u16| {
        toml(&format!("refusal_lifetime = '{days} days'\ncookies = [{{ name = '_ga', category = 'analytics' }}]"))
    };
    assert_ne!(seen(opt_in(190).build().unwrap()).await, seen(opt_in(191).build().unwrap()).await);
    // Without its word for it the policy is none.
    let short = toml(&text.replace("longer_than_seven_days = true\n", ""));
    assert_eq!(refusal(short).unwrap().kind(), Kind::LongTokenLifetime);
    // Partitioned implies Secure, so that the latter only shows without it.
    let secure = text.replace("partitioned = true\n", "");
    let neither = secure.replace("secure = true\nfloors", "floors");
    assert_ne!(neither, secure);
    assert_ne!(seen(toml(&neither).build().unwrap()).await, seen(toml(&secure).build().unwrap()).await);
}

/// `(TOML, JSON, what both errors say)`. The faulty field or value stands alone on the third line.
const BAD_FILES: &[(&str, &str, &[&str])] = &[
    // Fields that are not known.
    ("\n\nmod = 'enforce'", "{\n\n\"mod\": \"enforce\"}", &["unknown field `mod`", "`mode`"]),
    (
        "[[cookies]]\nname = 'x'\ncatgory = 'analytics'",
        "{\"cookies\": [{\n\"name\": \"x\",\n\"catgory\": \"analytics\"}]}",
        &["unknown field `catgory`", "`category`"],
    ),
    (
        "[[cookies]]\n[[cookies.scopes]]\ndomian = 'a.b'",
        "{\"cookies\": [{\"scopes\":\n[{\n\"domian\": \"a.b\"}]}]}",
        &["unknown field `domian`", "`domain`"],
    ),
    (
        "[[cookies]]\n[cookies.floors]\nsameSite = 'lax'",
        "{\"cookies\": [{\"floors\":\n{\n\"sameSite\": \"lax\"}}]}",
        &["unknown field `sameSite`", "`same_site`"],
    ),
    (
        "\n[floors]\nhttponly = true",
        "{\"floors\":\n{\n\"httponly\": true}}",
        &["unknown field `httponly`", "`http_only`"],
    ),
    ("\n[signals]\ngcp = 'all'", "{\"signals\":\n{\n\"gcp\": \"all\"}}", &["unknown field `gcp`", "`gpc`"]),
    (
        "\n[consent_cookie]\npath = '/'",
        "{\"consent_cookie\":\n{\n\"path\": \"/\"}}",
        &["unknown field `path`", "`domain`"],
    ),
    ("[[services]]\n\nkind = 'x'", "{\"services\":\n[{\n\"kind\": \"x\"}]}", &["unknown field `kind`", "`category`"]),
    ("[[categories]]\n\nnam = 'x'", "{\"categories\":\n[{\n\"nam\": \"x\"}]}", &["unknown field `nam`", "`name`"]),
    ("\n[[revisions]]\nno = 2", "{\"revisions\": [\n{\n\"no\": 2}]}", &["unknown field `no`", "`number`"]),
    (
        "\n[tokens]\nname = 'x'",
        "{\"tokens\":\n{\n\"name\": \"x\"}}",
        &["unknown field `name`", "`cookie`", "`lifetime`", "`longer_than_seven_days`", "`idle_limit`"],
    ),
    ("\n[tokens]\nsecure = true", "{\"tokens\":\n{\n\"secure\": true}}", &["unknown field `secure`"]),
    ("\n[tokens]\nlifetime = '7'", "{\"tokens\":\n{\n\"lifetime\": \"7\"}}", &["\"7\" is not a lifetime"]),
    (
        "\n[tokens]\nidle_limit = 60",
        "{\"tokens\":\n{\n\"idle_limit\": 60}}",
        &["invalid type: integer `60`, expected", "string"],
    ),
    (
        "\n[tokens]\nlonger_than_seven_days = '30 days'",
        "{\"tokens\":\n{\n\"longer_than_seven_days\": \"30 days\"}}",
        &["invalid type: string \"30 days\", expected a boolean"],
    ),
    (
        "\n[visits]\ncategroy = 'analytics'",
        "{\"visits\":\n{\n\"categroy\": \"analytics\"}}",
        &["unknown field `categroy`", "`category`", "`untracked`"],
    ),
    (
        "\n[visits.tracked]\nadress = 'full'",
        "{\"visits\": {\"tracked\":\n{\n\"adress\": \"full\"}}}",
        &["unknown field `adress`", "`address`"],
    ),
    (
        "\n[visits.tracked]\naddress = 'half'",
        "{\"visits\": {\"tracked\":\n{\n\"address\": \"half\"}}}",
        &["`half`", "`none`", "`truncated`", "`full`"],
    ),
    // What never comes from a file: keys and hooks.
    ("\n\nkeys = []", "{\n\n\"keys\": []}", &["unknown field `keys`"]),
    ("\n\nmac_keys = []", "{\n\n\"mac_keys\": []}", &["unknown field `mac_keys`"]),
    ("\n\nmac_key = 'x'", "{\n\n\"mac_key\": \"x\"}", &["unknown field `mac_key`"]),
    ("\n\nhooks = {}", "{\n\n\"hooks\": {}}", &["unknown field `hooks`"]),
    ("\n\nregime_resolver = 'x'", "{\n\n\"regime_resolver\": \"x\"}", &["unknown field `regime_resolver`"]),
    ("\n\nstand_down = 'x'", "{\n\n\"stand_down\": \"x\"}", &["unknown field `stand_down`"]),
    ("\n\nnarrow = 'x'", "{\n\n\"narrow\": \"x\"}", &["unknown field `narrow`"]),
    ("\n\ndrop_cookie = 'x'", "{\n\n\"drop_cookie\": \"x\"}", &["unknown field `drop_cookie`"]),
    (
        "[[cookies]]\nname = 'x'\nliteral = true",
        "{\"cookies\": [{\n\"name\": \"x\",\n\"literal\": true}]}",
        &["unknown field `literal`"],
    ),
    // Bad words.
    (
        "\n\nregime = 'opt in'",
        "{\n\n\"regime\": \"opt in\"}",
        &["`opt in`", "`opt-in`", "`opt-in-with-exemptions`", "`opt-out`"],
    ),
    ("\n\nmode = 'Enforce'", "{\n\n\"mode\": \"Enforce\"}", &["`Enforce`", "`enforce`", "`report-only`"]),
    ("\n\nunknown = 'drop'", "{\n\n\"unknown\": \"drop\"}", &["`drop`", "`strip`", "`pass`", "`report`"]),
    ("\n\ncaches = 'public'", "{\n\n\"caches\": \"public\"}", &["`public`", "`private`", "`vary-only`"]),
    (
        "\n\npresets = ['google_analytics']",
        "{\n\n\"presets\": [\"google_analytics\"]}",
        &["`google_analytics`", "`google-analytics`"],
    ),
    (
        "\n[signals]\ndnt = 'none'",
        "{\"signals\":\n{\n\"dnt\": \"none\"}}",
        &["expected \"all\", \"no-cookies\", \"ignore\" or a list of categories"],
    ),
    (
        "\n[floors]\nsame_site = 'Lax'",
        "{\"floors\":\n{\n\"same_site\": \"Lax\"}}",
        &["`Lax`", "`none`", "`lax`", "`strict`"],
    ),
    (
        "[[categories]]\nname = 'x'\nkind = 'exempt'",
        "{\"categories\": [{\n\"name\": \"x\",\n\"kind\": \"exempt\"}]}",
        &["`exempt`", "`asked-for`", "`exempt-until-objected`"],
    ),
    (
        "\n[[revisions]]\ndate = '21.11.2026'",
        "{\"revisions\": [\n{\n\"date\": \"21.11.2026\"}]}",
        &["\"21.11.2026\", expected a date in the form \"YYYY-MM-DD\""],
    ),
    (
        "\n[[revisions]]\ndate = '2026-02-30'",
        "{\"revisions\": [\n{\n\"date\": \"2026-02-30\"}]}",
        &["\"2026-02-30\", expected a date"],
    ),
    // Lifetimes.
    (
        "\n\ngrant_lifetime = '6 moons'",
        "{\n\n\"grant_lifetime\": \"6 moons\"}",
        &["\"6 moons\" is not a lifetime", "\"6 months\" or \"7 days\""],
    ),
    ("\n\nrefusal_lifetime = 'P6M'", "{\n\n\"refusal_lifetime\": \"P6M\"}", &["\"P6M\" is not a lifetime"]),
    ("\n\nrefusal_lifetime = ''", "{\n\n\"refusal_lifetime\": \"\"}", &["\"\" is not a lifetime"]),
    (
        "[[cookies]]\nname = 'x'\nmax_age = '-1 days'",
        "{\"cookies\": [{\n\"name\": \"x\",\n\"max_age\": \"-1 days\"}]}",
        &["\"-1 days\" is not a lifetime"],
    ),
    (
        "[[cookies]]\nname = 'x'\nmax_age = '99999999999 days'",
        "{\"cookies\": [{\n\"name\": \"x\",\n\"max_age\": \"99999999999 days\"}]}",
        &["\"99999999999 days\" is not a lifetime"],
    ),
    // Wrong types.
    ("\n\ngrant_lifetime = 6", "{\n\n\"grant_lifetime\": 6}", &["invalid type: integer `6`, expected", "string"]),
    (
        "\n\nessential = 'csrf'",
        "{\n\n\"essential\": \"csrf\"}",
        &["invalid type: string \"csrf\", expected a sequence"],
    ),
    ("\n\nsite_domain = true", "{\n\n\"site_domain\": true}", &["invalid type: boolean `true`, expected a string"]),
    ("\n\nrevisions = 3", "{\n\n\"revisions\": 3}", &["invalid type: integer `3`, expected"]),
    (
        "\n[[revisions]]\nnumber = '3'",
        "{\"revisions\": [\n{\n\"number\": \"3\"}]}",
        &["invalid type: string \"3\", expected u32"],
    ),
    (
        "\n[[revisions]]\nnumber = -1",
        "{\"revisions\": [\n{\n\"number\": -1}]}",
        &["invalid value: integer `-1`, expected u32"],
    ),
    (
        "\n[signals]\nalways = 'yes'",
        "{\"signals\":\n{\n\"always\": \"yes\"}}",
        &["invalid type: string \"yes\", expected a boolean"],
    ),
    ("\n[signals]\ngpc = true", "{\"signals\":\n{\n\"gpc\": true}}", &["expected \"all\", \"no-cookies\", \"ignore\""]),
    (
        "[[cookies]]\nname = 'x'\nsecure = 1",
        "{\"cookies\": [{\n\"name\": \"x\",\n\"secure\": 1}]}",
        &["invalid type: integer `1`, expected a boolean"],
    ),
    // What is missing.
    ("\n\n[[cookies]]\npurpose = 'x'", "{\"cookies\": [\n\n{\"purpose\": \"x\"}]}", &["missing field `name`"]),
    ("\n\n[[services]]\nname = 'x'", "{\"services\": [\n\n{\"name\": \"x\"}]}", &["missing field `category`"]),
    (
        "\n\n[[revisions]]\ndate = '2026-11-21'",
        "{\"revisions\": [\n\n{\"date\": \"2026-11-21\"}]}",
        &["missing field `number`"],
    ),
];

/// Every error of a file says where, and what was expected there.
#[test]
fn bad_files_are_refused_with_their_place() {
    for (toml, json, says) in BAD_FILES {
        let toml_error = toml::from_str::<PolicyBuilder>(toml).expect_err(toml).to_string();
        let json_error = serde_json::from_str::<PolicyBuilder>(json).expect_err(json).to_string();
        for part in *says {
            assert!(toml_error.contains(part), "{part} in {toml_error}");
            assert!(json_error.contains(part), "{part} in {json_error}");
        }
        assert!(toml_error.contains("at line 3, column "), "{toml_error}");
        assert!(json_error.contains("at line 3 column "), "{json_error}");
    }
}

#[test]
fn lifetimes_in_files_are_those_of_the_code() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct File {
        life: Lifetime,
    }
    for (text, life) in [
        ("6 months", Lifetime::months(6)),
        ("1 month", Lifetime::months(1)),
        ("7 days", Lifetime::days(7)),
        ("12 hours", Lifetime::seconds(43_200)),
        ("30 minutes", Lifetime::seconds(1_800)),
        ("90 seconds", Lifetime::seconds(90)),
    ] {
        let toml: File = toml::from_str(&format!("life = '{text}'")).expect(text);
        // An escape, so that the text cannot be borrowed from the file.
        let json: File =
            serde_json::from_str(&format!("{{\"life\": \"{}\"}}", text.replace(' ', "\\u0020"))).expect(text);
        assert_eq!((toml.life, json.life), (life, life), "{text}");
        assert_eq!(serde_json::to_value(json).unwrap()["life"], text);
    }
}

/// The two complete examples: every field, in two formats, the same policy.
#[tokio::test]
async fn the_complete_examples_load_and_agree() {
    let read = |name: &str| {
        let path = format!("{}/examples/policies/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let (toml_text, json_text) = (read("complete.toml"), read("complete.json"));
    assert_same(toml(&toml_text).build().unwrap(), json(&json_text).build().unwrap()).await;

    // Complete: they name every field that the reader knows.
    let fields = toml::from_str::<PolicyBuilder>("no-such-field = 1").unwrap_err().to_string();
    let (_, fields) = fields.split_once("expected one of ").expect("a list of the fields");
    let file: serde_json::Value = serde_json::from_str(&json_text).unwrap();
    let missing: Vec<_> = fields
        .trim()
        .split(", ")
        .map(|field| field.trim_matches('`'))
        .filter(|field| file.get(field).is_none())
        .collect();
    assert!(missing.is_empty(), "complete.json lacks {missing:?}");
    let fields = toml::from_str::<TokenRules>("no-such-field = 1").unwrap_err().to_string();
    let (_, fields) = fields.split_once("expected one of ").expect("a list of the fields");
    for field in fields.trim().split(", ").map(|field| field.trim_matches('`')) {
        assert!(file["tokens"].get(field).is_some(), "complete.json lacks tokens.{field}");
    }
}

// Presets.

/// R43 and the rules of names: each cookie can be declared, and says what it is for and for whom.
#[test]
fn presets_are_complete_and_build() {
    for preset in Preset::ALL {
        let policy = builder().preset(*preset).build().unwrap_or_else(|error| panic!("{preset:?}: {error}"));
        assert!(!preset.source().is_empty() && !preset.cookies().is_empty(), "{preset:?}");
        let mut names = BTreeSet::new();
        for cookie in preset.cookies() {
            let name = cookie.name;
            assert!(names.insert(name), "{preset:?} {name} twice");
            for text in [cookie.purpose, cookie.provider] {
                assert!(!text.trim().is_empty() && text.trim() == text && !text.ends_with('.'), "{preset:?} {name}");
            }
            let stem = name.strip_suffix('*').unwrap_or(name);
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#%&'+-.^_`|~".contains(&byte);
            assert!(stem.bytes().all(is_token) && (stem.len() >= 3 || stem == name), "{preset:?} {name}");
            let example = name.replace('*', "x");
            assert_eq!(policy.lookup(example.as_bytes()), Some((cookie.category, None)), "{preset:?} {name}");
        }
    }
    let all = Preset::ALL.iter().fold(builder(), |policy, preset| policy.preset(*preset)).build().unwrap();
    for cookie in Preset::ALL.iter().flat_map(|preset| preset.cookies()) {
        let example = cookie.name.replace('*', "x");
        assert_eq!(all.lookup(example.as_bytes()), Some((cookie.category, None)), "{}", cookie.name);
    }
}

#[test]
fn every_preset_is_listed_and_has_its_name_in_files() {
    let listed = variants(include_str!("../src/catalogue/presets.rs"), "Preset");
    let all: BTreeSet<_> = Preset::ALL.iter().map(|preset| format!("{preset:?}")).collect();
    assert_eq!(all, listed);
    assert_eq!(Preset::ALL.len(), all.len(), "none twice");
    for preset in Preset::ALL {
        let name = serde_json::to_value(preset).unwrap();
        let name = name.as_str().unwrap();
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{name}");
        let spelled = format!("{preset:?}").to_lowercase();
        assert_eq!(name.replace('-', ""), spelled, "{preset:?}");
        assert_eq!(serde_json::from_value::<Preset>(name.into()).unwrap(), *preset);
        let policy = toml(&format!("presets = ['{name}']")).build().unwrap();
        for cookie in preset.cookies() {
            let example = cookie.name.replace('*', "x");
            assert_eq!(policy.lookup(example.as_bytes()), Some((cookie.category, None)), "{name} {}", cookie.name);
        }
    }
}

/// The consent cookie, what is always dropped and what nobody declares belong to nothing.
#[test]
fn what_no_rule_declares_belongs_to_nothing() {
    let policy = analytics("_ga").preset(Preset::Stripe).build().unwrap();
    for name in ["", "$Version", "__Host-consent", "__host-consent", "_GA", "_ga ", "%5Fga", "_g", "_gaa", "\u{e9}"] {
        assert_eq!(policy.lookup(name.as_bytes()), None, "{name:?}");
    }
    assert_eq!(policy.lookup(b"_ga"), Some((Category::ANALYTICS, None)));
}

/// The application knows better: its rule beats a preset's for the same name or prefix, in whatever order they come; and
/// of two presets the first.
#[test]
fn a_rule_of_the_application_beats_a_presets() {
    let lookup = |policy: PolicyBuilder, name: &str| {
        let policy = policy.build().unwrap();
        let found = policy.lookup(name.as_bytes());
        found.map(|(category, service)| (category, service.map(str::to_owned)))
    };
    let preset = || builder().preset(Preset::GoogleAnalytics);
    for (policy, name, category) in [
        (preset(), "_ga", Category::ANALYTICS),
        (preset().cookies(Category::MARKETING, ["_ga"]), "_ga", Category::MARKETING),
        (builder().cookies(Category::MARKETING, ["_ga"]).preset(Preset::GoogleAnalytics), "_ga", Category::MARKETING),
        (preset().essential(["_ga_*"]), "_ga_X", Category::ESSENTIAL),
        (preset().essential(["_ga_*"]), "_ga", Category::ANALYTICS),
        (preset().essential(["_ga_X"]), "_ga_X", Category::ESSENTIAL),
        (preset().cookies(Category::ANALYTICS, ["_ga"]), "_ga", Category::ANALYTICS),
    ] {
        assert_eq!(lookup(policy, name), Some((category, None)), "{name} {category}");
    }
    let policy = preset().service("google", "marketing").cookies(RuleTarget::service("google"), ["_ga*"]);
    assert_eq!(lookup(policy, "_gax"), Some((Category::MARKETING, Some("google".to_owned()))));
}

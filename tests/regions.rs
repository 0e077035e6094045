//! The regime by country: which header, which country, and that everything doubtful is the strictest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, Response};
use time::macros::date;
use tower_consent::{
    Category, CategoryEntry, ConfigError, ConfigErrorKind, ConsentContext, ConsentLayer, CountryHeader, Policy,
    PolicyBuilder, Reason, Regime, Regions, Signal, SignalScope,
};

use crate::common::{clock_at, cookies_seen, decision_of, lines, request, response, serve};

/// ISO 3166-1, compared with tzdata's `iso3166.tab` (as of ISO/TC 46 N1108, 2023-04-05), apart from the list in the source.
const ASSIGNED: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA
    SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US
    UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The presets that are not opt-in, where statistics are what the policy exempts.
const PRESETS: [(&str, Regime); 3] =
    [("US", Regime::OptOut), ("GB", Regime::OptInWithExemptions), ("FR", Regime::OptInWithExemptions)];

/// What the law holds opt-in whatever the rest of the world is set to: the EU and EEA, what belongs to them, and the
/// countries that the presets name besides.
const FIRM: &str = "AT BE BG HR CY CZ DK EE FI DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO
    AX GF GP MF MQ RE YT GI GG IM JE CH BR IN";

fn policy() -> PolicyBuilder {
    Policy::builder()
        .category(CategoryEntry::from(Category::ANALYTICS).exempt_until_objected())
        .cookies(Category::ANALYTICS, ["_pk_*"])
        .cookies(Category::MARKETING, ["_fbp"])
}

fn layer(policy: PolicyBuilder) -> ConsentLayer {
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 22)))
}

fn cloudflare() -> Regions {
    Regions::trusting(CountryHeader::Cloudflare)
}

async fn regime(layer: &ConsentLayer, headers: &[(&str, &str)]) -> Regime {
    decision_of(layer, request(headers)).await.regime()
}

/// The regime of every pair of capitals.
async fn regimes(layer: &ConsentLayer) -> BTreeMap<String, Regime> {
    let mut found = BTreeMap::new();
    for first in 'A'..='Z' {
        for second in 'A'..='Z' {
            let code = format!("{first}{second}");
            let regime = regime(layer, &[("cf-ipcountry", &code)]).await;
            found.insert(code, regime);
        }
    }
    found
}

#[tokio::test]
async fn every_country_has_its_answer() {
    assert_eq!(ASSIGNED.split_whitespace().collect::<BTreeSet<_>>().len(), 249);
    let presets = BTreeMap::from(PRESETS);
    for (code, regime) in regimes(&layer(policy().regions(cloudflare()))).await {
        assert_eq!(regime, presets.get(&*code).copied().unwrap_or(Regime::OptIn), "{code}");
    }
    // Where the rest of the world is opt-out, what a preset names is not, and what is no country is neither.
    let countries: BTreeSet<_> = ASSIGNED.split_whitespace().chain(["XK"]).collect();
    let firm: BTreeSet<_> = FIRM.split_whitespace().collect();
    for (code, regime) in regimes(&layer(policy().regions(cloudflare().elsewhere(Regime::OptOut)))).await {
        let expected = match presets.get(&*code) {
            Some(preset) => *preset,
            None if countries.contains(&*code) && !firm.contains(&*code) => Regime::OptOut,
            None => Regime::OptIn,
        };
        assert_eq!(regime, expected, "{code}");
    }
}

/// The data names each country once, with a source and a date.
#[test]
fn every_preset_has_a_source() {
    let mut seen = BTreeSet::new();
    for law in Regions::laws() {
        for code in law.countries {
            assert!(ASSIGNED.split_whitespace().any(|known| known == *code), "{code}");
            assert!(seen.insert(*code), "{code} stands twice");
        }
        assert!(law.source.len() > 10 && law.source.ends_with(')') && !law.source.contains("  "), "{}", law.source);
        assert!(law.as_of.starts_with("20") && matches!(law.as_of.len(), 7 | 10), "{}", law.as_of);
        assert_eq!(law.exempts.is_empty(), law.regime != Regime::OptInWithExemptions, "{:?}", law.countries);
    }
    let named: BTreeSet<_> = FIRM.split_whitespace().chain(PRESETS.map(|(code, _)| code)).collect();
    assert_eq!(seen, named);
}

#[tokio::test]
async fn each_proxy_writes_it_in_its_own_way() {
    let named = |name: &str| CountryHeader::named(name);
    // Header, its value, and whether that is the United States.
    for (header, name, value, is_us) in [
        (CountryHeader::Cloudflare, "CF-IPCountry", "US", true),
        (CountryHeader::Cloudflare, "cf-ipcountry", "T1", false),
        (CountryHeader::Cloudflare, "cf-ipcountry", "XX", false),
        (CountryHeader::Vercel, "X-Vercel-IP-Country", "US", true),
        (CountryHeader::CloudFront, "CloudFront-Viewer-Country", "US", true),
        (CountryHeader::AppEngine, "X-Appengine-Country", "US", true),
        (CountryHeader::AppEngine, "X-Appengine-Country", "ZZ", false),
        (CountryHeader::Bunny, "CDN-RequestCountryCode", "US", true),
        (CountryHeader::GoogleCloud, "X-Client-Geo-Location", "US,Mountain View", true),
        (CountryHeader::GoogleCloud, "X-Client-Geo-Location", "US,", true),
        (CountryHeader::GoogleCloud, "X-Client-Geo-Location", "US", false),
        (CountryHeader::GoogleCloud, "X-Client-Geo-Location", "US,DE,Berlin", false),
        (CountryHeader::GoogleCloud, "X-Client-Geo-Location", "DE,US", false),
        (CountryHeader::GoogleCloud, "X-Client-Geo-Location", ",", false),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "georegion=246,country_code=US,region_code=CA", true),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "georegion=246, country_code=US", true),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "country_code=US", true),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "country_code=reserved", false),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "country_code=", false),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "country_code=US,country_code=DE", false),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "country_code=US,country_code=US", false),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "old_country_code=US", false),
        (CountryHeader::Akamai, "X-Akamai-Edgescape", "US", false),
        (named("X-Country-Code"), "x-country-code", "US", true),
        (named("X-Country-Code"), "cf-ipcountry", "US", false),
        // A known name has its form, however it is said.
        (named("X-Akamai-Edgescape"), "x-akamai-edgescape", "country_code=US", true),
        (named("X-AKAMAI-EDGESCAPE"), "x-akamai-edgescape", "US", false),
        (named("x-client-geo-location"), "x-client-geo-location", "US,Austin", true),
    ] {
        let layer = layer(policy().regions(Regions::trusting(header)));
        let expected = if is_us { Regime::OptOut } else { Regime::OptIn };
        assert_eq!(regime(&layer, &[(name, value)]).await, expected, "{name}: {value}");
    }
}

#[tokio::test]
async fn what_is_doubtful_is_the_strictest() {
    let layer = layer(policy().regions(cloudflare().elsewhere(Regime::OptOut)));
    assert_eq!(regime(&layer, &[("cf-ipcountry", "US")]).await, Regime::OptOut, "the test can fail");
    for headers in [
        &[][..],
        &[("cf-ipcountry", "")],
        &[("cf-ipcountry", "us")],
        &[("cf-ipcountry", "Us")],
        // Where small letters were counted on behind the capitals, this would be US.
        &[("cf-ipcountry", "Tm")],
        &[("cf-ipcountry", "U")],
        &[("cf-ipcountry", "USA")],
        &[("cf-ipcountry", "US ")],
        &[("cf-ipcountry", "US, US")],
        &[("cf-ipcountry", "US,DE")],
        &[("cf-ipcountry", "U\u{15a}")],
        &[("cf-ipcountry", "840")],
        &[("cf-ipcountry", "US-CA")],
        &[("cf-ipcountry", "country_code=US")],
        &[("cf-ipcountry", "T1")],
        &[("cf-ipcountry", "XX")],
        &[("cf-ipcountry", "ZZ")],
        &[("cf-ipcountry", "EU")],
        &[("cf-ipcountry", "AP")],
        &[("cf-ipcountry", "A1")],
        &[("cf-ipcountry", "UK")],
        &[("cf-ipcountry", "@[")],
        // A visitor's own copy beside the proxy's, in either order, alike or not.
        &[("cf-ipcountry", "US"), ("cf-ipcountry", "DE")],
        &[("cf-ipcountry", "DE"), ("cf-ipcountry", "US")],
        &[("cf-ipcountry", "US"), ("CF-IPCountry", "US")],
        // Another proxy's header is nobody's word here.
        &[("x-vercel-ip-country", "US")],
        &[("x-country", "US"), ("cloudfront-viewer-country", "US"), ("x-appengine-country", "US")],
    ] {
        assert_eq!(regime(&layer, headers).await, Regime::OptIn, "{headers:?}");
    }
}

/// Every header of every proxy says US: nobody said that one of them can be trusted.
#[tokio::test]
async fn without_regions_no_header_is_read() {
    let layer = layer(policy());
    for header in ["cf-ipcountry", "x-vercel-ip-country", "cloudfront-viewer-country", "x-appengine-country"] {
        let answer = serve(&layer, request(&[(header, "US")]), asks).await;
        assert!(!lines(answer.headers(), "vary").join(",").contains("country"), "{header}");
        assert_eq!(regime(&layer, &[(header, "US")]).await, Regime::OptIn, "{header}");
    }
}

fn asks(request: &http::Request<()>) -> Response<()> {
    assert!(ConsentContext::of(request.extensions()).is_some_and(|context| context.decision().is_enforced()));
    response(&[])
}

#[tokio::test]
async fn caches_are_told_of_the_header() {
    for (regions, name) in [
        (cloudflare(), "cf-ipcountry"),
        (Regions::trusting(CountryHeader::Akamai), "x-akamai-edgescape"),
        (Regions::trusting(CountryHeader::named("X-Country")), "x-country"),
    ] {
        let layer = layer(policy().regions(regions));
        // Also where the header was not sent: with it the answer would be another.
        let asked = serve(&layer, request(&[]), asks).await;
        assert_eq!(lines(asked.headers(), "vary"), [format!("Cookie, DNT, Sec-GPC, {name}")]);
        assert_eq!(lines(asked.headers(), "cache-control"), ["private"]);
        let told = serve(&layer, request(&[]), |_| response(&[("vary", "Cookie")])).await;
        assert_eq!(lines(told.headers(), "vary"), [format!("Cookie, DNT, Sec-GPC, {name}")]);
        let plain = serve(&layer, request(&[]), |_| response(&[])).await;
        assert!(lines(plain.headers(), "vary").is_empty());
    }
}

const COOKIES: (&str, &str) = ("cookie", "_pk_id=1; _fbp=2");

/// Who has decided nothing: what passes in each region, with and without a signal.
#[tokio::test]
async fn cookies_pass_by_country_and_signal() {
    let all = Some("_pk_id=1; _fbp=2");
    let rules = [(policy(), false), (policy().signal(Signal::Dnt, SignalScope::Ignore), true)];
    for (policy, ignores_dnt) in rules {
        let layer = layer(policy.regions(cloudflare()));
        for (country, signal, expected) in [
            ("US", None, all),
            ("US", Some(("sec-gpc", "1")), None),
            ("US", Some(("dnt", "1")), all.filter(|_| ignores_dnt)),
            ("GB", None, Some("_pk_id=1")),
            ("GB", Some(("sec-gpc", "1")), None),
            ("FR", None, Some("_pk_id=1")),
            ("DE", None, None),
            ("ES", None, None),
            ("CH", None, None),
            ("XX", None, None),
        ] {
            let headers: Vec<_> = [COOKIES, ("cf-ipcountry", country)].into_iter().chain(signal).collect();
            let seen = cookies_seen(&layer, request(&headers)).await;
            assert_eq!(seen, Vec::from_iter(expected), "{country} {signal:?} {ignores_dnt}");
        }
    }
}

#[tokio::test]
async fn a_signal_is_honoured_and_said_so_in_the_united_states() {
    let layer = layer(policy().signal(Signal::Gpc, [Category::MARKETING]).regions(cloudflare()));
    let decision = decision_of(&layer, request(&[("cf-ipcountry", "US"), ("sec-gpc", "1")])).await;
    assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::Signal(Signal::Gpc));
    assert!(decision.allows(Category::ANALYTICS), "the letter of the law: sale and sharing");
    assert!(decision.honoured_signals().objects(Signal::Gpc));
}

/// An exemption passes where the law of the country exempts that very purpose, and nowhere else.
#[tokio::test]
async fn exemptions_are_those_that_the_law_knows() {
    let exempt = |names: &[Category]| {
        names
            .iter()
            .fold(Policy::builder(), |policy, name| policy.category(CategoryEntry::from(*name).exempt_until_objected()))
    };
    let statistics = Category::new("statistics").unwrap();
    for (names, gb, fr) in [
        (&[][..], true, true),
        (&[Category::ANALYTICS], true, true),
        (&[Category::FUNCTIONAL], true, false),
        (&[Category::ANALYTICS, Category::FUNCTIONAL], true, false),
        (&[Category::MARKETING], false, false),
        (&[Category::ANALYTICS, Category::MARKETING], false, false),
        (&[statistics], false, false),
    ] {
        let layer = layer(exempt(names).regions(cloudflare()));
        for (code, knows) in [("GB", gb), ("FR", fr), ("DE", false), ("GI", false), ("JE", false), ("RE", false)] {
            let expected = if knows { Regime::OptInWithExemptions } else { Regime::OptIn };
            assert_eq!(regime(&layer, &[("cf-ipcountry", code)]).await, expected, "{names:?} {code}");
        }
    }
    // The site knows better.
    let regions = cloudflare().country("FR", Regime::OptInWithExemptions).country("GB", Regime::OptIn);
    let layer = layer(exempt(&[statistics]).regions(regions));
    assert_eq!(regime(&layer, &[("cf-ipcountry", "FR")]).await, Regime::OptInWithExemptions);
    assert_eq!(regime(&layer, &[("cf-ipcountry", "GB")]).await, Regime::OptIn);
}

/// A refusal lives 400 days where any country of the policy can be opt-out, and its period elsewhere.
#[tokio::test]
async fn refusals_are_kept_where_something_can_pass_unasked() {
    let plain = || Policy::builder().cookies(Category::MARKETING, ["_fbp"]);
    let strict = || cloudflare().country("US", Regime::OptIn);
    for (policy, is_kept) in [
        (plain(), false),
        (plain().regions(cloudflare()), true),
        (plain().regions(strict()), false),
        (plain().regions(strict().elsewhere(Regime::OptOut)), true),
        (plain().regions(strict().country("CH", Regime::OptOut)), true),
        // Exemptions are possible, and something uses them.
        (policy().regions(strict()), true),
        (policy().regions(strict().country("GB", Regime::OptIn).country("FR", Regime::OptIn)), false),
    ] {
        let policy = policy.build().unwrap();
        assert_eq!(policy.refusal_lifetime().is_none(), is_kept, "{policy:?}");
    }
}

#[tokio::test]
async fn hooks_stand_beside_regions() {
    let builder = policy().regions(cloudflare()).stand_down(|parts| parts.uri.path() == "/health");
    let layer = layer(builder.narrow(|_| tower_consent::Narrow::categories([Category::MARKETING])));
    let headers = [COOKIES, ("cf-ipcountry", "US")];
    assert_eq!(cookies_seen(&layer, request(&headers)).await, ["_pk_id=1"]);
    let mut health = request(&headers);
    *health.uri_mut() = "/health".parse().unwrap();
    assert_eq!(cookies_seen(&layer, health).await, ["_pk_id=1; _fbp=2"]);
}

/// Regions cost a request nothing that is allocated.
#[test]
fn a_look_up_allocates_nothing() {
    let count = |policy: PolicyBuilder| {
        let layer = layer(policy);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let headers = [("cf-ipcountry", "US"), ("accept", "text/html")];
        let run = || runtime.block_on(serve(&layer, request(&headers), |_| response(&[])));
        run();
        allocation_counter::measure(|| _ = run()).count_total
    };
    let plain = || Policy::builder().cookies(Category::MARKETING, ["_fbp"]);
    assert_eq!(count(plain()), count(plain().regions(cloudflare())));
}

fn from_file(regions: &str) -> Result<Policy, ConfigError> {
    let text = format!("[[cookies]]\nname = \"_fbp\"\ncategory = \"marketing\"\n\n{regions}");
    toml::from_str::<PolicyBuilder>(&text).unwrap().build()
}

#[tokio::test]
async fn a_file_says_the_same() {
    let policy = from_file(
        "[regions]\ncountry_header = \"X-Akamai-Edgescape\"\nelsewhere = \"opt-out\"\n
         [regions.countries]\nCH = \"opt-out\"\nBR = \"opt-in-with-exemptions\"\nUS = \"opt-in\"\nXK = \"opt-in\"",
    );
    let layer = ConsentLayer::new(policy.unwrap());
    for (code, expected) in [
        ("CH", Regime::OptOut),
        ("BR", Regime::OptInWithExemptions),
        ("US", Regime::OptIn),
        ("XK", Regime::OptIn),
        ("CA", Regime::OptOut),
        ("DE", Regime::OptIn),
    ] {
        let value = format!("georegion=1,country_code={code}");
        assert_eq!(regime(&layer, &[("x-akamai-edgescape", &value)]).await, expected, "{code}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    use ConfigErrorKind as Kind;
    let header = "country_header = \"cf-ipcountry\"\n";
    let countries = |line: &str| from_file(&format!("[regions]\n{header}[regions.countries]\n{line}"));
    let built = |policy: PolicyBuilder| policy.regions(cloudflare()).build();
    let resolver = |policy: PolicyBuilder| policy.regime_resolver([HeaderName::from_static("x-a")], |_| Regime::OptIn);
    for (answer, place, value, kind) in [
        (countries("ZZ = \"opt-in\""), "regions.countries.ZZ", "ZZ", Kind::UnknownCountry),
        (countries("ch = \"opt-in\""), "regions.countries.ch", "ch", Kind::UnknownCountry),
        (countries("UK = \"opt-in\""), "regions.countries.UK", "UK", Kind::UnknownCountry),
        (countries("EU = \"opt-in\""), "regions.countries.EU", "EU", Kind::UnknownCountry),
        (countries("CHE = \"opt-in\""), "regions.countries.CHE", "CHE", Kind::UnknownCountry),
        (countries("\"\" = \"opt-in\""), "regions.countries.", "", Kind::UnknownCountry),
        (countries("\"CH CI\" = \"opt-in\""), "regions.countries.CH CI", "CH CI", Kind::UnknownCountry),
        (countries("CH = \"optout\""), "regions.countries.CH", "optout", Kind::UnknownRegime),
        (countries("CH = \"\""), "regions.countries.CH", "", Kind::UnknownRegime),
        (
            from_file(&format!("[regions]\n{header}elsewhere = \"Opt-In\"")),
            "regions.elsewhere",
            "Opt-In",
            Kind::UnknownRegime,
        ),
        (
            from_file("[regions]\ncountry_header = \"x country\""),
            "regions.country_header",
            "x country",
            Kind::BadHeaderName,
        ),
        (from_file("[regions]\ncountry_header = \"\""), "regions.country_header", "", Kind::BadHeaderName),
        (built(resolver(policy())), "regions.country_header", "cf-ipcountry", Kind::RegimeTwice),
        (built(policy().regime(Regime::OptOut)), "regime", "opt-out", Kind::RegimeTwice),
        (built(policy().signal(Signal::Gpc, SignalScope::Ignore)), "signals.gpc", "ignore", Kind::GpcIgnored),
        (built(policy().signal(Signal::Gpc, [Category::ANALYTICS])), "signals.gpc", "analytics", Kind::GpcIgnored),
        (
            Policy::builder()
                .cookies(Category::ANALYTICS, ["_ga"])
                .signal(Signal::Gpc, [])
                .regions(cloudflare())
                .build(),
            "signals.gpc",
            "",
            Kind::GpcIgnored,
        ),
    ] {
        let error = answer.unwrap_err();
        assert_eq!((error.place(), error.value(), error.kind()), (place, value, kind));
        assert!(error.to_string().contains(place) && error.to_string().contains(value), "{error}");
    }
    // Where nothing can be opt-out, nobody sells unasked.
    let strict = cloudflare().country("US", Regime::OptIn);
    assert!(policy().signal(Signal::Gpc, SignalScope::Ignore).regions(strict).build().is_ok());
    // Marketing is not there, and what is there is covered.
    let analytics = Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).regions(cloudflare());
    assert!(analytics.clone().signal(Signal::Gpc, [Category::ANALYTICS]).build().is_ok());
    assert!(Policy::builder().signal(Signal::Gpc, SignalScope::Ignore).regions(cloudflare()).build().is_ok());
    // Without a header, or with an unknown field, the file is wrong as such.
    for text in ["[regions]", "[regions]\ncountry_header = \"x\"\ncountry = \"DE\""] {
        assert!(toml::from_str::<PolicyBuilder>(text).is_err(), "{text}");
    }
}

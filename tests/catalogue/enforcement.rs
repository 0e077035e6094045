//! What happens to cookies under `unknown = "catalogue"`, through the real layer.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use time::macros::date;
use tower_consent::{
    Catalogue, Category, ConsentLayer, CookieEvent, Policy, PolicyBuilder, Preset, Reason, Regime, UnknownCookies,
    framework_cookie,
};

use crate::{
    common::{clock_at, cookies_seen, decision_of, lines, request, response, serve},
    naive::ROWS,
};

/// Without a functional category; one cookie of each of the others.
pub(crate) fn policy() -> PolicyBuilder {
    Policy::builder()
        .site_domain("example.com")
        .essential(["csrf"])
        .cookies(Category::ANALYTICS, ["own_stats"])
        .cookies(Category::MARKETING, ["own_ads"])
        .unknown(UnknownCookies::Catalogue)
}

pub(crate) fn layer(policy: PolicyBuilder) -> ConsentLayer {
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)))
}

type Field<'a> = (&'a str, &'a str);

pub(crate) const REFUSED: Field<'_> = ("cookie", "__Host-consent=1:1:2026-11-21!analytics!marketing");
const ANALYTICS: Field<'_> = ("cookie", "__Host-consent=1:1:2026-11-21+analytics!marketing");
const MARKETING: Field<'_> = ("cookie", "__Host-consent=1:1:2026-11-21!analytics+marketing");
const GRANTED: Field<'_> = ("cookie", "__Host-consent=1:1:2026-11-21+analytics+marketing");
const ALL: Field<'_> = ("cookie", "__Host-consent=1:1:2026-11-21+analytics+functional+marketing");
const DOCUMENT: Field<'_> = ("sec-fetch-dest", "document");

/// What reaches the handler beside the consent cookie, and what the observer hears.
async fn exchange(
    policy: PolicyBuilder,
    asks: &[Field<'_>],
    answer: &[Field<'_>],
) -> (Vec<String>, Vec<String>, Vec<String>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let layer = layer(policy).add_observer(move |event: &CookieEvent<'_>| {
        log.lock().unwrap().push(format!(
            "{} {} {}: {} {}{}",
            event.direction.as_str(),
            event.action.as_str(),
            event.name,
            event.category.map_or("-".to_owned(), |category| category.to_string()),
            event.reason.as_str(),
            if event.is_declared { " declared" } else { "" },
        ));
    });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let slot = Arc::clone(&seen);
    let answer = serve(&layer, request(asks), |request| {
        *slot.lock().unwrap() = lines(request.headers(), "cookie");
        response(answer)
    })
    .await;
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.retain(|line| !line.starts_with("__Host-consent"));
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    (seen, lines(answer.headers(), "set-cookie"), heard)
}

/// One cookie, on its way to the server: whether it passes, and the report.
#[tokio::test]
async fn an_undeclared_name_is_judged_as_its_category() {
    let gpc = ("sec-gpc", "1");
    let full = || policy().cookies(Category::FUNCTIONAL, ["own_theme"]);
    for (why, policy, asks, name, passes, report) in [
        ("nobody decided", policy(), &[][..], "_ga", false, "stripped _ga: analytics undecided"),
        ("refused", policy(), &[REFUSED], "_ga", false, "stripped _ga: analytics refused"),
        ("granted", policy(), &[ANALYTICS], "_ga", true, "passed _ga: analytics granted"),
        ("another is granted", policy(), &[ANALYTICS], "_fbp", false, "stripped _fbp: marketing refused"),
        ("by a prefix", policy(), &[ANALYTICS], "_pk_id.X1", true, "passed _pk_id.X1: analytics granted"),
        ("by a prefix, refused", policy(), &[REFUSED], "_gac_X1", false, "stripped _gac_X1: marketing refused"),
        ("exact before prefix", policy(), &[ANALYTICS], "euconsent", false, "stripped euconsent: marketing refused"),
        ("a signal", policy(), &[GRANTED, gpc], "_fbp", false, "stripped _fbp: marketing gpc"),
        ("opt-out", policy().regime(Regime::OptOut), &[], "_fbp", true, "passed _fbp: marketing undecided"),
        (
            "opt-out, refused",
            policy().regime(Regime::OptOut),
            &[REFUSED],
            "_fbp",
            false,
            "stripped _fbp: marketing refused",
        ),
        // No category of that name: nobody was asked.
        (
            "not in the policy",
            policy(),
            &[GRANTED],
            "_hjCookieTest",
            false,
            "stripped _hjCookieTest: functional not-in-policy",
        ),
        (
            "not in the policy, opt-out",
            policy().regime(Regime::OptOut),
            &[],
            "__stripe_mid",
            false,
            "stripped __stripe_mid: functional not-in-policy",
        ),
        ("functional", full(), &[ALL], "__stripe_mid", true, "passed __stripe_mid: functional granted"),
        // Never essential, whatever the database says: this one is Security there.
        ("security", full(), &[], "__stripe_mid", false, "stripped __stripe_mid: functional undecided"),
        // What it does not know is stripped.
        ("unknown", full(), &[ALL], "nobody_knows", false, "stripped nobody_knows: - unknown-cookie"),
        // Known, by two, three and four bytes.
        ("a short prefix", full(), &[ALL], "_sx", false, "stripped _sx: - unknown-cookie"),
        ("a short prefix", full(), &[ALL], "capx", false, "stripped capx: - unknown-cookie"),
        ("a short prefix", full(), &[ALL], "_ga_X1", false, "stripped _ga_X1: - unknown-cookie"),
        // An own name of a framework: it passes, and is told.
        ("a framework's", policy(), &[REFUSED], "sessionid", true, "passed sessionid: - unknown-cookie"),
        ("a framework's", policy(), &[REFUSED], "_session_id", true, "passed _session_id: - unknown-cookie"),
    ] {
        let cookie = format!("{name}=1");
        let asks: Vec<_> = asks.iter().copied().chain([("cookie", &*cookie)]).collect();
        let line = format!("{name}=2; Path=/");
        let (seen, set, heard) = exchange(policy, &asks, &[("set-cookie", &line)]).await;
        assert_eq!(seen, if passes { vec![cookie] } else { vec![] }, "{why}: {name}");
        assert_eq!(set, if passes { vec![line] } else { vec![] }, "{why}: {name}");
        assert_eq!(heard, [format!("request {report}"), format!("response {report}")], "{why}");
    }
}

/// Rules and presets of the policy come first, and nothing is told of what they let pass.
#[tokio::test]
async fn the_policys_own_rules_come_first() {
    let own = || {
        policy().essential(["_fbp", "_gac_*"]).cookies(Category::MARKETING, ["_ga", "sessionid"]).preset(Preset::Stripe)
    };
    let asks = [ANALYTICS, ("cookie", "_fbp=1; _gac_x=2; _ga=3; sessionid=4; __stripe_mid=5; _gid=6")];
    let (seen, _, heard) = exchange(own(), &asks, &[]).await;
    assert_eq!(seen, ["_fbp=1; _gac_x=2; __stripe_mid=5; _gid=6"]);
    assert_eq!(
        heard,
        [
            "request stripped _ga: marketing refused declared",
            "request stripped sessionid: marketing refused declared",
            "request passed _gid: analytics granted",
        ]
    );
}

/// DESIGN 3: the layer expires what a rule declares, and nothing else.
#[tokio::test]
async fn only_declared_names_are_expired() {
    let asks = [REFUSED, DOCUMENT, ("cookie", "_ga=1; own_stats=2; _fbp=3")];
    let (seen, set, _) = exchange(policy(), &asks, &[]).await;
    assert!(seen.is_empty());
    assert!(!set.is_empty() && set.iter().all(|line| line.starts_with("own_stats=;")), "{set:?}");
}

/// A deletion passes; a choice that the answer sets opens and closes in that answer.
#[tokio::test]
async fn answers_are_judged_as_with_a_rule() {
    let deletion = "_ga=; Max-Age=0; Path=/";
    let (_, set, _) = exchange(policy(), &[REFUSED], &[("set-cookie", deletion), ("set-cookie", "_fbp=1")]).await;
    assert_eq!(set, [deletion]);

    let consent = "__Host-consent=1:1:2026-11-21+analytics!marketing; Secure; Path=/";
    let answer = [("set-cookie", "_ga=1"), ("set-cookie", "_fbp=2"), ("set-cookie", consent)];
    let (_, set, _) = exchange(policy(), &[], &answer).await;
    assert_eq!(set, ["_ga=1", consent]);
    let consent = "__Host-consent=1:1:2026-11-21!analytics!marketing; Secure; Path=/";
    let (_, set, _) = exchange(policy(), &[GRANTED], &[("set-cookie", "_ga=1"), ("set-cookie", consent)]).await;
    assert!(set.contains(&consent.to_owned()) && !set.contains(&"_ga=1".to_owned()), "{set:?}");
}

/// Report-only tells the same, and touches nothing.
#[tokio::test]
async fn report_only_touches_nothing() {
    let asks = [REFUSED, ("cookie", "_ga=1; nobody_knows=2")];
    let (seen, set, heard) = exchange(policy().report_only(), &asks, &[("set-cookie", "_fbp=1")]).await;
    assert_eq!((seen, set), (vec!["_ga=1; nobody_knows=2".to_owned()], vec!["_fbp=1".to_owned()]));
    assert_eq!(
        heard,
        [
            "request stripped _ga: analytics refused",
            "request stripped nobody_knows: - unknown-cookie",
            "response stripped _fbp: marketing refused",
        ]
    );
}

/// R50, R67, R71: a name that some parsers read as a refused one, as a declared one or as a framework's does not pass.
#[tokio::test]
async fn look_alikes_are_stripped() {
    let own = || policy().essential(["_gac_own"]);
    for (name, consent, verdict) in [
        ("%5Fga", GRANTED, Err(Reason::UnknownCookie)),
        ("_ga\u{a0}", GRANTED, Err(Reason::UnknownCookie)),
        // What both readers see is allowed.
        ("_pk_id%41", ANALYTICS, Ok(Reason::Granted)),
        ("_pk_id%41", REFUSED, Err(Reason::Refused)),
        // A declared one.
        ("_gac_o%77n", GRANTED, Err(Reason::Disguised)),
        ("_gac_%67b_x", GRANTED, Ok(Reason::Granted)),
        // By its prefix it is marketing, and others see a name that is listed as statistics.
        ("amplitude_id%5Fx", GRANTED, Ok(Reason::Granted)),
        ("amplitude_id%5Fx", MARKETING, Err(Reason::Disguised)),
        // A framework's.
        ("next-auth.session%2Dtoken", GRANTED, Err(Reason::Disguised)),
        ("sessionid%20", GRANTED, Err(Reason::UnknownCookie)),
        ("\u{2000}sessionid", GRANTED, Err(Reason::UnknownCookie)),
        // One of the library's own.
        ("__Host%2Dconsent", GRANTED, Err(Reason::UnknownCookie)),
    ] {
        let layer = layer(own());
        let cookie = format!("{name}=1");
        let decision = decision_of(&layer, request(&[consent])).await;
        let found = decision.cookie_verdict(name.as_bytes());
        assert_eq!(found.is_allowed().then_some(found.reason()).ok_or(found.reason()), verdict, "{name}");
        let seen = cookies_seen(&layer, request(&[consent, ("cookie", &cookie)])).await;
        assert_eq!(seen.len(), 1 + usize::from(verdict.is_ok()), "{name}: {seen:?}");
    }
}

/// Every name of the CSV, through the layer: what passes is what the verdict says, and what the catalogue, the list of
/// frameworks and the choice say.
#[tokio::test]
async fn every_listed_name_passes_or_goes_as_its_category_does() {
    // A blank or a control character at the end never comes from a browser.
    let names: BTreeSet<_> = ROWS.iter().map(|row| row.name.as_str()).filter(|name| !name.ends_with('\t')).collect();
    let line: Vec<_> = names.iter().map(|name| format!("{name}=1")).collect();
    let line = line.join("; ");
    let policy = || policy().cookies(Category::FUNCTIONAL, ["own_theme"]);
    for (consent, allowed) in [
        (REFUSED, &[][..]),
        (("cookie", "__Host-consent=1:1:2026-11-21+analytics!functional!marketing"), &["analytics"]),
        (("cookie", "__Host-consent=1:1:2026-11-21!analytics+functional+marketing"), &["functional", "marketing"]),
        (ALL, &["analytics", "functional", "marketing"]),
    ] {
        let layer = layer(policy());
        let seen = cookies_seen(&layer, request(&[consent, ("cookie", &line)])).await;
        let seen: BTreeSet<_> =
            seen.iter().skip(1).flat_map(|line| line.split("; ")).map(|pair| pair.trim_end_matches("=1")).collect();
        let decision = decision_of(&layer, request(&[consent])).await;
        for name in &names {
            let entry = Catalogue::lookup(name.as_bytes()).unwrap();
            let is_framework = framework_cookie(name.as_bytes()).is_some();
            let is_short = entry.prefix.is_some_and(|prefix| prefix.len() < 5);
            let passes = is_framework || (!is_short && allowed.contains(&entry.category.as_str()));
            let shown = name.escape_default_ascii();
            assert_eq!(seen.contains(&*shown), passes, "{name} under {consent:?}");
            let verdict = decision.cookie_verdict(name.as_bytes());
            assert_eq!(verdict.is_allowed(), passes, "{name} under {consent:?}: {verdict}");
        }
    }
}

/// How `lines` shows a name.
trait Shown {
    fn escape_default_ascii(&self) -> String;
}

impl Shown for &str {
    fn escape_default_ascii(&self) -> String {
        self.as_bytes().escape_ascii().to_string()
    }
}

/// In a file, and back.
#[test]
fn a_file_says_it() {
    let file: PolicyBuilder = toml::from_str("unknown = \"catalogue\"").unwrap();
    assert!(file.build().is_ok());
    let text = serde_json::to_string(&UnknownCookies::Catalogue).unwrap();
    assert_eq!(text, "\"catalogue\"");
}

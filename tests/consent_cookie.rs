//! The consent cookie: what is written, what is read, who can forge it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{clock_at, decision_of, lines, request, response, serve};
use proptest::prelude::*;
use time::{Date, macros::date};
use tower_consent::{
    Category, ConsentChange, ConsentContext, ConsentCookie, ConsentLayer, Decision, ManualClock, Policy, PolicyBuilder,
    Reason, Regime, Revision, SameSite, Selection, ServiceEntry, Signal, UndecidedReason,
};

const TODAY: Date = date!(2026 - 11 - 21);
const KEY: [u8; 32] = [7; 32];
const OTHER_KEY: [u8; 32] = [8; 32];

fn built_in() -> PolicyBuilder {
    Policy::builder().category("functional").category("analytics").category("marketing")
}

fn layer(policy: PolicyBuilder) -> ConsentLayer {
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(TODAY))
}

/// The `Set-Cookie` lines of an answer in which a handler changes the consent.
async fn change(
    layer: &ConsentLayer,
    headers: &[(&str, &str)],
    change: impl FnOnce(&Decision) -> ConsentChange,
) -> Vec<String> {
    let response = serve(layer, request(headers), |request| {
        let mut answer = response(&[]);
        change(ConsentContext::of(request.extensions()).unwrap().decision()).apply(answer.headers_mut());
        answer
    })
    .await;
    lines(response.headers(), "set-cookie")
}

fn value_of(line: &str) -> &str {
    line.split_once('=').unwrap().1.split(';').next().unwrap()
}

async fn verdict(layer: &ConsentLayer, value: &str) -> Reason {
    let cookie = format!("__Host-consent={value}");
    decision_of(layer, request(&[("cookie", &cookie)])).await.verdict(Category::ANALYTICS).reason()
}

/// R118, R104: the attributes, the day and not the second, nothing that tells visitors apart.
#[tokio::test]
async fn it_is_written_with_every_attribute() {
    let layer = layer(built_in());
    for (headers, is, value, max_age) in [
        (&[][..], "all", "1:1:2026-11-21+functional+analytics+marketing", date!(2027 - 05 - 21)),
        (&[], "none", "1:1:2026-11-21!functional!analytics!marketing", date!(2027 - 05 - 22)),
        (&[], "one", "1:1:2026-11-21!functional+analytics!marketing", date!(2027 - 05 - 22)),
        (&[("dnt", "1")], "one", "1:1:2026-11-21!functional+analytics!marketing:d", date!(2027 - 05 - 22)),
        (
            &[("dnt", "1"), ("sec-gpc", "1")],
            "all",
            "1:1:2026-11-21+functional+analytics+marketing:dg",
            date!(2027 - 05 - 21),
        ),
    ] {
        let written = change(&layer, headers, |decision| match is {
            "all" => decision.grant_all_unrecorded(),
            "none" => decision.withdraw(),
            _ => decision.choose_unrecorded(&Selection::none().grant(Category::ANALYTICS)).unwrap(),
        })
        .await;
        let seconds = (max_age - TODAY).whole_seconds();
        let [line] = written.as_slice() else { panic!("one line: {written:?}") };
        let mut attributes: Vec<_> = line.split("; ").collect();
        assert_eq!(attributes.remove(0), format!("__Host-consent={value}"));
        attributes.sort_unstable();
        let max_age = format!("Max-Age={seconds}");
        assert_eq!(attributes, ["HttpOnly", &max_age, "Path=/", "SameSite=Lax", "Secure"]);
    }
}

/// R41: cookie-octets only; small; the authenticated part fits one SHA-256 block.
#[tokio::test]
async fn it_is_small_and_made_of_cookie_octets() {
    let signed = built_in().revision(Revision::new(99_999_999)).mac_key("k1", KEY);
    let written = change(&layer(signed), &[("dnt", "1"), ("sec-gpc", "1")], Decision::grant_all_unrecorded).await;
    let value = value_of(&written[0]);
    assert!(value.len() <= 128, "{} bytes: {value}", value.len());
    let (message, _) = value.split_once('~').unwrap();
    assert!(message.len() <= 55, "{} bytes: {message}", message.len());
    let is_octet = |byte: u8| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
    assert!(value.bytes().all(is_octet), "{value}");
}

#[tokio::test]
async fn its_settings_are_the_policys() {
    for (cookie, name, has, lacks) in [
        (ConsentCookie::plain_http(), "consent", "HttpOnly", "Secure"),
        (ConsentCookie::shared("example.com"), "__Secure-consent", "Domain=example.com", "SameSite=None"),
        (ConsentCookie::default().script_readable(), "__Host-consent", "Secure", "HttpOnly"),
        (ConsentCookie::default().with_same_site(SameSite::None), "__Host-consent", "SameSite=None", "SameSite=Lax"),
        (ConsentCookie::default().with_name("__Host-Http-choice"), "__Host-Http-choice", "HttpOnly", "Domain"),
    ] {
        let written = change(&layer(built_in().consent_cookie(cookie)), &[], Decision::refuse_all).await;
        let line = &written[0];
        assert!(line.starts_with(&format!("{name}=1:1:")), "{line}");
        assert!(line.contains(&format!("; {has}")) && !line.contains(lacks), "{line}");
    }
}

/// R73: who changes a byte, moves the value to another cookie name, or signs with another key is not believed; keys rotate.
#[tokio::test]
async fn only_the_policys_keys_are_believed() {
    let old = layer(built_in().mac_key("k1", KEY));
    let written = change(&old, &[], Decision::grant_all_unrecorded).await;
    let value = value_of(&written[0]).to_owned();
    assert_eq!(verdict(&old, &value).await, Reason::Granted);

    let rotated = layer(built_in().mac_key("k2", OTHER_KEY).mac_key("k1", KEY));
    assert_eq!(verdict(&rotated, &value).await, Reason::Granted, "the old key still verifies");
    let newer = change(&rotated, &[], Decision::grant_all_unrecorded).await;
    assert!(value_of(&newer[0]).contains("~k2~"), "the first key signs");

    let unauthentic = Reason::Undecided(UndecidedReason::Unauthentic);
    let gone = layer(built_in().mac_key("k2", OTHER_KEY));
    let reused_id = layer(built_in().mac_key("k1", OTHER_KEY));
    let no_keys = layer(built_in());
    for layer in [&gone, &reused_id, &no_keys] {
        assert_eq!(verdict(layer, &value).await, unauthentic);
    }
    let (message, seal) = value.split_once('~').unwrap();
    for forged in [
        message.to_owned(),
        format!("{message}~"),
        format!("{message}~k1~"),
        format!("{message}~k2~{}", seal.trim_start_matches("k1~")),
        format!("{}~{seal}", message.replace("+marketing", "!marketing")),
        format!("{value}A"),
        format!("{value}="),
        value[..value.len() - 1].to_owned(),
        format!("{value}~k1~"),
    ] {
        assert_eq!(verdict(&old, &forged).await, unauthentic, "{forged}");
    }
    // Every single byte counts.
    for place in 0..value.len() {
        let mut bytes = value.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(bytes).unwrap();
        assert_ne!(verdict(&old, &forged).await, Reason::Granted, "{forged}");
    }
    let other_name = built_in().mac_key("k1", KEY).consent_cookie(ConsentCookie::default().with_name("__Host-other"));
    let moved = format!("__Host-other={value}");
    let decision = decision_of(&layer(other_name), request(&[("cookie", &moved)])).await;
    assert_eq!(decision.verdict(Category::ANALYTICS).reason(), unauthentic, "bound to the cookie's name");
}

/// R118: what is not the format, to the byte, is malformed; names that the policy no longer has are passed over.
#[tokio::test]
async fn what_is_not_the_format_is_undecided() {
    let layer = layer(built_in().service_entry(ServiceEntry::new("matomo", "analytics")));
    for (value, reason) in [
        ("1:1:2026-11-21+analytics", Reason::Granted),
        ("1:1:2026-11-21+gone!away+@nobody+analytics", Reason::Granted),
        ("1:1:2026-11-21+analytics:dg#AAAAAAAAAAAAAAAAAAAAAA", Reason::Granted),
        ("1:1:2026-11-21!analytics", Reason::Refused),
    ] {
        assert_eq!(verdict(&layer, value).await, reason, "{value}");
    }
    for value in [
        "",
        "1",
        "1:",
        "1:1",
        "1:1:",
        "2:1:2026-11-21+analytics",
        "1:01:2026-11-21+analytics",
        "1:0:2026-11-21+analytics",
        "1:100000000:2026-11-21+analytics",
        "1:-1:2026-11-21+analytics",
        "1:1:2026-11-31+analytics",
        "1:1:2026-13-01+analytics",
        "1:1:26-11-21+analytics",
        "1:1:2026-11-21+",
        "1:1:2026-11-21+Analytics",
        "1:1:2026-11-21+analytics+analytics",
        "1:1:2026-11-21+analytics!analytics",
        "1:1:2026-11-21 +analytics",
        "1:1:2026-11-21+analytics:",
        "1:1:2026-11-21+analytics:gd",
        "1:1:2026-11-21+analytics:x",
        "1:1:2026-11-21+analytics#",
        "1:1:2026-11-21+analytics#short",
        "1:1:2026-11-21+analytics!",
        "1:1:2026-11-21analytics",
        "1:1:2026-11-21+analytics,",
        "\"1:1:2026-11-21+analytics\"",
        "1:1:2026-11-21+analytics#AAAAAAAAAAAAAAAAAAAAAAA",
        "1:1:2026-11-21+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "true",
        "yes",
        "{\"analytics\":true}",
    ] {
        assert_eq!(verdict(&layer, value).await, Reason::Undecided(UndecidedReason::Malformed), "{value}");
    }
}

/// R53, R69: two that differ are ambiguous, on one line or on two; two that are equal are one.
#[tokio::test]
async fn a_second_cookie_that_differs_makes_both_worthless() {
    let layer = layer(built_in());
    let (yes, no) = ("__Host-consent=1:1:2026-11-21+analytics", "__Host-consent=1:1:2026-11-21!analytics");
    let both = format!("{yes}; a=b; {no}");
    let ambiguous = Reason::Undecided(UndecidedReason::Ambiguous);
    let twice = format!("{yes}; {yes}");
    for (headers, reason) in [
        (&[("cookie", both.as_str())][..], ambiguous),
        (&[("cookie", yes), ("cookie", no)], ambiguous),
        (&[("cookie", no), ("cookie", yes)], ambiguous),
        (&[("cookie", twice.as_str())], Reason::Granted),
        (&[("cookie", yes), ("cookie", yes)], Reason::Granted),
        (&[("cookie", "__host-consent=1:1:2026-11-21!analytics"), ("cookie", yes)], Reason::Granted),
    ] {
        let decision = decision_of(&layer, request(headers)).await;
        assert_eq!(decision.verdict(Category::ANALYTICS).reason(), reason, "{headers:?}");
        assert!(reason == Reason::Granted || !decision.allows(Category::MARKETING));
    }
}

#[tokio::test]
async fn a_choice_names_everything_that_was_offered() {
    let policy = built_in()
        .service_entry(ServiceEntry::new("matomo", "analytics"))
        .service_entry(ServiceEntry::new("youtube", "marketing"))
        .service_entry(ServiceEntry::new("stripe", "essential"));
    let layer = layer(policy);
    for (selection, value) in [
        (Selection::none(), "1:1:2026-11-21!functional!analytics!marketing"),
        (Selection::all(), "1:1:2026-11-21+functional+analytics+marketing"),
        (Selection::all().refuse_service("youtube"), "1:1:2026-11-21+functional+analytics+marketing!@youtube"),
        (
            Selection::none().grant_service("matomo").refuse_service("youtube"),
            "1:1:2026-11-21!functional!analytics!marketing+@matomo",
        ),
        (
            Selection::none().grant(Category::MARKETING).grant_service("youtube"),
            "1:1:2026-11-21!functional!analytics+marketing",
        ),
    ] {
        let written = change(&layer, &[], |decision| decision.choose_unrecorded(&selection).unwrap()).await;
        assert_eq!(value_of(&written[0]), value);
    }
    let decision = decision_of(&layer, request(&[])).await;
    for (selection, message) in [
        (Selection::none().grant(Category::ESSENTIAL), "category \"essential\""),
        (Selection::none().grant(Category::new("social").unwrap()), "category \"social\""),
        (Selection::none().grant_service("nobody"), "service \"nobody\""),
        (Selection::all().refuse_service("stripe"), "service \"stripe\""),
    ] {
        let error = decision.choose_unrecorded(&selection).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let value = "__Host-consent=1:1:2026-11-21!functional!analytics+marketing+@matomo!@youtube:g";
    let decision = decision_of(&layer, request(&[("cookie", value)])).await;
    let choice = decision.choice().unwrap();
    assert_eq!(choice.granted().collect::<Vec<_>>(), [Category::MARKETING]);
    assert_eq!(choice.refused().collect::<Vec<_>>(), [Category::FUNCTIONAL, Category::ANALYTICS]);
    assert_eq!(choice.granted_services().collect::<Vec<_>>(), ["matomo"]);
    assert_eq!(choice.refused_services().collect::<Vec<_>>(), ["youtube"]);
    assert_eq!((choice.revision(), choice.day(), choice.record_id()), (1, TODAY, None));
    assert!(choice.signals().objects(Signal::Gpc) && !choice.signals().objects(Signal::Dnt));
}

/// A grant that a signal closes for good is not written, so that it cannot open when the signal goes away; what the same
/// answer refuses is written.
#[tokio::test]
async fn a_grant_that_a_signal_always_closes_is_not_written() {
    let policy = || built_in().signal(Signal::Gpc, [Category::MARKETING]).signal_always();
    let layer = layer(policy());
    let written = change(&layer, &[("sec-gpc", "1")], Decision::grant_all_unrecorded).await;
    assert_eq!(value_of(&written[0]), "1:1:2026-11-21+functional+analytics:g");
    let only = Selection::none().grant(Category::MARKETING);
    let written = change(&layer, &[("sec-gpc", "1")], |decision| {
        let change = decision.choose_unrecorded(&only).unwrap();
        assert!(change.closed_by_signal().contains(Category::MARKETING));
        change
    })
    .await;
    assert_eq!(value_of(&written[0]), "1:1:2026-11-21!functional!analytics:g");
    let everything = self::layer(built_in().signal_always());
    let written = change(&everything, &[("dnt", "1")], |decision| {
        let change = decision.grant_all_unrecorded();
        assert_eq!((change.header_value(), change.closed_by_signal().len()), (None, 3));
        change
    })
    .await;
    assert_eq!(written, [""; 0]);
}

/// An earlier refusal of what a signal closes stays written, so that nothing opens when the signal goes.
#[tokio::test]
async fn a_closed_grant_lifts_no_earlier_refusal() {
    let layer = layer(built_in().regime(Regime::OptOut).signal(Signal::Gpc, [Category::MARKETING]).signal_always());
    let held = ("cookie", "__Host-consent=1:1:2026-11-20!functional!analytics!marketing");
    let written = change(&layer, &[("sec-gpc", "1"), held], Decision::grant_all_unrecorded).await;
    assert_eq!(value_of(&written[0]), "1:1:2026-11-21+functional+analytics!marketing:g");
}

/// Whether everything was refused is judged by what was offered then, not by what the policy has now.
#[tokio::test]
async fn names_that_are_gone_still_count_as_offered() {
    let layer = layer(Policy::builder().regime(Regime::OptOut).category("analytics").category("marketing"));
    for (value, analytics) in [
        ("1:1:2026-11-20!statistics", Reason::Refused),
        ("1:1:2026-11-20+social!marketing", Reason::NewCategory),
        ("1:1:2026-11-20!social!marketing", Reason::Refused),
    ] {
        assert_eq!(verdict(&layer, value).await, analytics, "{value}");
        // Such a cookie is not written again: it would lose the names.
        let cookie = format!("__Host-consent={}", value.replace("2026-11-20", "2026-01-01"));
        let page = [("cookie", cookie.as_str()), ("sec-fetch-dest", "document")];
        let answer = serve(&layer, request(&page), |_| response(&[])).await;
        assert_eq!(lines(answer.headers(), "set-cookie"), [""; 0]);
    }
}

/// A refusal outlives its grant-free cookie where a regime can be opt-out, and is renewed as it is; a grant never is.
#[tokio::test]
async fn a_refusal_never_lapses_where_a_regime_can_be_opt_out() {
    let policy = || built_in().regime(Regime::OptOut);
    let clock = clock_at(TODAY);
    let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(clock.clone());
    let written = change(&layer, &[], Decision::refuse_all).await;
    assert!(written[0].contains("Max-Age=34560000"), "400 days: {}", written[0]);
    let granted = change(&layer, &[], Decision::grant_all_unrecorded).await;
    assert!(!granted[0].contains("Max-Age=34560000"), "six months: {}", granted[0]);

    let refusal = written[0].split(';').next().unwrap().to_owned();
    let page = [("cookie", refusal.as_str()), ("sec-fetch-dest", "document")];
    for (days, is_renewed) in [(1, false), (199, false), (201, true), (4_000, true)] {
        clock.set(clock_unix(TODAY) + days * 86_400);
        let decision = decision_of(&layer, request(&page)).await;
        assert_eq!(decision.verdict(Category::ANALYTICS).reason(), Reason::Refused, "after {days} days");
        let answer = serve(&layer, request(&page), |_| response(&[])).await;
        let again = lines(answer.headers(), "set-cookie");
        assert_eq!(again.len(), usize::from(is_renewed), "after {days} days: {again:?}");
        if is_renewed {
            assert_eq!(again[0].split(';').next().unwrap(), refusal, "day and grants as they were");
            assert!(again[0].contains("Max-Age=34560000"));
            assert_eq!(lines(answer.headers(), "cache-control"), ["private"]);
        }
        let image = [("cookie", refusal.as_str()), ("sec-fetch-dest", "image")];
        let answer = serve(&layer, request(&image), |_| response(&[])).await;
        assert_eq!(lines(answer.headers(), "set-cookie"), [""; 0]);
        let grant = granted[0].split(';').next().unwrap();
        let page = [("cookie", grant), ("sec-fetch-dest", "document")];
        let answer = serve(&layer, request(&page), |_| response(&[])).await;
        assert_eq!(lines(answer.headers(), "set-cookie"), [""; 0], "a grant is never written again");
    }
}

fn clock_unix(day: Date) -> i64 {
    day.midnight().assume_utc().unix_timestamp()
}

/// Max-Age is what is left, so that a browser never keeps a grant longer than the policy says.
#[tokio::test]
async fn max_age_is_what_is_left_of_the_day() {
    let clock = ManualClock::at(clock_unix(TODAY) + 86_399);
    let layer = ConsentLayer::new(built_in().build().unwrap()).with_clock(clock);
    let written = change(&layer, &[], Decision::grant_all_unrecorded).await;
    let left = (date!(2027 - 05 - 21) - TODAY).whole_seconds() - 86_399;
    assert!(written[0].contains(&format!("Max-Age={left}")), "{}", written[0]);
}

/// T2, R104: two visitors who answer alike on a day hold the same cookie.
#[tokio::test]
async fn it_tells_no_two_visitors_apart() {
    let layer = layer(built_in().mac_key("k1", KEY));
    for answer in [Decision::refuse_all, Decision::grant_all_unrecorded] {
        let first = change(&layer, &[("user-agent", "a")], answer).await;
        let second = change(&layer, &[("user-agent", "b"), ("cookie", "x=y")], answer).await;
        assert_eq!(first, second);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("CI").is_some() { 100_000 } else { 5_000 }))]

    /// Any bytes give an answer, and noise never is a grant.
    #[test]
    fn reading_is_total_and_noise_is_no_grant(noise in proptest::collection::vec(any::<u8>(), 0..80), shape in 0..4u8) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut value: Vec<u8> = noise.into_iter().filter(|byte| !matches!(byte, 0..=0x1f | 0x7f | b';')).collect();
        match shape {
            0 => {}
            1 => drop(value.splice(0..0, *b"1:1:2026-11-21")),
            2 => drop(value.splice(0..0, *b"1:1:2026-11-21+analytics~k1~")),
            _ => value.extend(b"~k1~AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        }
        let mut with_value = request(&[]);
        let line = [b"__Host-consent=", value.as_slice()].concat();
        with_value.headers_mut().insert("cookie", http::HeaderValue::from_bytes(&line).unwrap());
        let layer = layer(built_in().mac_key("k1", KEY));
        let decision = runtime.block_on(decision_of(&layer, with_value));
        prop_assert!(!decision.allows(Category::ANALYTICS) && !decision.allows(Category::MARKETING));
    }
}

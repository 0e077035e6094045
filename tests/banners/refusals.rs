//! A refusal that must not get lost on its way: between copies, sources, scopes, signals and requests.

use http::{Response, header};
use serde_json::json;
use time::macros::date;
use tower_consent::{
    Banner, Category, ConsentContext, ConsentCookie, ConsentLayer, ConsentSource, Decision, ManualClock, Policy,
    PolicyBuilder, Reason, Regime, Reissue, Revision, SameSite, Scope, Signal, SignalScope, UndecidedReason,
};

use super::common::{clock_at, decision_of, request, response, serve};

fn layer(policy: Policy) -> ConsentLayer {
    ConsentLayer::new(policy).with_clock(clock_at(date!(2026 - 11 - 22)))
}

async fn read(policy: PolicyBuilder, headers: &[(&str, &str)]) -> Decision {
    decision_of(&layer(policy.build().unwrap()), request(headers)).await
}

fn klaro() -> ConsentSource {
    ConsentSource::banner(Banner::Klaro)
        .category(Category::ANALYTICS, ["matomo"])
        .category(Category::MARKETING, ["pixel"])
}

const KLARO_ALL: &str = "klaro=%7B%22matomo%22%3Atrue%2C%22pixel%22%3Atrue%7D";
const KLARO_NONE: &str = "klaro=%7B%22matomo%22%3Afalse%2C%22pixel%22%3Afalse%7D";

/// The value of our own cookie for a choice.
async fn own(policy: PolicyBuilder, grants: bool) -> String {
    let decision = read(policy, &[]).await;
    let change = if grants { decision.grant_all_unrecorded() } else { decision.refuse_all() };
    change.header_value().unwrap().to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// The lines that an answer sets in which a handler withdraws.
async fn withdrawn(policy: PolicyBuilder, headers: &[(&str, &str)]) -> Vec<String> {
    let answer = serve(&layer(policy.build().unwrap()), request(headers), |request| {
        let mut answer = Response::new(());
        ConsentContext::of(request.extensions()).unwrap().decision().withdraw().apply(answer.headers_mut());
        answer
    })
    .await;
    let lines = answer.headers().get_all(header::SET_COOKIE).iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// A value of vanilla-cookieconsent 3.
fn cookieconsent(day: &str, accepted: &[&str], end_seconds: i64) -> String {
    let value = json!({
        "categories": accepted, "revision": 1, "data": null, "consentTimestamp": format!("{day}T09:00:00.000Z"),
        "consentId": "0d2f5c1e-6a5b-4b7e-9a39-1f0f6f1d2c3b",
        "services": { "necessary": [], "functionality": [], "analytics": [], "marketing": [] },
        "languageCode": "en", "lastConsentTimestamp": format!("{day}T09:00:00.000Z"),
        "expirationTime": end_seconds * 1_000,
    });
    let encoded: String = value.to_string().bytes().fold(String::new(), |text, byte| {
        if byte.is_ascii_alphanumeric() { text + &char::from(byte).to_string() } else { format!("{text}%{byte:02X}") }
    });
    format!("cc_cookie={encoded}")
}

const ALL: &[&str] = &["necessary", "functionality", "analytics", "marketing"];
const FAR: i64 = 1_900_000_000;

async fn reissued(reissue: Reissue, cookies: &str) -> Vec<String> {
    let source = ConsentSource::banner(Banner::CookieConsentV3).reissue(reissue);
    let policy = super::policy().source(source).build().unwrap();
    let headers = [("sec-fetch-dest", "document"), ("cookie", cookies)];
    let answer = serve(&layer(policy), request(&headers), |_| response(&[])).await;
    let lines = answer.headers().get_all(header::SET_COOKIE).iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// Browsers send the older of two copies first: set again, it would take the place of the newer refusal.
#[tokio::test]
async fn of_copies_that_differ_none_is_set_again() {
    let older = cookieconsent("2026-11-20", ALL, FAR);
    let newer = cookieconsent("2026-11-21", &["necessary"], FAR);
    let none: [String; 0] = [];
    for cookies in [format!("{older}; {newer}"), format!("{newer}; {older}")] {
        assert_eq!(reissued(Reissue::default(), &cookies).await, none, "{cookies}");
    }
    assert_eq!(reissued(Reissue::default(), &format!("{newer}; {newer}")).await.len(), 1);
}

/// The end that the banner's value itself names is one of the choice's own.
#[tokio::test]
async fn a_cookie_is_not_set_again_beyond_the_end_that_it_names() {
    let end = (date!(2026 - 12 - 22).midnight()).assume_utc().unix_timestamp();
    let value = cookieconsent("2026-11-20", ALL, end);
    let lines = reissued(Reissue::default(), &value).await;
    assert_eq!(lines, [format!("{value}; Path=/; Max-Age={}; Secure; SameSite=Lax", 30 * 86_400)]);
}

/// All purposes are consented to.
const TCF: &str = "CQuFeUAQuFeUAAfAHBENCOFgAP_gAEPgAAYgF5wBYAAgAEAAoAGgAWwF5gXnAFgACAAQACgAaABbAXmAAAAA";

/// A site that maps the purposes itself has not thereby turned off objections.
#[tokio::test]
async fn an_opt_out_counts_beside_a_mapping_of_purposes() {
    let gpp = || ConsentSource::banner(Banner::Gpp).category(Category::MARKETING, ["1", "2"]);
    for source in [gpp(), ConsentSource::banner(Banner::Gpp).category(Category::MARKETING, ["1", "sale"])] {
        let policy = || super::policy().regime(Regime::OptOut).source(source.clone());
        let out = read(policy(), &[("cookie", "__gpp=DBABTA~1YYN")]).await;
        assert_eq!(out.verdict(Category::MARKETING).reason(), Reason::Refused);
        assert!(read(policy(), &[("cookie", "__gpp=DBABTA~1YNN")]).await.allows(Category::MARKETING));
    }
    // With an EU section beside it, and a service of that category which the site has named.
    let source = ConsentSource::banner(Banner::Gpp)
        .category(Category::MARKETING, ["1", "sale"])
        .category(Category::ANALYTICS, ["1"])
        .service("youtube", ["1"])
        .service("matomo", ["1"]);
    for (us, is_open) in [("1YNN", true), ("1YYN", false)] {
        let cookie = format!("__gpp=DBACNY~{TCF}~{us}");
        let decision = read(super::policy().source(source.clone()), &[("cookie", &cookie)]).await;
        assert!(decision.allows(Category::ANALYTICS) && decision.allows_service("matomo"), "{us}");
        assert_eq!(decision.allows(Category::MARKETING), is_open, "{us}");
        assert_eq!(decision.allows_service("youtube"), is_open, "{us}");
    }
    // Of a policy that has nothing that it is against, it is no choice.
    let policy = Policy::builder().cookies(Category::ANALYTICS, ["_pk_id"]);
    let nothing = read(policy.source(ConsentSource::banner(Banner::UsPrivacy)), &[("cookie", "usprivacy=1YYN")]).await;
    assert_eq!(nothing.undecided(), Some(UndecidedReason::None));
}

/// The end of a record's grants is no refusal of what it had granted.
#[tokio::test]
async fn an_ended_record_refuses_only_what_it_refused() {
    let source = ConsentSource::banner(Banner::CivicCookieControl)
        .category(Category::ANALYTICS, ["analytics"])
        .category(Category::MARKETING, ["marketing"]);
    let cookie = "CookieControl={\"optionalCookies\":{\"analytics\":\"accepted\",\"marketing\":\"revoked\"},\
                  \"consentDate\":1790000000000,\"consentExpiry\":10,\"interactedWith\":true}";
    let ended = read(super::policy().source(source.clone()), &[("cookie", cookie)]).await;
    assert_eq!(ended.verdict(Category::MARKETING).reason(), Reason::Refused);
    assert!(!ended.allows(Category::ANALYTICS));
    assert_ne!(ended.verdict(Category::ANALYTICS).reason(), Reason::Refused, "who had granted it is asked again");
    assert!(ended.asks().is_some());
    let opt_out = read(super::policy().regime(Regime::OptOut).source(source), &[("cookie", cookie)]).await;
    assert_eq!(opt_out.verdict(Category::MARKETING).reason(), Reason::Refused);
    assert!(opt_out.allows(Category::ANALYTICS), "nobody has objected to it");
}

/// That some cookie has a banner's name in it does not show that the banner's own cookie was let through.
#[tokio::test]
async fn a_hidden_choice_is_not_taken_for_none() {
    let cross_site =
        |cookies: &'static str| [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("cookie", cookies)];
    let policy =
        || super::policy().regime(Regime::OptOut).source(ConsentSource::banner(Banner::UsPrivacy)).source(klaro());
    for cookies in ["embed=klaro", "usprivacy=1YNN", "usprivacy=1YYN", "usprivacy-legacy=1"] {
        let decision = read(policy(), &cross_site(cookies)).await;
        assert!(!decision.allows(Category::ANALYTICS), "{cookies}: the refusal may be hidden");
        assert!(!decision.allows(Category::MARKETING), "{cookies}");
    }
    let same_site = read(policy(), &[("cookie", "embed=klaro")]).await;
    assert!(same_site.allows(Category::ANALYTICS));
    let shown = read(policy(), &cross_site(KLARO_ALL)).await;
    assert!(shown.allows(Category::ANALYTICS));
}

/// A choice of a banner's older revision grants nothing, and what it refused stands whatever else was granted.
#[tokio::test]
async fn a_refusal_at_an_older_revision_stands_above_another_source() {
    let policy = || {
        let borlabs = ConsentSource::banner(Banner::Borlabs).revision("2");
        super::policy().source(borlabs)
    };
    let own = own(policy(), true).await;
    let record = |version: &str| {
        format!("borlabs-cookie={{\"consents\":{{\"statistics\":[\"matomo\"]}},\"version\":{version}}}")
    };
    let decision = read(policy(), &[("cookie", &format!("{}; {own}", record("1")))]).await;
    assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::Refused);
    assert!(decision.allows(Category::ANALYTICS), "our own grant counts for what the banner did not refuse");
}

/// What cannot be kept as it is, is not noted: a cookie that nobody can read would close everything.
#[tokio::test]
async fn an_outdated_choice_cannot_be_kept_by_a_note() {
    let policy = super::policy()
        .revision(Revision::new(1).on(2026, 1, 1))
        .source(ConsentSource::banner(Banner::CookieConsentV3).revision("2"));
    let value = cookieconsent("2026-11-20", ALL, FAR);
    let decision = read(policy, &[("cookie", &value)]).await;
    assert_eq!(decision.undecided(), Some(UndecidedReason::Outdated));
    assert!(decision.note_revision().is_none());
}

/// Under a signal that stores nothing a withdrawal cannot be written: the refusal that the banner holds is left, and so
/// is everything that it hides.
#[tokio::test]
async fn a_refusal_is_left_where_no_other_can_be_written() {
    let policy = || super::policy().signal(Signal::Dnt, SignalScope::NoCookies).source(klaro());
    let own_grant = own(policy(), true).await;
    let headers = |cookies: &str| cookies.to_owned();
    let cookies = headers(&format!("{KLARO_NONE}; {own_grant}"));
    let lines = withdrawn(policy(), &[("dnt", "1"), ("cookie", &cookies)]).await;
    assert!(!lines.iter().any(|line| line.starts_with("klaro=")), "{lines:?}");
    // A grant goes, be it the banner's or our own.
    let lines = withdrawn(policy(), &[("dnt", "1"), ("cookie", &format!("{KLARO_ALL}; {own_grant}"))]).await;
    assert!(lines.iter().any(|line| line.starts_with("klaro=; ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("__Host-consent=; ")), "{lines:?}");
    // Where to forget opens more than to keep, everything is left.
    let opt_out = || policy().regime(Regime::OptOut);
    let lines = withdrawn(opt_out(), &[("dnt", "1"), ("cookie", KLARO_ALL)]).await;
    assert!(lines.is_empty(), "{lines:?}");
}

/// However many cookies a banner has: those by which it decides go first.
#[tokio::test]
async fn the_deciding_cookie_is_expired_before_the_others() {
    let policy = || {
        let complianz = ConsentSource::banner(Banner::Complianz);
        let scopes = [Scope::host_only(), Scope::domain("example.com"), Scope::domain("www.example.com")];
        super::policy().source(scopes.into_iter().fold(complianz, ConsentSource::scope))
    };
    let others: String = (0..9).map(|number| format!("cmplz_{number}=x; ")).collect();
    let cookies = format!("{others}cmplz_marketing=allow; cmplz_banner-status=dismissed");
    let lines = withdrawn(policy(), &[("cookie", &cookies)]).await;
    let status = lines.iter().filter(|line| line.starts_with("cmplz_banner-status=; ")).count();
    assert_eq!(status, 3, "{lines:?}");
}

/// A cookie that two named banners share goes at the scopes of both.
#[tokio::test]
async fn a_shared_cookie_is_expired_at_the_scopes_of_both() {
    let policy = || {
        let didomi = ConsentSource::banner(Banner::Didomi).category(Category::FUNCTIONAL, ["x"]);
        super::policy().source(didomi).source(ConsentSource::banner(Banner::Tcf).scope(Scope::domain("example.com")))
    };
    let lines = withdrawn(policy(), &[("cookie", "euconsent-v2=x")]).await;
    assert!(lines.iter().any(|line| line.contains("euconsent-v2=; ") && line.contains("example.com")), "{lines:?}");
}

/// A choice of no known day lives as long as the browser keeps it.
#[tokio::test]
async fn a_refusal_without_a_day_does_not_lapse() {
    let policy = super::policy().source(klaro()).build().unwrap();
    let layer = ConsentLayer::new(policy).with_clock(ManualClock::at(4_000_000_000));
    let decision = decision_of(&layer, request(&[("cookie", KLARO_NONE)])).await;
    assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::Refused);
}

/// An opt-out closes the services of its category too, also one that was granted by name; and what it repeats stands.
#[tokio::test]
async fn an_opt_out_takes_away_from_services_and_twice_from_nothing() {
    let policy = || {
        let source = klaro().service("youtube", ["youtube"]).service("matomo", ["piwik"]);
        super::policy().regime(Regime::OptOut).source(ConsentSource::banner(Banner::UsPrivacy)).source(source)
    };
    let value = |pixel: bool| {
        format!("klaro=%7B%22matomo%22%3Atrue%2C%22pixel%22%3A{pixel}%2C%22youtube%22%3Atrue%2C%22piwik%22%3Atrue%7D")
    };
    for (us, pixel, marketing, youtube) in [
        ("1YNN", true, true, true),
        ("1YYN", true, false, false),
        ("1YNN", false, false, true),
        ("1YYN", false, false, false),
    ] {
        let decision = read(policy(), &[("cookie", &format!("usprivacy={us}; {}", value(pixel)))]).await;
        assert_eq!(decision.allows(Category::MARKETING), marketing, "{us} {pixel}");
        assert_eq!(decision.allows_service("youtube"), youtube, "{us} {pixel}");
        assert!(decision.allows(Category::ANALYTICS) && decision.allows_service("matomo"), "{us} {pixel}");
    }
}

/// Who refused all that a banner offers has refused what it does not offer, and is not asked for it.
#[tokio::test]
async fn a_full_refusal_is_one_of_what_the_banner_does_not_name() {
    let refused = read(super::policy().source(klaro()), &[("cookie", KLARO_NONE)]).await;
    assert_eq!(refused.verdict(Category::FUNCTIONAL).reason(), Reason::Refused);
    assert_eq!(refused.asks(), None);
    let granted = read(super::policy().source(klaro()), &[("cookie", KLARO_ALL)]).await;
    assert_eq!(granted.verdict(Category::FUNCTIONAL).reason(), Reason::NewCategory);
}

/// Where a banner's refusal may be hidden, our own grant alone opens nothing, also if its cookie travels everywhere.
#[tokio::test]
async fn our_own_choice_does_not_stand_for_a_hidden_one() {
    let policy = || {
        let own = ConsentCookie::default().with_same_site(SameSite::None);
        super::policy().consent_cookie(own).source(klaro())
    };
    let own = own(policy(), true).await;
    let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("cookie", &*own)];
    let hidden = read(policy(), &headers).await;
    assert_eq!(hidden.undecided(), Some(UndecidedReason::Unseen));
    assert!(!hidden.allows(Category::ANALYTICS));
    assert!(read(policy(), &headers[2..]).await.allows(Category::ANALYTICS));
}

/// Of copies that tell no time, only what both grant is granted: a neighbour's copy can take away and not add.
#[tokio::test]
async fn copies_without_a_time_grant_what_both_grant() {
    let policy = || super::policy().source(klaro().service("youtube", ["youtube"]));
    let all = "klaro=%7B%22matomo%22%3Atrue%2C%22pixel%22%3Atrue%2C%22youtube%22%3Atrue%7D";
    let some = "klaro=%7B%22matomo%22%3Atrue%7D";
    for cookies in [format!("{all}; {some}"), format!("{some}; {all}")] {
        let decision = read(policy(), &[("cookie", &cookies)]).await;
        assert!(decision.allows(Category::ANALYTICS), "{cookies}");
        assert!(!decision.allows(Category::MARKETING), "{cookies}");
        assert!(!decision.allows_service("youtube"), "{cookies}");
    }
    let alone = read(policy(), &[("cookie", all)]).await;
    assert!(alone.allows(Category::MARKETING) && alone.allows_service("youtube"));
}

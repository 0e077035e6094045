//! Which source counts, and what becomes of a banner's own cookies.

use http::{Response, header};
use time::macros::date;
use tower_consent::{
    Banner, Category, ConfigErrorKind, ConsentContext, ConsentLayer, ConsentSource, Policy, Reason, Reissue, SameSite,
    SetCookieLine, UndecidedReason,
};

use super::common::{clock_at, decision_of, request, response, serve};

fn klaro() -> ConsentSource {
    ConsentSource::banner(Banner::Klaro)
        .category(Category::ANALYTICS, ["matomo"])
        .category(Category::MARKETING, ["pixel", "youtube"])
}

fn layer(policy: Policy) -> ConsentLayer {
    ConsentLayer::new(policy).with_clock(clock_at(date!(2026 - 11 - 22)))
}

const ALL: &str = "klaro=%7B%22matomo%22%3Atrue%2C%22pixel%22%3Atrue%2C%22youtube%22%3Atrue%7D";
const NONE: &str = "klaro=%7B%22matomo%22%3Afalse%2C%22pixel%22%3Afalse%2C%22youtube%22%3Afalse%7D";

/// The value of our own cookie for a choice.
async fn own(policy: &PolicyOf, grants: bool) -> String {
    let decision = decision_of(&layer(policy()), request(&[])).await;
    let change = if grants { decision.grant_all_unrecorded() } else { decision.refuse_all() };
    change.header_value().unwrap().to_str().unwrap().split(';').next().unwrap().to_owned()
}

type PolicyOf = dyn Fn() -> Policy;

fn with_klaro() -> Policy {
    super::policy().source(klaro()).build().unwrap()
}

/// The banner comes first: a later click in it counts. Where it says nothing, our own cookie does.
#[tokio::test]
async fn the_banner_counts_before_our_own_cookie() {
    for (banner, own_grants, is_open) in [
        (Some(ALL), Some(false), true),
        (Some(NONE), Some(true), false),
        (None, Some(true), true),
        (None, Some(false), false),
        (Some(ALL), None, true),
        (None, None, false),
    ] {
        let own = match own_grants {
            Some(grants) => Some(own(&with_klaro, grants).await),
            None => None,
        };
        let cookies = [banner, own.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let decision = decision_of(&layer(with_klaro()), request(&[("cookie", &cookies)])).await;
        assert_eq!(decision.allows(Category::ANALYTICS), is_open, "{cookies}");
        assert_eq!(decision.banner(), banner.map(|_| Banner::Klaro), "{cookies}");
    }
}

#[tokio::test]
async fn our_own_cookie_can_be_put_first() {
    let policy = || super::policy().source(ConsentSource::own()).source(klaro()).build().unwrap();
    let cookies = format!("{ALL}; {}", own(&policy, false).await);
    let decision = decision_of(&layer(policy()), request(&[("cookie", &cookies)])).await;
    assert_eq!(decision.verdict(Category::ANALYTICS).reason(), Reason::Refused);
    let decision = decision_of(&layer(policy()), request(&[("cookie", ALL)])).await;
    assert!(decision.allows(Category::ANALYTICS));
}

/// Reading rule 7: of copies that differ, what all of them allow counts.
#[tokio::test]
async fn of_two_copies_the_stricter_counts() {
    let mixed = "klaro=%7B%22matomo%22%3Atrue%2C%22pixel%22%3Afalse%7D";
    for cookies in [format!("{ALL}; {mixed}"), format!("{mixed}; {ALL}; {mixed}")] {
        let decision = decision_of(&layer(with_klaro()), request(&[("cookie", &cookies)])).await;
        assert!(decision.allows(Category::ANALYTICS), "{cookies}");
        assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::Refused, "{cookies}");
    }
    let broken = format!("{ALL}; klaro=oops");
    let decision = decision_of(&layer(with_klaro()), request(&[("cookie", &broken)])).await;
    assert_eq!(decision.undecided(), Some(UndecidedReason::Malformed));
}

/// Reading rule 5: what needs several of the banner's services needs all of them.
#[tokio::test]
async fn a_category_needs_all_of_its_services() {
    let cookie = "klaro=%7B%22matomo%22%3Atrue%2C%22pixel%22%3Atrue%7D";
    let decision = decision_of(&layer(with_klaro()), request(&[("cookie", cookie)])).await;
    assert!(decision.allows(Category::ANALYTICS));
    assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::NewCategory, "youtube was not asked for yet");
}

/// A cross-site request does not carry a banner's Lax cookie: that it is missing says nothing.
#[tokio::test]
async fn a_banner_that_cannot_show_is_unseen() {
    let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("cookie", "_pk_id=1")];
    let decision = decision_of(&layer(with_klaro()), request(&headers)).await;
    assert_eq!(decision.undecided(), Some(UndecidedReason::Unseen));
}

/// Reading rule 9: the banner's own cookie passes in both directions, as it is, whatever was refused.
#[tokio::test]
async fn the_banners_cookie_is_never_touched() {
    let floors = tower_consent::AttributeFloors::NONE.http_only();
    let policy = super::policy()
        .source(klaro())
        .floors(floors)
        .drop_cookie(|line: &SetCookieLine<'_>| line.name == b"klaro")
        .build()
        .unwrap();
    let cookies = format!("_pk_id=1; {NONE}; _fbp=2");
    let set = "klaro=%7B%7D; Path=/; Max-Age=1000";
    let answer = serve(&layer(policy), request(&[("cookie", &cookies)]), |request| {
        assert_eq!(request.headers()[header::COOKIE], NONE);
        response(&[("set-cookie", set), ("set-cookie", "_fbp=3")])
    })
    .await;
    let lines: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(lines, [set]);
}

/// Who chooses on the consent pages has left the banner's choice: its cookie goes, so that it asks again.
#[tokio::test]
async fn a_withdrawal_expires_the_banners_cookie() {
    let policy = || super::policy().site_domain("example.com").source(klaro()).build().unwrap();
    let withdraw = |request: &http::Request<()>| {
        let mut answer = Response::new(());
        ConsentContext::of(request.extensions()).unwrap().decision().withdraw().apply(answer.headers_mut());
        answer
    };
    let answer = serve(&layer(policy()), request(&[("cookie", ALL)]), withdraw).await;
    let lines: Vec<_> =
        answer.headers().get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
    let [own, host, site] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(own.starts_with("__Host-consent=1:1:2026-11-22!"), "{own}");
    assert_eq!(*host, "klaro=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(*site, "klaro=; Path=/; Domain=example.com; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    // Several banners name the host itself as a Domain.
    let headers = [("cookie", ALL), ("host", "Shop.Example.com:8443")];
    let answer = serve(&layer(policy()), request(&headers), withdraw).await;
    let lines: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[3], "klaro=; Path=/; Domain=shop.example.com; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    let odd = serve(&layer(policy()), request(&[("cookie", ALL), ("host", "a;b=c")]), withdraw).await;
    assert_eq!(odd.headers().get_all(header::SET_COOKIE).iter().count(), 3, "what is no domain is none");
    let without = serve(&layer(policy()), request(&[]), withdraw).await;
    assert_eq!(without.headers().get_all(header::SET_COOKIE).iter().count(), 1);
}

/// A signal beats a choice that was not made in its knowledge, and a banner's never is.
#[tokio::test]
async fn a_signal_beats_a_banners_choice() {
    let decision = decision_of(&layer(with_klaro()), request(&[("cookie", ALL), ("sec-gpc", "1")])).await;
    assert!(!decision.allows(Category::ANALYTICS));
}

#[test]
fn a_source_that_cannot_be_read_is_refused_with_its_place() {
    use ConfigErrorKind::{
        BannerCookie, DeclaredTwice, EssentialIsBuiltIn, KeepsNoTime, NoKeys, NoUsualKeys, NotAToken, OwnCookie,
        TooManySources, UnknownCategory, UnknownService,
    };
    let banner = || ConsentSource::banner(Banner::Klaro);
    for (sources, place, value, kind) in [
        (vec![banner()], "sources[0].categories", "klaro", NoUsualKeys),
        (vec![klaro().service("chat", ["chat"])], "sources[0].services.chat", "chat", UnknownService),
        (vec![klaro(), klaro()], "sources[1].cookie", "klaro", BannerCookie),
        (vec![klaro().cookie_name("__Host-consent")], "sources[0].cookie", "__Host-consent", OwnCookie),
        (vec![klaro().cookie_name("a b")], "sources[0].cookie", "a b", NotAToken),
        (
            vec![klaro().category(Category::ESSENTIAL, ["x"])],
            "sources[0].categories.essential",
            "essential",
            EssentialIsBuiltIn,
        ),
        (
            vec![klaro().category(Category::new("social").unwrap(), ["x"])],
            "sources[0].categories.social",
            "social",
            UnknownCategory,
        ),
        (vec![banner().category(Category::ANALYTICS, [""; 0])], "sources[0].categories.analytics", "[]", NoKeys),
        (vec![klaro().reissue(tower_consent::Reissue::default())], "sources[0].reissue", "klaro", KeepsNoTime),
        (vec![ConsentSource::own(), ConsentSource::own()], "sources[1].banner", "own", DeclaredTwice),
        (vec![ConsentSource::own(); 9], "sources", "9", TooManySources),
    ] {
        let builder = sources.into_iter().fold(super::policy(), tower_consent::PolicyBuilder::source);
        let error = builder.build().unwrap_err();
        assert_eq!((error.place(), error.value(), error.kind()), (place, value, kind));
    }
    let declared = super::policy().source(klaro()).cookies(Category::ANALYTICS, ["klaro"]).build().unwrap_err();
    assert_eq!((declared.place(), declared.kind()), ("cookies[3].name", BannerCookie));
    let unknown = toml::from_str::<tower_consent::PolicyBuilder>("[[sources]]\nbanner = \"clippy\"").unwrap_err();
    assert!(unknown.to_string().contains("no banner \"clippy\" is known, only own, cookieconsent-v3"), "{unknown}");
}

/// Where both tell their day, the later choice counts, whichever source it came from.
#[tokio::test]
async fn of_two_choices_with_a_day_the_later_counts() {
    let policy = || super::policy().source(ConsentSource::banner(Banner::CookieConsentV3)).build().unwrap();
    let refused = own(&policy, false).await;
    for (day, is_open) in [("2026-11-21", false), ("2026-11-22", true)] {
        let cookies = format!("{}; {refused}", cookieconsent(day));
        let decision = decision_of(&layer(policy()), request(&[("cookie", &cookies)])).await;
        assert_eq!(decision.allows(Category::ANALYTICS), is_open, "{day}, and our own of 2026-11-22");
    }
}

/// A value of vanilla-cookieconsent 3 that grants everything.
fn cookieconsent(day: &str) -> String {
    let value = serde_json::json!({
        "categories": ["necessary", "functionality", "analytics", "marketing"],
        "revision": 0, "data": null, "consentTimestamp": format!("{day}T09:00:00.000Z"),
        "consentId": "0d2f5c1e-6a5b-4b7e-9a39-1f0f6f1d2c3b",
        "services": { "necessary": [], "functionality": [], "analytics": [], "marketing": [] },
        "languageCode": "en", "lastConsentTimestamp": format!("{day}T09:00:00.000Z"), "expirationTime": 1_900_000_000_000_u64,
    });
    let encoded: String = value.to_string().bytes().fold(String::new(), |text, byte| {
        if byte.is_ascii_alphanumeric() { text + &char::from(byte).to_string() } else { format!("{text}%{byte:02X}") }
    });
    format!("cc_cookie={encoded}")
}

/// A choice that tells its time ends by the policy, and is held against the dates of its revisions.
#[tokio::test]
async fn a_banners_choice_ages_as_our_own_does() {
    use tower_consent::Revision;
    let source = || ConsentSource::banner(Banner::CookieConsentV3);
    for (day, second, expected) in [
        ("2026-11-20", None, None),
        ("2026-05-22", None, Some(UndecidedReason::Expired)),
        ("2026-05-23", None, None),
        ("2026-11-24", None, Some(UndecidedReason::Future)),
        ("2026-11-20", Some((2026, 11, 21)), Some(UndecidedReason::Outdated)),
        ("2026-11-21", Some((2026, 11, 21)), None),
        ("2026-11-22", Some((2026, 11, 21)), None),
    ] {
        let mut policy = super::policy().source(source()).revision(Revision::new(1).on(2026, 1, 1));
        if let Some((year, month, day)) = second {
            policy = policy.revision(Revision::new(2).on(year, month, day).changes("More statistics."));
        }
        let cookies = cookieconsent(day);
        let decision = decision_of(&layer(policy.build().unwrap()), request(&[("cookie", &cookies)])).await;
        assert_eq!(decision.undecided(), expected, "{day}, {second:?}");
        assert_eq!(decision.allows(Category::MARKETING), expected.is_none(), "{day}, {second:?}");
    }
}

/// Safari deletes what a script wrote after seven days: the server sets the banner's cookie again, byte for byte, at the
/// declared scope, readable for the banner, and not beyond the end of the choice.
#[tokio::test]
async fn a_banners_cookie_is_set_again_on_request() {
    let policy = |reissue: Reissue| {
        super::policy().source(ConsentSource::banner(Banner::CookieConsentV3).reissue(reissue)).build().unwrap()
    };
    let page = [("sec-fetch-dest", "document")];
    let lines = async |policy: Policy, cookies: &str, headers: &[(&str, &str)], answer: &[(&str, &str)]| {
        let headers: Vec<_> = headers.iter().copied().chain([("cookie", cookies)]).collect();
        let answer = serve(&layer(policy), request(&headers), |_| response(answer)).await;
        let lines = answer.headers().get_all(header::SET_COOKIE).iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let value = cookieconsent("2026-11-20");
    // Six months on the calendar from 2026-11-20, seen from the start of 2026-11-22.
    let left = (date!(2027 - 05 - 20) - date!(2026 - 11 - 22)).whole_seconds();
    let plain = Reissue::default();
    assert_eq!(
        lines(policy(plain.clone()), &value, &page, &[]).await,
        [format!("{value}; Path=/; Max-Age={left}; Secure; SameSite=Lax")]
    );
    let shared = plain.clone().domain("example.com").path("/shop").insecure().same_site(SameSite::Strict);
    assert_eq!(
        lines(policy(shared), &value, &page, &[]).await,
        [format!("{value}; Path=/shop; Domain=example.com; Max-Age={left}; SameSite=Strict")]
    );
    // Neither on other answers, nor for everybody, nor an expired or foreign choice, nor beside the application's own line.
    let none: [String; 0] = [];
    assert_eq!(lines(policy(plain.clone()), &value, &[], &[]).await, none);
    assert_eq!(lines(policy(plain.clone()), &value, &page, &[("cache-control", "public")]).await, none);
    assert_eq!(lines(policy(plain.clone()), &cookieconsent("2026-05-01"), &page, &[]).await, none);
    assert_eq!(lines(policy(plain.clone()), "cc_cookie=broken", &page, &[]).await, none);
    let set = "cc_cookie=new; Path=/";
    assert_eq!(lines(policy(plain.clone()), &value, &page, &[("set-cookie", set)]).await, [set]);
    let own_first = super::policy()
        .source(ConsentSource::own())
        .source(ConsentSource::banner(Banner::CookieConsentV3).reissue(plain))
        .build()
        .unwrap();
    let own = own(&with_klaro, true).await;
    assert_eq!(lines(own_first, &format!("{own}; {}", cookieconsent("2026-11-20")), &page, &[]).await, none);
}

/// The IAB's US strings only take away, from whatever else was chosen, and never grant.
#[tokio::test]
async fn an_opt_out_takes_away_from_any_choice() {
    let policy = || super::policy().source(ConsentSource::banner(Banner::UsPrivacy)).source(klaro()).build().unwrap();
    let read = async |cookies: &str| decision_of(&layer(policy()), request(&[("cookie", cookies)])).await;
    let out = read(&format!("usprivacy=1YYN; {ALL}")).await;
    assert_eq!(out.verdict(Category::MARKETING).reason(), Reason::Refused);
    assert!(out.allows(Category::ANALYTICS));
    assert!(!out.allows_service("youtube"));
    let not_out = read(&format!("usprivacy=1YNN; {ALL}")).await;
    assert!(not_out.allows(Category::MARKETING));
    let alone = read("usprivacy=1YNN").await;
    assert_eq!(alone.undecided(), Some(UndecidedReason::None));
    let only_out = read("usprivacy=1YYN").await;
    assert_eq!(only_out.verdict(Category::MARKETING).reason(), Reason::Refused);
    assert!(!only_out.allows(Category::ANALYTICS) && only_out.asks().is_some());
}

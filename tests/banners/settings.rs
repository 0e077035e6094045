//! What a site can say in `[[sources]]` beyond a tool's usual keys, and values that only look like a tool's.

use serde_json::{Value, json};
use tower_consent::{Banner, Category, ConsentLayer};

use super::common::{clock_at, decision_of, request};

struct Case {
    banner: Banner,
    cookie: &'static str,
    settings: Value,
    /// Functional, analytics, marketing: granted, refused, or undecided.
    expected: [Option<bool>; 3],
    /// Why nothing is decided.
    undecided: Option<&'static str>,
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

fn decided(banner: Banner, cookie: &'static str, settings: Value, expected: [Option<bool>; 3]) -> Case {
    Case { banner, cookie, settings, expected, undecided: None }
}

fn undecided(banner: Banner, cookie: &'static str, settings: Value, why: &'static str) -> Case {
    Case { banner, cookie, settings, expected: [None; 3], undecided: Some(why) }
}

async fn assert_read(case: Case) {
    let Case { banner, cookie, settings, expected, undecided } = case;
    let policy = super::policy().source(super::source(banner, &settings)).build().unwrap();
    let layer = ConsentLayer::new(policy).with_clock(clock_at(time::macros::date!(2026 - 11 - 22)));
    let decision = decision_of(&layer, request(&[("cookie", cookie)])).await;
    let why = decision.undecided().map(tower_consent::UndecidedReason::as_str);
    assert_eq!(why, undecided, "{banner}: {cookie}");
    let found = [Category::FUNCTIONAL, Category::ANALYTICS, Category::MARKETING].map(|category| {
        let choice = decision.choice()?;
        match (choice.granted().any(|one| one == category), choice.refused().any(|one| one == category)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    });
    assert_eq!(found, expected, "{banner}: {cookie}");
}

/// A service that tarteaucitron exempts is `true` without a click: it counts only where the site has it ask.
#[tokio::test]
async fn an_exempt_service_counts_where_the_site_has_it_ask() {
    let asked = || json!({"categories": {"analytics": ["asked:matomo"]}});
    let usual = || json!({});
    for case in [
        decided(Banner::Tarteaucitron, "tarteaucitron=!matomo=true", asked(), [None, YES, None]),
        decided(Banner::Tarteaucitron, "tarteaucitron=!matomo=false", asked(), [None, NO, None]),
        undecided(Banner::Tarteaucitron, "tarteaucitron=!matomo=wait", asked(), "none"),
        undecided(Banner::Tarteaucitron, "tarteaucitron=!matomo=true", usual(), "none"),
        decided(Banner::Tarteaucitron, "tarteaucitron=!matomo=true!youtube=true", usual(), [None, None, YES]),
        decided(Banner::Tarteaucitron, "tarteaucitron=!matomo=true!gtag=true", usual(), [None, YES, None]),
        decided(Banner::Tarteaucitron, "tarteaucitron=!gtag=true!hotjar=wait!youtube=true", usual(), [None, None, YES]),
    ] {
        assert_read(case).await;
    }
}

/// A version of all groups, or one for each.
#[tokio::test]
async fn a_group_of_django_is_judged_by_its_own_version() {
    let both = "cookie_consent=\"stats=2026-03-01T10:00:00+00:00|ads=2026-03-01T10:00:00+00:00\"";
    let at =
        |revision: &str| json!({"categories": {"analytics": ["stats"], "marketing": ["ads"]}, "revision": revision});
    let (same, newer) = ("2026-03-01T10:00:00+00:00", "2026-03-02T10:00:00+00:00");
    for case in [
        decided(Banner::DjangoCookieConsent, both, at(same), [None, YES, YES]),
        decided(Banner::DjangoCookieConsent, both, at(&format!("stats={same}|ads={newer}")), [None, YES, None]),
        decided(Banner::DjangoCookieConsent, both, at(&format!("ads={newer}")), [None, YES, None]),
        decided(Banner::DjangoCookieConsent, both, at(&format!("xads={newer}|ad={newer}")), [None, YES, YES]),
    ] {
        assert_read(case).await;
    }
    // Of nothing that counts now: outdated as a whole.
    let policy = super::policy().source(super::source(Banner::DjangoCookieConsent, &at(newer))).build().unwrap();
    let decision = decision_of(&ConsentLayer::new(policy), request(&[("cookie", both)])).await;
    assert_eq!(decision.undecided().map(tower_consent::UndecidedReason::as_str), Some("outdated"));
    assert!(!decision.allows(Category::ANALYTICS));
}

/// A site's own word for "accepted" is a key like another; what is no known word is not understood.
#[tokio::test]
async fn one_question_can_have_another_word() {
    let ok = || json!({"categories": {"functional": ["ok"], "analytics": ["ok"], "marketing": ["ok"]}});
    for case in [
        decided(Banner::ReactCookieConsent, "CookieConsent=ok", ok(), [YES; 3]),
        decided(Banner::ReactCookieConsent, "CookieConsent=false", ok(), [NO; 3]),
        undecided(Banner::ReactCookieConsent, "CookieConsent=no", ok(), "malformed"),
        decided(Banner::AspNet, ".AspNet.Consent=ok", ok(), [YES; 3]),
        undecided(Banner::AspNet, ".AspNet.Consent=no", ok(), "malformed"),
    ] {
        assert_read(case).await;
    }
}

/// Vendors and purposes have names of their own, and an array is no object.
#[tokio::test]
async fn a_vendor_is_no_purpose() {
    // {"created":"x","updated":"2026-11-20T10:00:00Z","vendors":{"enabled":["google"]}}
    let vendor = "didomi_token=eyJjcmVhdGVkIjoieCIsInVwZGF0ZWQiOiIyMDI2LTExLTIwVDEwOjAwOjAwWiIsInZlbmRvcnMiOnsiZW5hYmxlZCI6WyJnb29nbGUiXX19";
    let analytics = |key: &str| json!({"categories": {"analytics": [key]}});
    for case in [
        decided(Banner::Didomi, vendor, analytics("vendor:google"), [None, YES, None]),
        undecided(Banner::Didomi, vendor, analytics("google"), "none"),
        undecided(
            Banner::Didomi,
            "didomi_token=[\"x\",\"2026-11-20T10:00:00Z\",[[\"google\"],[]]]",
            analytics("google"),
            "malformed",
        ),
        undecided(
            Banner::Didomi,
            "didomi_token={\"created\":\"x\",\"updated\":\"2026-11-20T10:00:00Z\",\"purposes\":[[\"google\"],[]]}",
            analytics("google"),
            "malformed",
        ),
        undecided(Banner::Iubenda, "_iub_cs-1=[\"2026-11-20T10:00:00Z\",true,{}]", json!({}), "malformed"),
    ] {
        assert_read(case).await;
    }
}

#[tokio::test]
async fn a_record_without_an_answer_is_none() {
    for case in [
        // `identifyUser` writes a record for somebody who has not chosen.
        undecided(Banner::C15t, "c15t=i.t:1795333967278,i.sid:sub_1,i.eid:anna,i.idp:own", json!({}), "none"),
        decided(Banner::C15t, "c15t=c.necessary:1,i.t:1795333967278,i.sid:sub_1", json!({}), [NO; 3]),
        undecided(Banner::C15t, "c15t=c.marketing:true,i.t:1795333967278,i.sid:sub_1", json!({}), "malformed"),
        // A purpose beside a refusal of everything.
        decided(
            Banner::Iubenda,
            "_iub_cs-1={\"timestamp\":\"2026-11-20T10:00:00Z\",\"consent\":false,\"purposes\":{\"4\":true}}",
            json!({}),
            [None, NO, None],
        ),
        undecided(Banner::Iubenda, "_iub_cs-1={\"timestamp\":\"2026-11-20T10:00:00Z\",\"id\":1}", json!({}), "none"),
        undecided(
            Banner::GovUk,
            "cookies_policy={\"usage\":true}; cookies_preferences_set=true; cookies_preferences_set=no",
            json!({}),
            "ambiguous",
        ),
    ] {
        assert_read(case).await;
    }
}

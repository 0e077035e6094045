//! The state of Google's Consent Mode from decisions, as JSON and as a script.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use http::HeaderMap;
use serde_json::{Value, json};
use tower_consent::{
    Category, CategoryEntry, ConsentLayer, ConsentPages, CountryHeader, Decision, GoogleConsent, MemoryStore, Narrow,
    Policy, PolicyBuilder, Regime, Regions, Selection, ServiceEntry, Signal, SignalScope, SystemClock, test::Visitor,
};

use crate::common::{decision_of, request};

const TYPES: [&str; 7] = [
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
];

fn policy() -> PolicyBuilder {
    Policy::builder()
        .cookies(Category::ANALYTICS, ["_ga"])
        .cookies(Category::FUNCTIONAL, ["theme"])
        .category(CategoryEntry::new("social"))
        .service_entry(ServiceEntry::new("google-ads", "marketing"))
        .service_entry(ServiceEntry::new("doubleclick", "marketing"))
        .service_entry(ServiceEntry::new("meta", "marketing"))
        .service_entry(ServiceEntry::new("ga", "analytics"))
        .service_entry(ServiceEntry::new("captcha", "essential"))
        .service_entry(ServiceEntry::new("youtube", "social"))
}

/// The decision for a visitor who chose this, and sends these headers.
async fn decision(policy: PolicyBuilder, selection: Option<&Selection>, headers: &[(&str, &str)]) -> Decision {
    let policy = Arc::new(policy.build().unwrap());
    let layer = ConsentLayer::new(Arc::clone(&policy)).with_clock(SystemClock);
    let mut visitor = Visitor::undecided();
    if let Some(selection) = selection {
        visitor = visitor.chooses(&policy, selection).unwrap();
    }
    let mut asked = visitor.request("https://www.example.com/").body(()).unwrap();
    asked.headers_mut().extend(request(headers).headers().clone());
    decision_of(&layer, asked).await
}

/// The letters of the granted types: `m` for each of advertising, `a` for analytics, `f` for functional, `s` for security.
fn letters(google: GoogleConsent) -> String {
    let state: Value = serde_json::from_str(&google.to_json()).unwrap();
    assert_eq!(state.as_object().unwrap().len(), TYPES.len());
    assert_eq!(serde_json::to_value(google).unwrap(), state);
    let granted = TYPES.iter().zip("mmmaffs".chars()).filter(|(name, _)| match state[**name].as_str().unwrap() {
        "granted" => true,
        "denied" => false,
        other => panic!("{name} is {other}"),
    });
    granted.map(|(_, letter)| letter).collect()
}

#[tokio::test]
async fn each_category_has_its_types() {
    let none = Selection::none;
    for (selection, headers, expected) in [
        (None, &[][..], "s"),
        (Some(none()), &[], "s"),
        (Some(Selection::all()), &[], "mmmaffs"),
        (Some(none().grant(Category::MARKETING)), &[], "mmms"),
        (Some(none().grant(Category::ANALYTICS)), &[], "as"),
        (Some(none().grant(Category::FUNCTIONAL)), &[], "ffs"),
        (Some(none().grant(Category::new("social").unwrap())), &[], "s"),
        // A service alone is not its category.
        (Some(none().grant_service("google-ads")), &[], "s"),
        // A signal beats what was chosen without it.
        (Some(Selection::all()), &[("sec-gpc", "1")], "s"),
        (Some(Selection::all()), &[("dnt", "1")], "s"),
        (Some(Selection::all()), &[("dnt", "0")], "mmmaffs"),
        (None, &[("dnt", "0")], "s"),
    ] {
        let decision = decision(policy(), selection.as_ref(), headers).await;
        let google = GoogleConsent::of(&decision);
        assert_eq!(letters(google), expected, "{selection:?} {headers:?}");
        assert_eq!(google.has_grants(), expected != "s", "{selection:?}");
    }
}

#[tokio::test]
async fn policies_and_regions_are_obeyed() {
    let all = Selection::all();
    let us = [("cf-ipcountry", "US")];
    let by_country = || policy().regions(Regions::trusting(CountryHeader::Cloudflare));
    let gpc = || policy().regime(Regime::OptOut).signal(Signal::Gpc, [Category::MARKETING]);
    let no_cookies = || policy().signal(Signal::Dnt, SignalScope::NoCookies);
    let only = |name: &str, category: Category| Policy::builder().cookies(category, [name.to_owned()]);
    for (policy, selection, headers, expected) in [
        (policy().regime(Regime::OptOut), None, &[][..], "mmmaffs"),
        (gpc(), None, &[("sec-gpc", "1")], "affs"),
        (by_country(), None, &us, "mmmaffs"),
        (by_country(), None, &[("cf-ipcountry", "DE")], "s"),
        (by_country(), None, &[us[0], ("sec-gpc", "1")], "s"),
        // Nothing at all may be stored.
        (no_cookies(), Some(&all), &[("dnt", "1")], ""),
        (no_cookies(), Some(&all), &[], "mmmaffs"),
        // What the policy does not have is denied, also to who agrees to everything.
        (only("_ga", Category::ANALYTICS), Some(&all), &[], "as"),
        (only("_fbp", Category::MARKETING), Some(&all), &[], "mmms"),
        (Policy::builder().regime(Regime::OptOut), None, &[], "s"),
        (policy().narrow(|_| Narrow::categories([Category::MARKETING])), Some(&all), &[], "affs"),
        // The truth, though nothing is stripped.
        (policy().report_only(), None, &[], "s"),
        (policy().report_only(), Some(&all), &[], "mmmaffs"),
    ] {
        let decision = decision(policy.clone(), selection, headers).await;
        assert_eq!(letters(GoogleConsent::of(&decision)), expected, "{policy:?} {headers:?}");
    }
    assert_eq!(letters(GoogleConsent::of(&Decision::no_layer())), "");
}

#[tokio::test]
async fn services_of_google_count_for_their_category() {
    let none = Selection::none;
    let marketing = || none().grant(Category::MARKETING);
    for (selection, services, expected) in [
        (none().grant_service("google-ads"), &["google-ads"][..], "mmms"),
        (none().grant_service("google-ads"), &["google-ads", "doubleclick"], "mmms"),
        (none().grant_service("google-ads"), &["doubleclick"], "s"),
        (none().grant_service("meta"), &["google-ads"], "s"),
        (marketing().refuse_service("google-ads"), &["google-ads"], "s"),
        (marketing().refuse_service("meta"), &["google-ads"], "mmms"),
        // Where none of a category is named, the category counts.
        (none().grant(Category::ANALYTICS), &["google-ads"], "as"),
        (none().grant(Category::ANALYTICS), &["ga"], "as"),
        (none().grant_service("ga"), &["google-ads", "ga"], "as"),
        // Unknown ones, and those of other categories, change nothing.
        (marketing(), &["nobody"], "mmms"),
        (marketing(), &["captcha", "youtube"], "mmms"),
        (none().grant_service("youtube"), &["youtube"], "s"),
        (marketing(), &[], "mmms"),
    ] {
        let decision = decision(policy(), Some(&selection), &[]).await;
        let google = GoogleConsent::of_services(&decision, services);
        assert_eq!(letters(google), expected, "{selection:?} {services:?}");

        // The pages tell the script the very same.
        let pages = ConsentPages::at("/privacy", MemoryStore::new());
        let head = |pages: &ConsentPages| pages.fragments(&decision, &HeaderMap::new(), "/").head;
        let state = |head: &str| {
            let start = head.find("data-consent-state=\"").unwrap() + 20;
            let text = &head[start..start + head[start..].find('"').unwrap()];
            let text = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&amp;", "&");
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
        };
        assert_eq!(state(&head(&pages))["google"], Value::Null, "not informed");
        let informed = state(&head(&pages.with_google_consent(services)));
        assert_eq!(informed["google"], serde_json::to_value(google).unwrap());
    }
}

#[tokio::test]
async fn the_script_is_exact() {
    let google = GoogleConsent::of(&decision(policy(), Some(&Selection::none().grant(Category::ANALYTICS)), &[]).await);
    let json = "{\"ad_storage\":\"denied\",\"ad_user_data\":\"denied\",\"ad_personalization\":\"denied\",\
                \"analytics_storage\":\"granted\",\"functionality_storage\":\"denied\",\
                \"personalization_storage\":\"denied\",\"security_storage\":\"granted\"}";
    assert_eq!(google.to_json(), json);
    let body = "window.dataLayer=window.dataLayer||[];(function(){dataLayer.push(arguments)})";
    assert_eq!(
        google.default_script(None).unwrap(),
        format!("<script>{body}(\"consent\",\"default\",{json})</script>")
    );
    assert_eq!(
        google.update_script(Some("bm9uY2U=")).unwrap(),
        format!("<script nonce=\"bm9uY2U=\">{body}(\"consent\",\"update\",{json})</script>")
    );
    assert_eq!(serde_json::to_value(google).unwrap()["ad_storage"], json!("denied"));
}

#[test]
fn a_nonce_is_base64_and_nothing_else() {
    let google = GoogleConsent::of(&Decision::no_layer());
    for nonce in ["a", "r4nd0m", "AZaz09+/-_", "bm9uY2U=", "bm9uY2==", "-", "_"] {
        let script = google.default_script(Some(nonce)).unwrap();
        assert!(script.starts_with(&format!("<script nonce=\"{nonce}\">")), "{script}");
    }
    for nonce in [
        "",
        "=",
        "==",
        "a===",
        "a=b",
        " a",
        "a ",
        "a b",
        "a\"",
        "a'",
        "a\" onload=\"x",
        "a>",
        "<a",
        "a&b",
        "a;",
        "a\n",
        "a\0",
        "ä",
        "nonce-abc,",
        "{{nonce}}",
    ] {
        for script in [google.default_script(Some(nonce)), google.update_script(Some(nonce))] {
            let error = script.unwrap_err();
            assert!(error.to_string().starts_with(&format!("{nonce:?} is not a nonce")), "{error}");
        }
    }
}

//! What the log and the declaration page say by the catalogue.

use std::{cell::RefCell, io, sync::LazyLock};

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use tower::{Layer, ServiceExt};
use tower_consent::{
    Category, ConsentLayer, ConsentPages, CookieRule, MemoryStore, Policy, PolicyBuilder, Preset, RuleTarget,
    ServiceEntry, UnknownCookies,
};

use crate::{
    common::{request, response, serve},
    enforcement::{REFUSED, policy},
};

thread_local! {
    /// What is logged on a test's own thread.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static SUBSCRIBED: LazyLock<()> =
    LazyLock::new(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| Log).init());

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn warnings(unknown: UnknownCookies, cookie: &str) -> Vec<String> {
    LazyLock::force(&SUBSCRIBED);
    LOGGED.take();
    let layer = crate::enforcement::layer(policy().unknown(unknown));
    for _ in 0..2 {
        serve(&layer, request(&[REFUSED, ("cookie", cookie)]), |_| response(&[])).await;
    }
    let text = String::from_utf8(LOGGED.take()).unwrap();
    text.lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect()
}

/// The warning of an undeclared cookie says what the catalogue knows of it, in every mode; once a name.
#[tokio::test]
async fn a_warning_says_what_is_known() {
    let cookie = "_ga=1; _session_id=2; sessionid=3; nobody_knows=4; __stripe_mid=5; own_stats=6; %5Fga=7";
    let ga = "; the Open Cookie Database knows it as analytics, Google Analytics";
    let rails = "; Rails has a cookie of its own of that name: _session_id (session); the Open Cookie Database knows it as \
                 analytics, Marfeel, by the prefix _s";
    let django = "; Django has a cookie of its own of that name: sessionid (session); the Open Cookie Database knows it as \
                  marketing, Instagram";
    let stripe = "; the Open Cookie Database knows it as functional, Stripe";
    for (unknown, [first, second]) in [
        (UnknownCookies::Strip, ["stripped", "stripped"]),
        (UnknownCookies::Report, ["passed", "passed"]),
        (UnknownCookies::Catalogue, ["stripped", "passed"]),
    ] {
        let found = warnings(unknown, cookie).await;
        let expected = [
            ("_ga", first, ga),
            ("_session_id", second, rails),
            ("sessionid", second, django),
            ("nobody_knows", first, ""),
            ("__stripe_mid", first, stripe),
            // What it stands for is not told: nothing is decoded.
            ("%5Fga", first, ""),
        ];
        assert_eq!(found.len(), expected.len(), "{unknown:?}: {found:#?}");
        for (line, (name, what, known)) in found.iter().zip(expected) {
            assert!(line.contains(&format!("undeclared cookie {what}; declare it")), "{line}");
            assert!(line.contains(&format!("cookie={name} ")), "{line}");
            assert_eq!(line.contains("Open Cookie Database"), !known.is_empty(), "{line}");
            assert!(line.contains(known), "{line}");
        }
    }
}

async fn declaration(policy: PolicyBuilder) -> String {
    let pages = ConsentPages::at("/privacy", MemoryStore::new());
    let service = ConsentLayer::new(policy.build().unwrap()).layer(pages);
    let request = Request::get("/privacy/cookies").body(Empty::<Bytes>::new()).unwrap();
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// A provider that the policy does not name comes from the catalogue, where it agrees on the category.
#[tokio::test]
async fn the_declaration_names_providers() {
    let page = declaration(Policy::builder().cookies(Category::ANALYTICS, ["_ga", "_pk_id*"])).await;
    assert!(page.contains("Google Analytics") && page.contains("Matomo"), "{page}");
    let page = declaration(Policy::builder().cookies(Category::ANALYTICS, ["_gaexp_own", "_ga_*"])).await;
    assert!(page.contains("Google Analytics"));
}

#[tokio::test]
async fn the_declaration_names_nobody_wrongly() {
    let service = ServiceEntry::new("stats", "analytics").provider("Own Statistics Ltd");
    for (why, policy, others) in [
        ("another category", Policy::builder().cookies(Category::MARKETING, ["_ga"]), &["Google Analytics"][..]),
        ("essential", Policy::builder().essential(["_ga", "PHPSESSID"]), &["Google Analytics", "PHP.net"]),
        (
            "a framework's own",
            Policy::builder().cookies(Category::MARKETING, ["sessionid", "token", "locale"]),
            &["Instagram", "Adform", "Facebook"],
        ),
        ("a short prefix", Policy::builder().cookies(Category::ANALYTICS, ["_statistics", "_sx*"]), &["Marfeel"]),
        (
            "the policy's word",
            Policy::builder().cookie(CookieRule::new("_ga", Category::ANALYTICS).provider("Somebody")),
            &["Google Analytics"],
        ),
        (
            "the service's word",
            Policy::builder().service_entry(service).cookies(RuleTarget::service("stats"), ["_ga"]),
            &["Google Analytics"],
        ),
        ("a preset's word", Policy::builder().preset(Preset::GoogleAnalytics), &["Google Analytics"]),
    ] {
        let page = declaration(policy).await;
        for other in others {
            assert!(!page.contains(other), "{why}: {other}");
        }
    }
}

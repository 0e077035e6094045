//! Tokens never hang on consent, nor consent on tokens (R127).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use axum::{Router, routing::post};
use tower_consent::{
    AttributeFloors, Category, ConsentLayer, CookieRule, Decision, Lifetime, Policy, PolicyBuilder, Regime, SameSite,
    Session, Signal, StoreError, UnknownCookies, test::Visitor,
};
use tower_sessions::{MemoryStore as SessionsInMemory, SessionManagerLayer};

use crate::site::{HOST, NAME, Site, routes, visitor};

const CONSENT: &str = "__Host-consent";

fn policy() -> PolicyBuilder {
    Policy::builder().cookies(Category::ANALYTICS, ["_ga"])
}

/// With a page on which consent is withdrawn, and one that logs out and withdraws.
fn site(policy: &Arc<Policy>) -> Site {
    let withdraw = async |consent: Decision| (consent.withdraw(), "withdrawn");
    let both =
        async |consent: Decision, session: Session| Ok::<_, StoreError>((consent.withdraw(), session.end().await?));
    let routes = routes().route("/withdraw", post(withdraw)).route("/both", post(both));
    Site::of(routes, |app, tokens| {
        // A clock of its own for consent: the two have nothing in common.
        app.layer(ConsentLayer::new(Arc::clone(policy)).with_tokens(tokens))
    })
}

/// Essential by itself: no rule, unknown cookies stripped, everything refused, every signal set, caps and floors for others.
#[tokio::test]
async fn it_is_essential_by_itself() {
    let floors = AttributeFloors::NONE.same_site(SameSite::Strict).secure().http_only();
    for policy in [
        policy(),
        policy().unknown(UnknownCookies::Strip).regime(Regime::OptIn),
        policy().floors(floors),
        policy().drop_cookie(|_| true),
        policy().signal_always(),
        policy().cookie(CookieRule::new("__H*", Category::MARKETING).max_age(Lifetime::seconds(60))),
        policy().cookie(CookieRule::new("__Host-*", Category::MARKETING).max_age(Lifetime::seconds(60))),
    ] {
        let Ok(policy) = policy.build() else { continue };
        let policy = Arc::new(policy);
        let site = site(&policy);
        let plain = Visitor::undecided;
        for (kind, visitor) in [
            ("undecided", plain()),
            ("refuses", plain().refuses(&policy)),
            ("accepts", plain().accepts(&policy)),
            ("objects", plain().with_signal(Signal::Dnt).with_signal(Signal::Gpc)),
        ] {
            let mut visitor = visitor.at(site.clock.clone());
            let answer = site.browse(&mut visitor, "POST /login").await;
            assert_eq!(answer.max_age(), Some(604_800), "{kind}");
            let line = answer.headers.get("set-cookie").unwrap();
            assert!(line.is_sensitive(), "still marked after the consent layer");
            assert_eq!(line.to_str().unwrap().matches("SameSite").count(), 1, "untouched");
            visitor.assert_holds(NAME);
            assert_eq!(site.browse(&mut visitor, "/account").await.body, "user-17", "{kind}");
            let answer = site.browse(&mut visitor, "POST /logout").await;
            assert_eq!(answer.status, 204, "{kind}");
            visitor.assert_lacks(NAME);
        }
    }
}

/// A withdrawal of consent does not log out.
#[tokio::test]
async fn a_withdrawal_does_not_log_out() {
    let policy = Arc::new(policy().build().unwrap());
    let site = site(&policy);
    let mut visitor = visitor(&site).accepts(&policy);
    let token = site.browse(&mut visitor, "POST /login").await.token().unwrap();
    visitor.script_sets(&format!("{HOST}/"), "_ga=1; Path=/");
    let answer = site.browse(&mut visitor, "POST /withdraw").await;
    visitor.assert_lacks("_ga");
    visitor.assert_holds(NAME);
    assert!(answer.lines("set-cookie").iter().all(|line| !line.starts_with(NAME)), "{answer:?}");
    assert_eq!(site.browse(&mut visitor, "/account").await.body, "user-17");
    assert_eq!(site.by_cookie("/account", &token).await.status, 200);
}

/// A log-out does not touch the choice.
#[tokio::test]
async fn a_log_out_does_not_touch_the_choice() {
    let policy = Arc::new(policy().build().unwrap());
    for accepts in [true, false] {
        for what in ["POST /logout", "POST /logout/clear", "POST /logout/everywhere"] {
            let site = site(&policy);
            let visitor = visitor(&site);
            let mut visitor = if accepts { visitor.accepts(&policy) } else { visitor.refuses(&policy) };
            site.browse(&mut visitor, "POST /login").await;
            let held = |visitor: &Visitor| {
                visitor
                    .cookies()
                    .find(|cookie| cookie.name() == CONSENT.as_bytes())
                    .map(|cookie| cookie.value().to_vec())
            };
            let before = held(&visitor);
            assert!(before.is_some());
            let answer = site.browse(&mut visitor, what).await;
            assert!(answer.lines("set-cookie").iter().all(|line| !line.starts_with(CONSENT)), "{answer:?}");
            assert!(!answer.field("clear-site-data").unwrap_or_default().contains("cookies"));
            visitor.assert_lacks(NAME);
            assert_eq!(held(&visitor), before);
        }
    }
}

/// Both at once are both.
#[tokio::test]
async fn both_in_one_answer() {
    let policy = Arc::new(policy().build().unwrap());
    let site = site(&policy);
    let mut visitor = visitor(&site).accepts(&policy);
    site.browse(&mut visitor, "POST /login").await;
    let answer = site.browse(&mut visitor, "POST /both").await;
    assert_eq!((answer.status.as_u16(), answer.cache_control()), (204, Some("no-store")));
    visitor.assert_lacks(NAME);
    visitor.assert_holds(CONSENT);
}

/// Other people's sessions live beside it, each with its own cookie and its own end.
#[tokio::test]
async fn tower_sessions_beside_it() {
    let count = async |basket: tower_sessions::Session, session: Option<Session>| {
        let seen: u32 = basket.get("seen").await.unwrap().unwrap_or_default();
        basket.insert("seen", seen + 1).await.unwrap();
        format!("{seen} {}", session.map_or("nobody".to_owned(), |session| session.subject().to_owned()))
    };
    let policy = Arc::new(policy().preset(tower_consent::Preset::TowerSessions).build().unwrap());
    for is_inside in [true, false] {
        let routes: Router = routes().route("/count", post(count));
        let site = Site::of(routes, |app, tokens| {
            let sessions = SessionManagerLayer::new(SessionsInMemory::default());
            let tokens = tower_consent::TokenLayer::new(tokens);
            let app = if is_inside { app.layer(sessions).layer(tokens) } else { app.layer(tokens).layer(sessions) };
            app.layer(ConsentLayer::new(Arc::clone(&policy)))
        });
        let mut visitor = visitor(&site);
        assert_eq!(site.browse(&mut visitor, "POST /count").await.body, "0 nobody");
        site.browse(&mut visitor, "POST /login").await;
        assert_eq!(site.browse(&mut visitor, "POST /count").await.body, "1 user-17");
        visitor.assert_holds("id");
        site.browse(&mut visitor, "POST /logout").await;
        visitor.assert_lacks(NAME);
        visitor.assert_holds("id");
        assert_eq!(site.browse(&mut visitor, "POST /count").await.body, "2 nobody");
    }
}

//! What an application is told of a session, of a request without one, and of a store that is full.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    error::Error as _,
    sync::{Arc, Mutex},
};

use http::{Request, header};
use tower_consent::{
    ConsentLayer, Lifetime, Policy, SessionRejection, StoreError, StoreErrorKind, TokenLayer, TokenRules, Tokens,
};

use crate::site::{START, STRANGER, Site, routes};

#[tokio::test]
async fn a_session_tells_how_it_came_and_how_long_it_lasts() {
    let site = Site::new();
    let token = site.sign_in().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    for (field, value, by_cookie) in [
        (header::COOKIE, format!("__Host-token={token}"), true),
        (header::AUTHORIZATION, format!("Bearer {token}"), false),
    ] {
        for (moment, left) in [(0, 604_800), (86_400, 518_400), (604_799, 1)] {
            site.clock.set(START + moment);
            let log = Arc::clone(&seen);
            let handler = tower::service_fn(move |request: Request<()>| {
                let log = Arc::clone(&log);
                async move {
                    let context = tower_consent::TokenContext::of(request.extensions()).unwrap();
                    let session = context.session(request.headers()).await.unwrap().unwrap();
                    log.lock().unwrap().push((session.seconds_left(), session.is_by_cookie()));
                    Ok::<_, std::convert::Infallible>(http::Response::new(()))
                }
            });
            let request = Request::builder().header(&field, &value).body(()).unwrap();
            let layer = TokenLayer::new(site.tokens.clone());
            tower::ServiceExt::oneshot(tower::Layer::layer(&layer, handler), request).await.unwrap();
            assert_eq!(seen.lock().unwrap().pop(), Some((left, by_cookie)));
        }
    }
}

/// A revoked token is dead at once, and only the first call says that it was known.
#[tokio::test]
async fn a_revoked_token_was_known_once() {
    let site = Site::new();
    let token = site.sign_in().await;
    assert_eq!(site.by_bearer("/account", &token).await.status, 200);
    assert!(site.tokens.revoke(&token).await.unwrap());
    assert_eq!(site.by_bearer("/account", &token).await.status, 401);
    assert!(!site.tokens.revoke(&token).await.unwrap());
    assert!(!site.tokens.revoke(STRANGER).await.unwrap());
    assert!(!site.tokens.revoke("no token").await.unwrap());
}

/// What the application's own answer can go by.
#[tokio::test]
async fn a_rejection_tells_who_is_anonymous() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let site = Site::of(routes(), move |app, tokens| {
        app.layer(TokenLayer::new(tokens).with_answer(move |rejection, _| {
            log.lock().unwrap().push((rejection.is_anonymous(), rejection.to_string(), rejection.source().is_some()));
            http::Response::new(bytes::Bytes::new())
        }))
    });
    let signed_out = "You are not signed in.";
    site.ask("/account", &[]).await;
    assert_eq!(seen.lock().unwrap().pop(), Some((true, signed_out.to_owned(), false)));
    site.by_bearer("/account", STRANGER).await;
    assert_eq!(seen.lock().unwrap().pop(), Some((true, signed_out.to_owned(), false)));
    site.store.breaks(&["get"]);
    site.by_bearer("/account", STRANGER).await;
    let unavailable = "Sign-ins cannot be checked now. Please try again soon.";
    assert_eq!(seen.lock().unwrap().pop(), Some((false, unavailable.to_owned(), true)));
    let rejection = SessionRejection::from(StoreError::new(StoreErrorKind::Unavailable, "pulled-plug"));
    assert!(!rejection.is_anonymous() && rejection.source().unwrap().to_string().contains("pulled-plug"));
}

/// A store without room for the note of a use still holds the token; one that is down cannot tell.
#[tokio::test]
async fn a_full_store_ends_no_session() {
    let site = Site::new();
    let tokens = Tokens::builder(site.store.clone()).clock(site.clock.clone()).idle_limit(Lifetime::seconds(60));
    let app = routes().layer(TokenLayer::new(tokens.build().unwrap()));
    let site = Site { app, ..site };
    let token = site.sign_in().await;
    site.clock.advance(6);
    site.store.fills(&["touch"]);
    assert_eq!(site.by_cookie("/account", &token).await.body, "user-17");
    site.store.breaks(&["touch"]);
    assert_eq!(site.by_cookie("/account", &token).await.status, 503);
}

/// Of two idle limits the stricter one counts, whoever set it.
#[tokio::test]
async fn the_stricter_idle_limit_counts() {
    for (own, promised) in [(60, 120), (120, 60)] {
        let site = Site::new();
        let rules = TokenRules::default().with_idle_limit(Lifetime::seconds(promised));
        let policy = Policy::builder().tokens(rules).build().unwrap();
        let tokens = Tokens::builder(site.store.clone()).clock(site.clock.clone()).idle_limit(Lifetime::seconds(own));
        let app = routes().layer(ConsentLayer::new(policy).with_tokens(tokens.build().unwrap()));
        let site = Site { app, ..site };
        let token = site.sign_in().await;
        site.clock.advance(59);
        assert_eq!(site.by_cookie("/account", &token).await.status, 200, "{own} {promised}");
        site.clock.advance(60);
        assert_eq!(site.by_cookie("/account", &token).await.status, 401, "{own} {promised}");
    }
}

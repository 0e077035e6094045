//! The answers where a session is needed and there is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, response::IntoResponse, routing::get};
use bytes::Bytes;
use http::Response;
use tower_consent::{
    RejectionKind, RequireSession, Session, SessionRejection, SignIn, StoreError, StoreErrorKind, TokenLayer, Tokens,
};

use crate::site::{NAME, STRANGER, Site};

/// 401 says how to sign in (RFC 9110 section 11.6.1); an error only where something was shown (RFC 6750 section 3.1).
#[tokio::test]
async fn unauthorized() {
    let site = Site::new();
    let cookie = format!("{NAME}={STRANGER}");
    let bearer = format!("Bearer {STRANGER}");
    let twice = format!("{NAME}=a; {NAME}=b");
    let invalid = "Bearer error=\"invalid_token\"";
    for (fields, challenge) in [
        (vec![], "Bearer"),
        (vec![("cookie", "a=b")], "Bearer"),
        (vec![("authorization", "Basic dDp0")], "Bearer"),
        (vec![("cookie", &*cookie)], invalid),
        (vec![("authorization", &*bearer)], invalid),
        (vec![("authorization", "Bearer")], invalid),
        (vec![("cookie", "__Host-token=")], invalid),
        (vec![("cookie", &*twice)], invalid),
    ] {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        for what in ["/account", "/guarded", "/guarded/blind", "POST /logout", "POST /rotate"] {
            let answer = site.ask(what, &fields).await;
            assert_eq!(answer.status, 401, "{what}");
            assert_eq!(answer.lines("www-authenticate"), [challenge], "{what} {fields:?}");
            assert_eq!(answer.field("content-type"), Some("text/plain; charset=utf-8"));
            assert_eq!(answer.body, "You are not signed in.\n");
            assert!(answer.field("retry-after").is_none());
        }
        let answer = site.ask("/maybe", &fields).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "nobody"));
        assert!(answer.field("www-authenticate").is_none());
    }
}

/// Where no layer stands in the stack, the application is told, and the visitor is not taken for anonymous.
#[tokio::test]
async fn no_layer() {
    let by_hand = async |tokens: Tokens| format!("{tokens:?}");
    let routes = crate::site::routes().route("/tokens", get(by_hand));
    let bare = Site::of(routes.clone(), |app, _| app);
    for what in ["/account", "/maybe", "/guarded", "/login/page", "POST /login", "POST /logout", "/tokens"] {
        let answer = bare.ask(what, &[("cookie", b"__Host-token=x")]).await;
        assert_eq!(answer.status, 500, "{what}");
        assert_eq!(answer.body, "No token layer stands in the stack.\n", "{what}");
        assert!(answer.field("www-authenticate").is_none());
    }
    let covered = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    assert_eq!(covered.ask("/tokens", &[]).await.status, 200);
}

/// One answer of the application's own, for extractors and guards alike, which knows why and for which request.
#[tokio::test]
async fn the_applications_own_answer() {
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let own = move |rejection: &SessionRejection, parts: &http::request::Parts| {
        count.fetch_add(1, Ordering::Relaxed);
        let why = match rejection.kind() {
            RejectionKind::NoToken => "none",
            RejectionKind::NoLiveToken => "dead",
            RejectionKind::Unavailable(error) if error.kind() == StoreErrorKind::Unavailable => "down",
            other => panic!("{other:?}"),
        };
        let body = format!("{why} {} {}", rejection.status().as_u16(), parts.uri.path());
        Response::builder().status(302).header("location", "/login").body(Bytes::from(body)).unwrap()
    };
    let site = Site::of(crate::site::routes(), |app, tokens| app.layer(TokenLayer::new(tokens).with_answer(own)));
    let token = site.sign_in().await;
    for path in ["/account", "/guarded", "/guarded/blind"] {
        let none = site.ask(path, &[]).await;
        assert_eq!(none.body, format!("none 401 {path}"));
        let dead = site.by_cookie(path, STRANGER).await;
        assert_eq!((dead.body.clone(), dead.expires()), (format!("dead 401 {path}"), true));
        site.store.breaks(&["get"]);
        let down = site.by_cookie(path, &token).await;
        site.store.breaks(&[]);
        assert_eq!(down.body, format!("down 503 {path}"));
        for answer in [none, dead, down] {
            assert_eq!((answer.status.as_u16(), answer.field("location")), (302, Some("/login")));
            assert!(answer.field("www-authenticate").is_none() && answer.field("retry-after").is_none());
            assert!(answer.cache_control().is_some(), "the layer still keeps it out of caches");
        }
        assert_eq!(site.by_cookie(path, &token).await.status, 200);
    }
    assert_eq!(told.load(Ordering::Relaxed), 9);
    // The same for `Option<Session>` where the store is down; an anonymous visitor needs no answer.
    site.store.breaks(&["get"]);
    assert_eq!(site.by_cookie("/maybe", &token).await.body, "down 503 /maybe");
}

/// Errors of a store as answers: nothing of what the store said.
#[tokio::test]
async fn errors_of_a_store_as_answers() {
    for (kind, status) in [
        (StoreErrorKind::Unavailable, 503),
        (StoreErrorKind::Timeout, 503),
        (StoreErrorKind::Full, 503),
        (StoreErrorKind::Corrupt, 503),
        (StoreErrorKind::Invalid, 400),
    ] {
        let answer = StoreError::new(kind, "10.0.0.7 said no").into_response();
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (status, status == 503));
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
        assert!(!body.is_empty() && !body.windows(4).any(|part| part == b"10.0"));
    }
    let long = async |sign_in: SignIn| sign_in.issue("x".repeat(256)).await.map(|_| "in");
    let empty = async |sign_in: SignIn| sign_in.issue("").await.map(|_| "in");
    let routes = Router::new().route("/long", get(long)).route("/empty", get(empty));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    for what in ["/long", "/empty"] {
        assert_eq!(site.ask(what, &[]).await.status, 400, "{what}");
        assert_eq!(site.store.calls(), [""; 0]);
    }
}

/// A guard for whole routes answers before the handler runs, and the handler finds the session without another look-up.
#[tokio::test]
async fn a_guard_keeps_the_handler_from_running() {
    let runs = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&runs);
    let handler = move |session: Session| async move {
        count.fetch_add(1, Ordering::Relaxed);
        session.subject().to_owned()
    };
    let routes = Router::new().route("/", get(handler)).layer(RequireSession).merge(Router::new().route(
        "/login",
        axum::routing::post(async |sign_in: SignIn| sign_in.issue("user-17").await.map(|signed_in| (signed_in, "in"))),
    ));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    for answer in [site.ask("/", &[]).await, site.by_cookie("/", STRANGER).await] {
        assert_eq!(answer.status, 401);
    }
    site.store.breaks(&["get"]);
    assert_eq!(site.by_cookie("/", &token).await.status, 503);
    site.store.breaks(&[]);
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    assert_eq!(site.by_cookie("/", &token).await.body, "user-17");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

//! When the store is asked: only if a handler asks, and then once a request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use axum::{
    Router,
    extract::{FromRequestParts, OptionalFromRequestParts, Request},
    routing::get,
};
use tower_consent::{RequireSession, Session, SessionRejection, SignIn, TokenContext, TokenLayer};

use crate::site::{STRANGER, Site, routes};

#[tokio::test]
async fn nobody_asks_nothing_is_asked() {
    let site = Site::new();
    let token = site.sign_in().await;
    for what in ["/", "POST /", "/nowhere", "/login/page"] {
        site.by_cookie(what, &token).await;
        site.by_bearer(what, &token).await;
        assert_eq!(site.store.calls(), [""; 0], "{what}");
    }
    site.ask("/account", &[]).await;
    site.ask("/guarded", &[("cookie", b"a=b"), ("authorization", b"Basic dDp0")]).await;
    assert_eq!(site.store.calls(), [""; 0], "without a token there is nothing to ask");
}

/// Every way to ask, and all of them together, is one look-up.
fn all_ways() -> Router {
    let all = async |one: Option<Session>, two: Option<Session>, _: SignIn, request: Request| {
        let (mut parts, _) = request.into_parts();
        let context = TokenContext::of(&parts.extensions).unwrap().clone();
        let (three, four, five) = tokio::join!(
            context.session(&parts.headers),
            context.session(&parts.headers),
            context.session(&parts.headers)
        );
        let by_hand = [three, four, five].map(|session| matches!(session, Ok(Some(_))));
        let six = <Session as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let seven = <Session as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let found = [one.is_some(), two.is_some(), six.is_ok(), matches!(seven, Ok(Some(_)))];
        assert!(found.iter().chain(&by_hand).all(|is| *is == found[0]), "{found:?} {by_hand:?}");
        found[0].to_string()
    };
    let together = async |request: Request| {
        let (mut parts, _) = request.into_parts();
        let context = TokenContext::of(&parts.extensions).unwrap().clone();
        let headers = parts.headers.clone();
        let (one, two, three) = tokio::join!(
            <Session as FromRequestParts<()>>::from_request_parts(&mut parts, &()),
            context.session(&headers),
            context.session(&headers),
        );
        format!("{} {} {}", one.is_ok(), two.is_ok(), three.is_ok())
    };
    // One after the other, whatever the first one said.
    let again =
        async |one: Result<Session, SessionRejection>, two: Result<Session, SessionRejection>, request: Request| {
            let context = TokenContext::of(request.extensions()).unwrap();
            let three = context.session(request.headers()).await;
            let status = |rejection: SessionRejection| rejection.status().as_u16();
            format!("{:?} {:?} {}", one.map_err(status).err(), two.map_err(status).err(), three.is_err())
        };
    let ways = Router::new().route("/ways", get(all)).route("/together", get(together)).route("/again", get(again));
    let guarded = Router::new().route("/ways/guarded", get(all)).layer(RequireSession).layer(RequireSession);
    routes().merge(ways).merge(guarded)
}

#[tokio::test]
async fn once_a_request_however_often_it_is_asked() {
    let site = Site::of(all_ways(), |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    for (what, token, body) in [
        ("/ways", &*token, "true"),
        ("/ways/guarded", &token, "true"),
        ("/ways", STRANGER, "false"),
        ("/together", &token, "true true true"),
        ("/together", STRANGER, "false true true"),
        ("/guarded", &token, "user-17"),
        ("/guarded/blind", &token, "behind the guard"),
    ] {
        assert_eq!(site.by_cookie(what, token).await.body, body, "{what}");
        assert_eq!(site.store.calls(), ["get"], "{what}");
    }
}

/// A failure too is asked for once: a store that is down is not asked again and again.
#[tokio::test]
async fn once_a_request_also_where_the_store_fails() {
    let site = Site::of(all_ways(), |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    site.store.breaks(&["get"]);
    let answer = site.by_cookie("/together", &token).await;
    assert_eq!((answer.body.as_str(), site.store.calls()), ("false false false", vec!["get"]));
    let answer = site.by_cookie("/again", &token).await;
    assert_eq!((answer.body.as_str(), site.store.calls()), ("Some(503) Some(503) true", vec!["get"]));
    for what in ["/ways", "/ways/guarded", "/account", "/guarded"] {
        assert_eq!(site.by_cookie(what, &token).await.status, 503);
        assert_eq!(site.store.calls(), ["get"], "{what}");
    }
    // The next request asks anew.
    site.store.breaks(&[]);
    assert_eq!(site.by_cookie("/account", &token).await.status, 200);
}

/// A look-up that nobody waits for any more does not block the next one.
#[tokio::test]
async fn a_dropped_look_up_hurts_nobody() {
    let dropped = async |request: Request| {
        let context = TokenContext::of(request.extensions()).unwrap().clone();
        let mut first = Box::pin(context.session(request.headers()));
        // Begun, and given up before the store answers.
        std::future::poll_fn(|cx| {
            assert!(first.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(first);
        context
            .session(request.headers())
            .await
            .unwrap()
            .map_or("nobody".to_owned(), |session| session.subject().to_owned())
    };
    let routes = routes().route("/dropped", get(dropped));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    assert_eq!(site.by_cookie("/dropped", &token).await.body, "user-17");
    assert_eq!(site.store.calls(), ["get", "get"]);
}

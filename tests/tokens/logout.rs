//! Log-out: in the store first, then in the browser, and never undone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::convert::Infallible;

use axum::routing::post;
use http::{Request, Response};
use tower::{Layer, Service};
use tower_consent::{MemoryStore, NewToken, Session, StoreError, TokenContext, TokenLayer, Tokens};

use crate::site::{NAME, STRANGER, Site, routes, visitor};

/// R124: after the answer nobody gets in with it, in no way; and no other session is touched.
#[tokio::test]
async fn it_is_gone() {
    let site = Site::new();
    let mut visitor = visitor(&site);
    let token = site.browse(&mut visitor, "POST /login").await.token().unwrap();
    let other = site.sign_in().await;
    let answer = site.browse(&mut visitor, "POST /logout").await;
    assert_eq!((answer.status.as_u16(), answer.cache_control(), answer.expires()), (204, Some("no-store"), true));
    assert!(answer.field("clear-site-data").is_none());
    assert_eq!(site.store.calls(), ["get", "delete"], "looked up, and deleted before the answer");
    assert_eq!(site.store.len(), 1);
    visitor.assert_lacks(NAME);
    for answer in [site.by_cookie("/account", &token).await, site.by_bearer("/account", &token).await] {
        assert_eq!(answer.status, 401);
    }
    assert!(site.tokens.verify(&token).await.unwrap().is_none());
    assert!(site.tokens.rotate(&token).await.unwrap().is_none());
    assert!(!site.tokens.revoke(&token).await.unwrap());
    assert_eq!(site.by_cookie("/account", &other).await.status, 200);
}

/// The order of the two: while the handler still works on its answer, the token is dead already.
#[tokio::test]
async fn the_store_comes_first() {
    let check = async |session: Session, tokens: tower_consent::Tokens| {
        let known = tokens.list("user-17").await?.len();
        let ended = session.end().await?;
        let left = tokens.list("user-17").await?.len();
        Ok::<_, StoreError>((ended, format!("{known} {left}")))
    };
    let routes = routes().route("/check", post(check));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    assert_eq!(site.by_cookie("POST /check", &token).await.body, "1 0");
}

/// To end it again changes nothing; and within the request itself nobody is signed in any more.
#[tokio::test]
async fn it_is_idempotent() {
    let twice = async |session: Session, request: axum::extract::Request| {
        let context = tower_consent::TokenContext::of(request.extensions()).unwrap();
        let _first = session.end().await?;
        let _again = session.clone().end().await?;
        let everywhere = session.end_all().await?;
        assert!(context.session(request.headers()).await?.is_none(), "the answer of a moment ago is not repeated");
        assert!(session.rotate().await?.is_none(), "what was ended cannot be rotated");
        assert!(context.session(request.headers()).await?.is_none());
        Ok::<_, StoreError>(everywhere)
    };
    let routes = routes().route("/twice", post(twice));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    let answer = site.by_cookie("POST /twice", &token).await;
    assert_eq!((answer.status.as_u16(), answer.lines("set-cookie").len(), answer.expires()), (204, 1, true));
    assert_eq!(site.store.len(), 0);
    // A second request with the same token: 401, as every other dead token, and the cookie goes too.
    let answer = site.by_cookie("POST /logout", &token).await;
    assert_eq!(answer, site.by_cookie("POST /logout", STRANGER).await);
}

/// R64: the cache and the storage, never the cookies, because the choice of the visitor is one of them.
#[tokio::test]
async fn clear_site_data_leaves_the_cookies() {
    let site = Site::new();
    let token = site.sign_in().await;
    let answer = site.by_cookie("POST /logout/clear", &token).await;
    assert_eq!(answer.lines("clear-site-data"), ["\"cache\", \"storage\""]);
    assert!(answer.expires());
}

/// R125: all of one's own, and nobody else's.
#[tokio::test]
async fn everywhere_is_everywhere_and_only_ones_own() {
    let site = Site::new();
    let own = [site.sign_in().await, site.sign_in().await, site.sign_in().await];
    let answer = site.ask("POST /login", &[("subject", b"user-18")]).await;
    let other = answer.token().unwrap();
    let answer = site.by_cookie("POST /logout/everywhere", &own[1]).await;
    assert_eq!((answer.status.as_u16(), answer.cache_control(), answer.expires()), (204, Some("no-store"), true));
    for token in own {
        assert_eq!(site.by_cookie("/account", &token).await.status, 401);
    }
    assert_eq!(site.by_cookie("/account", &other).await.body, "user-18");
}

/// The answer of the application does not matter: a redirect, a page, an error.
#[tokio::test]
async fn whatever_the_answer_is() {
    for status in [200_u16, 204, 302, 303, 404, 500] {
        let out = async move |session: Session| {
            let _ended = session.end().await?;
            Ok::<_, StoreError>(http::StatusCode::from_u16(status).unwrap())
        };
        let routes = routes().route("/out", post(out));
        let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
        let token = site.sign_in().await;
        let answer = site.by_cookie("POST /out", &token).await;
        assert_eq!(
            (answer.status.as_u16(), answer.cache_control(), answer.expires()),
            (status, Some("no-store"), true)
        );
    }
}

/// A log-out that saw the session before a rotation took its token away ends what the rotation gave: by the layer, in the
/// request that rotated itself, and for whoever picks it from a list.
#[tokio::test]
async fn a_log_out_follows_a_rotation() {
    let tokens = Tokens::new(MemoryStore::new());
    let bystander = tokens.issue(NewToken::of("user-17").with_label("another device")).await.unwrap();
    let layer = TokenLayer::new(tokens.clone());
    for who_rotates in ["somebody else, twice", "the request itself"] {
        let token = tokens.issue("user-17").await.unwrap().token().expose();
        let (others, held) = (tokens.clone(), token.clone());
        let mut service = layer.layer(tower::service_fn(async |request: Request<()>| {
            let context = TokenContext::of(request.extensions()).unwrap();
            let session = context.session(request.headers()).await.unwrap().unwrap();
            if who_rotates == "the request itself" {
                drop(session.rotate().await.unwrap().unwrap());
            } else {
                let once = others.rotate(&held).await.unwrap().unwrap();
                drop(others.rotate(once.token().expose()).await.unwrap().unwrap());
            }
            assert_eq!(others.list("user-17").await.unwrap().len(), 2, "{who_rotates}");
            let ended = session.end().await.unwrap();
            let mut answer = Response::new(());
            ended.apply(answer.headers_mut());
            Ok::<_, Infallible>(answer)
        }));
        let request = Request::builder().header("cookie", format!("__Host-token={token}")).body(()).unwrap();
        service.call(request).await.unwrap();
        let left = tokens.list("user-17").await.unwrap();
        assert_eq!(left, [bystander.record().clone()], "{who_rotates}");
    }
}

/// The answer to a late part of a page does not delete the cookie that another answer has just set: a deletion names a
/// cookie, not its value. A page does delete a dead one, and a log-out always.
#[tokio::test]
async fn only_a_page_expires_what_it_did_not_end() {
    let site = Site::new();
    for (destination, expires) in [
        (None, true),
        (Some("document"), true),
        (Some("image"), false),
        (Some("empty"), false),
        (Some("iframe"), false),
    ] {
        let field = destination.map(|value: &str| ("sec-fetch-dest", value.as_bytes()));
        for token in [STRANGER, "malformed"] {
            let cookie = format!("{NAME}={token}");
            let fields: Vec<_> = [("cookie", cookie.as_bytes())].into_iter().chain(field).collect();
            let answer = site.ask("/maybe", &fields).await;
            assert_eq!((answer.body.as_str(), answer.expires()), ("nobody", expires), "{destination:?} {token}");
        }
        let cookie = format!("{NAME}={}", site.sign_in().await);
        let fields: Vec<_> = [("cookie", cookie.as_bytes())].into_iter().chain(field).collect();
        assert!(site.ask("POST /logout", &fields).await.expires(), "{destination:?}");
    }
}

/// Of two rotations at a time one has the cookie; the other leaves it alone.
#[tokio::test]
async fn a_rotation_that_lost_leaves_the_cookie_alone() {
    let tokens = Tokens::new(MemoryStore::new());
    let token = tokens.issue("user-17").await.unwrap().token().expose();
    let layer = TokenLayer::new(tokens.clone());
    let others = tokens.clone();
    let held = token.clone();
    let mut service = layer.layer(tower::service_fn(async |request: Request<()>| {
        let context = TokenContext::of(request.extensions()).unwrap();
        let session = context.session(request.headers()).await.unwrap().unwrap();
        drop(others.rotate(&held).await.unwrap().unwrap());
        assert!(session.rotate().await.unwrap().is_none());
        assert!(context.session(request.headers()).await.unwrap().is_none(), "anonymous from now on");
        Ok::<_, Infallible>(Response::new(()))
    }));
    let request = Request::builder().header("cookie", format!("__Host-token={token}")).body(()).unwrap();
    let answer = service.call(request).await.unwrap();
    assert!(!answer.headers().contains_key("set-cookie"));
    assert_eq!(tokens.list("user-17").await.unwrap().len(), 1, "the winner's");
}

//! A signal under which nothing at all may be stored in the browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use tower_consent::{Policy, PolicyBuilder, Signal, SignalScope};

use crate::site::{NAME, Site, visitor};

fn no_cookies() -> PolicyBuilder {
    Policy::builder().signal(Signal::Dnt, SignalScope::NoCookies)
}

fn site(policy: PolicyBuilder) -> Site {
    Site::with_policy(Arc::new(policy.build().unwrap()))
}

/// The sign-in works all the same: with a bearer token, and without a cookie.
#[tokio::test]
async fn a_sign_in_gives_a_bearer_token() {
    let site = site(no_cookies());
    for form in ["", "browser"] {
        let mut visitor = visitor(&site).with_signal(Signal::Dnt);
        let answer = site.browse_with(&mut visitor, "POST /login", &[("form", form)]).await;
        assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (200, vec![]));
        assert_eq!(answer.cache_control(), Some("no-store"));
        visitor.assert_lacks(NAME);
        let token = answer.body.strip_prefix("DNT ").expect("forbidden_by says which signal");
        assert_eq!(site.by_bearer("/account", token).await.body, "user-17");
        assert_eq!(
            site.ask("/account", &[("authorization", format!("Bearer {token}").as_bytes()), ("dnt", b"1")])
                .await
                .status,
            200
        );
    }
    // What was asked for as a bearer token is one because of that; the signal is named all the same.
    let answer = site.ask("POST /login", &[("form", b"bearer"), ("dnt", b"1")]).await;
    assert!(answer.body.starts_with("DNT "), "{answer:?}");
    // Without the signal, and under another one, nothing is different.
    for fields in [vec![], vec![("sec-gpc", &b"1"[..])], vec![("dnt", &b"0"[..])]] {
        let answer = site.ask("POST /login", &fields).await;
        assert_eq!((answer.body.as_str(), answer.token().is_some()), ("", true), "{fields:?}");
    }
}

/// A token cookie that the browser has already signs in, and can be ended: a deletion stores nothing.
#[tokio::test]
async fn what_is_there_still_works_and_can_go() {
    let site = site(no_cookies());
    let mut visitor = visitor(&site);
    site.browse(&mut visitor, "POST /login").await;
    let mut visitor = visitor.with_signal(Signal::Dnt);
    assert_eq!(site.browse(&mut visitor, "/account").await.body, "user-17");
    let answer = site.browse(&mut visitor, "POST /logout").await;
    assert!(answer.expires(), "{answer:?}");
    visitor.assert_lacks(NAME);
}

/// A rotation takes the cookie away and gives a bearer token in its place.
#[tokio::test]
async fn a_rotation_gives_a_bearer_token_too() {
    let site = site(no_cookies());
    let mut visitor = visitor(&site);
    let old = site.browse(&mut visitor, "POST /login").await.token().unwrap();
    let mut visitor = visitor.with_signal(Signal::Dnt);
    let answer = site.browse(&mut visitor, "POST /rotate").await;
    let new = answer.body.strip_prefix("DNT ").unwrap();
    assert!(answer.token().is_none() && answer.expires(), "{answer:?}");
    visitor.assert_lacks(NAME);
    assert_eq!(site.by_bearer("/account", new).await.status, 200);
    assert_eq!(site.by_cookie("/account", &old).await.status, 401);
}

/// A sign-in takes a dead or planted cookie away, as without the signal.
#[tokio::test]
async fn a_sign_in_over_an_old_cookie_takes_it_away() {
    let site = site(no_cookies());
    let mut visitor = visitor(&site);
    let old = site.browse(&mut visitor, "POST /login").await.token().unwrap();
    let mut visitor = visitor.with_signal(Signal::Dnt);
    let answer = site.browse(&mut visitor, "POST /login").await;
    assert!(answer.body.starts_with("DNT ") && answer.expires(), "{answer:?}");
    visitor.assert_lacks(NAME);
    assert_eq!(site.by_cookie("/account", &old).await.status, 401);
}

/// Report-only changes nothing: the cookie is set as usual. So is it under a signal that turns off less than everything.
#[tokio::test]
async fn reported_only_or_less_than_everything() {
    let less = Policy::builder().signal(Signal::Dnt, SignalScope::All).signal_always();
    for policy in [no_cookies().report_only(), less] {
        let site = site(policy);
        let mut visitor = visitor(&site).with_signal(Signal::Dnt);
        let answer = site.browse(&mut visitor, "POST /login").await;
        assert_eq!((answer.body.as_str(), answer.max_age()), ("", Some(604_800)));
        visitor.assert_holds(NAME);
        let answer = site.browse(&mut visitor, "POST /rotate").await;
        assert!(answer.body.is_empty() && answer.token().is_some());
    }
}

/// A log-in that redirects: with the cookie it goes on; without one it cannot carry the token, so it says what happened.
#[tokio::test]
async fn a_redirect_becomes_a_page() {
    use http::{Request, Response};
    use tower::{Layer, Service};
    use tower_consent::{ConsentLayer, MemoryStore, NewToken, StoreError, TokenContext, Tokens};

    let tokens = Tokens::new(MemoryStore::new());
    let layer = ConsentLayer::new(no_cookies().build().unwrap()).with_tokens(tokens.clone());
    let mut service = layer.layer(tower::service_fn(async |request: Request<()>| {
        let context = TokenContext::of(request.extensions()).unwrap();
        let (new, to) = match request.uri().path() {
            "/bearer" => (NewToken::of("user-17").bearer(), "/account"),
            "/bad" => (NewToken::of("user-17"), "/\r\nx: y"),
            _ => (NewToken::of("user-17"), "/account"),
        };
        let signed_in = context.sign_in(request.headers()).issue(new).await?;
        Ok::<Response<bytes::Bytes>, StoreError>(signed_in.redirect(to).into_answer())
    }));
    let mut ask = async |path: &str, dnt: &str| {
        let request = Request::builder().uri(path).header("dnt", dnt).body(()).unwrap();
        let answer = service.call(request).await.unwrap();
        let field = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(field("cache-control").as_deref(), Some("no-store"), "{path}");
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), field("location"), field("set-cookie").is_some(), field("content-type"), body)
    };
    assert_eq!(ask("/", "0").await, (303, Some("/account".to_owned()), true, None, String::new()));
    assert_eq!(ask("/bad", "0").await.1.as_deref(), Some("/"));
    let (status, to, has_cookie, kind, body) = ask("/", "1").await;
    assert_eq!((status, to, has_cookie, kind.as_deref()), (200, None, false, Some("text/html; charset=utf-8")));
    assert!(body.contains("asked us not to store anything"), "{body}");
    let token = body.rsplit_once("Bearer ").unwrap().1.strip_suffix("</code>\n").unwrap();
    assert!(tokens.verify(token).await.unwrap().is_some(), "nothing lives that nobody knows");
    let (status, to, has_cookie, kind, body) = ask("/bearer", "0").await;
    assert_eq!((status, to, has_cookie, kind.as_deref()), (200, None, false, Some("text/plain; charset=utf-8")));
    assert!(tokens.verify(body.trim_end()).await.unwrap().is_some());
}

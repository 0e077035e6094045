//! Lists of a subject's sessions, and ending one of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use axum::{
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use tower_consent::{Session, StoreError, TokenDigest, TokenLayer, Tokens};

use crate::site::{START, Site, routes};

/// A page of one's own sessions, where each can be ended: over HTTP, with the digest in the address.
fn site() -> Site {
    let list = async |session: Session, tokens: Tokens| {
        let records = tokens.list(session.subject()).await?;
        let lines = records.iter().map(|record| {
            let mark = if record.digest() == session.digest() { "*" } else { "" };
            format!("{} {} {mark}", record.digest(), record.issued_at() - START)
        });
        Ok::<_, StoreError>(lines.collect::<Vec<_>>().join("\n"))
    };
    let end = async |session: Session, tokens: Tokens, Path(digest): Path<String>| {
        let Ok(digest) = digest.parse::<TokenDigest>() else { return Ok(StatusCode::BAD_REQUEST) };
        let is_ended = tokens.revoke_one_of(session.subject(), &digest).await?;
        Ok::<_, StoreError>(if is_ended { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
    };
    let routes = routes().route("/sessions", get(list)).route("/sessions/{digest}/end", post(end));
    Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)))
}

#[tokio::test]
async fn the_latest_first_and_only_live_ones() {
    let site = site();
    let first = site.sign_in().await;
    site.clock.advance(10);
    let second = site.sign_in().await;
    site.ask("POST /login", &[("subject", b"user-18")]).await;
    let body = site.by_cookie("/sessions", &second).await.body;
    let ages: Vec<_> = body.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(ages, ["10 *", "0 "]);
    for secret in [&first, &second] {
        assert!(!body.contains(&secret[..]), "a digest is no token");
    }
    site.clock.set(START + 604_800);
    let body = site.by_cookie("/sessions", &second).await.body;
    assert_eq!(body.lines().count(), 1, "{body}");
}

/// Only one's own: somebody else's digest ends nothing, and says nothing.
#[tokio::test]
async fn one_of_ones_own_can_be_ended() {
    let site = site();
    let (own, lost) = (site.sign_in().await, site.sign_in().await);
    let other = site.ask("POST /login", &[("subject", b"user-18")]).await.token().unwrap();
    let digest = |token: &str| tower_consent::Token::parse(token.as_bytes()).unwrap().digest();
    let end = async |token: &str| {
        site.by_cookie(&format!("POST /sessions/{}/end", digest(token)), &own).await.status.as_u16()
    };
    assert_eq!(end(&other).await, 404);
    assert_eq!(site.by_cookie("/account", &other).await.status, 200);
    assert_eq!(end(crate::site::STRANGER).await, 404);
    assert_eq!(end(&lost).await, 204);
    assert_eq!(end(&lost).await, 404);
    assert_eq!(site.by_cookie("/account", &lost).await.status, 401);
    assert_eq!(site.by_cookie("/account", &own).await.status, 200);
    site.store.breaks(&["delete"]);
    assert_eq!(end(&own).await, 503);
    site.store.breaks(&[]);
    assert_eq!(site.by_cookie("/account", &own).await.status, 200);
}

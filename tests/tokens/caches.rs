//! What caches may do with the answers (R128, R75-R78).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{AppendHeaders, IntoResponse},
    routing::any,
};
use http::HeaderMap;
use tower_consent::{ConsentLayer, Policy, Session, SignIn, TokenContext, TokenLayer};

use crate::site::{STRANGER, Site, routes};

/// What the application says of caching: each `x-app` field of the request, as `name: value`.
fn said(headers: &HeaderMap) -> AppendHeaders<Vec<(String, String)>> {
    let fields = headers.get_all("x-app").iter().map(|field| {
        let (name, value) = field.to_str().unwrap().split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    });
    AppendHeaders(fields.collect())
}

/// Handlers that say so in each situation: nobody asked, somebody asked, a token issued, ended, rotated.
fn site(is_behind_consent: bool) -> Site {
    let quiet = async |headers: HeaderMap| (said(&headers), "page");
    let asks = async |_: Option<Session>, headers: HeaderMap| (said(&headers), "page");
    let by_hand = async |request: Request| {
        let context = TokenContext::of(request.extensions()).unwrap();
        let _session = context.session(request.headers()).await.unwrap();
        (said(request.headers()), "page")
    };
    let issue = async |sign_in: SignIn, headers: HeaderMap| {
        let signed_in = sign_in.issue("user-17").await.unwrap();
        (signed_in, said(&headers), "page").into_response()
    };
    let bearer = async |sign_in: SignIn, headers: HeaderMap| {
        let signed_in = sign_in.issue(tower_consent::NewToken::of("user-17").bearer()).await.unwrap();
        let token = signed_in.bearer().unwrap().to_owned();
        (said(&headers), token)
    };
    let end = async |session: Session, headers: HeaderMap| {
        (session.end().await.unwrap(), said(&headers), "page").into_response()
    };
    let end_all = async |session: Session, headers: HeaderMap| {
        (session.end_all().await.unwrap(), said(&headers), "page").into_response()
    };
    let rotate = async |session: Session, headers: HeaderMap| {
        (session.rotate().await.unwrap().unwrap(), said(&headers), "page").into_response()
    };
    let routes = routes()
        .route("/c/quiet", any(quiet))
        .route("/c/asks", any(asks))
        .route("/c/by-hand", any(by_hand))
        .route("/c/issue", any(issue))
        .route("/c/bearer", any(bearer))
        .route("/c/end", any(end))
        .route("/c/end-all", any(end_all))
        .route("/c/rotate", any(rotate));
    Site::of(routes, |app, tokens| {
        if is_behind_consent {
            let policy = Arc::new(Policy::builder().build().unwrap());
            app.layer(ConsentLayer::new(policy).with_tokens(tokens))
        } else {
            app.layer(TokenLayer::new(tokens))
        }
    })
}

fn fields<'a>(cookie: &'a str, said: &'a [&'a str]) -> Vec<(&'static str, &'a [u8])> {
    let said = said.iter().map(|field| ("x-app", field.as_bytes()));
    said.chain((!cookie.is_empty()).then_some(("cookie", cookie.as_bytes()))).collect()
}

/// What the application says, and what leaves: for an answer whose handler asked, and for one that changes a token.
const TABLE: &[(&[&str], &str, &str)] = &[
    (&[], "private, no-cache", "no-store"),
    (&["private"], "private, no-cache", "private, no-store"),
    (&["no-cache"], "no-cache, private", "no-cache, no-store"),
    (&["no-store"], "no-store", "no-store"),
    (&["No-Store"], "No-Store", "No-Store"),
    (&["private, no-cache"], "private, no-cache", "private, no-cache, no-store"),
    (&["no-store, max-age=0"], "no-store, max-age=0", "no-store, max-age=0"),
    (&["max-age=60"], "max-age=60, private, no-cache", "max-age=60, no-store"),
    (&["public"], "private, no-cache", "no-store"),
    (&["public, max-age=60"], "max-age=60, private, no-cache", "max-age=60, no-store"),
    (&["PUBLIC, s-maxage=60"], "private, no-cache", "no-store"),
    (&["s-maxage=60, no-store"], "no-store", "no-store"),
    (&["public, no-cache, private"], "no-cache, private", "no-cache, private, no-store"),
    (&["must-revalidate", "public"], "must-revalidate, private, no-cache", "must-revalidate, no-store"),
    (&["max-age=60", "private"], "max-age=60, private, no-cache", "max-age=60, private, no-store"),
    (&["private=\"set-cookie\""], "private=\"set-cookie\", private, no-cache", "private=\"set-cookie\", no-store"),
    (
        &["no-cache=\"set-cookie\", private"],
        "no-cache=\"set-cookie\", private, no-cache",
        "no-cache=\"set-cookie\", private, no-store",
    ),
    (&["a=\"no-store, private\""], "a=\"no-store, private\", private, no-cache", "a=\"no-store, private\", no-store"),
    (&["a=\"public"], "private, no-cache", "no-store"),
    (&["no-transform"], "no-transform, private, no-cache", "no-transform, no-store"),
    (&["immutable, max-age=60"], "immutable, max-age=60, private, no-cache", "immutable, max-age=60, no-store"),
];

/// Merged with what the application says, and never weaker.
#[tokio::test]
async fn cache_control_is_merged() {
    for site in [site(false), site(true)] {
        for (values, asked, changed) in TABLE {
            let values: Vec<_> = values.iter().map(|value| format!("cache-control: {value}")).collect();
            let values: Vec<_> = values.iter().map(String::as_str).collect();
            let joined = async |path: &str, cookie: &str| {
                let answer = site.ask(path, &fields(cookie, &values)).await;
                assert_eq!(answer.status, 200, "{path}");
                answer.lines("cache-control").join(" | ")
            };
            let token = async || format!("__Host-token={}", site.sign_in().await);
            let live = token().await;
            for path in ["/c/asks", "/c/by-hand"] {
                assert_eq!(joined(path, &live).await, *asked, "{path} {values:?}");
                assert_eq!(joined(path, "").await, *asked, "anonymous is an answer too: {values:?}");
                let at_odds = format!("{live}; __Host-token=x");
                assert_eq!(joined(path, &at_odds).await, *asked, "{values:?}");
            }
            for path in ["/c/issue", "/c/bearer"] {
                assert_eq!(joined(path, "").await, *changed, "{path} {values:?}");
            }
            for path in ["/c/end", "/c/end-all", "/c/rotate", "/c/issue", "/c/bearer"] {
                assert_eq!(joined(path, &token().await).await, *changed, "{path} {values:?}");
            }
            // An answer that expires a dead cookie.
            assert_eq!(joined("/c/asks", &format!("__Host-token={STRANGER}")).await, *changed, "{values:?}");
            assert_eq!(joined("/c/asks", "__Host-token=x").await, *changed, "{values:?}");
        }
    }
}

/// The fields that speak past `Cache-Control` to one kind of cache (RFC 9213) are brought in line.
#[tokio::test]
async fn targeted_fields_too() {
    let site = site(false);
    for (said, asked, changed) in [
        ("cdn-cache-control: max-age=60", "private", "no-store"),
        ("cdn-cache-control: private, max-age=60", "private, max-age=60", "no-store"),
        ("cdn-cache-control: no-store", "no-store", "no-store"),
        ("surrogate-control: max-age=60", "no-store", "no-store"),
        ("cloudflare-cdn-cache-control: public", "private", "no-store"),
    ] {
        let name = said.split(':').next().unwrap();
        let answer = site.ask("/c/asks", &fields("", &[said])).await;
        assert_eq!(answer.lines(name), [asked], "{said}");
        let answer = site.ask("/c/issue", &fields("", &[said])).await;
        assert_eq!(answer.lines(name), [changed], "{said}");
    }
}

/// Who did not ask keeps every field, byte for byte, whatever token the request shows.
#[tokio::test]
async fn other_answers_keep_their_fields() {
    let fields_said = [
        "cache-control: public, max-age=31536000, immutable",
        "cache-control:  s-maxage=5",
        "cdn-cache-control: max-age=60",
        "surrogate-control: max-age=60",
        "vary: Accept-Encoding",
        "set-cookie: csrf=1; path=/",
        "etag: \"a\"",
    ];
    let covered = site(false);
    let quiet = async |headers: HeaderMap| (said(&headers), "page");
    let without = Site::of(routes().route("/c/quiet", any(quiet)), |app, _| app);
    let expected = without.ask("/c/quiet", &fields("", &fields_said)).await;
    assert_eq!(expected.lines("cache-control").len(), 2);
    let token = covered.sign_in().await;
    for cookie in [
        String::new(),
        format!("__Host-token={token}"),
        "__Host-token=x".to_owned(),
        "__Host-token=x; __Host-token=y".to_owned(),
    ] {
        assert_eq!(covered.ask("/c/quiet", &fields(&cookie, &fields_said)).await, expected, "{cookie}");
    }
}

/// Guards and refusals are answers of handlers that asked.
#[tokio::test]
async fn refusals_are_personal_too() {
    let site = Site::new();
    for what in ["/account", "/guarded", "/guarded/blind", "/maybe"] {
        assert_eq!(site.ask(what, &[]).await.cache_control(), Some("private, no-cache"), "{what}");
    }
    let token = site.sign_in().await;
    for what in ["/account", "/guarded", "/guarded/blind", "/maybe"] {
        assert_eq!(site.by_cookie(what, &token).await.cache_control(), Some("private, no-cache"), "{what}");
        assert_eq!(site.by_bearer(what, &token).await.cache_control(), Some("private, no-cache"), "{what}");
    }
}

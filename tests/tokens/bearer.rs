//! Tokens in `Authorization`, and what two tokens in one request are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::site::{NAME, STRANGER, Site};

async fn bearer_sign_in(site: &Site) -> String {
    let answer = site.ask("POST /login", &[("form", b"bearer")]).await;
    assert_eq!(answer.lines("set-cookie"), [""; 0]);
    assert_eq!(answer.cache_control(), Some("no-store"));
    site.store.calls();
    answer.body.strip_prefix("bearer ").unwrap().to_owned()
}

#[tokio::test]
async fn a_bearer_token_signs_in_and_out() {
    let site = Site::new();
    let token = bearer_sign_in(&site).await;
    assert_eq!(site.by_bearer("/account", &token).await.body, "user-17");
    let answer = site.by_bearer("POST /logout", &token).await;
    assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (204, vec![]), "there is no cookie to delete");
    assert_eq!(answer.cache_control(), Some("no-store"));
    let answer = site.by_bearer("/account", &token).await;
    assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (401, vec![]));
}

/// RFC 6750 section 2.1; the scheme's case does not count (RFC 9110 section 11.1).
#[tokio::test]
async fn the_credentials_as_they_are_written() {
    let site = Site::new();
    let token = bearer_sign_in(&site).await;
    for (text, is_found) in [
        (format!("Bearer {token}"), true),
        (format!("bearer {token}"), true),
        (format!("BEARER    {token}"), true),
        (format!("Bearer{token}"), false),
        (format!("Bearer\t{token}"), false),
        (format!("Bearer: {token}"), false),
        (format!("Token {token}"), false),
        (format!("Basic {token}"), false),
        (format!("Bearer \"{token}\""), false),
        (format!("Bearer {token},"), false),
        (format!("Bearer {token} {token}"), false),
        (format!("Bearer {token}="), false),
        (format!("X Bearer {token}"), false),
        (token.clone(), false),
    ] {
        let answer = site.ask("/maybe", &[("authorization", text.as_bytes())]).await;
        assert_eq!(answer.body, if is_found { "user-17" } else { "nobody" }, "{text}");
    }
}

/// R53: two that differ are none, wherever they stand; neither the first nor the last wins, and none is expired, because
/// one of them may be planted and the other alive. Equal ones are one.
#[tokio::test]
async fn two_that_differ_are_nobody() {
    let site = Site::new();
    let (one, other) = (site.sign_in().await, site.sign_in().await);
    let cookie = |token: &str| ("cookie", format!("{NAME}={token}"));
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let both = |first: &str, second: &str| ("cookie", format!("{NAME}={first}; a=b; {NAME}={second}"));
    let cases = |one: &str, other: &str| {
        [
            vec![both(one, other)],
            vec![cookie(one), cookie(other)],
            vec![cookie(one), ("cookie", "a=b".to_owned()), cookie(other)],
            vec![cookie(one), bearer(other)],
            vec![bearer(one), bearer(other)],
            vec![both(one, one), bearer(other)],
            vec![cookie(one), bearer(one), bearer(other)],
            vec![bearer(one), ("authorization", "Basic dDp0".to_owned()), bearer(other)],
        ]
    };
    let ask = async |what: &str, fields: &[(&str, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        site.ask(what, &fields).await
    };
    for second in [&*other, STRANGER, "", "x", "deleted"] {
        for fields in cases(&one, second).into_iter().chain(cases(second, &one)) {
            let answer = ask("/maybe", &fields).await;
            assert_eq!((answer.body.as_str(), answer.lines("set-cookie")), ("nobody", vec![]), "{fields:?}");
            for what in ["/account", "/guarded", "POST /logout", "POST /rotate"] {
                let answer = ask(what, &fields).await;
                assert_eq!((answer.status.as_u16(), answer.lines("set-cookie")), (401, vec![]), "{what} {fields:?}");
            }
            assert_eq!(site.store.calls(), [""; 0], "whose request it is cannot be told by the store");
        }
    }
    for fields in cases(&one, &one) {
        assert_eq!(ask("/maybe", &fields).await.body, "user-17", "{fields:?}");
        assert_eq!(site.store.calls(), ["get"]);
    }
    // Where one of them came by cookie it is a cookie that ends.
    assert!(ask("POST /logout", &[cookie(&one), bearer(&one)]).await.expires());
    assert_eq!(ask("/maybe", &[cookie(&other)]).await.body, "user-17", "both were alive all the time");
}

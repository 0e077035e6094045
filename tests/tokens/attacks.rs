//! What an attacker can try: planted tokens, tokens in the wrong place, noise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use axum::{Form, extract::Query, routing::any};
use proptest::prelude::*;
use tower_consent::{Session, TokenLayer};

use crate::site::{NAME, STRANGER, Site, request, routes, visitor};

/// R74, R123: a token that was planted is dead after the sign-in, and the victim's is another one.
#[tokio::test]
async fn a_planted_token_is_dead_after_the_sign_in() {
    for form in ["", "browser", "bearer"] {
        let site = Site::new();
        let planted = site.ask("POST /login", &[("subject", b"attacker")]).await.token().unwrap();
        let mut victim = visitor(&site);
        let line = format!("{NAME}={planted}; Secure; Path=/");
        victim.script_sets("https://www.example.com/", &line);
        victim.assert_holds(NAME);
        let answer = site.browse_with(&mut victim, "POST /login", &[("form", form), ("subject", "victim")]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(site.by_cookie("/maybe", &planted).await.body, "nobody");
        assert_eq!(site.by_bearer("/maybe", &planted).await.body, "nobody");
        if form == "bearer" {
            let token = answer.body.strip_prefix("bearer ").unwrap();
            assert_ne!(token, planted);
            assert_eq!(site.by_bearer("/maybe", token).await.body, "victim");
            victim.assert_lacks(NAME);
        } else {
            assert_ne!(answer.token().unwrap(), planted);
            assert_eq!(site.browse(&mut victim, "/account").await.body, "victim");
        }
        assert_eq!(site.store.len(), 1, "the planted one is gone from the store");
    }
}

/// A token that nobody issued does not become one by a sign-in, and one that came as a bearer token is ended as well.
#[tokio::test]
async fn only_issued_tokens_are_taken() {
    let site = Site::new();
    let answer = site.by_cookie("POST /login", STRANGER).await;
    assert_ne!(answer.token().unwrap(), STRANGER);
    assert_eq!(site.by_cookie("/maybe", STRANGER).await.body, "nobody");
    let old = site.sign_in().await;
    let new = site.by_bearer("POST /login", &old).await.token().unwrap();
    assert_eq!(site.by_cookie("/maybe", &old).await.body, "nobody");
    assert_eq!(site.by_cookie("/maybe", &new).await.body, "user-17");
    // A second sign-in of the same browser leaves one session, and those of other browsers alone.
    let other = site.sign_in().await;
    site.by_cookie("POST /login", &new).await;
    assert_eq!(site.by_cookie("/maybe", &other).await.body, "user-17");
    assert_eq!(
        site.tokens.list("user-17").await.unwrap().len(),
        3,
        "from STRANGER's browser, from this one, the other"
    );
}

/// Two that differ are nobody's, and a sign-in ends both.
#[tokio::test]
async fn a_sign_in_ends_both_of_two_that_differ() {
    for lines in [["cookie", "authorization"], ["cookie", "cookie"]] {
        let site = Site::new();
        let old = [site.sign_in().await, site.sign_in().await];
        let fields: Vec<_> = lines
            .into_iter()
            .zip(&old)
            .map(|(name, token)| {
                let value = if name == "cookie" { format!("{NAME}={token}") } else { format!("Bearer {token}") };
                (name, value)
            })
            .collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let new = site.ask("POST /login", &fields).await.token().unwrap();
        for token in &old {
            assert_eq!(site.by_cookie("/maybe", token).await.body, "nobody", "{lines:?}");
        }
        assert_eq!(site.by_cookie("/maybe", &new).await.body, "user-17");
        assert_eq!(site.store.len(), 1);
    }
}

/// R122: never from a URL or a body.
#[tokio::test]
async fn a_token_in_a_url_or_a_body_is_nothing() {
    let read = async |session: Option<Session>, Query(query): Query<Vec<(String, String)>>| {
        format!("{} {}", session.map_or("nobody".to_owned(), |session| session.subject().to_owned()), query.len())
    };
    let read_form = async |session: Option<Session>, Form(fields): Form<Vec<(String, String)>>| {
        format!("{} {}", session.map_or("nobody".to_owned(), |session| session.subject().to_owned()), fields.len())
    };
    let routes = routes().route("/read/{*rest}", any(read)).route("/form", any(read_form));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = site.sign_in().await;
    for path in [
        format!("/read/x?token={token}"),
        format!("/read/x?access_token={token}"),
        format!("/read/x?{NAME}={token}"),
        format!("/read/x?Authorization=Bearer%20{token}"),
    ] {
        assert_eq!(site.ask(&path, &[]).await.body, "nobody 1", "{path}");
        assert_eq!(site.ask(&format!("POST {path}"), &[]).await.body, "nobody 1");
    }
    assert_eq!(site.ask(&format!("/read/{token};{NAME}={token}"), &[]).await.body, "nobody 0");
    for name in ["token", "access_token", NAME] {
        let mut request = request("POST /form", &[("content-type", b"application/x-www-form-urlencoded")]);
        *request.body_mut() = format!("{name}={token}").into();
        assert_eq!(site.send(request).await.body, "nobody 1");
    }
    for field in ["token", "x-token", "x-auth-token", "proxy-authorization", "x-authorization", "set-cookie", "cookie2"]
    {
        for value in [token.clone(), format!("Bearer {token}"), format!("{NAME}={token}")] {
            assert_eq!(site.ask("/maybe", &[(field, value.as_bytes())]).await.body, "nobody", "{field}");
        }
    }
    assert_eq!(site.store.calls(), [""; 0]);
    assert_eq!(site.by_cookie("/read/x?a=b", &token).await.body, "user-17 1", "the same handler, by cookie");
}

/// What is no token, by its shape.
fn malformed() -> Vec<Vec<u8>> {
    let token = STRANGER.as_bytes();
    let mut last_bits = token.to_vec();
    last_bits[42] = b'B';
    vec![
        b"".to_vec(),
        b"x".to_vec(),
        token[1..].to_vec(),
        [token, b"A"].concat(),
        [token, b"="].concat(),
        [b"\"", token, b"\""].concat(),
        [&token[..42], b"+"].concat(),
        [&token[..42], b"/"].concat(),
        [&token[..42], b"\xff"].concat(),
        "\u{e9}".repeat(21).into_bytes(),
        b"\xff\xfe".to_vec(),
        b"A".repeat(44),
        b"A".repeat(8_000),
        b"A".repeat(100_000),
        last_bits,
        b"deleted".to_vec(),
        b"' OR 1=1 --".to_vec(),
        b"%41%41".to_vec(),
    ]
}

/// R123: unknown, ended and malformed tokens get the very same answer; and a malformed one never reaches the store.
#[tokio::test]
async fn unknown_ended_and_malformed_are_one() {
    let site = Site::new();
    let ended = site.sign_in().await;
    site.by_cookie("POST /logout", &ended).await;
    let expired = site.sign_in().await;
    site.clock.advance(604_800);
    site.store.calls();
    for what in ["/account", "/maybe", "/guarded", "/guarded/blind", "POST /logout", "POST /rotate"] {
        for is_cookie in [true, false] {
            let ask = async |token: &[u8]| {
                let cookie = [NAME.as_bytes(), b"=", token].concat();
                let bearer = [b"Bearer ", token].concat();
                let field = if is_cookie { ("cookie", &*cookie) } else { ("authorization", &*bearer) };
                site.ask(what, &[field]).await
            };
            let unknown = ask(STRANGER.as_bytes()).await;
            assert_eq!(site.store.calls(), ["get"]);
            assert_eq!(unknown.expires(), is_cookie, "{what}");
            assert_eq!(unknown.status, if what == "/maybe" { 200 } else { 401 });
            for token in [&ended, &expired] {
                assert_eq!(ask(token.as_bytes()).await, unknown, "{what}");
                assert_eq!(site.store.calls(), ["get"]);
            }
            for token in malformed() {
                assert_eq!(ask(&token).await, unknown, "{what} {}", token.escape_ascii());
                assert_eq!(site.store.calls(), [""; 0], "{}", token.escape_ascii());
            }
        }
    }
}

/// Without the layer's help, by hand: what is no token never reaches the store either.
#[tokio::test]
async fn malformed_tokens_by_hand() {
    let site = Site::new();
    for token in malformed() {
        assert!(site.tokens.verify(&token).await.unwrap().is_none());
        assert!(!site.tokens.revoke(&token).await.unwrap());
        assert!(site.tokens.rotate(&token).await.unwrap().is_none());
    }
    assert_eq!(site.store.calls(), [""; 0]);
}

/// A reader of its own, byte by byte: the token that stands in the fields, exactly once or in equal copies.
fn naive(cookies: &[Vec<u8>], authorizations: &[Vec<u8>]) -> Option<Vec<u8>> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let trim = |mut text: &[u8]| {
        while text.first().is_some_and(blank) {
            text = &text[1..];
        }
        while text.last().is_some_and(blank) {
            text = &text[..text.len() - 1];
        }
        text.to_vec()
    };
    let mut found = Vec::new();
    for line in cookies {
        let mut pair = Vec::new();
        for byte in line.iter().chain(b";") {
            if *byte != b';' {
                pair.push(*byte);
                continue;
            }
            if let Some(at) = pair.iter().position(|byte| *byte == b'=')
                && trim(&pair[..at]) == NAME.as_bytes()
            {
                found.push(trim(&pair[at + 1..]));
            }
            pair.clear();
        }
    }
    for line in authorizations {
        let word: Vec<u8> = line.iter().copied().take_while(|byte| *byte != b' ').collect();
        if word.eq_ignore_ascii_case(b"bearer") {
            found.push(line[word.len()..].trim_ascii().to_vec());
        }
    }
    let first = found.first().cloned()?;
    found.iter().all(|other| *other == first).then_some(first)
}

/// Pieces of which hostile fields are made; `TOKEN` is put in later.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(b"__Host-token=TOKEN".to_vec()),
        2 => Just(b"Bearer TOKEN".to_vec()),
        1 => Just(b"TOKEN".to_vec()),
        2 => Just(b"__Host-token".to_vec()),
        2 => Just(b"=".to_vec()),
        3 => Just(b"; ".to_vec()),
        2 => Just(b";".to_vec()),
        1 => Just(b"\t".to_vec()),
        1 => Just(b" ".to_vec()),
        1 => Just(b"\"".to_vec()),
        1 => Just(b",".to_vec()),
        1 => Just(b"bEARER ".to_vec()),
        1 => Just(b"a=b".to_vec()),
        1 => Just(STRANGER.as_bytes().to_vec()),
        2 => proptest::collection::vec(prop_oneof![Just(9_u8), 32_u8..=126, 128_u8..=255], 0..6),
    ]
}

fn field() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..5).prop_map(|pieces| pieces.concat())
}

fn with_token(fields: &[Vec<u8>], token: &str) -> Vec<Vec<u8>> {
    let put_in = |field: &Vec<u8>| {
        let (mut bytes, mut at) = (Vec::new(), 0);
        while at < field.len() {
            if field[at..].starts_with(b"TOKEN") {
                bytes.extend_from_slice(token.as_bytes());
                at += 5;
            } else {
                bytes.push(field[at]);
                at += 1;
            }
        }
        bytes
    };
    fields.iter().map(put_in).collect()
}

fn cases() -> u32 {
    if std::env::var_os("CI").is_some() { 100_000 } else { 5_000 }
}

/// Whatever stands in the fields: no panic, and anonymous unless exactly the token stands there. What the application sets
/// stays.
#[test]
fn any_bytes_in_the_fields_that_it_reads() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let maybe = async |session: Option<Session>| {
        let subject = session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned());
        ([("x-app", "kept"), ("set-cookie", "csrf=1; Path=/"), ("etag", "\"1\"")], subject)
    };
    let routes = routes().route("/kept", axum::routing::get(maybe));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    let token = runtime.block_on(site.sign_in());
    let found = std::cell::Cell::new(0);
    let strategy = (proptest::collection::vec(field(), 0..4), proptest::collection::vec(field(), 0..3));
    let config = ProptestConfig { cases: cases(), ..ProptestConfig::default() };
    proptest!(config, |((cookies, authorizations) in strategy)| {
        let (cookies, authorizations) = (with_token(&cookies, &token), with_token(&authorizations, &token));
        let fields = cookies.iter().map(|line| ("cookie", &**line));
        let fields: Vec<_> = fields.chain(authorizations.iter().map(|line| ("authorization", &**line))).collect();
        let expected = naive(&cookies, &authorizations).is_some_and(|found| found == token.as_bytes());
        let answer = runtime.block_on(site.ask("/kept", &fields));
        prop_assert_eq!(&answer.body, if expected { "user-17" } else { "nobody" });
        prop_assert_eq!((answer.status.as_u16(), answer.field("x-app"), answer.field("etag")), (200, Some("kept"), Some("\"1\"")));
        prop_assert_eq!(&answer.lines("set-cookie")[0], "csrf=1; Path=/");
        let guarded = runtime.block_on(site.ask("/guarded", &fields));
        prop_assert_eq!(guarded.status.as_u16(), if expected { 200 } else { 401 });
        found.set(found.get() + u32::from(expected));
    });
    assert!(found.get() > cases() / 50, "only {} requests were signed in: is the noise too wild?", found.get());
}

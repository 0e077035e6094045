//! The secret: what it is made of, and who sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::HashSet,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, Response, header};
use sha2::{Digest as _, Sha256};
use tower::{Layer, Service, service_fn};
use tower_consent::{
    NewToken, StoreError, StoreErrorKind, Token, TokenContext, TokenDigest, TokenLayer, TokenStore as _, Tokens,
};

use crate::{
    site::{NAME, Site},
    watched::Watched,
};

/// R119: 256 bits, as 43 characters of base64url; no two alike, and no bit that stands still.
#[tokio::test]
async fn it_is_256_random_bits() {
    let site = Site::new();
    let (mut seen, mut all, mut any) = (HashSet::new(), [0xff; 32], [0; 32]);
    for _ in 0..200 {
        let token = site.sign_in().await;
        assert_eq!(token.len(), 43);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{token}");
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        assert_eq!(bytes.len(), 32);
        for (at, byte) in bytes.iter().enumerate() {
            all[at] &= byte;
            any[at] |= byte;
        }
        assert!(seen.insert(token));
    }
    assert_eq!((all, any), ([0; 32], [0xff; 32]), "each bit is sometimes set and sometimes not");
}

/// R120: whatever happens to a token, the store is given its SHA-256 and never the secret, in no form.
#[tokio::test]
async fn the_store_sees_only_the_digest() {
    let site = Site::new();
    let mut secrets = vec![site.ask("POST /login", &[]).await.token().unwrap()];
    let rotated = site.by_cookie("POST /rotate", &secrets[0]).await.token().unwrap();
    secrets.push(rotated);
    site.by_cookie("/account", &secrets[1]).await;
    site.tokens.verify(&secrets[1]).await.unwrap();
    site.tokens.revoke(&secrets[1]).await.unwrap();
    secrets.push(site.ask("POST /login", &[("form", b"bearer")]).await.body["bearer ".len()..].to_owned());
    site.by_bearer("POST /logout/everywhere", &secrets[2]).await;
    let bytes = site.store.bytes();
    assert!(site.store.calls().len() > 8);
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for secret in secrets {
        let raw = URL_SAFE_NO_PAD.decode(&secret).unwrap();
        assert!(holds(&Sha256::digest(&raw)), "what it knows instead");
        for part in [secret.as_bytes(), &raw, &raw[..8], &raw[24..], &secret.as_bytes()[..10]] {
            assert!(!holds(part), "the secret is in the store");
        }
    }
}

/// No `Debug` and no `Display` of anything shows a secret, and the line that carries it is marked sensitive.
#[tokio::test]
async fn nothing_prints_it() {
    let (store, seen) = (Watched::new(), Arc::new(Mutex::new(String::new())));
    let tokens = Tokens::new(store.clone());
    let text = Arc::clone(&seen);
    let handler = move |request: Request<()>| {
        let text = Arc::clone(&text);
        async move {
            let print = |what: &dyn Debug| text.lock().unwrap().push_str(&format!("{what:?}\n{what:#?}\n"));
            let context = TokenContext::of(request.extensions()).unwrap();
            let (sign_in, tokens) = (context.sign_in(request.headers()), context.tokens());
            let mut answer = Response::new(String::new());
            print(&context);
            print(&sign_in);
            print(&tokens);
            if let Some(session) = context.session(request.headers()).await? {
                print(&session);
                print(session.record());
                if request.uri() == "/out" {
                    print(&session.end().await?);
                } else {
                    let rotated = session.rotate().await?.unwrap();
                    print(&rotated);
                    rotated.apply(answer.headers_mut());
                }
            } else {
                let new = NewToken::of("user-17").with_label("laptop").with_data(*b"data");
                print(&new);
                let signed_in = sign_in.issue(new.clone()).await?;
                print(&signed_in);
                signed_in.apply(answer.headers_mut());
                let signed_in = sign_in.issue(new.clone().bearer()).await?;
                print(&signed_in);
                *answer.body_mut() = signed_in.bearer().unwrap().to_owned();
                let issued = tokens.issue(new).await?;
                print(&issued);
                print(issued.token());
                print(issued.record());
                answer.body_mut().push_str(&issued.token().expose());
            }
            print(&context);
            print(answer.headers());
            Ok::<_, StoreError>(answer)
        }
    };
    let layer = TokenLayer::new(tokens.clone());
    let mut service = layer.layer(service_fn(handler));
    let mut secrets = Vec::new();
    let mut cookie = HeaderMap::new();
    for path in ["/", "/", "/out"] {
        let mut request = Request::builder().uri(path).body(()).unwrap();
        *request.headers_mut() = cookie.clone();
        let answer = service.call(request).await.unwrap();
        let texts = format!("{:?}", answer.headers());
        seen.lock().unwrap().push_str(&texts);
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let value = line.to_str().unwrap().split(';').next().unwrap();
            cookie.insert(header::COOKIE, value.parse().unwrap());
            let value = value.strip_prefix("__Host-token=").unwrap();
            assert_eq!(line.is_sensitive(), !value.is_empty(), "{value}");
            secrets.push(value.to_owned());
        }
        let body = answer.into_body();
        secrets.extend(body.as_bytes().chunks(43).map(|text| String::from_utf8(text.to_vec()).unwrap()));
    }
    let own = Token::parse(secrets[0].as_bytes()).unwrap();
    let broken = store.clone();
    broken.breaks(&["get"]);
    let error = tokens.verify(&secrets[0]).await.unwrap_err();
    let full = StoreError::with_source(StoreErrorKind::Full, "no room", error.clone());
    let texts = format!("{own:?} {layer:?} {service:?} {error:?} {error} {full:?} {tokens:?} {store:?}");
    seen.lock().unwrap().push_str(&texts);
    secrets.retain(|secret| !secret.is_empty());
    assert_eq!(secrets.len(), 4, "two by cookie, one as a bearer token, one by hand");
    let text = seen.lock().unwrap().clone();
    assert!(text.contains("Sensitive") && text.contains("TokenDigest("), "{text}");
    for secret in secrets {
        let raw = URL_SAFE_NO_PAD.decode(&secret).unwrap();
        let numbers = format!("{:?}", &raw[..6]);
        let hex: String = raw[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        for part in [&secret[..12], numbers.trim_matches(['[', ']']), &hex] {
            assert!(!text.to_lowercase().contains(&part.to_lowercase()), "{part} in {text}");
        }
        // The digest may be shown: nobody can sign in with it.
        let digest = TokenDigest::of(&raw);
        assert!(store.get(&digest).await.is_err());
        broken.breaks(&[]);
        assert!(tokens.verify(digest.to_string()).await.unwrap().is_none());
        broken.breaks(&["get"]);
    }
    // A person's data is not for logs either.
    for private in ["user-17", "laptop"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    assert_eq!(NAME, "__Host-token");
}

/// The error that the handlers of a real stack answer with says nothing of a token.
#[tokio::test]
async fn answers_do_not_show_it_either() {
    let site = Site::new();
    let token = site.sign_in().await;
    for what in ["/account", "/maybe", "/guarded", "POST /logout"] {
        let answer = site.by_cookie(what, &token).await;
        assert!(!format!("{} {:?}", answer.body, answer.headers).contains(&token[..12]), "{what}");
    }
    site.store.breaks(&["get"]);
    let answer = site.by_cookie("/account", &token).await;
    assert!(!format!("{} {:?}", answer.body, answer.headers).contains(&token[..12]));
    assert!(!answer.body.contains("pulled-plug"), "what the store said is for the log");
}

//! The token cookie: its attributes, its name, and its end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeSet, sync::Arc};

use tower_consent::{ConfigErrorKind, ConsentLayer, MemoryStore, Policy, TokenLayer, TokenRules, Tokens};

use crate::site::{Answer, NAME, STRANGER, Site, routes, visitor};

/// The attributes of the only line, without name and value.
fn attributes(answer: &Answer) -> BTreeSet<String> {
    let lines = answer.lines("set-cookie");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let parts: Vec<_> = lines[0].split("; ").skip(1).map(str::to_owned).collect();
    let set: BTreeSet<_> = parts.iter().cloned().collect();
    assert_eq!(set.len(), parts.len(), "none twice");
    set
}

fn set(attributes: &[&str]) -> BTreeSet<String> {
    attributes.iter().map(|attribute| (*attribute).to_owned()).collect()
}

const ALWAYS: [&str; 4] = ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"];

/// R122: exactly these.
#[tokio::test]
async fn it_is_set_with_exactly_these_attributes() {
    let site = Site::new();
    let answer = site.ask("POST /login", &[]).await;
    let value = answer.token().unwrap();
    assert!(answer.lines("set-cookie")[0].starts_with(&format!("__Host-token={value}; ")));
    assert_eq!(attributes(&answer), set(&[&ALWAYS[..], &["Max-Age=604800"]].concat()));
    assert_eq!(answer.body, "", "it stands in no body");

    // R112: the form that ends with the browser; the server ends both alike.
    let answer = site.ask("POST /login", &[("form", b"browser")]).await;
    assert_eq!(attributes(&answer), set(&ALWAYS));
    let token = answer.token().unwrap();
    site.clock.advance(604_799);
    assert_eq!(site.by_cookie("/account", &token).await.status, 200);
    site.clock.advance(1);
    assert_eq!(site.by_cookie("/account", &token).await.status, 401);
}

/// R122, R124: the deletion has the scope of the cookie, so that the browser's own rules delete it.
#[tokio::test]
async fn a_browser_keeps_it_and_forgets_it() {
    for form in ["", "browser"] {
        let site = Site::new();
        let mut visitor = visitor(&site);
        let answer = site.browse_with(&mut visitor, "POST /login", &[("form", form)]).await;
        visitor.assert_holds(NAME);
        let held = visitor.cookies().next().unwrap();
        assert!(
            format!("{held}").contains("HttpOnly") || format!("{held:?}").contains("is_http_only: true"),
            "{held:?}"
        );
        assert_eq!(site.browse(&mut visitor, "/account").await.body, "user-17");
        let answer_out = site.browse(&mut visitor, "POST /logout").await;
        assert_eq!(answer_out.status, 204);
        visitor.assert_lacks(NAME);
        assert!(answer_out.expires());
        let scope = |answer: &Answer| -> BTreeSet<String> {
            attributes(answer)
                .into_iter()
                .filter(|part| !part.starts_with("Max-Age") && !part.starts_with("Expires"))
                .collect()
        };
        assert_eq!(scope(&answer), scope(&answer_out));
        assert_eq!(site.browse(&mut visitor, "/account").await.status, 401);
        assert_eq!(site.by_cookie("/account", &answer.token().unwrap()).await.status, 401, "nor on the server");
    }
}

/// A browser that holds a dead token is told once, and only then.
#[tokio::test]
async fn a_dead_cookie_is_expired_once() {
    let site = Site::new();
    let mut visitor = visitor(&site);
    site.browse(&mut visitor, "POST /login").await;
    site.tokens.revoke_all("user-17").await.unwrap();
    assert!(!site.browse(&mut visitor, "/").await.expires(), "nobody asked");
    visitor.assert_holds(NAME);
    let answer = site.browse(&mut visitor, "/maybe").await;
    assert_eq!((answer.body.as_str(), answer.expires()), ("nobody", true));
    visitor.assert_lacks(NAME);
    assert_eq!(site.browse(&mut visitor, "/maybe").await.lines("set-cookie"), [""; 0]);
    // A live one is neither expired nor set again: it does not slide.
    site.browse(&mut visitor, "POST /login").await;
    assert_eq!(site.browse(&mut visitor, "/account").await.lines("set-cookie"), [""; 0]);
}

/// The name comes from the policy where a consent layer stands outside, and from the layer where none does.
#[tokio::test]
async fn its_name() {
    let renamed = || TokenRules::default().with_cookie_name("__Host-sign-in");
    let policy = || Policy::builder().tokens(renamed()).build().unwrap();
    let site = Site::new();
    for site in [
        site.again(|app, tokens| app.layer(ConsentLayer::new(policy()).with_tokens(tokens))),
        site.again(|app, tokens| app.layer(TokenLayer::new(tokens)).layer(ConsentLayer::new(policy()))),
        site.again(|app, tokens| app.layer(TokenLayer::new(tokens).with_cookie_name("__Host-sign-in").unwrap())),
        // The policy's name stands above the layer's.
        site.again(|app, tokens| {
            let layer = TokenLayer::new(tokens).with_cookie_name("mine").unwrap();
            app.layer(ConsentLayer::new(policy()).with_tokens(layer))
        }),
    ] {
        let answer = site.ask("POST /login", &[]).await;
        let line = answer.lines("set-cookie").remove(0);
        let pair = line.split(';').next().unwrap().to_owned();
        let token = pair.strip_prefix("__Host-sign-in=").unwrap();
        assert_eq!(site.ask("/account", &[("cookie", pair.as_bytes())]).await.status, 200);
        assert_eq!(site.by_cookie("/account", token).await.status, 401, "the other name is nothing");
        let answer = site.ask("POST /logout", &[("cookie", pair.as_bytes())]).await;
        assert!(answer.lines("set-cookie")[0].starts_with("__Host-sign-in=; "), "{answer:?}");
    }
    let layer = |name: &str| TokenLayer::new(Tokens::new(MemoryStore::new())).with_cookie_name(name).map(|_| ());
    for name in ["", "a b", "a;b", "a=b", "$token", "t\u{f6}ken", &"t".repeat(129)] {
        let error = layer(name).unwrap_err();
        assert_eq!((error.kind(), error.place(), error.value()), (ConfigErrorKind::NotAToken, "tokens.cookie", name));
    }
    assert!(layer(&"t".repeat(128)).is_ok());
}

/// A name that is a part of another, or stands inside a value, is not the name (R48).
#[tokio::test]
async fn only_the_exact_name_counts() {
    let site = Site::new();
    let token = site.sign_in().await;
    for (line, is_found) in [
        (format!("a=1; __Host-token={token}; b=2"), true),
        (format!("__Host-token={token};b"), true),
        (format!("  __Host-token = {token}  "), true),
        (format!("x__Host-token={token}"), false),
        (format!("__Host-token2={token}"), false),
        (format!("__host-token={token}"), false),
        (format!("a=__Host-token={token}"), false),
        (format!("a=1 __Host-token={token}"), false),
        (format!("a=1, __Host-token={token}"), false),
        (format!("a=\"; __Host-token={token}; \""), true),
        (format!("__Host-token=\"{token}\""), false),
        (format!("__Host-token={token}, a=1"), false),
        (format!("%5F_Host-token={token}"), false),
        (format!("={token}"), false),
        (token.clone(), false),
    ] {
        let answer = site.ask("/maybe", &[("cookie", line.as_bytes())]).await;
        assert_eq!(answer.body, if is_found { "user-17" } else { "nobody" }, "{line}");
    }
}

/// The application's own line for this cookie stands: nothing is expired behind its back.
#[tokio::test]
async fn a_line_of_the_application_stands() {
    let own = async |session: Option<tower_consent::Session>| {
        assert!(session.is_none());
        [("set-cookie", "__Host-token=mine; Path=/; Secure")]
    };
    let routes = routes().route("/own", axum::routing::get(own));
    let site = Site::of(routes, |app, tokens| app.layer(TokenLayer::new(tokens)));
    let answer = site.by_cookie("/own", STRANGER).await;
    assert_eq!(answer.lines("set-cookie"), ["__Host-token=mine; Path=/; Secure"]);
    // Under a policy just the same.
    let policy = Arc::new(Policy::builder().build().unwrap());
    let mut visitor = visitor(&site);
    let site = Site::with_policy(policy);
    site.browse(&mut visitor, "POST /login").await;
    let answer = site.browse(&mut visitor, "POST /login").await;
    assert_eq!(answer.lines("set-cookie").len(), 1, "the new token alone: {answer:?}");
    visitor.assert_holds(NAME);
}

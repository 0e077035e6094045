//! Sign-ins that are planted, tossed, replayed or pushed out (R69, R74).

use std::sync::Arc;

use tower_consent::Regime;

use crate::{
    site::{CONSENT, FORM, STRANGER, Site, TOKEN, policy},
    wire::{BOTH, Protocol},
};

/// A sibling or a network puts a cookie of the same name beside the visitor's own, and chooses its place by the path.
#[tokio::test]
async fn r69_a_tossed_copy_wins_nothing() {
    for protocol in BOTH {
        let site = Site::new().await;
        let (own, planted) = (site.sign_in(protocol, "victim").await, site.sign_in(protocol, "attacker").await);
        let (own, planted) = (format!("{TOKEN}={own}"), format!("{TOKEN}={planted}"));
        let consent = site.consent(protocol).await;
        let refusal = site.choose(protocol, &[], "action=reject-all").await.sets(CONSENT).unwrap();
        let refusal = format!("{CONSENT}={refusal}");
        for lines in [
            vec![format!("{planted}; {own}")],
            vec![format!("{own}; {planted}")],
            vec![planted.clone(), own.clone()],
            vec![own.clone(), "sid=1".to_owned(), planted.clone()],
            vec![own.clone(), format!("{TOKEN}=")],
            vec![format!("{own}; {own}; {planted}")],
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("cookie", line.as_bytes())).collect();
            assert_eq!(site.who(protocol, &fields).await, "nobody", "{protocol:?} {lines:?}");
            let answer = site.ask(protocol, "/account", &fields, b"").await;
            assert_eq!(answer.status, 401, "{protocol:?} {lines:?}");
            assert_eq!(answer.lines("set-cookie"), [""; 0], "the visitor's own is not expired either");
        }
        assert_eq!(site.store.calls(), [""; 0], "nobody asked the store whose they are");
        let fields = [("cookie", own.as_bytes()), ("cookie", own.as_bytes())];
        assert_eq!(site.who(protocol, &fields).await, "victim", "equal copies are one");

        for lines in [[&consent, &refusal], [&refusal, &consent]] {
            let lines = [lines[0].as_bytes(), b"_ga=1; sid=1", lines[1].as_bytes()];
            let seen = site.sees(protocol, &lines).await;
            assert!(!seen.has_analytics && !seen.names.contains(&"_ga".to_owned()), "{protocol:?} {seen:?}");
            let seen = site.sees(protocol, &[&lines.join(&b"; "[..])]).await;
            assert!(!seen.has_analytics && !seen.names.contains(&"_ga".to_owned()), "{protocol:?} {seen:?}");
        }
        // The prefix, and what browsers demand for it, so that nobody can toss at all.
        for (what, name) in [("POST /login", TOKEN), ("POST /privacy/api/withdraw", CONSENT)] {
            let answer = site.ask(protocol, what, &[], b"").await;
            let line = answer.lines("set-cookie").into_iter().find(|line| line.starts_with(name)).expect("a cookie");
            let attributes: Vec<_> = line.split("; ").skip(1).collect();
            assert!(name.starts_with("__Host-") && attributes.contains(&"Secure"), "{line}");
            assert!(attributes.contains(&"Path=/") && !line.to_ascii_lowercase().contains("domain"), "{line}");
        }
    }
}

/// Whoever was signed in before is nobody after: by cookie, by bearer, and in every connection at once.
#[tokio::test]
async fn r74_a_fixed_session_is_dead_after_the_sign_in() {
    for protocol in BOTH {
        let site = Site::new().await;
        for by_bearer in [false, true] {
            let planted = site.sign_in(protocol, "attacker").await;
            let (name, value) = match by_bearer {
                false => ("cookie", format!("{TOKEN}={planted}")),
                true => ("authorization", format!("Bearer {planted}")),
            };
            let answer = site.ask(protocol, "POST /login?who=victim", &[(name, value.as_bytes())], b"").await;
            let token = answer.sets(TOKEN).expect("a token");
            assert_ne!(token, planted);
            assert_eq!(site.who_by_cookie(protocol, &token).await, "victim");
            for other in BOTH {
                assert_eq!(site.who_by_cookie(other, &planted).await, "nobody");
                assert_eq!(
                    site.who(other, &[("authorization", format!("Bearer {planted}").as_bytes())]).await,
                    "nobody"
                );
            }
        }
        // A value that nobody issued does not become a session by signing in with it.
        let stranger = format!("{TOKEN}={STRANGER}");
        let answer = site.ask(protocol, "POST /login?who=victim", &[("cookie", stranger.as_bytes())], b"").await;
        assert_ne!(answer.sets(TOKEN).as_deref(), Some(STRANGER));
        assert_eq!(site.who_by_cookie(protocol, STRANGER).await, "nobody");
    }
}

#[tokio::test]
async fn r74_a_token_counts_in_no_other_place() {
    for protocol in BOTH {
        let site = Site::new().await;
        let token = site.sign_in(protocol, "victim").await;
        for path in [
            format!("/who?{TOKEN}={token}"),
            format!("/who?token={token}"),
            format!("/who?access_token={token}"),
            format!("/who/{token}"),
            format!("/who/;{TOKEN}={token}"),
            format!("/who/x?Cookie={TOKEN}%3D{token}&Authorization=Bearer%20{token}"),
        ] {
            assert_eq!(site.ask(protocol, &path, &[], b"").await.text(), "nobody", "{protocol:?} {path}");
            assert_eq!(site.ask(protocol, &format!("POST {path}"), &[], b"").await.text(), "nobody", "{path}");
        }
        for body in [format!("{TOKEN}={token}"), format!("access_token={token}"), format!("token={token}")] {
            let answer = site.ask(protocol, "POST /form", &[("content-type", FORM)], body.as_bytes()).await;
            assert_eq!(answer.text(), "nobody", "{protocol:?}");
        }
        for name in ["cookie2", "set-cookie", "x-token", "proxy-authorization", "x-authorization", "x-cookie"] {
            for value in [format!("{TOKEN}={token}"), format!("Bearer {token}"), token.clone()] {
                assert_eq!(site.who(protocol, &[(name, value.as_bytes())]).await, "nobody", "{protocol:?} {name}");
            }
        }
        for value in [format!("Basic {token}"), format!("Bearer\t{token}"), format!("Bearer{token}"), token.clone()] {
            assert_eq!(site.who(protocol, &[("authorization", value.as_bytes())]).await, "nobody", "{value}");
        }
        assert_eq!(site.store.calls(), [""; 0]);
        assert_eq!(site.who_by_cookie(protocol, &token).await, "victim");
    }
}

/// A copy of the token that somebody kept, sent while the owner logs out and after it, over many connections.
#[tokio::test]
async fn r74_a_replay_after_the_log_out_is_nobody() {
    let site = Arc::new(Site::new().await);
    for protocol in BOTH {
        let token = site.sign_in(protocol, "victim").await;
        let cookie = format!("{TOKEN}={token}");
        let replay = |protocol: Protocol| {
            let (site, token) = (Arc::clone(&site), token.clone());
            tokio::spawn(async move { site.who_by_cookie(protocol, &token).await })
        };
        let during: Vec<_> = (0..20).map(|number| replay(BOTH[number % 2])).collect();
        let answer = site.ask(protocol, "POST /logout", &[("cookie", cookie.as_bytes())], b"").await;
        assert_eq!(answer.status, 200);
        let cleared = answer.field("clear-site-data").unwrap();
        assert!(!cleared.contains("cookies") && !cleared.contains('*'), "the choice would go too: {cleared}");
        assert!(answer.lines("set-cookie")[0].starts_with(&format!("{TOKEN}=;")), "{answer:?}");
        for answer in during {
            assert!(matches!(answer.await.unwrap().as_str(), "victim" | "nobody"));
        }
        let after: Vec<_> = (0..20).map(|number| replay(BOTH[number % 2])).collect();
        for answer in after {
            assert_eq!(answer.await.unwrap(), "nobody", "{protocol:?}");
        }
        let again = site.ask(protocol, "POST /logout", &[("cookie", cookie.as_bytes())], b"").await;
        assert_eq!(again.status, 401, "{protocol:?}");
        let bearer = format!("Bearer {token}");
        assert_eq!(site.who(protocol, &[("authorization", bearer.as_bytes())]).await, "nobody");
    }
}

/// What is no token by its form never reaches the store, whatever its size and number, and is answered like one that
/// nobody issued: which of them it is cannot be told from outside.
#[tokio::test]
async fn r74_oversized_and_many_tokens_do_not_reach_the_store() {
    for protocol in BOTH {
        let site = Site::new().await;
        let own = site.sign_in(protocol, "victim").await;
        let unknown =
            site.ask(protocol, "/account", &[("cookie", format!("{TOKEN}={STRANGER}").as_bytes())], b"").await;
        assert_eq!((unknown.status, site.store.calls().as_slice()), (401, &["get"][..]));
        let by_bearer = format!("Bearer {STRANGER}");
        let unknown_bearer = site.ask(protocol, "/account", &[("authorization", by_bearer.as_bytes())], b"").await;
        site.store.calls();
        // 12 KiB: below what the server takes in HTTP/2 unless it is told otherwise.
        for token in [
            "A".repeat(12_000),
            own[1..].to_owned(),
            format!("{own}="),
            format!("{own}A"),
            "A".repeat(42),
            "\u{e9}".repeat(22),
        ] {
            let cookie = format!("{TOKEN}={token}");
            let answer = site.ask(protocol, "/account", &[("cookie", cookie.as_bytes())], b"").await;
            assert_eq!(without_date(answer), without_date(unknown.clone()), "{protocol:?} {}", token.len());
            let bearer = format!("Bearer {token}");
            let answer = site.ask(protocol, "/account", &[("authorization", bearer.as_bytes())], b"").await;
            assert_eq!(without_date(answer), without_date(unknown_bearer.clone()), "{protocol:?} {}", token.len());
        }
        // As many as fit, all in the form of a token: which one is meant cannot be told, so none is looked up.
        let many: String = (0..200).map(|number| format!("{TOKEN}={}; ", format!("{number:03}").repeat(15))).collect();
        for line in [format!("{many}{TOKEN}={own}"), format!("{TOKEN}={own}; {many}")] {
            assert_eq!(site.who(protocol, &[("cookie", line.as_bytes())]).await, "nobody", "{protocol:?}");
        }
        assert_eq!(site.store.calls(), [""; 0]);
        let same = format!("{TOKEN}={own}; ").repeat(150);
        assert_eq!(site.who(protocol, &[("cookie", same.as_bytes())]).await, "victim");
        assert_eq!(site.store.calls(), ["get"], "equal copies are asked for once");
    }
}

fn without_date(mut answer: crate::wire::Answer) -> crate::wire::Answer {
    answer.fields.retain(|(name, _)| name != "date");
    answer
}

/// A jar that is flooded until the refusal falls out of it: under opt-in nothing opens, and under opt-out a known person's
/// objection stands with the account.
#[tokio::test]
async fn r74_an_evicted_refusal_opens_nothing() {
    let flood: String = (0..150).map(|number| format!("x{number}=1; ")).collect();
    for protocol in BOTH {
        let site = Site::new().await;
        let line = format!("{flood}_ga=1; sid=1");
        let seen = site.sees(protocol, &[line.as_bytes()]).await;
        assert_eq!((seen.names, seen.has_analytics), (vec!["sid".to_owned()], false), "{protocol:?}");

        let site = Site::linked(policy().regime(Regime::OptOut)).await;
        let token = site.sign_in(protocol, "user-17").await;
        let signed_in = format!("{TOKEN}={token}");
        let seen = site.sees(protocol, &[format!("{signed_in}; _ga=1").as_bytes()]).await;
        assert!(seen.has_analytics, "nobody has refused: {seen:?}");
        let fields = [("cookie", signed_in.as_bytes())];
        let answer = site.choose(protocol, &fields, "action=reject-all").await;
        assert_eq!(answer.status, 303, "{answer:?}");
        // Longer than what the account said is remembered for.
        site.clock.advance(3_600);
        let seen = site.sees(protocol, &[format!("{flood}{signed_in}; _ga=1").as_bytes()]).await;
        assert!(!seen.has_analytics && !seen.names.contains(&"_ga".to_owned()), "{protocol:?} {seen:?}");
    }
}

//! Consent that the visitor did not give (R73).

use tower_consent::Category;

use crate::{
    site::{CONSENT, FORM, JSON, KEY, Site},
    wire::{Answer, BOTH, Protocol},
};

/// A consent cookie that grants everything, as a policy with this key and day writes it.
async fn written(key: [u8; 32], key_id: &str) -> String {
    let policy = || {
        tower_consent::Policy::builder()
            .revision(tower_consent::Revision::new(3))
            .cookies(Category::ANALYTICS, ["_ga"])
            .mac_key(key_id, key)
    };
    let site = Site::of(policy()).await;
    site.consent(Protocol::Http1).await
}

#[tokio::test]
async fn r73_a_written_cookie_is_no_consent() {
    let site = Site::new().await;
    for protocol in BOTH {
        let genuine = site.consent(protocol).await;
        let seen = site.sees(protocol, &[format!("{genuine}; _ga=1").as_bytes()]).await;
        assert!(seen.has_analytics && seen.names.contains(&"_ga".to_owned()), "{seen:?}");

        let value = genuine.split_once('=').unwrap().1;
        let (payload, seal) = value.split_once('~').unwrap();
        let mac = seal.split_once('~').unwrap().1;
        let refusal = site.choose(protocol, &[], "action=reject-all").await.sets(CONSENT).unwrap();
        let (_, refused_seal) = refusal.split_once('~').unwrap();
        let mut forged = vec![
            "all".to_owned(),
            payload.to_owned(),
            format!("{payload}~"),
            format!("{payload}~k1"),
            format!("{payload}~k1~"),
            format!("{payload}~k2~{mac}"),
            format!("{payload}~~{mac}"),
            format!("{payload}~k1~{}", "A".repeat(43)),
            format!("{payload}~k1~{mac}="),
            format!("{payload}~k1~{mac}~"),
            format!("\"{value}\""),
            // Another's seal on words of one's own.
            format!("{payload}~{refused_seal}"),
            format!("{payload}~k1~{}", refused_seal.split_once('~').unwrap().1),
            payload.replace("3:", "4:") + "~" + seal,
            written([8; 32], "k1").await.split_once('=').unwrap().1.to_owned(),
            written(KEY, "k2").await.split_once('=').unwrap().1.to_owned(),
        ];
        // Every byte changed, by one bit, into one that a cookie can hold.
        forged.extend((0..value.len()).map(|at| {
            let mut bytes = value.as_bytes().to_vec();
            bytes[at] ^= 1;
            if matches!(bytes[at], b';' | b',' | b' ' | b'"' | 0x7f) {
                bytes[at] = b'x';
            }
            String::from_utf8(bytes).unwrap()
        }));
        for value in forged {
            assert_ne!(value, genuine.split_once('=').unwrap().1);
            let seen = site.sees(protocol, &[format!("{CONSENT}={value}; _ga=1; sid=1").as_bytes()]).await;
            assert!(!seen.has_analytics, "{protocol:?} {value}");
            assert_eq!(seen.names, [CONSENT, "sid"], "{protocol:?} {value}");
        }
        // Nor does an application give consent that writes such a cookie for somebody else.
        let set = format!("{CONSENT}={payload}; Path=/; Secure");
        let left = site.leaves(protocol, b"", &[set.as_bytes(), b"_ga=1; Path=/", b"sid=1"]).await;
        assert!(!left.iter().any(|line| line.starts_with("_ga")), "{left:?}");
        let tossed = format!("{genuine}; Domain=example.com; Path=/; Secure");
        let left = site.leaves(protocol, b"", &[tossed.as_bytes(), b"_ga=1; Path=/"]).await;
        assert!(!left.iter().any(|line| line.starts_with("_ga")), "no browser keeps it at a domain: {left:?}");
    }
}

/// Where there is no key, what a value says is believed: `__Host-` is then all that keeps a neighbour from writing one. The
/// manual says so; here is what the prefix must still hold off.
#[tokio::test]
async fn r73_without_a_key_only_the_exact_name_counts() {
    let policy = tower_consent::Policy::builder().cookies(Category::ANALYTICS, ["_ga"]);
    let site = Site::of(policy).await;
    for protocol in BOTH {
        let value = "1:1:2026-11-22+analytics";
        assert!(site.sees(protocol, &[format!("{CONSENT}={value}").as_bytes()]).await.has_analytics);
        for name in
            ["__host-consent", "__HOST-consent", "consent", "__Secure-consent", "__Host-consent ;", "x__Host-consent"]
        {
            let seen = site.sees(protocol, &[format!("{name}={value}").as_bytes()]).await;
            assert!(!seen.has_analytics, "{protocol:?} {name}");
        }
        for value in [
            "1:1:2027-11-22+analytics",
            "1:1:2025-11-22+analytics",
            "1:2:2026-11-22+analytics+analytics",
            "2:1:2026-11-22+analytics",
        ] {
            let seen = site.sees(protocol, &[format!("{CONSENT}={value}").as_bytes()]).await;
            assert!(!seen.has_analytics, "{protocol:?} {value}");
        }
    }
}

fn grants(answer: &Answer) -> bool {
    answer.lines("set-cookie").iter().any(|line| line.starts_with(CONSENT) && line.contains('+'))
}

/// What pictures, links, prefetching and forms of other sites can send.
#[tokio::test]
async fn r73_no_request_of_others_gives_consent() {
    let site = Site::new().await;
    let query = "action=accept-all&revision=3";
    let (form, json) = (query.as_bytes(), &br#"{"revision":3,"all":true}"#[..]);
    let cross: (&str, &[u8]) = ("sec-fetch-site", b"cross-site");
    let own: (&str, &[u8]) = ("sec-fetch-site", b"same-origin");
    for protocol in BOTH {
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "post", "QUERY"] {
            for path in ["/privacy/choice", "/privacy/api/choice", "/privacy/", "/privacy/update"] {
                for fields in [
                    &[own][..],
                    &[own, ("sec-purpose", b"prefetch;prerender")],
                    &[own, ("x-http-method-override", b"POST"), ("x-method-override", b"POST")],
                    &[cross, ("x-http-method", b"POST")],
                ] {
                    let what = format!("{method} {path}?{query}&_method=POST");
                    let answer = site.ask(protocol, &what, fields, b"").await;
                    assert!(!grants(&answer), "{protocol:?} {what}: {answer:?}");
                    assert_eq!(answer.sets(CONSENT), None, "{protocol:?} {what}");
                }
            }
        }
        for source in [
            &[][..],
            &[cross],
            &[cross, ("origin", b"https://evil.example")],
            &[cross, ("origin", b"null")],
            &[("sec-fetch-site", b"same-site"), ("origin", b"https://evil.example.com")],
            &[("sec-fetch-site", b"none")],
            &[("origin", b"https://evil.example"), ("host", b"www.example.com"), ("x-forwarded-host", b"evil.example")],
            &[("origin", b"https://www.example.com.evil.example")],
            &[("origin", b"https://www.example.com"), ("origin", b"https://evil.example")],
            &[own, cross],
            &[("referer", b"https://www.example.com/privacy/")],
        ] {
            for (path, kind, body) in [
                ("/privacy/choice", FORM, form),
                ("/privacy/choice", b"text/plain", form),
                ("/privacy/choice", b"multipart/form-data; boundary=x", form),
                ("/privacy/api/choice", JSON, json),
                ("/privacy/api/choice", b"text/plain", json),
                ("/privacy/api/choice", FORM, json),
            ] {
                let fields = [&[("content-type", kind)], source].concat();
                let answer = site.ask(protocol, &format!("POST {path}"), &fields, body).await;
                assert!(matches!(answer.status, 403 | 415), "{protocol:?} {path} {source:?}: {answer:?}");
                assert_eq!(answer.sets(CONSENT), None, "{protocol:?} {path} {source:?}");
            }
            // Who forges a refusal protects the visitor; and the visitor's own must work whatever is missing.
            for (what, kind, body) in [
                ("POST /privacy/api/withdraw", &b"text/plain"[..], &b"{"[..]),
                ("POST /privacy/api/withdraw", b"", b""),
                ("POST /privacy/choice", FORM, b"action=withdraw&csrf=wrong&revision=x"),
            ] {
                let fields = [&[("content-type", kind)], source].concat();
                let answer = site.ask(protocol, what, &fields, body).await;
                assert!(matches!(answer.status, 200 | 303), "{protocol:?} {what} {source:?}: {answer:?}");
                let consent = answer.sets(CONSENT).expect("a refusal");
                assert!(consent.contains("!analytics") && !consent.contains('+'), "{consent}");
            }
        }
        let answer = site.choose(protocol, &[own], query).await;
        assert!(grants(&answer), "the same, from a page of the site: {answer:?}");
    }
}

/// How long a comparison takes must not tell how much of a forged seal is right. What decides on it is the MAC's own
/// comparison, which looks at every byte; tokens are looked up by a digest, of which nobody chooses a byte.
#[test]
fn r73_seals_are_compared_in_constant_time() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/mac.rs");
    let source = std::fs::read_to_string(file).unwrap();
    let (_, verify) = source.split_once("fn verify(").expect("a function that verifies");
    let verify = verify.split("\n    }\n").next().unwrap();
    assert!(verify.contains(".verify_slice(mac)"), "{verify}");
    let compared: Vec<_> = verify.lines().filter(|line| line.contains("==") || line.contains("starts_with")).collect();
    // Which key, and how long: neither is a secret.
    assert!(compared.iter().all(|line| line.contains("key.id") || line.contains("mac.len()")), "{compared:?}");
    assert_eq!(compared.len(), 2, "{compared:?}");
}

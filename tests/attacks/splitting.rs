//! Response splitting: what a visitor says stands inside of one field of one answer, or nowhere. The bytes of the answers
//! are looked at, and each must be exactly one.

use tower_consent::{Banner, Category, ConsentPages, ConsentSource, Reissue};
use url::Url;

use crate::{
    site::{CONSENT, FORM, Site, policy, server},
    wire::{self, Answer, BOTH, Fate, HOST, Protocol, send_http2_fields, send_raw},
};

/// Every field that the site has any reason to send.
const FIELDS: [&str; 25] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-max-age",
    "allow",
    "cache-control",
    "clear-site-data",
    "connection",
    "consent-debug",
    "content-disposition",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "location",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
];

/// Attributes that a cookie line of the library's own can have.
const ATTRIBUTES: [&str; 8] = ["Path", "Domain", "Max-Age", "Expires", "Secure", "HttpOnly", "SameSite", "Partitioned"];

/// An answer in which nothing is what a visitor has made it: no field that the site does not send, no cookie of another
/// name or with other attributes, no way to another site.
#[track_caller]
pub(crate) fn assert_sound(answer: &Answer, cookies: &[&str]) {
    for (name, value) in &answer.fields {
        assert!(FIELDS.contains(&name.as_str()), "{name} in {answer:?}");
        let is_visible = |byte: &u8| matches!(byte, b' '..=b'~');
        assert!(name == "set-cookie" || value.iter().all(is_visible), "{name}: {}", value.escape_ascii());
    }
    for line in answer.lines("set-cookie") {
        let mut parts = line.split(';');
        let name = parts.next().unwrap().split('=').next().unwrap();
        assert!(cookies.contains(&name), "{line}");
        let mut seen = Vec::new();
        for part in parts {
            let attribute = part.trim_start_matches(' ').split('=').next().unwrap();
            assert!(ATTRIBUTES.contains(&attribute), "{line}");
            assert!(!seen.contains(&attribute), "{attribute} twice: {line}");
            seen.push(attribute);
        }
    }
    let locations = answer.lines("location");
    assert!(locations.len() <= 1, "{locations:?}");
    for location in locations {
        let host = Url::parse(&format!("https://{HOST}/privacy/choice")).unwrap().join(&location).unwrap();
        assert_eq!((host.host_str(), host.scheme()), (Some(HOST), "https"), "{location}");
    }
}

/// Each as it stands in a form: decoded once before anything looks at it.
const WAYS_BACK: [&str; 37] = [
    "/a%0d%0aset-cookie:%20evil=1",
    "/a%0d%0a%0d%0a%3Chtml%3Eevil",
    "/a%0aevil:%201",
    "/a%0devil:%201",
    "/a%0d%0a%20folded",
    "/a%0d%0a%09folded",
    "/a%00",
    "/a%09b",
    "/a+b",
    "/a%7f",
    "/a%c3%a9",
    "/a%ff",
    "/a%c4%8d%c4%8aset-cookie:evil=1",
    "/a%E5%98%8A%E5%98%8Dset-cookie:evil=1",
    "/a%E2%80%A8evil",
    "/a%250d%250aset-cookie:%20evil=1",
    "/a%25250d%25250aset-cookie:evil=1",
    "/a%2525252525250d%2525252525250aevil",
    "/a%250",
    "/a?x=%0d%0aset-cookie:evil=1",
    "/a?x=%250d%250aset-cookie:evil=1",
    "/a%23%0d%0aevil:1",
    "/a?x=1;+set-cookie:+evil=1",
    "//evil.example/",
    "/%2fevil.example/",
    "/%252fevil.example/",
    "/%5cevil.example/",
    "/%09/evil.example/",
    "/%0a/evil.example/",
    "/a/..//evil.example",
    "/%252e%252e/%252fevil.example",
    "https://evil.example/",
    "https:evil.example/",
    "javascript:evil()",
    "%0d%0aset-cookie:evil=1",
    "?x",
    "%20//evil.example",
];

#[tokio::test]
async fn ways_back() {
    let site = Site::new().await;
    for protocol in BOTH {
        let consent = site.consent(protocol).await;
        for back in WAYS_BACK {
            for (cookies, action) in [("", "reject-all"), (consent.as_str(), "withdraw"), ("", "accept-all&revision=3")]
            {
                let form = format!("action={action}&language=en&return={back}");
                let own: (&str, &[u8]) = ("sec-fetch-site", b"same-origin");
                let fields = [own, ("cookie", cookies.as_bytes())];
                let answer = site.choose(protocol, &fields[..1 + usize::from(!cookies.is_empty())], &form).await;
                assert_sound(&answer, &[CONSENT]);
                // A form that is no text is none, whatever it asks for.
                if back.contains("%ff") {
                    assert_eq!(answer.status, 400, "{back}: {answer:?}");
                    continue;
                }
                assert_eq!(answer.status, 303, "{back}: {answer:?}");
                // Where the browser is to show first that it keeps cookies, the way goes on from there.
                let location = answer.field("location").unwrap();
                let kept = answer.sets(CONSENT).unwrap();
                let next =
                    site.ask(protocol, &location, &[("cookie", format!("{CONSENT}={kept}").as_bytes())], b"").await;
                if location.starts_with("/privacy/") {
                    assert!(matches!(next.status, 200 | 303), "{back} {next:?}");
                    assert_sound(&next, &[]);
                }
            }
            // As an address: what cannot stand in one is left to the server.
            let pages =
                ["/privacy/?kept=1&return=", "/privacy/?return=", "/privacy/update?return=", "/gated?", "/film?"];
            for page in pages {
                let cookies = format!("{consent}; _ga=1");
                let answer = site.ask(protocol, &format!("{page}{back}"), &[("cookie", cookies.as_bytes())], b"").await;
                assert!(matches!(answer.status, 200 | 303 | 403), "{page}{back}: {answer:?}");
                assert_sound(&answer, &[]);
            }
        }
    }
}

/// The same in the path of a request itself, which the gate and the prompt lead back to, and in unknown paths.
#[tokio::test]
async fn paths_of_requests() {
    let site = Site::new().await;
    for protocol in BOTH {
        for path in [
            "/film?%0d%0aset-cookie:evil=1",
            "/gated?x=%0d%0a%0d%0aevil",
            "/privacy/%0d%0aset-cookie:%20evil=1",
            "/privacy/choice%0d%0aevil:1",
            "/%0d%0aevil:1",
            "/privacy/%250d%250a",
            "/privacy/..%2f..%2f%0d%0a",
            "/%ff%fe",
        ] {
            for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE"] {
                let answer = site.ask(protocol, &format!("{method} {path}"), &[("cookie", b"_ga=1")], b"").await;
                assert_sound(&answer, &[]);
                assert!(answer.status < 500, "{method} {path} {answer:?}");
            }
        }
    }
}

/// Bytes that a field can hold and a line of a log or a page cannot, or that somebody on the way may decode.
const VALUES: [&[u8]; 9] = [
    b"%0d%0aset-cookie: evil=1",
    b"%250d%250aset-cookie: evil=1",
    b"a, b; c=\"d",
    b"\xe5\x98\x8a\xe5\x98\x8dset-cookie: evil=1",
    b"\xff\xfe\x80",
    b"\t evil \t",
    b"https://evil.example",
    b"evil.example; Secure; x=y",
    b"de, *;q=\xe9",
];

/// Fields that the stack reads, or could be thought to.
const READ: [&str; 22] = [
    "accept",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "content-type",
    "cookie",
    "dnt",
    "forwarded",
    "if-modified-since",
    "if-none-match",
    "origin",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-gpc",
    "sec-purpose",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-http-method-override",
];

const ROUTES: [&str; 5] =
    ["/film", "/privacy/api/state", "POST /privacy/choice", "OPTIONS /privacy/api/choice", "POST /login"];

#[tokio::test]
async fn fields_of_requests() {
    let site = Site::new().await;
    let own = [CONSENT, "__Host-token", "_ga", "_fbp"];
    for protocol in BOTH {
        // Of who agrees to it, more is on the log.
        let cookies = format!("{}; _fbp=1", site.consent(protocol).await);
        for name in READ {
            for value in VALUES {
                for what in ROUTES {
                    let mut fields = vec![(name, value)];
                    if name != "cookie" {
                        fields.push(("cookie", cookies.as_bytes()));
                    }
                    let answer = site.ask(protocol, what, &fields, b"action=reject-all").await;
                    assert!(answer.status < 500, "{protocol:?} {what} {name}: {answer:?}");
                    assert_sound(&answer, &own);
                    let origin = answer.field("access-control-allow-origin");
                    assert_eq!(origin, None, "no origin is trusted here");
                }
            }
        }
    }
    // What was asked is on the log, a line each, and no line holds what could begin another.
    site.log.flush();
    let visits = site.visits.visits();
    assert!(visits.len() > 2 * READ.len() * VALUES.len(), "{}", visits.len());
    assert!(visits.iter().any(|visit| visit.user_agent().is_some_and(|agent| agent.contains("%FF"))));
    for visit in visits {
        for text in [visit.host(), visit.path(), visit.user_agent(), visit.referrer()].into_iter().flatten() {
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text:?}");
        }
    }
}

/// A trusted origin is sent back as the browser wrote it: in no other form than that of an origin.
#[tokio::test]
async fn origins_that_are_sent_back() {
    let trust = |pages: ConsentPages| pages.with_trusted_origins(["https://app.example.com"]).unwrap();
    let site = Site::with(policy().build().unwrap(), trust, &server()).await;
    for protocol in BOTH {
        for (origin, is_trusted) in [
            (&b"https://app.example.com"[..], true),
            (b"HTTPS://App.Example.com", true),
            (b"https://app.example.com:443", true),
            (b"https://app.example.com/", false),
            (b"https://app.example.com%0d%0aset-cookie: evil=1", false),
            (b"https://app.example.com\tevil", false),
            (b"https://app.example.com, https://evil.example", false),
            (b"https://app.example.com https://evil.example", false),
            (b"https://app.example.com;x", false),
            (b"https://app.example.com@evil.example", false),
            (b"https://app.example.com.evil.example", false),
            (b"https://app.example.com\xe5\x98\x8a", false),
            (b"https://app.example.com\"", false),
            (b"https://app.example.com\\evil", false),
            (b"null", false),
        ] {
            for what in ["/privacy/api/state", "OPTIONS /privacy/api/choice", "POST /privacy/api/withdraw"] {
                let fields = [("origin", origin), ("access-control-request-method", b"POST")];
                let answer = site.ask(protocol, what, &fields, b"").await;
                assert_sound(&answer, &[CONSENT]);
                let shown = is_trusted.then(|| origin.escape_ascii().to_string());
                assert_eq!(answer.field("access-control-allow-origin"), shown, "{protocol:?} {what}");
                let twice = [("origin", origin), ("origin", origin)];
                let answer = site.ask(protocol, what, &twice, b"").await;
                assert_eq!(answer.field("access-control-allow-origin"), None, "{protocol:?} {what}");
            }
        }
    }
}

/// Names of cookies are the visitor's own text, and stand in the lines that end them and in the debug header.
#[tokio::test]
async fn names_of_cookies() {
    let site = Site::new().await;
    for protocol in BOTH {
        for ending in [
            &b"x y"[..],
            b"x\tSecure",
            b"\xff",
            b"%0d%0a",
            b",x",
            b"\"x\"",
            b"x:y",
            b"\xe5\x98\x8a",
            b"(x)",
            b"x/",
            b"{}",
            b"",
            b"@",
            b"x\xc2\xa0",
            b"$",
        ] {
            let name = [b"_ga_", ending].concat();
            let line = [b"sid=1; ", &name[..], b"=evil; ", &name[..], b"=2; _fbp=3"].concat();
            let fields = [("cookie", &line[..]), ("sec-fetch-dest", b"document")];
            let answer = site.ask(protocol, "/page", &fields, b"").await;
            let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
            let shown = String::from_utf8_lossy(&name);
            let allowed = if name.iter().all(is_token) { &[&*shown, "_fbp"][..] } else { &["_fbp"] };
            assert_sound(&answer, allowed);
            assert!(answer.field("consent-debug").is_some_and(|notes| notes.contains("_fbp")), "{answer:?}");
            let values = answer.lines("set-cookie").join("\n");
            assert!(!values.contains("evil"), "{values}");
            assert!(values.contains("_fbp=; Path=/"), "{values}");
        }
    }
}

/// The value of `cc_cookie`, of CookieConsent 3, with more in it than that tool writes.
fn banner_cookie(more: &[u8]) -> Vec<u8> {
    let value = serde_json::json!({
        "categories": ["necessary"], "revision": 0, "data": null, "services": {"necessary": [], "analytics": []},
        "consentTimestamp": "2026-11-21T09:00:00.000Z", "consentId": "0d2f5c1e-6a5b-4b7e-9a39-1f0f6f1d2c3b", "languageCode": "en",
        "lastConsentTimestamp": "2026-11-21T09:00:00.000Z", "expirationTime": 1_900_000_000_000_u64,
    });
    let text = value.to_string();
    let encoded: String = text.strip_suffix('}').unwrap().bytes().map(|byte| format!("%{byte:02X}")).collect();
    [b"cc_cookie=", encoded.as_bytes(), b"%2C%22x%22%3A%22", more, b"%22%7D"].concat()
}

/// A banner's cookie is set again with the bytes that the visitor sent, and ended at the host that was asked.
#[tokio::test]
async fn a_banners_cookie() {
    let source = || ConsentSource::banner(Banner::CookieConsentV3).category(Category::ANALYTICS, ["analytics"]);
    let site = Site::of(policy().source(source().reissue(Reissue::default().domain("example.com")))).await;
    for protocol in BOTH {
        let mut again = 0;
        for more in [
            &b"x"[..],
            b"%0d%0aset-cookie: evil=1",
            b"\xe5\x98\x8a\xe5\x98\x8d",
            b"\xff",
            b"a b",
            b"\t",
            b", evil=1",
            b"\"",
            b"%3B Secure",
        ] {
            let cookie = banner_cookie(more);
            let fields = [("cookie", &cookie[..]), ("sec-fetch-dest", b"document")];
            let answer = site.ask(protocol, "/page", &fields, b"").await;
            assert_eq!(answer.status, 200);
            assert_sound(&answer, &["cc_cookie"]);
            for (_, line) in answer.fields.iter().filter(|(name, _)| name == "set-cookie") {
                assert!(line.starts_with(&[&cookie[..], b"; Path=/; Domain=example.com; Max-Age="].concat()));
                again += 1;
            }
        }
        assert!(again > 3, "what the reader takes is set again: {again}");
        let cookie = banner_cookie(b"x");
        let hosts: &[&[u8]] = match protocol {
            Protocol::Http1 => &[
                b"www.example.com",
                b"evil.example; Secure; HttpOnly",
                b"a, b",
                b"caf\xc3\xa9.example",
                b"evil.example%0d%0ax",
                b"\"evil\"",
                b"a b",
                b"a@evil.example",
                b"[::1]:80",
                b"*",
                b"",
            ],
            // The library that writes the request takes no other for an authority.
            Protocol::Http2 => &[b"www.example.com", b"a_b.example", b"[::1]:80", b"www.example.com:8443"],
        };
        for host in hosts {
            let fields = [("host", *host), ("content-type", FORM), ("cookie", &cookie)];
            let answer = site.ask(protocol, "POST /privacy/choice", &fields, b"action=reject-all").await;
            if answer.status == 400 {
                continue;
            }
            assert_sound(&answer, &[CONSENT, "cc_cookie"]);
            let ended: Vec<_> =
                answer.lines("set-cookie").into_iter().filter(|line| line.starts_with("cc_cookie=;")).collect();
            assert!(!ended.is_empty(), "{answer:?}");
            for line in ended {
                for domain in line.split("; ").filter_map(|part| part.strip_prefix("Domain=")) {
                    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
                    assert!(domain.bytes().all(is_plain), "{line}");
                }
            }
        }
    }
}

/// What a field cannot hold does not come as far as the layer: the server refuses it, by one answer, and no handler runs.
#[tokio::test]
async fn line_breaks_in_requests_reach_nobody() {
    let site = Site::new().await;
    for name in
        ["cookie", "origin", "referer", "user-agent", "accept-language", "authorization", "sec-gpc", "x-forwarded-for"]
    {
        for (value, may_pass) in [
            (&b"a\rset-cookie: evil=1"[..], false),
            (b"a\r\n set-cookie: evil=1", false),
            (b"a\r\n\tfolded", false),
            (b"a\0b", false),
            (b"a\x0bb", false),
            (b"a\x7fb", false),
            (b"a\r", false),
            // Two fields of a request, which is a visitor's own affair.
            (b"a\nx-evil: 1", true),
            (b"a\r\nx-evil: 1", true),
        ] {
            let raw =
                [b"GET /see HTTP/1.1\r\nhost: a\r\n", name.as_bytes(), b": ", value, b"\r\nconnection: close\r\n\r\n"]
                    .concat();
            let bytes = send_raw(site.address, &raw).await;
            let answer = wire::parse(&bytes, false);
            assert_eq!(answer.status, if may_pass { 200 } else { 400 }, "{name} {}", value.escape_ascii());
            assert_eq!(site.calls(), u32::from(may_pass), "{name} {}", value.escape_ascii());
            assert_sound(&answer, &[]);
        }
        for (value, may_pass) in [
            (&b"a"[..], true),
            (b"a\r\nset-cookie: evil=1", false),
            (b"a\nb", false),
            (b"a\0b", false),
            (b"a\rb", false),
            (b"a\xff\xe9", true),
        ] {
            let fields = [
                (&b":method"[..], &b"GET"[..]),
                (b":scheme", b"http"),
                (b":authority", b"a"),
                (b":path", b"/see"),
                (name.as_bytes(), value),
            ];
            let fate = send_http2_fields(site.address, &fields).await;
            assert_eq!(fate == Fate::Answered, may_pass, "{name} {}: {fate:?}", value.escape_ascii());
            assert_eq!(site.calls(), u32::from(may_pass), "{name} {}", value.escape_ascii());
        }
    }
    for (path, may_pass) in
        [(&b"/see"[..], true), (b"/see\r\nx: y", false), (b"/see x", false), (b"/see\0", false), (b"see", false)]
    {
        let fields = [(&b":method"[..], &b"GET"[..]), (b":scheme", b"http"), (b":authority", b"a"), (b":path", path)];
        let fate = send_http2_fields(site.address, &fields).await;
        assert_eq!(fate == Fate::Answered && site.calls() == 1, may_pass, "{}: {fate:?}", path.escape_ascii());
    }
}

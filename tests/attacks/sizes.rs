//! Huge heads and bodies: up to the limits of the server everything is filtered as ever, above them nothing of the site's
//! is reached. Which limits those are the server says; `manual::attacks` names its settings.

use std::sync::Arc;

use hyper_util::{rt::TokioExecutor, server::conn::auto};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tower_consent::ConsentStore as _;

use crate::{
    site::{CONSENT, FORM, JSON, STRANGER, Server, Site, TOKEN, policy},
    wire::{self, BOTH, Fate, Fields, Protocol, request, send_raw},
};

const KIB: usize = 1 << 10;

/// A server that takes as much in HTTP/2 as others do in HTTP/1.1.
fn generous() -> Server {
    Arc::new(|| {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http2().max_header_list_size(1 << 20);
        builder.http1().max_headers(12_000);
        builder
    })
}

async fn generous_site() -> Site {
    Site::with(policy().build().unwrap(), |pages| pages, &generous()).await
}

/// 10,000 tiny cookies, in a line, in a line for each, and in lines of a hundred: what is essential stays, wherever it is.
#[tokio::test]
async fn ten_thousand_tiny_cookies() {
    let site = generous_site().await;
    let tiny = |number: usize| match number % 4 {
        0 => format!("_ga_{number}=1"),
        1 => format!("x{number}"),
        2 => format!("${number}=1"),
        _ => format!("y{number}=1"),
    };
    let tiny: Vec<String> = (0..10_000).map(tiny).collect();
    for protocol in BOTH {
        let consent = site.consent(protocol).await;
        let token = site.sign_in(protocol, "user-17").await;
        let own = [consent.clone(), "sid=1".to_owned(), format!("{TOKEN}={token}")];
        let own = own.map(String::into_bytes);
        let middle = tiny.len() / 2;
        let (front, back) = tiny.split_at(middle);
        let all: Vec<Vec<u8>> = [&own[0]]
            .into_iter()
            .cloned()
            .chain(front.iter().map(|pair| pair.clone().into_bytes()))
            .chain([own[1].clone()])
            .chain(back.iter().map(|pair| pair.clone().into_bytes()))
            .chain([own[2].clone()])
            .collect();
        let joined = |pairs: &[Vec<u8>]| pairs.join(&b"; "[..]);
        let in_hundreds: Vec<_> = all.chunks(100).map(joined).collect();
        for lines in [vec![joined(&all)], in_hundreds, all.clone()] {
            let lines: Vec<_> = lines.iter().map(Vec::as_slice).collect();
            let seen = site.sees(protocol, &lines).await;
            assert_eq!((seen.subject.as_deref(), seen.has_analytics), (Some("user-17"), true), "{protocol:?}");
            let (analytics, others): (Vec<_>, Vec<_>) =
                seen.names.iter().map(String::as_str).partition(|name| name.starts_with("_ga_"));
            assert_eq!((analytics.len(), others), (2_500, [CONSENT, TOKEN, "sid"].to_vec()), "{protocol:?}");
            // A page with all of them ends no more than fits.
            let undecided = lines[0].strip_prefix(consent.as_bytes()).unwrap();
            let undecided = undecided.strip_prefix(b"; ").unwrap_or(undecided);
            let lines = [undecided].into_iter().chain(lines[1..].iter().copied());
            let fields: Vec<_> = lines.map(|line| ("cookie", line)).collect();
            let page = [&fields[..], &[("sec-fetch-dest", b"document")]].concat();
            let answer = site.ask(protocol, "/page", &page, b"").await;
            let ended = answer.lines("set-cookie");
            assert_eq!(ended.len(), 20, "{protocol:?}");
            assert!(ended.iter().map(String::len).sum::<usize>() <= 4 * KIB);
        }
    }
}

/// What a server takes unless it is told otherwise, and the byte, field and line that are too much.
#[tokio::test]
async fn heads_up_to_the_limits_of_the_server() {
    let site = Site::new().await;
    let kept = b"sid=1; ";
    let of = |bytes: usize| [&kept[..], &vec![b'x'; bytes]].concat();
    for (protocol, fits, too_much) in [(Protocol::Http1, 380 * KIB, 1_200 * KIB), (Protocol::Http2, 15 * KIB, 17 * KIB)]
    {
        for (bytes, is_taken) in [(fits, true), (too_much, false)] {
            for name in [
                "cookie",
                "authorization",
                "dnt",
                "sec-gpc",
                "user-agent",
                "accept-language",
                "x-forwarded-for",
                "origin",
            ] {
                let value = of(bytes);
                let answer = site.ask(protocol, "/see", &[(name, &value)], b"").await;
                assert_eq!(
                    (answer.status, site.calls()),
                    if is_taken { (200, 1) } else { (431, 0) },
                    "{protocol:?} {name}"
                );
                if is_taken && name == "cookie" {
                    assert_eq!(answer.text(), "cookie sid=1\nname sid\nanalytics false\n", "{protocol:?}");
                }
            }
        }
    }
    // HTTP/1.1: a hundred fields, with the two that every request here has.
    for (count, is_taken) in [(98, true), (99, false)] {
        let fields: Vec<(&str, &[u8])> = vec![("cookie", b"_ga=1"); count];
        let answer = site.ask(Protocol::Http1, "/see", &fields, b"").await;
        assert_eq!((answer.status, site.calls()), if is_taken { (200, 1) } else { (431, 0) }, "{count} fields");
    }
    // What nobody may answer with more than it was asked: the head that is refused is not shown again.
    let answer = send_raw(site.address, &request("/see", &[("cookie", &of(1_200 * KIB))], b"")).await;
    assert!(answer.len() < KIB, "{}", answer.len());
}

/// A head of HTTP/2 that goes on and on, in frames that each are small.
#[tokio::test]
async fn a_head_without_end() {
    let site = Site::new().await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let frame = |kind: u8, stream: u32, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
    };
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, b""), &frame(1, 1, b"\x82")].concat();
    stream.write_all(&preface).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    // `cookie: x`, 500 times a frame.
    let crumbs = b"\x00\x06cookie\x01x".repeat(500);
    let write = async {
        for _ in 0..10_000 {
            if writer.write_all(&frame(9, 1, &crumbs)).await.is_err() {
                return true;
            }
        }
        false
    };
    let read = async {
        let mut told = Vec::new();
        let _reset: std::io::Result<usize> = reader.read_to_end(&mut told).await;
    };
    let (is_ended, ()) = tokio::join!(write, read);
    assert!(is_ended, "the server takes 50 MB of it");
    assert_eq!(site.calls(), 0);
}

async fn has_no_records(site: &Site) -> bool {
    site.records.chains().await.unwrap().is_empty() && site.records.counts().await.unwrap().is_empty()
}

const OWN: (&str, &[u8]) = ("sec-fetch-site", b"same-origin");

#[tokio::test]
async fn bodies_that_are_too_large_or_too_deep() {
    let site = Site::new().await;
    let grant = r#"{"revision":3,"all":true"#;
    let many =
        |count: usize| format!("{grant},{}", (0..count).map(|number| format!("\"k{number}\":1,")).collect::<String>());
    for protocol in BOTH {
        for (body, status) in [
            (format!("{grant},\"language\":\"{}\"}}", "x".repeat(20 * KIB)), 413),
            (format!("{grant}{}}}", " ".repeat(17 * KIB)), 413),
            ("[".repeat(8 * KIB), 400),
            (format!("{{\"grant\":{}{}}}", "[".repeat(7 * KIB), "]".repeat(7 * KIB)), 400),
            (format!("{{\"grant\":{}1{}}}", "{\"a\":".repeat(2 * KIB), "}".repeat(2 * KIB)), 400),
            (format!("{}\"x\":1}}", many(1_000)), 400),
            (format!("{{{}}}", vec!["\"all\":true"; 1_000].join(",")), 400),
            (format!("{{\"grant\":[{}]}}", vec!["\"analytics\""; 1_000].join(",")), 400),
            (format!("{{\"revision\":{}}}", "9".repeat(10 * KIB)), 400),
            (format!("{{\"revision\":1e{}}}", "9".repeat(10 * KIB)), 400),
            (format!("{{\"language\":\"{}\"}}", "\\ud800".repeat(2 * KIB)), 400),
        ] {
            let answer =
                site.ask(protocol, "POST /privacy/api/choice", &[OWN, ("content-type", JSON)], body.as_bytes()).await;
            let start = &body[..40];
            assert_eq!((answer.status, answer.sets(CONSENT)), (status, None), "{protocol:?} {start}: {answer:?}");
            assert_eq!(answer.json()["status"], status, "{start}");
            assert!(answer.body.len() < KIB, "what was sent comes back: {} bytes for {start}", answer.body.len());
        }
        let fields = [OWN, ("content-type", FORM)];
        for form in ["a=1&".repeat(4 * KIB), format!("action=accept-all&revision=3&{}", "x".repeat(16 * KIB))] {
            let answer = site.ask(protocol, "POST /privacy/choice", &fields, form.as_bytes()).await;
            assert!(matches!(answer.status, 400 | 413) && answer.sets(CONSENT).is_none(), "{protocol:?} {answer:?}");
        }
    }
    assert!(has_no_records(&site).await);
}

/// By raw bytes: a length that is not that of the body, and bodies without one.
#[tokio::test]
async fn bodies_of_a_wrong_length() {
    let site = Site::new().await;
    let form = "action=accept-all&revision=3";
    let head = |more: &str| {
        format!(
            "POST /privacy/choice HTTP/1.1\r\nhost: a\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n{more}\r\n\r\n"
        )
    };
    // Said to be a terabyte: refused before a byte of it.
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(head("content-length: 1099511627776").as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    drop(stream);
    for (more, body, statuses) in [
        ("content-length: 100", form, &[400][..]),
        ("content-length: x", form, &[400]),
        ("content-length: -1", form, &[400]),
        ("content-length: +28", form, &[400]),
        ("content-length: 28\r\ncontent-length: 5", form, &[400]),
        ("content-length: 99999999999999999999999999", form, &[400, 413]),
        ("transfer-encoding: chunked", "ffffffff\r\nx\r\n0\r\n\r\n", &[400, 413]),
        ("transfer-encoding: chunked", "ffffffffffffffffff\r\nx", &[400]),
        ("transfer-encoding: chunked", "1c\r\naction=accept-all&revision=3\r\n", &[400]),
        ("transfer-encoding: chunked", "x\r\naction=accept-all&revision=3\r\n0\r\n\r\n", &[400]),
        ("transfer-encoding: gzip", form, &[400]),
    ] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(format!("{}{body}", head(more)).as_bytes()).await.unwrap();
        // The visitor goes away in the middle.
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _reset: std::io::Result<usize> = stream.read_to_end(&mut answer).await;
        // A server may find nobody to answer to any more.
        if !answer.is_empty() {
            let answer = wire::parse(&answer, false);
            assert!(statuses.contains(&answer.status) && answer.sets(CONSENT).is_none(), "{more} {body}: {answer:?}");
        }
    }
    // What stands behind a body is another request, or none: never a part of the choice.
    let short = format!("{}{form}&return=/evil", head("content-length: 28"));
    let answer = send_raw(site.address, short.as_bytes()).await;
    let text = String::from_utf8(answer).unwrap();
    assert!(text.starts_with("HTTP/1.1 303 ") && !text.contains("evil"), "{text}");
    assert_eq!(text.matches("HTTP/1.1 ").count(), 2, "{text}");
    assert!(text.contains("HTTP/1.1 400 "), "{text}");

    // The one that was whole.
    assert_eq!(site.records.chains().await.unwrap().len(), 1);
    let fields = [
        (&b":method"[..], &b"POST"[..]),
        (b":scheme", b"http"),
        (b":authority", b"a"),
        (b":path", b"/see"),
        (b"content-length", b"5"),
    ];
    assert_ne!(wire::send_http2_fields(site.address, &fields).await, Fate::Answered, "a length without a body");
    assert_eq!(site.calls(), 0);
}

/// A body without an end: the answer comes once there is too much, and the rest is not waited for.
#[tokio::test]
async fn bodies_without_end() {
    let site = Site::new().await;
    for chunk in [vec![b'x'; 4 * KIB], b"x".to_vec()] {
        let stream = TcpStream::connect(site.address).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let head = "POST /privacy/api/choice HTTP/1.1\r\nhost: a\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        writer.write_all(head.as_bytes()).await.unwrap();
        let sender = tokio::spawn(async move {
            let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), &chunk, b"\r\n"].concat();
            let (mut sent, batch) = (0, chunk.repeat(64));
            while sent < 512 << 20 && writer.write_all(&batch).await.is_ok() {
                sent += batch.len();
                tokio::task::yield_now().await;
            }
            sent
        });
        let mut status = [0; 12];
        reader.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 413");
        drop(reader);
        let sent = sender.await.unwrap();
        assert!(sent < 512 << 20, "the server takes it all: {sent} bytes");
    }
    assert!(has_no_records(&site).await);
}

/// Bodies that come by drops hold nobody else up, take no more than what has come of them, and change nothing when their
/// senders go.
#[tokio::test]
async fn slow_bodies_hold_nobody_up() {
    let site = Site::new().await;
    let head = "POST /privacy/choice HTTP/1.1\r\nhost: a\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 10000\r\n\r\naction=accept-all&revision=3&x=";
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    for protocol in BOTH {
        for stream in &mut slow {
            stream.write_all(b"x").await.unwrap();
        }
        assert_eq!(site.sees(protocol, &[b"sid=1; _ga=1"]).await.names, ["sid"]);
        let answer = site.choose(protocol, &[], "action=reject-all").await;
        assert_eq!(answer.status, 303);
    }
    drop(slow);
    let token = site.sign_in(Protocol::Http2, "user-17").await;
    assert_eq!(site.who_by_cookie(Protocol::Http1, &token).await, "user-17");
    assert!(site.records.chains().await.unwrap().is_empty(), "no grant of a body that never was whole");
}

/// Looking a stranger up costs one access to the store, whatever else stands in the request; and none where nobody asks.
#[tokio::test]
async fn a_large_request_asks_the_store_once() {
    let site = generous_site().await;
    for protocol in BOTH {
        let line = format!("{}{TOKEN}={STRANGER}; {}", "x=1; ".repeat(5_000), "y=2; ".repeat(5_000));
        let fields: Fields<'_> = &[("cookie", line.as_bytes())];
        assert_eq!(site.who(protocol, fields).await, "nobody");
        assert_eq!(site.store.calls(), ["get"], "{protocol:?}");
        site.ask(protocol, "POST /set", fields, b"").await;
        assert_eq!(site.store.calls(), [""; 0], "{protocol:?}");
    }
}

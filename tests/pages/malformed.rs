//! Forms and JSON that make no sense: a clear 4xx that names the field and the value, and nothing changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame};
use tower::{Layer, Service};
use tower_consent::ConsentLayer;

use crate::site::{Answer, CARRIERS, FORM, HOST, JSON, Site, policy};

#[tokio::test]
async fn forms() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    for (form, said) in [
        ("", &["action is missing"][..]),
        ("revision=3", &["action is missing"]),
        ("action=", &["action = &#34;&#34;", "accept-all"]),
        ("action=grant", &["action = &#34;grant&#34;"]),
        ("action=Accept-All", &["action = &#34;Accept-All&#34;"]),
        ("action=accept-all&action=reject-all", &["action = &#34;reject-all&#34;", "twice"]),
        ("action=accept-all", &["revision is missing"]),
        ("action=accept-all&revision=", &["revision = &#34;&#34;"]),
        ("action=accept-all&revision=three", &["revision = &#34;three&#34;"]),
        ("action=accept-all&revision=%2B3", &["revision = &#34;+3&#34;"]),
        ("action=accept-all&revision=-3", &["revision = &#34;-3&#34;"]),
        ("action=accept-all&revision=99999999999", &["revision = &#34;99999999999&#34;"]),
        ("action=accept-all&revision=3&revision=3", &["revision = &#34;3&#34;", "twice"]),
        ("action=save&revision=3&category=nothing", &["category = &#34;nothing&#34;", "no such category"]),
        ("action=save&revision=3&category=essential", &["category = &#34;essential&#34;", "essential"]),
        ("action=save&revision=3&category=Analytics", &["category = &#34;Analytics&#34;"]),
        ("action=save&revision=3&service=nobody", &["service = &#34;nobody&#34;", "no such service"]),
        ("action=save&revision=3&service=stripe", &["service = &#34;stripe&#34;", "essential"]),
        ("action=save&revision=3&category=%FF", &["category = &#34;\\\\xff&#34;", "UTF-8"]),
        ("action=save&%FF=1", &["UTF-8"]),
        ("action=save&revision=3&category=analytics&method=email", &["method = &#34;email&#34;"]),
        ("action=save&revision=3&category=analytics&confirm=no", &["confirm = &#34;no&#34;"]),
        ("action=save&revision=3&category=analytics&language=%3Cb%3E", &["language = &#34;&#60;b&#62;&#34;"]),
        ("action=accept-all&revision=3&return=/a&return=/b", &["return = &#34;/b&#34;", "twice"]),
    ] {
        let answer = site.choose(&mut visitor, form).await;
        assert_eq!((answer.status, answer.sets_consent()), (400, false), "{form}: {answer:?}");
        for part in said {
            answer.assert_says(part);
        }
        assert_eq!(answer.field("cache-control"), Some("no-store"), "{form}");
    }
    // Fields that are not ours are not our business; of a repeated switch it does not matter how often.
    let form = "csrf=1&csrf=2&&=&action=save&revision=3&category=analytics&category=analytics&x";
    assert_eq!(site.choose(&mut visitor, form).await.status, 303);
}

/// A value comes back escaped, and not at any length.
#[tokio::test]
async fn what_was_sent_comes_back_escaped() {
    let site = Site::new().await;
    let script = "%3Cscript%3Ealert(1)%3C/script%3E";
    let answer = site.choose(&mut site.visitor(), &format!("action={script}")).await;
    assert_eq!(answer.status, 400);
    answer.assert_lacks("<script>alert");
    let answer = site.choose(&mut site.visitor(), &format!("action={}", "x".repeat(9_000))).await;
    answer.assert_lacks(&"x".repeat(81));
    let page = site.get(&mut site.visitor(), "/privacy/?return=/%22%3E%3Cscript%3E").await;
    page.assert_lacks("\"><script>");
    let answer = site.call_with(&mut site.visitor(), "choice", &format!("{{\"{}\":1}}", "y".repeat(9_000)), JSON).await;
    assert_eq!(answer.problem(), "malformed");
    assert!(answer.body.len() < 1_000, "{}", answer.body.len());
    let answer = site.choose(&mut site.visitor(), &format!("{}=%FF", "z".repeat(9_000))).await;
    answer.assert_lacks(&"z".repeat(81));
}

#[tokio::test]
async fn programs() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    for (body, code, field, value) in [
        ("", "malformed", "body", ""),
        ("null", "malformed", "body", "null"),
        ("[]", "malformed", "body", "[]"),
        ("\"all\"", "malformed", "body", "\"all\""),
        ("{", "malformed", "body", "{"),
        ("{} {}", "malformed", "body", "{} {}"),
        ("{\"all\":true,}", "malformed", "body", "{\"all\":true,}"),
        ("{\"All\":true}", "malformed", "All", "true"),
        ("{\"grants\":[\"analytics\"]}", "malformed", "grants", "[\"analytics\"]"),
        ("{\"all\":true,\"all\":false}", "malformed", "all", "false"),
        ("{\"all\":\"yes\"}", "malformed", "all", "\"yes\""),
        ("{\"all\":1}", "malformed", "all", "1"),
        ("{\"all\":null}", "malformed", "all", "null"),
        ("{\"all\":true}", "malformed", "revision", ""),
        ("{\"all\":true,\"revision\":\"3\"}", "malformed", "revision", "\"3\""),
        ("{\"all\":true,\"revision\":3.5}", "malformed", "revision", "3.5"),
        ("{\"all\":true,\"revision\":-3}", "malformed", "revision", "-3"),
        ("{\"all\":true,\"revision\":4294967296}", "malformed", "revision", "4294967296"),
        ("{\"revision\":3,\"grant\":\"analytics\"}", "malformed", "grant", "\"analytics\""),
        ("{\"revision\":3,\"grant\":[1]}", "malformed", "grant", "[1]"),
        ("{\"revision\":3,\"grant\":[\"nothing\"]}", "unknown-name", "grant", "nothing"),
        ("{\"revision\":3,\"grant\":[\"essential\"]}", "unknown-name", "grant", "essential"),
        ("{\"revision\":3,\"grant_services\":[\"nobody\"]}", "unknown-name", "grant_services", "nobody"),
        ("{\"revision\":3,\"grant_services\":[\"stripe\"]}", "unknown-name", "grant_services", "stripe"),
        ("{\"revision\":3,\"refuse_services\":[\"nobody\"]}", "unknown-name", "refuse_services", "nobody"),
        (
            "{\"revision\":3,\"grant_services\":[\"meta\"],\"refuse_services\":[\"meta\"]}",
            "malformed",
            "refuse_services",
            "meta",
        ),
        ("{\"revision\":3,\"all\":true,\"confirm\":\"yes\"}", "malformed", "confirm", "\"yes\""),
        ("{\"revision\":3,\"all\":true,\"language\":7}", "malformed", "language", "7"),
        ("{\"revision\":3,\"all\":true,\"language\":\"<b>\"}", "malformed", "language", "<b>"),
        ("{\"revision\":3,\"all\":true,\"method\":\"email\"}", "malformed", "method", "email"),
    ] {
        let answer = site.call_with(&mut visitor, "choice", body, JSON).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, code), "{body}: {answer:?}");
        let problem = answer.json();
        assert_eq!(
            (problem["field"].as_str(), problem["value"].as_str().unwrap_or("")),
            (Some(field), value),
            "{body}"
        );
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem}");
        assert!(!answer.sets_consent());
    }
    let deep = format!("{{\"grant\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(site.call_with(&mut visitor, "choice", &deep, JSON).await.problem(), "malformed");
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let site = Site::new().await;
    let address = format!("{HOST}/privacy/api/choice");
    let builder = site.visitor().subresource(&address, "empty").method("POST").header("content-type", JSON);
    let answer = site.send(builder.body(&b"{\"grant\":[\"\xff\"]}"[..]).unwrap()).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed"));
}

#[tokio::test]
async fn content_types() {
    let site = Site::new().await;
    let address = format!("{HOST}/privacy/choice");
    for (kind, status) in [
        (Some("application/x-www-form-urlencoded"), 303),
        (Some("Application/X-WWW-Form-URLencoded; charset=UTF-8"), 303),
        (Some("application/x-www-form-urlencoded;charset=\"utf-8\""), 303),
        (Some("application/x-www-form-urlencoded; charset=iso-8859-1"), 415),
        (Some("multipart/form-data; boundary=x"), 415),
        (Some("text/plain"), 415),
        (Some("application/json"), 415),
        (Some(""), 415),
        (Some("application/x-www-form-urlencodedx"), 415),
        (None, 415),
    ] {
        let mut builder = site.visitor().form(&address);
        if let Some(kind) = kind {
            builder = builder.header("content-type", kind);
        }
        let answer = site.send(builder.body("action=accept-all&revision=3").unwrap()).await;
        assert_eq!((answer.status, answer.sets_consent()), (status, status == 303), "{kind:?}");
    }
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("application/json; charset=utf-16", 415),
    ] {
        let answer = site.call_with(&mut site.visitor(), "choice", "{\"revision\":3,\"all\":true}", kind).await;
        assert_eq!(answer.status, status, "{kind}");
        if status == 415 {
            assert_eq!(answer.problem(), "unsupported-type");
            assert_eq!(answer.json()["field"], "Content-Type");
        }
    }
    // Two that differ are none.
    let builder = site.visitor().form(&address).header("content-type", FORM).header("content-type", "text/plain");
    assert_eq!(site.send(builder.body("action=reject-all").unwrap()).await.status, 415);
    // A withdrawal is none of that: whatever it says, it is one.
    for (body, kind) in [("", "text/plain"), ("{", JSON), ("{\"all\":true}", JSON)] {
        let answer = site.call_with(&mut site.visitor(), "withdraw", body, kind).await;
        assert_eq!((answer.status, answer.sets_consent()), (200, true), "{body}");
    }
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages).await;
        let body = |length: usize| {
            let start = "action=accept-all&revision=3&padding=";
            format!("{start}{}", "x".repeat(length - start.len()))
        };
        assert_eq!(site.choose(&mut site.visitor(), &body(16 << 10)).await.status, 303, "{carrier:?}");
        let answer = site.choose(&mut site.visitor(), &body((16 << 10) + 1)).await;
        assert_eq!((answer.status, answer.sets_consent()), (413, false), "{carrier:?}");
        answer.assert_says("16384 bytes");
    }
    let site = Site::on(CARRIERS[0], policy(), |pages| pages.with_body_limit(40)).await;
    assert_eq!(site.choose(&mut site.visitor(), &format!("action=reject-all&x={}", "x".repeat(20))).await.status, 303);
    let answer = site.call_with(&mut site.visitor(), "choice", &format!("{{{}}}", " ".repeat(39)), JSON).await;
    assert_eq!((answer.status, answer.problem().as_str()), (413, "too-large"));
}

/// A body without a length is left as soon as it is too large, and one that breaks off is told.
#[tokio::test]
async fn bodies_that_never_end() {
    let site = Site::new().await;
    let mut service = ConsentLayer::new(Arc::clone(&site.policy)).layer(site.pages.clone());
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let endless = Frames(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Some(Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1024])))
    });
    let request =
        || Request::post("/privacy/choice").header("content-type", FORM).header("sec-fetch-site", "same-origin");
    let answer = Answer::of(service.call(request().body(endless).unwrap()).await.unwrap()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(read.load(Ordering::SeqCst), 17, "16 KiB, and the one that is too much");

    let mut service = ConsentLayer::new(Arc::clone(&site.policy)).layer(site.pages.clone());
    let mut frames = vec![Err("gone"), Ok(Bytes::from_static(b"action=accept-all&revision=3"))];
    let broken = Frames(move || frames.pop());
    let answer = Answer::of(service.call(request().body(broken).unwrap()).await.unwrap()).await;
    assert_eq!((answer.status, answer.sets_consent()), (400, false));
    answer.assert_says("The body ended before it was whole.");
    // Trailers are no part of a form.
    let mut service = ConsentLayer::new(Arc::clone(&site.policy)).layer(site.pages.clone());
    let body = http_body_util::Full::new(Bytes::from_static(b"action=reject-all"))
        .with_trailers(async { Some(Ok(http::HeaderMap::new())) });
    let request = Request::post("/privacy/choice").header("content-type", FORM).body(body).unwrap();
    assert_eq!(service.call(request).await.unwrap().status(), 303);
}

/// A body of what a function gives.
struct Frames<F>(F);

impl<E, F: FnMut() -> Option<Result<Bytes, E>> + Unpin> Body for Frames<F> {
    type Data = Bytes;
    type Error = E;
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        Poll::Ready((self.0)().map(|data| data.map(Frame::data)))
    }
}

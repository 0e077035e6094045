//! DNT and Sec-GPC: every copy, as bytes, on any kind of request (R1-R7, R15-R19, R21).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{clock_at, cookies_seen, decision_of, lines, request, response, serve};
use http::{HeaderMap, HeaderName, HeaderValue};
use time::macros::date;
use tower_consent::{Category, ConsentLayer, Policy, Regime, Signal, SignalScope, Signals};

fn read(headers: &[(&str, &[u8])]) -> Signals {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value).unwrap());
    }
    Signals::from_headers(&map)
}

/// R1-R6.
#[test]
fn dnt_is_read_as_the_specification_says() {
    for (copies, objects, is_zero) in [
        (&[][..], false, false),
        (&[&b"1"[..]], true, false),
        (&[b"1xyz"], true, false),
        (&[b"1 "], true, false),
        (&[b"\t1"], true, false),
        (&[b"1,0"], true, false),
        (&[b"0, 1"], true, false),
        (&[b"0", b"1"], true, false),
        (&[b"1", b"0"], true, false),
        (&[b"null", b"1"], true, false),
        (&[b"1\xff"], true, false),
        (&[b"0"], false, true),
        (&[b"0!#[]~"], false, true),
        (&[b"0 0"], false, false),
        (&[b"0\"x\""], false, false),
        (&[b"0\\"], false, false),
        (&[b"0,0"], false, false),
        (&[b"0", b"0"], false, false),
        (&[b""], false, false),
        (&[b"null"], false, false),
        (&[b"unspecified"], false, false),
        (&[b"yes"], false, false),
        (&[b"true"], false, false),
        (&[b"2"], false, false),
        (&[b"\"1\""], false, false),
        (&[b"\xff\xfe"], false, false),
        (&["\u{ff11}".as_bytes()], false, false),
    ] {
        let headers: Vec<_> = copies.iter().map(|copy| ("DnT", *copy)).collect();
        let signals = read(&headers);
        assert_eq!((signals.objects(Signal::Dnt), signals.dnt_is_zero()), (objects, is_zero), "{copies:?}");
        assert!(!signals.objects(Signal::Gpc));
    }
}

/// R15-R17.
#[test]
fn gpc_is_exactly_one() {
    for (copies, objects) in [
        (&[][..], false),
        (&[&b"1"[..]], true),
        (&[b" 1\t"], true),
        (&[b"1, 1"], true),
        (&[b"1,0"], true),
        (&[b"0", b"1"], true),
        (&[b"garbage \xff", b"1"], true),
        (&[b"0"], false),
        (&[b"true"], false),
        (&[b"?1"], false),
        (&[b"1;x"], false),
        (&[b"01"], false),
        (&[b"11"], false),
        (&[b"1 1"], false),
        (&[b"\"1\""], false),
        (&[b""], false),
    ] {
        let headers: Vec<_> = copies.iter().map(|copy| ("SEC-gpc", *copy)).collect();
        assert_eq!(read(&headers).objects(Signal::Gpc), objects, "{copies:?}");
    }
}

fn analytics_and_marketing() -> tower_consent::PolicyBuilder {
    Policy::builder()
        .essential(["session"])
        .cookies(Category::ANALYTICS, ["_ga"])
        .cookies(Category::MARKETING, ["_fbp"])
        .regime(Regime::OptOut)
}

/// R19, R21: what is turned off, on pages, images, scripts and API calls alike; R7, R18: the headers stay for the handler.
#[tokio::test]
async fn a_signal_turns_off_what_the_policy_says() {
    for (scope, kept) in [
        (SignalScope::All, "session=1"),
        (SignalScope::from([Category::MARKETING]), "session=1; _ga=2"),
        (SignalScope::NoCookies, "session=1"),
        (SignalScope::Ignore, "session=1; _ga=2; _fbp=3"),
    ] {
        for destination in ["document", "image", "script", "empty", "worker"] {
            for (signal, header) in [(Signal::Dnt, "dnt"), (Signal::Gpc, "sec-gpc")] {
                let policy = analytics_and_marketing().signal(signal, scope.clone()).build().unwrap();
                let layer = ConsentLayer::new(policy).with_clock(clock_at(date!(2026 - 11 - 21)));
                let headers = [("cookie", "session=1; _ga=2; _fbp=3"), (header, "1"), ("sec-fetch-dest", destination)];
                assert_eq!(cookies_seen(&layer, request(&headers)).await, [kept], "{scope:?}");
                let mut left = Vec::new();
                serve(&layer, request(&headers), |request| {
                    left = lines(request.headers(), header);
                    response(&[])
                })
                .await;
                assert_eq!(left, ["1"]);
            }
        }
    }
}

/// R6: under opt-in a `DNT: 0` opens nothing.
#[tokio::test]
async fn dnt_zero_is_no_consent() {
    let policy = analytics_and_marketing().regime(Regime::OptIn).build().unwrap();
    let layer = ConsentLayer::new(policy);
    let decision = decision_of(&layer, request(&[("dnt", "0")])).await;
    assert!(!decision.allows(Category::ANALYTICS) && decision.signals().dnt_is_zero());
}

/// C3, to the letter: no line that stores leaves; deletions do; essential cookies that are there still work.
#[tokio::test]
async fn no_cookies_at_all_means_none() {
    let policy = || analytics_and_marketing().signal(Signal::Dnt, SignalScope::NoCookies);
    let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)));
    let page = |cookie: &'static str| request(&[("cookie", cookie), ("dnt", "1"), ("sec-fetch-dest", "document")]);
    let answer = serve(&layer, page("session=1; _ga=2"), |request| {
        assert_eq!(lines(request.headers(), "cookie"), ["session=1"]);
        response(&[
            ("set-cookie", "session=2; Path=/"),
            ("set-cookie", "session=; Max-Age=0"),
            ("set-cookie", "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            ("set-cookie", "_ga=3"),
            ("set-cookie", "__Host-consent=1:1:2026-11-21+analytics; Path=/; Secure"),
        ])
    })
    .await;
    assert_eq!(
        lines(answer.headers(), "set-cookie"),
        [
            "session=; Max-Age=0",
            "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
            "_ga=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        ]
    );
    // A withdrawal cannot be stored; the grant that is there is deleted, so that it does not come back to life. A refusal
    // stays, and under opt-out everything does: to forget would open what was closed.
    let gone = "__Host-consent=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure";
    for (regime, held, leaves) in [
        (Regime::OptIn, "__Host-consent=1:1:2026-11-20+analytics+marketing", &[gone][..]),
        (Regime::OptIn, "__Host-consent=1:1:2026-11-20!analytics!marketing", &[]),
        (Regime::OptOut, "__Host-consent=1:1:2026-11-20+analytics!marketing", &[]),
        (Regime::OptOut, "__Host-consent=1:1:2026-11-20!analytics!marketing", &[]),
    ] {
        let layer =
            ConsentLayer::new(policy().regime(regime).build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)));
        let answer = serve(&layer, page(held), |request| {
            let mut answer = response(&[]);
            let context = tower_consent::ConsentContext::of(request.extensions()).unwrap();
            context.decision().withdraw().apply(answer.headers_mut());
            answer
        })
        .await;
        assert_eq!(lines(answer.headers(), "set-cookie"), leaves, "{regime:?} {held}");
    }
    // Without the signal the same answer passes.
    let answer = serve(&layer, request(&[]), |_| response(&[("set-cookie", "session=2; Path=/")])).await;
    assert_eq!(lines(answer.headers(), "set-cookie"), ["session=2; Path=/"]);
}

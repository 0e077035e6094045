//! Header fields by which visitors are told apart without cookies: hidden where a visit may not be tracked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex};

use common::Handler;
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, header};
use proptest::prelude::*;
use tower_consent::{
    AddressDetail, Category, ConsentLayer, HiddenFields, Policy, PolicyBuilder, ReferrerDetail, Selection, Signal,
    VisitRules, test::Visitor,
};

const PAGE: &str = "https://www.example.com/page?q=1";

type Fields<'a> = &'a [(&'a str, &'a str)];

fn policy() -> PolicyBuilder {
    Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).cookies(Category::MARKETING, ["_fbp"])
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Undecided,
    /// Of all but statistics.
    Partial,
    Consenting,
    Signalled,
}
use Who::{Consenting, Partial, Signalled, Undecided};

fn request(policy: &Arc<Policy>, who: Who) -> Request<()> {
    let mut visitor = match who {
        Undecided => Visitor::undecided(),
        Partial => Visitor::undecided().chooses(policy, &Selection::none().grant(Category::MARKETING)).unwrap(),
        Consenting => Visitor::consenting(policy),
        Signalled => Visitor::consenting(policy).with_signal(Signal::Dnt),
    };
    let mut request = visitor.request(PAGE).body(()).unwrap();
    // Whatever a browser of the tests sends by itself.
    for name in ["referer", "accept"] {
        request.headers_mut().remove(name);
    }
    request
}

fn add(headers: &mut HeaderMap, fields: Fields<'_>) {
    for (name, value) in fields {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
}

fn of(headers: &HeaderMap, names: Fields<'_>) -> Vec<(String, String)> {
    let is_named = |name: &HeaderName| names.iter().any(|(known, _)| name.as_str() == known.to_ascii_lowercase());
    let fields = headers.iter().filter(|(name, _)| is_named(name));
    by_name(fields.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect())
}

/// The order of copies counts, that of fields does not.
fn by_name(mut fields: Vec<(String, String)>) -> Vec<(String, String)> {
    fields.sort_by(|(first, _), (second, _)| first.cmp(second));
    fields
}

/// What a handler sees of these fields.
async fn seen(policy: PolicyBuilder, hidden: HiddenFields, who: Who, fields: Fields<'_>) -> Vec<(String, String)> {
    let policy = Arc::new(policy.build().unwrap());
    let layer = ConsentLayer::new(Arc::clone(&policy)).with_hidden(hidden);
    let mut request = request(&policy, who);
    add(request.headers_mut(), fields);
    let headers = Arc::new(Mutex::new(HeaderMap::new()));
    let slot = Arc::clone(&headers);
    Handler::new(move |request| {
        *slot.lock().unwrap() = request.headers().clone();
        Response::new(())
    })
    .behind(&layer, request)
    .await;
    of(&headers.lock().unwrap(), fields)
}

/// What leaves of these fields of an answer, and what it says of caches.
async fn left(
    policy: PolicyBuilder,
    hidden: HiddenFields,
    who: Who,
    fields: Fields<'_>,
) -> (Vec<(String, String)>, Option<String>) {
    let policy = Arc::new(policy.build().unwrap());
    let layer = ConsentLayer::new(Arc::clone(&policy)).with_hidden(hidden);
    let request = request(&policy, who);
    let mut all = HeaderMap::new();
    add(&mut all, fields);
    let handler = Handler::new(move |_| {
        let mut answer = Response::new(());
        *answer.headers_mut() = all.clone();
        answer
    });
    let answer = handler.behind(&layer, request).await;
    let cache = answer.headers().get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap().to_owned());
    (of(answer.headers(), fields), cache)
}

fn pairs(fields: Fields<'_>) -> Vec<(String, String)> {
    by_name(fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect())
}

const HINTS: Fields<'static> = &[
    ("Sec-CH-UA-Full-Version-List", "\"Chromium\";v=\"142.0.1\""),
    ("Sec-CH-UA-Model", "\"Pixel 9\""),
    ("Sec-CH-UA-Platform-Version", "\"16\""),
    ("Sec-CH-Viewport-Width", "411"),
    ("Sec-CH-Something-New", "1"),
    ("Sec-CH-Prefers-Color-Scheme", "dark"),
    ("DPR", "2.6"),
    ("Width", "400"),
    ("Viewport-Width", "411"),
    ("Device-Memory", "8"),
    ("RTT", "50"),
    ("Downlink", "10"),
    ("ECT", "4g"),
    ("X-UIDH", "abc"),
    ("Sec-Browsing-Topics", "(1);v=chrome.1"),
    ("Attribution-Reporting-Eligible", "event-source"),
];
const STAYS: Fields<'static> = &[
    ("Sec-CH-UA", "\"Chromium\";v=\"142\""),
    ("Sec-CH-UA-Mobile", "?1"),
    ("Sec-CH-UA-Platform", "\"Android\""),
    ("Save-Data", "on"),
    ("User-Agent", "Mozilla/5.0"),
    ("X-Forwarded-For", "203.0.113.77"),
    ("Forwarded", "for=203.0.113.77"),
    ("CF-IPCity", "Linz"),
    ("Origin", "https://www.example.com"),
    ("Accept-Language", "de"),
    ("X-Csrf-Token", "1"),
];

#[tokio::test]
async fn what_tells_much_is_hidden_from_who_may_not_be_tracked() {
    for who in [Undecided, Partial, Signalled] {
        assert_eq!(seen(policy(), HiddenFields::new(), who, HINTS).await, [], "{who:?}");
        assert_eq!(seen(policy(), HiddenFields::new(), who, STAYS).await, pairs(STAYS), "{who:?}");
    }
    assert_eq!(seen(policy(), HiddenFields::new(), Consenting, HINTS).await, pairs(HINTS));
    // Whoever is not to be tracked at all.
    let nobody = Policy::builder().cookies(Category::MARKETING, ["_fbp"]);
    assert_eq!(seen(nobody, HiddenFields::new(), Consenting, HINTS).await, []);
    // The policy says what tracking needs.
    let marketing = policy().visits(VisitRules::of(Category::MARKETING));
    assert_eq!(seen(marketing, HiddenFields::new(), Partial, HINTS).await, pairs(HINTS));
    // Nothing is enforced, or the layer stands down.
    for policy in [policy().report_only(), policy().stand_down(|_| true)] {
        assert_eq!(seen(policy, HiddenFields::new(), Undecided, HINTS).await, pairs(HINTS));
    }
}

#[tokio::test]
async fn every_kind_of_hint_is_a_switch() {
    let (hints, identifiers) = HINTS.split_at(13);
    let kept = HiddenFields::new().detailed_hints(false);
    assert_eq!(seen(policy(), kept, Undecided, HINTS).await, pairs(hints));
    let kept = HiddenFields::new().identifiers(false);
    assert_eq!(seen(policy(), kept, Undecided, HINTS).await, pairs(identifiers));
    let more = HiddenFields::new()
        .brief_hints(true)
        .add_request_field(header::USER_AGENT)
        .add_request_field(header::ACCEPT_LANGUAGE);
    let left: Vec<_> = seen(policy(), more, Undecided, STAYS).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["cf-ipcity", "forwarded", "origin", "save-data", "x-csrf-token", "x-forwarded-for"]);
}

#[tokio::test]
async fn referrers() {
    use ReferrerDetail::{None as Nothing, Origin, Path, Query};
    const FOREIGN: &str = "https://user:pw@Search.example:8443/find/me;s=1?q=secret#x";
    const OWN: &str = "https://www.example.com/account?id=7";
    let new = HiddenFields::new;
    for (hidden, sent, expected) in [
        (new(), FOREIGN, Some("https://search.example:8443/")),
        (new(), OWN, Some(OWN)),
        (new(), "https://WWW.EXAMPLE.COM/x", Some("https://WWW.EXAMPLE.COM/x")),
        // Not this host, whatever it looks like.
        (new(), "https://www.example.com.evil.example/x", Some("https://www.example.com.evil.example/")),
        (new(), "https://www.example.com@evil.example/x", Some("https://evil.example/")),
        (new(), "https://www.example.com:8443/x", Some("https://www.example.com:8443/")),
        (new(), "https://evil.example/https://www.example.com/x", Some("https://evil.example/")),
        (new(), "android-app://com.example/", None),
        (new(), "about:blank", None),
        (new(), "", None),
        (new().referrer(Nothing), FOREIGN, None),
        (new().referrer(Nothing), OWN, Some(OWN)),
        (new().referrer(Path), FOREIGN, Some("https://search.example:8443/find/me")),
        (new().referrer(Query), FOREIGN, Some(FOREIGN)),
        (new().own_referrer(Origin), OWN, Some("https://www.example.com/")),
        (new().own_referrer(Path), OWN, Some("https://www.example.com/account")),
        (new().own_referrer(Nothing), OWN, None),
        (new().own_referrer(Nothing), FOREIGN, Some("https://search.example:8443/")),
    ] {
        let fields = &[("referer", sent)];
        let expected: Vec<_> = expected.iter().map(|value| ("referer".to_owned(), (*value).to_owned())).collect();
        assert_eq!(seen(policy(), hidden.clone(), Undecided, fields).await, expected, "{sent} {hidden:?}");
        assert_eq!(seen(policy(), hidden, Consenting, fields).await, pairs(fields));
    }
    // Each copy, and over HTTP/1, where only `Host` names the host.
    let layer = ConsentLayer::new(policy().build().unwrap()).with_hidden(new());
    let mut plain = common::request(&[("host", "www.example.com"), ("referer", OWN), ("referer", FOREIGN)]);
    *plain.uri_mut() = "/page".parse().unwrap();
    let handler = Handler::new(|request| {
        assert_eq!(common::lines(request.headers(), "referer"), [OWN, "https://search.example:8443/"]);
        Response::new(())
    });
    handler.behind(&layer, plain).await;
}

const ADDRESSES: Fields<'static> = &[
    ("X-Forwarded-For", "203.0.113.77, 10.1.2.3:4711 ,[2001:db8:1:2:3::4]:80,2001:db8:1:2:3::4, unknown, _hidden, x"),
    ("X-Forwarded-For", "198.51.100.9"),
    ("X-Real-IP", "203.0.113.77"),
    ("CF-Connecting-IP", "::ffff:203.0.113.77"),
    ("True-Client-IP", "fe80::1%eth0"),
    ("CloudFront-Viewer-Address", "203.0.113.77:46532"),
    ("X-Vercel-Forwarded-For", "garbage 203.0.113.77"),
    (
        "Forwarded",
        "for=203.0.113.77;by=10.0.0.9;proto=https;host=\"a,b;c\\\"d\", For=\"[2001:db8:1:2:3::4]:80\";secret=203.0.113.77, \
         for=unknown, for=_x;;=;x",
    ),
    ("CF-IPCity", "Linz"),
    ("CloudFront-Viewer-JA3-Fingerprint", "e7d705a3286e19ea42f587b344ee6865"),
];

#[tokio::test]
async fn addresses_of_proxies() {
    let truncated = HiddenFields::new().addresses(AddressDetail::Truncated);
    let expected = pairs(&[
        ("x-forwarded-for", "203.0.113.0, 10.1.2.0, 2001:db8:1::, 2001:db8:1::, unknown, unknown, unknown"),
        ("x-forwarded-for", "198.51.100.0"),
        ("x-real-ip", "203.0.113.0"),
        ("cf-connecting-ip", "203.0.113.0"),
        ("true-client-ip", "fe80::"),
        ("cloudfront-viewer-address", "203.0.113.0"),
        ("x-vercel-forwarded-for", "unknown"),
        (
            "forwarded",
            "for=203.0.113.0;by=10.0.0.0;proto=https;host=\"a,b;c\\\"d\", For=\"[2001:db8:1::]\", for=unknown, for=unknown",
        ),
    ]);
    assert_eq!(seen(policy(), truncated.clone(), Undecided, ADDRESSES).await, expected);

    let nothing = HiddenFields::new().addresses(AddressDetail::None);
    let shown = seen(policy(), nothing.clone(), Undecided, ADDRESSES).await;
    assert_eq!(shown, pairs(&[("forwarded", "proto=https;host=\"a,b;c\\\"d\"")]));
    let only_for = &[("forwarded", "for=203.0.113.77")];
    assert_eq!(seen(policy(), nothing.clone(), Undecided, only_for).await, []);

    let protocol = &[("x-forwarded-proto", "https"), ("x-forwarded-host", "www.example.com"), ("cf-ipcountry", "AT")];
    for hidden in [truncated, nothing] {
        assert_eq!(seen(policy(), hidden.clone(), Undecided, protocol).await, pairs(protocol));
        assert_eq!(seen(policy(), hidden, Consenting, ADDRESSES).await, pairs(ADDRESSES));
    }
}

#[tokio::test]
async fn answers_that_start_tracking() {
    const STARTS: Fields<'static> = &[
        ("Observe-Browsing-Topics", "?1"),
        ("Attribution-Reporting-Register-Source", "{}"),
        ("Attribution-Reporting-Register-OS-Trigger", "\"https://a.example\""),
        ("Shared-Storage-Write", "clear"),
        ("Ad-Auction-Signals", "[]"),
        ("Accept-CH-Lifetime", "86400"),
    ];
    for who in [Undecided, Partial, Signalled] {
        let (left, cache) = left(policy(), HiddenFields::new(), who, STARTS).await;
        assert_eq!((left, cache.as_deref()), (Vec::new(), Some("private")), "{who:?}");
    }
    // The answer to one that may is as much one visitor's.
    let consenting = left(policy(), HiddenFields::new(), Consenting, STARTS).await;
    assert_eq!(consenting, (pairs(STARTS), Some("private".to_owned())));
    // Where nobody may be tracked the answer is the same for everybody.
    let nobody = Policy::builder().cookies(Category::MARKETING, ["_fbp"]);
    assert_eq!(left(nobody, HiddenFields::new(), Consenting, STARTS).await, (Vec::new(), None));
    for policy in [policy().report_only(), policy().stand_down(|_| true)] {
        assert_eq!(left(policy, HiddenFields::new(), Undecided, STARTS).await, (pairs(STARTS), None));
    }
    let kept = HiddenFields::new().advertising(false).detailed_hints(false);
    assert_eq!(left(policy(), kept, Undecided, STARTS).await, (pairs(STARTS), None));

    // What is not of it stays, and such an answer is left alone.
    let plain: Fields<'_> = &[
        ("content-type", "text/html"),
        ("supports-loading-mode", "credentialed-prerender"),
        ("accept-charset", "utf-8"),
        ("nel", "{\"report_to\":\"a\",\"max_age\":9}"),
        ("report-to", "{\"group\":\"a\"}"),
        ("reporting-endpoints", "a=\"https://a.example\""),
        ("etag", "\"a\""),
    ];
    assert_eq!(left(policy(), HiddenFields::new(), Undecided, plain).await, (pairs(plain), None));
    let more = HiddenFields::new().reports(true).add_answer_field(header::ETAG);
    let (shown, cache) = left(policy(), more, Undecided, plain).await;
    let expected = [&plain[..3], &[("nel", "{\"max_age\":0}")]].concat();
    assert_eq!((shown, cache.as_deref()), (pairs(&expected), Some("private")));
}

#[tokio::test]
async fn hints_that_are_asked_for() {
    let asks = |who, hidden: HiddenFields| async move {
        let fields: Fields<'_> = &[
            ("accept-ch", "Sec-CH-UA-Model, sec-ch-ua-mobile,DPR"),
            ("accept-ch", "Save-Data"),
            ("critical-ch", "Sec-CH-UA-Model"),
        ];
        left(policy(), hidden, who, fields).await.0
    };
    let new = HiddenFields::new;
    assert_eq!(asks(Undecided, new()).await, pairs(&[("accept-ch", "sec-ch-ua-mobile, Save-Data")]));
    assert_eq!(asks(Undecided, new().brief_hints(true)).await, pairs(&[("accept-ch", "Save-Data")]));
    assert_eq!(
        asks(Undecided, new().detailed_hints(false).brief_hints(true)).await,
        pairs(&[("accept-ch", "Sec-CH-UA-Model, DPR, Save-Data"), ("critical-ch", "Sec-CH-UA-Model")])
    );
    assert_eq!(asks(Undecided, new().detailed_hints(false)).await.len(), 3);
    assert_eq!(asks(Consenting, new()).await.len(), 3);
    // An empty field makes the browser forget.
    let model: Fields<'_> = &[("accept-ch", "Sec-CH-UA-Model")];
    assert_eq!(left(policy(), new(), Undecided, model).await.0, pairs(&[("accept-ch", "")]));
}

#[tokio::test]
async fn advertising_interfaces_are_closed_on_request() {
    let closing = || HiddenFields::new().permissions_policy(true);
    let page: Fields<'_> = &[("content-type", "text/html"), ("permissions-policy", "browsing-topics=*, camera=()")];
    let (shown, cache) = left(policy(), closing(), Undecided, page).await;
    let lines: Vec<_> = shown.iter().filter(|(name, _)| name == "permissions-policy").map(|(_, value)| value).collect();
    assert_eq!((lines.len(), lines[0].as_str()), (2, "browsing-topics=*, camera=()"), "the application's stays");
    for closed in ["browsing-topics=()", "attribution-reporting=()", "shared-storage=()"] {
        assert!(lines[1].contains(closed), "{lines:?}");
    }
    assert_eq!(cache.as_deref(), Some("private"));
    assert_eq!(left(policy(), closing(), Consenting, page).await, (pairs(page), Some("private".to_owned())));
    assert_eq!(left(policy(), HiddenFields::new(), Undecided, page).await, (pairs(page), None));
    let json: Fields<'_> = &[("content-type", "application/json")];
    let layer = ConsentLayer::new(policy().build().unwrap()).with_hidden(closing());
    let answer = Handler::new(move |_| common::response(json)).behind(&layer, common::request(&[])).await;
    assert_eq!((answer.status(), answer.headers().len()), (StatusCode::OK, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the fields, of an address in them no more is left than its network.
    #[test]
    fn no_address_is_left(
        before in "[ -~]{0,12}", after in "[ -~]{0,12}", node in "(203\\.0\\.113\\.77|\\[?2001:db8:1:2:3::4\\]?)(:80)?",
        name in "(x-forwarded-for|forwarded|x-real-ip|client-ip)", removes: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let detail = if removes { AddressDetail::None } else { AddressDetail::Truncated };
        let hidden = HiddenFields::new().addresses(detail);
        for value in [
            format!("{node}{before}"), format!("{before},{node},{after}"), format!("{before};for={node}{after}"),
            format!("for=\"{node}\"{after}"), format!("{before}{node}{after}"),
        ] {
            // What the application is told of protocol and host is not touched.
            prop_assume!(!value.contains("host=") && !value.contains("proto="));
            let fields = [(name.as_str(), value.as_str())];
            let shown = runtime.block_on(seen(policy(), hidden.clone(), Undecided, &fields));
            let shown = format!("{shown:?}");
            prop_assert!(!shown.contains("113.77") && !shown.contains("2:3::4"), "{} gives {}", value, shown);
            prop_assert!(!removes || !shown.contains("203.0"), "{} gives {}", value, shown);
        }
    }
}

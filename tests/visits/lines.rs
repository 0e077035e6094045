//! What is written of whom.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};
use tower_consent::{
    AddressDetail, AgentDetail, Category, MemorySink, PathDetail, ReferrerDetail, TimeDetail, Visit, VisitDetail,
    VisitLayer, VisitLog, VisitRules,
};

use crate::site::{AGENT, GRANT, REFUSAL, Site, ask, policy, routes, serve, with_peer};

const REFERRER: &str = "https://search.example/found/it?q=my+illness";

fn traits<'f>(first: (&'f str, &'f str)) -> [(&'f str, &'f str); 3] {
    [first, ("user-agent", AGENT), ("referer", REFERRER)]
}

/// The line as it is written, without its duration.
fn line(visit: &Visit) -> Value {
    let mut line = serde_json::to_value(visit).unwrap();
    assert!(line["duration_ms"].is_u64(), "{line}");
    line.as_object_mut().unwrap().remove("duration_ms");
    line
}

fn tracked() -> Value {
    json!({
        "time": "2026-11-22T10:40:09Z", "method": "GET", "host": "example.com", "path": "/", "status": 200, "bytes": 6,
        "address": "127.0.0.1", "user_agent": AGENT, "referrer": "https://search.example/found/it", "is_tracked": true,
        "is_complete": true,
    })
}

fn untracked() -> Value {
    json!({
        "time": "2026-11-22T10:40Z", "method": "GET", "host": "example.com", "path": "/", "status": 200, "bytes": 6,
        "is_tracked": false, "is_complete": true,
    })
}

#[tokio::test]
async fn who_agreed_is_written_down_and_who_did_not_is_not() {
    let site = Site::new(policy()).await;
    for (field, expected) in [
        (GRANT, tracked()),
        (REFUSAL, untracked()),
        (("x-nothing", "decided"), untracked()),
        (("cookie", "__Host-consent=rubbish"), untracked()),
        (("cookie", "__Host-consent=1:1:2026-11-22+functional!analytics+marketing"), untracked()),
    ] {
        assert_eq!(line(&site.visit("/?q=secret", &traits(field)).await), expected, "{field:?}");
    }
    for signal in [("dnt", "1"), ("sec-gpc", "1")] {
        let visit = site.visit("/", &[GRANT, signal, ("user-agent", AGENT)]).await;
        assert_eq!(line(&visit), untracked(), "{signal:?}");
    }
}

#[tokio::test]
async fn the_policy_says_how_much() {
    let rules = |tracked| VisitRules::of(Category::ANALYTICS).tracked(tracked);
    let detail = VisitDetail::new;
    for (detail, field, value) in [
        (detail().time(TimeDetail::Minute), "time", json!("2026-11-22T10:40Z")),
        (detail().time(TimeDetail::Hour), "time", json!("2026-11-22T10Z")),
        (detail().time(TimeDetail::Day), "time", json!("2026-11-22")),
        (detail().path(PathDetail::None), "path", Value::Null),
        (detail().path(PathDetail::Query), "path", json!("/?q=secret&a=%22%C3%A9")),
        (detail().address(AddressDetail::None), "address", Value::Null),
        (detail().address(AddressDetail::Truncated), "address", json!("127.0.0.0")),
        (detail().user_agent(AgentDetail::None), "user_agent", Value::Null),
        (detail().user_agent(AgentDetail::Family), "user_agent", json!("firefox on linux")),
        (detail().referrer(ReferrerDetail::None), "referrer", Value::Null),
        (detail().referrer(ReferrerDetail::Origin), "referrer", json!("https://search.example")),
        (detail().referrer(ReferrerDetail::Query), "referrer", json!("https://search.example/found/it?q=my+illness")),
    ] {
        let site = Site::new(policy().visits(rules(detail))).await;
        let path = "/?q=secret&a=%22%C3%A9";
        let mut expected = tracked();
        match value {
            Value::Null => drop(expected.as_object_mut().unwrap().remove(field)),
            value => expected[field] = value,
        }
        assert_eq!(line(&site.visit(path, &traits(GRANT)).await), expected, "{detail:?}");
        assert_eq!(line(&site.visit(path, &traits(REFUSAL)).await), untracked(), "{detail:?}");
    }
}

#[tokio::test]
async fn the_policy_can_say_less_of_who_may_not_be_tracked() {
    let detail = VisitDetail::new().time(TimeDetail::Day).path(PathDetail::None);
    let site = Site::new(policy().visits(VisitRules::default().untracked(detail))).await;
    let mut expected = untracked();
    expected["time"] = "2026-11-22".into();
    expected.as_object_mut().unwrap().remove("path");
    assert_eq!(line(&site.visit("/", &traits(REFUSAL)).await), expected);
    assert_eq!(line(&site.visit("/", &traits(GRANT)).await), tracked());

    let site = Site::new(policy().visits(VisitRules::default().untracked(VisitDetail::new().log(false)))).await;
    // Who withdraws in the answer has no line either.
    for (path, field) in [("/", REFUSAL), ("/withdraw", GRANT), ("/", ("dnt", "1"))] {
        site.ask(path, &traits(field)).await;
    }
    assert_eq!(line(&site.visit("/", &traits(GRANT)).await), tracked(), "and no other line");

    let site = Site::new(policy().visits(VisitRules::default().tracked(VisitDetail::new().log(false)))).await;
    site.ask("/", &traits(GRANT)).await;
    assert_eq!(line(&site.visit("/", &traits(REFUSAL)).await), untracked(), "and no other line");
}

/// The category or the service that is named decides, and nobody is tracked where the policy has none.
#[tokio::test]
async fn what_must_be_allowed_is_what_the_policy_names() {
    let analytics = ("cookie", "__Host-consent=1:1:2026-11-22+analytics!functional!marketing");
    let site = Site::new(policy().visits(VisitRules::of(Category::MARKETING))).await;
    assert!(!site.visit("/", &[analytics]).await.is_tracked());
    assert!(site.visit("/", &[GRANT]).await.is_tracked());
    let site = Site::new(policy()).await;
    assert!(site.visit("/", &[analytics]).await.is_tracked());
    let site = Site::new(tower_consent::Policy::builder().cookies(Category::MARKETING, ["_fbp"])).await;
    assert!(!site.visit("/", &[("cookie", "__Host-consent=1:1:2026-11-22+marketing")]).await.is_tracked());
}

/// Old servers put session ids behind a `;`: they are an identifier, as they are in a referrer.
#[tokio::test]
async fn a_session_in_the_path_is_not_written() {
    let site = Site::new(policy()).await;
    for (path, written) in [
        ("/shop;jsessionid=4711/cart;v=1?q=secret", "/shop/cart"),
        ("/;jsessionid=4711", "/"),
        ("/a/;x/b", "/a//b"),
        ("/a,b:c", "/a,b:c"),
    ] {
        for field in [GRANT, REFUSAL] {
            assert_eq!(site.visit(path, &traits(field)).await.path(), Some(written), "{field:?}");
        }
    }
}

/// The more private of both: of the decision on the request, and of the one that the answer leaves behind.
#[tokio::test]
async fn an_answer_can_only_take_away() {
    let site = Site::new(policy()).await;
    for (path, field, is_tracked) in [
        ("/", GRANT, true),
        ("/withdraw", GRANT, false),
        ("/narrow", GRANT, false),
        ("/grant", REFUSAL, false),
        ("/grant", ("x-nothing", "decided"), false),
        ("/grant", GRANT, true),
    ] {
        let visit = site.visit(path, &traits(field)).await;
        assert_eq!(visit.is_tracked(), is_tracked, "{path} {field:?}");
        assert_eq!(visit.address().is_some(), is_tracked);
        assert_eq!((visit.user_agent().is_some(), visit.referrer().is_some()), (is_tracked, is_tracked));
        assert_eq!(visit.time_detail() == TimeDetail::Second, is_tracked);
    }
}

#[tokio::test]
async fn a_report_only_policy_tracks_nobody_more() {
    let site = Site::new(policy().report_only()).await;
    assert_eq!(line(&site.visit("/", &traits(REFUSAL)).await), untracked());
    assert_eq!(line(&site.visit("/", &traits(GRANT)).await), tracked());
}

/// Where nobody judges the request nobody may be tracked, and the policy still says how little is written.
#[tokio::test]
async fn without_a_decision_nobody_is_tracked() {
    let stands_down = || policy().stand_down(|parts| parts.uri.path() == "/");
    let site = Site::new(stands_down()).await;
    assert_eq!(line(&site.visit("/", &traits(GRANT)).await), untracked());
    let rules = VisitRules::default().untracked(VisitDetail::new().log(false));
    let site = Site::new(stands_down().visits(rules)).await;
    site.ask("/", &traits(GRANT)).await;
    assert!(site.visit("/pieces", &[GRANT]).await.is_tracked(), "and no other line");

    let sink = MemorySink::new();
    let log = VisitLog::to(sink.clone()).unwrap();
    let address = serve(routes_alone(&log)).await;
    ask(address, "/", &traits(GRANT)).await;
    let visit = loop {
        log.flush();
        if let Some(visit) = sink.visits().pop() {
            break visit;
        }
    };
    let mut written = line(&visit);
    written["time"] = "2026-11-22T10:40Z".into();
    assert_eq!(written, untracked());
    assert_eq!((visit.time_detail(), visit.unix_seconds() % 60), (TimeDetail::Minute, 0));
}

/// The layer of the log alone.
fn routes_alone(log: &VisitLog) -> axum::Router {
    routes().layer(with_peer(VisitLayer::new(log.clone())))
}

/// What a visitor sends cannot end a line, look like another field, colour a terminal, or grow without a bound.
#[tokio::test]
async fn nothing_breaks_out_of_a_line() {
    let site =
        Site::new(policy().visits(VisitRules::default().tracked(VisitDetail::new().path(PathDetail::Query)))).await;
    let long = "x".repeat(5_000);
    let referrer = format!("https://a.example/{long}");
    let fields = [GRANT, ("user-agent", "a\u{9f}\u{202e}\tb\" status=200"), ("referer", &referrer), ("host", "a b\"c")];
    let visit = site.visit("/a\"b{\u{202e}}?c\\d", &fields).await;
    assert_eq!(visit.user_agent(), Some("a%C2%9F%E2%80%AE%09b\" status=200"));
    assert_eq!(visit.referrer().map(str::len), Some(2_048));
    assert_eq!(visit.host(), None);
    assert!(visit.path().unwrap().bytes().all(|byte| matches!(byte, b' '..=b'~')), "{visit:?}");
    let json = serde_json::to_string(&visit).unwrap();
    assert!(json.is_ascii() && !json.contains('\n'), "{json}");
    for (fields, path) in
        [([GRANT, ("user-agent", &long)], format!("/{long}")), ([REFUSAL, ("x", "y")], format!("/{long}"))]
    {
        let visit = site.visit(&path, &fields).await;
        assert!(visit.user_agent().is_none_or(|agent| agent.len() == 512));
        assert_eq!(visit.path().map(str::len), Some(2_048));
    }
    let visit = site.visit("MADE-UP-4711 /", &[("host", &format!("{}.example:80", "H".repeat(400)))]).await;
    assert_eq!((visit.method(), visit.host()), ("OTHER", Some(&*"h".repeat(255))));
    let visit = site.visit("/", &[("host", "user:secret@[2001:DB8::1]:80")]).await;
    assert_eq!(visit.host(), Some("[2001:db8::1]"));
}

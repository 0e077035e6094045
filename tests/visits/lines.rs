//! What is written of whom.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};
use tower_consent::{
    AddressDetail, AgentDetail, Category, MemorySink, PathDetail, ReferrerDetail, TimeDetail, Visit, VisitDetail,
    VisitLayer, VisitLog, VisitRules,
};

use crate::site::{AGENT, GRANT, REFUSAL, Site, ask, policy, routes, send, serve, with_peer};

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
        (("cookie", "__Host-consent=1:1:2026-11-22+functional-analytics+marketing"), untracked()),
    ] {
        assert_eq!(line(&site.visit("/?q=secret", &traits(field)).await), expected, "{field:?}");
    }
    for signal in [("dnt", "1"), ("sec-gpc", "1")] {
        let visit = site.visit("/", &[GRANT, signal, ("user-agent", AGENT)]).await;
        assert_eq!(line(&visit), untracked(), "{signal:?}");
    }
}

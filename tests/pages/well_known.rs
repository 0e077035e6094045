//! `/.well-known/gpc.json` (R20).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use http::Request;
use serde_json::json;
use time::macros::date;
use tower::ServiceExt;
use tower_consent::{Category, GpcResource, Policy, PolicyBuilder, Revision, Signal, SignalScope};

use crate::site::{Answer, Site, policy, raw};

async fn ask(resource: &GpcResource, method: &str) -> Answer {
    let request = Request::builder().method(method).uri("/.well-known/gpc.json").body(()).unwrap();
    Answer::of(resource.clone().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn what_it_says() {
    let built = |policy: PolicyBuilder| GpcResource::of(policy.build().unwrap());
    let ads = || Policy::builder().cookies(Category::MARKETING, ["_fbp"]);
    for (resource, expected) in [
        (GpcResource::new(date!(2025 - 04 - 15)), json!({"gpc": true, "lastUpdate": "2025-04-15"})),
        (built(policy()), json!({"gpc": true, "lastUpdate": "2026-11-01"})),
        (built(ads().revision(Revision::new(7))), json!({"gpc": true})),
        (built(ads().signal(Signal::Gpc, SignalScope::Ignore)), json!({"gpc": false})),
        (built(ads().signal(Signal::Gpc, SignalScope::Categories(vec![]))), json!({"gpc": false})),
        (built(ads().signal(Signal::Gpc, SignalScope::NoCookies)), json!({"gpc": true})),
        (built(ads().signal(Signal::Dnt, SignalScope::Ignore)), json!({"gpc": true})),
        (built(Policy::builder()), json!({"gpc": true})),
    ] {
        let answer = ask(&resource, "GET").await;
        assert_eq!((answer.status, answer.field("content-type")), (200, Some("application/json")));
        assert_eq!(answer.json(), expected);
        assert_eq!(answer.field("cache-control"), Some("public, max-age=86400"));
    }
}

#[tokio::test]
async fn methods() {
    let resource = GpcResource::new(date!(2025 - 04 - 15));
    let head = ask(&resource, "HEAD").await;
    assert_eq!((head.status, head.body.as_str(), head.field("content-length")), (200, "", Some("38")));
    let options = ask(&resource, "OPTIONS").await;
    assert_eq!((options.status, options.field("allow")), (204, Some("GET, HEAD, OPTIONS")));
    let post = ask(&resource, "POST").await;
    assert_eq!((post.status, post.field("allow")), (405, Some("GET, HEAD, OPTIONS")));
}

/// Beside the pages, inside of the layer: it stays the same for everybody, and follows what is published.
#[tokio::test]
async fn beside_the_pages() {
    let site = Site::new().await;
    let answer = site.send(raw("GET", "/.well-known/gpc.json", &[("sec-gpc", "1")]).body("").unwrap()).await;
    assert_eq!(answer.json(), json!({"gpc": true, "lastUpdate": "2026-11-01"}));
    assert_eq!((answer.field("vary"), answer.field("cache-control")), (None, Some("public, max-age=86400")));
    let next = policy().revision(Revision::new(4).on(2026, 12, 1)).signal(Signal::Gpc, SignalScope::Ignore);
    site.handle.publish(next.build().unwrap()).unwrap();
    let answer = site.get(&mut site.visitor(), "/.well-known/gpc.json").await;
    assert_eq!(answer.json(), json!({"gpc": false, "lastUpdate": "2026-12-01"}));
}

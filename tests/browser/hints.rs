//! Client hints, in Chromium: asked for only of who may be tracked, and forgotten by the browser afterwards.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use tower_consent::{Category, ConsentContext, ConsentLayer, HiddenFields, Policy};

use crate::{HOST, driver::Browser, tls::TlsServer};

const ASKED: &str = "Sec-CH-UA-Model, Sec-CH-UA-Platform-Version, Sec-CH-Device-Memory, Device-Memory";
/// Of those, what Chromium sends where it is asked.
const SENT: [&str; 4] = ["device-memory", "sec-ch-device-memory", "sec-ch-ua-model", "sec-ch-ua-platform-version"];

fn hints(headers: &HeaderMap) -> Vec<String> {
    let mut hints: Vec<_> =
        headers.keys().map(|name| name.as_str().to_owned()).filter(|name| SENT.contains(&name.as_str())).collect();
    hints.sort_unstable();
    hints
}

type Seen = Arc<Mutex<Vec<Vec<String>>>>;

/// Notes the hints of each request.
fn noted(router: Router, seen: &Seen) -> Router {
    let seen = Arc::clone(seen);
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        seen.lock().expect("no panic").push(hints(request.headers()));
        next.run(request)
    }))
}

/// A page that asks for hints; two addresses change the consent.
async fn answer(request: Request) -> Response {
    let mut answer = Html("<!doctype html><title>Site</title><link rel=icon href='data:,'>").into_response();
    answer.headers_mut().insert("accept-ch", HeaderValue::from_static(ASKED));
    let decision = ConsentContext::of(request.extensions()).expect("a layer").decision();
    match request.uri().path() {
        "/accept" => decision.grant_all_unrecorded().apply(answer.headers_mut()),
        "/withdraw" => decision.withdraw().apply(answer.headers_mut()),
        _ => {}
    }
    answer
}

#[tokio::test]
async fn chromium_sends_hints_only_where_the_visit_may_be_tracked() {
    let Some(browser) = Browser::start().await else { return };
    let policy = Policy::builder().category(Category::ANALYTICS).mac_key("k", [7; 32]).build().expect("a policy");
    let (sent, shown) = (Seen::default(), Seen::default());
    let router = Router::new().route("/", get(answer)).route("/accept", get(answer)).route("/withdraw", get(answer));
    let router = noted(router, &shown).layer(ConsentLayer::new(policy).with_hidden(HiddenFields::new()));
    let server = TlsServer::start(noted(router, &sent)).await;
    let last = async |path: &str| {
        browser.goto(&server.url(HOST, path)).await;
        let take = |seen: &Seen| seen.lock().expect("no panic").drain(..).next_back().unwrap_or_default();
        (take(&sent), take(&shown))
    };
    let none: Vec<String> = Vec::new();
    for _ in 0..3 {
        assert_eq!(
            last("/").await,
            (none.clone(), none.clone()),
            "asked for by the application, and not of this visitor"
        );
    }
    last("/accept").await;
    assert_eq!(last("/").await, (SENT.map(str::to_owned).into(), SENT.map(str::to_owned).into()));
    // The answer to a withdrawal makes Chromium forget what it was asked for.
    last("/withdraw").await;
    assert_eq!(last("/").await, (none.clone(), none));
    browser.close().await;
}

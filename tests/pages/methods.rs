//! Methods and paths; nothing but POST changes anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::convert::Infallible;

use axum::Router;
use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use tower::{Layer, Service, ServiceExt};
use tower_consent::{ConsentLayer, ConsentPages, MemoryStore, Policy};

use crate::site::{Answer, CARRIERS, FORM, Site, policy, raw};

const PATHS: &[(&str, &str)] = &[
    ("/privacy", "GET, HEAD, OPTIONS"),
    ("/privacy/", "GET, HEAD, OPTIONS"),
    ("/privacy/cookies", "GET, HEAD, OPTIONS"),
    ("/privacy/update", "GET, HEAD, OPTIONS"),
    ("/privacy/your-data", "GET, HEAD, POST, OPTIONS"),
    ("/privacy/choice", "POST, OPTIONS"),
    ("/privacy/style.css", "GET, HEAD, OPTIONS"),
    ("/privacy/consent.js", "GET, HEAD, OPTIONS"),
    ("/privacy/api/state", "GET, HEAD, OPTIONS"),
    ("/privacy/api/choice", "POST, OPTIONS"),
    ("/privacy/api/withdraw", "POST, OPTIONS"),
    ("/privacy/api/openapi.json", "GET, HEAD, OPTIONS"),
];

#[tokio::test]
async fn every_path_knows_its_methods() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages).await;
        let host = [("host", "www.example.com"), ("sec-fetch-site", "same-origin"), ("content-type", FORM)];
        for (path, allow) in PATHS {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
                let body = "action=accept-all&revision=3&all=true";
                let target = if method == "POST" { (*path).to_owned() } else { format!("{path}?{body}") };
                let answer = site.send(raw(method, &target, &host).body(body).unwrap()).await;
                let is_known = allow.split(", ").any(|known| known == method);
                if !is_known {
                    assert_eq!((answer.status, answer.field("allow")), (405, Some(*allow)), "{method} {path}");
                    assert_eq!(answer.body.contains(method), method != "HEAD", "{method} {path}");
                } else if method == "OPTIONS" {
                    assert_eq!((answer.status, answer.field("allow")), (204, Some(*allow)), "{path}");
                } else {
                    assert_ne!(answer.status, 405, "{method} {path}");
                }
                if method != "POST" {
                    assert!(!answer.sets_consent(), "{method} {path} changes nothing");
                }
            }
        }
    }
}

/// `HEAD` is `GET` without the body, length included.
#[tokio::test]
async fn head() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages).await;
        let host = [("host", "www.example.com")];
        for (path, allow) in PATHS.iter().chain(&[("/privacy/nothing", "GET, HEAD")]) {
            if !allow.contains("HEAD") {
                continue;
            }
            let get = site.send(raw("GET", path, &host).body("").unwrap()).await;
            let head = site.send(raw("HEAD", path, &host).body("").unwrap()).await;
            assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
            assert!(!get.body.is_empty(), "{path}");
            for name in ["content-type", "cache-control", "etag", "content-security-policy"] {
                assert_eq!(head.field(name), get.field(name), "{path} {name}");
            }
            assert_eq!(head.field("content-length").map(str::to_owned), Some(get.body.len().to_string()), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages).await;
        for path in ["nothing", "cookies/", "Cookies", "choice/x", "api", "..", "%2e%2e/cookies", "style.css.map"] {
            let answer = site.get(&mut site.visitor(), &format!("/privacy/{path}")).await;
            assert_eq!((answer.status, answer.field("cache-control")), (404, Some("no-store")), "{carrier:?} {path}");
            answer.assert_says("There is nothing at this address.");
        }
        let answer = site.get(&mut site.visitor(), "/privacy/api/nothing").await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"));
    }
}

/// Without a consent layer outside: a clear error that says what is missing; what needs no visitor works.
#[tokio::test]
async fn without_a_layer() {
    let pages = ConsentPages::at("/privacy", MemoryStore::new());
    let app = Router::new().nest_service("/privacy", pages.clone());
    for (method, path, is_json) in [
        ("GET", "/privacy/", false),
        ("GET", "/privacy/cookies", false),
        ("GET", "/privacy/update", false),
        ("GET", "/privacy/your-data", false),
        ("POST", "/privacy/your-data", false),
        ("POST", "/privacy/choice", false),
        ("GET", "/privacy/api/state", true),
        ("POST", "/privacy/api/choice", true),
        ("POST", "/privacy/api/withdraw", true),
    ] {
        let request =
            raw(method, path, &[("content-type", FORM)]).body(Full::new(Bytes::from("action=withdraw"))).unwrap();
        let answer = Answer::of(app.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(answer.status, 500, "{method} {path}");
        answer.assert_says("ConsentLayer");
        if is_json {
            assert_eq!(answer.problem(), "no-layer");
        }
    }
    for path in ["/privacy/style.css", "/privacy/consent.js", "/privacy/api/openapi.json"] {
        let request = Request::get(path).body(Full::<Bytes>::default()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 200, "{path}");
    }
}

/// Wherever the pages stand, their links lead there, whether the router strips the path or not.
#[tokio::test]
async fn public_paths() {
    for (written, path) in [
        ("/privacy", "/privacy"),
        ("privacy/", "/privacy"),
        ("/a/b", "/a/b"),
        ("/", ""),
        ("", ""),
        ("/api", "/api"),
        ("//evil.example", "/evil.example"),
        ("/x\"><script>", "/x%22%3E%3Cscript%3E"),
    ] {
        let pages = ConsentPages::at(written, MemoryStore::new());
        assert_eq!(pages.path(), path);
        let layer = ConsentLayer::new(Policy::default());
        for prefix in [path, ""] {
            for (below, wanted) in [
                ("/", format!("action=\"{path}/choice\"")),
                ("/cookies", format!("href=\"{path}/cookies\"")),
                ("/api/openapi.json", format!("\"url\": \"{path}/api\"")),
            ] {
                let request = Request::get(format!("{prefix}{below}")).body(Full::<Bytes>::default()).unwrap();
                let answer: Result<_, Infallible> = layer.layer(pages.clone()).call(request).await;
                let answer = Answer::of(answer.unwrap()).await;
                assert_eq!(answer.status, 200, "{written} {prefix}{below}");
                answer.assert_says(&wanted);
            }
        }
    }
}

//! The example without a framework, over HTTP/1.1 and HTTP/2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/hyper.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod example;

use std::net::Ipv4Addr;

use http::{Request, header::SET_COOKIE};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpListener;

#[tokio::test]
async fn the_layer_works_on_bare_hyper() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let site = format!("http://{}", listener.local_addr().expect("its address"));
    // Ends with the test's runtime. The error type of the example is not `Send`, so it stays inside.
    let server = async move { example::serve(listener).await.expect("serves") };
    let local = tokio::task::LocalSet::new();
    local.spawn_local(server);
    local.run_until(asks(&site)).await;
}

async fn asks(site: &str) {
    for http2 in [false, true] {
        let client: Client<HttpConnector, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let send = async |request: http::request::Builder, cookies: &[&str], body: &'static str| {
            let request = cookies.iter().fold(request, |request, crumb| request.header("cookie", *crumb));
            let response = client.request(request.body(Full::from(body)).expect("a request")).await.expect("an answer");
            let status = response.status().as_u16();
            let lines = response.headers().get_all(SET_COOKIE).iter();
            let lines: Vec<_> = lines.map(|line| line.to_str().expect("text").to_owned()).collect();
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            (status, lines, String::from_utf8(body.to_vec()).expect("text"))
        };
        let ask = async |method: &str, path: &str, cookies: &[&str]| {
            let (_, lines, body) =
                send(Request::builder().method(method).uri(format!("{site}{path}")), cookies, "").await;
            (lines, body)
        };
        let choose = async |cookies: &[&str], from: &str, form: &'static str| {
            let request = Request::post(format!("{site}/privacy/choice")).header("sec-fetch-site", from);
            let (status, lines, _) =
                send(request.header("content-type", "application/x-www-form-urlencoded"), cookies, form).await;
            (status, lines)
        };

        let visitor = ["_ga=GA1.1.1", "session=8a1f", "_ga_ABC=GS2.1"];
        let (lines, body) = ask("GET", "/", &visitor).await;
        assert_eq!(lines, ["session=8a1f; Path=/; HttpOnly"]);
        assert!(body.contains("Cookies that passed: session</p>"), "{body}");
        assert!(body.contains("Analytics: refused: nobody has decided yet"), "{body}");
        assert!(body.contains("data-consent-banner"), "{body}");
        assert!(ask("GET", "/privacy", &visitor).await.1.contains("data-consent-form"));
        assert!(ask("GET", "/privacy/cookies", &visitor).await.1.contains("_ga_*"));

        let grant = "action=accept-all&revision=1&return=/";
        assert_eq!(choose(&["session=8a1f"], "cross-site", grant).await, (403, vec![]));
        let (status, lines) = choose(&["session=8a1f"], "same-origin", grant).await;
        assert_eq!(status, 303);
        let consent = lines[0].split(';').next().expect("a pair");
        let visitor = ["_ga=GA1.1.1", "session=8a1f", consent];
        let (lines, body) = ask("GET", "/", &visitor).await;
        assert_eq!(lines.len(), 2);
        assert!(body.contains("Cookies that passed: _ga, session, __Host-consent</p>"), "{body}");
        assert!(!body.contains("data-consent-banner"), "{body}");

        let (status, lines) = choose(&visitor, "cross-site", "action=withdraw&return=/").await;
        assert_eq!((status, lines.len()), (303, 2), "a refusal, and the end of `_ga`: {lines:?}");
        assert!(lines[1].starts_with("_ga=;") && lines[1].contains("Max-Age=0"), "{lines:?}");

        // A token comes and goes, beside consent and without it.
        let (lines, _) = ask("POST", "/sign-in", &[]).await;
        assert!(lines[0].ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800"), "{lines:?}");
        let token = lines[0].split(';').next().expect("a pair");
        let visitor = ["a=b", token, "_ga=1"];
        assert_eq!(ask("GET", "/account", &visitor).await.1, "user-17\n");
        assert_eq!(ask("GET", "/account", &["a=b"]).await.1, "who are you?\n");
        let (lines, body) = ask("POST", "/sign-out", &visitor).await;
        assert_eq!((body.as_str(), lines.len()), ("signed out\n", 1));
        assert!(lines[0].starts_with("__Host-token=; ") && lines[0].contains("Max-Age=0"), "{lines:?}");
        assert_eq!(ask("GET", "/account", &visitor).await.1, "who are you?\n");
    }
}

//! The example without a framework, over HTTP/1.1 and HTTP/2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/hyper.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod example;

use std::net::Ipv4Addr;

use http::{Request, header::SET_COOKIE};
use http_body_util::{BodyExt, Empty};
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
        let client: Client<HttpConnector, Empty<Bytes>> =
            Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let ask = async |method: &str, path: &str, cookies: &[&str]| {
            let mut request = Request::builder().method(method).uri(format!("{site}{path}"));
            for crumb in cookies {
                request = request.header("cookie", *crumb);
            }
            let response = client.request(request.body(Empty::new()).expect("a request")).await.expect("an answer");
            let lines = response.headers().get_all(SET_COOKIE).iter();
            let lines: Vec<_> = lines.map(|line| line.to_str().expect("text").to_owned()).collect();
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            (lines, String::from_utf8(body.to_vec()).expect("text"))
        };

        let visitor = ["_ga=GA1.1.1", "session=8a1f", "_ga_ABC=GS2.1"];
        let (lines, body) = ask("GET", "/", &visitor).await;
        assert_eq!(lines, ["session=8a1f; Path=/; HttpOnly"]);
        assert_eq!(body, "cookies that passed: session=8a1f\nanalytics: refused: nobody has decided yet\n");

        let (lines, _) = ask("POST", "/accept", &[]).await;
        let consent = lines[0].split(';').next().expect("a pair");
        let visitor = ["_ga=GA1.1.1", "session=8a1f", consent];
        let (lines, body) = ask("GET", "/", &visitor).await;
        assert_eq!(lines.len(), 2);
        assert!(body.starts_with("cookies that passed: _ga=GA1.1.1; session=8a1f; __Host-consent="), "{body}");

        let (lines, _) = ask("POST", "/withdraw", &visitor).await;
        assert_eq!(lines.len(), 2, "a refusal, and the end of `_ga`: {lines:?}");
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

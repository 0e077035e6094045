//! The example with tonic over a real connection, asked by tonic's client and by a plain one that sees the trailers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/tonic.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod example;

use std::net::Ipv4Addr;

use example::Text;
use http::{Request, header::SET_COOKIE, uri::PathAndQuery};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpListener;
use tonic::{Code, Status, client::Grpc};

/// With the example's server; its error type is not `Send`, so it stays inside.
async fn with_server(asks: impl AsyncFnOnce(&str)) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let site = format!("http://{}", listener.local_addr().expect("its address"));
    let local = tokio::task::LocalSet::new();
    local.spawn_local(async move { example::serve(listener).await.expect("serves") });
    local.run_until(asks(&site)).await;
}

fn client<B>() -> Client<HttpConnector, B>
where
    B: http_body::Body + Send,
    B::Data: Send,
{
    Client::builder(TokioExecutor::new()).http2_only(true).build_http()
}

/// What the method answers to somebody with these cookies, and the names of the cookies that it sets.
async fn ask(site: &str, what: &str, cookies: &[&'static str]) -> Result<(String, Vec<String>), Status> {
    let mut grpc = Grpc::with_origin(client::<tonic::body::Body>(), site.parse().unwrap());
    let mut request = tonic::Request::new(what.to_owned());
    for crumb in cookies {
        request.metadata_mut().append("cookie", crumb.parse().unwrap());
    }
    grpc.ready().await.unwrap();
    let answer = grpc.unary(request, PathAndQuery::from_static("/shop.Prices/Ask"), Text).await?;
    let lines = answer.metadata().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let names = lines.map(|line| line.split('=').next().unwrap().to_owned()).collect();
    Ok((answer.into_inner(), names))
}

#[tokio::test]
async fn a_grpc_method_is_held_to_the_policy() {
    with_server(async |site| {
        // Undecided: the crumb of statistics does not arrive, and the cookie of statistics does not leave.
        let (text, names) = ask(site, "teapot", &["basket=17", "_ga=GA1.1.1"]).await.unwrap();
        assert_eq!(text, "1850; this is not counted; cookies: basket=17");
        assert_eq!(names, ["basket"]);

        // Who agreed to statistics, today.
        let today = time::OffsetDateTime::now_utc().date();
        let consent: &'static str = format!("__Host-consent=1:1:{today}+analytics").leak();
        let (text, names) = ask(site, "teapot", &["basket=17; _ga=GA1.1.1", consent]).await.unwrap();
        assert!(text.starts_with("1850; this is counted; cookies: basket=17; _ga=GA1.1.1"), "{text}");
        assert_eq!(names, ["basket", "_ga"]);

        // A method's own failure stays what it is.
        let status = ask(site, "kettle", &[]).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "no price"));
    })
    .await;
}

#[tokio::test]
async fn trailers_pass_untouched() {
    with_server(async |site| {
        let message = Bytes::from_static(b"\0\0\0\0\x06teapot");
        let request = Request::post(format!("{site}/shop.Prices/Ask")).header("content-type", "application/grpc");
        let request = request.header("te", "trailers").header("cookie", "_ga=1").body(Full::new(message)).unwrap();
        let answer = client().request(request).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/grpc");
        assert_eq!(answer.headers().get_all(SET_COOKIE).iter().count(), 1);
        assert!(answer.headers().get("grpc-status").is_none());
        let whole = answer.into_body().collect().await.unwrap();
        assert_eq!(whole.trailers().expect("trailers")["grpc-status"], "0");
        assert!(whole.to_bytes().ends_with(b"this is not counted; cookies: "));
    })
    .await;
}

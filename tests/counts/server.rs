//! A real server: a page is counted when it was sent.

use std::net::Ipv4Addr;

use axum::{Router, response::Html, routing::get};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    body::Bytes,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tower_consent::{ConsentLayer, ManualClock, Tokens, VisitCounts};

use super::site::{ALL, DAY, FIREFOX, policy};

#[tokio::test]
async fn pages_are_counted_over_both_protocols() {
    let clock = ManualClock::at(DAY.midnight().assume_utc().unix_timestamp());
    let counts = VisitCounts::builder().clock(clock.clone()).build();
    let app = Router::new()
        .route("/", get(async || Html("<p>a page</p>")))
        .nest("/shop", Router::new().route("/tea", get(async || Html("<p>tea</p>"))))
        .layer(
            ConsentLayer::new(policy().build().unwrap())
                .with_clock(clock.clone())
                .with_counts(counts.clone())
                .with_tokens(Tokens::new(tower_consent::MemoryStore::new())),
        );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let request = |path: &str| {
        let request = Request::builder().uri(format!("http://{address}{path}")).header("host", address.to_string());
        let request = request.header("sec-fetch-dest", "document").header("user-agent", FIREFOX);
        request.header(ALL.0, ALL.1).body(Empty::<Bytes>::new()).unwrap()
    };
    for _ in 0..10 {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(request("/")).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "<p>a page</p>");
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(request("/shop/tea?q=secret")).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "<p>tea</p>");
    }
    clock.advance(86_400);
    let report = counts.report();
    let day = &report.days()[0];
    assert_eq!((day.visits, day.tracked_visits), (Some(20), Some(20)));
    let pages: Vec<_> = day.pages.iter().map(|page| (&*page.name, page.count)).collect();
    assert_eq!(pages, [("/", 10), ("/shop/tea", 10)]);
    server.abort();
}

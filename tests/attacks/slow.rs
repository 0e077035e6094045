//! Slow heads: what keeps them from holding a server are settings of the server, which stand in `manual::attacks`. With
//! them every such connection ends, and the site is not reached.

use std::{sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    site::{Server, Site, policy},
    wire::BOTH,
};

/// Longer than anything here takes; a connection that is never ended is one that fails here.
const LIMIT: Duration = Duration::from_secs(30);

/// As the manual says, with shorter times.
fn careful() -> Server {
    Arc::new(|| {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(300));
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_millis(300))
            .keep_alive_timeout(Duration::from_millis(300));
        builder
    })
}

/// Sends the beginning, then a piece again and again, until the server ends the connection; gives what it said.
async fn drip(site: &Site, beginning: &[u8], piece: &'static [u8]) -> Vec<u8> {
    let stream = TcpStream::connect(site.address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(beginning).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writer.write_all(piece).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut said = Vec::new();
    let read = async {
        let _reset: std::io::Result<usize> = reader.read_to_end(&mut said).await;
    };
    timeout(LIMIT, read).await.expect("the server keeps a connection that says nothing");
    drop(reader);
    dripping.abort();
    said
}

#[tokio::test]
async fn heads_that_come_by_drops_end() {
    let site = Site::with(policy().build().unwrap(), |pages| pages, &careful()).await;
    for (beginning, piece) in [
        (&b"GET /see HTTP/1.1\r\nhost: a\r\n"[..], &b"cookie: _ga=1\r\n"[..]),
        (b"GET /see HTTP/1.1\r\nhost: a\r\ncookie: ", b"x"),
        (b"POST /privacy/choice HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n", b""),
        (b"G", b""),
    ] {
        let said = drip(&site, beginning, piece).await;
        let said = String::from_utf8_lossy(&said);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 ") || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    assert_eq!(site.calls(), 0);
    assert!(site.store.calls().is_empty());
    // Who keeps the pace is served.
    for protocol in BOTH {
        assert_eq!(site.sees(protocol, &[b"sid=1"]).await.names, ["sid"]);
    }
}

/// HTTP/2: a peer that sends half of a head, or nothing at all, and answers no ping.
#[tokio::test]
async fn peers_of_http2_that_fall_silent_end() {
    let site = Site::with(policy().build().unwrap(), |pages| pages, &careful()).await;
    let preface = &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"[..];
    // A HEADERS frame without its end: `:method: GET`, and no more.
    let half = [preface, b"\x00\x00\x01\x01\x00\x00\x00\x00\x01\x82"].concat();
    for beginning in [preface, &half] {
        drip(&site, beginning, b"").await;
    }
    assert_eq!(site.calls(), 0);
}

/// A hundred of them at once, and the site answers all the same.
#[tokio::test]
async fn slow_heads_hold_nobody_up() {
    let site = Site::new().await;
    let mut slow = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head: &[u8] = if number % 2 == 0 { b"GET /see HTTP/1.1\r\ncookie: sid=" } else { b"PRI * HTTP/2.0\r\n" };
        stream.write_all(head).await.unwrap();
        slow.push(stream);
    }
    for protocol in BOTH {
        assert_eq!(site.sees(protocol, &[b"sid=1; _ga=1"]).await.names, ["sid"]);
    }
    assert_eq!(site.calls(), 2);
    site.log.flush();
    assert!(site.visits.visits().iter().all(|visit| visit.status().is_some()), "no line of a request that never came");
}

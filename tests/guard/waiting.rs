//! A site that is down or slow, visitors that are slow.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::body::Bytes;
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    site::{Heard, Pieces, Site},
    visitor::{Browser, Front, LONG, PROTOCOLS, SHORT, full},
};

#[tokio::test]
async fn a_site_that_is_down_is_said_to_be_and_the_pages_still_answer() {
    // Bound and dropped: nobody listens there.
    let nobody = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let front = Front::before(nobody).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        browser.ask(&front, "GET", "/", &[]).await.assert_refused(502, "cannot be reached");
        browser.post(&front, "POST", "/", &[], "a body").await.assert_refused(502, "cannot be reached");
        assert_eq!(browser.ask(&front, "HEAD", "/", &[]).await.body, "");
        assert!(browser.ask(&front, "GET", "/privacy/", &[]).await.body.contains("data-consent-form"));
    }
}

#[tokio::test]
async fn a_site_that_is_slow_is_given_up() {
    let (site, _) = Site::start().await;
    let front = Front::with(site.addr, |guard| guard.patience.answer = SHORT).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        browser.ask(&front, "GET", "/never", &[]).await.assert_refused(504, "did not answer in time");
        assert_eq!(browser.ask(&front, "GET", "/", &[]).await.body, "the site", "others are not in its way");
    }
    // An address that nobody answers from (RFC 5737): the connection itself is late, or refused at once without a network.
    let nowhere = SocketAddr::from(([192, 0, 2, 1], 80));
    let front = Front::with(nowhere, |guard| guard.patience.connect = SHORT).await;
    let answer = Browser::over(false).ask(&front, "GET", "/", &[]).await;
    assert!([502, 504].contains(&answer.status.as_u16()), "{answer:?}");
}

#[tokio::test]
async fn what_is_long_but_moves_is_not_slow() {
    let (site, mut hears) = Site::start().await;
    // All pieces together take longer than all patience together.
    let (patience, pause, pieces) = (Duration::from_millis(1_000), Duration::from_millis(200), 12);
    let front = Front::with(site.addr, |guard| {
        guard.patience.answer = patience;
        guard.patience.idle = patience;
    })
    .await;
    let piece = || Ok(http_body::Frame::data(Bytes::from("piece")));
    for http2 in PROTOCOLS {
        let (sender, body) = Pieces::channel();
        let request = front.request("POST", "/swallow", &[]).body(body).unwrap();
        let answer = tokio::spawn(async move { Browser::over(http2).send(request).await });
        for _ in 0..pieces {
            sleep(pause).await;
            sender.send(piece()).await.expect("a reader");
            assert_eq!(timeout(LONG, hears.recv()).await.unwrap(), Some(Heard::Piece(Bytes::from("piece"))));
        }
        drop(sender);
        assert_eq!(timeout(LONG, hears.recv()).await.unwrap(), Some(Heard::Whole));
        assert_eq!(answer.await.unwrap().status(), 200);

        let sender = site.send_pieces();
        let browser = Browser::over(http2);
        let answer = browser.send(front.request("GET", "/pieces", &[]).body(full("")).unwrap()).await;
        let whole = tokio::spawn(answer.into_body().collect());
        for _ in 0..pieces {
            sleep(pause).await;
            sender.send(piece()).await.expect("a writer");
        }
        drop(sender);
        assert_eq!(whole.await.unwrap().expect("unbroken").to_bytes().len(), 5 * pieces);
    }
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let (site, mut hears) = Site::start().await;
    let front = Front::with(site.addr, |guard| guard.patience.idle = SHORT).await;
    for http2 in PROTOCOLS {
        let (sender, pieces) = Pieces::channel();
        let request = front.request("POST", "/swallow", &[]).body(pieces).unwrap();
        let answer = tokio::spawn(async move { Browser::over(http2).send(request).await });
        sender.send(Ok(http_body::Frame::data(Bytes::from("piece")))).await.expect("a reader");
        assert_eq!(timeout(LONG, hears.recv()).await.unwrap(), Some(Heard::Piece(Bytes::from("piece"))));
        assert_eq!(timeout(LONG, hears.recv()).await.unwrap(), Some(Heard::Broken), "never whole");
        assert_eq!(answer.await.unwrap().status(), 408);

        let sender = site.send_pieces();
        let browser = Browser::over(http2);
        let answer = browser.send(front.request("GET", "/pieces", &[]).body(full("")).unwrap()).await;
        sender.send(Ok(http_body::Frame::data(Bytes::from("piece")))).await.expect("a reader");
        assert!(timeout(LONG, answer.into_body().collect()).await.expect("an end in time").is_err());
    }
}

#[tokio::test]
async fn who_says_nothing_is_let_go() {
    let (site, _) = Site::start().await;
    let front = Front::with(site.addr, |guard| guard.patience.head = SHORT).await;
    // Nothing, the beginning of a request, the beginning of HTTP/2, and HTTP/2 without a request.
    for beginning in
        ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n", "PRI * HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(front.addr).await.expect("the guard");
        tokio::io::AsyncWriteExt::write_all(&mut stream, beginning.as_bytes()).await.expect("written");
        let mut rest = Vec::new();
        // However it ends: with a word, silently, or by a reset.
        drop(timeout(LONG, stream.read_to_end(&mut rest)).await.expect("an end in time"));
    }
    assert!(site.requests().is_empty());
}

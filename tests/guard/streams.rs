//! Bodies pass piece by piece, however long they are, and a broken one is never whole.

use http::Request;
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    site::{Heard, PieceSender, Pieces, Site},
    visitor::{Browser, Front, LONG, PROTOCOLS, SHORT, full},
};

const PIECE: usize = 64 * 1024;
/// More than all sockets on the way hold, and far less than would be read without back pressure.
const MOST: usize = 48 * 1024 * 1024;

async fn push(sender: &PieceSender, piece: impl Into<Bytes>) {
    timeout(LONG, sender.send(Ok(Frame::data(piece.into())))).await.expect("room in time").expect("a reader");
}

#[tokio::test]
async fn an_answer_arrives_while_the_site_still_writes() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let sender = site.send_pieces();
        let browser = Browser::over(http2);
        let answer = browser.send(front.request("GET", "/pieces", &[]).body(full("")).unwrap()).await;
        let mut body = answer.into_body();
        for piece in ["data: one\n\n", "data: two\n\n", "data: three\n\n"] {
            push(&sender, piece).await;
            let frame = timeout(LONG, body.frame()).await.expect("in time").expect("a piece").expect("unbroken");
            assert_eq!(frame.into_data().expect("data"), piece);
        }
        drop(sender);
        let rest = timeout(LONG, body.collect()).await.expect("in time").expect("unbroken");
        assert_eq!(rest.to_bytes(), "");
    }
}

#[tokio::test]
async fn the_site_hears_a_request_while_the_visitor_still_sends() {
    let (site, mut hears) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let (sender, pieces) = Pieces::channel();
        let request = front.request("POST", "/swallow", &[]).body(pieces).unwrap();
        let answer = tokio::spawn(async move { Browser::over(http2).send(request).await });
        for piece in ["one", "two", "three"] {
            push(&sender, piece).await;
            let heard = timeout(LONG, hears.recv()).await.expect("in time");
            assert_eq!(heard, Some(Heard::Piece(Bytes::from(piece))));
        }
        drop(sender);
        assert_eq!(timeout(LONG, hears.recv()).await.expect("in time"), Some(Heard::Whole));
        assert_eq!(answer.await.unwrap().into_body().collect().await.unwrap().to_bytes(), "swallowed");
    }
}

#[tokio::test]
async fn big_bodies_pass_whole_in_both_directions_at_once() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let (sender, pieces) = Pieces::channel();
        let request = front.request("POST", "/echo", &[]).body(pieces).unwrap();
        let pieces = 384_u32; // 24 MiB
        tokio::spawn(async move {
            for number in 0..pieces {
                push(&sender, number.to_le_bytes().repeat(PIECE / 4)).await;
            }
        });
        let mut body = Browser::over(http2).send(request).await.into_body();
        let (mut length, mut rest) = (0, Vec::new());
        while let Some(frame) = timeout(LONG, body.frame()).await.expect("in time") {
            let data = frame.expect("unbroken").into_data().expect("data");
            rest.extend_from_slice(&data);
            let whole = rest.len() / 4 * 4;
            for word in rest.drain(..whole).collect::<Vec<_>>().chunks_exact(4) {
                let number = u32::try_from(length / PIECE).unwrap();
                assert_eq!(word, number.to_le_bytes(), "at {length}");
                length += 4;
            }
        }
        assert_eq!((length, rest.len()), (384 * PIECE, 0));
    }
}

#[tokio::test]
async fn nothing_is_gathered_for_who_does_not_read() {
    let (site, mut hears) = Site::start().await;
    let front = Front::before(site.addr).await;
    let piece = Bytes::from(vec![7; PIECE]);
    let fill = async |sender: &PieceSender| {
        let mut taken = 0;
        while let Ok(sent) = timeout(SHORT, sender.send(Ok(Frame::data(piece.clone())))).await {
            sent.expect("a reader");
            taken += PIECE;
            assert!(taken < MOST, "it is gathered somewhere");
        }
        taken
    };
    for http2 in PROTOCOLS {
        // The visitor does not read.
        let sender = site.send_pieces();
        let browser = Browser::over(http2);
        let answer = browser.send(front.request("GET", "/pieces", &[]).body(full("")).unwrap()).await;
        assert!(fill(&sender).await > 0);
        drop((sender, answer));

        // The site does not: it waits until the test hears of the first piece.
        let (sender, pieces) = Pieces::channel();
        let request: Request<_> = front.request("POST", "/swallow", &[]).body(pieces).unwrap();
        let answer = tokio::spawn(async move { Browser::over(http2).send(request).await });
        let sent = fill(&sender).await;
        drop(sender);
        let mut heard = 0;
        while let Some(Heard::Piece(piece)) = timeout(LONG, hears.recv()).await.expect("in time") {
            heard += piece.len();
        }
        // What waited in the channel when the last wait ended may have gone as well.
        assert!(heard >= sent, "{heard} of {sent}");
        assert_eq!(answer.await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_broken_request_is_not_whole_for_the_site() {
    let (site, mut hears) = Site::start().await;
    let front = Front::before(site.addr).await;
    for head in ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let mut stream = TcpStream::connect(front.addr).await.expect("the guard");
        let request = format!("POST /swallow HTTP/1.1\r\nHost: a\r\n{head}");
        stream.write_all(request.as_bytes()).await.expect("written");
        let heard = timeout(LONG, hears.recv()).await.expect("in time");
        assert_eq!(heard, Some(Heard::Piece(Bytes::from("hello"))));
        drop(stream);
        assert_eq!(timeout(LONG, hears.recv()).await.expect("in time"), Some(Heard::Broken), "{head}");
    }
    let (sender, pieces) = Pieces::channel();
    let request = front.request("POST", "/swallow", &[]).body(pieces).unwrap();
    let answer = tokio::spawn(async move { Browser::over(true).send(request).await });
    push(&sender, "hello").await;
    assert_eq!(timeout(LONG, hears.recv()).await.expect("in time"), Some(Heard::Piece(Bytes::from("hello"))));
    sender.send(Err("the visitor goes away".into())).await.expect("a reader");
    assert_eq!(timeout(LONG, hears.recv()).await.expect("in time"), Some(Heard::Broken));
    answer.abort();
}

#[tokio::test]
async fn a_broken_answer_is_not_whole_for_the_visitor() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let sender = site.send_pieces();
        let browser = Browser::over(http2);
        let mut body = browser.send(front.request("GET", "/pieces", &[]).body(full("")).unwrap()).await.into_body();
        push(&sender, "half").await;
        let frame = timeout(LONG, body.frame()).await.expect("in time").expect("a piece").expect("unbroken");
        assert_eq!(frame.into_data().expect("data"), "half");
        sender.send(Err("the site dies".into())).await.expect("a writer");
        assert!(timeout(LONG, body.frame()).await.expect("in time").expect("an end").is_err());
    }
}

#[tokio::test]
async fn a_visitor_who_goes_away_ends_the_answer() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let sender = site.send_pieces();
        let browser = Browser::over(http2);
        let mut body = browser.send(front.request("GET", "/pieces", &[]).body(full("")).unwrap()).await.into_body();
        push(&sender, "one").await;
        timeout(LONG, body.frame()).await.expect("in time").expect("a piece").expect("unbroken");
        drop((body, browser));
        // The site's body is dropped: its pieces have nowhere to go.
        let closed = async {
            while sender.send(Ok(Frame::data(Bytes::from("more")))).await.is_ok() {
                sleep(SHORT / 30).await;
            }
        };
        timeout(LONG, closed).await.expect("in time");
    }
}

//! A WebSocket passes byte for byte, its cookies are filtered, and nothing else takes a connection over.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    site::{self, Site},
    visitor::{Front, LONG, lines},
};

/// Reads the head of an answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(LONG, stream.read_u8()).await.expect("in time").expect("a byte"));
    }
    String::from_utf8(head).expect("text")
}

const ASK: &str = "GET /socket HTTP/1.1\r\nHost: shop.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Cookie: _ga=1; session=2\r\n\r\n";

#[tokio::test]
async fn a_web_socket_passes() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    let mut stream = TcpStream::connect(front.addr).await.expect("the guard");
    // The first frame comes right behind the request, as eager clients have it.
    let first = b"\x81\x85\x01\x02\x03\x04iggho".as_slice();
    stream.write_all(&[ASK.as_bytes(), first].concat()).await.expect("written");
    let answer = head(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    for line in ["upgrade: websocket", "connection: upgrade", "sec-websocket-accept: dGhlIHNhbXBsZSBub25jZQ=="] {
        assert!(answer.contains(&format!("{line}\r\n")), "{answer}");
    }
    assert!(answer.contains("session=8a1f") && !answer.contains("_ga"), "{answer}");
    let seen = site.last().headers;
    assert_eq!(lines(&seen, "cookie"), ["session=2"]);
    assert_eq!((lines(&seen, "upgrade"), lines(&seen, "connection")), (vec!["websocket"], vec!["upgrade"]));
    assert_eq!(lines(&seen, "host"), ["shop.example"]);

    let mut echo = vec![0; first.len()];
    timeout(LONG, stream.read_exact(&mut echo)).await.expect("in time").expect("the same");
    assert_eq!(echo, first);
    for piece in [vec![0; 1], (0..=255).collect::<Vec<u8>>(), vec![b'\n'; 100_000]] {
        let (mut reads, mut writes) = stream.split();
        let mut echo = vec![1; piece.len()];
        let (written, read) = tokio::join!(writes.write_all(&piece), timeout(LONG, reads.read_exact(&mut echo)));
        written.expect("written");
        read.expect("in time").expect("the same");
        assert!(echo == piece);
    }
    // One direction ends, the other still says what it has to.
    stream.shutdown().await.expect("an end");
    let mut rest = Vec::new();
    timeout(LONG, stream.read_to_end(&mut rest)).await.expect("in time").expect("an end");
    assert_eq!(rest, b"bye");
}

#[tokio::test]
async fn nothing_else_takes_a_connection_over() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    let upgrade = "Connection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    for protocol in ["h2c", "TLS/1.0", "websocket, h2c"] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{upgrade}Upgrade: {protocol}\r\n\r\n");
        assert!(front.raw(&request).await.starts_with("HTTP/1.1 200 "));
        let seen = site.last().headers;
        for name in ["upgrade", "connection", "http2-settings"] {
            assert!(!seen.contains_key(name), "{protocol}: {seen:?}");
        }
    }
    // Without `Connection` it is no wish; with a body it is no WebSocket.
    for head in ["Connection: close\r\n\r\n", "Connection: upgrade\r\nContent-Length: 2\r\n\r\nhi"] {
        let request = format!("GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\n{head}");
        assert!(front.raw(&request).await.contains(" 200 "));
        assert!(!site.last().headers.contains_key("upgrade"));
        let answer = front.raw(&request.replace("HTTP/1.0", "HTTP/1.1").replace(": upgrade", ": upgrade, close")).await;
        assert!(answer.contains(" 200 "));
        assert!(!site.last().headers.contains_key("upgrade"));
    }
    for answer in [
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n".as_slice(),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        let odd = Front::before(site::raw(answer).await).await;
        for request in ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ASK] {
            let request = request.replace("keep-alive, ", "close, ");
            let answer = odd.raw(&request).await;
            assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_web_socket_that_nobody_asked_for_is_none() {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nframes";
    let odd = Front::before(site::raw(answer).await).await;
    for head in ["Connection: close\r\n\r\n", "Connection: close, upgrade\r\nUpgrade: h2c\r\n\r\n"] {
        let answer = odd.raw(&format!("GET / HTTP/1.1\r\nHost: a\r\n{head}")).await;
        assert!(answer.starts_with("HTTP/1.1 502 ") && !answer.contains("frames"), "{answer}");
    }
}

#[tokio::test]
async fn a_refused_web_socket_is_an_ordinary_answer() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    let request = ASK.replace("/socket", "/early").replace("keep-alive", "close");
    let answer = front.raw(&request).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("too much"), "{answer}");
}

//! No request hides within another, and nobody asks one host in the name of another.

use crate::{
    site::{self, Site},
    visitor::{Browser, Front, PROTOCOLS, lines},
};

#[tokio::test]
async fn no_request_hides_within_another() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    let chunked = format!("0\r\n\r\n{hidden}");
    for (head, body) in [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunked.as_str()),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", &chunked),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", &chunked),
        ("Transfer-Encoding: gzip, chunked\r\n", &chunked),
        ("Transfer-Encoding: chunked, chunked\r\n", &chunked),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &chunked),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", &chunked),
        ("Transfer-Encoding: identity\r\n", hidden),
        ("Transfer-Encoding: xchunked\r\n", &chunked),
        ("Transfer-Encoding : chunked\r\n", &chunked),
        ("Transfer-Encoding:\x0bchunked\r\n", &chunked),
        ("X: y\r\n Transfer-Encoding: chunked\r\n", &chunked),
        ("Content-Length: 0\r\nContent-Length: 41\r\n", hidden),
        ("Content-Length: 0, 41\r\n", hidden),
        ("Content-Length: +0\r\n", hidden),
        ("Content-Length: -1\r\n", hidden),
        ("Content-Length : 41\r\n", hidden),
        ("Content-Length: 0x29\r\n", hidden),
    ] {
        let answer = front.raw(&format!("POST /echo HTTP/1.1\r\nHost: a\r\n{head}\r\n{body}")).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head}: one answer, and the connection ends: {answer}");
        for seen in site.requests() {
            assert_eq!(seen.uri, "/echo", "{head}");
            let both = ["content-length", "transfer-encoding"].map(|name| seen.headers.contains_key(name));
            assert_ne!(both, [true, true], "{head}");
        }
    }
    // A chunk that is longer than it says, and one of no size.
    for body in ["1\r\nab\r\n0\r\n\r\n", "g\r\n\r\n0\r\n\r\n", "ffffffffffffffff1\r\na\r\n0\r\n\r\n"] {
        site.forget();
        let answer =
            front.raw(&format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}")).await;
        assert!(answer.matches("HTTP/1.1 ").count() <= 1 && !answer.ends_with("0\r\n\r\n"), "{body:?}: {answer}");
    }
    let old = format!("POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}");
    assert!(front.raw(&old).await.contains(" 400 "), "HTTP/1.0 knows no chunks");
    // Requests in a row are answered in their order, each for itself.
    site.forget();
    let row = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /last HTTP/1.1\r\nHost: a\r\n\
               Connection: close\r\n\r\n";
    let answer = front.raw(row).await;
    let (first, second) = (answer.find("hello").expect("the first"), answer.find("the site").expect("the second"));
    assert!(first < second);
    assert_eq!(site.requests().iter().map(|seen| seen.uri.path()).collect::<Vec<_>>(), ["/echo", "/last"]);
}

#[tokio::test]
async fn a_request_asks_one_host() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a@b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\";for=1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n", 400),
        ("GET http://a@b/ HTTP/1.1\r\nHost: b\r\n", 400),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", 400),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n", 501),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n", 501),
    ] {
        let answer = front.raw(&format!("{request}Connection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    assert!(site.requests().is_empty());

    let absolute = "GET http://shop.example:81/a HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n";
    assert!(front.raw(absolute).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(site.last().uri, "/a");
    assert_eq!(lines(&site.last().headers, "host"), ["shop.example:81"], "what was asked beats what is said beside");
    // HTTP/1.0 need not say.
    assert!(front.raw("GET /old HTTP/1.0\r\n\r\n").await.contains(" 200 "));
    assert_eq!(lines(&site.last().headers, "host"), [site.addr.to_string()]);
    assert!(!site.last().headers.contains_key("x-forwarded-host"));

    site.forget();
    let browser = Browser::over(true);
    browser.ask(&front, "GET", "/", &[("host", "other.example")]).await.assert_refused(400, "which host");
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn too_long_a_head_is_refused() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    let long = "x".repeat(100 * 1024);
    let answer = front.raw(&format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: session={long}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn a_garbled_answer_is_not_passed_on() {
    for answer in [
        b"".as_slice(),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n c\r\n\r\n",
    ] {
        let front = Front::before(site::raw(answer).await).await;
        for http2 in PROTOCOLS {
            let refused = Browser::over(http2).ask(&front, "GET", "/", &[]).await;
            refused.assert_refused(502, "gave no valid answer");
        }
    }
    // Of two lengths the coding counts, and the other goes.
    let both = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let front = Front::before(site::raw(both).await).await;
    for http2 in PROTOCOLS {
        let answer = Browser::over(http2).ask(&front, "GET", "/", &[]).await;
        assert_eq!((answer.body.as_str(), answer.headers.contains_key("content-length")), ("hello", false));
    }
}

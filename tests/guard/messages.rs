//! Header fields, answers without a body, `Expect`, trailers.

use http_body_util::BodyExt;

use crate::{
    site::{self, Site},
    visitor::{Browser, Front, PROTOCOLS, full, lines},
};

#[tokio::test]
async fn fields_of_one_connection_go_and_all_others_stay() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        let sent = [
            ("accept-language", "de"),
            ("authorization", "Basic 1"),
            ("if-none-match", "\"1\""),
            ("origin", "https://example.com"),
            ("proxy", "http://evil.example"),
            ("proxy-authorization", "Basic 2"),
            ("range", "bytes=0-9"),
            ("sec-gpc", "1"),
            ("via", "1.1 cdn"),
            ("x-many", "1"),
            ("x-many", "2"),
        ];
        let answer = browser.ask(&front, "GET", "/fields?a=b%20c&d", &sent).await;
        let seen = site.last();
        assert_eq!(seen.uri, "/fields?a=b%20c&d");
        for (name, value) in [("accept-language", "de"), ("authorization", "Basic 1"), ("if-none-match", "\"1\"")] {
            assert_eq!(lines(&seen.headers, name), [value]);
        }
        assert_eq!(lines(&seen.headers, "origin"), ["https://example.com"]);
        assert_eq!(lines(&seen.headers, "range"), ["bytes=0-9"]);
        assert_eq!(lines(&seen.headers, "sec-gpc"), ["1"]);
        assert_eq!(lines(&seen.headers, "x-many"), ["1", "2"]);
        assert_eq!(lines(&seen.headers, "host"), [front.addr.to_string()], "the visitor's");
        assert_eq!(lines(&seen.headers, "via"), [if http2 { "1.1 cdn, 2.0 guard" } else { "1.1 cdn, 1.1 guard" }]);
        for name in ["connection", "proxy", "proxy-authorization", "te", "transfer-encoding", "upgrade"] {
            assert!(!seen.headers.contains_key(name), "{name}: {seen:?}");
        }
        for name in ["alt-svc", "connection", "keep-alive", "proxy-authenticate", "upgrade", "x-of-this-connection"] {
            assert!(!answer.headers.contains_key(name), "{name}: {answer:?}");
        }
        assert_eq!(lines(&answer.headers, "x-of-the-site"), ["1", "2"]);
        assert_eq!(lines(&answer.headers, "server"), ["Site/1"]);
    }
    // Over HTTP/2 no field names others.
    let named = "GET /fields HTTP/1.1\r\nHost: shop.example\r\nConnection: x-one, Keep-Alive, X-Forwarded-For, close\r\n\
                 X-One: 1\r\nKeep-Alive: 1\r\nX-Two: 2\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\n\r\n";
    assert!(front.raw(named).await.starts_with("HTTP/1.1 200 "));
    let seen = site.last().headers;
    for name in ["connection", "x-one", "keep-alive", "proxy-connection", "te"] {
        assert!(!seen.contains_key(name), "{name}: {seen:?}");
    }
    assert_eq!(lines(&seen, "x-two"), ["2"]);
    assert_eq!(lines(&seen, "host"), ["shop.example"]);
    assert_eq!(lines(&seen, "x-forwarded-for"), ["127.0.0.1"], "the guard's own field is not the visitor's to remove");
}

#[tokio::test]
async fn only_a_trusted_proxy_says_for_whom_it_asks() {
    let (site, _) = Site::start().await;
    let said = [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-for", "198.51.100.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.example"),
        ("x-forwarded-prefix", "/admin"),
        ("x-real-ip", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7;proto=https"),
        ("x_forwarded_for", "203.0.113.9"),
        ("x-forwarded_proto", "https"),
    ];
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        let front = Front::before(site.addr).await;
        browser.ask(&front, "GET", "/", &said).await;
        let seen = site.last().headers;
        let host = front.addr.to_string();
        assert_eq!(lines(&seen, "x-forwarded-for"), ["127.0.0.1"]);
        assert_eq!(lines(&seen, "x-forwarded-proto"), ["http"]);
        assert_eq!(lines(&seen, "x-forwarded-host"), [&host]);
        assert_eq!(lines(&seen, "forwarded"), [format!("for=127.0.0.1;proto=http;host=\"{host}\"")]);
        for name in ["x-forwarded-prefix", "x-real-ip", "x_forwarded_for", "x-forwarded_proto"] {
            assert!(!seen.contains_key(name), "{name}");
        }

        for (prefix, is_trusted) in [
            ("127.0.0.1", true),
            ("127.0.0.0/8", true),
            ("0.0.0.0/0", true),
            ("127.0.0.2", false),
            ("10.0.0.0/8", false),
            ("::1", false),
        ] {
            let trusted = vec![prefix.parse().expect("a prefix")];
            let front = Front::with(site.addr, |guard| guard.trusted = trusted).await;
            browser.ask(&front, "GET", "/", &said).await;
            let seen = site.last().headers;
            let chain = if is_trusted { "203.0.113.7, 198.51.100.1, 127.0.0.1" } else { "127.0.0.1" };
            assert_eq!(lines(&seen, "x-forwarded-for"), [chain], "{prefix}");
            assert_eq!(lines(&seen, "x-forwarded-proto"), [if is_trusted { "https" } else { "http" }]);
            assert_eq!(seen.contains_key("x-real-ip"), is_trusted);
            assert!(!seen.contains_key("x_forwarded_for") && !seen.contains_key("x-forwarded_proto"), "{seen:?}");
            if is_trusted {
                assert_eq!(lines(&seen, "x-forwarded-host"), ["shop.example"]);
                let chain = format!("for=203.0.113.7;proto=https, for=127.0.0.1;proto=http;host=\"{}\"", front.addr);
                assert_eq!(lines(&seen, "forwarded"), [chain]);
            }
        }
    }
    for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0.0/x", "::/129", "10.0.0/8"] {
        assert!(wrong.parse::<crate::guard::app::Prefix>().is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        let head = browser.ask(&front, "HEAD", "/", &[]).await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
        assert_eq!(lines(&head.headers, "content-length"), ["8"], "that of the body that GET would have");
        // A second request over the same connection: nothing was left behind on it.
        let nothing = browser.ask(&front, "GET", "/nothing", &[]).await;
        assert_eq!((nothing.status.as_u16(), nothing.body.as_str()), (204, ""));
        assert!(!nothing.headers.contains_key("content-length"), "{nothing:?}");
        let unchanged = browser.ask(&front, "GET", "/unchanged", &[]).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.body.as_str()), (304, ""));
        assert_eq!(lines(&unchanged.headers, "etag"), ["\"1\""]);
        let tagged = site::raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: \"2\"\r\n\r\n").await;
        let tagged = Front::before(tagged).await;
        let unchanged = browser.ask(&tagged, "GET", "/", &[]).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.body.as_str()), (304, ""), "a length is no body");
        // Without a length, of a body that is as long as the connection.
        let unsized_head = site::raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let unsized_head = Front::before(unsized_head).await;
        let head = browser.ask(&unsized_head, "HEAD", "/", &[]).await;
        assert_eq!((head.status.as_u16(), head.headers.contains_key("content-length")), (200, false), "{head:?}");
    }
    for path in ["/", "/nothing", "/unchanged"] {
        let method = if path == "/" { "HEAD" } else { "GET" };
        let answer = front.raw(&format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.ends_with("\r\n\r\n") && !answer.contains("transfer-encoding"), "{answer:?}");
    }
}

#[tokio::test]
async fn who_waits_for_100_continue_gets_it_when_the_site_is_there() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    let mut stream = tokio::net::TcpStream::connect(front.addr).await.expect("the guard");
    let head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.expect("written");
    let mut interim = [0; 25];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut interim).await.expect("an interim answer");
    assert_eq!(std::str::from_utf8(&interim).unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"hello").await.expect("written");
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer:?}");

    let odd = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 5\r\n\r\nhello";
    assert!(front.raw(odd).await.starts_with("HTTP/1.1 417 "));
    let nobody = Front::before(std::net::SocketAddr::from(([127, 0, 0, 1], 1))).await;
    // Nobody is asked for a body that goes nowhere.
    let head = head.replace("Connection: close\r\n", "");
    let answer = nobody.raw(&head).await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer:?}");
}

#[tokio::test]
async fn trailers_pass_without_what_must_stand_before_the_body() {
    let (site, _) = Site::start().await;
    let front = Front::before(site.addr).await;
    for http2 in PROTOCOLS {
        let browser = Browser::over(http2);
        let request = front.request("GET", "/trailers", &[("te", "trailers")]);
        let answer = browser.send(request.body(full("")).unwrap()).await;
        assert_eq!(lines(&answer.headers().clone(), "set-cookie"), ["session=8a1f; Path=/; HttpOnly"]);
        let body = answer.into_body().collect().await.expect("a body");
        let trailers = body.trailers().expect("trailers");
        assert_eq!(lines(trailers, "x-checksum"), ["1234"]);
        assert!(!trailers.contains_key("set-cookie"), "{trailers:?}");
        assert_eq!(lines(&site.last().headers, "te"), ["trailers"]);
        assert_eq!(lines(&site.last().headers, "connection"), ["te"]);
        assert_eq!(body.to_bytes(), "long");
    }
    // hyper itself does not send such ones.
    let odd = b"HTTP/1.1 200 OK\r\nTrailer: x-checksum\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlong\r\n0\r\n\
                X-Checksum: 1\r\nSet-Cookie: _ga=1; Path=/\r\nX-Forwarded-For: 1\r\nContent-Length: 9\r\n\r\n";
    let odd = Front::before(site::raw(odd).await).await;
    for http2 in PROTOCOLS {
        let request = odd.request("GET", "/", &[("te", "trailers")]).body(full("")).unwrap();
        let body = Browser::over(http2).send(request).await.into_body().collect().await.expect("a body");
        let names: Vec<_> = body.trailers().expect("trailers").keys().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(names, ["x-checksum"]);
    }
}

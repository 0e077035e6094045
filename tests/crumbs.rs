//! Cookie lines over real connections: HTTP/2 crumbs arrive as several lines (hyper joins none), allowed ones stay,
//! refused ones are gone, wherever the consent cookie travels; HTTP/1.1 as well (R46-R48, R51, R72).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, net::TcpStream, task::JoinHandle};
use tower::{Layer, Service};
use tower_consent::{Category, ConsentContext, ConsentLayer, Policy, Selection};

/// Longer than any exchange on one machine takes; a test that hangs ends here.
const LIMIT: Duration = Duration::from_secs(20);

/// Says in its answer which Cookie lines it was given, one a line.
#[derive(Clone)]
struct Echo;

impl<B> Service<Request<B>> for Echo {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Full<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::from(cookie_lines(request.headers()).join("\n")));
        if request.uri().path() == "/grant" {
            let decision = ConsentContext::of(request.extensions()).unwrap().decision();
            let selection = Selection::none().grant(Category::ANALYTICS);
            decision.choose_unrecorded(&selection).unwrap().apply(response.headers_mut());
        }
        for line in ["sid=1; Path=/", "_ga=2; Path=/", "_fbp=3; Path=/"] {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(line));
        }
        ready(Ok(response))
    }
}

fn cookie_lines(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(header::COOKIE).iter().map(|line| line.as_bytes().escape_ascii().to_string()).collect()
}

/// Stands outside of the layer, and says how many Cookie lines came over the wire.
#[derive(Clone)]
struct Count<S>(S);

impl<S, B> Service<Request<B>> for Count<S>
where
    S: Service<Request<B>, Error = Infallible>,
    S::Response: Into<Response<Full<Bytes>>>,
    S::Future: Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let lines = request.headers().get_all(header::COOKIE).iter().count();
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut response = answer.await?.into();
            response.headers_mut().insert("cookie-lines", HeaderValue::from(lines));
            Ok(response)
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// One answer: lines on the wire, lines that the application saw, Set-Cookie lines that left.
#[derive(Debug)]
struct Answer {
    on_the_wire: usize,
    seen: Vec<String>,
    set: Vec<String>,
}

/// Serves one connection and sends these requests over it, each with its Cookie lines.
async fn exchange(protocol: Protocol, requests: Vec<(&str, Vec<Vec<u8>>)>) -> Vec<Answer> {
    tokio::time::timeout(LIMIT, async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server: JoinHandle<()> = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let policy = Policy::builder()
                .essential(["sid", "csrf"])
                .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
                .cookies(Category::MARKETING, ["_fbp"]);
            let service = Count(ConsentLayer::new(policy.build().unwrap()).layer(Echo));
            auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
                .await
                .unwrap();
        });
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let answers = match protocol {
            Protocol::Http1 => {
                let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
                let driver = tokio::spawn(connection);
                let mut answers = Vec::new();
                for (path, lines) in requests {
                    sender.ready().await.unwrap();
                    answers.push(read(sender.send_request(request(address, path, lines)).await.unwrap()).await);
                }
                drop(sender);
                driver.await.unwrap().unwrap();
                answers
            }
            Protocol::Http2 => {
                let (mut sender, connection) =
                    hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
                let driver = tokio::spawn(connection);
                let mut answers = Vec::new();
                for (path, lines) in requests {
                    sender.ready().await.unwrap();
                    answers.push(read(sender.send_request(request(address, path, lines)).await.unwrap()).await);
                }
                drop(sender);
                driver.await.unwrap().unwrap();
                answers
            }
        };
        // The client has closed, so the server ends by itself.
        server.await.unwrap();
        answers
    })
    .await
    .expect("the exchange hangs")
}

fn request(address: std::net::SocketAddr, path: &str, lines: Vec<Vec<u8>>) -> Request<Empty<Bytes>> {
    let mut request = Request::builder().uri(format!("http://{address}{path}")).body(Empty::new()).unwrap();
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
    for line in lines {
        request.headers_mut().append(header::COOKIE, HeaderValue::from_bytes(&line).unwrap());
    }
    request
}

async fn read(response: Response<Incoming>) -> Answer {
    let on_the_wire = response.headers()["cookie-lines"].to_str().unwrap().parse().unwrap();
    let set =
        response.headers().get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let seen = String::from_utf8(body.to_vec()).unwrap().lines().map(str::to_owned).collect();
    Answer { on_the_wire, seen, set }
}

const BOTH: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

fn bytes(lines: &[&[u8]]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.to_vec()).collect()
}

/// R46-R48, R51, R72: every line is filtered, none is joined, none is left empty.
#[tokio::test]
async fn crumbs_lose_what_is_refused() {
    // (lines on the wire, lines behind the layer)
    let table: &[(&[&[u8]], &[&str])] = &[
        (&[b"sid=1", b"_ga=2", b"csrf=3", b"_fbp=4"], &["sid=1", "csrf=3"]),
        (&[b"_ga=2", b"sid=1; _fbp=4"], &["sid=1"]),
        (&[b"_ga=2", b"_ga_X=3", b"unknown=4"], &[]),
        (&[b"sid=1", b"csrf=2", b"sid=3"], &["sid=1", "csrf=2", "sid=3"]),
        (&[b"sid=\"a", b"_ga=1", b"csrf=b\""], &["sid=\\\"a", "csrf=b\\\""]),
        (&[b"$Version=1", b"sid=1", b"_ga", b"=_ga=1"], &["sid=1"]),
        (&[b"sid=1", b"x=\xff", b"csrf=\xe9"], &["sid=1", "csrf=\\xe9"]),
        (&[b"sid=1; _ga=2; csrf=3"], &["sid=1; csrf=3"]),
        (&[], &[]),
    ];
    for protocol in BOTH {
        let requests = table.iter().map(|(lines, _)| ("/", bytes(lines))).collect();
        let answers = exchange(protocol, requests).await;
        assert_eq!(answers.len(), table.len());
        for (answer, (lines, seen)) in answers.iter().zip(table) {
            assert_eq!(answer.on_the_wire, lines.len(), "{protocol:?}: the lines really travelled apart");
            assert_eq!(answer.seen, *seen, "{protocol:?} {lines:?}");
            assert_eq!(answer.set, ["sid=1; Path=/"], "{protocol:?} {lines:?}");
        }
    }
}

/// R46, R47, R53, R72: the consent cookie counts in whichever crumb it travels; two different ones count as none.
#[tokio::test]
async fn the_consent_cookie_counts_in_any_crumb() {
    for protocol in BOTH {
        let granted = exchange(protocol, vec![("/grant", Vec::new())]).await.remove(0);
        // Design, section 3: the gate opens in the very response that carries the choice.
        assert_eq!(granted.set.len(), 3, "{:?}", granted.set);
        let consent = granted.set[0].split(';').next().unwrap().as_bytes().to_vec();
        assert!(consent.starts_with(b"__Host-consent="));
        assert_eq!(granted.set[1..], ["sid=1; Path=/", "_ga=2; Path=/"]);

        let text = String::from_utf8(consent.clone()).unwrap();
        let [sid, ga, fbp] = [b"sid=1".to_vec(), b"_ga=2".to_vec(), b"_fbp=3".to_vec()];
        let other = b"__Host-consent=x".to_vec();
        let open = ["sid=1; Path=/", "_ga=2; Path=/"];
        let shut = ["sid=1; Path=/"];
        let in_one_line = [&ga[..], b"; ", &consent, b"; ", &fbp].concat();
        let in_one_line_left = format!("_ga=2; {text}");
        // (lines on the wire, lines behind the layer, Set-Cookie lines that leave)
        type Row<'a> = (Vec<Vec<u8>>, Vec<&'a str>, &'a [&'a str]);
        let table: Vec<Row<'_>> = vec![
            (vec![consent.clone(), sid.clone(), ga.clone(), fbp.clone()], vec![&text, "sid=1", "_ga=2"], &open),
            (vec![ga.clone(), fbp.clone(), sid.clone(), consent.clone()], vec!["_ga=2", "sid=1", &text], &open),
            (vec![in_one_line, sid.clone()], vec![&in_one_line_left, "sid=1"], &open),
            (vec![consent.clone(), ga.clone(), consent.clone()], vec![&text, "_ga=2", &text], &open),
            (vec![consent.clone(), ga.clone(), other.clone()], vec![&text, "__Host-consent=x"], &shut),
            (vec![other, ga, consent.clone()], vec!["__Host-consent=x", &text], &shut),
        ];
        let requests = table.iter().map(|(lines, _, _)| ("/", lines.clone())).collect();
        for (answer, (lines, seen, set)) in exchange(protocol, requests).await.iter().zip(&table) {
            let shown: Vec<_> = lines.iter().map(|line| line.escape_ascii().to_string()).collect();
            assert_eq!(answer.on_the_wire, lines.len(), "{protocol:?}");
            assert_eq!(answer.seen, *seen, "{protocol:?} {shown:?}");
            assert_eq!(answer.set, *set, "{protocol:?} {shown:?}");
        }
    }
}

/// R54: a browser's whole jar, each cookie in a crumb of its own.
#[tokio::test]
async fn many_crumbs() {
    let crumb = |number: usize| match number % 3 {
        0 => format!("_ga_{number}=x").into_bytes(),
        1 => format!("unknown{number}=x").into_bytes(),
        _ => b"sid=1".to_vec(),
    };
    let lines: Vec<Vec<u8>> = (0..180).map(crumb).collect();
    let answer = exchange(Protocol::Http2, vec![("/", lines)]).await.remove(0);
    assert_eq!(answer.on_the_wire, 180);
    assert_eq!(answer.seen, vec!["sid=1"; 60]);
}

//! The site behind the guard: hyper over HTTP/1.1, which remembers what it was asked.

use std::{
    convert::Infallible,
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, request::Parts};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::{
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
};

pub(crate) type Trouble = Box<dyn Error + Send + Sync>;
type Answer = Response<UnsyncBoxBody<Bytes, Trouble>>;

/// A body whose pieces come from elsewhere. It breaks with an error, and is whole when the sender goes.
pub(crate) struct Pieces(mpsc::Receiver<Result<Frame<Bytes>, Trouble>>);

pub(crate) type PieceSender = mpsc::Sender<Result<Frame<Bytes>, Trouble>>;

impl Pieces {
    pub(crate) fn channel() -> (PieceSender, Self) {
        let (sender, receiver) = mpsc::channel(1);
        (sender, Self(receiver))
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Trouble;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Trouble>>> {
        self.0.poll_recv(cx)
    }
}

/// What the site hears of a body.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Piece(Bytes),
    Trailers(HeaderMap),
    Whole,
    Broken,
}

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    requests: Mutex<Vec<Parts>>,
    /// What `/pieces` answers with.
    pieces: Mutex<Option<Pieces>>,
    /// What `/swallow` tells.
    heard: mpsc::Sender<Heard>,
    server: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(server) = self.server.get_mut().unwrap() {
            server.abort();
        }
    }
}

impl Site {
    /// The site on a free port, and what it hears at `/swallow`, one piece at a time.
    pub(crate) async fn start() -> (Self, mpsc::Receiver<Heard>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let (heard, hears) = mpsc::channel(1);
        let shared = Shared { requests: Mutex::default(), pieces: Mutex::default(), heard, server: Mutex::default() };
        let site = Self { addr: listener.local_addr().expect("its address"), shared: Arc::new(shared) };
        // Weak: the server ends with the last handle.
        let weak = Arc::downgrade(&site.shared);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let weak = weak.clone();
                let service = service_fn(move |request| {
                    let shared = weak.upgrade();
                    async move { Ok::<_, Infallible>(answer(&shared.expect("a test that runs"), request).await) }
                });
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    // How connections end is the tests' matter.
                    drop(server.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
                });
            }
        });
        *site.shared.server.lock().unwrap() = Some(server);
        (site, hears)
    }

    /// The heads of all requests until now.
    pub(crate) fn requests(&self) -> Vec<Parts> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The head of the last request.
    pub(crate) fn last(&self) -> Parts {
        self.requests().pop().expect("a request")
    }

    /// Begins anew.
    pub(crate) fn forget(&self) {
        self.shared.requests.lock().unwrap().clear();
    }

    /// The pieces of the next answer at `/pieces`.
    pub(crate) fn send_pieces(&self) -> PieceSender {
        let (sender, pieces) = Pieces::channel();
        *self.shared.pieces.lock().unwrap() = Some(pieces);
        sender
    }
}

async fn answer(shared: &Shared, mut request: Request<Incoming>) -> Answer {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, mut body) = request.into_parts();
    assert_eq!(parts.version, Version::HTTP_11);
    let path = parts.uri.path().to_owned();
    shared.requests.lock().unwrap().push(parts.clone());
    let mut answer = match path.as_str() {
        "/echo" => Response::new(body.map_err(Into::into).boxed_unsync()),
        "/pieces" => {
            let pieces = shared.pieces.lock().unwrap().take().expect("a test has set them");
            Response::new(pieces.boxed_unsync())
        }
        "/swallow" => {
            // The frames come one by one: nothing is taken from the connection before the test has heard of the last.
            while let Some(frame) = body.frame().await {
                let heard = match frame.map(Frame::into_data) {
                    Ok(Ok(data)) => Heard::Piece(data),
                    Ok(Err(frame)) => Heard::Trailers(frame.into_trailers().expect("the only other kind")),
                    Err(_) => {
                        shared.heard.send(Heard::Broken).await.unwrap_or(());
                        return text("broken");
                    }
                };
                shared.heard.send(heard).await.unwrap_or(());
            }
            shared.heard.send(Heard::Whole).await.unwrap_or(());
            text("swallowed")
        }
        "/early" => {
            let mut answer = text("too much");
            *answer.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            answer
        }
        "/never" => std::future::pending().await,
        "/nothing" => empty(StatusCode::NO_CONTENT, &[]),
        "/unchanged" => empty(StatusCode::NOT_MODIFIED, &[("etag", "\"1\"")]),
        "/fields" => {
            let mut answer = text("fields");
            for (name, value) in [
                ("connection", "x-of-this-connection, keep-alive"),
                ("x-of-this-connection", "1"),
                ("keep-alive", "timeout=5"),
                ("proxy-authenticate", "Basic"),
                ("upgrade", "h2c"),
                ("alt-svc", "h3=\":443\""),
                ("x-of-the-site", "1"),
                ("x-of-the-site", "2"),
                ("server", "Site/1"),
            ] {
                answer.headers_mut().append(name, HeaderValue::from_static(value));
            }
            answer
        }
        "/trailers" => {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-checksum", HeaderValue::from_static("1234"));
            trailers.insert("set-cookie", HeaderValue::from_static("_ga=behind; Path=/"));
            let frames = [Ok(Frame::data(Bytes::from("long"))), Ok(Frame::trailers(trailers))];
            let (sender, pieces) = Pieces::channel();
            tokio::spawn(async move {
                for frame in frames {
                    sender.send(frame).await.unwrap_or(());
                }
            });
            let mut answer = Response::new(pieces.boxed_unsync());
            answer.headers_mut().insert("trailer", HeaderValue::from_static("x-checksum, set-cookie"));
            answer
        }
        "/socket" => {
            tokio::spawn(async move {
                let mut socket = TokioIo::new(upgrade.await.expect("a connection taken over"));
                let mut piece = [0; 1024];
                while let Ok(length @ 1..) = socket.read(&mut piece).await {
                    socket.write_all(&piece[..length]).await.expect("a visitor");
                }
                socket.write_all(b"bye").await.unwrap_or(());
            });
            let accepted = parts.headers.get("sec-websocket-key").map_or("", |key| key.to_str().unwrap());
            empty(
                StatusCode::SWITCHING_PROTOCOLS,
                &[("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", accepted)],
            )
        }
        _ => text("the site"),
    };
    for line in ["session=8a1f; Path=/; HttpOnly", "_ga=GA1.1.1; Path=/; Max-Age=34560000", "odd=1; Path=/"] {
        answer.headers_mut().append("set-cookie", HeaderValue::from_static(line));
    }
    answer
}

fn text(text: &'static str) -> Answer {
    Response::new(Full::from(text).map_err(|never| match never {}).boxed_unsync())
}

fn empty(status: StatusCode, headers: &[(&'static str, &str)]) -> Answer {
    let mut answer = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    for (name, value) in headers {
        answer.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    answer
}

/// A site that answers every connection with these bytes, whatever it is asked, and closes it.
pub(crate) async fn raw(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let addr = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            if stream.read(&mut head).await.is_ok() {
                stream.write_all(answer).await.unwrap_or(());
            }
        }
    });
    addr
}

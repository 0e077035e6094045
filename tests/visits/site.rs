//! An application with handlers of every kind behind a visit log, served on a real port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use hyper::body::Frame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower_consent::{
    Category, ConsentContext, ConsentLayer, ManualClock, MemorySink, Narrow, Policy, PolicyBuilder, Visit, VisitLayer,
    VisitLog,
};

/// 2026-11-22T10:40:09Z.
pub(crate) const START: i64 = 1_795_344_009;
/// Who granted everything on that day, and who refused it.
pub(crate) const GRANT: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-22+functional+analytics+marketing");
pub(crate) const REFUSAL: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-22!functional!analytics!marketing");
pub(crate) const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The policy that most tests use.
pub(crate) fn policy() -> PolicyBuilder {
    Policy::builder()
        .essential(["csrf"])
        .cookies(Category::FUNCTIONAL, ["theme"])
        .cookies(Category::ANALYTICS, ["_ga"])
        .cookies(Category::MARKETING, ["_fbp"])
}

/// The other end of the connection.
pub(crate) fn with_peer(layer: VisitLayer) -> VisitLayer {
    layer.with_peer(|parts| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
}

pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) log: VisitLog,
    sink: MemorySink,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Site {
    pub(crate) async fn new(policy: PolicyBuilder) -> Self {
        Self::with(policy, with_peer).await
    }

    /// With other settings of the layer.
    pub(crate) async fn with(policy: PolicyBuilder, settings: impl FnOnce(VisitLayer) -> VisitLayer) -> Self {
        let (sink, clock) = (MemorySink::new(), ManualClock::at(START));
        let log = VisitLog::builder(sink.clone()).clock(clock.clone()).build().unwrap();
        let visits = settings(VisitLayer::new(log.clone()));
        let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(clock).with_visits(visits);
        Self { address: serve(routes().layer(layer)).await, sink, log }
    }

    /// Sends a request with these fields, `GET /` or `/`, and reads the answer to its end.
    pub(crate) async fn ask(&self, what: &str, fields: &[(&str, &str)]) -> Answer {
        ask(self.address, what, fields).await
    }

    /// The lines so far.
    pub(crate) fn visits(&self) -> Vec<Visit> {
        self.log.flush();
        self.sink.visits()
    }

    /// The line of one request alone.
    pub(crate) async fn visit(&self, what: &str, fields: &[(&str, &str)]) -> Visit {
        let before = self.visits().len();
        self.ask(what, fields).await;
        let mut visits = self.when(before + 1).await;
        assert_eq!(visits.len(), before + 1, "{visits:?}");
        visits.pop().unwrap()
    }

    /// The lines, once there are so many: a server lets a body go after the client has read it.
    pub(crate) async fn when(&self, count: usize) -> Vec<Visit> {
        loop {
            let visits = self.visits();
            if visits.len() >= count {
                return visits;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Serves it on a port of its own, until the test's runtime ends.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

/// Writes a request, and leaves the connection open.
pub(crate) async fn send(address: SocketAddr, what: &str, fields: &[(&str, &str)]) -> TcpStream {
    let (method, path) = what.split_once(' ').unwrap_or(("GET", what));
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str("host: Example.com:3000\r\n");
    }
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("connection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

pub(crate) async fn ask(address: SocketAddr, what: &str, fields: &[(&str, &str)]) -> Answer {
    let mut stream = send(address, what, fields).await;
    let mut bytes = Vec::new();
    // A body that fails ends the connection.
    let _outcome: io::Result<usize> = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    Answer { status, text }
}

/// A body in pieces, and how it ends.
struct Pieces {
    left: u32,
    end: End,
}

enum End {
    Well,
    Broken,
    Never,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left > 0 {
            self.left -= 1;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"piece ")))));
        }
        match self.end {
            End::Well => Poll::Ready(None),
            End::Broken => Poll::Ready(Some(Err(io::Error::other("broken")))),
            End::Never => Poll::Pending,
        }
    }
}

pub(crate) fn routes() -> Router {
    let page = || async { "a page" };
    let pieces = |left, end| Body::new(Pieces { left, end });
    Router::new()
        .route("/", get(page).post(page))
        .route("/empty", get(|| async { http::StatusCode::NO_CONTENT }))
        .route("/pieces", get(move || async move { pieces(3, End::Well) }))
        .route("/broken", get(move || async move { pieces(2, End::Broken) }))
        .route("/endless", get(move || async move { pieces(1, End::Never) }))
        .route("/never", get(std::future::pending::<()>))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("a handler's own")
                }
            }),
        )
        .route("/grant", get(|context: Asked| async move { changed(&context, true) }))
        .route("/withdraw", get(|context: Asked| async move { changed(&context, false) }))
        .route(
            "/narrow",
            get(|| async {
                let mut answer = "for the young".into_response();
                Narrow::categories([Category::ANALYTICS]).apply(answer.extensions_mut());
                answer
            }),
        )
        .fallback(|| async { (http::StatusCode::NOT_FOUND, "nothing here") })
}

type Asked = axum::Extension<ConsentContext>;

/// An answer that changes the consent.
fn changed(context: &ConsentContext, is_grant: bool) -> Response {
    let mut answer = "changed".into_response();
    let decision = context.peek();
    let change = if is_grant { decision.grant_all_unrecorded() } else { decision.withdraw() };
    change.apply(answer.headers_mut());
    answer
}

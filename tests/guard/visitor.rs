//! The guard on a free port, and who asks it.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tower_consent::{Category, MemoryStore, Policy, PolicyHandle, Records};

use crate::{
    guard::app::{self, Guard, Patience},
    site::Trouble,
};

/// How long a test waits for what must come.
pub(crate) const LONG: Duration = Duration::from_secs(20);
/// Patience that a test wants to see the end of.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// A guard; one that was started here ends with it.
pub(crate) struct Front {
    pub(crate) addr: SocketAddr,
    server: Option<JoinHandle<Infallible>>,
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

impl Front {
    pub(crate) async fn before(site: SocketAddr) -> Self {
        Self::with(site, |_| {}).await
    }

    pub(crate) async fn with(site: SocketAddr, change: impl FnOnce(&mut Guard)) -> Self {
        let policy = Policy::builder()
            .auth_cookie("session")
            .essential(["connect.sid"])
            .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
            .build()
            .expect("a policy");
        let mut guard = Guard {
            site: site.to_string().parse().expect("host and port"),
            policy: PolicyHandle::new(policy),
            records: Records::from(MemoryStore::new()),
            pages: "/privacy".to_owned(),
            trusted: Vec::new(),
            tells: false,
            patience: Patience::default(),
        };
        change(&mut guard);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("its address");
        Self { addr, server: Some(tokio::spawn(app::serve(listener, guard))) }
    }

    /// One that somebody else has started.
    pub(crate) const fn at(addr: SocketAddr) -> Self {
        Self { addr, server: None }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A request for a path.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> http::request::Builder {
        let request = Request::builder().method(method).uri(self.url(path));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// Sends bytes over a connection, and reads until it ends.
    pub(crate) async fn raw(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.addr).await.expect("the guard");
        stream.write_all(bytes.as_bytes()).await.expect("the guard reads");
        let mut answer = Vec::new();
        let ended = timeout(LONG, stream.read_to_end(&mut answer)).await;
        let ended = ended.unwrap_or_else(|_elapsed| panic!("no end after {bytes:?}: {}", answer.escape_ascii()));
        ended.unwrap_or_else(|error| panic!("{error} after {bytes:?}: {}", answer.escape_ascii()));
        String::from_utf8(answer).expect("text")
    }
}

/// A client over one of the protocols.
pub(crate) struct Browser<B = Full<Bytes>>(Client<HttpConnector, B>);

pub(crate) const PROTOCOLS: [bool; 2] = [false, true];

impl<B: Body<Data = Bytes, Error: Into<Trouble>> + Send + Unpin + 'static> Browser<B> {
    pub(crate) fn over(http2: bool) -> Self {
        Self(Client::builder(TokioExecutor::new()).http2_only(http2).build_http())
    }

    /// The answer, with its body still to come.
    pub(crate) async fn send(&self, request: Request<B>) -> Response<Incoming> {
        timeout(LONG, self.0.request(request)).await.expect("an answer in time").expect("an answer")
    }
}

impl Browser {
    pub(crate) async fn ask(&self, front: &Front, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.post(front, method, path, headers, "").await
    }

    pub(crate) async fn post(
        &self,
        front: &Front,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let request = front.request(method, path, headers).body(Full::from(body.to_owned())).expect("a request");
        let (parts, body) = self.send(request).await.into_parts();
        let body = timeout(LONG, body.collect()).await.expect("a body in time").expect("a body").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("text");
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn cookies(&self) -> Vec<&str> {
        lines(&self.headers, "set-cookie")
    }

    /// A plain text of the guard itself.
    pub(crate) fn assert_refused(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.body.contains(words), "{self:?}");
        assert_eq!(self.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(self.headers["cache-control"], "no-store");
    }
}

pub(crate) fn lines<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h str> {
    headers.get_all(name).iter().map(HeaderValue::to_str).map(Result::unwrap).collect()
}

pub(crate) fn full(text: &'static str) -> Full<Bytes> {
    Full::from(text)
}

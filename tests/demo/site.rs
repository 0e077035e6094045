//! The demo on a free port, asked as a browser asks: one connection for one request.

use std::net::{Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tower_consent::{MemorySink, MemoryStore, PolicyBuilder, Records, Tokens, VisitLog};

use crate::app::{self, statistics::Statistics};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

pub(crate) const PROTOCOLS: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

/// The demo on a free port, and who asks it in one protocol.
pub(crate) struct Site {
    pub(crate) addr: SocketAddr,
    protocol: Protocol,
    server: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Site {
    pub(crate) async fn start(policy: PolicyBuilder, protocol: Protocol) -> Self {
        let store = MemoryStore::new();
        Self::start_with(policy, Tokens::new(store.clone()), store, protocol).await
    }

    pub(crate) async fn start_with(
        policy: PolicyBuilder,
        tokens: Tokens,
        records: impl Into<Records>,
        protocol: Protocol,
    ) -> Self {
        let (statistics, visits) = (Statistics::default(), VisitLog::to(MemorySink::new()).expect("a thread"));
        let router = app::app(policy, tokens, records.into(), statistics, visits).expect("a policy");
        Self::serve(router, protocol).await
    }

    pub(crate) async fn serve(router: axum::Router, protocol: Protocol) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("its address");
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { addr, protocol, server }
    }

    pub(crate) async fn get(&self, path: &str, cookies: &[&str], headers: &[(&str, &str)]) -> Reply {
        self.ask("GET", path, cookies, headers, "").await
    }

    /// Posts a form as a browser does from a page of the site itself, unless `headers` say otherwise.
    pub(crate) async fn post(&self, path: &str, cookies: &[&str], headers: &[(&str, &str)], form: &str) -> Reply {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        if !headers.iter().any(|(name, _)| ["sec-fetch-site", "origin"].contains(name)) {
            all.push(("sec-fetch-site", "same-origin"));
        }
        all.extend(headers);
        self.ask("POST", path, cookies, &all, form).await
    }

    /// One connection for one request.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        cookies: &[&str],
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.addr));
        // Browsers send crumbs over HTTP/2 (RFC 9113, section 8.2.3), and one line over HTTP/1.1.
        match self.protocol {
            Protocol::Http1 if cookies.is_empty() => {}
            Protocol::Http1 => request = request.header("cookie", cookies.join("; ")),
            Protocol::Http2 => {
                request = cookies.iter().fold(request, |request, crumb| request.header("cookie", *crumb))
            }
        }
        request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = body.to_owned();
        let stream = TokioIo::new(TcpStream::connect(self.addr).await.expect("a connection"));
        let response = match self.protocol {
            Protocol::Http1 => {
                let request = request.header("host", self.addr.to_string()).body(Full::from(body)).expect("a request");
                let (mut sender, connection) = http1::handshake::<_, Full<Bytes>>(stream).await.expect("HTTP/1.1");
                tokio::spawn(connection);
                sender.send_request(request).await
            }
            Protocol::Http2 => {
                let request = request.body(Full::from(body)).expect("a request");
                let handshake = http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), stream);
                let (mut sender, connection) = handshake.await.expect("HTTP/2");
                tokio::spawn(connection);
                sender.send_request(request).await
            }
        };
        Reply::read(response.expect("an answer"), self.protocol).await
    }

    /// What a handler sees of these cookies, as one line.
    pub(crate) async fn seen(&self, cookies: &[&str], headers: &[(&str, &str)]) -> String {
        self.get("/echo", cookies, headers).await.body.replace('\n', "; ")
    }

    /// The consent cookie that an answer to the form gives, which leads back to the home page.
    pub(crate) async fn answer(&self, cookies: &[&str], headers: &[(&str, &str)], form: &str) -> String {
        let reply = self.post("/privacy/choice", cookies, headers, &format!("{form}&return=/")).await;
        // A browser of which no cookie reached the page yet passes by the page that sees whether it keeps one.
        let is_back = ["/", "/privacy/?kept=1&return=/"].contains(&reply.header("location"));
        assert!(reply.status == StatusCode::SEE_OTHER && is_back, "{form}: {} {:?}", reply.status, reply.headers);
        assert_eq!(reply.header("cache-control"), "no-store");
        reply.consent().expect("a consent cookie")
    }
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) async fn read(response: Response<Incoming>, protocol: Protocol) -> Self {
        let version = format!("{:?}", response.version());
        assert_eq!(version, if protocol == Protocol::Http1 { "HTTP/1.1" } else { "HTTP/2.0" });
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).expect("text") }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn set_cookies(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().expect("text"))
    }

    /// The names of the cookies that are set, sorted; deletions are not among them.
    pub(crate) fn set_names(&self) -> Vec<&str> {
        let lines = self.set_cookies().filter(|line| !line.contains("Max-Age=0"));
        let mut names: Vec<_> = lines.map(|line| line.split('=').next().expect("a name")).collect();
        names.sort_unstable();
        names
    }

    /// The names of the cookies that are expired, sorted.
    pub(crate) fn expired_names(&self) -> Vec<&str> {
        let lines = self.set_cookies().filter(|line| line.contains("Max-Age=0"));
        let mut names: Vec<_> = lines.map(|line| line.split('=').next().expect("a name")).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn consent(&self) -> Option<String> {
        let line = self.set_cookies().find(|line| line.starts_with("__Host-consent="))?;
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age="] {
            assert!(line.contains(attribute), "{line}");
        }
        line.split(';').next().map(str::to_owned)
    }

    /// Whether the page's table of cookies says so of this one.
    pub(crate) fn shows(&self, name: &str, fate: &str, why: &str) -> bool {
        let row = self.body.lines().find(|row| row.contains(&format!("<code>{name}</code>")));
        row.is_some_and(|row| row.contains(&format!(">{fate}</b>: {why}</td>")))
    }
}

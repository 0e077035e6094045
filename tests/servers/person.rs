//! Who uses the site: a browser with its cookies, over connections that all share and that stay open.

use std::{collections::BTreeMap, net::SocketAddr};

use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(crate) const TOKEN: &str = "__Host-token";
pub(crate) const CONSENT: &str = "__Host-consent";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";

/// Connections to all servers.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Client<HttpConnector, Full<Bytes>>);

impl Wire {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// `None`: the server is gone, before or after it did what was asked.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Option<Answer> {
        let (parts, body) = self.0.request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Some(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// A program's request.
    pub(crate) async fn by_bearer(&self, server: SocketAddr, method: &str, path: &str, token: &str) -> Option<Answer> {
        let request = Request::builder().method(method).uri(format!("http://{server}{path}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Full::default()).unwrap()).await
    }

    /// Whether a server takes this token for somebody's.
    pub(crate) async fn who(&self, server: SocketAddr, token: &str) -> (u16, String) {
        let answer = self.by_bearer(server, "GET", "/account", token).await.expect("the server answers");
        (answer.status, answer.body)
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A browser.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) wire: Wire,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Person {
    pub(crate) fn new(wire: &Wire) -> Self {
        Self { wire: wire.clone(), cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, server: SocketAddr, path: &str) -> Option<Answer> {
        self.ask(server, "GET", path, "", FORM, "same-origin").await
    }

    /// A form of the site's own.
    pub(crate) async fn post(&mut self, server: SocketAddr, path: &str, form: &str) -> Option<Answer> {
        self.ask(server, "POST", path, form, FORM, "same-origin").await
    }

    pub(crate) async fn ask(
        &mut self,
        server: SocketAddr,
        method: &str,
        path: &str,
        body: &str,
        kind: &str,
        from: &str,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(format!("http://{server}{path}"));
        request = request.header("sec-fetch-site", from).header("sec-fetch-dest", "document");
        if method == "POST" {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        let answer = self.wire.send(request.body(Full::from(body.to_owned())).unwrap()).await?;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Some(answer)
    }

    /// Answers the question; the revision is the first one.
    pub(crate) async fn choose(&mut self, server: SocketAddr, action: &str) -> Option<Answer> {
        self.post(server, "/privacy/choice", &format!("action={action}&revision=1&return=/")).await
    }

    pub(crate) async fn sign_in(&mut self, server: SocketAddr, name: &str) -> Option<Answer> {
        self.post(server, "/sign-in", &format!("name={name}")).await
    }

    /// The token in the jar.
    pub(crate) fn token(&self) -> Option<&str> {
        self.cookies.get(TOKEN).map(String::as_str)
    }

    /// The number of the record in the consent cookie.
    pub(crate) fn record(&self) -> Option<&str> {
        self.cookies.get(CONSENT)?.split('~').next()?.split_once('#').map(|(_, id)| id)
    }
}

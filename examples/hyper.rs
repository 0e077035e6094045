//! The layer with the consent pages on bare hyper, without a framework, over HTTP/1.1 and HTTP/2:
//! `cargo run --example hyper`, then <http://localhost:3001>, or
//!
//! ```console
//! $ curl -i                         -b '_ga=GA1.1.1; session=8a1f' http://localhost:3001/
//! $ curl -i --http2-prior-knowledge -b '_ga=GA1.1.1; session=8a1f' http://localhost:3001/
//! ```
//!
//! Both answers show that the handler never saw `_ga`, that its own `_ga` did not leave, and the banner. A visitor agrees,
//! and withdraws, with a jar that keeps the cookies (curl 7.79 or newer: for loopback a `Secure` cookie needs no TLS, as
//! browsers have it). The header says what a browser says of a form on this site's own page:
//!
//! ```console
//! $ curl -i -b jar -c jar -H 'Sec-Fetch-Site: same-origin' -d 'action=accept-all&revision=1&return=/' \
//!        http://localhost:3001/privacy/choice
//! $ curl -i -b jar -c jar http://localhost:3001/
//! $ curl -i -b jar -c jar -d 'action=withdraw&return=/' http://localhost:3001/privacy/choice
//! ```
//!
//! And signs in and out: `curl -i -b jar -c jar -X POST http://localhost:3001/sign-in`, then `/account`, then
//! `-X POST …/sign-out`.

use std::{convert::Infallible, error::Error, net::SocketAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, COOKIE, HeaderValue, SET_COOKIE},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt, service_fn};
use tower_consent::{
    Category, ConsentContext, ConsentLayer, ConsentPages, Decision, MemoryStore, Policy, StoreError, TokenContext,
    Tokens,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 3001))).await?;
    println!("listening on http://localhost:{}", listener.local_addr()?.port());
    serve(listener).await
}

/// Serves until the listener fails.
pub(crate) async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error>> {
    let policy = Policy::builder().auth_cookie("session").cookies(Category::ANALYTICS, ["_ga", "_ga_*"]).build()?;
    let store = MemoryStore::new();
    let pages = ConsentPages::at("/privacy", store.clone());
    // One service for all connections: its clones share the policy.
    let layer = ConsentLayer::new(policy).with_records(store.clone()).with_tokens(Tokens::new(store));
    let service = layer.layer(service_fn(move |request| handle(pages.clone(), request)));
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("connection: {error}");
            }
        });
    }
}

async fn handle(pages: ConsentPages, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    match (request.method(), request.uri().path()) {
        // The pages are a service like any other, and know their own paths.
        (_, "/privacy") => pages.oneshot(request).await,
        (_, path) if path.starts_with("/privacy/") => pages.oneshot(request).await,
        (&Method::GET, "/") => Ok(home(&pages, &request)),
        (method, path) => Ok(match tokens(method, path, &request).await {
            Ok(response) => response,
            // The store cannot tell: neither signed in nor anonymous.
            Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "please try again soon\n"),
        }),
    }
}

fn home(pages: &ConsentPages, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    // Without the layer there is no context, and everything is refused.
    let decision = ConsentContext::of(request.extensions()).map(|context| context.decision().clone());
    let decision = decision.unwrap_or_else(Decision::no_layer);
    let fragments = pages.fragments(&decision, request.headers(), "/");
    let statistics = decision.verdict(Category::ANALYTICS);
    let mut response = Response::new(Full::from(format!(
        "<!doctype html><html lang=en><head><title>Bare</title>{}</head>\n<body><p>Cookies that passed: {}</p>\n\
         <p>Analytics: {statistics}</p>\n{}\n{}</body></html>\n",
        fragments.head,
        names(request.headers()),
        fragments.footer,
        fragments.banner
    )));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // The handler does not care: the layer keeps what may leave.
    for line in ["session=8a1f; Path=/; HttpOnly", "_ga=GA1.1.1; Path=/; Max-Age=34560000"] {
        headers.append(SET_COOKIE, HeaderValue::from_static(line));
    }
    response
}

/// The names of the cookies. HTTP/2 clients may send each cookie in a line of its own.
fn names(headers: &HeaderMap) -> String {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let names = lines.flat_map(|line| line.split("; ")).filter_map(|pair| pair.split('=').next());
    // Whoever sends the request makes them up: nothing but letters goes into the page.
    let names = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    names.collect::<Vec<_>>().join(", ")
}

/// Signing in and out. A real site checks a password first.
async fn tokens(method: &Method, path: &str, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, StoreError> {
    let not_found = || text(StatusCode::NOT_FOUND, "not found\n");
    let Some(context) = TokenContext::of(request.extensions()) else { return Ok(not_found()) };
    Ok(match (method, path) {
        (&Method::POST, "/sign-in") => {
            let signed_in = context.sign_in(request.headers()).issue("user-17").await?;
            let mut response = text(StatusCode::OK, "signed in\n");
            signed_in.apply(response.headers_mut());
            response
        }
        (&Method::GET, "/account") | (&Method::POST, "/sign-out") => {
            let Some(session) = context.session(request.headers()).await? else {
                return Ok(text(StatusCode::UNAUTHORIZED, "who are you?\n"));
            };
            if path == "/account" {
                return Ok(text(StatusCode::OK, format!("{}\n", session.subject())));
            }
            // The cookie goes with the answer, whatever that is.
            let ended = session.end().await?;
            let mut response = text(StatusCode::OK, "signed out\n");
            ended.apply(response.headers_mut());
            response
        }
        _ => not_found(),
    })
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}

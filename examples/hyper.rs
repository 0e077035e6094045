//! The layer on bare hyper, without a framework, over HTTP/1.1 and HTTP/2: `cargo run --example hyper`, then
//!
//! ```console
//! $ curl -i                          -b '_ga=GA1.1.1; session=8a1f' http://127.0.0.1:3001/
//! $ curl -i --http2-prior-knowledge  -b '_ga=GA1.1.1; session=8a1f' http://127.0.0.1:3001/
//! $ curl -i -X POST                                                 http://127.0.0.1:3001/accept
//! ```
//!
//! The first two answers show that the handler never saw `_ga`, and that its own `_ga` did not leave.
//!
//! A visitor signs in, looks at the account and signs out, with a jar that keeps the token (curl 7.79 or newer: for
//! loopback a `Secure` cookie needs no TLS, as browsers have it):
//!
//! ```console
//! $ curl -i -b jar -c jar -X POST http://127.0.0.1:3001/sign-in
//! $ curl -i -b jar -c jar         http://127.0.0.1:3001/account
//! $ curl -i -b jar -c jar -X POST http://127.0.0.1:3001/sign-out
//! ```

use std::{convert::Infallible, error::Error, net::SocketAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{COOKIE, HeaderValue, SET_COOKIE},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};
use tower_consent::{
    Category, ConsentContext, ConsentLayer, Decision, MemoryStore, Policy, StoreError, TokenContext, Tokens,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 3001))).await?;
    println!("listening on http://{}", listener.local_addr()?);
    serve(listener).await
}

/// Serves until the listener fails.
pub(crate) async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error>> {
    let policy = Policy::builder().auth_cookie("session").cookies(Category::ANALYTICS, ["_ga", "_ga_*"]).build()?;
    // One service for all connections: its clones share the policy.
    let tokens = Tokens::new(MemoryStore::new());
    let service = ConsentLayer::new(policy).with_tokens(tokens).layer(service_fn(handle));
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

async fn handle(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // Without the layer there is no context, and everything is refused.
    let decision = ConsentContext::of(request.extensions()).map(|context| context.decision().clone());
    let decision = decision.unwrap_or_else(Decision::no_layer);
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => home(request.headers(), &decision),
        // A real site asks where the request comes from before it takes this for consent: see the demo.
        (&Method::POST, "/accept") => {
            let mut response = text(StatusCode::OK, "accepted\n".to_owned());
            decision.grant_all_unrecorded().apply(response.headers_mut());
            response
        }
        (&Method::POST, "/withdraw") => {
            let mut response = text(StatusCode::OK, "withdrawn\n".to_owned());
            decision.withdraw().apply(response.headers_mut());
            response
        }
        (method, path) => match tokens(method, path, &request).await {
            Ok(response) => response,
            // The store cannot tell: neither signed in nor anonymous.
            Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "please try again soon\n".to_owned()),
        },
    })
}

/// Signing in and out. A real site checks a password first.
async fn tokens(method: &Method, path: &str, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, StoreError> {
    let not_found = || text(StatusCode::NOT_FOUND, "not found\n".to_owned());
    let Some(context) = TokenContext::of(request.extensions()) else { return Ok(not_found()) };
    Ok(match (method, path) {
        (&Method::POST, "/sign-in") => {
            let signed_in = context.sign_in(request.headers()).issue("user-17").await?;
            let mut response = text(StatusCode::OK, "signed in\n".to_owned());
            signed_in.apply(response.headers_mut());
            response
        }
        (&Method::GET, "/account") | (&Method::POST, "/sign-out") => {
            let Some(session) = context.session(request.headers()).await? else {
                return Ok(text(StatusCode::UNAUTHORIZED, "who are you?\n".to_owned()));
            };
            if path == "/account" {
                return Ok(text(StatusCode::OK, format!("{}\n", session.subject())));
            }
            // The cookie goes with the answer, whatever that is.
            let ended = session.end().await?;
            let mut response = text(StatusCode::OK, "signed out\n".to_owned());
            ended.apply(response.headers_mut());
            response
        }
        _ => not_found(),
    })
}

fn home(headers: &HeaderMap, decision: &Decision) -> Response<Full<Bytes>> {
    // HTTP/2 clients may send each cookie in a line of its own.
    let cookies: Vec<_> =
        headers.get_all(COOKIE).iter().map(|line| line.as_bytes().escape_ascii().to_string()).collect();
    let statistics = decision.verdict(Category::ANALYTICS);
    let mut response =
        text(StatusCode::OK, format!("cookies that passed: {}\nanalytics: {statistics}\n", cookies.join("; ")));
    // The handler does not care: the layer keeps what may leave.
    for line in ["session=8a1f; Path=/; HttpOnly", "_ga=GA1.1.1; Path=/; Max-Age=34560000"] {
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(line));
    }
    response
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
}

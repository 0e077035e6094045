//! Without axum: plain tower services, which need not be cloned or sent, and bare hyper.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    cell::Cell,
    convert::Infallible,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_consent::{ConsentLayer, MemoryStore, Policy, RequireSession, StoreError, TokenContext, TokenLayer, Tokens};

/// Signs in, tells who it is, signs out: with `TokenContext` alone.
async fn handle(path: &str, context: &TokenContext, headers: &HeaderMap) -> Result<Response<Full<Bytes>>, StoreError> {
    let mut answer = Response::new(Full::default());
    match path {
        "/login" => context.sign_in(headers).issue("user-17").await?.apply(answer.headers_mut()),
        "/logout" => match context.session(headers).await? {
            Some(session) => session.end().await?.clear_site_data().apply(answer.headers_mut()),
            None => *answer.status_mut() = http::StatusCode::UNAUTHORIZED,
        },
        _ => {
            let session = context.session(headers).await?;
            let name = session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned());
            *answer.body_mut() = name.into();
        }
    }
    Ok(answer)
}

/// Not `Clone`, not `Send`, not `'static`: it borrows a counter.
struct Stubborn<'a> {
    calls: &'a Cell<u32>,
    _local: Rc<()>,
}

impl<'a, B> Service<Request<B>> for Stubborn<'a> {
    type Response = Response<Full<Bytes>>;
    type Error = StoreError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, StoreError>> + 'a>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), StoreError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let calls = self.calls;
        let (parts, _) = request.into_parts();
        Box::pin(async move {
            calls.set(calls.get() + 1);
            let context = TokenContext::of(&parts.extensions).unwrap();
            assert_eq!(context.cookie_name(), "__Host-token");
            handle(parts.uri.path(), context, &parts.headers).await
        })
    }
}

async fn body(answer: Response<Full<Bytes>>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn ask(path: &str, cookie: &str) -> Request<()> {
    Request::builder().uri(path).header(header::COOKIE, cookie).body(()).unwrap()
}

/// The first pair of the answer's `Set-Cookie`.
fn pair<B>(answer: &Response<B>) -> String {
    answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_service_that_cannot_be_cloned() {
    let calls = Cell::new(0);
    let policy = Policy::builder().build().unwrap();
    let tokens = Tokens::new(MemoryStore::new());
    let stubborn = || Stubborn { calls: &calls, _local: Rc::new(()) };
    let mut alone = TokenLayer::new(tokens.clone()).layer(stubborn());
    let mut behind = ConsentLayer::new(policy).with_tokens(tokens).layer(stubborn());
    let cookie = pair(&alone.call(ask("/login", "a=b")).await.unwrap());
    assert_eq!(body(behind.call(ask("/", &cookie)).await.unwrap()).await, "user-17");
    let answer = behind.call(ask("/logout", &cookie)).await.unwrap();
    assert_eq!(pair(&answer), "__Host-token=");
    assert_eq!(answer.headers()["clear-site-data"], "\"cache\", \"storage\"");
    assert_eq!(body(alone.call(ask("/", &cookie)).await.unwrap()).await, "nobody");
    assert_eq!(calls.get(), 4);
}

/// The guard without axum, over a service that must be ready when it is called.
#[tokio::test]
async fn a_guard_without_a_framework() {
    /// Only the service that was asked whether it is ready may be called.
    struct Strict(bool);
    impl Clone for Strict {
        fn clone(&self) -> Self {
            Self(false)
        }
    }
    impl Service<Request<&'static str>> for Strict {
        type Response = Response<Full<Bytes>>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Self::Response, Infallible>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            self.0 = true;
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, request: Request<&'static str>) -> Self::Future {
            assert!(std::mem::take(&mut self.0), "called without having been asked");
            let text = format!("{} {}", request.uri(), request.body());
            std::future::ready(Ok(Response::new(text.into())))
        }
    }
    let tokens = Tokens::new(MemoryStore::new());
    let token = tokens.issue("user-17").await.unwrap().token().expose();
    let mut guarded = TokenLayer::new(tokens).layer(RequireSession.layer(Strict(false)));
    for (cookie, status, text) in [
        ("a=b".to_owned(), 401, "You are not signed in.\n"),
        (format!("__Host-token={token}"), 200, "/x letter"),
        ("__Host-token=x".to_owned(), 401, "You are not signed in.\n"),
        (format!("__Host-token={token}"), 200, "/x letter"),
    ] {
        std::future::poll_fn(|cx| guarded.poll_ready(cx)).await.unwrap();
        let answer = guarded.call(ask("/x", &cookie).map(|()| "letter")).await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(body(answer).await, text);
    }
    let mut bare = RequireSession.layer(Strict(false));
    std::future::poll_fn(|cx| bare.poll_ready(cx)).await.unwrap();
    assert_eq!(bare.call(ask("/x", "").map(|()| "letter")).await.unwrap().status(), 500, "no layer outside");
}

/// An error of the inner service passes through as it is, whatever was asked meanwhile.
#[tokio::test]
async fn errors_pass_untouched() {
    let mut service =
        TokenLayer::new(Tokens::new(MemoryStore::new())).layer(service_fn(async |request: Request<()>| {
            let context = TokenContext::of(request.extensions()).unwrap();
            let _signed_in = context.sign_in(request.headers()).issue("user-17").await.unwrap();
            Err::<Response<()>, _>("broken")
        }));
    assert_eq!(service.call(ask("/", "__Host-token=x")).await.unwrap_err(), "broken");
}

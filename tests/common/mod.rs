//! What several test files share: plain requests, answers and clocks.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use time::Date;
use tower::{Layer, Service};
use tower_consent::{ConsentContext, ConsentLayer, Decision, ManualClock};

/// A clock that stands at the first second of a UTC day.
pub(crate) fn clock_at(day: Date) -> ManualClock {
    ManualClock::at(day.midnight().assume_utc().unix_timestamp())
}

/// A GET request with these header fields, in this order, copies kept apart.
pub(crate) fn request(headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::new(());
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
    }
    request
}

/// An answer with these header fields.
pub(crate) fn response(headers: &[(&str, &str)]) -> Response<()> {
    let mut response = Response::new(());
    *response.headers_mut() = request(headers).into_parts().0.headers;
    response
}

/// Sends one request through the layer to a handler.
pub(crate) async fn serve<H>(layer: &ConsentLayer, request: Request<()>, handler: H) -> Response<()>
where
    H: FnOnce(&Request<()>) -> Response<()>,
{
    let mut handler = Some(handler);
    let mut service = layer.layer(tower::service_fn(move |request: Request<()>| {
        let response = handler.take().unwrap()(&request);
        async move { Ok::<_, Infallible>(response) }
    }));
    service.call(request).await.unwrap()
}

/// The decision that a handler is given, without asking for it.
pub(crate) async fn decision_of(layer: &ConsentLayer, request: Request<()>) -> Decision {
    let seen = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&seen);
    serve(layer, request, move |request| {
        *slot.lock().unwrap() = ConsentContext::of(request.extensions()).map(|context| context.peek().clone());
        Response::new(())
    })
    .await;
    seen.lock().unwrap().take().expect("a consent context")
}

/// The `Cookie` lines that a handler sees.
pub(crate) async fn cookies_seen(layer: &ConsentLayer, request: Request<()>) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let slot = Arc::clone(&seen);
    serve(layer, request, move |request| {
        *slot.lock().unwrap() = lines(request.headers(), "cookie");
        Response::new(())
    })
    .await;
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// All copies of a field, as text in which bytes outside ASCII are escaped.
pub(crate) fn lines(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes().escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'"))
        .collect()
}

/// A service that answers at once, for layers of every type.
#[derive(Clone)]
pub(crate) struct Handler(Arc<Answer>);

type Answer = dyn Fn(&Request<()>) -> Response<()> + Send + Sync;

impl Handler {
    pub(crate) fn new(answer: impl Fn(&Request<()>) -> Response<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    /// Sends one request to it through a layer.
    pub(crate) async fn behind<L>(&self, layer: &L, request: Request<()>) -> Response<()>
    where
        L: Layer<Self>,
        L::Service: Service<Request<()>, Response = Response<()>, Error = Infallible>,
    {
        layer.layer(self.clone()).call(request).await.unwrap()
    }
}

impl Service<Request<()>> for Handler {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        std::future::ready(Ok((self.0)(&request)))
    }
}

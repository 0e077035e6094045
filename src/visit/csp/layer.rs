//! Just inside of the consent layer: pages are asked for whole.

use std::task::{Context, Poll};

use http::{HeaderMap, Request, header};
use tower::{Layer, Service, layer::util::Stack};

use super::{ContentSecurityPolicy, depends_on_visitor};
use crate::enforce::{ConsentContext, ConsentLayer};

/// What [`ConsentLayer::with_csp`] puts inside of the consent layer: it takes `If-None-Match` and `If-Modified-Since` from
/// requests for pages.
///
/// A 304 without policy lines leaves the browser with those of an earlier decision; one with ours alone would take the
/// application's own away. So pages are sent whole.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CspLayer;

/// The service of [`CspLayer`].
#[derive(Clone, Copy, Debug)]
pub struct CspService<S> {
    inner: S,
}

impl<L> ConsentLayer<L> {
    /// Adds a `Content-Security-Policy` that follows from the decision. See [`ContentSecurityPolicy`].
    #[must_use]
    pub fn with_csp(self, csp: ContentSecurityPolicy) -> ConsentLayer<Stack<L, CspLayer>> {
        self.with_answer_rule(csp).with_inside(CspLayer)
    }
}

impl<S> Layer<S> for CspLayer {
    type Service = CspService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CspService { inner }
    }
}

impl<S, B> Service<Request<B>> for CspService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let changes = ConsentContext::of(request.extensions()).is_some_and(|context| {
            let decision = context.peek();
            decision.is_enforced() && depends_on_visitor(decision.policy())
        });
        if changes && asks_for_page(request.headers()) {
            request.headers_mut().remove(header::IF_NONE_MATCH);
            request.headers_mut().remove(header::IF_MODIFIED_SINCE);
        }
        self.inner.call(request)
    }
}

/// Whether the answer is shown as a page. Browsers that do not say so accept HTML by name.
fn asks_for_page(headers: &HeaderMap) -> bool {
    const PAGES: [&[u8]; 6] = [b"document", b"iframe", b"frame", b"embed", b"object", b"fencedframe"];
    // What a link fetches ahead is not called a document, and is shown later without another question.
    if headers.get("sec-purpose").is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch")) {
        return true;
    }
    match headers.get("sec-fetch-dest") {
        Some(destination) => PAGES.contains(&destination.as_bytes()),
        None => headers
            .get_all(header::ACCEPT)
            .iter()
            .any(|accept| memchr::memmem::find(accept.as_bytes(), b"text/html").is_some()),
    }
}

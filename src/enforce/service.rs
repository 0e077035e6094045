//! The service: what happens to a request before it goes in.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Method, Request, Response, header, request::Parts};
use tower::Service;

use super::{
    context::ConsentContext,
    future::{Flight, ResponseFuture},
    layer::Shared,
};
use crate::{
    consent::Reading,
    cookies::request::{Seen, Shown, report_only, strip},
    decide::decide,
    report::{Action, Direction},
    signal::Signals,
};

/// The service that [`ConsentLayer`](super::ConsentLayer) wraps around another.
#[derive(Clone, Debug)]
pub struct ConsentService<S> {
    inner: S,
    shared: Shared,
}

impl<S> ConsentService<S> {
    pub(super) const fn new(inner: S, shared: Shared) -> Self {
        Self { inner, shared }
    }

    /// The inner service.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The inner service, to be changed.
    pub const fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service, unwrapped.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B, C> Service<Request<B>> for ConsentService<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let flight = admit(&self.shared, &mut parts);
        ResponseFuture::new(self.inner.call(Request::from_parts(parts, body)), flight)
    }
}

/// Filters a request, and gives what is needed to filter its answer. `None`: the layer stands down.
fn admit(shared: &Shared, parts: &mut Parts) -> Option<Flight> {
    let policy = &shared.policy;
    if policy.stands_down(parts) {
        return None;
    }
    let signals = Signals::from_headers(&parts.headers);
    let seen = Seen::scan(policy, &parts.headers);
    let reading = match seen.reading {
        Reading::Nothing if hides_lax_cookies(parts) => Reading::Unseen,
        reading => reading,
    };
    let regime = policy.regime_of(parts);
    let narrow = policy.narrowing(parts);
    let now = shared.clock.unix_seconds();
    let decision = decide(Arc::clone(policy), regime, signals, reading, &narrow, now);

    let mut notes = String::new();
    let mut shown = Shown::Nothing;
    if !seen.all_pass(&decision) {
        let report = |name: &[u8], verdict: crate::policy::Verdict, target| {
            let action = if verdict.is_allowed() { Action::Passed } else { Action::Stripped };
            shared.note(&mut notes, action, Direction::Request, name, verdict);
            shared.reporter.cookie(&decision, action, Direction::Request, name, verdict, target);
        };
        if decision.is_enforced() {
            shown = strip(&mut parts.headers, &decision, report);
        } else {
            report_only(&parts.headers, &decision, report);
        }
    } else if seen.has_declared() {
        // The answer may change the consent, and then what the browser holds must be known.
        shown = Shown::of(&parts.headers);
    }
    let is_document = is_document(&parts.headers);
    let context = ConsentContext::new(decision);
    parts.extensions.insert(context.clone());
    Some(Flight { context, shown, is_document, notes, shared: shared.clone() })
}

/// Whether the browser leaves `SameSite=Lax` cookies out: a cross-site request other than a top-level navigation by GET
/// (rfc6265bis section 5.8.3).
fn hides_lax_cookies(parts: &Parts) -> bool {
    let is = |name, value| parts.headers.get(name).is_some_and(|said: &HeaderValue| said == value);
    is("sec-fetch-site", "cross-site")
        && !(matches!(parts.method, Method::GET | Method::HEAD)
            && is("sec-fetch-mode", "navigate")
            && is("sec-fetch-dest", "document"))
}

/// Whether the answer is a page: only there are cookies expired unasked.
fn is_document(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-dest") {
        Some(destination) => destination == "document",
        None => headers
            .get_all(header::ACCEPT)
            .iter()
            .any(|accept| memchr::memmem::find(accept.as_bytes(), b"text/html").is_some()),
    }
}

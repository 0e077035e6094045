//! The service: what happens to a request before it goes in.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, Request, Response, header, request::Parts};
use tower::Service;

use super::{
    context::ConsentContext,
    future::{Flight, ResponseFuture},
    layer::Shared,
    notes::Notes,
};
use crate::{
    consent::Reading,
    cookies::{
        judge::Judge,
        request::{FoundConsent, Shown, sift},
    },
    decide::decide,
    policy::{Policy, Verdict},
    report::{Action, Direction},
    signal::SignalReader,
};

/// The service that [`ConsentLayer`](super::ConsentLayer) wraps around another.
#[derive(Clone, Debug)]
pub struct ConsentService<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> ConsentService<S> {
    pub(super) const fn new(inner: S, shared: Arc<Shared>) -> Self {
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

/// What the header fields of a request say that matters here, gathered in one pass: a look-up for each would hash its
/// name, and most requests have few fields.
#[derive(Debug)]
struct Fields<'a> {
    signals: SignalReader,
    consent: FoundConsent<'a>,
    has_cookies: bool,
    site: Option<&'a [u8]>,
    mode: Option<&'a [u8]>,
    destination: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn read(policy: &Policy, headers: &'a HeaderMap) -> Self {
        let mut fields = Self {
            signals: SignalReader::default(),
            consent: FoundConsent::default(),
            has_cookies: false,
            site: None,
            mode: None,
            destination: None,
        };
        for (name, value) in headers {
            let value = value.as_bytes();
            match name.as_str() {
                "cookie" => {
                    fields.has_cookies = true;
                    fields.consent.add(policy, value);
                }
                "dnt" => fields.signals.add_dnt(value),
                "sec-gpc" => fields.signals.add_gpc(value),
                "sec-fetch-site" => fields.site = Some(value),
                "sec-fetch-mode" => fields.mode = Some(value),
                "sec-fetch-dest" => fields.destination = Some(value),
                _ => {}
            }
        }
        fields
    }

    /// Whether the browser leaves `SameSite=Lax` cookies out: a cross-site request other than a top-level navigation by
    /// GET (rfc6265bis section 5.8.3).
    fn hides_lax_cookies(&self, method: &Method) -> bool {
        self.site == Some(b"cross-site")
            && !(matches!(*method, Method::GET | Method::HEAD)
                && self.mode == Some(b"navigate")
                && self.destination == Some(b"document"))
    }

    /// Whether the answer is a page: only there are cookies expired unasked.
    fn is_document(&self, headers: &HeaderMap) -> bool {
        let accepts_html = || {
            let mut accepted = headers.get_all(header::ACCEPT).iter();
            accepted.any(|accept| memchr::memmem::find(accept.as_bytes(), b"text/html").is_some())
        };
        self.destination.map_or_else(accepts_html, |destination| destination == b"document")
    }
}

/// Filters a request, and gives what is needed to filter its answer. `None`: the layer stands down.
fn admit(shared: &Arc<Shared>, parts: &mut Parts) -> Option<Flight> {
    let policy = &shared.policy;
    if policy.stands_down(parts) {
        return None;
    }
    let fields = Fields::read(policy, &parts.headers);
    let reading = match fields.consent.reading(policy) {
        Reading::Nothing if fields.hides_lax_cookies(&parts.method) => Reading::Unseen,
        reading => reading,
    };
    let regime = policy.regime_of(parts);
    let narrow = policy.narrowing(parts);
    let now = shared.clock.unix_seconds();
    let decision = decide(Arc::clone(policy), regime, fields.signals.signals(), reading, &narrow, now);

    let has_cookies = fields.has_cookies;
    // Without a cookie there is nothing to expire and nothing to renew.
    let is_document = has_cookies && fields.is_document(&parts.headers);

    let mut notes = Notes::default();
    let mut shown = Shown::Nothing;
    if has_cookies {
        let mut batch = shared.reporter.batch(&decision, Direction::Request);
        let mut report = |name: &[u8], verdict: Verdict, target| {
            let action = if verdict.is_allowed() { Action::Passed } else { Action::Stripped };
            notes.add(shared, action, Direction::Request, name, verdict);
            batch.cookie(action, name, verdict, target);
        };
        shown = sift(&mut parts.headers, &mut Judge::new(&decision), decision.is_enforced(), &mut report);
    }
    let context = ConsentContext::new(decision);
    parts.extensions.insert(context.clone());
    Some(Flight { context, shown, is_document, notes, shared: Arc::clone(shared) })
}

//! The service: what happens to a request before it goes in.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, Request, Response, header};
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
        banner::{BannersSeen, sources},
        judge::Judge,
        request::{FoundCookie, Shown, sift},
    },
    decide::{Decision, Found, decide, weigh},
    policy::{Circumstances, Policy, SameSite, Verdict},
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
        let policy = self.shared.policy.current();
        let (mut request, circumstances) = policy.consult(request);
        let flight = if circumstances.stands_down {
            None
        } else {
            let fields = Fields::read(&policy, request.headers());
            let now = self.shared.clock.unix_seconds();
            let decision = fields.decide(policy, now, request.method(), request.headers(), &circumstances);
            let decision = decision.on_next_page(self.shared.says_what_loads);
            // Without a cookie there is nothing to strip, to expire or to renew.
            let cookies = fields.has_cookies.then(|| fields.is_document(request.headers()));
            let host = if fields.banners.is_empty() { None } else { host_of(&request) };
            let mut flight = admit(&self.shared, request.headers_mut(), decision, cookies);
            flight.host = host;
            request.extensions_mut().insert(flight.context.clone());
            Some(flight)
        };
        ResponseFuture::new(self.inner.call(request), flight)
    }
}

/// What the header fields of a request say that matters here, gathered in one pass: a look-up for each would hash its
/// name, and most requests have few fields.
#[derive(Debug)]
struct Fields<'a> {
    signals: SignalReader,
    consent: FoundCookie<'a>,
    banners: BannersSeen,
    has_cookies: bool,
    site: Option<&'a [u8]>,
    mode: Option<&'a [u8]>,
    destination: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn read(policy: &Policy, headers: &'a HeaderMap) -> Self {
        let mut fields = Self {
            signals: SignalReader::default(),
            consent: FoundCookie::default(),
            banners: BannersSeen::default(),
            has_cookies: false,
            site: None,
            mode: None,
            destination: None,
        };
        for (name, value) in headers {
            let (name, value) = (name.as_str(), value.as_bytes());
            // Most fields are none of these, and are passed over at their first byte.
            if !matches!(name.as_bytes(), [b'c' | b'd' | b's', ..]) {
                continue;
            }
            match name {
                "cookie" => {
                    fields.has_cookies = true;
                    fields.consent.add(policy.consent_finder(), value);
                    fields.banners.add(policy, value);
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

    /// The decision for the request.
    fn decide(
        &self,
        policy: Arc<Policy>,
        now: i64,
        method: &Method,
        headers: &HeaderMap,
        circumstances: &Circumstances,
    ) -> Decision {
        let reading = self.reading(&policy, now, method, headers);
        let Circumstances { regime, narrow, .. } = circumstances;
        decide(policy, *regime, self.signals.signals(), reading, narrow, now)
    }

    fn reading(&self, policy: &Policy, now: i64, method: &Method, headers: &HeaderMap) -> Reading {
        // Banners write their cookies with `Lax`, or leave it to the browser, which takes it for `Lax`.
        let hides_banners = !policy.banners().is_empty() && self.hides_consent(SameSite::Lax, method);
        let hides = || hides_banners || self.hides_consent(policy.consent_cookie.same_site, method);
        let own = || match self.consent.reading(policy) {
            Reading::Nothing if hides() => Reading::Unseen,
            reading => reading,
        };
        match (self.banners.is_empty(), hides_banners) {
            (true, true) => Reading::Unseen,
            (true, false) => own(),
            // That a banner's name is there does not show that its cookie was let through: it may be a part of another.
            (false, _) => weigh(policy, sources(policy, self.banners, headers, || Found::Own(own())), now),
        }
    }

    /// Whether the browser leaves the consent cookie out of this request, because of its `SameSite` (rfc6265bis section
    /// 5.8.3): then that it is missing says nothing.
    fn hides_consent(&self, same_site: SameSite, method: &Method) -> bool {
        let is_top_level = matches!(*method, Method::GET | Method::HEAD)
            && self.mode == Some(b"navigate")
            && self.destination == Some(b"document");
        self.site == Some(b"cross-site")
            && match same_site {
                SameSite::None => false,
                SameSite::Lax => !is_top_level,
                SameSite::Strict => true,
            }
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

/// The host that was asked, in lower case and without port.
fn host_of<B>(request: &Request<B>) -> Option<Box<str>> {
    let named = || {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        host.split(':').next().map(str::to_ascii_lowercase)
    };
    request.uri().host().map(str::to_ascii_lowercase).or_else(named).map(Into::into)
}

/// Filters a request, and gives what is needed to filter its answer. `cookies`: whether the answer is a page, if the
/// request has any cookies.
fn admit(shared: &Arc<Shared>, headers: &mut HeaderMap, decision: Decision, cookies: Option<bool>) -> Flight {
    let mut notes = Notes::default();
    let mut shown = Shown::Nothing;
    if cookies.is_some() {
        if let Some(inventory) = &shared.inventory {
            inventory.see_request(headers, decision.policy());
        }
        // Most requests have nothing to tell.
        let mut batch = None;
        let mut report = |name: &[u8], verdict: Verdict, target| {
            let action = if verdict.is_allowed() { Action::Passed } else { Action::Stripped };
            notes.add(shared, action, Direction::Request, name, verdict);
            let batch = batch.get_or_insert_with(|| shared.reporter.batch(&decision, Direction::Request));
            batch.cookie(action, name, verdict, target);
        };
        shown = sift(headers, &mut Judge::new(&decision), decision.is_enforced(), &mut report);
    }
    let context = ConsentContext::new(decision);
    Flight { context, shown, is_document: cookies == Some(true), notes, host: None, shared: Arc::clone(shared) }
}

//! `/.well-known/gpc.json`: the site's word that it obeys Global Privacy Control.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use time::Date;
use tower::Service;

use super::{
    answer::{self, Answer},
    fault::{Fault, FaultKind},
};
use crate::{policy::PolicyHandle, signal::Signal};

/// The resource `/.well-known/gpc.json` (W3C Global Privacy Control, section 4), which tells that the site obeys the
/// signal, and since when. It goes beside the pages, at that very path:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::Router;
/// use tower_consent::{ConsentLayer, GpcResource, Policy, PolicyHandle, Revision};
///
/// let policy = PolicyHandle::new(Policy::builder().revision(Revision::new(1).on(2026, 11, 22)).build()?);
/// let app: Router = Router::new()
///     .route_service("/.well-known/gpc.json", GpcResource::of(policy.clone()))
///     .layer(ConsentLayer::new(policy));
/// # }
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// Answers `GET` and `HEAD` with `{"gpc":true,"lastUpdate":"2026-11-22"}`, for a day cacheable by everybody.
#[derive(Clone, Debug)]
pub struct GpcResource(Source);

#[derive(Clone, Debug)]
enum Source {
    Since(Date),
    Policy(PolicyHandle),
}

impl GpcResource {
    /// The site obeys the signal, and said so last on this day.
    #[must_use]
    pub const fn new(last_update: Date) -> Self {
        Self(Source::Since(last_update))
    }

    /// What the published policy says: whether the signal turns anything off, and the day of its revision, if it has one.
    pub fn of(policy: impl Into<PolicyHandle>) -> Self {
        Self(Source::Policy(policy.into()))
    }

    fn text(&self) -> String {
        let (obeys, last_update) = match &self.0 {
            Source::Since(date) => (true, Some(*date)),
            Source::Policy(handle) => {
                let policy = handle.current();
                let mut facts = policy.signal_facts().iter().filter(|facts| facts.signal == Signal::Gpc);
                // A policy without anything optional has nothing that it would have to turn off.
                let has_optional = policy.askable().next().is_some();
                let obeys = facts.any(|facts| facts.no_cookies || !facts.covers.is_empty()) || !has_optional;
                (obeys, policy.revision().date())
            }
        };
        match last_update {
            Some(date) => format!("{{\"gpc\":{obeys},\"lastUpdate\":\"{date}\"}}"),
            None => format!("{{\"gpc\":{obeys}}}"),
        }
    }

    fn answer(&self, method: &Method) -> Answer {
        const METHODS: &str = "GET, HEAD, OPTIONS";
        match *method {
            Method::GET | Method::HEAD => {
                let mut answer = answer::json(StatusCode::OK, self.text());
                let a_day = HeaderValue::from_static("public, max-age=86400");
                answer.headers_mut().insert(header::CACHE_CONTROL, a_day);
                if *method == Method::HEAD { answer::without_body(answer) } else { answer }
            }
            Method::OPTIONS => answer::allow(answer::nothing(), METHODS),
            _ => {
                let fault = Fault::of_field(FaultKind::WrongMethod, "method", method.as_str(), METHODS);
                answer::allow(answer::plain(&fault), METHODS)
            }
        }
    }
}

impl<B> Service<Request<B>> for GpcResource {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method()).map(Full::new)))
    }
}

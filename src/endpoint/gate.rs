//! A gate before chosen routes: only who knows the current revision of the policy goes through.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use pin_project_lite::pin_project;
use serde::Serialize;
use tower::{Layer, Service};

use super::{
    answer::{self, Answer},
    fault::{Fault, FaultKind, Problem},
    own_path::own_path,
    service::ConsentPages,
    show, visit,
};
use crate::{decide::Decision, enforce::ConsentContext};

/// Lets a request through only where the visitor has answered, or taken note of, the last material revision of the policy
/// ([`Decision::knows_revision`]): for routes of which the policy promises it. Stands inside of the consent layer.
///
/// The others are answered in place with the page of what changed, which leads on to where the visitor wanted to go. That
/// is a 403 that nobody stores; a program is answered with a problem (`application/problem+json`) of the code
/// `revision-unknown`. There is no redirect, so there is no loop, and the pages of `/privacy` themselves are never held
/// up. Where a signal forbids to store anything, nobody is.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use tower_consent::{ConsentLayer, ConsentPages, MemoryStore, Policy, RequireRevision};
///
/// let pages = ConsentPages::at("/privacy", MemoryStore::new());
/// let shop: Router = Router::new().route("/shop", get(|| async { "a shop" }));
/// let app = shop
///     .route_layer(RequireRevision::new(pages.clone()))
///     .nest_service("/privacy", pages)
///     .layer(ConsentLayer::new(Policy::default()));
/// # let _ = app;
/// # }
/// ```
///
/// # Caveat
///
/// A router that nests another takes the prefix off the path. So the layer goes onto the outer router: inside of the nested
/// one it would lead back to a path that is not there.
#[derive(Clone, Debug)]
pub struct RequireRevision {
    pages: ConsentPages,
}

impl RequireRevision {
    /// A gate that answers with a page of these.
    #[must_use]
    pub const fn new(pages: ConsentPages) -> Self {
        Self { pages }
    }
}

impl<S> Layer<S> for RequireRevision {
    type Service = RequireRevisionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireRevisionService { inner, pages: self.pages.clone() }
    }
}

/// The service that [`RequireRevision`] wraps around another.
#[derive(Clone, Debug)]
pub struct RequireRevisionService<S> {
    inner: S,
    pages: ConsentPages,
}

impl<S, B, C> Service<Request<B>> for RequireRevisionService<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    C: From<Bytes>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = RequireRevisionFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let state = match self.objection(&request) {
            Some(answer) => State::Held { answer: Some(answer) },
            None => State::Calling { future: self.inner.call(request) },
        };
        RequireRevisionFuture { state }
    }
}

impl<S> RequireRevisionService<S> {
    /// The answer to who does not go through.
    fn objection<B>(&self, request: &Request<B>) -> Option<Answer> {
        let settings = self.pages.settings();
        // The pages stand below their own path, which is not the root of everything.
        let is_page = !self.pages.path().is_empty() && settings.path.strip(request.uri().path()).is_some();
        if is_page {
            return None;
        }
        let Some(context) = ConsentContext::of(request.extensions()) else {
            return Some(answer::plain(&Fault::no_layer()));
        };
        // Asked in both cases: a shared cache must not hand to one visitor what another was let through to.
        let decision = context.decision();
        if decision.knows_revision() {
            return None;
        }
        let answer = self.hold(request, decision);
        Some(if request.method() == Method::HEAD { answer::without_body(answer) } else { answer })
    }

    fn hold<B>(&self, request: &Request<B>, decision: &Decision) -> Answer {
        let settings = self.pages.settings();
        let fault = Fault::new(
            FaultKind::UnknownRevision,
            "The visitor has not seen the current revision of the privacy policy.",
        );
        if visit::prefers_json(request.headers()) {
            let update = format!("{}/update", self.pages.path());
            let revision = decision.policy().latest_revision();
            return answer::problem_with(&fault, &Held { problem: fault.problem(), revision, update });
        }
        // A form that was sent cannot be gone back to.
        let path = request.uri().path_and_query().filter(|_| matches!(*request.method(), Method::GET | Method::HEAD));
        let back = path.and_then(|path| own_path(path.as_str()));
        let language = visit::language(settings, request.headers());
        answer::page(fault.kind.status(), show::update(settings, decision, language, back))
    }
}

#[derive(Serialize)]
struct Held<'f> {
    #[serde(flatten)]
    problem: Problem<'f>,
    revision: u32,
    update: String,
}

pin_project! {
    /// The future of a [`RequireRevisionService`]'s answer.
    pub struct RequireRevisionFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Calling { #[pin] future: F },
        Held { answer: Option<Answer> },
    }
}

impl<F, C, E> Future for RequireRevisionFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    C: From<Bytes>,
{
    type Output = Result<Response<C>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Calling { future } => Poll::Ready(ready!(future.poll(cx))),
            StateProjection::Held { answer } => {
                // Taken twice only if polled after its end.
                let answer = answer.take().unwrap_or_default();
                Poll::Ready(Ok(answer.map(C::from)))
            }
        }
    }
}

impl<F> fmt::Debug for RequireRevisionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequireRevisionFuture")
    }
}

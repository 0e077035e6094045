//! The service: the context on the way in, cookie and cache fields on the way out.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Request, Response, header};
use pin_project_lite::pin_project;
use tower::Service;

use super::{context::TokenContext, layer::Settings, sign_in::deletion_line};
use crate::{
    cookies::{
        cache::{self, CacheFields, Keep},
        set_cookie,
    },
    enforce::ConsentContext,
};

/// The service that [`TokenLayer`](super::TokenLayer) wraps around another.
#[derive(Clone, Debug)]
pub struct TokenService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> TokenService<S> {
    pub(super) const fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, C> Service<Request<B>> for TokenService<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = TokenFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let consent = ConsentContext::of(request.extensions()).cloned();
        let context = TokenContext::new(Arc::clone(&self.settings), consent);
        request.extensions_mut().insert(context.clone());
        TokenFuture { inner: self.inner.call(request), context }
    }
}

pin_project! {
    /// The future of a [`TokenService`]'s answer.
    #[derive(Debug)]
    pub struct TokenFuture<F> {
        #[pin]
        inner: F,
        context: TokenContext,
    }
}

impl<F, C, E> Future for TokenFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
{
    type Output = Result<Response<C>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = ready!(this.inner.poll(cx));
        if let Ok(response) = &mut answer {
            conclude(this.context, response.headers_mut());
        }
        Poll::Ready(answer)
    }
}

/// Expires a dead cookie, and keeps the answer out of caches.
fn conclude(context: &TokenContext, headers: &mut HeaderMap) {
    let outcome = context.outcome();
    if !outcome.was_asked {
        return;
    }
    // The application's own line for this cookie, a new token above all, stands.
    let expires = outcome.expires && !sets(headers, context.cookie_name());
    if expires && let Some(line) = deletion_line(context.cookie_name()) {
        headers.append(header::SET_COOKIE, line);
    }
    let keep = if expires || outcome.is_changed { Keep::NoStore } else { Keep::PrivateNoCache };
    cache::keep_out(headers, &CacheFields::read(headers, None), keep);
}

fn sets(headers: &HeaderMap, name: &str) -> bool {
    headers.get_all(header::SET_COOKIE).iter().any(|line| set_cookie::name(line.as_bytes()) == name.as_bytes())
}

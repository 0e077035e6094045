//! The service: a line is begun on the way in, and goes out with the answer's body.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::Service;

use super::{body::VisitBody, layer::Settings, line::Line};

/// The service that [`VisitLayer`](super::VisitLayer) wraps around another.
#[derive(Clone, Debug)]
pub struct VisitService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> VisitService<S> {
    pub(super) const fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, C> Service<Request<B>> for VisitService<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    C: Body,
{
    type Response = Response<VisitBody<C>>;
    type Error = S::Error;
    type Future = VisitFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let line = Line::begin(&self.settings, &parts);
        VisitFuture { inner: self.inner.call(Request::from_parts(parts, body)), line }
    }
}

pin_project! {
    /// The future of a [`VisitService`]'s answer.
    #[derive(Debug)]
    pub struct VisitFuture<F> {
        #[pin]
        inner: F,
        // Written when it is dropped: here, where no answer comes.
        line: Option<Line>,
    }
}

impl<F, C, E> Future for VisitFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    C: Body,
{
    type Output = Result<Response<VisitBody<C>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx));
        let mut line = this.line.take();
        Poll::Ready(answer.map(|response| {
            if let Some(line) = &mut line {
                line.answer(&response);
            }
            response.map(|body| VisitBody::new(body, line))
        }))
    }
}

//! The layer that counts.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service, layer::util::Stack};

use super::{
    VisitCounts,
    arrival::{Arrival, is_page},
};
use crate::enforce::{ConsentContext, ConsentLayer};

/// Counts page views into [`VisitCounts`]. It stands just inside of a consent layer:
/// [`ConsentLayer::with_counts`] puts it there.
#[derive(Clone, Debug)]
pub struct CountLayer {
    counts: VisitCounts,
}

impl<S> Layer<S> for CountLayer {
    type Service = CountService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CountService { inner, counts: self.counts.clone() }
    }
}

/// The service that [`CountLayer`] wraps around another.
#[derive(Clone, Debug)]
pub struct CountService<S> {
    inner: S,
    counts: VisitCounts,
}

impl<S, B, C> Service<Request<B>> for CountService<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = CountFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let waiting = ConsentContext::of(request.extensions()).and_then(|context| {
            let arrival = Arrival::of(&request, context.peek().may_track())?;
            Some(Waiting { counts: self.counts.clone(), context: context.clone(), arrival })
        });
        CountFuture { inner: self.inner.call(request), waiting }
    }
}

pin_project! {
    /// The future of a [`CountService`]'s answer.
    pub struct CountFuture<F> {
        #[pin]
        inner: F,
        waiting: Option<Waiting>,
    }
}

impl<F, C, E> Future for CountFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
{
    type Output = Result<Response<C>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = ready!(this.inner.poll(cx));
        if let (Ok(response), Some(waiting)) = (&mut answer, this.waiting.take())
            && is_page(response)
        {
            response.extensions_mut().insert(Counting(Arc::new(Page(waiting))));
        }
        Poll::Ready(answer)
    }
}

impl<F> fmt::Debug for CountFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountFuture").finish_non_exhaustive()
    }
}

/// A page view that is not counted yet.
struct Waiting {
    counts: VisitCounts,
    context: ConsentContext,
    arrival: Arrival,
}

/// Rides in the answer's extensions through the consent layer, which takes the final decision, and is counted when the server has
/// taken the answer apart.
#[derive(Clone)]
struct Counting(#[expect(dead_code, reason = "counts when it is dropped")] Arc<Page>);

struct Page(Waiting);

impl Drop for Page {
    fn drop(&mut self) {
        let Waiting { counts, context, arrival } = &self.0;
        counts.count(arrival, context.peek());
    }
}

impl<L> ConsentLayer<L> {
    /// Counts visits, by day and without identifiers. The counters of a day are kept for as long as the policy says.
    #[must_use]
    pub fn with_counts(self, counts: VisitCounts) -> ConsentLayer<Stack<L, CountLayer>> {
        counts.keep_for(self.policy().retention());
        self.add_observer(counts.clone()).with_inside(CountLayer { counts })
    }
}

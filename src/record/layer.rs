//! The layer that brings the records to handlers.

use std::task::{Context, Poll};

use http::Request;
use tower::{Layer, Service, layer::util::Stack};

use super::records::Records;
use crate::enforce::ConsentLayer;

/// Brings [`Records`] to handlers: [`Choices`](super::Choices) finds them there.
#[derive(Clone, Debug)]
pub struct RecordLayer {
    records: Records,
}

impl RecordLayer {
    /// A layer over these records.
    pub fn new(records: impl Into<Records>) -> Self {
        Self { records: records.into() }
    }
}

impl<S> Layer<S> for RecordLayer {
    type Service = RecordService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RecordService { inner, records: self.records.clone() }
    }
}

/// The service that [`RecordLayer`] wraps around another.
#[derive(Clone, Debug)]
pub struct RecordService<S> {
    inner: S,
    records: Records,
}

impl<S, B> Service<Request<B>> for RecordService<S>
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
        request.extensions_mut().insert(self.records.clone());
        self.inner.call(request)
    }
}

impl<L> ConsentLayer<L> {
    /// Adds records of consent: [`Choices`](crate::Choices) writes them before a choice acts. Takes a
    /// [store](crate::ConsentStore), or [`Records`] with more settings. They are kept for as long as the policy says.
    #[must_use]
    pub fn with_records(self, records: impl Into<Records>) -> ConsentLayer<Stack<L, RecordLayer>> {
        let layer = RecordLayer::new(records);
        layer.records.follow(&self.policy());
        self.with_inside(layer)
    }
}

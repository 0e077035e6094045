//! The body of an answer, watched to its end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::line::Line;

pin_project! {
    /// The body of an answer behind a [`VisitLayer`](super::VisitLayer): the inner one, whose bytes are counted.
    #[derive(Debug)]
    pub struct VisitBody<B> {
        #[pin]
        inner: B,
        // Written when it is dropped, at the latest.
        line: Option<Line>,
    }
}

impl<B> VisitBody<B> {
    /// The inner body, unwrapped; the line of the visit is written as it stands.
    pub fn into_inner(self) -> B {
        self.inner
    }
}

impl<B: Body> VisitBody<B> {
    pub(super) fn new(inner: B, mut line: Option<Line>) -> Self {
        if let Some(line) = line.as_mut().filter(|_| inner.is_end_stream()) {
            line.complete();
        }
        Self { inner, line }
    }
}

impl<B: Body> Body for VisitBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if let Some(line) = this.line {
            match &frame {
                Some(Ok(frame)) => line.count(frame.data_ref().map_or(0, Buf::remaining)),
                Some(Err(_)) => {}
                None => line.complete(),
            }
            // A server that knows this to be the last frame does not ask again.
            if matches!(frame, Some(Ok(_))) && this.inner.is_end_stream() {
                line.complete();
            }
        }
        // The final decision stands since the answer's head has left; what is known now is all.
        if frame.is_none() {
            drop(this.line.take());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A body of an answer that has nothing to do with a visit, for layers outside that make one.
impl<B: Default> Default for VisitBody<B> {
    fn default() -> Self {
        Self { inner: B::default(), line: None }
    }
}

impl<B: From<Bytes>> From<Bytes> for VisitBody<B> {
    fn from(bytes: Bytes) -> Self {
        Self { inner: bytes.into(), line: None }
    }
}

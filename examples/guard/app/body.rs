//! Bodies on their way through: piece by piece, never gathered, and given up when nothing moves.

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::{
    sync::watch,
    time::{Sleep, sleep},
};

use super::fields;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A body that fails when no piece of it has come for a while. Time in which nobody asks for a piece does not count.
#[derive(Debug)]
pub(crate) struct Moving<B> {
    inner: B,
    patience: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    /// Told of each piece, and gone with the body.
    moved: watch::Sender<()>,
}

impl<B> Moving<B> {
    pub(crate) fn new(inner: B, patience: Duration) -> Self {
        Self { inner, patience, pause: None, moved: watch::Sender::new(()) }
    }

    /// Hears of each piece.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for Moving<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.pause = None;
            this.moved.send_replace(());
            return Poll::Ready(frame.map(|frame| frame.map(without_secrets).map_err(Into::into)));
        }
        let patience = this.patience;
        let pause = this.pause.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(pause.as_mut().poll(cx));
        Poll::Ready(Some(Err(Stalled.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A field behind the body speaks past everything that has looked at those before it.
fn without_secrets(mut frame: Frame<Bytes>) -> Frame<Bytes> {
    if let Some(trailers) = frame.trailers_mut() {
        fields::clean_trailers(trailers);
    }
    frame
}

/// No piece has come for too long.
#[derive(Debug)]
pub(crate) struct Stalled;

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body has stopped moving")
    }
}

impl Error for Stalled {}

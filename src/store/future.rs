//! The answer of a store: there at once, or awaited.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::error::{StoreError, StoreErrorKind};

/// What the operations of a [`TokenStore`](super::TokenStore) or a [`ConsentStore`](super::ConsentStore) give. A store in memory answers at once, and then nothing
/// is allocated for the future.
#[must_use = "futures do nothing unless awaited"]
pub struct StoreFuture<'a, T>(Answer<'a, T>);

enum Answer<'a, T> {
    Ready(Result<T, StoreError>),
    Awaited(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>),
    Taken,
}

impl<'a, T> StoreFuture<'a, T> {
    /// An answer that is there.
    pub const fn ready(answer: Result<T, StoreError>) -> Self {
        Self(Answer::Ready(answer))
    }

    /// An answer that must be awaited.
    pub fn awaited(answer: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Self {
        Self(Answer::Awaited(Box::pin(answer)))
    }
}

// The answer is moved out, never pinned.
impl<T> Unpin for StoreFuture<'_, T> {}

impl<T> Future for StoreFuture<'_, T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Answer::Awaited(future) = &mut self.0 {
            return future.as_mut().poll(cx);
        }
        match std::mem::replace(&mut self.0, Answer::Taken) {
            Answer::Ready(answer) => Poll::Ready(answer),
            // Polled after its end, which is a mistake of the caller's: an error beats a panic.
            Answer::Awaited(_) | Answer::Taken => {
                Poll::Ready(Err(StoreError::new(StoreErrorKind::Unavailable, "polled after its end")))
            }
        }
    }
}

impl<T> fmt::Debug for StoreFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Answer::Ready(_) => "StoreFuture(ready)",
            Answer::Awaited(_) => "StoreFuture(awaited)",
            Answer::Taken => "StoreFuture(taken)",
        })
    }
}

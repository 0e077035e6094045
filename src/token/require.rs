//! A session for whole routes.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{
    context::TokenContext,
    rejection::{RejectionKind, SessionRejection},
    session::Session,
};

/// Lets only requests with a live session through: for routes of which every one needs it. Stands inside of the token
/// layer.
///
/// The others are answered as the [`Session`] extractor answers them. The handler finds the session without another
/// look-up.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use tower_consent::{MemoryStore, RequireSession, TokenLayer, Tokens};
///
/// // `route_layer`, so that unknown paths are not guarded but not found.
/// let private: Router = Router::new().route("/account", get(|| async { "yours" })).route_layer(RequireSession);
/// let app = private.layer(TokenLayer::new(Tokens::new(MemoryStore::new())));
/// # let _ = app;
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a layer without settings, which is written as a value")]
pub struct RequireSession;

impl<S> Layer<S> for RequireSession {
    type Service = RequireSessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireSessionService { inner }
    }
}

/// The service that [`RequireSession`] wraps around another.
#[derive(Clone, Debug)]
pub struct RequireSessionService<S> {
    inner: S,
}

impl<S, B, C> Service<Request<B>> for RequireSessionService<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    C: From<Bytes>,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = RequireSessionFuture<S, B, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone is not ready; the service that is goes with the request.
        let next = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, next);
        let (parts, body) = request.into_parts();
        let state = match TokenContext::of(&parts.extensions).cloned() {
            Some(context) => {
                let look_up = async move {
                    let session = SessionRejection::or_session(context, &parts).await;
                    (session, parts)
                };
                State::Asking { look_up: Box::pin(look_up), rest: Some((ready, body)) }
            }
            None => State::Refused { rejection: Some(SessionRejection::of(RejectionKind::NoLayer)) },
        };
        RequireSessionFuture { state }
    }
}

type LookUp = Pin<Box<dyn Future<Output = (Result<Session, SessionRejection>, Parts)> + Send>>;

pin_project! {
    /// The future of a [`RequireSessionService`]'s answer.
    pub struct RequireSessionFuture<S, B, F> {
        #[pin]
        state: State<S, B, F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Asking { look_up: LookUp, rest: Option<(S, B)> },
        Calling { #[pin] future: F },
        Refused { rejection: Option<SessionRejection> },
    }
}

impl<S, B, C> Future for RequireSessionFuture<S, B, S::Future>
where
    S: Service<Request<B>, Response = Response<C>>,
    C: From<Bytes>,
{
    type Output = Result<Response<C>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Calling { future } => return future.poll(cx),
                StateProjection::Refused { rejection } => {
                    // Taken twice only if polled after its end.
                    let rejection = rejection.take().unwrap_or(SessionRejection::of(RejectionKind::NoToken));
                    return Poll::Ready(Ok(rejection.into_answer().map(C::from)));
                }
                StateProjection::Asking { look_up, rest } => {
                    let (session, parts) = ready!(look_up.as_mut().poll(cx));
                    match (session, rest.take()) {
                        (Ok(_), Some((mut inner, body))) => {
                            State::Calling { future: inner.call(Request::from_parts(parts, body)) }
                        }
                        (Ok(_), None) => State::Refused { rejection: None },
                        (Err(rejection), _) => State::Refused { rejection: Some(rejection) },
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S, B, F> fmt::Debug for RequireSessionFuture<S, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequireSessionFuture")
    }
}

//! Tokens: [`Session`], `Option<Session>`, [`SignIn`] and [`Tokens`] are extractors; [`SignedIn`] and [`Ended`] are
//! response parts; [`SignInAnswer`], [`SessionRejection`] and [`StoreError`] are answers, and [`Ended`] by itself.

use std::convert::Infallible;

use axum_core::{
    body::Body,
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use http::{StatusCode, request::Parts};

use crate::{
    store::{StoreError, StoreErrorKind},
    token::{Ended, RejectionKind, Session, SessionRejection, SignIn, SignInAnswer, SignedIn, TokenContext, Tokens},
};

fn context(parts: &Parts) -> Result<TokenContext, SessionRejection> {
    TokenContext::of(&parts.extensions).cloned().ok_or(SessionRejection::of(RejectionKind::NoLayer))
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, SessionRejection> {
        SessionRejection::or_session(context(parts)?, parts).await
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, SessionRejection> {
        let context = context(parts)?;
        let session = context.session(&parts.headers);
        match session.await {
            Ok(session) => Ok(session),
            Err(error) => Err(SessionRejection::answered(RejectionKind::Unavailable(error), &context, parts)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for SignIn {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, SessionRejection> {
        Ok(context(parts)?.sign_in(&parts.headers))
    }
}

impl<S: Sync> FromRequestParts<S> for Tokens {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, SessionRejection> {
        Ok(context(parts)?.tokens())
    }
}

impl IntoResponseParts for SignedIn {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.apply(parts.headers_mut());
        Ok(parts)
    }
}

impl IntoResponse for SignInAnswer {
    fn into_response(self) -> Response {
        self.into_answer().map(Body::from)
    }
}

impl IntoResponseParts for Ended {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.apply(parts.headers_mut());
        Ok(parts)
    }
}

impl IntoResponse for Ended {
    fn into_response(self) -> Response {
        (self, StatusCode::NO_CONTENT).into_response()
    }
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        self.into_answer().map(Body::from)
    }
}

/// 503, or 400 for what cannot be kept; the text says nothing of the store.
impl IntoResponse for StoreError {
    fn into_response(self) -> Response {
        match self.kind() {
            StoreErrorKind::Invalid => (StatusCode::BAD_REQUEST, "What was sent cannot be kept.\n").into_response(),
            _ => SessionRejection::of(RejectionKind::Unavailable(self)).into_response(),
        }
    }
}

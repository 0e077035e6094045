//! Records: [`Choices`] and [`Records`] are extractors, [`ChoiceError`] is an answer.

use std::convert::Infallible;

use axum_core::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::record::{ChoiceError, Choices, Records};

impl<S: Sync> FromRequestParts<S> for Choices {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers).await)
    }
}

impl<S: Sync> FromRequestParts<S> for Records {
    type Rejection = ChoiceError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ChoiceError> {
        Self::of(&parts.extensions).cloned().ok_or(ChoiceError::NoRecords)
    }
}

/// 400 for what cannot be chosen, 409 where a second step is needed, 503 where no record can be written, 500 without a layer.
impl IntoResponse for ChoiceError {
    fn into_response(self) -> Response {
        match self {
            Self::Selection(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
            Self::Unconfirmed => (StatusCode::CONFLICT, format!("{self}\n")).into_response(),
            Self::Store(error) => error.into_response(),
            Self::NoRecords => (StatusCode::INTERNAL_SERVER_ERROR, format!("{self}\n")).into_response(),
        }
    }
}

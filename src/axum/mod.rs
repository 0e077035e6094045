//! Extractors and response parts for axum 0.8.
//!
//! [`Decision`] is an extractor that never fails: without the layer in the stack it refuses everything and says
//! [`Reason::NoLayer`](crate::Reason::NoLayer). [`ConsentChange`] is a response part, [`Narrow`] too. The
//! extractors and answers of sign-in tokens stand in `token.rs`.

#[cfg(feature = "pages")]
mod pages;
mod record;
mod token;

use std::convert::Infallible;

use axum_core::{
    extract::FromRequestParts,
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use http::request::Parts;

use crate::{cookies::change::ConsentChange, decide::Decision, enforce::ConsentContext, policy::Narrow};

impl<S: Sync> FromRequestParts<S> for Decision {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(ConsentContext::of(&parts.extensions).map_or_else(Self::no_layer, |context| context.decision().clone()))
    }
}

impl IntoResponseParts for ConsentChange {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.apply(parts.headers_mut());
        Ok(parts)
    }
}

impl IntoResponse for ConsentChange {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

impl IntoResponseParts for Narrow {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.apply(parts.extensions_mut());
        Ok(parts)
    }
}

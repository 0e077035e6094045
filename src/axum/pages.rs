//! The consent pages: [`Fragments`] is an extractor, [`PromptPage`] an answer.

use std::convert::Infallible;

use axum_core::{
    body::Body,
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{
    decide::Decision,
    endpoint::{ConsentPages, Fragments, PromptPage},
    enforce::ConsentContext,
};

/// Banner, footer and head for the page that is asked for, where the state has the [`ConsentPages`]. Never fails.
///
/// A router that nests another takes the prefix off the path, so inside of a nested one the banner would lead back to a path
/// that is not there: there, [`ConsentPages::fragments`] with the path of axum's `OriginalUri`.
impl<S> FromRequestParts<S> for Fragments
where
    S: Send + Sync,
    ConsentPages: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let pages = ConsentPages::from_ref(state);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(match ConsentContext::of(&parts.extensions) {
            Some(context) => pages.fragments(context.decision(), &parts.headers, path),
            None => pages.fragments(&Decision::no_layer(), &parts.headers, path),
        })
    }
}

impl IntoResponse for PromptPage {
    fn into_response(self) -> Response {
        self.into_answer().map(Body::from)
    }
}

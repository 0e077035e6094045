//! What the guard itself says where the site cannot: a status and a sentence.

use std::error::Error;

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode, Version,
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::{BodyExt, Full};

use super::{Outgoing, body::Stalled};

/// Why a request was not answered by the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    words: &'static str,
}

impl Refusal {
    pub(crate) const NO_TUNNEL: Self = Self::new(StatusCode::NOT_IMPLEMENTED, "Neither CONNECT nor TRACE pass here.");
    pub(crate) const CODING: Self =
        Self::new(StatusCode::NOT_IMPLEMENTED, "Of all transfer codings only \"chunked\" is understood here.");
    pub(crate) const TWO_LENGTHS: Self =
        Self::new(StatusCode::BAD_REQUEST, "Content-Length and Transfer-Encoding contradict each other.");
    pub(crate) const NO_HOST: Self =
        Self::new(StatusCode::BAD_REQUEST, "The request does not say, or not clearly, which host it asks.");
    pub(crate) const NO_PATH: Self = Self::new(StatusCode::BAD_REQUEST, "The request asks for no path.");
    pub(crate) const EXPECTATION: Self =
        Self::new(StatusCode::EXPECTATION_FAILED, "Nothing but \"100-continue\" can be expected here.");
    pub(crate) const STALLED: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, "The request did not arrive in time: its body stopped moving.");
    pub(crate) const UNREACHABLE: Self =
        Self::new(StatusCode::BAD_GATEWAY, "The site behind this address cannot be reached. Please try again soon.");
    pub(crate) const GARBLED: Self =
        Self::new(StatusCode::BAD_GATEWAY, "The site behind this address gave no valid answer. Please try again soon.");
    pub(crate) const LATE: Self = Self::new(
        StatusCode::GATEWAY_TIMEOUT,
        "The site behind this address did not answer in time. Please try again soon.",
    );

    const fn new(status: StatusCode, words: &'static str) -> Self {
        Self { status, words }
    }

    /// Why the client that speaks with the site has failed.
    pub(crate) fn of(error: &hyper_util::client::legacy::Error) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause);
            next = cause.source();
        }
        let mut causes = causes.into_iter();
        let is_late = |cause: &(dyn Error + 'static)| {
            cause.downcast_ref::<std::io::Error>().is_some_and(|cause| cause.kind() == std::io::ErrorKind::TimedOut)
        };
        if causes.clone().any(|cause| cause.is::<Stalled>()) {
            Self::STALLED
        } else if error.is_connect() {
            if causes.any(is_late) { Self::LATE } else { Self::UNREACHABLE }
        } else {
            Self::GARBLED
        }
    }

    /// The answer to a request of this version. Where the fault is the request's, whose end may be in
    /// doubt, the connection ends with it.
    pub(crate) fn answer(self, version: Version) -> Response<Outgoing> {
        let words = Bytes::from(format!("{}\n", self.words));
        let mut answer = Response::new(Full::new(words).map_err(|never| match never {}).boxed_unsync());
        *answer.status_mut() = self.status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let is_of_request = self.status.is_client_error() || self.status == StatusCode::NOT_IMPLEMENTED;
        if is_of_request && version < Version::HTTP_2 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

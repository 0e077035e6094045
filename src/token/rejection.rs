//! The answer where a session is needed and there is none.

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts};

use super::{context::TokenContext, presented::Presented, session::Session};
use crate::store::StoreError;

/// Why a request has no session. As an answer: 401 with `WWW-Authenticate`, 503 where the store cannot tell, 500 where no
/// token layer stands in the stack; or what [`TokenLayer::with_answer`](super::TokenLayer::with_answer) gives.
#[derive(Debug)]
pub struct SessionRejection {
    kind: RejectionKind,
    answer: Option<Box<Response<Bytes>>>,
}

/// Why a request has no session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The request shows no token.
    NoToken,
    /// The request shows a token that is unknown, has ended or is none, or two that differ.
    NoLiveToken,
    /// The store cannot tell: neither signed in nor anonymous.
    Unavailable(StoreError),
    /// No token layer handled the request.
    NoLayer,
}

impl SessionRejection {
    /// The session of a request, or why there is none, with the application's own answer to it.
    pub(crate) async fn or_session(context: TokenContext, parts: &Parts) -> Result<Session, Self> {
        let session = context.session(&parts.headers);
        let kind = match session.await {
            Ok(Some(session)) => return Ok(session),
            Ok(None) if context.presented(&parts.headers) == Presented::Nothing => RejectionKind::NoToken,
            Ok(None) => RejectionKind::NoLiveToken,
            Err(error) => RejectionKind::Unavailable(error),
        };
        Err(Self::answered(kind, &context, parts))
    }

    pub(crate) fn of(kind: RejectionKind) -> Self {
        if let RejectionKind::Unavailable(error) = &kind {
            tell(error);
        }
        Self { kind, answer: None }
    }

    /// With the application's own answer, if it has one.
    pub(crate) fn answered(kind: RejectionKind, context: &TokenContext, parts: &Parts) -> Self {
        let rejection = Self::of(kind);
        let answer = context.settings().answer.as_ref().map(|answer| Box::new(answer(&rejection, parts)));
        Self { answer, ..rejection }
    }

    /// Why there is no session.
    #[must_use]
    pub const fn kind(&self) -> &RejectionKind {
        &self.kind
    }

    /// Whether the request is anonymous: it shows no live token, and nothing failed.
    #[must_use]
    pub const fn is_anonymous(&self) -> bool {
        matches!(self.kind, RejectionKind::NoToken | RejectionKind::NoLiveToken)
    }

    /// The status of the answer, unless the application has its own.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self.kind {
            RejectionKind::NoToken | RejectionKind::NoLiveToken => StatusCode::UNAUTHORIZED,
            RejectionKind::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            RejectionKind::NoLayer => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer.
    #[must_use]
    pub fn into_answer(self) -> Response<Bytes> {
        if let Some(answer) = self.answer {
            return *answer;
        }
        let mut answer = Response::new(Bytes::from(self.text()));
        *answer.status_mut() = self.status();
        let headers: &mut HeaderMap = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        // RFC 9110 section 11.6.1 and RFC 6750 section 3: a 401 says how to sign in, and an error only where something
        // was tried.
        match self.kind {
            RejectionKind::NoToken => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            RejectionKind::NoLiveToken => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            RejectionKind::Unavailable(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            RejectionKind::NoLayer => {}
        }
        answer
    }

    const fn text(&self) -> &'static str {
        match self.kind {
            RejectionKind::NoToken | RejectionKind::NoLiveToken => "You are not signed in.\n",
            // What the store said is for the log, not for the visitor.
            RejectionKind::Unavailable(_) => "Sign-ins cannot be checked now. Please try again soon.\n",
            RejectionKind::NoLayer => "No token layer stands in the stack.\n",
        }
    }
}

/// The visitor is told nothing of the store; the log is.
#[cfg(feature = "tracing")]
fn tell(error: &StoreError) {
    tracing::warn!(target: "tower_consent", %error, "the token store failed");
}

#[cfg(not(feature = "tracing"))]
const fn tell(_error: &StoreError) {}

/// Without the application's own answer: for a helper that does more than one thing with the store.
impl From<StoreError> for SessionRejection {
    fn from(error: StoreError) -> Self {
        Self::of(RejectionKind::Unavailable(error))
    }
}

impl fmt::Display for SessionRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().trim_end())
    }
}

impl Error for SessionRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            RejectionKind::Unavailable(error) => Some(error),
            _ => None,
        }
    }
}

//! What is wrong with a request, in words that a person and a program can read.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use crate::cookies::change::ConsentChange;

/// Why a request was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    Malformed,
    UnknownName,
    ForeignOrigin,
    Stranger,
    NotFound,
    WrongMethod,
    Outdated,
    Unconfirmed,
    ClosedBySignal,
    NothingToNote,
    UnknownRevision,
    ConsentNeeded,
    NotInPolicy,
    TooLarge,
    WrongType,
    NoLayer,
    Unavailable,
}

impl FaultKind {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::UnknownName => StatusCode::BAD_REQUEST,
            Self::ForeignOrigin | Self::Stranger | Self::UnknownRevision | Self::ConsentNeeded => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Outdated | Self::Unconfirmed | Self::ClosedBySignal | Self::NothingToNote => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoLayer | Self::NotInPolicy => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The kind as a label, for programs.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownName => "unknown-name",
            Self::ForeignOrigin => "foreign-origin",
            Self::Stranger => "unknown-visitor",
            Self::NotFound => "not-found",
            Self::WrongMethod => "method-not-allowed",
            Self::Outdated => "revision-outdated",
            Self::Unconfirmed => "confirmation-needed",
            Self::ClosedBySignal => "closed-by-signal",
            Self::NothingToNote => "nothing-to-note",
            Self::UnknownRevision => "revision-unknown",
            Self::ConsentNeeded => "consent-needed",
            Self::NotInPolicy => "not-in-policy",
            Self::TooLarge => "too-large",
            Self::WrongType => "unsupported-type",
            Self::NoLayer => "no-layer",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A kind, the place and the value, and one sentence.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    pub(super) field: Option<Cow<'static, str>>,
    pub(super) value: Option<String>,
    pub(super) detail: String,
    /// What the same request refused: that is done, whatever became of the rest.
    pub(super) refused: Option<Box<ConsentChange>>,
}

/// Of a value that somebody sent, so much is sent back.
const SHOWN: usize = 80;

impl Fault {
    pub(super) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, field: None, value: None, detail: detail.into(), refused: None }
    }

    /// A field whose value is not what it should be.
    pub(super) fn malformed(field: impl Into<Cow<'static, str>>, value: &str, why: &str) -> Self {
        Self::of_field(FaultKind::Malformed, field, value, why)
    }

    pub(super) fn of_field(kind: FaultKind, field: impl Into<Cow<'static, str>>, value: &str, why: &str) -> Self {
        let (field, value) = (field.into(), cut(value));
        let field = match field {
            Cow::Owned(name) => Cow::Owned(cut(&name)),
            known => known,
        };
        let detail = format!("{field} = {value:?}: {why}");
        Self { kind, field: Some(field), value: Some(value), detail, refused: None }
    }

    /// A field that must be there.
    pub(super) fn missing(field: &'static str, why: &str) -> Self {
        let detail = format!("{field} is missing: {why}");
        Self { kind: FaultKind::Malformed, field: Some(field.into()), value: None, detail, refused: None }
    }

    pub(super) fn no_layer() -> Self {
        let detail = "No ConsentLayer handled this request. The consent pages stand inside of it: add \
                      `.layer(ConsentLayer::new(policy))` after the routes, outermost.";
        Self::new(FaultKind::NoLayer, detail)
    }

    pub(super) fn unavailable() -> Self {
        // What the store said is for the log, not for the visitor.
        Self::new(
            FaultKind::Unavailable,
            "The choice cannot be stored now, so nothing was switched on. Please try again soon.",
        )
    }

    pub(super) fn foreign() -> Self {
        let detail = "This consent did not come from a page of this site, so nothing was switched on.";
        Self::new(FaultKind::ForeignOrigin, detail)
    }

    /// The members of a problem (RFC 9457).
    pub(super) fn problem(&self) -> Problem<'_> {
        let status = self.kind.status();
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: self.kind.as_str(),
            detail: &self.detail,
            field: self.field.as_deref(),
            value: self.value.as_deref(),
        }
    }
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}\u{2026}", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// A problem as it is sent.
#[derive(Debug, Serialize)]
pub(super) struct Problem<'f> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'f str>,
}

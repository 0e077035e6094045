//! Answers, with the header fields that each kind of them has.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use super::fault::{Fault, FaultKind};

/// Nothing but what the pages bring themselves: no inline code or style, no other host, no frame around them.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// An answer whose body is at hand.
pub(super) type Answer = Response<Bytes>;

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A page of HTML.
pub(super) fn page(status: StatusCode, html: String) -> Answer {
    let mut answer = answer(status, "text/html; charset=utf-8", html);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // For who does not know `frame-ancestors`.
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    retry_later(status, headers);
    answer
}

/// 303: the browser asks for this path by GET.
pub(super) fn see_other(path: &str) -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(path) = HeaderValue::from_str(path) {
        answer.headers_mut().insert(header::LOCATION, path);
    }
    answer
}

/// JSON.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    answer(status, "application/json", body)
}

/// A problem (RFC 9457).
pub(super) fn problem(fault: &Fault) -> Answer {
    problem_with(fault, &fault.problem())
}

/// A problem with members of its own.
pub(super) fn problem_with(fault: &Fault, body: &impl Serialize) -> Answer {
    let status = fault.kind.status();
    let mut answer = answer(status, "application/problem+json", serde_json::to_vec(body).unwrap_or_default());
    retry_later(status, answer.headers_mut());
    answer
}

/// The fault as text, for who gets neither pages nor JSON.
pub(super) fn plain(fault: &Fault) -> Answer {
    let status = fault.kind.status();
    let mut answer = answer(status, "text/plain; charset=utf-8", format!("{}\n", fault.detail));
    retry_later(status, answer.headers_mut());
    answer
}

fn retry_later(status: StatusCode, headers: &mut HeaderMap) {
    if status == FaultKind::Unavailable.status() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
}

/// The answer to `OPTIONS`, and to a method that is not known.
pub(super) fn allow(mut answer: Answer, methods: &'static str) -> Answer {
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    answer
}

/// 204.
pub(super) fn nothing() -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A JSON file to be saved.
pub(super) fn file(name: &'static str, json: impl Into<Bytes>) -> Answer {
    let mut answer = self::json(StatusCode::OK, json);
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    answer
}

/// For `HEAD`: the same without the body, whose length stays.
pub(super) fn without_body(mut answer: Answer) -> Answer {
    let length = HeaderValue::from(answer.body().len());
    answer.headers_mut().insert(header::CONTENT_LENGTH, length);
    *answer.body_mut() = Bytes::new();
    answer
}

/// Adds a name to `Vary`.
pub(super) fn vary(headers: &mut HeaderMap, name: &'static HeaderName) {
    headers.append(header::VARY, HeaderValue::from_name(name.clone()));
}

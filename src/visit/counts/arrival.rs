//! What is read of a request that asks for a page.

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use memchr::memmem;

use crate::visit::{
    anonymize::{self, Agent},
    is_document, without_parameters,
};

/// A request for a page.
#[derive(Debug)]
pub(super) struct Arrival {
    /// Whether it comes from elsewhere.
    pub(super) is_visit: bool,
    /// What is read only of who may be tracked.
    pub(super) who: Option<Who>,
}

#[derive(Debug)]
pub(super) struct Who {
    pub(super) agent: Agent,
    pub(super) path: Box<str>,
}

impl Arrival {
    /// What is read of a request, if it asks for a page that somebody sees.
    pub(super) fn of<B>(request: &Request<B>, may_track: bool) -> Option<Self> {
        let headers = request.headers();
        if request.method() != Method::GET || !asks_for_document(headers) || is_speculative(headers) {
            return None;
        }
        let who = may_track.then(|| {
            let agent = text(headers, &header::USER_AGENT).unwrap_or_default();
            Who { agent: anonymize::user_agent(agent), path: without_parameters(request.uri().path()).into() }
        });
        Some(Self { is_visit: is_from_elsewhere(request), who })
    }
}

/// Whether an answer is a page, or says that the browser has it.
pub(super) fn is_page<C>(answer: &Response<C>) -> bool {
    answer.status() == StatusCode::NOT_MODIFIED || (answer.status().is_success() && is_document(answer.headers()))
}

fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn asks_for_document(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-dest") {
        Some(destination) => destination == "document",
        None => {
            let mut accepted = headers.get_all(header::ACCEPT).iter();
            accepted.any(|accept| memmem::find(accept.as_bytes(), b"text/html").is_some())
        }
    }
}

/// Whether the browser only fetches what it guesses will be asked for.
fn is_speculative(headers: &HeaderMap) -> bool {
    let says = |name| headers.get(name).is_some_and(|value| value.as_bytes().starts_with(b"prefetch"));
    says("sec-purpose") || says("purpose")
}

fn is_from_elsewhere<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin";
    }
    let Some(referrer) = text(headers, &header::REFERER).and_then(anonymize::referrer) else { return true };
    let named = || text(headers, &header::HOST);
    let host = request.uri().authority().map(http::uri::Authority::as_str).or_else(named).unwrap_or_default();
    let referrer = referrer.split_once("://").map_or("", |(_, place)| place);
    !without_port(referrer).eq_ignore_ascii_case(without_port(host))
}

/// Behind a proxy the scheme of the request is not known, and so neither is its port.
fn without_port(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.ends_with(':') => host,
        _ => place,
    }
}

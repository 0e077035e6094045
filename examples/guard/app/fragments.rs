//! Banner and footer for pages that another program writes: as JSON, and as a script that puts them in.

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::{BodyExt, Full};
use tower_consent::{ConsentContext, ConsentPages, Decision};

use super::Outgoing;

const SCRIPT: &str = include_str!("include.js");

/// Answers what stands below the consent pages beside them; `None` for what is theirs.
pub(super) fn answer<B>(pages: &ConsentPages, path: &str, request: &Request<B>) -> Option<Response<Outgoing>> {
    let (kind, cache, body) = match path {
        "/include.js" => ("text/javascript; charset=utf-8", "public, max-age=3600", SCRIPT.to_owned()),
        "/fragments" => ("application/json", "no-store", fragments(pages, request)),
        _ => return None,
    };
    let is_known = matches!(*request.method(), Method::GET | Method::HEAD);
    let body = if is_known { body } else { "Only GET and HEAD.\n".to_owned() };
    let mut answer = Response::new(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync());
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_known {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    }
    Some(answer)
}

fn fragments<B>(pages: &ConsentPages, request: &Request<B>) -> String {
    let decision = ConsentContext::of(request.extensions()).map(|context| context.decision().clone());
    let decision = decision.unwrap_or_else(Decision::no_layer);
    let query = request.uri().query().unwrap_or_default();
    // Where the visitor is; what is no path of this site leads to the preferences.
    let path = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "path");
    let path = path.map_or_else(|| "/".into(), |(_, path)| path);
    let fragments = pages.fragments(&decision, request.headers(), &path);
    serde_json::json!({ "head": fragments.head, "banner": fragments.banner, "footer": fragments.footer }).to_string()
}

//! Where a form comes from: a page of this very site, or another's.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::Response,
};

use super::message::message;

/// Lets forms of this site through, and nobody else's. `SameSite=Lax` already keeps the token cookie out of other sites'
/// forms; this stops sister hosts of the same domain too, and a stranger who signs the visitor in under a name of theirs.
pub(super) async fn own_forms_only(request: Request, next: Next) -> Response {
    // A browser adds a cookie by itself, and a password that it knows, but never a bearer token: who sends one means it.
    let is_bearer =
        |value: &HeaderValue| value.as_bytes().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
    let is_meant = request.headers().get(header::AUTHORIZATION).is_some_and(is_bearer);
    if request.method() == Method::POST && !is_meant && !is_same_origin(request.uri(), request.headers()) {
        return message(StatusCode::FORBIDDEN, "Nothing was changed", "This form came from another site.");
    }
    next.run(request).await
}

/// Whether the browser says that the form stood on a page of this very site. Browsers that do not say `Sec-Fetch-Site`
/// still say `Origin` with a POST; who says neither is no browser with a visitor in front of it.
fn is_same_origin(uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = uri.authority().map(Authority::as_str).or_else(|| text(header::HOST.as_str()));
    let origin = text(header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin == host)
}

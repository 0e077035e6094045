//! The demo as a function of its policy and its tokens, so that tests run the very same application.

pub(crate) mod account;
mod choice;
pub(crate) mod device;
mod origin;
mod page;
mod shop;
mod witness;

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_consent::{ConsentLayer, Policy, TokenLayer, Tokens};
use tower_sessions::{MemoryStore, SessionManagerLayer};

/// The whole application under this policy, with these sign-in tokens.
pub(crate) fn app(policy: Policy, tokens: Tokens) -> Router {
    let account = Router::new()
        .route("/sign-in", get(account::sign_in_page).post(account::sign_in))
        .route("/sign-out", post(account::sign_out))
        .route("/account", get(account::account))
        .route("/account/end", post(account::end_one))
        .route("/account/end-all", post(account::end_all))
        .route_layer(middleware::from_fn(origin::own_forms_only));
    let tokens = TokenLayer::new(tokens).with_answer(account::no_session);
    Router::new()
        .merge(account)
        .route("/", get(page::home))
        .route("/consent", post(choice::answer))
        .route("/shop", get(shop::shop))
        .route("/shop/cart", post(shop::add_to_cart))
        .route("/shop/language", post(shop::pick_language))
        .route("/everything", get(shop::set_everything))
        .route("/echo", get(page::echo))
        .route("/style.css", get(|| asset("text/css; charset=utf-8", include_str!("pages/style.css"))))
        .route("/forget.css", get(account::forget))
        .route("/tag.js", get(|| asset("text/javascript; charset=utf-8", include_str!("pages/tag.js"))))
        .fallback(page::not_found)
        .layer(SessionManagerLayer::new(MemoryStore::default()))
        .layer(middleware::map_response(harden))
        .layer(middleware::from_fn(witness::inside))
        // Around everything that sets or reads cookies; the tokens are part of it.
        .layer(ConsentLayer::new(policy).add_observer(witness::observe).with_tokens(tokens))
        // Only because the demo shows what the consent layer takes away: an application has no witness.
        .layer(middleware::from_fn(witness::outside))
}

async fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], text)
}

/// The pages show names that come from visitors. They are escaped; this is the second lock on the same door.
async fn harden(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; \
                 base-uri 'none'; frame-ancestors 'none'",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Not `no-referrer`: under it browsers send `Origin: null` with forms, and the check of forms would fail.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    response.headers_mut().extend(HEADERS);
    response
}

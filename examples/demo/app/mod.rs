//! The demo as a function of its policy, its tokens and its records, so that tests run the very same application.

pub(crate) mod account;
pub(crate) mod device;
mod documents;
mod film;
mod message;
mod office;
mod origin;
pub(crate) mod own_cookies;
mod page;
mod publish;
mod requests;
mod shop;
pub(crate) mod statistics;
mod witness;

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
};

use axum::{
    Extension, Router,
    extract::{ConnectInfo, FromRef},
    http::{HeaderName, HeaderValue, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_consent::{
    AccountLink, ConsentLayer, ConsentPages, GpcResource, HiddenFields, MemorySink, PolicyBuilder, Records,
    RequireRevision, TokenLayer, Tokens, VisitLayer, VisitLog,
};
use tower_sessions::{MemoryStore, SessionManagerLayer};

use self::{publish::Publisher, statistics::Statistics};

/// What handlers share. Tokens and records come with each request.
#[derive(Clone)]
pub(crate) struct Demo {
    pages: ConsentPages,
    publisher: Publisher,
}

/// With this, handlers take [`Fragments`](tower_consent::Fragments).
impl FromRef<Demo> for ConsentPages {
    fn from_ref(demo: &Demo) -> Self {
        demo.pages.clone()
    }
}

impl FromRef<Demo> for Publisher {
    fn from_ref(demo: &Demo) -> Self {
        demo.publisher.clone()
    }
}

/// The whole application under this policy, with these sign-in tokens and consent records.
#[allow(dead_code, reason = "tests start it so; `main` has a visit log of its own")]
pub(crate) fn app(policy: PolicyBuilder, tokens: Tokens, records: Records) -> Result<Router, Box<dyn Error>> {
    app_with(policy, tokens, records, Statistics::default(), VisitLog::to(MemorySink::new())?)
}

/// The same with these statistics and this visit log.
pub(crate) fn app_with(
    policy: PolicyBuilder,
    tokens: Tokens,
    records: Records,
    statistics: Statistics,
    visits: VisitLog,
) -> Result<Router, Box<dyn Error>> {
    let publisher = Publisher::new(policy)?;
    let policy = publisher.handle();
    let pages = ConsentPages::at("/privacy", records.clone());
    let demo = Demo { pages: pages.clone(), publisher };

    // Who has not seen the current revision is shown it first. Signing out, erasure and the documents stay open.
    let checkout = Router::new()
        .route("/shop/checkout", get(shop::checkout).post(shop::order))
        .route_layer(RequireRevision::new(pages.clone()));
    let account = Router::new()
        .route("/sign-in", get(account::sign_in_page).post(account::sign_in))
        .route("/sign-out", post(account::sign_out))
        .route("/account", get(account::account))
        .route("/account/end", post(account::end_one))
        .route("/account/end-all", post(account::end_all))
        .route("/account/request", post(requests::receive));
    // A real site puts these behind a log-in of its staff.
    let office = Router::new()
        .route("/records", get(office::office))
        .route("/records/proof", get(office::proof))
        .route("/records/publish", post(office::publish))
        .route("/records/answered", post(requests::answered));
    let own_forms = account.merge(office).route_layer(middleware::from_fn(origin::own_forms_only));
    let counts = statistics.counts();
    let open_numbers = Router::new()
        .route("/statistics", get(statistics::page))
        .route("/statistics.json", get(statistics::json))
        .route("/statistics.prom", get(statistics::prometheus))
        .layer(Extension(statistics));
    let site = Router::new()
        .merge(checkout)
        .merge(own_forms)
        .route("/", get(page::home))
        .route("/shop", get(shop::shop))
        .route("/shop/cart", post(shop::add_to_cart))
        .route("/shop/language", post(shop::pick_language))
        .route("/film", get(film::film))
        .route("/player", get(film::player))
        .route("/privacy-policy", get(documents::privacy_policy))
        .route("/imprint", get(documents::imprint))
        .merge(open_numbers)
        .route("/everything", get(shop::set_everything))
        .route("/echo", get(page::echo))
        .route("/style.css", get(|| asset("text/css; charset=utf-8", include_str!("pages/style.css"))))
        .route("/forget.css", get(account::forget))
        .route("/tag.js", get(|| asset("text/javascript; charset=utf-8", include_str!("pages/tag.js"))))
        .route("/bearer.js", get(|| asset("text/javascript; charset=utf-8", include_str!("pages/bearer.js"))))
        .route("/reload.js", get(|| asset("text/javascript; charset=utf-8", include_str!("pages/reload.js"))))
        .fallback(message::not_found)
        .layer(SessionManagerLayer::new(MemoryStore::default()))
        .layer(middleware::from_fn_with_state(demo.clone(), message::framed))
        .layer(middleware::map_response(harden))
        .with_state(demo);
    let tokens = TokenLayer::new(tokens).with_answer(account::no_session);
    Ok(site
        .nest_service("/privacy", pages)
        .route_service("/.well-known/gpc.json", GpcResource::of(policy.clone()))
        .layer(middleware::from_fn(witness::inside))
        // An opt-out counts on every browser of the person who is signed in.
        .layer(AccountLink)
        // Around everything that sets or reads cookies; the records and the tokens are part of it.
        .layer(
            ConsentLayer::new(policy)
                .add_observer(witness::observe)
                .with_records(records)
                .with_tokens(tokens)
                // Handlers see less of who may not be tracked, and the log knows nobody of them.
                .with_hidden(HiddenFields::new())
                .with_visits(VisitLayer::new(visits).with_peer(peer))
                .with_counts(counts),
        )
        // Only because the demo shows what the consent layer takes away: an application has no witness.
        .layer(middleware::from_fn(witness::outside)))
}

/// The other end of the connection, where the server tells it.
fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

async fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], text)
}

/// The pages show names that come from visitors. They are escaped; this is the second lock on the same door. The consent
/// script needs `connect-src`, the film a frame.
async fn harden(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; \
                 img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Not `no-referrer`: under it browsers send `Origin: null` with forms, and the check of forms would fail.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    // A prompt and the page of the gate bring their own.
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

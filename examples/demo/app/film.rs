//! Content of another company: asked for in context, and opened once its service is allowed.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower_consent::{ConsentPages, Decision, Fragments};

use super::{
    message::{message, not_found},
    page::render,
};

/// The company's service in the demo's own policy.
pub(super) const SERVICE: &str = "video";

#[derive(Template)]
#[template(path = "film.html", config = "examples/demo/askama.toml")]
struct Film {
    fragments: Fragments,
}

/// The page with the film, or the question for it.
pub(super) async fn film(
    State(pages): State<ConsentPages>,
    decision: Decision,
    headers: HeaderMap,
    fragments: Fragments,
) -> Response {
    if decision.allows_service(SERVICE) {
        return render(StatusCode::OK, &Film { fragments });
    }
    if decision.policy().services().all(|(name, _)| name != SERVICE) {
        return not_found().await;
    }
    pages.prompt_page(&decision, &headers, "/film", SERVICE).into_response()
}

#[derive(Template)]
#[template(path = "player.html", config = "examples/demo/askama.toml")]
struct Player;

/// Stands for the other company's page, which would come from its own host.
pub(super) async fn player(decision: Decision) -> Response {
    if !decision.allows_service(SERVICE) {
        return message(StatusCode::FORBIDDEN, "No film without consent", "Nothing of Example Video is loaded.");
    }
    let cookie = [(header::SET_COOKIE, "player=0s; Path=/; Max-Age=2592000")];
    (cookie, render(StatusCode::OK, &Player)).into_response()
}

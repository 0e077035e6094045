//! Pages that say one thing. What goes wrong deep inside knows nothing of the visitor: it leaves a [`Message`] in the
//! answer, and a layer around all routes makes the page of it, with banner and footer like every other.

use askama::Template;
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Method, StatusCode, Uri},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_consent::Fragments;

use super::{Demo, page::render};

#[derive(Clone)]
struct Message {
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "message.html", config = "examples/demo/askama.toml")]
struct MessagePage {
    fragments: Fragments,
    message: Message,
}

/// A page that says one thing.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Message { title: title.to_owned(), text: text.to_owned() });
    response
}

pub(super) async fn not_found() -> Response {
    message(StatusCode::NOT_FOUND, "No such page", "The demo has nothing here.")
}

/// Puts messages into the frame of the site.
pub(super) async fn framed(State(demo): State<Demo>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(message) = response.extensions_mut().remove::<Message>() else { return response };
    if asked.method != Method::GET {
        // There is no page to come back to after a choice.
        asked.uri = Uri::from_static("/");
    }
    let Ok(fragments) = Fragments::from_request_parts(&mut asked, &demo).await;
    let page = render(response.status(), &MessagePage { fragments, message });
    // What a handler says in headers stays.
    let (mut page, body) = page.into_parts();
    page.headers.extend(response.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    Response::from_parts(page, body)
}

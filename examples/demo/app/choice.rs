//! What the visitor answers: forms that are posted, and checked against other sites.

use axum::{
    Form,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use tower_consent::{Category, Decision, Selection};

use super::{origin::is_same_origin, page::message};

/// Takes an answer. A refusal or withdrawal always counts: who forges one only protects the visitor. Consent that may
/// come from another site does not.
pub(super) async fn answer(
    decision: Decision,
    uri: Uri,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let selection = match field("answer") {
        Some("accept") => Some(Selection::all()),
        Some("choose") => match selection(&fields) {
            Ok(selection) => selection,
            Err(error) => return message(StatusCode::BAD_REQUEST, "That cannot be chosen", &error),
        },
        Some("reject" | "withdraw") => None,
        _ => return message(StatusCode::BAD_REQUEST, "No such answer", "The form has no answer that this page knows."),
    };
    let change = match selection {
        None => decision.refuse_all(),
        Some(_) if !is_same_origin(&uri, &headers) => {
            return message(StatusCode::FORBIDDEN, "Nothing was changed", "This consent came from another site.");
        }
        Some(selection) => match decision.choose_unrecorded(&selection) {
            Ok(change) => change,
            Err(error) => return message(StatusCode::BAD_REQUEST, "That cannot be chosen", &error.to_string()),
        },
    };
    let closed: Vec<_> = change.closed_by_signal().iter().map(|category| category.to_string()).collect();
    if !closed.is_empty() {
        let text = format!("Your browser's signal keeps this off: {}.", closed.join(", "));
        return (change, message(StatusCode::CONFLICT, "Not all of it was stored", &text)).into_response();
    }
    // Only pages of our own are gone back to.
    let back = if field("back") == Some("/shop") { "/shop" } else { "/" };
    (change, Redirect::to(back)).into_response()
}

/// The ticked boxes; `None` if there are none, which refuses everything.
fn selection(fields: &[(String, String)]) -> Result<Option<Selection>, String> {
    let mut selection = Selection::none();
    let mut is_empty = true;
    for (name, value) in fields {
        selection = match name.as_str() {
            "category" => selection.grant(Category::new(value).map_err(|error| error.to_string())?),
            "service" => selection.grant_service(value),
            _ => continue,
        };
        is_empty = false;
    }
    Ok((!is_empty).then_some(selection))
}

//! What a signed-in person asks for besides what the pages do at once, and by when it must be answered.

use axum::{
    Form,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_consent::{DueRule, Records, RequestKind, Rights, Session};

use super::{account::AccountError, message::message};

#[derive(Deserialize)]
pub(super) struct RequestForm {
    kind: RequestKind,
}

/// A request is on record, with its day, before anybody reads it.
pub(super) async fn receive(
    session: Session,
    records: Records,
    Form(form): Form<RequestForm>,
) -> Result<Response, AccountError> {
    // 30 days: the month of GDPR Art. 12(3).
    let request = Rights::new(records).receive(Some(session.subject()), form.kind, &DueRule::days(30)).await?;
    let text = format!("We answer your request ({}) by {}.", request.kind, request.due);
    Ok(message(StatusCode::OK, "Your request has been received", &text))
}

#[derive(Deserialize)]
pub(super) struct AnsweredForm {
    chain: String,
    number: u64,
}

/// The staff has answered.
pub(super) async fn answered(records: Records, Form(form): Form<AnsweredForm>) -> Result<Response, AccountError> {
    let rights = Rights::new(records);
    let requests = rights.requests().await?;
    let is_it = |place: tower_consent::EntryPlace| place.number == form.number && place.chain.to_string() == form.chain;
    let Some(request) = requests.iter().find(|request| is_it(request.place) && request.answered.is_none()) else {
        return Ok(message(StatusCode::NOT_FOUND, "No such request", "It is answered already, or was erased."));
    };
    rights.answer(request).await?;
    Ok(Redirect::to("/records").into_response())
}

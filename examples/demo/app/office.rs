//! What a data-protection officer sees: the records, whether they are intact, proofs, requests, and the next revision.
//!
//! Anybody can open it, because a demo has no staff. A real site puts it behind a log-in.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use tower_consent::{
    DayCount, Decision, Fragments, Owner, Policy, RecordId, Records, Rights, RightsRequest, Session, Verification,
};
use url::form_urlencoded::byte_serialize;

use super::{
    account::{AccountError, NO_STORE},
    message::message,
    page::render,
    publish::{Publisher, PublishingError},
};

const LATEST: usize = 20;

#[derive(Template)]
#[template(path = "office.html", config = "examples/demo/askama.toml")]
struct Office<'a> {
    fragments: Fragments,
    policy: &'a Policy,
    has_material_revision: bool,
    events: Vec<Event>,
    counts: Vec<DayCount>,
    verification: Verification,
    requests: Vec<RightsRequest>,
    /// The number of this browser's record.
    record: Option<String>,
    /// The account that is signed in, and where its proof stands.
    account: Option<(&'a str, String)>,
}

/// A line of the records.
#[derive(Deserialize)]
struct Event {
    time: String,
    /// What became of a grant.
    state: Option<String>,
    outcome: String,
    method: String,
    revision: u32,
    granted: Vec<String>,
    granted_services: Vec<String>,
    refused: Vec<String>,
    refused_services: Vec<String>,
    record: Option<String>,
    subject: Option<String>,
}

impl Event {
    /// To the second: "2026-11-22 09:00:00".
    fn second(&self) -> String {
        self.time.chars().take(19).map(|sign| if sign == 'T' { ' ' } else { sign }).collect()
    }

    fn granted(&self) -> String {
        list(&self.granted, &self.granted_services)
    }

    fn refused(&self) -> String {
        list(&self.refused, &self.refused_services)
    }

    /// Where the proof of the account stands.
    fn account_proof(&self) -> Option<String> {
        self.subject.as_deref().map(account_proof)
    }
}

/// The address of an account's proof.
fn account_proof(subject: &str) -> String {
    let account: String = byte_serialize(subject.as_bytes()).collect();
    format!("/records/proof?account={account}")
}

fn list(categories: &[String], services: &[String]) -> String {
    let all: Vec<_> = categories.iter().chain(services).map(String::as_str).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

pub(super) async fn office(
    State(publisher): State<Publisher>,
    decision: Decision,
    fragments: Fragments,
    session: Option<Session>,
    records: Records,
) -> Result<Response, AccountError> {
    let lines = records.latest(LATEST).await?;
    let page = Office {
        policy: decision.policy(),
        has_material_revision: publisher.has_material_revision(),
        events: lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        counts: records.day_counts().await?,
        verification: records.verify().await?,
        requests: Rights::new(records).requests().await?,
        record: decision.choice().and_then(|choice| choice.record_id()).map(|id| id.to_string()),
        account: session.as_ref().map(|session| (session.subject(), account_proof(session.subject()))),
        fragments,
    };
    Ok((NO_STORE, render(StatusCode::OK, &page)).into_response())
}

/// Whose proof: of a browser's record, or of an account.
#[derive(Deserialize)]
pub(super) struct Whose {
    record: Option<String>,
    account: Option<String>,
}

impl Whose {
    fn owner(self) -> Option<Owner> {
        let record = |text: String| Some(RecordId::from_bytes(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?));
        match (self.record, self.account) {
            (Some(text), None) => record(text).map(Owner::Record),
            (None, Some(account)) => Some(Owner::Subject(Arc::from(account))),
            _ => None,
        }
    }
}

/// The proof as a file: what a regulator is sent.
pub(super) async fn proof(records: Records, Query(whose): Query<Whose>) -> Result<Response, AccountError> {
    let Some(owner) = whose.owner() else {
        return Ok(message(StatusCode::BAD_REQUEST, "No such record", "The address names no record and no account."));
    };
    let proof = records.proof(&owner).await?;
    if proof.is_empty() {
        return Ok(message(StatusCode::NOT_FOUND, "Nothing is on record", "There is no proof to be had."));
    }
    let mut headers = HeaderMap::from_iter(NO_STORE);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_static("attachment; filename=\"consent-proof.json\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok((headers, proof.to_json()).into_response())
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Material,
    Notice,
}

#[derive(Deserialize)]
pub(super) struct PublishForm {
    kind: Kind,
}

/// Publishes the next revision: it holds from the next request on.
pub(super) async fn publish(State(publisher): State<Publisher>, Form(form): Form<PublishForm>) -> Response {
    let published = match form.kind {
        Kind::Material => publisher.publish_material(),
        Kind::Notice => publisher.publish_notice(),
    };
    match published {
        Ok(()) => Redirect::to("/records").into_response(),
        Err(PublishingError::Policy(error)) => message(StatusCode::CONFLICT, "Not published", &error.to_string()),
        Err(PublishingError::Revision(error)) => message(StatusCode::CONFLICT, "Not published", &error.to_string()),
    }
}

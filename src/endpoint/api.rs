//! The JSON API for single-page applications. `openapi.json` describes it.

use http::StatusCode;
use serde::Serialize;

use super::{
    answer::{self, Answer},
    choose::{self, Manner},
    fault::{Fault, FaultKind, Problem},
    form::is_language,
    json::Object,
    state::State,
    visit::Visit,
    wish::{self, Wish},
};
use crate::{
    cookies::change::{ConsentChange, Selection},
    record::ChoiceMethod,
};

/// `GET /api/state`.
pub(super) fn state(visit: &Visit) -> Answer {
    answer::json(StatusCode::OK, State::of(&visit.decision, &visit.settings).to_json())
}

/// `POST /api/withdraw`. Never fails, and comes from anywhere.
pub(super) async fn withdraw(visit: &Visit) -> Result<Answer, Fault> {
    let manner = Manner { method: ChoiceMethod::Api, revision: None, is_confirmed: false, language: None, asked: None };
    choose::carry_out(visit, &Wish::Withdraw, &manner).await.map(|change| changed(visit, change))
}

/// `POST /api/choice`.
pub(super) async fn choose(visit: &Visit, body: &[u8]) -> Result<Answer, Fault> {
    let known = ["revision", "all", "grant", "grant_services", "refuse_services", "confirm", "language", "method"];
    let object = Object::parse(body, &known)?;
    let wish = wish(visit, &object)?;
    let language = object.text("language")?;
    if let Some(tag) = language.filter(|tag| !is_language(tag)) {
        return Err(Fault::malformed("language", tag, "the tag of a language is expected"));
    }
    let method = match object.text("method")? {
        None | Some("api") => ChoiceMethod::Api,
        Some("banner") => ChoiceMethod::Banner,
        Some("page") => ChoiceMethod::Page,
        Some("footer") => ChoiceMethod::Footer,
        Some(other) => return Err(Fault::malformed("method", other, "banner, page, footer or api is expected")),
    };
    let manner = Manner {
        method,
        revision: object.number("revision")?,
        is_confirmed: object.flag("confirm")?,
        language,
        asked: None,
    };
    let change = choose::carry_out(visit, &wish, &manner).await?;
    Ok(changed(visit, change))
}

/// What the body asks for. Where nothing is granted, everything is refused.
fn wish(visit: &Visit, object: &Object) -> Result<Wish, Fault> {
    let policy = visit.decision.policy();
    let is_all = object.flag("all")?;
    let granted = object.texts("grant")?;
    let granted_services = object.texts("grant_services")?;
    let refused_services = object.texts("refuse_services")?;
    let mut selection = if is_all { Selection::all() } else { Selection::none() };
    for name in &granted {
        selection = selection.grant(wish::category(policy, "grant", name)?);
    }
    for name in &granted_services {
        selection = selection.grant_service(wish::service(policy, "grant_services", name)?);
    }
    for name in &refused_services {
        if granted_services.contains(name) {
            return Err(Fault::malformed("refuse_services", name, "it stands in grant_services too"));
        }
        selection = selection.refuse_service(wish::service(policy, "refuse_services", name)?);
    }
    let is_grant = is_all || !granted.is_empty() || !granted_services.is_empty();
    Ok(if is_grant { Wish::Selected(selection) } else { Wish::RefuseAll })
}

/// The new state with the cookie that remembers it; a conflict where a signal closed something of it.
fn changed(visit: &Visit, change: ConsentChange) -> Answer {
    let decision = choose::decision_after(visit, &change);
    let state = State::of(&decision, &visit.settings);
    let closed: Vec<&str> = decision
        .policy()
        .categories()
        .iter()
        .filter(|category| change.closed_by_signal().contains(**category))
        .map(|category| category.as_str())
        .collect();
    let mut answer = if closed.is_empty() {
        answer::json(StatusCode::OK, state.to_json())
    } else {
        let stored =
            if decision.stores_nothing_by().is_some() { "Nothing is stored." } else { "What was refused is stored." };
        let names = closed.join(", ");
        let detail = format!(
            "The browser sends a signal that this site always obeys, so this was not switched on: {names}. {stored}"
        );
        let fault = Fault::new(FaultKind::ClosedBySignal, detail);
        answer::problem_with(&fault, &Closed { problem: fault.problem(), closed, state: &state })
    };
    change.apply(answer.headers_mut());
    answer
}

#[derive(Serialize)]
struct Closed<'s, 'd> {
    #[serde(flatten)]
    problem: Problem<'s>,
    closed: Vec<&'s str>,
    state: &'s State<'d>,
}

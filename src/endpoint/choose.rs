//! Carrying out what a visitor chooses, and where the visitor goes then.

use http::{StatusCode, header};

use super::{
    answer::{self, Answer},
    fault::{Fault, FaultKind},
    form::{Action, Asked, ChoiceForm, check_revision},
    show::{self, Told},
    urlencoded::{self, Fields},
    visit::{self, Visit},
    wish::Wish,
};
use crate::{
    consent::Reading,
    cookies::change::{ConsentChange, Selection},
    decide::Decision,
    enforce::is_forgotten,
    record::{ChoiceError, ChoiceMethod, Choices},
    store::StoreError,
    token::{Session, TokenContext},
};

/// How a wish came about.
pub(super) struct Manner<'m> {
    pub(super) method: ChoiceMethod,
    pub(super) revision: Option<u32>,
    pub(super) is_confirmed: bool,
    pub(super) language: Option<&'m str>,
    pub(super) asked: Option<&'m Asked>,
}

/// Checks a wish and carries it out. A refusal is not checked and never fails.
pub(super) async fn carry_out(visit: &Visit, wish: &Wish, manner: &Manner<'_>) -> Result<ConsentChange, Fault> {
    let policy = visit.decision.policy();
    if wish.is_grant() {
        if !visit.source.is_trusted() {
            return Err(Fault::foreign());
        }
        check_revision(manner.revision, policy)?;
    }
    let language = visit.shown_language(manner.language);
    let choices = Choices::new(visit.records().clone(), visit.decision.clone());
    let mut choices = choices.by(manner.method).in_language(language.tag());
    choices = match session(visit).await {
        Ok(session) => choices.with_subject(session.map(|session| session.subject().to_owned())),
        Err(error) if wish.is_grant() => return Err(unavailable(&choices, wish, &error).await),
        Err(_) => choices,
    };
    if wish.is_grant() {
        choices = choices.showing(show::text(visit, manner.method, manner.asked, language));
    }
    if manner.is_confirmed {
        choices = choices.confirmed();
    }
    let changed = match wish {
        Wish::RefuseAll => Ok(choices.refuse_all().await),
        Wish::Withdraw => Ok(choices.withdraw().await),
        Wish::All => choices.choose(&Selection::all()).await,
        Wish::Selected(selection) => choices.choose(selection).await,
    };
    let changed = match changed {
        Err(ChoiceError::Store(error)) => return Err(unavailable(&choices, wish, &error).await),
        changed => changed,
    };
    changed.map_err(|error| match error {
        ChoiceError::Selection(error) => Fault::new(FaultKind::UnknownName, error.to_string()),
        ChoiceError::Unconfirmed => Fault::new(
            FaultKind::Unconfirmed,
            "This opens what the visitor has opted out of: it must be confirmed in a second step.",
        ),
        ChoiceError::Store(_) => Fault::unavailable(),
        ChoiceError::NoRecords => Fault::no_layer(),
    })
}

/// Nothing can be granted now; what the same request refuses is.
async fn unavailable(choices: &Choices, wish: &Wish, error: &StoreError) -> Fault {
    tell(error);
    let refused = match wish {
        Wish::Selected(selection) => choices.refusals_of(selection).await.map(Box::new),
        Wish::All | Wish::RefuseAll | Wish::Withdraw => None,
    };
    Fault { refused, ..Fault::unavailable() }
}

/// The session of the request, where there are sessions.
pub(super) async fn session(visit: &Visit) -> Result<Option<Session>, StoreError> {
    match TokenContext::of(&visit.parts.extensions) {
        Some(context) => context.session(&visit.parts.headers).await,
        None => Ok(None),
    }
}

/// The decision once this change has reached the browser.
pub(super) fn decision_after(visit: &Visit, change: &ConsentChange) -> Decision {
    match change.choice() {
        Some(choice) if visit.decision.stores_nothing_by().is_none() => visit.decision.reread(Reading::Choice(*choice)),
        Some(choice) if is_forgotten(choice, &visit.decision) => visit.decision.reread(Reading::Nothing),
        _ => visit.decision.clone(),
    }
}

/// A form was sent.
pub(super) async fn by_form(visit: &Visit, fields: &Fields) -> Result<Answer, Fault> {
    let policy = visit.decision.policy();
    let form = ChoiceForm::read(fields, policy)?;
    let wish = match form.wish(policy) {
        Ok(Some(wish)) => wish,
        Ok(None) => return note(visit, &form),
        Err(fault) => return ask_again(visit, &form, fault),
    };
    let manner = Manner {
        method: form.method,
        revision: form.revision,
        is_confirmed: form.is_confirmed,
        language: form.language.as_deref(),
        asked: form.asked.as_ref(),
    };
    let change = match carry_out(visit, &wish, &manner).await {
        Ok(change) => change,
        Err(fault) => return ask_again(visit, &form, fault),
    };
    let mut answer = if change.closed_by_signal().is_empty() {
        // Where nothing may be stored there is nothing to look for.
        let line = change.header_value().filter(|_| visit.decision.stores_nothing_by().is_none());
        let is_kept = line.map(|_| visit.parts.headers.contains_key(header::COOKIE));
        answer::see_other(&destination(visit, form.back.as_deref(), is_kept))
    } else {
        let decision = decision_after(visit, &change);
        let html = show::preferences(visit, &decision, Some(Told::Closed), form.back.as_deref());
        answer::page(FaultKind::ClosedBySignal.status(), html)
    };
    change.apply(answer.headers_mut());
    Ok(answer)
}

/// What can be set right by the visitor is asked again, with a sentence on what was wrong.
fn ask_again(visit: &Visit, form: &ChoiceForm, fault: Fault) -> Result<Answer, Fault> {
    let told = match fault.kind {
        _ if visit::prefers_json(&visit.parts.headers) => return Err(fault),
        FaultKind::Unconfirmed => {
            return Ok(answer::page(fault.kind.status(), show::confirmation(visit, form)));
        }
        FaultKind::Outdated => Told::Outdated,
        FaultKind::ForeignOrigin => Told::Foreign,
        FaultKind::Unavailable => Told::Unavailable,
        _ => return Err(fault),
    };
    let decision = fault.refused.as_ref().map_or_else(|| visit.decision.clone(), |done| decision_after(visit, done));
    let html = show::preferences(visit, &decision, Some(told), form.back.as_deref());
    let mut answer = answer::page(fault.kind.status(), html);
    if let Some(refused) = fault.refused {
        refused.apply(answer.headers_mut());
    }
    Ok(answer)
}

/// The visitor has seen a notice. Neither a grant nor a refusal: nobody else can say it for the visitor.
fn note(visit: &Visit, form: &ChoiceForm) -> Result<Answer, Fault> {
    debug_assert_eq!(form.action, Action::Note);
    let checked = match visit.source.is_trusted() {
        true => check_revision(form.revision, visit.decision.policy()),
        false => Err(Fault::foreign()),
    };
    if let Err(fault) = checked {
        return ask_again(visit, form, fault);
    }
    let change = visit.decision.note_revision();
    if change.is_none() && !visit.decision.knows_revision() {
        // There is no choice that could stay as it is: it takes an answer first.
        let html = show::update(&visit.settings, &visit.decision, visit.language(), form.back.as_deref());
        return Ok(answer::page(FaultKind::NothingToNote.status(), html));
    }
    let mut answer = answer::see_other(&destination(visit, form.back.as_deref(), None));
    if let Some(change) = change {
        change.apply(answer.headers_mut());
    }
    Ok(answer)
}

/// Where the visitor goes: back, or to the preferences page.
///
/// `is_kept`: for an answer that writes a cookie, whether the browser has shown that it keeps any. One that has not passes
/// by the preferences page, which sees whether the cookie came along, and sends on or says so (C2).
fn destination(visit: &Visit, back: Option<&str>, is_kept: Option<bool>) -> String {
    let root = visit.settings.path.root();
    // The preferences page says that the choice was saved.
    let back = back.filter(|back| !visit.settings.path.strip(back).is_some_and(|rest| matches!(rest, "" | "/")));
    match (back, is_kept) {
        (Some(back), None | Some(true)) => back.to_owned(),
        (Some(back), Some(false)) => format!("{root}?kept=1&return={}", urlencoded::encode(back)),
        (None, Some(_)) => format!("{root}?kept=1"),
        (None, None) => root,
    }
}

/// The preferences page, and the stop on the way back from a choice.
pub(super) fn preferences(visit: &Visit) -> Answer {
    let back = visit::back(visit);
    let is_stop = visit.decision.stores_nothing_by().is_none()
        && visit.parts.uri.query().is_some_and(|query| query.split('&').any(|field| field == "kept=1"));
    let html = match (&back, is_stop, is_kept(visit)) {
        (Some(back), true, true) => return answer::see_other(back),
        (None, true, true) => show::preferences(visit, &visit.decision, Some(Told::Saved), None),
        (_, true, false) => show::no_cookies(visit, back.as_deref()),
        (_, false, _) => show::preferences(visit, &visit.decision, None, back.as_deref()),
    };
    answer::page(StatusCode::OK, html)
}

/// Whether the browser has kept the consent cookie, in whatever state it is.
fn is_kept(visit: &Visit) -> bool {
    use crate::consent::UndecidedReason::{None, Unseen};
    !matches!(visit.decision.undecided(), Some(None | Unseen))
}

/// The visitor is told nothing of the store; the log is.
#[cfg(feature = "tracing")]
pub(super) fn tell(error: &StoreError) {
    tracing::warn!(target: "tower_consent", %error, "the consent pages could not reach a store");
}

#[cfg(not(feature = "tracing"))]
pub(super) const fn tell(_error: &StoreError) {}

//! What is stored of a visitor, and what the visitor can ask of it: `/your-data`.
//!
//! Who asks is known by the session, or by a consent cookie that the policy's key authenticates and that carries the
//! number of a record. The request must come from a page of this very site. An objection needs none of that: it only
//! protects.

use std::sync::Arc;

use super::{
    answer::{self, Answer},
    choose::{self, tell},
    fault::{Fault, FaultKind},
    show::{self, Received},
    urlencoded::Fields,
    visit::Visit,
};
use crate::{
    record::{ChoiceMethod, Choices, Rights},
    store::{Owner, StoreError},
    token::{Session, TokenContext},
};

/// Bytes of a visitor's own words.
const LONGEST_TEXT: usize = 2_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Export,
    Erase,
    Correct,
}

/// Who asks.
struct Person {
    session: Option<Session>,
    by_account: Option<Owner>,
    by_browser: Option<Owner>,
    rights: Rights,
}

impl Person {
    async fn of(visit: &Visit) -> Result<Self, StoreError> {
        let context = TokenContext::of(&visit.parts.extensions);
        let session = choose::session(visit).await?;
        let records = Rights::new(visit.records().clone());
        let rights = match context {
            Some(context) => records.with_tokens(context.tokens()),
            None => records,
        };
        let by_account = session.as_ref().map(|session| Owner::Subject(Arc::from(session.subject())));
        Ok(Self { by_account, by_browser: browser(visit), session, rights })
    }

    fn owners(&self) -> impl Iterator<Item = &Owner> {
        self.by_account.iter().chain(&self.by_browser)
    }

    fn is_known(&self) -> bool {
        self.owners().next().is_some()
    }
}

/// The owner that the consent cookie names, if it is authenticated: without a key anybody can write one.
fn browser(visit: &Visit) -> Option<Owner> {
    let is_authentic = visit.decision.policy().has_mac_keys();
    visit.decision.choice().filter(|_| is_authentic)?.record_id().map(Owner::Record)
}

/// The page.
pub(super) async fn page(visit: &Visit) -> Result<Answer, Fault> {
    let stored = match Person::of(visit).await {
        Ok(person) => {
            let mut has_record = Ok(false);
            for owner in person.owners() {
                if let Ok(false) = has_record {
                    has_record = person.rights.is_known(owner).await;
                }
            }
            has_record.map(|has_record| (has_record, person.session.is_some()))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &stored {
        tell(error);
    }
    Ok(answer::page(http::StatusCode::OK, show::your_data(visit, stored.ok())))
}

/// A form was sent.
pub(super) async fn exercise(visit: &Visit, fields: &Fields) -> Result<Answer, Fault> {
    let expected = "one of export, erase, object and correct is expected";
    let request = match fields.one("action")?.ok_or_else(|| Fault::missing("action", expected))? {
        "export" => Request::Export,
        "erase" => Request::Erase,
        "object" => return Ok(object(visit).await),
        "correct" => Request::Correct,
        other => return Err(Fault::malformed("action", other, expected)),
    };
    if !visit.source.is_own() {
        let detail = "This request did not come from a page of this site, so nothing was done.";
        return Err(Fault::new(FaultKind::ForeignOrigin, detail));
    }
    let person = Person::of(visit).await.map_err(unavailable)?;
    if !person.is_known() {
        let detail = "Nobody can tell whose data this is about: you are not signed in, and your browser shows no choice \
                      that is on record here.";
        return Err(Fault::new(FaultKind::Stranger, detail));
    }
    match request {
        Request::Export => export(&person).await,
        Request::Erase => match fields.one("confirm")? {
            Some("yes") => erase(visit, &person).await,
            Some(other) => Err(Fault::malformed("confirm", other, "yes is expected")),
            None => Err(Fault::missing("confirm", "an erasure is confirmed by yes")),
        },
        Request::Correct => correct(visit, &person, fields).await,
    }
}

/// One file with both parts: of the account, and of this browser.
async fn export(person: &Person) -> Result<Answer, Fault> {
    let mut parts = Vec::new();
    for owner in [&person.by_account, &person.by_browser] {
        parts.push(match owner {
            Some(owner) => person.rights.export(owner).await.map_err(unavailable)?.to_json(),
            None => "null".to_owned(),
        });
    }
    let [account, browser] = parts.as_slice() else { return Err(Fault::unavailable()) };
    Ok(answer::file("consent-data.json", format!("{{\"account\":{account},\"browser\":{browser}}}")))
}

/// Everything goes, the sign-ins first. A grant without its proof must not act: it ends with it.
async fn erase(visit: &Visit, person: &Person) -> Result<Answer, Fault> {
    let ended = match &person.session {
        Some(session) => Some(session.end_all().await.map_err(unavailable)?),
        None => None,
    };
    for owner in person.owners() {
        person.rights.erase(owner).await.map_err(unavailable)?;
    }
    let mut answer = answer::page(http::StatusCode::OK, show::received(visit, Received::Erase));
    visit.decision.refuse_all().apply(answer.headers_mut());
    if let Some(ended) = ended {
        ended.apply(answer.headers_mut());
    }
    Ok(answer)
}

/// Everything optional ends, from wherever this comes. It goes on record where it is known whose it is.
async fn object(visit: &Visit) -> Answer {
    let is_on_record = match Person::of(visit).await {
        Ok(person) if visit.source.is_own() && person.is_known() => {
            let mut outcome = Ok(());
            for owner in person.owners() {
                outcome = outcome.and(person.rights.object(owner, &visit.decision).await);
            }
            outcome.map(|()| true)
        }
        Ok(_) => Ok(false),
        Err(error) => Err(error),
    };
    if let Err(error) = &is_on_record {
        tell(error);
    }
    let change = match is_on_record {
        Ok(true) => visit.decision.refuse_all(),
        _ => {
            let choices = Choices::new(visit.records().clone(), visit.decision.clone());
            choices.by(ChoiceMethod::Page).refuse_all().await
        }
    };
    let mut answer = answer::page(http::StatusCode::OK, show::received(visit, Received::Object));
    change.apply(answer.headers_mut());
    answer
}

async fn correct(visit: &Visit, person: &Person, fields: &Fields) -> Result<Answer, Fault> {
    let expected = "1 to 2000 bytes of text are expected";
    let text = fields.one("text")?.ok_or_else(|| Fault::missing("text", expected))?;
    if text.trim().is_empty() || text.len() > LONGEST_TEXT {
        return Err(Fault::malformed("text", text, expected));
    }
    for owner in person.owners() {
        person.rights.rectify(owner, text, &visit.decision).await.map_err(unavailable)?;
    }
    Ok(answer::page(http::StatusCode::OK, show::received(visit, Received::Correct)))
}

fn unavailable(error: StoreError) -> Fault {
    tell(&error);
    Fault::new(FaultKind::Unavailable, "What is stored cannot be reached now. Please try again soon.")
}

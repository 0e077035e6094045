//! The opt-out of an account: kept until the person lifts it (11 CCR 7025(c)(5), R98).

use std::sync::Arc;

use time::Date;

use super::{
    event::{ConsentEvent, Outcome, second_of, to_json},
    ledger::Draft,
    records::Records,
};
use crate::{
    policy::day_of,
    store::{EntryBody, EntryKind, LedgerEntry, Owner, StoreError},
};

/// What an account objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    /// The day on which it was first said.
    pub(super) day: Date,
    pub(super) categories: Vec<String>,
    pub(super) services: Vec<String>,
}

/// An objection, and the event that says it.
struct Standing {
    objection: Objection,
    /// When that event was written (Unix seconds).
    written: i64,
    event: ConsentEvent,
}

/// What stands of an account's objections. A grant that was given while signed in lifts one, except for what the same
/// choice refuses: who opens one thing has not opened the others.
fn standing(entries: &[LedgerEntry]) -> Option<Standing> {
    let mut standing: Option<Standing> = None;
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Choice) {
        let Some(data) = entry.body.as_ref().map(EntryBody::data) else { continue };
        let Ok(event) = serde_json::from_slice::<ConsentEvent>(data) else { continue };
        match event.outcome {
            Outcome::Correct => {}
            Outcome::Grant => {
                standing = standing.and_then(|mut held| {
                    held.objection.categories.retain(|name| event.refused.contains(name));
                    held.objection.services = event.refused_services;
                    let is_lifted = held.objection.categories.is_empty() && held.objection.services.is_empty();
                    (!is_lifted).then_some(held)
                });
            }
            Outcome::Refuse | Outcome::Withdraw | Outcome::Object => {
                let written = second_of(entry.time);
                let objection = Objection {
                    day: day_of(event.since.unwrap_or(written)),
                    categories: event.refused.clone(),
                    services: event.refused_services.clone(),
                };
                standing = Some(Standing { objection, written, event });
            }
        }
    }
    standing
}

/// What the account objects to now.
pub(super) async fn objection_of(records: &Records, subject: &str) -> Result<Option<Objection>, StoreError> {
    let entries = records.store().entries_of(&Owner::Subject(Arc::from(subject))).await?;
    Ok(standing(&entries).map(|standing| standing.objection))
}

/// Whether this very objection is the last word on record of an owner: then there is nothing to add.
pub(super) async fn is_last_word(
    records: &Records,
    owner: &Owner,
    objection: &ConsentEvent,
) -> Result<bool, StoreError> {
    let entries = records.store().entries_of(owner).await?;
    let last = entries.iter().rev().find(|entry| entry.kind == EntryKind::Choice);
    let last = last.and_then(|entry| serde_json::from_slice::<ConsentEvent>(entry.body.as_ref()?.data()).ok());
    Ok(last.is_some_and(|last| (last.outcome, &last.refused) == (objection.outcome, &objection.refused)))
}

/// Writes an objection that is about to be purged anew, with the time at which it was first said: it holds for an account
/// that is still there.
pub(super) async fn renew(records: &Records, subject: &str, is_old: impl Fn(i64) -> bool) -> Result<(), StoreError> {
    let owner: Arc<str> = Arc::from(subject);
    let entries = records.store().entries_of(&Owner::Subject(Arc::clone(&owner))).await?;
    if let Some(Standing { objection, written, event }) = standing(&entries).filter(|standing| is_old(standing.written))
    {
        let since = Some(event.since.unwrap_or(written));
        let event =
            ConsentEvent { since, refused: objection.categories, refused_services: objection.services, ..event };
        let (kind, time, data) = (EntryKind::Choice, records.moment(), to_json(&event));
        let draft = Draft { kind, time, record_id: None, subject: Some(owner), data, erased: Vec::new() };
        records.append(draft).await?;
    }
    Ok(())
}

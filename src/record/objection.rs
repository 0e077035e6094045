//! The opt-out of an account: kept until the person lifts it (11 CCR 7025(c)(5), R98).

use std::sync::Arc;

use time::Date;

use super::{
    event::{ConsentEvent, Outcome, second_of},
    ledger::Draft,
    records::Records,
};
use crate::{
    policy::day_of,
    store::{EntryKind, LedgerEntry, Owner, StoreError},
};

/// What an account objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    /// The day on which it was first said.
    pub(super) day: Date,
    pub(super) categories: Vec<String>,
    pub(super) services: Vec<String>,
}

/// What the last word of an account is, with the time at which it was written.
fn last_word(entries: &[LedgerEntry]) -> Option<(i64, ConsentEvent, Vec<u8>)> {
    entries.iter().rev().filter(|entry| entry.kind == EntryKind::Choice).find_map(|entry| {
        let data = entry.body.as_ref()?.data();
        let event: ConsentEvent = serde_json::from_slice(data).ok()?;
        (event.outcome != Outcome::Correct).then(|| (entry.time, event, data.to_vec()))
    })
}

/// What the account objects to now. A grant that was given while signed in lifts an objection.
pub(super) async fn objection_of(records: &Records, subject: &str) -> Result<Option<Objection>, StoreError> {
    let entries = records.store().entries_of(&Owner::Subject(Arc::from(subject))).await?;
    Ok(last_word(&entries).filter(|(_, event, _)| event.outcome != Outcome::Grant).map(|(time, event, _)| Objection {
        day: day_of(second_of(time)),
        categories: event.refused,
        services: event.refused_services,
    }))
}

/// Writes an objection that is about to be purged anew: it is the last word of an account that is still there.
pub(super) async fn renew(records: &Records, subject: &str, is_old: impl Fn(i64) -> bool) -> Result<(), StoreError> {
    let owner: Arc<str> = Arc::from(subject);
    let entries = records.store().entries_of(&Owner::Subject(Arc::clone(&owner))).await?;
    if let Some((time, event, data)) = last_word(&entries)
        && event.outcome != Outcome::Grant
        && is_old(second_of(time))
    {
        let (kind, time) = (EntryKind::Choice, records.moment());
        let draft = Draft { kind, time, record_id: None, subject: Some(owner), data, erased: Vec::new() };
        records.append(draft).await?;
    }
    Ok(())
}

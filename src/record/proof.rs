//! The proof of a choice: a document that a regulator can read.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{
    event::{ConsentEvent, LIBRARY, Outcome, moment, second},
    listing::entries_of_all,
    records::Records,
};
use crate::{
    consent::RecordId,
    store::{EntryKind, LedgerEntry, Owner, StoreError, TextHash},
};

/// What is on record of a browser or an account, with the texts that were shown: as JSON (R113, R114).
///
/// The document says of every event when it happened (UTC), on which revision of the policy, which text was shown (by its
/// SHA-256; the text itself stands in the document too), what was granted and refused by name, how, in which language, under
/// which signals, by which version of this library, and what became of it: `in-force`, `superseded`, `withdrawn` or
/// `expired`. And it says whether the chain that it stands in verifies.
///
/// `Debug` shows nothing of it: it is about a person.
#[derive(Clone, PartialEq)]
pub struct Proof(pub(super) Value);

impl Proof {
    /// The document, for people to read.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A value is always written.
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }

    /// How many events it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.get("events").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Whether nothing is on record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Serialize for Proof {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({} events)", self.len())
    }
}

impl Records {
    /// The proof of what is on record of an owner, for the site's own staff: it walks along all chains. Of an account it holds what its browsers chose before they were signed in,
    /// as far as it was bound to it since.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn proof(&self, owner: &Owner) -> Result<Proof, StoreError> {
        let mut document = self.document("tower-consent proof 1", owner).await?;
        let verification = self.verify().await?;
        let summary = json!({
            "is_intact": verification.is_intact(),
            "is_keyed": verification.is_keyed,
            "chains": verification.chains,
            "entries": verification.entries,
            "erased": verification.erased,
            "findings": verification.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        if let Some(fields) = document.as_object_mut() {
            fields.insert("verification".to_owned(), summary);
        }
        Ok(Proof(document))
    }

    /// What is on record of an owner, without a walk along the chains: visitors can ask for this.
    pub(super) async fn document(&self, format: &str, owner: &Owner) -> Result<Value, StoreError> {
        let entries = entries_of_all(self, owner).await?;
        let (events, texts) = self.describe(&entries).await?;
        let whose = match owner {
            Owner::Record(id) => json!({ "record": id.to_string() }),
            Owner::Subject(subject) => json!({ "subject": **subject }),
        };
        Ok(json!({
            "format": format,
            "written_by": LIBRARY,
            "written_at": second(self.now()),
            "about": whose,
            "events": events,
            "texts": texts,
        }))
    }

    /// The events of these entries, and the texts that they name.
    pub(super) async fn describe(
        &self,
        entries: &[LedgerEntry],
    ) -> Result<(Vec<Value>, BTreeMap<String, Value>), StoreError> {
        let mut texts = BTreeMap::new();
        let mut events: Vec<Value> = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            let Some(body) = &entry.body else { continue };
            let mut event: Value = serde_json::from_slice(body.data()).unwrap_or(Value::Null);
            let text = event.get("text").and_then(Value::as_str).and_then(TextHash::parse);
            if let Some(hash) = text {
                let text = self.store().text(&hash).await?;
                texts.insert(hash.to_string(), text.map_or(Value::Null, Value::from));
            }
            if let Some(fields) = event.as_object_mut() {
                fields.insert("time".to_owned(), moment(entry.time).into());
                for name in ["ends", "since"] {
                    if let Some(moment) = fields.get(name).and_then(Value::as_i64) {
                        fields.insert(name.to_owned(), second(moment).into());
                    }
                }
                fields.insert("record".to_owned(), body.record_id().map(|id| id.to_string()).into());
                fields.insert("subject".to_owned(), body.subject().into());
                fields.insert("chain".to_owned(), entry.place.chain.to_string().into());
                fields.insert("number".to_owned(), entry.place.number.into());
                fields.insert("link".to_owned(), TextHash::from_bytes(entry.link).to_string().into());
                let state = (entry.kind == EntryKind::Choice).then(|| self.state_of(place, entries)).flatten();
                if let Some(state) = state {
                    fields.insert("state".to_owned(), state.into());
                }
            }
            events.push(event);
        }
        Ok((events, texts))
    }

    /// What became of a grant since.
    fn state_of(&self, place: usize, entries: &[LedgerEntry]) -> Option<&'static str> {
        let (id, _, event) = read(entries.get(place)?)?;
        if event.outcome != Outcome::Grant {
            return None;
        }
        let later = entries.iter().skip(place + 1).filter(|entry| entry.kind == EntryKind::Choice).filter_map(read);
        // One that was only written anew says nothing new.
        let later = later.filter(|(_, _, event)| event.since.is_none());
        let bodies = entries.iter().filter_map(|entry| entry.body.as_ref());
        let accounts: Vec<&str> =
            bodies.filter(|body| body.record_id() == id).filter_map(|body| body.subject()).collect();
        let is_account = |subject: &Option<&str>| subject.is_some_and(|subject| accounts.contains(&subject));
        // What another browser chooses does not change this one's choice, but an objection of the account does.
        let next = later
            .filter(|(other, whose, event)| *other == id || event.outcome == Outcome::Object && is_account(whose))
            .map(|(_, _, event)| event.outcome)
            .find(|outcome| *outcome != Outcome::Correct);
        Some(match next {
            Some(Outcome::Grant) => "superseded",
            Some(_) => "withdrawn",
            None if event.ends.is_some_and(|ends| ends <= self.now()) => "expired",
            None => "in-force",
        })
    }
}

/// A choice: the number of its record, its account, and what it says.
fn read(entry: &LedgerEntry) -> Option<(Option<RecordId>, Option<&str>, ConsentEvent)> {
    let body = entry.body.as_ref()?;
    Some((body.record_id(), body.subject(), serde_json::from_slice(body.data()).ok()?))
}

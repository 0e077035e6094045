//! What a person can ask of their data, and what the library stores of them.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::Date;

use super::{
    due::DueRule,
    event::{ChoiceMethod, ConsentEvent, ErasureEvent, LIBRARY, Outcome, second, second_of, to_json},
    ledger::Draft,
    listing::entries_of_all,
    objection,
    proof::Proof,
    records::Records,
};
use crate::{
    decide::Decision,
    policy::day_of,
    store::{EntryBody, EntryKind, EntryPlace, LedgerEntry, Owner, StoreError, StoreErrorKind},
    token::Tokens,
};

/// Bytes of a person's own words in a correction.
const MAX_NOTE: usize = 2_000;
/// How often an erasure looks whether something is left: who goes on writing all the while is no reason to go on for ever.
const ERASE_TURNS: usize = 5;

/// The rights of a person on what the library stores of them: records, sign-in tokens, requests.
///
/// The application makes sure that it is this person who asks: by the session, or by the authenticated consent cookie on a
/// request of its own pages, as the consent pages do.
///
/// ```
/// use std::sync::Arc;
/// use tower_consent::{MemoryStore, Owner, Records, Rights, Tokens};
///
/// # async fn close_account() -> Result<(), tower_consent::StoreError> {
/// let store = MemoryStore::new();
/// let rights = Rights::new(Records::new(store.clone())).with_tokens(Tokens::new(store));
/// let owner = Owner::Subject(Arc::from("user-17"));
/// let copy = rights.export(&owner).await?.to_json();
/// rights.erase(&owner).await?; // tokens and records: what the closing of an account takes (C11)
/// assert!(!rights.is_known(&owner).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Rights {
    records: Records,
    tokens: Option<Tokens>,
}

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RequestKind {
    /// Whether anything is stored, and a copy of it (GDPR Art. 15).
    Access,
    /// A correction (Art. 16).
    Rectify,
    /// Deletion (Art. 17).
    Erase,
    /// A restriction (Art. 18).
    Restrict,
    /// A copy for another service (Art. 20).
    Port,
    /// An objection, or an opt-out (Art. 21; Cal. Civ. Code 1798.120).
    Object,
}

/// A request that was received, with the day by which it must be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RightsRequest {
    /// Where it stands: by this it is answered.
    pub place: EntryPlace,
    /// What is asked for.
    pub kind: RequestKind,
    /// The account that asks; `None` where it asks without one.
    pub subject: Option<String>,
    /// When it came (Unix seconds).
    pub received: i64,
    /// The last day on which an answer is in time (UTC).
    pub due: Date,
    /// When it was answered (Unix seconds).
    pub answered: Option<i64>,
}

/// What an erasure took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erased {
    /// Entries of records whose contents are gone.
    pub entries: u64,
    /// Sign-in tokens.
    pub tokens: u64,
}

/// The body of a request's entry.
#[derive(Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
enum RequestEvent {
    Received { kind: RequestKind, due: String, library: String },
    Answered { chain: String, number: u64, library: String },
}

impl Rights {
    /// The rights on these records.
    pub fn new(records: impl Into<Records>) -> Self {
        Self { records: records.into(), tokens: None }
    }

    /// With the sign-in tokens, which belong to an account too.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Whether anything is stored of this owner.
    ///
    /// # Errors
    ///
    /// A store cannot tell.
    pub async fn is_known(&self, owner: &Owner) -> Result<bool, StoreError> {
        let has_records = !self.records.store().entries_of(owner).await?.is_empty();
        Ok(has_records || !self.sessions(owner).await?.is_empty())
    }

    /// Everything that the library stores of this owner, as JSON: the events of the [proof](Records::proof) with the texts that
    /// were shown, requests, and the sessions (never a token's secret, which is not stored).
    ///
    /// # Errors
    ///
    /// A store cannot tell.
    pub async fn export(&self, owner: &Owner) -> Result<Proof, StoreError> {
        let mut document = self.records.document("tower-consent export 1", owner).await?;
        let sessions = self.sessions(owner).await?;
        if let Some(fields) = document.as_object_mut() {
            fields.insert("sessions".to_owned(), sessions.into());
            if let Some(Value::Array(events)) = fields.get_mut("events") {
                keep_own(owner, events);
            }
        }
        Ok(Proof(document))
    }

    async fn sessions(&self, owner: &Owner) -> Result<Vec<Value>, StoreError> {
        let (Some(tokens), Owner::Subject(subject)) = (&self.tokens, owner) else { return Ok(Vec::new()) };
        let sessions = tokens.list(subject).await?;
        Ok(sessions
            .iter()
            .map(|record| {
                json!({
                    "issued": second(record.issued_at()),
                    "ends": second(record.expires_at()),
                    "last_used": second(record.seen_at()),
                    "label": record.label(),
                    "data": String::from_utf8_lossy(record.data()),
                })
            })
            .collect())
    }

    /// Adds a correction to what is on record: nothing is written over, and the proof shows both. At most 2,000 bytes.
    ///
    /// # Errors
    ///
    /// [`Invalid`](StoreErrorKind::Invalid) where the note is empty or longer; or the store does not write it.
    pub async fn rectify(&self, owner: &Owner, note: &str, decision: &Decision) -> Result<(), StoreError> {
        if note.is_empty() || note.len() > MAX_NOTE {
            let message = format!("correction: {} bytes, from 1 to {MAX_NOTE}", note.len());
            return Err(StoreError::new(StoreErrorKind::Invalid, message));
        }
        let mut event = ConsentEvent::new(Outcome::Correct, decision, ChoiceMethod::Page);
        event.note = Some(note.to_owned());
        self.write(owner, &event).await
    }

    /// Records that the owner objects to everything that is not essential, or wants it restricted (Art. 18, 21). For an
    /// account it holds on every browser with [`AccountLink`](super::AccountLink). The answer should refuse by the cookie
    /// too: [`Decision::refuse_all`].
    ///
    /// # Errors
    ///
    /// The store does not write it.
    pub async fn object(&self, owner: &Owner, decision: &Decision) -> Result<(), StoreError> {
        let refusal = crate::cookies::change::full_refusal(decision);
        let event = ConsentEvent::new(Outcome::Object, decision, ChoiceMethod::Page).of(&refusal, decision);
        match objection::is_last_word(&self.records, owner, &event).await? {
            true => Ok(()),
            false => self.write(owner, &event).await,
        }
    }

    async fn write(&self, owner: &Owner, event: &ConsentEvent) -> Result<(), StoreError> {
        let (record_id, subject) = match owner {
            Owner::Record(id) => (Some(*id), None),
            Owner::Subject(subject) => (None, Some(Arc::clone(subject))),
        };
        let (kind, time, data) = (EntryKind::Choice, self.records.moment(), to_json(event));
        self.records.append(Draft { kind, time, record_id, subject, data, erased: Vec::new() }).await?;
        Ok(())
    }

    /// Erases everything that the library stores of this owner: tokens first, then the contents of all records, in one step.
    /// What stays is that something was there: the chain goes on, and says nothing of it.
    ///
    /// # Errors
    ///
    /// A store does not do it. Then it can be called again.
    pub async fn erase(&self, owner: &Owner) -> Result<Erased, StoreError> {
        self.records.ledger().write_late().await;
        let tokens = match (&self.tokens, owner) {
            (Some(tokens), Owner::Subject(subject)) => tokens.revoke_all(subject).await?,
            _ => 0,
        };
        let mut count = 0;
        // What waited for the store to be back is written with the entry that erases, and what another request wrote
        // meanwhile came after the look: so it looks again, until nothing is left.
        for _ in 0..ERASE_TURNS {
            let entries = entries_of_all(&self.records, owner).await?;
            let own = entries.iter().filter(|entry| is_own(owner, entry));
            let places: Vec<EntryPlace> = own.map(|entry| entry.place).collect();
            if places.is_empty() {
                break;
            }
            count += places.len() as u64;
            // The entry that says so must have room for all places.
            for some in places.chunks(200) {
                let (kind, time, data) = (EntryKind::Erasure, self.records.moment(), to_json(&ErasureEvent::of(some)));
                let draft = Draft { kind, time, record_id: None, subject: None, data, erased: some.to_vec() };
                self.records.append(draft).await?;
            }
        }
        Ok(Erased { entries: count, tokens })
    }

    /// Records that a request came, and by when it must be answered.
    ///
    /// # Errors
    ///
    /// The store does not write it.
    pub async fn receive(
        &self,
        subject: Option<&str>,
        kind: RequestKind,
        rule: &DueRule,
    ) -> Result<RightsRequest, StoreError> {
        let received = self.records.now();
        let due = rule.due(day_of(received));
        let event = RequestEvent::Received { kind, due: due.to_string(), library: LIBRARY.to_owned() };
        let place = self.write_request(subject, &event).await?;
        Ok(RightsRequest { place, kind, subject: subject.map(str::to_owned), received, due, answered: None })
    }

    /// Records that a request was answered; of a person who was erased since, without the name.
    ///
    /// # Errors
    ///
    /// The store does not write it.
    pub async fn answer(&self, request: &RightsRequest) -> Result<(), StoreError> {
        let EntryPlace { chain, number } = request.place;
        let event = RequestEvent::Answered { chain: chain.to_string(), number, library: LIBRARY.to_owned() };
        let subject = match &request.subject {
            Some(subject) => {
                let owner = Owner::Subject(Arc::from(subject.as_str()));
                let entries = self.records.store().entries_of(&owner).await?;
                // What the answer to an erasure said of the person would outlive the erasure.
                Some(subject.as_str()).filter(|_| entries.iter().any(|entry| entry.place == request.place))
            }
            None => None,
        };
        self.write_request(subject, &event).await?;
        Ok(())
    }

    async fn write_request(&self, subject: Option<&str>, event: &RequestEvent) -> Result<EntryPlace, StoreError> {
        let (kind, time) = (EntryKind::Request, self.records.moment());
        let (subject, data) = (subject.map(Arc::from), to_json(event));
        self.records.append(Draft { kind, time, record_id: None, subject, data, erased: Vec::new() }).await
    }

    /// The requests that are kept, those that are due first at the front; answered ones with the time of the answer. One
    /// whose person was erased is not among them.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn requests(&self) -> Result<Vec<RightsRequest>, StoreError> {
        let entries = self.records.all_of(EntryKind::Request).await?;
        let mut requests: Vec<RightsRequest> = entries.iter().filter_map(received).collect();
        for entry in &entries {
            if let Some(RequestEvent::Answered { chain, number, .. }) = read(entry) {
                let is_it = |request: &&mut RightsRequest| {
                    request.place.number == number && request.place.chain.to_string() == chain
                };
                if let Some(request) = requests.iter_mut().find(is_it) {
                    request.answered.get_or_insert(second_of(entry.time));
                }
            }
        }
        requests.sort_by_key(|request| (request.answered.is_some(), request.due, request.place));
        Ok(requests)
    }

    /// Whether an account has opted out, by a signal, a refusal or an objection, and has not lifted that since.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn has_opted_out(&self, subject: &str) -> Result<bool, StoreError> {
        Ok(objection::objection_of(&self.records, subject).await?.is_some())
    }
}

/// Whether an entry is this owner's alone. A browser that several people sign in on goes on with one number, so what stands
/// under the number of an account's browser can be another account's.
fn is_own(owner: &Owner, entry: &LedgerEntry) -> bool {
    match (owner, entry.body.as_ref().and_then(EntryBody::subject)) {
        (Owner::Subject(subject), Some(of)) => **subject == *of,
        _ => true,
    }
}

/// Takes out of an account's events those of other accounts, and out of a browser's the names of accounts: whoever uses
/// the browser now need not be who was signed in then.
fn keep_own(owner: &Owner, events: &mut Vec<Value>) {
    match owner {
        Owner::Subject(subject) => {
            events.retain(|event| event.get("subject").and_then(Value::as_str).is_none_or(|of| *of == **subject));
        }
        Owner::Record(_) => {
            for fields in events.iter_mut().filter_map(Value::as_object_mut) {
                fields.insert("subject".to_owned(), Value::Null);
            }
        }
    }
}

fn read(entry: &LedgerEntry) -> Option<RequestEvent> {
    serde_json::from_slice(entry.body.as_ref()?.data()).ok()
}

fn received(entry: &LedgerEntry) -> Option<RightsRequest> {
    let Some(RequestEvent::Received { kind, due, .. }) = read(entry) else { return None };
    let due = crate::policy::parse_day(&due)?;
    let subject = entry.body.as_ref()?.subject().map(str::to_owned);
    Some(RightsRequest { place: entry.place, kind, subject, received: second_of(entry.time), due, answered: None })
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Access => "access",
            Self::Rectify => "rectify",
            Self::Erase => "erase",
            Self::Restrict => "restrict",
            Self::Port => "port",
            Self::Object => "object",
        })
    }
}

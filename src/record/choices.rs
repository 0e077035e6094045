//! The paved way to grant, refuse and withdraw: recorded before it acts.

use std::{error::Error, fmt, sync::Arc};

use http::{Extensions, HeaderMap};

use super::{
    event::{ChoiceMethod, ConsentEvent, Outcome, to_json},
    ledger::{Draft, random},
    records::Records,
};
use crate::{
    consent::{Choice, RecordId},
    cookies::change::{ConsentChange, Selection, SelectionError},
    decide::Decision,
    enforce::ConsentContext,
    store::{EntryKind, LedgerEntry, Owner, StoreError, TextHash},
    token::TokenContext,
};

/// The choices that a request can make: each is recorded, and gives the [`ConsentChange`] for the response.
///
/// In axum it is an extractor; elsewhere, [`of`](Self::of).
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::response::IntoResponse;
/// use tower_consent::{ChoiceError, Choices};
///
/// async fn accept(choices: Choices) -> Result<impl IntoResponse, ChoiceError> {
///     Ok((choices.accept_all().await?, "thank you"))
/// }
/// async fn withdraw(choices: Choices) -> impl IntoResponse {
///     (choices.withdraw().await, "done") // works, whatever the store does
/// }
/// # }
/// ```
///
/// A grant may only come from a page of your own: check `Origin` or `Sec-Fetch-Site`, as the consent pages do.
#[derive(Clone, Debug)]
pub struct Choices {
    records: Option<Records>,
    decision: Decision,
    subject: Result<Option<Arc<str>>, StoreError>,
    method: ChoiceMethod,
    language: Option<String>,
    text: Option<String>,
    is_confirmed: bool,
}

/// Why a choice was not taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ChoiceError {
    /// It names a category or service that cannot be chosen.
    Selection(SelectionError),
    /// It opens what the visitor has opted out of: that takes a second step ([`Choices::confirmed`]; 11 CCR 7028(a)).
    Unconfirmed,
    /// No record could be written, so nothing is granted (R115).
    Store(StoreError),
    /// There is no consent layer, or it has no records.
    NoRecords,
}

impl Choices {
    /// The choices of a request with this decision. The application says whose they are
    /// ([`with_subject`](Self::with_subject)).
    pub fn new(records: Records, decision: Decision) -> Self {
        Self::with(Some(records), decision)
    }

    fn with(records: Option<Records>, decision: Decision) -> Self {
        Self {
            records,
            decision,
            subject: Ok(None),
            method: ChoiceMethod::default(),
            language: None,
            text: None,
            is_confirmed: false,
        }
    }

    /// The choices of a request: by its consent layer and records, for whoever is signed in.
    pub fn of(extensions: &Extensions, headers: &HeaderMap) -> impl Future<Output = Self> + Send + use<> {
        let decision =
            ConsentContext::of(extensions).map_or_else(Decision::no_layer, |context| context.decision().clone());
        let choices = Self::with(Records::of(extensions).cloned(), decision);
        let session = TokenContext::of(extensions).map(|context| context.session(headers));
        async move {
            let subject = match session {
                Some(session) => session.await.map(|session| session.map(|session| Arc::from(session.subject()))),
                None => Ok(None),
            };
            Self { subject, ..choices }
        }
    }

    /// Binds the records to an account.
    #[must_use]
    pub fn with_subject(mut self, subject: Option<impl Into<Arc<str>>>) -> Self {
        self.subject = Ok(subject.map(Into::into));
        self
    }

    /// How the choice is made.
    #[must_use]
    pub const fn by(mut self, method: ChoiceMethod) -> Self {
        self.method = method;
        self
    }

    /// The language of what was shown (BCP 47).
    #[must_use]
    pub fn in_language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// The exact text that was shown, at most [`MAX_TEXT`](crate::MAX_TEXT) bytes: kept once, and named in the record by its
    /// hash (R114).
    #[must_use]
    pub fn showing(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The visitor has confirmed, in a second step, that they opt in again after an opt-out.
    #[must_use]
    pub const fn confirmed(mut self) -> Self {
        self.is_confirmed = true;
        self
    }

    /// The decision that the choice changes.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The visitor accepts all.
    ///
    /// # Errors
    ///
    /// Nothing was granted: see [`ChoiceError`].
    pub async fn accept_all(&self) -> Result<ConsentChange, ChoiceError> {
        self.take(self.decision.grant_all_unrecorded()).await
    }

    /// The visitor chooses.
    ///
    /// # Errors
    ///
    /// Nothing was granted: see [`ChoiceError`].
    pub async fn choose(&self, selection: &Selection) -> Result<ConsentChange, ChoiceError> {
        let change = self.decision.choose_unrecorded(selection).map_err(ChoiceError::Selection)?;
        self.take(change).await
    }

    /// What a selection refuses of what is granted so far, without what it would grant; `None` where that is nothing. For the
    /// answer where [`choose`](Self::choose) ended with [`ChoiceError::Store`]: a store that is down holds up no withdrawal,
    /// not even one of a part.
    pub async fn refusals_of(&self, selection: &Selection) -> Option<ConsentChange> {
        let change = self.decision.refusals_of(selection)?;
        let Some(records) = self.records.as_ref().filter(|_| self.decision.has_layer()) else { return Some(change) };
        match change.choice() {
            Some(choice) if !choice.granted.is_empty() && choice.record_id.is_some() => {
                // What is left supersedes what was.
                let subject = self.subject.clone().ok().flatten();
                let draft = self.draft(records, Outcome::Grant, choice, None, choice.record_id, subject);
                if let Err(error) = records.append(draft.clone()).await {
                    records.write_later(draft, &error);
                }
            }
            Some(choice) if !choice.granted.is_empty() => {}
            _ => self.note_refusal(&change).await,
        }
        Some(change)
    }

    /// The visitor refuses all that is not essential. Works, whatever the store does.
    pub async fn refuse_all(&self) -> ConsentChange {
        let change = self.decision.refuse_all();
        self.note_refusal(&change).await;
        change
    }

    /// The visitor takes back what was granted. Works, whatever the store does.
    pub async fn withdraw(&self) -> ConsentChange {
        self.refuse_all().await
    }

    async fn take(&self, change: ConsentChange) -> Result<ConsentChange, ChoiceError> {
        if !change.is_grant() {
            // Where a signal closes all that was to be granted, the visitor has refused nothing: the browser keeps what it
            // holds, and so does the record of it.
            if change.choice().is_some() {
                self.note_refusal(&change).await;
            }
            return Ok(change);
        }
        if change.reverses_opt_out() && !self.is_confirmed {
            return Err(ChoiceError::Unconfirmed);
        }
        let records = self.records.as_ref().filter(|_| self.decision.has_layer()).ok_or(ChoiceError::NoRecords)?;
        let Some(choice) = change.choice() else { return Ok(change) };
        let subject = self.subject.clone().map_err(ChoiceError::Store)?;
        // A record that was withdrawn is closed: its number is not given again.
        let id = match self.held_id() {
            Some(id) => id,
            None => RecordId::from_bytes(random().map_err(ChoiceError::Store)?),
        };
        if !self.is_held_already(choice) || !self.is_on_record(records, id, subject.as_ref()).await? {
            records.follow(self.decision.policy());
            let text = match &self.text {
                Some(text) => Some(records.keep_text(text).await.map_err(ChoiceError::Store)?),
                None => None,
            };
            let draft = self.draft(records, Outcome::Grant, choice, text, Some(id), subject);
            records.append(draft).await.map_err(ChoiceError::Store)?;
        }
        Ok(change.with_record_id(id, &self.decision))
    }

    /// The number of the record that the browser's own choice names.
    fn held_id(&self) -> Option<RecordId> {
        self.decision.raw_choice().filter(|held| !held.granted.is_empty()).and_then(|held| held.record_id)
    }

    /// Whether the browser holds this very choice of today, with a record: then there is nothing new to write.
    fn is_held_already(&self, choice: &Choice) -> bool {
        let same = |held: &Choice| Choice { record_id: held.record_id, ..*choice } == *held;
        self.held_id().is_some() && self.decision.undecided().is_none() && self.decision.raw_choice().is_some_and(same)
    }

    /// Whether the choice is on record: of the account, if there is one, or of the browser. It may have been erased.
    async fn is_on_record(
        &self,
        records: &Records,
        id: RecordId,
        subject: Option<&Arc<str>>,
    ) -> Result<bool, ChoiceError> {
        let owner = subject.map_or(Owner::Record(id), |subject| Owner::Subject(Arc::clone(subject)));
        let entries = records.store().entries_of(&owner).await.map_err(ChoiceError::Store)?;
        let last = entries.iter().rev().find(|entry| entry.kind == EntryKind::Choice);
        let is_it = last.and_then(|entry| entry.body.as_ref()?.record_id()) == Some(id);
        Ok(is_it && last_outcome(&entries) == Some(Outcome::Grant))
    }

    /// A refusal is recorded where it takes back a grant that is on record, or where an account is known; otherwise it is
    /// counted. It is never held up.
    async fn note_refusal(&self, change: &ConsentChange) {
        let Some(records) = self.records.as_ref().filter(|_| self.decision.has_layer()) else { return };
        records.follow(self.decision.policy());
        let subject = self.subject.clone().ok().flatten();
        let withdrawn = self.held_id();
        // What the browser says is checked: numbers that nobody gave, or that are closed, leave nothing in the store.
        let is_open = match withdrawn {
            Some(id) => match records.store().entries_of(&Owner::Record(id)).await {
                Ok(entries) => last_outcome(&entries) == Some(Outcome::Grant),
                Err(_down) => true,
            },
            None => false,
        };
        let is_news = is_open
            || match &subject {
                Some(subject) => match records.store().entries_of(&Owner::Subject(Arc::clone(subject))).await {
                    Ok(entries) => {
                        !matches!(last_outcome(&entries), Some(Outcome::Refuse | Outcome::Withdraw | Outcome::Object))
                    }
                    Err(_down) => true,
                },
                None => false,
            };
        if !is_news {
            records.count(format!("refuse {}", self.method.as_str()));
            return;
        }
        let outcome = if is_open { Outcome::Withdraw } else { Outcome::Refuse };
        let refusal = crate::cookies::change::full_refusal(&self.decision);
        let choice = change.choice().copied().unwrap_or(refusal);
        let id = withdrawn.filter(|_| is_open);
        let draft = self.draft(records, outcome, &choice, None, id, subject);
        if let Err(error) = records.append(draft.clone()).await {
            records.write_later(draft, &error);
        }
    }

    fn draft(
        &self,
        records: &Records,
        outcome: Outcome,
        choice: &Choice,
        text: Option<TextHash>,
        record_id: Option<RecordId>,
        subject: Option<Arc<str>>,
    ) -> Draft {
        let mut event =
            ConsentEvent::new(outcome, &self.decision, self.method).of(choice, &self.decision).showing(text);
        event.language.clone_from(&self.language);
        let time = records.moment();
        Draft { kind: EntryKind::Choice, time, record_id, subject, data: to_json(&event), erased: Vec::new() }
    }
}

/// What the last of these entries came to; corrections aside.
fn last_outcome(entries: &[LedgerEntry]) -> Option<Outcome> {
    let outcomes = entries.iter().rev().filter(|entry| entry.kind == EntryKind::Choice).filter_map(|entry| {
        let event: ConsentEvent = serde_json::from_slice(entry.body.as_ref()?.data()).ok()?;
        Some(event.outcome)
    });
    outcomes.into_iter().find(|outcome| *outcome != Outcome::Correct)
}

impl fmt::Display for ChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selection(error) => error.fmt(f),
            Self::Unconfirmed => f.write_str("opting in after an opt-out takes a second step of confirmation"),
            Self::Store(error) => write!(f, "nothing is granted, because no record can be written: {error}"),
            Self::NoRecords => f.write_str("there is no consent layer with records around this handler"),
        }
    }
}

impl Error for ChoiceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Selection(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Unconfirmed | Self::NoRecords => None,
        }
    }
}

//! Issuing, verifying and ending tokens.

use std::{fmt, sync::Arc};

use super::{
    issue::{Issued, NewToken},
    limits::Limits,
    secret::Token,
};
use crate::{
    clock::{Clock, SystemClock},
    policy::{ConfigError, Lifetime, Policy, TokenRules},
    store::{StoreError, StoreErrorKind, TokenDigest, TokenForm, TokenRecord, TokenStore},
};

/// Rotations that a log-out follows at most.
const ROUNDS: usize = 100;

/// Issues, verifies and ends tokens over a store. Cheap to clone.
///
/// # Defaults
///
/// A token lives exactly seven days (604,800 seconds) from its issue, used or not; no idle limit; the system's clock.
///
/// ```
/// use tower_consent::{ManualClock, MemoryStore, Tokens};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let clock = ManualClock::at(1_800_000_000);
/// let tokens = Tokens::builder(MemoryStore::new()).clock(clock.clone()).build()?;
/// let token = tokens.issue("user-17").await?.token().expose();
///
/// clock.advance(604_799);
/// assert!(tokens.verify(&token).await?.is_some());
/// clock.advance(1);
/// assert!(tokens.verify(&token).await?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Tokens {
    shared: Arc<Shared>,
    limits: Limits,
}

struct Shared {
    clock: Arc<dyn Clock>,
    store: Box<dyn TokenStore>,
}

/// Settings of [`Tokens`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct TokensBuilder {
    store: Box<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    rules: TokenRules,
}

impl Tokens {
    /// Tokens of seven days.
    pub fn new(store: impl TokenStore) -> Self {
        let shared = Shared { clock: Arc::new(SystemClock), store: Box::new(store) };
        Self { shared: Arc::new(shared), limits: Limits::of(&TokenRules::default()) }
    }

    /// Tokens with settings.
    pub fn builder(store: impl TokenStore) -> TokensBuilder {
        TokensBuilder { store: Box::new(store), clock: Arc::new(SystemClock), rules: TokenRules::default() }
    }

    /// The same, within what this policy promises: the shorter life, and the stricter idle limit.
    pub(super) fn within(&self, policy: &Policy) -> Self {
        let limits = self.limits.within(Limits::of(policy.token_rules()));
        Self { shared: Arc::clone(&self.shared), limits }
    }

    /// Issues a token to a subject that has proved who it is.
    ///
    /// # Errors
    ///
    /// A store that is down or full; a subject, label or data that is too long.
    pub async fn issue(&self, new: impl Into<NewToken>) -> Result<Issued, StoreError> {
        let NewToken { subject, label, data, form } = new.into();
        let token = Token::generate()?;
        let now = self.now();
        let record = TokenRecord::new(token.digest(), &subject, now, now.saturating_add(self.limits.life))?
            .with_label(&label)?
            .with_data(&data)?
            .with_form(form);
        self.insert(Issued { token, record }).await
    }

    async fn insert(&self, issued: Issued) -> Result<Issued, StoreError> {
        if self.store().insert_new(issued.record.clone()).await? {
            return Ok(issued);
        }
        // 256 random bits do not repeat.
        Err(StoreError::new(StoreErrorKind::Unavailable, "a new token is known already: is the random source broken?"))
    }

    /// The record of a live token, from the 43 characters that came with a request. `None`: it is unknown, has ended, or
    /// is no token; what is no token never reaches the store.
    ///
    /// # Errors
    ///
    /// The store cannot tell.
    pub async fn verify(&self, token: impl AsRef<[u8]>) -> Result<Option<TokenRecord>, StoreError> {
        let Some(token) = Token::parse(token.as_ref()) else { return Ok(None) };
        self.find(&token.digest()).await
    }

    /// The record of a live token. One access to the store, and a note of the use where one is due.
    pub(super) async fn find(&self, digest: &TokenDigest) -> Result<Option<TokenRecord>, StoreError> {
        let Some(record) = self.store().get(digest).await? else { return Ok(None) };
        let now = self.now();
        if !self.limits.is_live(&record, now) {
            // What ended before its written end (idle, or a life that was shortened) is swept only then: it is deleted
            // here, so that it does not come back to life where the limits are widened.
            if now < record.expires_at() {
                self.delete(digest).await?;
            }
            return Ok(None);
        }
        if !self.limits.is_due(&record, now) {
            return Ok(Some(record));
        }
        match self.store().touch(digest, now).await {
            // A record that is replaced takes the note along.
            Ok(true) => Ok(Some(record.with_seen_at(now))),
            // It was ended meanwhile, and a note does not bring it back.
            Ok(false) => Ok(None),
            // A store without room for a note still holds the token.
            Err(error) if error.kind() == StoreErrorKind::Full => Ok(Some(record)),
            Err(error) => Err(error),
        }
    }

    /// Ends a token, and with it what it was rotated into while this ran; tells whether it was known. What is no token is
    /// unknown.
    ///
    /// # Errors
    ///
    /// The store cannot be reached: then the token may be alive.
    pub async fn revoke(&self, token: impl AsRef<[u8]>) -> Result<bool, StoreError> {
        match Token::parse(token.as_ref()) {
            Some(token) => self.end_by(&token.digest()).await,
            None => Ok(false),
        }
    }

    /// Ends the session of this token, if there is one.
    pub(super) async fn end_by(&self, digest: &TokenDigest) -> Result<bool, StoreError> {
        match self.store().get(digest).await? {
            Some(record) => self.end(&record).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Ends the session that this token was seen to be of.
    ///
    /// If the token itself is gone, it was ended or rotated meanwhile. A rotation has stored the new one before it
    /// deleted the old one, so the new one is found, and so on: a log-out wins every race.
    pub(super) async fn end(&self, record: &TokenRecord) -> Result<(), StoreError> {
        if self.delete(record.digest()).await? {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            let mut successors = self.store().list_of(record.subject()).await?;
            successors.retain(|other| other.session() == record.session());
            if successors.is_empty() {
                return Ok(());
            }
            for successor in &successors {
                self.delete(successor.digest()).await?;
            }
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, "the session was rotated as fast as it was ended"))
    }

    /// Ends one of a subject's tokens, as picked from its [list](Self::list). Those of other subjects are left alone.
    ///
    /// # Errors
    ///
    /// The store cannot be reached: then the token may be alive.
    pub async fn revoke_one_of(&self, subject: &str, digest: &TokenDigest) -> Result<bool, StoreError> {
        match self.store().get(digest).await? {
            Some(record) if record.subject() == subject => self.end(&record).await.map(|()| true),
            _ => Ok(false),
        }
    }

    /// Ends every token of a subject, and tells how many: after a change of password, on *sign out everywhere*, when the
    /// account is closed.
    ///
    /// # Errors
    ///
    /// The store cannot be reached: then some may be alive.
    pub async fn revoke_all(&self, subject: &str) -> Result<u64, StoreError> {
        self.store().delete_all_of(subject).await
    }

    /// The live tokens of a subject, the latest first.
    ///
    /// # Errors
    ///
    /// The store cannot tell.
    pub async fn list(&self, subject: &str) -> Result<Vec<TokenRecord>, StoreError> {
        let mut records = self.store().list_of(subject).await?;
        let now = self.now();
        records.retain(|record| self.limits.is_live(record, now));
        records.sort_by(|one, other| other.issued_at().cmp(&one.issued_at()).then(one.digest().cmp(other.digest())));
        Ok(records)
    }

    /// Replaces a live token by a new secret that ends when the old one would have. `None`: the old one is not alive, or
    /// was ended meanwhile; then the new one is gone too, because a log-out wins every race.
    ///
    /// # Errors
    ///
    /// The store cannot be reached: then the old token may be alive, and the new one, which nobody knows, stays at most
    /// until its end.
    pub async fn rotate(&self, token: impl AsRef<[u8]>) -> Result<Option<Issued>, StoreError> {
        let Some(old) = Token::parse(token.as_ref()) else { return Ok(None) };
        match self.find(&old.digest()).await? {
            Some(record) => self.replace(&record, record.form()).await,
            None => Ok(None),
        }
    }

    /// Inserts the new, deletes the old. In this order a crash between them loses nobody.
    pub(super) async fn replace(&self, old: &TokenRecord, form: TokenForm) -> Result<Option<Issued>, StoreError> {
        let token = Token::generate()?;
        let record = old.with_digest(token.digest()).with_form(form);
        let new = self.insert(Issued { token, record }).await?;
        match self.delete(old.digest()).await {
            Ok(true) => Ok(Some(new)),
            Ok(false) => {
                self.delete(new.record.digest()).await?;
                Ok(None)
            }
            Err(error) => {
                // Whether it works or not, nobody learns the new secret.
                drop(self.delete(new.record.digest()).await);
                Err(error)
            }
        }
    }

    /// Deletes ended tokens now, and tells how many: those whose end lies a sweep interval back. Stores do it by
    /// themselves at every interval.
    ///
    /// # Errors
    ///
    /// The store cannot be reached.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        self.store().sweep().await
    }

    pub(super) async fn delete(&self, digest: &TokenDigest) -> Result<bool, StoreError> {
        self.store().delete(digest).await
    }

    /// Seconds until a token ends, however it is used; 0 once it has. For lists of sessions.
    #[must_use]
    pub fn seconds_left(&self, record: &TokenRecord) -> i64 {
        self.limits.end_of(record).saturating_sub(self.now()).max(0)
    }

    fn store(&self) -> &dyn TokenStore {
        &*self.shared.store
    }

    fn now(&self) -> i64 {
        self.shared.clock.unix_seconds()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("store", &self.shared.store).field("limits", &self.limits).finish()
    }
}

impl TokensBuilder {
    /// A life of at most seven days: an exact span, not months. For more, see [`policy`](Self::policy).
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.rules = self.rules.with_lifetime(lifetime);
        // What a policy said of another life says nothing of this one.
        self.rules.longer_than_seven_days = false;
        self
    }

    /// Ends a token that was not used for this long: at least a minute. Uses are noted at most every tenth of it.
    pub fn idle_limit(mut self, limit: Lifetime) -> Self {
        self.rules = self.rules.with_idle_limit(limit);
        self
    }

    /// Life and idle limit as the policy promises: also more than seven days, where it says so. Replaces what was set.
    pub fn policy(mut self, policy: &Policy) -> Self {
        self.rules = policy.token_rules().clone();
        self
    }

    /// Takes the time from another clock: for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// A life of zero, of months, or of more than seven days; an idle limit of less than a minute.
    pub fn build(self) -> Result<Tokens, ConfigError> {
        self.rules.check("tokens")?;
        let shared = Shared { clock: self.clock, store: self.store };
        Ok(Tokens { shared: Arc::new(shared), limits: Limits::of(&self.rules) })
    }
}

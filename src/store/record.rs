//! What a store keeps of a token.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{
    error::{StoreError, StoreErrorKind},
    token::TokenDigest,
};

/// Bytes that a subject can have.
pub const MAX_SUBJECT: usize = 255;
/// Bytes that a device label can have.
pub const MAX_LABEL: usize = 255;
/// Bytes that an application can keep with a token.
pub const MAX_DATA: usize = 1_024;

/// The version of the written form.
const VERSION: u8 = 1;

/// How a token travels, as the visitor chose when signing in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenForm {
    /// By a cookie that outlives the browser: what is left of the token's life.
    #[default]
    Persistent,
    /// By a cookie that the browser forgets when it ends.
    BrowserSession,
    /// By `Authorization: Bearer`: no cookie.
    Bearer,
}

impl TokenForm {
    const ALL: [Self; 3] = [Self::Persistent, Self::BrowserSession, Self::Bearer];

    /// The number that stores write for it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Persistent => 0,
            Self::BrowserSession => 1,
            Self::Bearer => 2,
        }
    }

    /// The form of this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.number() == number)
    }
}

/// What a store keeps of a token. Cheap to clone: clones share one record, and one time of last use.
///
/// `Debug` shows no subject, label or data: they are about a person.
#[derive(Clone)]
pub struct TokenRecord(Arc<Inner>);

struct Inner {
    digest: TokenDigest,
    issued_at: i64,
    expires_at: i64,
    seen_at: AtomicI64,
    subject: Box<str>,
    session: i64,
    form: TokenForm,
    // Most tokens have neither: together they take one word.
    more: Option<Box<More>>,
}

impl Inner {
    fn change_more(&mut self, change: impl FnOnce(&mut More)) {
        let mut more = self.more.take().unwrap_or_default();
        change(&mut more);
        self.more = (!more.label.is_empty() || !more.data.is_empty()).then_some(more);
    }
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            digest: self.digest,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            seen_at: AtomicI64::new(self.seen_at.load(Ordering::Relaxed)),
            subject: self.subject.clone(),
            session: self.session,
            form: self.form,
            more: self.more.clone(),
        }
    }
}

#[derive(Clone, Default)]
struct More {
    label: Box<str>,
    data: Box<[u8]>,
}

impl TokenRecord {
    /// A record of a token that was issued at `issued_at` and ends at `expires_at` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`Invalid`](StoreErrorKind::Invalid) if the subject is empty or longer than [`MAX_SUBJECT`] bytes.
    pub fn new(digest: TokenDigest, subject: &str, issued_at: i64, expires_at: i64) -> Result<Self, StoreError> {
        if subject.is_empty() {
            return Err(StoreError::new(StoreErrorKind::Invalid, "subject: is empty"));
        }
        check("subject", subject.len(), MAX_SUBJECT)?;
        let seen_at = AtomicI64::new(issued_at);
        // Its first token names a session.
        let session = digest.as_bytes().first_chunk().map_or(0, |first| i64::from_be_bytes(*first));
        let (subject, form) = (subject.into(), TokenForm::default());
        Ok(Self(Arc::new(Inner { digest, issued_at, expires_at, seen_at, subject, session, form, more: None })))
    }

    /// With a device label, as shown in a list of sessions.
    ///
    /// # Errors
    ///
    /// [`Invalid`](StoreErrorKind::Invalid) if it is longer than [`MAX_LABEL`] bytes.
    pub fn with_label(self, label: &str) -> Result<Self, StoreError> {
        check("label", label.len(), MAX_LABEL)?;
        Ok(self.changed(|inner| inner.change_more(|more| more.label = label.into())))
    }

    /// With a small amount of the application's own data.
    ///
    /// # Errors
    ///
    /// [`Invalid`](StoreErrorKind::Invalid) if it is longer than [`MAX_DATA`] bytes.
    pub fn with_data(self, data: &[u8]) -> Result<Self, StoreError> {
        check("data", data.len(), MAX_DATA)?;
        Ok(self.changed(|inner| inner.change_more(|more| more.data = data.into())))
    }

    /// In this form.
    #[must_use]
    pub fn with_form(self, form: TokenForm) -> Self {
        self.changed(|inner| inner.form = form)
    }

    /// Of this session.
    #[must_use]
    pub fn with_session(self, session: i64) -> Self {
        self.changed(|inner| inner.session = session)
    }

    /// With the time of its last use.
    #[must_use]
    pub fn with_seen_at(self, seen_at: i64) -> Self {
        self.changed(|inner| inner.seen_at = AtomicI64::new(seen_at))
    }

    /// The same token under another secret: everything else stays.
    #[must_use]
    pub fn with_digest(&self, digest: TokenDigest) -> Self {
        self.clone().changed(|inner| inner.digest = digest)
    }

    /// Changes a record that nobody else has, or a copy of it.
    fn changed(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The digest of its secret: the session's name in a list.
    #[must_use]
    pub fn digest(&self) -> &TokenDigest {
        &self.0.digest
    }

    /// Whose token it is: what the application gave when it issued the token.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// When it was issued (Unix seconds).
    #[must_use]
    pub fn issued_at(&self) -> i64 {
        self.0.issued_at
    }

    /// When it ends (Unix seconds): at this second it is refused.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.0.expires_at
    }

    /// When it was last used (Unix seconds), as far as that is noted: only where there is an idle limit, and then with a
    /// grain of a tenth of the limit. At first the time of issue.
    #[must_use]
    pub fn seen_at(&self) -> i64 {
        self.0.seen_at.load(Ordering::Relaxed)
    }

    /// The number of its session: that of the sign-in, kept when the token is rotated.
    #[must_use]
    pub fn session(&self) -> i64 {
        self.0.session
    }

    /// How it travels.
    #[must_use]
    pub fn form(&self) -> TokenForm {
        self.0.form
    }

    /// The device label; empty where none was given.
    #[must_use]
    pub fn label(&self) -> &str {
        self.0.more.as_ref().map_or("", |more| &more.label)
    }

    /// The application's own data; empty where none was given.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.0.more.as_ref().map_or(&[], |more| &more.data)
    }

    /// Notes a use; never moves backwards. For stores that share the record itself.
    pub(super) fn touch(&self, seen_at: i64) {
        self.0.seen_at.fetch_max(seen_at, Ordering::Relaxed);
    }

    /// The place of the time of last use in the written form: eight bytes, big-endian. A store can write them alone.
    pub const SEEN_AT: std::ops::Range<usize> = 1..9;

    /// The written form, for stores that keep bytes. The digest is not in it: it is the key.
    ///
    /// One byte of version, then seen, issued and ended at and the session as big-endian `i64`, a byte for the form, subject, label (each after one byte
    /// of length) and data (after two).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (subject, label, data) = (self.subject().as_bytes(), self.label().as_bytes(), self.data());
        let mut bytes = Vec::with_capacity(38 + subject.len() + label.len() + data.len());
        bytes.push(VERSION);
        for number in [self.seen_at(), self.issued_at(), self.expires_at(), self.session()] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.push(self.form().number());
        // Lengths were checked when the record was made.
        for text in [subject, label] {
            bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(text);
        }
        bytes.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    /// Reads the written form.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt) if it is none.
    pub fn from_bytes(digest: TokenDigest, bytes: &[u8]) -> Result<Self, StoreError> {
        let corrupt = || StoreError::new(StoreErrorKind::Corrupt, format!("a token record of {} bytes", bytes.len()));
        Self::parse(digest, bytes).ok_or_else(corrupt)
    }

    fn parse(digest: TokenDigest, bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        if version != VERSION {
            return None;
        }
        let (&seen_at, rest) = rest.split_first_chunk()?;
        let (&issued_at, rest) = rest.split_first_chunk()?;
        let (&expires_at, rest) = rest.split_first_chunk()?;
        let (&session, rest) = rest.split_first_chunk()?;
        let (&form, rest) = rest.split_first()?;
        let (&length, rest) = rest.split_first()?;
        let (subject, rest) = rest.split_at_checked(length.into())?;
        let (&length, rest) = rest.split_first()?;
        let (label, rest) = rest.split_at_checked(length.into())?;
        let (&length, data) = rest.split_first_chunk()?;
        if data.len() != usize::from(u16::from_be_bytes(length)) {
            return None;
        }
        let (subject, label) = (std::str::from_utf8(subject).ok()?, std::str::from_utf8(label).ok()?);
        let (issued_at, expires_at) = (i64::from_be_bytes(issued_at), i64::from_be_bytes(expires_at));
        let record =
            Self::new(digest, subject, issued_at, expires_at).ok()?.with_label(label).ok()?.with_data(data).ok()?;
        let record = record.with_form(TokenForm::from_number(form)?).with_session(i64::from_be_bytes(session));
        Some(record.with_seen_at(i64::from_be_bytes(seen_at)))
    }
}

fn check(what: &str, length: usize, most: usize) -> Result<(), StoreError> {
    if length <= most {
        return Ok(());
    }
    Err(StoreError::new(StoreErrorKind::Invalid, format!("{what}: {length} bytes, at most {most}")))
}

impl fmt::Debug for TokenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRecord")
            .field("digest", &self.digest())
            .field("issued_at", &self.issued_at())
            .field("expires_at", &self.expires_at())
            .field("seen_at", &self.seen_at())
            .field("form", &self.form())
            .finish_non_exhaustive()
    }
}

impl PartialEq for TokenRecord {
    fn eq(&self, other: &Self) -> bool {
        let facts = |record: &Self| (*record.digest(), record.issued_at(), record.expires_at(), record.seen_at());
        facts(self) == facts(other)
            && self.subject() == other.subject()
            && (self.form(), self.session()) == (other.form(), other.session())
            && self.label() == other.label()
            && self.data() == other.data()
    }
}

impl Eq for TokenRecord {}

//! What can go wrong in a store.

use std::{error::Error, fmt, sync::Arc};

/// Why a store did not do what it was asked. Cheap to clone.
///
/// It never holds a token's secret, nor a digest.
#[derive(Clone)]
pub struct StoreError(Arc<Inner>);

struct Inner {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached, is a standby that lags behind, or refuses to work now. Whether a write arrived is not known.
    Unavailable,
    /// The store did not answer in time. Whether a write arrived is not known.
    Timeout,
    /// The store has no room for another token or record. Nothing was stored.
    Full,
    /// What was to be stored is too long, or empty where it must not be. Nothing was stored.
    Invalid,
    /// The store holds something that this version cannot read.
    Corrupt,
    /// Another process has the store open.
    InUse,
    /// The store's own settings could lose a token or a consent record, or bring a revoked token back.
    Unsafe,
    /// The store cannot be opened with these settings: a bad address, a bad path, no such database.
    Config,
}

impl StoreErrorKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "the store is unavailable",
            Self::Timeout => "the store did not answer in time",
            Self::Full => "the store is full",
            Self::Invalid => "cannot be stored",
            Self::Corrupt => "the store holds what cannot be read",
            Self::InUse => "the store is in use by another process",
            Self::Unsafe => "the store's settings are not safe",
            Self::Config => "the store cannot be opened",
        }
    }
}

impl StoreError {
    /// An error of this kind; `message` says what was tried, with place and value, and no secret.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), source: None }))
    }

    /// An error with what caused it.
    pub fn with_source(
        kind: StoreErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), source: Some(source.into()) }))
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.as_str(), self.0.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

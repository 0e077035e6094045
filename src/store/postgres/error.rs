//! What the driver and the pool say, as a [`StoreError`].

use std::{error::Error as _, io};

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::{Error, error::SqlState};

use crate::store::error::{StoreError, StoreErrorKind};

/// What was going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The store is being opened: a mistake in its settings is a mistake.
    Opening,
    /// It was open already: whatever the server says, it does not work now.
    Open,
}

/// A failed connection or statement. `what` names it; the server's details are left out, for they quote rows.
pub(super) fn failed(stage: Stage, what: &str, error: Error) -> StoreError {
    let kind = kind(stage, &error);
    let mut message = format!("{what}: {}", reason(&error));
    if let Some(hint) = hint(&error) {
        message = format!("{message}; {hint}");
    }
    // A server's error can hold a row, so it goes no further. A broken line cannot.
    if error.as_db_error().is_some() {
        return StoreError::new(kind, message);
    }
    StoreError::with_source(kind, message, error)
}

/// No connection from the pool.
pub(super) fn no_connection(stage: Stage, what: &str, error: PoolError) -> StoreError {
    let new = |kind, message: &str| StoreError::new(kind, format!("{what}: {message}"));
    match error {
        PoolError::Backend(error) => failed(stage, what, error),
        PoolError::Timeout(TimeoutType::Wait) => new(StoreErrorKind::Timeout, "no connection of the pool became free"),
        PoolError::Timeout(_) => new(StoreErrorKind::Timeout, "no answer to a new connection"),
        PoolError::Closed => new(StoreErrorKind::Unavailable, "the pool was closed"),
        PoolError::NoRuntimeSpecified => new(StoreErrorKind::Config, "the pool has time limits but no runtime"),
        PoolError::PostCreateHook(error) => new(StoreErrorKind::Unavailable, &format!("a hook of the pool: {error}")),
    }
}

/// Whether the same statement may succeed when it is sent again, and nothing was done.
pub(super) fn was_rolled_back(error: &Error) -> bool {
    matches!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED))
}

/// Whether a statement met a row that came after it began. Nothing was done; sent again, it sees that row.
pub(super) fn met_a_later_one(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

fn kind(stage: Stage, error: &Error) -> StoreErrorKind {
    let config = match stage {
        Stage::Opening => StoreErrorKind::Config,
        Stage::Open => StoreErrorKind::Unavailable,
    };
    let Some(code) = error.code() else {
        return match broken_line(error) {
            Some(broken) if broken.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => config,
            Some(broken) if broken.kind() == io::ErrorKind::TimedOut => StoreErrorKind::Timeout,
            Some(_) => StoreErrorKind::Unavailable,
            None if error.is_closed() => StoreErrorKind::Unavailable,
            // No TLS at the server, a way to sign in that the driver lacks, no password where one is asked for.
            None => config,
        };
    };
    match *code {
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => StoreErrorKind::Timeout,
        SqlState::DISK_FULL => StoreErrorKind::Full,
        _ => match code.code().get(..2) {
            // Sign-in, no such database, no such table or right.
            Some("28" | "3D" | "3F" | "42") => config,
            Some("22" | "23") => StoreErrorKind::Corrupt,
            _ => StoreErrorKind::Unavailable,
        },
    }
}

fn broken_line(error: &Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

fn reason(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn hint(error: &Error) -> Option<&'static str> {
    if let Some(code) = error.code() {
        return match *code {
            SqlState::INSUFFICIENT_PRIVILEGE => Some("the role needs CREATE once, then SELECT, INSERT, UPDATE, DELETE"),
            SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => {
                Some("a proxy that pools by transaction must know prepared statements")
            }
            _ => None,
        };
    }
    let broken = broken_line(error)?;
    broken.get_ref()?.is::<rustls::Error>().then_some(
        "give the server's root certificate to the builder; sslmode=disable is for connections that nobody can read",
    )
}

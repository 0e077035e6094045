//! What the driver reports, as a store's errors: which server, what was tried, and no secret.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::store::error::{StoreError, StoreErrorKind};

/// The error of a command, on the server at this address.
pub(super) fn of_command(address: &str, command: &str, error: RedisError) -> StoreError {
    let kind = match error.kind() {
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => StoreErrorKind::Corrupt,
        ErrorKind::InvalidClientConfig => StoreErrorKind::Config,
        _ if error.is_timeout() => StoreErrorKind::Timeout,
        _ => match error.code() {
            Some("OOM") => StoreErrorKind::Full,
            Some("WRONGTYPE") => StoreErrorKind::Corrupt,
            _ => StoreErrorKind::Unavailable,
        },
    };
    described(kind, &format!("{address}: {command}"), error)
}

/// The error of an attempt to connect.
pub(super) fn of_connecting(address: &str, error: RedisError) -> StoreError {
    let kind = match error.kind() {
        ErrorKind::InvalidClientConfig | ErrorKind::AuthenticationFailed | ErrorKind::RESP3NotSupported => {
            StoreErrorKind::Config
        }
        _ if matches!(error.code(), Some("WRONGPASS" | "NOAUTH" | "NOPERM")) => StoreErrorKind::Config,
        _ if error.is_timeout() => StoreErrorKind::Timeout,
        _ => StoreErrorKind::Unavailable,
    };
    described(kind, &format!("{address}: connecting"), error)
}

fn described(kind: StoreErrorKind, place: &str, error: RedisError) -> StoreError {
    // A server's own words can repeat what it was sent: a key, which names a token.
    let Some(code) = error.code() else {
        return StoreError::with_source(kind, format!("{place}: {error}"), error);
    };
    let detail = error.detail().unwrap_or_default();
    let detail = detail.split(", with args").next().unwrap_or_default();
    StoreError::new(kind, format!("{place}: {code} {detail}").trim_end())
}

/// No answer in time.
pub(super) fn no_answer(address: &str, command: &str, after: std::time::Duration) -> StoreError {
    StoreError::new(StoreErrorKind::Timeout, format!("{address}: {command}: no answer within {after:?}"))
}

/// Whether the server forbids the command, or does not know it.
pub(super) fn is_refusal(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::NoPerm) => true,
        ErrorKind::Server(ServerErrorKind::ResponseError) => {
            error.detail().is_some_and(|detail| detail.contains("unknown") || detail.contains("not allowed"))
        }
        _ => false,
    }
}

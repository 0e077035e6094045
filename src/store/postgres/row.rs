//! Rows of the table as records.

use tokio_postgres::Row;

use super::{database::unreadable, schema::standby};
use crate::store::{
    error::{StoreError, StoreErrorKind},
    record::{TokenForm, TokenRecord},
    token::TokenDigest,
};

/// The records of an answer to `get` or `list`: where there is none, one row without a digest.
pub(super) fn records(what: &str, rows: &[Row]) -> Result<Vec<TokenRecord>, StoreError> {
    let mut records = Vec::new();
    for row in rows {
        if row.try_get(0).map_err(|error| unreadable(&error))? {
            return Err(standby(what));
        }
        records.extend(record(row).map_err(|error| unreadable(&error))?.transpose()?);
    }
    Ok(records)
}

/// The answer to "is anything left". No row is no answer, and no answer is not an end.
pub(super) fn is_anything_left(what: &str, rows: &[Row]) -> Result<bool, StoreError> {
    let Some(row) = rows.first() else { return Ok(true) };
    if row.try_get(0).map_err(|error| unreadable(&error))? {
        return Err(standby(what));
    }
    row.try_get(1).map_err(|error| unreadable(&error))
}

fn record(row: &Row) -> Result<Option<Result<TokenRecord, StoreError>>, tokio_postgres::Error> {
    let Some(digest) = row.try_get::<_, Option<&[u8]>>(1)? else { return Ok(None) };
    let (subject, label, data): (&[u8], &[u8], &[u8]) = (row.try_get(2)?, row.try_get(8)?, row.try_get(9)?);
    let (issued_at, expires_at, seen_at) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
    let (session, form): (i64, i16) = (row.try_get(6)?, row.try_get(7)?);
    let build = || {
        let digest = TokenDigest::from_bytes(digest.try_into().ok()?);
        let (subject, label) = (str::from_utf8(subject).ok()?, str::from_utf8(label).ok()?);
        let form = TokenForm::from_number(u8::try_from(form).ok()?)?;
        let record = TokenRecord::new(digest, subject, issued_at, expires_at).ok()?.with_form(form);
        record.with_session(session).with_seen_at(seen_at).with_label(label).ok()?.with_data(data).ok()
    };
    let corrupt = || StoreError::new(StoreErrorKind::Corrupt, "a row of tower_consent_tokens that is no token");
    Ok(Some(build().ok_or_else(corrupt)))
}

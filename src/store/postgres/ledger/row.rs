//! Rows of the tables of consent records as what they mean.

use time::Date;
use tokio_postgres::{Error, Row};

use crate::{
    consent::RecordId,
    store::{
        consent::DayCount,
        entry::{ChainId, Checkpoint, EntryBody, EntryKind, EntryPlace, LedgerEntry},
        error::{StoreError, StoreErrorKind},
        postgres::schema::standby,
    },
};

/// The Julian day of 1970-01-01: days are counted from there.
const FIRST_DAY: i32 = 2_440_588;

/// A day as the tables have it.
pub(super) const fn day_number(day: Date) -> i32 {
    day.to_julian_day() - FIRST_DAY
}

fn day(number: i32) -> Option<Date> {
    Date::from_julian_day(number.checked_add(FIRST_DAY)?).ok()
}

/// What the rows mean, each by itself; where there is none, an answer is one row without the second column.
fn all<T>(
    what: &str,
    table: &str,
    rows: &[Row],
    read: impl Fn(&Row) -> Result<Option<T>, Error>,
) -> Result<Vec<T>, StoreError> {
    let corrupt = |reason: String| StoreError::new(StoreErrorKind::Corrupt, format!("a row of {table}{reason}"));
    let unreadable = |error: Error| corrupt(format!(": {error}"));
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        if row.try_get(0).map_err(unreadable)? {
            return Err(standby(what));
        }
        // Keys are never null.
        let is_there = row.try_get::<_, Option<Is>>(1).map_err(unreadable)?.is_some();
        if is_there {
            let value = read(row).map_err(unreadable)?;
            found.push(value.ok_or_else(|| corrupt(" that cannot be read".to_owned()))?);
        }
    }
    Ok(found)
}

/// A value of whatever type.
struct Is;

impl<'a> tokio_postgres::types::FromSql<'a> for Is {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        _: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }
}

/// The entries of an answer.
pub(super) fn entries(what: &str, rows: &[Row]) -> Result<Vec<LedgerEntry>, StoreError> {
    all(what, "tower_consent_entries", rows, entry)
}

fn entry(row: &Row) -> Result<Option<LedgerEntry>, Error> {
    let (chain, number, time): (&[u8], i64, i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let (kind, commitment, link): (i16, &[u8], &[u8]) = (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
    let (salt, record_id): (Option<&[u8]>, Option<&[u8]>) = (row.try_get(7)?, row.try_get(8)?);
    let (subject, data): (Option<&[u8]>, Option<&[u8]>) = (row.try_get(9)?, row.try_get(10)?);
    let read = || {
        let body = match (salt, data) {
            (Some(salt), Some(data)) => {
                let record_id = record_id.map(<[u8; 16]>::try_from).transpose().ok()?;
                let subject = subject.map(str::from_utf8).transpose().ok()?;
                Some(EntryBody::new(salt.try_into().ok()?, record_id.map(RecordId::from_bytes), subject, data).ok()?)
            }
            (None, None) => None,
            _ => return None,
        };
        let kind = EntryKind::from_number(u8::try_from(kind).ok()?)?;
        let (commitment, link) = (commitment.try_into().ok()?, link.try_into().ok()?);
        Some(LedgerEntry::new(place(chain, number)?, time, kind, commitment, link, body))
    };
    Ok(read())
}

fn place(chain: &[u8], number: i64) -> Option<EntryPlace> {
    let chain = ChainId::from_bytes(chain.try_into().ok()?);
    Some(EntryPlace { chain, number: u64::try_from(number).ok()? })
}

/// The place that an append found taken.
pub(super) fn taken(rows: &[Row]) -> Option<EntryPlace> {
    let row = rows.first()?;
    place(row.try_get(0).ok()?, row.try_get(1).ok()?)
}

/// The chains of an answer.
pub(super) fn chains(rows: &[Row]) -> Result<Vec<(ChainId, Option<Checkpoint>)>, StoreError> {
    all("chains", "tower_consent_chains", rows, |row| {
        let (chain, number): (&[u8], Option<i64>) = (row.try_get(1)?, row.try_get(2)?);
        let (link, seal): (Option<&[u8]>, Option<&[u8]>) = (row.try_get(3)?, row.try_get(4)?);
        let read = || {
            let id = ChainId::from_bytes(chain.try_into().ok()?);
            let Some(number) = number else { return Some((id, None)) };
            let (link, seal) = (link?.try_into().ok()?, seal?.try_into().ok()?);
            Some((id, Some(Checkpoint::new(place(chain, number)?, link, seal))))
        };
        Ok(read())
    })
}

/// The text of an answer.
pub(super) fn text(rows: &[Row]) -> Result<Option<String>, StoreError> {
    let texts = all("text", "tower_consent_texts", rows, |row| {
        let text: &[u8] = row.try_get(1)?;
        Ok(str::from_utf8(text).ok().map(str::to_owned))
    });
    Ok(texts?.pop())
}

/// The counters of an answer.
pub(super) fn counts(rows: &[Row]) -> Result<Vec<DayCount>, StoreError> {
    all("counts", "tower_consent_counts", rows, |row| {
        let (number, what, count): (i32, &[u8], i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let read = || Some(DayCount::new(day(number)?, str::from_utf8(what).ok()?, u64::try_from(count).ok()?));
        Ok(read())
    })
}

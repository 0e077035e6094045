//! How long something lives.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};
use time::{Date, Duration, Month, util::days_in_month};

/// Seconds of the longest life that a browser gives a cookie: 400 days (rfc6265bis section 5.5).
pub(crate) const MAX_COOKIE_SECONDS: i64 = 400 * 86_400;

/// A span of calendar months, or an exact span of seconds.
///
/// Six months from 31 August end on the last day of February: months are counted on the calendar, because that is how
/// regulators count them. In a file: `"6 months"`, `"7 days"`, `"12 hours"`, `"30 minutes"`, `"90 seconds"`.
///
/// ```
/// use tower_consent::Lifetime;
///
/// assert_eq!("6 months".parse(), Ok(Lifetime::months(6)));
/// assert_eq!(Lifetime::days(7).to_string(), "7 days");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lifetime(Span);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Span {
    Months(u16),
    Seconds(u32),
}

impl Lifetime {
    /// Calendar months.
    #[must_use]
    pub const fn months(months: u16) -> Self {
        Self(Span::Months(months))
    }

    /// Days of 86,400 seconds.
    #[must_use]
    pub const fn days(days: u16) -> Self {
        Self(Span::Seconds(days as u32 * 86_400))
    }

    /// Seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self(Span::Seconds(seconds))
    }

    pub(crate) const fn is_zero(self) -> bool {
        matches!(self.0, Span::Months(0) | Span::Seconds(0))
    }

    /// Whether it is longer than this many months, and this many days where it is given in seconds.
    pub(crate) const fn is_longer_than(self, months: u16, days: u32) -> bool {
        match self.0 {
            Span::Months(given) => given > months,
            Span::Seconds(given) => given > days * 86_400,
        }
    }

    /// The length, where it is an exact one.
    pub(crate) const fn exact_seconds(self) -> Option<i64> {
        match self.0 {
            Span::Months(_) => None,
            Span::Seconds(seconds) => Some(seconds as i64),
        }
    }

    /// The moment (Unix seconds) at which a span that begins with this UTC day has ended.
    pub(crate) fn end_from_day(self, day: Date) -> i64 {
        match self.0 {
            Span::Months(months) => start_of(add_months(day, months)),
            Span::Seconds(seconds) => start_of(day).saturating_add(i64::from(seconds)),
        }
    }

    /// Whether a span that begins with this UTC day has ended: `end_from_day(day) <= now`.
    pub(crate) fn has_ended(self, day: Date, now: i64) -> bool {
        // No month is shorter: most of the time the calendar need not be asked.
        let is_sure = |months: u16| now < start_of(day) + i64::from(months) * 28 * 86_400;
        !matches!(self.0, Span::Months(months) if is_sure(months)) && self.end_from_day(day) <= now
    }

    /// The length in seconds of a span that begins now.
    pub(crate) fn seconds_from(self, now: i64) -> i64 {
        match self.0 {
            Span::Seconds(seconds) => i64::from(seconds),
            Span::Months(_) => self.end_from_day(day_of(now)).saturating_sub(start_of(day_of(now))),
        }
    }
}

/// The UTC day of a moment. Outside the years -9999 to 9999, the nearest day inside.
pub(crate) fn day_of(unix_seconds: i64) -> Date {
    match time::OffsetDateTime::from_unix_timestamp(unix_seconds) {
        Ok(moment) => moment.date(),
        Err(_) if unix_seconds < 0 => Date::MIN,
        Err(_) => Date::MAX,
    }
}

/// The number of the day, from 1 January 1970 on.
pub(crate) const fn day_number(day: Date) -> i64 {
    const EPOCH: i64 = time::OffsetDateTime::UNIX_EPOCH.date().to_julian_day() as i64;
    day.to_julian_day() as i64 - EPOCH
}

/// The first second of a UTC day.
pub(crate) const fn start_of(day: Date) -> i64 {
    day_number(day) * 86_400
}

/// The day after; the last day stays.
pub(crate) fn day_after(day: Date) -> Date {
    day.checked_add(Duration::DAY).unwrap_or(Date::MAX)
}

/// Calendar months later; a day that the month does not have becomes its last one.
fn add_months(day: Date, months: u16) -> Date {
    let count = i32::from(u8::from(day.month())) - 1 + i32::from(months);
    let year = day.year() + count.div_euclid(12);
    let month = u8::try_from(count.rem_euclid(12) + 1).ok().and_then(|month| Month::try_from(month).ok());
    month
        .and_then(|month| Date::from_calendar_date(year, month, day.day().min(days_in_month(month, year))).ok())
        .unwrap_or(Date::MAX)
}

const UNITS: [(&str, u32); 4] = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

impl Lifetime {
    /// The number and its unit, the largest that gives a whole number: `month`, `day`, `hour`, `minute` or `second`.
    pub(crate) fn number_and_unit(self) -> (u32, &'static str) {
        match self.0 {
            Span::Months(months) => (u32::from(months), "month"),
            Span::Seconds(seconds) => UNITS
                .iter()
                .find(|(_, length)| seconds.is_multiple_of(*length) && seconds >= *length)
                .map_or((seconds, "second"), |(unit, length)| (seconds / length, *unit)),
        }
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = self.number_and_unit();
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    fn from_str(text: &str) -> Result<Self, LifetimeError> {
        let error = || LifetimeError(text.to_owned());
        let (number, unit) = text.split_once(' ').ok_or_else(error)?;
        let unit = unit.strip_suffix('s').unwrap_or(unit);
        let number: u32 = number.parse().map_err(|_not_a_number| error())?;
        if unit == "month" {
            return u16::try_from(number).map(Self::months).map_err(|_too_many| error());
        }
        UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .and_then(|(_, length)| number.checked_mul(*length))
            .map(Self::seconds)
            .ok_or_else(error)
    }
}

impl Serialize for Lifetime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A text that is no lifetime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifetimeError(String);

impl fmt::Display for LifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a lifetime: a number and a unit are, such as \"6 months\" or \"7 days\"", self.0)
    }
}

impl std::error::Error for LifetimeError {}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn calendar_months_end_on_a_day_that_exists() {
        for (from, months, to) in [
            (date!(2025 - 08 - 31), 6, date!(2026 - 02 - 28)),
            (date!(2027 - 08 - 31), 6, date!(2028 - 02 - 29)),
            (date!(2026 - 12 - 31), 2, date!(2027 - 02 - 28)),
            (date!(2024 - 02 - 29), 12, date!(2025 - 02 - 28)),
            (date!(2026 - 11 - 21), 6, date!(2027 - 05 - 21)),
            (date!(2026 - 01 - 31), 13, date!(2027 - 02 - 28)),
            (Date::MAX, 1, Date::MAX),
        ] {
            assert_eq!(add_months(from, months), to, "{from} + {months} months");
        }
    }

    #[test]
    fn texts_are_read_and_written() {
        for text in ["1 month", "13 months", "7 days", "1 day", "12 hours", "30 minutes", "604801 seconds"] {
            assert_eq!(text.parse::<Lifetime>().expect(text).to_string(), text);
        }
        for text in
            ["", "7", "7days", "-7 days", "7 weeks", "7 days ", "99999999999 seconds", "70000 months", " 7 days"]
        {
            assert!(text.parse::<Lifetime>().is_err(), "{text:?}");
        }
    }
}

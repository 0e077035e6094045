//! Reads the date of an `Expires` attribute as browsers do (rfc6265bis section 5.1.1), lenient where they are.

use time::{Date, Month, Time, UtcOffset};

const MONTHS: [(&[u8; 3], Month); 12] = [
    (b"jan", Month::January),
    (b"feb", Month::February),
    (b"mar", Month::March),
    (b"apr", Month::April),
    (b"may", Month::May),
    (b"jun", Month::June),
    (b"jul", Month::July),
    (b"aug", Month::August),
    (b"sep", Month::September),
    (b"oct", Month::October),
    (b"nov", Month::November),
    (b"dec", Month::December),
];

/// The moment in Unix seconds; `None` for what a browser cannot read either, which makes a session cookie.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        // The first token that fits each field counts, in this order.
        if time.is_none() && set(&mut time, hms(token)) {
            continue;
        }
        if day.is_none() && set(&mut day, number(token, 1, 2)) {
            continue;
        }
        if month.is_none() && set(&mut month, month_of(token)) {
            continue;
        }
        if year.is_none() {
            set(&mut year, number(token, 2, 4));
        }
    }
    moment(year?, month?, day?, time?)
}

/// The moment as Chromium reads it, which goes by the kind of a token and not by its place, takes years of up to five
/// digits, and does not look at what follows two digits of seconds. Above the year 9999 it is the end of all time.
pub(crate) fn parse_as_chromium(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)) {
        match token {
            [] => {}
            [b'0'..=b'9', ..] if token.contains(&b':') => time = time.or_else(|| hms_at_start(token)),
            [b'0'..=b'9', ..] if day.is_none() && token.len() <= 2 => day = number(token, 1, 2),
            [b'0'..=b'9', ..] if token.len() <= 5 => year = year.or_else(|| number(token, 1, 5)),
            [b'0'..=b'9', ..] => {}
            _ => month = month.or_else(|| month_of(token)),
        }
    }
    let (year, month, day, time) = (year?, month?, day?, time?);
    if year > 9999 { Some(i64::MAX) } else { moment(year, month, day, time) }
}

fn moment(year: u32, month: Month, day: u32, (hour, minute, second): (u8, u8, u8)) -> Option<i64> {
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 {
        return None;
    }
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    let time = Time::from_hms(hour, minute, second).ok()?;
    Some(date.with_time(time).assume_offset(UtcOffset::UTC).unix_timestamp())
}

fn set<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    *field = value;
    field.is_some()
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// A number of so many digits at the start of a token; what follows it may be anything but a digit.
fn number(token: &[u8], at_least: usize, at_most: usize) -> Option<u32> {
    let count = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(at_least..=at_most).contains(&count) {
        return None;
    }
    let digits = token.get(..count)?;
    Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

fn hms(token: &[u8]) -> Option<(u8, u8, u8)> {
    let mut parts = token.splitn(3, |byte| *byte == b':');
    let exact = |part: &[u8]| part.iter().all(u8::is_ascii_digit).then(|| number(part, 1, 2)).flatten();
    let hour = exact(parts.next()?)?;
    let minute = exact(parts.next()?)?;
    // Only after the seconds may something else stand.
    let second = number(parts.next()?, 1, 2)?;
    Some((u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?))
}

/// The same, whatever stands behind two digits of seconds.
fn hms_at_start(token: &[u8]) -> Option<(u8, u8, u8)> {
    let second_colon = memchr::memchr_iter(b':', token).nth(1)?;
    hms(token.get(..token.len().min(second_colon + 3))?)
}

fn month_of(token: &[u8]) -> Option<Month> {
    let start = token.first_chunk::<3>()?.to_ascii_lowercase();
    MONTHS.iter().find(|(name, _)| name.as_slice() == start).map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_browsers_read_them() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 01-Jan-1970 00:00:01 GMT", Some(1)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("06 Nov 94 08:49:37", Some(784_111_777)),
            ("1 jan 70 0:0:0", Some(0)),
            ("1 Januar 1970 00:00:00foo", Some(0)),
            ("1 Jan 69 00:00:00", Some(3_124_224_000)),
            ("1 Jan 1601 00:00:00", Some(-11_644_473_600)),
            ("1 Jan 1600 00:00:00", None),
            ("32 Jan 2030 00:00:00", None),
            ("30 Feb 2030 00:00:00", None),
            ("0 Jan 2030 00:00:00", None),
            ("1 Jan 2030 24:00:00", None),
            ("1 Jan 2030 00:60:00", None),
            ("2030-01-01T00:00:00Z", None),
            ("1 Jan 2030", None),
            ("0", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(parse(text.as_bytes()), seconds, "{text}");
            // Chromium goes no other way in any of these.
            assert_eq!(parse_as_chromium(text.as_bytes()), seconds, "{text}");
        }
    }

    #[test]
    fn chromium_reads_some_that_the_specification_does_not() {
        for (text, standard, chromium) in [
            ("Fri, 31 Dec 99999 23:59:59 GMT", None, Some(i64::MAX)),
            ("Fri, 31 Dec 999999 23:59:59 GMT", None, None),
            ("6 Nov 1994 08:49:377", None, Some(784_111_777)),
            ("6 Nov 1994 008:49:37", None, None),
            ("5:x 1 Jan 2069 00:00:00", Some(3_124_569_600), Some(3_124_224_000)),
            ("1 Jan 1970x 00:00:00", Some(0), Some(0)),
            ("1 Jan 1970xx 00:00:00", Some(0), None),
        ] {
            assert_eq!((parse(text.as_bytes()), parse_as_chromium(text.as_bytes())), (standard, chromium), "{text}");
        }
    }
}

//! US Privacy: `1YNN`, four characters. Out of use since January 2024, and still written.
//!
//! Sources: *US Privacy String* of `InteractiveAdvertisingBureau/USPrivacy`; cookies of iubenda in public recordings.
//!
//! The characters are the version, whether notice was given, **whether the visitor opted out of sale**, and whether the
//! LSPA covers it: `Y`, `N`, or `-` where the law does not apply. Only `Y` in third place says something of the visitor:
//! `N` stands there too before anybody was asked.
//!
//! iubenda writes JSON around it, percent-encoded:
//! `{"uspString":"1YY-","firstAcknowledgeDate":"2022-04-30T10:45:12.887Z","optOutDate":"2022-04-30T10:45:12.887Z"}`.

use serde::Deserialize;

use super::Answer;
use crate::sources::own::parse_day;

/// Bytes above which iubenda's form is not looked at: it has 163.
const MAX_JSON: usize = 512;

/// What a US Privacy string says of the sale of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsPrivacy {
    /// `Some(false)` is not consent. `None`: the law does not apply.
    pub(crate) opts_out_of_sale: Option<bool>,
    /// When the visitor opted out, in seconds since 1970; in iubenda's form alone.
    pub(crate) opted_out_at: Option<i64>,
}

/// Reads either form. `None`: malformed.
pub(crate) fn parse(value: &[u8]) -> Option<UsPrivacy> {
    if let Some(answer) = parse_plain(value) {
        return Some(UsPrivacy { opts_out_of_sale: answer.said(), opted_out_at: None });
    }
    let mut buffer = [0; MAX_JSON];
    let json = percent_decode(value, &mut buffer).filter(|json| json.first() == Some(&b'{'))?;
    let stored: Stored<'_> = serde_json::from_slice(json).ok()?;
    let answer = parse_plain(stored.usp_string.as_bytes())?;
    Some(UsPrivacy {
        opts_out_of_sale: answer.said(),
        opted_out_at: stored.opt_out_date.and_then(|time| seconds(time.as_bytes())),
    })
}

/// What iubenda stores, as far as it matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored<'a> {
    usp_string: &'a str,
    #[serde(default, borrow)]
    opt_out_date: Option<&'a str>,
}

/// The four characters. Small letters are taken too: an objection is not lost for its spelling.
pub(super) fn parse_plain(text: &[u8]) -> Option<Answer> {
    let [b'1', notice, opt_out, lspa] = text else {
        return None;
    };
    answer(*notice)?;
    answer(*lspa)?;
    answer(*opt_out)
}

fn answer(character: u8) -> Option<Answer> {
    match character {
        b'Y' | b'y' => Some(Answer::OptedOut),
        b'N' | b'n' => Some(Answer::DidNotOptOut),
        b'-' => Some(Answer::NotApplicable),
        _ => None,
    }
}

/// Decodes once, into a buffer. `None` for what does not fit and for a broken escape.
fn percent_decode<'b>(text: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let (mut rest, mut length) = (text, 0);
    loop {
        let (byte, after) = match rest {
            [] => return buffer.get(..length),
            [b'%', high, low, after @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                (digit(*high)? << 4 | digit(*low)?, after)
            }
            [b'%', ..] => return None,
            [byte, after @ ..] => (*byte, after),
        };
        *buffer.get_mut(length)? = byte;
        length += 1;
        rest = after;
    }
}

/// A time as JavaScript writes it, `2022-04-30T10:45:12.887Z`.
fn seconds(text: &[u8]) -> Option<i64> {
    let (day, [b'T', h1, h2, b':', m1, m2, b':', s1, s2, fraction @ ..]) = text.split_at_checked(10)? else {
        return None;
    };
    match fraction.strip_suffix(b"Z")? {
        [] => {}
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => {}
        _ => return None,
    }
    let pair = |high: u8, low: u8| {
        let digit = |byte: u8| byte.checked_sub(b'0').filter(|digit| *digit < 10);
        Some(digit(high)? * 10 + digit(low)?)
    };
    let time = time::Time::from_hms(pair(*h1, *h2)?, pair(*m1, *m2)?, pair(*s1, *s2)?).ok()?;
    Some(parse_day(day)?.with_time(time).assume_utc().unix_timestamp())
}

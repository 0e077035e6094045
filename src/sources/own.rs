//! The value of this crate's own consent cookie.
//!
//! Readable by a person in developer tools, made of cookie-octets only:
//!
//! ```text
//! 1:3:2026-11-21+functional+analytics!marketing+@plausible!@youtube:dg#hV9mWc3kQeK1pYx0s2TtUg~k1~MAC
//! | | |          |                              |                   |  |                      |  |
//! | | |          |                              |                   |  |                      |  HMAC-SHA-256, base64url
//! | | |          |                              |                   |  |                      key id
//! | | |          |                              |                   |  record id, only with a grant
//! | | |          |                              |                   signals at the time: d DNT, g Sec-GPC
//! | | |          |                              services: +@ granted, !@ refused
//! | | |          categories: + granted, ! refused
//! | | UTC day of the decision
//! | revision of the policy; `3.5`: chosen at 3, and 5 was taken note of since
//! format version
//! ```
//!
//! The part before the first `~` is authenticated. For the four built-in categories it is at most 55 bytes without a
//! record id (a revision has at most 8 digits), which is what fits one SHA-256 block with its padding.

use std::fmt::Write as _;

use time::{Date, Month};

use super::mac::{MAC_LENGTH, MacKeys};
use crate::{
    category::is_name_byte,
    consent::{Choice, Names, Reading, RecordId, SourceIndex, Target, Verdicts},
    signal::{Signal, Signals},
};

/// The largest revision: 8 digits, so that a date (`20261121`) can serve as one.
pub(crate) const MAX_REVISION: u32 = 99_999_999;
/// Bytes above which a value is not looked at: no policy can write as much.
const MAX_VALUE: usize = 3_800;
/// The longest id of a key, in bytes: with a record id and the four built-in categories a value then has 128.
pub(crate) const MAX_KEY_ID: usize = 5;

/// Writes a choice.
///
/// A choice that grants nothing never carries a record id: who refuses gets no identifier.
pub(crate) fn encode(choice: &Choice, names: &Names, keys: &MacKeys) -> String {
    let mut value = String::with_capacity(128);
    // Writing to a String cannot fail.
    let _infallible = write!(value, "1:{}", choice.revision);
    if choice.seen > choice.revision {
        let _infallible = write!(value, ".{}", choice.seen);
    }
    let _infallible = write!(value, ":{}", Day(choice.day));
    for index in names.category_indices() {
        if let Some(name) = names.category(index) {
            write_answer(&mut value, choice, Target::Category(index), "", name.as_str());
        }
    }
    for index in names.service_indices() {
        if let Some(name) = names.service(index) {
            write_answer(&mut value, choice, Target::Service(index), "@", name);
        }
    }
    if !choice.signals.is_silent() {
        value.push(':');
        value.push_str(signal_letters(choice.signals));
    }
    if let Some(id) = choice.record_id.filter(|_| !choice.granted.is_empty()) {
        let _infallible = write!(value, "#{id}");
    }
    if let Some((key, mac)) = keys.sign(value.as_bytes()) {
        let _infallible = write!(value, "~{key}~{mac}");
    }
    value
}

fn write_answer(value: &mut String, choice: &Choice, target: Target, mark: &str, name: &str) {
    let sign = match (choice.refused.contains(target), choice.granted.contains(target)) {
        (true, _) => '!',
        (false, true) => '+',
        (false, false) => return,
    };
    value.push(sign);
    value.push_str(mark);
    value.push_str(name);
}

const fn signal_letters(signals: Signals) -> &'static str {
    match (signals.objects(Signal::Dnt), signals.objects(Signal::Gpc)) {
        (true, true) => "dg",
        (true, false) => "d",
        (false, true) => "g",
        (false, false) => "",
    }
}

struct Day(Date);

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

/// The longest value that [`encode`] can write for these names and keys, in bytes.
pub(crate) fn longest(names: &Names, longest_key_id: Option<usize>) -> usize {
    let categories: usize = names.categories().iter().map(|category| 1 + category.as_str().len()).sum();
    let services: usize = names.services().map(|service| 2 + service.len()).sum();
    let mac = longest_key_id.map_or(0, |id| 2 + id + MAC_LENGTH);
    "1:99999999.99999999:2026-11-21".len() + categories + services + ":dg".len() + "#".len() + 22 + mac
}

/// Reads a value. Total: any bytes give an answer.
///
/// With keys, a value without a MAC is *unauthentic*; without keys, one with a MAC is, because nobody can check it.
/// A category or service that the table does not know is passed over: the policy no longer asks for it.
pub(crate) fn decode(value: &[u8], names: &Names, keys: &MacKeys) -> Reading {
    if value.len() > MAX_VALUE {
        return Reading::Malformed;
    }
    let payload = match (memchr::memchr(b'~', value), keys.is_empty()) {
        (None, true) => value,
        (None, false) | (Some(_), true) => return Reading::Unauthentic,
        (Some(end), false) => {
            let (payload, seal) = value.split_at(end);
            let mut parts = seal.splitn(3, |byte| *byte == b'~').skip(1);
            let (id, mac) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            if !keys.verify(id, payload, mac) {
                return Reading::Unauthentic;
            }
            payload
        }
    };
    parse(payload, names).map_or(Reading::Malformed, Reading::Choice)
}

fn parse(payload: &[u8], names: &Names) -> Option<Choice> {
    let rest = payload.strip_prefix(b"1:")?;
    let (revision, rest) = rest.split_at_checked(memchr::memchr(b':', rest)?)?;
    let (revision, seen) = match memchr::memchr(b'.', revision) {
        None => (number(revision)?, None),
        Some(dot) => {
            let (revision, seen) = revision.split_at_checked(dot)?;
            (number(revision)?, Some(number(seen.strip_prefix(b".")?)?))
        }
    };
    // Written in one way only: what was seen since is later.
    let seen = match seen {
        Some(seen) if seen <= revision => return None,
        seen => seen.unwrap_or(revision),
    };
    let (day, mut rest) = rest.strip_prefix(b":")?.split_at_checked(10)?;
    let mut choice = Choice {
        revision,
        seen,
        day: parse_day(day)?,
        is_dated: true,
        until: None,
        granted: Verdicts::NONE,
        refused: Verdicts::NONE,
        refuses_all: matches!(rest, [b'!', ..]),
        is_whole: true,
        signals: Signals::NONE,
        record_id: None,
        source: SourceIndex::OWN,
    };
    while let [sign @ (b'+' | b'!'), after @ ..] = rest {
        let (is_service, after) = match after {
            [b'@', after @ ..] => (true, after),
            after => (false, after),
        };
        let length = after.iter().position(|byte| !is_name_byte(*byte)).unwrap_or(after.len());
        let (name, after) = after.split_at_checked(length)?;
        if name.is_empty() || name.len() > crate::category::NAME_LIMIT {
            return None;
        }
        rest = after;
        let target = if is_service {
            names.service_index(name).map(Target::Service)
        } else {
            names.category_index(name).map(Target::Category)
        };
        choice.refuses_all &= *sign == b'!';
        let Some(target) = target else {
            choice.is_whole = false;
            continue;
        };
        if choice.granted.contains(target) || choice.refused.contains(target) {
            return None;
        }
        match sign {
            b'+' => choice.granted.insert(target),
            _ => choice.refused.insert(target),
        }
    }
    if let [b':', after @ ..] = rest {
        let letters = after.iter().position(|byte| *byte == b'#').unwrap_or(after.len());
        let (letters, after) = after.split_at_checked(letters)?;
        choice.signals = match letters {
            b"d" => Signals::NONE.with(Signal::Dnt),
            b"g" => Signals::NONE.with(Signal::Gpc),
            b"dg" => Signals::NONE.with(Signal::Dnt).with(Signal::Gpc),
            _ => return None,
        };
        rest = after;
    }
    if let [b'#', id @ ..] = rest {
        choice.record_id = Some(RecordId::parse(id)?);
        rest = &[];
    }
    rest.is_empty().then_some(choice)
}

/// A revision: at most 8 digits, the first of them not 0.
fn number(text: &[u8]) -> Option<u32> {
    digits(text, 1, 8).filter(|_| text.first() != Some(&b'0'))
}

pub(crate) fn parse_day(text: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = digits(&[*y1, *y2, *y3, *y4], 4, 4)?;
    let month = digits(&[*m1, *m2], 2, 2)?;
    let day = digits(&[*d1, *d2], 2, 2)?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
}

fn digits(text: &[u8], at_least: usize, at_most: usize) -> Option<u32> {
    if !(at_least..=at_most).contains(&text.len()) {
        return None;
    }
    text.iter().try_fold(0u32, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::category::Category;

    fn names() -> Names {
        let categories = vec![Category::ESSENTIAL, Category::FUNCTIONAL, Category::ANALYTICS, Category::MARKETING];
        Names::new(categories, vec!["matomo".into()])
    }

    fn choice(granted: &[&str], refused: &[&str]) -> Choice {
        let verdicts = |list: &[&str]| {
            let mut verdicts = Verdicts::NONE;
            for name in list {
                let category = names().category_index(name.as_bytes()).map(Target::Category);
                let service = names().service_index(name.as_bytes()).map(Target::Service);
                verdicts.insert(category.or(service).unwrap());
            }
            verdicts
        };
        Choice {
            revision: MAX_REVISION,
            seen: MAX_REVISION,
            day: date!(2026 - 11 - 21),
            is_dated: true,
            until: None,
            granted: verdicts(granted),
            refused: verdicts(refused),
            refuses_all: granted.is_empty(),
            is_whole: true,
            signals: Signals::NONE.with(Signal::Dnt).with(Signal::Gpc),
            record_id: Some(RecordId::from_bytes([0xfb; 16])),
            source: SourceIndex::OWN,
        }
    }

    fn keys() -> MacKeys {
        let mut keys = MacKeys::default();
        keys.push("key-1", &[7; 32], "__Host-consent");
        keys
    }

    #[test]
    fn what_is_written_is_read() {
        for choice in [
            choice(&["functional", "analytics", "marketing"], &["matomo"]),
            choice(&["analytics"], &["functional", "marketing"]),
            choice(&["matomo"], &["functional", "analytics", "marketing"]),
        ] {
            for keys in [keys(), MacKeys::default()] {
                let value = encode(&choice, &names(), &keys);
                assert_eq!(decode(value.as_bytes(), &names(), &keys), Reading::Choice(choice), "{value}");
                assert!(value.len() <= longest(&names(), Some(5)), "{value}");
            }
        }
    }

    /// A revision that was taken note of stands beside the one that was chosen at, in one way only.
    #[test]
    fn what_was_seen_since_is_written_and_read() {
        let choice = Choice { revision: 3, seen: 12, ..choice(&["functional"], &["marketing"]) };
        let value = encode(&choice, &names(), &MacKeys::default());
        assert!(value.starts_with("1:3.12:2026-11-21+"), "{value}");
        assert_eq!(decode(value.as_bytes(), &names(), &MacKeys::default()), Reading::Choice(choice));
        for revision in ["3.3", "3.2", "3.", ".3", "3.04", "3.4.5", "3.123456789", "3.x", "0.3"] {
            let value = value.replace("3.12", revision);
            assert_eq!(decode(value.as_bytes(), &names(), &MacKeys::default()), Reading::Malformed, "{value}");
        }
    }

    /// With everything that can stand in it a value for the built-in categories has 128 bytes, of which 55 and the record
    /// id are authenticated.
    #[test]
    fn the_largest_value_is_small() {
        let value = encode(&choice(&["functional", "analytics"], &["marketing"]), &names(), &keys());
        assert_eq!(value.len(), 128, "{value}");
        let (message, _) = value.split_once('~').unwrap();
        assert_eq!(message.split_once('#').unwrap().0.len(), 55, "{message}");
    }

    /// T2: who refuses gets no identifier.
    #[test]
    fn a_refusal_carries_no_record_id() {
        let value = encode(&choice(&[], &["functional", "analytics", "marketing"]), &names(), &keys());
        assert!(!value.contains('#'), "{value}");
    }
}

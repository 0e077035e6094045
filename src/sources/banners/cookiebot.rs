//! Cookiebot: `CookieConsent`, a JavaScript object literal whose quotes and commas are percent-encoded.
//!
//! ```text
//! CookieConsent={stamp:%27k4mQ0nVbT2sYc7RzPq1LxE==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true
//! %2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1790826394701%2Cregion:%27de%27}
//! ```
//!
//! Outside of the regions where it asks, it writes everything as granted, with the method `implied`, the stamp `-1`, or
//! `-1` in place of the literal: nobody has decided. Values of before 2023 have no method, and those that were asked for
//! have a stamp of their own. The old short form `0` is a refusal, without a time. All four categories are listed. `ver`
//! is counted up by the site to ask again.
//!
//! react-cookie-consent uses the same name; its `true` is not this shape.

use super::object_literal::{self, Value};
use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named, prefixed},
        reading::{Input, Made, Said},
        text,
    },
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("CookieConsent"), named("CookieConsentBulkTicket"), prefixed("CookieConsentBulkSetting-")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["preferences"]),
        (Category::ANALYTICS, &["statistics"]),
        (Category::MARKETING, &["marketing"]),
    ]),
    // The short form of a refusal has none.
    keeps_time: true,
    has_revision: true,
    read,
};

const CATEGORIES: [&[u8]; 4] = [b"necessary", b"preferences", b"statistics", b"marketing"];

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    match input.value {
        b"0" => return Said::Choice(Made::plain(Unlisted::Refused)),
        b"-1" => return Said::Nothing,
        _ => {}
    }
    let literal = text::percent_decoded(input.value);
    read_literal(&literal, input, answers).unwrap_or(Said::Malformed)
}

/// `None`: it is not this tool's.
fn read_literal(literal: &[u8], input: &Input<'_>, answers: &mut Answers<'_>) -> Option<Said> {
    str::from_utf8(literal).ok()?;
    let fields = object_literal::fields(literal)?;
    let of = |key: &[u8]| fields.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let Some(Value::Text(stamp)) = of(b"stamp") else { return None };
    for category in CATEGORIES {
        let Some(Value::Flag(is_granted)) = of(category) else { return None };
        answers.answer(category, is_granted);
    }
    let was_asked = match of(b"method") {
        None => stamp != b"-1",
        Some(Value::Text(method)) => method == b"explicit" && stamp != b"-1",
        Some(_) => return None,
    };
    let revision = number(of(b"ver"))?;
    let at = number(of(b"utc"))?.map(|digits| text::number(digits).ok_or(())).transpose().ok()?;
    if !was_asked {
        return Some(Said::Nothing);
    }
    Some(Said::Choice(Made {
        at: at.map(text::seconds_of_millis),
        is_outdated: input.is_outdated(revision),
        ..Made::plain(Unlisted::Undecided)
    }))
}

/// The digits of a field that may be missing; `None` if it is there and no number.
fn number(value: Option<Value<'_>>) -> Option<Option<&[u8]>> {
    match value {
        None => Some(None),
        Some(Value::Number(digits)) => Some(Some(digits)),
        Some(_) => None,
    }
}

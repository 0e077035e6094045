//! IAB TCF v2: the TC string, in the cookie that its site's CMP gives it, by convention `euconsent-v2`.
//!
//! ```text
//! euconsent-v2=CQuFeUAQuFeUAEsAHBENCtFgAAAAAAAAAAYgAAAAAAAA.IHCQAYAAgcIA.YAAAAAAAAAAA
//! ```
//!
//! The keys are the purposes, `1` to `11` (with a site's custom ones `publisher:1`, …), and `vendor:755`. Legitimate
//! interests are no consent. Nothing that is not essential may be stored without purpose 1, so every usual mapping holds
//! it. Where purpose 1 was not put to the visitor (purpose-one treatment) it was not granted either. A vendor that was not
//! disclosed has no consent. A string tells no choice from a CMP's default: name it only where the CMP writes it after the
//! choice. The revision is the TCF policy's version.

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        iab::{Fault, tcf::TcString},
        reading::{Input, Made, Said},
        text,
    },
};

/// All of these are needed, because "marketing" or "analytics" is no smaller thing than what these purposes say.
pub(super) const FUNCTIONAL: &[&str] = &["1", "5", "6", "11"];
pub(super) const ANALYTICS: &[&str] = &["1", "8", "9"];
pub(super) const MARKETING: &[&str] = &["1", "2", "3", "4", "7"];

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("euconsent-v2")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, FUNCTIONAL),
        (Category::ANALYTICS, ANALYTICS),
        (Category::MARKETING, MARKETING),
    ]),
    keeps_time: true,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    match TcString::parse(input.value) {
        Ok(string) => answer(&string, input, answers),
        // Version 1 is invalid since 2020, policies before 4 since 2023: such a string may hold a refusal, and grants nothing.
        Err(Fault::Malformed | Fault::Gpp | Fault::TcfV1 | Fault::OldPolicy) => Said::Malformed,
    }
}

/// What the string says of the keys that the mapping asks for.
pub(super) fn answer(string: &TcString<'_>, input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    for key in answers.keys() {
        if let Some(is_granted) = of_key(string, key) {
            answers.answer(key, is_granted);
        }
    }
    let mut digits = [0; 3];
    Said::Choice(Made {
        at: Some(string.last_updated()),
        until: None,
        is_outdated: input.is_outdated(Some(decimal(string.policy_version(), &mut digits))),
        unlisted: Unlisted::Undecided,
    })
}

fn of_key(string: &TcString<'_>, key: &[u8]) -> Option<bool> {
    let number = |digits| text::number(digits);
    if let Some(vendor) = key.strip_prefix(b"vendor:") {
        let vendor = u16::try_from(number(vendor)?).ok()?;
        return Some(string.vendor_consent(vendor) && string.discloses(vendor) != Some(false));
    }
    if let Some(purpose) = key.strip_prefix(b"publisher:") {
        return string.publisher_consent(u8::try_from(number(purpose)?).ok()?);
    }
    let purpose = u8::try_from(number(key)?).ok()?;
    Some(string.purpose_consent(purpose) && !(purpose == 1 && string.purpose_one_treatment()))
}

/// A number in decimal digits.
fn decimal(number: u8, digits: &mut [u8; 3]) -> &[u8] {
    let [hundreds, tens, ones] = [number / 100, number / 10 % 10, number % 10].map(|digit| b'0' + digit);
    *digits = [hundreds, tens, ones];
    let zeros = if number >= 100 {
        0
    } else if number >= 10 {
        1
    } else {
        2
    };
    digits.get(zeros..).unwrap_or_default()
}

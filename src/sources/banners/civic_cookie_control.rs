//! Civic Cookie Control: `CookieControl`, raw JSON, a word for each optional category of the site.
//!
//! ```text
//! CookieControl={"necessaryCookies":[],"optionalCookies":{"analytics":"accepted"},"statement":{"shown":true,"updated":
//!   "17/01/2022"},"consentDate":1725030992628,"consentExpiry":90,"interactedWith":true,"user":"…"}
//! ```
//!
//! The cookie is there from the first page; `interactedWith` is true once the visitor has used the banner. Who closed it
//! without an answer has `optionalCookies` empty. Refusals are listed (`revoked`); `legitimate interest` is no answer of the
//! visitor's. `consentDate` is in milliseconds, `consentExpiry` in days from it, `statement.updated` is the revision.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named},
    reading::{Input, Made, Said},
    text,
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("CookieControl"), named("CookieControlTC")],
    companions: &[],
    usual: Usual::SiteDefined,
    keeps_time: true,
    has_revision: true,
    read,
};

const DAY: i64 = 86_400;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    optional_cookies: BTreeMap<String, Word>,
    interacted_with: Option<bool>,
    consent_date: Option<i64>,
    consent_expiry: Option<i64>,
    statement: Option<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Accepted,
    Revoked,
    #[serde(rename = "legitimate interest")]
    LegitimateInterest,
}

#[derive(Deserialize)]
struct Statement {
    updated: Option<String>,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    if record.interacted_with != Some(true) {
        return Said::Nothing;
    }
    let mut is_decided = false;
    for (category, word) in &record.optional_cookies {
        let is_granted = match word {
            Word::Accepted => true,
            Word::Revoked => false,
            Word::LegitimateInterest => continue,
        };
        answers.answer(category.as_bytes(), is_granted);
        is_decided = true;
    }
    if !is_decided {
        return Said::Nothing;
    }
    let Some(at) = record.consent_date.map(text::seconds_of_millis) else {
        return Said::Malformed;
    };
    let revision = record.statement.and_then(|statement| statement.updated);
    Said::Choice(Made {
        at: Some(at),
        until: record.consent_expiry.map(|days| at.saturating_add(days.saturating_mul(DAY))),
        is_outdated: input.is_outdated(revision.as_deref().map(str::as_bytes)),
        unlisted: Unlisted::Undecided,
    })
}

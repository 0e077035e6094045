//! vanilla-cookieconsent 2 (orestbida/cookieconsent): `cc_cookie`, JSON as it is, or percent-encoded where the site says
//! `use_rfc_cookie`.
//!
//! ```text
//! cc_cookie={"categories":["necessary","marketing"],"level":["necessary","marketing"],"revision":0,"data":null,
//! "rfc_cookie":false,"consent_date":"2026-11-22T07:31:00.061Z",
//! "consent_uuid":"737e8e20-bf99-4683-bfaf-a87b2fc0444d","last_consent_update":"2026-11-22T07:31:00.061Z"}
//! ```
//!
//! `categories` lists what was accepted, and what was refused is left out. The tool asks again unless the record has an
//! id and both times: those of version 2.8 and older, with `level` alone, have none.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Number;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        reading::{Input, Made, Said},
        text,
    },
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("cc_cookie")],
    companions: &[],
    // One name each: of several, a record that omits refusals does not tell which ones the site has.
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["functionality"]),
        (Category::ANALYTICS, &["analytics"]),
        (Category::MARKETING, &["marketing"]),
    ]),
    keeps_time: true,
    has_revision: true,
    read,
};

#[derive(Deserialize)]
struct Record {
    categories: Option<Vec<String>>,
    level: Option<IgnoredAny>,
    revision: Option<Number>,
    consent_uuid: Option<String>,
    consent_date: Option<String>,
    last_consent_update: Option<String>,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    let Some(categories) = record.categories else {
        return if record.level.is_some() { Said::Nothing } else { Said::Malformed };
    };
    let has_id = record.consent_uuid.is_some_and(|id| !id.is_empty());
    let (true, Some(_), Some(last)) = (has_id, record.consent_date, record.last_consent_update) else {
        return Said::Nothing;
    };
    let Some(at) = text::iso_seconds(&last) else {
        return Said::Malformed;
    };
    for category in &categories {
        answers.answer(category.as_bytes(), true);
    }
    let revision = record.revision.map(|revision| revision.to_string());
    Said::Choice(Made {
        at: Some(at),
        until: None,
        is_outdated: input.is_outdated(revision.as_deref().map(str::as_bytes)),
        unlisted: Unlisted::Refused,
    })
}

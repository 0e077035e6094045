//! Fides (ethyca/fides): `fides_consent`, or `fides_consent_<suffix>` where the site sets a suffix; percent-encoded or
//! base64 JSON, an answer for each notice.
//!
//! ```text
//! fides_consent=%7B%22consent%22%3A%7B%22data_sales%22%3Atrue%2C%22analytics%22%3Afalse%7D%2C%22identity%22%3A%7B%7D%2C
//!   %22fides_meta%22%3A%7B%22version%22%3A%220.9.0%22%2C%22createdAt%22%3A%222025-09-12T19%3A54%3A45.683Z%22%2C%22updatedAt
//!   %22%3A%222025-09-12T19%3A54%3A47.236Z%22%2C%22consentMethod%22%3A%22save%22%7D%2C%22tcf_consent%22%3A%7B%7D%7D
//! ```
//!
//! A cookie that was never saved has an empty `updatedAt`, and one that a script or GPC wrote says so in `consentMethod`:
//! nobody has decided. A notice that was waved away or only acknowledged grants nothing, but what it left off is refused.
//! Refusals are listed. An experience of TCF alone has no notices here: its string is another source. Its
//! `tcf_version_hash` is the revision.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named, prefixed},
    reading::{Input, Made, Said},
    text,
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("fides_consent"), prefixed("fides_consent_")],
    companions: &[],
    usual: Usual::SiteDefined,
    keeps_time: true,
    has_revision: true,
    read,
};

#[derive(Deserialize)]
struct Record {
    consent: BTreeMap<String, Answer>,
    fides_meta: Meta,
    tcf_version_hash: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    updated_at: Option<String>,
    consent_method: Option<String>,
}

/// Sites can have words written in place of booleans.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Flag(bool),
    Word(Word),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    OptIn,
    OptOut,
    /// Read, and not agreed to.
    Acknowledge,
    NotApplicable,
}

impl Answer {
    const fn is_granted(&self) -> Option<bool> {
        match self {
            Self::Flag(is_granted) => Some(*is_granted),
            Self::Word(Word::OptIn) => Some(true),
            Self::Word(Word::OptOut) => Some(false),
            Self::Word(Word::Acknowledge | Word::NotApplicable) => None,
        }
    }
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    let updated_at = record.fides_meta.updated_at.as_deref().filter(|at| !at.is_empty());
    let can_grant = match record.fides_meta.consent_method.as_deref() {
        // `button`: older versions, for either button.
        Some("accept" | "reject" | "save" | "button") => true,
        Some("dismiss" | "acknowledge") => false,
        _ => return Said::Nothing,
    };
    let at = match updated_at.map(text::iso_seconds) {
        Some(Some(at)) => at,
        Some(None) => return Said::Malformed,
        None => return Said::Nothing,
    };
    let mut is_decided = false;
    for (notice, answer) in &record.consent {
        if let Some(is_granted) = answer.is_granted().filter(|is_granted| can_grant || !is_granted) {
            answers.answer(notice.as_bytes(), is_granted);
            is_decided = true;
        }
    }
    if !is_decided {
        return Said::Nothing;
    }
    let is_outdated = input.is_outdated(record.tcf_version_hash.as_deref().map(str::as_bytes));
    Said::Choice(Made { at: Some(at), is_outdated, ..Made::plain(Unlisted::Undecided) })
}

//! Iubenda: `_iub_cs-<id of the cookie policy>`, percent-encoded JSON.
//!
//! ```text
//! {"timestamp":"2024-05-11T18:13:20.220Z","version":"1.60.1","purposes":{"1":true,"3":false,"4":false,"5":false},"id":56497403}
//! {"consent":true,"timestamp":"2023-10-12T16:03:31.031Z","version":"1.51.0","id":71185313}
//! ```
//!
//! The purposes are numbered: 1 necessary, 2 functionality, 3 experience, 4 measurement, 5 marketing. Those that the site
//! has are listed, refused ones as `false`. A site without them has one answer for all, `consent`. Without `timestamp`
//! nobody has chosen (`{"id":56497403}`); with neither purposes nor `consent` the choice is in the TCF cookie. `version` is
//! the script's. A visitor has a cookie for each of the site's policies (one a language); of them the newest counts.

use std::collections::BTreeMap;

use serde::Deserialize;

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
    cookies: &[prefixed("_iub_cs-"), named("_iub_previous_preference_id"), named("euconsent-v2"), named("usprivacy")],
    companions: &["-granular", "-uspr"],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["2", "3"]),
        (Category::ANALYTICS, &["4"]),
        (Category::MARKETING, &["5"]),
    ]),
    keeps_time: true,
    has_revision: false,
    read,
};

#[derive(Deserialize)]
struct Record {
    timestamp: Option<String>,
    consent: Option<bool>,
    #[serde(default)]
    purposes: BTreeMap<String, bool>,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(Record { timestamp, consent, purposes }) = text::json_object(input.value) else {
        return Said::Malformed;
    };
    let Some(timestamp) = timestamp else { return Said::Nothing };
    let Some(at) = text::iso_seconds(&timestamp) else {
        return Said::Malformed;
    };
    match consent {
        None if purposes.is_empty() => return Said::Nothing,
        // One answer for all, whatever they are called here.
        Some(is_granted) if purposes.is_empty() => answers.keys().for_each(|key| answers.answer(key, is_granted)),
        _ => {
            for (purpose, is_granted) in &purposes {
                answers.answer(purpose.as_bytes(), *is_granted && consent != Some(false));
            }
        }
    }
    Said::Choice(Made { at: Some(at), ..Made::plain(Unlisted::Undecided) })
}

//! Segment consent manager (segmentio/consent-manager): `tracking-preferences`, JSON as js-cookie escapes it, a boolean for
//! each of its categories and for each destination.
//!
//! ```text
//! tracking-preferences={%22version%22:1%2C%22destinations%22:{%22Amplitude%22:true}%2C%22custom%22:{%22functional%22:true}}
//! ```
//!
//! The cookie is written when the visitor has answered; `null` is a question that was left open. Refusals are listed; a
//! destination that the site adds later is not, and is asked for. Both the categories (`custom`) and the names of
//! destinations are keys. `version` is the format's; neither revision nor time.

use std::collections::BTreeMap;

use serde::Deserialize;

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
    cookies: &[named("tracking-preferences")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["functional"]),
        (Category::ANALYTICS, &["marketingAndAnalytics"]),
        (Category::MARKETING, &["advertising", "marketingAndAnalytics"]),
    ]),
    keeps_time: false,
    read,
};

type Preferences = Option<BTreeMap<String, Option<bool>>>;

#[derive(Deserialize)]
struct Record {
    version: u64,
    destinations: Preferences,
    custom: Preferences,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let record = match text::json::<Record>(input.value) {
        Some(record) if record.version == 1 => record,
        _ => return Said::Malformed,
    };
    let mut is_decided = false;
    for (key, is_granted) in record.destinations.iter().chain(&record.custom).flatten() {
        if let Some(is_granted) = is_granted {
            answers.answer(key.as_bytes(), *is_granted);
            is_decided = true;
        }
    }
    if is_decided { Said::Choice(Made::plain(Unlisted::Undecided)) } else { Said::Nothing }
}

//! Segment consent manager (segmentio/consent-manager): `tracking-preferences`, JSON as js-cookie escapes it, a boolean for
//! each of its categories and for each destination.
//!
//! ```text
//! tracking-preferences={%22version%22:1%2C%22destinations%22:{%22Amplitude%22:true}%2C%22custom%22:{%22functional%22:true}}
//! ```
//!
//! The cookie is written when the visitor has answered; `null` is a question that was left open. Refusals are listed; a
//! destination that the site adds later is not, and is asked for. A category's key is its name, a destination's is
//! `destinations/name`. `version` is the format's; neither revision nor time.

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
    has_revision: false,
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
    let record = match text::json_object::<Record>(input.value) {
        Some(record) if record.version == 1 => record,
        _ => return Said::Malformed,
    };
    let mut is_decided = false;
    for (category, is_granted) in record.custom.iter().flatten() {
        is_granted.inspect(|is_granted| answers.answer(category.as_bytes(), *is_granted));
        is_decided |= is_granted.is_some();
    }
    for (destination, is_granted) in record.destinations.iter().flatten() {
        is_granted.inspect(|is_granted| answers.answer(format!("destinations/{destination}").as_bytes(), *is_granted));
        is_decided |= is_granted.is_some();
    }
    if is_decided { Said::Choice(Made::plain(Unlisted::Undecided)) } else { Said::Nothing }
}

//! Cookie Information: `CookieInformationConsent`, percent-encoded JSON, a list of what was approved and one of what was
//! denied.
//!
//! ```text
//! CookieInformationConsent=%7B%22website_uuid%22%3A%22…%22%2C%22timestamp%22%3A%222021-10-04T12%3A41%3A26.757Z%22%2C
//!   %22consents_approved%22%3A%5B%22cookie_cat_necessary%22%5D%2C%22consents_denied%22%3A%5B%22cookie_cat_marketing%22%5D%7D
//! ```
//!
//! The cookie is written when the visitor has answered; what is in neither list was not asked. `timestamp` is the time. No
//! revision.

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
    cookies: &[named("CookieInformationConsent")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["cookie_cat_functional"]),
        (Category::ANALYTICS, &["cookie_cat_statistic"]),
        (Category::MARKETING, &["cookie_cat_marketing"]),
    ]),
    keeps_time: true,
    has_revision: false,
    read,
};

#[derive(Deserialize)]
struct Record {
    timestamp: String,
    consents_approved: Vec<String>,
    consents_denied: Vec<String>,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    let Some(at) = text::iso_seconds(&record.timestamp) else {
        return Said::Malformed;
    };
    record.consents_approved.iter().for_each(|key| answers.answer(key.as_bytes(), true));
    record.consents_denied.iter().for_each(|key| answers.answer(key.as_bytes(), false));
    Said::Choice(Made { at: Some(at), ..Made::plain(Unlisted::Undecided) })
}

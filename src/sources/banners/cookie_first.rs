//! CookieFirst: `cookiefirst-consent`, percent-encoded JSON, a boolean for each of its four categories.
//!
//! ```text
//! cookiefirst-consent=%7B%22necessary%22%3Atrue%2C%22performance%22%3Afalse%2C%22functional%22%3Afalse%2C%22advertising%22
//!   %3Afalse%2C%22timestamp%22%3A1738597020%2C%22type%22%3A%22category%22%2C%22version%22%3A%22bf2afc86-…%22%7D
//! ```
//!
//! The cookie is written when the visitor has answered; refusals are listed. `timestamp` is in seconds, `version` is the
//! revision. Only choices by category (`type`) are known here.

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
    cookies: &[named("cookiefirst-consent"), named("cookiefirst-id")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["functional"]),
        (Category::ANALYTICS, &["performance"]),
        (Category::MARKETING, &["advertising"]),
    ]),
    keeps_time: true,
    has_revision: true,
    read,
};

#[derive(Deserialize)]
struct Record {
    functional: Option<bool>,
    performance: Option<bool>,
    advertising: Option<bool>,
    timestamp: i64,
    r#type: Type,
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Category,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    let Type::Category = record.r#type;
    let categories =
        [("functional", record.functional), ("performance", record.performance), ("advertising", record.advertising)];
    for (category, is_granted) in categories {
        if let Some(is_granted) = is_granted {
            answers.answer(category.as_bytes(), is_granted);
        }
    }
    let is_outdated = input.is_outdated(record.version.as_deref().map(str::as_bytes));
    Said::Choice(Made { at: Some(record.timestamp), is_outdated, ..Made::plain(Unlisted::Undecided) })
}

//! CookieScript: `CookieScriptConsent`, JSON raw or percent-encoded, the accepted categories as a JSON list inside a text.
//!
//! ```text
//! CookieScriptConsent={"bannershown":1,"action":"accept","consenttime":1718103120,"categories":"[\"targeting\"]","key":"…"}
//! ```
//!
//! The banner writes the cookie when it shows; `action` (`accept` or `reject`) is there once the visitor has answered. A
//! refused category is left out. `consenttime` is in seconds, and not always there. No revision.

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
    cookies: &[named("CookieScriptConsent")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["functionality"]),
        (Category::ANALYTICS, &["performance"]),
        (Category::MARKETING, &["targeting"]),
    ]),
    keeps_time: true,
    has_revision: false,
    read,
};

#[derive(Deserialize)]
struct Record {
    action: Option<Action>,
    categories: Option<String>,
    consenttime: Option<i64>,
    bannershown: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Accept,
    Reject,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    match (record.action, record.categories) {
        (Some(Action::Accept), Some(categories)) => {
            let Ok(categories) = serde_json::from_str::<Vec<String>>(&categories) else {
                return Said::Malformed;
            };
            categories.iter().for_each(|category| answers.answer(category.as_bytes(), true));
        }
        (Some(Action::Reject), _) => {}
        (None, _) if record.bannershown.is_some() => return Said::Nothing,
        // Accepted without a word of what; or a JSON object of another tool.
        (Some(Action::Accept), None) | (None, _) => return Said::Malformed,
    }
    Said::Choice(Made { at: record.consenttime, ..Made::plain(Unlisted::Refused) })
}

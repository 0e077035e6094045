//! GOV.UK (alphagov/govuk_publishing_components): `cookies_policy`, raw JSON, and `cookies_preferences_set`.
//!
//! ```text
//! cookies_policy={"essential":true,"settings":false,"usage":true,"campaigns":false}; cookies_preferences_set=true
//! ```
//!
//! `cookies_policy` is written with defaults at the first visit; only `cookies_preferences_set=true` marks a decision.
//! Sister services percent-encode the JSON or wrap it in base64, and add fields of their own. Refusals are listed.
//! Neither revision nor time.

use std::collections::BTreeMap;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        jar::Differ,
        reading::{Input, Made, Said},
        scalar::Scalar,
        text,
    },
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("cookies_policy"), named(SET), named("seen_cookie_message")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["settings"]),
        (Category::ANALYTICS, &["usage"]),
        (Category::MARKETING, &["campaigns"]),
    ]),
    keeps_time: false,
    has_revision: false,
    read,
};

const SET: &str = "cookies_preferences_set";

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(fields) = text::json::<BTreeMap<String, Scalar>>(input.value) else {
        return Said::Malformed;
    };
    for (name, field) in &fields {
        match field {
            Scalar::Flag(is_granted) => answers.answer(name.as_bytes(), *is_granted),
            _ if answers.knows(name.as_bytes()) => return Said::Malformed,
            _ => {}
        }
    }
    match input.jar.value(SET.as_bytes()) {
        Ok(Some(b"true")) => Said::Choice(Made::plain(Unlisted::Undecided)),
        Ok(_) => Said::Nothing,
        Err(Differ) => Said::Ambiguous,
    }
}

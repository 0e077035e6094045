//! Drupal EU Cookie Compliance: `cookie-agreed` with a number, and where the site asks by category
//! `cookie-agreed-categories` with a JSON list, raw or percent-encoded.
//!
//! ```text
//! cookie-agreed-version=1.0.0; cookie-agreed-categories=[%22necessary%22%2C%22analytics%22]; cookie-agreed=2
//! ```
//!
//! `0` is refused, and withdrawn; `1` and `2` are agreed, before and after the banner has said thanks. Where there are
//! categories, these are what was agreed to, and a refused one is left out; else one question was asked, whose key is
//! `cookie-agreed`, which no category of Drupal's can be called. A site can rename the cookie, and the two others then begin
//! with that name too. `cookie-agreed-version` is the revision. No time.

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, prefixed},
    jar::{Differ, Jar},
    reading::{Input, Made, Said},
    text,
};

const CATEGORIES: &str = "-categories";
const VERSION: &str = "-version";
const QUESTION: &str = "cookie-agreed";

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[prefixed("cookie-agreed")],
    companions: &[CATEGORIES, VERSION],
    usual: Usual::OneQuestion(QUESTION),
    keeps_time: false,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let is_agreed = match input.value {
        b"0" => false,
        b"1" | b"2" => true,
        _ => return Said::Malformed,
    };
    let (Ok(categories), Ok(version)) = (companion(input.jar, CATEGORIES), companion(input.jar, VERSION)) else {
        return Said::Ambiguous;
    };
    let categories = match categories.map(text::json::<Vec<String>>) {
        Some(None) => return Said::Malformed,
        Some(categories) => categories,
        None => None,
    };
    let unlisted = match (is_agreed, categories) {
        (true, Some(categories)) => {
            let categories = categories.iter().filter(|category| *category != QUESTION);
            categories.for_each(|category| answers.answer(category.as_bytes(), true));
            Unlisted::Refused
        }
        (true, None) => {
            answers.answer(QUESTION.as_bytes(), true);
            Unlisted::Undecided
        }
        (false, _) => Unlisted::Refused,
    };
    Said::Choice(Made { is_outdated: input.is_outdated(version), ..Made::plain(unlisted) })
}

/// The value of the cookie whose name ends so.
fn companion<'a>(jar: &Jar<'a>, ending: &str) -> Result<Option<&'a [u8]>, Differ> {
    let mut values = jar.iter().filter(|(name, _)| name.ends_with(ending.as_bytes())).map(|(_, value)| value);
    let first = values.next();
    if values.any(|other| Some(other) != first) { Err(Differ) } else { Ok(first) }
}

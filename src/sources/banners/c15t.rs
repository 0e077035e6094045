//! C15t from 1.8 on (c15t/c15t): `c15t`, dotted short names with their values, not encoded.
//!
//! ```text
//! c15t=c.necessary:1,c.measurement:1,i.t:1763794800000,i.sid:sub_3VJpKqTg,i.mpf:9f2c
//! ```
//!
//! `c.` is before the categories, `i.` before what is known of the choice: `t` its time in milliseconds, without which there
//! is none, `sid` the subject, `mpf` the fingerprint of the policy (the revision). What was refused is left out; 1.x wrote
//! `:0`. A choice has a category at least, as `necessary` is always granted; a record without one was written for a visitor
//! who signed in (`identifyUser`) and chose nothing. A record with `i.id` and no `i.sid` is one of 1.x, which the tool asks again for: it is outdated.

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
    cookies: &[named("c15t")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["experience", "functionality"]),
        (Category::ANALYTICS, &["measurement"]),
        (Category::MARKETING, &["marketing"]),
    ]),
    keeps_time: true,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Ok(value) = str::from_utf8(input.value) else {
        return Said::Malformed;
    };
    let (mut is_shaped, mut at, mut fingerprint) = (false, None, None);
    let (mut has_categories, mut has_old_id, mut has_subject) = (false, false, false);
    // Like the tool: what is no pair belongs to a value with a comma in it.
    for (name, value) in value.split(',').filter_map(|pair| pair.split_once(':')) {
        has_categories |= name.starts_with("c.");
        is_shaped |= has_categories || name.starts_with("i.");
        match (name, name.strip_prefix("c.")) {
            (_, Some(category)) => match value {
                "1" => answers.answer(category.as_bytes(), true),
                "0" | "" => answers.answer(category.as_bytes(), false),
                _ => return Said::Malformed,
            },
            ("i.t", _) if at.is_some() => return Said::Malformed,
            ("i.t", _) if !value.is_empty() => match text::number(value.as_bytes()) {
                Some(millis) => at = Some(text::seconds_of_millis(millis)),
                None => return Said::Malformed,
            },
            ("i.mpf", _) if !value.is_empty() => fingerprint = Some(value.as_bytes()),
            ("i.id", _) => has_old_id = true,
            ("i.sid", _) => has_subject = true,
            _ => {}
        }
    }
    if !is_shaped {
        return Said::Malformed;
    }
    if at.is_none() || !has_categories {
        return Said::Nothing;
    }
    answers.refuse_rest();
    let is_outdated = input.is_outdated(fingerprint) || (has_old_id && !has_subject);
    Said::Choice(Made { at, is_outdated, ..Made::plain(Unlisted::Refused) })
}

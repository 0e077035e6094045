//! CookieYes: `cookieyes-consent`, pairs of key and value, as they are.
//!
//! ```text
//! cookieyes-consent=consentid:a3VxT1pLc2RNeWJQd0hK,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,
//! performance:yes,advertisement:no,other:no,lastRenewedDate:1696401840000
//! ```
//!
//! The cookie is there from the first page on, with the defaults of the visitor's law: only `action:yes` says that
//! somebody decided. Every category is listed, `yes`, `no`, or nothing where it has no answer. `lastRenewedDate` is when
//! the site last renewed everybody's consent (its revision, in milliseconds), and not when this choice was made.

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
    // Its TCF string, and those of its older versions.
    cookies: &[
        named("cookieyes-consent"),
        named("euconsent"),
        prefixed("cookieyes-"),
        prefixed("cky-"),
        named("cookieyesID"),
    ],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["functional"]),
        (Category::ANALYTICS, &["analytics", "performance"]),
        (Category::MARKETING, &["advertisement"]),
    ]),
    keeps_time: false,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let decoded = text::percent_decoded(input.value);
    if str::from_utf8(&decoded).is_err() {
        return Said::Malformed;
    }
    let (mut has_id, mut was_asked, mut renewed) = (false, None, None);
    for pair in decoded.split(|byte| *byte == b',') {
        let Some(colon) = memchr::memchr(b':', pair) else { return Said::Malformed };
        let (Some(key), Some(value)) = (pair.get(..colon), pair.get(colon + 1..)) else { return Said::Malformed };
        match (key, value) {
            (b"consentid", _) => has_id = true,
            (b"consent", _) => {}
            (b"action", _) => was_asked = Some(was_asked.unwrap_or(true) && value == b"yes"),
            (b"lastRenewedDate", _) => renewed = Some(value),
            (_, b"yes") => answers.answer(key, true),
            (_, b"no") => answers.answer(key, false),
            (_, b"") => {}
            _ if answers.keys().any(|known| known == key) => return Said::Malformed,
            _ => {}
        }
    }
    match (has_id, was_asked) {
        (false, _) => Said::Malformed,
        (true, Some(true)) => {
            Said::Choice(Made { is_outdated: is_outdated(input, renewed), ..Made::plain(Unlisted::Undecided) })
        }
        (true, _) => Said::Nothing,
    }
}

/// As the tool compares them: a record of an earlier date than the site's is outdated, a later one is not.
fn is_outdated(input: &Input<'_>, renewed: Option<&[u8]>) -> bool {
    match (renewed.and_then(text::number), input.revision.and_then(text::number)) {
        (Some(renewed), Some(now)) => renewed < now,
        _ => input.is_outdated(renewed),
    }
}

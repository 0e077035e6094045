//! OneTrust: `OptanonConsent`, a query string whose values are form-encoded, and beside it `OptanonAlertBoxClosed`.
//!
//! ```text
//! OptanonConsent=isGpcEnabled=0&datestamp=Thu+Oct+01+2026+09%3A16%3A34+GMT%2B0530&version=202509.1.0&hosts=
//! &consentId=b3d0f6a1-5c2e-4f7b-9a41-7e0c8d2f1b95&interactionCount=1&landingPath=NotLandingPage
//! &groups=C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0&AwaitingReconsent=false
//! OptanonAlertBoxClosed=2026-10-01T03:46:34.701Z
//! ```
//!
//! `OptanonConsent` is there from the first page on, in an opt-out region with every group on. Somebody has decided once
//! `OptanonAlertBoxClosed` says when the banner was closed, unless `interactionCount` (in versions that have it) counts
//! no click, or `AwaitingReconsent` says that the tool asks again. Every group is listed, on or off. `version` is the
//! script's, and `datestamp` the last page view, in the visitor's language.

use std::borrow::Cow;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        jar::Jar,
        reading::{Input, Made, Said},
        text,
    },
};

const CLOSED: &str = "OptanonAlertBoxClosed";

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[
        named("OptanonConsent"),
        named(CLOSED),
        named("OTGPPConsent"),
        named("OTAdditionalConsentString"),
        named("eupubconsent-v2"),
        named("usprivacy"),
    ],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["C0003"]),
        (Category::ANALYTICS, &["C0002"]),
        (Category::MARKETING, &["C0004", "C0005"]),
    ]),
    keeps_time: true,
    has_revision: false,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    if str::from_utf8(input.value).is_err() {
        return Said::Malformed;
    }
    let (mut groups, mut clicks, mut asks_again) = (None, None, false);
    for (name, value) in input.value.split(|byte| *byte == b'&').filter_map(|field| split_once(field, b'=')) {
        match name {
            b"groups" if groups.is_some() => return Said::Malformed,
            b"groups" => groups = Some(form_decoded(value)),
            b"interactionCount" => clicks = text::number(value),
            b"AwaitingReconsent" => asks_again |= value != b"false",
            _ => {}
        }
    }
    let Some(groups) = groups else {
        return Said::Malformed;
    };
    for group in groups.split(|byte| *byte == b',').filter(|group| !group.is_empty()) {
        match group {
            [id @ .., b':', b'1'] => answers.answer(id, true),
            [id @ .., b':', b'0'] => answers.answer(id, false),
            _ => return Said::Malformed,
        }
    }
    match closed_at(input.jar) {
        Err(NoTime) => Said::Malformed,
        Ok(Some(at)) if !asks_again && clicks != Some(0) => {
            Said::Choice(Made { at: Some(at), ..Made::plain(Unlisted::Undecided) })
        }
        Ok(_) => Said::Nothing,
    }
}

struct NoTime;

/// When the banner was closed; of copies the earliest.
fn closed_at(jar: &Jar<'_>) -> Result<Option<i64>, NoTime> {
    let seconds = |value: &[u8]| str::from_utf8(&text::percent_decoded(value)).ok().and_then(text::iso_seconds);
    jar.values(CLOSED.as_bytes()).try_fold(None, |earliest: Option<i64>, value| {
        let at = seconds(value).ok_or(NoTime)?;
        Ok(Some(earliest.map_or(at, |before| before.min(at))))
    })
}

fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let place = memchr::memchr(separator, text)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// As forms encode it: `+` is a space.
fn form_decoded(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'+') {
        return text::percent_decoded(value);
    }
    let spaced: Vec<u8> = value.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(text::percent_decoded(&spaced).into_owned())
}

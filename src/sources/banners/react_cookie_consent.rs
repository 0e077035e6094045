//! React-cookie-consent (Mastermindzh): `CookieConsent`, one question. Cookiebot has a cookie of the same name.
//!
//! ```text
//! CookieConsent=true
//! ```
//!
//! `true` is accepted and `false` declined; both are written by a click (or by scrolling, where the site has it so). A site
//! with another `cookieValue` names it as the key of each category; then `false` declines still, and what is neither
//! is not understood. Neither revision nor time. `CookieConsent-legacy` is a copy for old browsers (`SameSite=None`).

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named},
    reading::{Input, Made, Said},
    text,
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("CookieConsent"), named("CookieConsent-legacy")],
    companions: &[],
    usual: Usual::OneQuestion(ACCEPTED),
    keeps_time: false,
    has_revision: false,
    read,
};

const ACCEPTED: &str = "true";

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let value = text::percent_decoded(input.value);
    if value.as_ref() != b"false" {
        if value.as_ref() != ACCEPTED.as_bytes() && !answers.knows(&value) {
            return Said::Malformed;
        }
        answers.answer(&value, true);
    }
    Said::Choice(Made::plain(Unlisted::Refused))
}

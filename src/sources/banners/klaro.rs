//! Klaro (klaro-org/klaro-js): `klaro`, percent-encoded JSON, one boolean for each service.
//!
//! ```text
//! klaro=%7B%22matomo%22%3Atrue%2C%22youtube%22%3Afalse%7D
//! ```
//!
//! The cookie is written when the visitor has answered. A service that the site brings later is not in it, and Klaro asks
//! again: here too, what is not listed is undecided. Neither revision nor time.

use std::collections::BTreeMap;

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named},
    reading::{Input, Made, Said},
    text,
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("klaro")],
    companions: &[],
    usual: Usual::SiteDefined,
    keeps_time: false,
    has_revision: false,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(services) = text::json::<BTreeMap<String, bool>>(input.value) else {
        return Said::Malformed;
    };
    for (service, is_granted) in &services {
        answers.answer(service.as_bytes(), *is_granted);
    }
    Said::Choice(Made::plain(Unlisted::Undecided))
}

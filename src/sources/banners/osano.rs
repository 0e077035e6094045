//! Osano's open source cookieconsent 3 (osano/cookieconsent): `cookieconsent_status`, a plain word.
//!
//! ```text
//! cookieconsent_status=allow
//! cookieconsent_status=deny
//! cookieconsent_status=dismiss
//! ```
//!
//! One question for everything. `dismiss` closed a notice that asked nothing, by a click, a scroll or a timer: the tool
//! counts it as consent, and here nobody has decided. Neither revision nor time.

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named},
    reading::{Input, Made, Said},
};

/// The key of its one question.
const KEY: &str = "all";

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("cookieconsent_status")],
    companions: &[],
    usual: Usual::OneQuestion(KEY),
    keeps_time: false,
    has_revision: false,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let is_granted = match input.value {
        b"allow" => true,
        b"deny" => false,
        b"dismiss" => return Said::Nothing,
        _ => return Said::Malformed,
    };
    answers.answer(KEY.as_bytes(), is_granted);
    Said::Choice(Made::plain(Unlisted::Undecided))
}

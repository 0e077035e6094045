//! IAB US Privacy: `usprivacy`, four characters, or iubenda's JSON around them.
//!
//! ```text
//! usprivacy=1YYN
//! ```
//!
//! The third character is `Y` for who opted out of the sale of their data: the key `sale` is refused. `N` and `-` say
//! nothing: not to opt out is no consent.

use crate::{
    category::Category,
    sources::{
        answers::Answers,
        banner::{Format, Usual, named},
        iab::us_privacy,
        reading::{Input, Said},
    },
};

use super::gpp::SALE;

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("usprivacy")],
    companions: &[],
    usual: Usual::Keys(&[(Category::MARKETING, &[SALE])]),
    keeps_time: false,
    has_revision: false,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    match us_privacy::parse(input.value) {
        Some(said) if said.opts_out_of_sale == Some(true) => {
            answers.answer(SALE.as_bytes(), false);
            Said::OptOut
        }
        Some(_) => Said::Nothing,
        None => Said::Malformed,
    }
}

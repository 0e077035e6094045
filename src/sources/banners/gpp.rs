//! IAB GPP: a string of several regions' sections. No cookie is standard: `__gpp`, `OTGPPConsent` and `gpp-string` are seen,
//! so the policy often names it.
//!
//! ```text
//! __gpp=DBACNY~CQuFeUAQuFeUAEsAHBENCtFgAAAAAAAAAAYgAAAAAAAA~1YNN
//! ```
//!
//! The section of the EU answers as [`tcf`](super::tcf) does; where there is only Canada's, its express consents do, which
//! have no purpose 1. The sections of the US only ever object: an opt-out of sale,
//! sharing or targeted advertising in any of them, or Global Privacy Control in one, refuses the key `sale`. "Did not opt
//! out" is no consent.

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        iab::{
            Fault,
            gpp::{Gpp, TcfCanada},
        },
        reading::{Input, Made, Said},
        text,
    },
};

use super::tcf;

/// The key of an objection.
pub(super) const SALE: &str = "sale";

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("__gpp")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, tcf::FUNCTIONAL),
        (Category::ANALYTICS, tcf::ANALYTICS),
        (Category::MARKETING, tcf::MARKETING),
        (Category::MARKETING, &[SALE]),
    ]),
    keeps_time: false,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Ok(string) = Gpp::parse(input.value) else {
        return Said::Malformed;
    };
    let opts_out = string.opts_out_of_sale_or_sharing() == Some(true);
    if opts_out {
        answers.answer(SALE.as_bytes(), false);
    }
    match string.tcf_eu() {
        Some(Ok(consent)) => tcf::answer(&consent, input, answers),
        // An objection counts whatever else is damaged.
        None | Some(Err(_)) if opts_out => Said::OptOut,
        Some(Err(Fault::Malformed | Fault::Gpp)) => Said::Malformed,
        Some(Err(Fault::TcfV1 | Fault::OldPolicy)) => Said::Nothing,
        None => match string.tcf_canada() {
            Some(Ok(consent)) => express_consent(&consent, answers),
            Some(Err(_)) => Said::Malformed,
            None => Said::Nothing,
        },
    }
}

/// Canada's section; the implied consent that stands in it as well is none.
fn express_consent(consent: &TcfCanada<'_>, answers: &mut Answers<'_>) -> Said {
    for key in answers.keys() {
        if let Some(purpose) = text::number(key).and_then(|number| u8::try_from(number).ok()) {
            answers.answer(key, consent.express_consent(purpose));
        }
    }
    Said::Choice(Made { at: Some(consent.last_updated()), ..Made::plain(Unlisted::Undecided) })
}

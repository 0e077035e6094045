//! IAB GPP: a string of several regions' sections. No cookie is standard: `__gpp`, `OTGPPConsent` and `gpp-string` are seen,
//! so the policy often names it.
//!
//! ```text
//! __gpp=DBACNY~CQuFeUAQuFeUAEsAHBENCtFgAAAAAAAAAAYgAAAAAAAA~1YNN
//! ```
//!
//! The section of the EU answers as [`tcf`](super::tcf) does. Where there is only Canada's, its express consents have the keys
//! `canada:2`, …, which are nobody's usual ones. The sections of the US only ever object: an opt-out of sale,
//! sharing or targeted advertising in any of them, or Global Privacy Control in one, refuses the key `sale`. "Did not opt
//! out" is no consent, and a section that cannot be read (a newer one, or damaged) is taken for an objection.

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        iab::gpp::{Gpp, TcfCanada},
        reading::{Input, Made, Said},
        text,
    },
};

use super::tcf;

pub(super) use crate::sources::banner::OBJECTION as SALE;

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("__gpp")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, tcf::FUNCTIONAL),
        (Category::ANALYTICS, tcf::ANALYTICS),
        (Category::MARKETING, tcf::MARKETING),
        (Category::MARKETING, &[SALE]),
    ]),
    keeps_time: true,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Ok(string) = Gpp::parse(input.value) else {
        return Said::Malformed;
    };
    // What cannot be read (a newer section, a damaged one) may be an objection.
    let opts_out = string.opts_out_of_sale_or_sharing() == Some(true) || string.has_unread();
    if opts_out {
        answers.answer(SALE.as_bytes(), false);
    }
    match string.tcf_eu() {
        Some(Ok(consent)) => tcf::answer(&consent, input, answers),
        // An objection counts whatever else is damaged.
        None | Some(Err(_)) if opts_out => Said::OptOut,
        Some(Err(_)) => Said::Malformed,
        None => match string.tcf_canada() {
            Some(Ok(consent)) => in_canada(&consent, answers),
            Some(Err(_)) => Said::Malformed,
            None => Said::Nothing,
        },
    }
}

/// Express consents. The implied ones that stand beside them are none.
fn in_canada(consent: &TcfCanada<'_>, answers: &mut Answers<'_>) -> Said {
    for key in answers.keys() {
        let purpose = key.strip_prefix(b"canada:").and_then(text::number);
        if let Some(purpose) = purpose.and_then(|purpose| u8::try_from(purpose).ok()) {
            answers.answer(key, consent.express_consent(purpose));
        }
    }
    Said::Choice(Made { at: Some(consent.last_updated()), ..Made::plain(Unlisted::Undecided) })
}

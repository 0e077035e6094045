//! Didomi: `didomi_token`, base64 of JSON; beside it `euconsent-v2`, which is TCF's.
//!
//! ```text
//! {"user_id":"…","created":"2024-11-04T08:53:20.053Z","updated":"2024-11-04T08:53:22.528Z","version":2,
//!  "purposes":{"enabled":["geolocation_data","analytics-HpBJrpK7"],"disabled":[]},"vendors":{"enabled":["google","c:hotjar"]}}
//! ```
//!
//! The keys are the purposes' ids, which each site has of its own, and `vendor:google` for vendors. The cookie is there
//! before any choice, and then lists nothing. Refusals are listed (`disabled`). `purposes_li` and `vendors_li` are
//! legitimate interests and no consent. Standard TCF purposes are not in it: a site with those names `tcf` as well.
//! Newer sites have `didomi_dcs` instead, a binary form that is not read. No revision.

use serde::Deserialize;

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named},
    reading::{Input, Made, Said},
    text,
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("didomi_token"), named("didomi_dcs"), named("euconsent-v2")],
    companions: &[],
    usual: Usual::SiteDefined,
    keeps_time: true,
    read,
};

/// Before the id of a vendor.
const VENDOR: &[u8] = b"vendor:";

#[derive(Deserialize)]
struct Token {
    /// Every token has it, and no other tool's JSON.
    #[serde(rename = "created")]
    _created: String,
    updated: String,
    #[serde(default)]
    purposes: Answered,
    #[serde(default)]
    vendors: Answered,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answered {
    enabled: Vec<String>,
    disabled: Vec<String>,
}

impl Answered {
    fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let enabled = self.enabled.iter().map(|id| (id.as_bytes(), true));
        enabled.chain(self.disabled.iter().map(|id| (id.as_bytes(), false)))
    }
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(token) = text::json::<Token>(input.value) else {
        return Said::Malformed;
    };
    if token.purposes.iter().chain(token.vendors.iter()).next().is_none() {
        return Said::Nothing;
    }
    let Some(at) = text::iso_seconds(&token.updated) else {
        return Said::Malformed;
    };
    for (purpose, is_granted) in token.purposes.iter() {
        answers.answer(purpose, is_granted);
    }
    for (vendor, is_granted) in token.vendors.iter() {
        answers.answer(&[VENDOR, vendor].concat(), is_granted);
    }
    Said::Choice(Made { at: Some(at), ..Made::plain(Unlisted::Undecided) })
}

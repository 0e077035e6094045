//! Didomi: `didomi_token`, base64 of JSON; beside it `euconsent-v2`, which is TCF's.
//!
//! ```text
//! {"user_id":"…","created":"2024-11-04T08:53:20.053Z","updated":"2024-11-04T08:53:22.528Z","version":2,
//!  "purposes":{"enabled":["geolocation_data","analytics-HpBJrpK7"],"disabled":[]},"vendors":{"enabled":["google","c:hotjar"]}}
//! ```
//!
//! The keys are the purposes' ids, which each site has of its own, and `vendor:google` for vendors; a site's own vendors
//! (`c:hotjar`) need no `vendor:`, as no purpose is called so. The cookie is there before any choice, and then lists
//! nothing. Refusals are listed (`disabled`). `purposes_li` and `vendors_li` are legitimate interests and no consent.
//! Standard TCF purposes are not in it: a site with those names `tcf` as well. Newer sites have `didomi_dcs` instead, a
//! binary form that is not read. No revision.

use std::collections::BTreeMap;

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
    has_revision: false,
    read,
};

/// Before the id of a vendor, which could be a purpose's as well.
const VENDOR: &[u8] = b"vendor:";

#[derive(Deserialize)]
struct Token {
    /// Every token has it, and no other tool's JSON.
    #[serde(rename = "created")]
    _created: String,
    updated: String,
    #[serde(default)]
    purposes: Lists,
    #[serde(default)]
    vendors: Lists,
}

/// What is `enabled` and what is `disabled`.
type Lists = BTreeMap<String, Vec<String>>;

fn listed(lists: &Lists) -> impl Iterator<Item = (&[u8], bool)> {
    let of = |list| lists.get(list).into_iter().flatten().map(String::as_bytes);
    of("enabled").map(|id| (id, true)).chain(of("disabled").map(|id| (id, false)))
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(token) = text::json_object::<Token>(input.value) else {
        return Said::Malformed;
    };
    if listed(&token.purposes).chain(listed(&token.vendors)).next().is_none() {
        return Said::Nothing;
    }
    let Some(at) = text::iso_seconds(&token.updated) else {
        return Said::Malformed;
    };
    for (purpose, is_granted) in listed(&token.purposes) {
        answers.answer(purpose, is_granted);
    }
    for (vendor, is_granted) in listed(&token.vendors) {
        answers.answer(&[VENDOR, vendor].concat(), is_granted);
        if vendor.starts_with(b"c:") {
            answers.answer(vendor, is_granted);
        }
    }
    Said::Choice(Made { at: Some(at), ..Made::plain(Unlisted::Undecided) })
}

//! Axeptio: `axeptio_cookies`, JSON as js-cookie escapes it, a boolean for each vendor.
//!
//! ```text
//! axeptio_cookies={%22$$token%22:%22…%22%2C%22$$date%22:%222025-12-17T13:07:11.719Z%22%2C%22$$cookiesVersion%22:{%22name%22:
//!   %22shop-fr%22%2C%22identifier%22:%225fc66899f818424c2a689c82%22}%2C%22matomo%22:true%2C%22$$completed%22:true}
//! ```
//!
//! What begins with `$$` is of the record. It is a decision once `$$completed` is true. Refusals are listed; a vendor that
//! the site brings later is asked for. `$$date` is the time, `$$cookiesVersion.identifier` the revision. The other cookies
//! (`axeptio_authorized_vendors`, `axeptio_all_vendors`) repeat the vendors.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named, prefixed},
    reading::{Input, Made, Said},
    scalar::Scalar,
    text,
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("axeptio_cookies"), prefixed("axeptio_")],
    companions: &[],
    usual: Usual::SiteDefined,
    keeps_time: true,
    has_revision: true,
    read,
};

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "$$completed")]
    is_completed: bool,
    #[serde(rename = "$$date")]
    date: String,
    #[serde(rename = "$$cookiesVersion")]
    version: Option<Version>,
    #[serde(flatten)]
    vendors: BTreeMap<String, Scalar>,
}

#[derive(Deserialize)]
struct Version {
    identifier: Option<String>,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    if !record.is_completed {
        return Said::Nothing;
    }
    for (vendor, flag) in record.vendors.iter().filter(|(name, _)| !name.starts_with("$$")) {
        match flag {
            Scalar::Flag(is_granted) => answers.answer(vendor.as_bytes(), *is_granted),
            _ => return Said::Malformed,
        }
    }
    let Some(at) = text::iso_seconds(&record.date) else {
        return Said::Malformed;
    };
    let revision = record.version.and_then(|version| version.identifier);
    let is_outdated = input.is_outdated(revision.as_deref().map(str::as_bytes));
    Said::Choice(Made { at: Some(at), is_outdated, ..Made::plain(Unlisted::Undecided) })
}

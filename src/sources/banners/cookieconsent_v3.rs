//! vanilla-cookieconsent 3 (orestbida/cookieconsent): `cc_cookie`, percent-encoded JSON.
//!
//! ```text
//! cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22marketing%22%5D%2C%22revision%22%3A0%2C%22data%22%3Anull
//! %2C%22consentTimestamp%22%3A%222026-11-22T07%3A30%3A37.309Z%22
//! %2C%22consentId%22%3A%22adf4ebe4-9486-4691-ae80-7e004c43e060%22
//! %2C%22services%22%3A%7B%22necessary%22%3A%5B%5D%2C%22analytics%22%3A%5B%5D%2C%22marketing%22%3A%5B%22youtube%22%5D%7D
//! %2C%22languageCode%22%3A%22en%22%2C%22lastConsentTimestamp%22%3A%222026-11-22T07%3A30%3A37.309Z%22
//! %2C%22expirationTime%22%3A1811057437310%7D
//! ```
//!
//! `categories` and `services` list what was accepted. Every category of the site is a key of `services`, so that one
//! that was refused is known by name; a category counts as accepted when one of its services is. The tool asks again
//! unless the record has a version 4 UUID and both times.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Number;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        reading::{Input, Made, Said},
        text,
    },
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("cc_cookie")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["functionality", "preferences"]),
        (Category::ANALYTICS, &["analytics"]),
        (Category::MARKETING, &["marketing", "targeting", "ads"]),
    ]),
    keeps_time: true,
    has_revision: true,
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    categories: Vec<String>,
    services: Option<BTreeMap<String, Vec<String>>>,
    revision: Option<Number>,
    consent_id: Option<String>,
    consent_timestamp: Option<String>,
    last_consent_timestamp: Option<String>,
    expiration_time: Option<i64>,
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    let has_id = record.consent_id.is_some_and(|id| is_uuid_v4(id.as_bytes()));
    let (true, Some(_), Some(last)) = (has_id, record.consent_timestamp, record.last_consent_timestamp) else {
        return Said::Nothing;
    };
    // Without the list of what could be refused, a usual mapping of several names would grant too much.
    let (Some(at), Some(services)) = (text::iso_seconds(&last), record.services) else {
        return Said::Malformed;
    };
    for category in &record.categories {
        answers.answer(category.as_bytes(), true);
    }
    let mut key = Vec::new();
    for (category, accepted) in &services {
        if !record.categories.contains(category) {
            answers.answer(category.as_bytes(), false);
        }
        for service in accepted {
            key.clear();
            key.extend_from_slice(category.as_bytes());
            key.push(b'/');
            key.extend_from_slice(service.as_bytes());
            answers.answer(&key, true);
        }
    }
    let revision = record.revision.map(|revision| revision.to_string());
    Said::Choice(Made {
        at: Some(at),
        until: record.expiration_time.map(text::seconds_of_millis),
        is_outdated: input.is_outdated(revision.as_deref().map(str::as_bytes)),
        unlisted: Unlisted::Refused,
    })
}

fn is_uuid_v4(id: &[u8]) -> bool {
    id.len() == 36
        && id.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => *byte == b'4',
            _ => byte.is_ascii_hexdigit(),
        })
}

//! Complianz, for WordPress: `cmplz_banner-status`, and a `cmplz_` cookie for each category.
//!
//! ```text
//! cmplz_banner-status=dismissed
//! cmplz_functional=allow
//! cmplz_preferences=allow
//! cmplz_statistics=deny
//! cmplz_marketing=deny
//! cmplz_consented_services={"youtube":true}
//! cmplz_policy_id=38
//! ```
//!
//! The categories may be written with their defaults before anybody has chosen: only `dismissed` says that somebody did.
//! `functional` is what a site needs, and what others call functional is `preferences`. `statistics-anonymous` is on
//! without consent. Services that were accepted or refused in their place have an answer of their own; all others follow
//! their category. The tool asks again when the site's policy has another id.

use std::collections::BTreeMap;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named, prefixed},
        reading::{Input, MAX_VALUE, Made, Said},
        text,
    },
};

const PREFIX: &str = "cmplz_";
const SERVICES: &str = "cmplz_consented_services";
const POLICY: &str = "cmplz_policy_id";

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[
        named("cmplz_banner-status"),
        prefixed(PREFIX),
        named("complianz_policy_id"),
        named("complianz_consent_status"),
    ],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["preferences"]),
        (Category::ANALYTICS, &["statistics"]),
        (Category::MARKETING, &["marketing"]),
    ]),
    keeps_time: false,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    match input.value {
        b"dismissed" => {}
        b"show" | b"dismiss" => return Said::Nothing,
        _ => return Said::Malformed,
    }
    let all = || input.jar.with_prefix(PREFIX.as_bytes());
    for (category, value) in all() {
        match value {
            // Of copies that differ none grants.
            b"allow" if all().any(|(other, copy)| other == category && copy != value) => {}
            b"allow" => answers.answer(category, true),
            b"deny" => answers.answer(category, false),
            b"" => {}
            _ if answers.keys().any(|known| known == category) => return Said::Malformed,
            _ => {}
        }
    }
    let services_agree = input.jar.value(SERVICES.as_bytes()).is_ok();
    for value in input.jar.values(SERVICES.as_bytes()).filter(|value| !value.is_empty()) {
        if value.len() > MAX_VALUE {
            return Said::Malformed;
        }
        let Some(services) = text::json::<BTreeMap<String, bool>>(value) else {
            return Said::Malformed;
        };
        for (service, is_granted) in &services {
            if services_agree || !is_granted {
                answers.answer(service.as_bytes(), *is_granted);
            }
        }
    }
    let mut policies = input.jar.values(POLICY.as_bytes()).peekable();
    let is_outdated = match policies.peek() {
        None => input.is_outdated(None),
        Some(_) => policies.any(|policy| input.is_outdated(Some(policy))),
    };
    Said::Choice(Made { is_outdated, ..Made::plain(Unlisted::Undecided) })
}

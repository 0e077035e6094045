//! Borlabs Cookie (WordPress): `borlabs-cookie`, percent-encoded JSON, the services of each accepted group.
//!
//! ```text
//! borlabs-cookie=%7B%22consents%22%3A%7B%22essential%22%3A%5B%22borlabs-cookie%22%5D%2C%22statistics%22%3A%5B%22matomo%22
//!   %5D%7D%2C%22domainPath%22%3A%22example.com%2F%22%2C%22expires%22%3A%22Sun%2C%2021%20Dec%202025%2009%3A54%3A17%20GMT
//!   %22%2C%22uid%22%3A%22anonymous%22%2C%22version%22%3A%221%22%7D
//! ```
//!
//! The cookie is written when the visitor has answered. A refused group is left out, and so is a refused service of a group;
//! a group says nothing of which of its services were refused, so where visitors choose single services, the policy maps
//! those: their key is `group/service`. The services of `essential` were never asked for. `version` (text in version 2, a number in version 3) is the
//! site's revision, `expires` the end; no time of the choice.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named, prefixed},
        reading::{Input, Made, Said},
        text,
    },
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("borlabs-cookie"), prefixed("borlabs-cookie-")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["external-media"]),
        (Category::ANALYTICS, &["statistics"]),
        (Category::MARKETING, &["marketing"]),
    ]),
    keeps_time: false,
    has_revision: true,
    read,
};

#[derive(Deserialize)]
struct Record {
    consents: BTreeMap<String, Vec<String>>,
    version: Version,
    expires: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Number(u64),
    Text(String),
}

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(record) = text::json_object::<Record>(input.value) else {
        return Said::Malformed;
    };
    let until = match record.expires.as_deref().map(text::http_date_seconds) {
        Some(None) => return Said::Malformed,
        Some(until) => until,
        None => None,
    };
    let groups = record.consents.iter().filter(|(group, services)| *group != "essential" && !services.is_empty());
    for (group, services) in groups {
        answers.answer(group.as_bytes(), true);
        services.iter().for_each(|service| answers.answer(format!("{group}/{service}").as_bytes(), true));
    }
    let version = match record.version {
        Version::Number(number) => number.to_string(),
        Version::Text(text) => text,
    };
    let is_outdated = input.is_outdated(Some(version.as_bytes()));
    Said::Choice(Made { until, is_outdated, ..Made::plain(Unlisted::Refused) })
}

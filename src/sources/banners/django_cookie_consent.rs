//! Django-cookie-consent (django-commons): `cookie_consent`, a version for each group, in the quotes of Python's cookies.
//!
//! ```text
//! cookie_consent="analytics=2026-11-22T07:00:00.123456+00:00|social=-1"
//! ```
//!
//! The keys are the groups' `varname`s, which each site has of its own. `-1` is declined, a moment the version that was
//! accepted: when the group's newest cookie was created, not when the visitor chose. A group without cookies has an empty
//! version. A group that is not listed, nobody was asked.
//!
//! Versions are of groups, and compared as texts, as the tool does: where the site names a `revision`, either one for all
//! groups (`2026-11-22T07:00:00.123456+00:00`) or each group's in the form of the cookie (`analytics=…|social=…`), a group
//! that was accepted at an older one is undecided, and a record of nothing else outdated. The cookie is `HttpOnly`.

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named},
    reading::{Input, Made, Said},
    text,
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("cookie_consent")],
    companions: &[],
    usual: Usual::SiteDefined,
    keeps_time: false,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let value = text::percent_decoded(input.value);
    let Some(groups) = str::from_utf8(&value).ok().and_then(unquoted) else {
        return Said::Malformed;
    };
    let groups = || groups.split('|').map(|group| group.split_once('=').unwrap_or_default());
    if !groups().all(|(name, version)| is_name(name) && (version == DECLINED || is_version(version))) {
        return Said::Malformed;
    }
    let is_older = |name: &str, version: &str| version != DECLINED && is_older(version, name, input.revision);
    let is_outdated = groups().all(|(name, version)| is_older(name, version));
    for (name, version) in groups() {
        if is_older(name, version) && !is_outdated {
            answers.leave_open(name.as_bytes());
        } else {
            answers.answer(name.as_bytes(), version != DECLINED);
        }
    }
    Said::Choice(Made { is_outdated, ..Made::plain(Unlisted::Undecided) })
}

const DECLINED: &str = "-1";

/// Without the pair of quotes, which is there or not.
fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(value),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// A moment as `datetime.isoformat` writes it, with an offset or without.
fn is_version(text: &str) -> bool {
    text.is_empty() || text::iso_seconds(text).is_some() || text::iso_seconds(&format!("{text}Z")).is_some()
}

/// Whether a newer version of the group counts now.
fn is_older(version: &str, group: &str, revision: Option<&[u8]>) -> bool {
    let Some(revision) = revision else { return false };
    if !revision.contains(&b'=') {
        return version.as_bytes() < revision;
    }
    let now = revision
        .split(|byte| *byte == b'|')
        .find_map(|entry| entry.strip_prefix(group.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")));
    now.is_some_and(|now| version.as_bytes() < now)
}

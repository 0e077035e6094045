//! Cookie Law Info, the WordPress plugin that became CookieYes: `viewed_cookie_policy`, `CookieLawInfoConsent` and a
//! `cookielawinfo-checkbox-` for each category.
//!
//! ```text
//! viewed_cookie_policy=yes
//! CookieLawInfoConsent=eyJ2ZXIiOiIxIiwibmVjZXNzYXJ5IjoidHJ1ZSIsIm5vbi1uZWNlc3NhcnkiOiJ0cnVlIn0=
//! cookielawinfo-checkbox-necessary=yes
//! cookielawinfo-checkbox-non-necessary=yes
//! ```
//!
//! The boxes are written with their defaults when a page loads: only `viewed_cookie_policy` says that somebody decided.
//! Its `no` is the button that rejects everything, which leaves the boxes as they were. The other cookie is base64 of
//! JSON, booleans or their names, and `ver` the site's version of the consent. A box of either that is off, is off. A bar
//! without boxes writes that record without a category: what is on beside it is a default, and nobody's answer.

use std::collections::BTreeMap;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named, prefixed},
        reading::{Input, MAX_VALUE, Made, Said},
        scalar::Scalar,
        text,
    },
};

const CONSENT: &str = "CookieLawInfoConsent";
const BOXES: &str = "cookielawinfo-";
/// Some categories of the plugin's own are spelt the second way.
const BOX: [&str; 2] = ["checkbox-", "checbox-"];

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("viewed_cookie_policy"), named(CONSENT), prefixed(BOXES), named("cli_user_preference")],
    companions: &[],
    // A site has these categories, or the one that is all of them.
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &["functional", "preferences", "non-necessary"]),
        (Category::ANALYTICS, &["analytics", "performance", "non-necessary"]),
        (Category::MARKETING, &["advertisement", "marketing", "non-necessary"]),
    ]),
    keeps_time: false,
    has_revision: true,
    read,
};

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    match input.value {
        b"yes" => {}
        b"no" => return Said::Choice(Made::plain(Unlisted::Refused)),
        _ => return Said::Malformed,
    }
    let (mut has_record, mut has_silent_record, mut is_outdated) = (false, false, false);
    for value in input.jar.values(CONSENT.as_bytes()) {
        if value.len() > MAX_VALUE {
            return Said::Malformed;
        }
        let Some(record) = text::json::<BTreeMap<String, Scalar>>(value) else {
            return Said::Malformed;
        };
        has_record = true;
        let mut is_silent = true;
        let version = match record.get("ver") {
            Some(Scalar::Word(version)) => Some(version.clone()),
            Some(Scalar::Number(version)) => Some(version.to_string()),
            _ => None,
        };
        is_outdated |= input.is_outdated(version.as_deref().map(str::as_bytes));
        for (key, value) in &record {
            let is_granted = match value {
                Scalar::Flag(is_granted) => Some(*is_granted),
                Scalar::Word(word) => word.parse().ok(),
                Scalar::Number(_) | Scalar::Other => None,
            };
            if !answer(answers, unboxed(key.as_bytes()).unwrap_or(key.as_bytes()), is_granted) {
                return Said::Malformed;
            }
            is_silent &= is_granted.is_none();
        }
        has_silent_record |= is_silent;
    }
    for (name, value) in input.jar.with_prefix(BOXES.as_bytes()) {
        let is_granted = match value {
            b"yes" if has_silent_record => continue,
            b"yes" => Some(true),
            b"no" => Some(false),
            _ => None,
        };
        if let Some(category) = unboxed(name)
            && !answer(answers, category, is_granted)
        {
            return Said::Malformed;
        }
    }
    is_outdated |= !has_record && input.is_outdated(None);
    Said::Choice(Made { is_outdated, ..Made::plain(Unlisted::Undecided) })
}

fn unboxed(name: &[u8]) -> Option<&[u8]> {
    BOX.iter().find_map(|spelling| name.strip_prefix(spelling.as_bytes()))
}

/// `false` if the answer is none, for a key that has one.
fn answer(answers: &mut Answers<'_>, key: &[u8], is_granted: Option<bool>) -> bool {
    let Some(is_granted) = is_granted else {
        return !answers.keys().any(|known| known == key);
    };
    answers.answer(key, is_granted);
    true
}

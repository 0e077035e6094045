//! Tarteaucitron (AmauriC/tarteaucitron.js): `tarteaucitron`, one word for each service, not encoded.
//!
//! ```text
//! tarteaucitron=!gtag=true!youtube=false!facebook=wait
//! ```
//!
//! The cookie is there from the first page on. `wait` is undecided, and a category of which a service waits is too. A
//! decision is a `true` or a `false` of a service that the policy (or the usual mapping) names. Neither revision nor time.
//!
//! Services that the tool exempts (`needConsent: false`: Matomo, Plausible, ...) are `true` before any click, and after one
//! it looks the same: of them only a `false` is an answer. A site with `alwaysNeedConsent: true` names such a service as
//! `asked:matomo`. With `serviceDefaultState: true` every service is so, and the cookie cannot be relied on.

mod services;

use crate::{
    category::Category,
    sources::{
        answers::{Answers, Unlisted},
        banner::{Format, Usual, named},
        reading::{Input, Made, Said},
    },
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named("tarteaucitron")],
    companions: &[],
    usual: Usual::Keys(&[
        (Category::FUNCTIONAL, &services::FUNCTIONAL),
        (Category::ANALYTICS, &services::ANALYTICS),
        (Category::MARKETING, &services::MARKETING),
    ]),
    keeps_time: false,
    has_revision: false,
    read,
};

/// Before the name of an exempt service: the site has it ask like the others.
const ASKED: &[u8] = b"asked:";

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    let Some(services) = str::from_utf8(input.value).ok().and_then(|value| value.strip_prefix('!')) else {
        return Said::Malformed;
    };
    let mut is_decided = false;
    for service in services.split('!') {
        let Some((name, word)) = service.split_once('=') else {
            return Said::Malformed;
        };
        let is_exempt = services::is_exempt(name);
        let asked = if is_exempt { [ASKED, name.as_bytes()].concat() } else { Vec::new() };
        for (key, tells) in [(name.as_bytes(), !is_exempt), (&asked, true)] {
            match word {
                "true" if !tells => {}
                "true" | "false" => {
                    is_decided |= answers.knows(key);
                    answers.answer(key, word == "true");
                }
                _ => answers.leave_open(key),
            }
        }
    }
    if is_decided { Said::Choice(Made::plain(Unlisted::Undecided)) } else { Said::Nothing }
}

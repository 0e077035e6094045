//! ASP.NET Core's cookie policy (dotnet/aspnetcore): `.AspNet.Consent`, one question.
//!
//! ```text
//! .AspNet.Consent=yes
//! ```
//!
//! The cookie is there when consent was granted; to withdraw deletes it, so a refusal is not told. Neither revision nor
//! time. The one key is `yes`. A site that sets `ConsentCookieValue` names its value as the key of each category.

use crate::sources::{
    answers::{Answers, Unlisted},
    banner::{Format, Usual, named},
    reading::{Input, Made, Said},
};

pub(in crate::sources) const FORMAT: Format = Format {
    cookies: &[named(".AspNet.Consent")],
    companions: &[],
    usual: Usual::OneQuestion(YES),
    keeps_time: false,
    has_revision: false,
    read,
};

const YES: &str = "yes";

fn read(input: &Input<'_>, answers: &mut Answers<'_>) -> Said {
    if input.value != YES.as_bytes() && !answers.knows(input.value) {
        return Said::Malformed;
    }
    answers.answer(input.value, true);
    Said::Choice(Made::plain(Unlisted::Undecided))
}

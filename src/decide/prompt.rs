//! Whether to ask a visitor, and why.

use std::fmt;

use time::Date;

use super::Decision;
use crate::policy::{Lifetime, Reason, Regime, day_after};

/// What a page that was not asked for shows a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// The banner, for this reason.
    Ask(Reason),
    /// A notice that the policy has a new revision, of this number: nothing is asked, and nothing changes.
    Notice(u32),
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(reason) => write!(f, "ask: {reason}"),
            Self::Notice(number) => write!(f, "tell of revision {number}"),
        }
    }
}

/// Who opted out under US law is not asked to opt in again for so long (Cal. Civ. Code 1798.135(c)(4), R100).
const OPT_OUT_REST: Lifetime = Lifetime::months(12);

impl Decision {
    /// What to show: the banner where the visitor [is to be asked](Self::asks), or the notice of a revision that the visitor
    /// has not seen. `None`: nothing, which includes
    ///
    /// - who refused, until the refusal's full period is over (R90);
    /// - who sends a signal that was honoured, unless the policy says
    ///   [`banner_under_signal`](crate::PolicyBuilder::banner_under_signal);
    /// - who opted out in an opt-out region, for 12 months (R100);
    /// - a signal under which nothing can be remembered.
    #[must_use]
    pub fn prompt(&self) -> Option<Prompt> {
        if !self.has_layer() || self.forbids_storing().is_some() {
            return None;
        }
        match self.asks() {
            Some(reason) if self.may_be_asked() => Some(Prompt::Ask(reason)),
            Some(_) => None,
            None => {
                let latest = self.policy().latest_revision();
                let choice = self.choice()?;
                (choice.seen_revision() < latest).then_some(Prompt::Notice(latest))
            }
        }
    }

    fn may_be_asked(&self) -> bool {
        (self.honoured_signals().is_silent() || self.policy().banner_under_signal) && !self.rests_after_opt_out()
    }

    fn rests_after_opt_out(&self) -> bool {
        // From the end of its day, as a refusal: never less than promised.
        let opted_out = |day: Date| self.now() < OPT_OUT_REST.end_from_day(day_after(day));
        self.regime() == Regime::OptOut
            && self.raw_choice().is_some_and(|choice| !choice.refused.is_empty() && opted_out(choice.day))
    }

    /// Whether the visitor has answered, or taken note of, the last material revision of the policy: what a
    /// gate asks for. Where a signal forbids to remember anything, nobody is held up.
    #[must_use]
    pub fn knows_revision(&self) -> bool {
        self.forbids_storing().is_some()
            || self.choice().is_some_and(|choice| choice.seen_revision() >= self.policy().material_revision())
    }
}

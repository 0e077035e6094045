//! What a visit is counted as.

use std::fmt;

use serde::Serialize;

use crate::{
    decide::Decision,
    policy::Reason,
    signal::{Signal, Signals},
};

/// What the visitor had chosen when the answer left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VisitOutcome {
    /// All that the policy asks for is granted.
    GrantedAll,
    /// Something is granted.
    GrantedSome,
    /// Nothing is granted, and something is refused, by the visitor or on behalf of them.
    Refused,
    /// Nothing is granted, and a signal closes something.
    Closed,
    /// Nothing is decided.
    Undecided,
}

impl VisitOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::GrantedAll, Self::GrantedSome, Self::Refused, Self::Closed, Self::Undecided];

    /// The outcome as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GrantedAll => "granted-all",
            Self::GrantedSome => "granted-some",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Undecided => "undecided",
        }
    }

    fn of(decision: &Decision) -> Self {
        let (mut granted, mut others, mut closed, mut refused) = (false, false, false, false);
        for target in decision.policy().askable() {
            let verdict = decision.judge(target);
            match verdict.reason() {
                Reason::Granted => granted = true,
                reason => {
                    others = true;
                    closed |= matches!(reason, Reason::Signal(_));
                    refused |= matches!(reason, Reason::Refused | Reason::Narrowed);
                }
            }
        }
        match (granted, others) {
            (true, false) => Self::GrantedAll,
            (true, true) => Self::GrantedSome,
            _ if closed => Self::Closed,
            _ if refused => Self::Refused,
            _ => Self::Undecided,
        }
    }
}

impl fmt::Display for VisitOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The signals that a visit came with, whether they closed anything or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignalsSeen {
    /// None.
    None,
    /// Do Not Track.
    Dnt,
    /// Global Privacy Control.
    Gpc,
    /// Both.
    Both,
}

impl SignalsSeen {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Dnt, Self::Gpc, Self::Both];

    /// The signals as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dnt => "dnt",
            Self::Gpc => "gpc",
            Self::Both => "both",
        }
    }

    const fn of(signals: Signals) -> Self {
        match (signals.objects(Signal::Dnt), signals.objects(Signal::Gpc)) {
            (false, false) => Self::None,
            (true, false) => Self::Dnt,
            (false, true) => Self::Gpc,
            (true, true) => Self::Both,
        }
    }
}

impl fmt::Display for SignalsSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the 40 groups that a visit falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VisitGroup {
    pub(super) is_tracked: bool,
    pub(super) outcome: VisitOutcome,
    pub(super) signals: SignalsSeen,
}

impl VisitGroup {
    pub(super) fn new(decision: &Decision, is_tracked: bool) -> Self {
        let (outcome, signals) = (VisitOutcome::of(decision), SignalsSeen::of(decision.signals()));
        Self { is_tracked, outcome, signals }
    }
}

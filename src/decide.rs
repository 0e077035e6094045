//! The one decision.
//!
//! [`Decision`] is worked out once for a request (and once more if its answer changes the consent), and everything that
//! permits or refuses asks it: the request filter, the response filter, the clean-up, the extractors. The first rule
//! that matches wins, per category and service:
//!
//! 1. **Essential**: allowed.
//! 2. **Narrowed** by the application: refused. An application hook can only take away.
//! 3. **A signal in force that covers it**: refused, unless the visitor granted it by name later and in knowledge of
//!    every such signal (11 CCR 7025(c)(3)), and the policy does not say that signals always win.
//! 4. **A valid choice**: a service's refusal, then its grant, then its category's. A category's grant covers only services
//!    that were there. What it does not name is refused if all that was offered was; otherwise undecided by itself.
//! 5. **Nobody decided**: as the regime says. On a cross-site request that cannot show the choice, and with a consent
//!    cookie that is there but unusable, nothing passes in any regime. At an outdated revision refusals stand, and what was granted is
//!    closed until it is granted again.
//!
//! `DNT: 0` grants nothing: it is not among the rules.

mod age;
pub(crate) mod google;
mod narrowed;
mod page;
mod permit;
mod prompt;
mod sources;

use std::{fmt, sync::Arc};

use time::Date;

use self::{age::judge_age, narrowed::Narrowed};
pub(crate) use self::{
    age::{grants_end, refusals_end},
    sources::{Found, weigh},
};
pub use self::{
    permit::{Permit, Vendor},
    prompt::Prompt,
};

use crate::{
    category::Category,
    consent::{CategoryIndex, Choice, Consent, NamedChoice, Reading, Target, UndecidedReason},
    policy::{Narrow, Policy, Reason, Regime, Verdict, day_of},
    signal::{Signal, Signals},
};

/// The answer for one request: what is allowed and why.
///
/// In axum it is an extractor that never fails; elsewhere, [`ConsentContext::decision`](crate::ConsentContext::decision).
///
/// ```
/// use tower_consent::{Category, Decision};
///
/// fn page(consent: &Decision) -> &'static str {
///     if consent.allows(Category::ANALYTICS) { "with statistics" } else { "without" }
/// }
/// assert_eq!(page(&Decision::no_layer()), "without");
/// ```
#[derive(Clone)]
pub struct Decision {
    policy: Arc<Policy>,
    regime: Regime,
    signals: Signals,
    consent: Consent,
    grants_live: bool,
    refusals_live: bool,
    narrowed: Narrowed,
    now: i64,
    has_layer: bool,
    acts_on_next_page: bool,
}

/// Works out the decision. `now` is in Unix seconds.
pub(crate) fn decide(
    policy: Arc<Policy>,
    regime: Regime,
    signals: Signals,
    reading: Reading,
    narrow: &Narrow,
    now: i64,
) -> Decision {
    let narrowed = if narrow.is_nothing() { Narrowed::default() } else { Narrowed::new(&policy, narrow) };
    let (consent, grants_live, refusals_live) = judge_age(&policy, reading, now);
    let (has_layer, acts_on_next_page) = (true, false);
    Decision {
        policy,
        regime,
        signals,
        consent,
        grants_live,
        refusals_live,
        narrowed,
        now,
        has_layer,
        acts_on_next_page,
    }
}

/// What a choice says of one category or service.
#[derive(PartialEq)]
enum Answer {
    Granted,
    Refused,
    /// It was named, and that has expired.
    Lapsed,
    /// It was not named, or is newer than the grant.
    Unnamed(Reason),
}

impl Decision {
    /// What an extractor answers where no layer handled the request: everything is refused.
    #[must_use]
    pub fn no_layer() -> Self {
        let policy = Arc::new(Policy::default());
        let decision = decide(policy, Regime::OptIn, Signals::NONE, Reading::Nothing, &Narrow::all(), 0);
        Self { has_layer: false, ..decision }
    }

    /// Whether cookies and scripts of this category are allowed. A category that the policy does not have is not.
    #[must_use]
    pub fn allows(&self, category: Category) -> bool {
        self.verdict(category).allowed
    }

    /// Whether this service is allowed. A service that the policy does not have is not.
    #[must_use]
    pub fn allows_service(&self, name: &str) -> bool {
        self.service_verdict(name).allowed
    }

    /// The answer for a category, with its reason.
    #[must_use]
    pub fn verdict(&self, category: Category) -> Verdict {
        match self.policy.names.category_index(category.as_bytes()) {
            Some(index) => self.judge(Target::Category(index)),
            None => self.unknown_target(),
        }
    }

    /// The answer for a service, with its reason.
    #[must_use]
    pub fn service_verdict(&self, name: &str) -> Verdict {
        match self.policy.names.service_index(name.as_bytes()) {
            Some(index) => self.judge(Target::Service(index)),
            None => self.unknown_target(),
        }
    }

    /// Whether this visit may be tracked: what the policy's [visit rules](crate::VisitRules) need is allowed.
    #[must_use]
    pub fn may_track(&self) -> bool {
        self.policy.visits.needs.is_some_and(|target| self.judge(target).allowed)
    }

    fn unknown_target(&self) -> Verdict {
        Verdict::refuse(if self.has_layer { Reason::NotInPolicy } else { Reason::NoLayer })
    }

    /// The answer for every category of the policy, in its order.
    pub fn verdicts(&self) -> impl Iterator<Item = (Category, Verdict)> + '_ {
        self.policy.categories().iter().map(|category| (*category, self.verdict(*category)))
    }

    /// Why the visitor should be asked, if so: nobody decided, the choice has expired or is outdated, something is new, or
    /// the consent cookie is of no use. Nobody is asked on a request that cannot show the choice, for what a signal or the
    /// application closes, or for what passes anyway.
    #[must_use]
    pub fn asks(&self) -> Option<Reason> {
        let mut reasons = self.policy.askable().map(|target| self.judge(target)).filter(|verdict| !verdict.allowed);
        reasons.find_map(|verdict| match verdict.reason {
            Reason::Undecided(UndecidedReason::Unseen) => None,
            reason @ (Reason::Undecided(_) | Reason::NewCategory | Reason::NewService) => Some(reason),
            _ => None,
        })
    }

    /// The signals that closed something.
    #[must_use]
    pub fn honoured_signals(&self) -> Signals {
        let mut honoured = Signals::NONE;
        for target in self.policy.askable() {
            let Some(category) = self.policy.category_of(target) else { continue };
            if self.narrowed.covers(target, category) || !self.is_closed_by_signal(target, category) {
                continue;
            }
            for signal in self.covering_signals(category) {
                honoured = honoured.with(signal);
            }
        }
        self.forbids_storing().map_or(honoured, |signal| honoured.with(signal))
    }

    /// The signals that came with the request.
    #[must_use]
    pub const fn signals(&self) -> Signals {
        self.signals
    }

    /// The signal under which the policy stores no cookie at all, if it is on.
    #[must_use]
    pub fn forbids_storing(&self) -> Option<Signal> {
        let mut facts = self.policy.signal_facts().iter();
        facts.find(|facts| facts.no_cookies && self.signals.objects(facts.signal)).map(|facts| facts.signal)
    }

    /// What holds where nobody has decided.
    #[must_use]
    pub const fn regime(&self) -> Regime {
        self.regime
    }

    /// Why nothing is decided; `None` if a valid choice is there.
    #[must_use]
    pub const fn undecided(&self) -> Option<UndecidedReason> {
        match self.consent {
            Consent::Decided(_) => None,
            Consent::Undecided(reason, _) => Some(reason),
        }
    }

    /// What the visitor chose, also where it has expired or is outdated.
    #[must_use]
    pub fn choice(&self) -> Option<NamedChoice<'_>> {
        self.consent.choice().map(|choice| NamedChoice::new(choice, &self.policy.names))
    }

    /// Whether cookies are stripped by this decision, or only reported.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.has_layer && self.policy.mode() == crate::policy::Mode::Enforce
    }

    /// The policy that the decision was made by.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) const fn now(&self) -> i64 {
        self.now
    }

    /// The UTC day of the request.
    pub(crate) fn today(&self) -> Date {
        day_of(self.now)
    }

    pub(crate) const fn raw_choice(&self) -> Option<&Choice> {
        self.consent.choice()
    }

    pub(crate) const fn has_layer(&self) -> bool {
        self.has_layer
    }

    /// The same decision with more taken away.
    pub(crate) fn narrowed_by(mut self, narrow: &Narrow) -> Self {
        let more = Narrowed::new(&self.policy, narrow);
        self.narrowed = self.narrowed.with(&more);
        self
    }

    /// The decision that another reading of the consent leads to, all else being equal.
    pub(crate) fn reread(&self, reading: Reading) -> Self {
        let (consent, grants_live, refusals_live) = judge_age(&self.policy, reading, self.now);
        Self { consent, grants_live, refusals_live, ..self.clone() }
    }

    /// The rules, in their order.
    pub(crate) fn judge(&self, target: Target) -> Verdict {
        if !self.has_layer {
            return Verdict::refuse(Reason::NoLayer);
        }
        let Some(category) = self.policy.category_of(target) else {
            return Verdict::refuse(Reason::NotInPolicy);
        };
        if self.policy.is_essential(category) {
            return Verdict::allow(Reason::Essential);
        }
        if self.narrowed.covers(target, category) {
            return Verdict::refuse(Reason::Narrowed);
        }
        if !self.signals.is_silent()
            && let Some(signal) = self.covering_signals(category).next()
            && self.is_closed_by_signal(target, category)
        {
            return Verdict::refuse(Reason::Signal(signal));
        }
        self.judge_choice(target, category)
    }

    /// The signals in force that cover a category.
    fn covering_signals(&self, category: CategoryIndex) -> impl Iterator<Item = Signal> + '_ {
        self.policy
            .signal_facts()
            .iter()
            .filter(move |facts| self.signals.objects(facts.signal) && facts.covers.contains(category))
            .map(|facts| facts.signal)
    }

    /// Whether a signal closes a target: one covers it, and no grant by name was made in knowledge of all that do.
    fn is_closed_by_signal(&self, target: Target, category: CategoryIndex) -> bool {
        let mut covering = self.covering_signals(category).peekable();
        covering.peek().is_some()
            && (self.is_closed_always(category)
                || self.judge_choice(target, category) != Verdict::allow(Reason::Granted)
                || !covering.all(|signal| self.raw_choice().is_some_and(|choice| choice.signals.objects(signal))))
    }

    /// Whether a signal that no choice can beat closes a category.
    pub(crate) fn is_closed_always(&self, category: CategoryIndex) -> bool {
        let mut facts = self.policy.signal_facts().iter();
        facts.any(|facts| facts.always && self.signals.objects(facts.signal) && facts.covers.contains(category))
    }

    #[cfg(feature = "pages")]
    /// The same by name; for a category that the policy does not have, `false`.
    pub(crate) fn is_closed_always_for(&self, category: Category) -> bool {
        let index = self.policy.names.category_index(category.as_bytes());
        index.is_some_and(|index| !self.policy.is_essential(index) && self.is_closed_always(index))
    }

    fn judge_choice(&self, target: Target, category: CategoryIndex) -> Verdict {
        let (choice, is_outdated) = match &self.consent {
            Consent::Decided(choice) | Consent::Undecided(UndecidedReason::Expired, Some(choice)) => (choice, false),
            Consent::Undecided(UndecidedReason::Outdated, Some(choice)) => (choice, true),
            Consent::Undecided(reason, _) if *reason == UndecidedReason::Unseen || reason.is_unusable() => {
                return Verdict::refuse(Reason::Undecided(*reason));
            }
            Consent::Undecided(reason, _) => return self.as_the_regime_says(category, Reason::Undecided(*reason)),
        };
        match self.answer(choice, target, category) {
            // A lapsed grant is closed as well: the older policy's word opens nothing, not even where the regime would.
            Answer::Granted | Answer::Lapsed if is_outdated => {
                Verdict::refuse(Reason::Undecided(UndecidedReason::Outdated))
            }
            Answer::Granted => Verdict::allow(Reason::Granted),
            Answer::Refused => Verdict::refuse(Reason::Refused),
            Answer::Lapsed => self.as_the_regime_says(category, Reason::Undecided(UndecidedReason::Expired)),
            Answer::Unnamed(_) if choice.refuses_all => {
                if self.refusals_live {
                    Verdict::refuse(Reason::Refused)
                } else {
                    self.as_the_regime_says(category, Reason::Undecided(UndecidedReason::Expired))
                }
            }
            Answer::Unnamed(reason) => self.as_the_regime_says(category, reason),
        }
    }

    fn answer(&self, choice: &Choice, target: Target, category: CategoryIndex) -> Answer {
        let of = |target: Target| {
            if choice.refused.contains(target) {
                Some(if self.refusals_live { Answer::Refused } else { Answer::Lapsed })
            } else if choice.granted.contains(target) && self.policy.since(target) <= choice.revision {
                Some(if self.grants_live { Answer::Granted } else { Answer::Lapsed })
            } else {
                None
            }
        };
        let by_category = || of(Target::Category(category));
        match (of(target), target) {
            // A grant by name that has ended leaves what was said of the category: a refusal does not end with it.
            (Some(Answer::Lapsed), Target::Service(_)) if by_category() == Some(Answer::Refused) => Answer::Refused,
            (Some(answer), _) => answer,
            (None, Target::Category(_)) => Answer::Unnamed(Reason::NewCategory),
            (None, Target::Service(_)) => match by_category() {
                Some(Answer::Granted | Answer::Lapsed) if self.policy.since(target) > choice.revision => {
                    Answer::Unnamed(Reason::NewService)
                }
                Some(answer) => answer,
                None => Answer::Unnamed(Reason::NewCategory),
            },
        }
    }

    fn as_the_regime_says(&self, category: CategoryIndex, reason: Reason) -> Verdict {
        match self.regime {
            Regime::OptOut => Verdict::allow(reason),
            Regime::OptInWithExemptions if self.policy.is_exempt_until_objected(category) => {
                Verdict::allow(Reason::Exempt)
            }
            Regime::OptIn | Regime::OptInWithExemptions => Verdict::refuse(reason),
        }
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdicts: Vec<_> = self.verdicts().map(|(category, verdict)| format!("{category} {verdict}")).collect();
        f.debug_struct("Decision")
            .field("verdicts", &verdicts)
            .field("signals", &self.signals)
            .field("regime", &self.regime)
            .field("undecided", &self.undecided())
            .field("is_enforced", &self.is_enforced())
            .finish_non_exhaustive()
    }
}

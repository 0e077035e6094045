//! What became of the browser's signals, in words (11 CCR 7025(c)(6), R99).

use serde::Serialize;

use super::language::Language;
use crate::{
    decide::Decision,
    policy::Regime,
    signal::{Signal, Signals},
};

/// What the browser asked for by header, and what became of it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SignalReport {
    /// A sentence for each signal; one, if there is none.
    pub lines: Vec<String>,
    /// Whether an opt-out is in force: a signal was honoured, or the visitor opted out.
    pub is_opted_out: bool,
    /// Whether nothing at all can be remembered.
    pub stores_nothing: bool,
}

impl SignalReport {
    pub(super) fn of(decision: &Decision, language: &Language) -> Self {
        let messages = language.messages();
        let signals = decision.signals();
        let mut lines: Vec<_> = signals.objections().map(|signal| line(decision, language, signal)).collect();
        if signals.dnt_is_zero() {
            lines.push(messages.signal_dnt_zero.to_string());
        }
        if lines.is_empty() {
            lines.push(messages.signals_none.to_string());
        }
        let is_opted_out = !decision.honoured_signals().is_silent() || has_opted_out(decision);
        Self { lines, is_opted_out, stores_nothing: decision.stores_nothing_by().is_some() }
    }
}

fn line(decision: &Decision, language: &Language, signal: Signal) -> String {
    let messages = language.messages();
    let covers_something = || {
        let mut facts = decision.policy().signal_facts().iter();
        facts.any(|facts| facts.signal == signal && (facts.no_cookies || covers_askable(decision, facts)))
    };
    let text = if decision.stores_nothing_by() == Some(signal) {
        &messages.signal_stores_nothing
    } else if decision.honoured_signals().objects(signal) {
        &messages.signal_honoured
    } else if covers_something() && decision.choice().is_some_and(|choice| choice.signals().objects(signal)) {
        &messages.signal_overridden
    } else {
        &messages.signal_ignored
    };
    text.fill(&[("signal", &signal.to_string())])
}

fn covers_askable(decision: &Decision, facts: &crate::policy::SignalFacts) -> bool {
    let policy = decision.policy();
    policy.askable().filter_map(|target| policy.category_of(target)).any(|category| facts.covers.contains(category))
}

/// Whether the visitor refused something where all passes until it is refused.
fn has_opted_out(decision: &Decision) -> bool {
    decision.regime() == Regime::OptOut
        && decision
            .choice()
            .is_some_and(|choice| choice.refused().next().is_some() || choice.refused_services().next().is_some())
}

/// The signals that were honoured, as a list of their names; empty for none.
pub(super) fn honoured_names(language: &Language, honoured: Signals) -> String {
    let names: Vec<_> = honoured.objections().map(|signal| signal.to_string()).collect();
    language.list(names.iter().map(String::as_str))
}

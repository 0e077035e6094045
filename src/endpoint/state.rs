//! The state of consent as programs read it: the body of `/api/state`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::service::Settings;
use crate::{
    category::Category,
    consent::Target,
    decide::{Decision, Prompt, google::GoogleConsent},
    policy::{Reason, Verdict},
    signal::{Signal, Signals},
    visit::depends_on_visitor,
};

/// What a program on the page reads. `openapi.json` describes every field.
#[derive(Debug, Serialize)]
pub(crate) struct State<'d> {
    revision: u32,
    date: Option<String>,
    asks: Option<Asks>,
    notice: Option<u32>,
    regime: &'static str,
    signals: SignalState,
    honoured: Vec<&'static str>,
    enforced: bool,
    stores: bool,
    reloads: bool,
    decided: Option<String>,
    categories: BTreeMap<&'d str, CategoryState>,
    services: BTreeMap<&'d str, ServiceState<'d>>,
    google: Option<GoogleConsent>,
}

#[derive(Debug, Serialize)]
struct Asks {
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct SignalState {
    dnt: bool,
    gpc: bool,
}

#[derive(Debug, Serialize)]
struct CategoryState {
    allowed: bool,
    reason: &'static str,
    always: bool,
    closed_by_signal: bool,
}

#[derive(Debug, Serialize)]
struct ServiceState<'d> {
    allowed: bool,
    reason: &'static str,
    category: &'d str,
    closed_by_signal: bool,
}

impl<'d> State<'d> {
    pub(super) fn of(decision: &'d Decision, settings: &Settings) -> Self {
        let google = settings.google_consent.as_deref();
        let policy = decision.policy();
        let prompt = decision.prompt();
        let categories = policy.categories().iter().map(|category| {
            let Verdict { allowed, reason } = decision.verdict(*category);
            let always = *category == Category::ESSENTIAL;
            let closed_by_signal = is_closed(decision, *category);
            (category.as_str(), CategoryState { allowed, reason: reason.as_str(), always, closed_by_signal })
        });
        let services = policy.declared_services().map(|service| {
            let Verdict { allowed, reason } = decision.service_verdict(service.name);
            let category = policy.categories().iter().find(|known| **known == service.category);
            let category = category.map_or("", Category::as_str);
            let closed_by_signal = is_closed(decision, service.category);
            (service.name, ServiceState { allowed, reason: reason.as_str(), category, closed_by_signal })
        });
        Self {
            revision: policy.latest_revision(),
            date: policy.revision().date().map(|date| date.to_string()),
            asks: match prompt {
                Some(Prompt::Ask(reason)) => Some(Asks { reason: why(reason) }),
                _ => None,
            },
            notice: match prompt {
                Some(Prompt::Notice(number)) => Some(number),
                _ => None,
            },
            regime: decision.regime().as_str(),
            signals: SignalState {
                dnt: decision.signals().objects(Signal::Dnt),
                gpc: decision.signals().objects(Signal::Gpc),
            },
            honoured: labels(decision.honoured_signals()),
            enforced: decision.is_enforced(),
            stores: decision.stores_nothing_by().is_none(),
            reloads: decision.acts_on_next_page() && depends_on_visitor(policy),
            decided: decided(decision),
            categories: categories.collect(),
            services: services.collect(),
            google: google.map(|services| GoogleConsent::of_services(decision, services)),
        }
    }

    /// The same on a page of the library's own, which loads nothing of a service.
    pub(super) const fn on_own_page(mut self) -> Self {
        self.reloads = false;
        self
    }

    /// The state as JSON.
    pub(crate) fn to_json(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Undecided(reason) => reason.as_str(),
        reason => reason.as_str(),
    }
}

/// The labels of signals, as a reason names them.
pub(super) fn labels(signals: Signals) -> Vec<&'static str> {
    signals.objections().map(|signal| Reason::Signal(signal).as_str()).collect()
}

/// The day of the choice, where one is in force.
fn decided(decision: &Decision) -> Option<String> {
    let choice = decision.choice().filter(|_| decision.undecided().is_none())?;
    Some(choice.day().to_string())
}

/// Whether a signal closes this whatever the visitor chooses.
pub(crate) fn is_closed(decision: &Decision, category: Category) -> bool {
    let index = decision.policy().names.category_index(category.as_bytes());
    index.is_some_and(|index| {
        decision.is_closed_always(index)
            && !matches!(decision.judge(Target::Category(index)).reason(), Reason::Essential)
    })
}

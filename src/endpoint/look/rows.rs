//! The purposes that a visitor is asked about, with their switches.
//!
//! 1. Each service has a switch. A category has one of its own if it has no services, or if cookies belong to it directly:
//!    it then stands for this site itself.
//! 2. A switch is on if the decision allows its target, and never because somebody hopes for it: where nobody decided
//!    and consent is needed, all are off (Planet49, R86).
//! 3. What is essential is listed without a switch. What the visitor cannot open is shown closed, with the reason.

use serde::Serialize;

use super::language::Language;
use crate::{
    category::Category,
    consent::UndecidedReason,
    decide::Decision,
    policy::{DeclaredCategory, DeclaredService, Policy, Reason, Text, Verdict},
};

/// A category, with what a visitor can switch in it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Purpose {
    /// The category's name in the policy.
    pub name: String,
    /// Its name for visitors.
    pub label: String,
    /// What it is for; may be empty.
    pub text: String,
    /// Whether it is essential: then nothing in it has a switch.
    pub is_essential: bool,
    /// The switch of the category itself.
    pub switch: Option<Switch>,
    /// Its services.
    pub services: Vec<ServiceRow>,
}

/// A service, with its switch.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ServiceRow {
    /// Its name in the policy.
    pub name: String,
    /// Its name for visitors.
    pub label: String,
    /// What it is for; may be empty.
    pub text: String,
    /// The company that runs it; may be empty.
    pub provider: String,
    /// The third countries that data goes to; may be empty.
    pub transfers: String,
    /// Its own privacy policy.
    pub privacy_policy: Option<String>,
    /// The switch; an essential service has none.
    pub switch: Option<Switch>,
}

/// One switch: a checkbox.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Switch {
    /// The field's name in the form: `category` or `service`.
    pub field: &'static str,
    /// The field's value.
    pub value: String,
    /// What stands beside it.
    pub label: String,
    /// Whether it is on.
    pub is_on: bool,
    /// Whether the visitor cannot move it.
    pub is_closed: bool,
    /// Why it stands as it does, where that is not plain; may be empty.
    pub reason: String,
}

/// Whether a category has a switch of its own.
pub(crate) fn has_own_switch(policy: &Policy, category: Category) -> bool {
    category != Category::ESSENTIAL
        && (!policy.services().any(|(_, of)| of == category)
            || policy.declared_cookies().any(|cookie| cookie.category == category && cookie.service.is_none()))
}

/// All purposes of the policy, essential first.
pub(super) fn purposes(decision: &Decision, language: &Language) -> Vec<Purpose> {
    let policy = decision.policy();
    let purpose = |category: DeclaredCategory<'_>| {
        let is_essential = category.category == Category::ESSENTIAL;
        let (label, text) = category_texts(&category, language);
        let services: Vec<_> = policy
            .declared_services()
            .filter(|service| service.category == category.category)
            .map(|service| service_row(decision, language, &service, is_essential))
            .collect();
        let switch = has_own_switch(policy, category.category).then(|| {
            let own = language.messages().own_switch.fill(&[("category", &label)]);
            Switch {
                field: "category",
                value: category.category.to_string(),
                label: if services.is_empty() { label.clone() } else { own },
                ..state(decision, language, category.category, decision.verdict(category.category))
            }
        });
        Purpose { name: category.category.to_string(), label, text, is_essential, switch, services }
    };
    policy.declared_categories().map(purpose).collect()
}

fn service_row(
    decision: &Decision,
    language: &Language,
    service: &DeclaredService<'_>,
    is_essential: bool,
) -> ServiceRow {
    let text = |text: Option<&Text>| text.map_or_else(String::new, |text| text.in_language(language.tag()).to_owned());
    let label = label_of(service.label, service.name, language);
    let switch = (!is_essential).then(|| Switch {
        field: "service",
        value: service.name.to_owned(),
        label: label.clone(),
        ..state(decision, language, service.category, decision.service_verdict(service.name))
    });
    ServiceRow {
        name: service.name.to_owned(),
        label,
        text: text(service.purpose),
        provider: text(service.provider),
        transfers: text(service.transfers),
        privacy_policy: service.privacy_policy.map(str::to_owned),
        switch,
    }
}

/// What visitors read as a name, or the policy's own name where it gives no other.
pub(super) fn label_of(label: Option<&Text>, name: &str, language: &Language) -> String {
    label.map_or(name, |label| label.in_language(language.tag())).to_owned()
}

/// The label and the purpose of a category: the policy's, or those of the built-in ones.
pub(super) fn category_texts(category: &DeclaredCategory<'_>, language: &Language) -> (String, String) {
    let messages = language.messages();
    let (label, text) = match category.category.as_str() {
        "essential" => (messages.essential_label.as_str(), messages.essential_purpose.as_str()),
        "functional" => (messages.functional_label.as_str(), messages.functional_purpose.as_str()),
        "analytics" => (messages.analytics_label.as_str(), messages.analytics_purpose.as_str()),
        "marketing" => (messages.marketing_label.as_str(), messages.marketing_purpose.as_str()),
        name => (name, ""),
    };
    (label_of(category.label, label, language), label_of(category.purpose, text, language))
}

fn state(decision: &Decision, language: &Language, category: Category, verdict: Verdict) -> Switch {
    let is_always = decision.is_closed_always_for(category);
    let is_closed = is_always || verdict.reason() == Reason::Narrowed || decision.forbids_storing().is_some();
    let reason = why(language, verdict, is_always);
    let is_on = verdict.is_allowed();
    Switch { field: "", value: String::new(), label: String::new(), is_on, is_closed, reason }
}

/// Why a switch stands as it does. Empty where the visitor put it there, or nobody has touched it.
fn why(language: &Language, verdict: Verdict, is_always: bool) -> String {
    let messages = language.messages();
    let text = match verdict.reason() {
        Reason::Signal(signal) => {
            let text = if is_always { &messages.reason_signal_closed } else { &messages.reason_signal };
            return text.fill(&[("signal", &signal.to_string())]);
        }
        Reason::Narrowed => &messages.reason_narrowed,
        Reason::Exempt => &messages.reason_exempt,
        Reason::Undecided(_) | Reason::NewCategory | Reason::NewService if verdict.is_allowed() => {
            &messages.reason_opt_out
        }
        Reason::Undecided(UndecidedReason::Expired) => &messages.reason_expired,
        Reason::Undecided(UndecidedReason::Outdated) => &messages.reason_outdated,
        Reason::Undecided(reason) if reason.is_unusable() => &messages.reason_unreadable,
        Reason::NewCategory | Reason::NewService => &messages.reason_new,
        _ => return String::new(),
    };
    text.to_string()
}

/// Why the visitor is asked; empty where it is the first time.
pub(super) fn why_ask(language: &Language, reason: Option<Reason>) -> String {
    let messages = language.messages();
    let text = match reason {
        Some(Reason::Undecided(UndecidedReason::Expired)) => &messages.ask_expired,
        Some(Reason::Undecided(UndecidedReason::Outdated)) => &messages.ask_outdated,
        Some(Reason::Undecided(reason)) if reason.is_unusable() => &messages.ask_unreadable,
        Some(Reason::NewCategory | Reason::NewService) => &messages.ask_new,
        _ => return String::new(),
    };
    text.to_string()
}

//! The question in place of content: it needs consent to one purpose or service.

use askama::Template;
use serde::Serialize;

use super::{
    rows::{category_texts, label_of},
    scene::{Facts, Scene},
};
use crate::{category::Category, decide::Decision};

/// The question in place of content that needs consent to one category or service.
#[derive(Debug, Serialize, Template)]
#[template(path = "content.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct ContentPrompt<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// What is needed, for visitors.
    pub name: String,
    /// What it is for; may be empty.
    pub purpose: String,
    /// What is said first.
    pub text: String,
    /// The button.
    pub allow: String,
    /// Why it cannot be switched on; empty where it can.
    pub closed: String,
    /// The fields of the form: what is granted already, and what is needed.
    pub fields: Vec<(String, String)>,
    /// What the question must say.
    pub facts: Facts,
}

impl<'a> ContentPrompt<'a> {
    /// The question for a category, or for a service of it. `fields` are those that stand for the choice; `is_closed`:
    /// whether a signal closes it whatever is chosen.
    #[must_use]
    pub fn new(
        decision: &Decision,
        scene: Scene<'a>,
        category: Category,
        service: Option<&str>,
        fields: Vec<(String, String)>,
        is_closed: bool,
    ) -> Self {
        let (policy, language, messages) = (decision.policy(), scene.language, scene.language.messages());
        let declared = policy.declared_categories().find(|declared| declared.category == category);
        let (label, text) = declared.map(|declared| category_texts(&declared, language)).unwrap_or_default();
        let (name, purpose) = match service.and_then(|name| policy.declared_services().find(|known| known.name == name))
        {
            Some(service) => {
                let purpose = service.purpose.map_or("", |purpose| purpose.in_language(language.tag()));
                (
                    label_of(service.label, service.name, language),
                    if purpose.is_empty() { text } else { purpose.to_owned() },
                )
            }
            None => (label, text),
        };
        let signal = decision.honoured_signals().objections().next().filter(|_| is_closed);
        let closed = signal.map(|signal| messages.closed_by_signal.fill(&[("signal", &signal.to_string())]));
        Self {
            scene,
            text: messages.content_text.fill(&[("name", &name)]),
            allow: messages.content_allow.fill(&[("name", &name)]),
            name,
            purpose,
            closed: closed.unwrap_or_default(),
            fields,
            facts: Facts::of(decision, &scene),
        }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

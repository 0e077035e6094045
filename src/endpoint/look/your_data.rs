//! What is stored of a visitor, and what can be asked for.

use askama::Template;
use serde::Serialize;

use super::{
    rows::{category_texts, label_of},
    scene::{Facts, Scene},
};
use crate::{category::Category, decide::Decision};

/// What the server knows of a visitor, as far as the page says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StoredFacts {
    /// Whether there is a record of the choice.
    pub has_record: bool,
    /// Whether the visitor is signed in, so that requests reach the account.
    pub is_signed_in: bool,
    /// Whether the server could not be asked.
    pub is_unavailable: bool,
}

/// The page of what is stored of a visitor.
#[derive(Debug, Serialize, Template)]
#[template(path = "your-data.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct YourData<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// What is to be said first; may be empty.
    pub said: String,
    /// The day of the choice; empty where there is none.
    pub decided: String,
    /// The revision that was answered.
    pub revision: u32,
    /// What was granted, as a list.
    pub granted: String,
    /// What was refused, as a list.
    pub refused: String,
    /// Where the choice is kept.
    pub in_cookie: String,
    /// What the server knows.
    pub stored: StoredFacts,
    /// Who is responsible, and how long what is kept.
    pub facts: Facts,
}

impl<'a> YourData<'a> {
    /// The page for a decision and what the server knows.
    #[must_use]
    pub fn new(decision: &Decision, scene: Scene<'a>, stored: StoredFacts) -> Self {
        let (policy, language, messages) = (decision.policy(), scene.language, scene.language.messages());
        let category = |category: Category| {
            let declared = policy.declared_categories().find(|declared| declared.category == category);
            declared.map_or_else(|| category.to_string(), |declared| category_texts(&declared, language).0)
        };
        let service = |name: &str| {
            let declared = policy.declared_services().find(|service| service.name == name);
            label_of(declared.and_then(|service| service.label), name, language)
        };
        let list = |names: Vec<String>| {
            if names.is_empty() {
                messages.data_nothing.to_string()
            } else {
                language.list(names.iter().map(String::as_str))
            }
        };
        let choice = decision.choice();
        let (granted, refused) = choice.map_or_else(Default::default, |choice| {
            let granted = choice.granted().map(category).chain(choice.granted_services().map(service));
            let refused = choice.refused().map(category).chain(choice.refused_services().map(service));
            (list(granted.collect()), list(refused.collect()))
        });
        Self {
            scene,
            said: String::new(),
            decided: choice.map_or_else(String::new, |choice| language.day(choice.day())),
            revision: choice.map_or(0, |choice| choice.revision()),
            granted,
            refused,
            in_cookie: messages.data_in_cookie.fill(&[("cookie", policy.consent_cookie_name())]),
            stored,
            facts: Facts::of(decision, &scene),
        }
    }

    /// With a sentence that is said first.
    #[must_use]
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.said = sentence.into();
        self
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

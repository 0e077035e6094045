//! The page on which a visitor decides.

use askama::Template;
use serde::Serialize;

use super::{
    banner::can_withdraw,
    rows::{Purpose, Switch, purposes, why_ask},
    scene::{Facts, Scene},
    signals::SignalReport,
};
use crate::{decide::Decision, policy::Regime};

/// The page on which a visitor decides: every purpose and service with its switch, the signals, who is responsible.
#[derive(Debug, Serialize, Template)]
#[template(path = "preferences.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Preferences<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// What is to be said first: that a choice was saved, why it was not; may be empty.
    pub said: String,
    /// When the visitor decided, or that nobody has, and why to ask again; may be empty.
    pub decided: String,
    /// What became of the browser's signals.
    pub signals: SignalReport,
    /// All purposes, essential first.
    pub purposes: Vec<Purpose>,
    /// Whether there is a switch that the visitor can move.
    pub can_choose: bool,
    /// Whether there is no switch at all.
    pub has_nothing_optional: bool,
    /// Whether there is consent that can be withdrawn.
    pub can_withdraw: bool,
    /// Whether it is an opt-out region.
    pub is_opt_out: bool,
    /// What the question must say.
    pub facts: Facts,
}

impl<'a> Preferences<'a> {
    /// The page for a decision.
    #[must_use]
    pub fn new(decision: &Decision, scene: Scene<'a>) -> Self {
        let (language, messages) = (scene.language, scene.language.messages());
        let why = why_ask(language, decision.asks());
        let decided = match decision.choice() {
            Some(choice) => {
                let day = messages.decided_on.fill(&[("date", &language.day(choice.day()))]);
                if why.is_empty() { day } else { format!("{day} {why}") }
            }
            None if why.is_empty() => messages.not_decided.to_string(),
            None => why,
        };
        let purposes = purposes(decision, language);
        let can_choose = switches(&purposes).any(|switch| !switch.is_closed);
        let has_nothing_optional = switches(&purposes).next().is_none();
        Self {
            scene,
            said: String::new(),
            decided,
            signals: SignalReport::of(decision, language),
            purposes,
            can_choose,
            has_nothing_optional,
            can_withdraw: can_withdraw(decision),
            is_opt_out: decision.regime() == Regime::OptOut,
            facts: Facts::of(decision, &scene),
        }
    }

    /// With a sentence that is said first.
    #[must_use]
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.said = sentence.into();
        self
    }

    /// The question alone, without what depends on when this visitor answered before.
    pub(super) fn question(mut self) -> Self {
        (self.said, self.decided) = (String::new(), String::new());
        self
    }

    /// The title of its page.
    #[must_use]
    pub fn title(&self) -> &str {
        let messages = self.scene.language.messages();
        if self.is_opt_out { messages.opt_out_title.as_str() } else { messages.settings_title.as_str() }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

fn switches(purposes: &[Purpose]) -> impl Iterator<Item = &Switch> {
    purposes.iter().flat_map(|purpose| {
        purpose.switch.iter().chain(purpose.services.iter().filter_map(|service| service.switch.as_ref()))
    })
}

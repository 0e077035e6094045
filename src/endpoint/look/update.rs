//! What changed in the policy, and the form to go on: the page of the gate.

use askama::Template;
use serde::Serialize;

use super::{
    banner::Banner,
    rows::Purpose,
    scene::{Facts, Scene},
};
use crate::{decide::Decision, policy::Revision};

/// The revisions of the policy, the newest first, and the form to go on.
#[derive(Debug, Serialize, Template)]
#[template(path = "update.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Update<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// The revisions, the newest first.
    pub revisions: Vec<UpdateEntry>,
    /// Whether the visitor is to decide.
    pub asks: bool,
    /// Whether the visitor has decided before: to others nothing has changed.
    pub is_known: bool,
    /// Whether it is enough to take note.
    pub notes: bool,
    /// The first sentence of the question.
    pub intro: String,
    /// What is asked for: the question is that of the banner, in the same words.
    pub purposes: Vec<Purpose>,
    /// What the question must say.
    pub facts: Facts,
}

/// One revision.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct UpdateEntry {
    /// The number.
    pub number: u32,
    /// The number with its day.
    pub text: String,
    /// The day as `YYYY-MM-DD`; may be empty.
    pub day: String,
    /// Whether it is the published one.
    pub is_current: bool,
    /// Whether it is newer than what the visitor has seen.
    pub is_new: bool,
    /// Whether it is the oldest one, before which nobody chose.
    pub is_first: bool,
    /// Whether it asks anew.
    pub is_material: bool,
    /// What changed; may be empty.
    pub changes: String,
}

impl<'a> Update<'a> {
    /// The page for a decision.
    #[must_use]
    pub fn new(decision: &Decision, scene: Scene<'a>) -> Self {
        let policy = decision.policy();
        let latest = policy.revision().number();
        let seen = decision.choice().map(|choice| choice.seen_revision());
        let entry = |revision: &Revision| UpdateEntry {
            number: revision.number(),
            text: scene.language.revision(revision),
            day: revision.date().map_or_else(String::new, |date| date.to_string()),
            is_current: revision.number() == latest,
            is_new: seen.is_some_and(|seen| revision.number() > seen),
            is_first: policy.revisions().first().is_none_or(|first| first.number() == revision.number()),
            is_material: revision.is_material(),
            changes: revision.what_changed().in_language(scene.language.tag()).to_owned(),
        };
        let revisions = match policy.revisions() {
            [] => vec![entry(policy.revision())],
            revisions => revisions.iter().rev().map(entry).collect(),
        };
        let can_store = decision.forbids_storing().is_none();
        let is_behind = seen.is_some_and(|seen| seen < latest);
        let asks = can_store && (decision.asks().is_some() || !(decision.knows_revision() || is_behind));
        let notes = can_store && !asks && is_behind;
        let Banner { scene, intro, purposes, facts, .. } = Banner::new(decision, scene, decision.asks());
        Self { scene, revisions, asks, is_known: seen.is_some(), notes, intro, purposes, facts }
    }

    /// Its title: to whoever has not decided yet nothing has changed.
    #[must_use]
    pub fn title(&self) -> &str {
        let messages = self.scene.language.messages();
        if self.asks && !self.is_known { messages.banner_title.as_str() } else { messages.update_title.as_str() }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

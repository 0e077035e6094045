//! The fragments that stand on the application's own pages: the banner, the notice, the footer.

use askama::Template;
use serde::Serialize;

use super::{
    rows::{Purpose, purposes, why_ask},
    scene::{Facts, Scene},
    signals::{SignalReport, honoured_names},
};
use crate::{
    decide::{Decision, Prompt},
    policy::{Reason, Regime, Revision},
};

/// The banner: the question, with both answers on one layer.
#[derive(Debug, Serialize, Template)]
#[template(path = "banner.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Banner<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// Why the visitor is asked; empty the first time.
    pub why: String,
    /// The first sentence.
    pub intro: String,
    /// What is asked for; what is essential is left out.
    pub purposes: Vec<Purpose>,
    /// What the question must say.
    pub facts: Facts,
}

impl<'a> Banner<'a> {
    /// The banner for a reason to ask.
    #[must_use]
    pub fn new(decision: &Decision, scene: Scene<'a>, reason: Option<Reason>) -> Self {
        let (language, messages) = (scene.language, scene.language.messages());
        let facts = Facts::of(decision, &scene);
        let intro = if decision.regime() == Regime::OptOut {
            messages.banner_intro_opt_out.to_string()
        } else if facts.controller.is_empty() {
            messages.banner_intro_plain.to_string()
        } else {
            messages.banner_intro.fill(&[("controller", &facts.controller)])
        };
        let mut purposes = purposes(decision, language);
        purposes.retain(|purpose| !purpose.is_essential);
        Self { scene, why: why_ask(language, reason), intro, purposes, facts }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

/// The notice that the policy has a new revision, under which every choice stays.
#[derive(Debug, Serialize, Template)]
#[template(path = "notice.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Notice<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// The number of the revision.
    pub revision: u32,
    /// The revision with its day.
    pub revision_text: String,
    /// What changed; may be empty.
    pub changes: String,
    /// The privacy policy.
    pub privacy_policy: Option<String>,
}

impl<'a> Notice<'a> {
    /// The notice of the published revision.
    #[must_use]
    pub fn new(decision: &Decision, scene: Scene<'a>) -> Self {
        let policy = decision.policy();
        let revision: &Revision = policy.revision();
        Self {
            scene,
            revision: revision.number(),
            revision_text: scene.language.revision(revision),
            changes: revision.what_changed().in_language(scene.language.tag()).to_owned(),
            privacy_policy: policy.about().privacy_policy.clone(),
        }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

/// The fragment for the foot of every page: the way to the choices, the state of an opt-out, and the way out.
#[derive(Debug, Serialize, Template)]
#[template(path = "footer.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Footer<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// The number of the revision.
    pub revision: u32,
    /// Whether it is an opt-out region: California's words and icon (11 CCR 7013, 7015).
    pub is_opt_out: bool,
    /// Whether an opt-out is in force: by a signal that was honoured, or by the visitor.
    pub is_opted_out: bool,
    /// The signals that were honoured; may be empty.
    pub honoured: String,
    /// Whether there is consent that can be withdrawn.
    pub can_withdraw: bool,
}

impl<'a> Footer<'a> {
    /// The footer for a decision.
    #[must_use]
    pub fn new(decision: &Decision, scene: Scene<'a>) -> Self {
        Self {
            scene,
            revision: decision.policy().revision().number(),
            is_opt_out: decision.regime() == Regime::OptOut,
            is_opted_out: SignalReport::of(decision, scene.language).is_opted_out,
            honoured: honoured_names(scene.language, decision.honoured_signals()),
            can_withdraw: can_withdraw(decision),
        }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

/// Whether the visitor has granted something.
pub(super) fn can_withdraw(decision: &Decision) -> bool {
    decision
        .choice()
        .is_some_and(|choice| choice.granted().next().is_some() || choice.granted_services().next().is_some())
}

/// The banner, the notice, or nothing: what stands on a page that was not asked for.
#[derive(Debug)]
pub(crate) enum Prompted<'a> {
    Banner(Box<Banner<'a>>),
    Notice(Notice<'a>),
}

impl<'a> Prompted<'a> {
    pub(crate) fn new(decision: &Decision, scene: Scene<'a>) -> Option<Self> {
        Some(match decision.prompt()? {
            Prompt::Ask(reason) => Self::Banner(Box::new(Banner::new(decision, scene, Some(reason)))),
            Prompt::Notice(_) => Self::Notice(Notice::new(decision, scene)),
        })
    }
}

//! A page that says one thing: what went wrong, what was received, whether to go on.

use askama::Template;
use serde::Serialize;

use super::{messages::Wording, scene::Scene};
use crate::signal::Signal;

/// A page that says one thing.
#[derive(Debug, Serialize, Template)]
#[template(path = "message.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Message<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// The heading, and the title of the page.
    pub title: String,
    /// What is said.
    pub text: String,
    /// The fields of a form to confirm, for the second step of an opt-in; empty for no form.
    pub confirms: Vec<(String, String)>,
}

/// What a page can say.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// The browser keeps no cookies: the choice is not there after it was saved.
    CookiesDisabled,
    /// The store cannot record a grant.
    Unavailable,
    /// A request that makes no sense: the field and its value.
    Malformed(String),
    Missing,
    /// A request about data, from another site.
    ForeignRequest,
    /// Nobody can tell whose data is meant.
    Stranger,
    ReceivedErase,
    ReceivedObject,
    ReceivedCorrect,
}

/// What the page of preferences says first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sentence {
    Saved,
    /// The form was of another revision.
    OutdatedForm,
    /// A signal that always wins closed something of what was granted.
    ClosedBySignal(Signal),
    Unavailable,
    Foreign,
}

impl Sentence {
    pub(crate) fn text(self, scene: &Scene<'_>) -> String {
        let messages = scene.language.messages();
        let text = match self {
            Self::Saved => &messages.saved,
            Self::OutdatedForm => &messages.outdated_form,
            Self::ClosedBySignal(signal) => {
                return messages.closed_by_signal.fill(&[("signal", &signal.to_string())]);
            }
            Self::Unavailable => &messages.unavailable_text,
            Self::Foreign => &messages.foreign_text,
        };
        text.to_string()
    }
}

impl<'a> Message<'a> {
    /// A page that says this.
    pub(crate) fn saying(scene: Scene<'a>, said: &Said) -> Self {
        let messages = scene.language.messages();
        let (title, text): (&Wording, &Wording) = match said {
            Said::CookiesDisabled => (&messages.cookies_disabled_title, &messages.cookies_disabled_text),
            Said::Unavailable => (&messages.unavailable_title, &messages.unavailable_text),
            Said::Malformed(_) => (&messages.malformed_title, &messages.malformed_text),
            Said::ForeignRequest => (&messages.foreign_title, &messages.foreign_request_text),
            Said::Stranger => (&messages.stranger_title, &messages.stranger_text),
            Said::Missing => (&messages.missing_title, &messages.missing_text),
            Said::ReceivedErase => (&messages.received_title, &messages.received_erase),
            Said::ReceivedObject => (&messages.received_title, &messages.received_object),
            Said::ReceivedCorrect => (&messages.received_title, &messages.received_correct),
        };
        let text = match said {
            Said::Malformed(detail) => text.fill(&[("detail", detail)]),
            _ => text.to_string(),
        };
        Self { scene, title: title.to_string(), text, confirms: Vec::new() }
    }

    /// The second step of an opt-in after an opt-out (11 CCR 7028(a)). `fields` are those of the form that was sent, which
    /// is sent again with `confirm=yes`.
    #[must_use]
    pub fn confirming(scene: Scene<'a>, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let messages = scene.language.messages();
        let confirms = fields.into_iter().filter(|(name, _)| name != "confirm").collect();
        Self { scene, title: messages.confirm_title.to_string(), text: messages.confirm_text.to_string(), confirms }
    }

    /// The fragment.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

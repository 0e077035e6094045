//! From a request to HTML: which view is shown, in which frame.

use http::HeaderMap;

use super::{
    fault::{Fault, FaultKind},
    form::{Asked, ChoiceForm},
    fragments::Fragments,
    look::{
        self, ContentPrompt, Declaration, Footer, Language, Message, Page, Place, Preferences, Prompted, Said, Scene,
        ScriptTag, Sentence, StoredFacts, Update, YourData,
    },
    service::Settings,
    state::State,
    visit::{self, Visit},
};
use crate::{category::Category, decide::Decision, record::ChoiceMethod};

/// What the preferences page says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Saved,
    Outdated,
    Closed,
    Foreign,
    Unavailable,
}

/// What was done at `/your-data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    Erase,
    Object,
    Correct,
}

/// Who reads, and by which decision.
#[derive(Clone, Copy)]
struct Reader<'a> {
    settings: &'a Settings,
    decision: &'a Decision,
    scene: Scene<'a>,
}

impl<'a> Reader<'a> {
    fn new(settings: &'a Settings, decision: &'a Decision, language: &'a Language, back: &'a str) -> Self {
        Self { settings, decision, scene: Scene::new(settings.path.as_str(), language, back) }
    }

    /// A whole page around this content.
    fn frame(&self, title: &str, content: &str) -> String {
        let look = &self.settings.look;
        let footer = look.footer(&Footer::new(self.decision, self.scene));
        let script = self.script(&State::of(self.decision, self.settings).on_own_page(), None);
        let mut page = Page::new(self.scene, title, content, &footer);
        page.stylesheets = &self.settings.stylesheets;
        page.script = &script;
        look.page(&page)
    }

    fn script(&self, state: &State<'_>, nonce: Option<&str>) -> String {
        let state = state.to_json();
        let mut tag = ScriptTag::new(self.scene.base, &state);
        tag.nonce = nonce;
        tag.to_html()
    }

    fn message(&self, message: &Message<'_>) -> String {
        self.frame(&message.title, &self.settings.look.message(message))
    }
}

/// The preferences page.
pub(super) fn preferences(visit: &Visit, decision: &Decision, told: Option<Told>, back: Option<&str>) -> String {
    let root = visit.settings.path.root();
    let reader = Reader::new(&visit.settings, decision, visit.language(), back.unwrap_or(&root));
    let sentence = match told {
        None => None,
        Some(Told::Saved) => Some(Sentence::Saved),
        Some(Told::Outdated) => Some(Sentence::OutdatedForm),
        Some(Told::Foreign) => Some(Sentence::Foreign),
        Some(Told::Unavailable) => Some(Sentence::Unavailable),
        Some(Told::Closed) => decision.honoured_signals().objections().next().map(Sentence::ClosedBySignal),
    };
    let view = Preferences::new(decision, reader.scene);
    let view = match sentence {
        Some(sentence) => view.saying(sentence.text(&reader.scene)),
        None => view,
    };
    let content = visit.settings.look.preferences(&view);
    reader.frame(view.title(), &content)
}

/// The page for a browser that keeps no cookies.
pub(super) fn no_cookies(visit: &Visit, back: Option<&str>) -> String {
    let root = visit.settings.path.root();
    let reader = Reader::new(&visit.settings, &visit.decision, visit.language(), back.unwrap_or(&root));
    reader.message(&Message::saying(reader.scene, &Said::CookiesDisabled))
}

/// The cookie declaration.
pub(super) fn declaration(visit: &Visit) -> String {
    let here = format!("{}/cookies", visit.settings.path.as_str());
    let reader = Reader::new(&visit.settings, &visit.decision, visit.language(), &here);
    let content = visit.settings.look.declaration(&Declaration::new(reader.decision, reader.scene));
    reader.frame(reader.scene.language.messages().cookies_title.as_str(), &content)
}

/// What changed in the policy, and the way on.
pub(super) fn update(settings: &Settings, decision: &Decision, language: &Language, back: Option<&str>) -> String {
    let root = settings.path.root();
    let reader = Reader::new(settings, decision, language, back.unwrap_or(&root));
    let update = Update::new(decision, reader.scene);
    reader.frame(update.title(), &settings.look.update(&update))
}

/// What is stored of the visitor: whether there is a record, and whether somebody is signed in; `None` where the stores
/// cannot tell.
pub(super) fn your_data(visit: &Visit, stored: Option<(bool, bool)>) -> String {
    let here = format!("{}/your-data", visit.settings.path.as_str());
    let reader = Reader::new(&visit.settings, &visit.decision, visit.language(), &here);
    let (has_record, is_signed_in) = stored.unwrap_or_default();
    let facts = StoredFacts { has_record, is_signed_in, is_unavailable: stored.is_none() };
    let content = visit.settings.look.your_data(&YourData::new(reader.decision, reader.scene, facts));
    reader.frame(reader.scene.language.messages().data_title.as_str(), &content)
}

/// What was done with a visitor's data.
pub(super) fn received(visit: &Visit, received: Received) -> String {
    let here = format!("{}/your-data", visit.settings.path.as_str());
    let reader = Reader::new(&visit.settings, &visit.decision, visit.language(), &here);
    let said = match received {
        Received::Erase => Said::ReceivedErase,
        Received::Object => Said::ReceivedObject,
        Received::Correct => Said::ReceivedCorrect,
    };
    reader.message(&Message::saying(reader.scene, &said))
}

/// The second step of an opt-in after an opt-out.
pub(super) fn confirmation(visit: &Visit, form: &ChoiceForm) -> String {
    let root = visit.settings.path.root();
    let language = visit.shown_language(form.language.as_deref());
    let back = form.back.as_deref().unwrap_or(&root);
    let reader = Reader::new(&visit.settings, &visit.decision, language, back);
    reader.message(&Message::confirming(reader.scene, form.fields()))
}

/// What is wrong with a request. Needs no decision: there may be none.
pub(super) fn fault(settings: &Settings, headers: &HeaderMap, fault: &Fault) -> String {
    let root = settings.path.root();
    let scene = Scene::new(settings.path.as_str(), visit::language(settings, headers), &root);
    let message = match fault.kind {
        FaultKind::NotFound => Message::saying(scene, &Said::Missing),
        FaultKind::ForeignOrigin => Message::saying(scene, &Said::ForeignRequest),
        FaultKind::Stranger => Message::saying(scene, &Said::Stranger),
        FaultKind::Unavailable => Message::saying(scene, &Said::Unavailable),
        // For whoever put the server together.
        FaultKind::NoLayer | FaultKind::NotInPolicy => Message {
            title: fault.kind.status().canonical_reason().unwrap_or_default().to_owned(),
            text: fault.detail.clone(),
            ..Message::saying(scene, &Said::Missing)
        },
        _ => Message::saying(scene, &Said::Malformed(fault.detail.clone())),
    };
    let content = settings.look.message(&message);
    let mut page = Page::new(scene, &message.title, &content, "");
    page.stylesheets = &settings.stylesheets;
    settings.look.page(&page)
}

/// The text that stood beside the answer, for the proof.
pub(super) fn text(visit: &Visit, method: ChoiceMethod, asked: Option<&Asked>, language: &Language) -> String {
    let scene = Scene::new(visit.settings.path.as_str(), language, "/");
    let place = if method == ChoiceMethod::Banner { Place::Banner } else { Place::Page };
    let place = match asked {
        Some(Asked { category, service }) => Place::Content(*category, service.as_deref()),
        None => place,
    };
    look::shown_text(&*visit.settings.look, &visit.decision, scene, place)
}

/// The question in place of content.
pub(super) fn content(
    settings: &Settings,
    decision: &Decision,
    language: &Language,
    back: Option<&str>,
    (category, service): (Category, Option<&str>),
    fields: Vec<(String, String)>,
    is_closed: bool,
) -> String {
    let root = settings.path.root();
    let reader = Reader::new(settings, decision, language, back.unwrap_or(&root));
    let prompt = ContentPrompt::new(decision, reader.scene, category, service, fields, is_closed);
    reader.frame(language.messages().content_title.as_str(), &settings.look.content(&prompt))
}

/// What stands on the application's own pages.
pub(super) fn fragments(
    settings: &Settings,
    decision: &Decision,
    language: &Language,
    back: Option<&str>,
    nonce: Option<&str>,
) -> Fragments {
    let root = settings.path.root();
    let reader = Reader::new(settings, decision, language, back.unwrap_or(&root));
    let ours = format!("{}/style.css", settings.path.as_str());
    let sheets = std::iter::once(&ours).chain(&settings.stylesheets);
    let mut head: String =
        sheets.map(|sheet| format!("<link rel=\"stylesheet\" href=\"{}\">", escape(sheet))).collect();
    head.push_str(&reader.script(&State::of(decision, settings), nonce));
    let banner = match Prompted::new(decision, reader.scene) {
        Some(Prompted::Banner(banner)) => settings.look.banner(&banner),
        Some(Prompted::Notice(notice)) => settings.look.notice(&notice),
        None => String::new(),
    };
    Fragments { head, banner, footer: settings.look.footer(&Footer::new(decision, reader.scene)) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

//! What a visitor sees: the words, the views, the templates.
//!
//! 1. A *view* ([`Banner`], [`Preferences`], ...) holds all that a template needs, already in the visitor's language. It is
//!    worked out from a [`Decision`] and nothing else.
//! 2. A [`Look`] turns views into HTML. [`DefaultLook`] uses the templates in `src/endpoint/pages`. An application changes
//!    colours and sizes by custom properties and a style sheet of its own, or writes a `Look` for what it wants
//!    otherwise.
//! 3. Everything is escaped; a policy's texts are text.
//!
//! # Colours and sizes
//!
//! The style sheet (`style.css` below the public path) takes them from custom properties, which any rule of the
//! application's for `:root` beats, wherever it stands: `--consent-font`, `-size`, `-radius`, `-shadow`, `-width`,
//! `-banner-width`, `-banner-height`, `-layer` (the `z-index`), and the colours `-back`, `-soft`, `-text`, `-quiet`, `-line`,
//! `-edge`, `-accent`, `-good`, `-button`, `-button-text`. The colours have a dark form: give both, or neither.
//!
//! ```css
//! :root { --consent-accent: #7a1fa2; --consent-radius: 0; }
//! @media (prefers-color-scheme: dark) { :root { --consent-accent: #e1b0ff; } }
//! ```
//!
//! # What the script looks for
//!
//! | attribute | on | what happens |
//! |---|---|---|
//! | `data-consent-form` | a form | its buttons `accept-all`, `reject-all`, `save`, `withdraw` work without a page load (not in opt-out regions) |
//! | `data-consent-done` | the same form | what is announced then |
//! | `data-consent-banner` | the banner | is removed then, and the focus goes back to where it was |
//! | `data-consent-status` | an element with `aria-live` | says what was done |
//! | `data-consent-withdraw` | a button | is hidden where nothing is granted |
//! | `data-consent-stale` | any element | is hidden after a choice, because it speaks of the one before |
//! | `data-consent`, `data-consent-service` | `<script type="text/plain">`, `<iframe data-src>` | runs or loads when the category or the service is allowed; a script's `data-src` and `data-type` become `src` and `type` |
//! | `data-consent-placeholder` | any element | is hidden when the service (or category) of that name is allowed |
//!
//! After a change, `document` gets the event `consent:change`, whose `detail` is the new state. A script that ran cannot be
//! taken back before the next page; a frame is emptied. Where a [`ContentSecurityPolicy`](crate::ContentSecurityPolicy) of ours
//! says what the page may load, a choice that opens or closes something loads the page anew; the event comes before that, and
//! its `preventDefault` keeps the page.

mod assets;
mod banner;
mod content;
mod declaration;
mod language;
mod message;
mod messages;
mod negotiate;
mod page;
mod preferences;
mod rows;
mod scene;
mod signals;
#[cfg(test)]
mod tests;
mod text;
mod update;
mod words;
mod your_data;

use std::fmt::Debug;

pub(crate) use self::{
    assets::{SCRIPT, STYLE},
    banner::Prompted,
    message::{Said, Sentence},
    rows::has_own_switch,
};
pub use self::{
    banner::{Banner, Footer, Notice},
    content::ContentPrompt,
    declaration::{CookieCard, Declaration, DeclarationGroup, RecipientCard},
    language::{Direction, Language, LanguageError},
    message::Message,
    messages::{Messages, Plural, Wording},
    negotiate::Languages,
    page::{Page, ScriptTag},
    preferences::Preferences,
    rows::{Purpose, ServiceRow, Switch},
    scene::{Facts, Scene},
    signals::SignalReport,
    update::{Update, UpdateEntry},
    your_data::{StoredFacts, YourData},
};
use crate::{category::Category, decide::Decision};

/// Turns views into HTML. Every method has the crate's own template as its default, so that an application writes only
/// what it wants otherwise, with any template engine: views are plain structs, and can be serialised.
///
/// What a template must keep, for the service and the script: the forms with their fields and buttons, and the
/// `data-consent-…` attributes. What a law asks of the question (both answers alike, the links, nothing ticked
/// beforehand) is then the template's duty.
///
/// ```
/// use tower_consent::look::{Look, Page};
///
/// /// The site's own frame around every page.
/// #[derive(Debug)]
/// struct OurLook;
///
/// impl Look for OurLook {
///     fn page(&self, page: &Page<'_>) -> String {
///         format!("<!doctype html><title>{}</title><body class=ours>{}{}", page.title, page.content, page.footer)
///     }
/// }
/// ```
pub trait Look: Debug + Send + Sync + 'static {
    /// A page that stands alone, around the HTML of a view.
    fn page(&self, page: &Page<'_>) -> String {
        page.to_html()
    }

    /// The banner.
    fn banner(&self, banner: &Banner<'_>) -> String {
        banner.to_html()
    }

    /// The notice of a new revision.
    fn notice(&self, notice: &Notice<'_>) -> String {
        notice.to_html()
    }

    /// The footer of every page.
    fn footer(&self, footer: &Footer<'_>) -> String {
        footer.to_html()
    }

    /// The page on which a visitor decides.
    fn preferences(&self, preferences: &Preferences<'_>) -> String {
        preferences.to_html()
    }

    /// The declaration of cookies.
    fn declaration(&self, declaration: &Declaration<'_>) -> String {
        declaration.to_html()
    }

    /// What changed in the policy.
    fn update(&self, update: &Update<'_>) -> String {
        update.to_html()
    }

    /// What is stored of a visitor.
    fn your_data(&self, data: &YourData<'_>) -> String {
        data.to_html()
    }

    /// The question in place of content.
    fn content(&self, prompt: &ContentPrompt<'_>) -> String {
        prompt.to_html()
    }

    /// A page that says one thing.
    fn message(&self, message: &Message<'_>) -> String {
        message.to_html()
    }
}

/// The templates of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultLook;

impl Look for DefaultLook {}

/// Where a question stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'p> {
    Banner,
    Page,
    /// In place of content that needs this category, or this service of it.
    Content(Category, Option<&'p str>),
}

/// The plain text that a visitor is shown with the question, for the proof. It follows from the decision, the language and
/// the look alone; on the page without what depends on when this visitor answered before.
pub(crate) fn shown_text(look: &dyn Look, decision: &Decision, scene: Scene<'_>, place: Place<'_>) -> String {
    text::plain_text(&match place {
        Place::Banner => look.banner(&Banner::new(decision, scene, decision.asks())),
        Place::Page => look.preferences(&Preferences::new(decision, scene).question()),
        Place::Content(category, service) => {
            look.content(&ContentPrompt::new(decision, scene, category, service, Vec::new(), false))
        }
    })
}

/// Writing to a string fails only where a value's `Display` does, and those of the views do not.
fn html(view: &impl askama::Template) -> String {
    view.render().unwrap_or_default()
}

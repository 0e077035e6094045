//! The page around a view, for a page that stands alone.

use askama::Template;
use serde::Serialize;

use super::scene::Scene;

/// A whole page: a title and what stands on it.
#[derive(Debug, Serialize, Template)]
#[template(path = "page.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct Page<'a> {
    /// Where it stands.
    pub scene: Scene<'a>,
    /// Its title.
    pub title: &'a str,
    /// What stands on it: HTML that is escaped already.
    pub content: &'a str,
    /// The footer's fragment: HTML that is escaped already.
    pub footer: &'a str,
    /// The application's own style sheets, which come after ours.
    pub stylesheets: &'a [String],
    /// The script's element: HTML that is escaped already; may be empty.
    pub script: &'a str,
}

impl<'a> Page<'a> {
    /// A page with this content and footer, both HTML, and without a script.
    #[must_use]
    pub const fn new(scene: Scene<'a>, title: &'a str, content: &'a str, footer: &'a str) -> Self {
        Self { scene, title, content, footer, stylesheets: &[], script: "" }
    }

    /// The page.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

/// The element that loads the script, for the application's own pages too.
#[derive(Debug, Serialize, Template)]
#[template(path = "script.html", config = "src/endpoint/askama.toml")]
#[non_exhaustive]
pub struct ScriptTag<'a> {
    /// The public path of the pages.
    pub base: &'a str,
    /// The state, as the API gives it.
    pub state: &'a str,
    /// The nonce of the page's Content-Security-Policy.
    pub nonce: Option<&'a str>,
}

impl<'a> ScriptTag<'a> {
    /// The element for a state.
    #[must_use]
    pub const fn new(base: &'a str, state: &'a str) -> Self {
        Self { base, state, nonce: None }
    }

    /// The element.
    #[must_use]
    pub fn to_html(&self) -> String {
        super::html(self)
    }
}

//! What stands on the application's own pages: banner, footer, style and script.

use http::HeaderMap;

use super::{own_path::own_path, service::ConsentPages, show, visit};
use crate::decide::Decision;

/// What an application puts into its own pages: HTML that is escaped already.
///
/// An answer with them depends on the visitor: the layer keeps it out of shared caches, because the decision was asked for.
/// Their language follows `Accept-Language`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fragments {
    /// For the head of the page: the style sheet and the script.
    pub head: String,
    /// For the body: the banner where the visitor is to be asked, the notice of a new revision, or nothing.
    pub banner: String,
    /// For the foot of every page: the way to the choices, the state of an opt-out, and the way to withdraw.
    pub footer: String,
}

impl ConsentPages {
    /// The fragments for a page of the application's own: `path` is where the visitor is (the path with its query, as the
    /// browser sees it), to come back to after a choice. A path that is not one of this site leads to the preferences page.
    ///
    /// ```
    /// use tower_consent::{ConsentPages, Decision, MemoryStore};
    ///
    /// let pages = ConsentPages::at("/privacy", MemoryStore::new());
    /// # let (decision, headers) = (Decision::no_layer(), http::HeaderMap::new());
    /// // In a handler: `decision` and `headers` of the request.
    /// let fragments = pages.fragments(&decision, &headers, "/shop?page=2");
    /// let page = format!("<head>{}</head><body>{}…{}</body>", fragments.head, fragments.banner, fragments.footer);
    /// # assert!(page.contains("/privacy/"));
    /// ```
    #[must_use]
    pub fn fragments(&self, decision: &Decision, headers: &HeaderMap, path: &str) -> Fragments {
        self.fragments_of(decision, headers, path, None)
    }

    /// The same with the nonce of the page's Content-Security-Policy on the script.
    #[must_use]
    pub fn fragments_with_nonce(&self, decision: &Decision, headers: &HeaderMap, path: &str, nonce: &str) -> Fragments {
        self.fragments_of(decision, headers, path, Some(nonce))
    }

    fn fragments_of(&self, decision: &Decision, headers: &HeaderMap, path: &str, nonce: Option<&str>) -> Fragments {
        let settings = self.settings();
        show::fragments(settings, decision, visit::language(settings, headers), own_path(path), nonce)
    }
}

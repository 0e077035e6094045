//! The entries of a policy: its categories and its services.

use serde::Deserialize;

use super::{regime::CategoryKind, text::Text};
use crate::category::Category;

/// A category that the policy declares. The built-in ones need no entry where a cookie rule or a service uses them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryEntry {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: CategoryKind,
    #[serde(default = "first_revision")]
    pub(crate) since: u32,
    #[serde(default)]
    pub(crate) label: Option<Text>,
    #[serde(default)]
    pub(crate) purpose: Option<Text>,
}

/// A named third party inside a category.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceEntry {
    pub(crate) name: String,
    pub(crate) category: String,
    #[serde(default = "first_revision")]
    pub(crate) since: u32,
    #[serde(default)]
    pub(crate) label: Option<Text>,
    #[serde(default)]
    pub(crate) provider: Option<Text>,
    #[serde(default)]
    pub(crate) purpose: Option<Text>,
    #[serde(default)]
    pub(crate) transfers: Option<Text>,
    #[serde(default)]
    pub(crate) privacy_policy: Option<String>,
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    #[serde(default)]
    pub(crate) sale_or_sharing: bool,
}

const fn first_revision() -> u32 {
    1
}

impl CategoryEntry {
    /// A category that is asked for, since revision 1.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: CategoryKind::AskedFor, since: 1, label: None, purpose: None }
    }

    /// Passes until the visitor objects, in regions whose law knows that.
    #[must_use]
    pub fn exempt_until_objected(mut self) -> Self {
        self.kind = CategoryKind::ExemptUntilObjected;
        self
    }

    /// The revision of the policy that brought the category.
    #[must_use]
    pub fn since(mut self, revision: u32) -> Self {
        self.since = revision;
        self
    }

    /// What visitors read as its name. The built-in categories have names and purposes in the languages of the pages.
    #[must_use]
    pub fn label(mut self, label: impl Into<Text>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// What it is for, shown to visitors.
    #[must_use]
    pub fn purpose(mut self, purpose: impl Into<Text>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }
}

impl From<Category> for CategoryEntry {
    fn from(category: Category) -> Self {
        Self::new(category.as_str())
    }
}

impl From<&str> for CategoryEntry {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl ServiceEntry {
    /// A service of this category, since revision 1.
    pub fn new(name: impl Into<String>, category: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            category: category.into(),
            since: 1,
            label: None,
            provider: None,
            purpose: None,
            transfers: None,
            privacy_policy: None,
            hosts: Vec::new(),
            sale_or_sharing: false,
        }
    }

    /// The revision of the policy that brought the service.
    #[must_use]
    pub fn since(mut self, revision: u32) -> Self {
        self.since = revision;
        self
    }

    /// What visitors read as its name.
    #[must_use]
    pub fn label(mut self, label: impl Into<Text>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The company that runs it: the recipient of the data.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<Text>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// What it is for, shown to visitors.
    #[must_use]
    pub fn purpose(mut self, purpose: impl Into<Text>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// The third countries that data goes to, and on what ground (GDPR Art. 13(1)(f)).
    #[must_use]
    pub fn transfers(mut self, transfers: impl Into<Text>) -> Self {
        self.transfers = Some(transfers.into());
        self
    }

    /// The address of its own privacy policy: `https://…`, or a path of this site.
    #[must_use]
    pub fn privacy_policy(mut self, link: impl Into<String>) -> Self {
        self.privacy_policy = Some(link.into());
        self
    }

    /// The hosts that its scripts, images, frames and connections come from, as a `Content-Security-Policy` names them
    /// (CSP Level 3, section 2.3.1): `cdn.example.com`, `*.example.com`, `https://example.com:8443`, `wss://example.com`.
    #[must_use]
    pub fn hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// What it gets counts as *sold* or *shared* (Cal. Civ. Code 1798.140(ad), (ah)). A policy with
    /// [`no_sale`](crate::PolicyBuilder::no_sale) cannot have it.
    #[must_use]
    pub fn sale_or_sharing(mut self) -> Self {
        self.sale_or_sharing = true;
        self
    }
}

//! Who is responsible, and where the documents stand: what every question for consent must name.

use serde::Deserialize;

use super::text::Text;

/// Who is responsible for the site, and where its documents stand (GDPR Art. 13; ePrivacy guidance on consent requests).
///
/// # Defaults
///
/// Nothing: the pages then leave these lines out.
///
/// ```
/// use tower_consent::{About, Policy};
///
/// let policy = Policy::builder()
///     .about(
///         About::new("Example Ltd, 1 Example Road, Dublin")
///             .contact("privacy@example.com")
///             .privacy_policy("/privacy-policy")
///             .imprint("/imprint"),
///     )
///     .build()?;
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    pub(crate) controller: Text,
    pub(crate) contact: Option<String>,
    pub(crate) privacy_policy: Option<String>,
    pub(crate) imprint: Option<String>,
    pub(crate) recipients: Option<String>,
    pub(crate) transfers: Text,
    pub(crate) statements: Vec<Text>,
}

impl About {
    /// The controller, with its address.
    pub fn new(controller: impl Into<Text>) -> Self {
        Self { controller: controller.into(), ..Self::default() }
    }

    /// An e-mail address, or the address of a page with a form.
    #[must_use]
    pub fn contact(mut self, contact: impl Into<String>) -> Self {
        self.contact = Some(contact.into());
        self
    }

    /// The privacy policy: a path of this site, or `https://…`.
    #[must_use]
    pub fn privacy_policy(mut self, link: impl Into<String>) -> Self {
        self.privacy_policy = Some(link.into());
        self
    }

    /// The imprint: a path of this site, or `https://…`.
    #[must_use]
    pub fn imprint(mut self, link: impl Into<String>) -> Self {
        self.imprint = Some(link.into());
        self
    }

    /// The list of recipients, where it is another page than the cookie declaration.
    #[must_use]
    pub fn recipients(mut self, link: impl Into<String>) -> Self {
        self.recipients = Some(link.into());
        self
    }

    /// The third countries that data goes to, in one sentence; those of a service stand with the service.
    #[must_use]
    pub fn transfers(mut self, transfers: impl Into<Text>) -> Self {
        self.transfers = transfers.into();
        self
    }

    /// Adds a sentence of the privacy policy that no server can keep by itself, in the order in which the pages show them:
    /// "Not for children under 18".
    #[must_use]
    pub fn statement(mut self, statement: impl Into<Text>) -> Self {
        self.statements.push(statement.into());
        self
    }

    /// Whom a visitor asks: the controller.
    #[must_use]
    pub const fn controller(&self) -> &Text {
        &self.controller
    }

    /// The sentences that no server can keep by itself, in their order. An empty one says nothing.
    pub fn statements(&self) -> impl Iterator<Item = &Text> {
        self.statements.iter().filter(|statement| !statement.is_empty())
    }

    /// The links, each with its place in the policy.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("about.privacy_policy", &self.privacy_policy),
            ("about.imprint", &self.imprint),
            ("about.recipients", &self.recipients),
        ]
        .into_iter()
        .filter_map(|(place, link)| link.as_deref().map(|link| (place, link)))
    }
}

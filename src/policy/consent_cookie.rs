//! The settings of the consent cookie itself.

use serde::{Deserialize, Serialize};

use super::rule::SameSite;

/// How this crate's own consent cookie is set. Its Path is always `/`, its Max-Age what is left of the choice.
///
/// # Defaults
///
/// `__Host-consent`, Secure, HttpOnly, SameSite=Lax, no Domain.
///
/// # Several subdomains
///
/// [`ConsentCookie::shared`] puts one cookie on a domain and everything below it. Then **every** host below that domain
/// can write it, and so can an attacker on the network of any of them that is reached without TLS. With MAC keys such
/// a writer cannot invent a consent, but can still plant somebody else's real one, or a second cookie, which makes this
/// crate treat the visitor as undecided (R69, R73). Keep the default wherever one host is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentCookie {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
}

impl Default for ConsentCookie {
    fn default() -> Self {
        Self {
            name: "__Host-consent".to_owned(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
        }
    }
}

impl ConsentCookie {
    /// For development over plain HTTP on another name than `localhost`: named `consent`, not Secure.
    ///
    /// Not for production: any subdomain, and anybody on the network, can write it.
    #[must_use]
    pub fn plain_http() -> Self {
        Self { name: "consent".to_owned(), secure: false, ..Self::default() }
    }

    /// For several subdomains: named `__Secure-consent`, on this domain and everything below it. See the risk above.
    pub fn shared(domain: impl Into<String>) -> Self {
        Self { name: "__Secure-consent".to_owned(), domain: Some(domain.into()), ..Self::default() }
    }

    /// Another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Lets scripts of the page read the cookie, and with it whatever script an attacker gets into the page.
    #[must_use]
    pub fn script_readable(mut self) -> Self {
        self.http_only = false;
        self
    }

    /// Another `SameSite`: `None` for a page that lives in frames of other sites.
    #[must_use]
    pub fn with_same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }
}

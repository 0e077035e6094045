//! What a decision means for Google's tags: the state of Consent Mode v2.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::Decision;
use crate::category::Category;

/// The state of Google's Consent Mode v2: all seven types, `true` for *granted*.
///
/// 1. `ad_storage`, `ad_user_data` and `ad_personalization` are *marketing*; `analytics_storage` is *analytics*;
///    `functionality_storage` and `personalization_storage` are *functional*; `security_storage` is *essential*. A category
///    that the policy does not have is denied.
/// 2. Everything else follows from the [`Decision`]: signals, regions, what the application took away. A signal under which
///    nothing may be stored denies all seven; so does an answer without the layer.
/// 3. It is the truth in report-only mode too: there other cookies are left alone, but Google is not told of a consent that
///    nobody gave.
///
/// This is the *basic* form: Google's tags are put into a page only where [they may be](Self::has_grants), after the
/// default. In the other form, *advanced*, tags are loaded beforehand and send pings without consent; nothing here is made
/// for that. `wait_for_update` is not needed: the server knows the choice before it writes the page.
///
/// [`ConsentPages::with_google_consent`](crate::ConsentPages::with_google_consent) does all this in the pages' own script.
/// Without it:
///
/// ```
/// use tower_consent::{Decision, GoogleConsent, NonceError};
///
/// fn head(decision: &Decision, nonce: &str) -> Result<String, NonceError> {
///     let google = GoogleConsent::of(decision);
///     if !google.has_grants() {
///         return Ok(String::new()); // nothing is loaded, nothing is told
///     }
///     let tag = r#"<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>"#;
///     Ok(google.default_script(Some(nonce))? + tag)
/// }
/// # assert_eq!(head(&Decision::no_layer(), "bm9uY2U=")?, "");
/// # Ok::<(), NonceError>(())
/// ```
///
/// Serialised, and as [JSON](Self::to_json), it is the object that Google's commands take:
/// `{"ad_storage":"denied",…}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GoogleConsent {
    /// Storage for advertising.
    pub ad_storage: bool,
    /// User data may go to Google for advertising.
    pub ad_user_data: bool,
    /// Personalised advertising.
    pub ad_personalization: bool,
    /// Storage for statistics.
    pub analytics_storage: bool,
    /// Storage for what the site does, such as a language.
    pub functionality_storage: bool,
    /// Storage for recommendations.
    pub personalization_storage: bool,
    /// Storage for security, such as sign-in.
    pub security_storage: bool,
}

impl GoogleConsent {
    /// The state by category.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        Self::of_services(decision, std::iter::empty::<&str>())
    }

    /// The state where these services of the policy are Google's: in a category that has such services, it is they that
    /// count (one that is allowed grants its types), and the category itself in all others. A service that the policy does
    /// not have is left out.
    #[must_use]
    pub fn of_services<I>(decision: &Decision, services: I) -> Self
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        if decision.forbids_storing().is_some() {
            return Self::default();
        }
        let named = services.into_iter().filter_map(|name| {
            let (name, category) = decision.policy().services().find(|(known, _)| *known == name.as_ref())?;
            Some((category, decision.allows_service(name)))
        });
        let named: Vec<_> = named.collect();
        let of = |category| {
            let mut own = named.iter().filter(|(known, _)| *known == category).peekable();
            if own.peek().is_some() { own.any(|(_, is_allowed)| *is_allowed) } else { decision.allows(category) }
        };
        let marketing = of(Category::MARKETING);
        let functional = of(Category::FUNCTIONAL);
        Self {
            ad_storage: marketing,
            ad_user_data: marketing,
            ad_personalization: marketing,
            analytics_storage: of(Category::ANALYTICS),
            functionality_storage: functional,
            personalization_storage: functional,
            security_storage: decision.allows(Category::ESSENTIAL),
        }
    }

    /// Whether anything besides security is granted. Where nothing is, the basic form loads no tag and tells nothing.
    #[must_use]
    pub fn has_grants(self) -> bool {
        Self { security_storage: false, ..self } != Self::default()
    }

    /// The types with their state, in Google's order.
    fn types(self) -> [(&'static str, bool); 7] {
        [
            ("ad_storage", self.ad_storage),
            ("ad_user_data", self.ad_user_data),
            ("ad_personalization", self.ad_personalization),
            ("analytics_storage", self.analytics_storage),
            ("functionality_storage", self.functionality_storage),
            ("personalization_storage", self.personalization_storage),
            ("security_storage", self.security_storage),
        ]
    }

    /// The state as JSON: an object of seven members, `"granted"` or `"denied"`.
    #[must_use]
    pub fn to_json(self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(&self).unwrap_or_default()
    }

    /// A `<script>` element that gives Google's tags this state as their default. It stands before every tag of theirs.
    ///
    /// `nonce`: that of the page's Content-Security-Policy; without one, the page must allow inline scripts otherwise.
    ///
    /// # Errors
    ///
    /// A nonce that is none: see [`NonceError`].
    pub fn default_script(self, nonce: Option<&str>) -> Result<String, NonceError> {
        self.script("default", nonce)
    }

    /// The same for a page that has had its default: an answer that becomes a part of it after a choice.
    ///
    /// # Errors
    ///
    /// A nonce that is none: see [`NonceError`].
    pub fn update_script(self, nonce: Option<&str>) -> Result<String, NonceError> {
        self.script("update", nonce)
    }

    fn script(self, command: &str, nonce: Option<&str>) -> Result<String, NonceError> {
        let attribute = match nonce {
            Some(nonce) if is_nonce(nonce) => format!(" nonce=\"{nonce}\""),
            Some(nonce) => return Err(NonceError(nonce.to_owned())),
            None => String::new(),
        };
        // Its tags tell commands from data by the object `arguments` itself.
        Ok(format!(
            "<script{attribute}>window.dataLayer=window.dataLayer||[];(function(){{dataLayer.push(arguments)}})\
             (\"consent\",\"{command}\",{})</script>",
            self.to_json()
        ))
    }
}

impl Serialize for GoogleConsent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let types = self.types();
        let mut map = serializer.serialize_map(Some(types.len()))?;
        for (name, is_granted) in types {
            map.serialize_entry(name, if is_granted { "granted" } else { "denied" })?;
        }
        map.end()
    }
}

/// `base64-value` of CSP 3: letters, digits, `+ / - _`, and up to two `=` at the end. Nothing of it needs an escape.
fn is_nonce(text: &str) -> bool {
    let body = text.strip_suffix('=').map_or(text, |text| text.strip_suffix('=').unwrap_or(text));
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}

/// A nonce that Content-Security-Policy does not know: it is base64, `A-Z a-z 0-9 + / - _` and up to two `=` at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonceError(String);

impl fmt::Display for NonceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a nonce: it is base64, of at least one character", self.0)
    }
}

impl Error for NonceError {}

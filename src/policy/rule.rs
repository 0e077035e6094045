//! What a policy says of cookies: rules by name, and the attributes that a cookie must at least have.

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::{lifetime::Lifetime, scope::Scope, text::Text};
use crate::{catalogue::KnownCookie, category::Category, consent::Target};

/// What a rule points to: a category, or a service inside one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTarget(pub(crate) TargetName);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TargetName {
    Category(String),
    Service(String),
}

impl RuleTarget {
    /// A category by name; the name is checked when the policy is built.
    pub fn category(name: impl Into<String>) -> Self {
        Self(TargetName::Category(name.into()))
    }

    /// A service by name; the name is checked when the policy is built.
    pub fn service(name: impl Into<String>) -> Self {
        Self(TargetName::Service(name.into()))
    }
}

impl From<Category> for RuleTarget {
    fn from(category: Category) -> Self {
        Self::category(category.as_str())
    }
}

/// A cookie rule: a name, or a prefix and `*`, and what it belongs to.
///
/// # Defaults
///
/// Scopes: host-only, and the policy's `site_domain` (a `__Host-` name: host-only). No maximum lifetime, the policy's
/// attribute floors, not Secure, not Partitioned, no texts.
///
/// ```
/// use tower_consent::{CookieRule, Lifetime, Policy, RuleTarget, Scope};
///
/// let policy = Policy::builder()
///     .service("google-analytics", "analytics")
///     .cookie(
///         CookieRule::new("_ga_*", RuleTarget::service("google-analytics"))
///             .max_age(Lifetime::months(13))
///             .scope(Scope::domain("example.com"))
///             .provider("Google")
///             .purpose("Tells visits apart"),
///     )
///     .build()?;
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CookieRule {
    pub(crate) name: String,
    #[serde(skip)]
    pub(crate) literal: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_age: Option<Lifetime>,
    #[serde(default)]
    pub(crate) add_max_age: bool,
    #[serde(default)]
    pub(crate) secure: bool,
    #[serde(default)]
    pub(crate) partitioned: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floors: Option<AttributeFloors>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<Text>,
}

impl CookieRule {
    /// A rule for the cookie of this name, or, where the name ends with `*`, for every name that begins with what
    /// stands before it (at least 3 bytes). Names are compared byte by byte, as browsers do.
    pub fn new(name: impl Into<String>, target: impl Into<RuleTarget>) -> Self {
        let (category, service) = match target.into().0 {
            TargetName::Category(name) => (Some(name), None),
            TargetName::Service(name) => (None, Some(name)),
        };
        Self { name: name.into(), category, service, ..Self::default() }
    }

    /// A rule for exactly this name, in which a `*` is only a character.
    pub fn exact(name: impl Into<String>, target: impl Into<RuleTarget>) -> Self {
        Self { literal: true, ..Self::new(name, target) }
    }

    /// A rule for somebody else's session cookie: essential, and never longer than 7 days.
    pub fn auth(name: impl Into<String>) -> Self {
        Self::new(name, Category::ESSENTIAL).max_age(Lifetime::days(7))
    }

    /// Adds a scope at which the cookie is expired, in place of the default ones.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// The longest life: a `Set-Cookie` line with a longer one is cut to it. A cookie that ends with the browser
    /// session stays so.
    pub fn max_age(mut self, max_age: Lifetime) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Gives a cookie that has no lifetime of its own the `max_age`, which makes it outlive the browser session.
    pub fn add_max_age(mut self) -> Self {
        self.add_max_age = true;
        self
    }

    /// The cookie is set with `Secure`, so only a Secure line can expire it from an insecure page.
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// The cookie can be set with `Partitioned` (CHIPS): a deletion reaches only one kind of copy, so it is expired twice
    /// at each scope, in its partition and outside. Implies Secure.
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Attribute floors of this cookie, in place of the policy's.
    pub fn floors(mut self, floors: AttributeFloors) -> Self {
        self.floors = Some(floors);
        self
    }

    /// What the cookie is for, shown to visitors.
    pub fn purpose(mut self, purpose: impl Into<Text>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// Who reads the cookie, shown to visitors.
    pub fn provider(mut self, provider: impl Into<Text>) -> Self {
        self.provider = Some(provider.into());
        self
    }
}

impl From<&KnownCookie> for CookieRule {
    fn from(known: &KnownCookie) -> Self {
        Self::new(known.name, known.category).purpose(known.purpose).provider(known.provider)
    }
}

/// The least that every `Set-Cookie` line must have. Attributes are only ever added or raised, by appending to the
/// line; a line is never written anew.
///
/// # Defaults
///
/// No floors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeFloors {
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<SameSite>,
}

impl AttributeFloors {
    /// No floors.
    pub const NONE: Self = Self { secure: false, http_only: false, same_site: None };

    /// Every cookie gets `Secure`.
    #[must_use]
    pub const fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Every cookie gets `HttpOnly`: scripts cannot read it any more.
    #[must_use]
    pub const fn http_only(mut self) -> Self {
        self.http_only = true;
        self
    }

    /// Every cookie gets at least this `SameSite`.
    #[must_use]
    pub const fn same_site(mut self, least: SameSite) -> Self {
        self.same_site = Some(least);
        self
    }

    pub(crate) const fn is_none(self) -> bool {
        !self.secure && !self.http_only && self.same_site.is_none()
    }
}

/// `SameSite` of a cookie, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SameSite {
    /// Sent with every request; browsers demand `Secure`.
    None,
    /// Not sent with cross-site requests other than a top-level navigation by a safe method.
    Lax,
    /// Not sent with cross-site requests.
    Strict,
}

impl SameSite {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Lax => "Lax",
            Self::Strict => "Strict",
        }
    }
}

/// A rule of a policy that was built.
#[derive(Clone, Debug)]
pub(crate) struct CompiledRule {
    pub(crate) source: CookieRule,
    /// Whether the name is only the beginning of one.
    pub(crate) is_prefix: bool,
    pub(crate) target: Target,
    pub(crate) floors: AttributeFloors,
    pub(crate) scopes: Vec<Scope>,
    /// The lines that expire an exact name, written once; `None` for a prefix or a name that is not a token.
    pub(crate) expiry_lines: Option<Vec<HeaderValue>>,
}

impl CompiledRule {
    /// How many lines it takes to expire the cookie.
    pub(crate) const fn expiry_count(&self) -> usize {
        self.scopes.len() * if self.source.partitioned { 2 } else { 1 }
    }
}

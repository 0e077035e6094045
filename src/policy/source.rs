//! Where the policy reads a choice from: our own cookie, and the cookies of banners that the site already has.

use std::collections::BTreeMap;

use memchr::memmem::Finder;
use serde::{Deserialize, Deserializer, de};

use super::{
    ServiceFacts,
    checks::{Result, check_domain, check_scope},
    error::{ConfigError, ConfigErrorKind as Kind},
    rule::SameSite,
    scope::{NamePrefix, Scope, is_token},
    source_keys::mapping,
};
use crate::{
    category::Category,
    consent::{Names, SourceIndex},
    sources::{
        Banner,
        answers::Mapping,
        banner::Format,
        jar::Jar,
        reading::{self, BannerReading},
    },
};

/// Sources that a policy can name.
const MAX_SOURCES: usize = 8;

/// A place that a visitor's choice is read from: [`PolicyBuilder::source`](crate::PolicyBuilder::source), or `[[sources]]`
/// in a file.
///
/// The first source that holds a choice counts; a later one only if its choice is known to be of a later day. Sources that
/// can only opt out (US Privacy, the US sections of GPP) take away from whatever the others say. Our own cookie
/// comes last unless [`own`](Self::own) puts it elsewhere: a later click in the banner counts.
///
/// A choice of a banner knows no signals, so a signal in force beats it. Where its value tells no time it counts as made
/// today, and lives as long as the browser keeps it. Cookies of a named banner are never stripped, in either direction.
/// When a visitor chooses on the consent pages instead, the banner's cookies are expired, so that it asks again.
///
/// ```
/// use tower_consent::{Banner, Category, ConsentSource, Policy};
///
/// let policy = Policy::builder()
///     .cookies(Category::ANALYTICS, ["_pk_*"])
///     .source(ConsentSource::banner(Banner::Klaro).category(Category::ANALYTICS, ["matomo"]))
///     .build()?;
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// # Defaults
///
/// | field | default |
/// |---|---|
/// | `cookie` | the tool's own name |
/// | `categories` | the tool's usual keys, for each category that is not named here; an error where each site has its own |
/// | `services` | none: a service follows its category |
/// | `revision` | not looked at |
/// | `scopes` (where its cookies are expired) | host-only, the request's host as a Domain, and the policy's `site_domain` |
/// | `reissue` | never |
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a source is read when the policy names it"]
pub struct ConsentSource {
    #[serde(rename = "banner")]
    pub(super) kind: Kinds,
    #[serde(default)]
    cookie: Option<String>,
    #[serde(default)]
    revision: Option<String>,
    #[serde(default)]
    pub(super) categories: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) services: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    scopes: Vec<Scope>,
    #[serde(default)]
    reissue: Option<Reissue>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kinds {
    Own,
    Banner(Banner),
}

impl<'de> Deserialize<'de> for Kinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        match Banner::ALL.iter().find(|banner| banner.as_str() == name) {
            _ if name == "own" => Ok(Self::Own),
            Some(banner) => Ok(Self::Banner(*banner)),
            None => {
                let known: Vec<_> = Banner::ALL.iter().map(|banner| banner.as_str()).collect();
                Err(de::Error::custom(format_args!("no banner {name:?} is known, only own, {}", known.join(", "))))
            }
        }
    }
}

/// Attributes with which a banner's cookie is set again by the server: those that the banner itself uses.
///
/// Safari deletes what a script wrote after seven days, and the banner would ask again. What a server wrote lives as long
/// as it says.
///
/// # Defaults
///
/// Host-only, `Path=/`, `Secure`, `SameSite=Lax`. Never `HttpOnly`: the banner could not read it any more.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "it says how a cookie is set again, and sets nothing"]
pub struct Reissue {
    pub(crate) domain: Option<String>,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) same_site: SameSite,
}

impl Default for Reissue {
    fn default() -> Self {
        Self { domain: None, path: "/".to_owned(), secure: true, same_site: SameSite::Lax }
    }
}

impl Reissue {
    /// With a `Domain`.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// With another `Path`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Without `Secure`, for a site that is not served over TLS.
    pub fn insecure(mut self) -> Self {
        self.secure = false;
        self
    }

    /// With another `SameSite`.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }
}

impl ConsentSource {
    const fn new(kind: Kinds) -> Self {
        Self {
            kind,
            cookie: None,
            revision: None,
            categories: BTreeMap::new(),
            services: BTreeMap::new(),
            scopes: Vec::new(),
            reissue: None,
        }
    }

    /// Our own consent cookie: to name it is to say at which place it is read.
    pub const fn own() -> Self {
        Self::new(Kinds::Own)
    }

    /// The cookies of a banner.
    pub const fn banner(banner: Banner) -> Self {
        Self::new(Kinds::Banner(banner))
    }

    /// What the banner calls this category: it is granted if **all** of these groups, purposes or services are.
    pub fn category<K: Into<String>>(mut self, category: Category, keys: impl IntoIterator<Item = K>) -> Self {
        self.categories.entry(category.to_string()).or_default().extend(keys.into_iter().map(Into::into));
        self
    }

    /// What the banner calls this service: it is granted if **all** of these are.
    pub fn service<K: Into<String>>(mut self, service: impl Into<String>, keys: impl IntoIterator<Item = K>) -> Self {
        self.services.entry(service.into()).or_default().extend(keys.into_iter().map(Into::into));
        self
    }

    /// The name that the site gives the banner's cookie, in place of the tool's own.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie = Some(name.into());
        self
    }

    /// The banner's revision that counts now, as its cookie writes it; an error for a banner whose cookie has none. A choice at another one, or at none, is outdated:
    /// its refusals stand and its grants are closed.
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        self.revision = Some(revision.into());
        self
    }

    /// Adds a scope at which the banner's cookies are expired, in place of the default ones.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Sets the banner's cookie again with each page, byte for byte, until the choice ends by this policy. Only for
    /// banners whose value tells when the choice was made.
    pub fn reissue(mut self, reissue: Reissue) -> Self {
        self.reissue = Some(reissue);
        self
    }
}

/// A banner that the policy reads, ready to be read.
#[derive(Clone, Debug)]
pub(crate) struct BannerSource {
    pub(crate) banner: Banner,
    pub(crate) index: SourceIndex,
    name: Box<str>,
    finder: Finder<'static>,
    mapping: Mapping,
    revision: Option<Box<str>>,
    pub(crate) scopes: Vec<Scope>,
    /// The policy says nothing of scopes: several banners write to the host's own name as a Domain.
    is_at_host: bool,
    pub(crate) reissue: Option<Reissue>,
}

impl BannerSource {
    const fn format(&self) -> &'static Format {
        self.banner.format()
    }

    /// Whether a `Cookie` line can hold the banner's first cookie: its name stands somewhere in it.
    pub(crate) fn is_in(&self, line: &[u8]) -> bool {
        self.finder.find(line).is_some()
    }

    /// The banner's cookies, under the names that they have at this site.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, bool)> {
        let first = self.format().cookies.first().map(|first| (&*self.name, first.is_prefix));
        let others = self.format().cookies.iter().skip(1).map(|cookie| (cookie.name, cookie.is_prefix));
        first.into_iter().chain(others)
    }

    /// Where its cookies are expired for a request to this host, which is lower-case and without port.
    pub(crate) fn scopes_at(&self, host: Option<&str>) -> Vec<Scope> {
        let host = host.filter(|host| self.is_at_host && check_domain(host, "host").is_ok()).map(Scope::domain);
        let new = host.filter(|scope| !self.scopes.contains(scope));
        self.scopes.iter().cloned().chain(new).collect()
    }

    /// Whether this is a cookie of the banner.
    pub(crate) fn owns(&self, name: &[u8]) -> bool {
        self.cookies().any(|(own, is_prefix)| is_its(own, is_prefix, name))
    }

    /// Whether this is the cookie without which the banner has no choice.
    pub(crate) fn decides_by(&self, name: &[u8]) -> bool {
        let is_companion = self.format().companions.iter().any(|ending| name.ends_with(ending.as_bytes()));
        !is_companion && self.cookies().next().is_some_and(|(first, is_prefix)| is_its(first, is_prefix, name))
    }

    /// What its cookies say.
    pub(crate) fn read(&self, jar: &Jar<'_>) -> BannerReading {
        reading::read(self.format(), jar, self.name.as_bytes(), &self.mapping, self.revision.as_deref())
    }
}

fn is_its(own: &str, is_prefix: bool, name: &[u8]) -> bool {
    if is_prefix { name.starts_with(own.as_bytes()) } else { name == own.as_bytes() }
}

/// The banners of a policy in their order, and how many of them come before our own cookie.
pub(super) fn compile(
    sources: Vec<ConsentSource>,
    names: &Names,
    services: &[ServiceFacts],
    own_cookies: &[&str],
    default_scopes: &dyn Fn(NamePrefix) -> Vec<Scope>,
) -> Result<(Vec<BannerSource>, usize)> {
    if sources.len() > MAX_SOURCES {
        return Err(ConfigError::new(Kind::TooManySources, "sources", sources.len().to_string()));
    }
    let mut banners: Vec<BannerSource> = Vec::new();
    let mut own_place = None;
    for (number, source) in sources.into_iter().enumerate() {
        let at = |field: &str| format!("sources[{number}].{field}");
        let banner = match source.kind {
            Kinds::Banner(banner) => banner,
            Kinds::Own if own_place.is_none() => {
                own_place = Some(banners.len());
                continue;
            }
            Kinds::Own => return Err(ConfigError::new(Kind::DeclaredTwice, at("banner"), "own")),
        };
        let format = banner.format();
        let first = format.cookies.first().map_or("", |first| first.name);
        let name = source.cookie.as_deref().unwrap_or(first);
        if !is_token(name.as_bytes()) || name.starts_with('$') {
            return Err(ConfigError::new(Kind::NotAToken, at("cookie"), name));
        }
        if own_cookies.contains(&name) {
            return Err(ConfigError::new(Kind::OwnCookie, at("cookie"), name));
        }
        let index = u8::try_from(banners.len()).map_or(SourceIndex::OWN, SourceIndex);
        let prefix = NamePrefix::of(name.as_bytes());
        for (place, scope) in source.scopes.iter().enumerate() {
            check_scope(scope, prefix, &at(&format!("scopes[{place}]")))?;
        }
        if let Some(reissue) = &source.reissue {
            check_reissue(reissue, banner, prefix, &at)?;
        }
        if let Some(revision) = source.revision.as_ref().filter(|_| !format.has_revision) {
            return Err(ConfigError::new(Kind::KeepsNoRevision, at("revision"), revision));
        }
        let mapping = mapping(&source, format.usual, names, services, &at)?;
        let compiled = BannerSource {
            banner,
            index,
            name: name.into(),
            finder: Finder::new(name).into_owned(),
            mapping,
            revision: source.revision.map(Into::into),
            is_at_host: source.scopes.is_empty(),
            scopes: if source.scopes.is_empty() { default_scopes(prefix) } else { source.scopes },
            reissue: source.reissue,
        };
        // Two readers of one cookie would be two opinions of one choice. Beside it, banners may share: several write a TCF
        // string as well, and a site can name that too.
        if banners.iter().any(|known| known.name == compiled.name) {
            return Err(ConfigError::new(Kind::BannerCookie, at("cookie"), name));
        }
        banners.push(compiled);
    }
    let own_place = own_place.unwrap_or(banners.len());
    Ok((banners, own_place))
}

fn check_reissue(reissue: &Reissue, banner: Banner, prefix: NamePrefix, at: &dyn Fn(&str) -> String) -> Result<()> {
    if !banner.format().keeps_time {
        return Err(ConfigError::new(Kind::KeepsNoTime, at("reissue"), banner.as_str()));
    }
    let scope = Scope { domain: reissue.domain.clone(), path: reissue.path.clone() };
    check_scope(&scope, prefix, &at("reissue"))?;
    if prefix.needs_secure && !reissue.secure {
        return Err(ConfigError::new(Kind::PrefixNeedsSecure, at("reissue.secure"), "false"));
    }
    if reissue.same_site == SameSite::None && !reissue.secure {
        return Err(ConfigError::new(Kind::SameSiteNoneNotSecure, at("reissue.same_site"), "none"));
    }
    Ok(())
}

/// Whether a declared name is one of a banner's.
pub(super) fn is_banners(name: &[u8], is_prefix: bool, banners: &[BannerSource]) -> bool {
    let clashes = |(own, own_prefix): (&str, bool)| match (is_prefix, own_prefix) {
        // A shorter or equal prefix of a rule leaves the banner's own names to the banner.
        (true, true) => name == own.as_bytes() || name.starts_with(own.as_bytes()),
        (true, false) => false,
        (false, true) => name.starts_with(own.as_bytes()),
        (false, false) => name == own.as_bytes(),
    };
    banners.iter().any(|banner| banner.cookies().any(clashes))
}

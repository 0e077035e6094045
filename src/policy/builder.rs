//! Building a policy: in code, or from a file in any serde format.

use std::{fmt, sync::Arc};

use http::{HeaderName, request::Parts};
use serde::Deserialize;

use super::{
    Hooks, Policy,
    about::About,
    consent_cookie::ConsentCookie,
    entries::{CategoryEntry, ServiceEntry},
    error::ConfigError,
    lifetime::Lifetime,
    regime::{CacheRule, Mode, Regime, SignalRules, SignalScope, UnknownCookies},
    regions::Regions,
    retention::Retention,
    revision::{OutdatedGrants, Revision},
    rule::{AttributeFloors, CookieRule, RuleTarget},
    source::ConsentSource,
    token_rules::TokenRules,
    validate,
    verdict::Narrow,
    visits::VisitRules,
};
use crate::{catalogue::Preset, category::Category, policy::SetCookieLine, signal::Signal};

/// Collects what a site promises; [`build`](Self::build) checks it and gives a [`Policy`].
///
/// The builder itself can be read from a file (TOML, JSON, any serde format): every field that is not a key or a hook
/// has the name and default listed here, and an unknown one is an error that names it.
///
/// # Defaults
///
/// | field | default |
/// |---|---|
/// | `mode` | `enforce` |
/// | `regime` | `opt-in` |
/// | `regions` (the regime by country) | none: `regime` holds everywhere, and no header is read |
/// | `unknown` (cookies that no rule declares) | `strip` |
/// | `grant_lifetime`, `refusal_lifetime` | `6 months`, on the calendar; a refusal never lapses where anything passes until it is refused |
/// | `revisions` | one: number 1, no date |
/// | `outdated_grants` (given before a material revision) | `close` |
/// | `about` (controller, links) | nothing |
/// | `retention` | consent records 36 months, rights requests 24, counters 25; a visit log 30 days, an inventory 90 |
/// | `visits` (what is written of a visit) | [`VisitRules`] |
/// | `no_sale` | `false` |
/// | `banner_under_signal` | `false`: under an honoured signal nobody is asked unasked |
/// | `sources` | our own consent cookie |
/// | `consent_cookie` | `__Host-consent`, Secure, HttpOnly, SameSite=Lax |
/// | `tokens` | `__Host-token`, 7 days from issue, no idle limit |
/// | `signals` | DNT and Sec-GPC each turn off all that is not essential; a later choice made in their knowledge beats them |
/// | `floors` | none |
/// | `caches` | `private` |
/// | `site_domain` | none: cookies are expired host-only |
/// | MAC keys | none: the consent cookie is not authenticated |
///
/// # Without MAC keys
///
/// The consent cookie is then plain text. Its `__Host-` prefix keeps other hosts from writing it, but a script in the
/// page could with [`ConsentCookie::script_readable`], and the visitor always can. That is harmless for enforcement
/// (who forges a consent gets cookies), and worthless as a proof.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "a builder does nothing until `build`"]
pub struct PolicyBuilder {
    pub(crate) mode: Mode,
    pub(crate) regime: Regime,
    pub(crate) regions: Option<Regions>,
    pub(crate) unknown: UnknownCookies,
    pub(crate) site_domain: Option<String>,
    pub(crate) grant_lifetime: Option<Lifetime>,
    pub(crate) refusal_lifetime: Option<Lifetime>,
    pub(crate) revisions: Vec<Revision>,
    pub(crate) outdated_grants: OutdatedGrants,
    pub(crate) about: About,
    pub(crate) retention: Retention,
    pub(crate) visits: VisitRules,
    pub(crate) no_sale: bool,
    pub(crate) banner_under_signal: bool,
    pub(crate) consent_cookie: ConsentCookie,
    pub(crate) tokens: Option<TokenRules>,
    pub(crate) signals: SignalRules,
    pub(crate) floors: AttributeFloors,
    pub(crate) caches: CacheRule,
    pub(crate) presets: Vec<Preset>,
    pub(crate) auth_cookies: Vec<String>,
    pub(crate) essential: Vec<String>,
    pub(crate) categories: Vec<CategoryEntry>,
    pub(crate) services: Vec<ServiceEntry>,
    pub(crate) sources: Vec<ConsentSource>,
    pub(crate) cookies: Vec<CookieRule>,
    #[serde(skip)]
    pub(crate) keys: Vec<(String, Vec<u8>)>,
    #[serde(skip)]
    pub(crate) hooks: Hooks,
}

impl PolicyBuilder {
    /// Declares a category, or says more of a built-in one.
    pub fn category(mut self, entry: impl Into<CategoryEntry>) -> Self {
        self.categories.push(entry.into());
        self
    }

    /// Declares a service of a category.
    pub fn service(self, name: impl Into<String>, category: impl Into<String>) -> Self {
        self.service_entry(ServiceEntry::new(name, category))
    }

    /// Declares a service with more to say of it.
    pub fn service_entry(mut self, entry: ServiceEntry) -> Self {
        self.services.push(entry);
        self
    }

    /// Declares cookies of a category or service: exact names, or prefixes that end with `*`.
    pub fn cookies<N: Into<String>>(
        mut self,
        target: impl Into<RuleTarget>,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let target = target.into();
        self.cookies.extend(names.into_iter().map(|name| CookieRule::new(name, target.clone())));
        self
    }

    /// Declares one cookie with more to say of it.
    pub fn cookie(mut self, rule: CookieRule) -> Self {
        self.cookies.push(rule);
        self
    }

    /// Declares essential cookies.
    pub fn essential<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.cookies(Category::ESSENTIAL, names)
    }

    /// Declares somebody else's session cookie: essential, and never longer than 7 days.
    pub fn auth_cookie(self, name: impl Into<String>) -> Self {
        self.cookie(CookieRule::auth(name))
    }

    /// Declares the cookies of a common part. A rule of the application's own beats a preset's rule for the same name.
    pub fn preset(mut self, preset: Preset) -> Self {
        self.presets.push(preset);
        self
    }

    /// Adds a source of consent: a banner that the site already has. They count in this order, and our own cookie last.
    pub fn source(mut self, source: ConsentSource) -> Self {
        self.sources.push(source);
        self
    }

    /// The domain on which third-party scripts put their cookies: refused cookies are expired there too.
    pub fn site_domain(mut self, domain: impl Into<String>) -> Self {
        self.site_domain = Some(domain.into());
        self
    }

    /// What happens to cookies that no rule declares.
    pub fn unknown(mut self, unknown: UnknownCookies) -> Self {
        self.unknown = unknown;
        self
    }

    /// Work everything out and report it, but leave other cookies alone. Start with this on a running site.
    pub fn report_only(mut self) -> Self {
        self.mode = Mode::ReportOnly;
        self
    }

    /// What holds where nobody has decided.
    pub fn regime(mut self, regime: Regime) -> Self {
        self.regime = regime;
        self
    }

    /// What holds where nobody has decided, by the country that a trusted proxy names, in place of
    /// [`regime`](Self::regime) and of a [resolver](Self::regime_resolver). The header is named in `Vary`.
    pub fn regions(mut self, regions: Regions) -> Self {
        self.regions = Some(regions);
        self
    }

    /// What holds where nobody has decided, by request, in place of [`regime`](Self::regime): by what [`regions`](Self::regions)
    /// cannot tell, for example. `headers` are those that `resolver` reads; they are named in `Vary`.
    ///
    /// Only read a header that your proxy sets and that visitors cannot.
    pub fn regime_resolver(
        mut self,
        headers: impl IntoIterator<Item = HeaderName>,
        resolver: impl Fn(&Parts) -> Regime + Send + Sync + 'static,
    ) -> Self {
        self.hooks.regime = Some(Arc::new(resolver));
        self.hooks.regime_headers = headers.into_iter().collect();
        self
    }

    /// How long a grant lives, from the start of its UTC day. At most 13 months.
    pub fn grant_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.grant_lifetime = Some(lifetime);
        self
    }

    /// How long a refusal lives, from the end of its UTC day, before the visitor may be asked again. At most 400 days.
    /// Where anything passes until it is refused (opt-out, an exemption, a regime resolver), a refusal never lapses,
    /// whatever stands here.
    pub fn refusal_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.refusal_lifetime = Some(lifetime);
        self
    }

    /// Adds a revision: the first one, and each later one after it. The last is the one that counts now.
    pub fn revision(mut self, revision: Revision) -> Self {
        self.revisions.push(revision);
        self
    }

    /// What becomes of grants that were given before a material revision.
    pub fn outdated_grants(mut self, rule: OutdatedGrants) -> Self {
        self.outdated_grants = rule;
        self
    }

    /// Who is responsible for the site, and where its documents stand.
    pub fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    /// How long the library keeps what it keeps on the server.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// What is written of a visit, and of whom.
    pub fn visits(mut self, rules: VisitRules) -> Self {
        self.visits = rules;
        self
    }

    /// Promises that personal data is neither sold nor shared: a service that says
    /// [`sale_or_sharing`](ServiceEntry::sale_or_sharing) is then an error.
    pub fn no_sale(mut self) -> Self {
        self.no_sale = true;
        self
    }

    /// Asks by a banner under an honoured signal too, for what is undecided beside it. Without this, such a visitor finds
    /// the state in the footer, and can choose on the pages.
    pub fn banner_under_signal(mut self) -> Self {
        self.banner_under_signal = true;
        self
    }

    /// What a signal turns off.
    pub fn signal(mut self, signal: Signal, scope: impl Into<SignalScope>) -> Self {
        match signal {
            Signal::Dnt => self.signals.dnt = scope.into(),
            Signal::Gpc => self.signals.gpc = scope.into(),
        }
        self
    }

    /// A signal beats every choice, also one made later and in its knowledge.
    pub fn signal_always(mut self) -> Self {
        self.signals.always = true;
        self
    }

    /// The settings of the consent cookie itself.
    pub fn consent_cookie(mut self, cookie: ConsentCookie) -> Self {
        self.consent_cookie = cookie;
        self
    }

    /// What the policy says of sign-in tokens.
    pub fn tokens(mut self, rules: TokenRules) -> Self {
        self.tokens = Some(rules);
        self
    }

    /// Adds a key that authenticates the consent cookie: an id of 1 to 5 of `a-z 0-9 _ -`, and at least 32 random
    /// bytes. The first key signs, all of them verify: to rotate, put the new key first and keep the old one for as
    /// long as a choice lives.
    pub fn mac_key(mut self, id: impl Into<String>, secret: impl Into<Vec<u8>>) -> Self {
        self.keys.push((id.into(), secret.into()));
        self
    }

    /// Attributes that every cookie must at least have.
    pub fn floors(mut self, floors: AttributeFloors) -> Self {
        self.floors = floors;
        self
    }

    /// How answers that depend on the decision are kept out of shared caches.
    pub fn caches(mut self, rule: CacheRule) -> Self {
        self.caches = rule;
        self
    }

    /// Requests that the layer leaves wholly alone: webhooks, health checks. Extractors then answer *no layer*.
    pub fn stand_down(mut self, predicate: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.hooks.stand_down = Some(Arc::new(predicate));
        self
    }

    /// What the application takes away for a request. It cannot add: widening needs a rule.
    pub fn narrow(mut self, hook: impl Fn(&Parts) -> Narrow + Send + Sync + 'static) -> Self {
        self.hooks.narrow = Some(Arc::new(hook));
        self
    }

    /// The last word on a `Set-Cookie` line that would be kept: `true` drops it. Not asked for the library's own
    /// cookies, nor for lines that are dropped anyway. It can be asked twice of one line: let it only look.
    pub fn drop_cookie(mut self, hook: impl Fn(&SetCookieLine<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.hooks.drop_cookie = Some(Arc::new(hook));
        self
    }

    /// Checks everything and gives the policy.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its place and value; [`ConfigErrorKind`](super::ConfigErrorKind) lists what can be.
    pub fn build(self) -> Result<Policy, ConfigError> {
        validate::build(self)
    }
}

impl fmt::Debug for PolicyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(|(id, _)| id).collect();
        f.debug_struct("PolicyBuilder")
            .field("mode", &self.mode)
            .field("regime", &self.regime)
            .field("regions", &self.regions)
            .field("unknown", &self.unknown)
            .field("site_domain", &self.site_domain)
            .field("revisions", &self.revisions)
            .field("categories", &self.categories)
            .field("services", &self.services)
            .field("cookies", &self.cookies)
            .field("presets", &self.presets)
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

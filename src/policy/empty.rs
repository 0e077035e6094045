//! The policy that declares nothing.

use memchr::memmem::Finder;

use super::{
    About, AttributeFloors, CacheRule, CategoryFacts, CategoryKind, ConsentCookie, Hooks, Lifetime, Mode,
    OutdatedGrants, Policy, Regime, Retention, Revision, SignalFacts, TokenRules, UnknownCookies, VisitFacts,
    matcher::Matcher,
};
use crate::{
    category::Category,
    consent::{CategoryBits, Names},
    signal::Signal,
    sources::mac::MacKeys,
};

/// A policy that declares nothing: everything but the library's own cookies is unknown, and stripped.
impl Default for Policy {
    fn default() -> Self {
        Self {
            names: Names::new(vec![Category::ESSENTIAL], Vec::new()),
            categories: vec![CategoryFacts { kind: CategoryKind::AskedFor, since: 1, label: None, purpose: None }],
            services: Vec::new(),
            rules: Vec::new(),
            matcher: Matcher::of_own([ConsentCookie::default().name.as_str(), TokenRules::default().cookie_name()]),
            mode: Mode::default(),
            regime: Regime::default(),
            unknown: UnknownCookies::default(),
            grant_lifetime: Lifetime::months(6),
            refusal_lifetime: Lifetime::months(6),
            revisions: vec![Revision::default()],
            latest: 1,
            material: 1,
            outdated_grants: OutdatedGrants::default(),
            about: About::default(),
            retention: Retention::default(),
            visits: VisitFacts::default(),
            banner_under_signal: false,
            consent_finder: Finder::new(&ConsentCookie::default().name).into_owned(),
            consent_cookie: ConsentCookie::default(),
            banners: Vec::new(),
            own_place: 0,
            token_finder: Finder::new(TokenRules::default().cookie_name()).into_owned(),
            token_rules: TokenRules::default(),
            declares_tokens: false,
            keys: MacKeys::default(),
            signals: Signal::ALL.map(|signal| SignalFacts {
                signal,
                covers: CategoryBits::NONE,
                always: false,
                no_cookies: false,
            }),
            floors: AttributeFloors::NONE,
            caches: CacheRule::default(),
            hooks: Hooks::default(),
        }
    }
}

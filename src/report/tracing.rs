//! Events through `tracing`.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use ::tracing::Level;

use super::{Action, CookieEvent, Direction};
#[cfg(feature = "catalogue")]
use crate::catalogue::{Catalogue, framework_cookie};
use crate::policy::{Reason, is_token};

/// Names that are warned of, for each direction. Names in requests come from visitors, who can send as many as they
/// like: they must not use up the room for those that the application's own parts set.
const MOST_NAMES: usize = 256;
/// Places that are tried for a name, before it is let go unwarned.
const MOST_TRIES: usize = 16;

/// Remembers which undeclared names were warned of: a table of hashes, of fixed size and without a lock.
#[derive(Debug)]
pub(super) struct Tracing {
    request: [AtomicU64; MOST_NAMES],
    response: [AtomicU64; MOST_NAMES],
    // Keyed at random, so that no visitor can choose names that share a place.
    hasher: RandomState,
}

impl Default for Tracing {
    fn default() -> Self {
        let empty = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { request: empty(), response: empty(), hasher: RandomState::new() }
    }
}

impl Tracing {
    /// Whether anybody subscribed to what is told here.
    pub(super) fn listens() -> bool {
        ::tracing::enabled!(target: "tower_consent", Level::WARN)
    }

    pub(super) fn cookie(&self, event: &CookieEvent<'_>) {
        let is_undeclared = event.reason == Reason::UnknownCookie || (!event.is_declared && event.category.is_some());
        if is_undeclared && self.is_first(event) {
            let stripped = match (event.action, event.is_enforced) {
                (Action::Stripped, true) => "stripped",
                (Action::Stripped, false) => "would be stripped",
                _ => "passed",
            };
            ::tracing::warn!(
                target: "tower_consent",
                cookie = %event.name,
                direction = event.direction.as_str(),
                "undeclared cookie {stripped}; {}{}",
                hint(event),
                known(event.name.as_bytes()),
            );
        }
        if event.action != Action::Passed {
            ::tracing::debug!(
                target: "tower_consent",
                cookie = %event.name,
                action = event.action.as_str(),
                direction = event.direction.as_str(),
                category = event.category.as_ref().map_or("unknown", |category| category.as_str()),
                reason = event.reason.as_str(),
                enforced = event.is_enforced,
                "cookie {}: {}", event.action.as_str(), event.reason,
            );
        }
    }

    /// Whether the name is new, in either direction.
    fn is_first(&self, event: &CookieEvent<'_>) -> bool {
        let (names, others) = match event.direction {
            Direction::Request => (&self.request, &self.response),
            Direction::Response => (&self.response, &self.request),
        };
        // 0 marks an empty place.
        let hash = self.hasher.hash_one(event.name.as_bytes()).max(1);
        let start = usize::try_from(hash).unwrap_or_default();
        let places = |names| <[AtomicU64]>::iter(names).cycle().skip(start % MOST_NAMES).take(MOST_TRIES);
        if places(others).any(|place| place.load(Ordering::Relaxed) == hash) {
            return false;
        }
        for place in places(names) {
            match place.compare_exchange(0, hash, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(known) if known == hash => return false,
                Err(_) => {}
            }
        }
        false
    }
}

/// How to declare the cookie. Only an ordinary name can be copied from the log into a policy as it stands.
fn hint(event: &CookieEvent<'_>) -> String {
    let name = event.name.as_bytes();
    if name.len() <= 64 && is_token(name) && !name.contains(&b'*') {
        return format!(
            "declare it: .cookies(Category::…, [\"{0}\"]) in code, or [[cookies]] name = \"{0}\" and category = \"…\" in \
             the policy file",
            event.name
        );
    }
    "declare it in code, by its exact bytes: CookieRule::exact(\"…\", Category::…)".to_owned()
}

/// What is known of the name elsewhere.
#[cfg(feature = "catalogue")]
fn known(name: &[u8]) -> String {
    let framework = framework_cookie(name).map(|known| {
        format!("; {} has a cookie of its own of that name: {} ({})", known.framework, known.name, known.purpose)
    });
    let listed = Catalogue::lookup(name).map(|entry| {
        let prefix = entry.prefix.map_or_else(String::new, |prefix| format!(", by the prefix {prefix}"));
        format!("; the Open Cookie Database knows it as {}, {}{prefix}", entry.category, entry.platform)
    });
    [framework, listed].into_iter().flatten().collect()
}

#[cfg(not(feature = "catalogue"))]
const fn known(_: &[u8]) -> &'static str {
    ""
}

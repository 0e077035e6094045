//! Events through `tracing`.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::{Action, CookieEvent, Direction};
use crate::policy::Reason;

/// Names that are warned of, for each direction. Names in requests come from visitors, who can send as many as they
/// like: they must not use up the room for those that the application's own parts set.
const MOST_NAMES: usize = 256;

/// Remembers which undeclared names were warned of, within bounds.
#[derive(Debug, Default)]
pub(super) struct Tracing {
    request: Mutex<HashSet<Box<[u8]>>>,
    response: Mutex<HashSet<Box<[u8]>>>,
}

impl Tracing {
    pub(super) fn cookie(&self, event: &CookieEvent<'_>) {
        if event.reason == Reason::UnknownCookie && self.is_first(event) {
            let stripped = match (event.action, event.is_enforced) {
                (Action::Stripped, true) => "stripped",
                (Action::Stripped, false) => "would be stripped",
                _ => "passed",
            };
            ::tracing::warn!(
                target: "tower_consent",
                cookie = %event.name,
                direction = event.direction.as_str(),
                "undeclared cookie {stripped}; declare it: .cookies(Category::…, [\"{}\"]) in code, or \
                 [[cookies]] name = \"{}\" and category = \"…\" in the policy file",
                event.name,
                event.name,
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

    fn is_first(&self, event: &CookieEvent<'_>) -> bool {
        let names = match event.direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        };
        // A long name is kept cut, as it is shown.
        let name = event.name.as_bytes();
        let name = name.get(..64).unwrap_or(name);
        let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
        names.len() < MOST_NAMES && !names.contains(name) && names.insert(name.into())
    }
}

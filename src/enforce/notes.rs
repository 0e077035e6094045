//! The `consent-debug` header of debug builds.

use http::HeaderMap;

use super::layer::Shared;
use crate::{
    policy::Verdict,
    report::{Action, Direction},
};

/// What the header will say. A release build has none, and pays nothing for it.
#[derive(Debug, Default)]
pub(super) struct Notes {
    #[cfg(debug_assertions)]
    text: String,
}

#[cfg(debug_assertions)]
impl Notes {
    /// Characters that the header has at most.
    const MOST: usize = 2_000;

    /// Adds what happened to a cookie, if the header is on.
    pub(super) fn add(&mut self, shared: &Shared, action: Action, direction: Direction, name: &[u8], verdict: Verdict) {
        use std::fmt::Write as _;

        if !shared.has_debug_header || self.text.len() > Self::MOST {
            return;
        }
        let separator = if self.text.is_empty() { "" } else { ", " };
        let name = crate::report::CookieName::new(name);
        let (action, direction) = (action.as_str(), direction.as_str());
        // Writing to a String cannot fail.
        let _infallible = write!(self.text, "{separator}{direction} {name} {action}: {}", verdict.reason().as_str());
    }

    /// Writes the header.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        static CONSENT_DEBUG: http::HeaderName = http::HeaderName::from_static("consent-debug");
        if let Some(text) = http::HeaderValue::try_from(&self.text).ok().filter(|text| !text.is_empty()) {
            headers.insert(&CONSENT_DEBUG, text);
        }
    }
}

#[cfg(not(debug_assertions))]
impl Notes {
    #[expect(clippy::unused_self, reason = "the debug build's own signature")]
    pub(super) const fn add(&mut self, _: &Shared, _: Action, _: Direction, _: &[u8], _: Verdict) {}

    #[expect(clippy::unused_self, reason = "the debug build's own signature")]
    pub(super) const fn write(&self, _: &mut HeaderMap) {}
}

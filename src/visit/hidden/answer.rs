//! On the way out: what starts tracking without a cookie.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{HiddenFields, hints::Hint, names};
use crate::{cookies::cache::Keep, decide::Decision, enforce::AnswerRule, visit::is_document};

const ACCEPT_CH: HeaderName = HeaderName::from_static("accept-ch");
const CRITICAL_CH: HeaderName = HeaderName::from_static("critical-ch");
const NEL: HeaderName = HeaderName::from_static("nel");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

impl AnswerRule for super::layer::Shared {
    fn apply(&self, decision: &Decision, _: StatusCode, headers: &mut HeaderMap) -> Option<Keep> {
        if !decision.is_enforced() {
            return None;
        }
        let fields = &self.0;
        let is_closed = fields.closes_permissions && is_document(headers);
        let found: Vec<HeaderName> = headers.keys().filter(|name| fields.touches(name)).cloned().collect();
        if found.is_empty() && !is_closed {
            return None;
        }
        if !decision.may_track() {
            for name in found {
                fields.take_away(headers, name);
            }
            if is_closed {
                // Of copies of a member the last counts (RFC 9651 section 4.2.2), so this closes what the application opens.
                headers.append(PERMISSIONS_POLICY, HeaderValue::from_static(names::CLOSED_PERMISSIONS));
            }
        }
        decision.can_be_tracked().then_some(Keep::Private)
    }
}

impl HiddenFields {
    /// Whether a field of an answer depends on the visitor.
    fn touches(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        let is_advertising = || names::ADVERTISING.contains(&text) || text.starts_with(names::ADVERTISING_PREFIX);
        (self.drops_advertising && is_advertising())
            || (self.drops_reports && names::REPORTS.contains(&text))
            || (self.hides_hints() && ["accept-ch", "accept-ch-lifetime", "critical-ch"].contains(&text))
            || self.answer_fields.contains(name)
    }

    fn take_away(&self, headers: &mut HeaderMap, name: HeaderName) {
        let is_asked_for = name == ACCEPT_CH || name == CRITICAL_CH;
        if is_asked_for && !self.answer_fields.contains(&name) {
            let left = self.hints_left(headers, &name);
            if name == ACCEPT_CH || !left.as_bytes().is_empty() {
                headers.insert(name, left);
                return;
            }
        }
        if name == NEL && !self.answer_fields.contains(&name) {
            // A browser that was given one once keeps it otherwise (Network Error Logging, section 4.1).
            headers.insert(name, HeaderValue::from_static("{\"max_age\":0}"));
            return;
        }
        headers.remove(name);
    }

    fn hides_hints(&self) -> bool {
        self.hides_detailed_hints || self.hides_brief_hints
    }

    /// The hints of all copies of a field that may still be asked for.
    fn hints_left(&self, headers: &HeaderMap, name: &HeaderName) -> HeaderValue {
        let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
        let is_kept = |token: &&str| match Hint::of(token) {
            Some(Hint::Brief) => !self.hides_brief_hints,
            Some(Hint::Detailed) => !self.hides_detailed_hints,
            None => !token.is_empty(),
        };
        let left: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).filter(is_kept).collect();
        HeaderValue::try_from(left.join(", ")).unwrap_or(HeaderValue::from_static(""))
    }
}

//! The header line on an answer.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{ContentSecurityPolicy, depends_on_visitor, own::OwnPolicies};
use crate::{cookies::cache::Keep, decide::Decision, enforce::AnswerRule, visit::is_document};

impl AnswerRule for ContentSecurityPolicy {
    fn apply(&self, decision: &Decision, status: StatusCode, headers: &mut HeaderMap) -> Option<Keep> {
        let is_enforced = decision.is_enforced() && !self.report_only;
        let name =
            if is_enforced { header::CONTENT_SECURITY_POLICY } else { header::CONTENT_SECURITY_POLICY_REPORT_ONLY };
        let is_page = match status {
            // Its lines replace those that the browser holds: ours alone would take the application's away.
            StatusCode::NOT_MODIFIED => headers.contains_key(&name),
            // What it shows is another answer's; one that leads nowhere is shown itself (Fetch, section 4.4).
            _ if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) && headers.contains_key(header::LOCATION) => {
                false
            }
            _ => is_document(headers),
        };
        if !is_page {
            return None;
        }
        let value = self.value(decision, &OwnPolicies::read(headers))?;
        headers.append(name, HeaderValue::try_from(value).ok()?);
        depends_on_visitor(decision.policy()).then_some(Keep::PrivateNoCache)
    }

    fn says_what_loads(&self) -> bool {
        !self.report_only && self.base.iter().any(Option::is_some)
    }
}

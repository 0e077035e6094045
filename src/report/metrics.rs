//! Counters through the `metrics` facade.

use super::CookieEvent;

/// Every label has a small, fixed set of values but the category, of which a policy has at most 32: names of cookies are
/// anybody's text, and never a label.
pub(super) fn cookie(event: &CookieEvent<'_>) {
    let category = event.category.map_or_else(|| "unknown".to_owned(), |category| category.to_string());
    ::metrics::counter!(
        "consent_cookies_total",
        "action" => event.action.as_str(),
        "direction" => event.direction.as_str(),
        "category" => category,
        "reason" => event.reason.as_str(),
        "enforced" => if event.is_enforced { "true" } else { "false" },
    )
    .increment(1);
}

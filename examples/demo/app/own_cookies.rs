//! The cookies that the demo itself cannot do without, for a policy that was written for another site.

use tower_consent::{Category, ConfigError, CookieRule, PolicyBuilder};

/// Each with what it is for.
const NEEDED: [(&str, &str); 3] = [
    ("id", "Holds the session of the demo's shop."),
    ("csrf", "Protects forms against forgery."),
    ("cart", "Remembers what is in the cart."),
];

/// All that the demo sets in its own name.
pub(super) const NAMES: [&str; 5] = ["id", "csrf", "cart", "lang", "player"];

/// Adds to a policy what the demo needs to work: as essential, and only where the policy does not speak of the name.
///
/// # Errors
///
/// The policy cannot be built.
pub(crate) fn declare(policy: PolicyBuilder) -> Result<PolicyBuilder, ConfigError> {
    let built = policy.clone().build()?;
    let missing = NEEDED.into_iter().filter(|(name, _)| built.lookup(name.as_bytes()).is_none());
    Ok(missing.fold(policy, |policy, (name, purpose)| {
        policy.cookie(CookieRule::new(name, Category::ESSENTIAL).purpose(purpose).provider("this site"))
    }))
}

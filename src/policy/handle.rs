//! A policy that another can take the place of while the server runs.

use std::{error::Error, fmt, sync::Arc};

use arc_swap::ArcSwap;

use super::Policy;

/// A policy that another can be published in place of while the server runs. Clones share one.
///
/// Each request is judged by one policy, from its first byte to its answer.
///
/// ```
/// use tower_consent::{ConsentLayer, Policy, PolicyHandle, Revision};
///
/// let first = Policy::builder().revision(Revision::new(1)).build()?;
/// let handle = PolicyHandle::new(first);
/// let layer = ConsentLayer::new(handle.clone());
///
/// let second = Policy::builder().revision(Revision::new(2)).build()?;
/// handle.publish(second)?;
/// assert_eq!(layer.policy().revision().number(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PolicyHandle(Arc<ArcSwap<Policy>>);

impl PolicyHandle {
    /// A handle on this policy.
    pub fn new(policy: impl Into<Arc<Policy>>) -> Self {
        Self(Arc::new(ArcSwap::new(policy.into())))
    }

    /// The policy that counts now.
    #[must_use]
    pub fn current(&self) -> Arc<Policy> {
        self.0.load_full()
    }

    /// Publishes another policy: every request that begins from now on is judged by it.
    ///
    /// # Errors
    ///
    /// A revision below the published one: choices that were made since would come from the future, and be void. Another
    /// name of the consent or the token cookie: what browsers hold would be no cookie of the library's own any more.
    pub fn publish(&self, policy: impl Into<Arc<Policy>>) -> Result<(), PublishError> {
        let policy = policy.into();
        // Of two that publish at a time, the second is checked against the first.
        let mut refused = None;
        self.0.rcu(|current| match objection(current, &policy) {
            Some(error) => {
                refused = Some(error);
                Arc::clone(current)
            }
            None => {
                refused = None;
                Arc::clone(&policy)
            }
        });
        refused.map_or(Ok(()), Err)
    }
}

fn objection(current: &Policy, next: &Policy) -> Option<PublishError> {
    let (published, number) = (current.revision().number(), next.revision().number());
    if number < published {
        return Some(PublishError::Revision { number, published });
    }
    let names =
        |policy: &Policy| [policy.consent_cookie_name().to_owned(), policy.token_rules().cookie_name().to_owned()];
    let pairs = names(current).into_iter().zip(names(next));
    pairs.into_iter().find(|(held, new)| held != new).map(|(held, new)| PublishError::CookieName { held, new })
}

impl From<Policy> for PolicyHandle {
    fn from(policy: Policy) -> Self {
        Self::new(policy)
    }
}

impl From<Arc<Policy>> for PolicyHandle {
    fn from(policy: Arc<Policy>) -> Self {
        Self::new(policy)
    }
}

impl fmt::Debug for PolicyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolicyHandle").field(&self.0.load().revision().number()).finish()
    }
}

/// Why a policy was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// Its revision is below the published one.
    #[non_exhaustive]
    Revision {
        /// The number of the policy that was to be published.
        number: u32,
        /// The number that is published.
        published: u32,
    },
    /// A cookie of the library's own would have another name.
    #[non_exhaustive]
    CookieName {
        /// The name that browsers hold.
        held: String,
        /// The name in the policy that was to be published.
        new: String,
    },
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision { number, published } => {
                write!(f, "revision {number} is below {published}, which is published")
            }
            Self::CookieName { held, new } => {
                write!(f, "the cookie {held:?} would be named {new:?}: browsers hold the old one")
            }
        }
    }
}

impl Error for PublishError {}

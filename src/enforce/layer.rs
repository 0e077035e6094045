//! The layer: what every service of it shares.

use std::sync::Arc;

use tower::{
    Layer,
    layer::util::{Identity, Stack},
};

use super::{
    ConsentService,
    answer_rule::{AnswerRule, AnswerRules},
};
use crate::{
    clock::{Clock, SystemClock},
    policy::{Policy, PolicyHandle},
    report::{Inventory, Observer, Reporter},
};

/// Keeps a [`Policy`]: no cookie passes, in either direction, that the visitor did not agree to.
///
/// # Order
///
/// Outermost. What stands outside of it is not covered; what stands inside sees neither refused cookies nor the need to
/// ask about its own. With axum's `.layer`, the last one added is the outermost:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use tower_consent::{Category, ConsentLayer, Policy};
///
/// let policy = Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).build()?;
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     // session, CSRF and flash layers go here
///     .layer(ConsentLayer::new(policy));
/// # }
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// `L` is what stands directly inside of it: nothing, or the layers that `with_tokens` and its like add.
#[derive(Clone, Debug)]
pub struct ConsentLayer<L = Identity> {
    shared: Arc<Shared>,
    inside: L,
}

/// What all services of a layer share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) policy: PolicyHandle,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) reporter: Reporter,
    pub(super) inventory: Option<Inventory>,
    pub(super) answer_rules: AnswerRules,
    /// Whether one of them says what a page may load.
    pub(super) says_what_loads: bool,
    pub(super) has_debug_header: bool,
}

impl ConsentLayer {
    /// A layer that keeps this policy, or whichever a [`PolicyHandle`] has published last.
    pub fn new(policy: impl Into<PolicyHandle>) -> Self {
        Self {
            shared: Arc::new(Shared {
                policy: policy.into(),
                clock: Arc::new(SystemClock),
                reporter: Reporter::default(),
                inventory: None,
                answer_rules: AnswerRules::default(),
                says_what_loads: false,
                has_debug_header: false,
            }),
            inside: Identity::new(),
        }
    }
}

impl<L> ConsentLayer<L> {
    /// The policy that it keeps now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.shared.policy.current()
    }

    /// The policy, and whichever is published in its place.
    pub(crate) fn policy_handle(&self) -> PolicyHandle {
        self.shared.policy.clone()
    }

    /// Puts a layer directly inside of this one, outside of those that stand there already.
    #[must_use]
    pub(crate) fn with_inside<M>(self, layer: M) -> ConsentLayer<Stack<L, M>> {
        ConsentLayer { shared: self.shared, inside: Stack::new(self.inside, layer) }
    }

    /// Adds header fields that follow from the final decision.
    #[must_use]
    pub(crate) fn with_answer_rule(mut self, rule: impl AnswerRule) -> Self {
        let shared = Arc::make_mut(&mut self.shared);
        shared.says_what_loads |= rule.says_what_loads();
        shared.answer_rules.add(Arc::new(rule));
        self
    }

    /// Takes the time from another clock: for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.shared).clock = Arc::new(clock);
        self
    }

    /// Adds somebody who hears of what happens to cookies.
    #[must_use]
    pub fn add_observer(mut self, observer: impl Observer) -> Self {
        Arc::make_mut(&mut self.shared).reporter.add(Arc::new(observer));
        self
    }

    /// Tells an [`Inventory`] of every cookie, in both directions, enforced or not. Requests for which the layer stands
    /// down are not seen.
    #[must_use]
    pub fn with_inventory(mut self, inventory: Inventory) -> Self {
        Arc::make_mut(&mut self.shared).inventory = Some(inventory);
        self
    }

    /// In a debug build, answers with a `consent-debug` header that lists the cookies held back and why. A release build
    /// never does.
    #[must_use]
    pub fn with_debug_header(mut self) -> Self {
        Arc::make_mut(&mut self.shared).has_debug_header = true;
        self
    }
}

impl<S, L: Layer<S>> Layer<S> for ConsentLayer<L> {
    type Service = ConsentService<L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        ConsentService::new(self.inside.layer(inner), Arc::clone(&self.shared))
    }
}

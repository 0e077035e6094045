//! The layer: what every service of it shares.

use std::sync::Arc;

use tower::Layer;

use super::ConsentService;
use crate::{
    clock::{Clock, SystemClock},
    policy::Policy,
    report::{Observer, Reporter},
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
#[derive(Clone, Debug)]
pub struct ConsentLayer {
    shared: Arc<Shared>,
}

/// What all services of a layer share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) policy: Arc<Policy>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) reporter: Reporter,
    pub(super) has_debug_header: bool,
}

impl ConsentLayer {
    /// A layer that keeps this policy.
    pub fn new(policy: impl Into<Arc<Policy>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                policy: policy.into(),
                clock: Arc::new(SystemClock),
                reporter: Reporter::default(),
                has_debug_header: false,
            }),
        }
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

    /// In a debug build, answers with a `consent-debug` header that lists the cookies held back and why. A release build
    /// never does.
    #[must_use]
    pub fn with_debug_header(mut self) -> Self {
        Arc::make_mut(&mut self.shared).has_debug_header = true;
        self
    }
}

impl<S> Layer<S> for ConsentLayer {
    type Service = ConsentService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ConsentService::new(inner, Arc::clone(&self.shared))
    }
}

//! The layer: what every service of it shares.

use std::{fmt, net::IpAddr, sync::Arc};

use http::request::Parts;
use tower::{Layer, layer::util::Stack};

use super::{client::TrustedProxies, handle::VisitLog, service::VisitService};
use crate::{
    enforce::ConsentLayer,
    policy::{Detail, PolicyHandle},
};

/// Writes a line of each request into a [`VisitLog`], as far as the visitor may be tracked.
///
/// 1. [`ConsentLayer::with_visits`] puts it just inside of a consent layer. What is written is what the policy declares
///    ([`VisitRules`](crate::VisitRules)): much of who may be tracked, little of who may not.
/// 2. A visit is tracked where the decision on the request allows it **and** the final one does, which counts what the
///    answer changes: a withdrawal, a [`Narrow`](crate::Narrow). Of the others no address, user agent, referrer or query
///    is ever read, or it is let go before the line is queued.
/// 3. Cookies, tokens and bodies are never read.
/// 4. The line is written when the answer's body has ended or is given up, or when there is no answer.
/// 5. Where no consent layer stands outside, or where it stands down, nobody may be tracked.
///
/// A path can name a person or hold a secret (`/reset/…`): where the site's do, set `path` to
/// [`none`](crate::PathDetail::None).
///
/// # The client's address
///
/// A server knows the connection's other end; this layer has to be told where it stands. For axum:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use std::net::SocketAddr;
///
/// use axum::{Router, extract::ConnectInfo};
/// use tower_consent::{ConsentLayer, MemorySink, Policy, ProxyHeader, TrustedProxies, VisitLayer, VisitLog};
///
/// let visits = VisitLayer::new(VisitLog::to(MemorySink::new())?)
///     .with_peer(|parts| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
///     // Only where such a proxy stands in front:
///     .with_proxies(TrustedProxies::new(ProxyHeader::XForwardedFor, ["10.0.0.0/8"])?);
/// let app: Router = Router::new().layer(ConsentLayer::new(Policy::builder().build()?).with_visits(visits));
/// // and: axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Defaults
///
/// No address is known, and no proxy is trusted.
#[derive(Clone, Debug)]
pub struct VisitLayer {
    settings: Arc<Settings>,
}

/// What all services of a layer share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) log: VisitLog,
    pub(super) peer: Option<Peer>,
    pub(super) proxies: Option<Arc<TrustedProxies>>,
    /// For requests from which the consent layer stands down.
    pub(super) policy: Option<PolicyHandle>,
}

/// Finds the other end of the connection.
type Peer = Arc<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;

impl Settings {
    /// What is written where there is no decision.
    pub(super) fn without_decision(&self) -> Detail {
        self.policy.as_ref().map_or(Detail::UNTRACKED, |policy| policy.current().visits.untracked)
    }
}

impl VisitLayer {
    /// A layer that writes into this log.
    #[must_use]
    pub fn new(log: VisitLog) -> Self {
        Self { settings: Arc::new(Settings { log, peer: None, proxies: None, policy: None }) }
    }

    /// Where the address of the connection's other end stands. It is asked only for visits that may be tracked, and only
    /// where the policy declares the address.
    ///
    /// A server behind a Unix socket answers with an address that its [`TrustedProxies`] name, such as 127.0.0.1.
    #[must_use]
    pub fn with_peer(mut self, peer: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.settings).peer = Some(Arc::new(peer));
        self
    }

    /// The proxies that stand in front, and the field in which they tell whom they speak for.
    #[must_use]
    pub fn with_proxies(mut self, proxies: TrustedProxies) -> Self {
        Arc::make_mut(&mut self.settings).proxies = Some(Arc::new(proxies));
        self
    }
}

impl From<VisitLog> for VisitLayer {
    fn from(log: VisitLog) -> Self {
        Self::new(log)
    }
}

impl<S> Layer<S> for VisitLayer {
    type Service = VisitService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        self.settings.log.begin();
        VisitService::new(inner, Arc::clone(&self.settings))
    }
}

impl<L> ConsentLayer<L> {
    /// Adds the visit log, just inside of this layer. Takes a [`VisitLog`], or a [`VisitLayer`] with more settings. Its
    /// lines are kept for as long as the policy says ([`Retention::visit_log`](crate::Retention::visit_log)).
    #[must_use]
    pub fn with_visits(self, visits: impl Into<VisitLayer>) -> ConsentLayer<Stack<L, VisitLayer>> {
        let mut layer = visits.into();
        let policy = self.policy_handle();
        layer.settings.log.add_policy(policy.clone());
        Arc::make_mut(&mut layer.settings).policy = Some(policy);
        self.with_inside(layer)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("log", &self.log)
            .field("has_peer", &self.peer.is_some())
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}

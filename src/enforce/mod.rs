//! The tower layer.
//!
//! 1. [`ConsentLayer`] goes outermost, so that it sees every `Set-Cookie` line, whichever layer or handler wrote it, and
//!    so that nothing inside sees a refused cookie.
//! 2. It does no I/O, takes no lock (an [`Inventory`](crate::Inventory), where one is attached, takes a short one) and cannot
//!    fail: the inner service's error passes through as it is.
//! 3. One value goes into the request's extensions: [`ConsentContext`].
//!
//! # Caveats
//!
//! In axum, routes added *after* `.layer(..)` are not covered. See [`manual::deployment`](crate::manual::deployment) for
//! layer order, proxies and caches.

mod answer_rule;
mod context;
mod future;
mod layer;
mod notes;
mod service;
mod sightings;

pub(crate) use self::answer_rule::AnswerRule;
#[cfg(feature = "pages")]
pub(crate) use self::future::is_forgotten;
pub use self::{context::ConsentContext, future::ResponseFuture, layer::ConsentLayer, service::ConsentService};

//! The visit log: a line of each request, as far as the visitor may be tracked.

mod body;
mod client;
mod draft;
mod forwarded;
mod handle;
mod layer;
mod line;
mod service;
mod sinks;
mod text;
mod visit;
mod writer;

#[cfg(feature = "tracing")]
pub use self::sinks::TracingSink;
pub use self::{
    body::VisitBody,
    client::{NetworkError, ProxyHeader, TrustedProxies},
    handle::{VisitLog, VisitLogBuilder},
    layer::VisitLayer,
    service::{VisitFuture, VisitService},
    sinks::{JsonLinesSink, MemorySink, VisitSink},
    visit::Visit,
};
use super::{anonymize, without_parameters};

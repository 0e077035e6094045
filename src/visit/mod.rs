//! What a server gives away of a visit, beside cookies: the visit log, counters, header fields.

pub mod anonymize;
mod body;
mod client;
mod counts;
mod csp;
mod document;
mod forwarded;
mod hidden;
mod layer;
mod line;
mod log;
mod service;
mod sinks;
mod text;
mod traits;
#[expect(clippy::module_inception, reason = "the room is named after it")]
mod visit;
mod writer;

#[cfg(feature = "pages")]
pub(crate) use self::csp::depends_on_visitor;
use self::document::is_document;
#[cfg(feature = "tracing")]
pub use self::sinks::TracingSink;
pub use self::{
    body::VisitBody,
    client::{NetworkError, ProxyHeader, TrustedProxies},
    counts::{
        CountFuture, CountLayer, CountReport, CountService, Counted, DayReport, OutcomeCount, SignalsSeen, VisitCounts,
        VisitCountsBuilder, VisitOutcome,
    },
    csp::{ContentSecurityPolicy, CspLayer, CspService, Load},
    hidden::{HiddenFields, HiddenLayer, HiddenService},
    layer::VisitLayer,
    log::{VisitLog, VisitLogBuilder},
    service::{VisitFuture, VisitService},
    sinks::{JsonLinesSink, MemorySink, VisitSink},
    visit::Visit,
};

//! What a server gives away of a visit, beside cookies: the visit log, counters, header fields.

pub mod anonymize;
mod counts;
mod csp;
mod document;
mod hidden;
mod log;
mod path;

#[cfg(feature = "pages")]
pub(crate) use self::csp::depends_on_visitor;
pub(crate) use self::hidden::hide_again;
#[cfg(feature = "tracing")]
pub use self::log::TracingSink;
pub use self::{
    counts::{
        CountFuture, CountLayer, CountReport, CountService, Counted, DayReport, OutcomeCount, SignalsSeen, VisitCounts,
        VisitCountsBuilder, VisitOutcome,
    },
    csp::{ContentSecurityPolicy, CspLayer, CspService, Load},
    hidden::{HiddenFields, HiddenLayer, HiddenService},
    log::{
        JsonLinesSink, MemorySink, NetworkError, ProxyHeader, TrustedProxies, Visit, VisitBody, VisitFuture,
        VisitLayer, VisitLog, VisitLogBuilder, VisitService, VisitSink,
    },
};
use self::{document::is_document, path::without_parameters};

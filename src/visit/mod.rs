//! What a server gives away of a visit, beside cookies: the visit log, counters, header fields.

pub mod anonymize;
mod counts;
mod csp;
mod document;
mod hidden;

#[cfg(feature = "pages")]
pub(crate) use self::csp::depends_on_visitor;
use self::document::is_document;
pub use self::{
    counts::{
        CountFuture, CountLayer, CountReport, CountService, Counted, DayReport, OutcomeCount, SignalsSeen, VisitCounts,
        VisitCountsBuilder, VisitOutcome,
    },
    csp::{ContentSecurityPolicy, CspLayer, CspService, Load},
    hidden::{HiddenFields, HiddenLayer, HiddenService},
};

//! What a server gives away of a visit, beside cookies: the visit log, counters, header fields.

pub mod anonymize;
mod counts;

pub use self::counts::{
    CountFuture, CountLayer, CountReport, CountService, Counted, DayReport, OutcomeCount, SignalsSeen, VisitCounts,
    VisitCountsBuilder, VisitOutcome,
};

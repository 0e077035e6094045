//! Lines as events.

use std::io;

use super::VisitSink;
use crate::visit::Visit;

/// Writes each line as an event of the target `tower_consent::visits` at info level.
///
/// # Caveats
///
/// What a subscriber writes is kept for as long as it likes: the policy's retention is its operator's to keep.
/// [`JsonLinesSink`](super::JsonLinesSink) keeps it by itself. A subscriber adds a time of its own; for who may not be tracked
/// it is that of the end of what the line says.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingSink;

impl TracingSink {
    /// The sink.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl VisitSink for TracingSink {
    fn write(&mut self, visit: &Visit) -> io::Result<()> {
        let time = visit.time.to_string();
        let address = visit.address().map(|address| address.to_string());
        // Strings, which subscribers quote: what a visitor sent must not look like another field.
        tracing::info!(
            target: "tower_consent::visits",
            visit = time.as_str(),
            method = visit.method(),
            host = visit.host(),
            path = visit.path(),
            status = visit.status().map(|status| status.as_u16()),
            duration_ms = visit.milliseconds(),
            bytes = visit.bytes(),
            address = address.as_deref(),
            user_agent = visit.user_agent(),
            referrer = visit.referrer(),
            is_tracked = visit.is_tracked(),
            is_complete = visit.is_complete(),
        );
        Ok(())
    }
}

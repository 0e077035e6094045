//! Where lines of the visit log go.

mod json_lines;
mod memory;
#[cfg(feature = "tracing")]
mod tracing;

use std::io;

use time::Date;

#[cfg(feature = "tracing")]
pub use self::tracing::TracingSink;
pub use self::{json_lines::JsonLinesSink, memory::MemorySink};
use super::visit::Visit;

/// Takes the lines of a [`VisitLog`](crate::VisitLog). It is called on the log's own thread, one call at a time, and may
/// take its time: lines that do not fit into the queue meanwhile are dropped and counted.
///
/// An error is counted ([`VisitLog::failed`](crate::VisitLog::failed)) and told once through `tracing`; the next line is
/// tried again.
pub trait VisitSink: Send + 'static {
    /// Takes one line. It may keep it in memory until [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// The line is lost.
    fn write(&mut self, visit: &Visit) -> io::Result<()>;

    /// Writes what is kept in memory. Called after each batch, and before the log ends.
    ///
    /// # Errors
    ///
    /// What was taken since the last call may be lost.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Deletes the lines of all UTC days before this one: they are older than the policy declares. A sink that passes its
    /// lines on cannot, and does nothing: then whoever has them must.
    ///
    /// # Errors
    ///
    /// Not everything was deleted; it is tried again.
    fn purge(&mut self, first_kept: Date) -> io::Result<()> {
        let _passed_on = first_kept;
        Ok(())
    }
}

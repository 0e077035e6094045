//! Lines in memory.

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::Date;

use super::VisitSink;
use crate::visit::Visit;

/// Keeps lines in memory, without a bound: for tests. Clones share one list.
///
/// ```
/// use tower_consent::{MemorySink, VisitLog};
///
/// let sink = MemorySink::new();
/// let log = VisitLog::to(sink.clone())?;
/// log.flush();
/// assert!(sink.visits().is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MemorySink(Arc<Mutex<Vec<Visit>>>);

impl MemorySink {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written so far. [Flush](crate::VisitLog::flush) the log first.
    #[must_use]
    pub fn visits(&self) -> Vec<Visit> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Visit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VisitSink for MemorySink {
    fn write(&mut self, visit: &Visit) -> io::Result<()> {
        self.lock().push(visit.clone());
        Ok(())
    }

    fn purge(&mut self, first_kept: Date) -> io::Result<()> {
        self.lock().retain(|visit| visit.day() >= first_kept);
        Ok(())
    }
}

impl fmt::Debug for MemorySink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySink").field("visits", &self.lock().len()).finish()
    }
}

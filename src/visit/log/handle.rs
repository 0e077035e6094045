//! The visit log: a bounded queue, and a thread that writes what comes out of it.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use time::Date;

use super::{
    draft::Draft,
    sinks::VisitSink,
    writer::{Task, Writer},
};
use crate::{
    clock::{Clock, SystemClock},
    policy::{Lifetime, Policy, PolicyHandle, Retention, day_of},
};

/// Where visits are written. Clones share one queue and one thread.
///
/// A request never waits: its line goes into a queue of bounded length, and where that is full the line is
/// [dropped and counted](Self::dropped). A thread writes the lines to the sinks, and deletes what is older than the
/// policy's [`Retention::visit_log`], also while nobody visits.
///
/// Lines of who may not be tracked are written when the minute in which they came is over (the hour or the day, where the
/// policy lets them say no more of their time), in the order of their text: so their place between other lines, and the time
/// that a subscriber or a file system adds, tell no more than they say. As many of them wait as the queue holds; then they are
/// written earlier. A crash loses those that wait.
///
/// When the last handle is dropped (that of the layer, of the application, and of the last answer under way), what is
/// queued is written; the drop waits for that.
///
/// ```no_run
/// use tower_consent::{ConsentLayer, JsonLinesSink, Policy, VisitLog};
///
/// let policy = Policy::builder().build()?;
/// let log = VisitLog::to(JsonLinesSink::open("/var/log/shop")?)?;
/// let layer = ConsentLayer::new(policy).with_visits(log.clone());
/// // At shut-down, or where the lines are wanted now:
/// log.flush();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Defaults
///
/// | | |
/// |---|---|
/// | capacity of the queue | 8,192 lines |
/// | looks for what is over | every minute |
/// | keeps for | what the policy says; without a consent layer 30 days |
#[derive(Clone)]
pub struct VisitLog(Arc<Inner>);

struct Inner {
    /// Gone only while this is dropped.
    queue: Option<SyncSender<Task>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What the thread and the handles share.
pub(super) struct Shared {
    pub(super) dropped: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether a layer is in use: before that, what to keep is not known.
    in_use: AtomicBool,
    kept: Mutex<Kept>,
}

/// How long lines are kept: of all that is said the shortest.
#[derive(Debug)]
struct Kept {
    at_most: Option<Lifetime>,
    policies: Vec<PolicyHandle>,
    /// What the policy of the last request said, where a layer knows none.
    seen: Option<Lifetime>,
}

impl VisitLog {
    /// A log that writes to this sink.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn to(sink: impl VisitSink) -> io::Result<Self> {
        Self::builder(sink).build()
    }

    /// A log with more settings.
    pub fn builder(sink: impl VisitSink) -> VisitLogBuilder {
        VisitLogBuilder {
            sinks: vec![Box::new(sink)],
            capacity: 8_192,
            interval: Duration::from_secs(60),
            at_most: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Lines that were not written because the queue was full, or its thread is gone.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.shared.dropped.load(Ordering::Relaxed)
    }

    /// Lines that a sink could not write. A line that two sinks could not write counts twice.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.0.shared.failed.load(Ordering::Relaxed)
    }

    /// Waits until everything that is queued now is written, and what is over is deleted: for shut-down and tests. It
    /// blocks the calling thread.
    pub fn flush(&self) {
        let (done, written) = mpsc::sync_channel(1);
        if self.0.queue.as_ref().is_some_and(|queue| queue.send(Task::Flush(done)).is_ok()) {
            // Where the thread is gone, there is nothing to wait for.
            written.recv().unwrap_or_default();
        }
    }

    /// Queues a line, or drops it.
    pub(super) fn write(&self, draft: Draft) {
        if self.0.queue.as_ref().is_some_and(|queue| queue.try_send(Task::Write(draft)).is_err()) {
            self.0.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn now(&self) -> i64 {
        self.0.shared.clock.unix_seconds()
    }

    /// Keeps lines no longer than this policy says, or whichever is published in its place.
    pub(super) fn add_policy(&self, policy: PolicyHandle) {
        self.0.shared.kept().policies.push(policy);
    }

    /// Keeps lines no longer than the policy of a request says.
    pub(super) fn see_policy(&self, policy: &Policy) {
        self.0.shared.kept().seen = Some(policy.retention().visit_log());
    }

    /// What to keep is known now: what is over goes at once, because a process may be restarted more often than it looks.
    pub(super) fn begin(&self) {
        if !self.0.shared.in_use.swap(true, Ordering::AcqRel)
            && let Some(queue) = &self.0.queue
        {
            // Where the queue is full, the thread looks by itself.
            drop(queue.try_send(Task::Purge));
        }
    }
}

impl Shared {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first day whose lines are not over; none while that is not known.
    pub(super) fn first_kept(&self) -> Option<Date> {
        if !self.in_use.load(Ordering::Acquire) {
            return None;
        }
        let now = self.clock.unix_seconds();
        let kept = self.kept();
        let policies = kept.policies.iter().map(|policy| policy.current().retention().visit_log());
        let first = policies.chain(kept.at_most).chain(kept.seen).map(|lifetime| first_kept(lifetime, now)).max();
        Some(first.unwrap_or_else(|| first_kept(Retention::default().visit_log(), now)))
    }
}

/// The first day that is not over. A day is over when what began with it has ended, so that nothing is kept longer than
/// declared; today never is, because lines are deleted by the day.
fn first_kept(lifetime: Lifetime, now: i64) -> Date {
    let mut day = day_of(now);
    while let Some(before) = day.previous_day() {
        if lifetime.end_from_day(before) <= now {
            break;
        }
        day = before;
    }
    day
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The thread ends when it has written what is left.
        drop(self.queue.take());
        // A sink may hold the last handle: a thread cannot wait for itself.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            drop(thread.join());
        }
    }
}

impl fmt::Debug for VisitLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitLog")
            .field("dropped", &self.dropped())
            .field("failed", &self.failed())
            .finish_non_exhaustive()
    }
}

/// Settings of a [`VisitLog`].
#[must_use]
pub struct VisitLogBuilder {
    sinks: Vec<Box<dyn VisitSink>>,
    capacity: usize,
    interval: Duration,
    at_most: Option<Lifetime>,
    clock: Arc<dyn Clock>,
}

impl VisitLogBuilder {
    /// Writes every line to this sink too.
    pub fn add_sink(mut self, sink: impl VisitSink) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Lines that wait at most; at least one. What comes when so many wait is dropped.
    pub fn capacity(mut self, lines: usize) -> Self {
        self.capacity = lines.max(1);
        self
    }

    /// Keeps lines no longer than this, where a policy says more, or where there is none. Lines are deleted by the UTC
    /// day: less than a day is a day.
    pub const fn keep_at_most(mut self, lifetime: Lifetime) -> Self {
        self.at_most = Some(lifetime);
        self
    }

    /// How often the thread looks for what is over; at least a millisecond lies between.
    pub const fn purge_every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Takes the time from another clock: for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn build(self) -> io::Result<VisitLog> {
        let shared = Arc::new(Shared {
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            clock: self.clock,
            in_use: AtomicBool::new(false),
            kept: Mutex::new(Kept { at_most: self.at_most, policies: Vec::new(), seen: None }),
        });
        let (queue, tasks) = mpsc::sync_channel(self.capacity);
        let interval = self.interval.max(Duration::from_millis(1));
        let writer = Writer::new(tasks, Arc::clone(&shared), self.sinks, self.capacity, interval);
        let thread = thread::Builder::new().name("visit-log".to_owned()).spawn(move || writer.run())?;
        Ok(VisitLog(Arc::new(Inner { queue: Some(queue), thread: Some(thread), shared })))
    }
}

impl fmt::Debug for VisitLogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitLogBuilder")
            .field("capacity", &self.capacity)
            .field("interval", &self.interval)
            .field("at_most", &self.at_most)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_day_is_kept_no_longer_than_declared() {
        let now = |moment: time::OffsetDateTime| moment.unix_timestamp();
        for (lifetime, moment, first) in [
            (Lifetime::days(30), datetime!(2026-11-22 10:40 UTC), date!(2026 - 10 - 24)),
            (Lifetime::days(30), datetime!(2026-11-22 0:00 UTC), date!(2026 - 10 - 24)),
            (Lifetime::days(30), datetime!(2026-11-21 23:59:59 UTC), date!(2026 - 10 - 23)),
            (Lifetime::days(1), datetime!(2026-11-22 10:40 UTC), date!(2026 - 11 - 22)),
            (Lifetime::seconds(60), datetime!(2026-11-22 10:40 UTC), date!(2026 - 11 - 22)),
            (Lifetime::months(1), datetime!(2026-03-01 0:00 UTC), date!(2026 - 02 - 02)),
        ] {
            assert_eq!(first_kept(lifetime, now(moment)), first, "{lifetime} at {moment}");
        }
    }
}

//! The thread of a visit log.

use std::{
    io,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use time::Date;

use super::{draft::Draft, handle::Shared, sinks::VisitSink, visit::Visit};

/// After a batch the thread sleeps for this long without waiting for the queue: a request that finds it waiting has to
/// wake it, which costs more than all the rest. So at most every twentieth millisecond has such a request.
const PAUSE: Duration = Duration::from_millis(20);

/// What the queue holds.
#[expect(
    clippy::large_enum_variant,
    reason = "a box would be given back by another thread than took it, which is dear"
)]
pub(super) enum Task {
    Write(Draft),
    Purge,
    Flush(SyncSender<()>),
}

pub(super) struct Writer {
    tasks: Receiver<Task>,
    shared: Arc<Shared>,
    outlets: Vec<Outlet>,
    capacity: usize,
    interval: Duration,
    first_kept: Option<Date>,
    held: Held,
}

/// Lines of who may not be tracked, until what they say of their time is over: the minute, or the hour or day.
///
/// Between two lines with seconds their place would tell the second, and one behind the other they would tell who went
/// where. So they are written when the minute is over, in the order of their text.
#[derive(Default)]
struct Held {
    visits: Vec<Visit>,
    /// The end of the minute in which they came, or of what is longer (Unix seconds).
    until: i64,
    /// The longest that one of them waits, in seconds.
    span: i64,
}

/// A sink, and what is known of its health.
struct Outlet {
    sink: Box<dyn VisitSink>,
    /// Lines since it last said that all is written.
    pending: u64,
    was_told: bool,
}

impl Writer {
    pub(super) fn new(
        tasks: Receiver<Task>,
        shared: Arc<Shared>,
        sinks: Vec<Box<dyn VisitSink>>,
        capacity: usize,
        interval: Duration,
    ) -> Self {
        let outlets = sinks.into_iter().map(|sink| Outlet { sink, pending: 0, was_told: false }).collect();
        Self { tasks, shared, outlets, capacity, interval, first_kept: None, held: Held::default() }
    }

    /// Runs until the last handle is gone and everything is written.
    pub(super) fn run(mut self) {
        let mut looked = Instant::now();
        loop {
            if looked.elapsed() >= self.interval {
                self.purge();
                looked = Instant::now();
            }
            let left = self.interval.saturating_sub(looked.elapsed());
            let now = self.shared.clock.unix_seconds();
            match self.tasks.recv_timeout(self.held.left(now).map_or(left, |held| left.min(held))) {
                Ok(task) => {
                    self.work(task);
                    self.flush();
                    thread::sleep(PAUSE.min(left));
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.release_over();
                    self.flush();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.release();
        self.flush();
    }

    /// Does this task and those that wait, but not for ever: what is over must go under load too.
    fn work(&mut self, first: Task) {
        self.first_kept = self.shared.first_kept();
        self.release_over();
        self.perform(first);
        for _ in 1..self.capacity {
            let Ok(task) = self.tasks.try_recv() else { return };
            self.perform(task);
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Write(draft) if draft.is_tracked() => self.write(&draft.into_visit()),
            Task::Write(draft) => {
                self.held.push(draft.into_visit(), self.shared.clock.unix_seconds());
                if self.held.visits.len() >= self.capacity {
                    self.release();
                }
            }
            Task::Purge => self.purge(),
            Task::Flush(done) => {
                self.release();
                self.purge();
                self.flush();
                // Who asked may be gone.
                done.send(()).unwrap_or_default();
            }
        }
    }

    fn write(&mut self, visit: &Visit) {
        // An answer can take longer than its line may be kept.
        if self.first_kept.is_none_or(|first| visit.day() >= first) {
            for outlet in &mut self.outlets {
                outlet.write(visit, &self.shared);
            }
        }
    }

    /// Writes what is held, where its minute (or what is longer) is over.
    fn release_over(&mut self) {
        if self.held.left(self.shared.clock.unix_seconds()).is_some_and(|left| left.is_zero()) {
            self.release();
        }
    }

    fn release(&mut self) {
        let mut visits = std::mem::take(&mut self.held).visits;
        visits.sort_by_cached_key(|visit| serde_json::to_string(visit).unwrap_or_default());
        visits.iter().for_each(|visit| self.write(visit));
    }

    fn flush(&mut self) {
        for outlet in &mut self.outlets {
            outlet.flush(&self.shared);
        }
    }

    fn purge(&mut self) {
        self.first_kept = self.shared.first_kept();
        if let Some(first) = self.first_kept {
            for outlet in &mut self.outlets {
                let purged = outlet.sink.purge(first);
                outlet.note(purged, "what is over is not deleted");
            }
        }
    }
}

impl Held {
    fn push(&mut self, visit: Visit, now: i64) {
        let span = visit.time.span();
        self.span = self.span.max(span);
        self.until = self.until.max(now.saturating_sub(now.rem_euclid(span)).saturating_add(span));
        self.visits.push(visit);
    }

    /// How long they are still held; nothing where none are.
    fn left(&self, now: i64) -> Option<Duration> {
        // More than that is left only where the clock was set back: that must not hold them until it has caught up.
        let left = self.until.saturating_sub(now);
        let left = u64::try_from(left).ok().filter(|_| left <= self.span);
        (!self.visits.is_empty()).then(|| Duration::from_secs(left.unwrap_or_default()))
    }
}

impl Outlet {
    fn write(&mut self, visit: &Visit, shared: &Shared) {
        let written = self.sink.write(visit);
        self.pending += 1;
        if written.is_err() {
            // What stood in the sink's memory may be lost with it.
            shared.failed.fetch_add(std::mem::take(&mut self.pending), Ordering::Relaxed);
        }
        self.note(written, "visits are not written");
    }

    fn flush(&mut self, shared: &Shared) {
        if self.pending == 0 {
            return;
        }
        let flushed = self.sink.flush();
        let lines = std::mem::take(&mut self.pending);
        if flushed.is_err() {
            shared.failed.fetch_add(lines, Ordering::Relaxed);
        } else {
            self.was_told = false;
        }
        self.note(flushed, "visits are not written");
    }

    /// Tells of the first failure, and again of the first after it has worked.
    fn note(&mut self, outcome: io::Result<()>, what: &'static str) {
        let Err(error) = outcome else { return };
        if !self.was_told {
            self.was_told = true;
            tell(&error, what);
        }
    }
}

#[cfg(feature = "tracing")]
fn tell(error: &io::Error, what: &'static str) {
    tracing::warn!(target: "tower_consent", %error, "{what}; they are counted until it works again");
}

#[cfg(not(feature = "tracing"))]
const fn tell(_: &io::Error, _: &'static str) {}

//! A thread that sweeps a store at every interval, until the store goes away.

use std::{
    fmt, io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// How often a store sweeps, unless it is told otherwise.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_secs(300);

/// Whole seconds of an interval, at least one: what an end must lie back before a token is deleted.
pub(crate) fn whole_seconds(interval: Duration) -> i64 {
    i64::try_from(interval.as_secs()).unwrap_or(i64::MAX).max(1)
}

/// A sweep that failed is told to the log: nobody waits for it.
#[cfg(all(feature = "tracing", any(feature = "redb", feature = "postgres")))]
pub(crate) fn tell_of_sweep(error: &super::error::StoreError) {
    tracing::warn!(target: "tower_consent", %error, "ended tokens were not deleted; the next sweep tries again");
}

#[cfg(all(not(feature = "tracing"), any(feature = "redb", feature = "postgres")))]
pub(crate) const fn tell_of_sweep(_error: &super::error::StoreError) {}

/// The running thread. Dropping it ends the thread, and waits for it.
pub(crate) struct Sweeper {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// Tells a sweep that it should end.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(crate) fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Sleeps for this long; `false` if it was woken to end.
    fn sleep(&self, interval: Duration) -> bool {
        let guard = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let (guard, _) =
            self.changed.wait_timeout_while(guard, interval, |is_set| !*is_set).unwrap_or_else(PoisonError::into_inner);
        !*guard
    }
}

impl Sweeper {
    /// Runs `sweep` now, because a process may be restarted more often than it sweeps, and then at every interval; on a
    /// thread of its own. A long sweep looks at its [`Stop`] now and then.
    pub(crate) fn start(interval: Duration, sweep: impl Fn(&Stop) + Send + 'static) -> io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let seen = Arc::clone(&stop);
        let run = move || {
            sweep(&seen);
            while seen.sleep(interval) {
                sweep(&seen);
            }
        };
        let thread = Builder::new().name("token-sweep".to_owned()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take() {
            // It ends by itself if it panicked; there is nobody to tell.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Sweeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sweeper")
    }
}

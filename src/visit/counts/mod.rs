//! Counters by day: how many came, with which kind of browser, and what they chose. Nobody is in them.
//!
//! 1. What is counted is numbers under a few names: no address, no identifier, no time finer than the day.
//! 2. Who must not be tracked enters totals only: visits, page views, consent outcomes, signals, cookies held back. Pages,
//!    browsers and systems are counted of who may be tracked, by the request's decision *and* the final one, and as far
//!    as the policy lets them be written at all ([`VisitRules`](crate::VisitRules)).
//! 3. Only days that are over are shown: two looks at a running day would differ by one visitor.
//! 4. A group below a minimum size is not shown, nor can it be worked out: see [`CountReport`].
//! 5. Days are kept for as long as [`Retention::day_counts`](crate::Retention::day_counts) says.

mod arrival;
mod group;
mod keep;
mod layer;
mod prometheus;
mod report;
mod suppress;
mod tally;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::Date;

use self::{
    arrival::Arrival,
    group::VisitGroup,
    tally::{Key, Paths, Tally},
};
pub use self::{
    group::{SignalsSeen, VisitOutcome},
    layer::{CountFuture, CountLayer, CountService},
    report::{CountReport, Counted, DayReport, OutcomeCount},
};
use crate::{
    clock::{Clock, SystemClock},
    decide::Decision,
    policy::{AgentDetail, Lifetime, PathDetail, Retention, day_of, start_of},
    report::{Action, CookieEvent, Observer},
};

/// Counts visits by day. Cheap to clone; clones share one set of counters.
///
/// A *page view* is an answer of HTML to a GET that asked for a document; a *visit* is a page view that comes from
/// elsewhere. Requests for which the consent layer stands down are not counted.
///
/// ```
/// use tower_consent::{Category, ConsentLayer, Policy, VisitCounts};
///
/// let policy = Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).build()?;
/// let counts = VisitCounts::new();
/// let layer = ConsentLayer::new(policy).with_counts(counts.clone());
/// // In a handler:
/// let report = counts.report();
/// assert!(report.days().is_empty(), "no day is over yet");
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// # Defaults
///
/// Groups of at least 10; the first 200 paths of a day; the system's clock; 25 months, or what the policy says.
///
/// # Caveats
///
/// The counters are in memory: what was counted ends with the process, unless [`Records`](crate::Records::keep_counts) keep
/// it, for many servers together. A visitor who comes ten times is ten visits: who
/// keeps no identifiers cannot tell. A path can name a person (`/users/anna`): it is shown once it was viewed as often as the
/// minimum says. Two handles with different minimums over the same visits show, together, what the lower one shows.
#[derive(Clone)]
pub struct VisitCounts(Arc<Inner>);

struct Inner {
    minimum: u64,
    pages: usize,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    /// The day that runs. It never goes back, whatever the clock does: what was shown of a day that is over stays as it is.
    day: Date,
    tally: Tally,
    paths: Paths,
    /// What is shown of the days before. The small numbers of a day go with its end.
    over: BTreeMap<Date, DayReport>,
    keep: Lifetime,
    /// Where the numbers are kept elsewhere: those of days before that are not written yet.
    unwritten: Option<BTreeMap<Date, Tally>>,
}

/// Settings of [`VisitCounts`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct VisitCountsBuilder {
    minimum: u64,
    pages: usize,
    clock: Arc<dyn Clock>,
}

impl VisitCounts {
    /// The least that a minimum can be.
    const LEAST: u64 = 2;

    /// Counters with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Counters with settings.
    pub fn builder() -> VisitCountsBuilder {
        VisitCountsBuilder { minimum: 10, pages: 200, clock: Arc::new(SystemClock) }
    }

    /// What can be shown of the days that are over, the oldest first.
    #[must_use]
    pub fn report(&self) -> CountReport {
        let state = self.turn();
        CountReport::new(self.0.minimum, state.over.values().cloned().collect())
    }

    /// The counters, of today.
    fn turn(&self) -> MutexGuard<'_, State> {
        let today = day_of(self.0.clock.unix_seconds());
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if today > state.day {
            let tally = std::mem::take(&mut state.tally);
            let day = std::mem::replace(&mut state.day, today);
            state.paths = Paths::default();
            if let Some(unwritten) = &mut state.unwritten {
                unwritten.entry(day).or_default().add_all(tally);
            } else if !tally.is_empty() {
                state.over.insert(day, DayReport::new(day, &tally, self.0.minimum));
            }
            let keep = state.keep;
            state.over.retain(|day, _| keep.end_from_day(*day) > start_of(today));
        }
        state
    }

    fn keep_for(&self, retention: &Retention) {
        self.turn().keep = retention.day_counts();
    }

    /// Counts a page view. `last` is the final decision, which the answer has taken.
    fn count(&self, arrival: &Arrival, last: &Decision) {
        let is_tracked = arrival.who.is_some() && last.may_track();
        let group = VisitGroup::new(last, is_tracked);
        let detail = last.policy().visits.tracked;
        let mut state = self.turn();
        state.keep = last.policy().retention().day_counts();
        let State { tally, paths, .. } = &mut *state;
        tally.add(Key::Views(is_tracked));
        if arrival.is_visit {
            tally.add(Key::Visit(group));
        }
        let Some(who) = arrival.who.as_ref().filter(|_| is_tracked) else { return };
        if arrival.is_visit && detail.user_agent >= AgentDetail::Family {
            tally.add(Key::Browser(who.agent.browser));
            tally.add(Key::System(who.agent.system));
        }
        if detail.path >= PathDetail::Path {
            tally.add(paths.key(&who.path, self.0.pages));
        }
    }
}

impl Default for VisitCounts {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for VisitCounts {
    fn cookie(&self, event: &CookieEvent<'_>) {
        if event.action == Action::Stripped && event.is_enforced {
            self.turn().tally.add(Key::Stripped(event.category));
        }
    }
}

impl fmt::Debug for VisitCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was counted stays out of logs: small groups are in it.
        f.debug_struct("VisitCounts").field("minimum", &self.0.minimum).finish_non_exhaustive()
    }
}

impl VisitCountsBuilder {
    /// The least number that is shown of a group; at least 2, whatever is asked.
    pub fn minimum(mut self, minimum: u64) -> Self {
        self.minimum = minimum.max(VisitCounts::LEAST);
        self
    }

    /// How many paths a day are counted by name: the first ones. The views of all others are counted together.
    pub fn pages(mut self, pages: usize) -> Self {
        self.pages = pages;
        self
    }

    /// Takes the time from another clock: for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The counters.
    #[must_use]
    pub fn build(self) -> VisitCounts {
        let state = State {
            day: day_of(self.clock.unix_seconds()),
            tally: Tally::default(),
            paths: Paths::default(),
            over: BTreeMap::new(),
            keep: Retention::default().day_counts(),
            unwritten: None,
        };
        let Self { minimum, pages, clock } = self;
        VisitCounts(Arc::new(Inner { minimum, pages, clock, state: Mutex::new(state) }))
    }
}

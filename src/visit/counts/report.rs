//! What can be shown.

use std::{cmp::Reverse, collections::BTreeMap, ops::RangeInclusive};

use serde::{Serialize, Serializer};
use time::Date;

use super::{
    group::{SignalsSeen, VisitGroup, VisitOutcome},
    suppress::{is_showable, showable},
    tally::{Key, OTHER_PAGES, Tally},
};
use crate::visit::anonymize::{BrowserFamily, SystemFamily};

/// The row of cookies without a category: no category has such a name.
const UNDECLARED: &str = "(undeclared)";

/// What can be shown of the days that are over: [`VisitCounts::report`](crate::VisitCounts::report).
///
/// Serialises as JSON (or any serde format); [`to_prometheus`](Self::to_prometheus) writes the last day for Prometheus.
///
/// # What is hidden
///
/// A group of fewer than the minimum is left out. It cannot be worked out from what is there:
///
/// 1. Outcomes and signals stand in one table, whose cells have no visit in common: the one sum that holds for them is the
///    total above them. Browsers, systems and pages have one total each, too.
/// 2. From a total and what is shown of it follows the sum of what is hidden: it is always that of two groups or more, and at
///    least the minimum. Where it is not, the next larger group is hidden with them.
/// 3. Where the visits that may be tracked, or those that may not, are fewer than the minimum, neither is shown, outcomes
///    are counted of all together, and browsers, systems and pages are left out.
/// 4. Page views are shown where those that came from a page of the site, which are what visits leave of them, are none or
///    enough; those that may be tracked, where that holds of both parts.
/// 5. A day is shown when it is over, and never changes then. No two reports differ in it.
///
/// A group of nobody is no group: that nobody came with Opera can follow from what is shown. That a group is hidden says
/// that it, or one that is hidden with it, is small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountReport {
    minimum: u64,
    days: Vec<DayReport>,
}

impl CountReport {
    pub(super) const fn new(minimum: u64, days: Vec<DayReport>) -> Self {
        Self { minimum, days }
    }

    /// The least number that is shown of a group.
    #[must_use]
    pub const fn minimum(&self) -> u64 {
        self.minimum
    }

    /// The days on which something was counted, the oldest first.
    #[must_use]
    pub fn days(&self) -> &[DayReport] {
        &self.days
    }
}

/// What can be shown of one UTC day. What is missing is hidden, or was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DayReport {
    /// The day; in JSON as `2026-11-21`.
    #[serde(serialize_with = "as_text")]
    pub day: Date,
    /// Page views that came from elsewhere.
    pub visits: Option<u64>,
    /// Visits that may be tracked.
    pub tracked_visits: Option<u64>,
    /// Answers of HTML to who asked for a document.
    pub page_views: Option<u64>,
    /// Page views that may be tracked.
    pub tracked_page_views: Option<u64>,
    /// Visits by what was chosen and by signals.
    pub outcomes: Vec<OutcomeCount>,
    /// Visits that may be tracked, by browser.
    pub browsers: Vec<Counted<BrowserFamily>>,
    /// Visits that may be tracked, by operating system.
    pub systems: Vec<Counted<SystemFamily>>,
    /// Page views that may be tracked, by path without the query and what stands behind a `;`, the most viewed first. `other` is all that has no counter of its own.
    pub pages: Vec<Counted<String>>,
    /// Cookies that were held back, in either direction, by category; `(undeclared)` is what the policy does not know. These
    /// are cookies, and not visits.
    pub stripped: Vec<Counted<String>>,
}

/// A group and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counted<T> {
    /// What they have in common.
    pub name: T,
    /// How many.
    pub count: u64,
}

/// Visits of one outcome, with the same signals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutcomeCount {
    /// What was chosen.
    pub outcome: VisitOutcome,
    /// The signals that they came with.
    pub signals: SignalsSeen,
    /// Whether they may be tracked; `None` where both are counted together.
    pub is_tracked: Option<bool>,
    /// How many visits.
    pub count: u64,
}

impl DayReport {
    /// What can be shown of a day.
    pub(super) fn new(day: Date, tally: &Tally, minimum: u64) -> Self {
        let groups = tally.cells(|key| if let Key::Visit(group) = key { Some(*group) } else { None });
        let views = tally.cells(|key| if let Key::Views(is_tracked) = key { Some(*is_tracked) } else { None });
        let stripped = tally.cells(|key| match key {
            Key::Stripped(category) => Some(category.map_or_else(|| UNDECLARED.to_owned(), |name| name.to_string())),
            _ => None,
        });
        let visits = Split::new(sums(groups.iter().map(|(group, count)| (group.is_tracked, *count))), minimum);
        let views = sums(views.into_iter());
        // Every visit is a view: who knows both numbers knows the views that came from a page of the site.
        let [[untracked_visits, tracked_visits], [untracked_views, tracked_views]] = [visits.parts, views];
        let inside = [untracked_views.saturating_sub(untracked_visits), tracked_views.saturating_sub(tracked_visits)];
        let inside = Split::new(inside, minimum);
        let page_views = untracked_views.saturating_add(tracked_views);
        let shows_views = is_showable(page_views, minimum) && (!visits.is_shown || inside.is_shown);
        let mut report = Self {
            day,
            visits: visits.total(),
            tracked_visits: visits.tracked(),
            page_views: shows_views.then_some(page_views),
            tracked_page_views: None,
            outcomes: outcomes(&visits, groups, minimum),
            browsers: Vec::new(),
            systems: Vec::new(),
            pages: Vec::new(),
            stripped: stripped.into_iter().filter(|(_, count)| *count >= minimum).map(counted).collect(),
        };
        let Some(tracked) = report.tracked_visits else { return report };
        let browsers = tally.cells(|key| if let Key::Browser(family) = key { Some(*family) } else { None });
        let systems = tally.cells(|key| if let Key::System(family) = key { Some(*family) } else { None });
        report.browsers = shown(tracked, browsers, minimum).map(counted).collect();
        report.systems = shown(tracked, systems, minimum).map(counted).collect();
        report.tracked_page_views = inside.tracked().map(|_| tracked_views);
        if let Some(tracked) = report.tracked_page_views {
            let pages = tally.cells(|key| if let Key::Page(path) = key { Some(path.to_string()) } else { None });
            report.pages = shown(tracked, pages, minimum).map(counted).collect();
            report.pages.sort_by_key(|page| (page.name == OTHER_PAGES, Reverse(page.count)));
        }
        report
    }

    /// How many visits are of these outcomes: from as many as are shown to as many as that and all hidden ones. `None` where
    /// not even the number of visits is shown.
    ///
    /// ```
    /// # fn rate(day: &tower_consent::DayReport) -> Option<f64> {
    /// use tower_consent::VisitOutcome::{GrantedAll, GrantedSome};
    ///
    /// let granted = day.visits_of(|group| matches!(group.outcome, GrantedAll | GrantedSome))?;
    /// let at_least = *granted.start() as f64 / day.visits? as f64;
    /// # Some(at_least) }
    /// ```
    pub fn visits_of(&self, is_meant: impl Fn(&OutcomeCount) -> bool) -> Option<RangeInclusive<u64>> {
        let visits = self.visits?;
        let sum = |groups: &mut dyn Iterator<Item = &OutcomeCount>| groups.map(|group| group.count).sum::<u64>();
        let all = sum(&mut self.outcomes.iter());
        let meant = sum(&mut self.outcomes.iter().filter(|group| is_meant(group)));
        Some(meant..=meant.saturating_add(visits.saturating_sub(all)))
    }
}

/// A number, split into who may not be tracked and who may.
struct Split {
    parts: [u64; 2],
    /// Whether the sum of both can be shown.
    is_shown: bool,
    /// Whether each can be.
    is_split: bool,
}

impl Split {
    fn new(parts @ [untracked, tracked]: [u64; 2], minimum: u64) -> Self {
        let is_shown = is_showable(untracked.saturating_add(tracked), minimum);
        let is_split = is_shown && is_showable(untracked, minimum) && is_showable(tracked, minimum);
        Self { parts, is_shown, is_split }
    }

    fn total(&self) -> Option<u64> {
        let [untracked, tracked] = self.parts;
        self.is_shown.then_some(untracked.saturating_add(tracked))
    }

    fn tracked(&self) -> Option<u64> {
        let [_, tracked] = self.parts;
        self.is_split.then_some(tracked)
    }
}

/// The sums of who may not be tracked, and of who may.
fn sums(counts: impl Iterator<Item = (bool, u64)>) -> [u64; 2] {
    counts.fold([0; 2], |[untracked, tracked], (is_tracked, count)| match is_tracked {
        false => [untracked.saturating_add(count), tracked],
        true => [untracked, tracked.saturating_add(count)],
    })
}

fn outcomes(visits: &Split, groups: Vec<(VisitGroup, u64)>, minimum: u64) -> Vec<OutcomeCount> {
    let Some(total) = visits.total() else { return Vec::new() };
    let cell = |is_tracked| {
        move |((outcome, signals), count): ((VisitOutcome, SignalsSeen), u64)| OutcomeCount {
            outcome,
            signals,
            is_tracked,
            count,
        }
    };
    let [untracked, tracked] = visits.parts;
    match visits.is_split {
        true => [(true, tracked), (false, untracked)]
            .into_iter()
            .flat_map(|(is_tracked, total)| {
                let part = groups.iter().filter(|(group, _)| group.is_tracked == is_tracked);
                let part = part.map(|(group, count)| ((group.outcome, group.signals), *count)).collect();
                shown(total, part, minimum).map(cell(Some(is_tracked)))
            })
            .collect(),
        false => {
            let mut merged = BTreeMap::<_, u64>::new();
            for (group, count) in groups {
                let sum = merged.entry((group.outcome, group.signals)).or_default();
                *sum = sum.saturating_add(count);
            }
            shown(total, merged.into_iter().collect(), minimum).map(cell(None)).collect()
        }
    }
}

/// The cells of a total that can be shown.
fn shown<T>(total: u64, cells: Vec<(T, u64)>, minimum: u64) -> impl Iterator<Item = (T, u64)> {
    let counts: Vec<u64> = cells.iter().map(|(_, count)| *count).collect();
    cells.into_iter().zip(showable(total, &counts, minimum)).filter(|(_, shown)| *shown).map(|(cell, _)| cell)
}

fn counted<T>((name, count): (T, u64)) -> Counted<T> {
    Counted { name, count }
}

fn as_text<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

//! Numbers that are kept elsewhere: what goes there, and what is shown of what comes back.
//!
//! Many servers add to one sum. A day is shown once none of them adds to it any more: what is not written an hour before the
//! end of the day after is given up, and the report begins with the day before that. So no two reports differ in a day.

use std::collections::BTreeMap;

use time::Date;

use super::{
    CountReport, DayReport, VisitCounts,
    tally::{Key, LABEL, Tally},
};
use crate::policy::{day_after, day_of, start_of};

/// Seconds between the last time that something is written for a day and the first time that it is shown.
const APART: i64 = 3_600;

impl VisitCounts {
    /// From now on the numbers are taken from here to be kept.
    pub(crate) fn begin_keeping(&self) {
        let mut state = self.turn();
        state.unwritten.get_or_insert_with(BTreeMap::new);
        // These are of one server alone: beside the sum of all they would tell of the others.
        state.over.clear();
    }

    /// What was counted up to now is to be written: what [`take_unwritten`](Self::take_unwritten) gives, and no more.
    pub(crate) fn stage(&self) {
        let mut state = self.turn();
        let (today, now) = (state.day, self.0.clock.unix_seconds());
        let tally = std::mem::take(&mut state.tally);
        let Some(unwritten) = &mut state.unwritten else { return };
        unwritten.entry(today).or_default().add_all(tally);
        unwritten.retain(|day, tally| day_of(now.saturating_add(APART)) <= day_after(*day) && !tally.is_empty());
    }

    /// One day and label after the other.
    pub(crate) fn take_unwritten(&self) -> Option<(Date, String, u64)> {
        let mut state = self.turn();
        let unwritten = state.unwritten.as_mut()?;
        let mut counters = unwritten.iter_mut().filter_map(|(day, tally)| Some((*day, tally.pop()?)));
        let (day, (key, count)) = counters.next()?;
        Some((day, key.to_label(), count))
    }

    /// What was taken and could not be written.
    pub(crate) fn put_back(&self, day: Date, label: &str, count: u64) {
        let mut state = self.turn();
        if let (Some(key), Some(unwritten)) = (Key::of_label(label), &mut state.unwritten) {
            unwritten.entry(day).or_default().add_many(key, count);
        }
    }

    /// Whether a label is one of these counters.
    pub(crate) fn is_label(label: &str) -> bool {
        label.starts_with(LABEL)
    }

    /// What can be shown of the sums of all servers; [`report`](Self::report) shows it from now on.
    pub(crate) fn read(&self, sums: impl Iterator<Item = (Date, String, u64)>) -> CountReport {
        let mut state = self.turn();
        let (today, keep) = (state.day, state.keep);
        let is_closed = |day: Date| day_after(day_after(day)) <= today;
        // The store may not have let go of it yet.
        let is_kept = |day: Date| keep.end_from_day(day) > start_of(today);
        let mut tallies = BTreeMap::<Date, Tally>::new();
        for (day, label, count) in sums.filter(|(day, ..)| is_closed(*day) && is_kept(*day)) {
            if let Some(key) = Key::of_label(&label) {
                tallies.entry(day).or_default().add_many(key, count);
            }
        }
        let minimum = self.0.minimum;
        state.over = tallies.iter().map(|(day, tally)| (*day, DayReport::new(*day, tally, minimum))).collect();
        drop(state);
        self.report()
    }
}

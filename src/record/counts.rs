//! Counters of visits, kept beside the records: over a restart, and for many servers together.

use time::Date;

use super::{ledger::lock, records::Records};
use crate::{
    store::{DayCount, StoreError},
    visit::{CountReport, VisitCounts},
};

impl Records {
    /// Keeps these counters in the store, where those of other servers are added to them. They are written with every
    /// [purge](Self::purge), which is every hour, and kept for as long as the policy says of the counters of a day. What was counted
    /// since the last time is lost with a process that is killed: purge at its end.
    ///
    /// From now on [`VisitCounts::report`] shows what was last read from the store, and a day from the second day after it on:
    /// then no server adds to it any more. All servers on a store need the same minimum. The store has the small
    /// numbers too; only reports hide them.
    ///
    /// ```
    /// use tower_consent::{ConsentLayer, MemoryStore, Policy, Records, VisitCounts};
    ///
    /// let (counts, records) = (VisitCounts::new(), Records::new(MemoryStore::new()));
    /// records.keep_counts(&counts);
    /// let layer = ConsentLayer::new(Policy::default()).with_records(records).with_counts(counts);
    /// ```
    pub fn keep_counts(&self, counts: &VisitCounts) {
        counts.begin_keeping();
        *lock(self.visit_counts()) = Some(counts.clone());
        self.start_purging();
    }

    /// Writes what was counted, and reads what can be shown of the sums of all servers. Empty without
    /// [`keep_counts`](Self::keep_counts).
    ///
    /// # Errors
    ///
    /// The store cannot tell.
    pub async fn visit_report(&self) -> Result<CountReport, StoreError> {
        let counts = lock(self.visit_counts()).clone();
        let Some(counts) = counts else { return Ok(VisitCounts::new().report()) };
        write(self, &counts).await?;
        let sums = self.store().counts().await?;
        Ok(counts.read(sums.into_iter().map(|sum| (sum.day, sum.what, sum.count))))
    }
}

async fn write(records: &Records, counts: &VisitCounts) -> Result<(), StoreError> {
    counts.stage();
    while let Some((day, label, count)) = counts.take_unwritten() {
        let mut taken = Taken { counts, day, label, count };
        records.store().count(DayCount::new(day, taken.label.clone(), count)).await?;
        taken.count = 0;
    }
    Ok(())
}

/// What is about to be written. It goes back where that failed, and where who asked did not wait for it.
struct Taken<'c> {
    counts: &'c VisitCounts,
    day: Date,
    label: String,
    count: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.counts.put_back(self.day, &self.label, self.count);
        }
    }
}

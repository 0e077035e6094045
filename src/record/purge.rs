//! Retention: what is over goes, by itself.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use time::Date;
use tokio::runtime::{Builder, Handle};

use super::{
    event::second_of,
    objection,
    records::{Inner, Records},
    verify::Chain,
};
use crate::{
    policy::{Lifetime, Retention, day_of},
    store::{Checkpoint, EntryKind, LedgerEntry, LedgerPurge, StoreError},
};

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// Entries that are read at a time.
const PAGE: usize = 500;

/// The running thread. It ends when this is dropped, after what it is doing.
pub(super) struct Purger {
    _alive: Sender<()>,
}

impl Purger {
    /// Looks now, because a process may be restarted more often than it looks, and then at every interval.
    pub(super) fn start(inner: &Arc<Inner>) -> Option<Self> {
        let (alive, stopped) = mpsc::channel::<()>();
        let records = Arc::downgrade(inner);
        // A store that works on the application's runtime is asked there.
        let runtime = Handle::try_current().ok();
        let run = move || {
            loop {
                let Some(records) = records.upgrade().map(Records::from_inner) else { return };
                let purge = async move { tell(records.purge().await) };
                match &runtime {
                    Some(runtime) => drop(runtime.spawn(purge)),
                    None => {
                        if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
                            runtime.block_on(purge);
                        }
                    }
                }
                if stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("consent-purge".to_owned()).spawn(run);
        thread.ok().map(|_detached| Self { _alive: alive })
    }
}

impl fmt::Debug for Purger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Purger")
    }
}

/// A purge that failed is told to the log: nobody waits for it.
fn tell(outcome: Result<u64, StoreError>) {
    #[cfg(feature = "tracing")]
    if let Err(error) = outcome {
        tracing::warn!(target: "tower_consent", %error, "records that are over were not deleted; the next purge tries again");
    }
    #[cfg(not(feature = "tracing"))]
    drop(outcome);
}

/// When an entry is over.
fn end(retention: &Retention, entry: &LedgerEntry) -> i64 {
    let time = second_of(entry.time);
    let from = |lifetime: Lifetime| time.saturating_add(lifetime.seconds_from(time));
    match entry.kind {
        EntryKind::Request => from(retention.rights_requests),
        // An erasure speaks for what it erased, whatever that was.
        EntryKind::Erasure => from(retention.consent_records).max(from(retention.rights_requests)),
        _ => from(retention.consent_records),
    }
}

/// Deletes from the beginning of every chain what is over.
pub(super) async fn purge(records: &Records) -> Result<u64, StoreError> {
    let (now, retention) = (records.now(), records.retention());
    let mut checkpoints = Vec::new();
    let mut owners = BTreeSet::new();
    for (id, checkpoint) in records.store().chains().await? {
        checkpoints.extend(over(records, &retention, Chain::new(id, checkpoint), now, &mut owners).await?);
    }
    for subject in owners {
        objection::renew(records, &subject, |time| time.saturating_add(half(&retention, time)) <= now).await?;
    }
    let first_kept = |lifetime: Lifetime| first_kept(lifetime, day_of(now));
    let purge = LedgerPurge::new(checkpoints, first_kept(retention.consent_records), first_kept(retention.day_counts));
    records.store().purge(purge).await
}

fn half(retention: &Retention, time: i64) -> i64 {
    retention.consent_records.seconds_from(time) / 2
}

/// The checkpoint behind all that is over in a chain, and the accounts that objected there. A chain that does not verify is
/// left as it is: a checkpoint would hide that.
async fn over(
    records: &Records,
    retention: &Retention,
    mut chain: Chain,
    now: i64,
    owners: &mut BTreeSet<String>,
) -> Result<Option<Checkpoint>, StoreError> {
    let keys = &records.ledger().keys;
    if !chain.is_vouched_for(keys) {
        return Ok(None);
    }
    let mut last = None;
    loop {
        let page = records.store().entries_after(chain.place(), PAGE).await?;
        let is_last = page.len() < PAGE;
        for entry in page {
            if now < end(retention, &entry) || !chain.follow(keys, &entry) {
                return Ok(last);
            }
            let body = entry.body.as_ref().filter(|_| entry.kind == EntryKind::Choice);
            owners.extend(body.and_then(|body| body.subject()).map(str::to_owned));
            last = Some(keys.checkpoint(entry.place, entry.link));
        }
        if is_last {
            return Ok(last);
        }
    }
}

/// The first day that is not over: days are kept to their ends.
fn first_kept(lifetime: Lifetime, today: Date) -> Date {
    let mut day = today;
    // The longest retention is a few thousand days; a day is over when what began with its end has ended.
    while let Some(before) = day.previous_day() {
        if lifetime.end_from_day(day) <= crate::policy::start_of(today) {
            return day;
        }
        day = before;
    }
    day
}

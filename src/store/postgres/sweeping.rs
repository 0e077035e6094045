//! The task that deletes ended tokens, for as long as somebody has the store.

use std::{sync::Arc, time::Duration};

use tokio::task::AbortHandle;
use tokio_postgres::types::ToSql;

use super::{database::Database, statements::BATCH};
use crate::store::{error::StoreError, sweep::tell_of_sweep};

/// How long a batch may take: nobody waits for it, and one that is stopped was for nothing.
const LIMIT: Duration = Duration::from_secs(30);

/// Deletes what ended an interval ago, by the database's time, batch by batch. Of many servers one has the turn for a
/// batch; who does not have it leaves the rest to who has.
pub(super) async fn sweep(database: &Database, interval: i64) -> Result<u64, StoreError> {
    let mut deleted = 0;
    loop {
        let statements = &database.statements;
        let params: [&(dyn ToSql + Sync); 2] = [&statements.sweep_lock, &interval];
        let batch = database.execute_within(LIMIT, "sweep", &statements.sweep, &params).await?;
        deleted += batch;
        if batch < BATCH.unsigned_abs() {
            return Ok(deleted);
        }
    }
}

/// The running task. It ends when the last clone of its store is dropped.
#[derive(Debug)]
pub(super) struct Sweeping(AbortHandle);

impl Sweeping {
    /// Sweeps now, because servers can be restarted more often than they sweep, and then at every interval.
    pub(super) fn start(database: Arc<Database>, interval: Duration, seconds: i64) -> Self {
        let task = async move {
            loop {
                if let Err(error) = sweep(&database, seconds).await {
                    tell_of_sweep(&error);
                }
                tokio::time::sleep(interval).await;
            }
        };
        Self(tokio::spawn(task).abort_handle())
    }
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

//! The one writer: a thread that commits together all that waits.
//!
//! Whatever arrives while the disk is busy goes into the next transaction, so many who wait share one `fsync`. Everybody
//! is answered after the commit, and after the cache has followed it.

use std::{
    fmt, io,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread::{Builder, JoinHandle},
};

use ::redb::Error;
use time::Date;
use tokio::sync::oneshot;

use super::{
    cache::Cache,
    file::{Ending, File, WriteError},
    rows::{Answer, Effect, Rows},
};
use crate::store::{
    consent::{DayCount, LedgerBatch, LedgerPurge, TextHash},
    error::{StoreError, StoreErrorKind},
    record::TokenRecord,
    token::TokenDigest,
};

/// Changes in one transaction.
const BATCH: usize = 1_000;
/// Tokens that one step of a sweep deletes: few milliseconds for those who wait beside it.
pub(super) const SWEPT: u64 = 200;
/// Transactions that a crash may lose, before one is made durable for their sake alone.
const BEHIND: u32 = 64;

/// What a change is told: how many tokens it reached, or how many parts of records a purge took.
type Told = Result<u64, StoreError>;

#[derive(Debug)]
pub(super) enum Change {
    Insert(TokenRecord),
    Delete(TokenDigest),
    DeleteAllOf(Box<str>),
    Touch(TokenDigest, i64),
    Sweep {
        ended_by: i64,
    },
    Append(LedgerBatch),
    KeepText {
        hash: TextHash,
        text: Box<str>,
        day: Date,
    },
    Count(DayCount),
    Purge(LedgerPurge),
    /// Nothing, but the file is opened again if it has to be.
    Mend,
}

struct Job {
    change: Change,
    told: oneshot::Sender<Told>,
}

enum Message {
    Job(Job),
    Compact(Sender<Result<bool, StoreError>>),
}

/// Where changes wait for the writer. It ends when the last of these is gone, and not before all is done.
#[derive(Clone)]
pub(super) struct Queue(Sender<Message>);

impl Queue {
    pub(super) fn push(&self, change: Change) -> Result<oneshot::Receiver<Told>, StoreError> {
        let (told, answer) = oneshot::channel();
        self.0.send(Message::Job(Job { change, told })).map_err(|_gone| writer_is_gone())?;
        Ok(answer)
    }

    /// Waits for the answer without a thread.
    pub(super) async fn change(&self, change: Change) -> Told {
        self.push(change)?.await.map_err(|_gone| writer_is_gone())?
    }

    /// Waits for the answer on this thread, which must be one that may wait.
    pub(super) fn change_blocking(&self, change: Change) -> Told {
        self.push(change)?.blocking_recv().map_err(|_gone| writer_is_gone())?
    }

    pub(super) fn compact(&self) -> Result<bool, StoreError> {
        let (told, answer) = mpsc::channel();
        self.0.send(Message::Compact(told)).map_err(|_gone| writer_is_gone())?;
        answer.recv().map_err(|_gone| writer_is_gone())?
    }
}

fn writer_is_gone() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the thread that writes the file has ended")
}

/// The thread.
struct Writer {
    file: Arc<File>,
    cache: Arc<Cache>,
    queue: Receiver<Message>,
    /// Transactions since the last durable one.
    behind: u32,
    is_broken: bool,
}

/// Starts the thread.
pub(super) fn start(file: Arc<File>, cache: Arc<Cache>) -> io::Result<(Queue, JoinHandle<()>)> {
    let (sender, queue) = mpsc::channel();
    let writer = Writer { file, cache, queue, behind: 0, is_broken: false };
    let thread = Builder::new().name("token-writer".to_owned()).spawn(move || writer.run())?;
    Ok((Queue(sender), thread))
}

impl Writer {
    fn run(mut self) {
        let mut batch = Vec::new();
        while let Ok(message) = self.queue.recv() {
            let compaction = self.collect(message, &mut batch);
            if !batch.is_empty() {
                self.commit(&mut batch);
            }
            if let Some(told) = compaction {
                let outcome = self.mended().and_then(|()| self.file.compact());
                if outcome.is_ok() {
                    self.behind = 0;
                }
                // Nobody may be waiting any more.
                drop(told.send(outcome));
            }
        }
        if self.behind > 0 {
            // There is nobody to tell, and nothing in it that was promised to survive.
            drop(self.write(&[], true));
        }
    }

    /// Takes what waits, up to a compaction.
    fn collect(&self, first: Message, batch: &mut Vec<Job>) -> Option<Sender<Result<bool, StoreError>>> {
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => batch.push(job),
                Message::Compact(told) => return Some(told),
            }
            next = if batch.len() < BATCH { self.queue.try_recv().ok() } else { None };
        }
        None
    }

    fn commit(&mut self, batch: &mut Vec<Job>) {
        let outcome = self.mended().and_then(|()| match self.write(batch, false) {
            // Nothing was done yet: once more with the file opened again.
            Err(failure) if !failure.has_begun => {
                self.is_broken = true;
                self.mended()?;
                self.write(batch, false).map_err(|failure| self.fail(failure))
            }
            outcome => outcome.map_err(|failure| self.fail(failure)),
        });
        match outcome {
            Ok(answers) => {
                for (job, answer) in batch.drain(..).zip(answers) {
                    // Who does not wait any more is not told.
                    drop(job.told.send(answer));
                }
            }
            Err(error) => {
                for job in batch.drain(..) {
                    drop(job.told.send(Err(error.clone())));
                }
            }
        }
    }

    /// Opens the file again if it has to be.
    fn mended(&mut self) -> Result<(), StoreError> {
        if self.is_broken {
            // Whether the transaction that failed has happened is seen only now.
            let reopened = self.file.reopen();
            self.cache.clear();
            reopened?;
            (self.is_broken, self.behind) = (false, 0);
        }
        Ok(())
    }

    fn fail(&mut self, failure: WriteError) -> StoreError {
        self.is_broken = true;
        self.cache.clear();
        failure.error
    }

    /// One transaction; then the cache follows.
    fn write(&mut self, batch: &[Job], must_be_durable: bool) -> Result<Vec<Told>, WriteError> {
        let behind = self.behind;
        let (answers, effects, ending) = self.file.write(|rows| {
            let mut answers = Vec::with_capacity(batch.len());
            let mut is_swept = false;
            for job in batch {
                answers.push(apply(rows, &job.change)?);
                is_swept |= matches!(job.change, Change::Sweep { .. });
            }
            let effects = std::mem::take(&mut rows.effects);
            let is_due = behind >= BEHIND || (behind > 0 && is_swept) || must_be_durable || rows.has_recorded();
            let ending = ending(&effects, is_due);
            Ok(((answers, effects, ending), ending))
        })?;
        self.behind = match ending {
            Ending::Nothing => self.behind,
            Ending::Seen => self.behind + 1,
            Ending::Durable => 0,
        };
        effects.into_iter().for_each(|effect| self.cache.apply(effect));
        Ok(answers)
    }
}

/// A time of use alone is not worth an `fsync`.
fn ending(effects: &[Effect], is_due: bool) -> Ending {
    if is_due || effects.iter().any(|effect| !matches!(effect, Effect::Touched(..))) {
        return Ending::Durable;
    }
    if effects.is_empty() { Ending::Nothing } else { Ending::Seen }
}

fn apply(rows: &mut Rows<'_>, change: &Change) -> Result<Told, Error> {
    let count = |answer: Answer<bool>| answer.map(|answer| answer.map(u64::from));
    let answer = match change {
        Change::Insert(record) => count(rows.insert_new(record.clone())),
        Change::Delete(digest) => count(rows.delete(digest)),
        Change::DeleteAllOf(subject) => rows.delete_all_of(subject),
        Change::Touch(digest, seen_at) => count(rows.touch(digest, *seen_at)),
        Change::Sweep { ended_by } => rows.sweep(*ended_by, SWEPT as usize),
        Change::Append(batch) => rows.ledger()?.append(batch),
        Change::KeepText { hash, text, day } => rows.ledger()?.keep_text(hash, text, *day),
        Change::Count(count) => rows.ledger()?.count(count),
        Change::Purge(purge) => rows.ledger()?.purge(purge),
        Change::Mend => Ok(Ok(0)),
    };
    Ok(answer?)
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queue")
    }
}

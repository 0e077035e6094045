//! Several futures at a time, all of them to their end.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// How many run at a time.
const BATCH: usize = 128;

/// Runs them, and gives their results in order; the first error, if there is one.
pub(super) async fn all<T, E, F>(work: impl IntoIterator<Item = F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let (mut work, mut results) = (work.into_iter(), Vec::new());
    loop {
        let mut batch: Vec<Step<T, E, F>> =
            work.by_ref().take(BATCH).map(|future| Step::Running(Box::pin(future))).collect();
        if batch.is_empty() {
            return Ok(results);
        }
        poll_fn(|cx| {
            let mut is_done = true;
            for step in &mut batch {
                if let Step::Running(future) = step {
                    match future.as_mut().poll(cx) {
                        Poll::Ready(result) => *step = Step::Done(result),
                        Poll::Pending => is_done = false,
                    }
                }
            }
            if is_done { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        for step in batch {
            if let Step::Done(result) = step {
                results.push(result?);
            }
        }
    }
}

enum Step<T, E, F> {
    Running(Pin<Box<F>>),
    Done(Result<T, E>),
}

//! The same operation one after the other, and many at a time, on a runtime.

use std::{future::Future, time::Instant};

use tokio::task::JoinSet;

use super::{Result, figures::each};

/// Operations under way at a time.
pub(crate) const AT_A_TIME: usize = 64;
/// Operations of one contender in one round, for each that is under way.
pub(crate) const OPERATIONS: usize = 40;

/// One after the other: nanoseconds each.
pub(crate) async fn in_turn<F>(operation: impl Fn(usize) -> F) -> Result<f64>
where
    F: Future<Output = Result<()>>,
{
    // Connections that lay idle while others were measured wake up first.
    for number in 0..OPERATIONS {
        operation(number).await?;
    }
    let start = Instant::now();
    for number in 0..OPERATIONS {
        operation(number).await?;
    }
    Ok(each(start, OPERATIONS))
}

/// Always so many under way: nanoseconds each.
pub(crate) async fn together<F>(operation: impl Fn(usize) -> F + Clone + Send + 'static) -> Result<f64>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let start = Instant::now();
    let mut waiting = JoinSet::new();
    for task in 0..AT_A_TIME {
        let operation = operation.clone();
        waiting.spawn(async move {
            for number in 0..OPERATIONS {
                operation(task * OPERATIONS + number).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(each(start, AT_A_TIME * OPERATIONS))
}

//! A choice with its record, beside the disk, beside a durable sign-in, and beside a choice without one, in one run.
//!
//! `cargo bench --bench records`; `-- --quick` for fewer rounds. As in the other benches only ratios tell something, and a
//! missed goal fails nothing.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a bench may panic, and its tables are its own")]

#[path = "tokens/figures.rs"]
#[allow(dead_code, unreachable_pub, reason = "the other bench uses more of it")]
mod figures;

use std::{convert::Infallible, error::Error, fs::OpenOptions, hint::black_box, io::Write as _, time::Instant};

use figures::{Contest, Goal, Sheet, each};
use http::{Request, Response};
use tokio::{runtime, task::JoinSet};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_consent::{
    Category, Choices, ConsentContext, ConsentLayer, ConsentStore, Decision, MemoryStore, Policy, Records, RedbStore,
    Tokens,
};

/// What goes wrong in a bench ends it with a sentence.
type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// Durable writes of one contender in one round.
const WRITES: usize = 10;
/// Choices of one contender in one round, where nothing waits for a disk.
const CHOICES: usize = 500;

fn main() -> Result<()> {
    // Cargo's own `--bench` is passed too.
    let rounds = if std::env::args().any(|argument| argument == "--quick") { 3 } else { 15 };
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let decision = runtime.block_on(undecided())?;
    let folder = tempfile::tempdir()?;
    let store = RedbStore::open(folder.path().join("records.redb"))?;
    let (on_disk, tokens) = (records(store.clone()), Tokens::new(store));
    let in_memory = records(MemoryStore::builder().record_capacity(10_000_000).build());

    let mut contest = Contest::default();
    let mut log = OpenOptions::new().create(true).append(true).open(folder.path().join("appended"))?;
    contest.add("512 bytes appended and fdatasync", move || {
        let start = Instant::now();
        for _ in 0..WRITES {
            log.write_all(&[7; 512])?;
            log.sync_data()?;
        }
        Ok(each(start, WRITES))
    });
    contest.add("redb: a sign-in, one at a time", || {
        runtime.block_on(async {
            let start = Instant::now();
            for number in 0..WRITES {
                drop(tokens.issue(format!("user-{number}")).await?);
            }
            Ok(each(start, WRITES))
        })
    });
    contest.add("redb: a choice, one at a time", || runtime.block_on(one_by_one(&on_disk, &decision, WRITES)));
    contest.add("redb: a choice, 64 at a time, each", || runtime.block_on(together(&on_disk, &decision, 64)));
    contest.add("redb: a choice, 1,000 at a time, each", || runtime.block_on(together(&on_disk, &decision, 1_000)));
    contest.add("memory: a choice with its record", || runtime.block_on(one_by_one(&in_memory, &decision, CHOICES)));
    contest.add("a choice without a record", || {
        let start = Instant::now();
        for _ in 0..CHOICES {
            drop(black_box(decision.grant_all_unrecorded()));
        }
        Ok(each(start, CHOICES))
    });
    let times = contest.run(rounds)?;

    let mut sheet = Sheet::new("a choice with its record".to_owned());
    times.list(&mut sheet);
    let alone = "redb: a choice, one at a time";
    sheet.row("redb: one choice / fdatasync", times.ratio(alone, "512 bytes appended and fdatasync"), Goal::None);
    sheet.row("redb: one choice / one sign-in", times.ratio(alone, "redb: a sign-in, one at a time"), Goal::None);
    sheet.row("redb: rate of 64 at a time / one", times.ratio(alone, "redb: a choice, 64 at a time, each"), Goal::None);
    sheet.row(
        "redb: rate of 1,000 at a time / one",
        times.ratio(alone, "redb: a choice, 1,000 at a time, each"),
        Goal::None,
    );
    sheet.print();
    Ok(())
}

fn records(store: impl ConsentStore) -> Records {
    Records::builder(store).chain_key([7; 32]).build()
}

/// The decision of a visitor who has not decided, at a site with a signed consent cookie.
async fn undecided() -> Result<Decision> {
    let policy = Policy::builder()
        .cookies(Category::ANALYTICS, ["_ga"])
        .cookies(Category::MARKETING, ["_fbp"])
        .mac_key("k1", [7; 32])
        .build()?;
    let service = service_fn(async |request: Request<()>| {
        let decision = ConsentContext::of(request.extensions()).map(|context| context.decision().clone());
        Ok::<_, Infallible>(Response::new(decision))
    });
    let response = ConsentLayer::new(policy).layer(service).oneshot(Request::new(())).await?;
    response.into_body().ok_or_else(|| "no layer".into())
}

async fn accept(records: &Records, decision: &Decision) -> Result<()> {
    let choices = Choices::new(records.clone(), decision.clone()).showing("May we count visits?");
    drop(black_box(choices.accept_all().await?));
    Ok(())
}

async fn one_by_one(records: &Records, decision: &Decision, count: usize) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..count {
        accept(records, decision).await?;
    }
    Ok(each(start, count))
}

async fn together(records: &Records, decision: &Decision, count: usize) -> Result<f64> {
    let start = Instant::now();
    let mut waiting = JoinSet::new();
    for _ in 0..count {
        let (records, decision) = (records.clone(), decision.clone());
        waiting.spawn(async move { accept(&records, &decision).await });
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(each(start, count))
}

//! The store in one file, beside the disk and beside redb itself.

use std::{fs::OpenOptions, hint::black_box, io::Write as _, path::Path, time::Instant};

use ::redb::{Database, ReadableDatabase as _, TableDefinition};
use tokio::{runtime, task::JoinSet};
use tower_consent::{RedbStore, TokenDigest, TokenStore as _, Tokens};

use super::{
    Done, Result, Size,
    accounts::{LIFE, Picks, digest, record, subject, unix_seconds},
    figures::{Contest, Goal, Sheet, each, now},
};

/// Tokens in the file.
const TOKENS: usize = 100_000;
/// Those that are in use, and those that memory holds: few, so that picks among all of them come from the file.
const HOT: usize = 1_000;
const CACHED: usize = 6_000;
/// Look-ups of one contender in one round.
const LOOK_UPS: usize = 2_000;
/// Durable writes of one contender in one round.
const WRITES: usize = 10;
const AT_A_TIME: usize = 64;

const TABLE: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("raw");

pub(crate) fn section(size: Size) -> Result<Done> {
    let folder = tempfile::tempdir()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let now_at = unix_seconds();
    let store = RedbStore::builder().cache_tokens(CACHED).open(folder.path().join("tokens.redb"))?;
    runtime.block_on(fill(&store, now_at))?;
    let raw = raw(&folder.path().join("raw.redb"), now_at)?;
    let tokens = Tokens::new(store.clone());
    let digests: Vec<_> = (0..TOKENS).map(digest).collect();

    let mut contest = Contest::default();
    let mut log = OpenOptions::new().create(true).append(true).open(folder.path().join("appended"))?;
    contest.add("64 bytes appended and fdatasync", move || {
        let start = Instant::now();
        for _ in 0..WRITES {
            log.write_all(&[7; 64])?;
            log.sync_data()?;
        }
        Ok(each(start, WRITES))
    });
    contest.add("issue, one at a time", || {
        runtime.block_on(async {
            let start = Instant::now();
            for number in 0..WRITES {
                drop(tokens.issue(subject(number)).await?);
            }
            Ok(each(start, WRITES))
        })
    });
    contest.add("issue, 64 at a time, each", || runtime.block_on(issue_together(&tokens)));
    let (mut picks, mut start) = (Picks(1), 0);
    contest.add("raw redb get (transaction, table, row)", || read_raw(&raw, &picks.of(&digests, LOOK_UPS)));
    let mut others = Picks(2);
    contest.add("get from the file", || get(&store, &others.of(&digests, LOOK_UPS)));
    contest.add("get of a token in use", || {
        start += 7;
        let hot: Vec<_> = (0..LOOK_UPS).map(|step| digests[(start + step) % HOT]).collect();
        // What the picks before have pushed out comes back.
        get(&store, &hot[..HOT])?;
        get(&store, &hot)
    });
    let times = contest.run(size.rounds)?;

    let mut sheet = Sheet::new(format!("RedbStore, {TOKENS} tokens in the file, at most {CACHED} in memory"));
    times.list(&mut sheet);
    let alone = "issue, one at a time";
    let raw_get = "raw redb get (transaction, table, row)";
    sheet.row("one issue / fdatasync", times.ratio(alone, "64 bytes appended and fdatasync"), Goal::AtMost(2.0));
    sheet.row("rate of 64 at a time / one", times.ratio(alone, "issue, 64 at a time, each"), Goal::AtLeast(10.0));
    sheet.row("get from the file / raw get", times.ratio("get from the file", raw_get), Goal::AtMost(2.0));
    sheet.row("get of a token in use / raw get", times.ratio("get of a token in use", raw_get), Goal::None);
    sheet.print();
    Ok(Done::Measured)
}

/// Many writes at a time share what a disk takes for one.
async fn fill(store: &RedbStore, now_at: i64) -> Result<()> {
    let mut waiting = JoinSet::new();
    for number in 0..TOKENS {
        if waiting.len() == 2_000
            && let Some(done) = waiting.join_next().await
        {
            done??;
        }
        let (store, record) = (store.clone(), record(number, now_at, now_at + LIFE)?);
        waiting.spawn(async move { store.insert_new(record).await });
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(())
}

/// The same rows in a table of its own.
fn raw(path: &Path, now_at: i64) -> Result<Database> {
    let database = Database::create(path)?;
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(TABLE)?;
        for number in 0..TOKENS {
            let record = record(number, now_at, now_at + LIFE)?;
            table.insert(record.digest().as_bytes(), record.to_bytes().as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(database)
}

async fn issue_together(tokens: &Tokens) -> Result<f64> {
    let start = Instant::now();
    let mut waiting = JoinSet::new();
    for task in 0..AT_A_TIME {
        let tokens = tokens.clone();
        waiting.spawn(async move {
            for number in 0..WRITES {
                drop(tokens.issue(subject(task * WRITES + number)).await?);
            }
            Ok::<_, tower_consent::StoreError>(())
        });
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(each(start, AT_A_TIME * WRITES))
}

fn read_raw(database: &Database, digests: &[TokenDigest]) -> Result<f64> {
    let start = Instant::now();
    for digest in digests {
        let row = database.begin_read()?.open_table(TABLE)?.get(digest.as_bytes())?.ok_or("a row is missing")?;
        black_box(row.value());
    }
    Ok(each(start, digests.len()))
}

fn get(store: &RedbStore, digests: &[TokenDigest]) -> Result<f64> {
    let start = Instant::now();
    for digest in digests {
        black_box(now(store.get(digest))?).ok_or("a token is missing")?;
    }
    Ok(each(start, digests.len()))
}

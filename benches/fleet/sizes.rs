//! Bytes of a token and of a record, in each store.

use std::{fs, path::Path, sync::Arc, time::Duration};

use tokio::{runtime, task::JoinSet};
use tower_consent::{
    Choices, ConsentStore, MemoryStore, PostgresStore, Records, RedbStore, RedisStore, TokenDigest, TokenRecord,
    TokenStore,
};

use crate::{
    postgres_server::{Server, sql_at},
    process::{Kind, keys},
    servers::{RedisServer, ask},
    undecided::undecided,
};

/// How many are written at a time.
const TOGETHER: usize = 500;
/// A machine that does other work, too, lets answers wait.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seven days.
const LIFE: i64 = 604_800;

pub(crate) fn measure(kinds: &[Kind], counts: &[usize]) {
    println!(
        "\nbytes of each; a token has a subject of 16 bytes, and no label; a record is a grant of all by a visitor"
    );
    println!("{:<34} {:>10} {:>8} {:>8}", "store", "how many", "token", "record");
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for kind in kinds {
        for count in counts {
            match kind {
                Kind::Memory => memory(&runtime, *count),
                Kind::Redb => redb(&runtime, *count),
                Kind::Redis => redis(&runtime, *count),
                Kind::Postgres => postgres(&runtime, *count),
            }
        }
    }
}

fn memory(runtime: &runtime::Runtime, count: usize) {
    let (tokens, records) = (in_memory(runtime, count, false), in_memory(runtime, count, true));
    show("memory, live bytes", count, tokens, records);
}

fn redb(runtime: &runtime::Runtime, count: usize) {
    let size = |is_record| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("size.redb");
        let store = RedbStore::open(&file).unwrap();
        runtime.block_on(fill(&store, count, is_record));
        let before = fs::metadata(&file).unwrap().len();
        store.compact().unwrap();
        (before, fs::metadata(&file).unwrap().len())
    };
    let (tokens, records) = (size(false), size(true));
    show("redb, the file as it grew", count, tokens.0 as f64 / count as f64, records.0 as f64 / count as f64);
    show("redb, the file once compacted", count, tokens.1 as f64 / count as f64, records.1 as f64 / count as f64);
}

fn redis(runtime: &runtime::Runtime, count: usize) {
    let size = |is_record| {
        // Sizes are asked for, and not safety: nothing waits for the disk.
        let server = RedisServer::start(&["--appendfsync", "no"])?;
        Some(runtime.block_on(async {
            let builder = RedisStore::builder().accept_unsafe().accept_records_without_append_only_file();
            let store = builder.response_timeout(PATIENCE).connect(server.url()).await.unwrap();
            let used = async || -> u64 {
                let told = ask(&server.url(), &["INFO", "memory"]).await;
                told.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok()).unwrap()
            };
            let before = used().await;
            fill(&store, count, is_record).await;
            (used().await - before, bytes_below(&server.folder()))
        }))
    };
    let (Some(tokens), Some(records)) = (size(false), size(true)) else { return };
    show("Redis, memory", count, tokens.0 as f64 / count as f64, records.0 as f64 / count as f64);
    show("Redis, append-only file", count, tokens.1 as f64 / count as f64, records.1 as f64 / count as f64);
}

fn postgres(runtime: &runtime::Runtime, count: usize) {
    let size = |is_record| {
        // Sizes are asked for, and not safety: nothing waits for the disk.
        let server = Server::start(&["fsync = off", "max_wal_size = 4GB"])?;
        Some(runtime.block_on(async {
            let address = server.database().await;
            let store = PostgresStore::builder().accept_unsafe().timeout(PATIENCE).connect(&address).await.unwrap();
            let used = async || -> u64 {
                let sql = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'tower_consent%'";
                sql_at(&address, sql).await[0][0].parse().unwrap()
            };
            let before = used().await;
            fill(&store, count, is_record).await;
            used().await - before
        }))
    };
    let (Some(tokens), Some(records)) = (size(false), size(true)) else { return };
    show("PostgreSQL, tables and indexes", count, tokens as f64 / count as f64, records as f64 / count as f64);
}

fn show(what: &str, count: usize, token: f64, record: f64) {
    println!("{what:<34} {count:>10} {token:>8.0} {record:>8.0}");
}

fn in_memory(runtime: &runtime::Runtime, count: usize, is_record: bool) -> f64 {
    let mut store = None;
    let counted = allocation_counter::measure(|| {
        let filled = MemoryStore::builder().capacity(2 * count).record_capacity(2 * count).build();
        runtime.block_on(fill(&filled, count, is_record));
        store = Some(filled);
    });
    drop(store);
    counted.bytes_current as f64 / count as f64
}

async fn fill<S: TokenStore + ConsentStore + Clone>(store: &S, count: usize, is_record: bool) {
    let records = Records::builder(store.clone()).chain_key(keys().chain).build();
    let decision = Arc::new(undecided().await);
    let now = ::time::OffsetDateTime::now_utc().unix_timestamp();
    let mut writing = JoinSet::new();
    for number in 0..count {
        if writing.len() == TOGETHER {
            writing.join_next().await.unwrap().unwrap();
        }
        let (store, records, decision) = (store.clone(), records.clone(), Arc::clone(&decision));
        writing.spawn(async move {
            if is_record {
                drop(Choices::new(records, (*decision).clone()).accept_all().await.unwrap());
            } else {
                let subject = format!("user-{number:011}");
                let digest = TokenDigest::of(subject.as_bytes());
                let record = TokenRecord::new(digest, &subject, now, now + LIFE).unwrap();
                assert!(store.insert_new(record).await.unwrap());
            }
        });
    }
    while let Some(done) = writing.join_next().await {
        done.unwrap();
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let size =
        |path: &Path| if path.is_dir() { bytes_below(path) } else { fs::metadata(path).map_or(0, |file| file.len()) };
    fs::read_dir(folder).unwrap().map(|entry| size(&entry.unwrap().path())).sum()
}

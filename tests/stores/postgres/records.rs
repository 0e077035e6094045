//! Consent records in PostgreSQL: what is particular to it.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use time::Date;
use tokio::{task::JoinSet, time as timer};
use tower_consent::{
    ConsentStore, DayCount, LedgerBatch, LedgerEntry, LedgerPurge, Owner, PostgresStore, StoreError, StoreErrorKind,
    TextHash, TokenStore,
};

use super::{
    super::{
        contract::Run,
        ledger::{all, body, browser, chain, checkpoint, entry, place},
        postgres_server::{Server, connect, sql_at},
    },
    open,
};

/// Where a second process finds the database.
const ADDRESS: &str = "TOWER_CONSENT_TEST_RECORDS";

fn today() -> Date {
    Date::from_ordinal_date(2026, 60).unwrap()
}

fn batch(entries: impl Into<Vec<LedgerEntry>>) -> LedgerBatch {
    LedgerBatch::new(entries.into(), vec![])
}

fn purge(checkpoints: Vec<tower_consent::Checkpoint>) -> LedgerPurge {
    LedgerPurge::new(checkpoints, Date::MIN, Date::MIN)
}

/// The tables as the first version made them, with a token in them: it stays, and records find their place.
#[tokio::test]
async fn a_database_of_the_first_version() {
    let server = server!();
    let address = server.database().await;
    let first = "CREATE TABLE tower_consent_tokens (
            digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
            subject bytea NOT NULL,
            issued_at bigint NOT NULL,
            expires_at bigint NOT NULL,
            seen_at bigint NOT NULL,
            session bigint NOT NULL,
            form smallint NOT NULL,
            label bytea NOT NULL,
            data bytea NOT NULL
        );
        CREATE INDEX tower_consent_tokens_subject ON tower_consent_tokens (subject);
        CREATE INDEX tower_consent_tokens_expires_at ON tower_consent_tokens (expires_at);
        CREATE TABLE tower_consent_version (version integer PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
        INSERT INTO tower_consent_version (version) VALUES (1);
        INSERT INTO tower_consent_tokens VALUES (sha256('first'), 'somebody', 1, 4000000000, 2, 3, 0, 'label', 'data')";
    sql_at(&address, first).await;
    let mut opening = JoinSet::new();
    for _ in 0..8 {
        let address = address.clone();
        opening.spawn(async move { PostgresStore::connect(&address).await.unwrap() });
    }
    let stores = opening.join_all().await;
    let token = &stores[0].list_of("somebody").await.unwrap()[0];
    assert_eq!((token.expires_at(), token.seen_at(), token.session()), (4_000_000_000, 2, 3));
    assert_eq!((token.label(), token.data()), ("label", &b"data"[..]));
    let versions = sql_at(&address, "SELECT version FROM tower_consent_version ORDER BY version").await;
    assert_eq!(versions, [["1"], ["2"]]);
    let run = Run::new("postgres first version");
    let entry = entry(chain(&run), 1, body(None, Some("somebody")));
    stores[7].append(batch([entry.clone()])).await.unwrap();
    assert_eq!(stores[3].entries_of(&Owner::Subject("somebody".into())).await.unwrap(), [entry]);
    // A release that knows the first version alone is refused, as any other of the past: `tables_of_a_later_version`.
}

/// A role without the right to make tables keeps records.
#[tokio::test]
async fn a_role_without_create() {
    let server = server!();
    let address = server.database().await;
    drop(open(&address).await);
    sql_at(&address, "CREATE ROLE scribe LOGIN").await;
    sql_at(&address, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO scribe").await;
    let store = open(&address.replace("user=postgres", "user=scribe")).await;
    let (run, text) = (Run::new("postgres scribe"), "shown");
    let (chain, browser) = (chain(&run), browser(&run));
    for number in 1..=3 {
        store.append(batch([entry(chain, number, body(Some(browser), None))])).await.unwrap();
    }
    store.append(LedgerBatch::new(vec![], vec![place(chain, 2)])).await.unwrap();
    store.keep_text(TextHash::of(text), text, today()).await.unwrap();
    store.count(DayCount::new(today(), "page", 1)).await.unwrap();
    assert_eq!(store.entries_of(&Owner::Record(browser)).await.unwrap().len(), 2);
    let all = LedgerPurge::new(vec![checkpoint(chain, 3)], Date::MAX, Date::MAX);
    assert_eq!(store.purge(all).await.unwrap(), 5);
    assert_eq!(store.chains().await.unwrap(), [(chain, Some(checkpoint(chain, 3)))]);
    drop(store);
    sql_at(&address, "DROP OWNED BY scribe; DROP ROLE scribe").await;
}

/// One statement for an append, and no other round trip, once a connection has met it; and so for a look.
#[tokio::test]
async fn an_append_is_one_statement() {
    let server = server!("log_min_duration_statement=0");
    let address = server.database().await;
    let store = PostgresStore::builder().pool_size(1).connect(&address).await.unwrap();
    let run = Run::new("postgres one append");
    let (chain, browser) = (chain(&run), browser(&run));
    store.append(batch([entry(chain, 1, None)])).await.unwrap();
    store.entries_of(&Owner::Record(browser)).await.unwrap();
    let count = |step: &str| {
        let log = server.log();
        log.lines().filter(|line| line.starts_with("test_") && line.contains(&format!(" ms  {step}"))).count()
    };
    let before = ["parse", "bind", "execute", "statement:"].map(count);
    for number in 2..=51 {
        let erased = vec![place(chain, number - 1)];
        store.append(LedgerBatch::new(vec![entry(chain, number, body(Some(browser), None))], erased)).await.unwrap();
        assert_eq!(store.entries_of(&Owner::Record(browser)).await.unwrap().len(), 1);
    }
    let after = ["parse", "bind", "execute", "statement:"].map(count);
    let told: Vec<_> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(told, [0, 100, 100, 0], "parse, bind, execute, simple statements");
}

/// A purge that is under way while an append looks: the append waits, and finds its place gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_waits_for_a_purge() {
    let server = server!();
    for isolation in ["read committed", "repeatable read", "serializable"] {
        let address = server.database().await;
        let database = address.rsplit('=').next().unwrap();
        sql_at(&address, &format!("ALTER DATABASE {database} SET default_transaction_isolation = '{isolation}'")).await;
        let (store, run) = (open(&address).await, Run::new("postgres waits"));
        let (known, unknown) = (chain(&run), chain(&run));
        store.append(batch([entry(known, 1, None), entry(known, 2, None)])).await.unwrap();
        // What a purge does, as far as its last statement.
        let other = connect(&address).await;
        let advance = "INSERT INTO tower_consent_chains AS c VALUES ($1, 5, '', '') ON CONFLICT (chain) DO UPDATE \
                       SET number = 5, link = '', seal = ''";
        for chain in [known, unknown] {
            other.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await.unwrap();
            other.execute(advance, &[&&chain.as_bytes()[..]]).await.unwrap();
            let appending = tokio::spawn({
                let store = store.clone();
                async move { store.append(batch([entry(chain, 5, None)])).await }
            });
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                         AND datname = current_database()";
            while sql_at(&address, waits).await == [["0"]] {
                assert!(!appending.is_finished(), "{isolation}: it does not wait");
                timer::sleep(Duration::from_millis(5)).await;
            }
            other.batch_execute("COMMIT").await.unwrap();
            let error = appending.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Invalid, "{isolation}: {error}");
            assert!(error.to_string().ends_with(&format!("chain {chain}: number 5 is taken")), "{error}");
            let count = "SELECT count(*) FROM tower_consent_entries WHERE number = 5";
            assert_eq!(sql_at(&address, count).await, [["0"]], "{isolation}");
        }
    }
}

/// What the tables cannot hold is refused, and nothing else changes.
#[tokio::test]
async fn the_largest_numbers() {
    let server = server!();
    let (store, run) = (open(&server.database().await).await, Run::new("postgres largest"));
    let chain = chain(&run);
    let mut last = entry(chain, 1, None);
    last.place.number = i64::MAX as u64;
    store.append(batch([last.clone()])).await.unwrap();
    let mut beyond = last.clone();
    beyond.place.number += 1;
    let refused = [
        store.append(batch([entry(chain, 1, None), beyond.clone()])).await,
        store.append(batch([entry(chain, 1, None), entry(chain, 1, None)])).await,
        store.purge(purge(vec![checkpoint(chain, 1 << 63)])).await.map(drop),
    ];
    for answer in refused {
        assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Invalid);
    }
    // Nothing there to erase.
    store.append(LedgerBatch::new(vec![], vec![beyond.place])).await.unwrap();
    assert_eq!(all(&store, chain).await, [last]);
    for count in [5, u64::MAX, 7] {
        store.count(DayCount::new(today(), "large", count)).await.unwrap();
    }
    assert_eq!(store.counts().await.unwrap(), [DayCount::new(today(), "large", i64::MAX as u64)]);
    for day in [Date::MIN, Date::MAX] {
        store.count(DayCount::new(day, "", 1)).await.unwrap();
        store.keep_text(TextHash::of("a"), "a", day).await.unwrap();
    }
    let days: Vec<_> = store.counts().await.unwrap().into_iter().map(|count| count.day).collect();
    assert_eq!(days, [Date::MIN, today(), Date::MAX]);
}

/// A worker that writes a chain of its own, number after number, whatever happens to the server.
async fn write_on(store: PostgresStore, run: Arc<Run>, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> Written {
    let (chain, browser) = (chain(&run), browser(&run));
    let (mut acknowledged, mut errors) = (0, Vec::new());
    for number in 1.. {
        let next = entry(chain, number, body(Some(browser), Some(&run.subject("worker"))));
        // An append that failed may have been done: then its place is taken, by itself.
        let mut is_retry = false;
        loop {
            if stop.load(Ordering::SeqCst) {
                return Written { chain, browser, acknowledged, errors };
            }
            match store.append(batch([next.clone()])).await {
                Ok(()) => break,
                Err(error) if is_retry && error.kind() == StoreErrorKind::Invalid => break,
                Err(error) => errors.push(error),
            }
            is_retry = true;
            timer::sleep(Duration::from_millis(10)).await;
        }
        acknowledged = number;
        done.fetch_add(1, Ordering::SeqCst);
    }
    unreachable!()
}

struct Written {
    chain: tower_consent::ChainId,
    browser: tower_consent::RecordId,
    acknowledged: u64,
    errors: Vec<StoreError>,
}

/// The server crashes again and again under appends: nothing that was acknowledged is lost, and no number is left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn crashes_under_appends() {
    let server = server!("fsync=on", "synchronous_commit=on");
    let address = server.database().await;
    let store = PostgresStore::builder().timeout(Duration::from_secs(1)).pool_size(8).connect(&address).await.unwrap();
    let (run, stop) = (Arc::new(Run::new("postgres records crash")), Arc::new(AtomicBool::new(false)));
    let done = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        workers.spawn(write_on(store.clone(), Arc::clone(&run), Arc::clone(&stop), Arc::clone(&done)));
    }
    let goes_on = async || {
        let before = done.load(Ordering::SeqCst);
        let mut looks = 0;
        while done.load(Ordering::SeqCst) < before + 50 {
            looks += 1;
            assert!(looks < 3_000, "nothing is written");
            timer::sleep(Duration::from_millis(10)).await;
        }
    };
    for signal in ["QUIT", "KILL", "QUIT", "KILL"] {
        goes_on().await;
        tokio::task::block_in_place(|| server.end(signal));
        timer::sleep(Duration::from_millis(100)).await;
        tokio::task::block_in_place(|| server.start_again());
    }
    goes_on().await;
    stop.store(true, Ordering::SeqCst);
    let written = workers.join_all().await;
    let errors: Vec<_> = written.iter().flat_map(|written| &written.errors).collect();
    assert!(!errors.is_empty(), "nobody met a crash");
    for error in errors {
        assert!(matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::Timeout), "{error}");
    }
    let fresh = open(&address).await;
    for Written { chain, browser, acknowledged, .. } in written {
        let found = all(&fresh, chain).await;
        // One more may have come through whose answer was lost.
        assert!((acknowledged..=acknowledged + 1).contains(&(found.len() as u64)), "{acknowledged}: {}", found.len());
        for (number, found) in (1..).zip(&found) {
            assert_eq!(found, &entry(chain, number, body(Some(browser), Some(&run.subject("worker")))));
        }
        assert_eq!(fresh.entries_of(&Owner::Record(browser)).await.unwrap(), found);
    }
}

/// An append that waits is cut off, or waits too long: an error, nothing half, and the next one works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_cut_off() {
    let server = server!();
    let address = server.database().await;
    let limit = Duration::from_millis(500);
    let store = PostgresStore::builder().timeout(limit).connect(&address).await.unwrap();
    let (run, other) = (Run::new("postgres cut off"), connect(&address).await);
    let chain = chain(&run);
    store.append(batch([entry(chain, 1, body(None, Some("cut")))])).await.unwrap();
    for (number, is_cut) in [(2, true), (3, false), (4, true)] {
        other.batch_execute("BEGIN; LOCK TABLE tower_consent_entries IN EXCLUSIVE MODE").await.unwrap();
        let added = vec![entry(chain, number, body(None, Some("cut")))];
        let appending = tokio::spawn({
            let (store, added) = (store.clone(), added.clone());
            async move { store.append(LedgerBatch::new(added, vec![place(chain, 1)])).await }
        });
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND datname = current_database()";
        while is_cut && sql_at(&address, cut).await.is_empty() && !appending.is_finished() {
            timer::sleep(Duration::from_millis(5)).await;
        }
        let error = appending.await.unwrap().unwrap_err();
        let expected = if is_cut { StoreErrorKind::Unavailable } else { StoreErrorKind::Timeout };
        assert_eq!(error.kind(), expected, "{error}");
        assert!(!format!("{error} {error:?}").contains("cut\""), "{error:?}");
        // A statement that was given up is stopped at the server too.
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while sql_at(&address, waits).await != [["0"]] {
            timer::sleep(Duration::from_millis(5)).await;
        }
        other.batch_execute("COMMIT").await.unwrap();
        assert_eq!(all(&store, chain).await.len() as u64, number - 1);
        assert!(all(&store, chain).await[0].body.is_some());
        store.append(batch(added)).await.unwrap();
    }
}

/// A standby is never believed, and takes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_not_believed() {
    let server = server!("wal_level=replica");
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres records standby"));
    let (chain, browser) = (chain(&run), browser(&run));
    let first = entry(chain, 1, body(Some(browser), None));
    store.append(batch([first.clone()])).await.unwrap();
    server.end("INT");
    fs::write(server.path("data").join("standby.signal"), "").unwrap();
    server.give(&server.path("data").join("standby.signal"), 0o600);
    server.start_again();
    let hash = TextHash::of("text");
    let answers = [
        store.entries_of(&Owner::Record(browser)).await.map(drop),
        store.entries_of(&Owner::Subject("nobody".into())).await.map(drop),
        store.entries_after(place(chain, 0), 9).await.map(drop),
        store.entries_after(place(chain, 7), 9).await.map(drop),
        store.chains().await.map(drop),
        store.text(&hash).await.map(drop),
        store.counts().await.map(drop),
        store.append(batch([entry(chain, 2, None)])).await,
        store.append(LedgerBatch::default()).await,
        store.keep_text(hash, "text", today()).await,
        store.count(DayCount::new(today(), "a", 1)).await,
        store.purge(purge(vec![checkpoint(chain, 1)])).await.map(drop),
        store.purge(purge(vec![])).await.map(drop),
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let error = answer.expect_err(&format!("operation {index}"));
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "operation {index}: {error}");
        assert!(error.to_string().contains("standby") || error.to_string().contains("read-only"), "{index}: {error}");
    }
    server.sql("postgres", "SELECT pg_promote()").await;
    assert_eq!(store.entries_of(&Owner::Record(browser)).await.unwrap(), [first]);
    store.append(batch([entry(chain, 2, None)])).await.unwrap();
}

/// Rows that no record can be are an error, not an absence.
#[tokio::test]
async fn unreadable_rows_are_an_error() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres corrupt records"));
    let (chain, browser) = (chain(&run), browser(&run));
    for (number, change) in
        (1..).zip(["kind = 99", "subject = '\\xff'", "subject = ''", "salt = '\\x00'", "number = -number"])
    {
        store.append(batch([entry(chain, number, body(Some(browser), Some("s")))])).await.unwrap();
        sql_at(&address, &format!("UPDATE tower_consent_entries SET {change}")).await;
        let error = store.entries_of(&Owner::Record(browser)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{change}: {error}");
        assert!(error.to_string().contains("tower_consent_entries"), "{error}");
        sql_at(&address, "DELETE FROM tower_consent_entries").await;
    }
    store.keep_text(TextHash::of("a"), "a", today()).await.unwrap();
    store.count(DayCount::new(today(), "a", 1)).await.unwrap();
    sql_at(&address, "UPDATE tower_consent_texts SET text = '\\xff'; UPDATE tower_consent_counts SET count = -1").await;
    sql_at(&address, "UPDATE tower_consent_chains SET number = 1, link = '', seal = ''").await;
    let errors = [
        store.text(&TextHash::of("a")).await.map(drop).unwrap_err(),
        store.counts().await.map(drop).unwrap_err(),
        store.chains().await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    }
}

/// Whether a file below this folder holds these bytes.
fn holds(folder: &Path, marker: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        if path.is_dir() {
            return holds(&path, marker);
        }
        // One that goes away meanwhile is gone.
        fs::read(path).unwrap_or_default().windows(marker.len()).any(|window| window == marker)
    })
}

/// What an erasure leaves: nothing in a row, and nothing in the files of the tables once they are written anew.
#[tokio::test]
async fn what_an_erasure_leaves() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres erasure"));
    let (chain, marker) = (chain(&run), "somebody-who-went");
    let entries: Vec<_> = (1..=3).map(|number| entry(chain, number, body(None, Some(marker)))).collect();
    store.append(batch(entries)).await.unwrap();
    let base = server.path("data").join("base");
    sql_at(&address, "CHECKPOINT").await;
    assert!(holds(&base, marker.as_bytes()));
    let erased = (1..=3).map(|number| place(chain, number)).collect();
    store.append(LedgerBatch::new(vec![entry(chain, 4, None)], erased)).await.unwrap();
    let rows = sql_at(&address, "SELECT e::text FROM tower_consent_entries AS e").await;
    let hexadecimal: String = marker.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(rows.len() == 4 && !rows.iter().any(|row| row[0].contains(&hexadecimal)));
    let left = "SELECT count(*) FROM tower_consent_entries WHERE coalesce(salt, record_id, subject, data) IS NOT NULL";
    assert_eq!(sql_at(&address, left).await, [["0"]]);
    sql_at(&address, "VACUUM FULL tower_consent_entries").await;
    sql_at(&address, "CHECKPOINT").await;
    assert!(!holds(&base, marker.as_bytes()));
    assert_eq!(all(&store, chain).await.len(), 4);
}

/// Two processes write chains of their own, and each sees at once what the other has acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres records process"));
    let chain = chain(&run);
    let mut second = Command::new(env::current_exe().unwrap())
        .args(["--exact", "postgres::records::second_process", "--nocapture"])
        .env(ADDRESS, &address)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut ask, answers) = (second.stdin.take().unwrap(), BufReader::new(second.stdout.take().unwrap()));
    let mut answers = answers.lines().map(Result::unwrap).filter(|line| line.starts_with("answer:"));
    for number in 1..=50 {
        store.append(batch([entry(chain, number, body(None, Some("both")))])).await.unwrap();
        writeln!(ask, "{number}").unwrap();
        assert_eq!(answers.next().unwrap(), format!("answer: {}", 2 * number));
        assert_eq!(store.entries_of(&Owner::Subject("both".into())).await.unwrap().len() as u64, 2 * number);
        assert_eq!(store.chains().await.unwrap().len(), 2);
    }
    drop(ask);
    assert!(second.wait().unwrap().success());
}

/// What the second process does. By itself it does nothing.
#[tokio::test]
async fn second_process() {
    let Ok(address) = env::var(ADDRESS) else { return };
    let (store, run) = (open(&address).await, Run::new("postgres second process"));
    let chain = chain(&run);
    for line in std::io::stdin().lines().map_while(Result::ok) {
        store.append(batch([entry(chain, line.parse().unwrap(), body(None, Some("both")))])).await.unwrap();
        println!("\nanswer: {}", store.entries_of(&Owner::Subject("both".into())).await.unwrap().len());
    }
}

/// Figures for the documents: `cargo test --test stores postgres::records::figures -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "measures; asserts nothing"]
async fn figures() {
    let server = server!("autovacuum=off");
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres records figures"));
    let chain = chain(&run);
    let data = [b'x'; 300];
    for part in 0..20_u64 {
        let entries = (part * 1_000 + 1..=part * 1_000 + 1_000).map(|number| {
            let body = tower_consent::EntryBody::new([7; 32], Some(browser(&run)), Some("user-1234567890"), data);
            entry(chain, number, Some(body.unwrap()))
        });
        store.append(batch(entries.collect::<Vec<_>>())).await.unwrap();
    }
    let sizes =
        "SELECT pg_table_size('tower_consent_entries') / 20000.0, pg_indexes_size('tower_consent_entries') / 20000.0";
    println!("bytes a record of 300 bytes: table, indices: {:?}", sql_at(&address, sizes).await);
    // On connections that have met the statement while the table was empty.
    let begin = std::time::Instant::now();
    for number in 20_001..20_501 {
        let erased = vec![place(chain, number - 20_000)];
        store.append(LedgerBatch::new(vec![entry(chain, number, None)], erased)).await.unwrap();
    }
    println!("append and erasure: {:?}", begin.elapsed() / 500);
    let begin = std::time::Instant::now();
    store.purge(purge(vec![checkpoint(chain, 20_000)])).await.unwrap();
    println!("purge of 20,000: {:?}", begin.elapsed());
}

//! Tokens in PostgreSQL: a real server, crashes, two processes, TLS.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead as _, BufReader, Write as _},
    net::Ipv4Addr,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinSet, time};
use tower_consent::{PostgresStore, StoreError, StoreErrorKind, TokenDigest, TokenRecord, TokenStore};

use super::{
    contract::{self, Run},
    ledger,
    postgres_server::{Server, connect, sql_at},
};

/// Where a second process finds the database.
const ADDRESS: &str = "TOWER_CONSENT_TEST_DATABASE";
/// And which token it looks for.
const DIGEST: &str = "TOWER_CONSENT_TEST_DIGEST";

/// The shared server, or the end of the test.
macro_rules! server {
    () => {
        match Server::shared() {
            Some(server) => server,
            None => return,
        }
    };
    ($($setting:expr),+) => {
        match Server::start(&[$($setting),+]) {
            Some(server) => server,
            None => return,
        }
    };
}

mod records;

async fn open(address: &str) -> PostgresStore {
    // What is tested is what it does, not how soon: a machine may have much else to do.
    PostgresStore::builder().timeout(Duration::from_secs(30)).connect(address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let server = server!();
    let address = server.database().await;
    contract::run("postgres", async || open(&address).await).await;
    contract::exactly_seven_days(open(&address).await).await;
    ledger::run("postgres records", async || open(&address).await).await;
    let apart = server.database().await;
    ledger::a_purge_ends_at_its_days("postgres days", async || open(&apart).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_beats_rotations() {
    let server = server!();
    let address = server.database().await;
    let handles = (open(&address).await, open(&address).await);
    contract::a_log_out_beats_rotations("postgres log-out", (20, 2, 0), handles).await;
}

/// Where the database's default is strict isolation, the server rolls statements back that meet others; the store sends
/// them again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract_under_strict_isolation() {
    let server = server!();
    let address = server.database().await;
    let database = address.rsplit('=').next().unwrap();
    server
        .sql(database, &format!("ALTER DATABASE {database} SET default_transaction_isolation = 'repeatable read'"))
        .await;
    contract::run("postgres strict", async || open(&address).await).await;
    ledger::run("postgres strict records", async || open(&address).await).await;
}

/// An application's own pool, and a schema of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract_on_a_pool_of_the_application() {
    let server = server!();
    let address = server.database().await;
    let open = async || {
        let manager = deadpool_postgres::Manager::new(address.parse().unwrap(), tokio_postgres::NoTls);
        let pool = deadpool_postgres::Pool::builder(manager).max_size(4).build().unwrap();
        PostgresStore::builder().schema("sign_ins").with_pool(pool).await.unwrap()
    };
    contract::run("postgres pool", open).await;
    ledger::run("postgres pool records", open).await;
    let tables = sql_at(&address, "SELECT schemaname FROM pg_tables WHERE tablename LIKE 'tower_consent_%'").await;
    assert_eq!(tables, [["sign_ins"]; 6]);
}

/// Many servers start at a time, on a database where nothing is yet: all of them work, and the tables are made once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_servers_start_at_a_time() {
    let server = server!();
    let address = server.database().await;
    for schema in [None, Some("of_its_own")] {
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let address = address.clone();
            tasks.spawn(async move {
                let builder = PostgresStore::builder().timeout(Duration::from_secs(10));
                let builder = match schema {
                    Some(schema) => builder.schema(schema),
                    None => builder,
                };
                builder.connect(&address).await
            });
        }
        let stores: Vec<_> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
        assert_eq!(stores.len(), 16);
        let question =
            format!("SELECT count(*), max(version) FROM {}.tower_consent_version", schema.unwrap_or("public"));
        assert_eq!(sql_at(&address, &question).await, [["2", "2"]]);
        let run = Run::new("postgres start");
        let record = run.record("s");
        assert!(stores[0].insert_new(record.clone()).await.unwrap());
        assert_eq!(stores[15].get(record.digest()).await.unwrap(), Some(record));
    }
}

/// No number that a builder takes makes it panic.
#[tokio::test]
async fn extreme_settings() {
    let server = server!();
    let address = server.database().await;
    for (size, limit) in [(0, Duration::from_secs(5)), (usize::MAX, Duration::MAX)] {
        let builder = PostgresStore::builder().pool_size(size).timeout(limit).sweep_interval(limit);
        let (store, run) = (builder.connect(&address).await.unwrap(), Run::new("postgres extreme"));
        let record = run.record("s");
        assert!(store.insert_new(record.clone()).await.unwrap());
        assert_eq!(store.sweep().await.unwrap(), 0);
        assert!(store.delete(record.digest()).await.unwrap());
    }
    let error = PostgresStore::builder().timeout(Duration::ZERO).connect(&address).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Timeout);
}

/// Where the tables are there, the role that serves needs no right to make any.
#[tokio::test]
async fn a_role_without_create() {
    let server = server!();
    let address = server.database().await;
    let refused = |error: &StoreError| {
        assert_eq!(error.kind(), StoreErrorKind::Config);
        assert!(
            error.to_string().contains("permission denied for schema public (42501); the role needs CREATE"),
            "{error}"
        );
    };
    sql_at(&address, "CREATE ROLE modest LOGIN").await;
    let modest = address.replace("user=postgres", "user=modest");
    refused(&PostgresStore::connect(&modest).await.unwrap_err());
    drop(open(&address).await);
    sql_at(&address, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO modest").await;
    let (store, run) = (open(&modest).await, Run::new("postgres modest"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert!(store.touch(record.digest(), record.seen_at() + 1).await.unwrap());
    assert!(store.delete(record.digest()).await.unwrap());
    assert_eq!(store.sweep().await.unwrap(), 0);
    sql_at(&address, "DROP OWNED BY modest; DROP ROLE modest").await;
}

/// Tables that a later release has made are not touched by an earlier one.
#[tokio::test]
async fn tables_of_a_later_version_are_refused() {
    let server = server!();
    let address = server.database().await;
    drop(open(&address).await);
    sql_at(&address, "INSERT INTO tower_consent_version (version) VALUES (7)").await;
    let error = PostgresStore::connect(&address).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config);
    let expected = "the store cannot be opened: the tables in schema \"public\" are of version 7, and this release of \
                    tower-consent knows none after 2: it must be at least as new as the newest server";
    assert_eq!(error.to_string(), expected);
}

/// Settings under which an acknowledged log-out can be lost are refused by name, unless they are accepted.
#[tokio::test]
async fn unsafe_settings_are_refused() {
    let server = server!("fsync=off");
    let refused = async |address: &str, setting: &str| {
        let error = PostgresStore::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unsafe);
        assert!(error.to_string().contains(&format!("{setting} = off")), "{error}");
        let store = PostgresStore::builder().accept_unsafe().connect(address).await.unwrap();
        assert_eq!(store.sweep().await.unwrap(), 0);
    };
    let address = server.database().await;
    refused(&address, "fsync").await;
    drop(server);

    let server = server!();
    let address = server.database().await;
    let database = address.rsplit('=').next().unwrap();
    sql_at(&address, &format!("ALTER DATABASE {database} SET synchronous_commit = off")).await;
    refused(&address, "synchronous_commit").await;
    let unsafe_role = format!(
        "CREATE ROLE hasty LOGIN SUPERUSER; ALTER ROLE hasty SET synchronous_commit = off; \
                               ALTER DATABASE {database} RESET synchronous_commit"
    );
    sql_at(&address, &unsafe_role).await;
    refused(&address.replace("user=postgres", "user=hasty"), "synchronous_commit").await;
    drop(open(&address).await);
    sql_at(&address, "DROP OWNED BY hasty; DROP ROLE hasty").await;
}

/// One statement for a look-up, and no other round trip, once a connection has met it.
#[tokio::test]
async fn a_look_up_is_one_statement() {
    let server = server!("log_min_duration_statement=0");
    let (store, run) =
        (PostgresStore::builder().pool_size(1).connect(&server.database().await).await.unwrap(), Run::new("one"));
    let record = run.record("s");
    store.insert_new(record.clone()).await.unwrap();
    store.get(record.digest()).await.unwrap();
    let count = |step: &str| {
        let log = server.log();
        log.lines().filter(|line| line.starts_with("test_") && line.contains(&format!(" ms  {step}"))).count()
    };
    let before = ["parse", "bind", "execute", "statement:"].map(count);
    for round in 0..100 {
        let digest = if round % 2 == 0 { *record.digest() } else { run.digest() };
        assert_eq!(store.get(&digest).await.unwrap().is_some(), round % 2 == 0);
    }
    let after = ["parse", "bind", "execute", "statement:"].map(count);
    let told: Vec<_> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(told, [0, 100, 100, 0], "parse, bind, execute, simple statements");
}

/// Two servers on one database: a log-out on one is refused on the other at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_holds_on_the_other_server() {
    let server = server!();
    let address = server.database().await;
    let (one, other, run) = (open(&address).await, open(&address).await, Run::new("postgres two"));
    for round in 0..200 {
        let record = run.record(&format!("s{round}"));
        assert!(one.insert_new(record.clone()).await.unwrap());
        assert!(other.get(record.digest()).await.unwrap().is_some());
        if round % 2 == 0 {
            assert!(one.delete(record.digest()).await.unwrap());
        } else {
            assert_eq!(one.delete_all_of(record.subject()).await.unwrap(), 1);
        }
        assert_eq!(other.get(record.digest()).await.unwrap(), None);
    }
}

/// The same with a second process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_out_holds_in_another_process() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres process"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "postgres::the_other_process", "--nocapture"])
        .env(ADDRESS, &address)
        .env(DIGEST, record.digest().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut answers = answers.lines().map(Result::unwrap).filter(|line| line.starts_with("answer:"));
    let mut found = || {
        writeln!(ask, "look").unwrap();
        answers.next().unwrap()
    };
    assert_eq!(found(), "answer: true");
    assert_eq!(found(), "answer: true");
    assert!(store.delete(record.digest()).await.unwrap());
    assert_eq!(found(), "answer: false");
    drop(ask);
    assert!(child.wait().unwrap().success());
}

/// What the second process does. By itself it does nothing.
#[tokio::test]
async fn the_other_process() {
    let Ok(address) = env::var(ADDRESS) else { return };
    let digest: TokenDigest = env::var(DIGEST).unwrap().parse().unwrap();
    let store = open(&address).await;
    for _line in std::io::stdin().lines().map_while(Result::ok) {
        println!("\nanswer: {}", store.get(&digest).await.unwrap().is_some());
    }
}

/// 200 at a time on one token: after the first log-out that was acknowledged nobody finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_finds_a_token_after_its_log_out() {
    let server = server!();
    let address = server.database().await;
    let stores = [open(&address).await, open(&address).await];
    let run = Arc::new(Run::new("postgres 200"));
    for _ in 0..5 {
        let record = run.record("race");
        assert!(stores[0].insert_new(record.clone()).await.unwrap());
        let is_gone = Arc::new(AtomicBool::new(false));
        let (late, winners) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for index in 0..200 {
            let store = stores[index % 2].clone();
            let (run, record) = (Arc::clone(&run), record.clone());
            let (is_gone, late, winners) = (Arc::clone(&is_gone), Arc::clone(&late), Arc::clone(&winners));
            tasks.spawn(async move {
                match index % 4 {
                    // The order of arrival is not that of the start; some begin late.
                    0 | 1 => {
                        for _ in 0..20 {
                            let was_gone = is_gone.load(Ordering::SeqCst);
                            let found = store.get(record.digest()).await.unwrap();
                            assert!(!(was_gone && found.is_some()), "found after its log-out");
                            late.fetch_add(usize::from(was_gone), Ordering::SeqCst);
                        }
                    }
                    2 => {
                        if store.delete(record.digest()).await.unwrap() {
                            winners.fetch_add(1, Ordering::SeqCst);
                        }
                        is_gone.store(true, Ordering::SeqCst);
                    }
                    _ => {
                        let successor = record.with_digest(run.digest());
                        assert!(store.insert_new(successor.clone()).await.unwrap());
                        if store.delete(record.digest()).await.unwrap() {
                            winners.fetch_add(1, Ordering::SeqCst);
                        } else {
                            store.delete(successor.digest()).await.unwrap();
                        }
                        is_gone.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(winners.load(Ordering::SeqCst), 1);
        assert!(late.load(Ordering::SeqCst) > 0, "somebody looked afterwards");
        contract::assert_gone(&stores[1], &record).await;
        stores[0].delete_all_of(record.subject()).await.unwrap();
    }
}

/// What the crash test knows of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Its issue was acknowledged.
    Issued,
    /// Its deletion was tried, and nothing is known.
    Tried,
    /// Its deletion was acknowledged, or seen.
    Revoked,
}

/// The server crashes again and again under load: nothing that was acknowledged is lost or comes back, errors say what
/// they are, and the store works again by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn crashes_under_load() {
    let server = server!("fsync=on", "synchronous_commit=on");
    let address = server.database().await;
    let store = PostgresStore::builder().timeout(Duration::from_secs(1)).pool_size(8).connect(&address).await.unwrap();
    let (run, stop) = (Arc::new(Run::new("postgres crash")), Arc::new(AtomicBool::new(false)));
    let errors = Arc::new(Mutex::new(Vec::new()));
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for worker in 0..8 {
        let (store, run, stop) = (store.clone(), Arc::clone(&run), Arc::clone(&stop));
        let (errors, acknowledged) = (Arc::clone(&errors), Arc::clone(&acknowledged));
        workers.spawn(async move {
            let mut known: Vec<(TokenRecord, Fate)> = Vec::new();
            let failed = |error: StoreError| errors.lock().unwrap().push(error);
            for round in 0_usize.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let record = run.record(&format!("worker {worker}"));
                match store.insert_new(record.clone()).await {
                    Ok(is_new) => {
                        assert!(is_new);
                        acknowledged.fetch_add(1, Ordering::SeqCst);
                        known.push((record, Fate::Issued));
                    }
                    Err(error) => {
                        failed(error);
                        time::sleep(Duration::from_millis(10)).await;
                    }
                }
                let count = known.len();
                let Some((record, fate)) = known.get_mut((round * 7_919) % count.max(1)) else { continue };
                match store.get(record.digest()).await {
                    Ok(found) => match fate {
                        Fate::Issued => assert_eq!(found.as_ref(), Some(&*record), "an acknowledged issue is lost"),
                        Fate::Revoked => assert_eq!(found, None, "a revoked token is back"),
                        // Once it is gone, it stays so.
                        Fate::Tried if found.is_none() => *fate = Fate::Revoked,
                        Fate::Tried => {}
                    },
                    Err(error) => failed(error),
                }
                if round % 2 == 0 && *fate != Fate::Revoked {
                    match store.delete(record.digest()).await {
                        Ok(was_there) => {
                            assert!(was_there || *fate == Fate::Tried, "an acknowledged issue is lost");
                            *fate = Fate::Revoked;
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(error) => {
                            *fate = Fate::Tried;
                            failed(error);
                        }
                    }
                }
            }
            known
        });
    }
    for signal in ["QUIT", "KILL", "INT", "QUIT"] {
        let before = acknowledged.load(Ordering::SeqCst);
        time::sleep(Duration::from_millis(500)).await;
        assert!(acknowledged.load(Ordering::SeqCst) > before, "it works before {signal}");
        tokio::task::block_in_place(|| server.end(signal));
        time::sleep(Duration::from_millis(200)).await;
        tokio::task::block_in_place(|| server.start_again());
        let begin = Instant::now();
        while let Err(error) = store.get(&run.digest()).await {
            assert!(begin.elapsed() < Duration::from_secs(10), "it does not work again: {error}");
            time::sleep(Duration::from_millis(20)).await;
        }
    }
    time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::SeqCst);
    let known: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    let errors = std::mem::take(&mut *errors.lock().unwrap());
    let kinds = |kind| errors.iter().filter(|error| error.kind() == kind).count();
    let (unavailable, timeout) = (kinds(StoreErrorKind::Unavailable), kinds(StoreErrorKind::Timeout));
    let other =
        errors.iter().find(|error| !matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::Timeout));
    assert!(other.is_none(), "{other:?}");
    assert!(unavailable > 0, "nobody met a crash");
    let fresh = open(&address).await;
    let mut counts = [0, 0, 0];
    for (record, fate) in &known {
        let found = fresh.get(record.digest()).await.unwrap();
        match fate {
            Fate::Issued => assert_eq!(found.as_ref(), Some(record), "an acknowledged issue is lost"),
            Fate::Revoked => assert_eq!(found, None, "a revoked token is back"),
            Fate::Tried => {}
        }
        counts[*fate as usize] += 1;
    }
    assert!(counts[0] > 100 && counts[2] > 100, "{counts:?}");
    println!("{counts:?} issued, tried, revoked; errors: {unavailable} unavailable, {timeout} timeout");
}

/// A standby can still find what was deleted: it is never believed, neither when it is opened nor when the server turns
/// into one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_not_believed() {
    let server = server!("wal_level=replica");
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres standby"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    server.end("INT");
    std::fs::write(server.path("data").join("standby.signal"), "").unwrap();
    server.give(&server.path("data").join("standby.signal"), 0o600);
    server.start_again();
    let answers = [
        store.get(record.digest()).await.map(|_| ()),
        store.get(&run.digest()).await.map(|_| ()),
        store.list_of(record.subject()).await.map(|_| ()),
        store.delete(record.digest()).await.map(|_| ()),
        store.delete(&run.digest()).await.map(|_| ()),
        store.touch(&run.digest(), 0).await.map(|_| ()),
        store.delete_all_of("nobody").await.map(|_| ()),
        store.insert_new(run.record("s")).await.map(|_| ()),
        store.sweep().await.map(|_| ()),
        PostgresStore::connect(&address).await.map(|_| ()),
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let error = answer.expect_err(&format!("operation {index}"));
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "operation {index}: {error}");
        assert!(error.to_string().contains("standby") || error.to_string().contains("read-only"), "{index}: {error}");
    }
    server.sql("postgres", "SELECT pg_promote()").await;
    assert_eq!(store.get(record.digest()).await.unwrap(), Some(record.clone()));
    assert!(store.delete(record.digest()).await.unwrap());
}

/// A statement that waits behind somebody else's lock ends within the time limit, at the server too; then the store
/// works again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_is_a_timeout() {
    let server = server!();
    let address = server.database().await;
    let limit = Duration::from_millis(200);
    let (store, run) = (PostgresStore::builder().timeout(limit).connect(&address).await.unwrap(), Run::new("slow"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    let other = connect(&address).await;
    other.batch_execute("BEGIN; LOCK TABLE tower_consent_tokens").await.unwrap();
    for _ in 0..20 {
        let begin = Instant::now();
        let error = store.get(record.digest()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Timeout);
        assert!(
            error.to_string().contains("get: no answer from /") && error.to_string().ends_with("within 200ms"),
            "{error}"
        );
        assert!(begin.elapsed() < limit * 3, "{:?}", begin.elapsed());
    }
    time::sleep(limit).await;
    let question =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let row = other.query_one(question, &[]).await.unwrap();
    assert!(row.get::<_, i64>(0) <= 1, "statements wait on at the server");
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(store.get(record.digest()).await.unwrap(), Some(record));

    // No connection becomes free: the wait for one counts too.
    let narrow = PostgresStore::builder().timeout(limit).pool_size(1).connect(&address).await.unwrap();
    other.batch_execute("BEGIN; LOCK TABLE tower_consent_tokens").await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let (narrow, digest) = (narrow.clone(), run.digest());
        tasks.spawn(async move { narrow.get(&digest).await });
    }
    let begin = Instant::now();
    for answer in tasks.join_all().await {
        assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Timeout);
    }
    assert!(begin.elapsed() < limit * 3, "{:?}", begin.elapsed());
}

/// Nobody there: a clear error, within the time limit, without the password.
#[tokio::test]
async fn nobody_there() {
    let check = async |address: String, kind, expected: &str| {
        let begin = Instant::now();
        let builder = PostgresStore::builder().timeout(Duration::from_millis(300));
        let error = builder.connect(&address).await.unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    };
    let refused = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let unavailable = StoreErrorKind::Unavailable;
    check(
        format!("postgres://app:hunter2@127.0.0.1:{refused}/app"),
        unavailable,
        &format!("the store is unavailable: connecting to 127.0.0.1:{refused}/app: error connecting to server: Connection refused"),
    )
    .await;
    check(
        format!("postgres://app:hunter2@{}/app", silent.local_addr().unwrap()),
        StoreErrorKind::Timeout,
        &format!("connecting to {}/app: not done within 300ms", silent.local_addr().unwrap()),
    )
    .await;
    check("host=/nowhere user=app password=hunter2".to_owned(), unavailable, "connecting to /nowhere:5432").await;
}

/// Addresses that cannot be: what is wrong, and never the address itself.
#[tokio::test]
async fn bad_addresses() {
    let cases = [
        ("", "names no host"),
        ("hunter2", "neither a URL"),
        ("postgres://app:hunter2/app", "port has a value that it cannot have"),
        ("postgres://app:hunter2@host:port/app", "port has a value"),
        ("postgres://app:hunter2@host/app?sslmode=verify-full", "sslmode is disable, prefer or require"),
        ("host=host password=a hunter2=b", "neither a URL"),
        ("host=host password='hunter2", "neither a URL"),
        ("postgres://app:hunter2@host/app?hunter2=1", "neither a URL"),
    ];
    for (address, expected) in cases {
        let error = PostgresStore::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{address}");
        assert!(error.to_string().contains(expected), "{address}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    let builder = PostgresStore::builder().timeout(Duration::from_millis(300));
    // The end of a password that holds an `@`.
    let error = builder.clone().connect("postgres://app:secret@hunter2@127.0.0.1:1/app").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    for schema in ["", "Up", "a b", "a\"; DROP SCHEMA public; --", "pg_own", "1st", &"x".repeat(64)] {
        let error = builder.clone().schema(schema).connect("host=/nowhere").await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{schema}");
        assert!(error.to_string().contains("schema"), "{error}");
    }
    let error = builder.root_certificates("no certificate").connect("host=/nowhere").await.unwrap_err();
    assert_eq!(error.to_string(), "the store cannot be opened: root certificates: no certificate in PEM form");
}

/// Sign-in fails: an error of settings, without the password. Nothing that is shown holds it either.
#[tokio::test]
async fn passwords_stay_inside() {
    let server = server!();
    let address = server.database().await;
    sql_at(&address, "CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'hunter2'").await;
    let address = address.replace("user=postgres", "user=guarded");
    let cases = [
        (" password=wrong-secret", "password authentication failed for user \"guarded\" (28P01)"),
        ("", "password missing"),
    ];
    for (password, expected) in cases {
        let error = PostgresStore::connect(&format!("{address}{password}")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("wrong-secret"), "{error:?}");
    }
    let error = PostgresStore::connect(&server.address("no_such_database")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config);
    assert!(error.to_string().contains("database \"no_such_database\" does not exist (3D000)"), "{error}");
    let store = open(&format!("{address} password=hunter2")).await;
    let shown = format!("{store:?} {:?}", PostgresStore::builder().root_certificates("hunter2"));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("PostgresStore { database: \"/"), "{shown}");
    drop(store);
    sql_at(&server.address("postgres"), "ALTER ROLE guarded NOLOGIN PASSWORD NULL").await;
}

/// Rows that no token can be are an error, not an absence.
#[tokio::test]
async fn unreadable_rows_are_an_error() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres corrupt"));
    for change in [
        "subject = ''",
        "subject = '\\xff'",
        "label = '\\xff'",
        "form = 99",
        "form = -1",
        "data = repeat('x', 2000)::bytea",
    ] {
        let record = run.record("s");
        assert!(store.insert_new(record.clone()).await.unwrap());
        sql_at(&address, &format!("UPDATE tower_consent_tokens SET {change}")).await;
        let error = store.get(record.digest()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{change}");
        assert!(store.delete(record.digest()).await.unwrap(), "it can be deleted");
    }
    sql_at(&address, "DROP TABLE tower_consent_tokens").await;
    let error = store.get(&run.digest()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("does not exist (42P01)"), "{error}");
}

/// Ended tokens are gone for every operation after two intervals, by the sweep of a store that was opened just now.
#[tokio::test]
async fn swept_by_itself() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres swept"));
    let (ended, live) = (run.ended_record("s", -1), run.record("s"));
    for record in [&ended, &live] {
        assert!(store.insert_new(record.clone()).await.unwrap());
    }
    let quick = PostgresStore::builder().sweep_interval(Duration::from_secs(1)).connect(&address).await.unwrap();
    assert_eq!(quick.get(ended.digest()).await.unwrap(), Some(ended.clone()));
    // It ends in a second, may go after another, and must be gone after a third.
    time::sleep(Duration::from_millis(3_300)).await;
    contract::assert_gone(&store, &ended).await;
    assert_eq!(store.list_of(live.subject()).await.unwrap(), std::slice::from_ref(&live));

    // A store deletes nothing earlier than its interval says.
    let run = Run::new("postgres not early");
    let (early, late) = (run.ended_record("s", 290), run.ended_record("s", 310));
    drop(quick);
    for record in [&early, &late] {
        assert!(store.insert_new(record.clone()).await.unwrap());
    }
    assert_eq!(store.sweep().await.unwrap(), 1);
    assert!(store.get(early.digest()).await.unwrap().is_some());
    contract::assert_gone(&store, &late).await;
}

/// The task and the connections go with the last clone.
#[tokio::test]
async fn nothing_is_left_running() {
    let server = server!();
    let address = server.database().await;
    let store = open(&address).await;
    let clone = store.clone();
    let question = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tower-consent' \
                    AND datname = current_database()";
    let metrics = tokio::runtime::Handle::current().metrics();
    clone.sweep().await.unwrap();
    assert_ne!(sql_at(&address, question).await, [["0"]]);
    drop(store);
    time::sleep(Duration::from_millis(200)).await;
    assert_ne!(sql_at(&address, question).await, [["0"]], "a clone is there");
    clone.sweep().await.unwrap();
    drop(clone);
    let begin = Instant::now();
    while metrics.num_alive_tasks() > 0 || sql_at(&address, question).await != [["0"]] {
        assert!(begin.elapsed() < Duration::from_secs(5), "{} tasks are left", metrics.num_alive_tasks());
        time::sleep(Duration::from_millis(50)).await;
    }
}

/// Adds tokens that ended a day ago.
async fn add_ended(address: &str, count: usize) {
    let add = format!(
        "INSERT INTO tower_consent_tokens (digest, subject, issued_at, expires_at, seen_at, session, form, label, data) \
         SELECT sha256(i::text::bytea), ('user-' || i)::bytea, t - 604800, t, t - 604800, i, 0, '', '' FROM (SELECT extract(epoch FROM now())::bigint - 86400 AS t) AS time, \
         generate_series(1, {count}) AS i"
    );
    sql_at(address, &add).await;
}

/// Of many servers one sweeps at a time; the others do nothing, and wait for nothing. Rows that somebody holds are left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_sweeps_at_a_time() {
    let server = server!();
    let address = server.database().await;
    let stores = [open(&address).await, open(&address).await];
    // The first sweeps, at opening, are over.
    time::sleep(Duration::from_millis(300)).await;
    add_ended(&address, 5_000).await;
    let other = connect(&address).await;
    let digest: [u8; 32] = Sha256::digest("tower-consent sweep public").into();
    let key = i64::from_be_bytes(*digest.first_chunk().unwrap());
    other.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({key})")).await.unwrap();
    for store in &stores {
        assert_eq!(store.sweep().await.unwrap(), 0, "somebody else has the turn");
    }
    other.batch_execute("COMMIT").await.unwrap();

    other.batch_execute("BEGIN; SELECT FROM tower_consent_tokens LIMIT 10 FOR UPDATE").await.unwrap();
    let sweep = |store: &PostgresStore| {
        let store = store.clone();
        tokio::spawn(async move { store.sweep().await.unwrap() })
    };
    let (one, two) = (sweep(&stores[0]), sweep(&stores[1]));
    let swept = one.await.unwrap() + two.await.unwrap();
    let rest = stores[0].sweep().await.unwrap();
    assert_eq!(swept + rest, 4_990, "every token is told once");
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(stores[1].sweep().await.unwrap(), 10);
}

/// Look-ups go on while 100,000 ended tokens are deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_large_sweep_stalls_nobody() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (open(&address).await, Run::new("postgres large"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    time::sleep(Duration::from_millis(300)).await;
    add_ended(&address, 100_000).await;
    let sweep = tokio::spawn({
        let store = store.clone();
        async move {
            let begin = Instant::now();
            (store.sweep().await.unwrap(), begin.elapsed())
        }
    });
    let (mut count, mut longest, mut sum) = (0_u32, Duration::ZERO, Duration::ZERO);
    while !sweep.is_finished() {
        let begin = Instant::now();
        assert!(store.get(record.digest()).await.unwrap().is_some());
        (count, longest, sum) = (count + 1, longest.max(begin.elapsed()), sum + begin.elapsed());
    }
    let (swept, took) = sweep.await.unwrap();
    assert_eq!(swept, 100_000);
    assert!(count > 100, "{count} look-ups");
    println!("swept 100,000 in {took:?}; meanwhile {count} look-ups, mean {:?}, longest {longest:?}", sum / count);
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// TLS with a certificate authority of one's own; others are refused, by an error that says what to do.
#[tokio::test]
async fn tls() {
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority = parameters.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(parameters, &authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap();

    let server = server!("log_connections=on");
    let plain = server.database().await;
    server.end("INT");
    let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    for (name, pem, mode) in [
        ("server.crt", pem("CERTIFICATE", certificate.der()), 0o600),
        ("server.key", pem("PRIVATE KEY", &key.serialize_der()), 0o600),
    ] {
        let path = server.path("data").join(name);
        std::fs::write(&path, pem).unwrap();
        server.give(&path, mode);
    }
    server.set(&["listen_addresses = '127.0.0.1'", &format!("port = {port}"), "ssl = on"]);
    server.start_again();

    let database = plain.rsplit('=').next().unwrap();
    let address = |host: &str, mode: &str| {
        format!("postgres://postgres@{host}:{port}/{database}?hostaddr=127.0.0.1&sslmode={mode}")
    };
    let trusting = PostgresStore::builder().root_certificates(pem("CERTIFICATE", authority.der()));
    let store = trusting.clone().connect(&address("localhost", "require")).await.unwrap();
    let run = Run::new("postgres tls");
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert_eq!(store.get(record.digest()).await.unwrap(), Some(record));
    let question = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tower-consent'";
    assert_eq!(sql_at(&address("localhost", "disable"), question).await, [["t"]]);

    let refused = async |builder: tower_consent::PostgresStoreBuilder, host: &str, mode: &str, expected: &str| {
        let error = builder.connect(&address(host, mode)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    for mode in ["require", "prefer"] {
        refused(PostgresStore::builder(), "localhost", mode, "UnknownIssuer; give the server's root certificate").await;
        refused(trusting.clone(), "elsewhere", mode, "not valid for name").await;
    }
    server.end("INT");
    server.set(&["ssl = off"]);
    server.start_again();
    refused(trusting, "localhost", "require", "server does not support TLS").await;
}

/// A session that rotates again and again meets the end of its subject: nothing of it outlives that.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_during_the_end_of_a_subject() {
    let server = server!();
    let address = server.database().await;
    let (one, other) = (open(&address).await, open(&address).await);
    let run = Arc::new(Run::new("postgres end"));
    for round in 0..100 {
        let mut old = run.record(&format!("subject {round}"));
        let subject = old.subject().to_owned();
        assert!(one.insert_new(old.clone()).await.unwrap());
        let rotating = tokio::spawn({
            let (other, run) = (other.clone(), Arc::clone(&run));
            async move {
                // Rotates until it finds itself logged out.
                loop {
                    let new = old.with_digest(run.digest());
                    assert!(other.insert_new(new.clone()).await.unwrap());
                    if !other.delete(old.digest()).await.unwrap() {
                        other.delete(new.digest()).await.unwrap();
                        return;
                    }
                    old = new;
                }
            }
        });
        time::sleep(Duration::from_micros(round * 50)).await;
        one.delete_all_of(&subject).await.unwrap();
        time::timeout(Duration::from_secs(10), rotating).await.expect("a rotation outlived the log-out").unwrap();
        let left: BTreeSet<_> = one.list_of(&subject).await.unwrap().iter().map(|left| *left.digest()).collect();
        assert!(left.is_empty(), "{} left", left.len());
    }
}

/// Figures for the documents: `cargo test --test stores postgres::figures -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "measures; asserts nothing"]
async fn figures() {
    let server = server!();
    let address = server.database().await;
    let (store, run) = (PostgresStore::builder().connect(&address).await.unwrap(), Run::new("figures"));
    let records: Vec<_> = (0..1_000).map(|index| run.record(&format!("user-{index}"))).collect();
    for record in &records {
        assert!(store.insert_new(record.clone()).await.unwrap());
    }
    sql_at(&address, "VACUUM ANALYZE tower_consent_tokens").await;
    let manager = deadpool_postgres::Manager::new(address.parse().unwrap(), tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(10).build().unwrap();
    let records = Arc::new(records);
    let select = "SELECT digest, subject, issued_at, expires_at, seen_at, session, form, label, data FROM \
                  tower_consent_tokens WHERE digest = $1";
    for (in_flight, rounds) in [(1, 1_000), (64, 6_400)] {
        let mut took = [Vec::new(), Vec::new()];
        // In turns, so that a busy machine is busy for both.
        for turn in 0..40 {
            let is_raw = turn % 2 == 1;
            let (mut tasks, begin) = (JoinSet::new(), Instant::now());
            for worker in 0..in_flight {
                let (store, pool, records) = (store.clone(), pool.clone(), Arc::clone(&records));
                tasks.spawn(async move {
                    for round in 0..rounds / in_flight {
                        let digest = records[(worker * 37 + round * 7) % 1_000].digest();
                        if is_raw {
                            let client = pool.get().await.unwrap();
                            let statement = client.prepare_cached(select).await.unwrap();
                            let row = client.query_one(&statement, &[&&digest.as_bytes()[..]]).await.unwrap();
                            assert_eq!(row.get::<_, &[u8]>(0), digest.as_bytes());
                        } else {
                            assert!(store.get(digest).await.unwrap().is_some());
                        }
                    }
                });
            }
            tasks.join_all().await;
            took[usize::from(is_raw)].push(begin.elapsed() / u32::try_from(rounds).unwrap());
        }
        for (which, mut took) in ["store", "raw"].into_iter().zip(took) {
            took.sort();
            println!("{in_flight} in flight, {which}: for one {:?} at best, {:?} in the middle", took[0], took[10]);
        }
    }
    sql_at(&address, "TRUNCATE tower_consent_tokens").await;
    add_ended(&address, 100_000).await;
    let sizes =
        "SELECT pg_table_size('tower_consent_tokens') / 100000.0, pg_indexes_size('tower_consent_tokens') / 100000.0";
    println!("bytes a token: table, indices: {:?}", sql_at(&address, sizes).await);
}

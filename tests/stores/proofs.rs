//! Records on every store: a thousand who decide at once, erasure and tampering, and crashes in the middle. What was
//! acknowledged is there, and every chain verifies.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, Response};
use tokio::{task::JoinSet, time};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_consent::{
    Category, ChoiceError, Choices, ConsentContext, ConsentLayer, ConsentStore, Decision, EntryPlace, LedgerBatch,
    MemoryStore, Owner, Policy, PostgresStore, RecordId, Records, RedbStore, RedisStore, Rights,
};

use super::{
    postgres_server::Server,
    redb::{NAME, block_on, child, lines, tell},
    servers::{RedisCluster, RedisServer},
};

const KEY: [u8; 32] = [7; 32];

fn records(store: impl ConsentStore) -> Records {
    Records::builder(store).chain_key(KEY).build()
}

/// The decision of a visitor who has not decided.
async fn undecided() -> Decision {
    let policy = Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).build().unwrap();
    let service = service_fn(async |request: Request<()>| {
        let context = ConsentContext::of(request.extensions()).unwrap();
        Ok::<_, Infallible>(Response::new(context.decision().clone()))
    });
    ConsentLayer::new(policy).layer(service).oneshot(Request::new(())).await.unwrap().into_body()
}

/// Accepts all, and gives the number of the record.
async fn accept(records: &Records, decision: &Decision) -> Result<RecordId, ChoiceError> {
    let choices = Choices::new(records.clone(), decision.clone()).showing("May we count?");
    let change = choices.accept_all().await?;
    let line = change.header_value().unwrap().to_str().unwrap();
    let (_, id) = line.split(';').next().unwrap().split_once('#').unwrap();
    Ok(RecordId::from_bytes(URL_SAFE_NO_PAD.decode(id).unwrap().try_into().unwrap()))
}

/// Everything that a site does, on two handles as of two processes.
async fn run<S: ConsentStore>(open: impl AsyncFn() -> S) {
    let [one, other] = [records(open().await), records(open().await)];
    let decision = undecided().await;
    let mut tasks = JoinSet::new();
    for number in 0..1_000 {
        let (records, decision) = (if number % 2 == 0 { one.clone() } else { other.clone() }, decision.clone());
        tasks.spawn(async move { accept(&records, &decision).await.unwrap() });
    }
    let ids = tasks.join_all().await;
    assert_eq!(ids.iter().map(|id| *id.as_bytes()).collect::<BTreeSet<_>>().len(), 1_000);
    let store = open().await;
    for id in &ids {
        assert_eq!(store.entries_of(&Owner::Record(*id)).await.unwrap().len(), 1);
    }
    let found = one.verify().await.unwrap();
    assert!(found.is_intact(), "{:?}", found.findings);
    assert_eq!((found.chains, found.entries, found.erased), (2, 1_000, 0));
    let heads = found.heads;

    // Erased: gone for every process, and both chains still verify.
    let rights = Rights::new(one.clone());
    for id in &ids[..20] {
        assert_eq!(rights.erase(&Owner::Record(*id)).await.unwrap().entries, 1);
        assert!(other.proof(&Owner::Record(*id)).await.unwrap().is_empty());
    }
    let found = other.verify_since(&heads).await.unwrap();
    assert!(found.is_intact(), "{:?}", found.findings);
    assert_eq!((found.entries, found.erased), (1_020, 20));
    let proof = other.proof(&Owner::Record(ids[20])).await.unwrap().to_json();
    assert!(proof.contains("May we count?") && proof.contains("\"is_intact\": true"), "{proof}");

    // Tampered with: as somebody would who can read and write this store, but has no key.
    let mut entries = Vec::new();
    let (chain, _) = store.chains().await.unwrap()[0];
    entries.extend(store.entries_after(EntryPlace { chain, number: 0 }, 5_000).await.unwrap());
    entries[3].time += 1;
    let copy = MemoryStore::new();
    copy.append(LedgerBatch::new(entries, Vec::new())).await.unwrap();
    let found = records(copy).verify().await.unwrap();
    assert!(found.findings.iter().any(|finding| finding.number == 4), "{:?}", found.findings);
}

/// Decides again and again over a server that is ended and started by `crash`, and gives what was acknowledged.
async fn decide_through<S: ConsentStore + Clone>(
    store: S,
    crashes: usize,
    mut crash: impl AsyncFnMut(),
) -> Vec<RecordId> {
    let stop = Arc::new(AtomicBool::new(false));
    let (done, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let decision = undecided().await;
    let sites = [records(store.clone()), records(store)];
    let mut workers = JoinSet::new();
    for worker in 0..16 {
        let (records, decision) = (sites[worker % 2].clone(), decision.clone());
        let (stop, done, failed) = (Arc::clone(&stop), Arc::clone(&done), Arc::clone(&failed));
        workers.spawn(async move {
            let mut ids = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                match accept(&records, &decision).await {
                    Ok(id) => {
                        ids.push(id);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                    Err(ChoiceError::Store(_)) => {
                        failed.fetch_add(1, Ordering::SeqCst);
                        time::sleep(Duration::from_millis(5)).await;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            ids
        });
    }
    for round in 0..=crashes {
        let before = done.load(Ordering::SeqCst);
        let mut looks = 0;
        while done.load(Ordering::SeqCst) < before + 100 {
            looks += 1;
            assert!(looks < 6_000, "nothing is written");
            time::sleep(Duration::from_millis(10)).await;
        }
        if round < crashes {
            crash().await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    let ids: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    assert!(failed.load(Ordering::SeqCst) > 0, "nobody met a crash");
    ids
}

/// Nothing that was acknowledged is lost, and every chain verifies.
async fn check(store: impl ConsentStore + Clone, ids: &[RecordId]) {
    for id in ids {
        assert_eq!(store.entries_of(&Owner::Record(*id)).await.unwrap().len(), 1, "an acknowledged record is lost");
    }
    let found = records(store).verify().await.unwrap();
    assert!(found.is_intact(), "{:?}", found.findings);
    assert!(found.entries >= ids.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory() {
    let store = MemoryStore::new();
    run(async || store.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redb() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join(NAME)).unwrap();
    run(async || store.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis() {
    let Some(server) = RedisServer::start(&[]) else { return };
    run(async || RedisStore::connect(server.url()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_cluster() {
    let Some(cluster) = RedisCluster::start().await else { return };
    run(async || RedisStore::builder().connect_cluster(cluster.urls()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres() {
    let Some(server) = Server::start(&[]) else { return };
    let address = server.database().await;
    run(async || PostgresStore::connect(&address).await.unwrap()).await;
}

/// Over one file: a process that decides is killed at a random moment, again and again.
#[test]
fn redb_through_kills() {
    let folder = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    let rounds = if std::env::var_os("CI").is_some() { 20 } else { 5 };
    for round in 0..rounds {
        let mut child = child("proofs", folder.path());
        let mut lines = lines(&mut child);
        assert_eq!(lines.next().as_deref(), Some("opened"));
        let reader = thread::spawn(move || lines.collect::<Vec<_>>());
        thread::sleep(Duration::from_millis(60 + round * 37 % 150));
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        let told = reader.join().unwrap();
        let id = |line: &String| RecordId::from_bytes(URL_SAFE_NO_PAD.decode(line).unwrap().try_into().unwrap());
        ids.extend(told.iter().map(id));
        let store = RedbStore::open(folder.path().join(NAME)).unwrap();
        block_on(check(store, &ids));
    }
    assert!(ids.len() > 20, "{}", ids.len());
}

/// Decides until it is killed.
pub(super) fn work(store: &RedbStore) {
    let records = records(store.clone());
    let decision = block_on(undecided());
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    tell(&block_on(accept(&records, &decision)).unwrap().to_string());
                }
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_through_kills() {
    let Some(mut server) = RedisServer::start(&[]) else { return };
    let limit = Duration::from_millis(250);
    let builder = RedisStore::builder().response_timeout(limit).connect_timeout(limit);
    let store = builder.connect(server.url()).await.unwrap();
    let ids = decide_through(store, 4, async || {
        server.kill();
        server.start_again();
    });
    let ids = ids.await;
    // And once more from the log alone.
    server.kill();
    server.start_again();
    check(RedisStore::connect(server.url()).await.unwrap(), &ids).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_through_kills() {
    let Some(server) = Server::start(&["fsync=on", "synchronous_commit=on"]) else { return };
    let address = server.database().await;
    let builder = PostgresStore::builder().timeout(Duration::from_secs(1)).pool_size(8);
    let store = builder.connect(&address).await.unwrap();
    let mut signals = ["QUIT", "KILL", "QUIT", "KILL"].into_iter();
    let ids = decide_through(store, 4, async || {
        let signal = signals.next().unwrap();
        tokio::task::block_in_place(|| server.end(signal));
        time::sleep(Duration::from_millis(100)).await;
        tokio::task::block_in_place(|| server.start_again());
    });
    let ids = ids.await;
    check(PostgresStore::connect(&address).await.unwrap(), &ids).await;
}

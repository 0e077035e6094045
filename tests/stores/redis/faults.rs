//! Servers that stop, die and come back.

use std::{
    slice,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time};
use tower_consent::{RedisStore, StoreErrorKind, TokenDigest, TokenRecord, TokenStore};

use super::super::{
    contract::{self, Run},
    servers::{RedisCluster, RedisServer, ask},
};

const SHORT: Duration = Duration::from_millis(250);

async fn impatient(server: &RedisServer) -> RedisStore {
    RedisStore::builder().response_timeout(SHORT).connect_timeout(SHORT).connect(server.url()).await.unwrap()
}

/// A server that answers nothing: every operation ends in time, with the right kind of error; and then all is as before.
#[tokio::test]
async fn a_server_that_stops_answering() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (store, run) = (impatient(&server).await, Run::new("redis stopped"));
    let (record, late) = (run.record("s"), run.record("s"));
    assert!(store.insert_new(record.clone()).await.unwrap());
    for _ in 0..2 {
        server.stop();
        // The first waits for an answer, the others for a connection.
        for round in 0..3 {
            let start = Instant::now();
            let errors = [
                store.get(record.digest()).await.map(|_| ()).unwrap_err(),
                store.insert_new(late.clone()).await.map(|_| ()).unwrap_err(),
                store.delete(late.digest()).await.map(|_| ()).unwrap_err(),
                store.touch(record.digest(), 1).await.map(|_| ()).unwrap_err(),
                store.list_of(record.subject()).await.map(|_| ()).unwrap_err(),
                store.delete_all_of("nobody").await.map(|_| ()).unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), StoreErrorKind::Timeout, "round {round}: {error}");
            }
            assert!(start.elapsed() < 6 * 3 * SHORT, "round {round}: {:?}", start.elapsed());
        }
        server.resume();
        recovers(&store, &record).await;
    }
    assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(&record));
    assert!(store.delete(record.digest()).await.unwrap());
}

/// Waits until the store finds a token again; for some seconds at most.
async fn recovers(store: &RedisStore, record: &TokenRecord) {
    let start = Instant::now();
    while let Err(error) = store.get(record.digest()).await {
        assert!(start.elapsed() < Duration::from_secs(5), "{error}");
        time::sleep(Duration::from_millis(20)).await;
    }
}

/// A server that was started again while nobody asked: the next operation works, a write too.
#[tokio::test]
async fn a_restart_in_a_quiet_time_is_not_noticed() {
    let Some(mut server) = RedisServer::start(&[]) else { return };
    let (store, run) = (impatient(&server).await, Run::new("redis quiet"));
    for round in 0..3 {
        let record = run.record("s");
        assert!(store.insert_new(record.clone()).await.unwrap(), "round {round}");
        server.kill();
        if round == 1 {
            let error = store.delete(record.digest()).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        }
        server.start_again();
        time::sleep(Duration::from_millis(100)).await;
        assert!(store.delete(record.digest()).await.unwrap(), "round {round}");
    }
}

/// A server that refuses for a while, by other means than being away.
#[tokio::test]
async fn a_server_that_has_no_place_for_another_client() {
    let Some(mut server) = RedisServer::start(&[]) else { return };
    let (store, run) = (impatient(&server).await, Run::new("redis clients"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    server.kill();
    server.start_again();
    // The only place is taken before the store is back.
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut guest = client.get_multiplexed_async_connection().await.unwrap();
    let mut limit = ::redis::cmd("CONFIG");
    limit.arg("SET").arg("maxclients").arg(1);
    let () = limit.query_async(&mut guest).await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.get(record.digest()).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
        time::sleep(Duration::from_millis(60)).await;
    }
    let mut limit = ::redis::cmd("CONFIG");
    limit.arg("SET").arg("maxclients").arg(100);
    let () = limit.query_async(&mut guest).await.unwrap();
    time::sleep(Duration::from_millis(60)).await;
    assert!(store.get(record.digest()).await.unwrap().is_some());
}

/// What the people of the load know.
#[derive(Default)]
struct Known {
    /// Issued and acknowledged, and nobody tried to revoke them.
    live: Mutex<Vec<TokenRecord>>,
    /// Revoked and acknowledged.
    revoked: Mutex<Vec<TokenDigest>>,
    errors: AtomicU64,
    done: AtomicU64,
    is_over: AtomicBool,
}

impl Known {
    /// The answer; none where the store was away, which must be all that is ever wrong.
    fn answer<T>(&self, answer: Result<T, tower_consent::StoreError>) -> Option<T> {
        match answer {
            Ok(answer) => {
                self.done.fetch_add(1, Ordering::Relaxed);
                Some(answer)
            }
            Err(error) => {
                let is_right = matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::Timeout);
                assert!(is_right, "{error}");
                self.errors.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// One person: signs in, is checked, signs out of one or of all, is checked again.
    async fn live(&self, store: RedisStore, run: &Run, person: u64) {
        for turn in 0.. {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let record = run.record(&format!("person {person} {turn}"));
            if self.answer(store.insert_new(record.clone()).await) != Some(true) {
                time::sleep(Duration::from_millis(2)).await;
                continue;
            }
            if let Some(found) = self.answer(store.get(record.digest()).await) {
                assert_eq!(found.as_ref(), Some(&record), "an acknowledged token is lost");
            }
            let revoked = match turn % 3 {
                0 => {
                    self.live.lock().unwrap().push(record);
                    continue;
                }
                1 => self.answer(store.delete(record.digest()).await).is_some(),
                _ => self.answer(store.delete_all_of(record.subject()).await).is_some(),
            };
            if revoked {
                self.revoked.lock().unwrap().push(*record.digest());
                if let Some(found) = self.answer(store.get(record.digest()).await) {
                    assert_eq!(found, None, "a revoked token is back");
                }
            }
        }
    }

    async fn check(&self, store: &RedisStore) {
        let (live, revoked) = (self.live.lock().unwrap().clone(), self.revoked.lock().unwrap().clone());
        assert!(live.len() > 50 && revoked.len() > 100, "{} live, {} revoked", live.len(), revoked.len());
        for record in &live {
            assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(record), "it is lost");
            assert_eq!(store.list_of(record.subject()).await.unwrap(), slice::from_ref(record), "it is not listed");
        }
        for digest in &revoked {
            assert_eq!(store.get(digest).await.unwrap(), None, "it is back");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_under_load() {
    let Some(mut server) = RedisServer::start(&[]) else { return };
    let (run, known) = (Arc::new(Run::new("redis killed")), Arc::new(Known::default()));
    let stores = [impatient(&server).await, impatient(&server).await];
    let mut people = JoinSet::new();
    for person in 0..32 {
        let (store, run, known) = (stores[person as usize % 2].clone(), run.clone(), known.clone());
        people.spawn(async move { known.live(store, &run, person).await });
    }
    for round in 0..5 {
        time::sleep(Duration::from_millis(300)).await;
        server.kill();
        time::sleep(Duration::from_millis(50 * round)).await;
        server.start_again();
        let (back, before) = (Instant::now(), known.done.load(Ordering::Relaxed));
        while known.done.load(Ordering::Relaxed) < before + 100 {
            assert!(back.elapsed() < Duration::from_secs(5), "no recovery in round {round}");
            time::sleep(Duration::from_millis(5)).await;
        }
    }
    known.is_over.store(true, Ordering::SeqCst);
    // A panic of one of them is a panic here.
    people.join_all().await;
    assert!(known.errors.load(Ordering::Relaxed) > 0, "nobody noticed");
    known.check(&impatient(&server).await).await;
    // And once more from the log alone.
    server.kill();
    server.start_again();
    known.check(&stores[0]).await;
}

/// One of three nodes dies and comes back: the others' tokens work on until the cluster notices; then all do again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_of_a_cluster_is_killed() {
    let Some(mut cluster) = RedisCluster::start().await else { return };
    let builder = RedisStore::builder().response_timeout(SHORT).connect_timeout(Duration::from_secs(1));
    let store = builder.connect_cluster(cluster.urls()).await.unwrap();
    let (run, known) = (Arc::new(Run::new("redis cluster killed")), Arc::new(Known::default()));
    let mut people = JoinSet::new();
    for person in 0..16 {
        let (store, run, known) = (store.clone(), run.clone(), known.clone());
        people.spawn(async move { known.live(store, &run, person).await });
    }
    for node in [0, 2] {
        time::sleep(Duration::from_millis(500)).await;
        cluster.nodes[node].kill();
        time::sleep(Duration::from_millis(300)).await;
        cluster.nodes[node].start_again();
        cluster.wait().await;
        let (back, before) = (Instant::now(), known.done.load(Ordering::Relaxed));
        while known.done.load(Ordering::Relaxed) < before + 100 {
            assert!(back.elapsed() < Duration::from_secs(10), "no recovery from the death of node {node}");
            time::sleep(Duration::from_millis(5)).await;
        }
    }
    known.is_over.store(true, Ordering::SeqCst);
    people.join_all().await;
    assert!(known.errors.load(Ordering::Relaxed) > 0, "nobody noticed");
    let fresh = RedisStore::builder().connect_cluster(cluster.urls()).await.unwrap();
    known.check(&fresh).await;
    // The store itself has every node back, a stopped one too.
    recover_all(&store, &known).await;
    cluster.nodes[1].stop();
    let mut looks = JoinSet::new();
    for record in known.live.lock().unwrap().clone().into_iter().take(30) {
        let store = store.clone();
        looks.spawn(async move { store.get(record.digest()).await });
    }
    let mut slow = 0;
    for look in looks.join_all().await {
        if let Err(error) = look {
            assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
            slow += 1;
        }
    }
    assert!((1..30).contains(&slow), "{slow} of 30 lie on the node that stopped");
    cluster.nodes[1].resume();
    cluster.wait().await;
    recover_all(&store, &known).await;
}

async fn recover_all(store: &RedisStore, known: &Known) {
    let live = known.live.lock().unwrap().clone();
    let start = Instant::now();
    for record in live.iter().take(100) {
        loop {
            match store.get(record.digest()).await {
                Ok(found) => break assert_eq!(found.as_ref(), Some(record)),
                Err(error) => assert!(start.elapsed() < Duration::from_secs(10), "{error}"),
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What was under way when the server stopped is done when it goes on, once.
#[tokio::test]
async fn what_was_under_way_is_done_once() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (store, run) = (impatient(&server).await, Run::new("redis lost"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    server.stop();
    let error = store.delete(record.digest()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Timeout);
    server.resume();
    recovers(&store, &record).await;
    // It was done all the same, as the contract allows.
    contract::assert_gone(&store, &record).await;
    let stats = ask(&server.url(), &["INFO", "commandstats"]).await;
    let deletes = stats.lines().find(|line| line.starts_with("cmdstat_getdel:")).unwrap();
    assert!(deletes.contains("calls=2,"), "one of the delete, one of the look after it: {deletes}");
}

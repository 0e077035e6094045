//! The store in Redis, on real servers: single and cluster.

mod faults;
mod opening;
mod processes;
mod proxy;
mod records;
mod slots;

use std::time::Duration;

use ::redis::{Client, aio::ConnectionManager, cluster::ClusterClient};
use tokio::{task::JoinSet, time};
use tower_consent::{RedisStore, StoreErrorKind, TokenDigest, TokenRecord, TokenStore};

use super::{
    contract::{self, Run},
    ledger,
    servers::{RedisCluster, RedisServer, ask},
};

async fn open(server: &RedisServer) -> RedisStore {
    RedisStore::connect(server.url()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract() {
    let Some(server) = RedisServer::start(&[]) else { return };
    contract::run("redis", async || open(&server).await).await;
    ledger::run("redis records", async || open(&server).await).await;
    contract::exactly_seven_days(open(&server).await).await;
    let apart = async || RedisStore::builder().key_prefix("days").connect(server.url()).await.unwrap();
    ledger::a_purge_ends_at_its_days("redis days", apart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract_in_a_cluster() {
    let Some(cluster) = RedisCluster::start().await else { return };
    let open = async || RedisStore::builder().connect_cluster(cluster.urls()).await.unwrap();
    contract::run("redis cluster", open).await;
    ledger::run("redis cluster records", open).await;
    let apart = async || RedisStore::builder().key_prefix("days").connect_cluster(cluster.urls()).await.unwrap();
    ledger::a_purge_ends_at_its_days("redis cluster days", apart).await;
    contract::exactly_seven_days(open().await).await;
    // The keys lie on all of them.
    let store = open().await;
    let run = Run::new("redis spread");
    for _ in 0..50 {
        assert!(store.insert_new(run.record("spread")).await.unwrap());
    }
    for node in 0..3 {
        assert_ne!(cluster.ask(node, &["DBSIZE"]).await, "0");
    }
}

/// Connections that the application has made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contract_on_connections_of_the_applications_own() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let client = Client::open(server.url()).unwrap();
    let manager = ConnectionManager::new(client.clone()).await.unwrap();
    let open = async || RedisStore::builder().with_connection(manager.clone()).await.unwrap();
    contract::run("redis manager", open).await;
    ledger::run("redis manager records", open).await;
    let multiplexed = client.get_multiplexed_async_connection().await.unwrap();
    let open = async || RedisStore::builder().with_connection(multiplexed.clone()).await.unwrap();
    contract::run("redis multiplexed", open).await;
    ledger::run("redis multiplexed records", open).await;

    let Some(cluster) = RedisCluster::start().await else { return };
    let client = ClusterClient::builder(cluster.urls()).retries(0).build().unwrap();
    let connection = client.get_async_connection().await.unwrap();
    let open = async || RedisStore::builder().with_connection(connection.clone()).await.unwrap();
    contract::run("redis cluster connection", open).await;
    ledger::run("redis cluster connection records", open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_beats_rotations() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let handles = (open(&server).await, open(&server).await);
    contract::a_log_out_beats_rotations("redis log-out", (20, 2, 0), handles).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_beats_rotations_in_a_cluster() {
    let Some(cluster) = RedisCluster::start().await else { return };
    let open = async || RedisStore::builder().connect_cluster(cluster.urls()).await.unwrap();
    let handles = (open().await, open().await);
    contract::a_log_out_beats_rotations("redis cluster log-out", (20, 2, 0), handles).await;
}

/// How often the server was sent each command, without those of this look itself.
async fn calls(server: &RedisServer) -> Vec<(String, u64)> {
    let stats = ask(&server.url(), &["INFO", "commandstats"]).await;
    let counted = stats.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let count = rest.split(',').next()?.parse().ok()?;
        (!matches!(name, "info" | "client|setinfo" | "hello")).then(|| (name.to_owned(), count))
    });
    counted.collect()
}

/// What it was sent since then.
async fn added(server: &RedisServer, before: &[(String, u64)]) -> String {
    let known = |name: &str| before.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
    let new = calls(server).await.into_iter().map(|(name, count)| (count - known(&name), name));
    let mut new: Vec<_> = new.filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    new.sort();
    new.join(", ")
}

#[tokio::test]
async fn commands_per_operation() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (store, run) = (open(&server).await, Run::new("redis commands"));
    let record = run.record("s");
    let (digest, subject) = (record.digest(), record.subject());
    let before = calls(&server).await;
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert_eq!(
        added(&server, &before).await,
        "1 set, 2 eval, 2 pexpireat, 2 time, 2 zadd, 4 zremrangebyscore, 4 zrevrangebyscore",
        "what stands in a script is counted too"
    );
    let before = calls(&server).await;
    assert!(store.get(digest).await.unwrap().is_some());
    assert_eq!(added(&server, &before).await, "1 get");
    let before = calls(&server).await;
    assert!(store.touch(digest, record.seen_at() + 1).await.unwrap());
    assert_eq!(added(&server, &before).await, "1 eval, 1 getrange, 1 setrange");
    let before = calls(&server).await;
    assert!(store.touch(digest, record.seen_at() + 1).await.unwrap());
    assert_eq!(added(&server, &before).await, "1 eval, 1 getrange", "nothing is written where nothing is new");
    let before = calls(&server).await;
    assert_eq!(store.list_of(subject).await.unwrap().len(), 1);
    assert_eq!(added(&server, &before).await, "1 get, 1 zrange");
    let before = calls(&server).await;
    assert!(store.delete(digest).await.unwrap());
    assert_eq!(added(&server, &before).await, "1 getdel, 1 zrem");
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert!(store.insert_new(run.record("s")).await.unwrap());
    let before = calls(&server).await;
    assert_eq!(store.delete_all_of(subject).await.unwrap(), 2);
    assert_eq!(added(&server, &before).await, "1 eval, 2 del, 2 zrangebyscore, 2 zrem, 2 zscore");
    let before = calls(&server).await;
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert_eq!(added(&server, &before).await, "");
}

/// The server deletes one interval after the end, by its own clock, and the list of the subject goes with the last token.
#[tokio::test]
async fn the_server_deletes_what_has_ended() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let open =
        async || RedisStore::builder().sweep_interval(Duration::from_secs(6)).connect(server.url()).await.unwrap();
    let (store, run) = (open().await, Run::new("redis expiry"));
    let (ended, soon) = (run.ended_record("s", 1), run.ended_record("s", 0));
    for record in [&ended, &soon] {
        assert!(store.insert_new(record.clone()).await.unwrap());
        assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(record), "not judged here");
    }
    assert_eq!(ask(&server.url(), &["DBSIZE"]).await, "3");
    time::sleep(Duration::from_millis(6_200)).await;
    let fresh = open().await;
    for record in [&ended, &soon] {
        contract::assert_gone(&fresh, record).await;
        assert_eq!(fresh.delete_all_of(record.subject()).await.unwrap(), 0);
    }
    assert_eq!(ask(&server.url(), &["DBSIZE"]).await, "0", "the list too");
}

/// Who signs in and out for years leaves nothing; and the list of who stays signed in drops what has ended.
#[tokio::test]
async fn lists_do_not_grow() {
    let Some(server) = RedisServer::start(&[]) else { return };
    // Longer than a busy machine takes for the inserts below.
    let store = RedisStore::builder().sweep_interval(Duration::from_secs(5)).connect(server.url()).await.unwrap();
    let run = Run::new("redis lists");
    for _ in 0..50 {
        let record = run.record("s");
        assert!(store.insert_new(record.clone()).await.unwrap());
        assert!(store.delete(record.digest()).await.unwrap());
    }
    assert_eq!(ask(&server.url(), &["DBSIZE"]).await, "0");

    let index = format!("tower-consent:s:{}", TokenDigest::of(run.subject("s").as_bytes()));
    let (last, next) = (run.record("s"), run.record("s"));
    assert!(store.insert_new(last.clone()).await.unwrap());
    for _ in 0..10 {
        assert!(store.insert_new(run.ended_record("s", 0)).await.unwrap());
    }
    assert_eq!(ask(&server.url(), &["ZCARD", &index]).await, "11");
    time::sleep(Duration::from_millis(6_100)).await;
    assert!(store.insert_new(next.clone()).await.unwrap());
    assert_eq!(ask(&server.url(), &["ZCARD", &index]).await, "2");
    assert!(store.delete(next.digest()).await.unwrap());
    let ends: i64 = ask(&server.url(), &["PEXPIRETIME", &index]).await.parse().unwrap();
    assert_eq!(ends, (last.expires_at() + 5) * 1_000);
    // A shorter one does not shorten the list's life.
    let short = TokenRecord::new(run.digest(), &run.subject("s"), last.issued_at(), last.issued_at() + 60).unwrap();
    assert!(store.insert_new(short).await.unwrap());
    assert_eq!(ask(&server.url(), &["PEXPIRETIME", &index]).await, ends.to_string());

    // An entry without a token, as a crash between the commands of a delete leaves it.
    let token = format!("tower-consent:t:{}", last.digest());
    assert_eq!(ask(&server.url(), &["DEL", &token]).await, "1");
    assert_eq!(store.list_of(&run.subject("s")).await.unwrap().len(), 1);
    assert_eq!(ask(&server.url(), &["ZCARD", &index]).await, "1", "it is dropped by who reads it");
}

/// An insert that was cut off before its token was written: its entry waits for the token, and is in nobody's way.
#[tokio::test]
async fn an_insert_that_is_cut_off() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (store, run) = (open(&server).await, Run::new("redis cut off"));
    let (cut, live) = (run.record("s"), run.record("s"));
    let subject = cut.subject();
    let index = format!("tower-consent:s:{}", TokenDigest::of(subject.as_bytes()));
    let client = Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let pending = ((1_i64 << 52) + cut.expires_at()).to_string();
    let mut announce = ::redis::cmd("ZADD");
    announce.arg(&index).arg(&pending).arg(&cut.digest().as_bytes()[..]);
    let () = announce.query_async(&mut connection).await.unwrap();

    assert!(store.insert_new(live.clone()).await.unwrap());
    assert_eq!(store.list_of(subject).await.unwrap(), [live]);
    assert_eq!(store.delete_all_of(subject).await.unwrap(), 1);
    assert_eq!(store.delete_all_of(subject).await.unwrap(), 0);
    // The token arrives after all, late. It is listed, and the next log-out of all devices finds it.
    let mut set = ::redis::cmd("SET");
    set.arg(format!("tower-consent:t:{}", cut.digest())).arg(cut.to_bytes());
    let () = set.query_async(&mut connection).await.unwrap();
    assert_eq!(store.list_of(subject).await.unwrap(), std::slice::from_ref(&cut));
    assert_eq!(store.delete_all_of(subject).await.unwrap(), 1);
    contract::assert_gone(&store, &cut).await;

    // An entry for a token that is somebody else's deletes nothing.
    let other = run.record("other");
    assert!(store.insert_new(other.clone()).await.unwrap());
    let mut announce = ::redis::cmd("ZADD");
    announce.arg(&index).arg(&pending).arg(&other.digest().as_bytes()[..]);
    let () = announce.query_async(&mut connection).await.unwrap();
    assert_eq!(store.delete_all_of(subject).await.unwrap(), 0);
    assert!(store.list_of(subject).await.unwrap().is_empty());
    assert!(store.get(other.digest()).await.unwrap().is_some());
}

#[tokio::test]
async fn what_cannot_be_read_is_corrupt_and_can_be_deleted() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (store, run) = (open(&server).await, Run::new("redis corrupt"));
    let record = run.record("s");
    assert!(store.insert_new(record.clone()).await.unwrap());
    let token = format!("tower-consent:t:{}", record.digest());
    ask(&server.url(), &["SET", &token, "\u{7f}nonsense", "KEEPTTL"]).await;
    for error in [
        store.get(record.digest()).await.map(|_| ()).unwrap_err(),
        store.list_of(record.subject()).await.map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    }
    assert_eq!(store.delete_all_of(record.subject()).await.unwrap(), 1);
    contract::assert_gone(&store, &record).await;
}

/// Without room it is an error, and nobody is signed out for it; signing out still works.
#[tokio::test]
async fn a_full_server_says_so() {
    let Some(server) = RedisServer::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]) else { return };
    let (store, run) = (open(&server).await, Run::new("redis full"));
    let record = run.record("s");
    assert_eq!(store.insert_new(record.clone()).await.unwrap_err().kind(), StoreErrorKind::Full);
    assert_eq!(ask(&server.url(), &["DBSIZE"]).await, "0");
    ask(&server.url(), &["CONFIG", "SET", "maxmemory", "0"]).await;
    assert!(store.insert_new(record.clone()).await.unwrap());
    ask(&server.url(), &["CONFIG", "SET", "maxmemory", "1"]).await;
    assert!(store.get(record.digest()).await.unwrap().is_some());
    assert!(store.delete(record.digest()).await.unwrap(), "a log-out needs no room");
    contract::assert_gone(&store, &record).await;
}

/// What deleted tokens leave in the log, and what clears it.
#[tokio::test]
async fn what_remains_in_the_log() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (store, run) = (open(&server).await, Run::new("redis log"));
    let record = TokenRecord::new(run.digest(), "somebody-who-went", 0, 4_000_000_000).unwrap();
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert!(store.delete(record.digest()).await.unwrap());
    let is_in_log = || {
        let files = std::fs::read_dir(server.folder().join("appendonlydir")).unwrap();
        files.into_iter().any(|file| {
            // One that goes away meanwhile is gone.
            let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
            bytes.windows(17).any(|window| window == b"somebody-who-went")
        })
    };
    assert!(is_in_log());
    ask(&server.url(), &["BGREWRITEAOF"]).await;
    let mut looks = 0;
    while is_in_log() {
        looks += 1;
        assert!(looks < 500, "still there");
        time::sleep(Duration::from_millis(10)).await;
    }
}

/// Adds the successor, takes the old one away; if somebody else did that, takes the successor away.
async fn rotate(store: &RedisStore, old: &TokenRecord, new: TokenDigest) -> Option<TokenRecord> {
    let successor = old.with_digest(new);
    assert!(store.insert_new(successor.clone()).await.unwrap());
    if store.delete(old.digest()).await.unwrap() {
        return Some(successor);
    }
    assert!(store.delete(&new).await.unwrap());
    None
}

/// Two hundred at a time on one token, over two connections. After the first acknowledged delete nobody finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_a_time() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (one, other, run) = (open(&server).await, open(&server).await, Run::new("redis two hundred"));
    for round in 0..10 {
        let old = run.record("s");
        assert!(one.insert_new(old.clone()).await.unwrap());
        let is_deleted = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for index in 0..200 {
            let store = if index % 2 == 0 { one.clone() } else { other.clone() };
            let (old, new, is_deleted) = (old.clone(), run.digest(), is_deleted.clone());
            tasks.spawn(async move {
                use std::sync::atomic::Ordering::SeqCst;
                match (index + round) % 3 {
                    0 => {
                        let was_deleted = is_deleted.load(SeqCst);
                        let found = store.get(old.digest()).await.unwrap().is_some();
                        assert!(!(was_deleted && found), "found after a delete was acknowledged");
                        (0, None)
                    }
                    1 => {
                        let is_first = store.delete(old.digest()).await.unwrap();
                        is_deleted.store(true, SeqCst);
                        (u32::from(is_first), None)
                    }
                    _ => {
                        let successor = rotate(&store, &old, new).await;
                        is_deleted.store(true, SeqCst);
                        (u32::from(successor.is_some()), successor)
                    }
                }
            });
        }
        let results = tasks.join_all().await;
        assert_eq!(results.iter().map(|(count, _)| count).sum::<u32>(), 1, "one delete of all was the first");
        let successors: Vec<_> = results.into_iter().filter_map(|(_, successor)| successor).collect();
        contract::assert_gone(&other, &old).await;
        assert_eq!(one.list_of(old.subject()).await.unwrap(), successors);
        assert_eq!(other.delete_all_of(old.subject()).await.unwrap(), successors.len() as u64);
    }
}

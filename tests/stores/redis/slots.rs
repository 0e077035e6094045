//! While the slots of a cluster move from node to node, everything works.

use std::{slice, time::Duration};

use tokio::time;
use tower_consent::{RedisStore, TokenRecord, TokenStore};

use super::super::{
    contract::{self, Run},
    servers::RedisCluster,
};

/// The slot of a key, and the node that has it.
async fn place(cluster: &RedisCluster, key: &str) -> (String, usize) {
    let slot = cluster.ask(0, &["CLUSTER", "KEYSLOT", key]).await;
    let node = match slot.parse::<u16>().unwrap() {
        0..=5_460 => 0,
        5_461..=10_922 => 1,
        _ => 2,
    };
    (slot, node)
}

async fn works(store: &RedisStore, record: &TokenRecord) {
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert!(!store.insert_new(record.clone()).await.unwrap());
    assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(record));
    assert!(store.touch(record.digest(), record.seen_at()).await.unwrap());
    assert_eq!(store.list_of(record.subject()).await.unwrap(), slice::from_ref(record));
    assert!(store.delete(record.digest()).await.unwrap());
    contract::assert_gone(store, record).await;
    assert!(store.insert_new(record.clone()).await.unwrap());
    assert_eq!(store.delete_all_of(record.subject()).await.unwrap(), 1);
    contract::assert_gone(store, record).await;
}

#[tokio::test]
async fn slots_that_move() {
    let Some(cluster) = RedisCluster::start().await else { return };
    let store = RedisStore::builder().connect_cluster(cluster.urls()).await.unwrap();
    let run = Run::new("redis slots");
    for round in 0..6 {
        let record = run.record("moves");
        // Sometimes the slot of the token moves, sometimes that of the list.
        let key = match round % 2 {
            0 => format!("tower-consent:t:{}", record.digest()),
            _ => {
                let subject = tower_consent::TokenDigest::of(run.subject(&format!("moves {round}")).as_bytes());
                format!("tower-consent:s:{subject}")
            }
        };
        let record = match round % 2 {
            0 => record,
            _ => {
                let subject = run.subject(&format!("moves {round}"));
                TokenRecord::new(*record.digest(), &subject, record.issued_at(), record.expires_at()).unwrap()
            }
        };
        works(&store, &record).await;
        let (slot, from) = place(&cluster, &key).await;
        let to = (from + 1) % 3;
        let ids = [cluster.ask(from, &["CLUSTER", "MYID"]).await, cluster.ask(to, &["CLUSTER", "MYID"]).await];

        // Half way: the old node has what is there, and sends who asks for what is not there to the new one.
        cluster.ask(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]]).await;
        cluster.ask(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[1]]).await;
        works(&store, &record).await;
        // What is there moves.
        assert!(store.insert_new(record.clone()).await.unwrap());
        let port = cluster.ports[to].to_string();
        cluster.ask(from, &["MIGRATE", "127.0.0.1", &port, &key, "0", "1000"]).await;
        assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(&record));
        assert_eq!(store.list_of(record.subject()).await.unwrap(), slice::from_ref(&record));
        // It has moved.
        for node in [to, from, (to + 1) % 3] {
            cluster.ask(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]).await;
        }
        assert_eq!(store.get(record.digest()).await.unwrap().as_ref(), Some(&record));
        assert_eq!(store.delete_all_of(record.subject()).await.unwrap(), 1);
        works(&store, &record).await;
        time::sleep(Duration::from_millis(50)).await;
    }
}

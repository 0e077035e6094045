//! Two servers of an application on one Redis: two connections, and two real processes.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use tokio::runtime::Builder;
use tower_consent::{RedisStore, TokenStore};

use super::super::{
    contract::{self, Run},
    servers::RedisServer,
};

/// Where the second process finds the server.
const URL: &str = "TOWER_CONSENT_TEST_REDIS";

/// A log-out on one is seen on the other at once, whatever that one has read before.
#[tokio::test]
async fn a_log_out_holds_on_the_other_server_at_once() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let stores = [super::open(&server).await, super::open(&server).await];
    let run = Run::new("redis two");
    for round in 0..200 {
        let (here, there) = (&stores[round % 2], &stores[(round + 1) % 2]);
        let record = run.record(&format!("s {round}"));
        assert!(here.insert_new(record.clone()).await.unwrap());
        assert!(there.get(record.digest()).await.unwrap().is_some());
        if round % 3 == 0 {
            assert_eq!(here.delete_all_of(record.subject()).await.unwrap(), 1);
        } else {
            assert!(here.delete(record.digest()).await.unwrap());
        }
        assert_eq!(there.get(record.digest()).await.unwrap(), None);
        contract::assert_gone(there, &record).await;
    }
}

/// The second process: answers what it is asked, line by line. Begun by the test below, and by nobody else.
#[test]
#[ignore = "begun by `two_processes`"]
fn second_process() {
    let Ok(url) = env::var(URL) else { return };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(RedisStore::connect(url)).unwrap();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (what, digest) = line.split_once(' ').unwrap();
        let digest = digest.parse().unwrap();
        let answer = match what {
            "get" => runtime.block_on(store.get(&digest)).unwrap().is_some(),
            _ => runtime.block_on(store.delete(&digest)).unwrap(),
        };
        println!("answer {answer}");
    }
}

#[tokio::test]
async fn two_processes() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let mut second = Command::new(env::current_exe().unwrap())
        .args(["--exact", "redis::processes::second_process", "--ignored", "--nocapture"])
        .env(URL, server.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (second.stdin.take().unwrap(), BufReader::new(second.stdout.take().unwrap()).lines());
    let mut asks = |what: &str, digest: &tower_consent::TokenDigest| {
        writeln!(input, "{what} {digest}").unwrap();
        // The harness writes lines of its own, and once its words before an answer.
        let answer = output.find_map(|line| Some(line.unwrap().split_once("answer ")?.1.to_owned()));
        answer.unwrap().parse::<bool>().unwrap()
    };
    let (store, run) = (super::open(&server).await, Run::new("redis processes"));
    for round in 0..100 {
        let record = run.record("s");
        assert!(store.insert_new(record.clone()).await.unwrap());
        assert!(asks("get", record.digest()), "it is found there");
        if round % 2 == 0 {
            assert!(store.delete(record.digest()).await.unwrap());
            assert!(!asks("get", record.digest()), "it is refused there at once");
            assert!(!asks("delete", record.digest()));
        } else {
            assert!(asks("delete", record.digest()));
            contract::assert_gone(&store, &record).await;
        }
    }
    drop(input);
    assert!(second.wait().unwrap().success());
}

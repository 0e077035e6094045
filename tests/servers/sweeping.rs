//! What is over goes by itself, and is counted once, whoever of many servers sees to it.

use std::time::Duration;

use ::time::OffsetDateTime;
use tokio::{task::JoinSet, time};
use tower_consent::{Choices, ManualClock, Records, TokenDigest, TokenRecord};

use crate::{
    fleet::{Fleet, IN_TESTS},
    on_both,
    postgres_server::sql_at,
    process::{Backend, Kind, Settings, keys},
    stores::Stores,
    undecided::undecided,
};

on_both!(ended_tokens_go_by_themselves, records_are_purged_once);

/// Four servers that look every second: what has ended is gone soon, and nothing else.
async fn ended_tokens_go_by_themselves(kind: Kind) {
    let settings = Settings { sweep: Some(1), ..Settings::default() };
    let Some(fleet) = Fleet::start_with(kind, 4, &[], settings, IN_TESTS).await else { return };
    let mut person = fleet.person();
    person.sign_in(fleet.at(0), "ada").await.unwrap();
    let store = Stores::open(&fleet.backend.address(), Some(Duration::from_secs(1))).await.unwrap().tokens;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let digest = |number: i64| TokenDigest::of(&number.to_be_bytes());
    for number in 0..200 {
        let record = TokenRecord::new(digest(number), "gone", now - 600_000, now + 1 + number % 2).unwrap();
        assert!(store.insert_new(record).await.unwrap());
    }
    for _ in 0..400 {
        if store.list_of("gone").await.unwrap().is_empty() {
            break;
        }
        time::sleep(Duration::from_millis(50)).await;
    }
    for number in 0..200 {
        assert_eq!(store.get(&digest(number)).await.unwrap(), None);
    }
    for server in fleet.all() {
        assert_eq!(fleet.wire.who(server, person.token().unwrap()).await.0, 200);
    }
}

/// What all servers say that they deleted, told to delete at the same time: tokens, records.
async fn swept_by_all(fleet: &Fleet) -> (u64, u64) {
    let mut sweeping = JoinSet::new();
    for server in fleet.all() {
        let mut officer = fleet.officer(server).await;
        sweeping.spawn(async move {
            let mut sum = (0, 0);
            for _ in 0..3 {
                let answer = officer.post(server, "/office/sweep", "").await.unwrap();
                assert_eq!(answer.status, 200, "{}", answer.body);
                let (tokens, entries) = answer.body.split_once(' ').unwrap();
                sum = (sum.0 + tokens.parse::<u64>().unwrap(), sum.1 + entries.parse::<u64>().unwrap());
            }
            sum
        });
    }
    sweeping.join_all().await.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// Twenty thousand that ended long ago: no two servers count the same one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_tokens_are_counted_once() {
    let log = ["log_min_duration_statement=0"];
    let settings = Settings::default();
    let Some(fleet) = Fleet::start_with(Kind::Postgres, 4, &log, settings, IN_TESTS).await else { return };
    let Backend::Postgres { server, address } = &fleet.backend else { unreachable!("it was asked for") };
    let mut person = fleet.person();
    person.sign_in(fleet.at(0), "ada").await.unwrap();
    // Each has swept when it began, and does not do so again for five minutes.
    let swept = || server.log().lines().filter(|line| line.contains(" execute ") && line.contains("is_ours")).count();
    while swept() < 4 {
        time::sleep(Duration::from_millis(20)).await;
    }
    sql_at(
        address,
        "INSERT INTO tower_consent_tokens SELECT sha256(convert_to(n::text, 'UTF8')), 'gone', 0, 1000, 0, n, 0, '', '' \
         FROM generate_series(1, 20000) AS n",
    )
    .await;
    let (tokens, _) = swept_by_all(&fleet).await;
    assert_eq!(tokens, 20_000);
    assert_eq!(sql_at(address, "SELECT count(*) FROM tower_consent_tokens WHERE subject = 'gone'").await, [["0"]]);
    assert_eq!(fleet.wire.who(fleet.at(1), person.token().unwrap()).await.0, 200);
}

/// Records of four years ago: no two servers count the same one, and what stays still verifies.
async fn records_are_purged_once(kind: Kind) {
    let Some(fleet) = Fleet::start(kind, 4).await else { return };
    let stores = Stores::open(&fleet.backend.address(), None).await.unwrap();
    let decision = undecided().await;
    for _ in 0..2 {
        let four_years_ago = OffsetDateTime::now_utc().unix_timestamp() - 4 * 366 * 86_400;
        let old = Records::builder(stores.records.clone()).chain_key(keys().chain);
        let old = old.clock(ManualClock::at(four_years_ago)).build();
        for _ in 0..150 {
            drop(Choices::new(old.clone(), decision.clone()).accept_all().await.unwrap());
        }
    }
    let found = fleet.verified_by(fleet.at(0)).await;
    assert_eq!((&found["chains"], &found["entries"]), (&2.into(), &300.into()));
    let (_, entries) = swept_by_all(&fleet).await;
    assert_eq!(entries, 300);
    for server in fleet.all() {
        assert_eq!(fleet.person().choose(server, "accept-all").await.unwrap().status, 303);
    }
    let found = fleet.verified_by(fleet.at(3)).await;
    assert_eq!(found["findings"], serde_json::Value::Array(vec![]));
    assert_eq!((&found["chains"], &found["entries"]), (&6.into(), &4.into()));
}

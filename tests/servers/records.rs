//! Choices over many servers, and their records.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    fleet::Fleet,
    on_both,
    person::Person,
    postgres_server::sql_at,
    process::{Backend, Kind},
};

on_both!(a_choice_holds_on_all, one_chain_for_each_server, a_broken_record_is_found_by_all);

/// Given on one, it opens the gate on all; taken back on another, it is closed on all.
async fn a_choice_holds_on_all(kind: Kind) {
    let Some(fleet) = Fleet::start(kind, 4).await else { return };
    for number in 0..8 {
        let mut person = fleet.person();
        assert_eq!(person.choose(fleet.at(number), "accept-all").await.unwrap().status, 303);
        let id = person.record().expect("a record").to_owned();
        for server in fleet.all() {
            let answer = person.get(server, "/").await.unwrap();
            assert_eq!(answer.body, "nobody, analytics on");
            assert!(person.cookies.contains_key("_ga"));
        }
        assert_eq!(person.choose(fleet.at(number + 1), "withdraw").await.unwrap().status, 303);
        assert!(!person.cookies.contains_key("_ga"), "it is expired in the browser");
        for server in fleet.all() {
            assert_eq!(person.get(server, "/").await.unwrap().body, "nobody, analytics off");
            assert!(!person.cookies.contains_key("_ga"));
            let mut officer = fleet.officer(server).await;
            let proof = officer.get(server, &format!("/office/record?record={id}")).await.unwrap();
            let proof: Value = serde_json::from_str(&proof.body).unwrap();
            let outcomes: Vec<_> = proof["events"].as_array().unwrap().iter().map(|event| &event["outcome"]).collect();
            assert_eq!(outcomes, ["grant", "withdraw"], "every server shows what others wrote");
        }
    }
}

async fn choose_on_all(fleet: &Fleet, people: usize) -> Vec<Person> {
    let mut choosing = JoinSet::new();
    for number in 0..people {
        let (mut person, server, other) = (fleet.person(), fleet.at(number), fleet.at(number + 1));
        choosing.spawn(async move {
            assert_eq!(person.choose(server, "accept-all").await.unwrap().status, 303);
            if number % 2 == 0 {
                assert_eq!(person.choose(other, "withdraw").await.unwrap().status, 303);
            }
            person
        });
    }
    choosing.join_all().await
}

/// Many at a time, on all servers: as many chains as servers, each whole, with every record in one of them.
async fn one_chain_for_each_server(kind: Kind) {
    for servers in [2, 4] {
        let Some(fleet) = Fleet::start(kind, servers).await else { return };
        choose_on_all(&fleet, 80).await;
        let mut heads = Vec::new();
        for server in fleet.all() {
            let found = fleet.verified_by(server).await;
            assert_eq!(found["findings"], Value::Array(vec![]));
            assert_eq!((&found["chains"], &found["entries"]), (&servers.into(), &120.into()));
            assert_eq!(found["is_keyed"], true);
            let mut chains: Vec<_> = found["heads"].as_array().unwrap().iter().map(ToString::to_string).collect();
            chains.sort();
            heads.push(chains);
        }
        assert!(heads.iter().all(|one| *one == heads[0]), "all see the same");
    }
}

/// One record is altered, and one dropped, in chains of different servers: each server finds both, and nothing else.
async fn a_broken_record_is_found_by_all(kind: Kind) {
    let Some(fleet) = Fleet::start(kind, 4).await else { return };
    choose_on_all(&fleet, 80).await;
    let found = fleet.verified_by(fleet.at(0)).await;
    assert_eq!(found["findings"], Value::Array(vec![]));
    let chains: Vec<String> =
        found["heads"].as_array().unwrap().iter().map(|head| head["chain"].as_str().unwrap().to_owned()).collect();
    match &fleet.backend {
        Backend::Redis(server) => break_redis(&server.url(), &chains).await,
        Backend::Postgres { address, .. } => break_postgres(address, &chains).await,
        _ => unreachable!("two stores"),
    }
    for server in fleet.all() {
        let found = fleet.verified_by(server).await;
        let findings = found["findings"].as_array().unwrap().iter();
        let findings: BTreeMap<_, _> = findings
            .map(|one| {
                (one["chain"].as_str().unwrap(), (one["kind"].as_str().unwrap(), one["number"].as_u64().unwrap()))
            })
            .collect();
        let expected = BTreeMap::from([(&*chains[0], ("altered-body", 3)), (&*chains[1], ("broken-link", 6))]);
        assert_eq!(findings, expected);
    }
}

fn bytes_of(chain: &str) -> [u8; 16] {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(chain).unwrap().try_into().unwrap()
}

/// In the first chain the third entry says something else; the fifth of the second is gone.
async fn break_redis(url: &str, chains: &[String]) {
    let mut connection = ::redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<Vec<u8>> = ::redis::cmd("KEYS").arg("*:c:*").query_async(&mut connection).await.unwrap();
    for (chain, number) in [(&chains[0], 3_u64), (&chains[1], 5)] {
        let (name, written) = (bytes_of(chain), chain.as_bytes());
        let is_it = |key: &&Vec<u8>| key.ends_with(&name) || key.ends_with(written);
        let key = keys.iter().find(is_it).expect("the key of the chain");
        let (from, to) = ([b"[", &number.to_be_bytes()[..]].concat(), [b"(", &(number + 1).to_be_bytes()[..]].concat());
        let members: Vec<Vec<u8>> =
            ::redis::cmd("ZRANGEBYLEX").arg(key).arg(from).arg(to).query_async(&mut connection).await.unwrap();
        let [member] = &members[..] else { panic!("one entry") };
        let _: () = ::redis::cmd("ZREM").arg(key).arg(member).query_async(&mut connection).await.unwrap();
        if number == 3 {
            let at = member
                .windows(8)
                .rposition(|part| part == b"category")
                .or_else(|| member.windows(9).rposition(|part| part == b"\"method\":"));
            let mut other = member.clone();
            other[at.expect("a field of the event") + 1] ^= 0x20;
            let _: () = ::redis::cmd("ZADD").arg(key).arg(0).arg(other).query_async(&mut connection).await.unwrap();
        }
    }
}

async fn break_postgres(address: &str, chains: &[String]) {
    let hex = |chain: &str| bytes_of(chain).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let alter = format!(
        "UPDATE tower_consent_entries SET data = convert_to(replace(convert_from(data, 'UTF8'), 'method', 'Method'), 'UTF8') \
         WHERE chain = '\\x{}' AND number = 3 RETURNING number",
        hex(&chains[0])
    );
    let drop = format!(
        "DELETE FROM tower_consent_entries WHERE chain = '\\x{}' AND number = 5 RETURNING number",
        hex(&chains[1])
    );
    for sql in [alter, drop] {
        assert_eq!(sql_at(address, &sql).await.len(), 1);
    }
}

//! Whether what was acknowledged is so.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::{
    crowd::{Ledger, Place},
    person::Person,
};

/// Asks the servers for all that the crowd was promised; what is not so comes back as sentences.
pub(crate) async fn audit(place: &Arc<Place>) -> Vec<String> {
    let servers = place.servers();
    let Ledger { alive, ended, granted, withdrawn, erased, wrong, .. } = {
        let mut ledger = place.ledger.lock().unwrap();
        let wrong = std::mem::take(&mut ledger.wrong);
        Ledger {
            alive: ledger.alive.clone(),
            ended: ledger.ended.clone(),
            granted: ledger.granted.clone(),
            withdrawn: ledger.withdrawn.clone(),
            erased: ledger.erased.clone(),
            wrong,
            ..Ledger::default()
        }
    };
    let mut faults = wrong;
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        servers[turn % servers.len()]
    };
    for (token, name) in &alive {
        let answer = place.wire.by_bearer(next(), "GET", "/account", token).await;
        let found = answer.map(|answer| (answer.status, answer.body));
        if found != Some((200, name.clone())) {
            faults.push(format!("a sign-in that was acknowledged is lost: {found:?}"));
        }
    }
    for token in &ended {
        let status = place.wire.by_bearer(next(), "GET", "/account", token).await.map(|answer| answer.status);
        if status != Some(401) {
            faults.push(format!("a token that was ended is taken: {status:?}"));
        }
    }
    let mut officer = Person::new(&place.wire);
    officer.sign_in(next(), "officer").await;
    let ids: BTreeMap<&String, &str> = (granted.iter().map(|id| (id, "grant")))
        .chain(withdrawn.iter().map(|id| (id, "withdraw")))
        .chain(erased.iter().map(|id| (id, "nothing")))
        .collect();
    for (id, expected) in ids {
        let answer = officer.get(next(), &format!("/office/record?record={id}")).await;
        let outcomes = answer.and_then(|answer| outcomes(&answer.body));
        let is_so = outcomes.as_ref().is_some_and(|outcomes| match expected {
            "nothing" => outcomes.is_empty(),
            expected => outcomes.iter().any(|outcome| outcome == expected),
        });
        if !is_so {
            faults.push(format!("a record should show {expected}, and shows {outcomes:?}"));
        }
    }
    for server in servers.clone() {
        let found = officer.get(server, "/office/verify").await.map(|answer| answer.body);
        let found: Option<Value> = found.and_then(|body| serde_json::from_str(&body).ok());
        if found.as_ref().is_none_or(|found| found["findings"] != Value::Array(vec![])) {
            faults.push(format!("the chains do not verify: {found:?}"));
        }
    }
    // Its own sign-in is no part of what is measured.
    officer.post(next(), "/sign-out", "").await;
    faults
}

fn outcomes(proof: &str) -> Option<Vec<String>> {
    let proof: Value = serde_json::from_str(proof).ok()?;
    let outcome = |event: &Value| event["outcome"].as_str().map(str::to_owned);
    Some(proof["events"].as_array()?.iter().filter_map(outcome).collect())
}

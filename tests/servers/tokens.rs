//! Sign-ins over many servers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::task::JoinSet;

use crate::{fleet::Fleet, on_both, process::Kind};

on_both!(a_log_out_holds_on_all, out_everywhere, rotation, rotations_and_log_outs_at_a_time);

/// Many accounts at a time: in on one server, asked for on all, out on another. As soon as any server has refused a token,
/// or the log-out has answered, no server takes it any more.
async fn a_log_out_holds_on_all(kind: Kind) {
    let Some(fleet) = Fleet::start(kind, 4).await else { return };
    let fleet = Arc::new(fleet);
    let mut accounts = JoinSet::new();
    for number in 0..24 {
        let fleet = Arc::clone(&fleet);
        accounts.spawn(async move {
            for round in 0..4 {
                in_and_out(&fleet, &format!("user-{number}"), number + round).await;
            }
        });
    }
    accounts.join_all().await;
}

async fn in_and_out(fleet: &Arc<Fleet>, name: &str, first: usize) {
    let mut person = fleet.person();
    let answer = person.sign_in(fleet.at(first), name).await.expect("the server answers");
    assert_eq!(answer.status, 303);
    let token = person.token().expect("a token").to_owned();
    for server in fleet.all() {
        assert_eq!(fleet.wire.who(server, &token).await, (200, name.to_owned()), "in on one, in on all");
    }
    let has_ended = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for reader in 0..2 {
        let (fleet, token, name, has_ended) =
            (Arc::clone(fleet), token.clone(), name.to_owned(), Arc::clone(&has_ended));
        readers.spawn(async move {
            let mut must_be_gone = false;
            for at in reader.. {
                let is_last = has_ended.load(Ordering::Acquire);
                must_be_gone |= is_last;
                match fleet.wire.who(fleet.at(at), &token).await {
                    (200, body) => assert!(body == name && !must_be_gone, "taken after it was ended, by server {at}"),
                    (status, _) => {
                        assert_eq!(status, 401);
                        must_be_gone = true;
                    }
                }
                if is_last {
                    return;
                }
            }
        });
    }
    let answer = person.post(fleet.at(first + 1), "/sign-out", "").await.expect("the server answers");
    has_ended.store(true, Ordering::Release);
    assert_eq!((answer.status, person.token()), (204, None));
    for server in fleet.all() {
        assert_eq!(fleet.wire.who(server, &token).await.0, 401, "out on one, out on all");
    }
    while let Some(reader) = readers.join_next().await {
        reader.unwrap();
    }
}

/// Four devices, in on four servers, out on one. Nobody else is signed out.
async fn out_everywhere(kind: Kind) {
    let Some(fleet) = Fleet::start(kind, 4).await else { return };
    let mut other = fleet.person();
    other.sign_in(fleet.at(0), "grace").await.expect("the server answers");
    for round in 0..4 {
        let mut devices = Vec::new();
        for number in 0..4 {
            let mut device = fleet.person();
            device.sign_in(fleet.at(number), "ada").await.expect("the server answers");
            devices.push(device);
        }
        // More of them while it runs. What was acknowledged before is gone; these may be in or out, but the same on all.
        let mut late = JoinSet::new();
        for number in 0..4 {
            let (mut device, server) = (fleet.person(), fleet.at(number));
            late.spawn(async move {
                device.sign_in(server, "ada").await.expect("the server answers");
                device
            });
        }
        let answer = devices[round].post(fleet.at(round + 1), "/sign-out-everywhere", "").await;
        assert_eq!(answer.expect("the server answers").status, 204);
        for server in fleet.all() {
            for token in devices.iter().filter_map(|device| device.token()) {
                assert_eq!(fleet.wire.who(server, token).await.0, 401);
            }
            assert_eq!(fleet.wire.who(server, other.token().unwrap()).await.0, 200);
        }
        for device in late.join_all().await {
            let mut seen = Vec::new();
            for server in fleet.all() {
                seen.push(fleet.wire.who(server, device.token().unwrap()).await.0);
            }
            assert!(seen.iter().all(|status| *status == seen[0]), "{seen:?}");
        }
    }
}

/// The old secret is refused on all, the new one taken on all. Of four rotations at a time one has its way.
async fn rotation(kind: Kind) {
    let Some(fleet) = Fleet::start(kind, 4).await else { return };
    for round in 0..12 {
        let mut person = fleet.person();
        person.sign_in(fleet.at(round), "ada").await.expect("the server answers");
        let old = person.token().unwrap().to_owned();
        let mut rotating = JoinSet::new();
        for number in 0..4 {
            let (mut person, server) = (person.clone(), fleet.at(number));
            rotating.spawn(async move {
                let status = person.post(server, "/rotate", "").await.expect("the server answers").status;
                (status, person.token().map(str::to_owned))
            });
        }
        let answers = rotating.join_all().await;
        let new: Vec<_> =
            answers.iter().filter(|(status, _)| *status == 200).filter_map(|(_, token)| token.clone()).collect();
        assert!(answers.iter().all(|(status, _)| [200, 401].contains(status)), "{answers:?}");
        let [new] = &new[..] else { panic!("{} of four rotations have their way", new.len()) };
        assert_ne!(*new, old);
        for server in fleet.all() {
            assert_eq!(fleet.wire.who(server, &old).await.0, 401);
            assert_eq!(fleet.wire.who(server, new).await, (200, "ada".to_owned()));
        }
    }
}

/// A session that is rotated on three servers while it is ended on the fourth is over, whichever secret it has by then.
async fn rotations_and_log_outs_at_a_time(kind: Kind) {
    let Some(fleet) = Fleet::start(kind, 4).await else { return };
    let mut ended = 0;
    for round in 0..40 {
        let mut person = fleet.person();
        person.sign_in(fleet.at(round), "ada").await.expect("the server answers");
        let mut racing = JoinSet::new();
        for number in 0..4 {
            let (mut person, server) = (person.clone(), fleet.at(round + number));
            let path = if number == round % 4 { "/sign-out" } else { "/rotate" };
            racing.spawn(async move {
                let status = person.post(server, path, "").await.expect("the server answers").status;
                (path, status, person.token().map(str::to_owned))
            });
        }
        let answers = racing.join_all().await;
        // A log-out that came with a secret that was rotated before it looked signs nobody out, and says so.
        if !answers.iter().any(|(path, status, _)| (*path, *status) == ("/sign-out", 204)) {
            continue;
        }
        ended += 1;
        let secrets = answers.iter().filter_map(|(_, _, token)| token.as_deref()).chain(person.token());
        for secret in secrets {
            for server in fleet.all() {
                assert_eq!(fleet.wire.who(server, secret).await.0, 401, "round {round}: {answers:?}");
            }
        }
    }
    assert!(ended >= 5, "{ended} of 40 races had a log-out in them");
}

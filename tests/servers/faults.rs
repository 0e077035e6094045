//! A server, or the store of all, goes away in the middle of the day.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::time;

use crate::{
    audit::audit,
    crowd::{Crowd, Place},
    fleet::Fleet,
    on_both,
    process::Kind,
};

on_both!(a_killed_server, the_store_is_away);

/// How long visitors go about before and after something happens.
const WHILE: Duration = Duration::from_millis(1_500);

/// Killed in the middle, it takes nothing with it that it had acknowledged. The others go on, and one that comes in its
/// place begins a chain of its own.
async fn a_killed_server(kind: Kind) {
    let Some(mut fleet) = Fleet::start(kind, 4).await else { return };
    let place = Place::new(&fleet.wire, fleet.all());
    let crowd = Crowd::begin(&place, 40, 300);
    time::sleep(WHILE).await;
    place.is_troubled.store(true, Ordering::Release);
    fleet.servers[1].kill();
    time::sleep(WHILE / 2).await;
    // The balancer has noticed.
    drop(fleet.servers.remove(1));
    place.set_servers(fleet.all());
    time::sleep(WHILE / 2).await;
    place.is_troubled.store(false, Ordering::Release);
    let (silent, unavailable) = {
        let ledger = place.ledger.lock().unwrap();
        (ledger.count(|_, status| status == 0), ledger.count(|_, status| status == 503))
    };
    assert!(silent > 0, "somebody asked the dead one");
    assert_eq!(unavailable, 0, "the others do not miss it");
    fleet.add();
    place.set_servers(fleet.all());
    time::sleep(WHILE).await;
    crowd.end().await;
    assert_eq!(audit(&place).await, [""; 0]);
    assert_eq!(fleet.verified_by(fleet.at(0)).await["chains"].as_u64().map(|chains| chains > 4), Some(true));
}

/// While the store is away there is no sign-in and no grant (503); what needs no store goes on, and a withdrawal takes
/// effect. When it is back, so is everything that was acknowledged, and what waited is written.
async fn the_store_is_away(kind: Kind) {
    let Some(mut fleet) = Fleet::start(kind, 2).await else { return };
    let place = Place::new(&fleet.wire, fleet.all());
    let crowd = Crowd::begin(&place, 40, 200);
    time::sleep(WHILE).await;
    // Who is in before, and has agreed.
    let mut person = fleet.person();
    assert_eq!(person.sign_in(fleet.at(0), "ada").await.unwrap().status, 303);
    let mut visitor = fleet.person();
    assert_eq!(visitor.choose(fleet.at(0), "accept-all").await.unwrap().status, 303);
    let record = visitor.record().unwrap().to_owned();

    place.is_troubled.store(true, Ordering::Release);
    fleet.backend.kill();
    for server in fleet.all() {
        assert_eq!(fleet.wire.who(server, person.token().unwrap()).await.0, 503, "neither valid nor anonymous");
        let mut stranger = fleet.person();
        assert_eq!(stranger.get(server, "/").await.unwrap().body, "nobody, analytics off", "no store is needed");
        assert_eq!(stranger.get(server, "/health").await.unwrap().status, 200);
        assert_eq!(stranger.get(server, "/account").await.unwrap().status, 401);
        assert_eq!(stranger.sign_in(server, "grace").await.unwrap().status, 503);
        assert_eq!(stranger.choose(server, "accept-all").await.unwrap().status, 503);
        assert_eq!((stranger.record(), stranger.token()), (None, None), "nothing is granted, nobody is in");
        assert_eq!(stranger.choose(server, "reject-all").await.unwrap().status, 303);
        assert_eq!(visitor.get(server, "/").await.unwrap().body, "nobody, analytics on", "the choice is in the cookie");
        assert_eq!(person.post(server, "/sign-out", "").await.unwrap().status, 503);
        assert!(person.token().is_some(), "the cookie stays, so that they can try again");
    }
    assert_eq!(visitor.choose(fleet.at(0), "withdraw").await.unwrap().status, 303);
    assert_eq!(visitor.get(fleet.at(1), "/").await.unwrap().body, "nobody, analytics off");

    fleet.backend.start_again();
    // The connections are made anew by themselves; a record that waited goes with the next ones.
    for server in fleet.all() {
        let mut tries = 0;
        for _ in 0..3 {
            while fleet.person().choose(server, "accept-all").await.unwrap().status != 303 {
                tries += 1;
                assert!(tries < 400, "the store is back, and server {server} does not notice");
                time::sleep(Duration::from_millis(50)).await;
            }
        }
        while fleet.wire.who(server, person.token().unwrap()).await.0 == 503 {
            tries += 1;
            assert!(tries < 400, "the store is back, and server {server} does not notice");
            time::sleep(Duration::from_millis(50)).await;
        }
    }
    place.is_troubled.store(false, Ordering::Release);
    time::sleep(WHILE).await;
    crowd.end().await;
    assert_eq!(audit(&place).await, [""; 0]);
    for server in fleet.all() {
        assert_eq!(fleet.wire.who(server, person.token().unwrap()).await, (200, "ada".to_owned()));
        let mut officer = fleet.officer(server).await;
        let proof = officer.get(server, &format!("/office/record?record={record}")).await.unwrap().body;
        assert!(proof.contains("\"withdraw\""), "it was written when the store was back");
    }
    let (ledger, answer) = (place.ledger.lock().unwrap(), |wanted: &'static str, status| {
        move |what: &str, found: u16| what == wanted && found == status
    });
    assert!(ledger.count(answer("withdrawal", 303)) > 0);
    assert_eq!(ledger.count(|what, status| status == 503 && ["withdrawal", "refusal"].contains(&what)), 0);
    assert_eq!(ledger.count(|_, status| status == 0 || (500..600).contains(&status) && status != 503), 0);
}

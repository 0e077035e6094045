//! Requests a second of one, two and four processes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time};

use crate::{
    NO_ARGUMENTS,
    fleet::Fleet,
    process::{Kind, Settings},
};

/// Requests that are under way at a time.
const TOGETHER: usize = 64;
const LENGTH: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

pub(crate) async fn measure() {
    println!(
        "\nrequests a second, {TOGETHER} under way at a time, one thread a server; medians of {ROUNDS} rounds of {LENGTH:?}"
    );
    println!("client, servers and store share {} cores", std::thread::available_parallelism().map_or(0, usize::from));
    println!("{:<10} {:>8} {:>22} {:>22}", "store", "servers", "page without a token", "page with a token");
    for kind in [Kind::Redis, Kind::Postgres] {
        let mut fleets = Vec::new();
        for count in [1, 2, 4] {
            let settings = Settings { threads: 1, sweep: None };
            let Some(fleet) = Fleet::start_with(kind, count, &[], settings, NO_ARGUMENTS).await else { return };
            let mut tokens = Vec::new();
            for number in 0..TOGETHER {
                let mut person = fleet.person();
                person.sign_in(fleet.at(number), &format!("user-{number}")).await.unwrap();
                tokens.push(person.token().unwrap().to_owned());
            }
            fleets.push((Arc::new(fleet), tokens, [Vec::new(), Vec::new()]));
        }
        for _ in 0..ROUNDS {
            for (fleet, tokens, rates) in &mut fleets {
                rates[0].push(rate(fleet, None).await);
                rates[1].push(rate(fleet, Some(tokens)).await);
            }
        }
        for (fleet, _, mut rates) in fleets {
            let [without, with] = rates.each_mut().map(|rates| {
                rates.sort_by(f64::total_cmp);
                rates[rates.len() / 2]
            });
            println!("{:<10} {:>8} {without:>22.0} {with:>22.0}", format!("{kind:?}"), fleet.servers.len());
        }
    }
}

async fn rate(fleet: &Arc<Fleet>, tokens: Option<&[String]>) -> f64 {
    let (done, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut asking = JoinSet::new();
    let began = Instant::now();
    for number in 0..TOGETHER {
        let (fleet, done, stop) = (Arc::clone(fleet), Arc::clone(&done), Arc::clone(&stop));
        let token = tokens.map(|tokens| tokens[number].clone());
        asking.spawn(async move {
            let mut at = number;
            while !stop.load(Ordering::Relaxed) {
                at += 1;
                let (server, status) = (
                    fleet.at(at),
                    match &token {
                        Some(token) => fleet.wire.who(fleet.at(at), token).await.0,
                        None => fleet.person().get(fleet.at(at), "/").await.expect("the server answers").status,
                    },
                );
                assert_eq!(status, 200, "{server}");
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    time::sleep(LENGTH).await;
    stop.store(true, Ordering::Relaxed);
    asking.join_all().await;
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

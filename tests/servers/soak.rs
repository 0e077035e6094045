//! The mixed load of a day over a store: memory stays, nothing that was acknowledged is lost, and nothing fails.

use std::time::{Duration, Instant};

use tokio::time;

use crate::{
    audit::audit,
    crowd::{Crowd, Place},
    fleet::Fleet,
    process::{Kind, Settings},
};

/// What a soak found.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) faults: Vec<String>,
}

/// Bytes that a server may grow by for no reason that is known: its allocator, its connections.
const SLACK: i64 = 2 << 20;
/// Bytes for each request: this is the leak that is looked for.
const FOR_A_REQUEST: i64 = 64;
/// Bytes for each record and each sign-in that the store itself keeps in this memory.
const FOR_A_RECORD: i64 = 2_048;

/// Runs the load for this long, and looks at what came of it; also after a restart of everything that can be restarted.
pub(crate) async fn soak(
    kind: Kind,
    length: Duration,
    rate: u32,
    arguments: &'static [&'static str],
) -> Option<Report> {
    // Memory and file are for one process.
    let servers = if matches!(kind, Kind::Memory | Kind::Redb) { 1 } else { 2 };
    let mut fleet = Fleet::start_with(kind, servers, &[], Settings::default(), arguments).await?;
    let place = Place::new(&fleet.wire, fleet.all());
    let crowd = Crowd::begin(&place, 40, rate);
    let (began, mut samples) = (Instant::now(), Vec::new());
    while began.elapsed() < length {
        time::sleep((length / 60).max(Duration::from_millis(100))).await;
        let ledger = place.ledger.lock().unwrap();
        let kept = ledger.count(|what, status| {
            status < 400 && ["grant", "grant by API", "withdrawal", "request", "correction", "erasure"].contains(&what)
        });
        let kept = kept + ledger.alive.len() as u64;
        let resident = fleet.servers.iter().filter_map(crate::process::Server::resident).sum::<u64>();
        samples.push(Sample { requests: ledger.requests(), kept, resident });
    }
    crowd.end().await;
    let lasted = began.elapsed();
    let mut faults = audit(&place).await;
    if let Some(grown) = growth(&samples) {
        let data = if kind == Kind::Memory || kind == Kind::Redb { FOR_A_RECORD } else { 0 };
        let bound = SLACK * i64::try_from(servers).unwrap() + FOR_A_REQUEST * grown.requests + data * grown.kept;
        if grown.resident > bound {
            faults.push(format!("memory: {grown:?}, at most {bound} bytes more were expected"));
        }
    }
    let mut restarted = "";
    if fleet.backend.is_durable() {
        fleet.servers.iter_mut().for_each(crate::process::Server::kill);
        fleet.backend.kill();
        fleet.backend.start_again();
        fleet.servers.clear();
        for _ in 0..servers {
            fleet.add();
        }
        place.set_servers(fleet.all());
        let lost = audit(&place).await;
        faults.extend(lost.iter().map(|fault| format!("after a restart: {fault}")));
        restarted = ", also after all were killed and started again";
    }
    let text = report(kind, servers, lasted, &place, &samples, restarted);
    Some(Report { text, faults })
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    requests: u64,
    /// Records and live sign-ins.
    kept: u64,
    /// Bytes of all servers.
    resident: u64,
}

/// How much was added from the second quarter to the last: the first one warms up.
#[derive(Clone, Copy, Debug)]
struct Growth {
    requests: i64,
    kept: i64,
    resident: i64,
}

fn growth(samples: &[Sample]) -> Option<Growth> {
    let quarter = samples.len() / 4;
    let middle = |part: &[Sample], of: fn(&Sample) -> u64| {
        let mut values: Vec<_> = part.iter().map(of).collect();
        values.sort_unstable();
        values.get(values.len() / 2).and_then(|value| i64::try_from(*value).ok())
    };
    let (early, late) = (samples.get(quarter..2 * quarter)?, samples.get(3 * quarter..)?);
    let grown = |of: fn(&Sample) -> u64| Some(middle(late, of)? - middle(early, of)?);
    // Where the system does not tell, there is nothing to judge.
    samples.iter().all(|sample| sample.resident > 0).then_some(())?;
    Some(Growth {
        requests: grown(|sample| sample.requests)?,
        kept: grown(|sample| sample.kept)?,
        resident: grown(|sample| sample.resident)?,
    })
}

fn report(kind: Kind, servers: usize, lasted: Duration, place: &Place, samples: &[Sample], restarted: &str) -> String {
    let mut ledger = place.ledger.lock().unwrap();
    let (half, most, worst) = (ledger.time_of(500), ledger.time_of(990), ledger.time_of(1_000));
    let mut text = format!("{kind:?}, servers: {servers}\n");
    let requests = ledger.requests();
    text += &format!(
        "  {requests} requests in {:.0} s; an answer took {half:?} (half), {most:?} (99 of 100), {worst:?} (the longest)\n",
        lasted.as_secs_f64()
    );
    text += &format!(
        "  kept{restarted}: {} live sign-ins, {} ended ones, {} grants, {} of them withdrawn, {} erased\n",
        ledger.alive.len(),
        ledger.ended.len(),
        ledger.granted.len(),
        ledger.withdrawn.len(),
        ledger.erased.len()
    );
    if let (Some(grown), Some(last)) = (growth(samples), samples.last()) {
        text += &format!(
            "  memory of all servers: {:.1} MiB at the end; {:+.2} MiB over {} requests and {} records and sign-ins after warm-up\n",
            last.resident as f64 / f64::from(1 << 20),
            grown.resident as f64 / f64::from(1 << 20),
            grown.requests,
            grown.kept
        );
    }
    for ((what, status), count) in &ledger.statuses {
        text += &format!("  {count:>8}  {status}  {what}\n");
    }
    text
}

//! A real server under load: `cargo bench --bench throughput`, and after `--`:
//!
//! - `--quick`: three short pairs, `real` only
//! - `--pairs N`: as many pairs (default 5)
//! - `--profile NAME[,NAME]`: these profiles (default `real,dnt`)
//! - `--only NAME[,NAME]`: these contenders
//! - `--cores SERVER,LOAD`: these processors (default: the first and the last that this process may use)
//!
//! Each contender is an axum application in a process of its own, kept on one core. The load comes from this process, kept
//! on another, over connections that stay open: as soon as one is answered it asks again, so that the server never waits.
//! A contender runs in turn with its base, A B, B A, a tenth of a second each; a pair is seven turns of both, in new
//! processes. A ratio is taken inside one pair, and the tables show the median of the pairs with the least and the most.
//! The processor time is what the system counted for the server's threads. Redis runs on the load's core.
//!
//! Only the processor time decides: a rate hangs on what else the machine does, and a missed goal fails nothing. It needs
//! Linux, with `taskset` on the path.
#![allow(clippy::indexing_slicing, reason = "a bench may panic, and its tables are its own")]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "the other benches use the rest")]
mod common;
mod duel;
mod load;
mod peers;
mod process;
#[path = "../../tests/stores/servers.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "as in the tests"
)]
mod servers;
mod sites;
mod table;

use std::{process::ExitCode, time::Duration};

use common::{Result, profiles::Profile};
use duel::{Duel, Place};
use process::Cores;
use servers::RedisServer;
use sites::Contender;

struct Options {
    profiles: Vec<Profile>,
    contenders: Vec<Contender>,
    cores: Option<Cores>,
    pairs: usize,
    time: Duration,
}

impl Options {
    fn from_args(args: &[String]) -> Result<Self> {
        let mut options = Self {
            profiles: vec![Profile::Real, Profile::Dnt],
            contenders: Contender::ALL.to_vec(),
            cores: None,
            pairs: 5,
            time: Duration::from_millis(700),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => {
                    options.profiles = vec![Profile::Real];
                    (options.pairs, options.time) = (3, Duration::from_millis(300));
                }
                "--pairs" => options.pairs = value()?.parse()?,
                "--profile" => options.profiles = value()?.split(',').map(Profile::named).collect::<Result<_>>()?,
                "--only" => options.contenders = value()?.split(',').map(Contender::named).collect::<Result<_>>()?,
                "--cores" => options.cores = Some(value()?.parse()?),
                _ => return Err(format!("unknown argument {arg:?}").into()),
            }
        }
        if options.pairs == 0 {
            return Err("--pairs: at least one is needed".into());
        }
        Ok(options)
    }
}

fn main() -> Result<ExitCode> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    // A server of this bench: it ends with the process that started it.
    if let [flag, settings @ ..] = args.as_slice()
        && flag == "--serve"
    {
        process::end_with_input();
        return sites::serve(settings).map(|()| ExitCode::SUCCESS);
    }
    // Without cargo's `--bench` this is a test run, which measures nothing.
    if !args.iter().any(|arg| arg == "--bench") {
        return Ok(ExitCode::SUCCESS);
    }
    let args: Vec<_> = args.into_iter().filter(|arg| arg != "--bench").collect();
    let options = Options::from_args(&args)?;
    let cores = options.cores.map_or_else(Cores::allowed, Ok)?;
    process::pin(std::process::id(), cores.load)?;

    // From here on what is started stays on the load's core, unless it is told otherwise.
    let redis = RedisServer::start(&[]);
    let folder = tempfile::tempdir()?;
    let place = Place { cores, redis: redis.as_ref().map(RedisServer::url), folder: folder.path().to_owned() };
    let is_complete = redis.is_some() || !options.contenders.iter().any(|contender| contender.needs_redis());
    if !is_complete {
        println!("redis: skipped, there is no redis-server");
    }
    let before = process::load_average();
    let mut outcomes = Vec::new();
    for duel in Duel::all(&options.profiles, &options.contenders, redis.is_some()) {
        eprint!("{} on {} ", duel.contender.name(), duel.profile.name());
        outcomes.push(duel.run(&place, options.pairs, options.time)?);
        eprintln!();
    }
    table::print(&outcomes);
    table::print_goals(&outcomes);
    println!("\nLoad average {before} before, {} after.", process::load_average());
    let must_be_complete = std::env::var("CI").is_ok_and(|value| value == "true");
    Ok(if is_complete || !must_be_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

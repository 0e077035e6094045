//! Instructions per request of this library beside its peers', counted by callgrind.
//!
//! `cargo bench --bench instructions`, and after `--`:
//!
//! - `--profile NAME[,NAME]`: only these profiles
//! - `--gate`: this library alone, held against `benches/limits.toml`; fails where it has become slower
//! - `--renew`: writes these limits anew
//!
//! It needs `valgrind` on the path. The binary runs itself under callgrind, for each contender and profile twice: with n
//! requests and with 2n. What the second run has more is n requests and nothing else. The counts of the bare
//! handler are taken off. Those of this library repeat exactly, those of peers with hash maps to about 1 % (the maps are
//! seeded anew in each process).
//! valgrind's processor has no SHA instructions, so that a MAC counts in its software form: some 7
//! thousand instructions that take 0.2 microseconds on a real one.
#![allow(clippy::indexing_slicing, reason = "a bench may panic, and its tables are its own")]

mod common;
#[path = "common/limits.rs"]
mod limits;

use std::process::{Command, ExitCode};

use common::Result;
use common::contenders::{self, BARE, BARE_INDEX, Role, YARDSTICK, YARDSTICK_INDEX};
use common::ours::UNASKED;
use common::profiles::{Profile, set_cookie_lines};
use limits::{Counts, Maker};

/// `Set-Cookie` lines of each answer.
const LINES: usize = 1;

fn main() -> Result<ExitCode> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).filter(|arg| *arg != "--bench").collect();
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    match args[..] {
        // The run under callgrind.
        ["--requests", times, profile, index] => serve(Profile::named(profile)?, index.parse()?, times.parse()?)?,
        ["--profile", names] => report(&names.split(',').map(Profile::named).collect::<Result<Vec<_>>>()?)?,
        ["--gate"] => return limits::check(&Maker::here()?, &guarded()?),
        ["--renew"] => limits::renew(&Maker::here()?, &guarded()?)?,
        [] if is_bench => report(&Profile::ALL)?,
        _ if is_bench => return Err(format!("unknown arguments {args:?}").into()),
        // A test run has nothing to say: the other bench checks the same contenders.
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of all contenders, each of which has been seen to do its work on this profile.
fn checked(profile: Profile) -> Result<Vec<&'static str>> {
    let lines = set_cookie_lines(LINES);
    let mut names = Vec::new();
    for mut contender in contenders::all(&lines)? {
        let template = contender.template(profile, false)?;
        contender.check(profile, &template, &lines)?;
        names.push(contender.name);
    }
    Ok(names)
}

/// What the gate guards: this library, with and without MAC and token.
const GUARDED: [Profile; 5] = [Profile::None, Profile::Dnt, Profile::Real, Profile::RealStrip, Profile::Huge];

fn guarded() -> Result<Counts> {
    let mut counts = Counts::new();
    for profile in GUARDED {
        checked(profile)?;
        let bare = per_request(profile, BARE_INDEX)?;
        let contenders = counts.entry(profile.name().to_owned()).or_default();
        for (index, contender) in contenders::all(&set_cookie_lines(LINES))?.iter().enumerate() {
            if contender.role == Role::Ours && contender.name != UNASKED {
                contenders.insert(contender.name.to_owned(), per_request(profile, index)? - bare);
                eprint!(".");
            }
        }
    }
    eprintln!();
    Ok(counts)
}

fn serve(profile: Profile, index: usize, times: u32) -> Result<()> {
    let mut contenders = contenders::all(&set_cookie_lines(LINES))?;
    let contender = contenders.get_mut(index).ok_or("no such contender")?;
    let template = contender.template(profile, false)?;
    contender.run(&template, times)
}

/// Requests that the second run has more: enough for the odd growth of a buffer not to count.
fn requests(profile: Profile) -> u32 {
    match profile {
        Profile::None | Profile::Dnt | Profile::Real | Profile::RealStrip => 200,
        Profile::Huge => 40,
        Profile::Huge4 => 10,
    }
}

fn report(profiles: &[Profile]) -> Result<()> {
    println!(
        "\nThousands of instructions per request, K = {LINES}, net of the bare handler (whose own \
         stand under `{BARE}`), and as a ratio to `{YARDSTICK}`.\n"
    );
    for (row, &profile) in profiles.iter().enumerate() {
        let contenders = checked(profile)?;
        if row == 0 {
            let names = contenders.iter().map(|name| format!("{name:>20}"));
            println!("| {:<10} | {} |", "profile", names.collect::<Vec<_>>().join(" | "));
            println!("|{:-<12}|{}", "", format!("{:->23}", ":|").repeat(contenders.len()));
        }
        let mut counts = Vec::new();
        for index in 0..contenders.len() {
            counts.push(per_request(profile, index)?);
        }
        let net = |index: usize| counts[index] - counts[BARE_INDEX];
        let cells = (0..counts.len()).map(|index| match index {
            BARE_INDEX => format!("{:>15.2}    -", counts[index] / 1000.0),
            _ => format!("{:>15.2} {:>4.2}", net(index) / 1000.0, net(index) / net(YARDSTICK_INDEX)),
        });
        println!("| {:<10} | {} |", profile.name(), cells.collect::<Vec<_>>().join(" | "));
    }
    Ok(())
}

fn per_request(profile: Profile, index: usize) -> Result<f64> {
    let requests = requests(profile);
    let once = count(profile, index, requests)?;
    let twice = count(profile, index, 2 * requests)?;
    Ok((twice as f64 - once as f64) / f64::from(requests))
}

/// Where counting starts and ends: the loop of `Run::run`, and what it calls.
const LOOP: &str = "--toggle-collect=*Plain*run*";

/// The instructions of so many requests, and of what the first of them sets up.
fn count(profile: Profile, index: usize, requests: u32) -> Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", LOOP]);
    valgrind.arg(std::env::current_exe()?);
    valgrind.args(["--requests", &requests.to_string(), profile.name(), &index.to_string()]);
    let output = valgrind.output().map_err(|error| format!("valgrind does not start: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let counted = report.lines().find_map(|line| line.split_once("Collected : "));
    match counted {
        Some((_, count)) if output.status.success() && count != "0" => Ok(count.trim().parse()?),
        _ => Err(format!("callgrind failed:\n{report}").into()),
    }
}

//! Time and allocations of this library beside its peers', in one table from one run.
//!
//! `cargo bench --bench compare`, and after `--`:
//!
//! - `--quick`: one `Set-Cookie` line only, fewer rounds
//! - `--profile NAME[,NAME]`: only these profiles
//! - `--document`: the requests navigate to a document instead of fetching from a script
//! - `--catalogue`: only the look-ups of the catalogue, which otherwise stand at the end
//!
//! The contenders run in turn, A B C A B C, round after round. "net" is a contender's time per
//! request less that of the bare handler in the same round, and a ratio is taken inside one round
//! too; the table shows the medians of all rounds. Absolute times differ from machine to machine
//! and from minute to minute: only the ratios tell something.
#![allow(clippy::indexing_slicing, reason = "a bench may panic, and its tables are its own")]

#[path = "common/catalogue.rs"]
mod catalogue;
mod common;

use std::process::ExitCode;
use std::time::Instant;

use common::Result;
use common::contenders::{self, BARE, BARE_INDEX, Contender, Role, TODAY, YARDSTICK, YARDSTICK_INDEX};
use common::ours::{UNASKED, WITH_TOKEN};
use common::profiles::{Lines, Profile, Template, set_cookie_lines};

/// Requests over which allocations are averaged. They are the same for each; more than one shows
/// it.
const COUNTED: u32 = 16;

fn main() -> Result<ExitCode> {
    let Some(options) = Options::from_args()? else {
        return Ok(ExitCode::SUCCESS);
    };
    if options.only_catalogue {
        catalogue::print(options.rounds);
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for &profile in &options.profiles {
        for &lines in options.line_counts {
            rows.push(measure(profile, lines, &options)?);
            eprint!(".");
        }
    }
    eprintln!();
    if options.rounds > 0 {
        print_table(&rows);
        print_goals(&rows, &growth(&options)?);
        catalogue::print(options.rounds);
    }
    Ok(ExitCode::SUCCESS)
}

struct Options {
    profiles: Vec<Profile>,
    line_counts: &'static [usize],
    rounds: u32,
    document: bool,
    only_catalogue: bool,
}

impl Options {
    /// Nothing, where a test runner asks which tests there are.
    fn from_args() -> Result<Option<Self>> {
        let mut options = Self {
            profiles: Profile::ALL.to_vec(),
            line_counts: &[0, 1, 5],
            // Without cargo's `--bench` this is a test run: the contenders are checked, not
            // measured.
            rounds: if std::env::args().any(|arg| arg == "--bench") { 61 } else { 0 },
            document: false,
            only_catalogue: false,
        };
        let mut quick = false;
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--bench" => {}
                "--quick" => quick = true,
                "--document" => options.document = true,
                "--catalogue" => options.only_catalogue = true,
                "--profile" => {
                    let names = args.next().unwrap_or_default();
                    options.profiles = names.split(',').map(Profile::named).collect::<Result<_>>()?;
                }
                "--list" => return Ok(None),
                _ if options.rounds > 0 => return Err(format!("unknown argument {arg:?}").into()),
                // A test runner has options of its own.
                _ => {}
            }
        }
        if quick {
            options.line_counts = &[1];
            options.rounds = options.rounds.min(21);
        }
        Ok(Some(options))
    }
}

/// Requests of one contender in one round. Many short rounds stand a busy machine better than a few
/// long ones: what is compared then ran within some 30 milliseconds.
fn iterations(profile: Profile) -> u32 {
    match profile {
        Profile::None | Profile::Dnt => 2000,
        Profile::Real | Profile::RealStrip => 1000,
        Profile::Huge => 100,
        Profile::Huge4 => 25,
    }
}

/// A contender with the request that it serves in each round.
struct Entry {
    contender: Contender,
    template: Template,
    iterations: u32,
}

impl Entry {
    fn all(profile: Profile, lines: &Lines, document: bool) -> Result<Vec<Self>> {
        let mut entries = Vec::new();
        for mut contender in contenders::all(lines)? {
            let template = contender.template(profile, document)?;
            contender.check(profile, &template, lines)?;
            entries.push(Self { contender, template, iterations: iterations(profile) });
        }
        Ok(entries)
    }

    fn run(&mut self, times: u32) -> Result<()> {
        self.contender.run(&self.template, times)
    }

    /// Allocations and bytes of one request (a grown buffer counts as a new one).
    fn allocations(&mut self) -> Result<(f64, f64)> {
        let mut run = self.run(COUNTED);
        let counted = allocation_counter::measure(|| run = self.run(COUNTED));
        run?;
        let each = |total: u64| total as f64 / f64::from(COUNTED);
        Ok((each(counted.count_total), each(counted.bytes_total)))
    }
}

/// One profile with one number of `Set-Cookie` lines.
struct Row {
    profile: Profile,
    lines: usize,
    sent: usize,
    cells: Vec<Cell>,
}

/// One contender in one row: what it takes above the bare handler (which itself is shown as it is).
struct Cell {
    name: &'static str,
    nanos: f64,
    allocations: f64,
    bytes: f64,
    /// Of the yardstick's net time.
    ratio: f64,
    /// Of today's stack's net time.
    of_today: f64,
}

impl Row {
    fn cell(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.name == name)
    }
}

fn measure(profile: Profile, line_count: usize, options: &Options) -> Result<Row> {
    let lines = set_cookie_lines(line_count);
    let mut entries = Entry::all(profile, &lines, options.document)?;
    let allocated = entries.iter_mut().map(Entry::allocations).collect::<Result<Vec<_>>>()?;
    let times = time(&mut entries, options.rounds)?;

    let today_index = entries.iter().position(|entry| entry.contender.name == TODAY).unwrap_or(YARDSTICK_INDEX);
    let mut cells = Vec::new();
    for (index, Entry { contender, .. }) in entries.iter().enumerate() {
        let (base_count, base_bytes) = if contender.name == BARE { (0.0, 0.0) } else { allocated[BARE_INDEX] };
        let shown = times.iter().map(|round| match contender.name {
            BARE => round[index],
            _ => round[index] - round[BARE_INDEX],
        });
        let net = |round: &[f64], index: usize| round[index] - round[BARE_INDEX];
        let ratio_to = |other| median(times.iter().map(|round| net(round, index) / net(round, other)));
        cells.push(Cell {
            name: contender.name,
            nanos: median(shown),
            allocations: allocated[index].0 - base_count,
            bytes: allocated[index].1 - base_bytes,
            ratio: ratio_to(YARDSTICK_INDEX),
            of_today: ratio_to(today_index),
        });
    }
    Ok(Row { profile, lines: line_count, sent: entries[BARE_INDEX].template.sent, cells })
}

/// Nanoseconds per request: of each round, for each entry.
fn time(entries: &mut [Entry], rounds: u32) -> Result<Vec<Vec<f64>>> {
    let mut time_one = |entry: &mut Entry| {
        // The first requests pay for what the entry before has left in the caches.
        entry.run(entry.iterations / 8)?;
        let start = Instant::now();
        entry.run(entry.iterations)?;
        Ok(start.elapsed().as_nanos() as f64 / f64::from(entry.iterations))
    };
    // Counting stops while the clock runs: what it costs would fall on those who allocate most.
    let mut times = Ok(Vec::new());
    allocation_counter::opt_out(|| {
        let rounds = (0..rounds).map(|_| entries.iter_mut().map(&mut time_one).collect());
        times = rounds.collect();
    });
    times
}

/// How much longer `huge4` takes than `huge`, by contender. Both run in the same rounds: two rows
/// of the table lie seconds apart, in which the machine may have changed its pace.
fn growth(options: &Options) -> Result<Vec<(&'static str, f64)>> {
    let lines = set_cookie_lines(1);
    let mut entries = Entry::all(Profile::Huge, &lines, options.document)?;
    entries.extend(Entry::all(Profile::Huge4, &lines, options.document)?);
    entries.retain(|Entry { contender, .. }| contender.name == BARE || contender.role == Role::Ours);
    let times = time(&mut entries, options.rounds)?;
    let half = entries.len() / 2;
    let growth = |index: usize| {
        let net = |round: &[f64], index: usize, bare: usize| round[index] - round[bare];
        let ratios = times.iter().map(|round| net(round, half + index, half) / net(round, index, BARE_INDEX));
        (entries[index].contender.name, median(ratios))
    };
    Ok((BARE_INDEX + 1..half).map(growth).collect())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print_table(rows: &[Row]) {
    println!(
        "\nPer request, net of the bare handler (whose own figures stand under `{BARE}`): \
         nanoseconds, allocations, bytes allocated, and the nanoseconds as a ratio to \
         `{YARDSTICK}`. K: `Set-Cookie` lines of the answer.\n"
    );
    let Some(first) = rows.first() else { return };
    let names = first.cells.iter().map(|cell| format!("{:>24}", cell.name));
    println!("| {:<10} | cookies B | K | {} |", "profile", names.collect::<Vec<_>>().join(" | "));
    let rules = first.cells.iter().map(|_| format!("{:->26}", ":"));
    println!("|{:-<12}|{:->11}|--:|{}|", "", ":", rules.collect::<Vec<_>>().join("|"));
    for row in rows {
        let cells: Vec<_> = row.cells.iter().map(text).collect();
        println!("| {:<10} | {:>9} | {} | {} |", row.profile.name(), row.sent, row.lines, cells.join(" | "));
    }
}

fn text(cell: &Cell) -> String {
    let bytes =
        if cell.bytes < 10_000.0 { format!("{:.0}", cell.bytes) } else { format!("{:.1}k", cell.bytes / 1000.0) };
    let ratio = if cell.name == BARE { "-".to_owned() } else { format!("{:.2}", cell.ratio) };
    format!("{:>7.0} {:>4.0} {:>6} {:>4}", cell.nanos, cell.allocations, bytes, ratio)
}

/// The ratios to the yardstick that consent alone is to reach with one `Set-Cookie` line.
const RATIO_GOALS: &[(Profile, f64)] = &[
    (Profile::Real, 0.20),
    (Profile::RealStrip, 0.30),
    (Profile::Huge, 0.15),
    (Profile::Dnt, 0.85),
    (Profile::None, 0.90),
];
/// The ratios that consent and sign-in together are to reach on `real`: to the yardstick, and to today's stack.
const TOKEN_GOALS: (f64, f64) = (0.25, 0.10);
/// Allocations of consent alone above the bare handler, for any number of `Set-Cookie` lines.
const ALLOCATION_GOALS: &[(&str, bool, f64)] =
    &[("allocations, nothing to strip", false, 5.0), ("allocations, stripping", true, 7.0)];
/// Four times the cookies take four times as long, and a tenth for the caches.
const GROWTH_GOAL: f64 = 4.4;

/// Says of each goal whether it is reached, and fails nothing: a time depends on the machine.
fn print_goals(rows: &[Row], growth: &[(&str, f64)]) {
    for &(name, growth) in growth {
        println!("\nGoals of `{name}` (time: K = 1, ratio to `{YARDSTICK}` unless it says another)\n");
        let net = |profile| {
            let mut rows = rows.iter();
            let row = rows.find(|row| row.profile == profile && row.lines == 1)?;
            row.cell(name)
        };
        match name {
            WITH_TOKEN => {
                let (yardstick, today) = TOKEN_GOALS;
                print_goal("real", net(Profile::Real).map(|cell| cell.ratio), yardstick);
                print_goal("real, to today's stack", net(Profile::Real).map(|cell| cell.of_today), today);
            }
            // A column of the table, to see what asking costs.
            UNASKED => {}
            _ => {
                for &(profile, limit) in RATIO_GOALS {
                    print_goal(profile.name(), net(profile).map(|cell| cell.ratio), limit);
                }
                for &(what, strips, limit) in ALLOCATION_GOALS {
                    let rows = rows.iter().filter(|row| row.profile.strips() == strips);
                    let cells = rows.filter_map(|row| row.cell(name));
                    print_goal(what, cells.map(|cell| cell.allocations).reduce(f64::max), limit);
                }
            }
        }
        print_goal("huge4 / huge, net time", Some(growth), GROWTH_GOAL);
    }
}

fn print_goal(name: &str, value: Option<f64>, limit: f64) {
    let (shown, verdict) = match value {
        None => ("-".to_owned(), "not measured"),
        Some(value) if value <= limit => (format!("{value:.2}"), "met"),
        Some(value) => (format!("{value:.2}"), "missed"),
    };
    println!("{name:<30} {shown:>6} <= {limit:<5.2} {verdict}");
}

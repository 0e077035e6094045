//! A sweep of the store in memory: what it gives back, and whether anybody waits for it.

use std::{
    fs::File,
    hint::black_box,
    os::unix::fs::FileExt as _,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use tower_consent::{ManualClock, MemoryStore, TokenDigest, TokenStore as _};

use super::{
    Result, Size,
    accounts::{Picks, digest, record},
    figures::{Goal, Sheet, median, now},
};

/// The time at which the tokens are issued.
const BEGIN: i64 = 1_800_000_000;
/// Two of three end here.
const EARLY: i64 = BEGIN + 100;
const LATE: i64 = BEGIN + 600_000;
/// Sweeps, each of a store of its own.
const SWEEPS: usize = 3;
/// Nobody waits longer for a sweep.
const LONG: Duration = Duration::from_millis(1);
/// Look-ups between two questions to the system.
const STRIDE: usize = 256;

pub(crate) fn section(size: Size) -> Result<()> {
    let mut sheet = Sheet::new(format!("MemoryStore, a sweep of two of three of {} tokens", size.tokens));
    let (mut left, mut took) = (Vec::new(), Vec::new());
    let (mut swept, mut controls) = (Vec::new(), Vec::new());
    for _ in 0..SWEEPS {
        let run = Sweep::run(size.tokens)?;
        left.push(run.memory_left);
        took.push(run.took.as_secs_f64() * 1e3);
        swept.push(run.waits);
        controls.push(run.control);
    }
    sheet.row("memory after it / that of a new store", median(left.into_iter()), Goal::AtMost(1.5));
    sheet.row("the sweep takes, ms", median(took.into_iter()), Goal::None);
    for (name, waits, goal) in
        [("with a sweep", &swept, Goal::AtMost(1.0)), ("without (control)", &controls, Goal::None)]
    {
        let all = |of: fn(&Waits) -> f64| waits.iter().map(of).collect::<Vec<_>>();
        let shown = |values: Vec<f64>| values.iter().map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(", ");
        sheet.row(
            &format!("look-ups {name}, millions"),
            all(|waits| waits.count as f64 / 1e6).iter().sum(),
            Goal::None,
        );
        sheet.row(&format!("p50 {name}, µs"), median(all(|waits| waits.half * 1e3).into_iter()), Goal::None);
        sheet.row(&format!("p99.99 {name}, µs"), median(all(|waits| waits.most_all * 1e3).into_iter()), Goal::None);
        let longest = all(|waits| waits.longest);
        let title = format!("longest wait {name}, ms (median of {})", shown(longest.clone()));
        sheet.row(&title, median(longest.into_iter()), goal);
        let own = all(|waits| waits.own);
        let title = format!("  less what the thread had no core for (median of {})", shown(own.clone()));
        sheet.row(&title, median(own.into_iter()), goal);
        let long = waits.iter().map(|waits| waits.long as f64).sum();
        sheet.row(&format!("waits over 1 ms {name}"), long, Goal::None);
    }
    sheet.print();
    Ok(())
}

struct Sweep {
    memory_left: f64,
    took: Duration,
    waits: Waits,
    control: Waits,
}

impl Sweep {
    fn run(count: usize) -> Result<Self> {
        let clock = ManualClock::at(BEGIN);
        let is_early = |number: usize| !number.is_multiple_of(3);
        let fill = |keep: &dyn Fn(usize) -> bool| -> Result<MemoryStore> {
            let store = MemoryStore::builder().clock(clock.clone()).build();
            for number in (0..count).filter(|number| keep(*number)) {
                now(store.insert_new(record(number, BEGIN, if is_early(number) { EARLY } else { LATE })?))?;
            }
            Ok(store)
        };
        let (store, full) = held(|| fill(&|_| true))?;
        let live: Vec<_> = (0..count).filter(|number| !is_early(*number)).map(digest).collect();
        // One sweep interval after their end.
        clock.set(EARLY + 300);

        let mut freed = 0;
        let (waits, took) = beside(&store, &live, || {
            let begin = Instant::now();
            let (deleted, memory) = held(|| now(store.sweep()).map_err(Into::into))?;
            freed = memory;
            if deleted as usize != count - live.len() {
                return Err(format!("swept {deleted} of {}", count - live.len()).into());
            }
            Ok(begin.elapsed())
        })?;
        // As long without one, while this thread is as busy.
        let (control, ()) = beside(&store, &live, || {
            let begin = Instant::now();
            while begin.elapsed() < took {
                black_box(&begin);
            }
            Ok(())
        })?;
        let (_, fresh) = held(|| fill(&|number| !is_early(number)))?;
        Ok(Self { memory_left: (full + freed) as f64 / fresh as f64, took, waits, control })
    }
}

/// What this thread holds more when the work is done.
fn held<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, i64)> {
    let mut done = Err("not done".into());
    let measured = allocation_counter::measure(|| done = work());
    Ok((done?, measured.bytes_current))
}

/// Does some work, while another thread looks tokens up.
fn beside<T>(store: &MemoryStore, live: &[TokenDigest], work: impl FnOnce() -> Result<T>) -> Result<(Waits, T)> {
    let (is_warm, is_done) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let looks = scope.spawn(|| look_up(store, live, &is_warm, &is_done));
        while !is_warm.load(Ordering::Acquire) && !looks.is_finished() {
            thread::yield_now();
        }
        let done = work();
        is_done.store(true, Ordering::Release);
        let waits = looks.join().map_err(|_panic| "a thread panicked")??;
        Ok((waits, done?))
    })
}

/// How long look-ups took, in milliseconds.
struct Waits {
    count: usize,
    half: f64,
    most_all: f64,
    longest: f64,
    /// The longest, less the time for which the thread was ready to run and had no core.
    own: f64,
    long: usize,
}

fn look_up(store: &MemoryStore, live: &[TokenDigest], is_warm: &AtomicBool, is_done: &AtomicBool) -> Result<Waits> {
    let picked = Picks(5).of(live, 1 << 17);
    let mut nanos: Vec<u32> = Vec::with_capacity(1 << 23);
    let schedule = File::open("/proc/thread-self/schedstat").ok();
    let (mut own, mut unscheduled) = (0.0_f64, 0);
    let mut longest = 0;
    let mut index = 0;
    while !is_done.load(Ordering::Acquire) && nanos.len() < nanos.capacity() {
        for _ in 0..STRIDE {
            let digest = &picked[index % picked.len()];
            index += 1;
            let begin = Instant::now();
            black_box(now(store.get(digest))?).ok_or("a live token is missing")?;
            let took = u32::try_from(begin.elapsed().as_nanos()).unwrap_or(u32::MAX);
            longest = longest.max(took);
            if index > picked.len() {
                nanos.push(took);
            }
        }
        let waited = schedule.as_ref().map_or(0, run_delay);
        if index > picked.len() {
            is_warm.store(true, Ordering::Release);
            own = own.max(f64::from(longest) - (waited - unscheduled) as f64);
        }
        longest = 0;
        unscheduled = waited;
    }
    nanos.sort_unstable();
    let at = |share: f64| f64::from(nanos.get((nanos.len() as f64 * share) as usize).copied().unwrap_or(0)) / 1e6;
    Ok(Waits {
        count: nanos.len(),
        half: at(0.5),
        most_all: at(0.9999),
        longest: nanos.last().map_or(0.0, |last| f64::from(*last) / 1e6),
        own: own / 1e6,
        long: nanos.iter().filter(|nanos| u128::from(**nanos) > LONG.as_nanos()).count(),
    })
}

/// Nanoseconds for which this thread was ready to run and had no core.
fn run_delay(schedule: &File) -> u64 {
    let mut text = [0; 64];
    let length = schedule.read_at(&mut text, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&text[..length]);
    text.split_whitespace().nth(1).and_then(|delay| delay.parse().ok()).unwrap_or(0)
}

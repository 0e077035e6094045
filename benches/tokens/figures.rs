//! Rounds of contenders, their medians, and the tables that show them.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

use super::Result;

/// One contender: runs once, and gives its nanoseconds per operation.
type Run<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// Contenders that run in turn.
#[derive(Default)]
pub(crate) struct Contest<'a> {
    names: Vec<&'static str>,
    runs: Vec<Run<'a>>,
}

/// Nanoseconds per operation, of each round, for each contender.
pub(crate) struct Times {
    names: Vec<&'static str>,
    rounds: Vec<Vec<f64>>,
}

impl<'a> Contest<'a> {
    pub(crate) fn add(&mut self, name: &'static str, run: impl FnMut() -> Result<f64> + 'a) {
        self.names.push(name);
        self.runs.push(Box::new(run));
    }

    /// The first round warms up, and does not count.
    pub(crate) fn run(mut self, rounds: usize) -> Result<Times> {
        let mut times = Ok(Vec::new());
        // Counting stops while the clock runs: what it costs would fall on those who allocate most.
        allocation_counter::opt_out(|| {
            times = (0..=rounds).map(|_| self.runs.iter_mut().map(|run| run()).collect()).collect();
        });
        let mut rounds: Vec<Vec<f64>> = times?;
        rounds.remove(0);
        Ok(Times { names: self.names, rounds })
    }
}

impl Times {
    fn index(&self, name: &str) -> usize {
        self.names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("no contender {name:?}"))
    }

    /// The median of a contender.
    pub(crate) fn of(&self, name: &str) -> f64 {
        let index = self.index(name);
        median(self.rounds.iter().map(|round| round[index]))
    }

    /// The median of the rounds' ratios.
    pub(crate) fn ratio(&self, name: &str, to: &str) -> f64 {
        let (index, other) = (self.index(name), self.index(to));
        median(self.rounds.iter().map(|round| round[index] / round[other]))
    }

    /// Each contender's median, as lines of a sheet.
    pub(crate) fn list(&self, sheet: &mut Sheet) {
        for name in &self.names {
            sheet.row(&format!("{name}, ns"), self.of(name), Goal::None);
        }
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Nanoseconds for each of so many operations.
pub(crate) fn each(start: Instant, operations: usize) -> f64 {
    start.elapsed().as_nanos() as f64 / operations as f64
}

/// The answer of a future that waits for nothing but a lock, in which case asking again is the fastest.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut cx) {
            return answer;
        }
        thread::yield_now();
    }
}

/// What a figure is to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    None,
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
}

/// A table of figures, with the goals beside them.
pub(crate) struct Sheet {
    title: String,
    rows: Vec<[String; 4]>,
}

impl Sheet {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, what: &str, value: f64, goal: Goal) {
        let (limit, is_met) = match goal {
            Goal::None => (String::new(), None),
            Goal::AtMost(limit) => (format!("<= {limit}"), Some(value <= limit)),
            Goal::AtLeast(limit) => (format!(">= {limit}"), Some(value >= limit)),
            Goal::Exactly(limit) => (format!("= {limit}"), Some(value == limit)),
        };
        let verdict = is_met.map_or("", |is_met| if is_met { "met" } else { "missed" });
        self.rows.push([what.to_owned(), number(value), limit, verdict.to_owned()]);
    }

    pub(crate) fn print(&self) {
        println!("\n### {}\n", self.title);
        let head = ["figure", "measured", "goal", ""].map(str::to_owned);
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(8);
        let (what, value, goal) = (width(0), width(1), width(2));
        for row in std::iter::once(&head).chain(&self.rows) {
            println!("| {:<what$} | {:>value$} | {:<goal$} | {:<6} |", row[0], row[1], row[2], row[3]);
            if row == &head {
                let line = |width: usize| "-".repeat(width);
                println!("|-{}-|-{}:|-{}-|--------|", line(what), line(value), line(goal));
            }
        }
    }
}

fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

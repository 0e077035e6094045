//! What the pairs have shown, and the goals.

use super::{
    common::profiles::Profile,
    duel::{Outcome, Pair},
    load::Sample,
    sites::Contender,
};

/// One figure of a sample.
type Figure = fn(&Sample) -> f64;

const PROCESSOR: Figure = |sample| sample.processor;
const RATE: Figure = |sample| sample.rate;
const HALF: Figure = |sample| sample.half;
const TAIL: Figure = |sample| sample.tail;

/// A server at saturation has this much of its core.
const BUSY: f64 = 0.9;

/// The median, the least and the most.
#[derive(Clone, Copy, Debug)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 0 { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 } else { at(middle) };
        Self { median, least: at(0), most: at(values.len().saturating_sub(1)) }
    }

    fn text(self) -> String {
        format!("{:.2} ({:.2}-{:.2})", self.median, self.least, self.most)
    }
}

impl Outcome {
    fn ratio(&self, figure: Figure) -> Spread {
        Spread::of(self.pairs.iter().map(|pair| figure(&pair.own) / figure(&pair.base)))
    }

    fn of(&self, sample: fn(&Pair) -> &Sample, figure: Figure) -> f64 {
        Spread::of(self.pairs.iter().map(|pair| figure(sample(pair)))).median
    }
}

/// A name as long as the table wants it.
fn title(contender: Contender) -> &'static str {
    match contender {
        Contender::Bare => "bare",
        Contender::Empty => "a layer that does nothing",
        Contender::TowerCookies => "tower-cookies, one get",
        Contender::Sessions => "tower-sessions, memory",
        Contender::SessionsRedis => "tower-sessions, Redis",
        Contender::AxumLogin => "axum-login, memory",
        Contender::Today => "today's stack",
        Contender::Ours => "ours: consent, MAC, token in memory",
        Contender::OursRedb => "ours, token in redb",
        Contender::OursRedis => "ours, token in Redis",
        Contender::OursVisits => "ours, memory, visit log",
        Contender::OursBanner => "ours, memory, OneTrust's cookie",
    }
}

pub(crate) fn print(outcomes: &[Outcome]) {
    let pairs = outcomes.first().map_or(0, |outcome| outcome.pairs.len());
    println!(
        "\nPer request at saturation, medians of {pairs} pairs; ratios are to `bare` in the same pair, with the least and \
         the most. Busy: how much of its core the server had.\n"
    );
    let heads = [
        "profile",
        "contender",
        "CPU µs",
        "of bare",
        "requests/s",
        "of bare",
        "p50 µs",
        "of bare",
        "p99 µs",
        "of bare",
        "busy",
    ];
    let mut rows = Vec::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.duel.base == Contender::Bare) {
        let profile = outcome.duel.profile.name();
        let row = |name: &str, sample: fn(&Pair) -> &Sample, ratio: &dyn Fn(Figure) -> String| {
            let number = |figure, digits: usize| format!("{:.digits$}", outcome.of(sample, figure));
            let busy = format!("{:.0} %", outcome.of(sample, |sample| sample.busy) * 100.0);
            vec![
                profile.to_owned(),
                name.to_owned(),
                number(PROCESSOR, 1),
                ratio(PROCESSOR),
                number(RATE, 0),
                ratio(RATE),
                number(HALF, 0),
                ratio(HALF),
                number(TAIL, 0),
                ratio(TAIL),
                busy,
            ]
        };
        if rows.iter().all(|known: &Vec<String>| known[0] != profile) {
            rows.push(row(title(Contender::Bare), |pair| &pair.base, &|_| "1".to_owned()));
        }
        rows.push(row(title(outcome.duel.contender), |pair| &pair.own, &|figure| outcome.ratio(figure).text()));
    }
    lay_out(&heads, &rows, 2);
    let busy = outcomes.iter().map(|outcome| outcome.of(|pair| &pair.base, |sample| sample.busy));
    if busy.fold(f64::INFINITY, f64::min) < BUSY {
        println!(
            "\nAt times the base had less than {:.0} % of its core: others ran there, or the load was too weak. Rates and \
             latencies then say little, and the processor time holds caches that were cold.",
            BUSY * 100.0
        );
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.dropped > 0) {
        let (name, profile) = (title(outcome.duel.contender), outcome.duel.profile.name());
        println!("\n{name} on {profile}: {} lines of visits were dropped, of all pairs.", outcome.dropped);
    }
}

/// What a figure is to reach.
enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Nothing: it is only told.
    None,
}

pub(crate) fn print_goals(outcomes: &[Outcome]) {
    use Contender::{Bare, Ours, OursRedis, SessionsRedis, Today};
    println!(
        "\nGoals of consent, MAC and token in memory on `real`. The first decides; the others hang on the machine.\n"
    );
    let goals = [
        ("CPU per request, of bare", Ours, Bare, PROCESSOR, Goal::AtMost(1.15)),
        ("p99 at saturation, of bare", Ours, Bare, TAIL, Goal::AtMost(1.25)),
        ("throughput, of today's stack", Ours, Today, RATE, Goal::AtLeast(2.2)),
        ("token in Redis: throughput, of tower-sessions on Redis", OursRedis, SessionsRedis, RATE, Goal::AtLeast(1.4)),
        ("throughput, of bare (expected: 0.90 and more)", Ours, Bare, RATE, Goal::None),
        ("CPU per request, of today's stack", Ours, Today, PROCESSOR, Goal::None),
        (
            "token in Redis: CPU per request, of tower-sessions on Redis",
            OursRedis,
            SessionsRedis,
            PROCESSOR,
            Goal::None,
        ),
    ];
    let mut rows = Vec::new();
    for (what, contender, base, figure, goal) in goals {
        let is_it = |outcome: &&Outcome| {
            let duel = outcome.duel;
            duel.profile == Profile::Real && duel.contender == contender && duel.base == base
        };
        let spread = outcomes.iter().find(is_it).map(|outcome| outcome.ratio(figure));
        let (limit, verdict) = match (goal, spread) {
            (Goal::None, _) => (String::new(), "told"),
            (Goal::AtMost(limit), None) => (format!("<= {limit:.2}"), "not measured"),
            (Goal::AtLeast(limit), None) => (format!(">= {limit:.2}"), "not measured"),
            (Goal::AtMost(limit), Some(spread)) => (format!("<= {limit:.2}"), met(spread.median <= limit)),
            (Goal::AtLeast(limit), Some(spread)) => (format!(">= {limit:.2}"), met(spread.median >= limit)),
        };
        let shown = spread.map_or_else(|| "-".to_owned(), Spread::text);
        rows.push(vec![what.to_owned(), shown, limit, verdict.to_owned()]);
    }
    lay_out(&["goal", "measured", "limit", ""], &rows, 1);
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

/// A table whose first columns hold words.
fn lay_out(heads: &[&str], rows: &[Vec<String>], words: usize) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(heads[column].chars().count()).max(3)
    };
    let cell = |column: usize, text: &str| match (column < words, width(column)) {
        (true, width) => format!(" {text:<width$} "),
        (false, width) => format!(" {text:>width$} "),
    };
    let line = |cells: Vec<String>| println!("|{}|", cells.join("|"));
    line(heads.iter().enumerate().map(|(column, head)| cell(column, head)).collect());
    line(
        (0..heads.len())
            .map(|column| {
                let rule = "-".repeat(width(column) + 1);
                if column < words { format!("-{rule}") } else { format!("{rule}:") }
            })
            .collect(),
    );
    for row in rows {
        line(row.iter().enumerate().map(|(column, text)| cell(column, text)).collect());
    }
}

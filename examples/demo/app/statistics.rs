//! The page `/statistics`: consent rate, signals seen and cookies held back by day, for everybody to see.

mod chart;
mod sample;

use askama::Template;
use axum::{
    Extension,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tower_consent::{CountReport, DayReport, Fragments, PolicyBuilder, SignalsSeen, VisitCounts, VisitOutcome};

use super::page::render;

/// Days that a chart has room for.
const MOST: usize = 14;

/// The counters of the demo, and what its page shows of them.
#[derive(Clone, Default)]
pub(crate) struct Statistics {
    counts: VisitCounts,
    /// Made-up days, shown in place of the real ones: a demo that was just started has none.
    sample: Option<CountReport>,
}

impl Statistics {
    /// With days that were made up, under this policy.
    pub(crate) fn with_sample(policy: PolicyBuilder) -> Result<Self, tower_consent::ConfigError> {
        Ok(Self { counts: VisitCounts::new(), sample: Some(sample::days(policy)?) })
    }

    pub(super) fn counts(&self) -> VisitCounts {
        self.counts.clone()
    }

    fn report(&self) -> CountReport {
        self.sample.clone().unwrap_or_else(|| self.counts.report())
    }
}

#[derive(Template)]
#[template(path = "statistics.html", config = "examples/demo/askama.toml")]
struct Page {
    fragments: Fragments,
    is_sample: bool,
    minimum: u64,
    categories: Vec<String>,
    days: Vec<Row>,
    /// Markup of the charts: numbers, and names of categories, which the library that draws escapes.
    charts: Vec<chart::Drawn>,
}

/// A day, as text.
struct Row {
    day: String,
    visits: String,
    rate: String,
    signals: [String; 3],
    stripped: Vec<String>,
}

const SIGNALS: [(SignalsSeen, &str); 3] = [
    (SignalsSeen::Dnt, "Do Not Track"),
    (SignalsSeen::Gpc, "Global Privacy Control"),
    (SignalsSeen::Both, "both signals"),
];

/// The share of visits that had agreed to something, in per cent: the least and the most that it can be.
fn rate(day: &DayReport) -> Option<(f64, f64)> {
    let granted =
        day.visits_of(|group| matches!(group.outcome, VisitOutcome::GrantedAll | VisitOutcome::GrantedSome))?;
    let visits = day.visits.filter(|visits| *visits > 0)?;
    let percent = |count: u64| 100.0 * count as f64 / visits as f64;
    Some((percent(*granted.start()), percent(*granted.end())))
}

impl Row {
    fn new(day: &DayReport, minimum: u64, categories: &[String]) -> Self {
        let few = || format!("fewer than {minimum}");
        let range =
            |least: u64, most: u64| if least == most { least.to_string() } else { format!("{least} to {most}") };
        Self {
            day: day.day.to_string(),
            visits: day.visits.map_or_else(few, |visits| visits.to_string()),
            rate: rate(day).map_or_else(String::new, |(least, most)| match (least.floor(), most.ceil()) {
                (least, most) if most - least < 2.0 => format!("{least:.0} %"),
                (least, most) => format!("{least:.0} to {most:.0} %"),
            }),
            signals: SIGNALS.map(|(seen, _)| {
                let visits = day.visits_of(|group| group.signals == seen);
                visits.map_or_else(String::new, |visits| range(*visits.start(), *visits.end()))
            }),
            stripped: (categories.iter())
                .map(|category| stripped(day, category).map_or_else(few, |count| count.to_string()))
                .collect(),
        }
    }
}

fn stripped(day: &DayReport, category: &str) -> Option<u64> {
    day.stripped.iter().find(|cell| cell.name == category).map(|cell| cell.count)
}

pub(super) async fn page(Extension(statistics): Extension<Statistics>, fragments: Fragments) -> Response {
    let report = statistics.report();
    let days = report.days().last_chunk::<MOST>().map_or_else(|| report.days(), |days| &days[..]);
    let mut categories: Vec<_> = days.iter().flat_map(|day| &day.stripped).map(|cell| cell.name.clone()).collect();
    categories.sort();
    categories.dedup();
    let charts = match draw(days, &categories) {
        Ok(charts) => charts,
        Err(error) => {
            tracing::error!("a chart cannot be drawn: {error}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let rows = days.iter().map(|day| Row::new(day, report.minimum(), &categories)).collect();
    render(
        StatusCode::OK,
        &Page {
            fragments,
            is_sample: statistics.sample.is_some(),
            minimum: report.minimum(),
            categories,
            days: rows,
            charts,
        },
    )
}

/// The same numbers for programs.
pub(super) async fn json(Extension(statistics): Extension<Statistics>) -> Response {
    match serde_json::to_string(&statistics.report()) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            tracing::error!("the statistics cannot be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The last day, for Prometheus.
pub(super) async fn prometheus(Extension(statistics): Extension<Statistics>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], statistics.report().to_prometheus())
}

fn draw(days: &[DayReport], categories: &[String]) -> Result<Vec<chart::Drawn>, chart::DrawingError> {
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = days.iter().map(|day| day.day.to_string()).collect();
    let numbers =
        |of: &dyn Fn(&DayReport) -> Option<f64>| days.iter().map(|day| of(day).unwrap_or(0.0)).collect::<Vec<_>>();
    let least = numbers(&|day| rate(day).map(|(least, _)| least));
    let hidden = numbers(&|day| rate(day).map(|(least, most)| most - least));
    let signals = SIGNALS.map(|(seen, name)| {
        let least = |day: &DayReport| Some(*day.visits_of(|group| group.signals == seen)?.start() as f64);
        (name.to_owned(), numbers(&least))
    });
    let stripped = categories
        .iter()
        .map(|category| (category.clone(), numbers(&|day| stripped(day, category).map(|count| count as f64))));
    Ok(vec![
        chart::bars(
            "consent",
            "Visits that had agreed to something, in per cent",
            &names,
            &[("agreed".to_owned(), least), ("not told, because groups are small".to_owned(), hidden)],
            Some(100.0),
        )?,
        chart::bars("signals", "Visits that came with a signal", &names, &signals, None)?,
        chart::bars("stripped", "Cookies held back, by category", &names, &stripped.collect::<Vec<_>>(), None)?,
    ])
}

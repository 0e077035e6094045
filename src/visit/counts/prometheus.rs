//! The text format of Prometheus.

use std::fmt::{self, Display, Write as _};

use super::report::{CountReport, DayReport};
use crate::policy::start_of;

impl CountReport {
    /// The last day that is over, in the text format of Prometheus (version 0.0.4): gauges, with `consent_day_timestamp_seconds` for
    /// the day's first second. Empty while no day is over.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        if let Some(day) = self.days().last() {
            // Writing to a String cannot fail.
            let _infallible = write_day(&mut text, day);
        }
        text
    }
}

fn write_day(text: &mut String, day: &DayReport) -> fmt::Result {
    let one = |count: Option<u64>| count.map(|count| (String::new(), count)).into_iter();
    gauge(
        text,
        "timestamp_seconds",
        "First second of the last day that is over.",
        [(String::new(), start_of(day.day))].into_iter(),
    )?;
    gauge(text, "visits", "Page views that came from elsewhere.", one(day.visits))?;
    gauge(text, "tracked_visits", "Visits that may be tracked.", one(day.tracked_visits))?;
    gauge(text, "page_views", "Answers of HTML to who asked for a document.", one(day.page_views))?;
    gauge(text, "tracked_page_views", "Page views that may be tracked.", one(day.tracked_page_views))?;
    let outcomes = day.outcomes.iter().map(|group| {
        let (outcome, signals) = (label("outcome", group.outcome), label("signals", group.signals));
        let tracked = group.is_tracked.map(|tracked| format!(",{}", label("tracked", tracked))).unwrap_or_default();
        (format!("{{{outcome},{signals}{tracked}}}"), group.count)
    });
    gauge(text, "outcome_visits", "Visits by what was chosen and by signals.", outcomes)?;
    let browsers = day.browsers.iter().map(|cell| (format!("{{{}}}", label("browser", cell.name)), cell.count));
    gauge(text, "browser_visits", "Visits that may be tracked, by browser.", browsers)?;
    let systems = day.systems.iter().map(|cell| (format!("{{{}}}", label("system", cell.name)), cell.count));
    gauge(text, "system_visits", "Visits that may be tracked, by operating system.", systems)?;
    let pages = day.pages.iter().map(|cell| (format!("{{{}}}", label("path", &cell.name)), cell.count));
    gauge(text, "path_views", "Page views that may be tracked, by path.", pages)?;
    let stripped = day.stripped.iter().map(|cell| (format!("{{{}}}", label("category", &cell.name)), cell.count));
    gauge(text, "stripped_cookies", "Cookies that were held back, by category.", stripped)
}

fn gauge<N: Display>(
    text: &mut String,
    name: &str,
    help: &str,
    samples: impl Iterator<Item = (String, N)>,
) -> fmt::Result {
    let mut samples = samples.peekable();
    if samples.peek().is_some() {
        writeln!(text, "# HELP consent_day_{name} {help}\n# TYPE consent_day_{name} gauge")?;
    }
    samples.try_for_each(|(labels, value)| writeln!(text, "consent_day_{name}{labels} {value}"))
}

/// A label. Its value can be anybody's text.
fn label(name: &str, value: impl Display) -> String {
    let value = value.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

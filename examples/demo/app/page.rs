//! The home page: everything that is known about the request that asks for it.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use tower_consent::{Category, Decision, Fragments, Policy, Signal, Signals, Verdict};

use super::witness::{Arrival, arrivals};

/// What is known of the visitor's choice.
struct Known {
    granted: String,
    refused: String,
    day: String,
    revision: u32,
}

impl Known {
    fn of(decision: &Decision) -> Option<Self> {
        let choice = decision.choice()?;
        let list = |categories: Vec<Category>, services: Vec<&str>| {
            let categories = categories.iter().map(ToString::to_string);
            let all: Vec<_> = categories.chain(services.into_iter().map(str::to_owned)).collect();
            if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
        };
        let services: Vec<_> = choice.granted_services().collect();
        // A refused category of which services are allowed is not refused as a whole.
        let (partly, refused): (Vec<_>, Vec<_>) = choice.refused().partition(|category| {
            decision.policy().services().any(|(service, of)| of == *category && services.contains(&service))
        });
        let mut refused = list(refused, choice.refused_services().collect());
        for category in partly {
            refused.push_str(&format!(", the rest of {category}"));
        }
        Some(Self {
            granted: list(choice.granted().collect(), services),
            refused,
            day: choice.day().to_string(),
            revision: choice.revision(),
        })
    }
}

/// A line of the table of decisions.
struct Line {
    name: String,
    allowed: bool,
    why: String,
}

impl Line {
    fn new(name: String, verdict: Verdict) -> Self {
        Self { name, allowed: verdict.is_allowed(), why: verdict.reason().to_string() }
    }
}

#[derive(Template)]
#[template(path = "home.html", config = "examples/demo/askama.toml")]
struct Home<'a> {
    fragments: Fragments,
    policy: &'a Policy,
    known: Option<Known>,
    /// Why the visitor is asked, if so.
    asks: Option<String>,
    /// The signal under which nothing at all is stored, a choice neither.
    stores_nothing: Option<Signal>,
    signals: Vec<(&'static str, &'static str)>,
    lines: Vec<Line>,
    regime: &'static str,
    arrivals: Vec<Arrival>,
}

/// The page that shows everything that is known about the request that asks for it.
pub(super) async fn home(decision: Decision, fragments: Fragments) -> Response {
    let mut lines = Vec::new();
    for (category, verdict) in decision.verdicts() {
        lines.push(Line::new(category.to_string(), verdict));
        let services = decision.policy().services().filter(|(_, of)| *of == category);
        lines
            .extend(services.map(|(name, _)| Line::new(format!("{category}: {name}"), decision.service_verdict(name))));
    }
    let page = Home {
        fragments,
        policy: decision.policy(),
        known: Known::of(&decision),
        asks: decision.asks().map(|reason| reason.to_string()),
        stores_nothing: decision.forbids_storing(),
        signals: Signal::ALL.map(|signal| (signal.header_name(), meaning(decision.signals(), signal))).into(),
        lines,
        regime: decision.regime().as_str(),
        arrivals: arrivals(&decision),
    };
    render(StatusCode::OK, &page)
}

fn meaning(signals: Signals, signal: Signal) -> &'static str {
    match signal {
        _ if signals.objects(signal) => "on: the visitor objects",
        Signal::Dnt if signals.dnt_is_zero() => "0: the visitor does not mind, which is no consent",
        _ => "not sent",
    }
}

/// The `Cookie` lines exactly as a handler sees them, for `curl` and for tests.
pub(super) async fn echo(headers: HeaderMap) -> impl IntoResponse {
    let lines: Vec<_> = headers.get_all(header::COOKIE).iter().map(|line| line.as_bytes()).collect();
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], lines.join(&b'\n'))
}

pub(super) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!("a page cannot be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

//! The pages: what their templates show, taken from the decision.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use tower_consent::{Category, Decision, Signal, Signals, Verdict};

use super::witness::{Arrival, arrivals};

/// The section with the visitor's choice, on every page.
pub(super) struct Choice {
    /// Why the visitor is asked, if so.
    pub(super) asks: Option<String>,
    /// Signals that turned something off.
    pub(super) honoured: Vec<Signal>,
    /// The signal under which nothing at all is stored, a choice neither.
    pub(super) stores_nothing: Option<Signal>,
    /// What was chosen, when and on what.
    pub(super) made: Option<Made>,
    pub(super) switches: Vec<Switch>,
    pub(super) revision: String,
    pub(super) back: &'static str,
}

pub(super) struct Made {
    pub(super) granted: String,
    pub(super) refused: String,
    pub(super) day: String,
    pub(super) revision: u32,
    pub(super) can_withdraw: bool,
}

/// A box to tick: a service, or a category that has none.
pub(super) struct Switch {
    pub(super) field: &'static str,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) is_on: bool,
}

impl Choice {
    pub(super) fn new(decision: &Decision, back: &'static str) -> Self {
        let revision = decision.policy().revision();
        let of = revision.date().map_or_else(String::new, |date| format!(" of {date}"));
        Self {
            asks: decision.asks().map(|reason| reason.to_string()),
            honoured: decision.honoured_signals().objections().collect(),
            stores_nothing: decision.forbids_storing(),
            made: Made::of(decision),
            switches: switches(decision),
            revision: format!("revision {}{of}", revision.number()),
            back,
        }
    }
}

impl Made {
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
            can_withdraw: choice.granted().next().is_some() || !services.is_empty(),
            granted: list(choice.granted().collect(), services),
            refused,
            day: choice.day().to_string(),
            revision: choice.revision(),
        })
    }
}

/// No box is ticked unless the visitor ticked it, and that still counts: a choice that has expired, or was made on
/// another revision, is asked for anew.
fn switches(decision: &Decision) -> Vec<Switch> {
    let policy = decision.policy();
    let valid = decision.choice().filter(|_| decision.undecided().is_none());
    let granted: Vec<_> = valid.into_iter().flat_map(|choice| choice.granted()).collect();
    let granted_services: Vec<_> = valid.into_iter().flat_map(|choice| choice.granted_services()).collect();
    let mut switches = Vec::new();
    for category in policy.categories().iter().filter(|category| **category != Category::ESSENTIAL) {
        let services: Vec<_> = policy.services().filter(|(_, of)| of == category).map(|(name, _)| name).collect();
        for service in &services {
            switches.push(Switch {
                field: "service",
                name: (*service).to_owned(),
                label: format!("{category}: {service}"),
                is_on: granted.contains(category) || granted_services.contains(service),
            });
        }
        if services.is_empty() {
            switches.push(Switch {
                field: "category",
                name: category.to_string(),
                label: category.to_string(),
                is_on: granted.contains(category),
            });
        }
    }
    switches
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
struct Home {
    choice: Choice,
    signals: Vec<(&'static str, &'static str)>,
    lines: Vec<Line>,
    regime: &'static str,
    arrivals: Vec<Arrival>,
}

/// The page that shows everything that is known about the request that asks for it.
pub(super) async fn home(decision: Decision) -> Response {
    let mut lines = Vec::new();
    for (category, verdict) in decision.verdicts() {
        lines.push(Line::new(category.to_string(), verdict));
        let services = decision.policy().services().filter(|(_, of)| *of == category);
        lines
            .extend(services.map(|(name, _)| Line::new(format!("{category}: {name}"), decision.service_verdict(name))));
    }
    let page = Home {
        choice: Choice::new(&decision, "/"),
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

#[derive(Template)]
#[template(path = "message.html", config = "examples/demo/askama.toml")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
}

/// A page that says one thing.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    render(status, &Message { title, text })
}

pub(super) async fn not_found() -> Response {
    message(StatusCode::NOT_FOUND, "No such page", "The demo has nothing here.")
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

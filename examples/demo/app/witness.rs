//! Watches the consent layer from both sides: which cookies arrived, what became of them, and which left.
//!
//! The layer's observer is told of each cookie that it holds back, on the request's own task. A task-local journal
//! therefore belongs to exactly one request, and the handler can read it while it writes its page.

use std::cell::RefCell;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, header},
    middleware::Next,
    response::Response,
};
use tower_consent::{Action, Category, CookieEvent, Decision, Direction, Reason};

tokio::task_local! {
    static JOURNAL: RefCell<Journal>;
}

#[derive(Default)]
struct Journal {
    /// The names in the request, as the browser sent it.
    arrived: Vec<Vec<u8>>,
    /// Those of them that the handler sees.
    passed: Vec<Vec<u8>>,
    events: Vec<Event>,
}

/// What the observer heard of one cookie.
#[derive(Clone)]
struct Event {
    action: Action,
    direction: Direction,
    name: Vec<u8>,
    category: Option<Category>,
    service: Option<String>,
    reason: Reason,
}

/// A cookie of this request, as the page shows it.
pub(super) struct Arrival {
    pub(super) name: String,
    pub(super) belongs_to: String,
    pub(super) passed: bool,
    pub(super) why: String,
}

/// The layer's observer.
pub(super) fn observe(event: &CookieEvent<'_>) {
    let event = Event {
        action: event.action,
        direction: event.direction,
        name: event.name.as_bytes().to_vec(),
        category: event.category,
        service: event.service.map(str::to_owned),
        reason: event.reason,
    };
    // Outside of a request there is no journal, and nothing to note.
    JOURNAL.try_with(|journal| journal.borrow_mut().events.push(event)).unwrap_or(());
}

/// Outside of the layer: keeps the journal of one request, and tells the terminal at its end.
pub(super) async fn outside(request: Request, next: Next) -> Response {
    let arrived = names(request.headers(), &header::COOKIE);
    let journal = RefCell::new(Journal { arrived, ..Journal::default() });
    let head = format!("{} {}", request.method(), request.uri().path());
    let told = async {
        let response = next.run(request).await;
        let left = names(response.headers(), &header::SET_COOKIE);
        JOURNAL.with(|journal| tracing::info!("{head} {}{}", response.status().as_u16(), journal.borrow().line(&left)));
        response
    };
    JOURNAL.scope(journal, told).await
}

/// Inside of the layer: notes what it let through.
pub(super) async fn inside(request: Request, next: Next) -> Response {
    let passed = names(request.headers(), &header::COOKIE);
    JOURNAL.try_with(|journal| journal.borrow_mut().passed = passed).unwrap_or(());
    next.run(request).await
}

/// What became of the cookies of the request that is being answered.
pub(super) fn arrivals(decision: &Decision) -> Vec<Arrival> {
    let all = |journal: &Journal| journal.arrived.iter().map(|name| journal.arrival(name, decision)).collect();
    JOURNAL.try_with(|journal| all(&journal.borrow())).unwrap_or_default()
}

impl Journal {
    fn arrival(&self, name: &[u8], decision: &Decision) -> Arrival {
        let passed = self.passed.iter().any(|known| known == name);
        let heard = self.events.iter().find(|event| event.direction == Direction::Request && event.name == name);
        let declared = decision.policy().lookup(name);
        let is_token = name == decision.policy().token_rules().cookie_name().as_bytes();
        let belongs_to = match declared {
            Some((category, service)) => owner(category, service),
            None if name == decision.policy().consent_cookie_name().as_bytes() => "this choice".to_owned(),
            None if is_token => "your sign-in".to_owned(),
            None => "nobody declared it".to_owned(),
        };
        let why = match (heard, declared) {
            (Some(event), _) => event.reason.to_string(),
            (None, Some((_, Some(service)))) => decision.service_verdict(service).reason().to_string(),
            (None, Some((category, None))) => decision.verdict(category).reason().to_string(),
            (None, None) if passed && is_token => Reason::Essential.to_string(),
            (None, None) if passed => Reason::OwnCookie.to_string(),
            // Nameless ones and those that begin with `$` never pass, and are not reported.
            (None, None) => "it has no name that servers agree on".to_owned(),
        };
        Arrival { name: printable(name), belongs_to, passed, why }
    }

    /// The line on the terminal.
    fn line(&self, left: &[Vec<u8>]) -> String {
        let expired =
            |name: &Vec<u8>| self.events.iter().any(|event| event.action == Action::Expired && event.name == *name);
        let (expired, set): (Vec<_>, Vec<_>) = left.iter().partition(|name| expired(name));
        let mut line = String::new();
        let mut add = |what: &str, names: Vec<String>| {
            if !names.is_empty() {
                line.push_str(&format!(" | {what} {}", names.join(", ")));
            }
        };
        add("in: passed", self.passed.iter().map(|name| printable(name)).collect());
        add("in: STRIPPED", self.stripped(Direction::Request));
        add("out: passed", set.into_iter().map(|name| printable(name)).collect());
        add("out: STRIPPED", self.stripped(Direction::Response));
        add("out: EXPIRED", expired.into_iter().map(|name| printable(name)).collect());
        line
    }

    /// What was held back in one direction, by reason.
    fn stripped(&self, direction: Direction) -> Vec<String> {
        let mut groups: Vec<(Reason, Vec<String>)> = Vec::new();
        for event in &self.events {
            if event.direction != direction || event.action != Action::Stripped {
                continue;
            }
            let owner = event.category.map(|category| format!(" [{}]", owner(category, event.service.as_deref())));
            let name = format!("{}{}", printable(&event.name), owner.unwrap_or_default());
            match groups.iter_mut().find(|(reason, _)| *reason == event.reason) {
                Some((_, names)) => names.push(name),
                None => groups.push((event.reason, vec![name])),
            }
        }
        groups.into_iter().map(|(reason, names)| format!("{} ({reason})", names.join(", "))).collect()
    }
}

fn owner(category: Category, service: Option<&str>) -> String {
    service.map_or_else(|| category.to_string(), |service| format!("{category}, {service}"))
}

/// The names in all lines of this header, each once. A `Set-Cookie` line holds one cookie and then its attributes.
fn names(headers: &HeaderMap, header: &HeaderName) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    for line in headers.get_all(header) {
        let cookies = if header == header::COOKIE { usize::MAX } else { 1 };
        for pair in line.as_bytes().split(|byte| *byte == b';').take(cookies) {
            let name = pair.iter().position(|byte| *byte == b'=').and_then(|end| pair.get(..end)).unwrap_or_default();
            let name = name.trim_ascii();
            if !pair.trim_ascii().is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_vec());
            }
        }
    }
    names
}

/// A name comes from the visitor: shown escaped and cut.
fn printable(name: &[u8]) -> String {
    const MOST: usize = 64;
    match (name, name.get(..MOST)) {
        ([], _) => "(no name)".to_owned(),
        (_, Some(start)) => format!("{}...", start.escape_ascii()),
        (_, None) => name.escape_ascii().to_string(),
    }
}

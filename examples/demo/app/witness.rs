//! Watches the consent layer from outside: which cookies arrived, what became of them, and which left.
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
    arrived: Vec<Vec<u8>>,
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
pub struct Arrival {
    pub name: String,
    pub belongs_to: String,
    pub passed: bool,
    pub why: String,
}

/// The layer's observer.
pub fn observe(event: &CookieEvent<'_>) {
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

/// The middleware around the layer: keeps the journal of one request, and tells the terminal at its end.
pub async fn witness(request: Request, next: Next) -> Response {
    let journal = Journal { arrived: names(request.headers(), &header::COOKIE), events: Vec::new() };
    let head = format!("{} {}", request.method(), request.uri().path());
    let told = async {
        let response = next.run(request).await;
        let left = names(response.headers(), &header::SET_COOKIE);
        JOURNAL.with(|journal| tracing::info!("{head} {}{}", response.status().as_u16(), journal.borrow().line(&left)));
        response
    };
    JOURNAL.scope(RefCell::new(journal), told).await
}

/// What became of the cookies of the request that is being answered. `handler` are the headers that its handler sees.
pub fn arrivals(handler: &HeaderMap, decision: &Decision) -> Vec<Arrival> {
    let passed = names(handler, &header::COOKIE);
    let journal = |journal: &RefCell<Journal>| {
        let journal = journal.borrow();
        let arrival = |name: &Vec<u8>| journal.arrival(name, passed.contains(name), decision);
        journal.arrived.iter().map(arrival).collect()
    };
    JOURNAL.try_with(journal).unwrap_or_default()
}

impl Journal {
    fn arrival(&self, name: &[u8], passed: bool, decision: &Decision) -> Arrival {
        let heard = self.events.iter().find(|event| event.direction == Direction::Request && event.name == name);
        let declared = decision.policy().lookup(name);
        let belongs_to = match declared {
            Some((category, service)) => owner(category, service),
            None if name == decision.policy().consent_cookie_name().as_bytes() => "this choice".to_owned(),
            None => "nobody declared it".to_owned(),
        };
        let why = match (heard, declared) {
            (Some(event), _) => event.reason.to_string(),
            (None, Some((_, Some(service)))) => decision.service_verdict(service).reason().to_string(),
            (None, Some((category, None))) => decision.verdict(category).reason().to_string(),
            (None, None) if passed => Reason::OwnCookie.to_string(),
            // Nameless ones and those that begin with `$` never pass, and are not reported.
            (None, None) => "it has no name that servers agree on".to_owned(),
        };
        Arrival { name: printable(name), belongs_to, passed, why }
    }

    /// The line on the terminal.
    fn line(&self, left: &[Vec<u8>]) -> String {
        let stripped = |direction: Direction| {
            let events = self.events.iter().filter(move |event| event.direction == direction);
            events.filter(|event| event.action == Action::Stripped).map(Event::to_string)
        };
        let was_stripped = |name: &&Vec<u8>| {
            let mut events = self.events.iter().filter(|event| event.direction == Direction::Request);
            !events.any(|event| event.action == Action::Stripped && event.name == **name)
        };
        let expired = |name: &&Vec<u8>| {
            self.events.iter().any(|event| event.action == Action::Expired && event.name == **name)
        };
        let mut line = String::new();
        let mut add = |what: &str, items: Vec<String>| {
            if !items.is_empty() {
                line.push_str(&format!(" | {what}: {}", items.join(", ")));
            }
        };
        add("in, passed", self.arrived.iter().filter(was_stripped).map(|name| printable(name)).collect());
        add("in, STRIPPED", stripped(Direction::Request).collect());
        add("out, passed", left.iter().filter(|name| !expired(name)).map(|name| printable(name)).collect());
        add("out, STRIPPED", stripped(Direction::Response).collect());
        add("EXPIRED in the browser", left.iter().filter(expired).map(|name| printable(name)).collect());
        line
    }
}

impl Event {
    fn to_string(&self) -> String {
        let owner = self.category.map(|category| format!("{}: ", owner(category, self.service.as_deref())));
        format!("{} ({}{})", printable(&self.name), owner.unwrap_or_default(), self.reason)
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

//! Helpers for tests of applications: a [`Visitor`] with a cookie jar that stores and sends as a browser does.
//!
//! What counts for a visitor is not which lines an answer carries but which cookies the browser holds afterwards. So a
//! test lets a visitor ask, hands the answer back, and asserts on the jar:
//!
//! ```
//! use std::sync::Arc;
//!
//! use http::{Request, Response, header::SET_COOKIE};
//! use tower::{Layer, Service, service_fn};
//! use tower_consent::{Category, ConsentContext, ConsentLayer, Policy, Signal, test::Visitor};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder()
//!     .site_domain("example.com")
//!     .essential(["csrf"])
//!     .cookies(Category::ANALYTICS, ["_ga"])
//!     .build()?;
//! let policy = Arc::new(policy);
//!
//! // The application under test: a page that sets two cookies, and one on which a visitor changes their mind.
//! let mut app = ConsentLayer::new(Arc::clone(&policy)).layer(service_fn(async |request: Request<()>| {
//!     let mut answer = Response::new("hello");
//!     if let ("/withdraw", Some(context)) = (request.uri().path(), ConsentContext::of(request.extensions())) {
//!         context.decision().withdraw().apply(answer.headers_mut());
//!     }
//!     for line in ["csrf=1; Path=/", "_ga=2; Path=/; Domain=example.com"] {
//!         answer.headers_mut().append(SET_COOKIE, line.parse()?);
//!     }
//!     Ok::<_, Box<dyn std::error::Error>>(answer)
//! }));
//! let (home, withdraw) = ("https://www.example.com/", "https://www.example.com/withdraw");
//!
//! let mut visitor = Visitor::undecided();
//! let answer = app.call(visitor.request(home).body(())?).await?;
//! visitor.receive(home, &answer);
//! visitor.assert_holds("csrf");
//! visitor.assert_lacks("_ga");
//!
//! let mut visitor = Visitor::consenting(&policy);
//! let answer = app.call(visitor.request(home).body(())?).await?;
//! visitor.receive(home, &answer);
//! visitor.assert_holds("_ga");
//!
//! let answer = app.call(visitor.form(withdraw).body(())?).await?;
//! visitor.receive(withdraw, &answer);
//! visitor.assert_lacks("_ga");
//!
//! let mut visitor = Visitor::undecided().with_signal(Signal::Gpc);
//! let answer = app.call(visitor.request(home).body(())?).await?;
//! visitor.receive(home, &answer);
//! visitor.assert_lacks("_ga");
//! # Ok(())
//! # }
//! ```
//!
//! # What the jar does
//!
//! The storage rules of rfc6265bis section 5.7, with what Chromium adds: nameless cookies, blanks, name prefixes
//! (`__Host-`, `__Secure-`, `__Http-`, `__Host-Http-`), Secure only over https and never overwritten from http, Domain
//! or host-only, the default path, Max-Age before Expires, at most 400 days, at most 4,096 bytes of name and value,
//! deletion by name, Domain and Path, HttpOnly out of reach of scripts, and a partition of their own for `Partitioned`
//! cookies. `localhost` and loopback addresses count as secure, as browsers have it.
//!
//! # What it does not
//!
//! There is no list of public suffixes: a domain without a dot is taken for one, and `co.uk` is not. There is one
//! partition, that of the visited site. No cookie is evicted for want of room. An answer is always received as that of
//! a page of its own site.

mod jar;

use std::{fmt::Write as _, sync::Arc};

use http::{Response, header, request::Builder};

pub use self::jar::HeldCookie;
use self::jar::{Jar, Place, Setter};
use crate::{
    clock::{Clock, SystemClock},
    consent::Reading,
    cookies::change::{Selection, SelectionError},
    decide::{Decision, decide},
    policy::{Narrow, Policy, Regime},
    report::Inventory,
    signal::{Signal, Signals},
};

/// Asserts that a policy declares every cookie that an inventory has seen: after an application's tests have gone through
/// its pages with a [`ConsentLayer::with_inventory`](crate::ConsentLayer::with_inventory).
///
/// # Panics
///
/// If it does not; the message lists the names, how often each was seen where, and what is known of it. Also if there was
/// no room for some of what was seen, and if nothing was: then the inventory was never given to the layer, or no test set
/// or sent a cookie.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion, for tests")]
pub fn assert_all_declared(inventory: &Inventory, policy: &Policy) {
    let snapshot = inventory.snapshot(policy);
    if snapshot.cookies.is_empty() {
        panic!("the inventory has seen no cookie: was it given to the layer?");
    }
    let dropped = snapshot.dropped;
    if dropped.in_requests + dropped.in_responses > 0 {
        panic!("the inventory had no room for all cookies: {dropped:?}");
    }
    let undeclared = inventory.undeclared(policy);
    if !undeclared.is_empty() {
        let list: String = undeclared.iter().map(|cookie| format!("\n  {cookie}")).collect();
        panic!("the policy does not declare{list}");
    }
}

/// A visitor: a browser with a cookie jar, the signals that it sends, and a clock.
///
/// Addresses are absolute (`https://www.example.com/path`). One that is not gives a request that fails at
/// [`Builder::body`], and stores nothing.
#[derive(Clone, Debug)]
pub struct Visitor {
    jar: Jar,
    signals: Signals,
    clock: Arc<dyn Clock>,
    /// The choice that no request has shown yet, kept to be written anew where the clock changes.
    answer: Option<Answer>,
}

#[derive(Clone, Debug)]
struct Answer {
    policy: Arc<Policy>,
    kind: AnswerKind,
    signals: Signals,
}

#[derive(Clone, Debug)]
enum AnswerKind {
    Accept,
    Refuse,
    Choose(Selection),
}

impl Visitor {
    /// A visitor with an empty jar, who sends no signal.
    #[must_use]
    pub fn undecided() -> Self {
        Self { jar: Jar::default(), signals: Signals::NONE, clock: Arc::new(SystemClock), answer: None }
    }

    /// A visitor who has accepted everything that this policy asks for. See [`accepts`](Self::accepts).
    #[must_use]
    pub fn consenting(policy: &Arc<Policy>) -> Self {
        Self::undecided().accepts(policy)
    }

    /// A visitor who has refused everything that this policy asks for.
    #[must_use]
    pub fn refusing(policy: &Arc<Policy>) -> Self {
        Self::undecided().refuses(policy)
    }

    /// Turns a signal on. A choice made before was made without knowledge of it, one made after
    /// (`Visitor::undecided().with_signal(signal).accepts(&policy)`) in its knowledge.
    #[must_use]
    pub fn with_signal(mut self, signal: Signal) -> Self {
        self.signals = self.signals.with(signal);
        self
    }

    /// Turns a signal off.
    #[must_use]
    pub fn without_signal(mut self, signal: Signal) -> Self {
        let others = self.signals.objections().filter(|other| *other != signal);
        self.signals = others.fold(Signals::NONE, Signals::with);
        self
    }

    /// Lets the visitor live by another clock: the one that was given to the layer. A choice that no request has shown
    /// yet counts as made at that clock's time.
    #[must_use]
    pub fn at(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        if let Some(answer) = self.answer.take() {
            // The selection was in order before, and names do not depend on the time.
            let _known_good = self.answer_with(answer);
        }
        self
    }

    /// The visitor accepts everything, now. The consent cookie is the one that the layer itself writes for this policy,
    /// MAC included, and goes to the site that is asked next. Where the policy obeys a signal before every choice, there
    /// is none.
    #[must_use]
    pub fn accepts(mut self, policy: &Arc<Policy>) -> Self {
        let _no_selection = self.answer_with(Answer::new(policy, AnswerKind::Accept, self.signals));
        self
    }

    /// The visitor refuses everything, now.
    #[must_use]
    pub fn refuses(mut self, policy: &Arc<Policy>) -> Self {
        let _no_selection = self.answer_with(Answer::new(policy, AnswerKind::Refuse, self.signals));
        self
    }

    /// The visitor chooses, now.
    ///
    /// # Errors
    ///
    /// The selection names something that the policy does not have or that cannot be chosen.
    pub fn chooses(mut self, policy: &Arc<Policy>, selection: &Selection) -> Result<Self, SelectionError> {
        self.answer_with(Answer::new(policy, AnswerKind::Choose(selection.clone()), self.signals))?;
        Ok(self)
    }

    fn answer_with(&mut self, answer: Answer) -> Result<(), SelectionError> {
        let now = self.clock.unix_seconds();
        let decision = answer.decision(now);
        let change = match &answer.kind {
            AnswerKind::Accept => decision.grant_all_unrecorded(),
            AnswerKind::Refuse => decision.refuse_all(),
            AnswerKind::Choose(selection) => decision.choose_unrecorded(selection)?,
        };
        if let Some(line) = change.header_value() {
            self.jar.promise(line.as_bytes(), now);
        }
        self.answer = Some(answer);
        Ok(())
    }

    /// A top-level navigation by GET, as if the visitor had typed the address.
    #[must_use]
    pub fn request(&mut self, address: &str) -> Builder {
        self.build(address, &Circumstances { site: "none", mode: "navigate", destination: "document" })
    }

    /// A form of the site's own that is sent by POST.
    #[must_use]
    pub fn form(&mut self, address: &str) -> Builder {
        let circumstances = Circumstances { site: "same-origin", mode: "navigate", destination: "document" };
        let builder = self.build(address, &circumstances).method(http::Method::POST);
        match Place::parse(address) {
            Some(place) => builder.header(header::ORIGIN, place.origin()),
            None => builder,
        }
    }

    /// What a page of the site itself loads: `destination` is the value of `Sec-Fetch-Dest`, as `image`, `script`,
    /// `iframe`, or `empty` for a call by script.
    #[must_use]
    pub fn subresource(&mut self, address: &str, destination: &'static str) -> Builder {
        self.build(address, &Circumstances { site: "same-origin", mode: mode_of(destination), destination })
    }

    /// What a page of *another* site loads: only `SameSite=None` cookies travel, so the consent cookie does not.
    #[must_use]
    pub fn embedded(&mut self, address: &str, destination: &'static str) -> Builder {
        self.build(address, &Circumstances { site: "cross-site", mode: mode_of(destination), destination })
    }

    fn build(&mut self, address: &str, circumstances: &Circumstances) -> Builder {
        let builder = Builder::new().uri(address);
        let Some(place) = Place::parse(address) else {
            // Without a host nobody knows which cookies to send: such a request must not be mistaken for one.
            return builder.header("an absolute address is needed", "");
        };
        let now = self.clock.unix_seconds();
        if self.jar.settle(&place) {
            self.answer = None;
        }
        let is_page = circumstances.mode == "navigate";
        let accept = if is_page { "text/html,application/xhtml+xml,*/*;q=0.8" } else { "*/*" };
        let mut builder = builder.header(header::HOST, place.authority()).header(header::ACCEPT, accept);
        if place.is_secure() {
            builder = builder
                .header("sec-fetch-site", circumstances.site)
                .header("sec-fetch-mode", circumstances.mode)
                .header("sec-fetch-dest", circumstances.destination);
            if circumstances.destination == "document" {
                builder = builder.header("sec-fetch-user", "?1");
            }
        }
        for signal in self.signals.objections() {
            builder = builder.header(signal.header_name(), "1");
        }
        let cookies = self.jar.line(&place, circumstances.site == "cross-site", now);
        if cookies.is_empty() { builder } else { builder.header(header::COOKIE, cookies) }
    }

    /// Stores what an answer sets, as the browser does that asked this address.
    pub fn receive<B>(&mut self, address: &str, answer: &Response<B>) {
        let now = self.clock.unix_seconds();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            self.jar.store(line.as_bytes(), address, Setter::Server, now);
        }
    }

    /// Stores what a script of the page at this address assigns to `document.cookie`.
    pub fn script_sets(&mut self, address: &str, line: &str) {
        self.jar.store(line.as_bytes(), address, Setter::Script, self.clock.unix_seconds());
    }

    /// The cookies that the browser holds now, the oldest first.
    pub fn cookies(&self) -> impl Iterator<Item = &HeldCookie> {
        self.jar.live(self.clock.unix_seconds())
    }

    /// Whether the browser holds a cookie of this name, at any Domain and Path.
    #[must_use]
    pub fn holds(&self, name: impl AsRef<[u8]>) -> bool {
        self.cookies().any(|cookie| cookie.name() == name.as_ref())
    }

    /// Asserts that the browser holds a cookie of this name.
    ///
    /// # Panics
    ///
    /// If it does not; the message lists what is held, and which lines were not stored and why.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion, for tests")]
    pub fn assert_holds(&self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        if !self.holds(name) {
            panic!("the browser does not hold {}\n{}", name.escape_ascii(), self.describe());
        }
    }

    /// Asserts that the browser holds no cookie of this name, at any Domain and Path.
    ///
    /// # Panics
    ///
    /// If it does; the message lists what is held, and at which scopes.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion, for tests")]
    pub fn assert_lacks(&self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        if self.holds(name) {
            panic!("the browser holds {}\n{}", name.escape_ascii(), self.describe());
        }
    }

    fn describe(&self) -> String {
        let mut text = "held:\n".to_owned();
        // Writing to a String cannot fail.
        self.cookies().for_each(|cookie| _ = writeln!(text, "  {cookie}"));
        text.push_str("not stored:\n");
        self.jar.rejected().for_each(|(line, why)| _ = writeln!(text, "  {line}: {why}"));
        text
    }
}

impl Answer {
    fn new(policy: &Arc<Policy>, kind: AnswerKind, signals: Signals) -> Self {
        Self { policy: Arc::clone(policy), kind, signals }
    }

    /// The decision on which the visitor answers.
    fn decision(&self, now: i64) -> Decision {
        let policy = Arc::clone(&self.policy);
        decide(policy, Regime::default(), self.signals, Reading::Nothing, &Narrow::nothing(), now)
    }
}

/// How a browser comes to send a request.
struct Circumstances {
    site: &'static str,
    mode: &'static str,
    destination: &'static str,
}

fn mode_of(destination: &str) -> &'static str {
    match destination {
        "document" | "iframe" | "frame" | "embed" | "object" => "navigate",
        "empty" | "font" => "cors",
        _ => "no-cors",
    }
}

//! A site that keeps one of the policies, with everything that its file says it has beside it, and how it is used.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use axum::{
    Extension, Form, Router,
    body::Body,
    extract::FromRef,
    response::{Html, IntoResponse, Redirect, Response as AxumResponse},
    routing::{get, post},
};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::Value;
use time::macros::datetime;
use tower::ServiceExt as _;
use tower_consent::{
    AccountLink, Category, ConsentLayer, ConsentPages, ContentSecurityPolicy, CookieOrigin, Decision, DueRule,
    Fragments, JsonLinesSink, ManualClock, MemorySink, MemoryStore, Narrow, NewToken, Owner, Permit, Policy,
    PolicyBuilder, PolicyHandle, Records, RequestKind, RequireRevision, Rights, Session, SignIn, StoreError, Tokens,
    Vendor, VisitCounts, VisitLayer, VisitLog, VisitLogBuilder, VisitSink as _, WorkingDays, test::Visitor,
};

pub(crate) const HOST: &str = "https://www.example.com";
pub(crate) const CONSENT: &str = "__Host-consent";
pub(crate) const TOKEN: &str = "__Host-token";
pub(crate) const DAY: i64 = 86_400;
pub(crate) const START: i64 = datetime!(2026-11-22 12:00 UTC).unix_timestamp();
pub(crate) const KEY: [u8; 32] = [7; 32];
/// Where every request comes from, and what it tells of its browser and of where it was before.
pub(crate) const ADDRESS: &str = "198.51.100.77";
pub(crate) const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
pub(crate) const REFERRER: &str = "https://search.example/find?q=my+illness";
const FORM: &str = "application/x-www-form-urlencoded";

/// The text of one of the policies.
pub(crate) fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies").join(format!("{name}.toml"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One of the policies, as it stands in its file, with a key.
pub(crate) fn policy(name: &str) -> PolicyBuilder {
    toml::from_str::<PolicyBuilder>(&text(name)).unwrap().mac_key("k1", KEY)
}

/// What this process has logged, at every level.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Begins the log. One for all tests: whether an event is logged at all is decided once a process.
fn keep_log() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let level = tracing_subscriber::filter::LevelFilter::TRACE;
        tracing_subscriber::fmt().with_max_level(level).with_writer(|| LogWriter).init();
    });
}

/// What was logged so far.
pub(crate) fn log() -> Vec<u8> {
    LOG.lock().unwrap().clone()
}

struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What was handed to vendors, as `vendor: text`.
pub(crate) type Outbox = Arc<Mutex<Vec<String>>>;

/// What several servers of one site share.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) app: Router,
    pub(crate) clock: ManualClock,
    pub(crate) handle: PolicyHandle,
    /// Of tokens and records.
    pub(crate) store: MemoryStore,
    pub(crate) records: Records,
    pub(crate) rights: Rights,
    pub(crate) outbox: Outbox,
    pub(crate) counts: VisitCounts,
    log: VisitLog,
    lines: MemorySink,
}

impl Site {
    pub(crate) fn of(name: &str) -> Self {
        Self::with(policy(name))
    }

    pub(crate) fn with(policy: PolicyBuilder) -> Self {
        let clock = ManualClock::at(START);
        // A second is the shortest interval, and no time passes by the clock but what a test lets pass.
        let store = MemoryStore::builder().clock(clock.clone()).sweep_interval(Duration::from_secs(1)).build();
        Self::over(policy, store, clock)
    }

    /// With the visit log in this folder, too.
    pub(crate) fn logging_to(policy: PolicyBuilder, folder: &Path) -> Self {
        let sink = JsonLinesSink::open(folder).unwrap();
        Self::build(policy, MemoryStore::new(), ManualClock::at(START), |log| log.add_sink(sink))
    }

    /// Another server of the same site: the same stores, and nothing else in common.
    pub(crate) fn over(policy: PolicyBuilder, store: MemoryStore, clock: ManualClock) -> Self {
        Self::build(policy, store, clock, |log| log)
    }

    fn build(
        policy: PolicyBuilder,
        store: MemoryStore,
        clock: ManualClock,
        log_settings: impl FnOnce(VisitLogBuilder) -> VisitLogBuilder,
    ) -> Self {
        keep_log();
        let handle = PolicyHandle::new(policy.build().unwrap());
        let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
        let records = Records::builder(store.clone()).chain_key(KEY).clock(clock.clone()).build();
        let rights = Rights::new(records.clone()).with_tokens(tokens.clone());
        let pages = ConsentPages::at("/privacy", records.clone());
        let outbox = Outbox::default();
        let lines = MemorySink::new();
        let log = VisitLog::builder(lines.clone()).clock(clock.clone()).purge_every(Duration::from_millis(20));
        let log = log_settings(log).build().unwrap();
        let counts = VisitCounts::builder().clock(clock.clone()).build();
        let visits = VisitLayer::new(log.clone()).with_peer(|parts| parts.extensions.get::<IpAddr>().copied());
        let app = Router::new()
            .route("/members", get(async || "members only"))
            .route_layer(RequireRevision::new(pages.clone()))
            .route("/page", get(page))
            .route("/slow", get(slow))
            .route("/forget-me", get(async || (Extension(Narrow::all()), Html("<!doctype html><h1>Forgotten</h1>"))))
            .route("/sign-in", post(sign_in))
            .route("/account", get(async |session: Session| session.subject().to_owned()))
            .route("/sign-out", post(async |session: Session| session.end().await))
            .route("/close-account", post(close_account))
            .route("/request", post(request))
            .route("/tell/tidio", post(async |decision: Decision, to: Extension<Outbox>| tell::<Tidio>(&decision, &to)))
            .route(
                "/tell/helpdesk",
                post(async |decision: Decision, to: Extension<Outbox>| tell::<Helpdesk>(&decision, &to)),
            )
            .route(
                "/tell/mailer",
                post(async |decision: Decision, to: Extension<Outbox>| tell::<Mailer>(&decision, &to)),
            )
            .route(
                "/tell/previews",
                post(async |decision: Decision, to: Extension<Outbox>| tell::<Previews>(&decision, &to)),
            )
            .route("/recommend", get(recommend))
            .nest_service("/privacy", pages.clone())
            .layer(Extension(outbox.clone()))
            .layer(Extension(rights.clone()))
            .layer(AccountLink)
            .with_state(Pages(pages))
            .layer(
                ConsentLayer::new(handle.clone())
                    .with_clock(clock.clone())
                    .with_records(records.clone())
                    .with_tokens(tokens)
                    .with_visits(visits)
                    .with_counts(counts.clone())
                    .with_csp(ContentSecurityPolicy::new().scripts().connections()),
            );
        Self { app, clock, handle, store, records, rights, outbox, counts, log, lines }
    }

    /// A visitor with an empty jar, who lives by the site's clock.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::undecided().at(self.clock.clone())
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let fields = request.headers_mut();
        fields.entry(header::USER_AGENT).or_insert(AGENT.parse().unwrap());
        fields.entry(header::REFERER).or_insert(REFERRER.parse().unwrap());
        let peer = IpAddr::V4(ADDRESS.parse::<Ipv4Addr>().unwrap());
        request.extensions_mut().get_or_insert(peer);
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A page, as if the visitor had typed its path; the jar takes what the answer sets.
    pub(crate) async fn get(&self, visitor: &mut Visitor, path: &str) -> Answer {
        self.get_with(visitor, path, &[]).await
    }

    pub(crate) async fn get_with(&self, visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
        let address = format!("{HOST}{path}");
        let request =
            fields.iter().fold(visitor.request(&address), |request, (name, value)| request.header(*name, *value));
        self.receive(visitor, &address, request.body(Body::empty()).unwrap()).await
    }

    /// A form of the site's own.
    pub(crate) async fn post(&self, visitor: &mut Visitor, path: &str, form: &str) -> Answer {
        let address = format!("{HOST}{path}");
        let request = visitor.form(&address).header(header::CONTENT_TYPE, FORM).body(Body::from(form.to_owned()));
        self.receive(visitor, &address, request.unwrap()).await
    }

    /// A request without a browser, with this token.
    pub(crate) async fn by_bearer(&self, method: &str, path: &str, token: &str) -> Answer {
        let request = Request::builder().method(method).uri(format!("{HOST}{path}"));
        self.send(request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty()).unwrap()).await
    }

    async fn receive(&self, visitor: &mut Visitor, address: &str, request: Request<Body>) -> Answer {
        let answer = self.send(request).await;
        let mut response = Response::new(());
        *response.headers_mut() = answer.headers.clone();
        visitor.receive(address, &response);
        answer
    }

    /// Answers the question; the revision is the current one.
    pub(crate) async fn choose(&self, visitor: &mut Visitor, action: &str) -> Answer {
        let form = format!("action={action}&revision={}&return=/page", self.handle.current().revision().number());
        self.post(visitor, "/privacy/choice", &form).await
    }

    /// Signs in by cookie, kept on the device.
    pub(crate) async fn sign_in(&self, visitor: &mut Visitor, name: &str) -> Answer {
        self.post(visitor, "/sign-in", &format!("name={name}")).await
    }

    /// What the consent API says of this visitor.
    pub(crate) async fn state(&self, visitor: &mut Visitor) -> Value {
        let request = visitor.subresource(&format!("{HOST}/privacy/api/state"), "empty").body(Body::empty()).unwrap();
        serde_json::from_str(&self.send(request).await.body).unwrap()
    }

    pub(crate) async fn proof(&self, owner: &Owner) -> String {
        self.records.proof(owner).await.unwrap().to_json()
    }

    /// The lines of the visit log so far, as they are written.
    pub(crate) fn visits(&self) -> Vec<Value> {
        self.log.flush();
        self.lines.visits().iter().map(|visit| serde_json::to_value(visit).unwrap()).collect()
    }

    /// Lets the lines so far go.
    pub(crate) fn clear_visits(&self) {
        self.log.flush();
        self.lines.clone().purge(time::Date::MAX).unwrap();
    }

    /// Those that these requests leave.
    pub(crate) async fn visits_of(&self, visitor: &mut Visitor, paths: &[&str]) -> Vec<Value> {
        let before = self.visits().len();
        for path in paths {
            self.get(visitor, path).await;
        }
        self.visits().split_off(before)
    }

    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.outbox.lock().unwrap())
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `Set-Cookie` lines.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    /// Those that store something.
    pub(crate) fn stores(&self) -> Vec<&str> {
        self.lines().into_iter().filter(|line| !line.contains("Max-Age=0")).collect()
    }

    /// The line of this name.
    pub(crate) fn line(&self, name: &str) -> &str {
        let is_it = |line: &&str| line.split_once('=').is_some_and(|(known, _)| known == name);
        self.lines().into_iter().find(is_it).unwrap_or_else(|| panic!("{name} in {:?}", self.lines()))
    }

    /// The names of the cookies that reached the handler of `/page`.
    pub(crate) fn saw(&self) -> Vec<&str> {
        let (_, rest) = self.body.split_once("<p id=saw>").unwrap_or_else(|| panic!("no page: {}", self.body));
        rest.split_once("</p>").unwrap().0.split_whitespace().collect()
    }

    #[track_caller]
    pub(crate) fn assert_says(&self, text: &str) {
        assert!(self.body.contains(text), "{text:?} in {}", self.body);
    }

    #[track_caller]
    pub(crate) fn assert_lacks(&self, text: &str) {
        assert!(!self.body.contains(text), "{text:?} in {}", self.body);
    }
}

/// The names in the jar, sorted.
pub(crate) fn jar(visitor: &Visitor) -> Vec<String> {
    let mut names: Vec<_> =
        visitor.cookies().map(|cookie| String::from_utf8_lossy(cookie.name()).into_owned()).collect();
    names.sort();
    names
}

/// The names in the jar that are not the library's own.
pub(crate) fn others(visitor: &Visitor) -> Vec<String> {
    jar(visitor).into_iter().filter(|name| name != CONSENT && name != TOKEN).collect()
}

/// The value of a cookie in the jar.
pub(crate) fn value(visitor: &Visitor, name: &str) -> Option<String> {
    let cookie = visitor.cookies().find(|cookie| cookie.name() == name.as_bytes())?;
    Some(String::from_utf8_lossy(cookie.value()).into_owned())
}

pub(crate) fn account(name: &str) -> Owner {
    Owner::Subject(Arc::from(name))
}

/// Tries until something is so: for what a thread or a task does by itself.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..4_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what}: it does not happen");
}

#[derive(Clone)]
struct Pages(ConsentPages);

impl FromRef<Pages> for ConsentPages {
    fn from_ref(pages: &Pages) -> Self {
        pages.0.clone()
    }
}

/// A page as sites have them: it sets every cookie that the policy speaks of, for ten years, and some of which it does not.
async fn page(decision: Decision, fragments: Fragments, headers: HeaderMap) -> AxumResponse {
    let lines = headers.get_all(header::COOKIE).iter().map(|line| line.to_str().unwrap());
    let saw: Vec<_> = lines.flat_map(|line| line.split("; ")).filter_map(|pair| pair.split('=').next()).collect();
    let Fragments { head, banner, footer, .. } = fragments;
    let html = format!(
        "<!doctype html><html><head>{head}</head><body><p id=saw>{}</p>{banner}<footer>{footer}</footer></body></html>",
        saw.join(" ")
    );
    let mut response = Html(html).into_response();
    let names = set_names(decision.policy());
    for name in names.iter().map(String::as_str).chain(["undeclared", "_ga", "PHPSESSID"]) {
        let line = format!("{name}=1; Path=/; Max-Age=315360000; Secure; SameSite=None");
        response.headers_mut().append(header::SET_COOKIE, line.parse().unwrap());
    }
    response
}

/// How long [`slow`] takes at least.
pub(crate) const SLOW: Duration = Duration::from_millis(25);

async fn slow() -> &'static str {
    tokio::time::sleep(SLOW).await;
    "at last"
}

/// What the page sets of the policy's cookies: of a prefix one that begins so.
pub(crate) fn set_names(policy: &Policy) -> Vec<String> {
    let rules = policy.declared_cookies().filter(|cookie| cookie.origin == CookieOrigin::Rule);
    rules.map(|cookie| format!("{}{}", cookie.name, if cookie.is_prefix { "x" } else { "" })).collect()
}

#[derive(Deserialize)]
struct SignInForm {
    name: String,
    #[serde(default)]
    bearer: bool,
}

/// Where nothing may be stored, or a token was asked for, it stands in the answer; else in a cookie.
async fn sign_in(sign_in: SignIn, Form(form): Form<SignInForm>) -> Result<AxumResponse, StoreError> {
    let token = NewToken::of(form.name);
    let signed_in = sign_in.issue(if form.bearer { token.bearer() } else { token }).await?;
    Ok(match signed_in.bearer() {
        Some(token) => token.to_owned().into_response(),
        None => (signed_in, Redirect::to("/account")).into_response(),
    })
}

/// The one call.
async fn close_account(session: Session, rights: Extension<Rights>) -> Result<String, StoreError> {
    let erased = rights.erase(&account(session.subject())).await?;
    Ok(format!("{} {}", erased.entries, erased.tokens))
}

#[derive(Deserialize)]
struct RequestForm {
    kind: RequestKind,
    country: String,
}

/// In mainland China 15 working days, elsewhere 30 days.
async fn request(
    session: Session,
    rights: Extension<Rights>,
    Form(form): Form<RequestForm>,
) -> Result<String, StoreError> {
    let rule = if form.country == "CN" { DueRule::from(WorkingDays::new(15)) } else { DueRule::days(30) };
    Ok(rights.receive(Some(session.subject()), form.kind, &rule).await?.due.to_string())
}

pub(crate) struct Tidio;
pub(crate) struct Helpdesk;
pub(crate) struct Mailer;
pub(crate) struct Previews;

impl Vendor for Tidio {
    const SERVICE: &'static str = "tidio";
}

impl Vendor for Helpdesk {
    const SERVICE: &'static str = "helpdesk";
}

impl Vendor for Mailer {
    const SERVICE: &'static str = "mailer";
}

impl Vendor for Previews {
    const SERVICE: &'static str = "previews";
}

/// What goes to a vendor passes through here, and here only with a permit.
fn disclose<V: Vendor>(permit: Permit<'_, V>, to: &Outbox) -> &'static str {
    to.lock().unwrap().push(permit.service().to_owned());
    "told"
}

fn tell<V: Vendor>(decision: &Decision, to: &Outbox) -> &'static str {
    decision.permit::<V>().map_or("kept", |permit| disclose(permit, to))
}

/// "May I, for this purpose?", in one line for each.
async fn recommend(decision: Decision) -> String {
    let may = |name| decision.allows(Category::new(name).unwrap());
    format!("improvement {} recommendations {}", may("improvement"), may("recommendations"))
}

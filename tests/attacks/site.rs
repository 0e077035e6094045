//! The application that is attacked: consent, records, tokens, pages, visit log and Content-Security-Policy, on a port of
//! its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::{
    Form, Router,
    body::Bytes,
    extract::{FromRef, Query, State},
    response::{Html, IntoResponse, Response},
    routing::{any, get, post},
};
use axum_extra::extract::CookieJar;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use time::macros::datetime;
use tokio::net::TcpListener;
use tower_consent::{
    About, AccountLink, Category, ConsentLayer, ConsentPages, ContentSecurityPolicy, Decision, Fragments, HiddenFields,
    Load, ManualClock, MemorySink, MemoryStore, NewToken, Policy, PolicyBuilder, Records, RequireRevision, Revision,
    ServiceEntry, Session, SignIn, StoreError, Tokens, VisitLog,
};

use crate::{
    watched::Watched,
    wire::{self, Answer, Fields, Protocol},
};

pub(crate) const KEY: [u8; 32] = [7; 32];
pub(crate) const NOON: i64 = datetime!(2026-11-22 12:00 UTC).unix_timestamp();
/// The form of a token, and one that nobody issued.
pub(crate) const STRANGER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const CONSENT: &str = "__Host-consent";
pub(crate) const TOKEN: &str = "__Host-token";
pub(crate) const FORM: &[u8] = b"application/x-www-form-urlencoded";
pub(crate) const JSON: &[u8] = b"application/json";

pub(crate) fn policy() -> PolicyBuilder {
    Policy::builder()
        .site_domain("example.com")
        .about(About::new("Example Ltd").contact("privacy@example.com").privacy_policy("/privacy-policy"))
        .revision(Revision::new(3).on(2026, 11, 1).changes("More services."))
        .essential(["csrf", "app_*"])
        .auth_cookie("sid")
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
        .service_entry(ServiceEntry::new("youtube", "functional").hosts(["www.youtube.com"]))
        .mac_key("k1", KEY)
}

/// Builds the server of a connection.
pub(crate) type Server = Arc<dyn Fn() -> auto::Builder<TokioExecutor> + Send + Sync>;

pub(crate) fn server() -> Server {
    Arc::new(|| auto::Builder::new(TokioExecutor::new()))
}

pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) clock: ManualClock,
    pub(crate) records: MemoryStore,
    pub(crate) store: Watched,
    pub(crate) log: VisitLog,
    pub(crate) visits: MemorySink,
    /// How often a handler of the site's own was called.
    pub(crate) calls: Arc<Mutex<u32>>,
}

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    pages: ConsentPages,
    calls: Arc<Mutex<u32>>,
}

impl FromRef<Shared> for ConsentPages {
    fn from_ref(shared: &Shared) -> Self {
        shared.pages.clone()
    }
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::of(policy()).await
    }

    pub(crate) async fn of(policy: PolicyBuilder) -> Self {
        Self::with(policy.build().unwrap(), |pages| pages, &server()).await
    }

    /// Where what an account refused holds on all of its browsers.
    pub(crate) async fn linked(policy: PolicyBuilder) -> Self {
        Self::inside(policy.build().unwrap(), |pages| pages, &server(), |routes| routes.layer(AccountLink)).await
    }

    pub(crate) async fn with(policy: Policy, set: impl FnOnce(ConsentPages) -> ConsentPages, server: &Server) -> Self {
        Self::inside(policy, set, server, |routes| routes).await
    }

    async fn inside(
        policy: Policy,
        set: impl FnOnce(ConsentPages) -> ConsentPages,
        server: &Server,
        link: impl FnOnce(Router) -> Router,
    ) -> Self {
        let (clock, store, calls) = (ManualClock::at(NOON), Watched::new(), Arc::default());
        let (visits, ledger) = (MemorySink::new(), MemoryStore::new());
        let log = VisitLog::builder(visits.clone()).clock(clock.clone()).build().unwrap();
        let records = Records::builder(ledger.clone()).chain_key(KEY).clock(clock.clone()).build();
        let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
        let pages = set(ConsentPages::at("/privacy", records.clone()));
        let csp = ContentSecurityPolicy::new().scripts().frames().sources(Load::Images, ["'self'"]).unwrap();
        let layer = ConsentLayer::new(policy)
            .with_clock(clock.clone())
            .with_debug_header()
            .with_records(records)
            .with_tokens(tokens)
            .with_hidden(HiddenFields::new())
            .with_csp(csp)
            .with_visits(log.clone());
        let shared = Shared { pages, calls: Arc::clone(&calls) };
        let address = serve(link(routes(shared)).layer(layer), server).await;
        Self { address, clock, records: ledger, store, log, visits, calls }
    }

    /// Sends one request over a connection of its own.
    pub(crate) async fn ask(&self, protocol: Protocol, what: &str, fields: Fields<'_>, body: &[u8]) -> Answer {
        wire::ask(self.address, protocol, what, fields, body).await
    }

    /// What the application sees of these `Cookie` lines.
    pub(crate) async fn sees(&self, protocol: Protocol, lines: &[&[u8]]) -> Seen {
        let fields: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
        let answer = self.ask(protocol, "/see", &fields, b"").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Seen::read(answer.text())
    }

    /// Which of these `Set-Cookie` lines leave, for a visitor with these cookies.
    pub(crate) async fn leaves(&self, protocol: Protocol, cookies: &[u8], lines: &[&[u8]]) -> Vec<String> {
        let fields = [("cookie", cookies)];
        let answer =
            self.ask(protocol, "POST /set", &fields[..usize::from(!cookies.is_empty())], &lines.join(&b'\n')).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.lines("set-cookie")
    }

    /// The pair of a consent cookie that grants everything, as the pages set it.
    pub(crate) async fn consent(&self, protocol: Protocol) -> String {
        let answer = self.choose(protocol, &[("sec-fetch-site", b"same-origin")], "action=accept-all&revision=3").await;
        format!("{CONSENT}={}", answer.sets(CONSENT).unwrap_or_else(|| panic!("{answer:?}")))
    }

    pub(crate) async fn choose(&self, protocol: Protocol, fields: Fields<'_>, form: &str) -> Answer {
        let fields = [&[("content-type", FORM)], fields].concat();
        self.ask(protocol, "POST /privacy/choice", &fields, form.as_bytes()).await
    }

    /// Signs in, and gives the token.
    pub(crate) async fn sign_in(&self, protocol: Protocol, subject: &str) -> String {
        let answer = self.ask(protocol, &format!("POST /login?who={subject}"), &[], b"").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.sets(TOKEN).expect("a token");
        self.store.calls();
        token
    }

    /// Who the application takes the sender of these fields for.
    pub(crate) async fn who(&self, protocol: Protocol, fields: Fields<'_>) -> String {
        let answer = self.ask(protocol, "/who", fields, b"").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.text().to_owned()
    }

    pub(crate) async fn who_by_cookie(&self, protocol: Protocol, token: &str) -> String {
        self.who(protocol, &[("cookie", format!("{TOKEN}={token}").as_bytes())]).await
    }

    pub(crate) fn calls(&self) -> u32 {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

/// Serves it on a port of its own, until the test's runtime ends.
pub(crate) async fn serve(app: Router, server: &Server) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Arc::clone(server);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (server, service) = (server(), TowerToHyperService::new(app.clone()));
            tokio::spawn(async move {
                let _closed = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

/// What the application told of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// The `Cookie` lines, escaped.
    pub(crate) lines: Vec<String>,
    /// The names that a cookie jar reads from them: it decodes and trims, as applications do.
    pub(crate) names: Vec<String>,
    pub(crate) has_analytics: bool,
    pub(crate) subject: Option<String>,
}

impl Seen {
    fn read(text: &str) -> Self {
        let mut seen = Self::default();
        for line in text.lines() {
            match line.split_once(' ').unwrap() {
                ("cookie", line) => seen.lines.push(line.to_owned()),
                ("name", name) => seen.names.push(name.to_owned()),
                ("analytics", answer) => seen.has_analytics = answer == "true",
                ("subject", subject) => seen.subject = Some(subject.to_owned()),
                other => panic!("{other:?}"),
            }
        }
        seen
    }
}

fn routes(shared: Shared) -> Router {
    let gated = Router::<Shared>::new()
        .route("/gated", get(async || "through"))
        .route_layer(RequireRevision::new(shared.pages.clone()));
    Router::<Shared>::new()
        .merge(gated)
        .route("/see", any(see))
        .route("/set", post(set))
        .route("/page", get(page))
        .route("/film", get(film))
        .route("/login", post(login))
        .route("/who", any(who))
        .route("/who/{*rest}", any(who))
        .route("/form", post(form))
        .route("/account", get(async |session: Session| session.subject().to_owned()))
        .route("/logout", post(logout))
        .nest_service("/privacy", shared.pages.clone())
        .with_state(shared)
}

async fn see(
    State(shared): State<Shared>,
    decision: Decision,
    session: Option<Session>,
    jar: CookieJar,
    headers: HeaderMap,
) -> String {
    *shared.calls.lock().unwrap() += 1;
    let lines = headers.get_all(header::COOKIE).iter().map(|line| {
        let line = line.as_bytes().escape_ascii().to_string();
        format!("cookie {}\n", line.replace("\\\"", "\"").replace("\\'", "'"))
    });
    let mut names: Vec<_> = jar.iter().map(|cookie| format!("name {}\n", cookie.name().escape_debug())).collect();
    names.sort();
    let subject = session.map(|session| format!("subject {}\n", session.subject()));
    let analytics = format!("analytics {}\n", decision.allows(Category::ANALYTICS));
    lines.chain(names).chain([analytics]).chain(subject).collect()
}

/// Sets each line of its body as a cookie, byte for byte.
async fn set(State(shared): State<Shared>, body: Bytes) -> Response {
    *shared.calls.lock().unwrap() += 1;
    let mut answer = "set".into_response();
    for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    answer
}

async fn page(fragments: Fragments) -> Html<String> {
    let Fragments { head, banner, footer, .. } = fragments;
    Html(format!("<!doctype html><html><head><title>t</title>{head}</head><body>{banner}{footer}</body></html>"))
}

async fn film(State(pages): State<ConsentPages>, decision: Decision, headers: HeaderMap, uri: Uri) -> Response {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    pages.prompt_page(&decision, &headers, path, "youtube").into_response()
}

type Pairs = Query<Vec<(String, String)>>;

async fn login(sign_in: SignIn, Query(query): Pairs) -> Result<impl IntoResponse, StoreError> {
    let who = query.first().map_or("user-17", |(_, who)| who.as_str());
    Ok((sign_in.issue(NewToken::of(who)).await?, "in"))
}

async fn who(session: Option<Session>) -> String {
    session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned())
}

async fn form(session: Option<Session>, Form(_fields): Form<Vec<(String, String)>>) -> String {
    who(session).await
}

async fn logout(session: Session) -> Result<impl IntoResponse, StoreError> {
    Ok((StatusCode::OK, session.end().await?.clear_site_data()))
}

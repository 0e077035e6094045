//! Ten thousand visits, and every byte that was written of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeSet,
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{Html, IntoResponse},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use http::{HeaderValue, Request, Response, StatusCode, header};
use metrics_util::debugging::DebuggingRecorder;
use tower::Service;
use tower_consent::{
    Category, ConsentLayer, ConsentPages, ConsentStore as _, Decision, Inventory, JsonLinesSink, ManualClock,
    MemorySink, Narrow, ProxyHeader, Records, RedbStore, Session, SignIn, StoreError, Tokens, TracingSink,
    TrustedProxies, Visit, VisitCounts, VisitLayer, VisitLog,
};

use crate::site::{START, policy, with_peer};

const VISITS: u32 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Allowed,
    Refused,
    Signalled,
}

/// What is planted, each with a text of its own that no other has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Agent,
    Cookie,
    Token,
    Referrer,
    ReferrerQuery,
    Query,
}

const WHO: [Who; 3] = [Who::Allowed, Who::Refused, Who::Signalled];
const WHAT: [What; 6] = [What::Agent, What::Cookie, What::Token, What::Referrer, What::ReferrerQuery, What::Query];

/// Six letters and digits that stand nowhere else.
fn marker(who: Who, what: What) -> String {
    format!("q{}z{}7v", ["a", "r", "s"][who as usize], ["g", "c", "t", "f", "y", "q"][what as usize])
}

/// A secret: whichever larger part of it is kept, a marker is in it. A token has the length of a real one.
fn secret(who: Who, what: What, number: u32) -> String {
    let times = if what == What::Token { 6 } else { 3 };
    format!("{}{number:07}", marker(who, what).repeat(times))
}

/// Addresses of networks that nobody else has.
fn address(who: Who, number: u32) -> IpAddr {
    let [_, _, high, low] = number.to_be_bytes();
    if number.is_multiple_of(2) {
        let (first, second) = [(198, 18), (198, 19), (100, 77)][who as usize];
        return Ipv4Addr::new(first, second, high, low).into();
    }
    let network = [0xa1a1, 0x4e4e, 0x5e5e][who as usize];
    Ipv6Addr::new(0x2001, 0xdb8, network, number as u16, 1, 2, 3, 4).into()
}

/// How they begin, as text.
fn networks(who: Who) -> [&'static str; 2] {
    [["198.18.", "2001:db8:a1a1"], ["198.19.", "2001:db8:4e4e"], ["100.77.", "2001:db8:5e5e"]][who as usize]
}

/// Texts that are searched for, all at once: one by one they would take minutes.
#[derive(Default)]
struct Search {
    /// In what is written, made lower case.
    lower: Vec<(Vec<u8>, String)>,
    exact: Vec<(Vec<u8>, String)>,
}

impl Search {
    /// A text as it is, as hexadecimal digits and as base64.
    fn text(&mut self, label: &str, text: &[u8]) {
        self.lower.push((text.to_ascii_lowercase(), label.to_owned()));
        self.lower.push((hex(text).into_bytes(), label.to_owned()));
        // It can begin at each of three places, and its first and last digit depend on what stands beside it.
        let long = text.repeat(2);
        for start in 0..3 {
            let framed = [&vec![0; start][..], &long].concat();
            for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let digits = engine.encode(&framed);
                let digits = &digits.as_bytes()[(start * 8).div_ceil(6)..framed.len() * 8 / 6];
                self.exact.push((digits.to_vec(), label.to_owned()));
            }
        }
    }

    /// Bytes as they are and as hexadecimal digits.
    fn bytes(&mut self, label: &str, bytes: &[u8]) {
        self.exact.push((bytes.to_vec(), label.to_owned()));
        self.lower.push((hex(bytes).into_bytes(), label.to_owned()));
    }

    /// Everything that is planted.
    fn planted() -> Self {
        let mut search = Self::default();
        for who in WHO {
            for what in WHAT {
                search.text(&format!("{what:?} of {who:?}"), marker(who, what).as_bytes());
            }
            let label = format!("Address of {who:?}");
            networks(who).iter().for_each(|network| search.text(&label, network.as_bytes()));
            let IpAddr::V6(address) = address(who, 1) else { unreachable!() };
            search.bytes(&label, &address.octets()[..6]);
        }
        search
    }

    /// And every token that was issued, as text and as what it stands for.
    fn issued(mut self, tokens: &BTreeSet<String>) -> Self {
        for token in tokens {
            for bytes in [token.clone().into_bytes(), URL_SAFE_NO_PAD.decode(token).unwrap()] {
                self.bytes("a token", &bytes[..8]);
            }
        }
        self
    }

    /// What of it stands there.
    fn found(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = find(bytes, &self.exact);
        found.extend(find(&bytes.to_ascii_lowercase(), &self.lower));
        found
    }
}

fn find<'s>(bytes: &[u8], texts: &'s [(Vec<u8>, String)]) -> BTreeSet<&'s str> {
    let mut found = BTreeSet::new();
    let mut begin = vec![Vec::new(); 1 << 16];
    let pair = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    texts.iter().for_each(|text| begin[pair(&text.0)].push(text));
    for (start, two) in bytes.windows(2).enumerate() {
        for (text, label) in &begin[pair(two)] {
            if bytes[start..].starts_with(text) {
                found.insert(label.as_str());
            }
        }
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A search that finds nothing proves nothing where it cannot find.
#[test]
fn the_search_finds_every_form() {
    let token = URL_SAFE_NO_PAD.encode([0x5a; 32]);
    let search = Search::planted().issued(&[token.clone()].into());
    let expected = BTreeSet::from(["Cookie of Refused"]);
    for start in 0..3 {
        let text = secret(Who::Refused, What::Cookie, 17);
        let framed = [&b"xyz"[..start], text.as_bytes(), b"end"].concat();
        for bytes in [
            framed.clone(),
            framed.to_ascii_uppercase(),
            hex(&framed).into_bytes(),
            hex(&framed).to_uppercase().into_bytes(),
            STANDARD_NO_PAD.encode(&framed).into_bytes(),
            URL_SAFE_NO_PAD.encode(&framed).into_bytes(),
        ] {
            let written = [b"before ", &bytes[..], b" behind"].concat();
            assert_eq!(search.found(&written), expected, "{start}: {}", bytes.escape_ascii());
        }
    }
    for number in [4, 5] {
        let IpAddr::V6(binary) = address(Who::Refused, 5) else { panic!() };
        for bytes in [format!("a {}", address(Who::Refused, number)).into_bytes(), binary.octets().to_vec()] {
            assert_eq!(search.found(&bytes), ["Address of Refused"].into());
        }
    }
    for bytes in [token.as_bytes(), &[0x5a; 32], hex(&[0x5a; 32]).as_bytes()] {
        assert_eq!(search.found(bytes), ["a token"].into());
    }
    assert_eq!(search.found(b"nothing at all"), [].into());
}

/// All events of this library, at every level.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<u8>>>);

impl io::Write for Events {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn app(
    clock: &ManualClock,
    log: &VisitLog,
    store: &RedbStore,
    records: &Records,
    inventory: &Inventory,
    counts: &VisitCounts,
) -> Router {
    let policy = policy().auth_cookie("session").build().unwrap();
    let visits = with_peer(VisitLayer::new(log.clone()))
        .with_proxies(TrustedProxies::new(ProxyHeader::XForwardedFor, ["10.0.0.0/8"]).unwrap());
    let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
    let page =
        || get(async |_: Option<Session>, consent: Decision| Html(format!("{}", consent.allows(Category::ANALYTICS))));
    Router::new()
        .route("/page", page())
        .route("/withdraw", get(async |consent: Decision| (consent.withdraw(), Html("gone"))))
        .route(
            "/narrow",
            get(async || {
                let mut answer = Html("for the young").into_response();
                Narrow::all().apply(answer.extensions_mut());
                answer
            }),
        )
        .route(
            "/login",
            post(async |sign_in: SignIn| Ok::<_, StoreError>(sign_in.issue("somebody").await?.redirect("/"))),
        )
        .nest_service("/privacy", ConsentPages::at("/privacy", store.clone()))
        .layer(axum::middleware::map_response(set_cookies))
        .layer(
            ConsentLayer::new(policy)
                .with_clock(clock.clone())
                .with_inventory(inventory.clone())
                .with_records(records.clone())
                .with_tokens(tokens)
                .with_counts(counts.clone())
                .with_visits(visits),
        )
}

/// A visitor's request: everything that is planted stands in it.
struct Ask {
    who: Who,
    number: u32,
    what: &'static str,
    consent: &'static str,
    signals: &'static [&'static str],
    form: Option<&'static str>,
}

impl Ask {
    fn new(number: u32) -> Self {
        let who = WHO[number as usize % 3];
        let turn = number / 3 % 10;
        let (what, form) = match (who, turn) {
            (_, 7) => ("POST /login", None),
            (Who::Allowed, 8) => ("POST /privacy/choice", Some("action=accept-all")),
            (_, 8) => ("POST /privacy/choice", Some("action=reject-all")),
            (Who::Refused, 0 | 1) => ("GET /withdraw", None),
            (Who::Refused, 2 | 3) => ("GET /narrow", None),
            _ => ("GET /page", None),
        };
        let consent = match (who, turn) {
            (Who::Refused, 4 | 5) => "",
            (Who::Refused, 6..) => "!functional!analytics!marketing",
            _ => "+functional+analytics+marketing",
        };
        let signals: &[_] = match (who, turn % 3) {
            (Who::Signalled, 0) => &["dnt"],
            (Who::Signalled, 1) => &["sec-gpc"],
            (Who::Signalled, _) => &["dnt", "sec-gpc"],
            _ => &[],
        };
        Self { who, number, what, consent, signals, form }
    }

    /// `issued`: a token that somebody was given.
    fn request(&self, issued: Option<&str>) -> Request<Body> {
        let secret = |what| secret(self.who, what, self.number);
        let (method, path) = self.what.split_once(' ').unwrap();
        let mut cookies = format!("_ga={0}; session={0}; nobody-knows={0}", secret(What::Cookie));
        if !self.consent.is_empty() {
            cookies.push_str(&format!("; __Host-consent=1:1:2026-11-22{}", self.consent));
        }
        let token = secret(What::Token);
        let (cookie_token, bearer) = if self.number % 4 < 2 { (issued, None) } else { (None, issued) };
        cookies.push_str(&format!("; __Host-token={}", cookie_token.unwrap_or(&token)));
        let address = address(self.who, self.number);
        let (peer, through) =
            if self.number.is_multiple_of(5) { (address, None) } else { ([10, 0, 0, 1].into(), Some(address)) };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{path}?q={0}&{0}", secret(What::Query)))
            .header("host", "shop.example")
            // Every page is one of a visit.
            .header("sec-fetch-site", if method == "GET" { "same-site" } else { "same-origin" })
            .header("accept", "text/html")
            .header("cookie", cookies)
            .header("authorization", format!("Bearer {}", bearer.unwrap_or(&token)))
            .header("user-agent", format!("Mozilla/5.0 {} Firefox/140.0", secret(What::Agent)))
            .header(
                "referer",
                format!("https://{0}.example/{0}?{1}", secret(What::Referrer), secret(What::ReferrerQuery)),
            );
        for signal in self.signals {
            request = request.header(*signal, "1");
        }
        if let Some(through) = through {
            request = request.header("x-forwarded-for", through.to_string());
        }
        let body = self.form.map_or_else(String::new, |form| {
            let headers = request.headers_mut().unwrap();
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
            format!("{form}&revision=1&return=/page?q={}", secret(What::Query))
        });
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 4711))));
        request
    }
}

/// What the handlers set of their own: declared cookies and one that nobody knows.
async fn set_cookies(mut answer: Response<Body>) -> Response<Body> {
    for who in WHO {
        let value = secret(who, What::Cookie, 0);
        for name in ["_ga", "_fbp", "nobody-knows-either"] {
            answer.headers_mut().append("set-cookie", format!("{name}={value}; Path=/").parse().unwrap());
        }
    }
    answer
}

#[test]
fn ten_thousand_visits_leave_nothing_of_who_did_not_agree() {
    let events = Events::default();
    let writer = events.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("tower_consent=trace,redb=trace")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();

    let folder = tempfile::tempdir().unwrap();
    let (clock, memory, inventory) = (ManualClock::at(START), MemorySink::new(), Inventory::new());
    let counts = VisitCounts::builder().clock(clock.clone()).build();
    let log = VisitLog::builder(JsonLinesSink::open(folder.path().join("log")).unwrap().with_max_size(500_000))
        .add_sink(TracingSink::new())
        .add_sink(memory.clone())
        .capacity(2 * VISITS as usize)
        .clock(clock.clone())
        .build()
        .unwrap();
    let database = folder.path().join("store.redb");
    let mut tokens = BTreeSet::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut statuses = BTreeSet::new();
    let (report, kept) = metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let store = RedbStore::open(&database).unwrap();
            let records = Records::builder(store.clone()).clock(clock.clone()).build();
            records.keep_counts(&counts);
            let mut app = app(&clock, &log, &store, &records, &inventory, &counts);
            for number in 0..VISITS {
                let ask = Ask::new(number);
                let issued = tokens.last().filter(|_| number % 7 == 0).cloned();
                let answer = app.call(ask.request(issued.as_deref())).await.unwrap();
                statuses.insert((ask.what, answer.status()));
                for line in answer.headers().get_all(header::SET_COOKIE) {
                    let token = line.to_str().unwrap().strip_prefix("__Host-token=").map(|rest| rest.split(';').next());
                    tokens.extend(token.flatten().filter(|token| !token.is_empty()).map(str::to_owned));
                }
                clock.set(START + i64::from(number) / 100);
            }
            // Written today, and shown once nobody adds to it any more.
            records.purge().await.unwrap();
            let kept = store.counts().await.unwrap();
            clock.advance(2 * 86_400);
            (records.visit_report().await.unwrap(), kept)
        })
    });
    drop(runtime);
    log.flush();
    let visits = memory.visits();
    let names = serde_json::to_string(&inventory.snapshot(&policy().build().unwrap())).unwrap();
    assert_eq!((log.dropped(), log.failed()), (0, 0));
    drop(log);

    // It was as it should be: a third each, and everything did its work.
    assert_eq!(visits.len(), VISITS as usize);
    let tracked = visits.iter().filter(|visit| visit.is_tracked()).count();
    assert_eq!(tracked, VISITS.div_ceil(3) as usize);
    let expected = [
        ("GET /narrow", StatusCode::OK),
        ("GET /page", StatusCode::OK),
        ("GET /withdraw", StatusCode::OK),
        ("POST /login", StatusCode::SEE_OTHER),
        ("POST /privacy/choice", StatusCode::SEE_OTHER),
    ];
    assert_eq!(statuses, expected.into());
    assert!(tokens.len() > 900, "{} tokens", tokens.len());
    let day = &report.days()[0];
    let pages = |of: fn(&Visit) -> bool| {
        Some(visits.iter().filter(|visit| visit.method() == "GET" && of(visit)).count() as u64)
    };
    assert_eq!((day.visits, day.page_views), (pages(|_| true), pages(|_| true)));
    assert_eq!(day.tracked_visits, pages(Visit::is_tracked));
    assert_eq!(day.pages.len(), 1, "paths are written of who may be tracked, and nothing is planted there");

    let mut files = Vec::new();
    for file in fs::read_dir(folder.path().join("log")).unwrap() {
        files.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let metrics: String = metrics.snapshot().into_vec().iter().map(|counter| format!("{counter:?}\n")).collect();
    let lines: String = visits.iter().map(|visit| format!("{visit:?}\n")).collect();
    // Where what is written, and a word that must stand there.
    let written = [
        ("log files", files, "\"is_tracked\":true"),
        ("events", events.0.lock().unwrap().clone(), "cookie stripped"),
        ("lines in memory", lines.into_bytes(), "is_tracked: true"),
        ("store", fs::read(&database).unwrap(), "visit:browser:firefox"),
        ("metrics", metrics.into_bytes(), "stripped"),
        ("report", serde_json::to_vec(&report).unwrap(), "\"browsers\":[{\"name\":\"firefox\""),
        ("prometheus", report.to_prometheus().into_bytes(), "consent_day_path_views{path=\"/page\"}"),
        ("counters in the store", format!("{kept:?}").into_bytes(), "visit:browser:firefox"),
        ("inventory", names.into_bytes(), "nobody-knows"),
    ];
    let search = Search::planted().issued(&tokens);
    // Where it may be, it is: the same search finds it.
    let allowed = BTreeSet::from(["Address of Allowed", "Agent of Allowed", "Referrer of Allowed"]);
    for (name, bytes, word) in written {
        let mut words = Search::default();
        words.text("word", word.as_bytes());
        assert_eq!(words.found(&bytes).len(), 1, "{name} is not what it says");
        let is_log = ["log files", "events", "lines in memory"].contains(&name);
        assert_eq!(search.found(&bytes), if is_log { allowed.clone() } else { BTreeSet::new() }, "{name}");
    }
}

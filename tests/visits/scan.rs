//! Ten thousand visits, and every byte that was written of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeSet,
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::IntoResponse,
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
    Category, ConsentLayer, ConsentPages, Decision, Inventory, JsonLinesSink, ManualClock, MemorySink, Narrow,
    ProxyHeader, RedbStore, Session, SignIn, StoreError, Tokens, TracingSink, TrustedProxies, VisitLayer, VisitLog,
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

/// The forms in which a text could stand somewhere: as it is, as hexadecimal digits and as base64.
fn forms(text: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![text.to_ascii_lowercase(), hex(text).into_bytes()];
    // It can begin at each of three places, and its first and last digit depend on what stands beside it.
    let long = text.repeat(2);
    for start in 0..3 {
        let framed = [&vec![0; start][..], &long].concat();
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let digits = engine.encode(&framed);
            forms.push(digits.as_bytes()[(start * 8).div_ceil(6)..framed.len() * 8 / 6].to_vec());
        }
    }
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything of one kind that was written.
struct Written {
    name: &'static str,
    bytes: Vec<u8>,
    lower: Vec<u8>,
}

impl Written {
    fn new(name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { name, lower: bytes.to_ascii_lowercase(), bytes }
    }

    fn has(&self, text: &[u8]) -> bool {
        let [raw, hex, base64 @ ..] = &forms(text)[..] else { unreachable!() };
        has_any(&self.lower, &[raw, hex]) || has_any(&self.bytes, &base64.iter().collect::<Vec<_>>())
    }

    fn has_address(&self, who: Who) -> bool {
        let binary = match address(who, 1) {
            IpAddr::V6(address) => address.octets()[..6].to_vec(),
            IpAddr::V4(_) => unreachable!(),
        };
        networks(who).iter().any(|text| self.has(text.as_bytes()))
            || has_any(&self.lower, &[&binary.to_ascii_lowercase(), &hex(&binary).into_bytes()])
    }
}

/// A search that finds nothing proves nothing where it cannot find.
#[test]
fn the_search_finds_every_form() {
    let text = secret(Who::Refused, What::Cookie, 17);
    let found = |bytes: Vec<u8>| Written::new("", bytes).has(marker(Who::Refused, What::Cookie).as_bytes());
    for start in 0..3 {
        let framed = [&b"xyz"[..start], text.as_bytes(), b"end"].concat();
        for bytes in [
            framed.clone(),
            framed.to_ascii_uppercase(),
            hex(&framed).into_bytes(),
            hex(&framed).to_uppercase().into_bytes(),
            STANDARD_NO_PAD.encode(&framed).into_bytes(),
            URL_SAFE_NO_PAD.encode(&framed).into_bytes(),
        ] {
            assert!(found([b"before ", &bytes[..], b" behind"].concat()), "{start}: {}", bytes.escape_ascii());
        }
    }
    assert!(!found(secret(Who::Refused, What::Token, 17).into_bytes()));
    let tokens = BTreeSet::from([URL_SAFE_NO_PAD.encode([0x5a; 32])]);
    for bytes in
        [tokens.first().unwrap().clone().into_bytes(), URL_SAFE_NO_PAD.decode(tokens.first().unwrap()).unwrap()]
    {
        assert!(has_any(&[b"before ", &bytes[..]].concat(), &beginnings(&tokens)));
        assert!(!has_any(&bytes[1..7], &beginnings(&tokens)));
    }
    for address in [address(Who::Refused, 4), address(Who::Refused, 5)] {
        assert!(Written::new("", format!("a {address}")).has_address(Who::Refused));
        assert!(!Written::new("", format!("a {address}")).has_address(Who::Signalled));
    }
    let IpAddr::V6(address) = address(Who::Signalled, 5) else { panic!() };
    assert!(Written::new("", address.octets()).has_address(Who::Signalled));
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

fn app(clock: &ManualClock, log: &VisitLog, store: &RedbStore, inventory: &Inventory) -> Router {
    let policy = policy().auth_cookie("session").build().unwrap();
    let visits = with_peer(VisitLayer::new(log.clone()))
        .with_proxies(TrustedProxies::new(ProxyHeader::XForwardedFor, ["10.0.0.0/8"]).unwrap());
    let tokens = Tokens::builder(store.clone()).clock(clock.clone()).build().unwrap();
    let page = || get(async |_: Option<Session>, consent: Decision| format!("{}", consent.allows(Category::ANALYTICS)));
    Router::new()
        .route("/page", page())
        .route("/withdraw", get(async |consent: Decision| consent.withdraw()))
        .route(
            "/narrow",
            get(async || {
                let mut answer = "for the young".into_response();
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
                .with_records(store.clone())
                .with_tokens(tokens)
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
            if self.number % 5 == 0 { (address, None) } else { ([10, 0, 0, 1].into(), Some(address)) };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{path}?q={0}&{0}", secret(What::Query)))
            .header("host", "shop.example")
            .header("sec-fetch-site", "same-origin")
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
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let store = RedbStore::open(&database).unwrap();
            let mut app = app(&clock, &log, &store, &inventory);
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
        });
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

    let mut files = Vec::new();
    for file in fs::read_dir(folder.path().join("log")).unwrap() {
        files.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let metrics: String = metrics.snapshot().into_vec().iter().map(|counter| format!("{counter:?}\n")).collect();
    let all = [
        Written::new("log files", files),
        Written::new("events", events.0.lock().unwrap().clone()),
        Written::new("lines in memory", visits.iter().map(|visit| format!("{visit:?}\n")).collect::<String>()),
        Written::new("store", fs::read(Path::new(&database)).unwrap()),
        Written::new("metrics", metrics),
        Written::new("inventory", names),
    ];
    for written in &all {
        assert!(written.bytes.len() > 500, "{}: {:?}", written.name, written.bytes.escape_ascii().to_string());
    }
    for (written, sign) in all.iter().zip(["is_tracked", "cookie stripped", "is_tracked", "redb", "stripped", "_ga"]) {
        assert!(written.has(sign.as_bytes()), "{} is not what it says", written.name);
    }

    let beginnings = beginnings(&tokens);
    for written in &all {
        for who in WHO {
            for what in WHAT {
                let may_be_there = who == Who::Allowed && matches!(what, What::Agent | What::Referrer);
                let is_log = ["log files", "events", "lines in memory"].contains(&written.name);
                let is_there = written.has(marker(who, what).as_bytes());
                // Where it may be, it is: the same search finds it.
                assert_eq!(is_there, may_be_there && is_log, "{what:?} of {who:?} in {}", written.name);
            }
            let is_log = ["log files", "events", "lines in memory"].contains(&written.name);
            assert_eq!(
                written.has_address(who),
                who == Who::Allowed && is_log,
                "address of {who:?} in {}",
                written.name
            );
        }
        assert!(!has_any(&written.bytes, &beginnings), "a token in {}", written.name);
    }
}

/// The first eight bytes of every token, as text and as what it stands for.
fn beginnings(tokens: &BTreeSet<String>) -> Vec<Vec<u8>> {
    let both = |token: &String| [token.clone().into_bytes(), URL_SAFE_NO_PAD.decode(token).unwrap()];
    tokens.iter().flat_map(both).map(|bytes| bytes[..8].to_vec()).collect()
}

/// Whether any of them stands somewhere. One by one they would take minutes.
fn has_any<B: AsRef<[u8]>>(bytes: &[u8], texts: &[B]) -> bool {
    let mut texts: Vec<_> = texts.iter().map(AsRef::as_ref).collect();
    texts.sort_unstable();
    let pair = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    let mut pairs = vec![false; 1 << 16];
    texts.iter().for_each(|text| pairs[pair(text)] = true);
    (0..bytes.len().saturating_sub(1)).any(|start| {
        let rest = &bytes[start..];
        pairs[pair(rest)] && {
            let behind = texts.partition_point(|text| *text <= rest);
            // What begins `rest` stands just before it, but for texts that begin with another of them.
            texts[..behind].iter().rev().take(8).any(|text| rest.starts_with(text))
        }
    })
}

//! The configuration of `examples/nginx.conf` in a real nginx, on loopback, before an application with the layer (R46, R75,
//! R76, R78).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    env, fs,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::ConnectInfo,
    response::{AppendHeaders, IntoResponse},
    routing::get,
};
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{CACHE_CONTROL, COOKIE, SET_COOKIE},
    request::Builder,
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower_consent::{
    Category, ConsentLayer, ConsentPages, Decision, MemorySink, MemoryStore, Policy, ProxyHeader, TrustedProxies,
    VisitLayer, VisitLog,
};

/// How long nginx may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the visitor connects from. All of 127.0.0.0/8 is loopback, and nginx itself connects from 127.0.0.1.
const VISITOR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 5);

/// One process of nginx, which ends with this value.
struct Nginx {
    child: Child,
    http1: u16,
    http2: u16,
    _folder: TempDir,
}

impl Nginx {
    /// The configuration of the example, changed, before the application; `None` where there is no nginx.
    async fn start(application: SocketAddr, change: impl Fn(String) -> String) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_str().unwrap().to_owned();
        let (http1, http2) = (free_port(), free_port());
        let example = include_str!("../examples/nginx.conf");
        let listen = format!("listen 127.0.0.1:{http1};\n    listen 127.0.0.1:{http2} http2;");
        let server = [
            ("listen 80;", listen.as_str()),
            ("127.0.0.1:3000", &application.to_string()),
            ("/var/cache/nginx/application", &format!("{place}/cache")),
        ]
        .iter()
        .fold(example.to_owned(), |text, (from, to)| {
            assert_eq!(text.matches(from).count(), 1, "the example has {from}");
            text.replace(from, to)
        });
        // One process without a master, as whoever runs the test, with all its files in one folder.
        let around = format!(
            "daemon off;\nmaster_process off;\npid {place}/pid;\nerror_log stderr;\nevents {{ worker_connections 64; }}\n\
             http {{\nclient_body_temp_path {place}/body;\nproxy_temp_path {place}/proxy;\nfastcgi_temp_path {place}/f;\n\
             uwsgi_temp_path {place}/u;\nscgi_temp_path {place}/s;\n{}\n}}\n",
            change(server)
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, around).unwrap();
        let mut child = spawn(&place, file.to_str().unwrap())?;
        let start = Instant::now();
        while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, http1)).await.is_err() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && start.elapsed() < PATIENCE, "nginx does not start: {ended:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(Self { child, http1, http2, _folder: folder })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn spawn(place: &str, file: &str) -> Option<Child> {
    // Debian puts it where only root looks.
    for program in ["nginx", "/usr/sbin/nginx"] {
        let spawned =
            Command::new(program).args(["-p", place, "-e", "stderr", "-c", file]).stdin(Stdio::null()).spawn();
        match spawned {
            Ok(child) => return Some(child),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => panic!("{program}: {error}"),
        }
    }
    assert!(env::var_os("CI").is_none(), "no nginx (Debian package nginx-light)");
    eprintln!("skipped: no nginx");
    None
}

/// The application, and what it logs.
async fn application() -> (SocketAddr, VisitLog, MemorySink) {
    let names: Vec<_> = (0..20).map(|number| format!("_tracker_{number:02}")).collect();
    let policy = Policy::builder().essential(["basket"]).cookies(Category::ANALYTICS, ["_ga"]);
    let policy = policy.cookies(Category::MARKETING, names).build().unwrap();
    let sink = MemorySink::new();
    let log = VisitLog::to(sink.clone()).unwrap();
    let visits = VisitLayer::new(log.clone())
        .with_peer(|parts| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
        .with_proxies(TrustedProxies::new(ProxyHeader::XForwardedFor, ["127.0.0.1/32"]).unwrap());
    let store = MemoryStore::new();
    let app = Router::new()
        .route("/cookies", get(cookies))
        .route("/asks", get(async |decision: Decision| ([(CACHE_CONTROL, "max-age=60")], answer_for(&decision))))
        .route("/same-for-all", get(async || ([(CACHE_CONTROL, "max-age=60")], lines(&["_ga=1"]), "for all")))
        .route("/sets", get(async || ([(CACHE_CONTROL, "public, s-maxage=60")], lines(&["basket=1"]), "basket")))
        .route("/long", get(async || ([("content-security-policy", "x".repeat(6 * 1024))], "long")))
        .nest_service("/privacy", ConsentPages::at("/privacy", store.clone()))
        .layer(ConsentLayer::new(policy).with_records(store).with_visits(visits));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    (address, log, sink)
}

fn lines(lines: &[&'static str]) -> AppendHeaders<Vec<(http::HeaderName, &'static str)>> {
    AppendHeaders(lines.iter().map(|line| (SET_COOKIE, *line)).collect())
}

/// What the handler sees, so many lines of so many bytes.
async fn cookies(headers: HeaderMap) -> impl IntoResponse {
    let lines: Vec<_> = headers.get_all(COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    format!("{} line(s), {} bytes: {}", lines.len(), lines.concat().len(), lines.concat())
}

fn answer_for(decision: &Decision) -> &'static str {
    if decision.allows(Category::ANALYTICS) { "counted" } else { "not counted" }
}

/// Nginx with the example before the application, and a visitor's browser.
struct Site {
    nginx: Nginx,
    http1: Client<HttpConnector, Full<Bytes>>,
    http2: Client<HttpConnector, Full<Bytes>>,
    log: VisitLog,
    sink: MemorySink,
}

impl Site {
    async fn open() -> Option<Self> {
        Self::open_with(|text| text).await
    }

    async fn open_with(change: impl Fn(String) -> String) -> Option<Self> {
        let (address, log, sink) = application().await;
        let nginx = Nginx::start(address, change).await?;
        let client = |http2| {
            let mut connector = HttpConnector::new();
            connector.set_local_address(Some(VISITOR.into()));
            Client::builder(TokioExecutor::new()).http2_only(http2).build(connector)
        };
        Some(Self { nginx, http1: client(false), http2: client(true), log, sink })
    }

    async fn send(&self, http2: bool, request: Builder, body: &'static str) -> Response<String> {
        let client = if http2 { &self.http2 } else { &self.http1 };
        let answer = client.request(request.body(Full::from(body)).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Response<String> {
        let request = Request::get(format!("http://127.0.0.1:{}{path}", self.nginx.http1));
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(false, request, "").await
    }

    /// Agrees to everything, and gives the pair that the browser sends from then on. The browser is an older one, which
    /// says where a form stands by `Origin` alone.
    async fn agrees(&self) -> String {
        let origin = format!("http://127.0.0.1:{}", self.nginx.http1);
        let request = Request::post(format!("{origin}/privacy/choice")).header("origin", origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(false, request, "action=accept-all&revision=1&return=/").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "Host and Origin arrive: {}", answer.body());
        let line = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        line.split(';').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_shared_cache_keeps_what_is_for_all_and_nothing_else() {
    let Some(site) = Site::open().await else { return };
    let consent = site.agrees().await;
    let states = async |path: &str| {
        let mut states = Vec::new();
        for cookie in ["basket=1", &consent, "basket=2", &consent] {
            let answer = site.get(path, &[("cookie", cookie)]).await;
            states.push((answer.headers()["x-cache"].to_str().unwrap().to_owned(), answer.into_body()));
        }
        states
    };
    let pair = |state: &str, body: &str| (state.to_owned(), body.to_owned());
    // One visitor's answer never reaches another, although the application says `max-age`.
    let (no, yes) = (pair("MISS", "not counted"), pair("MISS", "counted"));
    assert_eq!(states("/asks").await, [no.clone(), yes.clone(), no, yes]);
    // Nor does a basket, although it says `public, s-maxage`.
    assert_eq!(states("/sets").await, vec![pair("MISS", "basket"); 4]);
    let answer = site.get("/sets", &[]).await;
    assert_eq!(answer.headers()[CACHE_CONTROL], "private");
}

/// What is stripped of its last cookie may be stored: the layer makes it the same for all. What was left in for somebody who
/// agreed must not be.
#[tokio::test]
async fn an_answer_without_its_cookie_is_stored() {
    let Some(site) = Site::open().await else { return };
    let consent = site.agrees().await;
    let answer = site.get("/same-for-all", &[("cookie", &consent)]).await;
    assert_eq!(
        (answer.headers()["x-cache"].to_str().unwrap(), answer.headers()[SET_COOKIE].to_str().unwrap()),
        ("MISS", "_ga=1")
    );
    let mut states = Vec::new();
    for _ in 0..3 {
        let answer = site.get("/same-for-all", &[]).await;
        assert!(!answer.headers().contains_key(SET_COOKIE));
        states.push(answer.headers()["x-cache"].to_str().unwrap().to_owned());
    }
    assert_eq!(states, ["MISS", "HIT", "HIT"]);
}

#[tokio::test]
async fn crumbs_arrive_as_one_line_and_lose_what_is_refused() {
    let Some(site) = Site::open().await else { return };
    let request = Request::get(format!("http://127.0.0.1:{}/cookies", site.nginx.http2));
    let request = request.header(COOKIE, "basket=1").header(COOKIE, "_ga=GA1.1.1").header(COOKIE, "unknown=1");
    let answer = site.send(true, request, "").await;
    assert_eq!(answer.body(), "1 line(s), 8 bytes: basket=1");
}

#[tokio::test]
async fn only_the_proxy_is_believed() {
    let Some(site) = Site::open().await else { return };
    let consent = site.agrees().await;
    let forged = [("cookie", consent.as_str()), ("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.8")];
    site.get("/cookies", &forged).await;
    // The line is written when the answer's body has ended, which the visitor may see first.
    let start = Instant::now();
    let address = loop {
        site.log.flush();
        let visits = site.sink.visits();
        if let Some(visit) = visits.iter().find(|visit| visit.path() == Some("/cookies")) {
            break visit.address();
        }
        assert!(start.elapsed() < PATIENCE, "no line: {visits:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(address, Some(VISITOR.into()));
}

#[tokio::test]
async fn long_fields_pass_in_both_directions() {
    let Some(site) = Site::open().await else { return };
    // 12 KiB of cookies.
    let basket = format!("basket={}; _ga=1", "7".repeat(12 * 1024));
    let answer = site.get("/cookies", &[("cookie", &basket)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.body().starts_with("1 line(s), 12295 bytes: basket=777"), "{}", answer.body().len());

    // Twenty expired cookies beside a long Content-Security-Policy.
    let trackers: Vec<_> = (0..20).map(|number| format!("_tracker_{number:02}=1")).collect();
    let page = [("cookie", trackers.join("; ")), ("sec-fetch-dest", "document".to_owned())];
    let page: Vec<_> = page.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = site.get("/long", &page).await;
    assert_eq!((answer.status(), answer.headers().get_all(SET_COOKIE).iter().count()), (StatusCode::OK, 20));

    // That is what the two lines of the configuration are for.
    let default = |text: String| text.replace("proxy_buffer_size 16k;", "").replace("proxy_buffers 8 16k;", "");
    let Some(site) = Site::open_with(default).await else { return };
    assert_eq!(site.get("/long", &page).await.status(), StatusCode::BAD_GATEWAY);
}

//! Other people's layers behind ours: their essential cookies survive byte for byte and in order, refused ones go, log-out
//! works, and the wrong layer order is shown with what it costs (R38-R40, R57; presets of design, section 3).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::IntoResponse,
    routing::{get, post},
};
use axum_extra::extract::{
    CookieJar, SignedCookieJar,
    cookie::{Cookie, Key, SameSite},
};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use tower::{Layer, Service};
use tower_consent::{Category, ConsentLayer, Policy, PolicyBuilder, Preset};
use tower_cookies::{CookieManagerLayer, Cookies};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

/// The presets of what these applications use; nothing else is declared but what is refused. Unknown names are stripped.
fn policy() -> PolicyBuilder {
    Policy::builder()
        .preset(Preset::TowerSessions)
        .preset(Preset::AxumCsrf)
        .preset(Preset::AxumFlash)
        .preset(Preset::GoogleAnalytics)
        .preset(Preset::Meta)
}

fn consent() -> ConsentLayer {
    ConsentLayer::new(policy().build().unwrap())
}

/// What happened in one exchange: the answer, and its Set-Cookie lines.
struct Answer {
    status: StatusCode,
    cookies: Vec<String>,
    body: String,
}

/// A browser that stores what it is told to, as far as these tests need one: by name, deletions obeyed.
#[derive(Default)]
struct Browser {
    jar: Vec<(String, String)>,
}

impl Browser {
    fn holds(&self, name: &str) -> bool {
        self.jar.iter().any(|(known, _)| known == name)
    }

    fn with(pairs: &[(&str, &str)]) -> Self {
        Self { jar: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
    }

    async fn go(&mut self, app: &Router, method: &str, path: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        if !self.jar.is_empty() {
            let pairs: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, HeaderValue::try_from(pairs.join("; ")).unwrap());
        }
        let answer = send(app, request).await;
        for line in &answer.cookies {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.jar.retain(|(known, _)| known != name);
            if !line.contains("Max-Age=0") {
                self.jar.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}

async fn send(app: &Router, request: Request) -> Answer {
    let response = app.clone().call(request).await.unwrap();
    let status = response.status();
    let cookies = set_cookies(response.headers());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, cookies, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn set_cookies(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

fn names(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.split('=').next().unwrap()).collect()
}

fn get_request(path: &str) -> Request {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

/// Writes down the Set-Cookie lines that leave what it wraps: what the layers inside wanted to set.
#[derive(Clone, Default)]
struct Probe(Arc<Mutex<Vec<String>>>);

impl Probe {
    fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    async fn watch(self, request: Request, next: axum::middleware::Next) -> Response<Body> {
        let response = next.run(request).await;
        *self.0.lock().unwrap() = set_cookies(response.headers());
        response
    }

    fn layer(&self, app: Router) -> Router {
        let probe = self.clone();
        app.layer(axum::middleware::from_fn(move |request, next| probe.clone().watch(request, next)))
    }
}

/// Holds an application of three or more cookies behind our layer: `kept` of what it sets leaves as it was set.
async fn hold(app: Router, path: &str, kept: &[&str]) {
    let probe = Probe::default();
    let app = probe.layer(app).layer(consent());
    let answer = send(&app, get_request(path)).await;
    let set = probe.taken();
    assert!(set.len() >= 3, "the application must set three cookies: {set:?}");
    let expected: Vec<String> =
        set.into_iter().filter(|line| kept.contains(&line.split('=').next().unwrap())).collect();
    assert_eq!(answer.cookies, expected, "byte for byte and in order");
    assert_eq!(expected.len(), kept.len(), "every cookie to keep was set");
}

fn cookie(name: &'static str, value: &'static str) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").secure(true).same_site(SameSite::Lax).build()
}

/// R39: tower-sessions writes its line last, behind those of the handler.
#[tokio::test]
async fn tower_sessions_with_other_cookies_of_the_handler() {
    async fn handler(session: Session) -> impl IntoResponse {
        session.insert("user", 17).await.unwrap();
        axum::response::AppendHeaders([
            (header::SET_COOKIE, "_ga=GA1.1.2; Path=/; Max-Age=63072000"),
            (header::SET_COOKIE, "Csrf_Token=\"a,b\"; Path=/;HttpOnly"),
            (header::SET_COOKIE, "_fbp=fb.1; Path=/"),
            (header::SET_COOKIE, "axum-flash=%5B%5D; Path=/"),
        ])
    }
    let app = Router::new().route("/", get(handler)).layer(SessionManagerLayer::new(MemoryStore::default()));
    hold(app, "/", &["id", "Csrf_Token", "axum-flash"]).await;
}

/// R39: tower-cookies writes its lines in an order of its own (a hash set): that very order stays.
#[tokio::test]
async fn tower_cookies() {
    async fn handler(cookies: Cookies) {
        for (name, value) in [("Csrf_Token", "t"), ("_ga", "1"), ("axum-flash", "f"), ("_gid", "2"), ("id", "3")] {
            cookies.add(cookie(name, value));
        }
    }
    for _ in 0..20 {
        let app = Router::new().route("/", get(handler)).layer(CookieManagerLayer::new());
        hold(app, "/", &["Csrf_Token", "axum-flash", "id"]).await;
    }
}

/// R39: a plain and a signed jar of axum-extra in one answer.
#[tokio::test]
async fn axum_extra_jars() {
    async fn handler(headers: HeaderMap) -> impl IntoResponse {
        let key = Key::from(&[7; 64]);
        let signed =
            SignedCookieJar::from_headers(&headers, key).add(cookie("id", "signed")).add(cookie("_fbp", "signed"));
        let plain = CookieJar::from_headers(&headers).add(cookie("Csrf_Token", "a")).add(cookie("_ga", "1"));
        (signed, plain)
    }
    hold(Router::new().route("/", get(handler)), "/", &["id", "Csrf_Token"]).await;
}

/// R40: layers that write cookies on every answer, also on those that no handler made.
#[tokio::test]
async fn cookies_on_errors_redirects_and_unknown_routes() {
    async fn add_cookies(request: Request, next: axum::middleware::Next) -> Response<Body> {
        let mut response = next.run(request).await;
        for line in ["_ga=1", "id=1; Path=/", "_gid=2"] {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(line));
        }
        response
    }
    let app = Router::new()
        .route("/error", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/moved", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/")]) }))
        .route("/same", get(|| async { StatusCode::NOT_MODIFIED }))
        .route("/post", post(|| async {}))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(axum::middleware::from_fn(add_cookies))
        .layer(consent());
    for (path, status) in [("/error", 500), ("/moved", 302), ("/same", 304), ("/post", 405), ("/nowhere", 404)] {
        let answer = send(&app, get_request(path)).await;
        assert_eq!((answer.status.as_u16(), answer.cookies), (status, vec!["id=1; Path=/".to_owned()]), "{path}");
    }
}

// A whole application.

/// Log-in on tower-sessions, a CSRF cookie and a flash cookie by tower-cookies, and a tracker that somebody put in.
fn site() -> Router {
    async fn home(session: Session, cookies: Cookies) -> String {
        let user = session.get::<String>("user").await.unwrap().unwrap_or_else(|| "nobody".into());
        let flash = cookies.get("axum-flash").map_or_else(|| "-".into(), |cookie| cookie.value().to_owned());
        if flash != "-" {
            cookies.remove(cookie("axum-flash", ""));
        }
        cookies.add(cookie("Csrf_Token", "token"));
        cookies.add(cookie("_ga", "GA1.1.2"));
        let tracked = cookies.get("_fbp").is_some();
        format!("{user} {flash} tracked={tracked}")
    }
    async fn login(session: Session, cookies: Cookies) -> StatusCode {
        if cookies.get("Csrf_Token").is_none_or(|cookie| cookie.value() != "token") {
            return StatusCode::FORBIDDEN;
        }
        session.insert("user", "ann").await.unwrap();
        cookies.add(cookie("axum-flash", "welcome"));
        cookies.add(cookie("_fbp", "fb.1"));
        StatusCode::OK
    }
    async fn logout(session: Session, cookies: Cookies) {
        session.flush().await.unwrap();
        cookies.remove(cookie("_fbp", ""));
    }
    Router::new()
        .route("/", get(home))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .layer(SessionManagerLayer::new(MemoryStore::default()))
}

/// Presets, *unknown = strip*: the first day eats no session. R57: the deletion at log-out passes.
#[tokio::test]
async fn a_whole_site_works_on_the_first_run() {
    let app = site().layer(consent());
    let mut browser = Browser::with(&[("_fbp", "old")]);

    assert_eq!(browser.go(&app, "POST", "/login").await.status, StatusCode::FORBIDDEN, "no CSRF cookie yet");
    let answer = browser.go(&app, "GET", "/").await;
    assert_eq!((answer.body.as_str(), names(&answer.cookies)), ("nobody - tracked=false", vec!["Csrf_Token"]));

    let answer = browser.go(&app, "POST", "/login").await;
    let mut set = names(&answer.cookies);
    set.sort_unstable();
    assert_eq!((answer.status, set), (StatusCode::OK, vec!["axum-flash", "id"]));

    assert_eq!(browser.go(&app, "GET", "/").await.body, "ann welcome tracked=false");
    assert!(!browser.holds("axum-flash"), "shown once: its deletion passed");
    assert_eq!(browser.go(&app, "GET", "/").await.body, "ann - tracked=false");

    assert!(browser.holds("id"));
    let answer = browser.go(&app, "POST", "/logout").await;
    let line = answer.cookies.iter().find(|line| line.starts_with("id=;")).unwrap();
    assert!(line.contains("Max-Age=0") && line.contains("Path=/"), "{line}");
    assert!(!browser.holds("id"));
    assert_eq!(browser.go(&app, "GET", "/").await.body, "nobody - tracked=false");
}

/// R57: a handler that deletes a refused cookie is let through, and the browser is rid of it.
#[tokio::test]
async fn deletions_of_refused_cookies_pass() {
    async fn handler(jar: CookieJar) -> impl IntoResponse {
        let forget = |name| Cookie::build((name, "")).path("/").build();
        // axum-extra only writes removals of cookies that it was sent; these are lines of the handler's own.
        let mut removals = HeaderMap::new();
        for name in ["_ga", "_fbp", "id"] {
            let mut removal = forget(name);
            removal.make_removal();
            removals.append(header::SET_COOKIE, HeaderValue::try_from(removal.to_string()).unwrap());
        }
        (jar.add(cookie("_gid", "1")), removals)
    }
    let app = Router::new().route("/", get(handler)).layer(consent());
    let mut browser = Browser::with(&[("_ga", "1"), ("_fbp", "1"), ("id", "1")]);
    let answer = browser.go(&app, "GET", "/").await;
    assert_eq!(names(&answer.cookies), ["_ga", "_fbp", "id"]);
    assert!(browser.jar.is_empty());
}

// Layer order.

/// The session layer, inside or outside of ours; its cookie is a category that nobody agreed to, which makes the order
/// visible.
fn order(ours_is_outermost: bool) -> Router {
    async fn handler(session: Session) -> String {
        let visits = session.get::<u32>("visits").await.unwrap().unwrap_or(0) + 1;
        session.insert("visits", visits).await.unwrap();
        format!("visit {visits}")
    }
    let sessions = SessionManagerLayer::new(MemoryStore::default()).with_name("visitor");
    let policy = Policy::builder().cookies(Category::ANALYTICS, ["visitor"]).build().unwrap();
    let consent = ConsentLayer::new(policy);
    let app = Router::new().route("/", get(handler));
    if ours_is_outermost { app.layer(sessions).layer(consent) } else { app.layer(consent).layer(sessions) }
}

/// R40, right: what the session layer writes is seen and dropped, and a session id that the browser still has does not
/// come in.
#[tokio::test]
async fn outermost_covers_the_session_layer() {
    let app = order(true);
    let mut browser = Browser::default();
    for _ in 0..2 {
        let answer = browser.go(&app, "GET", "/").await;
        assert_eq!((answer.body.as_str(), answer.cookies.len()), ("visit 1", 0));
    }
}

/// R40, wrong: the session layer stands outside, so it tracks a visitor who agreed to nothing, from visit to visit.
#[tokio::test]
async fn innermost_misses_what_the_session_layer_does() {
    let app = order(false);
    let mut browser = Browser::default();
    for visit in ["visit 1", "visit 2"] {
        let answer = browser.go(&app, "GET", "/").await;
        assert_eq!(answer.body, visit, "recognised by a refused cookie");
        assert_eq!(names(&answer.cookies), ["visitor"], "a refused cookie left the server");
    }
}

/// R40: the same with plain tower layers and tower-cookies, without axum's router.
#[tokio::test]
async fn order_with_plain_tower() {
    #[derive(Clone)]
    struct Tracker;
    impl Service<http::Request<()>> for Tracker {
        type Response = Response<()>;
        type Error = std::convert::Infallible;
        type Future = std::future::Ready<Result<Response<()>, Self::Error>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: http::Request<()>) -> Self::Future {
            let cookies = request.extensions().get::<Cookies>().unwrap();
            for name in ["_ga", "id", "_fbp"] {
                cookies.add(cookie(name, "1"));
            }
            std::future::ready(Ok(Response::new(())))
        }
    }
    let right = consent().layer(CookieManagerLayer::new().layer(Tracker)).call(http::Request::new(())).await.unwrap();
    assert_eq!(names(&set_cookies(right.headers())), ["id"]);
    let wrong = CookieManagerLayer::new().layer(consent().layer(Tracker)).call(http::Request::new(())).await.unwrap();
    let mut left: Vec<String> = set_cookies(wrong.headers());
    left.sort_unstable();
    assert_eq!(names(&left), ["_fbp", "_ga", "id"], "tower-cookies writes after our layer has looked");
}

/// Without its preset a session cookie is an unknown name, and *strip* eats it: what the presets are for.
#[tokio::test]
async fn without_the_preset_the_session_is_eaten() {
    let app = site().layer(ConsentLayer::new(Policy::builder().preset(Preset::AxumCsrf).build().unwrap()));
    let mut browser = Browser::default();
    browser.go(&app, "GET", "/").await;
    assert_eq!(browser.go(&app, "POST", "/login").await.status, StatusCode::OK);
    assert!(!browser.holds("id"));
    assert_eq!(browser.go(&app, "GET", "/").await.body, "nobody - tracked=false");
}

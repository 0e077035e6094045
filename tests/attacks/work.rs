//! Work, counted in instructions: whatever a request is full of, four times as much of it costs four times as much, and no
//! square. The test runs itself under callgrind, which needs `valgrind` on the path.

use std::{
    collections::BTreeMap,
    env, fs,
    net::Ipv4Addr,
    path::Path,
    process::Command,
    sync::{Arc, Barrier, mpsc},
    thread,
};

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, StatusCode};
use tokio::runtime::{self, Runtime};
use tower::ServiceExt as _;
use tower_consent::{
    Banner, Category, ConsentLayer, ConsentPages, ConsentSource, ContentSecurityPolicy, Decision, HiddenFields,
    MemorySink, MemoryStore, PolicyBuilder, ProxyHeader, Records, Reissue, Session, Tokens, TrustedProxies, VisitLayer,
    VisitLog,
};

use crate::site::{KEY, TOKEN, policy};

const ROLE: &str = "ATTACKS_WORK";
const FEW: usize = 100;
const MANY: usize = 400;
/// Of each shape: three requests, and three times the header map alone.
const COUNTS: usize = 6;

fn stack(policy: PolicyBuilder) -> Router {
    async fn see(decision: Decision, session: Option<Session>) -> String {
        format!("{} {}", decision.allows(Category::ANALYTICS), session.is_some())
    }
    let records = Records::builder(MemoryStore::new()).chain_key(KEY).build();
    let visits = VisitLog::builder(MemorySink::new()).build().unwrap();
    let visits = VisitLayer::new(visits)
        .with_peer(|_| Some(Ipv4Addr::LOCALHOST.into()))
        .with_proxies(TrustedProxies::new(ProxyHeader::XForwardedFor, ["127.0.0.1"]).unwrap());
    let layer = ConsentLayer::new(policy.build().unwrap())
        .with_records(records.clone())
        .with_tokens(Tokens::new(MemoryStore::new()))
        .with_hidden(HiddenFields::new())
        .with_csp(ContentSecurityPolicy::new().scripts())
        .with_visits(visits);
    let pages = ConsentPages::at("/privacy", records).with_body_limit(1 << 22);
    Router::new().route("/", get(see)).nest_service("/privacy", pages).layer(layer)
}

fn beside_a_banner() -> PolicyBuilder {
    let source = ConsentSource::banner(Banner::CookieConsentV3).category(Category::ANALYTICS, ["analytics"]);
    policy().source(source.reissue(Reissue::default())).source(ConsentSource::banner(Banner::Complianz))
}

fn repeat(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn page(name: &str, value: &str) -> Request<Body> {
    Request::get("/").header("sec-fetch-dest", "document").header(name, value).body(Body::empty()).unwrap()
}

fn lines(name: &str, count: usize, value: impl Fn(usize) -> String) -> Request<Body> {
    let mut request = page("accept", "text/html");
    for number in 0..count {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, value(number).parse().unwrap());
    }
    request
}

fn send(path: &str, kind: &str, cookies: &str, body: String) -> Request<Body> {
    let request = Request::post(path).header("content-type", kind).header("sec-fetch-site", "same-origin");
    request.header("cookie", cookies).body(Body::from(body)).unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// What a request is full of, and the request with so much of it.
type Shape = (&'static str, fn(usize) -> Request<Body>);

const SHAPES: [Shape; 22] = [
    ("names that nobody declared", |count| page("cookie", &repeat(count, |number| format!("x{number}=1; ")))),
    ("refused names", |count| page("cookie", &repeat(count, |number| format!("_ga_{number}=1; ")))),
    ("refused names that no line can end", |count| {
        page("cookie", &repeat(count, |number| format!("_ga_({number})=1; ")))
    }),
    ("copies of a refused name", |count| page("cookie", &repeat(count, |_| "_ga=1; ".to_owned()))),
    ("disguised names", |count| page("cookie", &repeat(count, |number| format!("%5Fga_{number}=1; ")))),
    ("consent cookies", |count| page("cookie", &repeat(count, |number| format!("__Host-consent=1:{number}; ")))),
    ("token cookies", |count| page("cookie", &repeat(count, |number| format!("{TOKEN}={number}; ")))),
    ("quotes and blanks", |count| page("cookie", &"\" \t;=".repeat(count))),
    ("crumbs", |count| lines("cookie", count, |number| format!("x{number}=1"))),
    ("crumbs with refused names", |count| lines("cookie", count, |number| format!("_ga_{number}=1"))),
    ("names beside a banner's, at a choice", |count| {
        send("/privacy/choice", FORM, &repeat(count, |number| format!("x{number}=1; ")), "action=reject-all".to_owned())
    }),
    ("a banner's own names, at a choice", |count| {
        send(
            "/privacy/choice",
            FORM,
            &repeat(count, |number| format!("cmplz_({number})=1; ")),
            "action=reject-all".to_owned(),
        )
    }),
    ("copies of a banner's cookie", |count| page("cookie", &"cc_cookie=x; ".repeat(count))),
    ("switches of a form", |count| {
        send("/privacy/choice", FORM, "", format!("action=save&revision=3{}", "&category=analytics".repeat(count)))
    }),
    ("fields of a form", |count| {
        send(
            "/privacy/choice",
            FORM,
            "",
            format!("action=accept-all&revision=3{}", repeat(count, |number| format!("&x{number}=%41"))),
        )
    }),
    ("names of a program", |count| {
        let names = vec!["\"analytics\""; count].join(",");
        send("/privacy/api/choice", JSON, "", format!("{{\"revision\":3,\"grant\":[{names}]}}"))
    }),
    ("fields of a program", |count| {
        send(
            "/privacy/api/choice",
            JSON,
            "",
            format!("{{\"revision\":3{}}}", repeat(count, |number| format!(",\"x{number}\":1"))),
        )
    }),
    ("escapes of escapes in a way back", |count| {
        send("/privacy/choice", FORM, "", format!("action=reject-all&return=/%25{}", "25".repeat(count)))
    }),
    ("languages", |count| page("accept-language", &repeat(count, |number| format!("x{number};q=0.1,")))),
    ("proxies", |count| page("x-forwarded-for", &"127.0.0.1,".repeat(count))),
    ("signals", |count| lines("sec-gpc", count, |_| "0".to_owned())),
    ("a long referrer", |count| page("referer", &format!("https://a.example/{}", "?x=%41&/../".repeat(count)))),
];

/// One request, from the outermost layer to the answer. Callgrind counts what happens in here, by this name.
#[inline(never)]
fn counted_request(runtime: &Runtime, app: Router, request: Request<Body>) -> Response<Body> {
    runtime.block_on(app.oneshot(request)).unwrap()
}

/// What the header map itself takes to lose the lines: a debug build of it looks at all others for each of them, which is
/// none of our work.
#[inline(never)]
fn counted_removal(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().remove(http::header::COOKIE);
    request
}

/// Under callgrind: three requests of each shape, each on a thread of its own, because callgrind counts by thread. They stay
/// until the end, so that no thread gets the number of another.
fn run() {
    let app = stack(beside_a_banner());
    let end = Arc::new(Barrier::new(COUNTS * SHAPES.len() + 1));
    let (tell, told) = mpsc::channel();
    let counts = [1, FEW, MANY].into_iter().flat_map(|count| [(count, false), (count, true)]);
    let requests = SHAPES.into_iter().flat_map(|shape| counts.clone().map(move |count| (shape, count)));
    let threads: Vec<_> = requests
        .map(|((name, shape), (count, is_removal))| {
            let (app, end, tell) = (app.clone(), Arc::clone(&end), tell.clone());
            let thread = thread::spawn(move || {
                if is_removal {
                    drop(counted_removal(shape(count)));
                    tell.send(()).unwrap();
                    end.wait();
                    return;
                }
                let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
                // What happens once in a thread happens before.
                let answer = runtime.block_on(app.clone().oneshot(shape(1))).unwrap();
                assert_ne!(answer.status(), StatusCode::NOT_FOUND, "{name}");
                assert!(answer.status().as_u16() < 500, "{name}: {}", answer.status());
                drop(counted_request(&runtime, app, shape(count)));
                tell.send(()).unwrap();
                end.wait();
            });
            told.recv().unwrap();
            thread
        })
        .collect();
    end.wait();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn work_grows_with_the_request_and_not_with_its_square() {
    if env::var_os(ROLE).is_some() {
        run();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let name = "work::work_grows_with_the_request_and_not_with_its_square";
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--toggle-collect=*work*counted_*", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--test-threads=1"])
        .env(ROLE, "1");
    let output = match valgrind.output() {
        Ok(output) => output,
        Err(error) => {
            assert!(env::var_os("CI").is_none(), "valgrind: {error}");
            eprintln!("skipped: valgrind: {error}");
            return;
        }
    };
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let counts = instructions(directory.path());
    assert_eq!(counts.len(), COUNTS * SHAPES.len(), "{counts:?}");
    let mut wrong = Vec::new();
    for ((name, _), counts) in SHAPES.iter().zip(counts.chunks(COUNTS)) {
        let net: Vec<u64> = counts.chunks(2).map(|both| both[0].checked_sub(both[1]).unwrap()).collect();
        let [one, few, many] = net[..] else { panic!("three counts") };
        println!("{name}: {one} {few} {many}");
        assert!(one > 10_000, "{name}: the count counts");
        // Sixteen times as much would be a square; what does not hang on the request at all is less than nothing.
        let (few, many) = (few.saturating_sub(one), many.saturating_sub(one));
        if many > 5 * few + 100_000 {
            wrong.push(format!("{name}: {few} instructions for {FEW}, {many} for {MANY}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What each thread counted, in the order in which they began; without those that counted nothing.
fn instructions(directory: &Path) -> Vec<u64> {
    let mut counts = BTreeMap::new();
    for file in fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let number: Option<u32> = path.file_name().and_then(|name| name.to_str()?.strip_prefix("out-")?.parse().ok());
        let text = fs::read_to_string(&path).unwrap();
        let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.split(' ').next()?.parse::<u64>().ok());
        if let (Some(number), Some(total)) = (number, total.filter(|total| *total > 0)) {
            counts.insert(number, total);
        }
    }
    counts.into_values().collect()
}

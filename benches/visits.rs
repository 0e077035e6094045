//! What the visit log costs a request: `cargo bench --bench visits`.
//!
//! Each row is one request of a usual browser through the consent layer, its answer's body read to the end: without the
//! log, and with it for who may not be tracked, for who may, and for who may with what is written made less. Times are
//! medians of interleaved rounds, of the request's own thread, while another writes the lines into a file; no line is
//! dropped. Allocations are exact, and instructions are callgrind's, of the request's own thread (the program runs itself
//! under valgrind, if that is there).
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::{
    convert::Infallible,
    env, hint,
    net::{IpAddr, Ipv4Addr},
    pin::pin,
    process::Command,
    task::{Context, Poll, Waker},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Body;
use tower::{Layer, Service};
use tower_consent::{
    AddressDetail, AgentDetail, Category, ConsentLayer, JsonLinesSink, ManualClock, Policy, PolicyBuilder, ProxyHeader,
    ReferrerDetail, TrustedProxies, VisitDetail, VisitLayer, VisitLog, VisitRules, VisitSink,
};

const ROUNDS: usize = 41;
const REQUESTS: u32 = 2_000;
/// The promise, in microseconds.
const MOST: f64 = 3.0;

/// Takes lines and forgets them: callgrind counts only the request's own thread, but its clock is shared.
struct Nowhere;

impl VisitSink for Nowhere {
    fn write(&mut self, visit: &tower_consent::Visit) -> std::io::Result<()> {
        hint::black_box(visit);
        Ok(())
    }
}

fn policy() -> PolicyBuilder {
    Policy::builder()
        .essential(["session", "csrf", "cart"])
        .cookies(Category::FUNCTIONAL, ["theme", "lang"])
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
}

struct Row {
    name: &'static str,
    consent: &'static str,
    serve: Box<dyn FnMut(Request<()>)>,
    log: Option<VisitLog>,
}

/// Sends a request through, and reads the answer.
fn through<S, C>(mut service: S) -> Box<dyn FnMut(Request<()>)>
where
    S: Service<Request<()>, Response = Response<C>, Error = Infallible> + 'static,
    C: Body,
{
    Box::new(move |request| {
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(answer)) = pin!(service.call(request)).poll(&mut context) else { return };
        let mut body = pin!(answer.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
            hint::black_box(frame.is_ok());
        }
    })
}

fn rows(sink: impl Fn() -> Box<dyn FnOnce() -> VisitLog>) -> Vec<Row> {
    const GRANT: &str = "+functional+analytics+marketing";
    const REFUSAL: &str = "!functional!analytics!marketing";
    let handler = || {
        tower::service_fn(|request: Request<()>| {
            hint::black_box(request.headers().len());
            std::future::ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("a page"))))
        })
    };
    let layer =
        |policy: PolicyBuilder| ConsentLayer::new(policy.build().unwrap()).with_clock(ManualClock::at(1_795_344_009));
    let less = VisitDetail::new()
        .address(AddressDetail::Truncated)
        .user_agent(AgentDetail::Family)
        .referrer(ReferrerDetail::Origin);
    let with = |policy: PolicyBuilder, proxies: bool| {
        let log = sink()();
        let mut visits = VisitLayer::new(log.clone()).with_peer(|_| Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))));
        if proxies {
            visits = visits.with_proxies(TrustedProxies::new(ProxyHeader::Forwarded, ["10.0.0.0/8"]).unwrap());
        }
        (through(layer(policy).with_visits(visits).layer(handler())), Some(log))
    };
    let mut rows = Vec::new();
    let mut add = |name, consent, (serve, log)| rows.push(Row { name, consent, serve, log });
    add("without the log, refused", REFUSAL, (through(layer(policy()).layer(handler())), None));
    add("without the log, granted", GRANT, (through(layer(policy()).layer(handler())), None));
    add("refused", REFUSAL, with(policy(), false));
    add("granted", GRANT, with(policy(), false));
    add("granted, behind a proxy", GRANT, with(policy(), true));
    let rules = VisitRules::of(Category::ANALYTICS).tracked(less);
    add("granted, all made less, behind a proxy", GRANT, with(policy().visits(rules), true));
    rows
}

/// As a server makes it: all values are parts of one buffer.
fn request(consent: &str) -> Request<()> {
    let cookie = format!("session=3f9c1a7be0; csrf=9b1d; __Host-consent=1:1:2026-11-22{consent}");
    let fields = [
        ("host", "www.example.com"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("accept-language", "en-GB,en;q=0.5"),
        ("referer", "https://search.example/found/here?q=cookies"),
        ("forwarded", "for=198.51.100.7;proto=https;by=203.0.113.43"),
        ("cookie", &cookie),
    ];
    let mut buffer = Bytes::from(fields.map(|(_, value)| value).concat());
    let mut request = Request::builder().uri("/articles/2026/11/on-cookies?utm_source=letter");
    for (name, value) in fields {
        request = request.header(name, HeaderValue::from_maybe_shared(buffer.split_to(value.len())).unwrap());
    }
    request.body(()).unwrap()
}

/// Requests that are made beforehand, and are not counted.
fn requests(row: &Row, count: u32) -> Vec<Request<()>> {
    (0..count).map(|_| request(row.consent)).collect()
}

fn main() {
    let args: Vec<_> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let nowhere = || -> Box<dyn FnOnce() -> VisitLog> { Box::new(|| VisitLog::to(Nowhere).unwrap()) };
    if let [flag, times, index] = args.as_slice()
        && flag == "--requests"
    {
        let mut rows = rows(nowhere);
        let row = rows.get_mut(index.parse::<usize>().unwrap()).unwrap();
        for request in requests(row, times.parse().unwrap()) {
            (row.serve)(request);
        }
        return;
    }
    // A test run has nothing to say.
    if !env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let numbers = std::cell::Cell::new(0);
    let mut rows = rows(|| {
        numbers.set(numbers.get() + 1);
        let folder = folder.path().join(numbers.get().to_string());
        Box::new(move || VisitLog::to(JsonLinesSink::open(folder).unwrap()).unwrap())
    });
    let mut times = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for (row, times) in rows.iter_mut().zip(&mut times) {
            let requests = requests(row, REQUESTS);
            let (start, on_processor) = (Instant::now(), on_processor());
            requests.into_iter().for_each(&mut row.serve);
            // Where the system tells it, without the time in which other programs ran.
            let spent = on_processor.zip(self::on_processor()).map(|(before, after)| (after - before) / 1e3);
            let spent = spent.unwrap_or_else(|| start.elapsed().as_secs_f64() * 1e6);
            times.push(spent / f64::from(REQUESTS));
            if let Some(log) = &row.log {
                log.flush();
                assert_eq!((log.dropped(), log.failed()), (0, 0), "the round is no round");
            }
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let medians: Vec<_> = times.iter_mut().map(median).collect();
    let base = |row: &Row| usize::from(row.consent.starts_with('+'));
    println!("| request | microseconds | by the log | allocations by the log | instructions by the log |");
    println!("|---|--:|--:|--:|--:|");
    let allocations: Vec<_> = rows.iter_mut().map(allocations).collect();
    let mut worst: f64 = 0.0;
    for (index, row) in rows.iter().enumerate() {
        let of = |figures: &[f64]| figures.get(index).zip(figures.get(base(row))).map_or(0.0, |(own, base)| own - base);
        let own = instructions(index).zip(instructions(base(row)));
        let own = own.map_or_else(|| "-".to_owned(), |(own, base)| format!("{:.0}", own - base));
        let (time, by_log) = (medians.get(index).copied().unwrap_or_default(), of(&medians));
        println!("| {} | {time:.2} | {by_log:.2} | {:.0} | {own} |", row.name, of(&allocations));
        worst = worst.max(by_log);
    }
    println!("\nThe most is {worst:.2} microseconds a request; promised are {MOST:.0}.");
    assert!(worst <= MOST, "slower than promised");
}

/// Nanoseconds for which this thread had a processor.
fn on_processor() -> Option<f64> {
    // They are added up when the thread gives its processor back.
    std::thread::sleep(std::time::Duration::from_micros(1));
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn allocations(row: &mut Row) -> f64 {
    let requests = requests(row, 100);
    let mut requests = Some(requests);
    let count = allocation_counter::measure(|| {
        requests.take().into_iter().flatten().for_each(&mut row.serve);
    });
    count.count_total as f64 / 100.0
}

/// Instructions of a request, of the thread that serves it: of so many more requests, what the process runs more.
fn instructions(index: usize) -> Option<f64> {
    let count = |times: u32| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*through*closure*"]);
        valgrind.arg(env::current_exe().ok()?);
        let output = valgrind.args(["--requests", &times.to_string(), &index.to_string()]).output().ok()?;
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        report.lines().find_map(|line| line.split_once("Collected : "))?.1.trim().parse::<f64>().ok()
    };
    Some((count(400)? - count(200)?) / 200.0)
}

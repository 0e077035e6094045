//! The log never holds a request up, and loses nothing in silence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service};
use tower_consent::{
    Category, ConsentLayer, ManualClock, MemorySink, TimeDetail, Visit, VisitDetail, VisitLayer, VisitLog, VisitRules,
    VisitSink,
};

use crate::site::{GRANT, REFUSAL, START, policy};

/// Sends a request with a grant through the layers, and lets the answer go.
pub(crate) fn visit(log: &VisitLog, path: &str) {
    let clock = ManualClock::at(START);
    let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(clock).with_visits(log.clone());
    drop(answer(&layer, path));
}

/// The answer to a request with a grant, under way.
pub(crate) fn answer<L, C>(layer: &L, path: &str) -> Response<C>
where
    L: Layer<tower::util::BoxCloneService<Request<()>, Response<Full<Bytes>>, Infallible>>,
    L::Service: Service<Request<()>, Response = Response<C>, Error = Infallible>,
{
    answer_to(layer, path, GRANT)
}

fn answer_to<L, C>(layer: &L, path: &str, field: (&str, &str)) -> Response<C>
where
    L: Layer<tower::util::BoxCloneService<Request<()>, Response<Full<Bytes>>, Infallible>>,
    L::Service: Service<Request<()>, Response = Response<C>, Error = Infallible>,
{
    let mut service = layer.layer(tower::util::BoxCloneService::new(tower::service_fn(|_| async {
        Ok(Response::new(Full::from("a page")))
    })));
    let request = Request::builder().uri(path).header(field.0, field.1).body(()).unwrap();
    let future = std::pin::pin!(service.call(request));
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(answer)) => answer,
        Poll::Pending => panic!("the request waits"),
    }
}

/// Tells when it is called, and waits to be let on.
struct Slow {
    entered: Sender<()>,
    may_go_on: Receiver<()>,
    sink: MemorySink,
}

impl VisitSink for Slow {
    fn write(&mut self, visit: &Visit) -> io::Result<()> {
        self.entered.send(()).unwrap();
        self.may_go_on.recv().ok();
        self.sink.write(visit)
    }
}

#[test]
fn a_slow_sink_costs_lines_and_no_request() {
    let ((entered, is_in), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
    let sink = MemorySink::new();
    let log = VisitLog::builder(Slow { entered, may_go_on, sink: sink.clone() }).capacity(4).build().unwrap();
    visit(&log, "/0");
    is_in.recv().unwrap();
    for number in 1..=20 {
        visit(&log, &format!("/{number}"));
    }
    assert_eq!(log.dropped(), 16, "one is being written, four wait");
    drop(go_on);
    log.flush();
    let paths = paths(&sink);
    assert_eq!((paths, log.dropped(), log.failed()), (["/0", "/1", "/2", "/3", "/4"].map(str::to_owned).into(), 16, 0));
}

fn paths(sink: &MemorySink) -> Vec<String> {
    sink.visits().iter().map(|visit| visit.path().unwrap().to_owned()).collect()
}

fn until_written(sink: &MemorySink, count: usize) {
    let start = Instant::now();
    while paths(sink).len() < count {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", paths(sink));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A line without seconds between two lines with seconds would have them all the same.
#[test]
fn the_place_of_a_line_tells_no_more_than_its_minute() {
    let (sink, clock) = (MemorySink::new(), ManualClock::at(START));
    let log = VisitLog::builder(sink.clone()).clock(clock.clone()).build().unwrap();
    let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(clock.clone()).with_visits(log.clone());
    let written = || paths(&sink);
    let until = |count| until_written(&sink, count);
    for (path, field) in [("/b", REFUSAL), ("/1", GRANT), ("/c", REFUSAL), ("/a", REFUSAL), ("/2", GRANT)] {
        drop(answer_to(&layer, path, field));
    }
    until(2);
    assert_eq!(written(), ["/1", "/2"], "the others wait for the end of their minute");
    clock.set(START - START % 60 + 59);
    drop(answer_to(&layer, "/3", GRANT));
    until(3);
    assert_eq!(written(), ["/1", "/2", "/3"]);
    clock.advance(1);
    drop(answer_to(&layer, "/4", GRANT));
    until(7);
    assert_eq!(written(), ["/1", "/2", "/3", "/a", "/b", "/c", "/4"]);

    // The minute ends while nobody comes.
    clock.advance(59);
    drop(answer_to(&layer, "/d", REFUSAL));
    drop(answer_to(&layer, "/5", GRANT));
    until(8);
    assert_eq!(written()[7..], ["/5"]);
    clock.advance(1);
    until(9);
    assert_eq!(written()[8..], ["/d"]);

    // Or the log ends before it.
    drop(answer_to(&layer, "/e", REFUSAL));
    drop(layer);
    drop(log);
    assert_eq!(written()[9..], ["/e"]);
}

/// Where the policy lets them say the hour alone, they wait for its end.
#[test]
fn the_place_of_a_line_tells_no_more_than_the_policy_lets_it_say() {
    let (sink, clock) = (MemorySink::new(), ManualClock::at(START - START.rem_euclid(3_600)));
    let log = VisitLog::builder(sink.clone()).clock(clock.clone()).build().unwrap();
    let rules = VisitRules::of(Category::ANALYTICS).untracked(VisitDetail::new().time(TimeDetail::Hour));
    let layer = ConsentLayer::new(policy().visits(rules).build().unwrap());
    let layer = layer.with_clock(clock.clone()).with_visits(log.clone());
    let written = || paths(&sink);
    let until = |count| until_written(&sink, count);
    for (seconds, path) in [(0, "/c"), (1_200, "/b"), (2_399, "/a")] {
        clock.set(START - START.rem_euclid(3_600) + seconds);
        drop(answer_to(&layer, path, REFUSAL));
        drop(answer_to(&layer, "/seen", GRANT));
    }
    until(3);
    clock.advance(1_200);
    drop(answer_to(&layer, "/seen", GRANT));
    until(4);
    assert_eq!(written(), ["/seen"; 4], "three minutes of the hour are over, and the hour is not");
    clock.advance(1);
    until(7);
    assert_eq!(written()[4..], ["/a", "/b", "/c"]);
}

/// A clock that is set back does not hold them until it has caught up.
#[test]
fn a_clock_that_is_set_back_holds_no_line() {
    let (sink, clock) = (MemorySink::new(), ManualClock::at(START));
    let log = VisitLog::builder(sink.clone()).clock(clock.clone()).build().unwrap();
    let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(clock.clone()).with_visits(log.clone());
    let until = |path: &str| {
        let start = Instant::now();
        while sink.visits().iter().all(|visit| visit.path() != Some(path)) {
            assert!(start.elapsed() < Duration::from_secs(20), "{path}: {:?}", sink.visits());
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    drop(answer_to(&layer, "/held", REFUSAL));
    drop(answer_to(&layer, "/1", GRANT));
    until("/1");
    clock.advance(-3_600);
    drop(answer_to(&layer, "/2", GRANT));
    until("/2");
    until("/held");
}

/// A log that looks all the time still writes, and ends.
#[test]
fn an_interval_of_nothing_leaves_time_to_write() {
    let sink = MemorySink::new();
    let log = VisitLog::builder(sink.clone()).purge_every(Duration::ZERO).build().unwrap();
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        visit(&log, "/");
        log.flush();
        drop(log);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(sink.visits().len(), 1);
}

/// Remembers its calls.
struct Watched(Arc<Mutex<Vec<&'static str>>>);

impl VisitSink for Watched {
    fn write(&mut self, _: &Visit) -> io::Result<()> {
        self.0.lock().unwrap().push("write");
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().push("flush");
        Ok(())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.lock().unwrap().push("gone");
    }
}

/// The end of the last handle is the end of the thread, after everything is written.
#[test]
fn what_is_queued_is_written_before_the_log_ends() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = VisitLog::to(Watched(Arc::clone(&calls))).unwrap();
    let layer = ConsentLayer::new(policy().build().unwrap()).with_visits(log.clone());
    let under_way = answer(&layer, "/");
    for _ in 0..100 {
        visit(&log, "/");
    }
    drop(log);
    drop(layer);
    assert!(!calls.lock().unwrap().contains(&"gone"), "an answer is under way");
    drop(under_way);
    let calls = calls.lock().unwrap();
    assert_eq!(calls.iter().filter(|call| **call == "write").count(), 101);
    assert_eq!(calls[calls.len() - 2..], ["flush", "gone"]);
}

/// Fails when it is told to: at the line, or later.
struct Failing {
    at_line: Arc<AtomicBool>,
    later: Arc<AtomicBool>,
}

impl VisitSink for Failing {
    fn write(&mut self, _: &Visit) -> io::Result<()> {
        if self.at_line.load(Ordering::SeqCst) { Err(io::Error::other("full")) } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.later.load(Ordering::SeqCst) { Err(io::Error::other("full")) } else { Ok(()) }
    }
}

#[test]
fn a_sink_that_fails_is_counted_and_tried_again() {
    let (at_line, later) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let healthy = MemorySink::new();
    let failing = Failing { at_line: Arc::clone(&at_line), later: Arc::clone(&later) };
    let log = VisitLog::builder(failing).add_sink(healthy.clone()).build().unwrap();
    let mut failed = Vec::new();
    for (now, then) in [(false, false), (true, false), (false, true), (false, false)] {
        at_line.store(now, Ordering::SeqCst);
        later.store(then, Ordering::SeqCst);
        for _ in 0..3 {
            visit(&log, "/");
        }
        log.flush();
        failed.push(log.failed());
    }
    assert_eq!((failed, healthy.visits().len(), log.dropped()), (vec![0, 3, 6, 6], 12, 0));
}

struct Panicking;

impl VisitSink for Panicking {
    fn write(&mut self, _: &Visit) -> io::Result<()> {
        panic!("a sink's own")
    }
}

/// A sink that panics ends the log and nothing else: what comes after it counts as dropped.
#[test]
fn a_sink_that_panics_harms_no_request() {
    let log = VisitLog::to(Panicking).unwrap();
    visit(&log, "/");
    log.flush();
    visit(&log, "/");
    assert_eq!(log.dropped(), 1);
    log.flush();
}

#[test]
fn layers_can_be_printed_and_shared() {
    fn check<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let log = VisitLog::to(MemorySink::new()).unwrap();
    check(&log);
    check(&VisitLayer::new(log));
}

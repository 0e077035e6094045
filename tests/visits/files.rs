//! Files of lines: their names, who may read them, and when they go.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tower_consent::{
    ConsentLayer, JsonLinesSink, Lifetime, ManualClock, PolicyHandle, Retention, Revision, Visit, VisitLayer, VisitLog,
    VisitLogBuilder, VisitSink,
};

use crate::{
    queue::{answer, visit},
    site::{START, policy},
};

const DAY: i64 = 86_400;

/// A folder that does not exist yet.
struct Folder {
    outside: tempfile::TempDir,
    path: PathBuf,
    clock: ManualClock,
}

impl Folder {
    fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("var/log");
        Self { outside, path, clock: ManualClock::at(START) }
    }

    fn sink(&self) -> JsonLinesSink {
        JsonLinesSink::open(&self.path).unwrap()
    }

    fn builder(&self, sink: JsonLinesSink) -> VisitLogBuilder {
        VisitLog::builder(sink).clock(self.clock.clone())
    }

    fn log(&self) -> VisitLog {
        self.builder(self.sink()).build().unwrap()
    }

    /// The names of the files.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The paths in the lines of a file.
    fn paths(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path.join(name)).unwrap();
        assert!(text.ends_with('\n'), "{text:?}");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line["path"].as_str().unwrap().to_owned()).collect()
    }

    fn put(&self, name: &str, text: &str) {
        fs::create_dir_all(&self.path).unwrap();
        fs::write(self.path.join(name), text).unwrap();
    }

    /// Waits for what another thread does by itself.
    fn until(&self, names: &[&str]) {
        let start = Instant::now();
        while self.names() != names {
            assert!(start.elapsed() < Duration::from_secs(60), "{:?} instead of {names:?}", self.names());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn a_file_is_of_a_day() {
    let folder = Folder::new();
    let log = folder.log();
    for (path, seconds) in [("/a", 0), ("/b", DAY - 38_410), ("/c", 1), ("/d", 2 * DAY), ("/e", -2 * DAY)] {
        folder.clock.advance(seconds);
        visit(&log, path);
    }
    log.flush();
    assert_eq!(folder.names(), ["visits-2026-11-22.jsonl", "visits-2026-11-23.jsonl", "visits-2026-11-25.jsonl"]);
    let paths = folder.names().iter().map(|name| folder.paths(name)).collect::<Vec<_>>();
    assert_eq!(paths, [vec!["/a", "/b"], vec!["/c", "/e"], vec!["/d"]]);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    visit(&folder.log(), "/");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path.join("visits-2026-11-22.jsonl")), 0o600);
    assert_eq!((mode(&folder.path), mode(&folder.outside.path().join("var"))), (0o700, 0o700));
}

#[test]
fn a_file_that_grows_too_large_is_followed_by_another() {
    let folder = Folder::new();
    let expected: Vec<_> = (0..40).map(|number| format!("/page-{number}")).collect();
    // Some at once, some after a restart, some a line at a time.
    for (round, paths) in expected.chunks(10).enumerate() {
        let log = folder.builder(folder.sink().with_max_size(500)).build().unwrap();
        for path in paths {
            visit(&log, path);
            if round == 2 {
                log.flush();
            }
        }
    }
    let mut names = folder.names();
    assert!(names.len() >= 8, "{names:?}");
    let part = |name: &String| {
        let part = name.strip_prefix("visits-2026-11-22.").unwrap().strip_suffix("jsonl").unwrap();
        part.strip_suffix('.').map_or(0, |part| part.parse::<u32>().unwrap())
    };
    names.sort_by_key(part);
    assert_eq!(names.iter().map(part).collect::<Vec<_>>(), (0..names.len() as u32).collect::<Vec<_>>());
    assert_eq!(names.iter().flat_map(|name| folder.paths(name)).collect::<Vec<_>>(), expected);
    for name in &names {
        assert!(fs::metadata(folder.path.join(name)).unwrap().len() < 800, "{name}");
    }
}

/// What a crash left behind spoils no other line.
#[test]
fn a_half_line_is_ended() {
    let folder = Folder::new();
    let (name, half) = ("visits-2026-11-22.jsonl", "{\"time\":\"2026-11-22T1");
    folder.put(name, half);
    visit(&folder.log(), "/a");
    visit(&folder.log(), "/b");
    let text = fs::read_to_string(folder.path.join(name)).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, half));
    for (line, path) in lines[1..].iter().zip(["/a", "/b"]) {
        assert_eq!(serde_json::from_str::<Value>(line).unwrap()["path"], path);
    }
}

/// The default of a policy: 30 days, of which today is one.
#[test]
fn old_files_go_also_while_nobody_visits() {
    let folder = Folder::new();
    let foreign = [
        "visits-2020-01-01.jsonl.gz",
        "visits-2020-01-01.json",
        "visits-2020-1-1.jsonl",
        "visits-2020-13-01.jsonl",
        "visits-2020-02-30.jsonl",
        "visits-2020-01-01.0.jsonl",
        "visits-2020-01-01.01.jsonl",
        "visits-2020-01-01.-1.jsonl",
        "visits-2020-01-01.x.jsonl",
        "visits-02020-01-01.jsonl",
        "visits-+2020-01-01.jsonl",
        "my-visits-2020-01-01.jsonl",
        "Visits-2020-01-01.jsonl",
        "other.log",
    ];
    let kept =
        ["visits-2026-10-24.jsonl", "visits-2026-11-22.jsonl", "visits-2026-11-22.3.jsonl", "visits-2026-12-24.jsonl"];
    let over =
        ["visits-2026-10-23.jsonl", "visits-2026-10-23.17.jsonl", "visits-2020-01-01.jsonl", "visits-0001-01-01.jsonl"];
    for name in foreign.iter().chain(&kept).chain(&over) {
        folder.put(name, "");
    }
    // What only looks like a file of ours.
    fs::create_dir(folder.path.join("visits-2020-01-02.jsonl")).unwrap();
    let mut expected: Vec<&str> = foreign.iter().chain(&kept).copied().chain(["visits-2020-01-02.jsonl"]).collect();
    #[cfg(unix)]
    {
        let target = folder.outside.path().join("precious");
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, folder.path.join("visits-2020-01-03.jsonl")).unwrap();
        expected.push("visits-2020-01-03.jsonl");
    }
    expected.sort_unstable();

    let log = folder.builder(folder.sink()).purge_every(Duration::from_millis(1)).build().unwrap();
    let before = folder.names();
    log.flush();
    assert_eq!(folder.names(), before, "before a layer is in use nobody knows how long to keep");
    let layer = ConsentLayer::new(policy().build().unwrap()).with_visits(log.clone());
    let _service = tower::Layer::layer(&layer, tower::service_fn(|_: http::Request<()>| async { nobody() }));
    folder.until(&expected);

    // The next day begins.
    folder.clock.advance(DAY);
    expected.retain(|name| *name != "visits-2026-10-24.jsonl");
    folder.until(&expected);
    folder.clock.advance(28 * DAY);
    assert_eq!(folder.names(), expected, "a day's lines stand until the 30 days are over");
    folder.clock.advance(DAY);
    expected.retain(|name| !name.starts_with("visits-2026-11-22"));
    folder.until(&expected);
}

fn nobody() -> Result<http::Response<http_body_util::Full<bytes::Bytes>>, io::Error> {
    Err(io::Error::other("nobody comes"))
}

/// A process that is restarted often, and one whose interval is long, delete at once.
#[test]
fn what_is_over_goes_when_the_server_starts() {
    let folder = Folder::new();
    folder.put("visits-2020-01-01.jsonl", "");
    let log = folder.log();
    let layer = ConsentLayer::new(policy().build().unwrap()).with_visits(log);
    let _service = tower::Layer::layer(&layer, tower::service_fn(|_: http::Request<()>| async { nobody() }));
    folder.until(&[]);
}

/// How long is the policy's to say, also of one that is published while the server runs.
#[test]
fn the_policy_says_how_long() {
    let keeping = |lifetime, number| {
        let policy = policy().retention(Retention::default().with_visit_log(lifetime));
        policy.revision(Revision::new(number)).build().unwrap()
    };
    let names =
        ["visits-2026-08-22.jsonl", "visits-2026-08-23.jsonl", "visits-2026-11-15.jsonl", "visits-2026-11-16.jsonl"];
    let folder = Folder::new();
    names.iter().for_each(|name| folder.put(name, ""));
    let log = folder.log();
    let handle = PolicyHandle::new(keeping(Lifetime::months(3), 1));
    let layer = ConsentLayer::new(handle.clone()).with_clock(folder.clock.clone()).with_visits(log.clone());
    drop(answer(&layer, "/"));
    log.flush();
    assert_eq!(folder.names()[..], [&names[1..], &["visits-2026-11-22.jsonl"]].concat());
    handle.publish(keeping(Lifetime::days(7), 2)).unwrap();
    log.flush();
    assert_eq!(folder.names(), ["visits-2026-11-16.jsonl", "visits-2026-11-22.jsonl"]);

    // An operator can keep less, and a second policy counts too.
    let folder = Folder::new();
    names.iter().for_each(|name| folder.put(name, ""));
    let log = folder.builder(folder.sink()).keep_at_most(Lifetime::months(3)).build().unwrap();
    let layer = ConsentLayer::new(keeping(Lifetime::months(24), 1)).with_visits(log.clone());
    drop(answer(&layer, "/"));
    log.flush();
    assert_eq!(folder.names()[..], [&names[1..], &["visits-2026-11-22.jsonl"]].concat());
    let layer = ConsentLayer::new(keeping(Lifetime::days(7), 1)).with_visits(log.clone());
    drop(answer(&layer, "/"));
    log.flush();
    assert_eq!(folder.names(), ["visits-2026-11-16.jsonl", "visits-2026-11-22.jsonl"]);
}

/// A layer that was put inside of a consent layer by hand learns it from the decisions.
#[test]
fn the_policy_says_how_long_to_a_layer_that_stands_alone() {
    let folder = Folder::new();
    ["visits-2026-11-15.jsonl", "visits-2026-11-16.jsonl"].iter().for_each(|name| folder.put(name, ""));
    let log = folder.log();
    let policy = policy().retention(Retention::default().with_visit_log(Lifetime::days(7))).build().unwrap();
    let layer = tower::layer::util::Stack::new(
        VisitLayer::new(log.clone()),
        ConsentLayer::new(policy).with_clock(folder.clock.clone()),
    );
    drop(answer(&layer, "/"));
    log.flush();
    assert_eq!(folder.names(), ["visits-2026-11-16.jsonl", "visits-2026-11-22.jsonl"]);
}

/// Passes lines on: what it was given it cannot take back.
struct PassedOn(Arc<AtomicUsize>);

impl VisitSink for PassedOn {
    fn write(&mut self, _: &Visit) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// An answer that took longer than its line may be kept leaves none.
#[test]
fn a_line_that_is_over_is_not_written() {
    let (folder, passed_on) = (Folder::new(), Arc::new(AtomicUsize::new(0)));
    let log = folder.builder(folder.sink()).add_sink(PassedOn(Arc::clone(&passed_on))).build().unwrap();
    let layer = ConsentLayer::new(policy().build().unwrap()).with_clock(folder.clock.clone()).with_visits(log.clone());
    let (long, longer) = (answer(&layer, "/long"), answer(&layer, "/longer"));
    folder.clock.advance(29 * DAY);
    drop(long);
    log.flush();
    assert_eq!(folder.paths("visits-2026-11-22.jsonl"), ["/long"]);
    folder.clock.advance(DAY);
    drop(longer);
    log.flush();
    assert_eq!((folder.names(), passed_on.load(Ordering::SeqCst)), (Vec::<String>::new(), 1));
}

/// A disk that fails costs lines, which are counted; when it works again, the log does.
#[test]
fn a_folder_that_is_gone_is_no_end() {
    let folder = Folder::new();
    let log = folder.log();
    visit(&log, "/a");
    log.flush();
    fs::remove_dir_all(&folder.path).unwrap();
    fs::write(&folder.path, "in the way").unwrap();
    // The open file is let go of when what is over is looked for.
    log.flush();
    visit(&log, "/b");
    visit(&log, "/c");
    log.flush();
    assert_eq!(log.failed(), 2);
    fs::remove_file(&folder.path).unwrap();
    fs::create_dir(&folder.path).unwrap();
    visit(&log, "/d");
    log.flush();
    assert_eq!((log.failed(), folder.paths("visits-2026-11-22.jsonl")), (2, vec!["/d".to_owned()]));

    let error = JsonLinesSink::open(folder.path.join("visits-2026-11-22.jsonl/below")).unwrap_err().to_string();
    assert!(error.contains("visits-2026-11-22.jsonl/below"), "{error}");
}

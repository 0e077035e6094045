//! What it costs to read a choice from a banner's cookie: `cargo bench --bench banners`.
//!
//! Each row is one request with twelve other cookies through the whole layer, under a policy that names the banner. The
//! baseline is the same policy without any source, with our own cookie. *Absent*: the banner is named, and its cookie is
//! not there. Times are medians of interleaved rounds, allocations are exact, instructions are callgrind's (the program
//! runs itself under valgrind, if that is there).
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a bench may panic, and its tables are its own")]

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs,
    hint::black_box,
    path::Path,
    process::Command,
    task::{Context, Waker},
    time::Instant,
};

use http::{HeaderValue, Request, Response, header};
use serde_json::Value;
use tower::{Layer, Service};
use tower_consent::{Banner, Category, ConsentLayer, ConsentSource, Policy, PolicyBuilder};

const ROUNDS: usize = 41;
const REQUESTS: u32 = 2_000;

/// The cookies of a usual request, in front of the one that is read.
const OTHERS: &str = "session=3f9c1a7be0; csrf=9b1deb4d3b7d; _ga=GA1.1.1234567890.1700000000; \
                      _ga_ABC123=GS1.1.1700000000.1.1.1700000100.0.0.0; _fbp=fb.1.1700000000000.123456789; theme=dark; \
                      _pk_id.1.1fff=abc.1700000000.; lang=en; cart=42; ab=b; seen=1; tz=Europe/Berlin; ";

struct Row {
    name: String,
    layer: ConsentLayer,
    line: HeaderValue,
}

fn policy() -> PolicyBuilder {
    Policy::builder()
        .essential(["session", "csrf", "cart", "ab", "seen", "tz"])
        .cookies(Category::FUNCTIONAL, ["theme", "lang"])
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*", "_pk_*"])
        .cookies(Category::MARKETING, ["_fbp"])
        .service("matomo", "analytics")
        .service("youtube", "marketing")
}

fn row(name: impl Into<String>, source: Option<ConsentSource>, cookie: &str) -> Row {
    let builder = source.into_iter().fold(policy(), PolicyBuilder::source);
    let line = HeaderValue::from_str(&format!("{OTHERS}{cookie}")).unwrap();
    Row { name: name.into(), layer: ConsentLayer::new(builder.build().unwrap()), line }
}

/// The baseline, an absent banner, and the first decided value of each table of the tests.
fn rows() -> Vec<Row> {
    let klaro = || ConsentSource::banner(Banner::Klaro).category(Category::ANALYTICS, ["matomo"]);
    let own = "__Host-consent=1:1:2026-11-21+functional+analytics+marketing";
    let mut rows = vec![row("own cookie", None, own), row("own cookie, banner absent", Some(klaro()), own)];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/banners/values");
    let mut tables: BTreeMap<String, Value> = BTreeMap::new();
    for file in fs::read_dir(folder).unwrap() {
        let table: Value = serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        tables.entry(table["banner"].as_str().unwrap().to_owned()).or_insert(table);
    }
    for (banner, table) in tables {
        let cases = table["cases"].as_array().unwrap();
        let Some(case) = cases.iter().find(|case| case["expected"]["state"] == "decided") else { continue };
        let mut source = case["settings"].as_object().cloned().unwrap_or_default();
        source.retain(|_, value| !value.is_null());
        source.insert("banner".into(), banner.clone().into());
        let source = serde_json::from_value(Value::Object(source)).unwrap();
        rows.push(row(banner, Some(source), case["cookie"].as_str().unwrap()));
    }
    rows
}

fn serve(row: &Row, times: u32) {
    let mut service = row.layer.layer(tower::service_fn(|request: Request<()>| {
        std::future::ready(Ok::<_, Infallible>(black_box(Response::new(request.headers().len()))))
    }));
    for _ in 0..times {
        let mut request = Request::new(());
        request.headers_mut().insert(header::COOKIE, row.line.clone());
        let future = std::pin::pin!(service.call(request));
        let _answer = black_box(future.poll(&mut Context::from_waker(Waker::noop())));
    }
}

fn nanoseconds(rows: &[Row]) -> Vec<f64> {
    let mut times = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for (row, times) in rows.iter().zip(&mut times) {
            let start = Instant::now();
            serve(row, REQUESTS);
            times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS));
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

/// The instructions of one whole process that serves so many requests.
fn instructions(index: usize, times: u32) -> Option<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(std::env::current_exe().ok()?);
    let output = valgrind.args(["--requests", &times.to_string(), &index.to_string()]).output().ok()?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    report.lines().find_map(|line| line.split_once("Collected : "))?.1.trim().parse().ok()
}

fn main() {
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let rows = rows();
    if let [flag, times, index] = args.as_slice()
        && flag == "--requests"
    {
        return serve(&rows[index.parse::<usize>().unwrap()], times.parse().unwrap());
    }
    if !std::env::args().any(|arg| arg == "--bench") {
        // A test run has nothing to say: the tables are checked by the tests.
        return;
    }
    let times = nanoseconds(&rows);
    println!("| source | ns per request | above the own cookie | allocations | instructions |");
    println!("|---|--:|--:|--:|--:|");
    for (index, row) in rows.iter().enumerate() {
        let allocated = allocation_counter::measure(|| serve(row, 1)).count_total;
        let counted = instructions(index, 200).zip(instructions(index, 400)).map(|(once, twice)| (twice - once) / 200);
        let counted = counted.map_or_else(|| "-".to_owned(), |count| count.to_string());
        println!("| {} | {:.0} | {:+.0} | {allocated} | {counted} |", row.name, times[index], times[index] - times[0]);
    }
}

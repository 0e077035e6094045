//! Headers meant to hurt: any bytes in Cookie, Set-Cookie, DNT and Sec-GPC, thousands of cookies, separators and quotes.
//! Nothing panics, nothing becomes an error page, nothing forbidden passes, and the work is linear (R1-R5, R15, R16, R24,
//! R37, R54, R118).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::AllocationInfo;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use proptest::{
    prelude::*,
    test_runner::{TestError, TestRunner},
};
use tower::{Layer, Service};
use tower_consent::{
    AttributeFloors, Category, ConsentContext, ConsentLayer, CookieRule, Lifetime, Policy, Regime, Signal, SignalScope,
    UnknownCookies,
};

/// How many cases the property tries, each on six layers: many in CI, few enough elsewhere that the loop of a developer
/// stays quick.
fn cases() -> u32 {
    if std::env::var_os("CI").is_some() { 100_000 } else { 1_000 }
}

static GPC: HeaderName = HeaderName::from_static("sec-gpc");
static DNT: HeaderName = HeaderName::from_static("dnt");

/// Answers with the lines it holds, and tells what it was given.
struct App {
    set: Vec<HeaderValue>,
    seen: Vec<HeaderValue>,
}

impl Service<Request<()>> for &mut App {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        // Every question that an application can ask of a decision must have an answer.
        let decision = ConsentContext::of(request.extensions()).unwrap().decision();
        let _answers = (decision.allows(Category::ANALYTICS), format!("{decision:?}"));
        self.seen = request.headers().get_all(header::COOKIE).iter().cloned().collect();
        let mut response = Response::new(());
        for line in &self.set {
            response.headers_mut().append(header::SET_COOKIE, line.clone());
        }
        ready(Ok(response))
    }
}

/// What came of an exchange.
struct Outcome {
    status: StatusCode,
    seen: Vec<HeaderValue>,
    left: Vec<HeaderValue>,
    headers: HeaderMap,
}

fn exchange(layer: &ConsentLayer, request: Request<()>, set: Vec<HeaderValue>) -> Outcome {
    let mut app = App { set, seen: Vec::new() };
    let response = {
        let mut service = layer.layer(&mut app);
        let mut answer = pin!(service.call(request));
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(response)) => response,
            Poll::Pending => panic!("nothing here waits"),
        }
    };
    let left = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    Outcome { status: response.status(), seen: app.seen, left, headers: response.headers().clone() }
}

/// A policy with everything that reads attributes and bytes switched on.
fn builder() -> tower_consent::PolicyBuilder {
    Policy::builder()
        .site_domain("example.com")
        .essential(["sid", "app_*"])
        .cookie(CookieRule::auth("token"))
        .cookie(CookieRule::new("cut", Category::ESSENTIAL).max_age(Lifetime::days(1)).add_max_age())
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .floors(AttributeFloors::NONE)
}

fn layers() -> Vec<ConsentLayer> {
    let key = vec![7; 32];
    [
        builder(),
        builder().unknown(UnknownCookies::Pass).mac_key("k1", key),
        builder().unknown(UnknownCookies::Report).regime(Regime::OptOut),
        builder().signal(Signal::Dnt, SignalScope::NoCookies).signal_always(),
        builder().report_only(),
        builder().drop_cookie(|line| line.line.len() % 3 == 0),
    ]
    .into_iter()
    .map(|builder| ConsentLayer::new(builder.build().unwrap()).with_debug_header())
    .collect()
}

/// Values that come close to what the layer understands.
const KNOWN: &[&str] = &[
    "1",
    "0",
    "1, 1",
    "_ga=1",
    "sid=1; _ga=2",
    "__Host-consent=",
    "__Host-consent=1:1:2027-01-01+analytics",
    "__Host-consent=1:99999999:9999-12-31+analytics!marketing:dg#~k1~",
    "__Host-consent=1:1:0000-00-00+@x!@y#",
    "__Host-consent=1:18446744073709551616:2026-02-30",
    "token=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
    "token=1; Max-Age=99999999999999999999",
    "cut=1; Max-Age=-9223372036854775809",
    "cut=",
    "_ga=; Max-Age=0",
];

/// Bytes that a header value can hold; others never reach a layer (R24).
fn value(longest: usize) -> impl Strategy<Value = HeaderValue> {
    let byte = prop_oneof![
        6 => 0x20..=0x7e_u8,
        3 => proptest::sample::select(&b";=\"$%, \t_"[..]),
        3 => 0x80..=0xff_u8,
    ];
    prop_oneof![
        3 => prop::collection::vec(byte, 0..longest)
            .prop_filter_map("not a header value", |bytes| HeaderValue::from_bytes(&bytes).ok()),
        2 => proptest::sample::select(KNOWN).prop_map(HeaderValue::from_static),
        // A known value with a few bytes of noise behind it.
        2 => (proptest::sample::select(KNOWN), prop::collection::vec(0x80..=0xff_u8, 0..3), "[ -~]{0,6}")
            .prop_map(|(known, noise, text)| HeaderValue::from_bytes(&[known.as_bytes(), &noise, text.as_bytes()].concat()).unwrap()),
    ]
}

/// R3, R5, R24, R37, R118: any bytes anywhere; the application's own answer leaves.
#[test]
fn any_bytes_in_any_header_that_the_layer_reads() {
    let layers = layers();
    let values = |most| prop::collection::vec(value(60), 0..most);
    let input = (values(4), values(4), values(3), values(3), any::<bool>());
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&input, |(cookies, set, dnt, gpc, is_document)| {
        for layer in &layers {
            let mut request = Request::new(());
            let named = [(header::COOKIE, &cookies), (DNT.clone(), &dnt), (GPC.clone(), &gpc)];
            for (name, values) in named {
                for value in values {
                    request.headers_mut().append(name.clone(), value.clone());
                }
            }
            if is_document {
                request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
            }
            let outcome = exchange(layer, request, set.clone());
            prop_assert_eq!(outcome.status, StatusCode::OK);
            // Nothing is invented: what the application sees was sent, byte for byte, pair by pair.
            for line in &outcome.seen {
                for pair in pairs(line.as_bytes()) {
                    let was_sent = cookies.iter().any(|sent| pairs(sent.as_bytes()).contains(&pair));
                    prop_assert!(was_sent, "the layer made up {:?}", pair.escape_ascii().to_string());
                }
            }
        }
        Ok(())
    });
    match run {
        Ok(()) => {}
        Err(TestError::Fail(reason, input)) => panic!("{reason}: {input:?}"),
        Err(error) => panic!("{error}"),
    }
}

fn pairs(line: &[u8]) -> Vec<&[u8]> {
    line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).collect()
}

// Size.

/// `(what it is, the line of so many parts)`.
type Shape = (&'static str, fn(usize) -> Vec<u8>);

const SHAPES: &[Shape] = &[
    ("refused cookies", |count| repeat(count, |number| format!("_ga_{number}=GA1.1.{number}; "))),
    ("one refused cookie, again and again", |count| repeat(count, |_| "_ga=1; ".into())),
    ("essential and refused in turn", |count| {
        repeat(count, |number| if number % 2 == 0 { "sid=1; " } else { "_ga=1; " }.into())
    }),
    ("essential cookies", |count| repeat(count, |number| format!("app_{number}=1; "))),
    ("nameless", |count| repeat(count, |_| "x; ".into())),
    ("dollar names", |count| repeat(count, |_| "$Version=1; ".into())),
    ("semicolons", |count| b";".repeat(count)),
    ("semicolons and blanks", |count| b"; \t".repeat(count)),
    ("quotes", |count| b"\"".repeat(count)),
    ("quoted semicolons", |count| b"sid=\";\";".repeat(count)),
    ("equals", |count| b"=".repeat(count)),
    ("percent signs", |count| b"%5F%".repeat(count)),
    ("blanks", |count| b" \t".repeat(count)),
    ("bytes that are not text", |count| b"\xff\x80; ".repeat(count)),
    ("copies of the consent cookie", |count| repeat(count, |_| "__Host-consent=x; ".into())),
    ("different consent cookies", |count| repeat(count, |number| format!("__Host-consent={number}; "))),
];

fn repeat(count: usize, part: impl Fn(usize) -> String) -> Vec<u8> {
    (0..count).map(part).collect::<String>().into_bytes()
}

fn request_of(lines: &[Vec<u8>]) -> Request<()> {
    let mut request = Request::new(());
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    for line in lines {
        request.headers_mut().append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    request
}

/// R54: 1,500 cookies, 16,000 semicolons, 6,000 quotes, in one line and in a line for each.
#[test]
fn large_cookie_lines_are_filtered_like_small_ones() {
    let layer = ConsentLayer::new(builder().build().unwrap());
    for (shape, line) in SHAPES {
        for count in [1_500, 6_000, 16_000] {
            let line = line(count);
            let split: Vec<Vec<u8>> = line.split(|byte| *byte == b';').take(1_500).map(<[u8]>::to_vec).collect();
            for lines in [vec![line], split] {
                let outcome = exchange(&layer, request_of(&lines), Vec::new());
                assert_eq!(outcome.status, StatusCode::OK);
                for line in &outcome.seen {
                    for pair in pairs(line.as_bytes()) {
                        let name = pair.split(|byte| *byte == b'=').next().unwrap();
                        let is_allowed = name == b"sid" || name.starts_with(b"app_") || name == b"__Host-consent";
                        assert!(is_allowed, "{shape} x {count}: {:?}", pair.escape_ascii().to_string());
                    }
                }
                // Design, section 3: at most 20 lines and 4 KiB of expiry a response.
                let size: usize = outcome.left.iter().map(HeaderValue::len).sum();
                assert!(outcome.left.len() <= 20 && size <= 4_096, "{shape} x {count}: {} lines", outcome.left.len());
            }
        }
    }
}

/// R54: what must stay is still there when it stands at the very end of 64 KiB, and a header of 64 KiB in DNT or Sec-GPC
/// is only a malformed one.
#[test]
fn headers_of_64_kib() {
    const SIZE: usize = 64 * 1024;
    let layer = ConsentLayer::new(builder().build().unwrap());
    for (shape, line) in SHAPES {
        let mut filler = line(SIZE);
        filler.truncate(SIZE);
        let outcome = exchange(&layer, request_of(&[[&filler[..], b"; sid=last"].concat()]), Vec::new());
        let kept = outcome.seen.first().unwrap_or_else(|| panic!("{shape}: nothing is left"));
        assert_eq!(pairs(kept.as_bytes()).last(), Some(&&b"sid=last"[..]), "{shape}");

        // As a Set-Cookie line: a refused cookie of this size goes, and its small neighbours stay where they were.
        let set = [b"sid=1".to_vec(), [b"_ga=1; ", &filler[..]].concat(), b"app_x=2".to_vec()];
        let set = set.iter().map(|line| HeaderValue::from_bytes(line).unwrap()).collect();
        let outcome = exchange(&layer, Request::new(()), set);
        assert_eq!(outcome.left, ["sid=1", "app_x=2"], "{shape}");
    }
    for name in [&DNT, &GPC] {
        for (byte, objects) in [(b'1', name == DNT), (b'0', false), (b',', false), (0xff, false)] {
            let mut request = request_of(&[b"sid=1".to_vec()]);
            request.headers_mut().insert(name.clone(), HeaderValue::from_bytes(&vec![byte; SIZE]).unwrap());
            let policy = builder().regime(Regime::OptOut).build().unwrap();
            let outcome = exchange(&ConsentLayer::new(policy), request, vec![HeaderValue::from_static("_ga=1")]);
            assert_eq!(outcome.status, StatusCode::OK);
            // R1: of DNT the first character counts. R15: Sec-GPC is `1` and nothing else.
            assert_eq!(outcome.left.is_empty(), objects, "{name} of {byte:#x}");
        }
    }
}

/// R39, R54: as many lines in an answer; each is judged for itself.
#[test]
fn answers_with_thousands_of_set_cookie_lines() {
    let layer = ConsentLayer::new(builder().build().unwrap());
    let line = |number: usize| match number % 4 {
        0 => format!("app_{number}=1; Path=/"),
        1 => format!("_ga_{number}=1; Path=/"),
        2 => format!("_ga_{number}=; Max-Age=0"),
        _ => format!("unknown{number}"),
    };
    let set: Vec<String> = (0..6_000).map(line).collect();
    let expected: Vec<&String> =
        set.iter().enumerate().filter(|(number, _)| number % 2 == 0).map(|(_, line)| line).collect();
    let outcome =
        exchange(&layer, Request::new(()), set.iter().map(|line| HeaderValue::try_from(line).unwrap()).collect());
    assert_eq!(outcome.left, expected);
    // R75: a Set-Cookie line that is left in keeps the answer out of shared caches, however many there are.
    assert_eq!(outcome.headers[header::CACHE_CONTROL], "private");
}

// Work. Counted in allocations, because times prove nothing on a machine that does something else.

fn cost(layer: &ConsentLayer, lines: &[Vec<u8>], set: &[HeaderValue]) -> AllocationInfo {
    let (request, set) = (request_of(lines), set.to_vec());
    let mut app = App { set, seen: Vec::new() };
    let mut service = layer.layer(Fixed);
    let mut request = Some(request);
    let mut response = Some(answer(&mut app));
    allocation_counter::measure(|| {
        FIXED.with(|fixed| *fixed.borrow_mut() = response.take());
        let mut future = pin!(service.call(request.take().unwrap()));
        let Poll::Ready(Ok(answer)) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing here waits");
        };
        assert_eq!(answer.status(), StatusCode::OK);
    })
}

fn answer(app: &mut App) -> Response<()> {
    let mut response = Response::new(());
    for line in app.set.drain(..) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

thread_local! {
    /// The answer, made before the count begins.
    static FIXED: std::cell::RefCell<Option<Response<()>>> = const { std::cell::RefCell::new(None) };
}

/// Gives the answer that was made for it.
struct Fixed;

impl Service<Request<()>> for Fixed {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(FIXED.with(|fixed| fixed.borrow_mut().take()).unwrap()))
    }
}

/// R54: in one line, the number of allocations does not hang on the number of cookies, and their bytes are at most a few
/// copies of the line.
#[test]
fn a_longer_line_costs_no_more_allocations() {
    let layer = ConsentLayer::new(builder().build().unwrap());
    for (shape, line) in SHAPES {
        // The same expiry lines follow from both: 100 cookies already reach their limit of 20.
        let (short, long) = (line(100), line(1_500));
        // Once before, so that what is remembered of names for good is not counted.
        cost(&layer, std::slice::from_ref(&long), &[]);
        let few = cost(&layer, std::slice::from_ref(&short), &[]);
        let many = cost(&layer, std::slice::from_ref(&long), &[]);
        assert!(
            many.count_total <= few.count_total + 2,
            "{shape}: {} allocations for 100, {} for 1,500",
            few.count_total,
            many.count_total
        );
        let grown = many.bytes_total.saturating_sub(few.bytes_total);
        let longer = (long.len() - short.len()) as u64;
        assert!(grown <= 3 * longer, "{shape}: {grown} more bytes for {longer} more bytes of line");
    }
}

/// R54: over many lines, in either direction, the cost grows with their number and not with its square.
#[test]
fn more_lines_cost_in_proportion() {
    let layer = ConsentLayer::new(builder().build().unwrap());
    let crumbs = |count: usize| -> Vec<Vec<u8>> {
        (0..count).map(|number| if number % 2 == 0 { b"sid=1".to_vec() } else { b"_ga=1; sid=2".to_vec() }).collect()
    };
    let set = |count: usize| -> Vec<HeaderValue> {
        let line = |number: usize| match number % 3 {
            0 => "sid=1; Path=/",
            1 => "_ga=1; Path=/",
            _ => "_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        };
        (0..count).map(|number| HeaderValue::from_static(line(number))).collect()
    };
    cost(&layer, &crumbs(1_600), &set(1_600));
    let measure = |count| [cost(&layer, &crumbs(count), &[]), cost(&layer, &[], &set(count))];
    for (direction, (few, many)) in ["request", "response"].iter().zip(measure(400).iter().zip(&measure(1_600))) {
        // Four times the lines: at most five times the cost. A square would be sixteen times.
        assert!(many.count_total <= 5 * few.count_total, "{direction}: {} -> {}", few.count_total, many.count_total);
        assert!(
            many.bytes_total <= 5 * few.bytes_total,
            "{direction}: {} -> {} bytes",
            few.bytes_total,
            many.bytes_total
        );
        assert!(many.count_total > few.count_total, "{direction}: the count counts");
    }
}

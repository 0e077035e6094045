//! Reports: what an observer, the log, the counters and the debug header say of cookies, and what they never say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    sync::{Arc, LazyLock, Mutex},
};

use common::{clock_at, lines, request, response, serve};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use time::macros::date;
use tower_consent::{
    AttributeFloors, Category, ConsentContext, ConsentLayer, CookieEvent, CookieRule, Lifetime, Narrow, Policy,
    PolicyBuilder, Regime, RuleTarget, Signal, SignalScope, UnknownCookies,
};
use tracing_subscriber::filter::LevelFilter;

fn policy() -> PolicyBuilder {
    Policy::builder()
        .site_domain("example.com")
        .essential(["csrf"])
        .service("google-analytics", "analytics")
        .cookies(RuleTarget::service("google-analytics"), ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
        .cookie(CookieRule::new("lang", Category::ESSENTIAL).max_age(Lifetime::days(1)))
}

fn layer(policy: PolicyBuilder) -> ConsentLayer {
    LazyLock::force(&SUBSCRIBED);
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)))
}

type Fields<'a> = &'a [(&'a str, &'a str)];

const DOCUMENT: (&str, &str) = ("sec-fetch-dest", "document");
const REFUSED: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-21!analytics!marketing");
const GRANTED: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-21+analytics+marketing");

/// What an observer hears of one exchange, an event a line.
async fn heard(policy: PolicyBuilder, asks: Fields<'_>, answer: Fields<'_>) -> Vec<String> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let layer = layer(policy).add_observer(move |event: &CookieEvent<'_>| {
        let category = event.category.map_or("-".to_owned(), |category| category.to_string());
        log.lock().unwrap().push(format!(
            "{} {} {} {category} {} {}{}",
            event.direction.as_str(),
            event.action.as_str(),
            event.name,
            event.service.unwrap_or("-"),
            event.reason.as_str(),
            if event.is_enforced { "" } else { " (not enforced)" },
        ));
    });
    serve(&layer, request(asks), |_| response(answer)).await;
    let heard = heard.lock().unwrap();
    heard.clone()
}

/// DESIGN 3: names, direction, action, category, service, reason, and whether it really happened.
#[tokio::test]
async fn an_observer_hears_of_every_cookie_that_is_touched() {
    let gpc = ("sec-gpc", "1");
    for (why, policy, asks, answer, events) in [
        ("nothing to tell", policy(), &[("cookie", "csrf=1")][..], &[("set-cookie", "csrf=1; Path=/")][..], &[][..]),
        ("granted", policy(), &[GRANTED, ("cookie", "_ga=1")], &[("set-cookie", "_fbp=1")], &[]),
        (
            "undecided",
            policy(),
            &[("cookie", "csrf=1; _ga=2; _fbp=3; x=4; _ga=5")],
            &[("set-cookie", "_ga_X=1"), ("set-cookie", "x=2"), ("set-cookie", "csrf=3")],
            &[
                "request stripped _ga analytics google-analytics undecided",
                "request stripped _fbp marketing - undecided",
                "request stripped x - - unknown-cookie",
                "request stripped _ga analytics google-analytics undecided",
                "response stripped _ga_X analytics google-analytics undecided",
                "response stripped x - - unknown-cookie",
            ],
        ),
        (
            "refused, on a page",
            policy(),
            &[REFUSED, ("cookie", "_ga=1; _ga=2; x=3"), DOCUMENT],
            &[("set-cookie", "_fbp=1")],
            &[
                "request stripped _ga analytics google-analytics refused",
                "request stripped _ga analytics google-analytics refused",
                "request stripped x - - unknown-cookie",
                "response stripped _fbp marketing - refused",
                "response expired _ga analytics google-analytics refused",
            ],
        ),
        ("a signal", policy(), &[gpc, GRANTED, ("cookie", "_fbp=1")], &[], &["request stripped _fbp marketing - gpc"]),
        (
            "another",
            policy(),
            &[("dnt", "1")],
            &[("set-cookie", "_fbp=1")],
            &["response stripped _fbp marketing - dnt"],
        ),
        (
            "narrowed",
            policy().narrow(|_| Narrow::all()),
            &[GRANTED, ("cookie", "_fbp=1")],
            &[],
            &["request stripped _fbp marketing - narrowed"],
        ),
        (
            "unseen",
            policy().regime(Regime::OptOut),
            &[("sec-fetch-site", "cross-site"), ("cookie", "_fbp=1"), ("sec-fetch-dest", "iframe")],
            &[],
            &["request stripped _fbp marketing - unseen"],
        ),
        (
            "malformed",
            policy(),
            &[("cookie", "__Host-consent=x; _fbp=1")],
            &[],
            &["request stripped _fbp marketing - malformed"],
        ),
        (
            "a disguise",
            policy().unknown(UnknownCookies::Report),
            &[("cookie", "%5Fga=1; other=2")],
            &[],
            &["request stripped %5Fga - - disguised", "request passed other - - unknown-cookie"],
        ),
        (
            "unknown and passed",
            policy().unknown(UnknownCookies::Report),
            &[],
            &[("set-cookie", "other=1")],
            &["response passed other - - unknown-cookie"],
        ),
        (
            "unknown, not to be told",
            policy().unknown(UnknownCookies::Pass),
            &[("cookie", "o=1")],
            &[("set-cookie", "o=1")],
            &[],
        ),
        (
            "amended",
            policy().floors(AttributeFloors::NONE.secure()),
            &[],
            &[
                ("set-cookie", "csrf=1"),
                ("set-cookie", "lang=de; Max-Age=86401; Secure"),
                ("set-cookie", "csrf=2; Secure"),
            ],
            &["response amended csrf essential - essential", "response amended lang essential - essential"],
        ),
        (
            "a deletion that is made plain",
            policy(),
            &[REFUSED],
            &[("set-cookie", "_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), ("set-cookie", "_fbp=; Max-Age=0")],
            &["response amended _ga analytics google-analytics refused"],
        ),
        (
            "the hook",
            policy().drop_cookie(|line| line.name == b"csrf"),
            &[],
            &[("set-cookie", "csrf=1")],
            &["response stripped csrf essential - hook"],
        ),
        (
            "no cookies at all",
            policy().signal(Signal::Gpc, SignalScope::NoCookies),
            &[gpc, ("cookie", "csrf=1")],
            &[("set-cookie", "csrf=1")],
            &["response stripped csrf essential - gpc-no-cookies"],
        ),
        (
            "only reported",
            policy().report_only(),
            &[REFUSED, ("cookie", "_ga=1; x=2"), DOCUMENT],
            &[("set-cookie", "_fbp=1")],
            &[
                "request stripped _ga analytics google-analytics refused (not enforced)",
                "request stripped x - - unknown-cookie (not enforced)",
                "response stripped _fbp marketing - refused (not enforced)",
            ],
        ),
        ("stood down", policy().stand_down(|_| true), &[("cookie", "_ga=1")], &[("set-cookie", "_ga=1")], &[]),
        // R38, R68: dropped, and not logged: such a name is a value.
        (
            "nameless",
            policy(),
            &[("cookie", "SECRET; =SECRET; $SECRET=1")],
            &[("set-cookie", "SECRET"), ("set-cookie", "=SECRET"), ("set-cookie", "$SECRET=1")],
            &[],
        ),
        (
            "names are anybody's text",
            policy(),
            &[("cookie", "a\"b\u{e9}\tc\\=1")],
            &[],
            &["request stripped a\\\"b\\xc3\\xa9\\tc\\\\ - - unknown-cookie"],
        ),
    ] {
        assert_eq!(heard(policy, asks, answer).await, events, "{why}");
    }
    let long = "n".repeat(65);
    let shown = heard(policy(), &[("cookie", &format!("{long}=1; {}=2", &long[1..]))], &[]).await;
    let cut = [format!("{}...", &long[1..]), long[1..].to_owned()];
    assert_eq!(shown, cut.map(|name| format!("request stripped {name} - - unknown-cookie")), "cut to 64 characters");
}

/// Several observers hear the same, in the order in which they were added.
#[tokio::test]
async fn every_observer_hears() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = |number: u8| {
        let log = Arc::clone(&heard);
        move |event: &CookieEvent<'_>| log.lock().unwrap().push((number, event.name.as_bytes().to_vec()))
    };
    let layer = layer(policy()).add_observer(listener(1)).add_observer(listener(2));
    serve(&layer, request(&[("cookie", "\u{e9}=1")]), |_| response(&[])).await;
    let name = "\u{e9}".as_bytes().to_vec();
    assert_eq!(*heard.lock().unwrap(), [(1, name.clone()), (2, name)], "a name's bytes are whole");
}

thread_local! {
    /// What is logged on a test's own thread, once it listens.
    static LOGGED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// One subscriber for all tests, in place before the first event: one a test would race with those of other threads for
/// what `tracing` remembers of each place that logs.
static SUBSCRIBED: LazyLock<()> = LazyLock::new(|| {
    tracing_subscriber::fmt().with_ansi(false).with_max_level(LevelFilter::TRACE).with_writer(|| Log).init();
});

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|log| log.iter_mut().for_each(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn listen() {
    LOGGED.set(Some(Vec::new()));
}

/// What was logged since, for all levels or for one.
fn logged(level: &str) -> Vec<String> {
    let text = LOGGED.with_borrow(|log| String::from_utf8(log.clone().unwrap()).unwrap());
    text.lines().filter(|line| line.contains(level)).map(str::to_owned).collect()
}

/// R117, DESIGN 3: one debug event for each stripped cookie.
#[tokio::test]
async fn stripped_cookies_are_logged_at_debug_level() {
    listen();
    let layer = layer(policy());
    let asks = [REFUSED, ("cookie", "csrf=1; _ga=2; x=3"), DOCUMENT];
    serve(&layer, request(&asks), |_| response(&[("set-cookie", "_fbp=1"), ("set-cookie", "csrf=1")])).await;
    let found = logged(" DEBUG ");
    for (line, parts) in found.iter().zip([
        ["cookie=_ga ", "action=\"stripped\"", "direction=\"request\"", "category=\"analytics\"", "reason=\"refused\""],
        [
            "cookie=x ",
            "action=\"stripped\"",
            "direction=\"request\"",
            "category=\"unknown\"",
            "reason=\"unknown-cookie\"",
        ],
        [
            "cookie=_fbp ",
            "action=\"stripped\"",
            "direction=\"response\"",
            "category=\"marketing\"",
            "reason=\"refused\"",
        ],
        ["cookie=_ga ", "action=\"expired\"", "direction=\"response\"", "category=\"analytics\"", "reason=\"refused\""],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}\nlacks one of {parts:?}");
        assert!(line.contains("tower_consent: ") && line.contains("enforced=true"), "{line}");
    }
    assert_eq!(found.len(), 4, "{found:?}");
}

/// DESIGN 3: an undeclared name is warned of when it is first seen, and the warning says how to declare it.
#[tokio::test]
async fn an_undeclared_name_is_warned_of_once() {
    for (unknown, report_only, said) in [
        (UnknownCookies::Strip, false, "undeclared cookie stripped; "),
        (UnknownCookies::Strip, true, "undeclared cookie would be stripped; "),
        (UnknownCookies::Report, false, "undeclared cookie passed; "),
        (UnknownCookies::Pass, false, ""),
    ] {
        listen();
        let built = policy().unknown(unknown);
        let layer = layer(if report_only { built.report_only() } else { built });
        for number in 0..3 {
            let cookie = format!("x1={number}; _ga=1; x2=2; x1=4");
            let answer = [("set-cookie", "x3=1"), ("set-cookie", "x3=2; Path=/a"), ("set-cookie", "_fbp=1")];
            // Every connection has a clone of the layer's service; they warn together.
            serve(&layer.clone(), request(&[("cookie", &cookie)]), |_| response(&answer)).await;
        }
        let found = logged(" WARN ");
        let expected: &[_] = if said.is_empty() { &[] } else { &["x1", "x2", "x3"] };
        assert_eq!(found.len(), expected.len(), "{unknown:?}: {found:?}");
        for (line, name) in found.iter().zip(expected) {
            let in_code = format!(".cookies(Category::…, [\"{name}\"])");
            let in_file = format!("[[cookies]] name = \"{name}\" and category = \"…\"");
            let direction = if *name == "x3" { "direction=\"response\"" } else { "direction=\"request\"" };
            for part in [said, &in_code, &in_file, direction, &format!("cookie={name}")] {
                assert!(line.contains(part), "{line}\nlacks {part}");
            }
        }
    }
}

/// Names that visitors make up do not use up the room for those that the application's own parts set, nor the log.
#[tokio::test]
async fn warnings_are_bounded() {
    listen();
    let layer = layer(policy());
    for request_number in 0..100 {
        let cookie: Vec<_> = (0..100).map(|number| format!("x{request_number}_{number}=1")).collect();
        serve(&layer, request(&[("cookie", &cookie.join("; "))]), |_| response(&[])).await;
    }
    let warned = logged(" WARN ").len();
    assert!((200..=256).contains(&warned), "{warned} of 10,000 names");
    serve(&layer, request(&[]), |_| response(&[("set-cookie", "fresh=1"), ("set-cookie", "x0_0=1")])).await;
    let last = logged(" WARN ").split_off(warned);
    // The second name was warned of when a request showed it.
    assert_eq!(last.len(), 1, "{last:?}");
    assert!(last[0].contains("cookie=fresh"), "{last:?}");
}

/// 10,000 names more leave not a byte behind, in the table of warned names, the counters or elsewhere.
#[test]
fn reports_keep_no_memory() {
    let layer = layer(policy());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let send = |start: u32| {
        runtime.block_on(async {
            for number in start..start + 10_000 {
                let cookie = format!("x{number:08}=1");
                serve(&layer, request(&[("cookie", &cookie)]), |_| response(&[("set-cookie", &cookie)])).await;
            }
        });
    };
    send(0);
    let after = allocation_counter::measure(|| send(10_000));
    assert!(after.count_total > 10_000, "it was measured");
    assert!(after.bytes_current.abs() < 1_024 && after.count_current.abs() < 16, "{after:?}");
}

/// R117: nothing of a value or of a query string is told by anybody, whatever the level.
#[tokio::test]
async fn no_value_is_told() {
    listen();
    let told = Arc::new(Mutex::new(String::new()));
    for build in
        [policy(), policy().unknown(UnknownCookies::Report), policy().report_only(), policy().mac_key("k", [1; 32])]
    {
        let heard = Arc::clone(&told);
        let layer = layer(build.floors(AttributeFloors::NONE.http_only()))
            .with_debug_header()
            .add_observer(move |event: &CookieEvent<'_>| heard.lock().unwrap().push_str(&format!("{event:?}\n")));
        for consent in
            ["", "1:1:2026-11-21!analytics!marketing", "1:1:2026-11-21+analytics#SECRETSECRETSECRETSECQ", "SECRET"]
        {
            let cookie = format!(
                "__Host-consent={consent}; csrf=SECRET; _ga=SECRET; _ga_X=a=SECRET; x=\"SECRET; SECRET; =SECRET; $SECRET=SECRET; y=%53SECRET; \u{e9}=SECRET"
            );
            let asks =
                [("cookie", &cookie[..]), DOCUMENT, ("referer", "https://e.com/?SECRET"), ("authorization", "SECRET")];
            let mut request = request(&asks);
            *request.uri_mut() = "https://www.example.com/path?token=SECRET".parse().unwrap();
            let answer = serve(&layer, request, |request| {
                let context = ConsentContext::of(request.extensions()).unwrap();
                let mut told = told.lock().unwrap();
                told.push_str(&format!("{context:?} {:?}\n", context.decision()));
                response(&[
                    ("set-cookie", "_ga=SECRET; Path=/SECRET"),
                    ("set-cookie", "csrf=SECRET"),
                    ("set-cookie", "x=SECRET; Domain=SECRET"),
                    ("set-cookie", "SECRET; Max-Age=5"),
                    ("set-cookie", "_fbp=SECRET; Max-Age=0"),
                    ("location", "/?SECRET"),
                ])
            })
            .await;
            told.lock().unwrap().push_str(&lines(answer.headers(), "consent-debug").join("\n"));
        }
        told.lock().unwrap().push_str(&format!("{layer:?}"));
    }
    let told = told.lock().unwrap().clone();
    let logged = logged("").join("\n");
    for (who, text) in [("observer, debug", &told), ("log", &logged)] {
        assert!(text.contains("_ga_X") && text.contains("csrf"), "{who} was told of cookies: {text}");
        assert!(!text.to_lowercase().contains("secret"), "{who}: {text}");
    }
}

/// The counters that a few exchanges leave, as `labels -> count`.
fn counted(layer: &ConsentLayer, exchanges: &[(Fields<'_>, Fields<'_>)]) -> BTreeMap<String, u64> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            for (asks, answer) in exchanges {
                serve(layer, request(asks), |_| response(answer)).await;
            }
        });
    });
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let key = key.key();
        assert_eq!(key.name(), "consent_cookies_total");
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let DebugValue::Counter(count) = value else { panic!("{value:?}") };
        (labels.join(" "), count)
    })
    .collect()
}

/// DESIGN 3: `consent_cookies_total` by action, direction, category, reason; names and services are no labels.
#[test]
fn cookies_are_counted() {
    let asks = [REFUSED, ("cookie", "csrf=1; _ga=2; _ga_1=3; _ga=4; _fbp=5; x=6; y=7"), DOCUMENT];
    let answer = [("set-cookie", "_fbp=1"), ("set-cookie", "z=1"), ("set-cookie", "lang=1; Max-Age=99999999")];
    let label = |action: &str, direction: &str, category: &str, reason: &str, enforced: bool| {
        format!("action={action} direction={direction} category={category} reason={reason} enforced={enforced}")
    };
    let expected = [
        (label("stripped", "request", "analytics", "refused", true), 6),
        (label("stripped", "request", "marketing", "refused", true), 2),
        (label("stripped", "request", "unknown", "unknown-cookie", true), 4),
        (label("stripped", "response", "marketing", "refused", true), 2),
        (label("stripped", "response", "unknown", "unknown-cookie", true), 2),
        (label("amended", "response", "essential", "essential", true), 2),
        // Once a name, and not once a line.
        (label("expired", "response", "analytics", "refused", true), 4),
        (label("expired", "response", "marketing", "refused", true), 2),
    ];
    let found = counted(&layer(policy()), &[(&asks, &answer), (&asks, &answer)]);
    assert_eq!(found, expected.into_iter().collect());

    let found =
        counted(&layer(policy().report_only()), &[(&[REFUSED, ("cookie", "_ga=1")], &[("set-cookie", "_ga=1")])]);
    let expected =
        ["request", "response"].map(|direction| (label("stripped", direction, "analytics", "refused", false), 1));
    assert_eq!(found, expected.into_iter().collect());

    let found =
        counted(&layer(policy()), &[(&[GRANTED, ("cookie", "_ga=1; csrf=1")], &[("set-cookie", "_ga=1")]), (&[], &[])]);
    assert_eq!(found, BTreeMap::new(), "what is left alone is not counted");
}

/// However many categories one message touches, each is counted in full.
#[test]
fn many_categories_are_counted() {
    let names: Vec<_> = (0..12).map(|number| format!("c{number}")).collect();
    let policy = names.iter().fold(Policy::builder(), |policy, name| {
        policy.category(name.as_str()).cookies(RuleTarget::category(name), [format!("cookie_{name}")])
    });
    let cookie: Vec<_> = names.iter().map(|name| format!("cookie_{name}=1; cookie_{name}=2")).collect();
    let found = counted(&layer(policy), &[(&[("cookie", &cookie.join("; "))], &[])]);
    assert_eq!(found.len(), 12);
    assert!(found.values().all(|count| *count == 2), "{found:?}");
}

/// The `consent-debug` header: in debug builds, and only where it is switched on.
#[tokio::test]
async fn a_debug_build_explains_itself_when_asked_to() {
    let asks = [REFUSED, ("cookie", "csrf=1; _ga=2; x=3"), DOCUMENT];
    let told = "request _ga stripped: refused, request x stripped: unknown-cookie, response _fbp stripped: refused, \
                response _ga expired: refused";
    for (switched_on, asks, told) in [(true, &asks[..], told), (false, &asks, ""), (true, &[("cookie", "csrf=1")], "")]
    {
        let layer = layer(policy());
        let layer = if switched_on { layer.with_debug_header() } else { layer };
        let set = if told.is_empty() && switched_on { "csrf=1" } else { "_fbp=1" };
        let answer = serve(&layer, request(asks), |_| response(&[("set-cookie", set)])).await;
        let expected: Vec<_> = [told].into_iter().filter(|text| !text.is_empty() && cfg!(debug_assertions)).collect();
        assert_eq!(lines(answer.headers(), "consent-debug"), expected);
    }
    let reported = layer(policy().report_only()).with_debug_header();
    let answer = serve(&reported, request(&asks[..2]), |_| response(&[])).await;
    assert_eq!(
        answer.headers().contains_key("consent-debug"),
        cfg!(debug_assertions),
        "also where nothing is enforced"
    );

    // A header is not grown without end, and one of the application's own is left where ours is off.
    let many: Vec<_> = (0..500).map(|number| format!("name_{number}=1")).collect();
    let layer = layer(policy());
    let asks = [("cookie", &many.join("; ")[..])];
    let answer = serve(&layer.clone().with_debug_header(), request(&asks), |_| response(&[])).await;
    let told = lines(answer.headers(), "consent-debug").join("");
    assert_eq!((1_900..2_200).contains(&told.len()), cfg!(debug_assertions), "{}", told.len());
    let answer = serve(&layer, request(&asks), |_| response(&[("consent-debug", "mine")])).await;
    assert_eq!(lines(answer.headers(), "consent-debug"), ["mine"]);
}

//! Holds the request strip against the cookie readers that applications use: after it none of them sees a name that is
//! not allowed (R50), whatever the bytes and however the attack (R66-R72).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/property.rs"]
mod property;

use std::{
    collections::BTreeSet,
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use axum_extra::extract::CookieJar;
use headers::HeaderMapExt;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use property::hold;
use proptest::{prelude::*, sample::select};
use tower::{Layer, Service};
use tower_consent::{Category, ConsentLayer, Policy, Regime, UnknownCookies};
use tower_cookies::{CookieManagerLayer, Cookies};

// The policies: names that are allowed, names that are refused, and prefixes of both kinds inside each other.

const ESSENTIAL: &[&str] = &["sid", "csrf", "__Host-sid", "app_*", "_fbx*"];
const REFUSED: &[&str] = &["_ga", "_ga_*", "_gid", "_fb*", "app_ads", "app_st_*", "th\u{e8}me"];

fn layer(unknown: UnknownCookies) -> ConsentLayer {
    let policy = Policy::builder()
        .regime(Regime::OptIn)
        .unknown(unknown)
        .essential(ESSENTIAL.iter().copied())
        .cookies(Category::MARKETING, REFUSED.iter().copied());
    ConsentLayer::new(policy.build().unwrap())
}

static STRIPPING: LazyLock<ConsentLayer> = LazyLock::new(|| layer(UnknownCookies::Strip));
static PASSING: LazyLock<ConsentLayer> = LazyLock::new(|| layer(UnknownCookies::Pass));
static REPORTING: LazyLock<ConsentLayer> = LazyLock::new(|| layer(UnknownCookies::Report));

/// How well a pattern fits: an exact name better than any prefix, a longer prefix better than a shorter one.
fn fit(patterns: &[&str], name: &str) -> Option<usize> {
    let fits = patterns.iter().filter_map(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix).then_some(prefix.len()),
        None => (*pattern == name).then_some(usize::MAX),
    });
    fits.max()
}

/// Whether an application may see a cookie of this name.
fn may_be_seen(name: &str, unknown_passes: bool) -> bool {
    let (allowed, refused) = (fit(ESSENTIAL, name), fit(REFUSED, name));
    if name == "__Host-consent" {
        return true;
    }
    match (allowed, refused) {
        (None, None) => unknown_passes,
        (allowed, refused) => allowed > refused,
    }
}

// The readers.

/// The names that each reader finds.
type Seen = Vec<(&'static str, BTreeSet<String>)>;

/// The application: reads its cookies in every way.
#[derive(Clone)]
struct Reader;

impl Service<Request<()>> for Reader {
    type Response = Response<Seen>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Seen>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let headers: &HeaderMap = request.headers();
        let axum_extra = CookieJar::from_headers(headers).iter().map(|cookie| cookie.name().to_owned()).collect();
        let typed = headers.typed_get::<headers::Cookie>();
        let typed = typed.iter().flat_map(|cookie| cookie.iter()).map(|(name, _)| name.to_owned()).collect();
        let cookies = request.extensions().get::<Cookies>().unwrap();
        let tower_cookies = cookies.list().iter().map(|cookie| cookie.name().to_owned()).collect();
        ready(Ok(Response::new(vec![("axum-extra", axum_extra), ("headers", typed), ("tower-cookies", tower_cookies)])))
    }
}

fn request(lines: &[Vec<u8>]) -> Request<()> {
    let mut request = Request::new(());
    for line in lines {
        request.headers_mut().append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    request
}

fn now<F: Future<Output = Result<Response<Seen>, Infallible>>>(answer: F) -> Seen {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response.into_body(),
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// What the readers find behind the layer.
fn seen(layer: &ConsentLayer, lines: &[Vec<u8>]) -> Seen {
    now(layer.layer(CookieManagerLayer::new().layer(Reader)).call(request(lines)))
}

/// What they find without it.
fn seen_unfiltered(lines: &[Vec<u8>]) -> Seen {
    now(CookieManagerLayer::new().layer(Reader).call(request(lines)))
}

fn find_forbidden(lines: &[Vec<u8>], seen: &Seen, unknown_passes: bool) -> Result<(), String> {
    for (reader, names) in seen {
        if let Some(name) = names.iter().find(|name| !may_be_seen(name, unknown_passes)) {
            let lines: Vec<String> = lines.iter().map(|line| line.escape_ascii().to_string()).collect();
            return Err(format!("{reader} sees {name:?} in {lines:?} (unknown pass: {unknown_passes})"));
        }
    }
    Ok(())
}

fn hold_all(lines: &[Vec<u8>]) -> Result<(), String> {
    find_forbidden(lines, &seen(&STRIPPING, lines), false)?;
    find_forbidden(lines, &seen(&PASSING, lines), true)?;
    find_forbidden(lines, &seen(&REPORTING, lines), true)
}

// Any bytes.

const NAMES: &[&str] = &[
    "sid",
    "csrf",
    "__Host-sid",
    "app_x",
    "app_ads",
    "app_st_1",
    "_ga",
    "_ga_X",
    "_gid",
    "_fb",
    "_fbx",
    "_fbxy",
    "_fbp",
    "th\u{e8}me",
    "other",
    "SID",
    "__Host-consent",
];

const AROUND: &[&[u8]] = &[
    b"",
    b"",
    b"",
    b" ",
    b"\t",
    "\u{2000}".as_bytes(),
    "\u{a0}".as_bytes(),
    "\u{85}".as_bytes(),
    "\u{feff}".as_bytes(),
    "\u{3000}".as_bytes(),
    "\u{2028}".as_bytes(),
    b"\xff",
    b"\xa0",
    b"%20",
    b"%09",
    b"%0a",
    b"%C2%A0",
    b"%c2%85",
    b"%25",
    b"%",
    b"$",
    b"\"",
    b"'",
    b",",
    b"\\\"",
    b"%22",
    b"%3D",
    b"%3B",
    b"=",
];

const VALUES: &[&[u8]] = &[
    b"",
    b"1",
    b"\"",
    b"\"1\"",
    b"\"a",
    b"b\"",
    b"\\\"",
    b"x=y",
    b"a, _ga=1",
    b"\xff",
    b"\xc3\xa4",
    b"%3B_ga%3D1",
    b" ",
];

const BETWEEN: &[&[u8]] = &[b"; ", b"; ", b";", b" ; ", b";;", b", ", b"\";", b";\"", b"; $Version=1; ", b"\t;\t"];

fn bytes(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> + Clone {
    let byte = prop_oneof![4 => 0x20..=0x7e_u8, 1 => Just(b'\t'), 2 => 0x80..=0xff_u8];
    prop::collection::vec(byte, length)
}

fn name() -> impl Strategy<Value = Vec<u8>> + Clone {
    let around = || select(AROUND);
    let dressed = (around(), around(), select(NAMES), around(), around())
        .prop_map(|(a, b, name, c, d)| [a, b, name.as_bytes(), c, d].concat());
    // Any set of its bytes is percent-encoded, in one or the other case.
    let encoded = (dressed.clone(), any::<u32>(), any::<bool>()).prop_map(|(name, which, upper)| {
        let encode = |(at, byte): (usize, &u8)| match (which >> (at % 32) & 1, upper) {
            (0, _) => vec![*byte],
            (_, true) => format!("%{byte:02X}").into_bytes(),
            (_, false) => format!("%{byte:02x}").into_bytes(),
        };
        name.iter().enumerate().flat_map(encode).collect()
    });
    prop_oneof![6 => dressed, 3 => encoded, 1 => bytes(0..5)]
}

fn line() -> impl Strategy<Value = Vec<u8>> + Clone {
    let value = prop_oneof![5 => select(VALUES).prop_map(<[u8]>::to_vec), 1 => bytes(0..6)];
    let pair = prop_oneof![
        10 => (name(), value.clone()).prop_map(|(name, value)| [&name[..], b"=", &value].concat()),
        1 => name(),
        1 => value.prop_map(|value| [b"=", &value[..]].concat()),
    ];
    let pairs = prop::collection::vec((pair, select(BETWEEN)), 1..5);
    prop_oneof![
        5 => pairs.prop_map(|pairs| pairs.iter().flat_map(|(pair, after)| [&pair[..], after].concat()).collect()),
        1 => bytes(0..40),
    ]
}

/// R50, R66-R68, R70-R72.
#[test]
fn no_reader_sees_a_name_that_is_not_allowed() {
    hold(&prop::collection::vec(line(), 1..4), |lines| hold_all(&lines));
}

// Named attacks.

/// `(rule, what the attack is, Cookie lines, who sees a forbidden name without the layer, what every reader sees behind it)`.
/// The fourth column shows that the attack is real: where it is empty, the attack is on readers that are not in this test.
type Attack = (&'static str, &'static str, &'static [&'static [u8]], &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const ATTACKS: &[Attack] = &[
    ("R66", "nameless cookie that holds a pair",   &[b"=_ga=1; sid=1"],                            &[],  &["sid"]),
    ("R66", "nameless cookie as browsers send it", &[b"_ga=1; sid=1"],                             ALL,  &["sid"]),
    ("R66", "text without a name",                 &[b"_ga; sid=1"],                               &[],  &["sid"]),
    ("R67", "U+2000 before the name",              &[b"\xe2\x80\x80_ga=1", b"sid=1"],              UTF8, &["sid"]),
    ("R67", "NBSP before the name",                &[b"\xc2\xa0_ga=1", b"sid=1"],                  UTF8, &["sid"]),
    ("R67", "NEL before the name",                 &[b"\xc2\x85_ga=1", b"sid=1"],                  UTF8, &["sid"]),
    ("R67", "U+2000 behind the name",              &[b"_ga\xe2\x80\x80=1", b"sid=1"],              UTF8, &["sid"]),
    ("R67", "U+3000 under an allowed prefix",      &[b"app_ads\xe3\x80\x80=1", b"sid=1"],          UTF8, &["sid"]),
    ("R67", "BOM, which nobody trims",             &[b"\xef\xbb\xbf_ga=1; sid=1"],                 &[],  &["sid"]),
    ("R68", "cookie sandwich",                     &[b"$Version=1; _ga=\"; sid=1; end=\""],        ALL,  &["sid"]),
    ("R68", "sandwich of allowed names",           &[b"$Version=1; csrf=x; $Path=/; sid=1"],       &[],  &["csrf", "sid"]),
    ("R70", "quotes around a refused pair",        &[b"sid=\"a; _ga=1; b\""],                      SPLIT, &["sid"]),
    ("R70", "quotes over two lines",               &[b"sid=\"a", b"_ga=1", b"_gid=b\""],           SPLIT, &["sid"]),
    ("R71", "percent-encoded first byte",          &[b"%5Fga=1; sid=1"],                           DECODE, &["sid"]),
    ("R71", "percent-encoded in lower case",       &[b"%5fga=1; sid=1"],                           DECODE, &["sid"]),
    ("R71", "percent-encoded whole",               &[b"%5F%67%61=1; sid=1"],                       DECODE, &["sid"]),
    ("R71", "percent-encoded under an allowed prefix", &[b"app_%61ds=1; sid=1"],                  DECODE, &["sid"]),
    ("R71", "percent-encoded within a refused prefix", &[b"app_s%74_1=1; sid=1"],                  DECODE, &["sid"]),
    ("R67", "trimmed, then decoded",               &[b"\xe2\x80\x80%5Fga=1", b"sid=1"],            UTF8, &["sid"]),
    ("R72", "a pair on each line",                 &[b"sid=1", b"_ga=1", b"csrf=1", b"_gid=1"],    ALL,  &["csrf", "sid"]),
    ("R72", "refused on the last line only",       &[b"sid=1; csrf=1", b"_fbp=1"],                 ALL,  &["csrf", "sid"]),
    // R51: the bad pair goes, so that it cannot hide the others of its line.
    ("R72", "bytes that hide a whole line",        &[b"sid=1; x=\xff; _ga=1"],                     &[],  &["sid"]),
    ("R35", "another case is another name",        &[b"SID=1; sid=1; _GA=1"],                      &[],  &["sid"]),
    ("R48", "comma is no separator",               &[b"sid=1, _ga=2; _gid=1"],                     ALL,  &["sid"]),
];

const ALL: &[&str] = &["axum-extra", "headers", "tower-cookies"];
/// Readers that take UTF-8.
const UTF8: &[&str] = &["tower-cookies"];
/// Readers that know no quotes.
const SPLIT: &[&str] = &["axum-extra", "tower-cookies"];
const DECODE: &[&str] = &["axum-extra", "tower-cookies"];

/// R50 under *unknown = strip*: what is left is exactly what is allowed, for every reader; so no reader loses the
/// visitor's session to an attack either (R51).
#[test]
fn named_attacks_leave_exactly_the_allowed_names() {
    for (rule, attack, lines, reached, left) in ATTACKS {
        let lines: Vec<Vec<u8>> = lines.iter().map(|line| line.to_vec()).collect();
        for (reader, names) in seen_unfiltered(&lines) {
            let is_reached = names.iter().any(|name| fit(REFUSED, name) > fit(ESSENTIAL, name));
            assert_eq!(
                is_reached,
                reached.contains(&reader),
                "{rule} {attack}: without the layer {reader} sees {names:?}"
            );
        }
        for (reader, names) in seen(&STRIPPING, &lines) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            assert_eq!(names, *left, "{rule} {attack}: {reader}");
        }
        assert_eq!(hold_all(&lines), Ok(()), "{rule} {attack}");
    }
}

/// R50 under *unknown = pass*: what nobody refused stays visible, so that the property is not held by dropping everything.
#[test]
fn where_unknown_names_pass_only_refused_ones_go() {
    let lines = [b"other=1; _ga=1; x%20y=2; app_x=3; 100%=4; app_%61ds=5".to_vec()];
    for layer in [&*PASSING, &*REPORTING] {
        for (reader, names) in seen(layer, &lines) {
            let decodes = DECODE.contains(&reader);
            let odd = if decodes { "x y" } else { "x%20y" };
            let expected = BTreeSet::from(["other", odd, "app_x", "100%"].map(str::to_owned));
            assert_eq!(names, expected, "{reader}");
        }
    }
}

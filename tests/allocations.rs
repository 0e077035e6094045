//! What the layer allocates for a request, above what the handler allocates without it: a number that does not hang on
//! how many cookies there are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::AllocationInfo;
use common::{clock_at, lines, request};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use time::macros::date;
use tower::{Layer, Service};
use tower_consent::{
    Category, CategoryEntry, ConsentLayer, CookieRule, MemoryStore, Policy, Scope, TokenContext, Tokens,
};

/// Where nothing is to be stripped: the context and what carries it.
const NOTHING_TO_STRIP: u64 = 5;
/// Where something is.
const STRIPPING: u64 = 7;
/// What a token that is asked for adds.
const TOKEN: u64 = 1;
/// Bytes of all of these, beside the line that is written anew.
const BYTES: u64 = 1_200;

const SIZES: [usize; 4] = [3, 12, 180, 720];

fn layer() -> ConsentLayer {
    let policy = Policy::builder()
        .essential(["csrf", "pref_*"])
        .auth_cookie("session")
        .category(CategoryEntry::new("social"))
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
        .mac_key("k1", [7; 32]);
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)))
}

/// Sends a request, whose answer has these lines, and gives what leaves and how often it allocated.
fn send<S>(service: &mut S, request: Request<()>) -> (HeaderMap, u64)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    let (headers, counted) = measured(service, request);
    (headers, counted.count_total)
}

fn measured<S>(service: &mut S, request: Request<()>) -> (HeaderMap, AllocationInfo)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    let (mut request, mut headers) = (Some(request), None);
    let counted = allocation_counter::measure(|| {
        let answer = pin!(service.call(request.take().unwrap()));
        if let Poll::Ready(Ok(response)) = answer.poll(&mut Context::from_waker(Waker::noop())) {
            headers = Some(response.into_parts().0.headers);
        }
    });
    (headers.expect("an answer"), counted)
}

/// The allocations of the layer alone, and what it lets through: the names the handler saw, and the lines that left.
struct Cost {
    allocations: u64,
    seen: usize,
    left: Vec<String>,
}

fn cost(layer: &ConsentLayer, request: &Request<()>, set: &[String]) -> Cost {
    let set: Vec<_> = set.iter().map(|line| HeaderValue::from_str(line).unwrap()).collect();
    let handler = || {
        let set = set.clone();
        tower::service_fn(move |_: Request<()>| {
            let mut response = Response::new(());
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
            for line in &set {
                response.headers_mut().append(header::SET_COOKIE, line.clone());
            }
            std::future::ready(Ok::<_, Infallible>(response))
        })
    };
    let (mut bare, mut covered) = (handler(), layer.layer(handler()));
    // The first request of a process pays for what is set up once.
    for _ in 0..2 {
        send(&mut bare, request.clone());
        send(&mut covered, request.clone());
    }
    let (_, base) = send(&mut bare, request.clone());
    let (headers, total) = send(&mut covered, request.clone());
    let pairs = std::sync::atomic::AtomicUsize::new(0);
    let mut counting = layer.layer(tower::service_fn(|request: Request<()>| {
        let all = lines(request.headers(), "cookie");
        let count = all.iter().map(|line| line.split(';').count()).sum();
        pairs.store(count, std::sync::atomic::Ordering::Relaxed);
        std::future::ready(Ok::<_, Infallible>(Response::new(())))
    }));
    send(&mut counting, request.clone());
    Cost {
        allocations: total.checked_sub(base).expect("a layer takes nothing away"),
        seen: pairs.into_inner(),
        left: lines(&headers, "set-cookie"),
    }
}

/// A consent cookie as the layer writes it.
fn consent(layer: &ConsentLayer, grants: bool) -> String {
    let line = std::sync::Mutex::new(String::new());
    let mut service = layer.layer(tower::service_fn(|request: Request<()>| {
        let context = tower_consent::ConsentContext::of(request.extensions()).unwrap();
        let change = match grants {
            true => context.peek().grant_all_unrecorded(),
            false => context.peek().refuse_all(),
        };
        *line.lock().unwrap() = change.header_value().unwrap().to_str().unwrap().to_owned();
        std::future::ready(Ok::<_, Infallible>(Response::new(())))
    }));
    send(&mut service, Request::new(()));
    drop(service);
    line.into_inner().unwrap().split(';').next().unwrap().to_owned()
}

/// A consent cookie and as many others as make up this number; every other one of them is analytics.
fn jar(consent: &str, count: usize) -> String {
    let name = |number: usize| match number % 2 {
        0 => format!("_ga_{number:06}"),
        _ => format!("pref_{number:06}"),
    };
    let others = (1..count).map(|number| format!("; {}=GS2.1.s1767225600$o14$g1", name(number)));
    consent.to_owned() + &others.collect::<String>()
}

/// A script's request: no document, so that nothing is expired.
fn fetch(cookies: &str) -> Request<()> {
    request(&[("accept", "*/*"), ("sec-fetch-dest", "empty"), ("cookie", cookies)])
}

const LINES: [&[&str]; 3] = [&[], &["session=1; HttpOnly"], &["csrf=1", "session=2", "pref_a=3", "csrf=4; Path=/a"]];

/// Nothing to strip in either direction.
#[test]
fn where_nothing_is_stripped_only_the_context_is_made() {
    let layer = layer();
    let consent = consent(&layer, true);
    for size in SIZES {
        for set in LINES {
            let set: Vec<_> = set.iter().map(|line| (*line).to_owned()).collect();
            let cost = cost(&layer, &fetch(&jar(&consent, size)), &set);
            assert_eq!((cost.seen, &cost.left), (size, &set), "nothing is stripped");
            let allowed = NOTHING_TO_STRIP;
            assert!(cost.allocations <= allowed, "{} with {size} cookies and {} lines", cost.allocations, set.len());
        }
    }
    // Who has no cookies at all does not pay more.
    assert!(cost(&layer, &request(&[]), &[]).allocations <= NOTHING_TO_STRIP);
}

/// Half of the request's cookies are stripped, or of the answer's, or of both.
#[test]
fn stripping_costs_the_same_for_any_number_of_cookies() {
    let layer = layer();
    let (granted, refused) = (consent(&layer, true), consent(&layer, false));
    for size in SIZES {
        for set in LINES {
            let passing: Vec<_> = set.iter().map(|line| (*line).to_owned()).collect();
            let mut set = passing.clone();
            set.extend(["_fbp=1".to_owned(), "unknown=2; Path=/".to_owned()]);
            for (what, consent, set, seen) in [
                ("both ways", &refused, &set, size / 2 + 1),
                ("the request", &refused, &passing, size / 2 + 1),
                ("the answer", &granted, &[&passing[..], &["unknown=2".to_owned()]].concat(), size),
            ] {
                let seen = if size % 2 == 1 && seen < size { size.div_ceil(2) } else { seen };
                let cost = cost(&layer, &fetch(&jar(consent, size)), set);
                assert_eq!((cost.seen, &cost.left), (seen, &passing), "{what}, {size} cookies");
                assert!(cost.allocations <= STRIPPING, "{what}: {} with {size} cookies", cost.allocations);
            }
        }
    }
}

/// The signals, and a token that the handler asks for: how often, and how much beside the stripped line itself.
#[test]
fn signals_and_a_token_are_within_the_numbers_too() {
    let tokens = Tokens::new(MemoryStore::new());
    let token = {
        // A store in memory does not wait.
        let issue = pin!(tokens.issue("user-17")).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(issued)) = issue else { panic!("no token") };
        issued.token().expose()
    };
    let handler = || {
        tower::service_fn(|request: Request<()>| async move {
            let session = match TokenContext::of(request.extensions()) {
                Some(context) => context.session(request.headers()).await.unwrap(),
                None => None,
            };
            let mut response = Response::new(());
            let told = HeaderValue::from_static(if session.is_some() { "1" } else { "0" });
            response.headers_mut().insert(header::AGE, told);
            Ok::<_, Infallible>(response)
        })
    };
    let layer = layer();
    let (granted, refused) = (consent(&layer, true), consent(&layer, false));
    for (what, consent, size, signals, allowed) in [
        ("granted", &granted, 12, false, NOTHING_TO_STRIP),
        ("refused", &refused, 12, false, STRIPPING),
        ("signals", &granted, 3, true, STRIPPING),
        ("many", &refused, 180, true, STRIPPING),
    ] {
        let cookies = format!("{}; __Host-token={token}", jar(consent, size));
        let mut fields = vec![("accept", "*/*"), ("sec-fetch-dest", "empty"), ("cookie", cookies.as_str())];
        if signals {
            fields.extend([("dnt", "1"), ("sec-gpc", "1")]);
        }
        let request = request(&fields);
        let (mut bare, mut covered) = (handler(), layer.clone().with_tokens(tokens.clone()).layer(handler()));
        for _ in 0..2 {
            measured(&mut bare, request.clone());
            measured(&mut covered, request.clone());
        }
        let (_, base) = measured(&mut bare, request.clone());
        let (headers, total) = measured(&mut covered, request.clone());
        assert_eq!(headers[header::AGE], "1", "{what}: the token is alive");
        let (count, bytes) = (total.count_total - base.count_total, total.bytes_total - base.bytes_total);
        assert!(count <= allowed + TOKEN, "{what}: {count} allocations");
        let line = if allowed == STRIPPING { cookies.len() as u64 } else { 0 };
        assert!(bytes <= BYTES + line, "{what}: {bytes} bytes, with cookies of {}", cookies.len());
    }
}

/// A line that ends a cookie was written with the policy: to send it costs no memory but the room that the header map
/// takes for its lines, which grows by doubling.
#[test]
fn expiry_lines_cost_only_the_room_in_the_header_map() {
    let names: Vec<_> = (0..20).map(|number| format!("stat_{number}")).collect();
    let policy = Policy::builder().essential(["csrf"]).cookies(Category::ANALYTICS, names.clone());
    let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)));
    let refused = consent(&layer, false);
    let document = |cookies: &str| request(&[("sec-fetch-dest", "document"), ("cookie", cookies)]);
    let of = |count: usize| {
        let jar = names[..count].iter().fold(refused.clone(), |jar, name| format!("{jar}; {name}=1"));
        let page = cost(&layer, &document(&jar), &[]);
        assert_eq!(page.left.len(), count, "a line for each");
        let other = cost(&layer, &fetch(&jar), &[]);
        assert!(other.left.is_empty());
        page.allocations - other.allocations
    };
    // What the header map itself takes for as many lines beside the fields that the handler and the layer set.
    let map = |count: usize| {
        let lines: Vec<_> = names[..count].iter().map(|_| HeaderValue::from_static("x=; Max-Age=0")).collect();
        let with_lines = |lines: &[HeaderValue]| {
            let mut count = None;
            let lines = lines.to_vec();
            let counted = allocation_counter::measure(|| {
                let mut headers = HeaderMap::new();
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
                for line in lines {
                    headers.append(header::SET_COOKIE, line);
                }
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
                count = Some(headers.len());
            });
            assert!(count.is_some());
            counted.count_total
        };
        with_lines(&lines) - with_lines(&[])
    };
    for count in 1..=20 {
        let (layer, map) = (of(count), map(count));
        // Which names are done stands in a list that grows by doubling.
        let list = u64::from(count.next_power_of_two().ilog2().max(1));
        assert!(layer <= map + list, "{count} lines: {layer} allocations, of them {map} of the header map");
    }
}

/// A rule with more scopes has more lines ready, not more to do.
#[test]
fn more_scopes_cost_no_more_than_more_lines() {
    let rule = |scopes: usize| {
        let paths = (0..scopes).map(|number| Scope::host_only().path(format!("/{number}")));
        let rule = paths.fold(CookieRule::new("_ga", Category::ANALYTICS), CookieRule::scope);
        let policy = Policy::builder().cookie(rule).build().unwrap();
        let layer = ConsentLayer::new(policy).with_clock(clock_at(date!(2026 - 11 - 21)));
        let jar = format!("{}; _ga=1", consent(&layer, false));
        let cost = cost(&layer, &request(&[("sec-fetch-dest", "document"), ("cookie", &jar)]), &[]);
        assert_eq!(cost.left.len(), scopes);
        cost.allocations
    };
    // 16 lines more: the map's list of further lines doubles from 4 to 8 to 16.
    assert!(rule(17) - rule(1) <= 4, "{} for 17, {} for 1", rule(17), rule(1));
}

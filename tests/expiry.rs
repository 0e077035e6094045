//! Expiry in the browser: refused cookies that a request showed are deleted where their rule says that they live.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::{clock_at, lines, request, response, serve};
use http::{Request, Response};
use time::macros::date;
use tower_consent::{
    Category, ConsentContext, ConsentLayer, CookieRule, Decision, ManualClock, Narrow, Policy, PolicyBuilder, Regime,
    Revision, Scope, Selection, Signal, SignalScope, UnknownCookies, test::Visitor,
};

const HOME: &str = "https://www.example.com/";
/// What ends a cookie in every browser (R56).
const END: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

fn policy() -> PolicyBuilder {
    Policy::builder()
        .site_domain("example.com")
        .essential(["csrf"])
        .cookies(
            Category::ANALYTICS,
            ["_ga", "_ga_*", "__Host-stat", "__Secure-stat", "__Http-stat", "__Host-Http-stat"],
        )
        .cookies(Category::MARKETING, ["_fbp", "__secure-ad_*"])
        .cookie(CookieRule::new("host", Category::MARKETING).scope(Scope::host_only()))
        .cookie(
            CookieRule::new("deep", Category::MARKETING)
                .scope(Scope::host_only().path("/shop"))
                .scope(Scope::domain("shop.example.com").path("/a/b")),
        )
        .cookie(CookieRule::new("sec", Category::MARKETING).secure())
        .cookie(CookieRule::new("chips", Category::MARKETING).partitioned().scope(Scope::host_only()))
        .cookie(CookieRule::new("chips_*", Category::MARKETING).partitioned())
        .cookie(CookieRule::exact("user[id]", Category::MARKETING))
}

fn clock() -> ManualClock {
    clock_at(date!(2026 - 11 - 21))
}

fn layer(policy: PolicyBuilder) -> ConsentLayer {
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock())
}

/// What a page answers to a browser that shows these cookies.
async fn expired(layer: &ConsentLayer, headers: &[(&str, &str)], answer: &[(&str, &str)]) -> Vec<String> {
    let answer = serve(layer, request(headers), |_| response(answer)).await;
    lines(answer.headers(), "set-cookie")
}

const DOCUMENT: (&str, &str) = ("sec-fetch-dest", "document");
const REFUSED: &str = "__Host-consent=1:1:2026-11-21!analytics!marketing";
const GRANTED: &str = "__Host-consent=1:1:2026-11-21+analytics+marketing";

/// R44, R55, R56, R58, R62: which lines end which cookie.
#[tokio::test]
async fn each_cookie_ends_at_its_declared_scopes() {
    let at = |name: &str, scopes: &[&str]| -> Vec<String> {
        let line = |scope: &&str| format!("{name}=; {}", scope.replace("END", END));
        scopes.iter().map(line).collect()
    };
    for (name, scopes) in [
        ("_ga", &["Path=/; END", "Path=/; Domain=example.com; END"][..]),
        ("_ga_X1", &["Path=/; END", "Path=/; Domain=example.com; END"]),
        ("host", &["Path=/; END"]),
        ("deep", &["Path=/shop; END", "Path=/a/b; Domain=shop.example.com; END"]),
        ("sec", &["Path=/; END; Secure", "Path=/; Domain=example.com; END; Secure"]),
        ("chips", &["Path=/; END; Secure", "Path=/; END; Secure; Partitioned"]),
        (
            "chips_1",
            &[
                "Path=/; END; Secure",
                "Path=/; END; Secure; Partitioned",
                "Path=/; Domain=example.com; END; Secure",
                "Path=/; Domain=example.com; END; Secure; Partitioned",
            ],
        ),
        ("__Host-stat", &["Path=/; END; Secure"]),
        ("__Secure-stat", &["Path=/; END; Secure", "Path=/; Domain=example.com; END; Secure"]),
        ("__secure-ad_1", &["Path=/; END; Secure", "Path=/; Domain=example.com; END; Secure"]),
        ("__Http-stat", &["Path=/; END; Secure; HttpOnly", "Path=/; Domain=example.com; END; Secure; HttpOnly"]),
        ("__Host-Http-stat", &["Path=/; END; Secure; HttpOnly"]),
        // Names that no rule declares, other spellings, allowed ones, and names that cannot stand in a line of ours.
        ("other", &[]),
        ("_GA", &[]),
        ("csrf", &[]),
        ("$x", &[]),
        ("user[id]", &[]),
        ("_ga_\"x\"", &[]),
        ("_ga_\u{e9}", &[]),
        ("_ga_ x", &[]),
        ("%5Fga", &[]),
    ] {
        let cookie = format!("{REFUSED}; {name}=1; csrf=2");
        let found = expired(&layer(policy()), &[("cookie", &cookie), DOCUMENT], &[]).await;
        assert_eq!(found, at(name, scopes), "{name}");
    }
    let bare = layer(Policy::builder().cookies(Category::ANALYTICS, ["_ga"]));
    let found = expired(&bare, &[("cookie", "_ga=1"), DOCUMENT], &[]).await;
    assert_eq!(found, at("_ga", &["Path=/; END"]), "without a site domain");
    for unknown in [UnknownCookies::Strip, UnknownCookies::Pass, UnknownCookies::Report] {
        let layer = layer(policy().unknown(unknown));
        let found = expired(&layer, &[("cookie", "a=1; =b; %5Fga=2; \u{a0}_ga=3"), DOCUMENT], &[]).await;
        assert_eq!(found, [""; 0], "{unknown:?}: only declared names");
    }
}

/// R55, R63: each line really deletes, in a browser that holds the cookie there; the next request is clean, and its
/// answer says nothing more.
#[tokio::test]
async fn the_next_request_is_clean() {
    let policy = Arc::new(policy().build().unwrap());
    let layer = ConsentLayer::new(Arc::clone(&policy)).with_clock(clock());
    let shop = "https://www.shop.example.com/shop/a";
    for (address, set, name) in [
        (HOME, "_ga=1; Path=/", "_ga"),
        (HOME, "_ga=1; Path=/; Domain=example.com; Max-Age=99", "_ga"),
        (HOME, "_ga=1; Path=/; Domain=.EXAMPLE.com; HttpOnly; Secure", "_ga"),
        (HOME, "_ga_X1=1; Path=/; SameSite=Strict; Domain=example.com", "_ga_X1"),
        (HOME, "host=1; Path=/", "host"),
        (shop, "deep=1; Path=/shop", "deep"),
        ("https://www.shop.example.com/a/b/c", "deep=1; Path=/a/b; Domain=shop.example.com", "deep"),
        (HOME, "sec=1; Path=/; Secure; Domain=example.com", "sec"),
        (HOME, "chips=1; Path=/; Secure; SameSite=None; Partitioned", "chips"),
        (HOME, "chips=1; Path=/; Secure; SameSite=None", "chips"),
        (HOME, "chips_1=1; Path=/; Secure; Partitioned; Domain=example.com", "chips_1"),
        (HOME, "chips_1=1; Path=/; Secure; Domain=example.com", "chips_1"),
        (HOME, "__Host-stat=1; Path=/; Secure", "__Host-stat"),
        (HOME, "__Secure-stat=1; Path=/; Secure; Domain=example.com", "__Secure-stat"),
        (HOME, "__secure-ad_1=1; Path=/; Secure; Domain=example.com", "__secure-ad_1"),
        (HOME, "__Http-stat=1; Path=/; Secure; HttpOnly; Domain=example.com", "__Http-stat"),
        (HOME, "__Host-Http-stat=1; Path=/; Secure; HttpOnly", "__Host-Http-stat"),
    ] {
        let mut visitor = Visitor::refusing(&policy).at(clock());
        visitor.receive(address, &response(&[("set-cookie", set), ("set-cookie", "csrf=2; Path=/")]));
        visitor.assert_holds(name);
        let first = visit(&layer, &mut visitor, address).await;
        assert!(!lines(first.headers(), "set-cookie").is_empty(), "{set}");
        visitor.assert_lacks(name);
        visitor.assert_holds("csrf");
        visitor.assert_holds("__Host-consent");
        let second = visit(&layer, &mut visitor, address).await;
        assert_eq!(lines(second.headers(), "set-cookie"), [""; 0], "{set}");
    }
    // What lives at a scope that no rule declares stays in the browser, and never reaches the application (R58).
    let mut visitor = Visitor::refusing(&policy).at(clock());
    visitor.receive(HOME, &response(&[("set-cookie", "host=1; Path=/; Domain=example.com")]));
    for _ in 0..3 {
        let answer = visit(&layer, &mut visitor, HOME).await;
        assert_eq!(lines(answer.headers(), "set-cookie"), [format!("host=; Path=/; {END}")], "no growing headers");
    }
    visitor.assert_holds("host");
}

async fn visit(layer: &ConsentLayer, visitor: &mut Visitor, address: &str) -> Response<()> {
    let request = visitor.request(address).body(()).unwrap();
    let answer = serve(layer, request, |request| {
        let seen = lines(request.headers(), "cookie").join("; ");
        assert!(
            seen.split("; ")
                .all(|pair| pair.starts_with("csrf=") || pair.starts_with("__Host-consent=") || pair.is_empty()),
            "{seen}"
        );
        Response::new(())
    })
    .await;
    visitor.receive(address, &answer);
    answer
}

/// R58, DESIGN 3: only pages, and answers that change the consent; nothing that a shared cache may keep.
#[tokio::test]
async fn only_pages_expire() {
    let layer = layer(policy());
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    for (headers, answer, is_expired) in [
        (&[DOCUMENT][..], &[][..], true),
        (&[html], &[], true),
        (&[("accept", "*/*"), ("accept", "text/html")], &[], true),
        (&[DOCUMENT, ("accept", "*/*")], &[], true),
        (&[], &[], false),
        (&[("accept", "*/*")], &[], false),
        (&[("accept", "application/json")], &[], false),
        (&[("sec-fetch-dest", "image"), html], &[], false),
        (&[("sec-fetch-dest", "iframe"), html], &[], false),
        (&[("sec-fetch-dest", "empty"), html], &[], false),
        (&[("sec-fetch-dest", "script")], &[], false),
        (&[("sec-fetch-dest", "")], &[], false),
        (&[DOCUMENT], &[("cache-control", "private, max-age=60")], true),
        (&[DOCUMENT], &[("cache-control", "max-age=60")], true),
        (&[DOCUMENT], &[("cache-control", "no-store")], true),
        (&[DOCUMENT], &[("cache-control", "x=\"public, s-maxage=5\"")], true),
        (&[DOCUMENT], &[("cache-control", "public")], false),
        (&[DOCUMENT], &[("cache-control", "max-age=60, PUBLIC")], false),
        (&[DOCUMENT], &[("cache-control", "max-age=31536000, immutable")], false),
        (&[DOCUMENT], &[("cache-control", "s-maxage=5")], false),
        (&[DOCUMENT], &[("cache-control", "max-age=60"), ("cache-control", "S-MaxAge=5")], false),
    ] {
        for consent in [REFUSED, ""] {
            let cookie = format!("{consent}; _ga=1");
            let headers: Vec<_> = headers.iter().copied().chain([("cookie", &cookie[..])]).collect();
            let found = expired(&layer, &headers, answer).await;
            assert_eq!(found.len(), if is_expired { 2 } else { 0 }, "{headers:?} {answer:?}");
        }
    }
    // What is for everybody also keeps its headers.
    let headers = [("cookie", "_ga=1"), DOCUMENT];
    let answer = serve(&layer, request(&headers), |_| response(&[("cache-control", "public, max-age=9")])).await;
    assert_eq!(lines(answer.headers(), "cache-control"), ["public, max-age=9"]);
}

/// DESIGN 3: on a decided refusal, a signal, a narrowing, while undecided too; never while unseen, never what is allowed.
#[tokio::test]
async fn whose_cookies_expire() {
    let outdated = |policy: PolicyBuilder| policy.revision(Revision::new(2).on(2026, 11, 1));
    let gpc = ("sec-gpc", "1");
    let unseen = ("sec-fetch-site", "cross-site");
    for (why, policy, headers, ends) in [
        ("undecided", policy(), vec![], "_ga _fbp"),
        ("refused", policy(), vec![("cookie", REFUSED)], "_ga _fbp"),
        ("granted", policy(), vec![("cookie", GRANTED)], ""),
        ("one refused", policy(), vec![("cookie", "__Host-consent=1:1:2026-11-21+analytics!marketing")], "_fbp"),
        ("GPC", policy(), vec![gpc], "_ga _fbp"),
        ("DNT", policy(), vec![("dnt", "1")], "_ga _fbp"),
        ("DNT: 0", policy(), vec![("dnt", "0")], "_ga _fbp"),
        ("GPC after a consent", policy(), vec![gpc, ("cookie", GRANTED)], "_ga _fbp"),
        (
            "consent in knowledge of GPC",
            policy(),
            vec![gpc, ("cookie", "__Host-consent=1:1:2026-11-21+analytics+marketing:g")],
            "",
        ),
        (
            "GPC for marketing",
            policy().signal(Signal::Gpc, [Category::MARKETING]),
            vec![gpc, ("cookie", GRANTED)],
            "_fbp",
        ),
        (
            "GPC, no cookies",
            policy().signal(Signal::Gpc, SignalScope::NoCookies),
            vec![gpc, ("cookie", GRANTED)],
            "_ga _fbp",
        ),
        ("malformed", policy(), vec![("cookie", "__Host-consent=x")], "_ga _fbp"),
        ("ambiguous", policy(), vec![("cookie", GRANTED), ("cookie", REFUSED)], "_ga _fbp"),
        ("unauthentic", policy().mac_key("k", [1; 32]), vec![("cookie", GRANTED)], "_ga _fbp"),
        ("outdated", outdated(policy()), vec![("cookie", GRANTED)], "_ga _fbp"),
        ("expired", policy(), vec![("cookie", "__Host-consent=1:1:2026-05-21+analytics+marketing")], "_ga _fbp"),
        ("opt-out", policy().regime(Regime::OptOut), vec![], ""),
        ("opt-out, refused", policy().regime(Regime::OptOut), vec![("cookie", REFUSED)], "_ga _fbp"),
        ("opt-out, GPC", policy().regime(Regime::OptOut), vec![gpc], "_ga _fbp"),
        ("narrowed", policy().narrow(|_| Narrow::categories([Category::MARKETING])), vec![("cookie", GRANTED)], "_fbp"),
        ("report only", policy().report_only(), vec![("cookie", REFUSED)], ""),
        ("stood down", policy().stand_down(|_| true), vec![("cookie", REFUSED)], ""),
        // A document that a cross-site POST asked for; a GET shows the consent cookie if there is one.
        ("unseen", policy(), vec![unseen, ("method", "POST")], ""),
        ("unseen, GPC", policy(), vec![unseen, gpc, ("method", "POST")], ""),
        ("cross-site, refused", policy(), vec![unseen, ("cookie", REFUSED), ("method", "POST")], "_ga _fbp"),
        ("cross-site GET", policy(), vec![unseen, ("sec-fetch-mode", "navigate")], "_ga _fbp"),
    ] {
        let (method, headers): (Vec<_>, Vec<_>) = headers.into_iter().partition(|(name, _)| *name == "method");
        let shown = [("cookie", "_ga=1; csrf=1; _fbp=2; x=3"), DOCUMENT];
        let mut request = request(&headers.into_iter().chain(shown).collect::<Vec<_>>());
        if let [(_, method)] = method[..] {
            *request.method_mut() = method.parse().unwrap();
        }
        let answer = serve(&layer(policy), request, |_| response(&[])).await;
        let names: Vec<_> = lines(answer.headers(), "set-cookie")
            .iter()
            .filter(|line| !line.contains("Domain="))
            .map(|line| line.split('=').next().unwrap().to_owned())
            .collect();
        assert_eq!(names.join(" "), ends, "{why}");
    }
}

/// R89: an answer that changes the consent expires at once, page or not; a grant expires nothing that it grants.
#[tokio::test]
async fn a_change_takes_effect_in_the_same_answer() {
    let only_analytics = Selection::none().grant(Category::ANALYTICS);
    let accept = |decision: &Decision| decision.grant_all_unrecorded();
    let choose = |decision: &Decision| decision.choose_unrecorded(&only_analytics).unwrap();
    let withdraw = |decision: &Decision| decision.withdraw();
    for (why, consent, change, ends) in [
        ("withdrawn", GRANTED, &withdraw as &dyn Fn(&Decision) -> _, "_ga _ga _fbp _fbp"),
        ("accepted", "", &accept, ""),
        ("in part", "", &choose, "_fbp _fbp"),
        ("in part, after all", GRANTED, &choose, "_fbp _fbp"),
        ("refused, then accepted", REFUSED, &accept, ""),
    ] {
        for dest in ["document", "empty", "image"] {
            let cookie = format!("{consent}; _ga=1; csrf=2; _fbp=3");
            let headers = [("cookie", &cookie[..]), ("sec-fetch-dest", dest)];
            let answer = serve(&layer(policy()), request(&headers), |request| {
                let mut answer = response(&[("set-cookie", "_ga=9; Path=/")]);
                change(ConsentContext::of(request.extensions()).unwrap().peek()).apply(answer.headers_mut());
                answer
            })
            .await;
            let set = lines(answer.headers(), "set-cookie");
            let name = |line: &&String| line.split('=').next().unwrap().to_owned();
            let ended: Vec<_> = set.iter().filter(|line| line.contains(END)).map(|line| name(&line)).collect();
            assert_eq!(ended.join(" "), ends, "{why}, {dest}");
            // Never a name for which a line that stores is left in.
            let stored: Vec<_> =
                set.iter().filter(|line| !line.contains("Max-Age=0")).map(|line| name(&line)).collect();
            assert_eq!(stored.contains(&"_ga".to_owned()), !ends.contains("_ga"), "{why}");
            assert!(stored.iter().all(|name| !ended.contains(name)), "{why}: {set:?}");
        }
    }
    // Our cookie deleted, or set so that it does not count: a refusal, page or not.
    for line in ["__Host-consent=; Path=/; Max-Age=0; Secure", "__Host-consent=forged; Path=/; Secure"] {
        let cookie = format!("{GRANTED}; _ga=1");
        let set = expired(&layer(policy()), &[("cookie", &cookie)], &[("set-cookie", line)]).await;
        assert_eq!(set.len(), 3, "{set:?}");
    }
}

/// R89, R62: a visitor who withdraws loses everything that was set, by server or script, at once.
#[tokio::test]
async fn a_withdrawal_empties_the_browser() {
    let policy = Arc::new(policy().build().unwrap());
    let layer = ConsentLayer::new(Arc::clone(&policy)).with_clock(clock());
    let mut visitor = Visitor::consenting(&policy).at(clock());
    let set = ["_ga=1; Path=/; HttpOnly; Secure", "__Host-stat=1; Path=/; Secure", "csrf=1; Path=/"];
    visitor.receive(HOME, &response(&set.map(|line| ("set-cookie", line))));
    visitor.script_sets(HOME, "_ga=2; path=/; domain=example.com");
    visitor.script_sets(HOME, "_fbp=3; path=/; domain=example.com; max-age=7776000");
    let request = visitor.subresource("https://www.example.com/privacy/api", "empty").body(()).unwrap();
    let answer = serve(&layer, request, |request| {
        let mut answer = Response::new(());
        ConsentContext::of(request.extensions()).unwrap().peek().withdraw().apply(answer.headers_mut());
        answer
    })
    .await;
    visitor.receive(HOME, &answer);
    let left: Vec<_> = visitor.cookies().map(|cookie| cookie.name().to_vec()).collect();
    assert_eq!(left, [&b"__Host-consent"[..], b"csrf"]);
}

/// R60, R63: at most 20 lines and 4 KiB an answer; the rest with the next page, until nothing is left.
#[tokio::test]
async fn the_rest_follows_with_the_next_page() {
    let policy = Arc::new(policy().build().unwrap());
    let layer = ConsentLayer::new(Arc::clone(&policy)).with_clock(clock());
    let fill = |length: usize| move |number: usize| format!("_ga_{number:0length$}");
    for (count, length, lines_of_pages) in [
        (10, 2, &[20][..]),
        (11, 2, &[20, 2]),
        (60, 3, &[20, 20, 20, 20, 20, 20]),
        // 4,096 bytes: seven lines of 567 or 587 bytes, so a name can be left with one of its two.
        (7, 500, &[7, 7, 2]),
    ] {
        let mut visitor = Visitor::refusing(&policy).at(clock());
        for name in (0..count).map(fill(length)) {
            visitor.receive(HOME, &response(&[("set-cookie", &format!("{name}=1; Path=/; Domain=example.com"))]));
        }
        let mut found = Vec::new();
        loop {
            let answer = visit(&layer, &mut visitor, HOME).await;
            let set = lines(answer.headers(), "set-cookie");
            assert!(set.iter().map(String::len).sum::<usize>() <= 4_096);
            if set.is_empty() || found.len() > 10 {
                break;
            }
            found.push(set.len());
        }
        assert_eq!(found, lines_of_pages, "{count} names of {length} bytes");
        assert_eq!(visitor.cookies().count(), 1, "only the consent cookie is left");
    }
}

/// R63: 4,096 bytes fit, and not one more.
#[tokio::test]
async fn an_answer_carries_4096_bytes_of_lines() {
    let rule = CookieRule::new("page_*", Category::ANALYTICS).scope(Scope::host_only());
    let layer = layer(Policy::builder().cookie(rule));
    let line = |name: &str| format!("{name}=; Path=/; {END}");
    // Eight lines of 512 bytes each, and the last of one more.
    let name = |number: usize, more: usize| format!("page_{number:0width$}", width = 512 - line("page_").len() + more);
    for (more, expected) in [(0, 8), (1, 7)] {
        let names: Vec<_> = (0..8).map(|number| name(number, if number == 7 { more } else { 0 })).collect();
        let shown: Vec<_> = names.iter().map(|name| format!("{name}=1")).collect();
        let cookies = [&[REFUSED.to_owned()], &shown[..]].concat().join("; ");
        let expected: Vec<_> = names.iter().map(|name| line(name)).take(expected).collect();
        assert_eq!(expired(&layer, &[DOCUMENT, ("cookie", &cookies)], &[]).await, expected, "{more} more");
    }
}

/// R63: once a name, though the request shows it twice, and whatever the number of `Cookie` lines (R46, R47).
#[tokio::test]
async fn a_name_shown_twice_ends_once() {
    let layer = layer(policy());
    let twice = [
        &[("cookie", "_ga=1; _ga=2; _ga=1")][..],
        &[("cookie", "_ga=1"), ("cookie", "_ga=2")],
        &[("cookie", "csrf=1"), ("cookie", "x=2; _ga=1"), ("cookie", ""), ("cookie", "_ga")],
        &[("cookie", "\t_ga\t=1;_ga=2")],
    ];
    for headers in twice {
        let headers: Vec<_> = headers.iter().copied().chain([DOCUMENT]).collect();
        let host_only = format!("_ga=; Path=/; {END}");
        let shared = format!("_ga=; Path=/; Domain=example.com; {END}");
        assert_eq!(expired(&layer, &headers, &[]).await, [host_only, shared], "{headers:?}");
    }
}

/// R30, R57, R63: what the application itself says of a refused cookie stands beside; what was not shown is not expired.
#[tokio::test]
async fn only_what_the_request_showed_is_expired() {
    let layer = layer(policy());
    for (shown, set, left) in [
        ("", "_ga=1", 0),
        ("", "_ga=; Max-Age=0", 1),
        ("_fbp=1", "_ga=1", 2),
        ("_ga=1", "_ga=2", 2),
        ("_ga=1", "_ga=; Max-Age=0; Path=/x", 3),
        ("csrf=1", "csrf=2", 1),
    ] {
        let found = expired(&layer, &[("cookie", shown), DOCUMENT], &[("set-cookie", set)]).await;
        assert_eq!(found.len(), left, "{shown} {set}: {found:?}");
    }
    let mut head = Request::head(HOME).header("cookie", "_ga=1").header(DOCUMENT.0, DOCUMENT.1).body(()).unwrap();
    head.headers_mut().append("cookie", "csrf=1".parse().unwrap());
    let answer = serve(&layer, head, |_| response(&[])).await;
    assert_eq!(lines(answer.headers(), "set-cookie").len(), 2, "a HEAD is answered as its GET");
}

/// Where more is due than fits, each page begins at another cookie: ten that no line reaches, because they were set at a
/// path that nobody declared, do not keep the eleventh for ever.
#[tokio::test]
async fn no_cookie_starves_another() {
    let clock = clock();
    let policy = Policy::builder().site_domain("example.com").cookies(Category::MARKETING, ["ad_*", "_fbp"]);
    let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(clock.clone());
    let names: Vec<_> = (0..10).map(|number| format!("ad_{number}")).chain(["_fbp".to_owned()]).collect();
    let cookie: Vec<_> = names.iter().map(|name| format!("{name}=1")).collect();
    let cookie = cookie.join("; ");
    let mut ended = std::collections::HashSet::new();
    for _ in 0..names.len() {
        let lines = expired(&layer, &[("cookie", &cookie), DOCUMENT], &[]).await;
        assert_eq!(lines.len(), 20);
        let of_page: std::collections::HashSet<_> =
            lines.iter().map(|line| line.split('=').next().unwrap().to_owned()).collect();
        assert_eq!(of_page.len(), 10, "one has to wait");
        ended.extend(of_page);
        clock.advance(1);
    }
    assert_eq!(ended.len(), names.len(), "{ended:?}");
}

/// A prefix rule that is shorter than the name's own prefix still ends a `__Host-` name host-only.
#[tokio::test]
async fn a_host_name_ends_host_only_whatever_the_rule() {
    let layer = layer(Policy::builder().site_domain("example.com").cookies(Category::ANALYTICS, ["__Ho*"]));
    let found = expired(&layer, &[("cookie", "__Host-x=1"), DOCUMENT], &[]).await;
    assert_eq!(found, [format!("__Host-x=; Path=/; {END}; Secure")]);
}

/// A field that opens the answer to one kind of shared cache is as good as `public`.
#[tokio::test]
async fn an_answer_for_one_kind_of_shared_cache_expires_nothing() {
    for (name, said, count) in [
        ("cdn-cache-control", "public, max-age=99", 0),
        ("surrogate-control", "s-maxage=99", 0),
        ("cdn-cache-control", "no-store", 2),
    ] {
        let found = expired(&layer(policy()), &[("cookie", "_ga=1"), DOCUMENT], &[(name, said)]).await;
        assert_eq!(found.len(), count, "{name}: {said}");
    }
}

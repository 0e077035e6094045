//! Caches: an answer that is one visitor's stays out of shared ones, and every other answer keeps its headers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{clock_at, cookies_seen, lines, request, response, serve};
use http::{HeaderName, StatusCode};
use time::macros::date;
use tower_consent::{CacheRule, Category, ConsentContext, ConsentLayer, Narrow, Policy, PolicyBuilder, Regime};

static COUNTRY: HeaderName = HeaderName::from_static("cf-ipcountry");

fn policy() -> PolicyBuilder {
    Policy::builder().essential(["csrf"]).cookies(Category::ANALYTICS, ["_ga"])
}

/// A policy whose regime goes by region.
fn regional() -> PolicyBuilder {
    policy().regime_resolver([COUNTRY.clone(), HeaderName::from_static("x-region")], |request| {
        match request.headers.get(&COUNTRY) {
            Some(country) if country == "US" => Regime::OptOut,
            _ => Regime::OptIn,
        }
    })
}

fn layer(policy: PolicyBuilder) -> ConsentLayer {
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)))
}

/// What the handler of a test does with the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handler {
    Silent,
    Peeks,
    Asks,
    Withdraws,
    Accepts,
}
use Handler::{Accepts, Asks, Peeks, Silent, Withdraws};

type Fields<'a> = &'a [(&'a str, &'a str)];

/// The headers of an answer as they leave, one line each, those of the consent cookie apart.
async fn answered(policy: PolicyBuilder, asks: Fields<'_>, handler: Handler, answer: Fields<'_>) -> Vec<String> {
    let answer = serve(&layer(policy), request(asks), |request| {
        let mut answer = response(answer);
        let context = ConsentContext::of(request.extensions()).unwrap();
        match handler {
            Silent => {}
            Peeks => _ = (context.peek().allows(Category::ANALYTICS), context.policy().categories().len()),
            Asks => _ = context.decision(),
            // To change the consent is not to ask for it.
            Withdraws => context.peek().withdraw().apply(answer.headers_mut()),
            Accepts => context.peek().grant_all_unrecorded().apply(answer.headers_mut()),
        }
        assert_eq!(context.was_asked(), handler == Asks);
        answer
    })
    .await;
    let all = answer.headers().iter();
    all.map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()).replace("\\\"", "\""))
        .filter(|line| !line.starts_with("set-cookie: __Host-consent="))
        .collect()
}

/// One field of an answer to a plain request.
async fn field(name: &str, policy: PolicyBuilder, handler: Handler, answer: Fields<'_>) -> Vec<String> {
    let start = format!("{name}: ");
    let all = answered(policy, &[], handler, answer).await;
    all.iter().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect()
}

const COOKIE: (&str, &str) = ("set-cookie", "csrf=1");

/// R75, R76, R78: the directive is merged into what the application said, which is never weakened.
#[tokio::test]
async fn cache_control_is_merged() {
    for (said, private, no_store) in [
        (&[][..], "private", "no-store"),
        (&[""], "private", "no-store"),
        (&["private"], "private", "private, no-store"),
        (&["Private, max-age=5"], "Private, max-age=5", "Private, max-age=5, no-store"),
        (&["no-store"], "no-store", "no-store"),
        (&["max-age=0, NO-STORE"], "max-age=0, NO-STORE", "max-age=0, NO-STORE"),
        (&["max-age=60"], "max-age=60, private", "max-age=60, no-store"),
        (&["max-age=60 ,, no-transform,"], "max-age=60, no-transform, private", "max-age=60, no-transform, no-store"),
        (&["max-age=1, s-maxage = 5"], "max-age=1, private", "max-age=1, no-store"),
        // Behind a quote that is never closed nothing of ours would be seen.
        (&["x=\"a, public, max-age=9"], "private", "no-store"),
        (&["no-cache"], "no-cache, private", "no-cache, no-store"),
        // A cache that knows it passes over a `no-store` beside it (RFC 9111 section 5.2.2.3).
        (&["must-understand, no-store, max-age=60"], "no-store, max-age=60", "no-store, max-age=60"),
        (&["No-Store", "Must-Understand"], "No-Store", "No-Store"),
        (&["must-understand"], "must-understand, private", "no-store"),
        (
            &["must-revalidate, immutable"],
            "must-revalidate, immutable, private",
            "must-revalidate, immutable, no-store",
        ),
        (&["public"], "private", "no-store"),
        (&["PUBLIC, max-age=60"], "max-age=60, private", "max-age=60, no-store"),
        (&["public, private"], "private", "private, no-store"),
        (&["public, no-store"], "no-store", "no-store"),
        (&["s-maxage=600"], "private", "no-store"),
        (
            &["max-age=60, S-MaxAge=600, stale-while-revalidate=9"],
            "max-age=60, stale-while-revalidate=9, private",
            "max-age=60, stale-while-revalidate=9, no-store",
        ),
        // Several lines are one list.
        (&["max-age=60", "s-maxage=600"], "max-age=60, private", "max-age=60, no-store"),
        (&["public", "private"], "private", "private, no-store"),
        // The qualified form covers only the fields that it names; it is not widely known (RFC 9111 section 5.2.2.7).
        (&["private=\"set-cookie\""], "private=\"set-cookie\", private", "private=\"set-cookie\", no-store"),
        (
            &["private=\"x, public\", max-age=1"],
            "private=\"x, public\", max-age=1, private",
            "private=\"x, public\", max-age=1, no-store",
        ),
        // What stands in quotes is no directive, escaped quotes included.
        (&["x=\"no-store, public\""], "x=\"no-store, public\", private", "x=\"no-store, public\", no-store"),
        (
            &["x=\"a\\\", private, no-store, b\", y"],
            "x=\"a\\\", private, no-store, b\", y, private",
            "x=\"a\\\", private, no-store, b\", y, no-store",
        ),
        // Outside of quotes a backslash is an ordinary character: it hides no quote.
        (&["x=\\\"a, public, b\""], "x=\\\"a, public, b\", private", "x=\\\"a, public, b\", no-store"),
        (&["private, no-cache"], "private, no-cache", "private, no-cache, no-store"),
        (
            &["xpublic, publicx, my-s-maxage=1"],
            "xpublic, publicx, my-s-maxage=1, private",
            "xpublic, publicx, my-s-maxage=1, no-store",
        ),
    ] {
        let said: Vec<_> = said.iter().map(|value| ("cache-control", *value)).collect();
        let shown = |text: &str| text.as_bytes().escape_ascii().to_string().replace("\\\"", "\"");
        let with_cookie = [&said[..], &[COOKIE]].concat();
        assert_eq!(field("cache-control", policy(), Silent, &with_cookie).await, [shown(private)], "{said:?}");
        assert_eq!(field("cache-control", policy(), Asks, &said).await, [shown(private)], "asked, {said:?}");
        assert_eq!(field("cache-control", policy(), Withdraws, &said).await, [shown(no_store)], "changed, {said:?}");
        assert_eq!(field("cache-control", policy(), Accepts, &with_cookie).await, [shown(no_store)], "{said:?}");
    }
    // Lines of which none is to go stay as they were.
    let said = [("cache-control", "max-age=1"), ("cache-control", " private"), COOKIE];
    assert_eq!(field("cache-control", policy(), Silent, &said).await, ["max-age=1", " private"]);
}

/// R75: nginx stores by `X-Accel-Expires`, whatever `Cache-Control` says.
#[tokio::test]
async fn nginx_is_told_too() {
    for said in ["600", "@1900000000", "0"] {
        let answer = [("x-accel-expires", said), COOKIE];
        assert_eq!(field("x-accel-expires", policy(), Silent, &answer).await, ["0"], "{said}");
        assert_eq!(field("x-accel-expires", policy(), Asks, &answer[..1]).await, ["0"], "{said}");
        assert_eq!(field("x-accel-expires", policy(), Withdraws, &answer[..1]).await, ["0"], "{said}");
        assert_eq!(
            field("x-accel-expires", policy(), Silent, &answer[..1]).await,
            [said],
            "nothing personal: it stays"
        );
    }
    assert_eq!(field("x-accel-expires", policy(), Asks, &[]).await, [""; 0]);
}

/// A page that shows cookies, of which none is expired, is as before.
#[tokio::test]
async fn a_page_without_a_line_of_ours_keeps_its_field() {
    let page = [("sec-fetch-dest", "document"), ("cookie", "__Host-consent=1:1:2026-11-21+analytics; _ga=1")];
    let said = [("cache-control", "max-age=600")];
    assert_eq!(answered(policy(), &page, Silent, &said).await, ["cache-control: max-age=600"]);
}

/// R75, R78, RFC 9213: fields that speak to one kind of cache past `Cache-Control` are brought in line.
#[tokio::test]
async fn targeted_fields_are_brought_in_line() {
    let standard = ["cdn-cache-control", "cloudflare-cdn-cache-control", "vercel-cdn-cache-control"];
    let older = ["surrogate-control", "edge-control"];
    for name in standard.into_iter().chain(older) {
        for said in ["max-age=600", "public, s-maxage=600", "private"] {
            let answer = [(name, said), COOKIE];
            // The older ones know no `private`.
            let private = if older.contains(&name) { "no-store" } else { "private" };
            assert_eq!(field(name, policy(), Silent, &answer).await, [private], "{name}: {said}");
            assert_eq!(field("cache-control", policy(), Silent, &answer).await, ["private"], "{name}: {said}");
            assert_eq!(field(name, policy(), Withdraws, &answer).await, ["no-store"], "{name}: {said}");
            assert_eq!(field(name, policy(), Silent, &answer[..1]).await, [said], "nothing personal: it stays");
        }
    }
    let two = [("cdn-cache-control", "max-age=1"), ("cdn-cache-control", "public"), COOKIE];
    assert_eq!(field("cdn-cache-control", policy(), Silent, &two).await, ["private"], "several lines");
    // Never weaker than what was said.
    for said in [&["no-store"][..], &["No-Store, max-age=0"]] {
        let answer: Vec<_> = said.iter().map(|value| ("cdn-cache-control", *value)).chain([COOKIE]).collect();
        assert_eq!(field("cdn-cache-control", policy(), Silent, &answer).await, said);
    }
    // Akamai stores what says `!no-store`, whatever else it says.
    for said in ["!no-store, max-age=60", "no-store, !no-store"] {
        assert_eq!(
            field("edge-control", policy(), Silent, &[("edge-control", said), COOKIE]).await,
            ["no-store"],
            "{said}"
        );
    }
    assert_eq!(
        field("edge-control", policy(), Silent, &[("edge-control", "no-store, dca=esi"), COOKIE]).await,
        ["no-store, dca=esi"]
    );
    let understood = [("cdn-cache-control", "must-understand, no-store, max-age=60"), COOKIE];
    assert_eq!(field("cdn-cache-control", policy(), Silent, &understood).await, ["no-store"]);
    let mixed = [("cdn-cache-control", "no-store"), ("cdn-cache-control", "public"), COOKIE];
    assert_eq!(field("cdn-cache-control", policy(), Silent, &mixed).await, ["no-store"]);
    assert_eq!(field("x-cache", policy(), Asks, &[("x-cache", "HIT")]).await, ["HIT"]);
}

/// R76, R77: `Vary` is merged: `*` stays, no name twice, whatever its case.
#[tokio::test]
async fn vary_is_merged() {
    for (said, asked, not_asked) in [
        (&[][..], &["Cookie, DNT, Sec-GPC"][..], &[][..]),
        (&[""], &["Cookie, DNT, Sec-GPC"], &[""]),
        (&["*"], &["*"], &["*"]),
        (&["Accept, *"], &["Accept, *"], &["Accept, *"]),
        (&["Accept-Encoding"], &["Accept-Encoding, Cookie, DNT, Sec-GPC"], &["Accept-Encoding"]),
        (&["accept ,ORIGIN"], &["accept ,ORIGIN, Cookie, DNT, Sec-GPC"], &["accept ,ORIGIN"]),
        (&["Accept", "Origin"], &["Accept, Origin, Cookie, DNT, Sec-GPC"], &["Accept", "Origin"]),
        (&["dnt"], &["dnt, Cookie, Sec-GPC"], &["dnt"]),
        (&["Set-Cookie, Cookie2"], &["Set-Cookie, Cookie2, Cookie, DNT, Sec-GPC"], &["Set-Cookie, Cookie2"]),
        // By `Cookie` the answer varies by what this layer left of it, which goes by the signals too.
        (&["Cookie"], &["Cookie, DNT, Sec-GPC"], &["Cookie, DNT, Sec-GPC"]),
        (&["cookie"], &["cookie, DNT, Sec-GPC"], &["cookie, DNT, Sec-GPC"]),
        (&["Accept", "x,COOKIE"], &["Accept, x,COOKIE, DNT, Sec-GPC"], &["Accept, x,COOKIE, DNT, Sec-GPC"]),
        (&["sec-gpc, cookie, DNT"], &["sec-gpc, cookie, DNT"], &["sec-gpc, cookie, DNT"]),
        (&["SEC-GPC", "Cookie", "dnt"], &["SEC-GPC", "Cookie", "dnt"], &["SEC-GPC", "Cookie", "dnt"]),
        (&["\u{e9}, Cookie"], &["\\xc3\\xa9, Cookie, DNT, Sec-GPC"], &["\\xc3\\xa9, Cookie, DNT, Sec-GPC"]),
    ] {
        let said: Vec<_> = said.iter().map(|value| ("vary", *value)).collect();
        assert_eq!(field("vary", policy(), Asks, &said).await, asked, "{said:?}");
        for handler in [Silent, Peeks] {
            assert_eq!(field("vary", policy(), handler, &said).await, not_asked, "{handler:?} {said:?}");
        }
    }
}

/// R76: the headers that decide on the region stand in `Vary` too.
#[tokio::test]
async fn regions_are_named() {
    for (said, asked, not_asked) in [
        (&[][..], &["Cookie, DNT, Sec-GPC, cf-ipcountry, x-region"][..], &[][..]),
        (
            &["Cookie, X-Region"],
            &["Cookie, X-Region, DNT, Sec-GPC, cf-ipcountry"],
            &["Cookie, X-Region, DNT, Sec-GPC, cf-ipcountry"],
        ),
        (&["CF-IPCountry"], &["CF-IPCountry, Cookie, DNT, Sec-GPC, x-region"], &["CF-IPCountry"]),
        (&["*"], &["*"], &["*"]),
    ] {
        let said: Vec<_> = said.iter().map(|value| ("vary", *value)).collect();
        assert_eq!(field("vary", regional(), Asks, &said).await, asked, "{said:?}");
        assert_eq!(field("vary", regional(), Silent, &said).await, not_asked, "{said:?}");
    }
    // The variant of every region says so, that of the default one too.
    for country in ["US", "DE", ""] {
        let found = answered(regional(), &[("cf-ipcountry", country)], Asks, &[]).await;
        assert_eq!(
            found,
            ["cache-control: private", "vary: Cookie, DNT, Sec-GPC, cf-ipcountry, x-region"],
            "{country}"
        );
    }
}

/// R75-R78: what makes an answer personal, and what does not.
#[tokio::test]
async fn only_personal_answers_change() {
    let granted = ("cookie", "__Host-consent=1:1:2026-11-21+analytics");
    let page = ("sec-fetch-dest", "document");
    let plain: Fields<'_> = &[];
    for (why, asks, handler, answer, cache, vary) in [
        ("nothing", plain, Silent, plain, "", ""),
        ("only looked at", plain, Peeks, plain, "", ""),
        ("asked for", plain, Asks, plain, "private", "Cookie, DNT, Sec-GPC"),
        ("a cookie left in", plain, Silent, &[("set-cookie", "csrf=1")], "private", ""),
        ("a granted cookie left in", &[granted], Silent, &[("set-cookie", "_ga=1")], "private", ""),
        ("a deletion left in", plain, Silent, &[("set-cookie", "_ga=; Max-Age=0")], "private", ""),
        ("every cookie stripped", plain, Silent, &[("set-cookie", "_ga=1"), ("set-cookie", "x=1")], "", ""),
        ("request cookies stripped", &[("cookie", "_ga=1; x=2")], Silent, plain, "", ""),
        ("a signal", &[("dnt", "1"), ("sec-gpc", "1")], Silent, plain, "", ""),
        ("a cookie expired", &[("cookie", "_ga=1"), page], Silent, plain, "private", ""),
        ("consent changed", plain, Withdraws, plain, "no-store", ""),
        ("consent deleted", &[granted], Silent, &[("set-cookie", "__Host-consent=; Max-Age=0")], "no-store", ""),
    ] {
        let found = answered(policy(), asks, handler, answer).await;
        let of = |name: &str| -> String { found.iter().filter_map(|line| line.strip_prefix(name)).collect() };
        assert_eq!((of("cache-control: ").as_str(), of("vary: ").as_str()), (cache, vary), "{why}");
    }
    // In report-only mode a cookie that is left in is none of the layer's; the decision still is the visitor's own.
    assert_eq!(answered(policy().report_only(), &[], Silent, &[COOKIE]).await, ["set-cookie: csrf=1"]);
    let asked = answered(policy().report_only(), &[], Asks, &[]).await;
    assert_eq!(asked, ["cache-control: private", "vary: Cookie, DNT, Sec-GPC"]);
}

/// R76: with caches that obey `Vary`, what the application asked for needs no `private`; cookies still do.
#[tokio::test]
async fn vary_alone_is_an_option() {
    let rule = || policy().caches(CacheRule::VaryOnly);
    for (handler, answer, left) in [
        (Silent, &[][..], &[][..]),
        (Asks, &[], &["vary: Cookie, DNT, Sec-GPC"]),
        (
            Asks,
            &[("cache-control", "public, max-age=9"), ("cdn-cache-control", "max-age=9")],
            &["cache-control: public, max-age=9", "cdn-cache-control: max-age=9", "vary: Cookie, DNT, Sec-GPC"],
        ),
        (Silent, &[COOKIE], &["set-cookie: csrf=1", "cache-control: private"]),
        (Asks, &[COOKIE], &["set-cookie: csrf=1", "cache-control: private", "vary: Cookie, DNT, Sec-GPC"]),
        (Withdraws, &[("cache-control", "public")], &["cache-control: no-store"]),
    ] {
        let mut found = answered(rule(), &[], handler, answer).await;
        let mut left: Vec<_> = left.iter().map(|line| (*line).to_owned()).collect();
        found.sort();
        left.sort();
        assert_eq!(found, left, "{handler:?} {answer:?}");
    }
}

/// R78: an answer that is nobody's own keeps its headers byte for byte, in order, whatever is stripped.
#[tokio::test]
async fn other_answers_keep_their_headers() {
    let answer = [
        ("cache-control", "public,max-age=600 , s-maxage=\"9\""),
        ("cache-control", "stale-if-error=5"),
        ("vary", "accept-encoding,,Origin "),
        ("vary", "DNT"),
        ("cdn-cache-control", "max-age=9"),
        ("surrogate-control", "max-age=9"),
        ("etag", "\"x\""),
        ("expires", "0"),
        ("age", "1"),
        ("x-bytes", "\u{e9}\t\u{4e16}"),
        ("pragma", "no-cache"),
    ];
    let before: Vec<_> =
        response(&answer).headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    for asks in [
        &[][..],
        &[("cookie", "_ga=1; csrf=2; x=3")],
        &[("cookie", "_ga=1"), ("sec-fetch-dest", "document")],
        &[("cookie", "_ga=1"), ("accept", "text/html"), ("dnt", "1"), ("sec-gpc", "1")],
        &[("sec-fetch-site", "cross-site"), ("cf-ipcountry", "US")],
    ] {
        for policy in [policy(), regional(), policy().report_only(), policy().stand_down(|_| true)] {
            for stripped in [false, true] {
                let layer = layer(policy.clone());
                let answer = serve(&layer, request(asks), |request| {
                    let mut answer = response(&answer);
                    let decision = ConsentContext::of(request.extensions()).map(ConsentContext::peek);
                    let strips = decision.is_some_and(|it| it.is_enforced() && !it.allows(Category::ANALYTICS));
                    if stripped && strips {
                        answer.headers_mut().append("set-cookie", "_ga=1; Path=/".parse().unwrap());
                        answer.headers_mut().append("set-cookie", "=nameless".parse().unwrap());
                    }
                    answer
                })
                .await;
                let after: Vec<_> =
                    answer.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                assert_eq!(after, before, "{asks:?}");
            }
        }
    }
}

/// R79, R80: caches store more than 200, and update what they have from a 304: the status makes no difference.
#[tokio::test]
async fn every_status_is_treated_alike() {
    for status in [200, 203, 204, 206, 300, 301, 302, 304, 308, 404, 405, 410, 414, 500, 501, 503] {
        for (asks, set, left) in [
            (false, "_ga=1", &[][..]),
            (false, "csrf=1", &["set-cookie: csrf=1", "cache-control: private"]),
            (true, "_ga=1", &["cache-control: private", "vary: Cookie, DNT, Sec-GPC"]),
        ] {
            let answer = serve(&layer(policy()), request(&[]), |request| {
                if asks {
                    _ = ConsentContext::of(request.extensions()).unwrap().decision();
                }
                let mut answer = response(&[("set-cookie", set)]);
                *answer.status_mut() = StatusCode::from_u16(status).unwrap();
                answer
            })
            .await;
            let found: Vec<_> =
                answer.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            assert_eq!(
                (answer.status().as_u16(), &found[..]),
                (status, &left.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()[..])
            );
        }
    }
}

/// A refusal that is written again makes its answer the visitor's own, and does not go into an answer for everybody.
#[tokio::test]
async fn a_renewed_refusal_is_private() {
    let old = [("cookie", "__Host-consent=1:1:2026-04-01!analytics"), ("sec-fetch-dest", "document")];
    for (said, renewed) in [("max-age=5", true), ("public, max-age=5", false), ("s-maxage=5", false)] {
        let layer = layer(policy().regime(Regime::OptOut));
        let answer = serve(&layer, request(&old), |_| response(&[("cache-control", said)])).await;
        assert_eq!(lines(answer.headers(), "set-cookie").len(), usize::from(renewed), "{said}");
        let expected = if renewed { format!("{said}, private") } else { said.to_owned() };
        assert_eq!(lines(answer.headers(), "cache-control"), [expected]);
    }
}

/// A `Narrow` of the answer closes the gate; nothing is left in, so nothing is personal.
#[tokio::test]
async fn a_narrowed_answer_that_sets_nothing_is_left_alone() {
    let asks = [("cookie", "__Host-consent=1:1:2026-11-21+analytics")];
    for (narrow, cache) in [(Narrow::nothing(), vec!["private"]), (Narrow::all(), vec![])] {
        let answer = serve(&layer(policy()), request(&asks), |_| {
            let mut answer = response(&[("set-cookie", "_ga=1")]);
            answer.extensions_mut().insert(narrow);
            answer
        })
        .await;
        assert_eq!(lines(answer.headers(), "cache-control"), cache);
    }
}

/// R81: a cache inside the layer sees what is left of `Cookie`, so what differs only in stripped cookies shares a key.
#[tokio::test]
async fn inner_caches_key_on_the_outcome() {
    let layer = layer(policy());
    let granted = "__Host-consent=1:1:2026-11-21+analytics";
    for (cookie, key) in [
        ("", ""),
        ("_ga=1", ""),
        ("_ga=2; x=3", ""),
        ("csrf=1; _ga=2", "csrf=1"),
        ("x=9; csrf=1", "csrf=1"),
        (&format!("{granted}; x=9; _ga=1"), &format!("{granted}; _ga=1")),
    ] {
        assert_eq!(cookies_seen(&layer, request(&[("cookie", cookie)])).await.join("; "), key, "{cookie}");
    }
}

//! The response filter: each `Set-Cookie` line is kept whole or dropped whole, on every status.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{clock_at, lines, request, response, serve};
use http::StatusCode;
use time::macros::date;
use tower_consent::{
    AttributeFloors, Category, ConsentCookie, ConsentLayer, CookieRule, Lifetime, Narrow, Policy, PolicyBuilder,
    RuleTarget, SameSite, UnknownCookies,
};

fn policy() -> PolicyBuilder {
    Policy::builder()
        .essential(["csrf"])
        .auth_cookie("session")
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
}

fn layer(policy: PolicyBuilder) -> ConsentLayer {
    ConsentLayer::new(policy.build().unwrap()).with_clock(clock_at(date!(2026 - 11 - 21)))
}

/// What of these lines leaves, for a visitor with this Cookie header.
async fn filtered(layer: &ConsentLayer, cookie: &str, set: &[&str]) -> Vec<String> {
    let headers: Vec<_> = set.iter().map(|line| ("set-cookie", *line)).collect();
    let answer = serve(layer, request(&[("cookie", cookie)]), |_| response(&headers)).await;
    lines(answer.headers(), "set-cookie")
}

const GRANTED: &str = "__Host-consent=1:1:2026-11-21+analytics!marketing";

/// R24-R28, R35-R39, R66-R67, R71: names as bytes; nothing is skipped because another parser cannot read it.
#[tokio::test]
async fn every_line_is_judged() {
    let layer = layer(policy());
    for (line, passes) in [
        ("csrf=1", true),
        ("csrf=1; Path=/; SameSite=Strict; Weird; =x;;", true),
        (" csrf = 1", true),
        ("csrf=\"a;b\"", true),
        ("csrf=\u{e9}\u{4e16}", true),
        ("session=eyJ.a=b, c", true),
        ("_ga=1", false),
        ("_ga_X1=1", false),
        ("CSRF=1", false),
        ("csrf2=1", false),
        ("=csrf=1", false),
        ("csrf", false),
        ("=_ga=1", false),
        ("_ga", false),
        ("", false),
        (";csrf=1", false),
        ("$Version=1", false),
        ("\u{a0}csrf=1", false),
        ("csrf\u{2000}=1", false),
        ("%63srf=1", false),
        ("unknown=1", false),
        ("__Host-csrf=1; Secure; Path=/", false),
    ] {
        let expected: Vec<_> =
            passes.then(|| line.as_bytes().escape_ascii().to_string().replace("\\\"", "\"")).into_iter().collect();
        assert_eq!(filtered(&layer, "", &[line]).await, expected, "{line:?}");
    }
    let mixed = ["_ga=1", "csrf=2; Path=/", "_fbp=3", "session=4", "csrf=5; Path=/a", "x=6"];
    assert_eq!(filtered(&layer, "", &mixed).await, ["csrf=2; Path=/", "session=4", "csrf=5; Path=/a"], "in order");
    assert_eq!(filtered(&layer, GRANTED, &mixed[..3]).await, ["_ga=1", "csrf=2; Path=/"]);
}

/// R30, R55-R57: a real deletion passes for every name, and gets the attribute that no clock can misread.
#[tokio::test]
async fn deletions_pass() {
    let layer = layer(policy());
    let past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    for (line, leaves) in [
        ("_ga=; Max-Age=0", Some("_ga=; Max-Age=0")),
        ("_ga=; Max-Age=-1; Path=/", Some("_ga=; Max-Age=-1; Path=/")),
        (&format!("_ga=; {past}")[..], Some(&format!("_ga=; {past}; Max-Age=0")[..])),
        (&format!("csrf=; {past}"), Some(&format!("csrf=; {past}"))),
        (&format!("unknown=; {past}"), Some(&format!("unknown=; {past}; Max-Age=0"))),
        ("_ga=; Expires=Sat, 21 Nov 2026 00:00:00 GMT", Some("_ga=; Expires=Sat, 21 Nov 2026 00:00:00 GMT; Max-Age=0")),
        ("_ga=; Expires=Sat, 21 Nov 2026 00:00:01 GMT", None),
        ("_ga=1; Max-Age=0; Max-Age=99", None),
        (&format!("_ga=1; {past}; Max-Age=5"), None),
        ("_ga=1; Expires=0", None),
        ("_ga=1; Expires=-1", None),
        ("_ga=1; Max-Age=", None),
        ("_ga=1; Max-Age=-", None),
        ("_ga=; Path=/", None),
        ("=; Max-Age=0", None),
        ("_ga; Max-Age=0", None),
        ("$x=; Max-Age=0", None),
    ] {
        let expected: Vec<_> = leaves.into_iter().collect();
        assert_eq!(filtered(&layer, "", &[line]).await, expected, "{line:?}");
    }
}

/// R40, R80: on every status, and whatever the method.
#[tokio::test]
async fn every_status_is_filtered() {
    let layer = layer(policy());
    for status in [101, 200, 204, 206, 301, 303, 304, 400, 404, 410, 431, 500, 503, 599] {
        let answer = serve(&layer, request(&[]), |_| {
            let mut answer = response(&[("set-cookie", "_ga=1"), ("set-cookie", "csrf=1")]);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            answer
        })
        .await;
        assert_eq!(lines(answer.headers(), "set-cookie"), ["csrf=1"], "{status}");
        assert_eq!(answer.status(), status);
    }
}

/// An answer that sets our cookie is filtered by it: the gate opens or closes in the same response.
#[tokio::test]
async fn the_gate_moves_in_the_same_response() {
    let layer = layer(policy().mac_key("k1", [7; 32]));
    let sign = |answer: fn(&tower_consent::Decision) -> tower_consent::ConsentChange| {
        let layer = layer.clone();
        async move {
            let answer = serve(&layer, request(&[]), |request| {
                let mut headers = response(&[]);
                let context = tower_consent::ConsentContext::of(request.extensions()).unwrap();
                answer(context.decision()).apply(headers.headers_mut());
                headers
            })
            .await;
            lines(answer.headers(), "set-cookie").remove(0)
        }
    };
    let yes = sign(tower_consent::Decision::grant_all_unrecorded).await;
    let no = sign(tower_consent::Decision::withdraw).await;
    let held = yes.split(';').next().unwrap();
    let gone = "__Host-consent=; Path=/; Max-Age=0; Secure";
    let forged = yes.replace("2026-11-21", "2026-11-20");
    let unstored = yes.replace("; Secure", "");
    for (cookie, set, leaves) in [
        ("", vec!["_ga=1", &yes, "_fbp=2"], vec!["_ga=1", &yes, "_fbp=2"]),
        (held, vec!["_ga=1", &no, "csrf=2"], vec![&no[..], "csrf=2"]),
        // Only deleting our cookie, an unauthentic one, two that differ: a refusal of everything.
        (held, vec!["_ga=1", gone], vec![gone]),
        (held, vec!["_ga=1", &forged], vec![&forged]),
        // A browser would keep the last of the two, whatever the answer was judged by: one refusal stands for both.
        ("", vec!["_ga=1", &yes, &no], vec![&no]),
        ("", vec!["_ga=1", &no, &yes], vec![&no]),
        // What is deleted after it was set is not there.
        ("", vec!["_ga=1", &yes, gone], vec![&yes, gone]),
        ("", vec!["_ga=1", gone, &yes], vec!["_ga=1", gone, &yes]),
        ("", vec!["_ga=1", &yes, &yes], vec!["_ga=1", &yes, &yes]),
        // A browser would not store it, so it opens nothing.
        ("", vec!["_ga=1", &unstored], vec![&unstored]),
        (held, vec!["_ga=1"], vec!["_ga=1"]),
    ] {
        assert_eq!(filtered(&layer, cookie, &set).await, leaves, "{set:?}");
    }
}

#[tokio::test]
async fn an_answer_can_narrow_and_never_widen() {
    let layer = layer(policy());
    for (narrow, leaves) in [
        (Narrow::nothing(), vec!["_ga=1", "csrf=3"]),
        (Narrow::categories([Category::MARKETING]), vec!["_ga=1", "csrf=3"]),
        (Narrow::categories([Category::ANALYTICS]), vec!["csrf=3"]),
        (Narrow::all(), vec!["csrf=3"]),
        // A misspelt name opens nothing; a built-in category that the policy does not use closes nothing.
        (Narrow::nothing().and_service("nobody"), vec!["csrf=3"]),
        (Narrow::categories([Category::new("analitics").unwrap()]), vec!["csrf=3"]),
        (Narrow::categories([Category::FUNCTIONAL]), vec!["_ga=1", "csrf=3"]),
    ] {
        let answer = serve(&layer, request(&[("cookie", GRANTED)]), |_| {
            let mut answer = response(&[("set-cookie", "_ga=1"), ("set-cookie", "_fbp=2"), ("set-cookie", "csrf=3")]);
            answer.extensions_mut().insert(narrow.clone());
            answer
        })
        .await;
        assert_eq!(lines(answer.headers(), "set-cookie"), leaves, "{narrow:?}");
    }
}

/// What a handler and a layer take away adds up.
#[tokio::test]
async fn two_narrowings_are_both_kept() {
    let layer = layer(policy());
    let granted = "__Host-consent=1:1:2026-11-21+analytics+marketing";
    for order in [[Category::ANALYTICS, Category::MARKETING], [Category::MARKETING, Category::ANALYTICS]] {
        let answer = serve(&layer, request(&[("cookie", granted)]), |_| {
            let mut answer = response(&[("set-cookie", "_ga=1"), ("set-cookie", "_fbp=2"), ("set-cookie", "csrf=3")]);
            order.iter().for_each(|category| Narrow::categories([*category]).apply(answer.extensions_mut()));
            answer
        })
        .await;
        assert_eq!(lines(answer.headers(), "set-cookie"), ["csrf=3"]);
    }
}

/// What two take away alike stays away, and a category takes its services along.
#[tokio::test]
async fn a_narrowing_that_is_said_twice_is_one() {
    let policy = || {
        let policy = Policy::builder().essential(["csrf"]).service("stats", "analytics").service("ads", "marketing");
        policy.cookies(RuleTarget::service("stats"), ["_ga"]).cookies(RuleTarget::service("ads"), ["_fbp"])
    };
    let granted = "__Host-consent=1:1:2026-11-21+analytics+marketing+@stats+@ads";
    let analytics = || Narrow::categories([Category::ANALYTICS]);
    let ads = || Narrow::nothing().and_service("ads");
    for (first, second, leaves) in [
        (Narrow::nothing(), Narrow::nothing(), vec!["_ga=1", "_fbp=2", "csrf=3"]),
        (analytics(), Narrow::nothing(), vec!["_fbp=2", "csrf=3"]),
        (analytics(), analytics(), vec!["_fbp=2", "csrf=3"]),
        (ads(), Narrow::nothing(), vec!["_ga=1", "csrf=3"]),
        (ads(), ads(), vec!["_ga=1", "csrf=3"]),
        (analytics(), ads(), vec!["csrf=3"]),
    ] {
        let layer = layer(policy().narrow(move |_| first.clone()));
        let answer = serve(&layer, request(&[("cookie", granted)]), |_| {
            let mut answer = response(&[("set-cookie", "_ga=1"), ("set-cookie", "_fbp=2"), ("set-cookie", "csrf=3")]);
            second.apply(answer.extensions_mut());
            answer
        })
        .await;
        assert_eq!(lines(answer.headers(), "set-cookie"), leaves);
    }
}

/// R34: a grant opens only if a browser stores its line, by the prefix of its name and by `SameSite=None`.
#[tokio::test]
async fn a_grant_that_no_browser_stores_opens_nothing() {
    for (name, attributes, opens) in [
        ("__Host-consent", "Path=/; Secure", true),
        ("__Host-consent", "Path=/; Secure; Domain=", true),
        ("__Host-consent", "Path=/", false),
        ("__Host-consent", "Path=/a; Secure", false),
        ("__Host-consent", "Secure", false),
        ("__Host-consent", "Path=/; Secure; Domain=example.com", false),
        ("__Host-Http-consent", "Path=/; Secure; HttpOnly", true),
        ("__Host-Http-consent", "Path=/; Secure", false),
        ("__Secure-consent", "Secure", true),
        ("__Secure-consent", "Path=/a; Secure; Domain=example.com", true),
        ("__Secure-consent", "Path=/", false),
        ("consent", "Path=/a; Domain=example.com", true),
        ("consent", "SameSite=Lax", true),
        ("consent", "SameSite=None", false),
        ("consent", "SameSite=None; Secure", true),
    ] {
        let layer = layer(policy().consent_cookie(ConsentCookie::default().with_name(name)));
        let line = format!("{name}=1:1:2026-11-21+analytics+marketing; {attributes}");
        let left = filtered(&layer, "", &["_ga=1", &line]).await;
        assert_eq!(left, if opens { vec!["_ga=1", &line[..]] } else { vec![&line[..]] }, "{line}");
    }
}

/// B1, C5: a longer life is cut to what is declared, by appending; a session cookie stays one unless the rule says so.
#[tokio::test]
async fn lifetimes_are_cut() {
    let adding = CookieRule::auth("login").add_max_age();
    let layer = layer(
        policy().cookie(adding).cookie(CookieRule::new("lang", Category::ESSENTIAL).max_age(Lifetime::months(6))),
    );
    for (line, more) in [
        ("session=1", ""),
        ("session=1; Max-Age=604800", ""),
        ("session=1; Max-Age=604801", "; Max-Age=604800"),
        ("session=1; Max-Age=604801; HttpOnly", "; Max-Age=604800"),
        ("session=1; Max-Age=9999999999999999999999999", "; Max-Age=604800"),
        ("session=1; Expires=Sat, 28 Nov 2026 00:00:00 GMT", ""),
        ("session=1; Expires=Sat, 28 Nov 2026 00:00:01 GMT", "; Max-Age=604800"),
        ("session=1; Max-Age=60; Expires=Sat, 28 Nov 2099 00:00:00 GMT", ""),
        ("session=1; Max-Age=; Expires=Sat, 28 Nov 2099 00:00:00 GMT", "; Max-Age=604800"),
        ("session=1; Expires=tomorrow", ""),
        // Chromium reads these, although the specification does not.
        ("session=1; Expires=Fri, 31 Dec 99999 23:59:59 GMT", "; Max-Age=604800"),
        ("session=1; Expires=Thu, 31 Dec 2099 23:59:599 GMT", "; Max-Age=604800"),
        ("session=1; Expires=5:x 12 Dec 2099 00:00:00 GMT", "; Max-Age=0"),
        ("session=1; Max-Age=60; Expires=Fri, 31 Dec 99999 23:59:59 GMT", ""),
        ("session=1; Expires=Fri, 27 Nov 2026 23:59:599 GMT", ""),
        ("session=1; Expires=Sat, 28 Nov 2099 00:00:00 GMT; Max-Age=60; Max-Age=x", "; Max-Age=604800"),
        ("session=; Max-Age=0", ""),
        ("csrf=1; Max-Age=99999999", ""),
        ("login=1", "; Max-Age=604800"),
        ("login=1; Max-Age=60", ""),
        ("login=1; Max-Age=604801", "; Max-Age=604800"),
        ("lang=de; Max-Age=15638400", ""),
        ("lang=de; Max-Age=15638401", "; Max-Age=15638400"),
    ] {
        assert_eq!(filtered(&layer, "", &[line]).await, [format!("{line}{more}")]);
    }
}

/// Floors are only ever raised; SameSite=None brings Secure; a rule can have floors of its own.
#[tokio::test]
async fn attribute_floors_are_appended() {
    let floors = AttributeFloors::NONE.secure().http_only().same_site(SameSite::Lax);
    let own = CookieRule::new("xsrf", Category::ESSENTIAL).floors(AttributeFloors::NONE.secure());
    let layer = layer(policy().floors(floors).cookie(own).unknown(UnknownCookies::Pass));
    for (line, more) in [
        ("csrf=1", "; SameSite=Lax; Secure; HttpOnly"),
        ("csrf=1; secure; httponly; samesite=strict", ""),
        ("csrf=1; Secure=no; HttpOnly; SameSite=Lax", ""),
        ("csrf=1; \"Secure\"; HttpOnly; SameSite=Lax", "; Secure"),
        ("csrf=1; Secure; HttpOnly; SameSite=None", "; SameSite=Lax"),
        ("csrf=1; Secure; HttpOnly; SameSite=Lax; SameSite=None", "; SameSite=Lax"),
        ("csrf=1; Secure; HttpOnly; SameSite=foo", "; SameSite=Lax"),
        ("csrf=; Max-Age=0", ""),
        // Some browsers let the last, unreadable one count, and would store it.
        ("csrf=1; Max-Age=0; Max-Age=", "; Max-Age=0"),
        ("csrf=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=x", "; Max-Age=0"),
        ("csrf=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
        ("xsrf=1", "; Secure"),
        ("unknown=1; Secure; SameSite=Lax", "; HttpOnly"),
    ] {
        assert_eq!(filtered(&layer, "", &[line]).await, [format!("{line}{more}")]);
    }
    let none = self::layer(policy().floors(AttributeFloors::NONE.http_only()));
    assert_eq!(filtered(&none, "", &["csrf=1; SameSite=None"]).await, ["csrf=1; SameSite=None; Secure; HttpOnly"]);
    // `None` is what a line without the attribute may have at most: there is nothing to raise.
    let least = self::layer(policy().floors(AttributeFloors::NONE.same_site(SameSite::None).secure()));
    assert_eq!(filtered(&least, "", &["csrf=1"]).await, ["csrf=1; Secure"]);
    let off = self::layer(policy());
    assert_eq!(filtered(&off, "", &["csrf=1; SameSite=None"]).await, ["csrf=1; SameSite=None"]);
}

#[tokio::test]
async fn a_hook_has_the_last_word_and_only_to_drop() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&seen);
    let layer = layer(policy().drop_cookie(move |line| {
        log.lock().unwrap().push((
            String::from_utf8_lossy(line.name).into_owned(),
            line.verdict.reason().as_str(),
            line.is_deletion,
        ));
        line.name == b"session"
    }));
    let consent = "__Host-consent=1:1:2026-11-21+analytics; Path=/; Secure";
    let set = ["csrf=1", "session=2", "_fbp=3", "_fbp=; Max-Age=0", consent];
    assert_eq!(filtered(&layer, GRANTED, &set).await, ["csrf=1", "_fbp=; Max-Age=0", consent]);
    let seen = seen.lock().unwrap();
    assert!(seen.contains(&("csrf".to_owned(), "essential", false)));
    assert!(!seen.iter().any(|(name, ..)| name == "__Host-consent"), "the library's own cookies are not asked about");
    assert!(!seen.contains(&("_fbp".to_owned(), "refused", false)), "what is dropped anyway is not asked about");
}

/// Unknown cookies: stripped, passed, or passed and reported; a disguised refused name is stripped in every case.
#[tokio::test]
async fn unknown_cookies_go_as_the_policy_says() {
    for (unknown, passes) in
        [(UnknownCookies::Strip, false), (UnknownCookies::Pass, true), (UnknownCookies::Report, true)]
    {
        let layer = layer(policy().unknown(unknown));
        for (line, always_stripped) in [
            ("other=1", false),
            ("100%=1", false),
            ("caf\u{e9}=1", false),
            ("%5Fga=1", true),
            ("\u{2000}_ga=1", true),
            ("_ga\u{a0}=1", true),
            ("%20_fbp=1", true),
            ("%24Version=1", true),
            ("\u{a0}__Host-consent=1:1:2026-11-21+analytics", true),
        ] {
            let left = filtered(&layer, "", &[line]).await.len();
            assert_eq!(left, usize::from(passes && !always_stripped), "{unknown:?} {line:?}");
        }
    }
}

/// A name that begins like an essential one and decodes to a refused one is not essential.
#[tokio::test]
async fn a_prefix_rule_is_no_hole() {
    let policy = Policy::builder().essential(["app_*"]).cookies(Category::MARKETING, ["app_ads"]);
    let layer = layer(policy);
    for (line, left) in [("app_x=1", 1), ("app_ads=1", 0), ("app_%61ds=1", 0), ("app_ads\u{a0}=1", 0), ("app_%61=1", 1)]
    {
        assert_eq!(filtered(&layer, "", &[line]).await.len(), left, "{line:?}");
    }
}

#[tokio::test]
async fn report_only_changes_nothing_but_the_consent_cookie() {
    let layer = layer(policy().report_only());
    let set = ["_ga=1", "x=2; Max-Age=1", "session=3; Max-Age=99999999", "=n", "$v=1"];
    assert_eq!(filtered(&layer, "_ga=1; x=2", &set).await, set);
    let answer = serve(&layer, request(&[("cookie", "_ga=1; x; $v=2"), ("sec-fetch-dest", "document")]), |request| {
        assert_eq!(lines(request.headers(), "cookie"), ["_ga=1; x; $v=2"]);
        let context = tower_consent::ConsentContext::of(request.extensions()).unwrap();
        let decision = context.peek();
        assert!(!decision.is_enforced() && !decision.allows(Category::ANALYTICS), "the decision tells the truth");
        let mut answer = response(&[("set-cookie", "_ga=1"), ("cache-control", "public")]);
        decision.withdraw().apply(answer.headers_mut());
        answer
    })
    .await;
    let left = lines(answer.headers(), "set-cookie");
    assert_eq!((left.len(), left[0].as_str()), (2, "_ga=1"));
    assert!(left[1].starts_with("__Host-consent=1:1:2026-11-21!analytics!marketing"), "the consent cookie works");
    assert_eq!(lines(answer.headers(), "cache-control"), ["no-store"]);
    let answer =
        serve(&layer, request(&[]), |_| response(&[("set-cookie", "_ga=1"), ("cache-control", "public")])).await;
    assert_eq!(lines(answer.headers(), "cache-control"), ["public"], "caching is left alone");
}

/// Lines of which nothing would stay, alone and among others, reach the application as they came.
#[tokio::test]
async fn report_only_leaves_every_request_line() {
    let layer = layer(policy().report_only());
    for cookies in [
        &["_ga=1"][..],
        &["_ga=1", "csrf=2"],
        &["_ga=1", "_fbp=2"],
        &["csrf=1; _ga=2"],
        &["csrf=1; _ga=2", "session=3"],
    ] {
        let headers: Vec<_> = cookies.iter().map(|line| ("cookie", *line)).collect();
        serve(&layer, request(&headers), |request| {
            assert_eq!(lines(request.headers(), "cookie"), cookies);
            response(&[])
        })
        .await;
    }
}

/// What was shown before a withdrawal ends with it, whatever else stood behind it.
#[tokio::test]
async fn what_passed_is_expired_by_the_answer_that_withdraws() {
    let layer = layer(policy());
    for cookies in ["_ga=1; csrf=2; csrf=3", "csrf=2; csrf=3; _ga=1", "_ga=1; _ga=2", "_ga_x=1; csrf=2; csrf=3"] {
        let in_one = format!("{GRANTED}; {cookies}");
        for headers in [&[("cookie", &*in_one)][..], &[("cookie", GRANTED), ("cookie", cookies)]] {
            let answer = serve(&layer, request(headers), |request| {
                let mut answer = response(&[]);
                let context = tower_consent::ConsentContext::of(request.extensions()).unwrap();
                context.peek().withdraw().apply(answer.headers_mut());
                answer
            })
            .await;
            let left = lines(answer.headers(), "set-cookie");
            assert!(left.iter().any(|line| line.starts_with("_ga")), "{headers:?}: {left:?}");
        }
    }
}

#[tokio::test]
async fn the_layer_stands_down_where_it_is_told_to() {
    let layer = layer(policy().stand_down(|request| request.uri.path().starts_with("/webhook")));
    for (path, stands) in [("/webhook/stripe", true), ("/", false)] {
        let mut request = request(&[("cookie", "_ga=1; x=2")]);
        *request.uri_mut() = path.parse().unwrap();
        let answer = serve(&layer, request, |request| {
            let cookies = lines(request.headers(), "cookie");
            assert_eq!(cookies, if stands { vec!["_ga=1; x=2"] } else { vec![] });
            assert_eq!(tower_consent::ConsentContext::of(request.extensions()).is_none(), stands);
            response(&[("set-cookie", "_ga=1")])
        })
        .await;
        assert_eq!(answer.headers().contains_key("set-cookie"), stands);
    }
}

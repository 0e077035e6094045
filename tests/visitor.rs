//! The helpers for applications' own tests, used as an application would use them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{convert::Infallible, sync::Arc};

use http::{HeaderMap, HeaderValue, Request, Response, header::SET_COOKIE};
use time::macros::date;
use tower::{Layer, Service, service_fn};
use tower_consent::{
    Category, ConsentContext, ConsentCookie, ConsentLayer, ManualClock, Policy, PolicyBuilder, Selection, Signal,
    SignalScope, test::Visitor,
};

const HOME: &str = "https://www.example.com/";
const DAY: i64 = 86_400;

fn policy() -> PolicyBuilder {
    Policy::builder()
        .site_domain("example.com")
        .essential(["csrf"])
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
}

fn clock() -> ManualClock {
    ManualClock::at(date!(2026 - 11 - 21).midnight().assume_utc().unix_timestamp())
}

/// A site as applications build them: a page that sets cookies, and a page for the choice.
struct Site {
    layer: ConsentLayer,
    policy: Arc<Policy>,
    clock: ManualClock,
}

impl Site {
    fn new(policy: PolicyBuilder) -> Self {
        let (policy, clock) = (Arc::new(policy.build().unwrap()), clock());
        Self { layer: ConsentLayer::new(Arc::clone(&policy)).with_clock(clock.clone()), policy, clock }
    }

    /// One request and its answer, as the visitor's browser does it.
    async fn visit(&self, visitor: &mut Visitor, address: &str) {
        let path = address.strip_prefix("https://www.example.com").unwrap();
        let request = if path.starts_with("/privacy") { visitor.form(address) } else { visitor.request(address) };
        let answer = self.answer(request.body(()).unwrap()).await;
        visitor.receive(address, &answer);
    }

    async fn answer(&self, request: Request<()>) -> Response<()> {
        let mut service = self.layer.layer(service_fn(|request: Request<()>| async move {
            let mut answer = Response::new(());
            let decision = ConsentContext::of(request.extensions()).unwrap().decision();
            match request.uri().path() {
                "/privacy/accept" => decision.grant_all_unrecorded().apply(answer.headers_mut()),
                "/privacy/withdraw" => decision.withdraw().apply(answer.headers_mut()),
                "/privacy/delete" => set(answer.headers_mut(), "__Host-consent=; Max-Age=0; Path=/; Secure"),
                _ => {}
            }
            set(answer.headers_mut(), "csrf=1; Path=/");
            set(answer.headers_mut(), "_ga=2; Path=/; Domain=example.com; Max-Age=999");
            set(answer.headers_mut(), "_fbp=3; Path=/");
            Ok::<_, Infallible>(answer)
        }));
        service.call(request).await.unwrap()
    }
}

fn set(headers: &mut HeaderMap, line: &str) {
    headers.append(SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
}

fn answer(lines: &[&str]) -> Response<()> {
    let mut answer = Response::new(());
    lines.iter().for_each(|line| set(answer.headers_mut(), line));
    answer
}

fn held(visitor: &Visitor) -> Vec<String> {
    visitor.cookies().map(|cookie| String::from_utf8_lossy(cookie.name()).into_owned()).collect()
}

fn cookie_line(visitor: &mut Visitor, address: &str) -> String {
    let request = visitor.request(address).body(()).unwrap();
    request.headers().get("cookie").map(|line| line.as_bytes().escape_ascii().to_string()).unwrap_or_default()
}

/// R85-R89: accept, and `_ga` is held; withdraw, and it is gone, also where a script put it on the parent domain.
#[tokio::test]
async fn an_application_tests_its_consent() {
    let site = Site::new(policy().mac_key("k1", [7; 32]));
    let mut visitor = Visitor::undecided().at(site.clock.clone());
    site.visit(&mut visitor, HOME).await;
    visitor.assert_holds("csrf");
    visitor.assert_lacks("_ga");
    visitor.assert_lacks("_fbp");
    assert_eq!(held(&visitor), ["csrf"], "who was not asked gets no cookie, not even ours");

    site.visit(&mut visitor, "https://www.example.com/privacy/accept").await;
    visitor.script_sets(HOME, "_ga_X1=1; domain=example.com; path=/; max-age=999");
    visitor.script_sets(HOME, "_ga_X2=1");
    site.visit(&mut visitor, "https://www.example.com/a/b").await;
    assert_eq!(held(&visitor), ["csrf", "__Host-consent", "_ga", "_fbp", "_ga_X1", "_ga_X2"]);

    site.visit(&mut visitor, "https://www.example.com/privacy/withdraw").await;
    assert_eq!(held(&visitor), ["csrf", "__Host-consent"]);
    site.visit(&mut visitor, HOME).await;
    assert_eq!(held(&visitor), ["csrf", "__Host-consent"]);
}

/// Each kind of visitor on a first page: what they hold afterwards.
#[tokio::test]
async fn visitors_are_what_they_say() {
    let analytics = Selection::none().grant(Category::ANALYTICS);
    for keys in [false, true] {
        let built = if keys { policy().mac_key("k1", [7; 32]) } else { policy() };
        let site = Site::new(built);
        let policy = &site.policy;
        for (visitor, expected, why) in [
            (Visitor::undecided(), &["csrf"][..], "undecided"),
            (Visitor::consenting(policy), &["__Host-consent", "csrf", "_ga", "_fbp"], "consenting"),
            (Visitor::refusing(policy), &["__Host-consent", "csrf"], "refusing"),
            (Visitor::consenting(policy).refuses(policy), &["__Host-consent", "csrf"], "thought better of it"),
            (
                Visitor::undecided().chooses(policy, &analytics).unwrap(),
                &["__Host-consent", "csrf", "_ga"],
                "only analytics",
            ),
            (Visitor::undecided().with_signal(Signal::Gpc), &["csrf"], "GPC"),
            // R97: the signal beats a choice made without it, and not one made in its knowledge.
            (Visitor::consenting(policy).with_signal(Signal::Gpc), &["__Host-consent", "csrf"], "consent, then GPC"),
            (
                Visitor::undecided().with_signal(Signal::Gpc).accepts(policy),
                &["__Host-consent", "csrf", "_ga", "_fbp"],
                "GPC, then consent",
            ),
            (
                Visitor::undecided().with_signal(Signal::Dnt).accepts(policy).with_signal(Signal::Gpc),
                &["__Host-consent", "csrf"],
                "DNT, consent, GPC",
            ),
            (
                Visitor::consenting(policy).with_signal(Signal::Dnt).without_signal(Signal::Dnt),
                &["__Host-consent", "csrf", "_ga", "_fbp"],
                "DNT that went away",
            ),
        ] {
            let mut visitor = visitor.at(site.clock.clone());
            site.visit(&mut visitor, HOME).await;
            assert_eq!(held(&visitor), expected, "{why}, keys: {keys}");
        }
    }
    let selection = Selection::none().grant(Category::FUNCTIONAL);
    let site = Site::new(policy());
    assert!(Visitor::undecided().chooses(&site.policy, &selection).is_err(), "the policy does not have it");
}

/// `signal_always`: a consent under the signal is not even written, so it cannot come to life when the signal goes.
#[tokio::test]
async fn a_signal_that_always_wins_leaves_no_consent() {
    let site = Site::new(policy().signal_always());
    let visitor = Visitor::undecided().with_signal(Signal::Dnt).accepts(&site.policy).at(site.clock.clone());
    let mut visitor = visitor.without_signal(Signal::Dnt);
    visitor.assert_lacks("__Host-consent");
    site.visit(&mut visitor, HOME).await;
    visitor.assert_lacks("_ga");

    // With a signal for which nothing at all is stored, the consent that is there ends with the withdrawal.
    let site = Site::new(policy().signal(Signal::Gpc, SignalScope::NoCookies));
    let mut visitor = Visitor::consenting(&site.policy).at(site.clock.clone()).with_signal(Signal::Gpc);
    site.visit(&mut visitor, HOME).await;
    assert_eq!(held(&visitor), ["__Host-consent"]);
    site.visit(&mut visitor, "https://www.example.com/privacy/withdraw").await;
    assert_eq!(held(&visitor), [""; 0]);
}

/// R105-R107: the consent ends on its day, for the server and, as its cookie, for the browser.
#[tokio::test]
async fn time_passes_for_the_visitor_and_the_site_alike() {
    let site = Site::new(policy());
    let mut visitor = Visitor::consenting(&site.policy).at(site.clock.clone());
    visitor.assert_holds("__Host-consent");
    site.visit(&mut visitor, HOME).await;
    visitor.assert_holds("_ga");
    let end = visitor.cookies().find(|cookie| cookie.name() == b"__Host-consent").unwrap().expires().unwrap();
    assert_eq!(end, date!(2027 - 05 - 21).midnight().assume_utc().unix_timestamp());

    site.clock.advance(998);
    visitor.assert_holds("_ga");
    site.clock.advance(1);
    visitor.assert_lacks("_ga");
    site.clock.set(end - 1);
    site.visit(&mut visitor, HOME).await;
    assert_eq!(held(&visitor), ["__Host-consent", "csrf", "_fbp", "_ga"]);
    site.clock.advance(1);
    visitor.assert_lacks("__Host-consent");
    site.visit(&mut visitor, HOME).await;
    assert_eq!(held(&visitor), ["csrf"]);
    // A choice counts from the clock that the visitor was last told of.
    let later = ManualClock::at(end + 40 * DAY);
    Visitor::consenting(&site.policy).at(site.clock.clone()).at(later).assert_holds("__Host-consent");
}

/// A consent cookie that all subdomains share goes to them all, the usual one to the host that is asked first.
#[tokio::test]
async fn the_consent_goes_where_its_cookie_says() {
    let own = Arc::new(policy().build().unwrap());
    let shared = Arc::new(policy().consent_cookie(ConsentCookie::shared("example.com")).build().unwrap());
    let plain = Arc::new(policy().consent_cookie(ConsentCookie::plain_http()).build().unwrap());
    for (policy, address, is_sent) in [
        (&own, HOME, true),
        (&own, "https://app.example.com/", true),
        (&own, "http://www.example.com/", false),
        (&own, "http://localhost:3000/", true),
        (&own, "http://127.0.0.1:3000/", true),
        (&shared, HOME, true),
        (&shared, "https://example.com/", true),
        (&shared, "https://www.example.org/", false),
        (&plain, "http://www.example.com/", true),
    ] {
        let mut visitor = Visitor::consenting(policy).at(clock());
        assert_eq!(!cookie_line(&mut visitor, address).is_empty(), is_sent, "{address}");
    }
    let mut visitor = Visitor::consenting(&own).at(clock());
    assert_eq!(cookie_line(&mut visitor, "http://www.example.com/"), "", "it waits");
    assert_ne!(cookie_line(&mut visitor, HOME), "");
    assert_eq!(cookie_line(&mut visitor, "https://app.example.com/"), "", "it is settled");
}

/// R24-R36: what a browser stores of one line that https://www.example.com/a/b answers.
#[test]
fn lines_are_stored_as_browsers_store_them() {
    let long = |bytes: usize| format!("n={}", "x".repeat(bytes));
    let (full, over) = (long(4_095), long(4_096));
    for (line, stored) in [
        ("n=v", Some(("n", "v", "www.example.com", true, "/a"))),
        (" \tn\t = v=w ", Some(("n", "v=w", "www.example.com", true, "/a"))),
        ("n=\"v;w\"", Some(("n", "\"v", "www.example.com", true, "/a"))),
        ("v", Some(("", "v", "www.example.com", true, "/a"))),
        ("=v", Some(("", "v", "www.example.com", true, "/a"))),
        ("==v", Some(("", "=v", "www.example.com", true, "/a"))),
        ("n=", Some(("n", "", "www.example.com", true, "/a"))),
        ("", None),
        ("=", None),
        (";n=v", None),
        ("\u{a0}n=\u{e9}", Some(("\u{a0}n", "\u{e9}", "www.example.com", true, "/a"))),
        (&full, Some(("n", &full[2..], "www.example.com", true, "/a"))),
        (&over, None),
        ("n=v; Path=/", Some(("n", "v", "www.example.com", true, "/"))),
        ("n=v; path=/x/", Some(("n", "v", "www.example.com", true, "/x/"))),
        ("n=v; Path=x", Some(("n", "v", "www.example.com", true, "/a"))),
        ("n=v; Path=/x; Path=", Some(("n", "v", "www.example.com", true, "/a"))),
        ("n=v; Domain=example.com", Some(("n", "v", "example.com", false, "/a"))),
        ("n=v; domain=.Example.COM", Some(("n", "v", "example.com", false, "/a"))),
        ("n=v; Domain=www.example.com", Some(("n", "v", "www.example.com", false, "/a"))),
        ("n=v; Domain=", Some(("n", "v", "www.example.com", true, "/a"))),
        ("n=v; Domain=a.www.example.com", None),
        ("n=v; Domain=ample.com", None),
        ("n=v; Domain=example.com.", None),
        ("n=v; Domain=com", None),
        ("n=v; Domain=example.org", None),
        ("n=v; Domain=example.org; Domain=example.com", Some(("n", "v", "example.com", false, "/a"))),
        ("n=v; Secure", Some(("n", "v", "www.example.com", true, "/a"))),
        ("n=v; SameSite=None", None),
        ("n=v; SameSite=None; Secure=no", Some(("n", "v", "www.example.com", true, "/a"))),
        ("n=v; Partitioned", None),
        ("n=v; Secure; \tPartitioned =x", Some(("n", "v", "www.example.com", true, "/a"))),
        ("__Secure-n=v", None),
        ("__Secure-n=v; Secure; Domain=example.com", Some(("__Secure-n", "v", "example.com", false, "/a"))),
        ("__host-n=v; Secure; Path=/", Some(("__host-n", "v", "www.example.com", true, "/"))),
        ("__Host-n=v; Path=/", None),
        ("__Host-n=v; Secure", None),
        ("__Host-n=v; Secure; Path=/a", None),
        ("__Host-n=v; Secure; Path=/; Domain=www.example.com", None),
        ("__Http-n=v; Secure", None),
        ("__Http-n=v; Secure; HttpOnly", Some(("__Http-n", "v", "www.example.com", true, "/a"))),
        ("__Host-Http-n=v; Secure; Path=/", None),
        ("__Host-Http-n=v; Secure; Path=/; HttpOnly", Some(("__Host-Http-n", "v", "www.example.com", true, "/"))),
        ("__Host-n; Secure; Path=/", None),
        ("=__secure-n=v; Secure", None),
        ("n=v; Max-Age=0", None),
        ("n=v; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(("n", "v", "www.example.com", true, "/a"))),
        ("n=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("n=v; Expires=0", Some(("n", "v", "www.example.com", true, "/a"))),
    ] {
        let mut visitor = Visitor::undecided().at(clock());
        visitor.receive("https://www.example.com/a/b?q=1", &answer(&[line]));
        let found: Vec<_> = visitor
            .cookies()
            .map(|cookie| (cookie.name(), cookie.value(), cookie.domain(), cookie.is_host_only(), cookie.path()))
            .collect();
        let expected: Vec<_> = stored
            .iter()
            .map(|(name, value, domain, host, path)| {
                (name.as_bytes(), value.as_bytes(), *domain, *host, path.as_bytes())
            })
            .collect();
        assert_eq!(found, expected, "{line:?}");
    }
}

/// R30, R31: how long.
#[test]
fn lifetimes_end_when_browsers_end_them() {
    let now = date!(2026 - 11 - 21).midnight().assume_utc().unix_timestamp();
    for (line, end) in [
        ("n=v", None),
        ("n=v; Max-Age=60", Some(now + 60)),
        ("n=v; Max-Age=60; Expires=Sun, 22 Nov 2026 00:00:00 GMT", Some(now + 60)),
        ("n=v; Expires=Sun, 22 Nov 2026 00:00:00 GMT", Some(now + DAY)),
        ("n=v; Max-Age=x; Expires=22 nov 26 00:00:00", Some(now + DAY)),
        ("n=v; Max-Age=99999999999", Some(now + 400 * DAY)),
        ("n=v; Expires=Sun, 22 Nov 2099 00:00:00 GMT", Some(now + 400 * DAY)),
    ] {
        let mut visitor = Visitor::undecided().at(clock());
        visitor.receive(HOME, &answer(&[line]));
        assert_eq!(visitor.cookies().next().map(|cookie| cookie.expires()), Some(end), "{line}");
    }
}

/// R55, R61: a deletion reaches the cookie of the same name, Domain, host-only flag, Path and partition, and no other.
#[test]
fn deletions_reach_exactly_one_cookie() {
    let set = [
        "n=1; Path=/",
        "n=2; Path=/; Domain=www.example.com",
        "n=3; Path=/; Domain=example.com",
        "n=4; Path=/a",
        "n=5; Path=/; Secure; Partitioned",
        "N=6; Path=/",
        "7; Path=/",
    ];
    for (deletion, gone) in [
        ("n=; Path=/; Max-Age=0", Some("1")),
        ("n=anything; Path=/; Secure; HttpOnly; Max-Age=-1", Some("1")),
        ("n=; Path=/; Domain=www.example.com; Max-Age=0", Some("2")),
        ("n=; Path=/; Domain=.example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some("3")),
        ("n=; Path=/a; Max-Age=0", Some("4")),
        ("n=; Max-Age=0", Some("4")),
        ("n=; Path=/; Secure; Partitioned; Max-Age=0", Some("5")),
        ("N=; Path=/; Max-Age=0", Some("6")),
        ("x; Path=/; Max-Age=0", Some("7")),
        ("=; Path=/; Max-Age=0", None),
        ("n=; Path=/a/; Max-Age=0", None),
        ("n=; Path=/; Partitioned; Max-Age=0", None),
        ("n=; Path=/; Max-Age=0; Max-Age=1x", Some("1")),
    ] {
        let mut visitor = Visitor::undecided().at(clock());
        visitor.receive("https://www.example.com/a/b", &answer(&set));
        visitor.receive("https://www.example.com/a/c", &answer(&[deletion]));
        let left: Vec<_> = visitor.cookies().map(|cookie| cookie.value()[0]).collect();
        let expected: Vec<_> =
            b"1234567".iter().copied().filter(|n| gone.is_none_or(|gone| gone.as_bytes() != [*n])).collect();
        assert_eq!(left, expected, "{deletion}");
    }
}

/// R46, R48, rfc6265bis 5.8: which cookies are sent where, longer paths first.
#[test]
fn cookies_are_sent_as_browsers_send_them() {
    let mut visitor = Visitor::undecided().at(clock());
    visitor.receive(
        "https://www.example.com/a/b",
        &answer(&["h=1; Path=/", "d=2; Path=/; Domain=example.com", "p=3", "s=4; Path=/; Secure", "=5; Path=/"]),
    );
    visitor.receive("https://www.example.com/", &answer(&["n=6; SameSite=None; Secure; Path=/a/", "h=7; Path=/"]));
    for (address, line) in [
        (HOME, "h=7; d=2; s=4; 5"),
        ("https://www.example.com/a", "p=3; h=7; d=2; s=4; 5"),
        ("https://www.example.com/a/x", "n=6; p=3; h=7; d=2; s=4; 5"),
        ("https://www.example.com/ab", "h=7; d=2; s=4; 5"),
        ("https://WWW.example.com:8443/", "h=7; d=2; s=4; 5"),
        ("http://www.example.com/", "h=7; d=2; 5"),
        ("https://example.com/", "d=2"),
        ("https://a.www.example.com/", "d=2"),
        ("https://badexample.com/", ""),
    ] {
        assert_eq!(cookie_line(&mut visitor, address), line, "{address}");
    }
    let embedded = visitor.embedded("https://www.example.com/a/x", "iframe").body(()).unwrap();
    assert_eq!(embedded.headers()["cookie"], "n=6", "from another site only SameSite=None travels");
    let image = visitor.subresource("https://www.example.com/a/x", "image").body(()).unwrap();
    assert_eq!(image.headers()["cookie"], "n=6; p=3; h=7; d=2; s=4; 5");
}

/// Scripts and insecure pages: HttpOnly and Secure cookies are out of their reach.
#[test]
fn scripts_and_insecure_pages_reach_less() {
    for (address, line, by_script, value) in [
        (HOME, "h=new; path=/", true, "old"),
        (HOME, "h=new; path=/", false, "new"),
        (HOME, "h=; path=/; max-age=0", true, "old"),
        (HOME, "x=new; path=/; httponly", true, "-"),
        (HOME, "x=new; path=/\n", true, "-"),
        (HOME, "s=new; path=/", true, "new"),
        ("http://www.example.com/", "s=new; path=/", true, "old"),
        ("http://www.example.com/", "s=new; path=/", false, "old"),
        ("http://www.example.com/", "s=; path=/; max-age=0", false, "old"),
        ("http://www.example.com/", "x=new; path=/; secure", false, "-"),
        ("http://www.example.com/", "x=new; path=/", false, "new"),
        ("http://localhost/", "x=new; path=/; secure", false, "new"),
        ("/relative", "x=new", false, "-"),
        ("ftp://www.example.com/", "x=new", false, "-"),
    ] {
        let mut visitor = Visitor::undecided().at(clock());
        visitor.receive(HOME, &answer(&["h=old; Path=/; HttpOnly", "s=old; Path=/; Secure"]));
        if by_script {
            visitor.script_sets(address, line);
        } else {
            visitor.receive(address, &answer(&[line]));
        }
        let found = visitor.cookies().find(|cookie| cookie.name() == &line.as_bytes()[..1]);
        let found = found.map_or("-".to_owned(), |cookie| String::from_utf8_lossy(cookie.value()).into_owned());
        assert_eq!(found, value, "{address} {line:?} by script: {by_script}");
    }
}

/// The headers by which a server tells a page from what a page loads, and the signals.
#[test]
fn requests_carry_what_browsers_send() {
    let mut visitor = Visitor::undecided().with_signal(Signal::Gpc).with_signal(Signal::Dnt);
    let header = |request: &Request<()>, name: &str| {
        request.headers().get(name).map_or("-".to_owned(), |value| value.to_str().unwrap().to_owned())
    };
    for (request, method, site, mode, dest, origin) in [
        (visitor.request(HOME), "GET", "none", "navigate", "document", "-"),
        (visitor.form(HOME), "POST", "same-origin", "navigate", "document", "https://www.example.com"),
        (visitor.subresource(HOME, "image"), "GET", "same-origin", "no-cors", "image", "-"),
        (visitor.subresource(HOME, "empty"), "GET", "same-origin", "cors", "empty", "-"),
        (visitor.embedded(HOME, "iframe"), "GET", "cross-site", "navigate", "iframe", "-"),
        (visitor.request("http://www.example.com/"), "GET", "-", "-", "-", "-"),
    ] {
        let request = request.body(()).unwrap();
        assert_eq!(request.method(), method);
        let found = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "origin"].map(|name| header(&request, name));
        assert_eq!(found, [site, mode, dest, origin]);
        assert_eq!([header(&request, "dnt"), header(&request, "sec-gpc")], ["1", "1"]);
        assert_eq!(header(&request, "host"), "www.example.com");
        assert_eq!(header(&request, "accept").contains("text/html"), mode != "no-cors" && mode != "cors");
    }
    let quiet = Visitor::undecided().request(HOME).body(()).unwrap();
    assert_eq!([header(&quiet, "dnt"), header(&quiet, "sec-gpc"), header(&quiet, "cookie")], ["-", "-", "-"]);
    assert!(visitor.request("/relative").body(()).is_err(), "nobody knows which cookies to send");
    assert!(visitor.request("not an address").body(()).is_err());
}

#[test]
#[should_panic(
    expected = "the browser does not hold _ga\nheld:\n  csrf=1 at only www.example.com, path /, Secure\n  d=2 at \
                example.com and below, path /\nnot stored:\n  _ga=1; Domain=example.org: its Domain is not the host's"
)]
fn a_missing_cookie_is_explained() {
    let mut visitor = Visitor::undecided();
    let lines = ["csrf=1; Secure", "_ga=1; Domain=example.org", "d=2; Domain=example.com"];
    visitor.receive(HOME, &answer(&lines));
    visitor.assert_holds("csrf");
    visitor.assert_holds("_ga");
}

#[test]
#[should_panic(expected = "the browser holds _ga\nheld:\n  _ga=1 at only www.example.com, path /x")]
fn a_cookie_too_many_is_explained() {
    let mut visitor = Visitor::undecided();
    visitor.receive(HOME, &answer(&["_ga=1; Path=/x"]));
    visitor.assert_lacks("csrf");
    visitor.assert_lacks("_ga");
}

/// A choice deleted by the application is gone from the browser, and the answer is filtered as a refusal.
#[tokio::test]
async fn a_deleted_choice_is_gone() {
    let site = Site::new(policy());
    let mut visitor = Visitor::consenting(&site.policy).at(site.clock.clone());
    site.visit(&mut visitor, HOME).await;
    assert_eq!(held(&visitor), ["__Host-consent", "csrf", "_ga", "_fbp"]);
    site.visit(&mut visitor, "https://www.example.com/privacy/delete").await;
    assert_eq!(held(&visitor), ["csrf"]);
}

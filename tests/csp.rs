//! The content security policy that follows from the decision.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Handler, lines};
use http::{Request, Response, StatusCode, header};
use proptest::prelude::*;
use tower_consent::{
    CacheRule, Category, ConfigErrorKind as Kind, ConsentContext, ConsentLayer, ContentSecurityPolicy, Load, Policy,
    PolicyBuilder, Selection, ServiceEntry, Signal, test::Visitor,
};

const PAGE: &str = "https://www.example.com/";
const CSP: &str = "content-security-policy";
const REPORT_ONLY: &str = "content-security-policy-report-only";

fn policy() -> PolicyBuilder {
    Policy::builder()
        .category(Category::ANALYTICS)
        .service_entry(ServiceEntry::new("stripe", "essential").hosts(["js.stripe.com"]))
        .service_entry(ServiceEntry::new("tidio", "functional").hosts(["code.tidio.co", "wss://socket.tidio.co"]))
        .service_entry(ServiceEntry::new("meta", "marketing").hosts(["*.facebook.net"]))
        .service_entry(ServiceEntry::new("silent", "marketing"))
}

fn scripts() -> ContentSecurityPolicy {
    ContentSecurityPolicy::new().scripts()
}

/// What a handler answers: status and header fields.
#[derive(Clone)]
struct Page(u16, Vec<(&'static str, String)>);

fn html(own: &[(&'static str, &str)]) -> Page {
    let fields = own.iter().map(|(name, value)| (*name, (*value).to_owned()));
    Page(200, [("content-type", "text/html; charset=utf-8".to_owned())].into_iter().chain(fields).collect())
}

impl Page {
    async fn of(&self, policy: PolicyBuilder, csp: ContentSecurityPolicy, request: Request<()>) -> Response<()> {
        let layer = ConsentLayer::new(policy.build().unwrap()).with_csp(csp);
        let page = self.clone();
        Handler::new(move |_| {
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::from_u16(page.0).unwrap();
            for (name, value) in &page.1 {
                answer.headers_mut().append(*name, value.parse().unwrap());
            }
            answer
        })
        .behind(&layer, request)
        .await
    }
}

fn undecided() -> Request<()> {
    Visitor::undecided().request(PAGE).body(()).unwrap()
}

fn granting(policy: &PolicyBuilder, selection: Selection) -> Request<()> {
    let policy = std::sync::Arc::new(policy.clone().build().unwrap());
    let visitor = Visitor::undecided().chooses(&policy, &selection);
    visitor.unwrap().request(PAGE).body(()).unwrap()
}

/// The lines of our own: those after the application's.
async fn said(policy: PolicyBuilder, csp: ContentSecurityPolicy, request: Request<()>, own: &[&str]) -> String {
    let own: Vec<_> = own.iter().map(|value| (CSP, *value)).collect();
    let answer = html(&own).of(policy, csp, request).await;
    let mut all: Vec<_> = answer.headers().get_all(CSP).iter().map(|line| line.to_str().unwrap()).collect();
    let last = all.pop().unwrap().to_owned();
    assert_eq!(all, own.iter().map(|(_, value)| *value).collect::<Vec<_>>(), "the application's stay as they are");
    last
}

#[tokio::test]
async fn only_allowed_and_essential_services_load() {
    let all = || scripts().images().frames().connections();
    assert_eq!(
        said(policy(), all(), undecided(), &[]).await,
        "script-src 'self' js.stripe.com; img-src 'self' data: blob: js.stripe.com; frame-src 'self' js.stripe.com; \
         object-src 'self' js.stripe.com; connect-src 'self' js.stripe.com"
    );
    let tidio = granting(&policy(), Selection::none().grant_service("tidio"));
    assert_eq!(
        said(policy(), all(), tidio, &[]).await,
        "script-src 'self' js.stripe.com code.tidio.co; img-src 'self' data: blob: js.stripe.com code.tidio.co; \
         frame-src 'self' js.stripe.com code.tidio.co; object-src 'self' js.stripe.com code.tidio.co; \
         connect-src 'self' js.stripe.com code.tidio.co wss://socket.tidio.co"
    );
    let all_but_meta = granting(&policy(), Selection::all().refuse_service("meta"));
    let line = said(policy(), scripts(), all_but_meta, &[]).await;
    assert_eq!(line, "script-src 'self' js.stripe.com code.tidio.co");
    let everything = granting(&policy(), Selection::all());
    let line = said(policy(), scripts(), everything, &[]).await;
    assert_eq!(line, "script-src 'self' js.stripe.com code.tidio.co *.facebook.net");
    // A signal closes what nobody granted in knowledge of it.
    let opt_out = policy().regime(tower_consent::Regime::OptOut);
    let line = said(opt_out.clone(), scripts(), undecided(), &[]).await;
    assert_eq!(line, "script-src 'self' js.stripe.com code.tidio.co *.facebook.net");
    let signalled = Visitor::undecided().with_signal(Signal::Gpc).request(PAGE).body(()).unwrap();
    assert_eq!(said(opt_out, scripts(), signalled, &[]).await, "script-src 'self' js.stripe.com");
}

#[tokio::test]
async fn only_what_is_switched_on_is_said_in_the_order_of_kinds() {
    let none = html(&[]).of(policy(), ContentSecurityPolicy::new(), undecided()).await;
    assert_eq!(lines(none.headers(), CSP), [""; 0]);
    let csp = ContentSecurityPolicy::new().also(Load::Media).also(Load::Fonts).also(Load::Styles).frames();
    assert_eq!(
        said(policy(), csp, undecided(), &[]).await,
        "style-src 'self' js.stripe.com; font-src 'self' js.stripe.com; media-src 'self' js.stripe.com; \
         frame-src 'self' js.stripe.com; object-src 'self' js.stripe.com"
    );
}

#[tokio::test]
async fn base_sources_of_the_application() {
    let from = |sources: &[&str]| ContentSecurityPolicy::new().sources(Load::Scripts, sources.iter().copied()).unwrap();
    let said = async |sources: &[&str]| said(policy(), from(sources), undecided(), &[]).await;
    assert_eq!(said(&["'self'", "https://cdn.example"]).await, "script-src 'self' https://cdn.example js.stripe.com");
    assert_eq!(said(&["'none'"]).await, "script-src js.stripe.com");
    assert_eq!(said(&["js.stripe.com"]).await, "script-src js.stripe.com", "each source once");
    assert_eq!(said(&["'self'", "'unsafe-inline'"]).await, "script-src 'self' 'unsafe-inline' js.stripe.com");
    // Switched on again, what was said stays.
    let kept = from(&["cdn.example"]).scripts();
    assert_eq!(self::said(policy(), kept, undecided(), &[]).await, "script-src cdn.example js.stripe.com");
    let bare = Policy::builder().cookies(Category::ANALYTICS, ["_ga"]);
    assert_eq!(self::said(bare, from(&[]), undecided(), &[]).await, "script-src 'none'");
}

#[test]
fn bad_sources_are_refused_with_place_and_value() {
    for bad in [
        "",
        "*",
        "https:",
        "http:",
        "wss:",
        "https://",
        "https://*",
        "'strict-dynamic'",
        "'Strict-Dynamic'",
        "a b",
        "a;b",
        "a,b",
        "'self",
        "self'",
        "\"a\"",
        "é.example",
        "'nonce-",
        "'",
        "a\n",
        "javascript:",
        "://",
        "*.",
    ] {
        let error = ContentSecurityPolicy::new().sources(Load::Connections, ["'self'", bad]).unwrap_err();
        assert_eq!((error.kind(), error.place(), error.value()), (Kind::BadSource, "csp.connect-src[1]", bad), "{bad}");
    }
    for good in [
        "'self'",
        "'SELF'",
        "'none'",
        "data:",
        "blob:",
        "a.example",
        "*.a.example",
        "https://a.example:8443/path/",
        "wss://a.example",
        "'unsafe-eval'",
        "'nonce-abc'",
        "'sha256-abc='",
        "localhost:3000",
        "127.0.0.1",
    ] {
        ContentSecurityPolicy::new().sources(Load::Connections, [good]).unwrap_or_else(|_| panic!("{good}"));
    }
    for bad in ["", "csp", "//a", "javascript:x", "/a b", "/a;script-src *", "/a,script-src *", "http://a.example/"] {
        let error = scripts().report_uri(bad).unwrap_err();
        assert_eq!((error.kind(), error.place(), error.value()), (Kind::BadLink, "csp.report-uri", bad));
    }
    for bad in ["", "a b", "a;b", "a,b", "é"] {
        let error = scripts().report_to(bad).unwrap_err();
        assert_eq!((error.kind(), error.place(), error.value()), (Kind::BadSource, "csp.report-to", bad));
    }
}

#[tokio::test]
async fn what_the_application_says_of_its_own_code_is_taken_over() {
    let with = |own: &'static [&'static str]| async move { said(policy(), scripts(), undecided(), own).await };
    for (own, expected) in [
        (&["script-src 'nonce-a' 'strict-dynamic' https: 'unsafe-inline'"][..], "'self' 'nonce-a' 'unsafe-inline'"),
        (&["default-src 'self' 'sha256-x=' data: cdn.example"], "'self' 'sha256-x=' data:"),
        (&["default-src 'unsafe-inline'; script-src 'self'"], "'self'"),
        (&["SCRIPT-SRC 'Unsafe-Eval' 'REPORT-sample'"], "'self' 'Unsafe-Eval' 'REPORT-sample'"),
        (&["img-src 'nonce-a'; object-src 'none'"], "'self'"),
        (&["script-src 'nonce-a'; script-src 'nonce-b'"], "'self' 'nonce-a'"),
        (
            &["script-src 'nonce-a', script-src 'nonce-b'", "script-src 'nonce-c'"],
            "'self' 'nonce-a' 'nonce-b' 'nonce-c'",
        ),
        (&["script-src 'none'"], "'self'"),
        (&["script-src"], "'self'"),
        (&[";; ,, ;"], "'self'"),
        (&["script-src * https: http://evil.example *.evil.example 'url-sha256-x' 'nonce-"], "'self'"),
        (&["script-src\t'nonce-a'\u{20}\t 'nonce-b' "], "'self' 'nonce-a' 'nonce-b'"),
    ] {
        let line = with(own).await;
        assert_eq!(line, format!("script-src {expected} js.stripe.com"), "{own:?}");
    }
    // A directive of the application's own for elements, attributes or workers: ours beside it, each with what it had.
    assert_eq!(
        with(&[
            "script-src 'unsafe-eval'; script-src-elem 'nonce-a'; script-src-attr 'unsafe-inline'; worker-src blob:"
        ])
        .await,
        "script-src 'self' 'unsafe-eval' js.stripe.com; script-src-elem 'self' 'nonce-a' js.stripe.com; \
         script-src-attr 'self' 'unsafe-inline' js.stripe.com; worker-src 'self' blob: js.stripe.com"
    );
    assert_eq!(
        with(&["script-src 'nonce-a'; child-src blob:"]).await,
        "script-src 'self' 'nonce-a' js.stripe.com; worker-src 'self' blob: js.stripe.com"
    );
    // One that is only reported counts where no other says anything.
    let both = html(&[(REPORT_ONLY, "script-src 'nonce-r'; img-src 'nonce-r'"), (CSP, "script-src 'nonce-e'")]);
    let answer = both.of(policy(), scripts().images(), undecided()).await;
    assert_eq!(lines(answer.headers(), REPORT_ONLY).len(), 1);
    assert_eq!(
        lines(answer.headers(), CSP)[1],
        "script-src 'self' 'nonce-e' js.stripe.com; img-src 'self' data: blob: 'nonce-r' js.stripe.com"
    );
}

#[tokio::test]
async fn documents_only() {
    for (kind, is_document) in [
        ("text/html", true),
        ("TEXT/HTML;charset=utf-8", true),
        ("text/html ; charset=utf-8", true),
        ("application/xhtml+xml", true),
        ("application/json", false),
        ("text/html5", false),
        ("text/javascript", false),
        ("image/svg+xml", false),
    ] {
        for status in [200, 404, 500] {
            let page = Page(status, vec![("content-type", kind.to_owned()), (CSP, "default-src 'self'".to_owned())]);
            let answer = page.of(policy(), scripts(), undecided()).await;
            assert_eq!(lines(answer.headers(), CSP).len(), 1 + usize::from(is_document), "{kind} {status}");
            assert_eq!(answer.headers().contains_key("cache-control"), is_document, "{kind}: caching is left alone");
        }
    }
    let html = || ("content-type", "text/html".to_owned());
    let redirection = Page(301, vec![html(), ("location", "/a".to_owned())]).of(policy(), scripts(), undecided()).await;
    assert_eq!(redirection.headers().len(), 2, "{:?}", redirection.headers());
    // What leads nowhere is shown as it is (Fetch, section 4.4): so is a list of places to choose from.
    for page in
        [Page(302, vec![html()]), Page(300, vec![html()]), Page(300, vec![html(), ("location", "/a".to_owned())])]
    {
        let answer = page.of(policy(), scripts(), undecided()).await;
        assert_eq!(lines(answer.headers(), CSP).len(), 1, "{}", page.0);
    }
    let answer = Page(204, vec![]).of(policy(), scripts(), undecided()).await;
    assert!(answer.headers().is_empty());
}

/// The lines of a 304 replace those that the browser holds: the application's must not be lost by ours.
#[tokio::test]
async fn an_answer_without_a_body() {
    let silent = Page(304, vec![("etag", "\"a\"".to_owned())]).of(policy(), scripts(), undecided()).await;
    assert_eq!(lines(silent.headers(), CSP), [""; 0]);
    let own = Page(304, vec![(CSP, "script-src 'nonce-a'".to_owned())]).of(policy(), scripts(), undecided()).await;
    assert_eq!(lines(own.headers(), CSP), ["script-src 'nonce-a'", "script-src 'self' 'nonce-a' js.stripe.com"]);
    assert_eq!(lines(own.headers(), "cache-control"), ["private, no-cache"]);
}

/// So pages are asked for whole, and only pages, and only where they depend on the visitor.
#[tokio::test]
async fn pages_are_sent_whole() {
    const CONDITIONS: [&str; 2] = ["if-none-match", "if-modified-since"];
    let essential_only = || Policy::builder().service_entry(ServiceEntry::new("a", "essential").hosts(["a.example"]));
    let html_accepted = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (policy, field, is_whole) in [
        (policy(), ("sec-fetch-dest", "document"), true),
        (policy(), ("sec-fetch-dest", "iframe"), true),
        (policy(), ("sec-fetch-dest", "script"), false),
        (policy(), ("sec-fetch-dest", "empty"), false),
        // A page fetched ahead is shown without another question, and browsers do not call it one.
        (policy(), ("sec-purpose", "prefetch"), true),
        (policy(), ("sec-purpose", "prefetch;prerender"), true),
        (policy(), ("accept", html_accepted), true),
        (policy(), ("accept", "*/*"), false),
        (policy().report_only(), ("sec-fetch-dest", "document"), false),
        (essential_only(), ("sec-fetch-dest", "document"), false),
        (policy().stand_down(|_| true), ("sec-fetch-dest", "document"), false),
    ] {
        let layer = ConsentLayer::new(policy.build().unwrap()).with_csp(scripts());
        let mut request = common::request(&[field, ("if-none-match", "\"a\""), ("if-range", "\"a\"")]);
        request.headers_mut().insert("if-modified-since", "Sat, 21 Nov 2026 00:00:00 GMT".parse().unwrap());
        let handler = Handler::new(move |request| {
            for name in CONDITIONS {
                assert_eq!(request.headers().contains_key(name), !is_whole, "{field:?}: {name}");
            }
            assert!(request.headers().contains_key("if-range"));
            Response::new(())
        });
        handler.behind(&layer, request).await;
    }
}

#[tokio::test]
async fn report_only() {
    let csp = || scripts().report_uri("/csp").unwrap().report_to("csp").unwrap();
    let line = "script-src 'self' js.stripe.com; report-uri /csp; report-to csp";
    for (policy, csp, name) in [
        (policy(), csp(), CSP),
        (policy(), csp().report_only(), REPORT_ONLY),
        (policy().report_only(), csp(), REPORT_ONLY),
        (policy().report_only(), csp().report_only(), REPORT_ONLY),
    ] {
        let answer = html(&[]).of(policy, csp, undecided()).await;
        assert_eq!(lines(answer.headers(), name), [line]);
        let other = if name == CSP { REPORT_ONLY } else { CSP };
        assert_eq!(lines(answer.headers(), other), [""; 0]);
    }
}

#[tokio::test]
async fn caches() {
    let cases = [
        (policy(), None, "private, no-cache", "Cookie, DNT, Sec-GPC"),
        (policy(), Some("public, max-age=60"), "max-age=60, private, no-cache", "Cookie, DNT, Sec-GPC"),
        (policy(), Some("no-store"), "no-store", "Cookie, DNT, Sec-GPC"),
        (policy().caches(CacheRule::VaryOnly), Some("max-age=60"), "max-age=60", "Cookie, DNT, Sec-GPC"),
    ];
    for (policy, own, expected, vary) in cases {
        let own: Vec<_> = own.iter().map(|value| ("cache-control", *value)).collect();
        // Whoever asks: the page of one that may is as much one visitor's as that of one that may not.
        for request in [undecided(), granting(&policy, Selection::all())] {
            let answer = html(&own).of(policy.clone(), scripts(), request).await;
            assert_eq!(lines(answer.headers(), "cache-control"), [expected], "{own:?}");
            assert_eq!(lines(answer.headers(), "vary"), [vary]);
        }
    }
    // The same for everybody: nothing to keep out.
    let essential = Policy::builder().service_entry(ServiceEntry::new("a", "essential").hosts(["a.example"]));
    let answer = html(&[("cache-control", "public")]).of(essential, scripts(), undecided()).await;
    assert_eq!(lines(answer.headers(), "cache-control"), ["public"]);
    assert!(!answer.headers().contains_key("vary"));
}

#[tokio::test]
async fn the_final_decision_counts() {
    let policy = std::sync::Arc::new(policy().build().unwrap());
    let layer = ConsentLayer::new(std::sync::Arc::clone(&policy)).with_csp(scripts());
    let answers = |change: fn(&ConsentContext, &mut Response<()>)| {
        Handler::new(move |request| {
            let mut answer = Response::new(());
            answer.headers_mut().insert(header::CONTENT_TYPE, "text/html".parse().unwrap());
            change(ConsentContext::of(request.extensions()).unwrap(), &mut answer);
            answer
        })
    };
    let granted = answers(|context, answer| context.peek().grant_all_unrecorded().apply(answer.headers_mut()));
    let answer = granted.behind(&layer, undecided()).await;
    assert_eq!(lines(answer.headers(), CSP), ["script-src 'self' js.stripe.com code.tidio.co *.facebook.net"]);
    assert_eq!(lines(answer.headers(), "cache-control"), ["no-store"], "a change of consent");

    let consenting = || Visitor::consenting(&policy).request(PAGE).body(()).unwrap();
    let withdrawn = answers(|context, answer| context.peek().withdraw().apply(answer.headers_mut()));
    let answer = withdrawn.behind(&layer, consenting()).await;
    assert_eq!(lines(answer.headers(), CSP), ["script-src 'self' js.stripe.com"]);

    let narrowed = answers(|_, answer| {
        answer.extensions_mut().insert(tower_consent::Narrow::all());
    });
    let answer = narrowed.behind(&layer, consenting()).await;
    assert_eq!(lines(answer.headers(), CSP), ["script-src 'self' js.stripe.com"]);
}

#[tokio::test]
async fn nothing_where_the_layer_stands_down() {
    let policy = policy().stand_down(|parts| parts.uri.path() == "/");
    let answer = html(&[]).of(policy, scripts(), undecided()).await;
    assert_eq!(answer.headers().len(), 1, "only the application's: {:?}", answer.headers());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the application's own says, no source of ours opens more than the services that are allowed: each is a
    /// base source, a host of theirs, or names no host at all.
    #[test]
    fn no_host_of_the_application_is_taken_over(
        own in proptest::collection::vec(
            "(script-src|default-src|script-src-elem|worker-src|x)( ('nonce-[a-z]{1,3}'|'sha256-[a-z]'|'strict-dynamic'|'self'|\
             \\*|https:|data:|//a\\.b|[a-z]{1,3}\\.example|'[a-z-]{0,9}'|'nonce-|,|;)){0,6}",
            0..4,
        ),
        junk in "[ -~]{0,40}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let own: Vec<(&'static str, &str)> = own.iter().chain([&junk]).map(|line| (CSP, line.as_str())).collect();
        let answer = runtime.block_on(html(&own).of(policy(), scripts(), undecided()));
        let all = lines(answer.headers(), CSP);
        prop_assert_eq!(all.len(), own.len() + 1);
        let ours = all.last().unwrap();
        prop_assert!(!ours.contains(','));
        for directive in ours.split("; ") {
            let mut words = directive.split(' ');
            let name = words.next().unwrap();
            prop_assert!(["script-src", "script-src-elem", "script-src-attr", "worker-src"].contains(&name), "{}", ours);
            for source in words {
                let names_no_host = source == "'self'" || source == "data:" || source.starts_with("'nonce-")
                    || source.starts_with("'sha") || source.starts_with("'unsafe-");
                prop_assert!(names_no_host || source == "js.stripe.com", "{} in {}", source, ours);
            }
        }
    }
}

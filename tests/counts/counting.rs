//! What is counted as what.

use http::{Request, Response};
use tower_consent::{
    AgentDetail, Category, ConsentContext, Counted, DayReport, Lifetime, Narrow, PathDetail, Retention, Signal,
    SignalScope, VisitDetail, VisitRules,
};

use super::site::{ALL, ANALYTICS, DAY, FIREFOX, MARKETING, NOTHING, Site, TYPED, page, policy};

const DNT: (&str, &str) = ("dnt", "1");
const GPC: (&str, &str) = ("sec-gpc", "1");

/// Outcomes as text: what was chosen, signals, whether tracked, how many.
fn outcomes(day: &DayReport) -> Vec<String> {
    let mut lines: Vec<_> = (day.outcomes.iter())
        .map(|group| {
            let tracked = group.is_tracked.map_or("?", |tracked| if tracked { "tracked" } else { "untracked" });
            format!("{} {} {tracked} {}", group.outcome, group.signals, group.count)
        })
        .collect();
    lines.sort();
    lines
}

fn cells<T: ToString>(cells: &[Counted<T>]) -> Vec<String> {
    cells.iter().map(|cell| format!("{} {}", cell.name.to_string(), cell.count)).collect()
}

/// A visit is a page view that comes from elsewhere.
#[test]
fn a_visit_comes_from_elsewhere() {
    let (document, html) = (("sec-fetch-dest", "document"), ("accept", "text/html,*/*;q=0.8"));
    let host = ("host", "shop.example:8080");
    for (why, fields, visits, views) in [
        ("typed", &[document, ("sec-fetch-site", "none")][..], 10, 10),
        ("a link of another site", &[document, ("sec-fetch-site", "cross-site")], 10, 10),
        ("a link of another host", &[document, ("sec-fetch-site", "same-site")], 10, 10),
        ("a link of this one", &[document, ("sec-fetch-site", "same-origin")], 0, 10),
        ("an old browser", &[html], 10, 10),
        ("an old browser, from elsewhere", &[html, host, ("referer", "https://search.example/?q=1")], 10, 10),
        ("an old browser, from here", &[html, host, ("referer", "http://Shop.example/a")], 0, 10),
        ("an old browser, from a host that is longer", &[html, host, ("referer", "http://shop.example.evil/")], 10, 10),
        ("an old browser, from what is no address", &[html, host, ("referer", "shop.example")], 10, 10),
        ("a script", &[("accept", "*/*")], 0, 0),
        ("an image", &[("sec-fetch-dest", "image"), html], 0, 0),
        ("a frame", &[("sec-fetch-dest", "iframe"), html], 0, 0),
        ("fetched on a guess", &[document, ("sec-purpose", "prefetch;prerender")], 0, 0),
        ("fetched on a guess, as it was", &[document, ("purpose", "prefetch")], 0, 0),
        ("a form", &[("method", "POST"), document], 0, 0),
        ("only the head", &[("method", "HEAD"), document], 0, 0),
    ] {
        let site = Site::new();
        site.pages(10, "/", fields);
        let shown = site.report().days().first().map_or((0, 0), |day| (day.visits.unwrap(), day.page_views.unwrap()));
        assert_eq!(shown, (visits, views), "{why}");
    }
}

#[test]
fn a_page_is_html_that_was_found() {
    let answer = |status: u16, media: &'static str| {
        move |_: &Request<()>| Response::builder().status(status).header("content-type", media).body(()).unwrap()
    };
    for (status, media, views) in [
        (200, "text/html", 10),
        (200, "Text/HTML;charset=utf-8", 10),
        (200, "application/xhtml+xml", 10),
        (304, "", 10),
        (200, "application/pdf", 0),
        (200, "text/html-not", 0),
        (404, "text/html", 0),
        (303, "text/html", 0),
        (500, "text/html", 0),
    ] {
        let site = Site::new();
        (0..10).for_each(|_| drop(site.answer("/", TYPED, answer(status, media))));
        let shown = site.report().days().first().map_or(0, |day| day.page_views.unwrap());
        assert_eq!(shown, views, "{status} {media}");
    }
}

/// What was chosen, which signals came, whether the visit may be tracked: each visit is in one group.
#[test]
fn outcomes_and_signals() {
    let site = Site::new();
    site.visits(11, "/", &[ALL]);
    site.visits(12, "/", &[ANALYTICS]);
    site.visits(13, "/", &[MARKETING]);
    site.visits(14, "/", &[NOTHING]);
    site.visits(15, "/", &[]);
    site.visits(16, "/", &[ALL, DNT]);
    site.visits(17, "/", &[GPC]);
    site.visits(18, "/", &[NOTHING, DNT, GPC]);
    let day = site.day();
    assert_eq!((day.visits, day.tracked_visits), (Some(116), Some(23)));
    assert_eq!(
        outcomes(&day),
        [
            "closed both untracked 18",
            "closed dnt untracked 16",
            "closed gpc untracked 17",
            "granted-all none tracked 11",
            "granted-some none tracked 12",
            "granted-some none untracked 13",
            "refused none untracked 14",
            "undecided none untracked 15",
        ]
    );
}

/// A signal that closes nothing is seen all the same; what the regime lets pass is no grant.
#[test]
fn signals_that_close_nothing_and_regimes_that_open() {
    let ignoring = policy().signal(Signal::Dnt, SignalScope::Ignore).regime(tower_consent::Regime::OptOut);
    let site = Site::with(ignoring, |counts| counts);
    site.visits(10, "/", &[ALL, DNT]);
    site.visits(11, "/", &[DNT]);
    site.visits(12, "/", &[NOTHING]);
    assert_eq!(
        outcomes(&site.day()),
        ["granted-all dnt tracked 10", "refused none untracked 12", "undecided dnt tracked 11",]
    );
}

/// An answer in which the visitor withdraws, or which narrows, counts as the more private of the two; one in which they agree
/// counts as what it was asked as.
#[test]
fn the_final_decision_counts() {
    let choice = |all: bool| {
        move |request: &Request<()>| {
            let decision = ConsentContext::of(request.extensions()).unwrap().peek();
            let change = if all { decision.grant_all_unrecorded() } else { decision.withdraw() };
            let mut answer = page();
            change.apply(answer.headers_mut());
            answer
        }
    };
    let visits = |field: &[(&str, &str)], answer: &dyn Fn(&Request<()>) -> Response<()>| {
        let site = Site::new();
        let fields = [TYPED, field].concat();
        (0..10).for_each(|_| drop(site.answer("/secret", &fields, answer)));
        let day = site.day();
        (outcomes(&day), day.tracked_page_views, cells(&day.pages))
    };
    let nothing = Vec::<String>::new();
    assert_eq!(
        visits(&[ALL], &|_| page()),
        (vec!["granted-all none tracked 10".into()], Some(10), vec!["/secret 10".into()])
    );
    assert_eq!(visits(&[ALL], &choice(false)), (vec!["refused none untracked 10".into()], Some(0), nothing.clone()));
    assert_eq!(
        visits(&[NOTHING], &choice(true)),
        (vec!["granted-all none untracked 10".into()], Some(0), nothing.clone())
    );
    let narrowed = |_: &Request<()>| {
        let mut answer = page();
        answer.extensions_mut().insert(Narrow::all());
        answer
    };
    assert_eq!(visits(&[ALL], &narrowed), (vec!["refused none untracked 10".into()], Some(0), nothing));
}

/// Who must not be tracked is in totals only.
#[test]
fn pages_browsers_and_systems_are_of_who_may_be_tracked() {
    let site = Site::new();
    let fields = |agent| [("sec-fetch-dest", "document"), ("user-agent", agent)];
    for (agent, visits) in [(FIREFOX, 20), ("curl/8", 12)] {
        site.pages(visits, "/a?q=secret", &[&fields(agent)[..], &[ALL]].concat());
        for untracked in [NOTHING, DNT, GPC, ("accept", "*/*")] {
            site.pages(visits, "/b", &[&fields(agent)[..], &[untracked]].concat());
        }
    }
    let day = site.day();
    assert_eq!((day.visits, day.tracked_visits), (Some(160), Some(32)));
    assert_eq!(
        (cells(&day.browsers), cells(&day.systems)),
        (vec!["bot 12".into(), "firefox 20".into()], vec!["linux 20".into(), "other 12".into()])
    );
    assert_eq!((day.tracked_page_views, cells(&day.pages)), (Some(32), vec!["/a 32".into()]));
}

/// What the policy does not let be written of a visit is not counted either.
#[test]
fn the_policy_can_lower_what_is_counted() {
    let detail = VisitDetail::new().user_agent(AgentDetail::None).path(PathDetail::None);
    let site = Site::with(policy().visits(VisitRules::of(Category::ANALYTICS).tracked(detail)), |counts| counts);
    site.visits(30, "/", &[ALL]);
    let day = site.day();
    assert_eq!((day.tracked_visits, day.tracked_page_views), (Some(30), Some(30)));
    assert!(day.browsers.is_empty() && day.systems.is_empty() && day.pages.is_empty());
}

/// A session id in a path is no page, and is counted nowhere.
#[test]
fn a_session_in_the_path_is_not_counted() {
    let site = Site::new();
    (0..12).for_each(|number| site.pages(1, &format!("/a;jsessionid={number}/b"), &[TYPED, &[ALL]].concat()));
    assert_eq!(cells(&site.day().pages), ["/a/b 12"]);
}

/// The first paths have names, in an order that tells; the others are one group.
#[test]
fn pages_are_bounded() {
    let site = Site::with(policy(), |counts| counts.pages(3));
    let long = format!("/{}", "x".repeat(200));
    for (path, times) in [("/a", 11), ("/b", 30), (&*long, 12), ("/c", 13), ("/d", 14), ("/a", 1), ("/e", 40)] {
        site.pages(times, path, &[&TYPED[..1], &[ALL, ("sec-fetch-site", "same-origin")]].concat());
    }
    // No visit at all: nobody who may be tracked is fewer than the minimum.
    assert_eq!(cells(&site.day().pages), ["/b 30", "/c 13", "/a 12", "other 66"]);
}

#[test]
fn cookies_that_were_held_back_count_by_category() {
    let site = Site::new();
    let answer = |_: &Request<()>| Response::builder().header("set-cookie", "_fbp=1").body(()).unwrap();
    let cookies = ("cookie", "_ga=secret; csrf=1; nobody=knows");
    (0..12).for_each(|_| drop(site.answer("/", &[cookies], answer)));
    (0..3).for_each(|_| drop(site.answer("/", &[("cookie", "_fbp=1")], answer)));
    assert_eq!(cells(&site.day().stripped), ["(undeclared) 12", "analytics 12", "marketing 18"]);

    // Few cookies are a small group, too.
    let site = Site::new();
    (0..9).for_each(|_| drop(site.answer("/", &[cookies], |_| page())));
    assert_eq!(site.day().stripped, []);

    let site = Site::with(policy().report_only(), |counts| counts);
    (0..12).for_each(|_| drop(site.answer("/", &[cookies], answer)));
    assert!(site.report().days().is_empty(), "nothing was held back");
}

#[test]
fn a_request_that_the_layer_stands_down_from_is_not_counted() {
    let site = Site::with(policy().stand_down(|parts| parts.uri.path() == "/health"), |counts| counts);
    site.visits(20, "/health", &[]);
    site.visits(10, "/", &[]);
    assert_eq!(site.day().visits, Some(10));
}

/// Days are those of UTC; a day that has ended is never counted into again, whatever the clock does.
#[test]
fn a_day_that_is_over_does_not_change() {
    let site = Site::new();
    site.visits(10, "/", &[]);
    assert!(site.counts.report().days().is_empty(), "the day runs");
    site.clock.advance(86_400 - 40_000 - 1);
    site.visits(1, "/", &[]);
    assert!(site.counts.report().days().is_empty(), "its last second");
    site.clock.advance(1);
    let report = site.counts.report();
    assert_eq!(report.days().iter().map(|day| (day.day, day.visits)).collect::<Vec<_>>(), [(DAY, Some(11))]);
    site.clock.advance(-1);
    site.visits(25, "/", &[]);
    assert_eq!(site.counts.report(), report);
    // An answer that is sent after midnight is one of the day after.
    let late = site.answer("/", TYPED, |_| page());
    site.clock.advance(86_401);
    assert_eq!(site.counts.report().days()[1].visits, Some(25));
    drop(late);
    site.visits(9, "/", &[]);
    site.clock.advance(86_400);
    let visits: Vec<_> = site.counts.report().days().iter().map(|day| day.visits.unwrap()).collect();
    assert_eq!(visits, [11, 25, 10]);
}

/// Retention: the counters of a day go when the policy says.
#[test]
fn days_are_kept_as_long_as_the_policy_says() {
    let kept = policy().retention(Retention::default().with_day_counts(Lifetime::days(30)));
    let site = Site::with(kept, |counts| counts);
    site.visits(10, "/", &[]);
    site.clock.advance(29 * 86_400);
    assert_eq!(site.counts.report().days().len(), 1);
    site.clock.advance(86_400);
    assert_eq!(site.counts.report().days().len(), 0);
}

/// What was counted stays out of logs.
#[test]
fn debug_shows_no_numbers() {
    let site = Site::new();
    site.visits(7, "/users/anna", &[ALL]);
    assert_eq!(format!("{:?}", site.counts), "VisitCounts { minimum: 10, .. }");
}

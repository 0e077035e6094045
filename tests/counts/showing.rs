//! What is shown of small groups.

use tower_consent::{DayReport, VisitOutcome};

use super::site::{ALL, ANALYTICS, FIREFOX, MARKETING, NOTHING, Site, policy};

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36";
const SAFARI: &str =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.1 Safari/605.1.15";
const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0";

fn with_browsers(agents: &[(&str, u64)]) -> DayReport {
    let site = Site::new();
    for (agent, visits) in agents {
        let fields = [("sec-fetch-dest", "document"), ("user-agent", agent), ALL];
        site.pages(*visits, "/", &fields);
    }
    site.day()
}

fn browsers(day: &DayReport) -> Vec<(String, u64)> {
    day.browsers.iter().map(|cell| (cell.name.to_string(), cell.count)).collect()
}

#[test]
fn a_small_group_is_hidden_and_the_next_larger_one_with_it() {
    let shown = |agents: &[(&str, u64)]| browsers(&with_browsers(agents));
    let named =
        |cells: &[(&str, u64)]| cells.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>();
    assert_eq!(shown(&[(CHROME, 10), (FIREFOX, 30)]), named(&[("chrome", 10), ("firefox", 30)]));
    // 30 of 39 would say that the others are 9.
    assert_eq!(shown(&[(CHROME, 9), (FIREFOX, 30)]), []);
    assert_eq!(shown(&[(CHROME, 9), (FIREFOX, 30), (SAFARI, 20)]), named(&[("firefox", 30)]));
    // Two that are small are enough if they are not small together.
    assert_eq!(
        shown(&[(CHROME, 9), (EDGE, 8), (FIREFOX, 30), (SAFARI, 20)]),
        named(&[("firefox", 30), ("safari", 20)])
    );
    assert_eq!(shown(&[(CHROME, 2), (EDGE, 3), (FIREFOX, 30), (SAFARI, 20)]), named(&[("firefox", 30)]));
    assert_eq!(shown(&[(CHROME, 4), (EDGE, 5)]), [], "not even the total");
    assert_eq!(with_browsers(&[(CHROME, 4), (EDGE, 5)]).visits, None);
}

/// Where few may be tracked, or few may not, both are one.
#[test]
fn who_may_be_tracked_is_not_told_apart_where_they_are_few() {
    for (tracked, untracked) in [(9, 50), (50, 9)] {
        let site = Site::new();
        site.visits(tracked, "/a", &[ANALYTICS]);
        site.visits(untracked, "/a", &[NOTHING]);
        let day = site.day();
        assert_eq!(
            (day.visits, day.tracked_visits, day.page_views, day.tracked_page_views),
            (Some(59), None, Some(59), None)
        );
        assert!(day.browsers.is_empty() && day.systems.is_empty() && day.pages.is_empty() && day.outcomes.is_empty());
    }
    let site = Site::new();
    site.visits(4, "/a", &[ANALYTICS]);
    site.visits(30, "/a", &[MARKETING]);
    site.visits(20, "/a", &[NOTHING]);
    let day = site.day();
    let outcomes: Vec<_> = day.outcomes.iter().map(|group| (group.outcome, group.is_tracked, group.count)).collect();
    assert_eq!(outcomes, [(VisitOutcome::GrantedSome, None, 34), (VisitOutcome::Refused, None, 20)]);
}

/// A range holds what is hidden.
#[test]
fn a_share_is_known_within_what_is_hidden() {
    let site = Site::new();
    site.visits(40, "/", &[ALL]);
    site.visits(30, "/", &[NOTHING]);
    site.visits(6, "/", &[("dnt", "1")]);
    site.visits(50, "/", &[]);
    let day = site.day();
    assert_eq!(day.visits, Some(126));
    assert_eq!(day.visits_of(|group| group.outcome == VisitOutcome::GrantedAll), Some(40..=76));
    assert_eq!(day.visits_of(|group| group.outcome == VisitOutcome::Undecided), Some(50..=86));
    assert_eq!(day.visits_of(|group| group.outcome == VisitOutcome::Closed), Some(0..=36));
}

#[test]
fn the_minimum_can_be_raised_and_is_never_below_two() {
    let visits = |minimum, times| {
        let site = Site::with(policy(), |counts| counts.minimum(minimum));
        site.visits(times, "/", &[]);
        let report = site.report();
        (report.minimum(), report.days()[0].visits)
    };
    assert_eq!(visits(30, 29), (30, None));
    assert_eq!(visits(30, 30), (30, Some(30)));
    assert_eq!(visits(0, 1), (2, None));
    assert_eq!(visits(1, 2), (2, Some(2)));
}

#[test]
fn as_json_and_for_prometheus() {
    let site = Site::new();
    assert_eq!(site.counts.report().to_prometheus(), "");
    site.visits(12, "/a\"b\\c", &[ALL]);
    site.visits(20, "/", &[NOTHING, ("cookie", "_ga=1")]);
    let report = site.report();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "minimum": 10,
            "days": [{
                "day": "2026-11-21",
                "visits": 32, "tracked_visits": 12, "page_views": 32, "tracked_page_views": 12,
                "outcomes": [
                    { "outcome": "granted-all", "signals": "none", "is_tracked": true, "count": 12 },
                    { "outcome": "refused", "signals": "none", "is_tracked": false, "count": 20 },
                ],
                "browsers": [{ "name": "firefox", "count": 12 }],
                "systems": [{ "name": "linux", "count": 12 }],
                "pages": [{ "name": "/a\"b\\c", "count": 12 }],
                "stripped": [{ "name": "analytics", "count": 20 }],
            }],
        })
    );
    let text = report.to_prometheus();
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        samples,
        [
            "consent_day_timestamp_seconds 1795219200",
            "consent_day_visits 32",
            "consent_day_tracked_visits 12",
            "consent_day_page_views 32",
            "consent_day_tracked_page_views 12",
            r#"consent_day_outcome_visits{outcome="granted-all",signals="none",tracked="true"} 12"#,
            r#"consent_day_outcome_visits{outcome="refused",signals="none",tracked="false"} 20"#,
            r#"consent_day_browser_visits{browser="firefox"} 12"#,
            r#"consent_day_system_visits{system="linux"} 12"#,
            r#"consent_day_path_views{path="/a\"b\\c"} 12"#,
            r#"consent_day_stripped_cookies{category="analytics"} 20"#,
        ]
    );
    for sample in samples {
        let name = sample.split(['{', ' ']).next().unwrap();
        assert_eq!(text.matches(&format!("# TYPE {name} gauge\n")).count(), 1, "{name}");
    }
}

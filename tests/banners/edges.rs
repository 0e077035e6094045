//! What tables of single values do not show: lengths, copies, revisions and ends.

use time::{OffsetDateTime, macros::datetime};
use tower_consent::{Banner, Category, ConsentLayer, ConsentSource, Decision, ManualClock, Reason, UndecidedReason};

use super::common::{decision_of, request};

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

async fn read_at(source: ConsentSource, cookies: &str, now: OffsetDateTime) -> Decision {
    let policy = super::policy().source(source).build().unwrap();
    let layer = ConsentLayer::new(policy).with_clock(ManualClock::at(now.unix_timestamp()));
    decision_of(&layer, request(&[("cookie", cookies)])).await
}

async fn read(source: ConsentSource, cookies: &str) -> Decision {
    read_at(source, cookies, NOW).await
}

fn civic() -> ConsentSource {
    ConsentSource::banner(Banner::CivicCookieControl)
        .category(Category::ANALYTICS, ["analytics"])
        .category(Category::MARKETING, ["marketing"])
}

fn civic_value(optional: &str, revision: &str, at: OffsetDateTime, days: i64) -> String {
    let at = at.unix_timestamp() * 1_000;
    format!(
        "CookieControl={{\"optionalCookies\":{{{optional}}},\"statement\":{{\"updated\":\"{revision}\"}},\
         \"consentDate\":{at},\"consentExpiry\":{days},\"interactedWith\":true}}"
    )
}

fn borlabs(groups: &str, version: &str, padding: &str) -> String {
    format!("borlabs-cookie={{\"consents\":{{{groups}}},\"version\":{version},\"padding\":\"{padding}\"}}")
}

/// Rule 4: what a record leaves out is refused where the tool leaves out refusals, and undecided where it lists them.
#[tokio::test]
async fn left_out_is_refused_only_where_the_tool_leaves_refusals_out() {
    let reason = |decision: &Decision| decision.verdict(Category::MARKETING).reason();
    let listing = read(civic(), &civic_value("\"analytics\":\"accepted\"", "", NOW, 90)).await;
    assert!(listing.allows(Category::ANALYTICS));
    assert_eq!(reason(&listing), Reason::NewCategory);
    let refusing = civic_value("\"analytics\":\"accepted\",\"marketing\":\"revoked\"", "", NOW, 90);
    assert_eq!(reason(&read(civic(), &refusing).await), Reason::Refused);
    let omitting = borlabs("\"statistics\":[\"matomo\"]", "1", "");
    let omitting = read(ConsentSource::banner(Banner::Borlabs), &omitting).await;
    assert!(omitting.allows(Category::ANALYTICS));
    assert_eq!(reason(&omitting), Reason::Refused);
}

/// Rule 8: browsers store no more than 4096 bytes, so what is longer was written by nobody's banner.
#[tokio::test]
async fn a_value_is_read_up_to_4096_bytes() {
    let short = borlabs("\"statistics\":[\"matomo\"]", "1", "");
    let padding = 4_096 - (short.len() - "borlabs-cookie=".len());
    for (padding, is_read) in [(padding, true), (padding + 1, false)] {
        let cookie = borlabs("\"statistics\":[\"matomo\"]", "1", &"a".repeat(padding));
        let decision = read(ConsentSource::banner(Banner::Borlabs), &cookie).await;
        assert_eq!(decision.allows(Category::ANALYTICS), is_read, "{} bytes", cookie.len());
        assert_eq!(decision.undecided(), (!is_read).then_some(UndecidedReason::Malformed));
    }
}

/// Rule 7: where copies carry their time, the newest counts, in whatever order they come.
#[tokio::test]
async fn of_copies_with_a_time_the_newest_counts() {
    let older = civic_value("\"analytics\":\"accepted\",\"marketing\":\"accepted\"", "", NOW - time::Duration::DAY, 90);
    let newer = civic_value("\"analytics\":\"accepted\",\"marketing\":\"revoked\"", "", NOW, 90);
    for cookies in [format!("{older}; {newer}"), format!("{newer}; {older}"), format!("{newer}; {older}; {newer}")] {
        let decision = read(civic(), &cookies).await;
        assert!(decision.allows(Category::ANALYTICS), "{cookies}");
        assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::Refused, "{cookies}");
    }
}

/// A browser sends a copy for each domain and path: four that differ are read, more are not.
#[tokio::test]
async fn more_copies_than_a_browser_has_are_ambiguous() {
    let copies = |count: usize, groups: &str| {
        let copies: Vec<_> = (0..count).map(|at| borlabs(groups, &at.to_string(), "")).collect();
        copies.join("; ")
    };
    let source = || ConsentSource::banner(Banner::Borlabs);
    let both = "\"statistics\":[\"matomo\"],\"marketing\":[\"pixel\"]";
    assert!(read(source(), &copies(4, both)).await.allows(Category::MARKETING));
    assert_eq!(read(source(), &copies(5, both)).await.undecided(), Some(UndecidedReason::Ambiguous));
    let equal = vec![borlabs(both, "1", ""); 60].join("; ");
    assert!(read(source(), &equal).await.allows(Category::MARKETING), "equal copies are one");
    let many = vec![borlabs(both, "1", ""); 65].join("; ");
    assert_eq!(read(source(), &many).await.undecided(), Some(UndecidedReason::Malformed));
    let stricter = format!("{}; {}", copies(1, both), borlabs("\"statistics\":[\"matomo\"]", "1", ""));
    let stricter = read(source(), &stricter).await;
    assert!(stricter.allows(Category::ANALYTICS));
    assert_eq!(stricter.verdict(Category::MARKETING).reason(), Reason::Refused);
}

/// Rule 6: at another revision, or at none, grants are closed and refusals stand. Numbers and texts are compared as written.
#[tokio::test]
async fn a_revision_that_does_not_match_closes_the_grants() {
    let groups = "\"statistics\":[\"matomo\"]";
    for (version, setting, is_open) in [
        ("2", Some("2"), true),
        ("\"2\"", Some("2"), true),
        ("1", Some("2"), false),
        ("\"\"", Some("2"), false),
        ("\"02\"", Some("2"), false),
        ("20", Some("2"), false),
        ("1", None, true),
    ] {
        let source = ConsentSource::banner(Banner::Borlabs);
        let source = setting.map_or(source.clone(), |revision| source.revision(revision));
        let decision = read(source, &borlabs(groups, version, "")).await;
        assert_eq!(decision.allows(Category::ANALYTICS), is_open, "{version} {setting:?}");
        assert_eq!(decision.verdict(Category::MARKETING).reason(), Reason::Refused, "{version} {setting:?}");
        assert_eq!(decision.undecided(), (!is_open).then_some(UndecidedReason::Outdated), "{version} {setting:?}");
    }
}

/// Where the value says when it ends, its grants end to the second; its refusals do not.
#[tokio::test]
async fn a_choice_ends_when_its_banner_says() {
    let end = NOW + time::Duration::days(10);
    for (optional, is_refused) in
        [("\"analytics\":\"accepted\"", false), ("\"analytics\":\"accepted\",\"marketing\":\"revoked\"", true)]
    {
        let cookie = civic_value(optional, "", NOW, 10);
        for (now, is_open) in [(NOW, true), (end - time::Duration::SECOND, true), (end, false)] {
            let decision = read_at(civic(), &cookie, now).await;
            assert_eq!(decision.allows(Category::ANALYTICS), is_open, "{now}");
            let reason = decision.verdict(Category::MARKETING).reason();
            assert_eq!(reason == Reason::Refused, is_refused, "{now}");
        }
    }
    // An end beyond all time is one all the same.
    assert!(
        read(civic(), &civic_value("\"analytics\":\"accepted\"", "", NOW, i64::MAX)).await.allows(Category::ANALYTICS)
    );
    assert!(
        !read(civic(), &civic_value("\"analytics\":\"accepted\"", "", NOW, i64::MIN)).await.allows(Category::ANALYTICS)
    );
}

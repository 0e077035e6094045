//! Browsec, B1 to B6.

use crate::{
    shared::{
        counts_families_of_who_agreed, forgets_who_may_not_be_tracked, shows_no_small_group, tells_a_small_change,
    },
    site::{DAY, Site, jar, others},
};

const NAME: &str = "browsec";
const NUMBER: &str = "account_number";

/// Cookies may be stored, none longer than was declared for it: a longer life is cut.
#[tokio::test]
async fn b1() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    // Each is set for ten years.
    let answer = site.get(&mut visitor, "/page").await;
    let half_a_year = (time::macros::date!(2027 - 05 - 22) - time::macros::date!(2026 - 11 - 22)).whole_days();
    for (name, days) in [(NUMBER, 400), ("region", half_a_year), ("ops_x", 7)] {
        let line = answer.line(name);
        // Browsers take the last of an attribute.
        let (_, last) = line.to_lowercase().rsplit_once("max-age=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(last.split(';').next().unwrap().parse(), Ok(days * DAY), "{line}");
    }
    // And in the browser.
    for (after, left) in [
        (7 * DAY - 1, &["account_number", "ops_x", "region"][..]),
        (7 * DAY, &["account_number", "region"]),
        (half_a_year * DAY, &["account_number"]),
    ] {
        site.clock.set(crate::site::START + after);
        assert_eq!(others(&visitor), left, "after {after} seconds");
    }
}

/// The permanent number is stored as its own category allows, and as nothing else does.
#[tokio::test]
async fn b2() {
    let site = Site::of(NAME);
    let page = site.get(&mut site.visitor(), "/privacy/").await;
    page.assert_says("Anonymous account number");
    for (choice, held) in [
        ("", false),
        ("reject-all", false),
        ("save&category=functional&category=analytics", false),
        ("save&category=account-number", true),
        ("accept-all", true),
    ] {
        let mut visitor = site.visitor();
        if !choice.is_empty() {
            site.choose(&mut visitor, choice).await;
        }
        site.get(&mut visitor, "/page").await;
        assert_eq!(visitor.holds(NUMBER), held, "{choice:?}: {:?}", jar(&visitor));
        let page = site.get(&mut visitor, "/page").await;
        assert_eq!(page.saw().contains(&NUMBER), held, "{choice:?}");
    }
    // Permanently: as long as browsers keep anything, and the site sets it anew.
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "save&category=account-number").await;
    site.get(&mut visitor, "/page").await;
    assert_eq!(others(&visitor), [NUMBER]);
    let start = crate::site::START;
    site.clock.set(start + 400 * DAY - 1);
    visitor.assert_holds(NUMBER);
    // The consent to it is over long before that: with the next page the number goes, unless it is given again.
    site.get(&mut visitor, "/page").await;
    visitor.assert_lacks(NUMBER);
    site.choose(&mut visitor, "save&category=account-number").await;
    site.get(&mut visitor, "/page").await;
    visitor.assert_holds(NUMBER);
    site.choose(&mut visitor, "withdraw").await;
    visitor.assert_lacks(NUMBER);
}

/// Operational data does not identify anybody, not even of who agreed to it, and is used in aggregate.
#[tokio::test]
async fn b3() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    for line in site.visits_of(&mut visitor, &["/page", "/account", "/privacy/"]).await {
        assert_eq!((&line["is_tracked"], &line["user_agent"]), (&true.into(), &"firefox on linux".into()), "{line}");
        assert!(line.get("address").is_none() && line.get("referrer").is_none(), "{line}");
        assert_eq!(line["time"], "2026-11-22T12:00Z");
    }
    forgets_who_may_not_be_tracked(NAME, "save&category=analytics", Some("2026-11-22T12Z")).await;
    counts_families_of_who_agreed(NAME, "save&category=analytics").await;
    shows_no_small_group(NAME, "save&category=analytics").await;
}

/// Nothing is collected outside of a request that the visitor made: the script calls nobody by itself, and the log has a
/// line for each request and no more. (What a real browser sends: `browser/strict.rs`.)
#[tokio::test]
async fn b6() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    let page = site.get(&mut visitor, "/page").await;
    let (_, after) = page.body.split_once("<script src=\"").expect("the library's script");
    let (address, _) = after.split_once('"').unwrap();
    let script = site.get(&mut visitor, address).await;
    assert!(script.status == 200 && script.body.len() > 500, "{address}");
    for by_itself in [
        "sendBeacon",
        "XMLHttpRequest",
        "WebSocket",
        "EventSource",
        "setInterval",
        "serviceWorker",
        "pagehide",
        "unload",
        "visibilitychange",
        "keepalive",
        "RTCPeerConnection",
        "localStorage",
        "sessionStorage",
        "indexedDB",
    ] {
        script.assert_lacks(by_itself);
    }
    for answer in [&page, &script] {
        for field in ["report-to", "reporting-endpoints", "nel", "refresh", "link"] {
            assert_eq!(answer.field(field), "", "{field}");
        }
        answer.assert_lacks(" ping=");
        answer.assert_lacks("http-equiv");
    }
    assert_eq!(site.visits().len(), 2, "one for each request");
    // Nobody comes: nothing is written, however long.
    for _ in 0..20 {
        site.clock.advance(3_600);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(site.visits().len(), 2);
    assert_eq!(site.records.latest(10).await.unwrap(), [""; 0]);
}

/// As T7.
#[tokio::test]
async fn b5() {
    tells_a_small_change(NAME, "26 June 2015", "region").await;
}

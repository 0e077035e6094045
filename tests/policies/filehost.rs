//! The file host, L1 to L6.

use tower_consent::{CookieRule, PolicyBuilder, Revision, RuleTarget, ServiceEntry, Signal};

use crate::{
    shared::{forgets_who_may_not_be_tracked, tells_a_vendor_only_by_consent, works_without_cookies},
    site::{ADDRESS, KEY, Site, others, policy, text},
};

const NAME: &str = "filehost";
const GUARD: [&str; 3] = ["__cf_bm", "_cfuvid", "cf_clearance"];

/// Address, time and duration of each page, of who agreed to it. How long a whole visit took is not written: that needs an
/// identifier, and the page says that there is none.
#[tokio::test]
async fn l1() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "save&category=server-log").await;
    site.clock.advance(17);
    let lines = site.visits_of(&mut visitor, &["/page", "/privacy/", "/account"]).await;
    assert_eq!(lines.len(), 3);
    for (line, status) in lines.iter().zip([200, 200, 401]) {
        assert_eq!((&line["address"], &line["time"]), (&ADDRESS.into(), &"2026-11-22T12:00:17Z".into()), "{line}");
        assert!(line["duration_ms"].is_u64() && line["bytes"].is_u64(), "{line}");
        assert_eq!((&line["status"], &line["referrer"]), (&status.into(), &"https://search.example/find".into()));
        // Of the visit as a whole there is nothing: no field but those of one request.
        let known = [
            "time",
            "method",
            "host",
            "path",
            "status",
            "duration_ms",
            "bytes",
            "address",
            "user_agent",
            "referrer",
            "is_tracked",
            "is_complete",
        ];
        assert!(line.as_object().unwrap().keys().all(|field| known.contains(&field.as_str())), "{line}");
    }
    // The duration is that of the request.
    let slow = &site.visits_of(&mut visitor, &["/slow"]).await[0]["duration_ms"];
    assert!(slow.as_u64().map(u128::from) >= Some(crate::site::SLOW.as_millis()), "{slow}");
    let declaration = site.get(&mut visitor, "/privacy/cookies").await;
    declaration.assert_says("It does not hold how long your visit took");
    forgets_who_may_not_be_tracked(NAME, "save&category=server-log", Some("2026-11-22T12:00Z")).await;
}

/// As C2; and the page says it.
#[tokio::test]
async fn l2() {
    works_without_cookies(NAME).await;
    let site = Site::of(NAME);
    site.get(&mut site.visitor(), "/privacy/cookies").await.assert_says("Without cookies the site may not work.");
}

/// The cookies of the vendor that keeps attacks away pass, whatever was chosen and whatever the browser signals; those of
/// nobody else do.
#[tokio::test]
async fn l3() {
    let site = Site::of(NAME);
    let declaration = site.get(&mut site.visitor(), "/privacy/cookies").await;
    declaration.assert_says("Cloudflare, Inc.");
    let page = site.get(&mut site.visitor(), "/privacy/").await;
    page.assert_says("Cloudflare");
    page.assert_lacks("value=\"cloudflare\"");
    for choice in ["", "reject-all", "withdraw", "save"] {
        for signal in [None, Some(Signal::Dnt), Some(Signal::Gpc)] {
            let mut visitor = site.visitor();
            if let Some(signal) = signal {
                visitor = visitor.with_signal(signal);
            }
            if !choice.is_empty() {
                site.choose(&mut visitor, choice).await;
            }
            site.get(&mut visitor, "/page").await;
            assert_eq!(others(&visitor), GUARD, "{choice:?} {signal:?}");
            let page = site.get(&mut visitor, "/page").await;
            let mut saw: Vec<_> = page.saw().into_iter().filter(|name| *name != crate::site::CONSENT).collect();
            saw.sort_unstable();
            assert_eq!(saw, GUARD, "{choice:?} {signal:?}: both ways");
            let csp = page.field("content-security-policy");
            assert!(csp.contains("challenges.cloudflare.com") && !csp.contains("previews.example"), "{csp}");
        }
    }
}

/// As C8.
#[tokio::test]
async fn l4() {
    tells_a_vendor_only_by_consent(NAME, "previews", "functional", "Previews").await;
}

/// A material revision widens no old consent: the grant keeps its old scope, and what is new waits for a yes.
#[tokio::test]
async fn l5() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    site.get(&mut visitor, "/page").await;
    let old = [&GUARD[..], &["preview_size", "sort"]].concat();
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(others(&visitor), sorted(old.clone()));

    // "Functional" was granted as a whole: a new service in it, and a new category, are not what was granted.
    let next = policy(NAME)
        .revision(Revision::new(2).on(2026, 11, 20).changes("Files are also scanned and measured."))
        .service_entry(ServiceEntry::new("scanner", "functional").since(2).provider("Example Scan Ltd"))
        .cookie(CookieRule::new("scan_id", RuleTarget::service("scanner")))
        .category(tower_consent::CategoryEntry::new("analytics").since(2))
        .cookie(CookieRule::new("measure", tower_consent::Category::ANALYTICS));
    site.handle.publish(next.build().unwrap()).unwrap();
    for _ in 0..3 {
        let page = site.get(&mut visitor, "/page").await;
        page.assert_says("data-consent-banner");
        assert!(page.saw().contains(&"preview_size") && page.saw().contains(&"sort"), "{:?}", page.saw());
        assert_eq!(others(&visitor), sorted(old.clone()), "the old scope, and no more");
    }
    // No is an answer that leaves the old consent for what it was. A yes is what widens it.
    let mut other = visitor.clone();
    site.choose(&mut visitor, "accept-all").await;
    site.get(&mut visitor, "/page").await;
    assert_eq!(others(&visitor), sorted([&old[..], &["scan_id", "measure"]].concat()));
    site.choose(&mut other, "reject-all").await;
    site.get(&mut other, "/page").await;
    assert_eq!(others(&other), GUARD);
}

/// The same where the words of a purpose become wider: what was agreed to is another thing then, and is asked for anew.
#[tokio::test]
async fn l5_of_a_purpose_that_grows() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    let lines = site.visits_of(&mut visitor, &["/page"]).await;
    assert_eq!((lines.len(), &lines[0]["address"]), (1, &ADDRESS.into()));

    let wider = text(NAME).replace("name = \"server-log\"\n", "name = \"server-log\"\nsince = 2\n");
    let next = toml::from_str::<PolicyBuilder>(&wider).unwrap().mac_key("k1", KEY).revision(Revision::new(2));
    site.handle.publish(next.build().unwrap()).unwrap();
    let lines = site.visits_of(&mut visitor, &["/page", "/page"]).await;
    assert!(lines.iter().all(|line| line.get("address").is_none() && line["is_tracked"] == false), "{lines:?}");
    assert!(others(&visitor).contains(&"sort".to_owned()), "what did not grow keeps its grant");
    site.choose(&mut visitor, "accept-all").await;
    assert_eq!(site.visits_of(&mut visitor, &["/page"]).await[0]["address"], ADDRESS);
}

/// Every new revision, of either kind, is announced on the page until it was seen, and not after that.
#[tokio::test]
async fn l6() {
    let site = Site::of(NAME);
    let (mut agreed, mut refused) = (site.visitor(), site.visitor());
    site.choose(&mut agreed, "accept-all").await;
    site.choose(&mut refused, "reject-all").await;
    let mut next = policy(NAME);
    for (number, revision) in [
        (2, Revision::new(2).on(2026, 11, 18).notice().changes("Revision two says it better.")),
        (3, Revision::new(3).on(2026, 11, 19).changes("Revision three has more.")),
        (4, Revision::new(4).on(2026, 11, 20).notice().changes("Revision four is shorter.")),
    ] {
        next = next.revision(revision);
        site.handle.publish(next.clone().build().unwrap()).unwrap();
        let words = ["two", "three", "four"][number - 2];
        for (who, visitor) in [("agreed", &mut agreed), ("refused", &mut refused)] {
            for _ in 0..3 {
                let page = site.get(visitor, "/page").await;
                let is_told = page.body.contains("data-consent-notice") || page.body.contains("data-consent-banner");
                assert!(is_told, "{who}, revision {number}: it is not announced");
                site.get(visitor, "/privacy/update").await.assert_says(&format!("Revision {words}"));
            }
            site.choose(visitor, "note").await;
            let page = site.get(visitor, "/page").await;
            page.assert_lacks("data-consent-notice");
            page.assert_lacks("data-consent-banner");
        }
    }
}

//! Bounds, threads, and what never gets out.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use time::macros::date;
use tower_consent::{Inventory, Policy, test::assert_all_declared};

use crate::{common::clock_at, names, nothing, sets, shows};

/// Visitors cannot use up the room of what the site sets, and what is dropped is said.
#[test]
fn names_are_bounded_and_what_is_more_is_counted() {
    let inventory = Inventory::new();
    for number in 0..3_000 {
        shows(&inventory, &format!("junk{number}=1"));
    }
    let seen = inventory.snapshot(&nothing());
    assert_eq!((seen.cookies.len(), seen.dropped.in_requests, seen.dropped.in_responses), (1_024, 3_000 - 1_024, 0));
    for number in 0..3_000 {
        sets(&inventory, &[&format!("own{number}=1")]);
    }
    let seen = inventory.snapshot(&nothing());
    let own = seen.cookies.iter().filter(|cookie| cookie.sets > 0).count();
    assert_eq!((own, seen.cookies.len(), seen.dropped.in_responses), (1_024, 2_048, 3_000 - 1_024));
    // What is known is noted all the same.
    shows(&inventory, "junk7=1; own7=1");
    let seen = inventory.snapshot(&nothing()).cookies;
    let of = |name: &str| seen.iter().find(|cookie| cookie.name().as_bytes() == name.as_bytes()).unwrap().in_requests;
    assert_eq!((of("junk7"), of("own7")), (2, 1));
    inventory.clear();
    let seen = inventory.snapshot(&nothing());
    assert_eq!((seen.cookies.len(), seen.dropped), (0, Default::default()));
    sets(&inventory, &["again=1"]);
    assert_eq!(names(&inventory.snapshot(&nothing()).cookies), ["again"]);
}

/// An application that sets whatever visitors show cannot be made to grow the table either.
#[test]
fn names_that_are_echoed_are_bounded() {
    let inventory = Inventory::new();
    for number in 0..5_000 {
        shows(&inventory, &format!("echo{number}=1"));
        sets(&inventory, &[&format!("echo{number}=1")]);
    }
    assert!(inventory.snapshot(&nothing()).cookies.len() <= 2_048);
}

/// Room comes back with time.
#[test]
fn names_that_went_make_room() {
    let clock = clock_at(date!(2026 - 11 - 21));
    let inventory = Inventory::with_clock(clock.clone());
    for number in 0..1_100 {
        sets(&inventory, &[&format!("own{number}=1")]);
    }
    clock.advance(100 * 86_400);
    sets(&inventory, &["later=1"]);
    assert_eq!(names(&inventory.snapshot(&nothing()).cookies), ["later"]);
}

#[test]
fn long_names_and_scopes_are_dropped() {
    let inventory = Inventory::new();
    sets(&inventory, &[&format!("{}=1", "n".repeat(256)), &format!("{}=1", "n".repeat(257))]);
    let domain = format!("a=1; Path=/; Domain={}", "d".repeat(254));
    let path = format!("a=1; Path=/{}", "p".repeat(128));
    sets(&inventory, &["a=1; Path=/1", "a=1; Path=/1", &domain, &path, "a=1; Path=/\u{e4}"]);
    let many: Vec<_> = (0..9).map(|number| format!("b=1; Path=/{number}")).collect();
    sets(&inventory, &many.iter().map(String::as_str).collect::<Vec<_>>());
    let seen = inventory.snapshot(&nothing());
    assert_eq!(seen.dropped.in_responses, 1);
    let lengths: Vec<_> = seen.cookies.iter().map(|cookie| cookie.name().as_bytes().len()).collect();
    assert_eq!(lengths, [1, 1, 256]);
    let attributes: Vec<_> = seen.cookies.iter().map(|cookie| cookie.attributes.clone().unwrap()).collect();
    assert_eq!((attributes[0].scopes.len(), attributes[0].has_more_scopes), (1, true));
    assert_eq!((attributes[1].scopes.len(), attributes[1].has_more_scopes), (4, true));
    assert_eq!((attributes[2].scopes.len(), attributes[2].has_more_scopes), (1, false));
}

/// No value gets out by any way, however odd the line.
#[test]
fn no_value_is_held() {
    let inventory = Inventory::new();
    shows(&inventory, "a=SECRET; SECRET; b=\"SECRET; c=x=SECRET; =SECRET; sessionid=SECRET; _ga=SECRET");
    sets(
        &inventory,
        &[
            "a=SECRET; Path=/; Max-Age=60",
            "SECRET",
            "=SECRET; Path=/",
            "_ga=SECRET; Unknown=SECRET; Expires=SECRET; Max-Age=SECRET; SameSite=SECRET; Path=SECRET",
            "z=SECRET, SECRET=SECRET",
            "sessionid=SECRET; HttpOnly",
        ],
    );
    let policy = nothing();
    let snapshot = inventory.snapshot(&policy);
    let undeclared = inventory.undeclared(&policy);
    let draft = inventory.draft(&policy);
    let shown: Vec<_> = undeclared.iter().map(ToString::to_string).collect();
    let json = serde_json::to_string(&snapshot).unwrap();
    let all = format!("{inventory:?} {snapshot:?} {undeclared:?} {shown:?} {draft:?} {draft} {json}");
    assert!(!all.contains("SECRET"), "{all}");
    assert!(all.contains("sessionid") && json.contains("\"name\":\"_ga\"") && snapshot.dropped.nameless > 2);
}

/// The assertion for applications' own tests.
#[test]
fn an_application_can_assert_that_all_is_declared() {
    let inventory = Inventory::new();
    shows(&inventory, "mine=SECRET; _ga=SECRET");
    sets(&inventory, &["gone=; Max-Age=0"]);
    let policy = |names: &[&str]| Policy::builder().essential(names.iter().copied()).build().unwrap();
    assert_all_declared(&inventory, &policy(&["mine", "_ga"]));
    let fails = |inventory: &Inventory, names: &[&str]| {
        let failed = catch_unwind(AssertUnwindSafe(|| assert_all_declared(inventory, &policy(names))));
        *failed.unwrap_err().downcast::<String>().unwrap()
    };
    // A literal message is a `&str`.
    let nothing_seen = catch_unwind(|| assert_all_declared(&Inventory::new(), &Policy::builder().build().unwrap()));
    assert!(nothing_seen.unwrap_err().downcast::<&str>().unwrap().contains("no cookie"));
    let said = fails(&inventory, &["mine"]);
    assert_eq!(said, "the policy does not declare\n  _ga: 1 in requests; known: analytics, preset GoogleAnalytics");
    shows(&inventory, &format!("{}=1", "n".repeat(257)));
    assert!(fails(&inventory, &["mine", "_ga"]).contains("no room"));
}

/// A snapshot is for other programs as well.
#[test]
fn a_snapshot_is_data() {
    let inventory = Inventory::with_clock(clock_at(date!(2026 - 11 - 21)));
    sets(&inventory, &["basket=1; Path=/; Max-Age=60; Secure; SameSite=Strict"]);
    let line = crate::fields(http::header::COOKIE, &[b"n\"\xff\\=1"]);
    inventory.see_request(&line, &nothing());
    let policy = Policy::builder().essential(["basket"]).build().unwrap();
    let expected = serde_json::json!({
        "cookies": [
            {
                "name": "basket", "in_requests": 0, "sets": 1, "deletions": 0,
                "first_seen": "2026-11-21", "last_seen": "2026-11-21",
                "attributes": {
                    "secure": "always", "http_only": "never", "partitioned": "never", "same_site": ["strict"],
                    "lacks_same_site": false, "session": "never", "longest_lifetime": 60,
                    "scopes": [{ "domain": null, "path": "/" }], "has_more_scopes": false,
                },
                "standing": { "is": "declared", "category": "essential", "service": null },
            },
            {
                "name": "n\\\"\\xff\\\\", "in_requests": 1, "sets": 0, "deletions": 0,
                "first_seen": "2026-11-21", "last_seen": "2026-11-21", "attributes": null,
                "standing": { "is": "unknown" },
            },
        ],
        "dropped": { "in_requests": 0, "in_responses": 0, "nameless": 0 },
    });
    assert_eq!(serde_json::to_value(inventory.snapshot(&policy)).unwrap(), expected);
}

/// Counts are exact whoever adds to them, also while names are new and while somebody reads.
#[test]
fn threads_share_one_inventory() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 400;
    let inventory = Inventory::new();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let inventory = &inventory;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    shows(inventory, &format!("shared=1; of{}=1; mine{thread}=1", round % 50));
                    sets(inventory, &["shared=1; Path=/"]);
                    if round % 100 == 0 {
                        drop(inventory.snapshot(&nothing()));
                    }
                }
            });
        }
    });
    let seen = inventory.snapshot(&nothing());
    let all = (THREADS * ROUNDS) as u64;
    for cookie in &seen.cookies {
        let (shown, set) = match cookie.name().to_string().as_str() {
            "shared" => (all, all),
            name if name.starts_with("mine") => (ROUNDS as u64, 0),
            _ => (all / 50, 0),
        };
        assert_eq!((cookie.in_requests, cookie.sets), (shown, set), "{cookie}");
    }
    assert_eq!(seen.cookies.len(), 1 + 50 + THREADS);
}

//! Through the real layer.

use http::{Request, Response, header::SET_COOKIE};
use time::macros::date;
use tower::ServiceExt as _;
use tower_consent::{
    Category, ConsentLayer, CookieRule, HowOften, Inventory, Lifetime, Policy, PolicyBuilder, Preset, Retention,
    RuleTarget, SameSite, Standing,
};

use crate::{
    common::{clock_at, request, response, serve},
    names, nothing, sets, shows,
};

fn policy() -> PolicyBuilder {
    Policy::builder()
        .essential(["csrf"])
        .service("statistics", "analytics")
        .cookies(RuleTarget::service("statistics"), ["_ga", "_ga_*"])
        .cookie(CookieRule::new("lang", Category::FUNCTIONAL))
}

const REFUSED: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-21!analytics!functional");

/// Everything is seen before it is stripped, and nothing of what the layer itself writes.
#[tokio::test]
async fn both_directions_are_seen_enforced_or_not() {
    for policy in [policy(), policy().report_only()] {
        let inventory = Inventory::with_clock(clock_at(date!(2026 - 11 - 21)));
        let layer = ConsentLayer::new(policy.build().unwrap())
            .with_clock(clock_at(date!(2026 - 11 - 21)))
            .with_inventory(inventory.clone());
        let asks = request(&[
            REFUSED,
            ("cookie", "_ga=GA1; _ga_X=2; x=3; x=4"),
            ("cookie", "lang=de; nameless; $odd=1"),
            ("sec-fetch-dest", "document"),
        ]);
        let answer = serve(&layer, asks, |_| {
            response(&[
                ("set-cookie", "x=5; Path=/; Secure"),
                ("set-cookie", "new=6; Max-Age=60"),
                ("set-cookie", "csrf=; Max-Age=0"),
                ("content-type", "text/html"),
            ])
        })
        .await;
        let left: Vec<_> = answer.headers().get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(left.iter().any(|line| line.starts_with("_ga=;")), layer.policy().mode() == Default::default());

        let seen = inventory.snapshot(&layer.policy());
        let lines: Vec<_> = seen.cookies.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "$odd: 1 in requests; not known",
                "__Host-consent: 1 in requests; the library's own",
                "_ga: 1 in requests; declared: analytics, statistics",
                "_ga_X: 1 in requests; declared: analytics, statistics",
                "csrf: deleted 1 time; declared: essential",
                "lang: 1 in requests; declared: functional",
                "new: set 1 time; not known",
                "x: 2 in requests, set 1 time; not known",
            ],
        );
        assert_eq!(seen.dropped.nameless, 1);
        assert_eq!(names(&inventory.undeclared(&layer.policy())), ["$odd", "new", "x"]);
    }
}

/// The layer that stands down sees nothing, and a service without an inventory works as ever.
#[tokio::test]
async fn what_the_layer_leaves_alone_is_not_seen() {
    let inventory = Inventory::new();
    let policy = policy().stand_down(|parts| parts.uri.path() == "/health").build().unwrap();
    let layer = ConsentLayer::new(policy).with_inventory(inventory.clone());
    let app = axum::Router::new()
        .route("/{page}", axum::routing::get(|| async { ([(SET_COOKIE, "x=1")], "hello") }))
        .layer(layer.clone());
    for (path, count) in [("/health", 0), ("/home", 1), ("/health", 1)] {
        let asks = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let _answer: Response<_> = app.clone().oneshot(asks).await.unwrap();
        assert_eq!(inventory.snapshot(&layer.policy()).cookies.len(), count, "{path}");
    }
}

/// What the lines say is gathered over all of them; deletions say nothing of how a cookie lives.
#[test]
fn attributes_are_gathered() {
    let inventory = Inventory::with_clock(clock_at(date!(2026 - 11 - 21)));
    sets(
        &inventory,
        &[
            "a=1; Secure; HttpOnly; SameSite=Lax; Path=/; Domain=.Example.com; Max-Age=60",
            "a=2; Secure; SameSite=none; Path=/app; Partitioned; Expires=Mon, 23 Nov 2026 00:00:00 GMT",
            "a=3; secure; Domain=example.com; path=/",
            "a=; Path=/elsewhere; Max-Age=0; HttpOnly",
        ],
    );
    shows(&inventory, "b=1");
    let seen = inventory.snapshot(&nothing());
    let [a, b] = &seen.cookies[..] else { panic!("{seen:?}") };
    assert_eq!((a.sets, a.deletions, a.in_requests), (3, 1, 0));
    assert_eq!((b.sets, b.deletions, b.in_requests, b.attributes.is_none()), (0, 0, 1, true));
    let attributes = a.attributes.as_ref().unwrap();
    assert_eq!(attributes.secure, HowOften::Always);
    assert_eq!(attributes.http_only, HowOften::Sometimes);
    assert_eq!(attributes.partitioned, HowOften::Sometimes);
    assert_eq!(attributes.same_site, [SameSite::None, SameSite::Lax]);
    assert!(attributes.lacks_same_site);
    assert_eq!(attributes.session, HowOften::Sometimes);
    assert_eq!(attributes.longest_lifetime, Some(2 * 86_400));
    let scopes: Vec<_> = attributes.scopes.iter().map(ToString::to_string).collect();
    assert_eq!(scopes, ["Domain=example.com, Path=/", "host-only, Path=/app"]);
    assert!(!attributes.has_more_scopes);
}

/// DESIGN 7: a name that is not seen any more goes after the policy's retention, to the day.
#[test]
fn old_names_go() {
    for (retention, days) in [(Retention::default(), 90), (Retention::default().with_inventory(Lifetime::days(3)), 3)] {
        let clock = clock_at(date!(2026 - 11 - 21));
        let inventory = Inventory::with_clock(clock.clone());
        let policy = Policy::builder().retention(retention).build().unwrap();
        let see = |line: &str| {
            let line = crate::fields(http::header::COOKIE, &[line.as_bytes()]);
            inventory.see_request(&line, &policy);
        };
        see("old=1; kept=1");
        clock.advance(86_400);
        see("kept=1");
        clock.advance((days - 1) * 86_400 - 1);
        let seen = inventory.snapshot(&policy).cookies;
        assert_eq!(names(&seen), ["kept", "old"], "the last second");
        let kept = (seen[0].first_seen, seen[0].last_seen);
        assert_eq!(kept, (date!(2026 - 11 - 21), date!(2026 - 11 - 22)));
        clock.advance(1);
        assert_eq!(names(&inventory.snapshot(&policy).cookies), ["kept"]);
        // A message of a later day tidies too, without a reader.
        clock.advance(86_400);
        see("new=1");
        assert_eq!(format!("{inventory:?}"), "Inventory { names: 1, .. }");
    }
}

/// Rules of the policy first; then frameworks, presets, the catalogue.
#[test]
fn names_are_judged_by_the_policy_and_then_by_what_is_known() {
    let inventory = Inventory::new();
    shows(&inventory, "_ga=1; sessionid=2; __stripe_mid=3; _hjSessionUser_12=4; mine=5; __Host-consent=6");
    let standing = |policy: &Policy| {
        let seen = inventory.snapshot(policy).cookies.into_iter();
        seen.map(|cookie| (cookie.name().to_string(), cookie.standing)).collect::<std::collections::BTreeMap<_, _>>()
    };
    let known = standing(&nothing());
    assert_eq!(known["__Host-consent"], Standing::Own);
    let google = Standing::Preset { preset: Preset::GoogleAnalytics, category: Category::ANALYTICS };
    assert_eq!(known["_ga"], google);
    assert_eq!(known["__stripe_mid"], Standing::Preset { preset: Preset::Stripe, category: Category::ESSENTIAL });
    assert_eq!(known["sessionid"], Standing::Framework { framework: "Django" });
    let hotjar = Standing::Catalogue { category: Category::FUNCTIONAL, platform: "Hotjar" };
    assert_eq!(known["_hjSessionUser_12"], hotjar);
    assert_eq!(known["mine"], Standing::Unknown);
    let declared = standing(&Policy::builder().essential(["_ga", "mine"]).build().unwrap());
    let essential = Standing::Declared { category: Category::ESSENTIAL, service: None };
    assert_eq!((&declared["_ga"], &declared["mine"]), (&essential, &essential));
}

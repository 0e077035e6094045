//! The draft policy.

use http::header;
use proptest::prelude::*;
use time::macros::date;
use tower_consent::{
    AttributeFloors, Category, CategoryEntry, ConsentCookie, CookieRule, Inventory, Lifetime, Policy, RuleTarget,
    Scope, ServiceEntry, TokenRules,
};

use crate::{common::clock_at, fields, names, nothing, policy_of, sets, shows};

/// A site as many are: a framework's session, trackers, something of its own.
fn a_site() -> Inventory {
    let inventory = Inventory::with_clock(clock_at(date!(2026 - 11 - 21)));
    sets(
        &inventory,
        &[
            "sessionid=1; HttpOnly; Path=/; SameSite=Lax",
            "csrftoken=1; Path=/; Max-Age=31449600",
            "connect.sid=1; HttpOnly; Path=/; Max-Age=2592000",
            "promo=1; Path=/; Max-Age=86400",
            "_hjSession_77=1; Path=/app; Domain=.example.com; Max-Age=1800; Secure",
            "gone=; Max-Age=0",
        ],
    );
    shows(
        &inventory,
        "_ga=1; _ga_ABC123=1; _ga_DEF456=1; _fbp=1; _hjSessionUser_77=1; __Host-consent=1; bad[name]=1; $x=1",
    );
    inventory
}

#[test]
fn a_draft_is_a_whole_policy() {
    let inventory = a_site();
    let draft = inventory.draft(&nothing());
    let text = draft.to_string();
    let policy = policy_of(&text);
    let service = |name: &str| policy.lookup(name.as_bytes());
    for (name, target) in [
        ("sessionid", Some((Category::ESSENTIAL, None))),
        ("csrftoken", Some((Category::ESSENTIAL, None))),
        ("connect.sid", Some((Category::ESSENTIAL, None))),
        ("_ga", Some((Category::ANALYTICS, None))),
        ("_ga_NEW", Some((Category::ANALYTICS, None))),
        ("_fbp", Some((Category::MARKETING, None))),
        ("_hjSessionUser_99", Some((Category::FUNCTIONAL, Some("hotjar")))),
        ("promo", None),
        ("bad[name]", None),
        ("gone", None),
    ] {
        assert_eq!(service(name), target, "{name}\n{text}");
    }
    assert_eq!(names(draft.undecided()), ["promo", "$x", "bad[name]"]);
    assert_eq!(names(&inventory.undeclared(&policy)), ["$x", "bad[name]", "promo"]);
    // Only reports until somebody has read it.
    assert!(text.contains("\nmode = \"report-only\""), "{text}");
    assert!(text.contains("\nsite_domain = \"example.com\"\n"), "taken from the cookies\n{text}");
    assert!(text.contains("    \"google-analytics\",\n") && text.contains("    \"meta\",\n"), "{text}");
    let max_age = |name: &str| {
        let mut declared = policy.declared_cookies();
        declared.find(|cookie| cookie.name == name).unwrap_or_else(|| panic!("{name}\n{text}")).max_age
    };
    // A session that keeps seven days is held to them; one that lives longer is not cut unasked.
    assert_eq!(max_age("sessionid"), Some(Lifetime::days(7)));
    assert_eq!(max_age("connect.sid"), Some(Lifetime::days(30)));
    assert!(text.contains("As one of `auth_cookies` it would be held to 7 days."), "{text}");
    assert_eq!(max_age("csrftoken"), Some(Lifetime::days(364)));
    let hotjar = policy.declared_services().find(|service| service.name == "hotjar").unwrap();
    assert_eq!(hotjar.provider.unwrap().in_language("en"), "Hotjar");
    assert!(text.contains("path = \"/app\""), "where it was seen\n{text}");
    // What the pages show of a tracker.
    let stated = policy.declared_cookies().find(|cookie| cookie.name.starts_with("_hjSession")).unwrap();
    assert!(stated.provider.is_some());
    // A person finds the questions, and a template that only waits for the category.
    let rest = text.split("TO BE DECIDED BY A PERSON").nth(1).unwrap();
    assert!(rest.contains("promo: set 1 time; no SameSite; lives 24 hours; host-only, Path=/"), "{rest}");
    let template: String = rest.lines().filter(|line| line.starts_with("#[[") || line.starts_with("#name")).collect();
    assert_eq!(template, "#[[cookies]]#name = \"promo\"");
    let answered = text
        .replace("\n#[[cookies]]\n#name", "\n[[cookies]]\nname")
        .replace("\n#category = \"\"", "\ncategory = \"functional\"");
    assert_eq!(policy_of(&answered).lookup(b"promo"), Some((Category::FUNCTIONAL, None)));
    assert!(rest.contains("gone: deleted 1 time") && rest.contains("__Host-consent: 1 in requests"), "{rest}");
}

/// A site's own part is proposed as a preset only where its names tell it.
#[test]
fn presets_of_a_sites_own_parts_need_their_signs() {
    for (seen, presets) in [
        ("session=1", &[][..]),
        ("store=1", &[]),
        ("session=1; store=1", &["axum-session"]),
        ("id=1", &[]),
        ("tower.sid=1; id=2", &["tower-sessions"]),
        ("axum-flash=1", &["axum-flash"]),
        ("__cf_bm=1", &["cloudflare"]),
        ("csrf_token=1", &[]),
        ("_gcl_au=1; _clck=2", &["google-ads", "microsoft-clarity"]),
    ] {
        let inventory = Inventory::new();
        shows(&inventory, seen);
        let text = inventory.draft(&nothing()).to_string();
        let listed: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("    \"")?.strip_suffix("\",")).collect();
        assert_eq!(listed, presets, "{seen}\n{text}");
        assert!(inventory.undeclared(&policy_of(&text)).is_empty(), "{seen}\n{text}");
    }
}

/// A short prefix stands for much else: one name is no reason to take it.
#[test]
fn a_short_prefix_needs_several_names() {
    let both = |seen: &str| {
        let inventory = Inventory::new();
        shows(&inventory, seen);
        let policy = policy_of(&inventory.draft(&nothing()).to_string());
        policy
            .declared_cookies()
            .filter(|cookie| cookie.is_prefix)
            .map(|cookie| cookie.name.to_owned())
            .collect::<Vec<_>>()
    };
    // Drupal's `SESS*`.
    assert_eq!(both("SESSabc=1"), [""; 0]);
    assert_eq!(both("SESSabc=1; SESSdef=2"), ["SESS"]);
    assert_eq!(both("wordpress_logged_in_abc=1"), ["wordpress_logged_in_"]);
}

/// A site's own `_settings` is not declared as Marfeel's, whose cookies begin with `_s`.
#[test]
fn a_short_prefix_of_the_list_is_for_a_person_to_decide() {
    let inventory = Inventory::new();
    shows(&inventory, "_settings=1; caption=1; _hjSession_77=1");
    let draft = inventory.draft(&nothing());
    let text = draft.to_string();
    assert_eq!(names(draft.undecided()), ["_settings", "caption"], "{text}");
    assert_eq!(policy_of(&text).services().count(), 1, "{text}");
    assert!(
        text.contains("# It may be chance: cookies of Marfeel (analytics) begin with the same letters.\n"),
        "{text}"
    );
}

/// Names that any application may have, and trackers have as well, are no reason to call a cookie essential.
#[test]
fn what_anybody_uses_is_for_a_person_to_decide() {
    let inventory = Inventory::new();
    shows(&inventory, "uid=1; u=1; c=1; pid=1; token=1; auth_token=1; locale=1; __Host-token2=1");
    let draft = inventory.draft(&nothing());
    let policy = policy_of(&draft.to_string());
    assert_eq!(policy.declared_cookies().filter(|cookie| !cookie.name.starts_with("__Host-")).count(), 0, "{draft}");
    assert_eq!(inventory.undeclared(&policy).len(), 8, "{draft}");
    assert_eq!(draft.undecided().count(), 8);
}

/// A framework's prefix behind `__Host-` or the like is a prefix with that: Auth.js has both.
#[test]
fn a_prefix_stands_behind_the_browsers_own() {
    let inventory = Inventory::new();
    sets(&inventory, &["__Secure-next-auth.session-token=1; HttpOnly; Secure; Path=/"]);
    shows(&inventory, "__Host-next-auth.csrf-token=1; __Host-SESSabc=1; next-auth.callback-url=1");
    let draft = inventory.draft(&nothing());
    let policy = policy_of(&draft.to_string());
    assert_eq!((names(draft.undecided()), inventory.undeclared(&policy).len()), (vec![], 0), "{draft}");
    for name in ["__Secure-next-auth.session-token.0", "__Host-next-auth.x", "next-auth.x"] {
        assert_eq!(policy.lookup(name.as_bytes()), Some((Category::ESSENTIAL, None)), "{name}\n{draft}");
    }
    assert_eq!(policy.lookup(b"__Secure-other"), None);
}

/// What the policy at hand declares stands as it is, with all that the rule says.
#[test]
fn a_policy_at_hand_is_kept() {
    let rule = CookieRule::new("_ga", RuleTarget::service("numbers"))
        .max_age(Lifetime::months(13))
        .add_max_age()
        .partitioned()
        .floors(AttributeFloors::NONE.secure())
        .scope(Scope::domain("example.com").path("/\"x"))
        .purpose("Counts \"visits\"\nin lines")
        .provider("Us");
    let policy = |rule: CookieRule| {
        Policy::builder()
            .category(CategoryEntry::new("social").label("Social").exempt_until_objected())
            .service_entry(ServiceEntry::new("numbers", "social").provider("Nümbers").privacy_policy("/p"))
            .service("unused", "marketing")
            .cookie(rule)
            .cookie(CookieRule::exact("lit*", Category::FUNCTIONAL))
            .consent_cookie(ConsentCookie::default().with_name("__Host-mine"))
            .tokens(TokenRules::default().with_cookie_name("__Host-login").with_lifetime(Lifetime::days(2)))
            .build()
            .unwrap()
    };
    let at_hand = policy(rule.clone());
    let inventory = Inventory::new();
    shows(&inventory, "_ga=1; __Host-mine=2; __Host-login=3; lit*=4; other=5");
    sets(&inventory, &["_ga=1; Path=/else; Max-Age=99"]);
    let text = inventory.draft(&at_hand).to_string();
    let drafted = policy_of(&text);
    assert_eq!(drafted.lookup(b"_ga"), Some((Category::new("social").unwrap(), Some("numbers"))));
    let of = |policy: &Policy| format!("{:?}", policy.declared_cookies().find(|cookie| cookie.name == "_ga").unwrap());
    assert_eq!(of(&drafted), of(&at_hand));
    let service = |policy: &Policy| format!("{:?}", policy.declared_services().next().unwrap());
    assert_eq!(service(&drafted), service(&at_hand));
    let social = |policy: &Policy| format!("{:?}", policy.declared_categories().last().unwrap());
    assert_eq!(social(&drafted), social(&policy(rule)).replace("marketing", "social"), "{text}");
    assert_eq!((drafted.consent_cookie_name(), drafted.token_rules()), ("__Host-mine", at_hand.token_rules()));
    assert_eq!(names(&inventory.undeclared(&drafted)), ["lit*", "other"], "{text}");
    for part in ["add_max_age = true", "partitioned = true", "floors = { http_only = false, secure = true }"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn the_site_domain_is_told_or_agreed_upon() {
    let domain = |lines: &[&str], told: Option<&str>| {
        let inventory = Inventory::new();
        sets(&inventory, lines);
        let draft = inventory.draft(&nothing());
        let draft = if let Some(told) = told { draft.with_site_domain(told) } else { draft };
        let text = draft.to_string();
        policy_of(&text);
        text.lines().find_map(|line| line.strip_prefix("site_domain = ").map(str::to_owned))
    };
    let quoted = |domain: &str| Some(format!("\"{domain}\""));
    assert_eq!(domain(&["a=1"], None), None);
    assert_eq!(domain(&["a=1; Domain=www.example.com", "b=1; Domain=.example.com"], None), quoted("example.com"));
    assert_eq!(domain(&["a=1; Domain=ample.com", "b=1; Domain=example.com"], None), None);
    assert_eq!(domain(&["a=1; Domain=com"], None), None);
    assert_eq!(domain(&["a=1; Domain=a\"b.com"], None), None);
    assert_eq!(domain(&["a=1; Domain=example.com"], Some("shop.test")), quoted("shop.test"));
    assert_eq!(domain(&[], Some("no domain\n[x]")), None);
}

/// As many trackers as a catalogue has still give a policy whose consent cookie fits.
#[test]
fn very_many_services_still_build() {
    let inventory = Inventory::new();
    // Of the table, and not of the CSV, which is not in the package.
    let table = include_str!("../../src/catalogue/open-cookie-database/table.in");
    let names = table.split("NAMES: &str = \"\\\n").nth(1).and_then(|rest| rest.split("\";").next()).unwrap();
    let known: Vec<_> =
        names.lines().filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).collect();
    assert!(known.len() > 1_000);
    for name in known.iter().take(1_024) {
        shows(&inventory, &format!("{name}=1"));
    }
    let draft = inventory.draft(&nothing());
    let policy = policy_of(&draft.to_string());
    let (open, left) = (draft.undecided().count(), inventory.undeclared(&policy).len());
    assert_eq!(open, left);
    assert!(policy.services().count() > 40 && open < 100, "{open}");
}

/// A banner is found by its cookie. Klaro's keys are each site's own, so a person must say what they mean; then its cookie
/// is declared.
#[test]
fn a_banner_is_found_by_its_cookie() {
    let inventory = Inventory::new();
    shows(&inventory, "klaro=%7B%7D; _ga=1");
    let draft = inventory.draft(&nothing());
    let text = draft.to_string();
    let policy = policy_of(&text);
    assert_eq!(names(draft.undecided()), ["klaro"]);
    assert_eq!(names(&inventory.undeclared(&policy)), ["klaro"]);
    let answered = text.replace("\n#[[sources]]\n#banner", "\n[[sources]]\nbanner").replace(
        "\n#categories = { analytics = [\"...\"], marketing = [\"...\"] }",
        "\ncategories = { analytics = [\"ga\"] }",
    );
    assert_eq!(names(&inventory.undeclared(&policy_of(&answered))), [""; 0], "{answered}");
    // A policy that reads it already is no reason to forget it.
    let again = inventory.draft(&policy_of(&answered)).to_string();
    assert!(again.contains("#banner = \"klaro\""), "{again}");
}

/// Several banners, some of which share a cookie: what waits for a person is what the draft leaves undeclared.
#[test]
fn several_banners_are_found_together() {
    let first = [
        "klaro",
        "didomi_token",
        "_iub_cs-123",
        "euconsent-v2",
        "CookieConsent",
        "OptanonConsent",
        "usprivacy",
        "__gpp",
    ];
    for one in first {
        for other in first {
            let inventory = Inventory::new();
            shows(&inventory, &format!("{one}=1; {other}=1; euconsent-v2=1; cookieconsent_status=1; IABGPP_HDR=1"));
            let draft = inventory.draft(&nothing());
            let left = inventory.undeclared(&policy_of(&draft.to_string()));
            let mut open = names(draft.undecided());
            open.sort();
            assert_eq!(open, names(&left), "{one} {other}\n{draft}");
        }
    }
}

/// An empty inventory gives a policy too.
#[test]
fn nothing_seen_is_a_policy() {
    let text = Inventory::new().draft(&nothing()).to_string();
    assert!(policy_of(&text).declared_cookies().count() == 1 && text.contains("No cookie was seen"), "{text}");
}

/// Any bytes that can be in a header value.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        6 => prop::sample::select(b"ab_*$\"'\\#[]{}=.-%\t, ".to_vec()),
        1 => 0x20_u8..=0x7e,
        1 => 0x80_u8..=0xff,
    ];
    prop::collection::vec(byte, 0..most)
}

/// Names that are known, with anything behind them.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "",
        "_ga_",
        "_hjSession_",
        "wordpress_",
        "sessionid",
        "__Host-",
        "__Host-sessionid",
        "__Secure-next-auth.",
        "__Host-SESS",
        "_pk_id",
        "id",
        "SESS",
        "$",
    ]);
    (known, bytes(12)).prop_map(|(known, rest)| [known.as_bytes(), &rest].concat())
}

proptest! {
    // Each case builds several policies.
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("CI").is_some() { 20_000 } else { 1_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Nothing in a name or an attribute breaks out of a string or a comment: the draft builds, declares nothing that was
    /// not seen, and leaves undeclared exactly what it says.
    #[test]
    fn no_name_breaks_out(shown in prop::collection::vec(name(), 0..6), set in prop::collection::vec((name(), bytes(30)), 0..6)) {
        let inventory = Inventory::new();
        let shown: Vec<_> = shown.into_iter().map(|name| [&name[..], b"=1"].concat()).collect();
        let set: Vec<_> = set
            .into_iter()
            .map(|(name, more)| [&name[..], b"=1; Domain=", &more, b"; Path=/", &more, b"; Max-Age=99"].concat())
            .collect();
        let lines = |lines: &[Vec<u8>]| lines.iter().map(|line| line.to_vec()).collect::<Vec<_>>();
        let as_slices = |lines: &'_ [Vec<u8>], name| fields(name, &lines.iter().map(Vec::as_slice).collect::<Vec<_>>());
        inventory.see_request(&as_slices(&lines(&shown), header::COOKIE), &nothing());
        inventory.see_response(&as_slices(&lines(&set), header::SET_COOKIE), &nothing());

        let draft = inventory.draft(&nothing());
        let text = draft.to_string();
        let policy = policy_of(&text);
        let mut open: Vec<_> = draft.undecided().map(|cookie| cookie.name().as_bytes().to_vec()).collect();
        open.sort();
        let left: Vec<_> = inventory.undeclared(&policy).iter().map(|cookie| cookie.name().as_bytes().to_vec()).collect();
        prop_assert_eq!(open, left, "{}", text);
        // Every rule that does not come with a preset has its name, or its beginning, from what was seen.
        let seen = inventory.snapshot(&policy).cookies;
        let table: toml::Table = toml::from_str(&text).unwrap();
        for rule in table.get("cookies").and_then(toml::Value::as_array).into_iter().flatten() {
            let name = rule["name"].as_str().unwrap();
            let is_seen = seen.iter().any(|cookie| match name.strip_suffix('*') {
                Some(prefix) => cookie.name().as_bytes().starts_with(prefix.as_bytes()),
                None => cookie.name().as_bytes() == name.as_bytes(),
            });
            prop_assert!(is_seen, "{}\n{}", name, text);
        }
        prop_assert!(text.bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control()));
    }
}

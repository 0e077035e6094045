//! The names that frameworks use for themselves.

use std::collections::BTreeSet;

use tower_consent::{Catalogue, Category, FrameworkCookie, framework_cookie};

use crate::{
    common::{cookies_seen, lines, request, response, serve},
    enforcement::{REFUSED, layer, policy},
};

/// Names as a browser shows them, for each that is known.
fn names() -> Vec<(String, FrameworkCookie)> {
    let mut names = Vec::new();
    for known in FrameworkCookie::all() {
        let parts: Vec<_> = known.name.split('*').collect();
        match *parts.as_slice() {
            [exact] => names.push((exact.to_owned(), known)),
            [start, ""] => names.extend(["", "1a2B", "x.0"].map(|end| (format!("{start}{end}"), known))),
            [start, end] => names.extend(["q7", "my_shop"].map(|name| (format!("{start}{name}{end}"), known))),
            [start, middle, ""] => names.extend(["", ".0"].map(|end| (format!("{start}abcdef{middle}{end}"), known))),
            _ => panic!("{}", known.name),
        }
    }
    assert!(names.len() > 200, "{}", names.len());
    names
}

/// None is stripped where the catalogue judges, neither where everything is refused, nor where nobody has decided, in either
/// direction, with a host prefix or without.
#[tokio::test]
async fn none_is_stripped() {
    let layer = layer(policy());
    for (name, _) in names() {
        for prefix in ["", "__Host-", "__Secure-", "__Http-", "__Host-Http-"] {
            let name = format!("{prefix}{name}");
            for consent in [None, Some(REFUSED)] {
                let cookie = format!("{name}=1");
                let asks: Vec<_> = consent.into_iter().chain([("cookie", &*cookie)]).collect();
                let seen = cookies_seen(&layer, request(&asks)).await;
                assert!(seen.contains(&cookie), "{name}: {seen:?}");
                let line = format!("{name}=1; Path=/");
                let answer = serve(&layer, request(&asks), |_| response(&[("set-cookie", &line)])).await;
                assert!(lines(answer.headers(), "set-cookie").contains(&line), "{name}");
            }
        }
    }
}

/// Each is told with who uses it, what for and where that is said.
#[test]
fn each_is_found_with_its_source() {
    for (name, known) in names() {
        let found = framework_cookie(name.as_bytes()).unwrap_or_else(|| panic!("{name}"));
        assert!(!found.framework.is_empty() && !found.purpose.is_empty() && found.source.len() > 8, "{name}");
        // A name that several use is told of the first of them.
        if found.framework == known.framework {
            assert_eq!(found.source, known.source);
        }
    }
    let django = framework_cookie(b"csrftoken").unwrap();
    assert_eq!((django.name, django.framework, django.purpose), ("csrftoken", "Django", "CSRF"));
    let rails = framework_cookie(b"__Secure-_my_shop_session").unwrap();
    assert_eq!((rails.name, rails.framework, rails.purpose), ("_*_session", "Rails", "session"));
}

/// Amplify writes the user's name into the cookie's, and OWIN a digest, percent-encoded: that is the name, and no look-alike
/// (R67).
#[tokio::test]
async fn some_encode_a_part_of_their_names() {
    let layer = layer(policy());
    for (name, passes) in [
        ("CognitoIdentityServiceProvider.1a2b.me%40example.com.idToken", true),
        ("__Secure-CognitoIdentityServiceProvider.1a2b.me%40example.com.idToken", true),
        ("OpenIdConnect.nonce.OmFfgQvf%2FT08NuZ9ncyA%3D", true),
        ("CognitoIdentityServiceProvider%2E1a2b.me%40example.com.idToken", false),
        ("SESSIO%4E", false),
        ("my%5Fshop_session", false),
        ("sessioni%64", false),
    ] {
        let cookie = format!("{name}=1");
        let seen = cookies_seen(&layer, request(&[REFUSED, ("cookie", &cookie)])).await;
        assert_eq!(seen.contains(&cookie), passes, "{name}: {seen:?}");
        let line = format!("{name}=1; Path=/");
        let answer = serve(&layer, request(&[REFUSED]), |_| response(&[("set-cookie", &line)])).await;
        assert_eq!(lines(answer.headers(), "set-cookie").contains(&line), passes, "{name}");
    }
}

/// A name as it stands says more than a prefix of another framework.
#[test]
fn an_exact_name_is_told_before_a_prefix() {
    for (name, framework) in [
        ("SESSION", "Spring"),
        ("__Host-SESSION", "Spring"),
        ("SESS0a1b", "Drupal"),
        ("wordpress_test_cookie", "WordPress"),
    ] {
        assert_eq!(framework_cookie(name.as_bytes()).unwrap().framework, framework, "{name}");
    }
}

/// The issue that they are kept out for: these are in the list as somebody's marketing or statistics, by name or prefix.
#[test]
fn these_would_be_taken_for_others() {
    let collides = |(name, _): &(String, FrameworkCookie)| {
        let entry = Catalogue::lookup(name.as_bytes())?;
        let how = entry.prefix.map_or_else(String::new, |prefix| format!(" by {prefix}"));
        let is_closed = entry.category == Category::MARKETING || entry.category == Category::ANALYTICS;
        is_closed.then(|| format!("{name}: {}, {}{how}", entry.category, entry.platform))
    };
    let found: BTreeSet<_> = names().iter().filter_map(collides).collect();
    let expected = [
        "_session_id: analytics, Marfeel by _s",
        "auth_token: marketing, X",
        "c: marketing, Magnite",
        "locale: marketing, Facebook",
        "pid: marketing, Smartadserver",
        "sessionid: marketing, Instagram",
        "token: marketing, Adform",
        "u: marketing, Totvs",
        "uid: marketing, Adform",
    ];
    for collision in expected {
        assert!(found.contains(collision), "{collision}: {found:#?}");
    }
    let others: Vec<_> = found.iter().filter(|found| !expected.contains(&found.as_str())).collect();
    assert!(others.iter().all(|found| found.contains(" by _s")), "{others:#?}");
}

/// These too, as one product's functional cookie.
#[test]
fn others_are_listed_as_functional() {
    for name in [
        "connect.sid",
        "PHPSESSID",
        "JSESSIONID",
        "laravel_session",
        "XSRF-TOKEN",
        "_csrf",
        "ci_session",
        ".AspNetCore.Antiforgery.x",
        "ASP.NET_SessionId",
        "PLAY_SESSION",
        "CAKEPHP",
        "django_language",
        "NEXT_LOCALE",
        "next-auth.session-token",
        "lang",
    ] {
        assert!(framework_cookie(name.as_bytes()).is_some(), "{name}");
        assert_eq!(Catalogue::lookup(name.as_bytes()).unwrap().category, Category::FUNCTIONAL, "{name}");
    }
}

/// A name with an application's own name in it is not known better than a listed one.
#[test]
fn loose_names_give_way_to_listed_ones() {
    for name in ["_Brochure_session", "rl_session", "sbjs_session", "_rd_wa_first_session", "ai_session"] {
        assert_eq!(framework_cookie(name.as_bytes()), None, "{name}");
    }
    // By a prefix that is too short to count they do not.
    assert!(framework_cookie(b"_stats_session").is_some());
}

#[test]
fn other_names_are_not_frameworks() {
    for name in [
        "",
        "_ga",
        "_fbp",
        "Sessionid",
        "sessionid2",
        "__host-sessionid",
        "__Host-",
        "_session",
        "_key",
        "sb--auth-token",
    ] {
        assert_eq!(framework_cookie(name.as_bytes()), None, "{name}");
    }
}

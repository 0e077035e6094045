//! Cookies that are another for the filter than for the browser or the application (R66-R68, R70-R72).

use tower_consent::UnknownCookies;

use crate::{
    site::{CONSENT, Site, TOKEN, policy},
    wire::BOTH,
};

/// Where undeclared names go, and where they pass.
const UNKNOWN: [UnknownCookies; 2] = [UnknownCookies::Strip, UnknownCookies::Pass];

/// A pair between two that the application needs.
fn between(pair: &[u8]) -> Vec<u8> {
    [b"sid=1; ", pair, b"; csrf=2"].concat()
}

/// R26, R38: a browser takes `=_ga=1` for a nameless cookie, and sends `_ga=1`.
#[tokio::test]
async fn r66_nameless_cookies_pass_in_neither_direction() {
    let nameless: [&[u8]; 10] = [
        b"_ga",
        b"=_ga=1",
        b"=sid=9",
        b"==",
        b"=",
        b" =x",
        b"\t= x",
        b"=__Host-consent=1:3:2026-11-22+analytics",
        b"x",
        b"\xff\xfe",
    ];
    for (unknown, protocol) in UNKNOWN.into_iter().flat_map(|unknown| BOTH.map(|protocol| (unknown, protocol))) {
        let site = Site::of(policy().unknown(unknown)).await;
        // The visitor allows analytics: only that it has no name speaks against `=_ga=1`.
        let consent = site.consent(protocol).await;
        let token = site.sign_in(protocol, "victim").await;
        let hidden_token = format!("={TOKEN}={token}");
        for pair in nameless.into_iter().chain([hidden_token.as_bytes()]) {
            let seen = site.sees(protocol, &[consent.as_bytes(), &between(pair)]).await;
            let shown = pair.escape_ascii();
            assert_eq!(seen.lines, [&consent, "sid=1; csrf=2"], "{protocol:?} {shown}");
            assert_eq!((seen.subject, seen.has_analytics), (None, true), "{shown}");
            let alone = site.sees(protocol, &[pair]).await;
            assert_eq!((alone.lines.len(), alone.names.len(), alone.has_analytics), (0, 0, false), "{shown}");

            let set = [pair, b"; Path=/; Max-Age=999"].concat();
            let left = site.leaves(protocol, consent.as_bytes(), &[b"sid=1", &set, pair, b"csrf=2"]).await;
            assert_eq!(left, ["sid=1", "csrf=2"], "{protocol:?} {shown}");
        }
    }
}

/// A browser keeps these as names of their own, and Rust's `trim` takes them for blanks.
const BLANKS: [&str; 9] =
    ["\u{85}", "\u{a0}", "\u{1680}", "\u{2000}", "\u{2003}", "\u{2028}", "\u{202f}", "\u{205f}", "\u{3000}"];
/// These are no blanks, and invisible all the same.
const INVISIBLE: [&str; 3] = ["\u{feff}", "\u{200b}", "\u{180e}"];

#[tokio::test]
async fn r67_disguised_names_are_not_taken_for_others() {
    for (unknown, protocol) in UNKNOWN.into_iter().flat_map(|unknown| BOTH.map(|protocol| (unknown, protocol))) {
        let site = Site::of(policy().unknown(unknown)).await;
        let consent = site.consent(protocol).await;
        let (_, value) = consent.split_once('=').unwrap();
        let token = site.sign_in(protocol, "attacker").await;
        let blanks: Vec<_> = match unknown {
            UnknownCookies::Strip => BLANKS.into_iter().chain(INVISIBLE).collect(),
            // For no reader are these another name, so that they pass as what they are.
            _ => BLANKS.to_vec(),
        };
        for blank in blanks {
            for (name, value) in [(TOKEN, token.as_str()), (CONSENT, value), ("sid", "9"), ("_ga", "9"), ("app_x", "9")]
            {
                for disguised in [format!("{blank}{name}"), format!("{name}{blank}")] {
                    // `app_*` takes any ending that is no disguise of another name.
                    if name == "app_x" && !disguised.starts_with(blank) {
                        continue;
                    }
                    let pair = format!("{disguised}={value}");
                    let seen = site.sees(protocol, &[&between(pair.as_bytes())]).await;
                    let shown = pair.escape_unicode();
                    assert_eq!(seen.lines, ["sid=1; csrf=2"], "{protocol:?} {unknown:?} {shown}");
                    assert_eq!(seen.names, ["csrf", "sid"], "the neighbours are still read: {shown}");
                    assert_eq!((seen.has_analytics, seen.subject), (false, None), "{shown}");
                    let left = site.leaves(protocol, b"", &[b"sid=1", pair.as_bytes()]).await;
                    assert_eq!(left, ["sid=1"], "{protocol:?} {unknown:?} {shown}");
                }
            }
        }
    }
}

/// A reader of the old specification takes what stands between the quotes for one value, and an application that shows it
/// gives a cookie away that no script can read.
#[tokio::test]
async fn r68_a_cookie_sandwich_comes_apart() {
    for (unknown, protocol) in UNKNOWN.into_iter().flat_map(|unknown| BOTH.map(|protocol| (unknown, protocol))) {
        let site = Site::of(policy().unknown(unknown)).await;
        let token = site.sign_in(protocol, "victim").await;
        let secret = format!("{TOKEN}={token}");
        let line = format!("$Version=1; app_bread=\"; {secret}; sid=1; bread=\"; $Path=\"/\"");
        let crumbs = ["$Version=1", "app_bread=\"", &secret, "sid=1", "bread=\"", "$Domain=\"example.com\""];
        let crumbs = crumbs.map(str::as_bytes);
        for lines in [&[line.as_bytes()][..], &crumbs, &[b"$Version=1; $x=1", line.as_bytes()]] {
            let seen = site.sees(protocol, lines).await;
            assert_eq!(seen.subject.as_deref(), Some("victim"), "{protocol:?}");
            let all = seen.lines.join("; ");
            assert!(!all.contains('$'), "no reader falls back to the old specification: {all}");
            // Only where undeclared names pass is there a second quote, without what makes readers see it.
            let closed = unknown == UnknownCookies::Pass;
            assert_eq!(all.matches('"').count(), if closed { 2 } else { 1 }, "{protocol:?} {unknown:?}: {all}");
        }
        for line in ["$Version=1; Path=/", "$sid=1", "$=x"] {
            assert_eq!(site.leaves(protocol, b"", &[line.as_bytes(), b"sid=1"]).await, ["sid=1"], "{line}");
        }
    }
}

/// What a reader of quotes takes for one cookie, and every browser for several.
#[tokio::test]
async fn r70_quotes_hide_no_cookie() {
    for protocol in BOTH {
        let site = Site::new().await;
        for (line, left) in [
            ("sid=\"a; _ga=1; b\"", Some("sid=\"a")),
            ("sid=\"a; _ga=1; csrf=b\"", Some("sid=\"a; csrf=b\"")),
            ("_ga=\"a; sid=1; b\"", Some("sid=1")),
            ("x=\"; _fbp=1; \"; sid=1", Some("sid=1")),
            ("sid=\"a\\\"; _ga=\"1\"", Some("sid=\"a\\\\\"")),
            ("\"_ga\"=1; \"sid\"=2", None),
            ("sid=1, _ga=2", Some("sid=1, _ga=2")),
            ("_ga=2, sid=1", None),
        ] {
            let seen = site.sees(protocol, &[line.as_bytes()]).await;
            assert_eq!(seen.lines.first().map(String::as_str), left, "{protocol:?} {line}");
            assert!(seen.names.iter().all(|name| !name.contains("_ga") && !name.contains("_fbp")), "{line}: {seen:?}");
        }
        let lines: [&[u8]; 4] = [b"sid=\"a; _ga=1\"; Path=/", b"_ga=\"; sid=1", b"\"_ga\"=1", b"x=\"; csrf=1\""];
        assert_eq!(site.leaves(protocol, b"", &lines).await, ["sid=\"a; _ga=1\"; Path=/"], "{protocol:?}");
    }
}

#[tokio::test]
async fn r71_percent_encoded_names_are_not_taken_for_others() {
    let encoded =
        ["%5Fga", "%5fga", "_g%61", "%73id", "si%64", "%73%69%64", "%5f%5FHost-token", "__Host%2Dconsent", "%20_ga"];
    for (unknown, protocol) in UNKNOWN.into_iter().flat_map(|unknown| BOTH.map(|protocol| (unknown, protocol))) {
        let site = Site::of(policy().unknown(unknown)).await;
        let consent = site.consent(protocol).await;
        let token = site.sign_in(protocol, "attacker").await;
        let twice: &[&str] =
            if unknown == UnknownCookies::Strip { &["%255Fga", "%2573id", "%25%35%46ga"] } else { &[] };
        for name in encoded.iter().chain(twice) {
            let value = if name.ends_with("token") { &token } else { "9" };
            let pair = format!("{name}={value}");
            let seen = site.sees(protocol, &[&between(pair.as_bytes())]).await;
            assert_eq!(seen.lines, ["sid=1; csrf=2"], "{protocol:?} {unknown:?} {pair}");
            assert_eq!(seen.names, ["csrf", "sid"], "{pair}");
            assert_eq!(seen.subject, None, "{pair}");
            assert_eq!(site.leaves(protocol, b"", &[pair.as_bytes(), b"sid=1"]).await, ["sid=1"], "{pair}");
        }
        // Nothing else is decoded either: a value with escapes keeps them.
        let line = format!("{consent}; sid=%73id%3D1; _ga=%41");
        let seen = site.sees(protocol, &[line.as_bytes()]).await;
        assert_eq!((seen.lines, seen.has_analytics), (vec![line], true));
    }
}

/// However the pairs are spread over lines, and whatever bytes stand beside them: what passes, who is signed in and what is
/// allowed stay the same.
#[tokio::test]
async fn r72_lines_and_crumbs_hide_nothing() {
    for protocol in BOTH {
        let site = Site::new().await;
        let (consent, token) = (site.consent(protocol).await, site.sign_in(protocol, "user-17").await);
        let token = format!("{TOKEN}={token}");
        let (consent, token) = (consent.as_bytes(), token.as_bytes());
        let noise: [&[u8]; 7] = [b"\xff", b"x=\xe9\x80", b"\"", b"x=\"", b";;", b" ", b"y"];
        let mut spreads: Vec<Vec<Vec<u8>>> = Vec::new();
        for noise in noise {
            let line = |parts: &[&[u8]]| parts.join(&b"; "[..]);
            let all = [noise, b"_fbp_x=1", consent, b"sid=1", noise, token, b"_ga=2", noise];
            spreads.push(vec![line(&all)]);
            spreads.push(all.iter().map(|part| part.to_vec()).collect());
            spreads.push(all.iter().rev().map(|part| part.to_vec()).collect());
            // What a reader of the first line alone would see says nothing.
            spreads.push(vec![
                noise.to_vec(),
                line(&[b"_fbp_x=1", consent, token]),
                line(&[b"sid=1", noise, b"_ga=2"]),
            ]);
            spreads.push(vec![line(&[b"sid=1", noise]), line(&[noise, b"_ga=2"]), line(&[token, noise, consent])]);
        }
        for lines in &spreads {
            let lines: Vec<_> = lines.iter().map(Vec::as_slice).collect();
            let seen = site.sees(protocol, &lines).await;
            let shown: Vec<_> = lines.iter().map(|line| line.escape_ascii().to_string()).collect();
            assert_eq!(
                (seen.subject.as_deref(), seen.has_analytics),
                (Some("user-17"), true),
                "{protocol:?} {shown:?}"
            );
            assert_eq!(seen.names, [CONSENT, TOKEN, "_ga", "sid"], "{protocol:?} {shown:?}");
        }
        // Without the choice the same lines lose what it allowed.
        for lines in &spreads {
            let lines: Vec<_> = lines.iter().map(|line| line.strip_suffix(consent).unwrap_or(line)).collect();
            if lines.iter().any(|line| crate::wire::find(line, consent).is_some()) {
                continue;
            }
            let seen = site.sees(protocol, &lines).await;
            assert_eq!(seen.names, [TOKEN, "sid"], "{protocol:?}");
        }
    }
}

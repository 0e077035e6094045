//! Sign-ins in the demo: the list, ending one and all, a restart, and the promise to store nothing at all.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tower_consent::{ManualClock, MemoryStore, RedbStore, Signal, SignalScope, Tokens};

use crate::{
    ACCEPT, REJECT, WITHDRAW, app, policy_file,
    site::{PROTOCOLS, Protocol, Reply, Site},
};

const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
const SAFARI: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 \
     Mobile/15E148 Safari/604.1",
);
const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const DNT: (&str, &str) = ("dnt", "1");

/// A site whose tokens go by a clock that stands still.
async fn site(protocol: Protocol) -> (Site, Tokens, ManualClock) {
    let clock = ManualClock::at(1_762_128_000); // 2025-11-03 00:00 UTC
    let store = MemoryStore::builder().clock(clock.clone()).build();
    let tokens = Tokens::builder(store).clock(clock.clone()).build().expect("tokens");
    (Site::start_with(policy_file(), tokens.clone(), MemoryStore::new(), protocol).await, tokens, clock)
}

/// Signs in, and gives the pair that the browser then sends.
async fn sign_in(site: &Site, cookies: &[&str], agent: (&str, &str), form: &str) -> String {
    let reply = site.post("/sign-in", cookies, &[agent], form).await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, "/account"), "{}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store");
    token_line(&reply).split(';').next().expect("a pair").to_owned()
}

fn token_line(reply: &Reply) -> &str {
    reply.set_cookies().find(|line| line.starts_with("__Host-token=")).expect("a token cookie")
}

async fn account(site: &Site, cookie: &str) -> Reply {
    site.get("/account", &[cookie], &[PAGE]).await
}

async fn is_signed_in(site: &Site, cookie: &str) -> bool {
    let reply = account(site, cookie).await;
    if reply.status == StatusCode::OK {
        return true;
    }
    assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(reply.expired_names(), ["__Host-token"], "a dead cookie is expired");
    false
}

/// What the list says, one entry for each session.
fn sessions(page: &str) -> Vec<&str> {
    let (_, rest) = page.split_once("id=\"sessions\">").expect("a list");
    let (list, _) = rest.split_once("</ul>").expect("its end");
    list.split("<li").skip(1).map(|rest| rest.split("</li>").next().expect("an end")).collect()
}

/// What the button sends that ends this session.
fn button(entry: &str) -> String {
    let (_, rest) = entry.split_once("name=\"session\" value=\"").expect("a button");
    format!("session={}", rest.split('"').next().expect("a value"))
}

#[tokio::test]
async fn a_sign_in_is_remembered_only_where_it_was_asked_for() {
    for protocol in PROTOCOLS {
        let (site, ..) = site(protocol).await;
        let form = site.get("/sign-in", &[], &[]).await;
        assert!(form.body.contains(r#"type="checkbox" name="keep""#) && !form.body.contains("checked"));
        assert_eq!(form.header("cache-control"), "no-store");

        let brief = site.post("/sign-in", &[], &[FIREFOX], "name=ada").await;
        let (brief, value) =
            token_line(&brief).split_once('=').map(|(_, rest)| rest.split_once("; ")).unwrap().unwrap();
        assert_eq!((brief.len(), value), (43, "HttpOnly; SameSite=Lax; Secure; Path=/"));
        let kept = site.post("/sign-in", &[], &[FIREFOX], "name=ada&keep=yes").await;
        let (_, kept) = token_line(&kept).split_once("; ").unwrap();
        assert_eq!(kept, "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800");

        for nobody in ["name=", "name=++", &format!("name={}", "a".repeat(61))] {
            let reply = site.post("/sign-in", &[], &[], nobody).await;
            assert_eq!((reply.status, reply.set_names()), (StatusCode::BAD_REQUEST, vec![]), "{nobody}");
        }
    }
}

#[tokio::test]
async fn the_list_shows_devices_and_what_is_left() {
    for protocol in PROTOCOLS {
        let (site, _, clock) = site(protocol).await;
        let phone = sign_in(&site, &[], SAFARI, "name=%3Cb%3Eada&keep=yes").await;
        clock.advance(3_600);
        let desk = sign_in(&site, &[], FIREFOX, "name=%3Cb%3Eada").await;
        sign_in(&site, &[], FIREFOX, "name=bob").await;

        let page = account(&site, &desk).await;
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.body.contains(r#"<span id="name">&#60;b&#62;ada</span>"#), "{}", page.body);
        let [first, second] = sessions(&page.body)[..] else { panic!("{}", page.body) };
        for (entry, device, is_this, since, form, left) in [
            (first, "Firefox on Linux", true, "2025-11-03 01:00 UTC", "until the browser is closed", "7 days"),
            (second, "Safari on iOS", false, "2025-11-03 00:00 UTC", "kept on the device", "6 days, 23 hours"),
        ] {
            assert!(entry.contains(&format!("<b>{device}</b>")), "{entry}");
            assert_eq!(entry.contains("this device"), is_this, "{entry}");
            assert!(entry.contains(&format!("Since {since}, {form}.<br>Ends in {left}.")), "{entry}");
        }
        let page = account(&site, &phone).await;
        assert!(sessions(&page.body)[1].contains("this device"), "seen from the other device");
        // Who is signed in needs no form, and the witness knows whose cookie it is.
        assert_eq!(site.get("/sign-in", &[&phone], &[]).await.header("location"), "/account");
        let home = site.get("/", &[&phone], &[]).await;
        assert!(home.shows("__Host-token", "passed", "it is essential"), "{}", home.body);
    }
}

#[tokio::test]
async fn nobody_without_a_sign_in_sees_an_account() {
    for protocol in PROTOCOLS {
        let (site, ..) = site(protocol).await;
        let page = site.get("/account", &[], &[PAGE]).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
        let program = site.get("/account", &[], &[("accept", "application/json")]).await;
        assert_eq!((program.status, program.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
        for path in ["/account/end", "/account/end-all"] {
            let reply = site.post(path, &[], &[PAGE], "session=x").await;
            assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, "/sign-in"), "{path}");
        }
        for dead in ["__Host-token=", "__Host-token=x", "__Host-token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(!is_signed_in(&site, dead).await);
        }
    }
}

#[tokio::test]
async fn ending_one_session_leaves_the_others() {
    for protocol in PROTOCOLS {
        let (site, tokens, _) = site(protocol).await;
        let desk = sign_in(&site, &[], FIREFOX, "name=ada").await;
        let phone = sign_in(&site, &[], SAFARI, "name=ada").await;
        let stranger = sign_in(&site, &[], FIREFOX, "name=eve").await;
        let page = account(&site, &desk).await.body;
        let other = sessions(&page).into_iter().find(|entry| entry.contains("Safari")).map(button).expect("the phone");

        // Whoever knows the name of somebody else's session cannot end it.
        let reply = site.post("/account/end", &[&stranger], &[], &other).await;
        assert_eq!(reply.header("location"), "/account");
        assert!(is_signed_in(&site, &phone).await);
        let reply = site.post("/account/end", &[&desk], &[], "session=x").await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);

        let reply = site.post("/account/end", &[&desk], &[], &other).await;
        assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, "/account"));
        assert!(!is_signed_in(&site, &phone).await, "at its next request");
        assert!(is_signed_in(&site, &desk).await && is_signed_in(&site, &stranger).await);
        assert_eq!(sessions(&account(&site, &desk).await.body).len(), 1);

        // One's own, by its name: the same as signing out.
        let own = format!("session={}", tokens.list("ada").await.expect("a list")[0].digest());
        let reply = site.post("/account/end", &[&desk], &[], &own).await;
        assert_eq!((reply.header("location"), reply.expired_names()), ("/sign-in?ended", vec!["__Host-token"]));
        assert!(!is_signed_in(&site, &desk).await);
    }
}

#[tokio::test]
async fn ending_all_sessions_ends_every_one_of_this_visitor() {
    for protocol in PROTOCOLS {
        let (site, tokens, _) = site(protocol).await;
        let desk = sign_in(&site, &[], FIREFOX, "name=ada").await;
        let phone = sign_in(&site, &[], SAFARI, "name=ada").await;
        let other = sign_in(&site, &[], FIREFOX, "name=bob").await;
        let reply = site.post("/account/end-all", &[&desk], &[], "").await;
        assert_eq!((reply.header("location"), reply.expired_names()), ("/sign-in?ended", vec!["__Host-token"]));
        assert_eq!(reply.header("clear-site-data"), r#""cache", "storage""#);
        assert!(!is_signed_in(&site, &desk).await && !is_signed_in(&site, &phone).await);
        assert!(is_signed_in(&site, &other).await);
        assert!(tokens.list("ada").await.expect("a list").is_empty());
    }
}

#[tokio::test]
async fn a_sign_out_is_an_end() {
    for protocol in PROTOCOLS {
        let (site, tokens, _) = site(protocol).await;
        let cookie = sign_in(&site, &[], FIREFOX, "name=ada&keep=yes").await;
        for _ in 0..2 {
            let reply = site.post("/sign-out", &[&cookie], &[], "").await;
            assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, "/sign-in?ended"));
            assert_eq!(reply.expired_names(), ["__Host-token"]);
            assert_eq!(reply.header("cache-control"), "no-store");
            assert!(tokens.list("ada").await.expect("a list").is_empty());
        }
        assert!(!is_signed_in(&site, &cookie).await, "a copy of the cookie is of no use");
        let page = site.get("/sign-in?ended", &[], &[]).await;
        assert!(page.body.contains("You are signed out") && page.body.contains("/forget.css"), "{}", page.body);
        let forget = site.get("/forget.css", &[], &[]).await;
        assert_eq!((forget.header("clear-site-data"), forget.header("cache-control")), (r#""cache""#, "no-store"));
        // Browsers fetch ahead: a link never signs out.
        assert_eq!(site.get("/sign-out", &[], &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);

        // A sign-in ends the one before it in this browser.
        let first = sign_in(&site, &[], FIREFOX, "name=ada").await;
        let second = sign_in(&site, &[&first], FIREFOX, "name=bob").await;
        assert!(!is_signed_in(&site, &first).await && is_signed_in(&site, &second).await);
    }
}

#[tokio::test]
async fn seven_days_and_not_a_second_more() {
    for protocol in PROTOCOLS {
        let (site, _, clock) = site(protocol).await;
        let cookie = sign_in(&site, &[], FIREFOX, "name=ada&keep=yes").await;
        clock.advance(604_799);
        let page = account(&site, &cookie).await;
        assert!(page.body.contains("Ends in less than a minute."), "{}", page.body);
        clock.advance(1);
        assert!(!is_signed_in(&site, &cookie).await);
    }
}

#[tokio::test]
async fn consent_and_sign_in_do_not_touch_each_other() {
    for protocol in PROTOCOLS {
        let (site, ..) = site(protocol).await;
        let consent = site.answer(&[], &[], ACCEPT).await;
        let token = sign_in(&site, &[&consent], FIREFOX, "name=ada").await;
        for answer in [WITHDRAW, REJECT, ACCEPT] {
            let reply = site.post("/privacy/choice", &[&consent, &token], &[], answer).await;
            assert!(!reply.set_cookies().any(|line| line.starts_with("__Host-token=")), "{answer}");
            assert!(is_signed_in(&site, &token).await, "{answer}");
        }
        let reply = site.post("/sign-out", &[&consent, &token], &[], "").await;
        assert_eq!((reply.consent(), reply.expired_names()), (None, vec!["__Host-token"]));
    }
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    const FORMS: [(&str, &str); 4] =
        [("/sign-in", "name=eve"), ("/sign-out", ""), ("/account/end-all", ""), ("/account/end", "session=x")];
    let foreign: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for protocol in PROTOCOLS {
        let (site, ..) = site(protocol).await;
        let cookie = sign_in(&site, &[], FIREFOX, "name=ada").await;
        for headers in foreign {
            for (path, form) in FORMS {
                // A sister host's form brings the cookie; that of another site does not, because it is SameSite=Lax.
                for cookies in [&[&*cookie][..], &[]] {
                    let reply = site.post(path, cookies, headers, form).await;
                    assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
                    assert!(reply.set_names().is_empty() && reply.expired_names().is_empty(), "{path} {headers:?}");
                }
            }
        }
        assert!(is_signed_in(&site, &cookie).await);
    }
}

#[tokio::test]
async fn sign_ins_outlive_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("demo.redb");
    for protocol in PROTOCOLS {
        let site = restarted(&file, protocol).await;
        let kept = sign_in(&site, &[], FIREFOX, "name=ada&keep=yes").await;
        let ended = sign_in(&site, &[], SAFARI, "name=ada").await;
        site.post("/sign-out", &[&ended], &[], "").await;
        drop(site);

        let site = restarted(&file, protocol).await;
        let page = account(&site, &kept).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("<b>Firefox on Linux</b>") && page.body.contains("kept on the device"));
        assert!(!is_signed_in(&site, &ended).await, "what was ended stays ended");
        site.post("/account/end-all", &[&kept], &[], "").await;
    }
}

/// Tokens and records lie in the same file.
async fn restarted(file: &std::path::Path, protocol: Protocol) -> Site {
    let store = open(file).await;
    Site::start_with(policy_file(), Tokens::new(store.clone()), store, protocol).await
}

/// One process has the file at a time, so this waits until the server before has let go of it.
async fn open(file: &std::path::Path) -> RedbStore {
    let start = Instant::now();
    loop {
        match RedbStore::open(file) {
            Ok(store) => return store,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(10), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn under_the_strict_promise_do_not_track_stores_nothing_at_all() {
    for protocol in PROTOCOLS {
        let strict = policy_file().signal(Signal::Dnt, SignalScope::NoCookies);
        let site = Site::start(strict, protocol).await;
        for path in ["/", "/shop", "/everything", "/sign-in"] {
            let page = site.get(path, &[], &[DNT]).await;
            assert!(page.set_cookies().next().is_none(), "{path}");
        }
        let form = site.get("/sign-in", &[], &[DNT]).await.body;
        assert!(form.contains("asks us not to store anything") && !form.contains("checkbox"), "{form}");
        let shop = site.get("/shop", &[], &[DNT]).await.body;
        assert!(shop.contains("The cart needs a cookie") && !shop.contains("<button>Add"), "{shop}");
        assert!(!shop.contains("data-consent-banner"), "there is nothing to choose: {shop}");
        let home = site.get("/", &[], &[DNT]).await.body;
        assert!(home.contains("there is nothing to choose"), "{home}");

        for form in ["name=ada", "name=ada&keep=yes"] {
            let reply = site.post("/sign-in", &[], &[DNT, FIREFOX], form).await;
            assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::OK, "no-store"));
            assert!(reply.set_cookies().next().is_none());
            assert!(reply.body.contains("this browser asked not to store anything"), "{}", reply.body);
            let (_, token) =
                reply.body.split_once(r#"<pre id="token" tabindex="0" aria-labelledby="token-title">"#).unwrap();
            let bearer = format!("Bearer {}", token.split('<').next().unwrap());
            let headers = [DNT, ("authorization", bearer.as_str())];
            let page = site.get("/account", &[], &headers).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.body.contains("by a token, without a cookie"), "{}", page.body);
            assert!(
                !page.body.contains("Firefox") && !page.body.contains("Linux"),
                "no device is noted: {}",
                page.body
            );
            let out = site.ask("POST", "/sign-out", &[], &headers, "").await;
            assert_eq!((out.status, out.set_cookies().next()), (StatusCode::SEE_OTHER, None));
            assert_eq!(site.get("/account", &[], &headers).await.status, StatusCode::UNAUTHORIZED);
        }
        // Without the signal, and under the other one, a sign-in is a cookie as ever.
        sign_in(&site, &[], FIREFOX, "name=ada").await;
        let reply = site.post("/sign-in", &[], &[("sec-gpc", "1")], "name=ada").await;
        assert_eq!(reply.set_names(), ["__Host-token"]);
    }
}

#[test]
fn devices_have_short_names() {
    for (agent, label) in [
        (FIREFOX.1, "Firefox on Linux"),
        (SAFARI.1, "Safari on iOS"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
             Safari/537.36",
            "Chrome on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
             Safari/537.36 Edg/142.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile \
             Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 \
             Safari/605.1.15",
            "Safari on macOS",
        ),
        ("curl/8.14.1", "curl"),
        ("<script>", "An unknown device"),
        ("", "An unknown device"),
    ] {
        assert_eq!(app::device::label(agent), label, "{agent}");
    }
}

#[test]
fn what_is_left_is_said_in_days_and_hours() {
    for (seconds, text) in [
        (604_800, "7 days"),
        (604_799, "6 days, 23 hours"),
        (90_000, "1 day, 1 hour"),
        (86_400, "1 day"),
        (86_399, "23 hours"),
        (3_600, "1 hour"),
        (3_599, "59 minutes"),
        (60, "1 minute"),
        (59, "less than a minute"),
        (0, "less than a minute"),
    ] {
        assert_eq!(app::account::days_and_hours(seconds), text, "{seconds}");
    }
}

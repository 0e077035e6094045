//! What several of the policies promise in the same words ("as C2", "as T7"). Each test says of which one.

use std::collections::BTreeMap;

use serde_json::Value;
use time::macros::date;
use tower_consent::{ManualClock, Retention, Revision, Signal, test::Visitor};

use crate::site::{Answer, CONSENT, DAY, START, Site, TOKEN, account, eventually, others, policy, text};

/// Forms that grant, refuse, choose and withdraw.
const CHOICES: [&str; 4] = ["accept-all", "reject-all", "save&category=functional", "withdraw"];

/// A browser that keeps no cookie at all: every page is there, no redirect leads back to itself, nothing is an error, and
/// the page says what does not work.
pub(crate) async fn works_without_cookies(name: &str) {
    let site = Site::of(name);
    for path in ["/page", "/privacy/", "/privacy/cookies", "/privacy/update", "/privacy/your-data"] {
        for _ in 0..2 {
            let answer = site.get(&mut site.visitor(), path).await;
            assert_eq!(answer.status, 200, "{path}");
        }
    }
    for choice in CHOICES {
        let answer = site.choose(&mut site.visitor(), choice).await;
        let (last, steps) = follow(&site, answer).await;
        assert!(steps <= 2 && last.status == 200, "{choice}: {steps} steps to {}", last.status);
        last.assert_says("Your browser keeps no cookies");
        last.assert_says("Nothing optional is switched on");
        last.assert_lacks(">Your choice has been saved.</p>");
    }
    // What waits for an answer that cannot be kept is held in place, again and again, and never redirects.
    for _ in 0..3 {
        let held = site.get(&mut site.visitor(), "/members").await;
        assert_eq!((held.status.as_u16(), held.field("location")), (403, ""));
    }
    // A sign-in cannot be remembered: that is told, and is no error of the server.
    let answer = site.sign_in(&mut site.visitor(), "ada").await;
    let (last, steps) = follow(&site, answer).await;
    assert_eq!((last.status.as_u16(), steps), (401, 1));
    let token = site.post(&mut site.visitor(), "/sign-in", "name=ada&bearer=true").await.body;
    assert_eq!(site.by_bearer("GET", "/account", &token).await.body, "ada", "there is a way without cookies");
}

/// Follows redirects as a browser without cookies does: the last answer, and how many there were.
async fn follow(site: &Site, mut answer: Answer) -> (Answer, usize) {
    for steps in 0..10 {
        assert!(!answer.status.is_server_error(), "{}", answer.status);
        if !answer.status.is_redirection() {
            return (answer, steps);
        }
        let next = answer.field("location").to_owned();
        answer = site.get(&mut site.visitor(), &next).await;
    }
    panic!("it goes round and round at {}", answer.field("location"));
}

/// Number and day of the revision stand on the page of cookies; a change that is not material keeps every choice and is
/// told until it was seen; and use is never taken as consent.
pub(crate) async fn tells_a_small_change(name: &str, day: &str, granted: &str) {
    let site = Site::of(name);
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/privacy/cookies").await.assert_says(&format!("Revision 1 of {day}"));
    site.choose(&mut visitor, "accept-all").await;
    site.get(&mut visitor, "/page").await.assert_lacks("data-consent-notice");
    visitor.assert_holds(granted);

    let next = policy(name).revision(Revision::new(2).on(2026, 11, 20).notice().changes("A clearer sentence."));
    site.handle.publish(next.build().unwrap()).unwrap();
    for _ in 0..3 {
        let page = site.get(&mut visitor, "/page").await;
        page.assert_says("data-consent-notice");
        page.assert_says("A clearer sentence.");
        assert!(page.saw().contains(&granted), "the choice stays: {:?}", page.saw());
    }
    site.get(&mut visitor, "/privacy/cookies").await.assert_says("Revision 2 of 20 November 2026");
    site.choose(&mut visitor, "note").await;
    let page = site.get(&mut visitor, "/page").await;
    page.assert_lacks("data-consent-notice");
    assert!(page.saw().contains(&granted), "{:?}", page.saw());

    // Whoever only goes on using the site has consented to nothing, neither before the change nor after it.
    let mut user = site.visitor();
    for _ in 0..20 {
        let page = site.get(&mut user, "/page").await;
        page.assert_says("data-consent-banner");
        assert_eq!(others(&user), [""; 0]);
    }
    user.assert_lacks(CONSENT);
    assert!(site.state(&mut user).await["decided"].is_null());
}

/// A material revision is told, closes what was granted, holds the chosen routes until it was answered, and asks anew.
pub(crate) async fn asks_anew_after_a_material_change(name: &str, granted: &str) {
    let site = Site::of(name);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "accept-all").await;
    site.get(&mut visitor, "/page").await;
    visitor.assert_holds(granted);
    assert_eq!(site.get(&mut visitor, "/members").await.body, "members only");
    site.sign_in(&mut visitor, "ada").await;

    let next = policy(name).revision(Revision::new(2).on(2026, 11, 20).changes("We also count clicks."));
    site.handle.publish(next.build().unwrap()).unwrap();
    let held = site.get(&mut visitor, "/members").await;
    assert_eq!(held.status, 403, "its use is suspended");
    held.assert_says("Our privacy policy has changed");
    held.assert_says("We also count clicks.");
    held.assert_lacks("members only");
    let page = site.get(&mut visitor, "/page").await;
    page.assert_says("data-consent-banner");
    assert!(!page.saw().contains(&granted), "the old consent does not count: {:?}", page.saw());
    visitor.assert_lacks(granted);
    assert_eq!(site.get(&mut visitor, "/account").await.body, "ada", "what was not chosen goes on");

    site.choose(&mut visitor, "accept-all").await;
    assert_eq!(site.get(&mut visitor, "/members").await.body, "members only");
    let page = site.get(&mut visitor, "/page").await;
    page.assert_lacks("data-consent-banner");
    visitor.assert_holds(granted);
}

/// A named third party gets something where the visitor allowed it by name or by its category, and from nobody else.
pub(crate) async fn tells_a_vendor_only_by_consent(name: &str, vendor: &str, category: &str, label: &str) {
    let site = Site::of(name);
    let policy = site.handle.current();
    let host = policy.declared_services().find(|service| service.name == vendor).unwrap().hosts[0].clone();
    let path = format!("/tell/{vendor}");
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/privacy/").await.assert_says(label);
    let tell = async |visitor: &mut Visitor| {
        let said = site.post(visitor, &path, "text=hello").await.body;
        let told = site.told();
        assert_eq!(said == "told", told == [vendor], "{said} {told:?}");
        assert!(told.len() <= 1);
        // Nor does the page itself let the vendor in.
        let page = site.get(visitor, "/page").await;
        assert_eq!(page.field("content-security-policy").contains(&host), said == "told", "{:?}", page.headers);
        said
    };
    assert_eq!(tell(&mut visitor).await, "kept", "nobody was asked");
    // Everything but this one.
    let all: Vec<_> = site.handle.current().services().map(|(service, _)| service.to_owned()).collect();
    let categories = site.handle.current().categories().iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut rest = "save".to_owned();
    for other in categories.iter().filter(|other| *other != category && *other != "essential") {
        rest.push_str(&format!("&category={other}"));
    }
    let of_essential = |service: &str| {
        site.handle.current().services().any(|(known, of)| known == service && of.to_string() == "essential")
    };
    for other in all.iter().filter(|other| *other != vendor && !of_essential(other)) {
        rest.push_str(&format!("&service={other}"));
    }
    site.choose(&mut visitor, &rest).await;
    assert_eq!(tell(&mut visitor).await, "kept", "{rest}");
    site.choose(&mut visitor, &format!("save&service={vendor}")).await;
    assert_eq!(tell(&mut visitor).await, "told", "by name alone");
    let state = site.state(&mut visitor).await;
    assert_eq!(
        (&state["services"][vendor]["allowed"], &state["services"][vendor]["reason"]),
        (&true.into(), &"granted".into())
    );
    site.choose(&mut visitor, "withdraw").await;
    assert_eq!(tell(&mut visitor).await, "kept", "withdrawn");
    site.choose(&mut visitor, "accept-all").await;
    assert_eq!(tell(&mut visitor).await, "told");
    // A signal that came later stands above the choice.
    for signal in Signal::ALL {
        let mut objecting = visitor.clone().with_signal(signal);
        assert_eq!(tell(&mut objecting).await, "kept", "{signal}");
    }
    assert_eq!(tell(&mut site.visitor()).await, "kept", "one visitor's consent is nobody else's");
}

/// What is written of visits, of who may not be tracked: nobody who has not agreed to it, and nobody from when they refuse,
/// withdraw or send a signal. `agreement` is what allows it; `least` what such a line may hold at most, none where there is
/// no line.
pub(crate) async fn forgets_who_may_not_be_tracked(name: &str, agreement: &str, least: Option<&str>) {
    const PATHS: [&str; 4] = ["/page?secret=query", "/account", "/privacy/", "/nothing"];
    let site = Site::of(name);
    let (mut agreed, mut withdrawn) = (site.visitor(), site.visitor());
    let mut refused = site.visitor();
    site.choose(&mut agreed, agreement).await;
    site.choose(&mut withdrawn, agreement).await;
    site.choose(&mut withdrawn, "withdraw").await;
    site.choose(&mut refused, "reject-all").await;
    let signalled = Signal::ALL.map(|signal| agreed.clone().with_signal(signal));
    let undecided = site.visitor();
    for mut visitor in [undecided, refused, withdrawn].into_iter().chain(signalled) {
        signed_in_without_a_word(&site, &mut visitor).await;
        let lines = site.visits_of(&mut visitor, &PATHS).await;
        assert_eq!(lines.len(), if least.is_some() { PATHS.len() } else { 0 }, "{lines:?}");
        for line in &lines {
            for field in ["address", "user_agent", "referrer"] {
                assert!(line.get(field).is_none(), "{field} in {line}");
            }
            assert_eq!((&line["is_tracked"], line["time"].as_str()), (&false.into(), least), "{line}");
            let text = line.to_string();
            let known = crate::site::value(&visitor, CONSENT).unwrap_or_else(|| "secret".to_owned());
            for secret in ["198.51", "Firefox", "search.example", "illness", "secret", "ada", &known] {
                assert!(!text.contains(secret), "{secret} in {line}");
            }
        }
        // Two of them look alike: nothing links one line to the next.
        let mut bare: Vec<_> =
            lines.iter().map(|line| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>()).collect();
        bare.dedup();
        assert!(bare.len() <= 1, "{bare:?}");
    }
    // The very request that withdraws is not tracked any more.
    let before = site.visits().len();
    site.choose(&mut agreed, "withdraw").await;
    let lines = site.visits().split_off(before);
    assert!(lines.iter().all(|line| line.get("address").is_none() && line["is_tracked"] == false), "{lines:?}");
}

/// Signed in, so that there is a name and a token that could be written down; what that leaves is no matter here.
async fn signed_in_without_a_word(site: &Site, visitor: &mut Visitor) {
    assert!(site.sign_in(visitor, "ada").await.status.as_u16() < 400);
}

/// Everything that the retention table of this policy names goes at its own time, and by itself: lines of the visit log
/// after so many days, requests after 24 months, counters after 25, records after 36.
pub(crate) async fn ends_by_itself(name: &str, days_of_visits: i64, agreement: &str) {
    // The file names every line that there is.
    let file: toml::Table = toml::from_str(&text(name)).unwrap();
    let told = toml::from_str::<Retention>("no-such-line = '1 days'").unwrap_err().to_string();
    let (_, lines) = told.split_once("expected one of ").unwrap();
    for line in lines.trim().split(", ").map(|line| line.trim_matches('`')) {
        assert!(file["retention"].get(line).is_some(), "no line for {line}");
    }
    assert!(file["tokens"].get("lifetime").is_some());

    let folder = tempfile::tempdir().unwrap();
    let site = Site::logging_to(policy(name), folder.path());
    let mut visitor = site.visitor();
    signed_in(&site, &mut visitor, "ada").await;
    site.choose(&mut visitor, agreement).await;
    site.get(&mut visitor, "/page").await;
    site.post(&mut visitor, "/request", "kind=access&country=DE").await;
    site.choose(&mut site.visitor(), "reject-all").await;
    let kept = (
        site.records.proof(&account("ada")).await.unwrap().len(),
        site.rights.requests().await.unwrap().len(),
        site.records.day_counts().await.unwrap().len(),
    );
    assert!(kept.0 > 0 && kept.1 == 1 && kept.2 > 0, "{kept:?}");

    // Lines of the visit log: files of the day, and nobody has to come for them to go.
    let log = folder.path().join("visits-2026-11-22.jsonl");
    assert!(site.visits().iter().any(|line| line["path"] == "/page"));
    let written = std::fs::read_to_string(&log).unwrap();
    assert!(written.contains("\"/page\""), "{written}");
    let midnight = START - START % DAY;
    site.clock.set(midnight + days_of_visits * DAY - 1);
    assert!(!site.visits().is_empty() && log.exists(), "not before its time");
    site.clock.set(midnight + days_of_visits * DAY);
    eventually("the visit log is deleted", async || !log.exists()).await;
    assert!(site.visits().is_empty());

    for (day, left) in [
        (date!(2028 - 11 - 20), (true, true, true)),
        (date!(2028 - 11 - 24), (true, false, true)),
        (date!(2028 - 12 - 25), (true, false, false)),
        (date!(2029 - 11 - 20), (true, false, false)),
        (date!(2029 - 11 - 24), (false, false, false)),
    ] {
        // A server of that day, whose first choice begins the purge; what that leaves is not counted.
        let clock = ManualClock::at(day.midnight().assume_utc().unix_timestamp());
        let later = Site::over(policy(name), site.store.clone(), clock);
        assert_eq!(later.choose(&mut later.visitor(), "accept-all").await.status, 303);
        eventually(&format!("{day}: {left:?}"), async || {
            let records = !later.records.proof(&account("ada")).await.unwrap().is_empty();
            let requests = !later.rights.requests().await.unwrap().is_empty();
            let counts =
                later.records.day_counts().await.unwrap().iter().any(|count| count.day == date!(2026 - 11 - 22));
            (records, requests, counts) == left
        })
        .await;
    }
}

/// Browsers as they call themselves, each with the families that are left of that.
const FIREFOX: (&str, &str, &str) = (crate::site::AGENT, "firefox", "linux");
const CHROME: (&str, &str, &str) = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "chrome",
    "windows",
);
const SAFARI: (&str, &str, &str) = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "safari",
    "macos",
);

/// So many new visitors who answer like this, and then look at one page, some with a signal that is new.
async fn visits(site: &Site, count: u64, choice: &str, signal: Option<Signal>, (agent, ..): (&str, &str, &str)) {
    for _ in 0..count {
        let mut visitor = site.visitor();
        if !choice.is_empty() {
            site.choose(&mut visitor, choice).await;
        }
        visitor = signal.into_iter().fold(visitor, Visitor::with_signal);
        assert_eq!(site.get_with(&mut visitor, "/page?secret=query", &[("user-agent", agent)]).await.status, 200);
    }
}

/// The days that are over, as JSON.
fn report(site: &Site) -> Vec<Value> {
    serde_json::to_value(site.counts.report()).unwrap()["days"].as_array().unwrap().clone()
}

/// The counted groups of a kind, by name.
fn groups(day: &Value, kind: &str) -> BTreeMap<String, u64> {
    let rows = day[kind].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap())).collect()
}

/// Kind of browser and of computer are counted of who agreed, and of nobody else: the others are in the totals.
pub(crate) async fn counts_families_of_who_agreed(name: &str, agreement: &str) {
    let site = Site::of(name);
    visits(&site, 14, agreement, None, FIREFOX).await;
    visits(&site, 11, agreement, None, CHROME).await;
    // As many as would be shown, if they were counted.
    visits(&site, 12, "", None, SAFARI).await;
    visits(&site, 13, "reject-all", None, SAFARI).await;
    visits(&site, 15, agreement, Some(Signal::Dnt), SAFARI).await;
    let mut withdrawn = site.visitor();
    site.choose(&mut withdrawn, agreement).await;
    site.choose(&mut withdrawn, "withdraw").await;
    for _ in 0..20 {
        site.get_with(&mut withdrawn, "/page", &[("user-agent", SAFARI.0)]).await;
    }
    // Of who agreed, an answer that takes it back.
    for _ in 0..16 {
        let mut visitor = site.visitor();
        site.choose(&mut visitor, agreement).await;
        assert_eq!(site.get_with(&mut visitor, "/forget-me", &[("user-agent", SAFARI.0)]).await.status, 200);
    }
    assert_eq!(report(&site), [Value::Null; 0], "a day that runs is not shown");
    site.clock.advance(DAY);
    let days = report(&site);
    assert_eq!(days.len(), 1);
    assert_eq!((&days[0]["visits"], &days[0]["tracked_visits"]), (&101.into(), &25.into()), "{}", days[0]);
    let of = |family: fn((&str, &str, &str)) -> String| BTreeMap::from([(family(FIREFOX), 14), (family(CHROME), 11)]);
    assert_eq!(groups(&days[0], "browsers"), of(|(_, browser, _)| browser.to_owned()));
    assert_eq!(groups(&days[0], "systems"), of(|(.., system)| system.to_owned()));
    // Nothing in it names anybody, or tells a time finer than the day.
    for text in [days[0].to_string(), site.counts.report().to_prometheus()] {
        assert!(text.contains("101"), "{text}");
        for secret in ["198.51", "Mozilla", "140", "10_15", "search.example", "illness", "secret", "T12", "12:00"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

/// No group of fewer than ten is shown, nor does it follow from a total and the groups that are.
pub(crate) async fn shows_no_small_group(name: &str, agreement: &str) {
    let site = Site::of(name);
    visits(&site, 20, agreement, None, FIREFOX).await;
    visits(&site, 12, agreement, None, CHROME).await;
    visits(&site, 3, agreement, None, SAFARI).await;
    visits(&site, 30, "reject-all", None, FIREFOX).await;
    visits(&site, 2, "reject-all", Some(Signal::Gpc), FIREFOX).await;
    site.clock.advance(DAY);
    let days = report(&site);
    let day = &days[0];
    assert_eq!((&day["visits"], &day["tracked_visits"]), (&67.into(), &35.into()), "{day}");
    // 35 less 20 is 15: that of Chrome cannot stand there, or Safari's 3 would follow.
    assert_eq!(groups(day, "browsers"), BTreeMap::from([(FIREFOX.1.to_owned(), 20)]));
    assert_eq!(groups(day, "systems"), BTreeMap::from([(FIREFOX.2.to_owned(), 20)]));
    let outcomes: Vec<_> =
        day["outcomes"].as_array().unwrap().iter().map(|row| row["count"].as_u64().unwrap()).collect();
    assert!(outcomes.iter().all(|count| *count >= 10), "{day}");
    let hidden = 67 - outcomes.iter().sum::<u64>();
    assert!(hidden == 0 || hidden >= 10, "{hidden} visits are left over: {day}");
    assert!(!site.counts.report().to_prometheus().contains("safari"));
    // A day on which few came shows nothing at all, and the day before stays as it was.
    visits(&site, 5, agreement, None, SAFARI).await;
    site.clock.advance(DAY);
    let both = report(&site);
    assert_eq!(&both[0], day, "no two reports differ in a day");
    for row in ["visits", "tracked_visits", "page_views", "tracked_page_views"] {
        assert!(both[1][row].is_null(), "{row}: {}", both[1]);
    }
    for kind in ["outcomes", "browsers", "systems", "pages"] {
        assert_eq!(both[1][kind], serde_json::json!([]), "{kind}");
    }
}

/// A sign-in leaves the token and nothing else in the jar.
pub(crate) async fn signed_in(site: &Site, visitor: &mut Visitor, name: &str) -> String {
    assert_eq!(site.sign_in(visitor, name).await.status, 303);
    crate::site::value(visitor, TOKEN).expect("a token")
}

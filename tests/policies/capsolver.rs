//! CapSolver, C1 to C13.

use serde_json::{Value, json};
use tower_consent::{Signal, SignalScope, TokenDigest, TokenStore as _};

use crate::{
    shared::{
        asks_anew_after_a_material_change, ends_by_itself, forgets_who_may_not_be_tracked, signed_in,
        tells_a_vendor_only_by_consent, works_without_cookies,
    },
    site::{ADDRESS, AGENT, CONSENT, DAY, START, Site, TOKEN, account, eventually, jar, others, policy, value},
};

const NAME: &str = "capsolver";
/// What the page sets of the policy's cookies.
const USAGE: &str = "cap_usage";
const CHAT: &str = "tidio_x";
const SEVEN_DAYS: i64 = 7 * DAY;

fn digest(token: &str) -> TokenDigest {
    tower_consent::Token::parse(token.as_bytes()).unwrap().digest()
}

/// All of them rejected, or only some allowed; and log-in goes on working.
#[tokio::test]
async fn c1() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/page").await;
    assert_eq!(jar(&visitor), [""; 0], "nobody was asked yet");
    signed_in(&site, &mut visitor, "ada").await;
    for (choice, held) in [
        ("reject-all", &[][..]),
        ("save&category=analytics", &[USAGE]),
        ("save&service=tidio", &[CHAT]),
        ("save&category=analytics&service=tidio", &[USAGE, CHAT]),
        ("accept-all", &[USAGE, CHAT]),
        ("save", &[]),
        ("accept-all", &[USAGE, CHAT]),
        ("reject-all", &[]),
    ] {
        assert_eq!(site.choose(&mut visitor, choice).await.status, 303, "{choice}");
        site.get(&mut visitor, "/page").await;
        assert_eq!(others(&visitor), held, "{choice}: in the browser");
        let page = site.get(&mut visitor, "/page").await;
        let saw: Vec<_> = page.saw().into_iter().filter(|name| [USAGE, CHAT].contains(name)).collect();
        assert_eq!(saw.len(), held.len(), "{choice}: {saw:?} reached the handler");
        assert_eq!(site.get(&mut visitor, "/account").await.body, "ada", "{choice}");
    }
}

/// Nothing breaks in a browser that keeps no cookie, and the page says what does not work.
#[tokio::test]
async fn c2() {
    works_without_cookies(NAME).await;
    let page = Site::of(NAME);
    page.get(&mut page.visitor(), "/privacy/cookies")
        .await
        .assert_says("Some features of our services may then not work.");
}

/// Each signal: to the letter, no cookie is placed and nothing is tracked; and the gentler form, where log-in keeps its
/// cookie.
#[tokio::test]
async fn c3() {
    // A cookie that the site cannot do without, as most have one: that is none either.
    let strict = policy(NAME).essential(["csrf"]);
    let site = Site::with(strict.clone());
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/page").await;
    assert_eq!(jar(&visitor), ["csrf"], "without a signal");
    for signal in Signal::ALL {
        let site = Site::with(strict.clone());
        // A grant of before, of a browser that sent no signal then.
        let mut before = site.visitor();
        site.choose(&mut before, "accept-all").await;
        site.get(&mut before, "/page").await;
        assert_eq!((site.records.latest(10).await.unwrap().len(), site.visits().len()), (1, 1), "then, by consent");
        site.clear_visits();
        for (visitor, is_of_before) in [(site.visitor(), false), (before, true)] {
            let mut visitor = visitor.with_signal(signal);
            let held = jar(&visitor);
            for path in [
                "/page",
                "/privacy/",
                "/privacy/cookies",
                "/privacy/update",
                "/privacy/your-data",
                "/members",
                "/nothing",
            ] {
                let answer = site.get(&mut visitor, path).await;
                assert_eq!(answer.stores(), [""; 0], "{signal}: {path}");
                assert!(answer.status != 404 || path == "/nothing", "{path}");
            }
            for choice in ["accept-all", "save&category=analytics&service=tidio", "note"] {
                let answer = site.choose(&mut visitor, choice).await;
                assert_eq!(answer.stores(), [""; 0], "{signal}: {choice}");
            }
            // Signed in all the same: the token stands in the answer, and the browser sends it by hand.
            let answer = site.sign_in(&mut visitor, "ada").await;
            assert_eq!((answer.status.as_u16(), answer.stores()), (200, vec![]), "{signal}");
            let token = answer.body.clone();
            let bearer = format!("Bearer {token}");
            let page = site.get_with(&mut visitor, "/account", &[("authorization", &bearer)]).await;
            assert_eq!((page.body.as_str(), page.stores()), ("ada", vec![]));
            assert_eq!(site.get(&mut visitor, "/account").await.status, 401, "nothing in the jar signs in");
            assert_eq!(site.by_bearer("POST", "/sign-out", &token).await.stores(), [""; 0]);
            assert_eq!(site.by_bearer("GET", "/account", &token).await.status, 401);
            assert!(jar(&visitor).iter().all(|name| held.contains(name)), "the jar gained {:?}", jar(&visitor));
            assert!(!held.is_empty() || jar(&visitor).is_empty());
            // What is allowed is nothing but what is essential, whatever was granted before.
            let page = site.get(&mut visitor, "/page").await;
            assert!(!page.saw().contains(&USAGE) && !page.saw().contains(&CHAT), "{:?}", page.saw());
            site.get(&mut visitor, "/privacy/").await.assert_says("This site then stores nothing in your browser");
            assert_eq!(site.visits(), [Value::Null; 0], "{signal}: not a line, not even one that says nothing");
            // What was granted under the signal springs to life at no time. What was granted before is in force without it,
            // in the browser as on record, until it is taken back: then its cookie goes, too.
            let first: Value = serde_json::from_str(site.records.latest(10).await.unwrap().last().unwrap()).unwrap();
            assert_eq!((&first["number"], &first["state"]), (&1.into(), &"in-force".into()), "{signal}");
            let mut later = visitor.clone().without_signal(signal);
            site.get(&mut later, "/page").await;
            assert_eq!(others(&later).contains(&USAGE.to_owned()), is_of_before, "{signal}");
            assert_eq!(site.choose(&mut visitor, "withdraw").await.stores(), [""; 0]);
            visitor.assert_lacks(CONSENT);
            let mut later = visitor.without_signal(signal);
            site.get(&mut later, "/page").await;
            assert_eq!(others(&later), ["csrf"], "{signal}");
            site.clear_visits();
        }
        assert_eq!(site.told(), [""; 0]);
        // Counted is that somebody came, and nothing of who.
        for _ in 0..12 {
            site.get(&mut site.visitor().with_signal(signal), "/page").await;
        }
        site.clock.advance(DAY);
        let day = serde_json::to_value(site.counts.report()).unwrap()["days"][0].clone();
        assert!(day["visits"].as_u64() >= Some(12), "{day}");
        for kind in ["browsers", "systems", "pages"] {
            assert_eq!(day[kind], json!([]), "{signal}: {day}");
        }
        // On record is what the signal and the visitor refused, of the account and of the old grant; and nothing granted.
        for line in &site.records.latest(10).await.unwrap()[..] {
            let event: Value = serde_json::from_str(line).unwrap();
            let is_of_before = event["number"] == 1;
            assert!(is_of_before || event["granted"] == json!([]) && event["granted_services"] == json!([]), "{event}");
        }
    }
    // The default scope: no cookie that is not essential.
    let gentle = strict.signal(Signal::Dnt, SignalScope::All).signal(Signal::Gpc, SignalScope::All);
    for signal in Signal::ALL {
        let site = Site::with(gentle.clone());
        let mut visitor = site.visitor().with_signal(signal);
        signed_in(&site, &mut visitor, "ada").await;
        site.get(&mut visitor, "/page").await;
        assert_eq!(jar(&visitor), [TOKEN, "csrf"], "{signal}");
        assert_eq!(site.get(&mut visitor, "/account").await.body, "ada");
    }
}

/// An opaque token of the server, by cookie or as a bearer token.
#[tokio::test]
async fn c4() {
    let site = Site::of(NAME);
    let (mut one, mut other) = (site.visitor(), site.visitor());
    let first = signed_in(&site, &mut one, "ada").await;
    let second = signed_in(&site, &mut other, "ada").await;
    assert_ne!(first, second, "it says nothing of the account");
    assert_eq!(first.len(), 43);
    // Not asked to log in again: page after page, in this browser, and in a program.
    for _ in 0..3 {
        assert_eq!(site.get(&mut one, "/account").await.body, "ada");
        assert_eq!(site.by_bearer("GET", "/account", &second).await.body, "ada");
    }
    let stranger = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(site.by_bearer("GET", "/account", stranger).await.status, 401);
    assert_eq!(site.get(&mut site.visitor(), "/account").await.status, 401);
    // It lives on the server: a server that does not know it knows nobody.
    let elsewhere = Site::of(NAME);
    assert_eq!(elsewhere.by_bearer("GET", "/account", &first).await.status, 401);
}

/// Seven days from the sign-in, used or not, in the browser and in the store; and deleted there afterwards, by itself.
#[tokio::test]
async fn c5() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    let answer = site.sign_in(&mut visitor, "ada").await;
    assert!(answer.line(TOKEN).split("; ").any(|part| part == "Max-Age=604800"), "{:?}", answer.lines());
    let token = value(&visitor, TOKEN).unwrap();
    let record = site.store.get(&digest(&token)).await.unwrap().unwrap();
    assert_eq!(record.expires_at() - record.issued_at(), 604_800);
    // Used every day: that prolongs nothing.
    for day in 1..7 {
        site.clock.set(START + day * DAY);
        let answer = site.get(&mut visitor, "/account").await;
        assert_eq!((answer.body.as_str(), answer.stores()), ("ada", vec![]));
    }
    site.clock.set(START + SEVEN_DAYS - 1);
    assert_eq!(site.get(&mut visitor, "/account").await.body, "ada");
    visitor.assert_holds(TOKEN);
    site.clock.set(START + SEVEN_DAYS);
    visitor.assert_lacks(TOKEN);
    assert_eq!(site.by_bearer("GET", "/account", &token).await.status, 401, "a copy of it is dead, too");
    site.clock.advance(60);
    eventually("the store deletes the token", async || site.store.is_empty()).await;
}

/// At log-out: deleted in the store, expired in the browser, and over on every machine at once.
#[tokio::test]
async fn c6() {
    let here = Site::of(NAME);
    let there = Site::over(policy(NAME), here.store.clone(), here.clock.clone());
    let mut visitor = here.visitor();
    let token = signed_in(&here, &mut visitor, "ada").await;
    let mut phone = here.visitor();
    let other = signed_in(&there, &mut phone, "ada").await;
    assert_eq!(there.by_bearer("GET", "/account", &token).await.body, "ada", "before, on another machine");
    let answer = here.post(&mut visitor, "/sign-out", "").await;
    assert!(answer.status.is_success(), "{}", answer.status);
    assert!(answer.line(TOKEN).contains("Max-Age=0"), "{:?}", answer.lines());
    visitor.assert_lacks(TOKEN);
    assert!(here.store.get(&digest(&token)).await.unwrap().is_none(), "deleted, and not only ignored");
    for machine in [&here, &there] {
        assert_eq!(machine.by_bearer("GET", "/account", &token).await.status, 401);
    }
    assert_eq!(there.by_bearer("GET", "/account", &other).await.body, "ada", "the other device is another sign-in");
}

/// Address, what was used and which call was made are logged of who agreed to it; of all others there is no line at all.
#[tokio::test]
async fn c7() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "save&category=analytics").await;
    let lines = site.visits_of(&mut visitor, &["/page?secret=query", "/privacy/api/state"]).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, path) in lines.iter().zip(["/page", "/privacy/api/state"]) {
        for (field, value) in [
            ("time", "2026-11-22T12:00:00Z"),
            ("method", "GET"),
            ("host", "www.example.com"),
            ("path", path),
            ("address", ADDRESS),
            ("user_agent", AGENT),
            ("referrer", "https://search.example"),
        ] {
            assert_eq!(line[field], value, "{field} in {line}");
        }
        assert_eq!((&line["status"], &line["is_tracked"]), (&200.into(), &true.into()), "{line}");
    }
    forgets_who_may_not_be_tracked(NAME, "save&category=analytics", None).await;
}

/// Tidio gets something from who allowed Tidio, and from nobody else.
#[tokio::test]
async fn c8() {
    tells_a_vendor_only_by_consent(NAME, "tidio", "functional", "Tidio").await;
}

/// One table, with a line for each kind of thing; what is over goes by itself; and the end of the account ends all of it.
#[tokio::test]
async fn c9() {
    ends_by_itself(NAME, 30, "accept-all").await;
    // Never beyond the life of the account.
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    let token = signed_in(&site, &mut visitor, "ada").await;
    site.choose(&mut visitor, "accept-all").await;
    site.post(&mut visitor, "/request", "kind=access&country=DE").await;
    site.post(&mut visitor, "/close-account", "").await;
    assert!(!site.rights.is_known(&account("ada")).await.unwrap());
    assert!(site.store.get(&digest(&token)).await.unwrap().is_none());
    assert!(site.rights.requests().await.unwrap().iter().all(|request| request.subject.is_none()));
}

/// Confirm, access with a copy, rectify, delete, restrict, port, object, and withdraw as easily as give.
#[tokio::test]
async fn c10() {
    const DATA: &str = "/privacy/your-data";
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    site.get(&mut visitor, DATA).await.assert_says("No proof of a choice is kept on our server.");
    let token = signed_in(&site, &mut visitor, "ada").await;
    site.choose(&mut visitor, "accept-all").await;
    site.get(&mut visitor, DATA).await.assert_says("There is a proof of your choice");

    let file = site.post(&mut visitor, DATA, "action=export").await;
    assert_eq!((file.status.as_u16(), file.field("content-type")), (200, "application/json"));
    let copy: Value = serde_json::from_str(&file.body).unwrap();
    let own = &copy["account"];
    assert!(own.to_string().contains("\"analytics\"") && own.to_string().contains("\"grant\""), "{own}");
    assert_eq!(own["sessions"].as_array().map(Vec::len), Some(1), "{own}");
    assert!(!file.body.contains(&token), "a copy is no key");

    let answer = site.post(&mut visitor, DATA, "action=correct&text=My+name+is+Ada").await;
    assert_eq!(answer.status, 200);
    assert!(site.proof(&account("ada")).await.contains("My name is Ada"));

    for kind in ["restrict", "port", "access", "rectify", "erase", "object"] {
        let due = site.post(&mut visitor, "/request", &format!("kind={kind}&country=DE")).await;
        assert_eq!((due.status.as_u16(), due.body.as_str()), (200, "2026-12-22"), "{kind}");
    }
    assert_eq!(site.rights.requests().await.unwrap().len(), 6);

    // An objection is an opt-out on record, at once and on the next device, too.
    site.get(&mut visitor, "/page").await;
    visitor.assert_holds(USAGE);
    assert_eq!(site.post(&mut visitor, DATA, "action=object").await.status, 200);
    site.get(&mut visitor, "/page").await;
    assert_eq!(others(&visitor), [""; 0]);
    assert!(site.proof(&account("ada")).await.contains("\"object\""));
    assert!(site.rights.has_opted_out("ada").await.unwrap());

    // One request gives, one request withdraws, from the same place.
    let mut visitor = site.visitor();
    site.get(&mut visitor, "/page").await.assert_says("value=\"accept-all\"");
    assert_eq!(site.choose(&mut visitor, "accept-all").await.status, 303);
    let page = site.get(&mut visitor, "/page").await;
    page.assert_says("value=\"withdraw\"");
    visitor.assert_holds(USAGE);
    assert_eq!(site.choose(&mut visitor, "withdraw").await.status, 303);
    visitor.assert_lacks(USAGE);

    let mut visitor = site.visitor();
    signed_in(&site, &mut visitor, "bob").await;
    site.choose(&mut visitor, "accept-all").await;
    assert_eq!(site.post(&mut visitor, DATA, "action=erase").await.status, 400, "not by mistake");
    assert_eq!(site.post(&mut visitor, DATA, "action=erase&confirm=yes").await.status, 200);
    assert!(!site.rights.is_known(&account("bob")).await.unwrap());
    assert!(site.rights.is_known(&account("ada")).await.unwrap());
    assert_eq!(site.get(&mut visitor, "/account").await.status, 401);
}

/// One call erases tokens and consent records of the account, on every device, and nothing of others.
#[tokio::test]
async fn c11() {
    let site = Site::of(NAME);
    let (mut laptop, mut phone, mut other) = (site.visitor(), site.visitor(), site.visitor());
    signed_in(&site, &mut laptop, "ada").await;
    signed_in(&site, &mut phone, "ada").await;
    signed_in(&site, &mut other, "bob").await;
    for visitor in [&mut laptop, &mut phone, &mut other] {
        site.choose(visitor, "accept-all").await;
    }
    assert!(!site.records.proof(&account("ada")).await.unwrap().is_empty());
    let said = site.post(&mut laptop, "/close-account", "").await;
    assert_eq!(said.body.split_once(' ').map(|(_, tokens)| tokens), Some("2"), "both sign-ins: {}", said.body);
    assert!(site.records.proof(&account("ada")).await.unwrap().is_empty());
    for visitor in [&mut laptop, &mut phone] {
        assert_eq!(site.get(visitor, "/account").await.status, 401);
    }
    let left: Vec<_> = site.records.latest(100).await.unwrap();
    assert!(left.iter().all(|line| !line.contains("\"ada\"")), "{left:?}");
    assert_eq!(site.get(&mut other, "/account").await.body, "bob");
    assert!(!site.records.proof(&account("bob")).await.unwrap().is_empty());
    assert_eq!(site.store.len(), 1, "the token of the other account");
    assert!(site.records.verify().await.unwrap().is_intact());
}

/// A request has its day on record: 15 working days in mainland China, 30 days elsewhere.
#[tokio::test]
async fn c12() {
    let site = Site::of(NAME);
    let mut visitor = site.visitor();
    signed_in(&site, &mut visitor, "ada").await;
    // 22 November 2026 is a Sunday.
    for (country, due) in [("CN", "2026-12-11"), ("DE", "2026-12-22")] {
        let answer = site.post(&mut visitor, "/request", &format!("kind=access&country={country}")).await;
        assert_eq!(answer.body, due, "{country}");
        let requests = site.rights.requests().await.unwrap();
        let on_record = requests.iter().find(|request| request.due.to_string() == due).expect("on record");
        assert_eq!((on_record.received, on_record.subject.as_deref(), on_record.answered), (START, Some("ada"), None));
        site.rights.answer(on_record).await.unwrap();
    }
    assert!(site.rights.requests().await.unwrap().iter().all(|request| request.answered == Some(START)));
    // From another server, too.
    let other = Site::over(policy(NAME), site.store.clone(), site.clock.clone());
    assert_eq!(other.rights.requests().await.unwrap().len(), 2);
}

/// A substantial change is told, closes old consent, asks anew, and suspends what waits for it.
#[tokio::test]
async fn c13() {
    asks_anew_after_a_material_change(NAME, USAGE).await;
}

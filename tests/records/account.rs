//! The opt-out of a known person, on every browser of theirs (R98).

use std::{convert::Infallible, time::Duration};

use tower::ServiceExt as _;
use tower_consent::{
    AccountLink, Banner, Category, ConsentLayer, ConsentSource, ManualClock, MemorySink, MemoryStore, Records, Regime,
    Revision, Signal, SignalScope, Tokens, VisitLog,
};

use crate::{
    failing::Flaky,
    site::{DAY, START, Site, account, builder, opt_out, outcomes},
};

const SIGN_IN: &str = "/sign-in?who=user-17";

#[tokio::test]
async fn a_signal_is_written_to_the_account_once() {
    let site = Site::with(opt_out(), MemoryStore::new());
    let mut browser = site.browser().sending("sec-gpc", "1");
    browser.post(SIGN_IN).await;
    for _ in 0..5 {
        browser.get("/tracks").await;
        site.clock.advance(70);
    }
    let proof = site.proof(&account("user-17")).await;
    assert_eq!(outcomes(&proof), ["object"]);
    assert_eq!(proof["events"][0]["method"], "signal");
    assert_eq!(proof["events"][0]["gpc"], true);
    assert_eq!(proof["events"][0]["refused"], serde_json::json!(["functional", "analytics", "marketing"]));
}

#[tokio::test]
async fn it_holds_when_the_signal_is_absent_later_and_after_the_log_out() {
    let site = Site::with(opt_out(), MemoryStore::new());
    let mut browser = site.browser().sending("sec-gpc", "1");
    browser.post(SIGN_IN).await;
    site.clock.advance(DAY);
    browser.headers.clear();
    browser.get("/tracks").await;
    assert_eq!(browser.cookie("_ga"), None);
    browser.cookies.retain(|(name, _)| name != "__Host-token");
    assert_eq!(
        browser.get("/tracks").await.body,
        "false false",
        "it stands in the consent cookie: {}",
        browser.consent()
    );
}

#[tokio::test]
async fn it_closes_what_another_browser_granted_before() {
    let site = Site::with(opt_out(), MemoryStore::new());
    let mut laptop = site.browser();
    laptop.post("/accept").await;
    laptop.get("/tracks").await;
    assert!(laptop.cookie("_ga").is_some());
    site.clock.advance(3 * DAY);
    let mut phone = site.browser().sending("sec-gpc", "1");
    phone.post(SIGN_IN).await;
    // The answer to the sign-in sets it.
    laptop.post(SIGN_IN).await;
    assert!(laptop.consent().contains("!analytics") && !laptop.consent().contains('+'), "{}", laptop.consent());
    assert_eq!(laptop.get("/tracks").await.body, "false false");
    assert_eq!(laptop.cookie("_ga"), None, "and what it held is expired");
}

/// A browser that was signed in already when the other one sent the signal.
#[tokio::test]
async fn it_reaches_a_session_that_is_under_way() {
    let site = Site::with(opt_out(), MemoryStore::new());
    let mut laptop = site.browser();
    laptop.post("/accept").await;
    laptop.post(SIGN_IN).await;
    laptop.get("/tracks").await;
    site.clock.advance(2 * DAY);
    let mut phone = site.browser().sending("dnt", "1");
    phone.post(SIGN_IN).await;
    site.clock.advance(61);
    let answer = laptop.get("/tracks").await;
    assert_eq!(answer.body, "false false", "the handler sees neither permission nor cookie");
    assert!(!answer.headers.get_all("set-cookie").iter().any(|line| line == "_ga=1; Path=/"));
    assert!(laptop.consent().contains("!analytics"), "{}", laptop.consent());
    assert!(answer.headers["cache-control"].to_str().unwrap().contains("no-store"));
}

/// What is hidden where a visit may not be tracked is hidden from the handlers of such an account too.
#[tokio::test]
async fn it_hides_what_tells_visitors_apart() {
    let site = Site::with(builder(), MemoryStore::new());
    let mut laptop = site.browser().sending("referer", "https://search.example/find?q=secret");
    assert_eq!(laptop.get("/referrer").await.body, "https://search.example/", "nobody was asked");
    laptop.post("/accept").await;
    laptop.post(SIGN_IN).await;
    assert_eq!(laptop.get("/referrer").await.body, "https://search.example/find?q=secret");
    site.clock.advance(2 * DAY);
    let mut phone = site.browser().sending("dnt", "1");
    phone.post(SIGN_IN).await;
    site.clock.advance(61);
    assert_eq!(laptop.get("/referrer").await.body, "https://search.example/");
}

#[tokio::test]
async fn a_choice_that_was_made_after_it_stands() {
    let site = Site::with(opt_out(), MemoryStore::new());
    let mut phone = site.browser().sending("sec-gpc", "1");
    phone.post(SIGN_IN).await;
    site.clock.advance(2 * DAY);
    let mut laptop = site.browser();
    laptop.post("/accept").await;
    laptop.post(SIGN_IN).await;
    assert_eq!(laptop.get("/tracks").await.body, "true false");
    assert!(laptop.consent().contains("+analytics"));
    // And a grant that is given while signed in lifts it for all.
    laptop.post("/again").await;
    let mut tablet = site.browser();
    tablet.post(SIGN_IN).await;
    assert_eq!(tablet.get("/tracks").await.body, "true false");
}

#[tokio::test]
async fn a_refusal_while_signed_in_is_an_opt_out_of_the_account() {
    let site = Site::new();
    let mut laptop = site.browser();
    laptop.post("/accept").await;
    site.clock.advance(DAY);
    let mut phone = site.browser();
    phone.post(SIGN_IN).await;
    phone.post("/refuse").await;
    laptop.post(SIGN_IN).await;
    assert!(laptop.consent().contains("!analytics"), "{}", laptop.consent());
}

#[tokio::test]
async fn who_is_not_signed_in_has_no_account() {
    let site = Site::with(opt_out(), MemoryStore::new());
    let mut browser = site.browser().sending("sec-gpc", "1");
    let anonymous = browser.get("/tracks").await;
    assert_eq!(site.records.verify().await.unwrap().entries, 0);
    let of_a_session = Some("private, no-cache");
    assert_ne!(anonymous.headers.get("cache-control").map(|value| value.to_str().unwrap()), of_a_session);
    // A token that nobody issued is nobody's.
    browser.cookies.push(("__Host-token".to_owned(), "A".repeat(43)));
    browser.get("/tracks").await;
    assert_eq!(site.records.verify().await.unwrap().entries, 0);
    assert_eq!(browser.consent(), "");
}

/// Under opt-in too, and a signal that the policy ignores writes nothing.
#[tokio::test]
async fn it_is_the_signal_that_was_honoured_which_counts() {
    let ignoring = builder()
        .regime(Regime::OptOut)
        .signal(tower_consent::Signal::Gpc, tower_consent::SignalScope::Ignore)
        .signal(tower_consent::Signal::Dnt, [tower_consent::Category::MARKETING]);
    let site = Site::with(ignoring, MemoryStore::new());
    let mut browser = site.browser().sending("sec-gpc", "1");
    browser.post(SIGN_IN).await;
    assert_eq!(site.records.verify().await.unwrap().entries, 0);
    let mut browser = site.browser().sending("dnt", "1");
    browser.post(SIGN_IN).await;
    let proof = site.proof(&account("user-17")).await;
    assert_eq!(proof["events"][0]["refused"], serde_json::json!(["marketing"]));
}

#[tokio::test]
async fn a_store_that_is_down_lets_nothing_pass_for_an_account() {
    let store = Flaky::new();
    let site = Site::with(opt_out(), store.clone());
    let mut browser = site.browser();
    browser.post("/accept").await;
    browser.post(SIGN_IN).await;
    browser.get("/tracks").await;
    site.clock.advance(61);
    store.set_down(true);
    assert_eq!(browser.get("/tracks").await.body, "false false");
    assert!(browser.consent().contains("+analytics"), "the choice itself is left alone");
    store.set_down(false);
    assert_eq!(browser.get("/tracks").await.body, "true true");
}

/// Whose token it is nobody can tell then: an account that opted out may be behind it.
#[tokio::test]
async fn a_store_of_tokens_that_is_down_lets_nothing_pass_for_who_shows_one() {
    let (clock, tokens) = (ManualClock::at(START), Flaky::new());
    let records = Records::builder(MemoryStore::new()).clock(clock.clone()).build();
    let built = Tokens::builder(tokens.clone()).clock(clock.clone()).build().unwrap();
    let site = Site::over(opt_out().build().unwrap(), records, built, clock);
    let mut browser = site.browser();
    browser.post("/accept").await;
    browser.post(SIGN_IN).await;
    browser.get("/tracks").await;
    tokens.set_down(true);
    assert_eq!(browser.get("/tracks").await.body, "false false");
    let mut anonymous = site.browser();
    anonymous.post("/accept").await;
    assert_eq!(anonymous.get("/tracks").await.body, "true false", "who shows no token has no account");
    tokens.set_down(false);
    assert_eq!(browser.get("/tracks").await.body, "true true");
}

/// A banner that writes no time has its choice counted as made today: that makes it no newer than the objection.
#[tokio::test]
async fn it_closes_what_a_banner_without_a_time_granted() {
    let klaro = ConsentSource::banner(Banner::Klaro).category(Category::ANALYTICS, ["matomo"]);
    let site = Site::with(opt_out().source(klaro), MemoryStore::new());
    let mut phone = site.browser().sending("sec-gpc", "1");
    phone.post(SIGN_IN).await;
    site.clock.advance(3 * DAY);
    let mut laptop = site.browser();
    laptop.cookies.push(("klaro".to_owned(), "%7B%22matomo%22%3Atrue%7D".to_owned()));
    assert_eq!(laptop.get("/tracks").await.body, "true false", "before the sign-in");
    laptop.post(SIGN_IN).await;
    assert_eq!(laptop.get("/tracks").await.body, "false false");
    assert_eq!(laptop.cookie("klaro"), None, "and the banner asks again");
}

/// A banner's choice of an older revision of its own has no revision that our cookie could name.
#[tokio::test]
async fn it_is_written_beside_a_banners_outdated_choice() {
    let banner = ConsentSource::banner(Banner::CookieFirst).revision("2");
    let site = Site::with(opt_out().source(banner), MemoryStore::new());
    let mut phone = site.browser().sending("sec-gpc", "1");
    phone.post(SIGN_IN).await;
    site.clock.advance(3 * DAY);
    let mut laptop = site.browser();
    let value =
        "{%22advertising%22:true%2C%22timestamp%22:1799900000%2C%22type%22:%22category%22%2C%22version%22:%221%22}";
    laptop.cookies.push(("cookiefirst-consent".to_owned(), value.to_owned()));
    assert_eq!(laptop.get("/tracks").await.body, "true false", "nobody has objected yet");
    laptop.post(SIGN_IN).await;
    assert!(laptop.consent().starts_with("1:1:"), "{}", laptop.consent());
    assert_eq!(laptop.get("/tracks").await.body, "false false");
}

/// What the account does not object to stays undecided, or as the browser's own choice or its banner has it.
#[tokio::test]
async fn only_what_was_objected_to_is_written() {
    let banner = ConsentSource::banner(Banner::CookieFirst).revision("2");
    let policy = opt_out().signal(Signal::Gpc, [Category::MARKETING]).signal(Signal::Dnt, SignalScope::Ignore);
    let site = Site::with(policy.source(ConsentSource::own()).source(banner), MemoryStore::new());
    let mut laptop = site.browser();
    laptop.post("/accept").await;
    site.clock.advance(3 * DAY);
    let mut phone = site.browser().sending("sec-gpc", "1");
    phone.post(SIGN_IN).await;
    phone.get("/tracks").await;
    let mut tablet = site.browser();
    let mut radio = site.browser().sending("dnt", "1");
    let mut television = site.browser();
    let value =
        "{%22advertising%22:true%2C%22timestamp%22:1799900000%2C%22type%22:%22category%22%2C%22version%22:%221%22}";
    television.cookies.push(("cookiefirst-consent".to_owned(), value.to_owned()));
    for (browser, written) in [
        (&mut laptop, "1:1:2027-01-15+functional+analytics!marketing"),
        (&mut tablet, "1:1:2027-01-18!marketing"),
        (&mut radio, "1:1:2027-01-18!marketing:d"),
        (&mut television, "1:1:2027-01-18!marketing"),
    ] {
        browser.post(SIGN_IN).await;
        // Without the record and the MAC.
        assert_eq!(browser.consent().split(['#', '~']).next(), Some(written));
    }
}

/// A choice of which nothing stays granted is a refusal of today, with the signals under which it was made.
#[tokio::test]
async fn a_choice_that_is_objected_to_as_a_whole_is_a_refusal() {
    let site = Site::with(opt_out().signal(Signal::Dnt, SignalScope::Ignore), MemoryStore::new());
    let mut laptop = site.browser().sending("dnt", "1");
    laptop.post("/accept").await;
    site.clock.advance(3 * DAY);
    let mut phone = site.browser().sending("sec-gpc", "1");
    phone.post(SIGN_IN).await;
    laptop.headers.clear();
    laptop.post(SIGN_IN).await;
    let written = laptop.consent();
    assert!(written.starts_with("1:1:2027-01-18!functional!analytics!marketing"), "{written}");
    assert_eq!(written.split('~').next().unwrap().rsplit(':').next(), Some("d"), "{written}");
}

/// Nor is an objection the reading of a notice: the numbers stay those of the choice.
#[tokio::test]
async fn an_objection_takes_no_note_of_a_revision() {
    let mut laptop = Site::with(opt_out(), MemoryStore::new()).browser();
    laptop.post("/accept").await;
    let notice = Revision::new(2).on(2027, 1, 10).changes("Other words.").notice();
    laptop.site = Site::with(opt_out().revision(notice), MemoryStore::new());
    assert_eq!(laptop.get("/tracks").await.body, "true false", "the choice of revision 1 holds");
    laptop.site.clock.advance(3 * DAY);
    let mut phone = laptop.site.browser().sending("sec-gpc", "1");
    phone.post(SIGN_IN).await;
    laptop.post(SIGN_IN).await;
    let written = laptop.consent();
    assert!(written.starts_with("1:1:2027-01-18!functional!analytics!marketing"), "{written}");
}

/// A service that was granted by name is closed with its category, in the cookie too: the log-out opens nothing.
#[tokio::test]
async fn what_was_granted_by_name_goes_with_its_category() {
    let site = Site::new();
    let mut laptop = site.browser();
    laptop.post("/maps").await;
    assert_eq!(laptop.get("/map").await.body, "true");
    site.clock.advance(3 * DAY);
    let mut phone = site.browser();
    phone.post(SIGN_IN).await;
    phone.post("/refuse").await;
    laptop.post(SIGN_IN).await;
    assert_eq!(laptop.get("/map").await.body, "false");
    laptop.cookies.retain(|(name, _)| name != "__Host-token");
    assert_eq!(laptop.get("/map").await.body, "false", "{}", laptop.consent());
}

/// Who goes away while the account is asked leaves a line of nobody: the account may object.
#[tokio::test]
async fn nobody_is_tracked_while_the_account_is_asked() {
    let (store, sink) = (Flaky::new(), MemorySink::new());
    let site = Site::with(builder(), store.clone());
    let log = VisitLog::builder(sink.clone()).clock(site.clock.clone()).build().unwrap();
    let tokens = Tokens::builder(MemoryStore::new()).clock(site.clock.clone()).build().unwrap();
    let issued = tokens.issue("user-17").await.unwrap();
    let app = tower::ServiceBuilder::new()
        .layer(
            ConsentLayer::new(builder().build().unwrap())
                .with_clock(site.clock.clone())
                .with_records(site.records.clone())
                .with_tokens(tokens)
                .with_visits(log.clone()),
        )
        .layer(AccountLink)
        .service_fn(async |_: http::Request<String>| Ok::<_, Infallible>(http::Response::new(String::new())));
    let mut browser = site.browser();
    browser.post("/accept").await;
    let cookies = format!("__Host-consent={}", browser.consent());
    for (hangs, is_tracked) in [(true, false), (false, true)] {
        store.set_hanging(hangs);
        let request = http::Request::builder().uri("/").header("cookie", &cookies).header("user-agent", "somebody");
        let request =
            request.header("authorization", format!("Bearer {}", issued.token().expose())).body(String::new()).unwrap();
        let answer = tokio::time::timeout(Duration::from_millis(1), app.clone().oneshot(request)).await;
        assert_eq!(answer.is_err(), hangs);
        drop(answer);
        log.flush();
        let visit = sink.visits().pop().unwrap();
        assert_eq!((visit.is_tracked(), visit.user_agent().is_some()), (is_tracked, is_tracked), "{visit:?}");
    }
}

//! Access, correction, erasure, objection, and when a request must be answered.

use std::collections::BTreeMap;

use serde_json::json;
use time::macros::date;
use tower_consent::{Decision, DueRule, RequestKind, StoreErrorKind, WorkingDays};

use crate::site::{Site, account, outcomes};

#[tokio::test]
async fn an_export_holds_everything_that_is_stored_of_an_account() {
    let site = Site::new();
    let mut phone = site.browser();
    phone.post("/accept").await; // before it is known who this is
    let mut laptop = site.browser();
    laptop.post("/sign-in?who=user-17").await;
    laptop.post("/analytics").await;
    phone.post("/sign-in?who=user-17").await;
    phone.post("/analytics").await;
    let mut stranger = site.browser();
    stranger.post("/sign-in?who=user-1").await;
    stranger.post("/accept").await;
    let owner = account("user-17");
    site.rights.receive(Some("user-17"), RequestKind::Access, &DueRule::default()).await.unwrap();
    assert!(site.rights.is_known(&owner).await.unwrap());
    let export: serde_json::Value = serde_json::from_str(&site.rights.export(&owner).await.unwrap().to_json()).unwrap();
    assert_eq!(export["format"], "tower-consent export 1");
    let kinds: Vec<_> = export["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["outcome"].as_str(), event["request"].as_str()))
        .collect();
    // What the phone chose before the sign-in is bound by its record's number.
    assert_eq!(kinds, [(Some("grant"), None), (Some("grant"), None), (Some("grant"), None), (None, Some("received"))]);
    assert_eq!(export["sessions"].as_array().unwrap().len(), 2);
    let text = export.to_string();
    assert!(!text.contains("user-1\""), "nobody else is in it");
    for (name, value) in phone.cookies.iter().chain(&laptop.cookies).filter(|(name, _)| name == "__Host-token") {
        assert!(!text.contains(value), "{name}: a secret is in nobody's export");
    }
}

#[tokio::test]
async fn erasure_takes_tokens_and_records_and_nothing_of_others() {
    let site = Site::new();
    let (mut one, mut other) = (site.browser(), site.browser());
    one.post("/sign-in?who=user-17").await;
    one.post("/accept").await;
    other.post("/sign-in?who=user-18").await;
    other.post("/accept").await;
    site.rights.receive(Some("user-17"), RequestKind::Erase, &DueRule::default()).await.unwrap();
    let erased = site.rights.erase(&account("user-17")).await.unwrap();
    assert_eq!((erased.entries, erased.tokens), (2, 1));
    assert!(!site.rights.is_known(&account("user-17")).await.unwrap());
    assert!(!site.rights.is_known(&one.record().unwrap()).await.unwrap());
    assert_eq!(one.get("/me").await.status, 401);
    assert_eq!(other.get("/me").await.body, "user-18");
    assert!(site.rights.is_known(&account("user-18")).await.unwrap());
    assert!(site.records.verify().await.unwrap().is_intact());
    // Again is no error.
    assert_eq!(site.rights.erase(&account("user-17")).await.unwrap().entries, 0);
}

/// More entries than one erasure can name.
#[tokio::test]
async fn an_account_with_a_long_history_is_erased() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    for _ in 0..150 {
        browser.post("/accept").await;
        browser.post("/withdraw").await;
    }
    let owner = account("user-17");
    assert_eq!(site.rights.erase(&owner).await.unwrap().entries, 300);
    assert!(!site.rights.is_known(&owner).await.unwrap());
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact(), "{:?}", verification.findings);
    assert_eq!(verification.erased, 300);
}

#[tokio::test]
async fn a_correction_is_added_and_writes_over_nothing() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    let decision = Decision::no_layer();
    site.rights.rectify(&owner, "It was my brother who clicked.", &decision).await.unwrap();
    let proof = site.proof(&owner).await;
    assert_eq!(outcomes(&proof), ["grant", "correct"]);
    assert_eq!(proof["events"][0]["state"], "in-force");
    assert_eq!(proof["events"][1]["note"], "It was my brother who clicked.");
    for note in ["", &"x".repeat(2_001)] {
        assert_eq!(site.rights.rectify(&owner, note, &decision).await.unwrap_err().kind(), StoreErrorKind::Invalid);
    }
    // A correction is no answer to the question whether a grant is open.
    browser.post("/withdraw").await;
    assert_eq!(outcomes(&site.proof(&owner).await), ["grant", "correct", "withdraw"]);
}

#[tokio::test]
async fn requests_carry_their_due_day() {
    let site = Site::new(); // it is Friday, 15 January 2027
    let rights = &site.rights;
    let china = DueRule::from(WorkingDays::new(15).holidays([date!(2027 - 01 - 18)]));
    let access = rights.receive(Some("user-17"), RequestKind::Access, &DueRule::default()).await.unwrap();
    let erase = rights.receive(None, RequestKind::Erase, &china).await.unwrap();
    assert_eq!((access.due, erase.due), (date!(2027 - 02 - 14), date!(2027 - 02 - 08)));
    let open: Vec<_> =
        rights.requests().await.unwrap().into_iter().map(|one| (one.kind, one.due, one.answered)).collect();
    assert_eq!(
        open,
        [(RequestKind::Erase, erase.due, None), (RequestKind::Access, access.due, None)],
        "those that are due first at the front"
    );
    site.clock.advance(60);
    rights.answer(&erase).await.unwrap();
    site.clock.advance(60);
    rights.answer(&erase).await.unwrap();
    let requests = rights.requests().await.unwrap();
    assert_eq!(requests[0].kind, RequestKind::Access);
    assert_eq!(requests[1].answered, Some(crate::site::START + 60), "the first answer counts");
    assert!(site.records.verify().await.unwrap().is_intact());
}

#[test]
fn due_days_are_counted_as_the_calendar_says() {
    let working = |count| DueRule::from(WorkingDays::new(count));
    for (rule, received, due) in [
        (DueRule::days(30), date!(2026 - 11 - 22), date!(2026 - 12 - 22)),
        (DueRule::days(30), date!(2028 - 01 - 31), date!(2028 - 03 - 01)),
        (DueRule::days(0), date!(2026 - 11 - 22), date!(2026 - 11 - 22)),
        // From a Friday, a Saturday, a Sunday.
        (working(1), date!(2026 - 11 - 20), date!(2026 - 11 - 23)),
        (working(1), date!(2026 - 11 - 21), date!(2026 - 11 - 23)),
        (working(1), date!(2026 - 11 - 22), date!(2026 - 11 - 23)),
        (working(15), date!(2026 - 11 - 23), date!(2026 - 12 - 14)),
        (
            DueRule::from(
                WorkingDays::new(2).holidays([date!(2026 - 11 - 23)]).worked_weekends([date!(2026 - 11 - 21)]),
            ),
            date!(2026 - 11 - 20),
            date!(2026 - 11 - 24),
        ),
        (DueRule::days(30), time::Date::MAX, time::Date::MAX),
        (working(15), time::Date::MAX, time::Date::MAX),
    ] {
        assert_eq!(rule.due(received), due, "{rule:?} from {received}");
    }
}

/// The schema of the export: which fields an event can have.
#[tokio::test]
async fn the_fields_of_an_event_are_those_that_are_documented() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    browser.post("/accept").await;
    let proof = site.proof(&account("user-17")).await;
    let fields: BTreeMap<String, serde_json::Value> = serde_json::from_value(proof["events"][0].clone()).unwrap();
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "chain",
            "dnt",
            "ends",
            "gpc",
            "granted",
            "granted_services",
            "language",
            "library",
            "link",
            "method",
            "number",
            "outcome",
            "record",
            "refused",
            "refused_services",
            "regime",
            "revision",
            "state",
            "subject",
            "text",
            "time"
        ]
    );
    assert_eq!(fields["granted_services"], json!([]));
    let manual = include_str!("../../src/manual/records.rs");
    for name in names {
        assert!(manual.contains(&format!("`{name}`")), "{name} is not in the manual");
    }
}

#[tokio::test]
async fn without_tokens_the_rights_are_those_on_records() {
    let site = Site::new();
    let rights = tower_consent::Rights::new(site.records.clone());
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    browser.post("/accept").await;
    assert_eq!(rights.erase(&account("user-17")).await.unwrap().tokens, 0);
    assert_eq!(browser.get("/me").await.body, "user-17");
}

#[tokio::test]
async fn the_latest_choices_say_what_became_of_them() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.post("/accept").await;
    let mut mine = site.browser();
    mine.post("/sign-in?who=user-17").await;
    mine.post("/accept").await;
    browser.post("/analytics").await;
    // Somebody else's objection withdraws nothing but their own.
    let mut other = site.browser().sending("sec-gpc", "1");
    other.post("/sign-in?who=user-17").await;
    let lines = site.records.latest(10).await.unwrap();
    let events: Vec<serde_json::Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> =
        events.iter().map(|event| (event["outcome"].as_str().unwrap(), event["state"].as_str())).collect();
    let expected =
        [("object", None), ("grant", Some("in-force")), ("grant", Some("withdrawn")), ("grant", Some("superseded"))];
    assert_eq!(told, expected);
    // Fewer of them are the newest.
    assert_eq!(site.records.latest(2).await.unwrap(), lines[..2]);
}

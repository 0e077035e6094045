//! Forms: every action, and where the visitor goes then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};
use tower_consent::{Category, Regime, Revision};

use crate::site::{CARRIERS, CONSENT, Carrier, HOST, Site, form, policy};

/// What is allowed now, by name, services after categories.
pub(crate) async fn allowed(site: &Site, visitor: &mut tower_consent::test::Visitor) -> Vec<String> {
    let state = site.state(visitor).await;
    let open = |table: &str| -> Vec<String> {
        let table: &serde_json::Map<String, Value> = state[table].as_object().unwrap();
        table.iter().filter(|(_, entry)| entry["allowed"] == true).map(|(name, _)| name.clone()).collect()
    };
    [open("categories"), open("services")].concat()
}

/// Accept, reject, save, withdraw, in axum and on bare hyper, over both versions of HTTP.
#[tokio::test]
async fn the_main_way() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages).await;
        let mut visitor = site.visitor();
        let page = site.get(&mut visitor, "/privacy").await;
        assert_eq!((page.status, page.field("content-type")), (200, Some("text/html; charset=utf-8")), "{carrier:?}");
        page.assert_says("action=\"/privacy/choice\"");
        assert_eq!(site.get(&mut visitor, "/privacy/").await.body, page.body);
        assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);

        // Nothing shows yet that this browser keeps cookies: it passes by the preferences page.
        let answer =
            site.choose(&mut visitor, "action=accept-all&revision=3&return=/shop%3Fpage%3D2&method=banner").await;
        assert_eq!(answer.location(), "/privacy/?kept=1&return=/shop%3Fpage%3D2", "{carrier:?}");
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        visitor.assert_holds(CONSENT);
        let stop = site.get(&mut visitor, answer.location()).await;
        assert_eq!(stop.location(), "/shop?page=2");
        let all = ["analytics", "essential", "functional", "marketing", "google-ads", "meta", "stripe", "youtube"];
        assert_eq!(allowed(&site, &mut visitor).await, all, "{carrier:?}");
        let proof = site.proof(&mut visitor).await.to_string();
        for part in ["\"banner\"", "\"analytics\"", "\"functional\"", "\"marketing\"", "\"en\""] {
            assert!(proof.contains(part), "{part}: {proof}");
        }

        // From now on it goes straight back.
        let answer =
            site.choose(&mut visitor, "action=save&revision=3&category=analytics&return=/shop&method=page").await;
        assert_eq!(answer.location(), "/shop");
        assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential", "stripe"]);
        let answer = site.choose(&mut visitor, "action=reject-all&return=/shop").await;
        assert_eq!(answer.location(), "/shop");
        assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
        site.choose(&mut visitor, "action=accept-all&revision=3").await;
        let answer = site.choose(&mut visitor, "action=withdraw").await;
        assert_eq!(answer.location(), "/privacy/?kept=1");
        site.get(&mut visitor, answer.location()).await.assert_says(">Your choice has been saved.</p>");
        assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);
    }
}

/// The switches of a form, and what they grant.
#[tokio::test]
async fn switches() {
    let site = Site::new().await;
    for (ticked, categories, services) in [
        (&[][..], &[][..], &[][..]),
        (&["analytics"], &["analytics"], &[]),
        // Every switch of a category: the category by name.
        (&["google-ads", "meta"], &["marketing"], &[]),
        (&["meta"], &[], &["meta"]),
        // The own switch and no service of it.
        (&["functional"], &["functional"], &[]),
        (&["functional", "youtube"], &["functional"], &[]),
        // A service of a category whose own switch is off.
        (&["youtube"], &[], &["youtube"]),
        (&["analytics", "functional", "youtube", "google-ads", "meta"], &["analytics", "functional", "marketing"], &[]),
    ] {
        let mut visitor = site.visitor();
        let fields: Vec<(&str, &str)> = ticked
            .iter()
            .map(|name| (if ["analytics", "functional"].contains(name) { "category" } else { "service" }, *name))
            .chain([("action", "save"), ("revision", "3")])
            .collect();
        assert_eq!(site.choose(&mut visitor, &form(&fields)).await.status, 303);
        let state = site.state(&mut visitor).await;
        let is_granted = |table: &str, name: &str| state[table][name]["reason"] == "granted";
        for category in ["analytics", "functional", "marketing"] {
            assert_eq!(is_granted("categories", category), categories.contains(&category), "{ticked:?}: {category}");
        }
        for (service, category) in [("google-ads", "marketing"), ("meta", "marketing"), ("youtube", "functional")] {
            let is_ticked = ticked.contains(&service);
            assert_eq!(is_granted("services", service), is_ticked, "{ticked:?}: {service} of {category}");
        }
        if ticked.is_empty() {
            assert_eq!(state["decided"], json!("2026-11-22"), "no switch at all is a refusal");
        } else {
            let proof = site.proof(&mut visitor).await.to_string();
            for service in services {
                assert!(proof.contains(service), "{proof}");
            }
        }
    }
}

/// C2: the page says so, and leads on without a loop.
#[tokio::test]
async fn a_browser_that_keeps_no_cookies() {
    let site = Site::new().await;
    for (form, stop) in [
        ("action=accept-all&revision=3&return=/shop", "/privacy/?kept=1&return=/shop"),
        ("action=reject-all&return=/shop", "/privacy/?kept=1&return=/shop"),
        ("action=save&revision=3&category=analytics", "/privacy/?kept=1"),
        ("action=withdraw&return=/privacy/", "/privacy/?kept=1"),
    ] {
        let answer = site.choose(&mut site.visitor(), form).await;
        assert_eq!(answer.location(), stop, "{form}");
        let page = site.get(&mut site.visitor(), stop).await;
        assert_eq!(page.status, 200, "no redirect");
        page.assert_says("Your browser keeps no cookies");
        page.assert_lacks(">Your choice has been saved.</p>");
        if stop.contains("return") {
            page.assert_says("href=\"/shop\"");
        }
    }
    // A stop that leads nowhere else but to another site, or to itself, ends.
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    assert_eq!(site.get(&mut visitor, "/privacy/?kept=1&return=//evil.example").await.status, 200);
    let inner = site.get(&mut visitor, "/privacy/?kept=1&return=/privacy/%3Fkept%3D1").await;
    assert_eq!(inner.location(), "/privacy/?kept=1");
    assert_eq!(site.get(&mut visitor, inner.location()).await.status, 200);
}

/// A form of another revision grants nothing, and is shown again with a sentence.
#[tokio::test]
async fn an_outdated_form() {
    let site = Site::new().await;
    for (revision, status) in [("2", 409), ("4", 409), ("0", 409), ("03", 303), ("3", 303)] {
        let mut visitor = site.visitor();
        for form in [
            format!("action=accept-all&revision={revision}&return=/shop"),
            format!("action=save&category=analytics&revision={revision}&return=/shop"),
        ] {
            let answer = site.choose(&mut visitor, &form).await;
            assert_eq!((answer.status, answer.sets_consent()), (status, status == 303), "{form}");
            if status == 409 {
                answer.assert_says("Our policy changed while you were deciding");
                answer.assert_says("value=\"/shop\"");
                answer.assert_says("name=\"revision\" value=\"3\"");
            }
        }
        // A refusal counts at any revision.
        let answer = site.choose(&mut visitor, &format!("action=reject-all&revision={revision}")).await;
        assert_eq!((answer.status, answer.sets_consent()), (303, true));
    }
}

/// 11 CCR 7028(a): opting in after an opt-out takes a second step.
#[tokio::test]
async fn a_second_step_after_an_opt_out() {
    let site = Site::with(policy().regime(Regime::OptOut)).await;
    let mut visitor = site.visitor();
    assert!(allowed(&site, &mut visitor).await.contains(&"marketing".to_owned()));
    let answer = site.choose(&mut visitor, "action=opt-out&method=footer&return=/shop").await;
    assert!(answer.sets_consent(), "one click");
    assert_eq!(allowed(&site, &mut visitor).await, ["essential", "stripe"]);

    let grant = "action=save&revision=3&service=meta&category=analytics&return=/shop&language=en&method=page";
    let asked = site.choose(&mut visitor, grant).await;
    assert_eq!((asked.status, asked.sets_consent()), (409, false));
    asked.assert_says("Opt in again?");
    // The page sends the same form again, with the answer of the button.
    let fields = hidden_fields(&asked.body);
    let mut expected = form_fields(grant);
    expected.sort();
    assert_eq!(fields, expected);
    asked.assert_says("name=\"confirm\" value=\"yes\"");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let again = site.choose(&mut visitor, &form(&[&fields[..], &[("confirm", "yes")]].concat())).await;
    assert_eq!(again.location(), "/shop");
    assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential", "meta", "stripe"]);
}

/// The hidden fields of a page's first form to `/choice`, sorted.
pub(crate) fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let start = page.find("<form method=\"post\" action=\"/privacy/choice\"").unwrap();
    let end = start + page[start..].find("</form>").unwrap();
    let mut fields: Vec<_> = page[start..end]
        .split("<input type=\"hidden\" ")
        .skip(1)
        .map(|input| {
            let value = |name: &str| {
                let at = input.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
                let text = &input[at..at + input[at..].find('"').unwrap()];
                text.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"")
            };
            (value("name"), value("value"))
        })
        .collect();
    fields.sort();
    fields.dedup();
    fields
}

fn form_fields(form: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

/// A notice is noted: the choice stays, with its day.
#[tokio::test]
async fn a_notice_is_noted() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    site.clock.advance(86_400);
    let next = policy().revision(Revision::new(4).notice().changes("A clearer sentence."));
    site.handle.publish(next.build().unwrap()).unwrap();
    assert_eq!(site.state(&mut visitor).await["notice"], 4);
    let answer = site.choose(&mut visitor, "action=note&revision=3").await;
    assert_eq!(answer.status, 409, "another revision was shown");
    let answer = site.choose(&mut visitor, "action=note&revision=4&return=/shop").await;
    assert_eq!(answer.location(), "/shop");
    let state = site.state(&mut visitor).await;
    assert_eq!((&state["notice"], &state["decided"]), (&json!(null), &json!("2026-11-22")));
    assert_eq!(state["categories"]["marketing"]["reason"], "granted");

    // Without a choice there is nothing that could stay.
    let mut stranger = site.visitor();
    let answer = site.choose(&mut stranger, "action=note&revision=4").await;
    assert_eq!((answer.status, answer.sets_consent()), (409, false));
    answer.assert_says("value=\"accept-all\"");
}

/// The text on record is the one of the page that was answered, in its language.
#[tokio::test]
async fn the_text_that_was_shown_is_on_record() {
    let site = Site::on(Carrier::Axum, policy(), |pages| pages).await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3&method=banner&language=de").await;
    let proof = site.proof(&mut visitor).await.to_string();
    assert!(proof.contains("\"de\"") && proof.contains("Example Ltd"), "{proof}");
    // A language that the pages do not speak was not shown.
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3&method=page&language=tlh").await;
    let proof = site.proof(&mut visitor).await.to_string();
    assert!(proof.contains("\"en\"") && !proof.contains("tlh"), "{proof}");
}

/// A visitor who has no essential cookie either way: what a refusal leaves behind names nobody.
#[tokio::test]
async fn a_refusal_leaves_no_number() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=reject-all").await;
    assert!(site.record_id(&mut visitor).await.is_none());
    assert_eq!(site.policy.categories()[0], Category::ESSENTIAL);
    assert!(visitor.request(HOST).body(()).unwrap().headers().contains_key("cookie"));
}

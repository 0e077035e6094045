//! The views, as a visitor finds them.

mod assets;
mod languages;

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::{
    category::Category,
    consent::Reading,
    decide::decide,
    policy::{
        About, CategoryEntry, CookieRule, Lifetime, Narrow, Policy, PolicyBuilder, Regime, Revision, RuleTarget,
        ServiceEntry, Text, start_of,
    },
    signal::{Signal, Signals},
};

const NOON: i64 = 43_200;

fn now() -> i64 {
    start_of(time::macros::date!(2026 - 11 - 22)) + NOON
}

fn builder() -> PolicyBuilder {
    Policy::builder()
        .about(
            About::new("Teapots <& Sons>, Dublin")
                .contact("privacy@example.com")
                .privacy_policy("/privacy-policy?a=1&b=2")
                .imprint("/imprint")
                .transfers("United States")
                .statement(Text::new("Not for <b>children</b>.").with("de", "Nicht für <i>Kinder</i>."))
                .statement(""),
        )
        .category(CategoryEntry::new("social").label("Social <i>media</i>").purpose("</p><script>alert(1)</script>"))
        .service_entry(ServiceEntry::new("stripe", "essential").label("Stripe").provider("Stripe Ltd"))
        .service_entry(ServiceEntry::new("ga", "analytics").label("GA <b>").provider("Google").purpose("Counts'\"&"))
        .service_entry(
            ServiceEntry::new("ads", "marketing").provider("Google").privacy_policy("https://ads.example/?a&b"),
        )
        .cookie(CookieRule::new("_ga*", RuleTarget::service("ga")).max_age(Lifetime::months(13)))
        .cookie(CookieRule::new("_pk", Category::ANALYTICS).purpose("Own <count>").provider("Us"))
        .revision(Revision::new(3).on(2026, 11, 1).changes("<b>Videos</b>"))
}

fn decision_of(policy: Policy, regime: Regime, signals: Signals) -> Decision {
    decide(Arc::new(policy), regime, signals, Reading::Nothing, &Narrow::nothing(), now())
}

fn undecided(regime: Regime) -> Decision {
    decision_of(builder().build().unwrap(), regime, Signals::NONE)
}

/// The decision on the request after this change.
fn after(decision: &Decision, change: &crate::cookies::change::ConsentChange) -> Decision {
    let line = change.header_value().unwrap().to_str().unwrap();
    let value = line.split_once('=').unwrap().1.split(';').next().unwrap();
    decision.reread(decision.policy().read_consent(value.as_bytes()))
}

fn scene(language: &Language) -> Scene<'_> {
    Scene::new("/privacy", language, "/shop?a=1&b=\"2\"")
}

/// Every view of a decision, as HTML, by its name.
fn views(decision: &Decision, language: &Language) -> BTreeMap<&'static str, String> {
    let scene = scene(language);
    let footer = Footer::new(decision, scene).to_html();
    let preferences = Preferences::new(decision, scene);
    BTreeMap::from([
        ("banner", Banner::new(decision, scene, decision.asks()).to_html()),
        ("notice", Notice::new(decision, scene).to_html()),
        ("page", Page::new(scene, preferences.title(), &preferences.to_html(), &footer).to_html()),
        ("footer", footer),
        ("preferences", preferences.to_html()),
        ("declaration", Declaration::new(decision, scene).to_html()),
        ("update", Update::new(decision, scene).to_html()),
        ("your data", YourData::new(decision, scene, StoredFacts::default()).to_html()),
        ("message", Message::confirming(scene, [("service".to_owned(), "\"><script>".to_owned())]).to_html()),
        ("script", ScriptTag { nonce: Some("n\"n"), ..ScriptTag::new("/privacy", "{\"a\":\"<'\"}") }.to_html()),
    ])
}

#[test]
fn texts_of_a_policy_stay_texts() {
    for language in Language::all_built_in() {
        for (name, html) in views(&undecided(Regime::OptIn), language) {
            for hostile in ["<script>", "<& Sons", "<i>", "<b>", "<count>", "b=\"2\"", "Counts'", "n\"n", "{\"a\""] {
                assert!(!html.contains(hostile), "{name}: {hostile} in {html}");
            }
        }
    }
    let shown = &views(&undecided(Regime::OptIn), Language::english())["preferences"];
    assert!(shown.contains("Social &#60;i&#62;media&#60;/i&#62;"), "{shown}");
    assert!(shown.contains("Teapots &#60;&#38; Sons&#62;, Dublin"), "{shown}");
}

#[test]
fn no_view_needs_inline_code_or_another_host() {
    for regime in [Regime::OptIn, Regime::OptOut] {
        for (name, html) in views(&undecided(regime), Language::english()) {
            for forbidden in [" style=", "<style", " onclick", " onload", "javascript:", "src=\"http", "href=\"http:"] {
                assert!(!html.contains(forbidden), "{name}: {forbidden}");
            }
            let scripts: Vec<_> = html.match_indices("<script").collect();
            assert!(
                scripts.len() <= 1 && scripts.iter().all(|(at, _)| html[*at..].starts_with("<script src=\"/privacy/"))
            );
            let mut actions = html.match_indices("action=\"").map(|(at, found)| &html[at + found.len()..]);
            assert!(actions.all(|action| action.starts_with("/privacy/")), "{name}");
        }
    }
}

/// The tags of checkboxes.
fn checkboxes(html: &str) -> Vec<&str> {
    html.split('<').filter(|tag| tag.starts_with("input") && tag.contains("checkbox")).collect()
}

#[test]
fn nothing_is_ticked_beforehand() {
    let html = &views(&undecided(Regime::OptIn), Language::english())["preferences"];
    let boxes = checkboxes(html);
    let names: Vec<_> =
        boxes.iter().map(|tag| tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap()).collect();
    // What is essential has none; analytics has one of its own for `_pk`; marketing has its service alone.
    assert_eq!(names, ["analytics", "ga", "ads", "social"]);
    assert!(boxes.iter().all(|tag| !tag.contains(" checked") && !tag.contains(" disabled")), "{boxes:?}");
    // Where all passes until it is refused, the truth is that it is on.
    let html = &views(&undecided(Regime::OptOut), Language::english())["preferences"];
    assert!(checkboxes(html).iter().all(|tag| tag.contains(" checked")));
    assert!(html.contains("On until you switch it off."));
}

#[test]
fn what_needs_no_consent_is_on_with_a_switch() {
    let entry = CategoryEntry::new("statistics").exempt_until_objected();
    let policy =
        Policy::builder().category(entry).cookies(Category::new("statistics").unwrap(), ["_s"]).build().unwrap();
    let decision = decision_of(policy, Regime::OptInWithExemptions, Signals::NONE);
    let html = &views(&decision, Language::english())["preferences"];
    let boxes = checkboxes(html);
    assert!(boxes.len() == 1 && boxes[0].contains(" checked") && !boxes[0].contains("disabled"), "{boxes:?}");
    assert!(html.contains("as the law allows here"), "{html}");
}

#[test]
fn switches_show_what_was_chosen() {
    let first = undecided(Regime::OptIn);
    let selection = crate::cookies::change::Selection::none().grant(Category::ANALYTICS).refuse_service("ga");
    let decision = after(&first, &first.choose_unrecorded(&selection).unwrap());
    let html = &views(&decision, Language::english())["preferences"];
    let on: Vec<_> = checkboxes(html).into_iter().map(|tag| tag.contains(" checked")).collect();
    assert_eq!(on, [true, false, false, false]);
    assert!(html.contains("You last decided on 22 November 2026."), "{html}");
    let data = &views(&decision, Language::english())["your data"];
    assert!(data.contains(">Statistics<") && data.contains("__Host-consent"), "{data}");
}

#[test]
fn accepting_and_rejecting_look_alike() {
    let decision = undecided(Regime::OptIn);
    for language in Language::all_built_in() {
        for view in ["banner", "preferences", "update"] {
            let html = &views(&decision, language)[view];
            let button = |action: &str| {
                let end = html.find(&format!("name=\"action\" value=\"{action}\"")).expect(action);
                let start = html[..end].rfind('<').unwrap();
                html[start..end].to_owned()
            };
            assert_eq!(button("accept-all"), button("reject-all"), "{view}");
            let actions = html.split("consent-actions").nth(1).unwrap().split("</div>").next().unwrap();
            assert!(actions.contains("accept-all") && actions.contains("reject-all"), "{view}: side by side");
        }
    }
}

#[test]
fn a_banner_says_what_a_question_must_say() {
    let html = &views(&undecided(Regime::OptIn), Language::english())["banner"];
    for part in [
        "Teapots",
        "Statistics",
        "Marketing",
        "Social",
        "Data goes to 2 recipients.",
        "href=\"/privacy/cookies\"",
        "Transfers to other countries: <bdi>United States",
        "Consent counts for 6 months, a refusal for 6 months.",
        "href=\"/privacy-policy?a=1&#38;b=2\"",
        "href=\"/imprint\"",
        "role=\"region\"",
        "name=\"revision\" value=\"3\"",
        "name=\"method\" value=\"banner\"",
        "name=\"return\" value=\"/shop?a=1&#38;b=&#34;2&#34;\"",
        "name=\"language\" value=\"en\"",
        "href=\"/privacy/?return=/shop%3Fa%3D1%26b%3D%222%22\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("Essential</strong>"), "what is essential is not asked for");
}

#[test]
fn a_signal_is_answered_in_words() {
    let gpc = Signals::NONE.with(Signal::Gpc);
    let decision = decision_of(builder().build().unwrap(), Regime::OptOut, gpc);
    let html = views(&decision, Language::english());
    assert!(html["footer"].contains("Opt-out request honored (Global Privacy Control)"), "{}", html["footer"]);
    assert!(html["preferences"].contains("Your browser sends Global Privacy Control, and we obey it."));
    assert!(html["preferences"].contains("If you switch it on here all the same, that counts."));
    assert!(checkboxes(&html["preferences"]).iter().all(|tag| !tag.contains("checked\"") && !tag.contains("disabled")));
    // A signal that always wins closes the switch itself.
    let decision = decision_of(builder().signal_always().build().unwrap(), Regime::OptIn, gpc);
    let html = &views(&decision, Language::english())["preferences"];
    assert!(checkboxes(html).iter().all(|tag| tag.contains(" disabled") && tag.contains("aria-describedby")), "{html}");
    assert!(html.contains("This site always obeys it.") && !html.contains("accept-all"), "nothing to accept: {html}");
    // Chosen otherwise, in its knowledge.
    let decision = decision_of(builder().build().unwrap(), Regime::OptIn, gpc);
    let decision = after(&decision, &decision.grant_all_unrecorded());
    let html = &views(&decision, Language::english())["preferences"];
    assert!(html.contains("You chose otherwise here") && !html.contains("Opt-out request honored"), "{html}");
}

#[test]
fn an_opt_out_region_has_its_words_and_one_click() {
    let first = undecided(Regime::OptOut);
    let footer = &views(&first, Language::english())["footer"];
    assert!(footer.contains("Your Privacy Choices <svg"), "{footer}");
    assert!(footer.contains("value=\"opt-out\"") && !footer.contains("Opt-out request honored"), "{footer}");
    let decision = after(&first, &first.refuse_all());
    let footer = &views(&decision, Language::english())["footer"];
    assert!(footer.contains("Opt-out request honored") && !footer.contains("value=\"opt-out\""), "{footer}");
    let footer = &views(&undecided(Regime::OptIn), Language::english())["footer"];
    assert!(!footer.contains("<svg") && !footer.contains("opt-out"), "{footer}");
}

#[test]
fn consent_is_withdrawn_by_one_click_where_there_is_any() {
    let button = |decision: &Decision| {
        let html = views(decision, Language::english()).remove("footer").unwrap();
        html.contains("data-consent-withdraw>")
    };
    let first = undecided(Regime::OptIn);
    assert!(!button(&first) && !button(&after(&first, &first.refuse_all())));
    assert!(button(&after(&first, &first.grant_all_unrecorded())));
}

#[test]
fn the_declaration_names_every_cookie() {
    let html = &views(&undecided(Regime::OptIn), Language::english())["declaration"];
    for part in [
        "__Host-consent",
        "_ga*",
        "_pk",
        "13 months",
        "Own &#60;count&#62;",
        "Stripe Ltd",
        "Revision 3 of 1 November 2026",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn the_declaration_says_what_no_server_can_keep() {
    for (tag, title, statement) in [
        ("en", "Also in our privacy policy", "<li dir=\"auto\">Not for &#60;b&#62;children&#60;/b&#62;.</li>"),
        (
            "de",
            "Außerdem in unserer Datenschutzerklärung",
            "<li dir=\"auto\">Nicht für &#60;i&#62;Kinder&#60;/i&#62;.</li>",
        ),
        ("fr", "Également dans notre politique", "<li dir=\"auto\">Not for &#60;b&#62;children&#60;/b&#62;.</li>"),
    ] {
        let html = &views(&undecided(Regime::OptIn), &Language::built_in(tag).unwrap())["declaration"];
        assert!(html.contains(title) && html.contains(statement), "{tag}: {html}");
        assert_eq!(html.matches("<li dir=\"auto\">").count(), 1, "an empty one says nothing");
    }
    let silent = decision_of(Policy::builder().build().unwrap(), Regime::OptIn, Signals::NONE);
    assert!(!views(&silent, Language::english())["declaration"].contains("consent-statements"));
}

#[test]
fn an_update_asks_or_takes_note() {
    let first = undecided(Regime::OptIn);
    let granted = first.grant_all_unrecorded();
    let value = granted.header_value().unwrap().to_str().unwrap().split_once('=').unwrap().1.split(';').next().unwrap();
    for (revision, has, lacks) in [
        (Revision::new(4).changes("New partner"), "value=\"accept-all\"", "value=\"note\""),
        (Revision::new(4).notice().changes("New partner"), "value=\"note\"", "value=\"accept-all\""),
    ] {
        let policy = builder().revision(revision).build().unwrap();
        let decision = decision_of(policy, Regime::OptIn, Signals::NONE);
        let decision = decision.reread(decision.policy().read_consent(value.as_bytes()));
        let html = &views(&decision, Language::english())["update"];
        assert!(html.contains(has) && !html.contains(lacks) && html.contains("New partner"), "{html}");
        assert!(html.find("Revision 4") < html.find("Revision 3"), "the newest first");
    }
    let decision = after(&first, &granted);
    let html = &views(&decision, Language::english())["update"];
    assert!(html.contains("You have seen the current revision.") && !html.contains("name=\"action\" value=\"note\""));
}

#[test]
fn the_text_that_was_shown_is_what_stands_there() {
    let decision = undecided(Regime::OptIn);
    let text = |place| shown_text(&DefaultLook, &decision, scene(Language::english()), place);
    let banner = text(Place::Banner);
    assert!(banner.starts_with("Cookies: your choice\nTeapots <& Sons>, Dublin asks for your consent"), "{banner}");
    for line in ["Statistics Counts visits", "\nAccept all\nReject all\nChoose", "Privacy policy"] {
        assert!(banner.contains(line), "{line} in {banner}");
    }
    let page = text(Place::Page);
    assert!(page.contains("GA <b> [ ]") && page.contains("Counts'\"&"), "{page}");
    assert_eq!(page, text(Place::Page), "the same text for the same question");
    // Not the day of this visitor's last answer.
    let again = after(&decision, &decision.refuse_all());
    assert_eq!(shown_text(&DefaultLook, &again, scene(Language::english()), Place::Page), page);
    let german = Language::built_in("de").unwrap();
    assert_ne!(shown_text(&DefaultLook, &decision, scene(&german), Place::Page), page);
}

/// A look of an application's own is what the proof keeps.
#[test]
fn a_look_of_its_own() {
    #[derive(Debug)]
    struct Plain;
    impl Look for Plain {
        fn banner(&self, banner: &Banner<'_>) -> String {
            let data = serde_json::to_value(banner).unwrap();
            format!(
                "<p>{}: {}</p>",
                data["purposes"][0]["label"].as_str().unwrap(),
                data["scene"]["language"]["messages"]["accept_all"]
            )
        }
    }
    let text = shown_text(&Plain, &undecided(Regime::OptIn), scene(Language::english()), Place::Banner);
    assert_eq!(text, "Statistics: \"Accept all\"\n");
}

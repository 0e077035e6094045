//! What stands on the application's own pages, and the page in place of content.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use http::HeaderMap;
use tower_consent::{ConsentPages, Decision, MemoryStore, Regime, Revision, Signal, SignalScope};

use crate::{
    choices::{allowed, hidden_fields},
    site::{Answer, Carrier, JSON, Site, form, policy, raw},
};

fn part<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let (start, end) = (format!("[{name}]"), format!("[/{name}]"));
    let from = answer.body.find(&start).unwrap() + start.len();
    &answer.body[from..answer.body.find(&end).unwrap()]
}

#[tokio::test]
async fn the_banner_comes_and_goes() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    let shop = site.get(&mut visitor, "/shop?page=2").await;
    let banner = part(&shop, "banner");
    assert!(banner.contains("data-consent-banner") && banner.contains("Example Ltd"), "{banner}");
    assert!(banner.contains("name=\"return\" value=\"/shop?page=2\""), "{banner}");
    assert!(banner.contains("name=\"revision\" value=\"3\"") && banner.contains("name=\"method\" value=\"banner\""));
    assert!(shop.all("cache-control").contains("private"), "an answer of one visitor");
    shop.assert_says("<link rel=\"stylesheet\" href=\"/privacy/style.css\">");
    shop.assert_says("<script src=\"/privacy/consent.js\" defer data-consent-api=\"/privacy/api\"");
    assert!(part(&shop, "footer").contains("/privacy/"));

    // The form of the banner is one that the pages take.
    let fields = hidden_fields(banner);
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("action", "reject-all"));
    site.choose(&mut visitor, &form(&fields)).await;
    let shop = site.get(&mut visitor, "/shop").await;
    assert_eq!(part(&shop, "banner"), "", "who refused is not asked again");
    assert!(part(&shop, "footer").contains("action=\"/privacy/choice\""));

    // A notice asks nothing.
    let next = policy().revision(Revision::new(4).on(2026, 11, 22).notice().changes("Clearer words."));
    site.handle.publish(next.build().unwrap()).unwrap();
    let shop = site.get(&mut visitor, "/shop").await;
    let notice = part(&shop, "banner");
    assert!(notice.contains("Clearer words.") && notice.contains("value=\"note\""), "{notice}");
    assert!(!notice.contains("accept-all"));
    let fields = hidden_fields(notice);
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("action", "note"));
    assert_eq!(site.choose(&mut visitor, &form(&fields)).await.location(), "/shop");
    assert_eq!(part(&site.get(&mut visitor, "/shop").await, "banner"), "");
}

/// The state that the page carries is the one of the API.
#[tokio::test]
async fn the_state_on_the_page() {
    let site = Site::new().await;
    let mut visitor = site.visitor().with_signal(Signal::Gpc);
    let shop = site.get(&mut visitor, "/shop").await;
    let start = shop.body.find("data-consent-state=\"").unwrap() + 20;
    let text = &shop.body[start..start + shop.body[start..].find('"').unwrap()];
    let state: serde_json::Value = serde_json::from_str(&text.replace("&#34;", "\"")).unwrap();
    assert_eq!(state, site.state(&mut visitor).await);
    assert!(part(&shop, "footer").contains("Opt-out request honored"));
}

/// California: the words, the icon, one click; and no banner.
#[tokio::test]
async fn an_opt_out_region() {
    let site = Site::with(policy().regime(Regime::OptOut)).await;
    let mut visitor = site.visitor();
    let shop = site.get(&mut visitor, "/shop").await;
    assert_eq!(part(&shop, "banner"), "");
    let footer = part(&shop, "footer").to_owned();
    assert!(footer.contains("Your Privacy Choices") && footer.contains("<svg") && footer.contains("value=\"opt-out\""));
    assert!(!footer.contains("Opt-out request honored"));
    site.choose(&mut visitor, "action=opt-out&method=footer").await;
    let shop = site.get(&mut visitor, "/shop").await;
    assert!(part(&shop, "footer").contains("Opt-out request honored"));
    // R100: not asked again for twelve months, not even by a new revision.
    site.clock.advance(300 * 86_400);
    let next = policy().regime(Regime::OptOut).revision(Revision::new(4).on(2026, 11, 22));
    site.handle.publish(next.build().unwrap()).unwrap();
    assert!(!part(&site.get(&mut visitor, "/shop").await, "banner").contains("accept-all"));
}

#[test]
fn without_axum() {
    let pages = ConsentPages::at("/privacy", MemoryStore::new())
        .with_stylesheet("/our\">.css")
        .with_google_consent(["google-ads", "ga"]);
    let (decision, mut headers) = (Decision::no_layer(), HeaderMap::new());
    headers.insert("accept-language", "de".parse().unwrap());
    let fragments = pages.fragments(&decision, &headers, "//evil.example");
    assert_eq!(fragments.banner, "", "without a layer nobody is asked");
    assert!(!fragments.footer.contains("evil.example") && fragments.footer.contains("lang=\"de\""));
    assert!(fragments.footer.contains("value=\"/privacy/\""), "{}", fragments.footer);
    assert!(fragments.head.contains("href=\"/our&quot;&gt;.css\""), "{}", fragments.head);
    // What the script tells Google is worked out here, and stands in the state.
    assert!(fragments.head.contains("google&#34;:{&#34;ad_storage&#34;:&#34;denied&#34;"), "{}", fragments.head);
    assert!(!fragments.head.contains("nonce"));
    let fragments = pages.fragments_with_nonce(&decision, &headers, "/", "r4nd0m");
    assert!(fragments.head.contains(" nonce=\"r4nd0m\""), "{}", fragments.head);
}

/// The page in place of content asks for one thing, keeps what is granted, and leads back.
#[tokio::test]
async fn content_that_needs_consent() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=save&revision=3&category=analytics&service=meta").await;
    let page = site.get(&mut visitor, "/film").await;
    assert_eq!((page.status, page.all("cache-control").as_str()), (403, "no-store"));
    page.assert_says("To show it, we need your consent to: YouTube.");
    page.assert_says("Shows films");
    page.assert_says("Allow YouTube");
    let fields = hidden_fields(&page.body);
    let expected = [
        ("asked", "service:youtube"),
        ("category", "analytics"),
        ("language", "en"),
        ("method", "page"),
        ("return", "/film"),
        ("revision", "3"),
        ("service", "meta"),
        ("service", "youtube"),
    ];
    // An essential service is no switch.
    let found: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(found, expected);
    let answer = site.choose(&mut visitor, &form(&[&found[..], &[("action", "save")]].concat())).await;
    assert_eq!(answer.location(), "/film");
    assert_eq!(site.get(&mut visitor, "/film").await.body, "the content");
    assert_eq!(allowed(&site, &mut visitor).await, ["analytics", "essential", "meta", "stripe", "youtube"]);
    // The record keeps the very question.
    let proof = site.proof(&mut visitor).await;
    let last = proof["events"].as_array().unwrap().last().unwrap();
    let text = proof["texts"][last["text"].as_str().unwrap()].as_str().unwrap();
    for part in ["To show it, we need your consent to: YouTube.", "Shows films", "Allow YouTube"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Reject all"), "and no other: {text}");
    let strange = form(&[&found[1..], &[("action", "save"), ("asked", "service:nobody")]].concat());
    assert_eq!(site.choose(&mut visitor, &strange).await.status, 400);

    // A whole category, with and without a switch of its own.
    for (needed, open) in [
        ("functional", &["essential", "functional", "stripe", "youtube"][..]),
        ("marketing", &["essential", "marketing", "google-ads", "meta", "stripe"]),
        ("analytics", &["analytics", "essential", "stripe"]),
    ] {
        let mut visitor = site.visitor();
        let page = site.get(&mut visitor, &format!("/film?needed={needed}")).await;
        let fields = hidden_fields(&page.body);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        site.choose(&mut visitor, &form(&[&fields[..], &[("action", "save")]].concat())).await;
        assert_eq!(allowed(&site, &mut visitor).await, open, "{needed}");
        assert_eq!(site.get(&mut visitor, &format!("/film?needed={needed}")).await.body, "the content");
    }

    let program = site.send(raw("GET", "/film", &[("accept", JSON)]).body("").unwrap()).await;
    assert_eq!((program.status, program.problem().as_str()), (403, "consent-needed"));
    assert_eq!(program.json()["category"], "functional");
    assert_eq!((&program.json()["service"], &program.json()["preferences"]), (&"youtube".into(), &"/privacy/".into()));
}

#[tokio::test]
async fn content_that_cannot_be_had() {
    let rules = policy().signal(Signal::Gpc, SignalScope::All).signal_always();
    let site = Site::on(Carrier::Axum, rules, |pages| pages).await;
    let page = site.get(&mut site.visitor().with_signal(Signal::Gpc), "/film").await;
    assert_eq!(page.status, 403);
    page.assert_says("your browser sends Global Privacy Control and this site always obeys it");
    page.assert_lacks("Allow YouTube");
    // A name that the policy does not have is a fault of the site, and said so.
    let page = site.get(&mut site.visitor(), "/film?needed=nobody").await;
    assert_eq!(page.status, 500);
    page.assert_says("the service &#34;nobody&#34;");
    let program = site.send(raw("GET", "/film?needed=nobody", &[("accept", JSON)]).body("").unwrap()).await;
    assert_eq!(program.problem(), "not-in-policy");
}

//! What a data-protection officer clicks through: records, proofs, a new revision and its gate, requests, export, erasure.

use axum::http::StatusCode;
use serde_json::Value;
use tower_consent::{MemoryStore, Records, Regime, Tokens};

use crate::{
    ACCEPT, BANNER, SAVE, WITHDRAW, policy_file,
    site::{PROTOCOLS, Protocol, Reply, Site},
};

const PAGE: (&str, &str) = ("accept", "text/html");

async fn site(protocol: Protocol) -> Site {
    let store = MemoryStore::new();
    let records = Records::builder(store.clone()).chain_key([9; 32]).build();
    Site::start_with(policy_file(), Tokens::new(store), records, protocol).await
}

/// The pairs that this browser holds after an answer.
fn kept(held: &[String], reply: &Reply) -> Vec<String> {
    let mut pairs = held.to_vec();
    for line in reply.set_cookies() {
        let pair = line.split(';').next().expect("a pair");
        let name = pair.split('=').next().expect("a name");
        pairs.retain(|held| held.split('=').next() != Some(name));
        if !line.contains("Max-Age=0") {
            pairs.push(pair.to_owned());
        }
    }
    pairs
}

/// A browser that keeps its cookies.
struct Visitor<'s> {
    site: &'s Site,
    cookies: Vec<String>,
}

impl<'s> Visitor<'s> {
    const fn new(site: &'s Site) -> Self {
        Self { site, cookies: Vec::new() }
    }

    async fn get(&mut self, path: &str) -> Reply {
        let cookies: Vec<&str> = self.cookies.iter().map(String::as_str).collect();
        let reply = self.site.get(path, &cookies, &[PAGE]).await;
        self.cookies = kept(&self.cookies, &reply);
        reply
    }

    async fn post(&mut self, path: &str, form: &str) -> Reply {
        let cookies: Vec<&str> = self.cookies.iter().map(String::as_str).collect();
        let reply = self.site.post(path, &cookies, &[PAGE], form).await;
        self.cookies = kept(&self.cookies, &reply);
        reply
    }
}

/// The address that an element of this id links to.
fn link(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\" href=\"")).unwrap_or_else(|| panic!("no {id}: {page}"));
    rest.split('"').next().expect("an address").replace("&#38;", "&").replace("&amp;", "&")
}

fn json(reply: &Reply) -> Value {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/json", "no-store"));
    assert!(reply.header("content-disposition").starts_with("attachment"));
    serde_json::from_str(&reply.body).expect("JSON")
}

#[tokio::test]
async fn the_path_of_a_data_protection_officer() {
    for protocol in PROTOCOLS {
        let site = site(protocol).await;
        let mut visitor = Visitor::new(&site);
        let before = visitor.get("/records").await.body;
        assert!(before.contains("Intact</b>: 0 entries in 0 chains") && before.contains("None. A refusal"), "{before}");
        assert!(before.contains("This browser has no record"));
        assert!(before.contains("<td>36 months</td>") && before.contains("<td>25 months</td>"), "the retention table");

        let accepted = visitor.post("/privacy/choice", ACCEPT).await;
        assert_eq!(accepted.status, StatusCode::SEE_OTHER);
        visitor.post("/sign-in", "name=ada").await;
        // The choice of a signed-in visitor belongs to the account.
        visitor.post("/privacy/choice", ACCEPT).await;
        let records = visitor.get("/records").await.body;
        assert!(records.contains("Intact</b>: 2 entries in 1 chain, 0 of them erased, with a key"), "{records}");
        assert!(records.contains("<b>grant</b>") && records.contains("banner, revision 2"), "{records}");

        let of_browser = link(&records, "proof-browser");
        let proof = json(&visitor.get(&of_browser).await);
        assert_eq!(proof["verification"]["is_intact"], true);
        let event = &proof["events"][0];
        assert_eq!(
            (&event["outcome"], &event["method"], &event["revision"]),
            (&"grant".into(), &"banner".into(), &2.into())
        );
        let text = proof["texts"][event["text"].as_str().expect("a hash")].as_str().expect("the text that was shown");
        assert!(text.contains("Teapot Example Ltd") && text.contains("Accept all"), "{text}");

        // A new service: asked again, and the checkout waits for the answer.
        assert_eq!(visitor.get("/shop/checkout").await.status, StatusCode::OK);
        let published = visitor.post("/records/publish", "kind=material").await;
        assert_eq!((published.status, published.header("location")), (StatusCode::SEE_OTHER, "/records"));
        let held = visitor.get("/shop/checkout").await;
        assert_eq!(held.status, StatusCode::FORBIDDEN);
        assert!(held.body.contains("A help chat was added.") && held.body.contains("/shop/checkout"), "{}", held.body);
        for open in ["/", "/shop", "/privacy-policy", "/imprint", "/privacy/", "/privacy/your-data", "/account"] {
            assert_eq!(visitor.get(open).await.status, StatusCode::OK, "{open}");
        }
        assert!(visitor.get("/shop").await.body.contains(BANNER), "everybody is asked again");
        // What was shown before the publication is not agreed to.
        let outdated = visitor.post("/privacy/choice", ACCEPT).await;
        assert_eq!((outdated.status, outdated.consent()), (StatusCode::CONFLICT, None));
        visitor.post("/privacy/choice", "action=accept-all&revision=3&method=page").await;
        assert_eq!(visitor.get("/shop/checkout").await.status, StatusCode::OK);

        // A notice keeps the choice, and is taken note of.
        visitor.post("/records/publish", "kind=notice").await;
        let shop = visitor.get("/shop").await.body;
        assert!(shop.contains("data-consent-notice") && !shop.contains(BANNER), "{shop}");
        assert_eq!(visitor.get("/shop/checkout").await.status, StatusCode::OK, "nobody is held up by a notice");
        visitor.post("/privacy/choice", "action=note&revision=4&method=banner").await;
        assert!(!visitor.get("/shop").await.body.contains("data-consent-notice"));

        visitor.post("/privacy/choice", WITHDRAW).await;
        let proof = json(&visitor.get(&of_browser).await);
        let states: Vec<_> = proof["events"].as_array().expect("events").iter().map(|event| &event["state"]).collect();
        assert!(states.iter().all(|state| ["superseded", "withdrawn", ""].contains(&state.as_str().unwrap_or(""))));
        let records = visitor.get("/records").await.body;
        assert!(
            records.contains("<b>grant</b>, withdrawn") && records.contains("<b>grant</b>, superseded"),
            "{records}"
        );
        assert!(!records.contains("in-force"), "{records}");
        let of_account = link(&records, "proof-account");
        let proof = json(&visitor.get(&of_account).await);
        let events = proof["events"].as_array().expect("events");
        assert_eq!(events.last().expect("an event")["outcome"], "withdraw");
        assert!(events.iter().any(|event| event["state"] == "withdrawn"), "{proof}");
        assert!(!events.iter().any(|event| event["state"] == "in-force"), "{proof}");

        // Export and erasure, from the account page.
        let account = visitor.get("/account").await.body;
        assert!(account.contains("Export my data") && account.contains("Erase my account"));
        let export = json(&visitor.post("/privacy/your-data", "action=export").await);
        assert_eq!(export["account"]["about"]["subject"], "ada");
        assert_eq!(export["account"]["sessions"].as_array().expect("sessions").len(), 1);
        let erased = visitor.post("/privacy/your-data", "action=erase&confirm=yes").await;
        assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
        assert!(!visitor.cookies.iter().any(|pair| pair.starts_with("__Host-token=")));
        assert_eq!(visitor.get("/account").await.header("location"), "/sign-in");
        assert_eq!(visitor.get(&of_account).await.status, StatusCode::NOT_FOUND, "nothing is on record");
        assert_eq!(visitor.get(&of_browser).await.status, StatusCode::NOT_FOUND, "nothing is on record");
        let records = visitor.get("/records").await.body;
        assert!(records.contains("Intact</b>") && !records.contains("Not intact"), "{records}");
        assert!(!records.contains("0 of them erased") && !records.contains(">ada<"), "{records}");
    }
}

#[tokio::test]
async fn requests_have_a_day_by_which_they_are_due() {
    for protocol in PROTOCOLS {
        let site = site(protocol).await;
        let mut visitor = Visitor::new(&site);
        let stranger = visitor.post("/account/request", "kind=restrict").await;
        assert_eq!(stranger.header("location"), "/sign-in");
        visitor.post("/sign-in", "name=ada").await;
        let received = visitor.post("/account/request", "kind=restrict").await;
        assert!(received.body.contains("We answer your request (restrict) by 20"), "{}", received.body);
        assert_eq!(visitor.post("/account/request", "kind=everything").await.status, StatusCode::UNPROCESSABLE_ENTITY);

        let records = visitor.get("/records").await.body;
        assert!(records.contains("<td>restrict, ada</td>"), "{records}");
        let field = |name: &str| {
            let (_, rest) = records.split_once(&format!("name=\"{name}\" value=\"")).expect("a field");
            rest.split('"').next().expect("a value").to_owned()
        };
        let form = format!("chain={}&number={}", field("chain"), field("number"));
        assert_eq!(visitor.post("/records/answered", &form).await.status, StatusCode::SEE_OTHER);
        assert!(visitor.get("/records").await.body.contains("<td>answered</td>"));
        assert_eq!(visitor.post("/records/answered", &form).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn proofs_are_of_somebody() {
    for protocol in PROTOCOLS {
        let site = site(protocol).await;
        for query in ["", "?record=x", "?record=AAAAAAAAAAAAAAAAAAAAAA&account=ada", "?account=a&record="] {
            let reply = site.get(&format!("/records/proof{query}"), &[], &[]).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
        }
        for query in ["?record=AAAAAAAAAAAAAAAAAAAAAA", "?account=nobody"] {
            let reply = site.get(&format!("/records/proof{query}"), &[], &[]).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{query}");
            assert!(reply.body.contains("data-consent-banner"), "messages have the frame of the site");
        }
    }
}

#[tokio::test]
async fn the_staff_forms_take_nothing_from_other_sites() {
    for protocol in PROTOCOLS {
        let site = site(protocol).await;
        for (path, form) in [("/records/publish", "kind=material"), ("/records/answered", "chain=x&number=1")] {
            let reply = site.post(path, &[], &[("sec-fetch-site", "cross-site")], form).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert!(site.get("/records", &[], &[]).await.body.contains("Revision 2 of 2025-11-03"));
        site.post("/records/publish", &[], &[], "kind=material").await;
        // There is one material revision to be published; notices, as many as wanted.
        assert_eq!(site.post("/records/publish", &[], &[], "kind=material").await.status, StatusCode::CONFLICT);
        for _ in 0..2 {
            assert_eq!(site.post("/records/publish", &[], &[], "kind=notice").await.status, StatusCode::SEE_OTHER);
        }
        let records = site.get("/records", &[], &[]).await.body;
        assert!(records.contains("Revision 5 of ") && !records.contains("value=\"material\""), "{records}");
    }
}

#[tokio::test]
async fn a_film_is_asked_for_in_context() {
    for protocol in PROTOCOLS {
        let site = site(protocol).await;
        let mut visitor = Visitor::new(&site);
        let shop = visitor.get("/shop").await.body;
        assert!(shop.contains(r#"data-consent-placeholder="video""#) && !shop.contains(" src=\"/player\""), "{shop}");
        let asked = visitor.get("/film").await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
        assert!(asked.body.contains("Example Video") && asked.body.contains(r#"name="service" value="video""#));
        assert_eq!(visitor.get("/player").await.status, StatusCode::FORBIDDEN);

        visitor.post("/privacy/choice", &format!("{SAVE}&service=video")).await;
        assert!(visitor.get("/film").await.body.contains(r#"<iframe src="/player""#));
        let player = visitor.get("/player").await;
        assert_eq!((player.status, player.set_names()), (StatusCode::OK, vec!["player"]));
        assert!(visitor.get("/").await.shows("player", "passed", "the visitor agreed"));
    }
}

#[tokio::test]
async fn where_people_opt_out_one_click_does_it() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file().regime(Regime::OptOut), protocol).await;
        let mut visitor = Visitor::new(&site);
        let shop = visitor.get("/shop").await;
        assert!(shop.body.contains("Your Privacy Choices") && shop.body.contains(r#"value="opt-out""#));
        assert!(shop.set_names().contains(&"_ga"), "everything passes until it is refused");
        let reply = visitor.post("/privacy/choice", "action=opt-out&method=footer&return=/shop").await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER);
        let shop = visitor.get("/shop").await;
        assert!(shop.body.contains("Opt-out request honored"), "{}", shop.body);
        assert!(!shop.set_names().contains(&"_ga") && !shop.body.contains(BANNER));
    }
}

#[tokio::test]
async fn the_site_says_that_it_obeys_gpc() {
    for protocol in PROTOCOLS {
        let site = site(protocol).await;
        let reply = site.get("/.well-known/gpc.json", &[], &[]).await;
        assert_eq!((reply.status, &*reply.body), (StatusCode::OK, r#"{"gpc":true,"lastUpdate":"2025-11-03"}"#));
    }
}

/// R98: what an account refused on one browser is refused on every other.
#[tokio::test]
async fn an_opt_out_goes_with_the_account() {
    for protocol in PROTOCOLS {
        let site = site(protocol).await;
        let mut phone = Visitor::new(&site);
        phone.post("/privacy/choice", ACCEPT).await;
        assert!(phone.get("/shop").await.set_names().contains(&"_ga"));
        let mut desk = Visitor::new(&site);
        desk.post("/sign-in", "name=ada").await;
        let cookies: Vec<&str> = desk.cookies.iter().map(String::as_str).collect();
        site.get("/", &cookies, &[("sec-gpc", "1")]).await;

        phone.post("/sign-in", "name=ada").await;
        assert!(!phone.get("/shop").await.set_names().contains(&"_ga"), "the account objected");
    }
}

//! Data for a named third party leaves only with a permit, and a permit only by consent (the example `vendor`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/vendor.rs"]
#[allow(dead_code, reason = "its `main` is not called here")]
mod example;

mod common;

use std::sync::Arc;

use axum::body::Body;
use common::{decision_of, request};
use example::{Chat, Tidio};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_consent::{
    Category, ConsentLayer, Decision, Narrow, Policy, PolicyBuilder, Regime, Selection, ServiceEntry, Signal, Vendor,
    test::Visitor,
};

const SITE: &str = "https://www.example.com";

/// A visitor of the example, and what its vendor has got.
struct Visit {
    chat: Chat,
    app: axum::Router,
    visitor: Visitor,
}

impl Visit {
    fn new(visitor: Visitor) -> Self {
        let chat = Chat::default();
        Self { app: example::app(chat.clone()).unwrap(), chat, visitor }
    }

    async fn post(&mut self, path: &str, body: &'static str) -> Response<Body> {
        let address = format!("{SITE}{path}");
        let form = self.visitor.form(&address).header("content-type", "application/x-www-form-urlencoded");
        let answer = self.app.clone().oneshot(form.body(Body::from(body)).unwrap()).await.unwrap();
        self.visitor.receive(&address, &answer);
        answer
    }

    async fn ask(&mut self, body: &'static str) -> String {
        let answer = self.post("/ask", body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.into()).unwrap()
    }
}

#[tokio::test]
async fn words_go_to_the_vendor_only_while_the_visitor_agrees() {
    let mut visit = Visit::new(Visitor::undecided());
    assert!(visit.ask("text=first").await.contains("by letter"));
    assert_eq!(visit.chat.told(), [""; 0]);

    assert_eq!(visit.post("/accept", "").await.status(), StatusCode::NO_CONTENT);
    assert!(visit.ask("text=second").await.contains("in the chat"));
    assert_eq!(visit.chat.told(), ["second"]);

    // A signal closes it again: the agreement was made without it.
    visit.visitor = visit.visitor.with_signal(Signal::Gpc);
    assert!(visit.ask("text=third").await.contains("by letter"));
    visit.visitor = visit.visitor.without_signal(Signal::Gpc);

    assert_eq!(visit.post("/refuse", "").await.status(), StatusCode::NO_CONTENT);
    assert!(visit.ask("text=fourth").await.contains("by letter"));
    assert_eq!(visit.chat.told(), ["second"]);
}

fn policy() -> PolicyBuilder {
    Policy::builder()
        .category(Category::FUNCTIONAL)
        .service(Tidio::SERVICE, "functional")
        .service("maps", "functional")
        .service("stripe", "essential")
}

struct Stripe;
impl Vendor for Stripe {
    const SERVICE: &'static str = "stripe";
}
struct Unheard;
impl Vendor for Unheard {
    const SERVICE: &'static str = "unheard";
}

async fn decision(policy: PolicyBuilder, selection: Option<Selection>) -> Decision {
    let policy = Arc::new(policy.build().unwrap());
    let mut visitor = Visitor::undecided();
    if let Some(selection) = selection {
        visitor = visitor.chooses(&policy, &selection).unwrap();
    }
    decision_of(&ConsentLayer::new(policy), visitor.request(SITE).body(()).unwrap()).await
}

#[tokio::test]
async fn a_permit_is_what_the_decision_says() {
    let tidio = || Selection::none().grant_service("tidio");
    for (policy, selection, is_permitted) in [
        (policy(), None, false),
        (policy(), Some(tidio()), true),
        (policy(), Some(Selection::all()), true),
        (policy(), Some(Selection::none()), false),
        (policy(), Some(Selection::none().grant_service("maps")), false),
        (policy(), Some(Selection::all().refuse_service("tidio")), false),
        (policy().regime(Regime::OptOut), None, true),
        (policy().narrow(|_| Narrow::all()), Some(tidio()), false),
    ] {
        let decision = decision(policy, selection.clone()).await;
        assert_eq!(decision.permit::<Tidio>().is_some(), is_permitted, "{selection:?}");
        assert_eq!(decision.allows_service("tidio"), is_permitted);
        assert!(decision.permit::<Stripe>().is_some(), "essential");
        assert!(decision.permit::<Unheard>().is_none(), "not in the policy");
    }
    assert!(Decision::no_layer().permit::<Stripe>().is_none());
    let layer = ConsentLayer::new(policy().build().unwrap());
    let decision = decision_of(&layer, request(&[("dnt", "1")])).await;
    assert!(decision.permit::<Tidio>().is_none());
}

#[tokio::test]
async fn a_permit_knows_its_service_and_shows_nothing_else() {
    let decision = decision(policy(), Some(Selection::all())).await;
    let permit = decision.permit::<Tidio>().unwrap();
    assert_eq!(permit.service(), "tidio");
    assert!(permit.decision().allows_service("maps"));
    assert_eq!(format!("{permit:?}"), "Permit(\"tidio\")");
}

/// A policy that sells nothing has no service that does: neither the builder nor a file can say both.
#[test]
fn no_sale() {
    let entry = || ServiceEntry::new("broker", "marketing").sale_or_sharing();
    let policy = Policy::builder().service_entry(entry()).build().unwrap();
    assert!(policy.declared_services().all(|service| service.is_sale_or_sharing));
    let error = Policy::builder().no_sale().service_entry(entry()).build().unwrap_err();
    assert_eq!(error.value(), "broker");
    let file = "no_sale = true\n[[services]]\nname = \"broker\"\ncategory = \"marketing\"\nsale_or_sharing = true";
    let error = toml::from_str::<PolicyBuilder>(file).unwrap().build().unwrap_err();
    assert_eq!(error.value(), "broker");
}

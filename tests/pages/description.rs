//! The OpenAPI document: every answer is as it says, field by field, and it says nothing that never comes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::{Value, json};
use tower_consent::{ConsentPages, MemoryStore, Regime, Signal};

use crate::site::{Answer, JSON, Site, policy, raw};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../src/endpoint/openapi.json")).unwrap());

fn resolve(mut schema: &Value) -> &Value {
    while let Some(path) = schema["$ref"].as_str() {
        schema = DOCUMENT.pointer(path.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{path} is not there"));
    }
    schema
}

/// Checks a value against a schema of the document.
fn check(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&whole).expect("a schema");
    validator.validate(value).map_err(|error| format!("{place}: {error}"))
}

/// Asserts that a value is as the document describes.
#[track_caller]
pub(crate) fn assert_described(schema: &str, value: &Value) {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    if let Err(why) = check(&schema, value, "") {
        panic!("{why}");
    }
}

/// The check itself sees what is wrong.
#[tokio::test]
async fn the_check_checks() {
    let site = Site::new().await;
    let state = site.state(&mut site.visitor()).await;
    assert_described("State", &state);
    for change in [
        |state: &mut Value| state["more"] = json!(1),
        |state: &mut Value| state["revision"] = json!("3"),
        |state: &mut Value| state["revision"] = json!(0),
        |state: &mut Value| state["date"] = json!("today"),
        |state: &mut Value| state["regime"] = json!("opt"),
        |state: &mut Value| state["categories"]["analytics"]["reason"] = json!("because"),
        |state: &mut Value| state["services"]["meta"]["allowed"] = json!(null),
        |state: &mut Value| state["honoured"] = json!(["tk"]),
        |state: &mut Value| state["asks"] = json!({}),
        |state: &mut Value| drop(state.as_object_mut().unwrap().remove("notice")),
    ] {
        let mut changed = state.clone();
        change(&mut changed);
        assert!(check(&json!({"$ref": "#/components/schemas/State"}), &changed, "").is_err(), "{changed}");
    }
}

#[tokio::test]
async fn it_is_served_with_the_path() {
    let site = Site::new().await;
    let document = site.get(&mut site.visitor(), "/privacy/api/openapi.json").await;
    assert_eq!((document.status, document.field("content-type")), (200, Some("application/json")));
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "/privacy/api");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["paths"], DOCUMENT["paths"]);
    // Every reference leads somewhere.
    fn walk(value: &Value) {
        if value.get("$ref").is_some() {
            resolve(value);
        }
        value.as_array().into_iter().flatten().for_each(walk);
        value.as_object().into_iter().flat_map(|fields| fields.values()).for_each(walk);
    }
    walk(&DOCUMENT);
    // And every path is served, by the methods that are described.
    for (path, methods) in document["paths"].as_object().unwrap() {
        let allow = site.send(raw("OPTIONS", &format!("/privacy/api{path}"), &[]).body("").unwrap()).await;
        for method in methods.as_object().unwrap().keys() {
            assert!(allow.field("allow").unwrap().contains(&method.to_uppercase()), "{path}");
        }
    }
}

/// Asserts that the document describes this answer of this call.
fn assert_answer(path: &str, method: &str, answer: &Answer, seen: &mut BTreeSet<String>) {
    let described = &DOCUMENT["paths"][path][method]["responses"][answer.status.to_string()];
    assert!(!described.is_null(), "{method} {path} never answers {}: {answer:?}", answer.status);
    let (kind, content) = resolve(described)["content"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(answer.field("content-type"), Some(kind.as_str()), "{path}");
    check(&content["schema"], &answer.json(), path).unwrap_or_else(|why| panic!("{path} {}: {why}", answer.status));
    seen.insert(format!("{method} {path} {}", answer.status));
}

/// Every status of every call comes, and is as described.
#[tokio::test]
async fn every_status_is_described_and_comes() {
    let mut seen = BTreeSet::new();
    let rules = policy().regime(Regime::OptOut).signal_always();
    let site = Site::with(rules).await;
    let mut visitor = site.visitor();
    let state = site.get(&mut visitor, "/privacy/api/state").await;
    assert_answer("/state", "get", &state, &mut seen);
    let document = site.get(&mut visitor, "/privacy/api/openapi.json").await;
    assert_answer("/openapi.json", "get", &document, &mut seen);
    let withdrawn = site.call(&mut visitor, "withdraw", json!({})).await;
    assert_answer("/withdraw", "post", &withdrawn, &mut seen);
    for body in [
        json!({"revision": 3, "all": true}),
        json!({"revision": 2, "all": true}),
        json!({"revision": 3, "all": true, "confirm": true}),
        json!({"revision": 3, "grant": ["nothing"]}),
        json!({"revision": "x", "all": true}),
        json!({"revision": 3, "language": "x".repeat(20_000)}),
    ] {
        let answer = site.call(&mut visitor, "choice", body).await;
        assert_answer("/choice", "post", &answer, &mut seen);
    }
    let answer = site.call_with(&mut visitor, "choice", "{}", "text/plain").await;
    assert_answer("/choice", "post", &answer, &mut seen);
    let mut signalling = site.visitor().with_signal(Signal::Gpc);
    let answer = site.call(&mut signalling, "choice", json!({"revision": 3, "all": true})).await;
    assert_eq!(answer.problem(), "closed-by-signal");
    assert_answer("/choice", "post", &answer, &mut seen);
    let state = site.get(&mut signalling, "/privacy/api/state").await;
    assert_answer("/state", "get", &state, &mut seen);
    let foreign = raw("POST", "/privacy/api/choice", &[("content-type", JSON)]);
    let answer = site.send(foreign.body("{\"revision\":3,\"all\":true}").unwrap()).await;
    assert_answer("/choice", "post", &answer, &mut seen);
    site.store.set_down(true);
    let body = json!({"revision": 3, "all": true, "confirm": true});
    let answer = site.call(&mut site.visitor(), "choice", body).await;
    assert_eq!(answer.status, 503);
    assert_answer("/choice", "post", &answer, &mut seen);

    // Without a layer.
    let pages = ConsentPages::at("/privacy", MemoryStore::new());
    for (path, method) in [("/state", "get"), ("/choice", "post"), ("/withdraw", "post")] {
        let request = raw(&method.to_uppercase(), &format!("/privacy/api{path}"), &[("content-type", JSON)]);
        let request = request.body(http_body_util::Full::new(hyper::body::Bytes::from("{}"))).unwrap();
        let answer = Answer::of(tower::ServiceExt::oneshot(pages.clone(), request).await.unwrap()).await;
        assert_answer(path, method, &answer, &mut seen);
    }

    let mut described = BTreeSet::new();
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            described.extend(
                operation["responses"].as_object().unwrap().keys().map(|status| format!("{method} {path} {status}")),
            );
        }
    }
    assert_eq!(seen, described);
}

/// What Google's tags are told stands in the state only where the pages keep them informed.
#[tokio::test]
async fn the_state_for_google_is_described() {
    let set = |pages: ConsentPages| pages.with_google_consent(["google-ads"]);
    let site = Site::on(crate::site::Carrier::Axum, policy(), set).await;
    let mut visitor = site.visitor();
    for (path, body, expected) in [
        ("choice", json!({"revision": 3, "grant": [], "grant_services": ["google-ads"]}), "granted"),
        ("withdraw", json!({}), "denied"),
    ] {
        let answer = site.call(&mut visitor, path, body).await.json();
        assert_described("State", &answer);
        assert_eq!(answer["google"]["ad_storage"], expected);
        assert_eq!(
            (&answer["google"]["analytics_storage"], &answer["google"]["security_storage"]),
            (&json!("denied"), &json!("granted"))
        );
        let state = site.state(&mut visitor).await;
        assert_eq!(state["google"], answer["google"]);
    }
    let site = Site::new().await;
    assert_eq!(site.state(&mut site.visitor()).await["google"], Value::Null);
}

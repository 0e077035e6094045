//! The JSON API against its own OpenAPI document: requests are made from what the document says, and from what it forbids;
//! every answer must be one that it describes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use proptest::{prelude::*, sample::select, test_runner::Config};
use serde_json::{Map, Value, json};
use tokio::runtime;
use tower::ServiceExt as _;
use tower_consent::{
    Category, ConsentLayer, ConsentPages, ManualClock, MemoryStore, Policy, PolicyBuilder, Regime, Revision,
    ServiceEntry,
};

/// Names that the policy has, and that a visitor may choose.
const CATEGORIES: [&str; 2] = ["analytics", "marketing"];
const SERVICES: [&str; 2] = ["ads", "maps"];
const TODAY: i64 = 1_800_000_000;

fn policy() -> PolicyBuilder {
    Policy::builder()
        .revision(Revision::new(1).on(2026, 1, 1))
        .revision(Revision::new(3).on(2026, 11, 22))
        .cookies(Category::ANALYTICS, ["_ga"])
        .service_entry(ServiceEntry::new("ads", "marketing"))
        .service_entry(ServiceEntry::new("maps", "analytics"))
}

/// One site for each kind of answer.
fn sites() -> Vec<Router> {
    let policies = [policy(), policy().signal_always(), policy().regime(Regime::OptOut)];
    let site = |policy: PolicyBuilder, capacity: usize| {
        let store = MemoryStore::builder().record_capacity(capacity).build();
        let pages = ConsentPages::at("/privacy", store).with_trusted_origins(["https://app.example.com"]).unwrap();
        let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(ManualClock::at(TODAY));
        Router::new().nest_service("/privacy", pages.with_body_limit(2_000)).layer(layer)
    };
    let mut sites: Vec<_> = policies.into_iter().map(|policy| site(policy, 10_000_000)).collect();
    // A store that takes nothing, and a site that was put together wrongly.
    sites.push(site(policy(), 0));
    sites.push(Router::new().nest_service("/privacy", ConsentPages::at("/privacy", MemoryStore::new())));
    sites
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

/// One request, as generated.
#[derive(Clone, Debug)]
struct Asked {
    site: usize,
    path: String,
    method: String,
    headers: Vec<(&'static str, String)>,
    content_type: Option<&'static str>,
    body: Vec<u8>,
}

async fn send(site: &Router, asked: &Asked) -> Answer {
    let mut request =
        Request::builder().method(asked.method.as_str()).uri(&asked.path).header("host", "www.example.com");
    for (name, value) in &asked.headers {
        request = request.header(*name, value);
    }
    if let Some(content_type) = asked.content_type {
        request = request.header("content-type", content_type);
    }
    let response = site.clone().oneshot(request.body(Body::from(asked.body.clone())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|error| panic!("{asked:?}: {error}: {}", String::from_utf8_lossy(&body)));
    Answer { status: parts.status, headers: parts.headers, body }
}

/// The document, with references resolved where they are met.
struct Document {
    root: Value,
}

impl Document {
    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("a reference inside of the document");
                self.resolve(self.root.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
            None => value,
        }
    }

    /// Paths with their methods.
    fn operations(&self) -> Vec<(String, String, &Value)> {
        let base = self.root["servers"][0]["url"].as_str().unwrap();
        let mut operations = Vec::new();
        for (path, methods) in self.root["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                operations.push((format!("{base}{path}"), method.to_uppercase(), operation));
            }
        }
        operations
    }

    /// A validator of a schema of this document.
    fn validator(&self, schema: &Value) -> jsonschema::Validator {
        let mut whole = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema] });
        whole["components"] = self.root["components"].clone();
        jsonschema::draft202012::options().should_validate_formats(true).build(&whole).expect("a schema")
    }
}

/// Values that a schema allows; names are those of the policy, now and then others.
fn valid(document: &Document, schema: &Value) -> BoxedStrategy<Value> {
    let schema = document.resolve(schema).clone();
    if let Some(values) = schema["enum"].as_array() {
        return select(values.clone()).boxed();
    }
    match schema["type"].as_str() {
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("integer") => {
            let (least, most) = (schema["minimum"].as_u64().unwrap_or(0), schema["maximum"].as_u64().unwrap_or(9));
            prop_oneof![6 => Just(3), 1 => least..=most, 1 => select(vec![least, most])].prop_map(Value::from).boxed()
        }
        // A tag of a language.
        Some("string") if schema["pattern"].as_str().is_some_and(|pattern| pattern.contains('(')) => {
            select(vec!["de", "AR", "pt-BR", "zh-Hant-TW", "x", "12345678-1"]).prop_map(Value::from).boxed()
        }
        Some("string") if schema.get("pattern").is_some() => {
            let known: Vec<_> = CATEGORIES.iter().chain(&SERVICES).map(|name| (*name).to_owned()).collect();
            prop_oneof![12 => select(known), 1 => "[a-z0-9_-]{1,32}", 1 => Just("essential".to_owned())]
                .prop_map(Value::from)
                .boxed()
        }
        Some("array") => {
            let items = valid(document, &schema["items"]);
            prop::collection::vec(items, 0..4).prop_map(Value::from).boxed()
        }
        Some("object") => {
            let fields: Vec<_> = schema["properties"].as_object().unwrap().clone().into_iter().collect();
            let required: BTreeSet<String> =
                serde_json::from_value(schema.get("required").cloned().unwrap_or(json!([]))).unwrap();
            let each: Vec<_> = fields
                .into_iter()
                .map(|(name, field)| {
                    let value = valid(document, &field);
                    let share = if required.contains(&name) { 1.0 } else { 0.4 };
                    prop::option::weighted(share, value).prop_map(move |value| value.map(|value| (name.clone(), value)))
                })
                .collect();
            each.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect::<Map<_, _>>())).boxed()
        }
        other => panic!("the generator knows no {other:?}: {schema}"),
    }
}

/// The same, with something wrong in it, mostly.
fn spoilt(value: BoxedStrategy<Value>) -> BoxedStrategy<Vec<u8>> {
    let odd = select(vec![
        json!(null),
        json!(-1),
        json!(4_294_967_296_u64),
        json!(1.5),
        json!("analytics"),
        json!(["Analytics"]),
        json!([1]),
        json!({}),
        json!("x".repeat(3_000)),
        json!([["analytics"]]),
        json!(true),
    ]);
    let with_odd_field = (
        value.clone(),
        select(vec!["revision", "grant", "all", "confirm", "language", "method", "no-such-field", ""]),
        odd,
    )
        .prop_map(|(mut value, name, odd)| {
            value[name] = odd;
            value.to_string().into_bytes()
        });
    let cut = (value, any::<prop::sample::Index>()).prop_map(|(value, at)| {
        let mut text = value.to_string().into_bytes();
        text.truncate(at.index(text.len() + 1));
        text
    });
    let raw = prop::collection::vec(any::<u8>(), 0..200);
    let plain =
        select(vec!["", "null", "[]", "\"all\"", "{\"all\":true,\"all\":true}", "{\"revision\":3,\"all\":true} x"]);
    prop_oneof![4 => with_odd_field, 2 => cut, 1 => raw, 1 => plain.prop_map(|text| text.as_bytes().to_vec())].boxed()
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let site = prop_oneof![
        8 => Just(vec![("sec-fetch-site", "same-origin".to_owned())]),
        1 => Just(vec![("sec-fetch-site", "cross-site".to_owned()), ("origin", "https://evil.example".to_owned())]),
        1 => Just(vec![("sec-fetch-site", "same-site".to_owned()), ("origin", "https://app.example.com".to_owned())]),
        1 => Just(vec![]),
    ];
    let signals = select(vec![vec![], vec![("dnt", "1".to_owned())], vec![("sec-gpc", "1".to_owned())]]);
    let cookie = select(vec![
        "",
        "__Host-consent=1:3:2027-01-15+analytics!marketing",
        "__Host-consent=1:3:2027-01-15!analytics!marketing",
        "__Host-consent=1:1:2027-01-15+analytics+marketing",
        "__Host-consent=1:3:2026-01-15+analytics+marketing",
        "__Host-consent=1:3:2028-01-15+analytics",
        "__Host-consent=what",
        "__Host-consent=1:3:2027-01-15+analytics; __Host-consent=1:3:2027-01-15!analytics",
    ]);
    (site, signals, cookie).prop_map(|(mut headers, signals, cookie)| {
        headers.extend(signals);
        if !cookie.is_empty() {
            headers.push(("cookie", cookie.to_owned()));
        }
        headers
    })
}

fn document(runtime: &runtime::Runtime, site: &Router) -> Document {
    let asked = Asked {
        site: 0,
        path: "/privacy/api/openapi.json".to_owned(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        content_type: None,
        body: Vec::new(),
    };
    Document { root: runtime.block_on(send(site, &asked)).body }
}

fn contradicts(body: &Value) -> bool {
    let names = |field: &str| body[field].as_array().cloned().unwrap_or_default();
    names("grant_services").iter().any(|name| names("refuse_services").contains(name))
}

#[test]
fn every_answer_is_one_that_the_document_describes() {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    let sites = sites();
    let document = document(&runtime, &sites[0]);
    assert_eq!(document.root["openapi"], "3.1.0");
    let operations = document.operations();
    assert!(operations.len() >= 4, "{operations:?}");
    let choice = document.resolve(&document.root["components"]["schemas"]["Choice"]).clone();
    let (good, bad) = (valid(&document, &choice), spoilt(valid(&document, &choice)));
    let is_choice = document.validator(&choice);
    let validators: Mutex<BTreeMap<String, jsonschema::Validator>> = Mutex::default();
    let met: Mutex<BTreeMap<(String, u16), u64>> = Mutex::default();

    let paths: Vec<_> = operations.iter().map(|(path, method, _)| (path.clone(), method.clone())).collect();
    let weighted: Vec<_> =
        paths.iter().flat_map(|one| vec![one.clone(); if one.0.ends_with("choice") { 12 } else { 1 }]).collect();
    let content_type = prop_oneof![
        20 => Just(Some("application/json")),
        2 => Just(Some("application/json; charset=utf-8")),
        1 => select(vec![None, Some("text/plain"), Some("application/x-www-form-urlencoded")]),
    ];
    let body = prop_oneof![3 => good.prop_map(|value| value.to_string().into_bytes()), 2 => bad];
    let asked = (0..sites.len(), select(weighted), headers(), content_type, body).prop_map(
        |(site, (path, method), headers, content_type, body)| {
            let body = if method == "GET" { Vec::new() } else { body };
            Asked { site, path, method, headers, content_type, body }
        },
    );
    let cases = if std::env::var_os("CI").is_some() { 20_000 } else { 2_000 };
    let mut runner =
        proptest::test_runner::TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&asked, |asked| {
        let answer = runtime.block_on(send(&sites[asked.site], &asked));
        let (.., operation) =
            operations.iter().find(|(path, method, _)| *path == asked.path && *method == asked.method).unwrap();
        *met.lock().unwrap().entry((asked.path.clone(), answer.status.as_u16())).or_default() += 1;

        // The status, the type and the shape are described.
        let described = operation["responses"].get(answer.status.as_str());
        let Some(described) = described else {
            panic!("{asked:?}: {} is not described: {}", answer.status, answer.body)
        };
        let described = document.resolve(described);
        let kind = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
        let kind = kind.split(';').next().unwrap();
        let content = &described["content"][kind];
        prop_assert!(content.is_object(), "{asked:?}: {kind} is not described for {}", answer.status);
        let mut validators = validators.lock().unwrap();
        let validator =
            validators.entry(content["schema"].to_string()).or_insert_with(|| document.validator(&content["schema"]));
        let errors: Vec<_> = validator.iter_errors(&answer.body).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{asked:?}: {}: {errors:?}", answer.body);
        if described["headers"].get("Cache-Control").is_some() {
            prop_assert!(answer.headers["cache-control"].to_str().unwrap().contains("no-store"));
        }
        if answer.headers.contains_key(header::SET_COOKIE) {
            prop_assert!(
                described["headers"].get("Set-Cookie").is_some(),
                "{asked:?}: a cookie with {}",
                answer.status
            );
        }

        // What the schema forbids is refused, and changes nothing; what it allows is not called malformed.
        let is_json = asked.content_type.is_some_and(|kind| kind.starts_with("application/json"));
        if asked.path.ends_with("/choice") && is_json && asked.site != 4 && asked.body.len() <= 2_000 {
            let twice = asked.body == b"{\"all\":true,\"all\":true}";
            // What no schema can say, and the description does: no service in both lists.
            let is_valid = !twice
                && serde_json::from_slice(&asked.body)
                    .is_ok_and(|body| is_choice.is_valid(&body) && !contradicts(&body));
            if !is_valid {
                let is_refused = matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN);
                prop_assert!(is_refused, "{asked:?}: {} {}", answer.status, answer.body);
                prop_assert!(!answer.headers.contains_key(header::SET_COOKIE));
            } else {
                prop_assert!(answer.body["code"] != "malformed", "{asked:?}: {}", answer.body);
            }
        }
        Ok(())
    });
    outcome.unwrap();

    // The generator has met every answer that the document describes, apart from those of a broken connection.
    let met = met.into_inner().unwrap();
    for (path, _, operation) in &operations {
        for status in operation["responses"].as_object().unwrap().keys() {
            let key = (path.clone(), status.parse().unwrap());
            let is_met = met.contains_key(&key);
            assert!(is_met, "{path} never answered {status}; met were {met:?}");
        }
    }
    println!("{met:?}");
}

//! The JSON API of the consent pages, against its own description. The first four bytes pick the site, the operation, who
//! asks, and the type of the body; the rest is the body.

use std::{
    future::Future,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tower::{Layer, Service};
use tower_consent::{
    Category, ConsentLayer, ConsentPages, ManualClock, MemoryStore, Policy, PolicyBuilder, Regime, Revision,
    ServiceEntry,
};

use super::pick;

const TODAY: i64 = 1_800_000_000;
/// Bytes of a body that are read.
const LIMIT: usize = 2_000;

const OPERATIONS: [(&str, &str); 6] = [
    ("POST", "/choice"),
    ("GET", "/state"),
    ("POST", "/withdraw"),
    ("GET", "/openapi.json"),
    ("POST", "/choice?language=de"),
    ("POST", "/choice?all=true&revision=3"),
];

const ASKERS: [&[(&str, &str)]; 12] = [
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("sec-fetch-site", "same-site"), ("origin", "https://app.example.com")],
    &[],
    &[("sec-fetch-site", "same-origin"), ("dnt", "1")],
    &[("sec-fetch-site", "same-origin"), ("sec-gpc", "1")],
    &[("sec-fetch-site", "same-origin"), ("cookie", "__Host-consent=1:3:2027-01-15+analytics!marketing")],
    &[("sec-fetch-site", "same-origin"), ("cookie", "__Host-consent=1:3:2027-01-15!analytics!marketing")],
    &[("sec-fetch-site", "same-origin"), ("cookie", "__Host-consent=1:1:2027-01-15+analytics+marketing"), ("dnt", "1")],
    &[("sec-fetch-site", "same-origin"), ("cookie", "__Host-consent=1:3:2028-01-15+analytics")],
    &[("sec-fetch-site", "none"), ("cookie", "__Host-consent=what")],
    &[("origin", "https://www.example.com"), ("cookie", "__Host-consent=1:3:2027-01-15+analytics; __Host-consent=x")],
];

const TYPES: [Option<&str>; 6] = [
    Some("application/json"),
    Some("application/json; charset=utf-8"),
    None,
    Some("text/plain"),
    Some("application/x-www-form-urlencoded"),
    Some("APPLICATION/JSON"),
];

/// A layer for each kind of answer, and how many records its store takes. The last site was put together wrongly.
static LAYERS: LazyLock<Vec<(Option<ConsentLayer>, usize)>> = LazyLock::new(|| {
    let policy = || {
        Policy::builder()
            .revision(Revision::new(1).on(2026, 1, 1))
            .revision(Revision::new(3).on(2026, 11, 22))
            .cookies(Category::ANALYTICS, ["_ga"])
            .service_entry(ServiceEntry::new("ads", "marketing"))
            .service_entry(ServiceEntry::new("maps", "analytics"))
    };
    let layer =
        |policy: PolicyBuilder| Some(ConsentLayer::new(policy.build().unwrap()).with_clock(ManualClock::at(TODAY)));
    vec![
        (layer(policy()), 100),
        (layer(policy().signal_always()), 100),
        (layer(policy().regime(Regime::OptOut)), 100),
        // A store that takes nothing.
        (layer(policy()), 0),
        (None, 100),
    ]
});

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| ask(0, "GET", "/openapi.json", &[], None, b"").body);

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

pub(crate) fn run(input: &[u8]) {
    let Some((site, rest)) = pick(input, LAYERS.len()) else { return };
    let Some((operation, rest)) = pick(rest, OPERATIONS.len()) else { return };
    let Some((asker, rest)) = pick(rest, ASKERS.len()) else { return };
    let Some((kind, body)) = pick(rest, TYPES.len()) else { return };
    let (method, path) = OPERATIONS[operation];
    let body = if method == "GET" { &[][..] } else { body };
    let answer = ask(site, method, path, ASKERS[asker], TYPES[kind], body);
    if let Err(found) = check(site, method, path, TYPES[kind], body, &answer) {
        let asked = (site, method, path, ASKERS[asker], TYPES[kind]);
        panic!("{found}: {asked:?} {} got {} {}", body.escape_ascii(), answer.status, answer.body);
    }
}

/// One request to a site whose store is new, so that no input hangs on an earlier one.
fn ask(
    site: usize,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    content_type: Option<&str>,
    body: &[u8],
) -> Answer {
    let (layer, capacity) = &LAYERS[site];
    let store = MemoryStore::builder().record_capacity(*capacity).build();
    let pages = ConsentPages::at("/privacy", store).with_trusted_origins(["https://app.example.com"]).unwrap();
    let mut pages = pages.with_body_limit(LIMIT);
    let mut request =
        Request::builder().method(method).uri(format!("/privacy/api{path}")).header("host", "www.example.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
    let response = match layer {
        Some(layer) => now(layer.layer(pages).call(request)).unwrap(),
        None => now(pages.call(request)).unwrap(),
    };
    let (parts, body) = response.into_parts();
    let body = now(body.collect()).unwrap().to_bytes();
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|error| panic!("{method} {path}: {error}: {}", body.escape_ascii()));
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Nothing here waits: the body is there, and the store is in memory.
fn now<F: Future>(answer: F) -> F::Output {
    let mut answer = pin!(answer);
    for _ in 0..100 {
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return answer;
        }
    }
    panic!("the answer waits for something");
}

fn check(
    site: usize,
    method: &str,
    path: &str,
    content_type: Option<&str>,
    body: &[u8],
    answer: &Answer,
) -> Result<(), String> {
    let path = path.split('?').next().unwrap();
    let operation = &DOCUMENT["paths"][path][method.to_ascii_lowercase()];
    let described = operation["responses"].get(answer.status.as_str()).ok_or("a status that is not described")?;
    let described = resolve(described);
    let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let schema = described["content"].get(kind.split(';').next().unwrap()).ok_or("a type that is not described")?;
    matches(&answer.body, &schema["schema"]).map_err(|error| format!("not the described shape: {error}"))?;
    let sets_cookie = answer.headers.contains_key(header::SET_COOKIE);
    if sets_cookie && described["headers"].get("Set-Cookie").is_none() {
        return Err("a cookie that is not described".into());
    }
    let is_no_store = answer.headers.get_all("cache-control").iter().any(|value| value.as_bytes() == b"no-store");
    if described["headers"].get("Cache-Control").is_some() && !is_no_store {
        return Err("an answer that caches may store".into());
    }
    // What the description forbids is refused, and changes nothing; what it allows is not called malformed.
    let is_json = content_type.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
    if path == "/choice" && is_json && LAYERS[site].0.is_some() && body.len() <= LIMIT {
        let is_refused = matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN);
        match serde_json::from_slice::<Value>(body) {
            Ok(choice) if is_described(&choice) => {
                // Fields that stand twice are no JSON that means anything, and a tree does not show them.
                if answer.body["code"] == "malformed" && !has_twice(body) {
                    return Err("called malformed, and it is not".into());
                }
            }
            _ if is_refused && !sets_cookie => {}
            _ => return Err("not refused, though it is malformed".into()),
        }
    }
    if !answer.status.is_success() && sets_cookie && answer.status != StatusCode::SERVICE_UNAVAILABLE {
        let takes_refusals = answer.status == StatusCode::CONFLICT;
        if !takes_refusals {
            return Err("a refused request that changes the consent".into());
        }
    }
    Ok(())
}

fn is_described(choice: &Value) -> bool {
    let names = |field: &str| choice[field].as_array().cloned().unwrap_or_default();
    let contradicts = names("grant_services").iter().any(|name| names("refuse_services").contains(name));
    matches(choice, &DOCUMENT["components"]["schemas"]["Choice"]).is_ok() && !contradicts
}

/// Whether a field's name stands twice in a text of JSON, or might.
fn has_twice(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let fields = ["revision", "all", "grant", "grant_services", "refuse_services", "confirm", "language", "method"];
    text.contains('\\') || fields.iter().any(|field| text.matches(&format!("\"{field}\"")).count() > 1)
}

fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            resolve(DOCUMENT.pointer(reference.strip_prefix('#').unwrap()).expect("a reference that leads somewhere"))
        }
        None => value,
    }
}

/// Holds a value against a schema, as far as the description uses JSON Schema; `api_description.rs` uses all of it.
fn matches(value: &Value, schema: &'static Value) -> Result<(), String> {
    let schema = resolve(schema);
    let is_type = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("the description has a new type: {other}"),
    };
    if let Some(name) = schema["type"].as_str()
        && !is_type(name)
    {
        return Err(format!("{value} is no {name}"));
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        return Err(format!("{value} is none of {values:?}"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("{value} is not the one value"));
    }
    if let Some(any) = schema["anyOf"].as_array()
        && !any.iter().any(|one| matches(value, one).is_ok())
    {
        return Err(format!("{value} is none of what it can be"));
    }
    if let Some(number) = value.as_f64() {
        let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
        let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
        if number < least || number > most {
            return Err(format!("{value} is too small or too large"));
        }
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        let fits_pattern = match schema["pattern"].as_str() {
            None => true,
            Some("^[a-z0-9_-]{1,32}$") => {
                (1..=32).contains(&length)
                    && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
            }
            Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$") => {
                let digits =
                    |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
                let parts: Vec<_> = text.split('-').collect();
                matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
            }
            Some("^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$") => text
                .split('-')
                .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())),
            Some(other) => panic!("the description has a new pattern: {other}"),
        };
        if !fits_pattern || length > schema["maxLength"].as_u64().unwrap_or(u64::MAX) {
            return Err(format!("{value} is not of its pattern or length"));
        }
    }
    if let Some(items) = value.as_array() {
        if (items.len() as u64) < schema["minItems"].as_u64().unwrap_or(0) {
            return Err(format!("{value} has too few items"));
        }
        if let Some(schema) = schema.get("items") {
            items.iter().try_for_each(|item| matches(item, schema))?;
        }
    }
    if let Some(fields) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(missing) = required.into_iter().find(|name| !fields.contains_key(*name)) {
            return Err(format!("{value} lacks {missing}"));
        }
        for (name, field) in fields {
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(schema), _) => matches(field, schema)?,
                (None, Some(Value::Bool(false))) => return Err(format!("{name} is not described")),
                (None, Some(schema @ Value::Object(_))) => matches(field, schema)?,
                (None, _) => {}
            }
        }
    }
    if schema.get("if").is_some() && matches(value, &schema["if"]).is_ok() {
        matches(value, &schema["then"])?;
    }
    Ok(())
}

//! Types and traits of other crates in public signatures. A new major version of such a crate is one of ours.

use std::collections::BTreeSet;

use serde_json::Value;

/// Each with the reason. The standard library needs none.
pub(crate) const ALLOWED: &[(&str, &str)] = &[
    // Tower and http: what a layer is, and what it works on.
    ("tower_layer::Layer", "every layer"),
    ("tower_layer::identity::Identity", "a consent layer with nothing inside of it"),
    ("tower_layer::stack::Stack", "`with_records` and its like: layers inside of the layer"),
    ("tower_service::Service", "every service"),
    ("http::extensions::Extensions", "where the decision is found without a framework"),
    ("http::header::map::HeaderMap", "signals, banners and sessions are read from it, changes are written to it"),
    ("http::header::name::HeaderName", "fields that are named in settings"),
    ("http::header::value::HeaderValue", "a value that is ready to be sent"),
    ("http::request::Builder", "`test`: a request that can go on to be built"),
    ("http::request::Parts", "hooks see a request without its body"),
    ("http::request::Request", "every service"),
    ("http::response::Response", "every service"),
    ("http::status::StatusCode", "a visit's answer"),
    ("http_body::Body", "`VisitBody` is one"),
    ("http_body::frame::Frame", "as above"),
    ("http_body::size_hint::SizeHint", "as above"),
    ("http_body_util::full::Full", "the body of the pages' answers"),
    ("bytes::bytes::Bytes", "as above"),
    // Texts and files.
    ("serde_core::de::Deserialize", "policies are read from files"),
    ("serde_core::de::Deserializer", "as above"),
    ("serde_core::ser::Serialize", "what is shown to programs"),
    ("serde_core::ser::Serializer", "as above"),
    ("time::date::Date", "the day of a choice, of a report"),
    // Features.
    ("axum_core::extract::FromRequestParts", "`axum`: extractors"),
    ("axum_core::extract::from_ref::FromRef", "as above"),
    ("axum_core::extract::option::OptionalFromRequestParts", "as above"),
    ("axum_core::response::Response", "`axum`: answers"),
    ("axum_core::response::into_response::IntoResponse", "as above"),
    ("axum_core::response::into_response_parts::IntoResponseParts", "as above"),
    ("axum_core::response::into_response_parts::ResponseParts", "as above"),
    ("askama::Template", "`pages`: the templates of `look`, so that others can go into one's own"),
    ("askama::FastWritable", "as above: its derive writes it"),
    ("askama::error::Result", "as above"),
    ("askama::values::Values", "as above"),
    ("deadpool_postgres::Pool", "`postgres`: a pool of the application's own"),
    ("redis::aio::connection_manager::ConnectionManager", "`redis`: a connection of the application's own"),
    ("redis::aio::multiplexed_connection::MultiplexedConnection", "as above"),
    ("redis::cluster_handling::async_connection::ClusterConnection", "as above"),
    // Nobody can name it: the bound of an `Unpin` that pin-project-lite writes.
    ("pin_project_lite::__private::PinnedFieldsOf", "futures"),
];

/// The paths of all types and traits of other crates that public items name, the standard library's left out.
pub(crate) fn types(json: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in json["index"].as_object().unwrap().values() {
        let implementation = &item["inner"]["impl"];
        // What the compiler or another crate gives to every type is no promise of ours.
        let is_given = implementation["is_synthetic"] == true || !implementation["blanket_impl"].is_null();
        if item["crate_id"] == 0 && !is_given {
            walk(&item["inner"], json, &mut found);
        }
    }
    assert!(found.len() > 10, "{found:?}");
    found
}

fn walk(value: &Value, json: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, json, found)),
        Value::Object(fields) => {
            // A path that leads to an item: its number says where that is.
            if let (Some(id), Some(_)) = (fields.get("id").and_then(Value::as_u64), fields.get("path")) {
                let item = &json["paths"][id.to_string()];
                let path: Vec<_> = item["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let is_own = item["crate_id"] == 0 || path.is_empty();
                if !is_own && !["core", "alloc", "std"].contains(&path[0]) {
                    found.insert(path.join("::"));
                }
            }
            fields.values().for_each(|value| walk(value, json, found));
        }
        _ => {}
    }
}

//! Choices that are read from the cookies of banners that a site already has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod edges;
mod properties;
#[path = "../common/property.rs"]
#[allow(dead_code, reason = "a case is a whole request here: they are fewer")]
mod property;
mod refusals;
mod settings;
mod sources;
mod values;

use serde_json::Value;
use tower_consent::{Banner, Category, ConsentSource, Policy, PolicyBuilder};

/// The policy of the tables: all built-in categories, a service of analytics and two of marketing.
fn policy() -> PolicyBuilder {
    Policy::builder()
        .cookies(Category::FUNCTIONAL, ["theme"])
        .cookies(Category::ANALYTICS, ["_pk_*"])
        .cookies(Category::MARKETING, ["_fbp"])
        .service("matomo", "analytics")
        .service("youtube", "marketing")
        .service("pixel", "marketing")
}

/// A source with the settings of a table: what a policy file says beside `banner`.
fn source(banner: Banner, settings: &Value) -> ConsentSource {
    let mut source = settings.as_object().unwrap().clone();
    source.retain(|_, value| !value.is_null());
    source.insert("banner".to_owned(), banner.as_str().into());
    serde_json::from_value(Value::Object(source)).unwrap()
}

//! What stands open at all times, whatever was chosen: the privacy policy and the imprint.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use tower_consent::{Decision, Fragments, Policy};

use super::page::render;

#[derive(Template)]
#[template(path = "privacy_policy.html", config = "examples/demo/askama.toml")]
struct PrivacyPolicy<'a> {
    fragments: Fragments,
    policy: &'a Policy,
}

pub(super) async fn privacy_policy(decision: Decision, fragments: Fragments) -> Response {
    render(StatusCode::OK, &PrivacyPolicy { fragments, policy: decision.policy() })
}

#[derive(Template)]
#[template(path = "imprint.html", config = "examples/demo/askama.toml")]
struct Imprint {
    fragments: Fragments,
}

pub(super) async fn imprint(fragments: Fragments) -> Response {
    render(StatusCode::OK, &Imprint { fragments })
}

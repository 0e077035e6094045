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
    statements: Vec<&'a str>,
}

pub(super) async fn privacy_policy(decision: Decision, fragments: Fragments) -> Response {
    let policy = decision.policy();
    let statements = policy.about().statements().map(|statement| statement.in_language("en")).collect();
    render(StatusCode::OK, &PrivacyPolicy { fragments, policy, statements })
}

#[derive(Template)]
#[template(path = "imprint.html", config = "examples/demo/askama.toml")]
struct Imprint {
    fragments: Fragments,
}

pub(super) async fn imprint(fragments: Fragments) -> Response {
    render(StatusCode::OK, &Imprint { fragments })
}

//! Real values of every banner, as tables: `values/<banner>.json`.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};
use tower_consent::{Banner, ConsentLayer, Decision, ManualClock, UndecidedReason};

use super::common::{decision_of, request};

/// One table: the values of one tool in one version.
#[derive(Deserialize)]
pub(crate) struct Table {
    pub(crate) banner: Banner,
    tool: String,
    version: String,
    status: String,
    source: String,
    pub(crate) cookies: Vec<Cookie>,
    pub(crate) cases: Vec<Case>,
}

/// A cookie that the tool writes.
#[derive(Deserialize)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) prefix: bool,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The `Cookie` line.
    pub(crate) cookie: String,
    #[serde(default)]
    pub(crate) settings: Value,
    pub(crate) expected: Expected,
    /// The moment of the request, where it matters.
    #[serde(default, with = "time::serde::rfc3339::option")]
    now: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
pub(crate) struct Expected {
    pub(crate) state: String,
    #[serde(default)]
    granted: Vec<String>,
    #[serde(default)]
    refused: Vec<String>,
    #[serde(default)]
    pub(crate) decided_at: Option<String>,
}

/// Every table.
pub(crate) fn tables() -> Vec<Table> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/banners/values");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| {
        serde_json::from_str(&fs::read_to_string(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files.iter().map(read).collect()
}

fn state(decision: &Decision) -> &'static str {
    decision.undecided().map_or("decided", UndecidedReason::as_str)
}

/// What the choice names, as the tables write it: of an outdated or expired one only the refusals.
fn named(decision: &Decision, is_granted: bool) -> BTreeSet<String> {
    if is_granted && decision.undecided().is_some() {
        return BTreeSet::new();
    }
    let Some(choice) = decision.choice() else { return BTreeSet::new() };
    let categories: Vec<_> = if is_granted { choice.granted().collect() } else { choice.refused().collect() };
    let services: Vec<_> =
        if is_granted { choice.granted_services().collect() } else { choice.refused_services().collect() };
    let services = services.into_iter().map(|service| format!("@{service}"));
    categories.into_iter().map(|category| category.to_string()).chain(services).collect()
}

#[tokio::test]
async fn every_value_is_read_as_the_tool_means_it() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for table in tables() {
        assert!(["run", "source", "docs", "observed"].contains(&table.status.as_str()), "{}: status", table.tool);
        assert!(!table.version.is_empty() && !table.source.is_empty(), "{}: version and source", table.tool);
        for case in &table.cases {
            count += 1;
            let settings = if case.settings.is_null() { serde_json::json!({}) } else { case.settings.clone() };
            let policy = super::policy().source(super::source(table.banner, &settings)).build().unwrap();
            let decided_at =
                case.expected.decided_at.as_deref().map(|text| OffsetDateTime::parse(text, &Rfc3339).unwrap());
            let now = case.now.or(decided_at.map(|at| at + Duration::DAY)).unwrap_or(datetime!(2026-11-22 12:00 UTC));
            let layer = ConsentLayer::new(policy).with_clock(ManualClock::at(now.unix_timestamp()));
            let decision = decision_of(&layer, request(&[("cookie", &case.cookie)])).await;
            let found = (state(&decision), named(&decision, true), named(&decision, false));
            let Expected { state, granted, refused, .. } = &case.expected;
            let expected = (state.as_str(), granted.iter().cloned().collect(), refused.iter().cloned().collect());
            let day = decision.choice().map(|choice| choice.day());
            let is_day_right = decided_at.is_none_or(|at| day == Some(at.date()));
            if found != expected || !is_day_right {
                wrong.push(format!(
                    "{} {}, {}:\n  {}\n  found    {found:?} of {day:?}\n  expected {expected:?} of {decided_at:?}",
                    table.tool, table.version, case.name, case.cookie
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} values:\n{}", wrong.len(), wrong.join("\n"));
}

/// A value is known as its own tool's, by its name and shape.
#[test]
fn every_decided_value_is_detected() {
    for table in tables() {
        for case in table.cases.iter().filter(|case| case.expected.state == "decided") {
            if !case.settings["cookie"].is_null() {
                continue;
            }
            let found: Vec<_> = Banner::detect(request(&[("cookie", &case.cookie)]).headers()).collect();
            assert!(found.contains(&table.banner), "{}: {found:?} in {}", table.tool, case.cookie);
        }
    }
    assert_eq!(Banner::detect(request(&[("cookie", "xklaro={}; y=klaro={}")]).headers()).count(), 0);
}

/// Reading rule 9: every cookie that a tool writes passes where the policy names its banner.
#[tokio::test]
async fn every_cookie_of_a_banner_passes() {
    for table in tables() {
        let case = table.cases.iter().find(|case| case.settings["cookie"].is_null()).expect("a case with its own name");
        let settings = if case.settings.is_null() { serde_json::json!({}) } else { case.settings.clone() };
        let policy = super::policy().source(super::source(table.banner, &settings)).build().unwrap();
        let decision = decision_of(&ConsentLayer::new(policy), request(&[])).await;
        for Cookie { name, prefix } in &table.cookies {
            let name = if *prefix { format!("{name}anything") } else { name.clone() };
            assert!(decision.cookie_verdict(name.as_bytes()).is_allowed(), "{}: {name}", table.tool);
        }
        assert!(!decision.cookie_verdict(b"_fbp").is_allowed());
    }
}

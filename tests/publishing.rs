//! What is published: what comes into a build is named, the package holds what it should, and what the manual lists is
//! complete.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use tower_consent::{Policy, PolicyBuilder};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn manifest() -> toml::Table {
    read("Cargo.toml").parse().unwrap()
}

/// The first cells of a manual's tables, without their backticks.
fn first_cells(chapter: &str) -> BTreeSet<String> {
    let text = read(&format!("src/manual/{chapter}.rs"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect()
}

#[test]
fn each_dependency_has_its_line_in_the_manual() {
    let manifest = manifest();
    let named: BTreeSet<_> = manifest["dependencies"].as_table().unwrap().keys().cloned().collect();
    assert!(named.len() > 20);
    assert_eq!(first_cells("dependencies"), named);
    // No other way in.
    assert!(!manifest.contains_key("build-dependencies") && !manifest.contains_key("target"));
}

/// The feature that brings a crate is the one that the manual names.
#[test]
fn optional_dependencies_stand_under_their_features() {
    let manifest = manifest();
    let features = manifest["features"].as_table().unwrap();
    let chapter = read("src/manual/dependencies.rs");
    for (name, setting) in manifest["dependencies"].as_table().unwrap() {
        let is_optional = setting.get("optional").is_some_and(|optional| optional.as_bool() == Some(true));
        let row = chapter.lines().find(|line| line.starts_with(&format!("//! | `{name}` |"))).unwrap();
        let brings = |feature: &toml::Value| {
            let parts = feature.as_array().unwrap();
            parts.iter().any(|part| part.as_str() == Some(&format!("dep:{name}")))
        };
        let by: Vec<_> = features.iter().filter(|(_, parts)| brings(parts)).map(|(feature, _)| feature).collect();
        assert_eq!(is_optional, !by.is_empty(), "{name}");
        if is_optional {
            let cell: Vec<_> =
                row.split(" | ").nth(2).unwrap().split(", ").map(|word| word.trim_matches('`')).collect();
            assert_eq!(cell, by, "{name}");
        }
    }
}

#[test]
fn there_is_no_unsafe_code() {
    assert_eq!(
        manifest()["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid"),
        "for examples, tests and benches too"
    );
    assert!(read("src/lib.rs").lines().any(|line| line == "#![forbid(unsafe_code)]"));
}

/// Every file that only works with the repository stays out, and nothing that a reader of the package needs.
#[test]
fn the_package_holds_what_it_should() {
    let cargo = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--quiet"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let files = String::from_utf8(cargo.stdout).unwrap();
    let files: BTreeSet<_> = files.lines().collect();
    for needed in [
        "CHANGELOG.md",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "src/lib.rs",
        "src/manual/mod.rs",
        "examples/hyper.rs",
        "examples/nginx.conf",
        "examples/policies/complete.toml",
        "src/catalogue/open-cookie-database/LICENSE",
        "src/catalogue/open-cookie-database/table.in",
    ] {
        assert!(files.contains(needed), "{needed} is missing");
    }
    let wrong = files.iter().filter(|file| {
        let folder = file.split('/').next().unwrap();
        !["src", "examples"].contains(&folder) && file.contains('/')
            || [".csv", ".png", ".har", ".log", ".redb"].iter().any(|end| file.ends_with(end))
            || ["examples/demo/", "examples/guard/", "examples/catalogue/", "examples/inventory/"]
                .iter()
                .any(|folder| file.starts_with(folder))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&&str>::new());
}

/// The README's examples are doc tests. This is what it says beside them.
#[test]
fn the_readme_says_what_the_manifest_says() {
    let (manifest, readme, page) = (manifest(), read("README.md"), read("src/lib.rs"));
    let package = manifest["package"].as_table().unwrap();
    let (version, _) = package["version"].as_str().unwrap().rsplit_once('.').unwrap();
    assert!(readme.contains(&format!("tower-consent = {{ version = \"{version}\"")), "{version}");
    assert!(readme.contains(&format!("Rust {} or newer", package["rust-version"].as_str().unwrap())));
    assert_eq!(package["license"].as_str(), Some("MIT OR Apache-2.0"));
    let rows = |text: &str, sign: &str| -> BTreeSet<String> {
        let (_, table) = text.split_once("| feature | default | what it adds |").unwrap();
        let rows = table.lines().skip(1).map_while(|line| line.strip_prefix(sign)?.strip_prefix('|'));
        rows.filter_map(|row| row.strip_prefix(" `")?.split('`').next()).map(str::to_owned).collect()
    };
    let features: BTreeSet<_> = manifest["features"].as_table().unwrap().keys().cloned().collect();
    let features: BTreeSet<_> = features.into_iter().filter(|name| name != "default").collect();
    assert_eq!(rows(&page, "//! "), features);
    assert_eq!(rows(&readme, ""), features);
    // Every file that it shows or names is there.
    let shown = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for path in shown.filter(|path| !path.starts_with("http")) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
    for chapter in readme.split("`manual::").skip(1).filter_map(|rest| rest.split('`').next()) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/manual/{chapter}.rs")).exists(), "{chapter}");
    }
}

/// The options of the guard are those that its usage says.
#[test]
fn the_manual_has_the_options_of_the_guard() {
    let options = |text: &str| -> BTreeSet<String> {
        let words = text.split("--").skip(1).map(|rest| rest.split(|next: char| !next.is_ascii_lowercase()).next());
        words.map(|word| format!("--{}", word.unwrap())).collect()
    };
    let guard = read("examples/guard/main.rs");
    let usage = guard.split_once("const USAGE").unwrap().1.split_once(';').unwrap().0;
    let chapter = read("src/manual/deployment.rs");
    let rows: String = chapter.lines().filter(|line| line.starts_with("//! | `--")).collect();
    assert_eq!(options(&rows), options(usage));
}

/// Each rule that this crate is built by has a row, and each row a setting, or a word that there is none.
#[test]
fn the_laws_name_every_rule() {
    let text = read("src/manual/laws.rs");
    let mut named = BTreeSet::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("//! | R")) {
        let cells: Vec<_> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 5, "R{row}");
        assert!(!cells[3].is_empty() && !cells[4].is_empty(), "no setting: R{row}");
        for part in cells[0].split(", ") {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim_start_matches('R').parse::<u32>().unwrap();
            named.extend(number(from)..=number(to));
        }
    }
    let missing: Vec<_> = (1..=128).filter(|number| !named.contains(number)).collect();
    assert_eq!(missing, Vec::<u32>::new());
}

/// The names that serde accepts in a place of a policy file, as its own message lists them.
fn accepted(file: &str) -> Vec<String> {
    let error = serde_json::from_str::<PolicyBuilder>(file).unwrap_err().to_string();
    let (_, list) = error.split_once("expected ").unwrap_or_else(|| panic!("{file}: {error}"));
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_defaults_name_every_setting_of_a_policy_file() {
    let text = read("src/manual/defaults.rs");
    let complete = read("examples/policies/complete.toml");
    let places = [
        r#"{"?": 1}"#,
        r#"{"signals": {"?": 1}}"#,
        r#"{"cookies": [{"?": 1}]}"#,
        r#"{"categories": [{"?": 1}]}"#,
        r#"{"services": [{"?": 1}]}"#,
        r#"{"consent_cookie": {"?": 1}}"#,
        r#"{"tokens": {"?": 1}}"#,
        r#"{"floors": {"?": 1}}"#,
        r#"{"retention": {"?": 1}}"#,
        r#"{"visits": {"?": 1}}"#,
        r#"{"revisions": [{"?": 1}]}"#,
        r#"{"about": {"?": 1}}"#,
    ];
    let mut missing = Vec::new();
    for place in places {
        let names = accepted(place);
        assert!(!names.is_empty(), "{place}");
        for name in names {
            // In the tables, or explained where it stands in the complete file.
            let is_told = text.contains(&format!("`{name}`")) || text.contains(&format!(".{name}`"));
            if !is_told && !complete.contains(&format!("{name} = ")) && !complete.contains(&format!("{name}]")) {
                missing.push(format!("{name} of {place}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    for name in accepted(r#"{"?": 1}"#) {
        assert!(text.contains(&format!("`{name}`")) || text.contains(&format!("`{name}.")), "no line for {name}");
    }
    // The numbers, as far as a policy tells them.
    let policy = Policy::default();
    assert_eq!((policy.revision().number(), policy.consent_cookie_name()), (1, "__Host-consent"));
    assert!(text.contains("`__Host-consent`") && text.contains("one: number 1"));
}

/// Every method that changes a default is named where the defaults stand.
#[test]
fn the_defaults_name_every_setter() {
    let text = read("src/manual/defaults.rs");
    let mut count = 0;
    let mut missing = Vec::new();
    let mut folders: Vec<_> = ["endpoint", "enforce", "record", "report", "store", "token", "visit"]
        .map(|room| Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Values that are filled in, and the words of the pages: they have no defaults.
            let is_value =
                ["store/record.rs", "store/error.rs", "record/choices.rs", "record/rights.rs", "token/issue.rs"]
                    .iter()
                    .any(|file| path.ends_with(file));
            if is_value || path.components().any(|part| part.as_os_str() == "look") {
                continue;
            }
            for line in fs::read_to_string(&path).unwrap().lines() {
                let Some(rest) = line.trim_start().strip_prefix("pub fn ") else { continue };
                let Some((name, rest)) = rest.split_once('(') else { continue };
                if rest.starts_with("mut self") && (rest.contains("-> Self") || rest.ends_with("mut self,")) {
                    count += 1;
                    let name = name.split('<').next().unwrap();
                    if !text.contains(&format!("`{name}`")) {
                        missing.push(format!("{name} of {}", path.display()));
                    }
                }
            }
        }
    }
    assert!(count > 40, "only {count} setters found: is the reader blind?");
    assert!(missing.is_empty(), "{missing:#?}");
}

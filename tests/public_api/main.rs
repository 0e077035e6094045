//! The public interface as text, `interface.txt`, and the types of other crates in it. Who changes either sees it in the same
//! commit, and can say in the changelog what it means for others:
//!
//! ```console
//! $ RENEW=1 cargo test --all-features --test public_api
//! ```
//!
//! No version is published yet to compare with. From the first one on, a line that goes from the text is a new major version.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod foreign;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What rustdoc says of the library with all its features, as JSON; `None` where this toolchain writes another form of it.
fn described() -> Option<&'static (PathBuf, Value)> {
    static DESCRIBED: OnceLock<Option<(PathBuf, Value)>> = OnceLock::new();
    DESCRIBED.get_or_init(describe).as_ref()
}

fn describe() -> Option<(PathBuf, Value)> {
    // Below the folder of all builds: what `cargo doc` has of the dependencies is used again.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo tells a test of this package is no setting. Build scripts that look for it would run again, with all that
    // follows from them, here and in the next build outside.
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_told)) {
        cargo.env_remove(name);
    }
    let cargo = cargo
        .args(["rustdoc", "--lib", "--all-features", "--offline", "--quiet", "--target-dir"])
        .arg(target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTDOC", root().join(".ci/rustdoc"))
        .current_dir(root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let file = target.join("doc/tower_consent.json");
    let text = fs::read_to_string(&file).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let form = json["format_version"].as_u64().unwrap();
    if form == u64::from(FORM) {
        return Some((file, json));
    }
    let other = format!("rustdoc writes form {form}, and public-api reads {FORM}: take another version of it");
    assert!(env::var_os("CI").is_none(), "{other}");
    eprintln!("skipped: {other}");
    None
}

fn is_told(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|start| name.starts_with(start))
}

/// The form of rustdoc's JSON that this version of public-api reads.
const FORM: u32 = 57;

#[test]
fn the_interface_is_the_one_that_is_written_down() {
    let Some((file, _)) = described() else { return };
    let api = public_api::Builder::from_rustdoc_json(file)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap();
    let now: Vec<_> = api.items().map(ToString::to_string).collect();
    assert!(now.len() > 1_000, "{}", now.len());
    let written = root().join("tests/public_api/interface.txt");
    if env::var_os("RENEW").is_some() {
        fs::write(&written, now.join("\n") + "\n").unwrap();
        return;
    }
    let before = fs::read_to_string(&written).unwrap();
    let before: Vec<_> = before.lines().map(str::to_owned).collect();
    let gone: Vec<_> = before.iter().filter(|line| !now.contains(line)).map(|line| format!("- {line}")).collect();
    let new: Vec<_> = now.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}")).collect();
    assert!(gone.is_empty() && new.is_empty(), "RENEW=1 writes it down:\n{}\n{}", gone.join("\n"), new.join("\n"));
}

#[test]
fn types_of_other_crates_are_those_of_the_list() {
    let Some((_, json)) = described() else { return };
    let found = foreign::types(json);
    let allowed = foreign::ALLOWED.iter().map(|(path, _why)| (*path).to_owned()).collect();
    let new: Vec<_> = found.difference(&allowed).collect();
    assert!(new.is_empty(), "not on the list: {new:?}");
    let unused: Vec<_> = allowed.difference(&found).collect();
    assert!(unused.is_empty(), "on the list, and used no more: {unused:?}");
}

//! The fuzz targets without a fuzzer: over every file of `fuzz/corpus`, over generated lines, and over what was once found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod found;
#[path = "../oracle/inputs.rs"]
mod inputs;
#[path = "../common/property.rs"]
mod property;
mod targets;

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use inputs::{cookie_line, set_cookie_line};
use property::hold;
use proptest::prelude::*;
use targets::{
    banners::{BANNERS, SUBJECTS},
    browser::{MANNERS, Page, read},
    request, response,
    scenarios::{NOW, SCENARIOS},
};
use tower_consent::Banner;

// Corpora.

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = targets::root().join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_input_of_the_corpora_holds() {
    let mut findings = Vec::new();
    for (name, target) in targets::ALL {
        let inputs = corpus(name);
        assert!(inputs.len() >= 10, "{name} has a corpus of {}", inputs.len());
        for (path, input) in inputs {
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                findings.push(path);
            }
        }
    }
    assert!(findings.is_empty(), "findings: {findings:?}");
}

/// Every reader is reached, and its corpus holds something that grants, or for the strings that only refuse, something that
/// is read at all.
#[test]
fn every_banner_has_its_target_and_seeds() {
    let missing: Vec<_> = Banner::ALL.iter().filter(|banner| !BANNERS.contains(&banner.as_str())).collect();
    assert!(missing.is_empty(), "no target for {missing:?}");
    let first_bytes: BTreeSet<u8> = corpus("banners").iter().filter_map(|(_, input)| input.first().copied()).collect();
    for (place, name) in BANNERS.iter().enumerate() {
        let letter = b'A' + u8::try_from(place).unwrap();
        assert!(first_bytes.contains(&letter), "{name} has no seed");
    }
    let never_grants = ["us-privacy"];
    for (place, subject) in SUBJECTS.iter().enumerate() {
        let letter = b'A' + u8::try_from(place).unwrap();
        let seeds: Vec<_> = corpus("banners").into_iter().filter(|(_, input)| input.first() == Some(&letter)).collect();
        let grants = seeds.iter().any(|(_, input)| !subject.grants(&targets::field_lines(&input[1..], 3)).is_empty());
        assert!(grants || never_grants.contains(&BANNERS[place]), "no seed of {} grants anything", BANNERS[place]);
    }
}

/// All the values that the tools really wrote.
#[test]
fn every_real_value_of_a_banner_holds() {
    for subject in SUBJECTS.iter() {
        for line in &subject.lines {
            let lines = [line.as_bytes().to_vec()];
            targets::banners::check(subject, &lines)
                .unwrap_or_else(|found| panic!("{}: {found}: {line}", subject.banner));
        }
    }
}

// The layer against a browser and a server.

/// R24 to R36: no browser stores a cookie that the policy refuses, whatever its line looks like; what it stores comes back
/// to the application.
#[test]
fn no_browser_stores_what_is_refused() {
    let lines = prop::collection::vec(set_cookie_line(), 0..4);
    hold(&(0..SCENARIOS.len(), lines), |(scenario, lines)| response::check(&SCENARIOS[scenario], &trimmed(lines)));
}

/// R29, R30: whatever a line says, no browser keeps the cookie for longer than its rule, or without the policy's attributes.
#[test]
fn no_browser_keeps_a_cookie_beyond_its_rule() {
    hold(&prop::collection::vec(set_cookie_line(), 1..4), |lines| response::check_floors(&trimmed(lines)));
}

/// R46 to R50, R66 to R72: no server finds a refused name in what is left, and what is left stays when filtered again.
#[test]
fn no_server_sees_what_is_refused() {
    let lines = prop::collection::vec(cookie_line(), 0..4);
    hold(&(0..SCENARIOS.len(), lines), |(scenario, lines)| request::check(&SCENARIOS[scenario], &trimmed(lines)));
}

/// Blanks around a field's value are no part of it, on the wire.
fn trimmed(lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    lines.iter().map(|line| targets::naive::trim(line)).collect()
}

// The browser itself.

/// The model is only worth what it knows: the specification's own examples (R24 to R34).
#[test]
fn the_browser_knows_the_examples_of_the_documents() {
    let page = |is_secure| Page { is_secure, host: "www.example.com", path: "/shop/basket" };
    let standard = MANNERS[0];
    let stored = |line: &str| {
        read(line.as_bytes(), page(true), standard, NOW).map(|cookie| {
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            (text(cookie.name), text(cookie.value), text(cookie.path), cookie.ends.map(|end| end - NOW))
        })
    };
    let is =
        |name: &str, value: &str, path: &str, ends: Option<i64>| Ok((name.into(), value.into(), path.into(), ends));
    for (line, expected) in [
        ("a=b", is("a", "b", "/shop", None)),
        (" a \t= b=c ; x", is("a", "b=c", "/shop", None)),
        ("a=\"b;c\"", is("a", "\"b", "/shop", None)),
        ("=a=b", is("", "a=b", "/shop", None)),
        ("ab", is("", "ab", "/shop", None)),
        ("\u{a0}a=b", is("\u{a0}a", "b", "/shop", None)),
        ("a=; Path=/x; path=y", is("a", "", "/shop", None)),
        ("a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", is("a", "b", "/shop", Some(60))),
        ("a=b; Expires=Fri, 15 Jan 2027 08:00:09 GMT; Max-Age=x", is("a", "b", "/shop", Some(9))),
        ("a=b; Max-Age=99999999999999999999", is("a", "b", "/shop", Some(400 * 86_400))),
        ("a=b; Max-Age=+5", is("a", "b", "/shop", None)),
        ("a=b; Domain=example.com", is("a", "b", "/shop", None)),
        ("a=b; Domain=.WWW.example.com", is("a", "b", "/shop", None)),
        ("a=b; Domain=shop.example.com", Err("another host's Domain")),
        ("a=b; Domain=com", Err("another host's Domain")),
        ("a=b; Domain=example.com.", Err("another host's Domain")),
        ("; Max-Age=5", Err("neither name nor value")),
        ("=; Max-Age=5", Err("neither name nor value")),
        ("a=b; SameSite=None", Err("SameSite=None or Partitioned without Secure")),
        ("a=b; Partitioned", Err("SameSite=None or Partitioned without Secure")),
        ("__Secure-a=b", Err("a prefix without Secure")),
        ("__secure-a=b", Err("a prefix without Secure")),
        ("__Host-a=b; Secure", Err("a prefix without Path=/, or with Domain")),
        ("__HOST-a=b; Secure; Path=/; Domain=example.com", Err("a prefix without Path=/, or with Domain")),
        ("__Host-a=b; Secure=no; Path=/", is("__Host-a", "b", "/", None)),
        ("__Http-a=b; Secure", Err("a prefix without HttpOnly")),
        ("__Host-Http-a=b; Secure; HttpOnly; Path=/", is("__Host-Http-a", "b", "/", None)),
        ("__Host-a", Err("a nameless cookie that looks like one with a prefix")),
        ("=__host-a=b; Secure; Path=/", Err("a nameless cookie that looks like one with a prefix")),
    ] {
        assert_eq!(stored(line), expected, "{line}");
    }
    let long = |name: usize| format!("{}=b", "a".repeat(name));
    assert!(stored(&long(4_095)).is_ok());
    assert_eq!(stored(&long(4_096)), Err("more than 4096 bytes"));
    assert_eq!(read(b"a=b\x01", page(true), standard, NOW), Err("a control character"));
    assert_eq!(read(b"a=b; Secure", page(false), standard, NOW), Err("Secure from an insecure page"));
    // Where browsers differ.
    let ends = |line: &str, manner| read(line.as_bytes(), page(true), manner, NOW).unwrap().ends;
    assert_eq!(MANNERS.map(|manner| ends("a=b; Max-Age=5; Max-Age=x", manner)), [Some(NOW + 5), None, None]);
    assert_eq!(MANNERS.map(|manner| ends("a=b; Max-Age=+5", manner)), [None, None, Some(NOW + 5)]);
}

//! The data against the CSV.

use std::{collections::BTreeMap, fs};

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tower_consent::{Catalogue, Category};

use crate::{
    naive::{self, FOLDER, ROWS, WORDS, known},
    table,
};

/// The table in the source is what the program makes now, byte for byte.
#[test]
fn the_table_is_what_the_program_makes() {
    let made = table::make(&naive::csv()).unwrap();
    assert_eq!(made, table::make(&naive::csv()).unwrap(), "twice the same");
    let stands = fs::read_to_string(format!("{FOLDER}/table.in")).unwrap();
    assert!(made == stands, "run `cargo run --example catalogue`");
}

/// Source, licence and changes stand beside the data, and are of this data.
#[test]
fn the_notice_is_of_this_csv() {
    let read = |name: &str| fs::read_to_string(format!("{FOLDER}/{name}")).unwrap();
    let notice = read("NOTICE.md");
    let digest: String = Sha256::digest(naive::csv()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(notice.contains(&digest), "{digest}");
    assert!(notice.contains(&format!("CSV's {} rows", thousands(ROWS.len()))));
    let names = read("table.in").lines().filter(|line| line.starts_with('(')).count();
    assert!(notice.contains(&format!("{} names", thousands(names))), "{names}");
    assert!(
        notice.contains("jkwakman/Open-Cookie-Database") && notice.contains("0ee5a17fe1cb002943f89370d24fc26a4226061c")
    );
    assert!(
        read("LICENSE").contains("Apache License") && read("table.in").starts_with("// Derived from the Open Cookie")
    );
}

fn thousands(number: usize) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}

/// Every name of the CSV that is not a prefix is found as it is written, with the strictest of its categories.
#[test]
fn every_exact_name_is_found() {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in ROWS.iter().filter(|row| !row.is_wildcard) {
        names.entry(&row.name).or_default().push(naive::category(WORDS[row.label]));
    }
    assert!(names.len() > 1_900);
    let placeholders = ["SSPR_*", "DSP2F_*", "SCM*", "UID_EXT_*", "pagead/conv/%INTEGER%"];
    for (name, categories) in names {
        let entry = Catalogue::lookup(name.as_bytes()).unwrap_or_else(|| panic!("{name}"));
        let strictest =
            ["marketing", "analytics", "functional"].into_iter().find(|category| categories.contains(category));
        assert_eq!(Some(entry.category.as_str()), strictest, "{name}");
        assert_eq!(entry.prefix.is_some(), placeholders.contains(&name), "{name}");
    }
}

/// Every prefix of the CSV is found by names that begin with it, if none is longer.
#[test]
fn every_prefix_is_found() {
    let prefixes: Vec<_> = ROWS.iter().filter_map(naive::prefix).collect();
    assert!(prefixes.len() > 260);
    for prefix in prefixes {
        // Nothing in the CSV goes on like this.
        for more in ["\u{1}", "\u{1}23456789", &"\u{1}".repeat(4_000)] {
            let entry = Catalogue::lookup(format!("{prefix}{more}").as_bytes()).unwrap_or_else(|| panic!("{prefix}"));
            assert_eq!(entry.prefix, Some(prefix));
        }
        let itself = Catalogue::lookup(prefix.as_bytes()).unwrap();
        assert!(itself.prefix.is_none_or(|found| found == prefix), "{prefix}");
    }
}

/// Anchors by hand: what stands in the CSV for names that everybody knows, and each rule for its flaws.
#[test]
fn known_names_are_known() {
    for (name, expected) in [
        ("_ga", Some(("Analytics", "Google Analytics", None))),
        ("_ga_1A2B3C", Some(("Analytics", "Google Analytics", Some("_ga_")))),
        ("_fbp", Some(("Marketing", "Facebook", None))),
        ("PHPSESSID", Some(("Functional", "PHP.net", None))),
        // Exact before prefix, of the same letters and of others.
        ("euconsent", Some(("Marketing", "LiveRamp", None))),
        // The longest.
        ("wp-settings-1", Some(("Functional", "WordPress", Some("wp-settings-")))),
        ("wp-settings-time-1", Some(("Functional", "WordPress", Some("wp-settings-time-")))),
        ("_session_id", Some(("Analytics", "Marfeel", Some("_s")))),
        // Two categories: the strictest.
        ("token", Some(("Marketing", "Adform", None))),
        ("chk", Some(("Marketing", "Mediarithmics", None))),
        ("dc", Some(("Marketing", "BetweenDigital", None))),
        // Placeholders and slips of the pen.
        ("SCM1", Some(("Marketing", "Smaato", Some("SCM")))),
        ("SSPR_1", Some(("Marketing", "Adkernel", Some("SSPR_")))),
        ("pagead/conv/17", Some(("Analytics", "Indeed", Some("pagead/conv/")))),
        ("ce_need_secure_cookie", Some(("Analytics", "Crazy Egg", None))),
        ("ce_need_secure_cookie\t", Some(("Analytics", "Crazy Egg", None))),
        ("logglytrackingsession", Some(("Functional", "Loggly", None))),
        ("logglytrackings\u{ad}ession", Some(("Functional", "Loggly", None))),
        ("pvc_visits[0]", Some(("Analytics", "Postviewscounter", None))),
        // Byte by byte.
        ("_GA", None),
        (" _ga", None),
        ("_g", None),
        ("", None),
        ("_", None),
        ("an application's own", None),
    ] {
        let entry = Catalogue::lookup(name.as_bytes());
        assert_eq!(entry.map(|entry| (entry.label.as_str(), entry.platform, entry.prefix)), expected, "{name:?}");
    }
    let ga = Catalogue::lookup(b"_ga").unwrap();
    assert_eq!((ga.category, ga.retention), (Category::ANALYTICS, "2 years"));
    assert_eq!(Catalogue::lookup(b"sessionid").unwrap().domain, "instagram.com");
}

/// A public list never says that a cookie is essential.
#[test]
fn nothing_is_essential() {
    let mut words = BTreeMap::new();
    for row in ROWS.iter() {
        let entry = Catalogue::lookup(row.name.as_bytes()).unwrap();
        assert_ne!(entry.category, Category::ESSENTIAL, "{}", row.name);
        *words.entry(entry.label.as_str()).or_insert(0) += 1;
    }
    assert_eq!(words.len(), WORDS.len(), "each of the database's words is kept: {words:?}");
}

/// Names near those of the CSV, and any others.
fn names() -> impl Strategy<Value = Vec<u8>> {
    let listed = || (0..ROWS.len()).prop_map(|place| ROWS[place].name.clone().into_bytes());
    prop_oneof![
        listed(),
        (listed(), any::<Vec<u8>>()).prop_map(|(name, more)| [name, more].concat()),
        (listed(), 0..50_usize).prop_map(|(name, length)| name[..length.min(name.len())].to_vec()),
        (listed(), listed()).prop_map(|(name, more)| [name, more].concat()),
        (listed(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut name, place, byte)| {
            let place = place.index(name.len());
            name[place] = byte;
            name
        }),
        any::<Vec<u8>>(),
        "[A-Za-z_.-]{1,12}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// The fast way finds what a walk over the rows finds.
    #[test]
    fn the_fast_way_agrees_with_the_plain_one(name in names()) {
        prop_assert_eq!(Catalogue::lookup(&name).map(known), naive::lookup(&name));
    }
}

/// And on every name of the CSV, as it is and with more.
#[test]
fn both_ways_agree_on_the_whole_csv() {
    for row in ROWS.iter() {
        for name in [row.name.clone(), format!("{}x", row.name), format!("_{}", row.name)] {
            assert_eq!(Catalogue::lookup(name.as_bytes()).map(known), naive::lookup(name.as_bytes()), "{name}");
        }
    }
}

/// No look-up allocates, whatever the name.
#[test]
fn a_look_up_allocates_nothing() {
    let long = [b"_ga_".as_slice(), &[b'x'; 10_000]].concat();
    let measured = allocation_counter::measure(|| {
        for name in [b"_ga".as_slice(), b"_ga_x", b"nobody_knows_it", &long, b""] {
            std::hint::black_box(Catalogue::lookup(std::hint::black_box(name)));
        }
    });
    assert_eq!(measured.count_total, 0);
}

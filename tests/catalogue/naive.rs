//! The catalogue as it could be written in a page: row by row over the CSV.

use std::sync::LazyLock;

use tower_consent::CatalogueEntry;

use crate::table::{self, Row};

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue/open-cookie-database");

pub(crate) fn csv() -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/open-cookie-database.csv")).unwrap()
}

pub(crate) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| table::read(&csv()).unwrap());

pub(crate) const WORDS: [&str; 6] =
    ["Functional", "Marketing", "Analytics", "Security", "Necessary", "Personalization"];

/// Our category for a word of the database.
pub(crate) fn category(word: &str) -> &'static str {
    match word {
        "Marketing" => "marketing",
        "Analytics" => "analytics",
        "Functional" | "Security" | "Necessary" | "Personalization" => "functional",
        _ => panic!("{word}"),
    }
}

/// What a row without a placeholder begins with; `None` for an exact name.
pub(crate) fn prefix(row: &Row) -> Option<&str> {
    let name = row.name.as_str();
    match name.strip_suffix('*').or(name.strip_suffix("%INTEGER%")) {
        Some(start) => Some(start),
        None => row.is_wildcard.then_some(name),
    }
}

/// The rows with their prefix, and with the name without slips of the pen.
static READ: LazyLock<Vec<(&Row, Option<&str>, String)>> =
    LazyLock::new(|| ROWS.iter().map(|row| (row, prefix(row), row.name.replace(['\t', '\u{ad}'], ""))).collect());

/// What counts of an entry: the database's word, platform, domain, retention, prefix.
pub(crate) type Known<'a> = (&'a str, &'a str, &'a str, &'a str, Option<&'a str>);

pub(crate) fn known(entry: CatalogueEntry) -> Known<'static> {
    assert_eq!(entry.category.as_str(), category(entry.label.as_str()));
    (entry.label.as_str(), entry.platform, entry.domain, entry.retention, entry.prefix)
}

/// An exact name before a prefix, a longer prefix before a shorter one, a stricter category before another, else the first.
pub(crate) fn lookup(name: &[u8]) -> Option<Known<'static>> {
    let mut best: Option<((bool, usize, u8), &Row)> = None;
    for (row, prefix, clean) in READ.iter() {
        let prefix = *prefix;
        let fit = match prefix {
            Some(prefix) => name.starts_with(prefix.as_bytes()),
            None => name == row.name.as_bytes() || name == clean.as_bytes(),
        };
        let strictness = match category(WORDS[row.label]) {
            "marketing" => 2,
            "analytics" => 1,
            _ => 0,
        };
        let rank = (prefix.is_none(), prefix.map_or(0, str::len), strictness);
        if fit && best.is_none_or(|(other, _)| rank > other) {
            best = Some((rank, row));
        }
    }
    best.map(|(_, row)| (WORDS[row.label], &*row.platform, &*row.domain, &*row.retention, prefix(row)))
}

//! From the rows of the Open Cookie Database to a Rust source file of static tables.
//!
//! 1. A name whose `Wildcard match` is 1 is a prefix, one with 0 is exact. With 0 and a trailing `*` or `%INTEGER%` it is
//!    a prefix all the same: what stands before that.
//! 2. A name that holds a control character or a soft hyphen stands twice: as it is written, and without it.
//! 3. Of several rows of one name, exact or prefix, the one of the most restrictive category counts: marketing, then
//!    analytics, then all others; of equals the first.
//! 4. Categories keep the database's own words; what they mean to a policy is said where they are read.
//! 5. Platform, domain and retention are kept, trimmed; description, controller, portal and id are left out.

use std::{collections::BTreeMap, error::Error, fmt::Write as _};

#[path = "../../src/catalogue/hash.rs"]
mod hash;

/// The database's words for a category, in the order of their numbers in the table.
const LABELS: [&str; 6] = ["Functional", "Marketing", "Analytics", "Security", "Necessary", "Personalization"];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A row of the database.
pub(crate) struct Row {
    /// As it is written.
    pub(crate) name: String,
    /// What `Wildcard match` says.
    pub(crate) is_wildcard: bool,
    /// A number in `LABELS`.
    pub(crate) label: usize,
    /// Whose cookie it is.
    pub(crate) platform: String,
    /// The domain that it is set for; empty for the site's own.
    pub(crate) domain: String,
    /// How long it is kept, in the database's words.
    pub(crate) retention: String,
}

/// Reads the database.
pub(crate) fn read(csv: &[u8]) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(csv);
    let titles = reader.headers()?.clone();
    let column = |title: &str| {
        titles.iter().position(|found| found == title).ok_or_else(|| format!("the CSV has no column {title:?}"))
    };
    let columns =
        ["Cookie / Data Key name", "Wildcard match", "Category", "Platform", "Domain", "Retention period"].map(column);
    let [name, wildcard, category, platform, domain, retention] = columns;
    let (name, wildcard, category) = (name?, wildcard?, category?);
    let (platform, domain, retention) = (platform?, domain?, retention?);
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record?;
        let text = |column: usize| record.get(column).unwrap_or_default();
        let odd = |what: &str| format!("row {}: {what}", number + 2);
        rows.push(Row {
            name: text(name).to_owned(),
            is_wildcard: match text(wildcard) {
                "0" => false,
                "1" => true,
                other => return Err(odd(&format!("wildcard {other:?}")).into()),
            },
            label: LABELS
                .iter()
                .position(|label| *label == text(category))
                .ok_or_else(|| odd(&format!("category {:?}", text(category))))?,
            platform: text(platform).trim().to_owned(),
            domain: text(domain).trim().to_owned(),
            retention: text(retention).trim().to_owned(),
        });
    }
    Ok(rows)
}

/// The names that a row stands for, each with whether it is a prefix.
pub(crate) fn names(row: &Row) -> Vec<(String, bool)> {
    let (name, is_prefix) = match row.name.strip_suffix('*').or_else(|| row.name.strip_suffix("%INTEGER%")) {
        Some(start) => (start.to_owned(), true),
        None => (row.name.clone(), row.is_wildcard),
    };
    let clean: String = name.chars().filter(|c| !c.is_control() && *c != '\u{ad}').collect();
    let is_clean = clean == name;
    let both = [(name, is_prefix), (clean, is_prefix)];
    both.into_iter().take(if is_clean { 1 } else { 2 }).collect()
}

/// How much a category closes: the more, the higher.
pub(crate) fn strictness(label: usize) -> u8 {
    match LABELS.get(label) {
        Some(&"Marketing") => 2,
        Some(&"Analytics") => 1,
        _ => 0,
    }
}

/// The table as Rust source.
pub(crate) fn make(csv: &[u8]) -> Result<String> {
    let rows = read(csv)?;
    // In the order of names, so that a newer database changes few lines.
    let mut known: BTreeMap<(String, bool), &Row> = BTreeMap::new();
    for row in &rows {
        for name in names(row) {
            if name.0.is_empty() || name.1 && !(2..=63).contains(&name.0.len()) || name.0.len() > 255 {
                return Err(format!("{name:?}: too short or too long").into());
            }
            let best = known.entry(name).or_insert(row);
            if strictness(row.label) > strictness(best.label) {
                *best = row;
            }
        }
    }
    let mut texts = Texts::default();
    let mut places = Vec::new();
    let mut facts = String::new();
    for ((name, is_prefix), row) in &known {
        let kind = row.label << 1 | usize::from(*is_prefix);
        let (platform, domain, retention) =
            (texts.place(&row.platform)?, texts.place(&row.domain)?, texts.place(&row.retention)?);
        writeln!(facts, "({kind}, {platform}, {domain}, {retention}),")?;
        places.push(hash::hash(name.as_bytes(), *is_prefix));
    }
    let longest = known.keys().map(|(name, _)| name.len()).max().unwrap_or_default();

    let mut out = String::from(HEADER);
    writeln!(out, "pub(super) const LONGEST: usize = {longest};\n")?;
    lines(&mut out, "NAMES", known.keys().map(|(name, _)| name))?;
    writeln!(out, "static FACTS: [(u8, u16, u16, u16); {}] = [\n{facts}];\n", known.len())?;
    lines(&mut out, "TEXTS", &texts.all)?;
    numbers(&mut out, "DISPLACEMENTS", &displacements(&places)?)?;
    Ok(out)
}

const HEADER: &str = "\
// Derived from the Open Cookie Database (jkwakman/Open-Cookie-Database), Apache License 2.0: see LICENSE and NOTICE.md
// beside this file, which also say what was changed. Made by `cargo run --example catalogue`; do not edit.

";

/// Every text once.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    places: BTreeMap<String, u16>,
}

impl Texts {
    fn place(&mut self, text: &str) -> Result<u16> {
        if let Some(place) = self.places.get(text) {
            return Ok(*place);
        }
        let place = u16::try_from(self.all.len())?;
        self.all.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        Ok(place)
    }
}

/// A string of lines, whose starts a `u16` can count.
fn lines<'text>(out: &mut String, name: &str, lines: impl IntoIterator<Item = &'text String>) -> Result<()> {
    writeln!(out, "pub(super) static {name}: &str = \"\\")?;
    let mut end = 0;
    for line in lines {
        // A blank after the first line's backslash would be lost.
        if line.contains('\n') || end == 0 && line.starts_with(char::is_whitespace) {
            return Err(format!("{line:?} cannot be a line").into());
        }
        writeln!(out, "{}", line.chars().flat_map(escaped).collect::<String>())?;
        end += line.len() + 1;
    }
    writeln!(out, "\";\n")?;
    u16::try_from(end)?;
    Ok(())
}

fn escaped(c: char) -> Vec<char> {
    if c == '\'' { vec![c] } else { c.escape_debug().collect() }
}

fn numbers(out: &mut String, name: &str, numbers: &[u8]) -> Result<()> {
    write!(out, "pub(super) static {name}: [u8; {}] = [", numbers.len())?;
    for (place, number) in numbers.iter().enumerate() {
        write!(out, "{}{number},", if place % 16 == 0 { "\n    " } else { " " })?;
    }
    writeln!(out, "\n];\n")?;
    Ok(())
}

/// A displacement for each bucket, by which no two names share a slot. The fullest buckets choose first.
fn displacements(hashes: &[u64]) -> Result<Vec<u8>> {
    let count = (hashes.len() * 3 / 2).next_power_of_two();
    let mut buckets = vec![Vec::new(); count / hash::SLOTS_OF_BUCKET];
    for hash in hashes {
        let bucket = hash::bucket(*hash, buckets.len());
        buckets.get_mut(bucket).ok_or("no such bucket")?.push(*hash);
    }
    let mut order: Vec<_> = (0..buckets.len()).collect();
    order.sort_by_key(|bucket| std::cmp::Reverse(buckets.get(*bucket).map_or(0, Vec::len)));
    let mut displacements = vec![0; buckets.len()];
    let mut is_taken = vec![false; count];
    for number in order {
        let bucket = buckets.get(number).ok_or("no such bucket")?;
        let fits = |displacement: u8| {
            let mut taken: Vec<_> = bucket.iter().map(|hash| hash::slot(*hash, displacement, count)).collect();
            taken.sort_unstable();
            let is_free = taken.iter().all(|slot| is_taken.get(*slot) == Some(&false));
            is_free && taken.windows(2).all(|two| two.first() != two.last())
        };
        let displacement =
            (0..=u8::MAX).find(|displacement| fits(*displacement)).ok_or("no displacement: more slots")?;
        for hash in bucket {
            *is_taken.get_mut(hash::slot(*hash, displacement, count)).ok_or("no such slot")? = true;
        }
        *displacements.get_mut(number).ok_or("no such bucket")? = displacement;
    }
    Ok(displacements)
}

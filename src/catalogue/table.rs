//! The Open Cookie Database as static tables. The facts are `table.in`, made by `examples/catalogue`, never by hand; where
//! each of them stands is counted when this is compiled, and need not be in the package.

use super::hash::{SLOTS_OF_BUCKET, bucket, hash, slot};

include!("open-cookie-database/table.in");

/// A name: its start in `NAMES`, its length, twice the number of its label (and one for a prefix), and the places of its
/// platform, domain and retention in `TEXTS`. Ten bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row(pub(super) u16, pub(super) u8, pub(super) u8, pub(super) u16, pub(super) u16, pub(super) u16);

/// In the order of the names.
pub(super) static ROWS: [Row; FACTS.len()] = rows();
/// Where each line of `TEXTS` starts, and where the one after the last would.
pub(super) static TEXT_STARTS: [u16; lines(TEXTS) + 1] = starts(TEXTS);
/// For each head, which lengths the prefixes have that begin so: a bit for each.
pub(super) static LENGTHS: [u64; HEADS] = lengths();
/// For each slot of a hash its row.
pub(super) static SLOTS: [u16; DISPLACEMENTS.len() * SLOTS_OF_BUCKET] = slots();

/// The heads of names, their first two bytes, for which the lengths of prefixes are kept.
const HEADS: usize = 512;

/// The place of a head.
#[inline]
pub(super) const fn head(first: u8, second: u8) -> usize {
    (first as usize * 37 + second as usize) % HEADS
}

const fn lines(text: &str) -> usize {
    let (mut rest, mut lines) = (text.as_bytes(), 0);
    while let [byte, after @ ..] = rest {
        if *byte == b'\n' {
            lines += 1;
        }
        rest = after;
    }
    lines
}

/// The program that makes the facts holds that the last start is a `u16`, and a name's length a `u8`.
#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
const fn starts<const COUNT: usize>(text: &str) -> [u16; COUNT] {
    let text = text.as_bytes();
    let mut starts = [0; COUNT];
    let (mut at, mut line) = (0, 0);
    while at < text.len() {
        at += 1;
        if text[at - 1] == b'\n' {
            line += 1;
            starts[line] = at as u16;
        }
    }
    starts
}

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
const fn rows() -> [Row; FACTS.len()] {
    let starts: [u16; FACTS.len() + 1] = starts(NAMES);
    let mut rows = [Row(0, 0, 0, 0, 0, 0); FACTS.len()];
    let mut row = 0;
    while row < FACTS.len() {
        let (kind, platform, domain, retention) = FACTS[row];
        let length = starts[row + 1] - starts[row] - 1;
        rows[row] = Row(starts[row], length as u8, kind, platform, domain, retention);
        row += 1;
    }
    rows
}

const fn name(row: Row) -> &'static [u8] {
    NAMES.as_bytes().split_at(row.0 as usize).1.split_at(row.1 as usize).0
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn lengths() -> [u64; HEADS] {
    let mut lengths = [0; HEADS];
    let mut row = 0;
    while row < ROWS.len() {
        if let (true, [first, second, ..]) = (ROWS[row].2 & 1 == 1, name(ROWS[row])) {
            lengths[head(*first, *second)] |= 1 << ROWS[row].1;
        }
        row += 1;
    }
    lengths
}

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
const fn slots() -> [u16; DISPLACEMENTS.len() * SLOTS_OF_BUCKET] {
    let mut slots = [u16::MAX; DISPLACEMENTS.len() * SLOTS_OF_BUCKET];
    let mut row = 0;
    while row < ROWS.len() {
        let hash = hash(name(ROWS[row]), ROWS[row].2 & 1 == 1);
        let displacement = DISPLACEMENTS[bucket(hash, DISPLACEMENTS.len())];
        slots[slot(hash, displacement, slots.len())] = row as u16;
        row += 1;
    }
    slots
}

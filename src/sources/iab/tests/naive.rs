//! The same formats once more, the slow way: a string of '0' and '1', cut with indices, every vendor written out.

use crate::sources::iab::Fault;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The vendors that the tests ask for: asking for every number would take most of their time.
pub(super) fn is_asked(vendor: u16) -> bool {
    vendor <= 1100 || vendor >= 65_000
}

/// Bytes that are no ASCII stand in no alphabet, as '?' does.
fn ascii(text: &[u8]) -> String {
    text.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
}

/// A text of '0' and '1' that is eaten from the front.
#[derive(Clone)]
struct Zeros(String);

impl Zeros {
    fn of(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        text.chars()
            .map(|character| Some(format!("{:06b}", ALPHABET.find(character)?)))
            .collect::<Option<Vec<_>>>()
            .map(|bits| Self(bits.concat()))
    }

    fn take(&mut self, width: usize) -> Option<String> {
        (width <= self.0.len()).then(|| self.0.drain(..width).collect())
    }

    fn number(&mut self, width: usize) -> Option<u64> {
        self.take(width).map(|bits| u64::from_str_radix(&bits, 2).unwrap_or_default())
    }

    fn fibonacci(&mut self) -> Option<u64> {
        let length = self.0.find("11")? + 2;
        let code = self.take(length)?;
        let mut worths = vec![1u64, 2];
        while worths.len() < length {
            worths.push(worths[worths.len() - 1].saturating_add(worths[worths.len() - 2]));
        }
        let sum = code[..length - 1]
            .chars()
            .zip(worths)
            .filter(|(bit, _)| *bit == '1')
            .fold(0u64, |sum, (_, worth)| sum.saturating_add(worth));
        (sum <= 65535).then_some(sum)
    }

    fn flags(&mut self, width: usize) -> Option<Vec<u8>> {
        let bits = self.take(width)?;
        Some((1..).zip(bits.chars()).filter(|(_, bit)| *bit == '1').map(|(number, _)| number).collect())
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tcf {
    pub(super) created: i64,
    pub(super) last_updated: i64,
    pub(super) cmp_id: u16,
    pub(super) policy_version: u8,
    pub(super) is_service_specific: bool,
    pub(super) purposes: Vec<u8>,
    pub(super) interest: Vec<u8>,
    pub(super) purpose_one_treatment: bool,
    pub(super) country: Option<String>,
    pub(super) vendors: Vec<u16>,
    pub(super) disclosed: Option<Vec<u16>>,
    pub(super) publisher: Option<Vec<u8>>,
}

pub(super) fn tcf(text: &[u8]) -> Result<Tcf, Fault> {
    if text.len() > 4096 {
        return Err(Fault::Malformed);
    }
    let text = &ascii(text);
    match text.chars().next() {
        Some('C') => match read_tcf(text) {
            None => Err(Fault::Malformed),
            Some(tcf) if tcf.policy_version < 4 => Err(Fault::OldPolicy),
            Some(tcf) => Ok(tcf),
        },
        Some('B') => Err(Fault::TcfV1),
        Some('D') => Err(Fault::Gpp),
        _ => Err(Fault::Malformed),
    }
}

fn read_tcf(text: &str) -> Option<Tcf> {
    let segments: Vec<&str> = text.split('.').collect();
    let mut core = Zeros::of(segments[0])?;
    core.take(6)?;
    let created = core.number(36)? as i64 / 10;
    let last_updated = core.number(36)? as i64 / 10;
    let cmp_id = core.number(12)? as u16;
    core.take(12 + 6 + 12 + 12)?;
    let policy_version = core.number(6)? as u8;
    let is_service_specific = core.number(1)? == 1;
    core.take(1 + 12)?;
    let purposes = core.flags(24)?;
    let interest = core.flags(24)?;
    let purpose_one_treatment = core.number(1)? == 1;
    let letters = [core.number(6)? as u8, core.number(6)? as u8];
    let country = letters
        .iter()
        .all(|letter| *letter < 26)
        .then(|| letters.iter().map(|letter| char::from(b'A' + letter)).collect());
    let vendors = vendors(&mut core)?;
    self::vendors(&mut core)?;
    for _ in 0..core.number(12)? {
        core.take(8)?;
        ranges(&mut core, 65535)?;
    }
    let (mut disclosed, mut publisher, mut kinds) = (None, None, vec![0]);
    for segment in &segments[1..] {
        let mut bits = Zeros::of(segment)?;
        let kind = bits.number(3)?;
        if kinds.contains(&kind) {
            return None;
        }
        kinds.push(kind);
        if kind == 1 {
            disclosed = Some(self::vendors(&mut bits)?);
        }
        if kind == 3 {
            publisher = Some(bits.flags(24)?);
            bits.take(24)?;
            let custom = bits.number(6)? as usize;
            bits.take(custom)?;
            bits.take(custom)?;
        }
    }
    Some(Tcf {
        created,
        last_updated,
        cmp_id,
        policy_version,
        is_service_specific,
        purposes,
        interest,
        purpose_one_treatment,
        country,
        vendors,
        disclosed,
        publisher,
    })
}

fn vendors(bits: &mut Zeros) -> Option<Vec<u16>> {
    let largest = bits.number(16)?;
    if bits.number(1)? == 1 {
        return ranges(bits, largest);
    }
    let field = bits.take(largest as usize)?;
    Some(
        (1..=largest as u16)
            .zip(field.chars())
            .filter(|(_, bit)| *bit == '1')
            .map(|(vendor, _)| vendor)
            .filter(|vendor| is_asked(*vendor))
            .collect(),
    )
}

fn ranges(bits: &mut Zeros, largest: u64) -> Option<Vec<u16>> {
    let mut set = vec![false; 65536];
    for _ in 0..bits.number(12)? {
        let is_range = bits.number(1)? == 1;
        let first = bits.number(16)?;
        let last = if is_range { bits.number(16)? } else { first };
        if first < 1 || last < first || last > largest {
            return None;
        }
        set[first as usize..=last as usize].fill(true);
    }
    Some((0..=65535u16).filter(|vendor| is_asked(*vendor) && set[usize::from(*vendor)]).collect())
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gpp {
    pub(super) opts_out: Option<bool>,
    pub(super) gpc: Option<bool>,
    pub(super) unread: bool,
    pub(super) tcf_eu: Option<String>,
    pub(super) tcf_canada: Option<String>,
}

/// What each state has before its opt-outs, as the specification lists it: notices, then opt-outs.
const US: [(u16, usize, usize, u64); 17] = [
    (7, 6, 3, 2),
    (8, 3, 2, 1),
    (9, 3, 2, 1),
    (10, 3, 2, 1),
    (11, 4, 2, 1),
    (12, 3, 2, 1),
    (13, 3, 2, 1),
    (14, 3, 2, 1),
    (15, 3, 2, 1),
    (16, 3, 2, 1),
    (17, 3, 2, 1),
    (18, 4, 2, 1),
    (19, 3, 2, 1),
    (20, 3, 2, 1),
    (21, 3, 2, 1),
    (22, 3, 2, 1),
    (23, 3, 2, 1),
];

pub(super) fn gpp(text: &[u8]) -> Option<Gpp> {
    if text.len() > 4096 {
        return None;
    }
    let text = ascii(text);
    let parts: Vec<&str> = text.split('~').collect();
    let mut header = Zeros::of(parts[0])?;
    if header.number(6)? != 3 || header.number(6)? != 1 {
        return None;
    }
    let (mut ids, mut last) = (Vec::new(), 0);
    for _ in 0..header.number(12)? {
        let is_group = header.number(1)? == 1;
        let first = last + header.fibonacci()?;
        last = if is_group { first + header.fibonacci()? } else { first };
        if last > 65535 {
            return None;
        }
        ids.extend(first..=last);
        if ids.len() > 4096 {
            return None;
        }
    }
    if ids.len() != parts.len() - 1 || parts[1..].contains(&"") {
        return None;
    }
    let (mut answers, mut gpcs, mut unread) = (Vec::new(), Vec::new(), false);
    let (mut tcf_eu, mut tcf_canada) = (None, None);
    for (id, section) in ids.iter().zip(&parts[1..]) {
        match id {
            2 => tcf_eu = Some((*section).to_owned()),
            5 => tcf_canada = Some((*section).to_owned()),
            6 => match section.to_uppercase().chars().collect::<Vec<_>>()[..] {
                ['1', notice, answer, lspa]
                    if section.is_ascii() && [notice, answer, lspa].iter().all(|c| "YN-".contains(*c)) =>
                {
                    answers.push(match answer {
                        'Y' => 1,
                        'N' => 2,
                        _ => 0,
                    });
                }
                _ => unread = true,
            },
            id => match us(*id as u16, section) {
                Some((all, gpc)) => {
                    unread |= all.contains(&3) && !all.contains(&1);
                    answers.extend(all);
                    gpcs.extend(gpc);
                }
                None => unread = true,
            },
        }
    }
    let opts_out = if answers.contains(&1) || gpcs.contains(&true) {
        Some(true)
    } else if answers.contains(&2) && !unread {
        Some(false)
    } else {
        None
    };
    let gpc = if gpcs.is_empty() { None } else { Some(gpcs.contains(&true)) };
    Some(Gpp { opts_out, gpc, unread, tcf_eu, tcf_canada })
}

/// The answers, where 3 is one that nobody can tell, and GPC.
fn us(id: u16, section: &str) -> Option<(Vec<u64>, Vec<bool>)> {
    let (_, notices, opt_outs, newest) = US.into_iter().find(|state| state.0 == id)?;
    let parts: Vec<&str> = section.split('.').collect();
    let mut core = Zeros::of(parts[0])?;
    if !(1..=newest).contains(&core.number(6)?) {
        return None;
    }
    core.0 = core.0.get(2 * notices..).unwrap_or_default().to_owned();
    let mut answers: Vec<u64> = (0..opt_outs).map(|_| core.number(2).unwrap_or(3)).collect();
    let mut gpc = Vec::new();
    for part in &parts[1..] {
        match Zeros::of(part) {
            Some(mut bits) => {
                let kind = bits.number(2);
                let value = bits.number(1) == Some(1);
                if kind == Some(1) {
                    gpc.push(value);
                }
            }
            None => answers.push(3),
        }
    }
    Some((answers, gpc))
}

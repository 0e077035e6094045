//! What the documents say happens to cookie lines, as plainly as it can be written: byte by byte, slow, and with nothing
//! of the crate's own code, so that both can only agree by being right.

/// Never may a cookie's fate hang on more than these: its name, and whether what it falls under is allowed.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// Names, or prefixes with a `*` at the end, and whether the visitor allows them (design, section 3).
    pub(crate) rules: Vec<(&'static str, bool)>,
    /// Whether cookies that no rule declares pass.
    pub(crate) unknown_passes: bool,
    /// A signal forbids every line that stores (design, section 2, rule 1).
    pub(crate) nothing_is_stored: bool,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// Where the documents leave a choice, the answer is `Either`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    Either,
}

/// The consent cookie's default name: the library's own cookie stands before every rule.
const CONSENT: &[u8] = b"__Host-consent";

impl World {
    /// What a name falls under, byte for byte (R27, R35, R48); `None`: no rule declares it. The second half says whether
    /// it was named exactly.
    pub(crate) fn declared(&self, name: &[u8]) -> Option<(bool, bool)> {
        if name == CONSENT {
            return Some((true, true));
        }
        for (pattern, allowed) in &self.rules {
            if !pattern.ends_with('*') && pattern.as_bytes() == name {
                return Some((*allowed, true));
            }
        }
        let mut longest = 0;
        let mut answer = None;
        for (pattern, allowed) in &self.rules {
            if pattern.ends_with('*') {
                let prefix = &pattern.as_bytes()[..pattern.len() - 1];
                if name.starts_with(prefix) && prefix.len() > longest {
                    longest = prefix.len();
                    answer = Some((*allowed, false));
                }
            }
        }
        answer
    }

    /// Whether a cookie of this name may pass, in either direction.
    pub(crate) fn may_pass(&self, name: &[u8]) -> Answer {
        // R38, R48, R68: always, whatever the policy says of unknown names.
        if name.is_empty() || name[0] == b'$' {
            return Answer::No;
        }
        // What must be seen through: one decoding, or one trimming, that makes it a declared name. A refused one would
        // reach a reader (R50, R71); an essential one could be tossed in by a neighbour (R67).
        let is_disguised = [percent_decoded(name), unicode_trimmed(name)]
            .iter()
            .any(|form| form != name && self.declared(form).is_some());
        // What may be: both, bytes that are not UTF-8 replaced, and forms that would be dropped or be the library's own.
        let may_count_as_disguised = forms(name)
            .iter()
            .filter(|form| form.as_slice() != name)
            .any(|form| self.declared(form).is_some() || form.is_empty() || form[0] == b'$');
        match self.declared(name) {
            Some((false, _)) => Answer::No,
            Some((true, true)) => Answer::Yes,
            // A name under an allowed prefix that some readers take for a refused one: the property on real readers
            // (`readers.rs`, R50) says what must be, this filter only how.
            Some((true, false)) if may_count_as_disguised => Answer::Either,
            Some((true, false)) => Answer::Yes,
            None if !self.unknown_passes || is_disguised => Answer::No,
            None if may_count_as_disguised => Answer::Either,
            None => Answer::Yes,
        }
    }

    /// The pairs of one `Cookie` line: `(pair without its outer blanks, whether it may stay)`. Blank pieces are left out.
    pub(crate) fn request_line(&self, line: &[u8]) -> Vec<(Vec<u8>, Answer)> {
        let mut pairs = Vec::new();
        for piece in split(line, b';') {
            let piece = trim(&piece);
            if piece.is_empty() {
                continue;
            }
            let answer = match cut(&piece, b'=') {
                None => Answer::No,
                Some((name, _)) => self.may_pass(&trim(&name)),
            };
            pairs.push((piece, answer));
        }
        pairs
    }

    /// Every outcome of a `Set-Cookie` line that the documents allow: the line that leaves, or `None`.
    pub(crate) fn response_line(&self, line: &[u8]) -> Vec<Option<Vec<u8>>> {
        let as_it_is = Some(line.to_vec());
        let amended = Some([line, b"; Max-Age=0"].concat());
        let parts = split(line, b';');
        let name = match cut(&parts[0], b'=') {
            None => Vec::new(),
            Some((name, _)) => trim(&name),
        };
        // R38, R68: nameless cookies and `$` names are dropped always, deletions of them too.
        if name.is_empty() || name[0] == b'$' {
            return vec![None];
        }
        let ending = Ending::of(&parts[1..], self.now);
        let deleted = match ending {
            Ending::Stores => vec![None],
            // Whether it deletes depends on the browser, so it must not leave as it is.
            Ending::DeletesPerhaps => vec![None, amended.clone()],
            Ending::DeletesByExpires => vec![amended.clone()],
            Ending::DeletesByMaxAge { is_plain_zero: true } => vec![as_it_is.clone()],
            // A negative age deletes; whether it counts as the `Max-Age` that would be appended is not said.
            Ending::DeletesByMaxAge { is_plain_zero: false } => vec![as_it_is.clone(), amended],
        };
        match self.may_pass(&name) {
            Answer::Yes if !self.nothing_is_stored => vec![as_it_is],
            Answer::No => deleted,
            // An allowed cookie while nothing may be stored: the deletion leaves, as it is or made plain.
            Answer::Yes => match ending {
                Ending::DeletesByExpires => [deleted, vec![as_it_is]].concat(),
                _ => deleted,
            },
            Answer::Either => [deleted, vec![as_it_is]].concat(),
        }
    }
}

/// What a line's attributes make of its cookie (R29-R31, R57).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Stores,
    DeletesPerhaps,
    DeletesByExpires,
    DeletesByMaxAge { is_plain_zero: bool },
}

impl Ending {
    pub(crate) fn of(attributes: &[Vec<u8>], now: i64) -> Self {
        // As the specification reads it: what does not parse is not there, the last of the rest counts.
        let (mut age, mut expires) = (None, None);
        // As Chromium reads it: the last one counts, and if it does not parse there is none.
        let (mut last_age, mut last_expires) = (None, None);
        for attribute in attributes {
            let (name, value) = match cut(attribute, b'=') {
                None => (trim(attribute), Vec::new()),
                Some((name, value)) => (trim(&name), trim(&value)),
            };
            if value.len() > 1024 {
                continue;
            }
            let name = name.to_ascii_lowercase();
            if name == b"max-age" {
                last_age = max_age(&value);
                age = last_age.or(age);
            }
            if name == b"expires" {
                last_expires = cookie_date(&value);
                expires = last_expires.or(expires);
            }
        }
        let by_standard = Self::from(age, expires, now);
        let by_chromium = Self::from(last_age, last_expires, now);
        if by_standard == by_chromium {
            by_standard
        } else if by_standard == Self::Stores {
            // Not the browser's rule that the documents name, so not a deletion.
            Self::Stores
        } else {
            Self::DeletesPerhaps
        }
    }

    fn from(age: Option<Age>, expires: Option<i64>, now: i64) -> Self {
        match (age, expires) {
            (Some(Age::Positive), _) => Self::Stores,
            (Some(Age::Zero), _) => Self::DeletesByMaxAge { is_plain_zero: true },
            (Some(Age::Negative), _) => Self::DeletesByMaxAge { is_plain_zero: false },
            (None, Some(date)) if date < now => Self::DeletesByExpires,
            // The very second: "in the past" is read both ways.
            (None, Some(date)) if date == now => Self::DeletesPerhaps,
            (None, _) => Self::Stores,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Positive,
    Zero,
    Negative,
}

/// R30: `-?DIGIT+`, of any length.
fn max_age(value: &[u8]) -> Option<Age> {
    let is_negative = value.first() == Some(&b'-');
    let digits = if is_negative { &value[1..] } else { value };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let is_zero = digits.iter().all(|digit| *digit == b'0');
    Some(match (is_negative, is_zero) {
        (true, _) => Age::Negative,
        (false, true) => Age::Zero,
        (false, false) => Age::Positive,
    })
}

/// R31: the lenient date of rfc6265bis section 5.1.1, in seconds since 1970.
pub(crate) fn cookie_date(value: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |byte: u8| matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
    let mut tokens: Vec<Vec<u8>> = vec![Vec::new()];
    for byte in value {
        if is_delimiter(*byte) {
            tokens.push(Vec::new());
        } else {
            tokens.last_mut().unwrap().push(*byte);
        }
    }
    for token in tokens.iter().filter(|token| !token.is_empty()) {
        if time.is_none() {
            time = time_of_day(token);
            if time.is_some() {
                continue;
            }
        }
        if day.is_none() {
            day = digits(token, 1, 2);
            if day.is_some() {
                continue;
            }
        }
        if month.is_none() {
            month = month_of(token);
            if month.is_some() {
                continue;
            }
        }
        if year.is_none() {
            year = digits(token, 2, 4);
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    };
    if year < 1601 || hour > 23 || minute > 59 || second > 59 || day < 1 || day > days_in(year, month) {
        return None;
    }
    // Counted, not computed: one year and one month after the other.
    let mut days = 0;
    for past in 1970..year {
        days += if is_leap(past) { 366 } else { 365 };
    }
    for ahead in year..1970 {
        days -= if is_leap(ahead) { 366 } else { 365 };
    }
    for past in 1..month {
        days += days_in(year, past);
    }
    Some(((days + day - 1) * 24 + hour) * 3600 + minute * 60 + second)
}

/// `low` to `high` digits at the start of a token, with no other digit behind them.
fn digits(token: &[u8], low: usize, high: usize) -> Option<i64> {
    let count = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count < low || count > high {
        return None;
    }
    Some(token[..count].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn time_of_day(token: &[u8]) -> Option<(i64, i64, i64)> {
    let fields = split(token, b':');
    if fields.len() < 3 {
        return None;
    }
    let whole = |field: &[u8]| digits(field, 1, 2).filter(|_| field.iter().all(u8::is_ascii_digit));
    // Only the seconds may have something behind them, a fourth field for example.
    Some((whole(&fields[0])?, whole(&fields[1])?, digits(&fields[2], 1, 2)?))
}

fn month_of(token: &[u8]) -> Option<i64> {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = token.get(..3)?.to_ascii_lowercase();
    let place = names.iter().position(|name| name.as_bytes() == start)?;
    Some(place as i64 + 1)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

pub(crate) fn split(bytes: &[u8], at: u8) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    for byte in bytes {
        if *byte == at {
            pieces.push(Vec::new());
        } else {
            pieces.last_mut().unwrap().push(*byte);
        }
    }
    pieces
}

/// What stands before and after the first `at`.
pub(crate) fn cut(bytes: &[u8], at: u8) -> Option<(Vec<u8>, Vec<u8>)> {
    for (place, byte) in bytes.iter().enumerate() {
        if *byte == at {
            return Some((bytes[..place].to_vec(), bytes[place + 1..].to_vec()));
        }
    }
    None
}

/// R27: only space and tab.
pub(crate) fn trim(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while matches!(bytes.first(), Some(b' ' | b'\t')) {
        bytes.remove(0);
    }
    while matches!(bytes.last(), Some(b' ' | b'\t')) {
        bytes.pop();
    }
    bytes
}

/// As readers that trim by Unicode see a name; bytes that are not UTF-8 they do not read at all.
fn unicode_trimmed(name: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(name) {
        Ok(text) => text.trim().as_bytes().to_vec(),
        Err(_) => name.to_vec(),
    }
}

/// As readers that decode `%XX` see a name.
fn percent_decoded(name: &[u8]) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
    let mut decoded = Vec::new();
    let mut place = 0;
    while place < name.len() {
        if let (b'%', Some(high), Some(low)) = (name[place], hex(name.get(place + 1)), hex(name.get(place + 2))) {
            decoded.push((high * 16 + low) as u8);
            place += 3;
            continue;
        }
        decoded.push(name[place]);
        place += 1;
    }
    decoded
}

/// Every form in which some reader might see a name: with or without its bytes made text, trimmed, decoded once, trimmed
/// again.
fn forms(name: &[u8]) -> Vec<Vec<u8>> {
    let readable = |name: &Vec<u8>| String::from_utf8_lossy(name).into_owned().into_bytes();
    let mut raw = vec![name.to_vec(), readable(&name.to_vec())];
    raw.extend(raw.clone().iter().map(|form| unicode_trimmed(form)));
    let mut decoded: Vec<Vec<u8>> = raw.iter().map(|form| percent_decoded(form)).collect();
    decoded.extend(decoded.clone().iter().map(readable));
    decoded.extend(decoded.clone().iter().map(|form| unicode_trimmed(form)));
    [raw, decoded].concat()
}

//! What a browser makes of a `Set-Cookie` line, and what it sends back: rfc6265bis sections 5.6 to 5.8 (R24 to R36), as
//! plainly as it can be written, and with nothing of the crate's own code.

use super::naive;

/// Where browsers differ, or have differed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// As in Chromium an unreadable last Max-Age or Expires takes an earlier one with it, and dates are read by its own rules.
    pub(crate) last_counts: bool,
    /// `Max-Age=+5` is a number (D3).
    pub(crate) reads_plus: bool,
}

pub(crate) const MANNERS: [Manner; 3] = [
    Manner { last_counts: false, reads_plus: false },
    Manner { last_counts: true, reads_plus: false },
    Manner { last_counts: true, reads_plus: true },
];

/// The page whose answer sets the cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) is_secure: bool,
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) domain: Vec<u8>,
    pub(crate) is_host_only: bool,
    pub(crate) path: Vec<u8>,
    pub(crate) is_secure: bool,
    pub(crate) is_http_only: bool,
    pub(crate) is_partitioned: bool,
    /// 0: None, 1: the browser's default, 2: Lax, 3: Strict.
    pub(crate) same_site: u8,
    /// Seconds since 1970; `None`: with the browser session.
    pub(crate) ends: Option<i64>,
}

impl Stored {
    pub(crate) fn is_live(&self, now: i64) -> bool {
        self.ends.is_none_or(|end| end > now)
    }
}

/// R43: no browser keeps a cookie for longer.
const LONGEST: i64 = 400 * 86_400;

/// The cookie of a line, or why the browser ignores the line. A deletion is a cookie that has ended.
pub(crate) fn read(line: &[u8], page: Page, manner: Manner, now: i64) -> Result<Stored, &'static str> {
    // R24.
    if line.iter().any(|byte| matches!(byte, 0x00..=0x08 | 0x0a..=0x1f | 0x7f)) {
        return Err("a control character");
    }
    // R25, R26, R27.
    let parts = naive::split(line, b';');
    let (name, value) = match naive::cut(&parts[0], b'=') {
        None => (Vec::new(), naive::trim(&parts[0])),
        Some((name, value)) => (naive::trim(&name), naive::trim(&value)),
    };
    // R28.
    if name.is_empty() && value.is_empty() {
        return Err("neither name nor value");
    }
    if name.len() + value.len() > 4096 {
        return Err("more than 4096 bytes");
    }
    let attributes = Attributes::of(&parts[1..], manner);
    // R30: Max-Age before Expires, whichever stands first.
    let ends = match (attributes.max_age, attributes.expires) {
        (Some(seconds), _) if seconds <= 0 => Some(i64::MIN),
        (Some(seconds), _) => Some(now + seconds.min(LONGEST)),
        (None, Some(date)) => Some(date.min(now + LONGEST)),
        (None, None) => None,
    };
    // R32.
    let (domain, is_host_only) = match attributes.domain {
        None => (page.host.into(), true),
        Some(domain) => {
            let domain = domain.strip_prefix(b".").unwrap_or(&domain).to_ascii_lowercase();
            if domain.is_empty() {
                (page.host.into(), true)
            } else if domain == page.host.as_bytes() {
                // A public suffix may name only itself.
                let is_suffix = !domain.contains(&b'.');
                (domain, is_suffix)
            } else if page.host.as_bytes().ends_with(&[b".", &domain[..]].concat()) && domain.contains(&b'.') {
                (domain, false)
            } else {
                return Err("another host's Domain");
            }
        }
    };
    let path = attributes.path.clone().unwrap_or_else(|| default_path(page.path));
    let cookie = Stored {
        name,
        value,
        domain,
        is_host_only,
        path,
        is_secure: attributes.is_secure,
        is_http_only: attributes.is_http_only,
        is_partitioned: attributes.is_partitioned,
        same_site: attributes.same_site,
        ends,
    };
    // R33.
    if cookie.is_secure && !page.is_secure {
        return Err("Secure from an insecure page");
    }
    if (cookie.same_site == 0 || cookie.is_partitioned) && !cookie.is_secure {
        return Err("SameSite=None or Partitioned without Secure");
    }
    // R34.
    let has = |text: &[u8], prefix: &str| {
        text.len() >= prefix.len() && text[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
    };
    const PREFIXES: [&str; 4] = ["__Secure-", "__Host-", "__Http-", "__Host-Http-"];
    if cookie.name.is_empty() && PREFIXES.iter().any(|prefix| has(&cookie.value, prefix)) {
        return Err("a nameless cookie that looks like one with a prefix");
    }
    if PREFIXES.iter().any(|prefix| has(&cookie.name, prefix)) && !cookie.is_secure {
        return Err("a prefix without Secure");
    }
    if ["__Http-", "__Host-Http-"].iter().any(|prefix| has(&cookie.name, prefix)) && !cookie.is_http_only {
        return Err("a prefix without HttpOnly");
    }
    let is_of_host = cookie.is_host_only && attributes.path.as_deref() == Some(b"/");
    if has(&cookie.name, "__Host-") && !is_of_host {
        return Err("a prefix without Path=/, or with Domain");
    }
    Ok(cookie)
}

#[derive(Default)]
struct Attributes {
    max_age: Option<i64>,
    expires: Option<i64>,
    domain: Option<Vec<u8>>,
    /// `None` too where the last one does not begin with a slash.
    path: Option<Vec<u8>>,
    is_secure: bool,
    is_http_only: bool,
    is_partitioned: bool,
    same_site: u8,
}

impl Attributes {
    fn of(parts: &[Vec<u8>], manner: Manner) -> Self {
        let mut all = Self { same_site: 1, ..Self::default() };
        for part in parts {
            let (name, value) = match naive::cut(part, b'=') {
                None => (naive::trim(part), Vec::new()),
                Some((name, value)) => (naive::trim(&name), naive::trim(&value)),
            };
            // R29.
            if value.len() > 1024 {
                continue;
            }
            match &name.to_ascii_lowercase()[..] {
                b"max-age" => {
                    let seconds = max_age(&value, manner);
                    all.max_age = if manner.last_counts { seconds } else { seconds.or(all.max_age) };
                }
                b"expires" => {
                    let date = if manner.last_counts { chromium_date(&value) } else { naive::cookie_date(&value) };
                    all.expires = if manner.last_counts { date } else { date.or(all.expires) };
                }
                b"domain" => all.domain = Some(value),
                b"path" => all.path = Some(value).filter(|path| path.first() == Some(&b'/')),
                b"secure" => all.is_secure = true,
                b"httponly" => all.is_http_only = true,
                b"partitioned" => all.is_partitioned = true,
                b"samesite" => {
                    all.same_site = match &value.to_ascii_lowercase()[..] {
                        b"none" => 0,
                        b"lax" => 2,
                        b"strict" => 3,
                        _ => 1,
                    };
                }
                _ => {}
            }
        }
        all
    }
}

/// R30: `-?DIGIT+`, however long.
fn max_age(value: &[u8], manner: Manner) -> Option<i64> {
    let (is_negative, digits) = match value.first() {
        Some(b'-') => (true, &value[1..]),
        Some(b'+') if manner.reads_plus => (false, &value[1..]),
        _ => (false, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let significant: Vec<u8> = digits.iter().copied().skip_while(|digit| *digit == b'0').collect();
    let seconds = if significant.len() > 12 {
        i64::MAX / 2
    } else {
        significant.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
    };
    Some(if is_negative { -seconds } else { seconds })
}

/// The directory of the page.
fn default_path(path: &str) -> Vec<u8> {
    let mut directory = path.as_bytes().to_vec();
    while directory.last().is_some_and(|byte| *byte != b'/') {
        directory.pop();
    }
    if directory.len() > 1 {
        directory.pop();
    }
    if directory.is_empty() { b"/".to_vec() } else { directory }
}

/// The cookies of one browser.
#[derive(Debug, Default)]
pub(crate) struct Jar(pub(crate) Vec<Stored>);

impl Jar {
    pub(crate) fn store(&mut self, cookie: Stored, now: i64) {
        let key = |cookie: &Stored| {
            let Stored { name, domain, path, is_host_only, is_partitioned, .. } = cookie.clone();
            (name, domain, path, is_host_only, is_partitioned)
        };
        self.0.retain(|known| key(known) != key(&cookie));
        if cookie.is_live(now) {
            self.0.push(cookie);
        }
    }

    /// The `Cookie` line of the next request to the same page.
    pub(crate) fn line(&self, page: Page) -> Vec<u8> {
        let is_under = |cookie: &&Stored| {
            page.path
                .as_bytes()
                .strip_prefix(&cookie.path[..])
                .is_some_and(|rest| rest.is_empty() || cookie.path.last() == Some(&b'/') || rest.first() == Some(&b'/'))
        };
        let mut sent: Vec<_> = self.0.iter().filter(is_under).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pair = |cookie: &&Stored| {
            if cookie.name.is_empty() { cookie.value.clone() } else { [&cookie.name[..], b"=", &cookie.value].concat() }
        };
        sent.iter().map(pair).collect::<Vec<_>>().join(&b"; "[..])
    }
}

/// A date as Chromium reads it: what begins with a digit is a time if it has a colon, else the day if it has at most two
/// characters, else the year if it has at most five; all else may be the month. Of a number what follows its digits does
/// not count, and of the seconds nothing but two digits does.
fn chromium_date(value: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |byte: &u8| b"\t !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~".contains(byte);
    for token in value.split(is_delimiter).filter(|token| !token.is_empty()) {
        if !token[0].is_ascii_digit() {
            month = month.or_else(|| {
                let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
                names.into_iter().find(|name| token.to_ascii_lowercase().starts_with(name.as_bytes()))
            });
        } else if token.contains(&b':') {
            time = time.or_else(|| {
                let (hour, rest) = two_digits(token)?;
                let (minute, rest) = two_digits(rest.strip_prefix(b":")?)?;
                let (second, _) = two_digits(rest.strip_prefix(b":")?)?;
                Some((hour, minute, second))
            });
        } else if day.is_none() && token.len() <= 2 {
            day = Some(number(token));
        } else if year.is_none() && token.len() <= 5 {
            year = Some(number(token));
        }
    }
    let (month, (hour, minute, second)) = (month?, time?);
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    // From then on only that it never ends matters.
    let year = if year > 9999 { 9999 } else { year };
    naive::cookie_date(format!("{} {month} {year:04} {hour}:{minute}:{second}", day?).as_bytes())
}

fn number(token: &[u8]) -> u32 {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

/// One digit or two at the beginning, and what follows.
fn two_digits(text: &[u8]) -> Option<(u32, &[u8])> {
    let count = text.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then(|| (number(&text[..count]), &text[count..]))
}

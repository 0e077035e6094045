//! What holds for every banner, whatever stands in its cookies: nothing panics, nothing costs much, nothing but the tool's
//! own words grants, and the cookies pass as they are. All of it through the layer.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    fmt,
    future::{Future, ready},
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use base64::Engine as _;
use http::{HeaderValue, Request, Response, header};
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};
use tower::{Layer, Service};
use tower_consent::{Banner, ConsentContext, ConsentLayer, Decision, ManualClock, PolicyBuilder, UnknownCookies};

use super::{
    property::hold_for,
    values::{Cookie, Table, tables},
};

/// Bytes that reading may cost, above what the layer costs without it: the decoded forms, and what JSON makes of them.
const COST: u64 = 64 * 1024;
const COST_A_BYTE: u64 = 64;
/// Where a value is too long to be looked at, only the list of the banner's cookies is made.
const COST_UNREAD: u64 = 1024;
/// Bytes of a value that are looked at.
const MAX_VALUE: usize = 4_096;

/// Tools of which one field takes back what others say, so that a part without it says more: a second copy, an objection, a
/// mark that nobody has answered, a `-1` that is cut to the empty version that counts as accepted.
const TAKE_BACK: [&str; 4] = ["cookieyes", "django-cookie-consent", "gpp", "onetrust"];

/// Values that are a whole answer in one word.
fn words(banner: Banner) -> &'static [&'static str] {
    match banner.as_str() {
        "osano" => &["allow"],
        "aspnet" => &["yes"],
        "react-cookie-consent" => &["true"],
        "complianz" => &["allow", "dismissed"],
        "cookiebot" => &["0", "-1"],
        "cookie-law-info" => &["yes", "no"],
        "gov-uk" => &["true"],
        "drupal-eu-cookie-compliance" => &["1", "2"],
        _ => &[],
    }
}

/// Strings of bits: a key stands nowhere in their text.
const BITS: &[&str] = &["tcf", "gpp", "us-privacy"];

/// A banner with its real values, and layers that read it: every key that its values name is mapped to a service of its own.
struct Subject {
    banner: Banner,
    /// The first cookie, as its values name it.
    first: String,
    cookies: Vec<String>,
    /// `Cookie` lines under the usual names.
    lines: Vec<String>,
    /// Those of them that the tool can have written.
    own_lines: Vec<String>,
    keys: Vec<String>,
    reading: ConsentLayer,
    /// The same policy without the source.
    without: ConsentLayer,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.banner.as_str())
    }
}

static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| tables().iter().map(Subject::new).collect());

impl Subject {
    fn new(table: &Table) -> Self {
        let usual: Vec<_> = table.cases.iter().filter(|case| case.settings["cookie"].is_null()).collect();
        let lines = |is_own: bool| {
            let lines =
                usual.iter().filter(|case| !is_own || case.expected.state != "malformed").map(|case| &case.cookie);
            lines.filter(|line| !line.is_empty()).cloned().collect::<Vec<_>>()
        };
        let (lines, own_lines) = (lines(false), lines(true));
        let decided = usual.iter().find(|case| case.expected.state == "decided").expect("a decided value");
        let is_first = |name: &str| {
            table.cookies.first().is_none_or(
                |Cookie { name: first, prefix }| {
                    if *prefix { name.starts_with(first) } else { name == first }
                },
            )
        };
        let first = pairs(&decided.cookie).find(|(name, _)| is_first(name)).expect("the first cookie").0;
        let mut keys = BTreeSet::new();
        for settings in usual.iter().map(|case| &case.settings) {
            for map in [&settings["categories"], &settings["services"]] {
                let lists = map.as_object().into_iter().flat_map(|map| map.values());
                keys.extend(
                    lists.flat_map(|list| list.as_array().unwrap()).map(|key| key.as_str().unwrap().to_owned()),
                );
            }
        }
        let mut keys: Vec<_> = keys.into_iter().collect();
        for line in &lines {
            for word in text_of(line.as_bytes()).0.split(|byte| !byte.is_ascii_alphanumeric() && !b"_-".contains(byte))
            {
                let word = String::from_utf8(word.to_vec()).unwrap();
                if word.len() > 2 && keys.len() < 200 && !keys.contains(&word) {
                    keys.push(word);
                }
            }
        }
        // After all of them, and before they end by themselves.
        let made = usual.iter().filter_map(|case| case.expected.decided_at.as_deref());
        let made = made.map(|at| OffsetDateTime::parse(at, &Rfc3339).unwrap()).max();
        let now = made.map_or(datetime!(2026-11-22 12:00 UTC), |at| at + Duration::DAY).unix_timestamp();
        let clock = || ManualClock::at(now);
        let policy = |builder: PolicyBuilder| {
            let builder = (0..keys.len()).fold(builder, |builder, at| builder.service(format!("k{at}"), "marketing"));
            builder.unknown(UnknownCookies::Pass).build().unwrap()
        };
        let source = super::source(table.banner, &Value::Object(serde_json::Map::new()));
        let source = keys.iter().enumerate().fold(source, |source, (at, key)| source.service(format!("k{at}"), [key]));
        Self {
            banner: table.banner,
            first: first.to_owned(),
            cookies: table.cookies.iter().map(|cookie| &cookie.name).chain([&first.to_owned()]).cloned().collect(),
            reading: ConsentLayer::new(policy(super::policy().source(source))).with_clock(clock()),
            without: ConsentLayer::new(policy(super::policy())).with_clock(clock()),
            lines,
            own_lines,
            keys,
        }
    }

    /// Whether a value is one of the tool's words, or where the site writes words of its own, one that the policy maps.
    fn is_word(&self, value: &[u8]) -> bool {
        let is = |word: &str| word.as_bytes() == value.trim_ascii();
        let has_own = ["aspnet", "react-cookie-consent"].contains(&self.banner.as_str());
        words(self.banner).iter().any(|word| is(word)) || (has_own && self.keys.iter().any(|key| is(key)))
    }

    /// What a line grants: categories, and `@key` for each key.
    fn grants(&self, line: &[u8]) -> BTreeSet<String> {
        let decision = decide(&self.reading, line).0;
        let Some(choice) = decision.choice() else { return BTreeSet::new() };
        let keys = choice.granted_services().filter_map(|service| service[1..].parse::<usize>().ok());
        let keys = keys.map(|at| format!("@{}", self.keys[at]));
        choice.granted().map(|category| category.to_string()).chain(keys).collect()
    }
}

/// The names and values of a line.
fn pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split("; ").filter_map(|pair| pair.split_once('='))
}

/// The line with one pair's value in place of another.
fn with_value(line: &str, at: Index, change: impl FnOnce(&str, &[u8]) -> Vec<u8>) -> (String, Vec<u8>) {
    let pairs: Vec<_> = pairs(line).collect();
    let at = at.index(pairs.len());
    let mut change = Some(change);
    let parts = pairs.iter().enumerate().map(|(place, (name, value))| {
        let value = match change.take_if(|_| place == at) {
            Some(change) => change(name, value.as_bytes()),
            None => value.as_bytes().to_vec(),
        };
        [name.as_bytes(), b"=", &value].concat()
    });
    let parts: Vec<_> = parts.collect();
    (pairs[at].0.to_owned(), parts.join(&b"; "[..]))
}

/// The line without one pair.
fn without(line: &str, at: Index) -> String {
    let mut pairs: Vec<_> = line.split("; ").filter(|pair| pair.contains('=')).collect();
    pairs.remove(at.index(pairs.len()));
    pairs.join("; ")
}

fn request(line: &[u8]) -> Request<()> {
    let mut request = Request::new(());
    request.headers_mut().insert(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
    request
}

/// The decision for a line, and the bytes that were allocated for it.
fn decide(layer: &ConsentLayer, line: &[u8]) -> (Decision, u64) {
    let mut service = layer.layer(tower::service_fn(|request: Request<()>| {
        let decision = ConsentContext::of(request.extensions()).unwrap().peek().clone();
        ready(Ok::<_, Infallible>(Response::new(decision)))
    }));
    let (mut request, mut decision) = (Some(request(line)), None);
    let counted = allocation_counter::measure(|| {
        if let Poll::Ready(Ok(response)) =
            pin!(service.call(request.take().unwrap())).poll(&mut Context::from_waker(Waker::noop()))
        {
            decision = Some(response.into_body());
        }
    });
    (decision.expect("nothing here waits"), counted.bytes_total)
}

/// Each case is a whole request through the layer.
fn hold<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), String>) {
    hold_for(if std::env::var_os("CI").is_some() { 20_000 } else { 2_000 }, strategy, test);
}

// Values.

/// Any bytes of a field value that do not end the cookie.
fn noise(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> + Clone {
    let byte = prop_oneof![
        6 => 0x20..=0x7e_u8,
        2 => select(&b"{}[]\":,=!&%~._-0129"[..]),
        1 => Just(b'\t'),
        2 => 0x80..=0xff_u8,
    ];
    prop::collection::vec(byte.prop_map(|byte| if byte == b';' { b',' } else { byte }), length)
}

fn subject() -> impl Strategy<Value = &'static Subject> {
    (0..SUBJECTS.len()).prop_map(|at| &SUBJECTS[at])
}

/// A line that the tool can have written.
fn own() -> impl Strategy<Value = (&'static Subject, &'static str)> {
    (subject(), any::<Index>()).prop_map(|(subject, at)| (subject, at.get(&subject.own_lines).as_str()))
}

fn real() -> impl Strategy<Value = (&'static Subject, &'static str)> {
    (subject(), any::<Index>()).prop_map(|(subject, at)| (subject, at.get(&subject.lines).as_str()))
}

/// What is put into a value as often as fits.
const FILLERS: &[&str] = &[
    "[",
    "{\"a\":",
    "[[",
    "{\"\":0},",
    "[],",
    "{},",
    "\"\",",
    "0,",
    "null,",
    "\"a\":true,",
    "\"a\":{\"\":0},",
    "\"\":1e308,",
    "%25",
    "%7B%22a%22%3A",
    "!a=true",
    "a:yes,",
    "a:1,",
    "&groups=a:1",
    ",a:1",
    "a=-1|",
    "W3",
    "~DBAA",
    ".IFoE",
    "AAAA",
    "\\u0000",
    "%",
    "=",
    "\"",
];

fn filler() -> impl Strategy<Value = Vec<u8>> + Clone {
    (select(FILLERS), 0..MAX_VALUE).prop_map(|(filler, length)| filler.repeat(length / filler.len()).into_bytes())
}

#[derive(Clone, Debug)]
enum Change {
    Noise(Vec<u8>),
    /// Put in at a place, before which the value may first be decoded and after which it is encoded again.
    Fill(Vec<u8>, Index, Form),
    /// The value up to a place, then another tool's from a place on.
    Splice(Index, Index, Index, Index),
    Flip(Index, u8),
    Wrap(Form),
    Double,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Raw,
    Percent,
    Base64,
}

fn form() -> impl Strategy<Value = Form> + Clone {
    select(&[Form::Raw, Form::Percent, Form::Base64][..])
}

fn change() -> impl Strategy<Value = Change> + Clone {
    let index = any::<Index>;
    prop_oneof![
        2 => noise(0..300).prop_map(Change::Noise),
        4 => (filler(), index(), form()).prop_map(|(filler, at, form)| Change::Fill(filler, at, form)),
        2 => (index(), index(), index(), index()).prop_map(|(a, b, c, d)| Change::Splice(a, b, c, d)),
        2 => (index(), 0x20..=0xff_u8).prop_map(|(at, byte)| Change::Flip(at, byte)),
        1 => form().prop_map(Change::Wrap),
        1 => Just(Change::Double),
    ]
}

fn encoded(text: &[u8], form: Form) -> Vec<u8> {
    match form {
        Form::Raw => text.to_vec(),
        Form::Percent => text.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect(),
        Form::Base64 => base64::engine::general_purpose::STANDARD.encode(text).into_bytes(),
    }
}

/// A value as text: percent-decoded, and out of base64 if it is all of that.
fn text_of(value: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut text, mut places) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < value.len() {
        let escape = value.get(at + 1..at + 3).filter(|_| value[at] == b'%').and_then(|hex| str::from_utf8(hex).ok());
        let byte = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        text.push(byte.unwrap_or(value[at]));
        places.push(at);
        at += if byte.is_some() { 3 } else { 1 };
    }
    match base64::engine::general_purpose::STANDARD.decode(&text) {
        Ok(decoded) if decoded.starts_with(b"{") => {
            let places = (0..decoded.len()).map(|at| places[at * 4 / 3]).collect();
            (decoded, places)
        }
        _ => (text, places),
    }
}

fn changed(value: &[u8], change: &Change) -> Vec<u8> {
    let bytes = match change {
        Change::Noise(noise) => noise.clone(),
        Change::Fill(filler, at, form) => {
            let mut text = text_of(value).0;
            let at = at.index(text.len() + 1);
            text.splice(at..at, filler.iter().copied());
            encoded(&text, *form)
        }
        Change::Splice(subject, line, to, from) => {
            let line: &String = line.get(&subject.get(&SUBJECTS).lines);
            let other = pairs(line).next().map_or("", |(_, value)| value).as_bytes();
            [&value[..to.index(value.len() + 1)], &other[from.index(other.len() + 1)..]].concat()
        }
        Change::Flip(at, byte) => {
            let mut value = value.to_vec();
            if !value.is_empty() {
                let at = at.index(value.len());
                value[at] = *byte;
            }
            value
        }
        Change::Wrap(form) => encoded(value, *form),
        Change::Double => [value, value].concat(),
    };
    bytes.into_iter().map(|byte| if byte == b';' || byte == 0x7f || byte < 0x20 { b',' } else { byte }).collect()
}

// Properties.

#[test]
fn every_banner_has_its_table() {
    let known: Vec<_> = SUBJECTS.iter().map(|subject| subject.banner).collect();
    assert_eq!(Banner::ALL.iter().filter(|banner| !known.contains(banner)).collect::<Vec<_>>(), [&Banner::Klaro; 0]);
    for subject in &*SUBJECTS {
        let can_grant = subject.lines.iter().any(|line| !subject.grants(line.as_bytes()).is_empty());
        assert!(can_grant || BITS.contains(&subject.banner.as_str()), "{} never grants anything", subject.banner);
    }
}

/// Rule 8: no bytes bring a reader down, or make it take much memory.
#[test]
fn any_bytes_are_read_at_a_bounded_cost() {
    hold(&(real(), any::<Index>(), change()), |((subject, line), at, change)| {
        let (_, line) = with_value(line, at, |_, value| changed(value, &change));
        let cost = decide(&subject.reading, &line).1;
        let base = decide(&subject.without, &line).1;
        let length = u64::try_from(line.len()).unwrap();
        if cost > base + COST + COST_A_BYTE * length {
            return Err(format!("{}: {cost} bytes for {length} in {}", subject.banner, line.escape_ascii()));
        }
        Ok(())
    });
}

/// A value over 4 KiB is not looked at, whatever it is.
#[test]
fn what_is_too_long_costs_nothing() {
    hold(&(real(), filler()), |((subject, line), filler)| {
        let value = pairs(line).find(|(name, _)| *name == subject.first).map_or("", |(_, value)| value);
        let long = [value.as_bytes(), &filler, &vec![b' '; MAX_VALUE + 1], b"x"].concat();
        let line = [subject.first.as_bytes(), b"=", &long].concat();
        let (decision, cost) = decide(&subject.reading, &line);
        let base = decide(&subject.without, &line).1;
        if cost > base + COST_UNREAD || decision.choice().is_some() {
            return Err(format!("{}: {} bytes more for {}", subject.banner, cost - base, line.escape_ascii()));
        }
        Ok(())
    });
}

/// Noise is what is no word of the tool's. In place of any one cookie of a real line it grants nothing that the line did
/// not grant, or where nothing at all (or a record of nothing) takes the place of what was malformed, nothing that the line
/// does not grant without that; in place of the first one it grants nothing.
#[test]
fn noise_grants_nothing() {
    hold(&(real(), any::<Index>(), noise(0..200)), |((subject, line), at, noise)| {
        if subject.is_word(&noise) {
            return Ok(());
        }
        let is_nothing = [&b""[..], b"{}"].contains(&noise.trim_ascii());
        let (name, changed) = with_value(line, at, |_, _| noise);
        let grants = subject.grants(&changed);
        let is_allowed = || {
            let is_mended = is_nothing && !subject.own_lines.iter().any(|own| own == line);
            let before = if is_mended { without(line, at) } else { line.to_owned() };
            name != subject.first && grants.is_subset(&subject.grants(before.as_bytes()))
        };
        if grants.is_empty() || is_allowed() {
            return Ok(());
        }
        Err(format!("{}: {} grants {grants:?}", subject.banner, changed.escape_ascii()))
    });
}

/// Only the exact word is the word.
#[test]
fn nearly_the_word_grants_nothing() {
    for subject in &*SUBJECTS {
        for word in words(subject.banner) {
            let near = [
                word.to_uppercase(),
                format!("{word}{word}"),
                format!("x{word}"),
                format!("{word}x"),
                format!("{word}\t{word}"),
                format!("\"{word}\""),
                format!("%20{word}"),
                format!("{word},"),
                format!("={word}"),
                format!("{word}={word}"),
                format!("0{word}"),
                format!("{word}.0"),
            ];
            for value in near.iter().filter(|value| *value != word) {
                let grants = subject.grants(format!("{}={value}", subject.first).as_bytes());
                assert!(grants.is_empty(), "{}: {value} grants {grants:?}", subject.banner);
            }
        }
    }
}

/// Rule 2: a value of another tool under this one's name grants nothing.
#[test]
fn another_tools_value_grants_nothing() {
    let mut wrong = Vec::new();
    for subject in &*SUBJECTS {
        for other in SUBJECTS.iter().filter(|other| other.banner != subject.banner) {
            for (_, value) in other.own_lines.iter().flat_map(|line| pairs(line)) {
                let grants = subject.grants(format!("{}={value}", subject.first).as_bytes());
                let is_word = subject.is_word(value.as_bytes());
                if !grants.is_empty() && !is_word && !is_shared(subject.banner, other.banner) {
                    wrong.push(format!("{} reads {}'s {value}: {grants:?}", subject.banner, other.banner));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Formats that are one: the reader cannot tell them apart, and the policy names the tool.
fn is_shared(reader: Banner, tool: Banner) -> bool {
    matches!(
        (reader.as_str(), tool.as_str()),
        // A TCF string is the same under any name, and stands beside the other cookies of these tools.
        ("tcf", "didomi" | "onetrust" | "gpp" | "iubenda" | "cookiebot" | "fides")
            // A GPP string likewise.
            | ("gpp", "onetrust" | "tcf")
            // A flat object of services.
            | ("klaro", "complianz")
    )
}

/// A value that was cut or doubled grants no more than the whole.
#[test]
fn a_part_grants_no_more_than_the_whole() {
    let strategy = (own(), any::<Index>(), any::<Index>(), 0..3_u8);
    hold(&strategy, |((subject, line), at, cut, how)| {
        let mut is_word_now = false;
        let (_, part) = with_value(line, at, |_, value| {
            let cut = cut.index(value.len() + 1);
            let value = match how {
                0 => value[..cut].to_vec(),
                1 => value[cut..].to_vec(),
                _ => [value, &value[..cut]].concat(),
            };
            is_word_now = subject.is_word(&value);
            value
        });
        // The end of a string of bits is another string of bits.
        let banner = subject.banner.as_str();
        if is_word_now || (BITS.contains(&banner) && how == 1) || TAKE_BACK.contains(&banner) {
            return Ok(());
        }
        let (whole, part_grants) = (subject.grants(line.as_bytes()), subject.grants(&part));
        let more: Vec<_> = part_grants.difference(&whole).filter(|key| key.starts_with('@')).collect();
        if more.is_empty() {
            return Ok(());
        }
        Err(format!("{}: {} grants {more:?}, whole {line}", subject.banner, part.escape_ascii()))
    });
}

/// Parts of a record that are of all its answers: whether it was decided, in which revision, when.
const MARKERS: &[&str] = &[
    "action",
    "AwaitingReconsent",
    "method",
    "complete",
    "interact",
    "revision",
    "version",
    "date",
    "time",
    "stamp",
    "Id",
    "id",
    "i.t",
    "uid",
    "expir",
    "agreed",
    "consent",
    "categories",
    "groups",
    "purposes",
    "enabled",
    "disabled",
    "approved",
    "denied",
    "custom",
    "ver",
];

/// Whether a place of the raw value is at a word of its text: from the separator before it to the end of the answer behind
/// it, which is a few letters, or the date at which a record ends.
fn is_near(text: &[u8], places: &[usize], word: &[u8], place: usize) -> bool {
    let answer = if word == b"expir" { r#"es":"Sun, 21 Dec 2025 09:54:17 GMT"#.len() } else { 12 };
    let span = |at: usize| {
        let end = (at + word.len() + answer).min(text.len() - 1);
        places[at.saturating_sub(3)].saturating_sub(3)..=places[end] + 5
    };
    (0..text.len()).any(|at| text[at..].starts_with(word) && span(at).contains(&place))
}

/// A flipped byte grants only what it touched: a key whose answer it stands in, or all of a record whose marker it is.
#[test]
fn a_flipped_byte_grants_only_what_it_touched() {
    hold(&(own(), any::<Index>(), any::<Index>(), 0x20..0x7f_u8), |((subject, line), at, place, byte)| {
        if BITS.contains(&subject.banner.as_str()) || byte == b';' {
            return Ok(());
        }
        let mut flipped = None;
        let (_, other) = with_value(line, at, |_, value| {
            let (mut value, whole) = (value.to_vec(), value.to_vec());
            if !value.is_empty() {
                let place = place.index(value.len());
                value[place] = byte;
                flipped = Some((place, value.clone(), whole));
            }
            value
        });
        let Some((place, value, whole)) = flipped else { return Ok(()) };
        let before = subject.grants(line.as_bytes());
        let texts = [text_of(&value), text_of(&whole)];
        let touches = |word: &str| texts.iter().any(|(text, places)| is_near(text, places, word.as_bytes(), place));
        let is_touched = |key: &str| {
            subject.is_word(&value)
                || touches(key.rsplit('/').next().unwrap())
                || MARKERS.iter().any(|word| touches(word))
        };
        let after = subject.grants(&other);
        let more: Vec<_> = after.difference(&before).filter_map(|key| key.strip_prefix('@')).collect();
        match more.iter().find(|key| !is_touched(key)) {
            None => Ok(()),
            Some(key) => Err(format!("{}: byte {place} of {} grants {key}", subject.banner, value.escape_ascii())),
        }
    });
}

/// Rule 9: whatever the banner's cookies hold, they reach the application and the browser as they are.
#[test]
fn the_banners_cookies_pass_untouched() {
    let value = prop_oneof![3 => noise(0..200), 1 => filler()];
    hold(&(subject(), any::<Index>(), value), |(subject, at, value)| {
        let name = at.get(&subject.cookies).as_bytes();
        let value = value.trim_ascii();
        let pair = [name, b"=", value].concat();
        let line = [b"_fbp=1; ", &pair[..], b"; _pk_id=2"].concat();
        let set = [&pair[..], b"; Path=/; Max-Age=1000"].concat();
        let mut service = subject.reading.layer(tower::service_fn(|request: Request<()>| {
            let mut response = Response::new(request.headers().get(header::COOKIE).cloned());
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_bytes(&set).unwrap());
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static("_fbp=3"));
            ready(Ok::<_, Infallible>(response))
        }));
        let answer = pin!(service.call(request(&line))).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(answer)) = answer else { panic!("nothing here waits") };
        let sent = answer.headers().get_all(header::SET_COOKIE).iter().any(|line| line.as_bytes() == set);
        let seen = answer.body().as_ref().map(|line| line.as_bytes().to_vec()).unwrap_or_default();
        let is_seen = seen.split(|byte| *byte == b';').any(|cookie| cookie.trim_ascii() == pair);
        if is_seen && sent {
            return Ok(());
        }
        Err(format!("{}: of {} came {}, sent: {sent}", subject.banner, line.escape_ascii(), seen.escape_ascii()))
    });
}

/// No reader runs where its cookie is absent: the layer then takes no byte more than without the source.
#[test]
fn no_reader_runs_without_its_cookie() {
    for subject in &*SUBJECTS {
        for others in ["sid=1", "theme=dark", "_pk_id=1", "a=b", "sid=1; theme=dark; _pk_id=1; a=b"] {
            // The first times, the layer remembers which names it saw.
            let cost_of = |layer| (0..4).map(|_| decide(layer, others.as_bytes()).1).min();
            let (cost, base) = (cost_of(&subject.reading), cost_of(&subject.without));
            assert_eq!(cost, base, "{}: {others}", subject.banner);
        }
        for line in &subject.lines {
            for (_, value) in pairs(line) {
                // As the end of another name, or within another cookie.
                for line in [format!("x{}={value}", subject.first), format!("other={}={value}", subject.first)] {
                    let decision = decide(&subject.reading, line.as_bytes()).0;
                    assert!(decision.choice().is_none(), "{}: {line}", subject.banner);
                }
            }
        }
    }
}

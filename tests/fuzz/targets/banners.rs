//! The cookies of other banners. The first byte picks the banner; each line of the rest is a `Cookie` line.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::LazyLock,
};

use base64::Engine as _;
use http::{Response, header};
use serde_json::Value;
use tower_consent::{
    Banner, Category, ConsentContext, ConsentLayer, ConsentSource, ManualClock, Policy, UnknownCookies,
};

use super::{
    field_lines, naive, pick, root,
    scenarios::{exchange, shown},
    with_lines,
};

/// Every banner in an order of its own, so that a new one, which stands at the end, leaves the corpora as they are.
pub(crate) const BANNERS: [&str; 29] = [
    "cookieconsent-v3",
    "cookieconsent-v2",
    "klaro",
    "osano",
    "onetrust",
    "cookiebot",
    "cookieyes",
    "cookie-law-info",
    "complianz",
    "tarteaucitron",
    "didomi",
    "iubenda",
    "gov-uk",
    "aspnet",
    "c15t",
    "django-cookie-consent",
    "react-cookie-consent",
    "tcf",
    "gpp",
    "us-privacy",
    "borlabs",
    "segment-consent-manager",
    "fides",
    "cookiefirst",
    "cookiescript",
    "axeptio",
    "civic-cookie-control",
    "drupal-eu-cookie-compliance",
    "cookie-information",
];

/// Strings of bits: a key stands nowhere in their text.
const BITS: [&str; 3] = ["tcf", "gpp", "us-privacy"];

/// Bytes that reading may cost, above what the layer costs without it.
const COST: u64 = 64 * 1024;
const COST_A_BYTE: u64 = 64;

/// 2026-11-22T12:00:00Z, for values without a time of their own.
const NOW: i64 = 1_795_348_800;

pub(crate) struct Subject {
    pub(crate) banner: Banner,
    /// The `Cookie` lines of its tables.
    pub(crate) lines: Vec<String>,
    /// The keys of the policy: the services `k0`, `k1`, ...
    keys: Vec<String>,
    reading: ConsentLayer,
    without: ConsentLayer,
}

pub(crate) static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let mut tables: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entry in fs::read_dir(root().join("tests/banners/values")).expect("the tables of the banners' values") {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let table: Value = serde_json::from_str(&text).unwrap();
        tables.entry(table["banner"].as_str().unwrap().to_owned()).or_default().push(table);
    }
    BANNERS.iter().map(|name| Subject::new(name, &tables[*name])).collect()
});

impl Subject {
    fn new(name: &str, tables: &[Value]) -> Self {
        let banner = *Banner::ALL.iter().find(|banner| banner.as_str() == name).expect("a banner");
        let cases: Vec<_> = tables.iter().flat_map(|table| table["cases"].as_array().unwrap()).collect();
        let usual: Vec<_> = cases.iter().filter(|case| case["settings"]["cookie"].is_null()).collect();
        let lines: BTreeSet<_> = usual.iter().map(|case| case["cookie"].as_str().unwrap().to_owned()).collect();
        let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        let mut keys = BTreeSet::new();
        for settings in usual.iter().map(|case| &case["settings"]) {
            for map in [&settings["categories"], &settings["services"]] {
                for list in map.as_object().into_iter().flat_map(|map| map.values()) {
                    keys.extend(list.as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()));
                }
            }
        }
        let keys: Vec<_> = keys.into_iter().collect();
        let policy = || {
            let builder = Policy::builder()
                .unknown(UnknownCookies::Pass)
                .cookies(Category::FUNCTIONAL, ["theme"])
                .cookies(Category::ANALYTICS, ["_pk_*"])
                .cookies(Category::MARKETING, ["_fbp"]);
            (0..keys.len()).fold(builder, |builder, at| builder.service(format!("k{at}"), "marketing"))
        };
        let source = ConsentSource::banner(banner);
        let source = keys.iter().enumerate().fold(source, |source, (at, key)| source.service(format!("k{at}"), [key]));
        // A day after the newest of its values, before they end by themselves.
        let made = usual.iter().filter_map(|case| seconds(case["expected"]["decided_at"].as_str()?));
        let now = made.max().map_or(NOW, |made| made + 86_400);
        let layer = |policy: Policy| ConsentLayer::new(policy).with_clock(ManualClock::at(now));
        Self {
            banner,
            reading: layer(policy().source(source).build().unwrap()),
            without: layer(policy().build().unwrap()),
            lines,
            keys,
        }
    }

    /// What lines grant (categories, and `@key` for each key), whether a choice was found, and the bytes it took.
    fn read(&self, layer: &ConsentLayer, lines: &[Vec<u8>]) -> (BTreeSet<String>, bool, u64) {
        let mut seen = None;
        let request = with_lines(header::COOKIE, lines);
        let mut request = Some(request);
        let counted = allocation_counter::measure(|| {
            exchange(layer, request.take().unwrap(), |request| {
                seen = ConsentContext::of(request.extensions()).map(|context| context.peek().clone());
                Response::new(())
            });
        });
        let decision = seen.expect("a context");
        let Some(choice) = decision.choice() else { return (BTreeSet::new(), false, counted.bytes_total) };
        let keys = choice.granted_services().filter_map(|service| service[1..].parse::<usize>().ok());
        let keys = keys.map(|at| format!("@{}", self.keys[at]));
        let all = choice.granted().map(|category| category.to_string()).chain(keys).collect();
        (all, true, counted.bytes_total)
    }

    pub(crate) fn grants(&self, lines: &[Vec<u8>]) -> BTreeSet<String> {
        self.read(&self.reading, lines).0
    }
}

/// A moment as the tables write it: `2026-11-22T07:52:42Z`.
fn seconds(moment: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (day, time) = moment.trim_end_matches('Z').split_once('T')?;
    let [year, month, day] = day.split('-').collect::<Vec<_>>()[..] else { return None };
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    naive::cookie_date(format!("{day} {month} {year} {time}").as_bytes())
}

pub(crate) fn run(input: &[u8]) {
    let Some((which, rest)) = pick(input, BANNERS.len()) else { return };
    let lines = field_lines(rest, 3);
    if let Err(found) = check(&SUBJECTS[which], &lines) {
        let lines: Vec<_> = lines.iter().map(|line| shown(line)).collect();
        panic!("{}: {found}: {lines:?}", SUBJECTS[which].banner);
    }
}

/// Reading is cheap, hears nothing but the banner's own cookies, and grants nothing that is not named.
pub(crate) fn check(subject: &Subject, lines: &[Vec<u8>]) -> Result<(), String> {
    let (grants, _, cost) = subject.read(&subject.reading, lines);
    let base = subject.read(&subject.without, lines).2;
    let length = u64::try_from(lines.iter().map(Vec::len).sum::<usize>()).unwrap();
    if cost > base + COST + COST_A_BYTE * length {
        return Err(format!("{cost} bytes for {length}"));
    }
    let name = subject.banner.as_str();
    if !BITS.contains(&name) {
        let texts = texts(lines);
        let is_named = |key: &str| texts.iter().any(|text| contains(text, key.as_bytes()));
        let unnamed = |grant: &&String| {
            grant.strip_prefix('@').is_some_and(|key| {
                !key.rsplit(['/', ':']).next().is_some_and(is_named) && !is_an_answer_for_all(subject, lines)
            })
        };
        if let Some(key) = grants.iter().find(unnamed) {
            return Err(format!("{key} is granted, and not named"));
        }
    }
    // Other cookies around them change nothing.
    let around = |line: &Vec<u8>| [b"zz=1; ", &line[..], b"; zz=2"].concat();
    let amid = subject.grants(&lines.iter().map(around).collect::<Vec<_>>());
    if amid != grants {
        return Err(format!("{grants:?} are granted, among other cookies {amid:?}"));
    }
    // The same under names that are not the banner's says nothing.
    let renamed = |line: &Vec<u8>| {
        let pieces: Vec<_> =
            naive::split(line, b';').iter().map(|pair| [b"zz", &naive::trim(pair)[..]].concat()).collect();
        pieces.join(&b"; "[..])
    };
    if subject.read(&subject.reading, &lines.iter().map(renamed).collect::<Vec<_>>()).1 {
        return Err("a choice is read from cookies of other names".into());
    }
    let _ = Banner::detect(with_lines(header::COOKIE, lines).headers()).count();
    Ok(())
}

/// Values that answer for everything at once.
fn is_an_answer_for_all(subject: &Subject, lines: &[Vec<u8>]) -> bool {
    let words: &[&[u8]] = match subject.banner.as_str() {
        "osano" => &[b"allow"],
        "aspnet" => &[b"yes"],
        "react-cookie-consent" => &[b"true"],
        "complianz" => &[b"allow", b"dismissed"],
        "cookiebot" => &[b"0", b"-1"],
        "cookie-law-info" => &[b"yes"],
        "gov-uk" => &[b"true"],
        "drupal-eu-cookie-compliance" => &[b"1", b"2"],
        _ => &[],
    };
    lines
        .iter()
        .flat_map(|line| naive::split(line, b';'))
        .any(|pair| naive::cut(&pair, b'=').is_some_and(|(_, value)| words.contains(&&naive::trim(&value)[..])))
}

/// The lines as they are, decoded from percent signs as often as they can be, out of base64, and out of JSON's escapes.
fn texts(lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = lines.to_vec();
    for line in lines {
        let mut text = line.clone();
        for _ in 0..3 {
            text = percent_decoded(&text);
            texts.push(text.clone());
            for run in text.split(|byte| !byte.is_ascii_alphanumeric() && !b"+/-_".contains(byte)) {
                let standard: Vec<u8> = run
                    .iter()
                    .map(|byte| match byte {
                        b'-' => b'+',
                        b'_' => b'/',
                        other => *other,
                    })
                    .collect();
                let engine = base64::engine::GeneralPurpose::new(
                    &base64::alphabet::STANDARD,
                    base64::engine::GeneralPurposeConfig::new()
                        .with_decode_allow_trailing_bits(true)
                        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
                );
                if let Ok(decoded) = engine.decode(&standard) {
                    texts.push(percent_decoded(&decoded));
                    texts.push(decoded);
                }
            }
        }
    }
    let unescaped: Vec<_> = texts.iter().filter(|text| text.contains(&b'\\')).map(|text| unescaped(text)).collect();
    texts.extend(unescaped);
    texts
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| text[at] == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    decoded
}

/// `\u0041` as a letter; other escapes of JSON as the letter behind the stroke.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let code = after.get(1..5).filter(|_| *byte == b'\\' && after[0] == b'u');
        let code = code.and_then(|hex| u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code.and_then(char::from_u32) {
            Some(letter) => {
                plain.extend(letter.to_string().into_bytes());
                rest = &after[5..];
            }
            None if *byte == b'\\' => {}
            None => plain.push(*byte),
        }
    }
    plain
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

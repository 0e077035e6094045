//! Values of the consent cookie. The first byte picks the policy; each line of the rest is a value, and stands in a `Cookie`
//! line of its own.

use std::{collections::BTreeSet, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, Response, header};
use sha2::Sha256;
use tower_consent::{
    Category, ConsentContext, ConsentLayer, Decision, ManualClock, Policy, PolicyBuilder, Regime, Revision, Selection,
    ServiceEntry,
};

use super::{
    field_lines, naive, pick,
    scenarios::{exchange, lines, shown},
    with_lines,
};

const NAME: &str = "__Host-consent";
/// 2026-11-21T12:00:00Z.
const NOW: i64 = 1_795_262_400;
/// The policy's published revision, and the last one that asks again.
const REVISION: u32 = 5;
const MATERIAL: u32 = 3;
/// Revision that brought this service.
const NEW_SERVICE: (&str, u32) = ("pixel", 4);

const CATEGORIES: [&str; 3] = ["functional", "analytics", "marketing"];
/// Services with their categories.
const SERVICES: [(&str, &str); 3] = [("matomo", "analytics"), ("youtube", "marketing"), ("pixel", "marketing")];
const KEYS: [(&str, [u8; 32]); 2] = [("k1", [7; 32]), ("k2", [9; 32])];

struct Site {
    layer: ConsentLayer,
    /// The ids of the keys that it believes.
    keys: &'static [&'static str],
    is_opt_in: bool,
}

static SITES: LazyLock<Vec<Site>> = LazyLock::new(|| {
    let policy = || {
        Policy::builder()
            .category("functional")
            .category("analytics")
            .category("marketing")
            .service("matomo", "analytics")
            .service("youtube", "marketing")
            .service_entry(ServiceEntry::new(NEW_SERVICE.0, "marketing").since(NEW_SERVICE.1))
            .service("stripe", "essential")
            .revision(Revision::new(1))
            .revision(Revision::new(MATERIAL))
            .revision(Revision::new(REVISION).notice())
    };
    let key = |policy: PolicyBuilder, at: usize| policy.mac_key(KEYS[at].0, KEYS[at].1);
    let site = |policy: PolicyBuilder, keys, is_opt_in: bool| {
        let policy = policy.regime(if is_opt_in { Regime::OptIn } else { Regime::OptOut });
        Site { layer: ConsentLayer::new(policy.build().unwrap()).with_clock(ManualClock::at(NOW)), keys, is_opt_in }
    };
    vec![
        site(policy(), &[], true),
        site(key(policy(), 0), &["k1"], true),
        site(key(key(policy(), 1), 0), &["k2", "k1"], true),
        site(policy(), &[], false),
        site(key(policy(), 0), &["k1"], false),
    ]
});

pub(crate) fn run(input: &[u8]) {
    let Some((which, rest)) = pick(input, SITES.len()) else { return };
    let site = &SITES[which];
    let values: Vec<_> = field_lines(rest, 3).into_iter().filter(|value| !value.contains(&b';')).collect();
    if values.is_empty() {
        return;
    }
    if let Err(found) = check(site, &values) {
        let values: Vec<_> = values.iter().map(|value| shown(value)).collect();
        panic!("{found}: {values:?}, keys {:?}, opt-in {}", site.keys, site.is_opt_in);
    }
}

/// What is granted is what stands in the cookie, if it is one; nothing else grants. What is written is read.
fn check(site: &Site, values: &[Vec<u8>]) -> Result<(), String> {
    let cookie = |value: &Vec<u8>| [NAME.as_bytes(), b"=", value].concat();
    let decision = decide(site, &values.iter().map(cookie).collect::<Vec<_>>());
    let distinct: BTreeSet<_> = values.iter().collect();
    let said = if distinct.len() == 1 { Said::read(&values[0], site.keys) } else { None };
    // Nothing that grants, and nothing that lets an undecided visitor's defaults stand.
    let Some(said) = said else {
        return match allowed(&decision) {
            nothing if nothing.is_empty() => Ok(()),
            some => Err(format!("{some:?} pass with what is no consent")),
        };
    };
    let expected = said.allowed(site.is_opt_in);
    let found = allowed(&decision);
    if found != expected {
        return Err(format!("{found:?} pass, not {expected:?}"));
    }
    if site.is_opt_in && decision.undecided().is_none() {
        written_is_read(site, &decision)?;
    }
    Ok(())
}

fn decide(site: &Site, cookies: &[Vec<u8>]) -> Decision {
    let mut seen = None;
    exchange(&site.layer, with_lines(header::COOKIE, cookies), |request| {
        seen = ConsentContext::of(request.extensions()).map(|context| context.peek().clone());
        Response::new(())
    });
    seen.expect("a context")
}

/// Categories and `@services` that may be used, without the essential ones.
fn allowed(decision: &Decision) -> BTreeSet<String> {
    let categories = CATEGORIES.iter().filter(|name| decision.allows(Category::new(name).unwrap()));
    let services = SERVICES.iter().filter(|(name, _)| decision.allows_service(name));
    categories.map(|name| (*name).to_owned()).chain(services.map(|(name, _)| format!("@{name}"))).collect()
}

/// A choice that is made once more, by the names of the one that was read, says the same.
fn written_is_read(site: &Site, decision: &Decision) -> Result<(), String> {
    let choice = decision.choice().expect("a decided choice");
    let granted = choice.granted().filter(|category| *category != Category::ESSENTIAL);
    let mut selection = granted.fold(Selection::none(), Selection::grant);
    for (service, category) in SERVICES {
        let category = Category::new(category).unwrap();
        let is_granted = decision.allows_service(service);
        if is_granted && !choice.granted().any(|one| one == category) {
            selection = selection.grant_service(service);
        } else if !is_granted && choice.granted().any(|one| one == category) {
            selection = selection.refuse_service(service);
        }
    }
    let before = allowed(decision);
    let line = exchange(&site.layer, Request::new(()), |request| {
        let decision = ConsentContext::of(request.extensions()).expect("a context").decision();
        let mut response = Response::new(());
        decision.choose_unrecorded(&selection).expect("names of the policy").apply(response.headers_mut());
        response
    });
    let line = lines(line.headers(), header::SET_COOKIE).pop().ok_or("a choice is not written")?;
    let pair = naive::split(&line, b';').remove(0);
    let value = naive::cut(&pair, b'=').expect("a pair").1;
    if Said::read(&value, site.keys).is_none() {
        return Err(format!("{} is written, which is no consent", shown(&value)));
    }
    let after = allowed(&decide(site, &[pair]));
    if after != before {
        return Err(format!("{before:?} were written as {}, which gives {after:?}", shown(&value)));
    }
    Ok(())
}

/// A value, as the manual describes it.
struct Said {
    revision: u32,
    /// The revision whose notice was taken note of since.
    seen: u32,
    day: (i64, i64, i64),
    granted: BTreeSet<String>,
    refused: BTreeSet<String>,
    /// Every name was refused, whether the policy still has it or not.
    refuses_all: bool,
}

impl Said {
    /// `None`: it is no consent of this policy.
    fn read(value: &[u8], keys: &[&str]) -> Option<Self> {
        // No policy can write as much.
        if value.len() > 3_800 {
            return None;
        }
        let payload = match naive::cut(value, b'~') {
            None if keys.is_empty() => value.to_vec(),
            Some((payload, seal)) if !keys.is_empty() => {
                let (id, mac) = naive::cut(&seal, b'~')?;
                let (id, secret) = KEYS.iter().find(|(known, _)| known.as_bytes() == id && keys.contains(known))?;
                (mac == mac_of(id, secret, &payload).as_bytes()).then_some(payload)?
            }
            _ => return None,
        };
        let text = std::str::from_utf8(&payload).ok()?;
        let mut parts = text.splitn(3, ':');
        if parts.next()? != "1" {
            return None;
        }
        let mut revisions = parts.next()?.split('.');
        let revision = number(revisions.next()?)?;
        let seen = match revisions.next() {
            None => revision,
            Some(seen) => number(seen).filter(|seen| *seen > revision)?,
        };
        if revisions.next().is_some() {
            return None;
        }
        let rest = parts.next()?;
        let day = rest.get(..10)?;
        let day = match day.split('-').collect::<Vec<_>>()[..] {
            [year, month, day] if (year.len(), month.len(), day.len()) == (4, 2, 2) => {
                (digits(year)?, digits(month)?, digits(day)?)
            }
            _ => return None,
        };
        if !(1..=12).contains(&day.1) || !(1..=days_in(day.0, day.1)).contains(&day.2) {
            return None;
        }
        let mut rest = &rest[10..];
        if let Some((before, id)) = rest.split_once('#') {
            let is_id = id.len() == 22 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            // The last letter carries four bits too many, which are 0.
            (is_id && URL_SAFE_NO_PAD.decode(id).is_ok()).then_some(())?;
            rest = before;
        }
        if let Some((before, signals)) = rest.split_once(':') {
            ["d", "g", "dg"].contains(&signals).then_some(())?;
            rest = before;
        }
        let (mut granted, mut refused, mut refuses_all) = (BTreeSet::new(), BTreeSet::new(), !rest.is_empty());
        while !rest.is_empty() {
            let is_grant = match rest.as_bytes()[0] {
                b'+' => true,
                b'!' => false,
                _ => return None,
            };
            let end = rest[1..].find(['+', '!']).map_or(rest.len(), |end| end + 1);
            let name = &rest[1..end];
            rest = &rest[end..];
            let plain = name.strip_prefix('@').unwrap_or(name);
            let is_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
            if plain.is_empty() || plain.len() > 32 || !plain.bytes().all(is_name) {
                return None;
            }
            refuses_all &= !is_grant;
            let is_known = CATEGORIES.contains(&name)
                || ["essential", "@stripe"].contains(&name)
                || SERVICES.iter().any(|(service, _)| name.strip_prefix('@') == Some(service));
            if !is_known {
                continue;
            }
            if granted.contains(name) || refused.contains(name) {
                return None;
            }
            if is_grant {
                granted.insert(name.to_owned())
            } else {
                refused.insert(name.to_owned())
            };
        }
        Some(Self { revision, seen, day, granted, refused, refuses_all })
    }

    /// What may be used by it now.
    fn allowed(&self, is_opt_in: bool) -> BTreeSet<String> {
        let today = days_until((2026, 11, 21));
        let made = days_until(self.day);
        // The future (R118), and a revision that the policy does not have yet.
        if made > today + 1 || self.seen > REVISION {
            return BTreeSet::new();
        }
        let is_outdated = self.revision < MATERIAL;
        // Six months from the start of the day (R105 to R107).
        let (year, month) =
            if self.day.1 > 6 { (self.day.0 + 1, self.day.1 - 6) } else { (self.day.0, self.day.1 + 6) };
        let is_expired = NOW >= days_until((year, month, self.day.2.min(days_in(year, month)))) * 86_400;
        let may = |name: &str, category: &str, since: u32| {
            let is_refused = |name: &str| self.refused.contains(name);
            let is_granted = |name: &str| self.granted.contains(name);
            if is_refused(name) {
                return false;
            }
            let by_category = name != category;
            if is_granted(name) && since <= self.revision && !is_outdated && !is_expired {
                return true;
            }
            if by_category && is_refused(category) {
                return false;
            }
            let is_covered = by_category && is_granted(category) && since <= self.revision;
            if is_covered && !is_outdated && !is_expired {
                return true;
            }
            // Nobody has decided on it: as the regime says, unless everything was refused, or a revision asks again.
            let is_named = (is_granted(name) && since <= self.revision) || is_covered;
            let is_closed = is_opt_in || self.refuses_all || (is_outdated && is_named);
            !is_closed
        };
        let categories = CATEGORIES.iter().filter(|name| may(name, name, 1)).map(|name| (*name).to_owned());
        let since = |name: &str| if name == NEW_SERVICE.0 { NEW_SERVICE.1 } else { 1 };
        let services = SERVICES.iter().map(|(name, category)| (format!("@{name}"), category, since(name)));
        let services = services.filter(|(name, category, since)| may(name, category, *since)).map(|(name, ..)| name);
        categories.chain(services).collect()
    }
}

/// The MAC as the manual has it: with a key that is derived from the use, the cookie's name and the key's id.
fn mac_of(id: &str, secret: &[u8], payload: &[u8]) -> String {
    let hmac = |key: &[u8], message: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    };
    let mut purpose = Vec::new();
    for part in ["tower-consent: consent cookie, format 1", NAME, id] {
        purpose.extend((part.len() as u64).to_be_bytes());
        purpose.extend(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(hmac(&hmac(secret, &purpose), payload))
}

/// One to eight digits, the first not 0.
fn number(text: &str) -> Option<u32> {
    let is_number = (1..=8).contains(&text.len()) && !text.starts_with('0');
    digits(text).filter(|_| is_number)?.try_into().ok()
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().unwrap())
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970 until then.
fn days_until((year, month, day): (i64, i64, i64)) -> i64 {
    let years = |year: i64| year * 365 + (year / 4) - (year / 100) + (year / 400);
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    years(year - 1) - years(1969) + months + day - 1
}

//! What is proposed for one cookie.

use super::super::{
    facts::{HowOften, SeenAttributes},
    known::Known,
    snapshot::SeenCookie,
};
use crate::{
    catalogue::{ANYBODY, CatalogueEntry, FrameworkCookie, KnownCookie, Preset},
    category::Category,
    policy::{CookieRule, Lifetime, is_token},
};

/// What becomes of a cookie that the policy at hand does not declare.
pub(super) enum Verdict {
    /// A rule, under a prefix where there is one to generalise to.
    Rule(Rule),
    /// Nobody knows the name.
    Unknown,
    /// No file can hold the name.
    Unwritable,
}

/// A rule that is proposed.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// What stands before the `*`, where the name is known by a prefix.
    pub(super) prefix: Option<String>,
    pub(super) category: Category,
    /// Whose it is: a service, where it is not the site itself.
    pub(super) platform: Option<&'static str>,
    pub(super) provider: Option<&'static str>,
    /// `None` where only the catalogue knows the name.
    pub(super) purpose: Option<&'static str>,
    /// Whether it holds a session or a sign-in.
    pub(super) is_auth: bool,
    /// Why, and what to check: one line.
    pub(super) why: String,
}

impl Rule {
    /// Whether only a prefix of a public list speaks for it: where that is short, it is no more than chance.
    pub(super) const fn is_unsure(&self) -> bool {
        self.prefix.is_some() && self.purpose.is_none()
    }
}

const THIS_SITE: &str = "this site";

/// What is proposed for a name that neither the policy at hand nor a proposed preset declares.
pub(super) fn propose(cookie: &SeenCookie) -> Verdict {
    let name = cookie.name().as_bytes();
    if !is_token(name) || name.contains(&b'*') || name.first() == Some(&b'$') {
        return Verdict::Unwritable;
    }
    match Known::of(name) {
        // Half the trackers have a `uid` too: nobody but a person makes that essential.
        Some(Known::Framework(known)) if known.framework == ANYBODY => Verdict::Unknown,
        Some(Known::Framework(known)) => Verdict::Rule(of_framework(name, &known)),
        Some(Known::Preset(preset, known)) => Verdict::Rule(of_preset(preset, known)),
        Some(Known::Catalogue(known)) => Verdict::Rule(of_catalogue(&known)),
        None => Verdict::Unknown,
    }
}

fn of_framework(name: &[u8], known: &FrameworkCookie) -> Rule {
    let is_auth = matches!(known.purpose, "session" | "sign-in" | "remembered sign-in");
    let (category, purpose) = match known.purpose {
        "session" => (Category::ESSENTIAL, "Links the browser to its session on the server"),
        "sign-in" => (Category::ESSENTIAL, "Keeps the visitor signed in"),
        "remembered sign-in" => (Category::ESSENTIAL, "Remembers the sign-in"),
        "CSRF" => (Category::ESSENTIAL, "Stops forged requests"),
        "one-time message" => (Category::ESSENTIAL, "Carries one-time notices from one page to the next"),
        "language" => (Category::FUNCTIONAL, "Remembers the language that the visitor picked"),
        "appearance" => (Category::FUNCTIONAL, "Remembers how the visitor wants the site to look"),
        other => (Category::ESSENTIAL, other),
    };
    Rule {
        prefix: known.name.strip_suffix('*').filter(|prefix| !prefix.contains('*')).and_then(|it| with_host(name, it)),
        category,
        platform: None,
        provider: Some(THIS_SITE),
        purpose: Some(purpose),
        is_auth,
        why: format!(
            "CHECK: {} uses this name ({}). It is right only if this site's cookie is that{}.",
            known.framework,
            known.purpose,
            if category == Category::ESSENTIAL { ", and needed for what the visitor asks for" } else { "" },
        ),
    }
}

/// A framework's prefix as this name begins with it: behind a `__Host-` or the like, where there is one.
fn with_host(name: &[u8], prefix: &str) -> Option<String> {
    let start = memchr::memmem::find(name, prefix.as_bytes())?;
    Some(String::from_utf8_lossy(name.get(..start)?).into_owned() + prefix)
}

fn of_preset(preset: Preset, known: &'static KnownCookie) -> Rule {
    Rule {
        prefix: known.name.strip_suffix('*').map(str::to_owned),
        category: known.category,
        platform: None,
        provider: Some(known.provider),
        purpose: Some(known.purpose),
        is_auth: known.purpose == "Links the browser to its session on the server",
        why: format!(
            "CHECK: the preset {preset:?} has this name, and so may another part of the site. If it is that, name the \
             preset instead."
        ),
    }
}

fn of_catalogue(known: &CatalogueEntry) -> Rule {
    let mut why = format!("The Open Cookie Database calls it \"{}\"", known.label.as_str());
    if !known.retention.is_empty() {
        why.push_str(&format!(", kept: {}", known.retention));
    }
    if !known.domain.is_empty() {
        why.push_str(&format!(
            ", of {}. CHECK: it was seen on this site's own host, so it may be another cookie of that name",
            known.domain
        ));
    }
    why.push('.');
    if known.category == Category::FUNCTIONAL {
        why.push_str(" CHECK: its word covers anything from sign-in to statistics.");
    }
    Rule {
        prefix: known.prefix.map(str::to_owned),
        category: known.category,
        platform: Some(known.platform).filter(|platform| !platform.is_empty()),
        provider: Some(known.platform).filter(|platform| !platform.is_empty()),
        purpose: None,
        is_auth: false,
        why,
    }
}

/// The presets that are proposed, by what was seen of each.
pub(super) fn presets(seen: &[(Preset, &[u8])]) -> Vec<Preset> {
    let is_seen =
        |preset: Preset, name: &str| seen.iter().any(|(one, seen)| *one == preset && *seen == name.as_bytes());
    let is_told = |preset: &Preset| match signs(*preset) {
        Some(signs) => signs.iter().any(|names| names.iter().all(|name| is_seen(*preset, name))),
        None => seen.iter().any(|(one, _)| one == preset),
    };
    Preset::ALL.iter().copied().filter(is_told).collect()
}

/// Names that together tell that a part is there, for the parts that a site is built with: their names are short, and
/// others use them too. `None` for third parties, each name of which tells.
fn signs(preset: Preset) -> Option<&'static [&'static [&'static str]]> {
    Some(match preset {
        Preset::TowerSessions => &[&["tower.sid"]],
        Preset::AxumFlash => &[&["axum-flash"]],
        Preset::AxumCsrf => &[&["Csrf_Token"], &["__Host-Csrf_Token"]],
        Preset::TowerSurf => &[&["__HOST-csrf_token"]],
        Preset::AxumSession => &[&["session", "store"], &["__Host-session", "__Host-store"]],
        Preset::LeptosI18n => &[&["i18n_pref_locale"]],
        _ if preset.cookies().iter().all(|known| known.provider == THIS_SITE) => &[],
        _ => return None,
    })
}

/// What the lines that set a cookie say of a rule for it.
pub(super) fn with_attributes(mut rule: CookieRule, seen: &[SeenCookie]) -> CookieRule {
    let attributes = || seen.iter().filter_map(|cookie| cookie.attributes.as_ref());
    if let Some(longest) = attributes().filter_map(|seen| seen.longest_lifetime).max() {
        rule = rule.max_age(rounded(longest));
    }
    if attributes().any(|seen| seen.partitioned != HowOften::Never) {
        rule = rule.partitioned();
    }
    if attributes().next().is_some() && attributes().all(|seen| seen.secure == HowOften::Always) {
        rule = rule.secure();
    }
    rule
}

/// Up to whole days, below a day to whole minutes: a date as lifetime is some seconds shorter each time.
fn rounded(seconds: i64) -> Lifetime {
    const DAY: i64 = 86_400;
    let up = |length: i64| seconds.max(1).saturating_add(length - 1) / length;
    if seconds >= DAY {
        return Lifetime::days(u16::try_from(up(DAY)).unwrap_or(u16::MAX).min(400));
    }
    Lifetime::seconds(u32::try_from(up(60) * 60).unwrap_or(60))
}

/// Whether a session cookie keeps the promise of `auth_cookies` as it is: out of reach of scripts, and not longer than
/// seven days.
pub(super) fn keeps_seven_days(seen: &[SeenCookie]) -> bool {
    let keeps = |attributes: &SeenAttributes| {
        attributes.http_only == HowOften::Always
            && attributes.longest_lifetime.is_none_or(|seconds| seconds <= 7 * 86_400)
    };
    let mut all = seen.iter().filter_map(|cookie| cookie.attributes.as_ref()).peekable();
    all.peek().is_some() && all.all(keeps)
}

//! User agents become two words.

use std::{fmt, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Span};
use serde::Serialize;

/// Bytes of a user agent that are looked at.
const MOST: usize = 1_024;

/// What stays of a user agent.
///
/// Shown as `firefox on linux`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct Agent {
    /// The family of the browser.
    pub browser: BrowserFamily,
    /// The family of the operating system.
    pub system: SystemFamily,
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.browser, self.system)
    }
}

/// The family of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BrowserFamily {
    /// A program: a crawler, a preview, a library, a browser that is driven.
    Bot,
    /// Chrome, and what names itself so: Chromium, Brave, Vivaldi, the web views of Android.
    Chrome,
    /// Edge.
    Edge,
    /// Firefox.
    Firefox,
    /// Opera.
    Opera,
    /// Safari, and the web views of iOS.
    Safari,
    /// Samsung Internet.
    Samsung,
    /// Any other, or none named.
    Other,
}

impl BrowserFamily {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Bot, Self::Chrome, Self::Edge, Self::Firefox, Self::Opera, Self::Safari, Self::Samsung, Self::Other];

    /// The family as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Chrome => "chrome",
            Self::Edge => "edge",
            Self::Firefox => "firefox",
            Self::Opera => "opera",
            Self::Safari => "safari",
            Self::Samsung => "samsung",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for BrowserFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The family of an operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SystemFamily {
    /// Android.
    Android,
    /// ChromeOS.
    ChromeOs,
    /// iOS and iPadOS; a tablet that asks for the desktop's pages names itself macOS.
    Ios,
    /// Linux, and what else names X11.
    Linux,
    /// macOS.
    #[serde(rename = "macos")]
    MacOs,
    /// Windows.
    Windows,
    /// Any other, or none named.
    Other,
}

impl SystemFamily {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Android, Self::ChromeOs, Self::Ios, Self::Linux, Self::MacOs, Self::Windows, Self::Other];

    /// The family as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::ChromeOs => "chrome-os",
            Self::Ios => "ios",
            Self::Linux => "linux",
            Self::MacOs => "macos",
            Self::Windows => "windows",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for SystemFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The families of a `User-Agent`: one of 8 and one of 7, whatever the text is. Only its first 1,024 bytes count.
#[must_use]
pub fn user_agent(text: &str) -> Agent {
    let signs = Signs::of(text.as_bytes().get(..MOST).unwrap_or(text.as_bytes()));
    let system = signs.system();
    Agent { browser: signs.browser(system), system }
}

/// What a word in a user agent is a sign of.
#[derive(Clone, Copy)]
#[repr(u16)]
enum Sign {
    Bot = 1,
    Edge = 1 << 1,
    Opera = 1 << 2,
    Samsung = 1 << 3,
    Firefox = 1 << 4,
    Chrome = 1 << 5,
    WebKit = 1 << 6,
    Safari = 1 << 7,
    OtherSystem = 1 << 8,
    Windows = 1 << 9,
    Ios = 1 << 10,
    Android = 1 << 11,
    ChromeOs = 1 << 12,
    MacOs = 1 << 13,
    Linux = 1 << 14,
}

/// A program that calls itself so; the only word that does not count everywhere.
const BOT: &str = "bot";

/// Looked for without regard to case. No word has a digit but one that is part of a name: a version must not decide.
const WORDS: &[(&str, Sign)] = &[
    (BOT, Sign::Bot),
    // A program that names its own page, as crawlers should.
    ("http://", Sign::Bot),
    ("https://", Sign::Bot),
    ("crawl", Sign::Bot),
    ("spider", Sign::Bot),
    ("slurp", Sign::Bot),
    ("headless", Sign::Bot),
    ("preview", Sign::Bot),
    ("facebookexternalhit", Sign::Bot),
    ("curl/", Sign::Bot),
    ("wget/", Sign::Bot),
    ("python", Sign::Bot),
    ("go-http-client", Sign::Bot),
    ("java/", Sign::Bot),
    ("okhttp", Sign::Bot),
    ("libwww", Sign::Bot),
    ("node-fetch", Sign::Bot),
    ("axios/", Sign::Bot),
    ("scrapy", Sign::Bot),
    ("phantomjs", Sign::Bot),
    ("lighthouse", Sign::Bot),
    ("reqwest", Sign::Bot),
    ("postman", Sign::Bot),
    ("edg/", Sign::Edge),
    ("edge/", Sign::Edge),
    ("edga/", Sign::Edge),
    ("edgios/", Sign::Edge),
    ("opr/", Sign::Opera),
    ("opera", Sign::Opera),
    ("opt/", Sign::Opera),
    ("opx/", Sign::Opera),
    ("samsungbrowser/", Sign::Samsung),
    ("firefox/", Sign::Firefox),
    ("fxios/", Sign::Firefox),
    ("chrome/", Sign::Chrome),
    ("chromium/", Sign::Chrome),
    ("crios/", Sign::Chrome),
    ("applewebkit/", Sign::WebKit),
    ("safari/", Sign::Safari),
    ("windows phone", Sign::OtherSystem),
    ("tizen", Sign::OtherSystem),
    ("web0s", Sign::OtherSystem),
    ("webos", Sign::OtherSystem),
    ("kaios", Sign::OtherSystem),
    ("harmonyos", Sign::OtherSystem),
    ("windows", Sign::Windows),
    ("iphone", Sign::Ios),
    ("ipad", Sign::Ios),
    ("ipod", Sign::Ios),
    ("android", Sign::Android),
    ("; cros ", Sign::ChromeOs),
    ("macintosh", Sign::MacOs),
    ("mac os x", Sign::MacOs),
    ("linux", Sign::Linux),
    ("x11", Sign::Linux),
];

/// All words are found in one pass. A few short words always fit; if they did not, every agent would be another.
static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = WORDS.iter().map(|(word, _)| word);
    AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words).ok()
});

/// The signs in a user agent.
struct Signs(u16);

impl Signs {
    fn of(agent: &[u8]) -> Self {
        let found = FINDER.iter().flat_map(|finder| finder.find_overlapping_iter(agent));
        let signs = found.filter_map(|found| {
            let (word, sign) = WORDS.get(found.pattern().as_usize())?;
            (*word != BOT || is_bot(agent, found.span())).then_some(*sign)
        });
        Self(signs.fold(0, |signs, sign| signs | sign as u16))
    }

    const fn has(&self, sign: Sign) -> bool {
        self.0 & sign as u16 != 0
    }

    const fn browser(&self, system: SystemFamily) -> BrowserFamily {
        if self.has(Sign::Bot) {
            BrowserFamily::Bot
        } else if self.has(Sign::Edge) {
            BrowserFamily::Edge
        } else if self.has(Sign::Opera) {
            BrowserFamily::Opera
        } else if self.has(Sign::Samsung) {
            BrowserFamily::Samsung
        } else if self.has(Sign::Firefox) {
            BrowserFamily::Firefox
        } else if self.has(Sign::Chrome) {
            BrowserFamily::Chrome
        } else if match system {
            SystemFamily::Ios => self.has(Sign::WebKit),
            SystemFamily::MacOs | SystemFamily::Windows => self.has(Sign::Safari),
            _ => false,
        } {
            BrowserFamily::Safari
        } else {
            BrowserFamily::Other
        }
    }

    const fn system(&self) -> SystemFamily {
        if self.has(Sign::OtherSystem) {
            SystemFamily::Other
        } else if self.has(Sign::Windows) {
            SystemFamily::Windows
        } else if self.has(Sign::Ios) {
            SystemFamily::Ios
        } else if self.has(Sign::Android) {
            SystemFamily::Android
        } else if self.has(Sign::ChromeOs) {
            SystemFamily::ChromeOs
        } else if self.has(Sign::MacOs) {
            SystemFamily::MacOs
        } else if self.has(Sign::Linux) {
            SystemFamily::Linux
        } else {
            SystemFamily::Other
        }
    }
}

/// Whether the word is one: a maker of phones is called Cubot.
fn is_bot(agent: &[u8], word: Span) -> bool {
    let before = agent.get(word.start.saturating_sub(2)..word.start).unwrap_or_default();
    let after = agent.get(word.end).copied().unwrap_or(b' ');
    !before.eq_ignore_ascii_case(b"cu") && !after.is_ascii_alphabetic()
}

//! User agents become two words.

use std::fmt;

use memchr::memmem;
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
    let mut buffer = [0; MOST];
    let mut length = 0;
    for (to, from) in buffer.iter_mut().zip(text.as_bytes()) {
        *to = from.to_ascii_lowercase();
        length += 1;
    }
    let text = Lower(buffer.get(..length).unwrap_or_default());
    let system = text.system();
    Agent { browser: text.browser(system), system }
}

/// A user agent in lower case.
struct Lower<'a>(&'a [u8]);

impl Lower<'_> {
    fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|word| memmem::find(self.0, word.as_bytes()).is_some())
    }

    // No word has a digit but one that is part of a name: a version must not decide.
    fn browser(&self, system: SystemFamily) -> BrowserFamily {
        if self.is_bot() {
            BrowserFamily::Bot
        } else if self.has(&["edg/", "edge/", "edga/", "edgios/"]) {
            BrowserFamily::Edge
        } else if self.has(&["opr/", "opera", "opt/", "opx/"]) {
            BrowserFamily::Opera
        } else if self.has(&["samsungbrowser/"]) {
            BrowserFamily::Samsung
        } else if self.has(&["firefox/", "fxios/"]) {
            BrowserFamily::Firefox
        } else if self.has(&["chrome/", "chromium/", "crios/"]) {
            BrowserFamily::Chrome
        } else if match system {
            SystemFamily::Ios => self.has(&["applewebkit/"]),
            SystemFamily::MacOs | SystemFamily::Windows => self.has(&["safari/"]),
            _ => false,
        } {
            BrowserFamily::Safari
        } else {
            BrowserFamily::Other
        }
    }

    fn is_bot(&self) -> bool {
        const WORDS: &[&str] = &[
            // A program that names its own page, as crawlers should.
            "http://",
            "https://",
            "crawl",
            "spider",
            "slurp",
            "headless",
            "preview",
            "facebookexternalhit",
            "curl/",
            "wget/",
            "python",
            "go-http-client",
            "java/",
            "okhttp",
            "libwww",
            "node-fetch",
            "axios/",
            "scrapy",
            "phantomjs",
            "lighthouse",
            "reqwest",
            "postman",
        ];
        let is_name = |at: usize| {
            // A maker of phones is called Cubot.
            let before = self.0.get(..at).unwrap_or_default();
            let after = self.0.get(at + 3).copied().unwrap_or(b' ');
            !before.ends_with(b"cu") && !after.is_ascii_lowercase()
        };
        self.has(WORDS) || memmem::find_iter(self.0, b"bot").any(is_name)
    }

    fn system(&self) -> SystemFamily {
        if self.has(&["windows phone", "tizen", "web0s", "webos", "kaios", "harmonyos"]) {
            SystemFamily::Other
        } else if self.has(&["windows"]) {
            SystemFamily::Windows
        } else if self.has(&["iphone", "ipad", "ipod"]) {
            SystemFamily::Ios
        } else if self.has(&["android"]) {
            SystemFamily::Android
        } else if self.has(&["; cros "]) {
            SystemFamily::ChromeOs
        } else if self.has(&["macintosh", "mac os x"]) {
            SystemFamily::MacOs
        } else if self.has(&["linux", "x11"]) {
            SystemFamily::Linux
        } else {
            SystemFamily::Other
        }
    }
}

//! The directives of each kind of load, and which sources may stand in them.

use super::own::OwnPolicies;

/// A kind of load that a `Content-Security-Policy` can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Load {
    /// Scripts and workers: `script-src`. What the application says of elements, attributes and workers by themselves is
    /// taken over into directives of their own.
    Scripts,
    /// Style sheets: `style-src`. As of scripts, what is inline is as the application's own says.
    Styles,
    /// Images: `img-src`.
    Images,
    /// Fonts: `font-src`.
    Fonts,
    /// Sound and film: `media-src`.
    Media,
    /// Frames: `frame-src`; and `object-src`, because `<object>` and `<embed>` show pages as well.
    Frames,
    /// What scripts connect to: `connect-src`.
    Connections,
}

/// A directive, and in whose place it stands for the application.
#[derive(Debug)]
pub(super) struct Directive {
    pub(super) name: &'static str,
    /// Where browsers look for what holds, the first that is there (CSP Level 3, section 6.8.3).
    pub(super) fallbacks: &'static [&'static str],
    /// It is written only where the application's own has one of these; where there are none, always.
    needed_by: &'static [&'static str],
}

impl Directive {
    const fn always(name: &'static str, fallbacks: &'static [&'static str]) -> Self {
        Self { name, fallbacks, needed_by: &[] }
    }

    pub(super) fn is_needed(&self, own: &OwnPolicies<'_>) -> bool {
        self.needed_by.is_empty() || self.needed_by.iter().any(|name| own.names(name))
    }
}

const SCRIPTS: &[Directive] = &[
    Directive::always("script-src", &["script-src", "default-src"]),
    Directive {
        name: "script-src-elem",
        fallbacks: &["script-src-elem", "script-src", "default-src"],
        needed_by: &["script-src-elem"],
    },
    Directive {
        name: "script-src-attr",
        fallbacks: &["script-src-attr", "script-src", "default-src"],
        needed_by: &["script-src-attr"],
    },
    Directive {
        name: "worker-src",
        fallbacks: &["worker-src", "child-src", "script-src", "default-src"],
        needed_by: &["worker-src", "child-src"],
    },
];
const STYLES: &[Directive] = &[
    Directive::always("style-src", &["style-src", "default-src"]),
    Directive {
        name: "style-src-elem",
        fallbacks: &["style-src-elem", "style-src", "default-src"],
        needed_by: &["style-src-elem"],
    },
    Directive {
        name: "style-src-attr",
        fallbacks: &["style-src-attr", "style-src", "default-src"],
        needed_by: &["style-src-attr"],
    },
];
const IMAGES: &[Directive] = &[Directive::always("img-src", &["img-src", "default-src"])];
const FONTS: &[Directive] = &[Directive::always("font-src", &["font-src", "default-src"])];
const MEDIA: &[Directive] = &[Directive::always("media-src", &["media-src", "default-src"])];
const FRAMES: &[Directive] = &[
    Directive::always("frame-src", &["frame-src", "child-src", "default-src"]),
    Directive::always("object-src", &["object-src", "default-src"]),
];
const CONNECTIONS: &[Directive] = &[Directive::always("connect-src", &["connect-src", "default-src"])];

impl Load {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 7] =
        [Self::Scripts, Self::Styles, Self::Images, Self::Fonts, Self::Media, Self::Frames, Self::Connections];

    pub(super) const fn directives(self) -> &'static [Directive] {
        match self {
            Self::Scripts => SCRIPTS,
            Self::Styles => STYLES,
            Self::Images => IMAGES,
            Self::Fonts => FONTS,
            Self::Media => MEDIA,
            Self::Frames => FRAMES,
            Self::Connections => CONNECTIONS,
        }
    }

    pub(super) fn directive(self) -> &'static str {
        self.directives().first().map_or("", |directive| directive.name)
    }

    /// The site itself, and for images what loads from nowhere.
    pub(super) const fn usual_sources(self) -> &'static [&'static str] {
        match self {
            Self::Images => &["'self'", "data:", "blob:"],
            _ => &["'self'"],
        }
    }
}

/// Schemes whose addresses hold what they name, or name what the page made itself: nobody is asked for them.
const LOCAL_SCHEMES: [&str; 4] = ["data:", "blob:", "filesystem:", "mediastream:"];

/// What is said of code in the page, and not of where code comes from.
const KEYWORDS: [&str; 7] = [
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'wasm-unsafe-eval'",
    "'unsafe-hashes'",
    "'trusted-types-eval'",
    "'inline-speculation-rules'",
    "'report-sample'",
];
const CODE_PREFIXES: [&str; 4] = ["'nonce-", "'sha256-", "'sha384-", "'sha512-"];

fn is_code(source: &str) -> bool {
    let begins = |prefix: &&str| source.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    KEYWORDS.iter().any(|keyword| source.eq_ignore_ascii_case(keyword))
        || (source.len() > 1 && source.ends_with('\'') && CODE_PREFIXES.iter().any(begins))
}

fn is_local(source: &str) -> bool {
    LOCAL_SCHEMES.iter().any(|scheme| source.eq_ignore_ascii_case(scheme))
}

/// Whether a source of the application's own is taken over: it names no host.
pub(super) fn is_taken_over(source: &str) -> bool {
    is_code(source) || is_local(source)
}

/// A host of web sockets alone: it says nothing of other loads.
pub(super) fn is_socket(host: &str) -> bool {
    host.starts_with("wss://") || host.starts_with("ws://")
}

/// Whether a source can stand among the base sources.
pub(super) fn is_base_source(source: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',');
    let is_keyword = ["'self'", "'none'"].iter().any(|keyword| source.eq_ignore_ascii_case(keyword));
    let is_host = || {
        let rest = source.split_once("://").map_or(source, |(_, rest)| rest);
        let name = rest.strip_prefix("*.").unwrap_or(rest);
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !source.ends_with(':')
            && !source.contains(['\'', '"'])
    };
    !source.is_empty()
        && source.bytes().all(is_plain)
        && (is_keyword || is_code(source) || is_local(source) || is_host())
}

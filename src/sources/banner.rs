//! The banners whose cookies can be read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    answers::Answers,
    banners,
    jar::Jar,
    reading::{Input, Said},
};
use crate::category::Category;

macro_rules! banners {
    ($($(#[$doc:meta])* $variant:ident = $name:literal => $format:path,)+) => {
        /// A consent banner that a site already has, whose cookies can be read on the server.
        ///
        /// In a file: the name in lower case with hyphens, as [`as_str`](Self::as_str) gives it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Banner {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl Banner {
            /// Every banner.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The banner's name in files, reports and labels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub(crate) const fn format(self) -> &'static Format {
                match self {
                    $(Self::$variant => &$format,)+
                }
            }
        }
    };
}

banners! {
    /// Klaro, `klaro`: answers by service, so the policy must say which service is what.
    Klaro = "klaro" => banners::klaro::FORMAT,
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// All that is known of a banner.
#[derive(Debug)]
pub(crate) struct Format {
    /// Its cookies. Without the first one nobody has decided; none of them is ever stripped.
    pub(crate) cookies: &'static [BannerCookie],
    /// Where the first one is a prefix: endings of names that belong to other cookies.
    pub(crate) companions: &'static [&'static str],
    /// What its keys usually stand for.
    pub(crate) usual: Usual,
    /// Whether its value tells when the choice was made.
    pub(crate) keeps_time: bool,
    pub(crate) read: fn(&Input<'_>, &mut Answers<'_>) -> Said,
}

/// A cookie of a banner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BannerCookie {
    pub(crate) name: &'static str,
    /// Every name that begins so is meant.
    pub(crate) is_prefix: bool,
}

impl BannerCookie {
    /// Whether a name is this cookie's.
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        if self.is_prefix { name.starts_with(self.name.as_bytes()) } else { name == self.name.as_bytes() }
    }
}

/// A cookie of this name.
pub(crate) const fn named(name: &'static str) -> BannerCookie {
    BannerCookie { name, is_prefix: false }
}

/// Every cookie whose name begins so.
pub(crate) const fn prefixed(name: &'static str) -> BannerCookie {
    BannerCookie { name, is_prefix: true }
}

/// What the keys of a banner stand for where the policy does not say it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Usual {
    /// The banner asks one question for all that is not essential; this is its key.
    OneQuestion(&'static str),
    /// These categories, each with the keys that sites usually give it.
    Keys(&'static [(Category, &'static [&'static str])]),
    /// Nothing: each site has keys of its own, and must say what they are.
    SiteDefined,
}

impl Format {
    /// The values of the first cookie; `name` is its name at this site.
    pub(crate) fn first_values<'a, 's>(
        &self,
        jar: &'s Jar<'a>,
        name: &'s [u8],
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 's> {
        let is_prefix = self.cookies.first().is_some_and(|first| first.is_prefix);
        let companions = self.companions;
        let is_first = move |other: &[u8]| {
            if is_prefix {
                other.starts_with(name) && !companions.iter().any(|ending| other.ends_with(ending.as_bytes()))
            } else {
                other == name
            }
        };
        jar.iter().filter(move |(other, _)| is_first(other)).map(|(_, value)| value)
    }
}

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
    /// vanilla-cookieconsent 3, `cc_cookie`. A category's key is its name, a service's is `category/service`. Usual:
    /// `functionality` or `preferences`, `analytics`, `marketing`, `targeting` or `ads`. Revision: a number.
    CookieConsentV3 = "cookieconsent-v3" => banners::cookieconsent_v3::FORMAT,
    /// vanilla-cookieconsent 2, `cc_cookie`. A category's key is its name. Usual: `functionality`, `analytics`,
    /// `marketing`; the policy must say which other names the site has. Revision: a number.
    CookieConsentV2 = "cookieconsent-v2" => banners::cookieconsent_v2::FORMAT,
    /// Klaro, `klaro`: answers by service, so the policy must say which service is what.
    Klaro = "klaro" => banners::klaro::FORMAT,
    /// Osano's open source cookieconsent 3, `cookieconsent_status`: one question for all that is not essential, with the
    /// key `all`. No revision.
    Osano = "osano" => banners::osano::FORMAT,
    /// OneTrust, `OptanonConsent` and `OptanonAlertBoxClosed`: answers by the site's groups. Usual: `C0003` functional,
    /// `C0002` analytics, `C0004` and `C0005` marketing; the policy must say what a site's own groups are. No revision.
    OneTrust = "onetrust" => banners::onetrust::FORMAT,
    /// Cookiebot, `CookieConsent`. Keys: `preferences` (functional), `statistics` and `marketing`. Revision: `ver`.
    Cookiebot = "cookiebot" => banners::cookiebot::FORMAT,
    /// CookieYes, `cookieyes-consent`. Keys: `functional`, `analytics` and `performance` (both analytics),
    /// `advertisement`, `other`, and those of the site. Revision: `lastRenewedDate`, in milliseconds.
    CookieYes = "cookieyes" => banners::cookieyes::FORMAT,
    /// Cookie Law Info, CookieYes' predecessor for WordPress, `viewed_cookie_policy`. Keys: as CookieYes, `others`, or
    /// `non-necessary` for everything at once. Revision: `ver`.
    CookieLawInfo = "cookie-law-info" => banners::cookie_law_info::FORMAT,
    /// Complianz, `cmplz_banner-status`. Keys: `preferences` (functional), `statistics`, `marketing`, and the names of
    /// services. Revision: the id of the cookie policy.
    Complianz = "complianz" => banners::complianz::FORMAT,
    /// Tarteaucitron, `tarteaucitron`: answers by service; the services that the tool ships have their type's category, a
    /// site's own services must be mapped. A service that the tool exempts (Matomo) is answered only as `asked:matomo`,
    /// by sites with `alwaysNeedConsent`.
    Tarteaucitron = "tarteaucitron" => banners::tarteaucitron::FORMAT,
    /// Didomi, `didomi_token`: answers by purpose and by vendor (`vendor:google`), so the policy must say which is what.
    /// `didomi_dcs` is not read.
    Didomi = "didomi" => banners::didomi::FORMAT,
    /// Iubenda, `_iub_cs-` and an id: answers by purpose (`2` and `3` functional, `4` analytics, `5` marketing), or one for
    /// all.
    Iubenda = "iubenda" => banners::iubenda::FORMAT,
    /// GOV.UK's components, `cookies_policy`: answers by `settings`, `usage` and `campaigns`.
    GovUk = "gov-uk" => banners::gov_uk::FORMAT,
    /// ASP.NET Core's cookie policy, `.AspNet.Consent`: one answer, `yes`.
    AspNet = "aspnet" => banners::asp_net::FORMAT,
    /// C15t from 1.8 on, `c15t`: answers by category (`functionality`, `experience`, `measurement`, `marketing`); the
    /// revision is its policy's fingerprint.
    C15t = "c15t" => banners::c15t::FORMAT,
    /// Django-cookie-consent, `cookie_consent`: answers by group, so the policy must say which group is what; the revision is
    /// a version of all groups, or `group=version|group=version`.
    DjangoCookieConsent = "django-cookie-consent" => banners::django_cookie_consent::FORMAT,
    /// React-cookie-consent, `CookieConsent`: one answer, `true`.
    ReactCookieConsent = "react-cookie-consent" => banners::react_cookie_consent::FORMAT,
    /// IAB TCF v2, `euconsent-v2`: keys are the purposes `1` to `11`, `publisher:1` and `vendor:755`.
    Tcf = "tcf" => banners::tcf::FORMAT,
    /// IAB GPP, `__gpp`: the EU's section as [`Tcf`](Self::Tcf); the key `sale`, which the sections of the US only refuse.
    Gpp = "gpp" => banners::gpp::FORMAT,
    /// IAB US Privacy, `usprivacy`: the key `sale`, which is only ever refused.
    UsPrivacy = "us-privacy" => banners::us_privacy::FORMAT,
    /// Borlabs Cookie, `borlabs-cookie`: answers by group (`statistics`, `marketing`, `external-media`), and
    /// by service (`external-media/youtube`).
    Borlabs = "borlabs" => banners::borlabs::FORMAT,
    /// Segment consent manager, `tracking-preferences`: answers by category (`functional`, `marketingAndAnalytics`,
    /// `advertising`, or the site's own), and by destination (`destinations/Amplitude`).
    SegmentConsentManager = "segment-consent-manager" => banners::segment_consent_manager::FORMAT,
    /// Fides, `fides_consent`: answers by the key of a notice, so the policy must say which is what. A site with a suffix
    /// names the cookie.
    Fides = "fides" => banners::fides::FORMAT,
    /// CookieFirst, `cookiefirst-consent`: answers by category (`functional`, `performance`, `advertising`).
    CookieFirst = "cookiefirst" => banners::cookie_first::FORMAT,
    /// CookieScript, `CookieScriptConsent`: answers by category (`functionality`, `performance`, `targeting`).
    CookieScript = "cookiescript" => banners::cookie_script::FORMAT,
    /// Axeptio, `axeptio_cookies`: answers by vendor, so the policy must say which vendor is what.
    Axeptio = "axeptio" => banners::axeptio::FORMAT,
    /// Civic Cookie Control, `CookieControl`: answers by the site's own categories, so the policy must say which is what.
    CivicCookieControl = "civic-cookie-control" => banners::civic_cookie_control::FORMAT,
    /// Drupal EU Cookie Compliance, `cookie-agreed`: one question (`cookie-agreed`), or the site's own categories, which the
    /// policy must then map.
    DrupalEuCookieCompliance = "drupal-eu-cookie-compliance" => banners::drupal_eu_cookie_compliance::FORMAT,
    /// Cookie Information, `CookieInformationConsent`: answers by category (`cookie_cat_functional`, `cookie_cat_statistic`,
    /// `cookie_cat_marketing`).
    CookieInformation = "cookie-information" => banners::cookie_information::FORMAT,
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
    /// Whether its value can tell when the choice was made.
    pub(crate) keeps_time: bool,
    /// Whether it carries a revision.
    pub(crate) has_revision: bool,
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

/// The key of what can only be objected to: no answer to it is consent, and none is missed.
pub(crate) const OBJECTION: &str = "sale";

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

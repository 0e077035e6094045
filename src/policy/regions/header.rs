//! Which header names the visitor's country, and how to read it.

use std::fmt;

use serde::Deserialize;

/// The request header in which a proxy names the visitor's country.
///
/// In a file it is the header's name; names that are listed here are read as their proxy writes them, any other holds the
/// two letters alone.
///
/// | proxy | header | value | unknown | source (read November 2026) |
/// |---|---|---|---|---|
/// | Cloudflare | `CF-IPCountry` | `DE` | `XX`; Tor: `T1` | developers.cloudflare.com, "Cloudflare HTTP headers" |
/// | Vercel | `X-Vercel-IP-Country` | `DE` | not said | vercel.com/docs/headers/request-headers |
/// | Amazon CloudFront | `CloudFront-Viewer-Country` | `DE` | not said | AWS, "Add CloudFront request headers" |
/// | Google App Engine | `X-Appengine-Country` | `DE` | `ZZ` | Google Cloud, App Engine "Request headers" |
/// | Google Cloud load balancers, with the header of their manual | `X-Client-Geo-Location` | `DE,Berlin` | not said | Google Cloud, "Create custom headers in backend services" |
/// | Akamai, with Content Targeting | `X-Akamai-Edgescape` | `georegion=246,country_code=DE,…` | empty | techdocs.akamai.com, "Content Targeting (EdgeScape)" |
/// | Bunny | `CDN-RequestCountryCode` | `DE` | not said | bunny.net, "Request headers sent to your origin" |
///
/// Fastly (`client.geo.country_code` in VCL), Azure Front Door, HAProxy, nginx and Caddy send what you configure: that is
/// [`named`](Self::named). Fly.io names only the region of its own edge, and Netlify documents no header for servers
/// behind it: neither is a visitor's country.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum CountryHeader {
    /// `CF-IPCountry`. Switch on *IP geolocation* or *Add visitor location headers*.
    Cloudflare,
    /// `X-Vercel-IP-Country`.
    Vercel,
    /// `CloudFront-Viewer-Country`. The origin request policy must forward it.
    CloudFront,
    /// `X-Appengine-Country`. App Engine removes what visitors send under this name.
    AppEngine,
    /// `X-Client-Geo-Location`, configured as `{client_region},{client_city}`.
    GoogleCloud,
    /// `X-Akamai-Edgescape`.
    Akamai,
    /// `CDN-RequestCountryCode`.
    Bunny,
    /// Another header, whose value is the two letters alone.
    Named(String),
}

/// The proxies whose header has a fixed name.
const KNOWN: [CountryHeader; 7] = [
    CountryHeader::Cloudflare,
    CountryHeader::Vercel,
    CountryHeader::CloudFront,
    CountryHeader::AppEngine,
    CountryHeader::GoogleCloud,
    CountryHeader::Akamai,
    CountryHeader::Bunny,
];

impl CountryHeader {
    /// The header of this name. Whether it is one is checked when the policy is built.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        let known = KNOWN.into_iter().find(|known| known.name().eq_ignore_ascii_case(&name));
        known.unwrap_or(Self::Named(name))
    }

    /// The header's name, in lower case where it is a known one.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Cloudflare => "cf-ipcountry",
            Self::Vercel => "x-vercel-ip-country",
            Self::CloudFront => "cloudfront-viewer-country",
            Self::AppEngine => "x-appengine-country",
            Self::GoogleCloud => "x-client-geo-location",
            Self::Akamai => "x-akamai-edgescape",
            Self::Bunny => "cdn-requestcountrycode",
            Self::Named(name) => name,
        }
    }

    pub(super) const fn form(&self) -> Form {
        match self {
            Self::GoogleCloud => Form::CodeAndCity,
            Self::Akamai => Form::EdgeScape,
            _ => Form::Code,
        }
    }
}

impl From<String> for CountryHeader {
    fn from(name: String) -> Self {
        Self::named(name)
    }
}

impl fmt::Display for CountryHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a header's value holds the country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The two letters alone.
    Code,
    /// The two letters, a comma, and a city, in whose name no comma stands.
    CodeAndCity,
    /// A list of `key=value`, one of which is `country_code`.
    EdgeScape,
}

impl Form {
    /// The two bytes where a country stands, if there is exactly one such place.
    pub(super) fn code(self, value: &[u8]) -> Option<[u8; 2]> {
        let mut members = value.split(|byte| *byte == b',');
        let text = match self {
            Self::Code => value,
            Self::CodeAndCity => match (members.next(), members.next(), members.next()) {
                (Some(code), Some(_city), None) => code,
                _ => return None,
            },
            Self::EdgeScape => {
                let mut codes = members.filter_map(|member| member.trim_ascii().strip_prefix(b"country_code="));
                codes.next().filter(|_| codes.next().is_none())?
            }
        };
        text.try_into().ok()
    }
}

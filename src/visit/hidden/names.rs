//! Names of header fields by which visitors are told apart. All in lower case.

/// Addresses of visitors, as proxies and hosts tell them.
pub(super) const ADDRESSES: &[&str] = &[
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
    "client-ip",
    "cloudfront-viewer-address",
    "do-connecting-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "forwarded-for",
    "oxy-client-ip",
    "proxy-client-ip",
    "true-client-ip",
    "wl-proxy-client-ip",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-azure-socketip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-forwarded",
    "x-forwarded-for",
    "x-nf-client-connection-ip",
    "x-original-forwarded-for",
    "x-originating-ip",
    "x-proxyuser-ip",
    "x-real-ip",
    "x-remote-addr",
    "x-remote-ip",
    "x-vercel-forwarded-for",
    "x-vercel-proxied-for",
];

/// Where a visitor is, finer than a country or region, and how the machine speaks TLS: nearly an address.
pub(super) const PLACES: &[&str] = &[
    "cf-ipcity",
    "cf-iplatitude",
    "cf-iplongitude",
    "cf-ja3-hash",
    "cf-ja4",
    "cf-metro-code",
    "cf-postal-code",
    "cloudfront-viewer-city",
    "cloudfront-viewer-ja3-fingerprint",
    "cloudfront-viewer-ja4-fingerprint",
    "cloudfront-viewer-latitude",
    "cloudfront-viewer-longitude",
    "cloudfront-viewer-metro-code",
    "cloudfront-viewer-postal-code",
    "x-appengine-city",
    "x-appengine-citylatlong",
    "x-nf-geo",
    "x-vercel-ip-city",
    "x-vercel-ip-latitude",
    "x-vercel-ip-longitude",
    "x-vercel-ip-postal-code",
    "x-vercel-ja4-digest",
];

/// Numbers that networks of telephones add, and what browsers add for advertisers.
pub(super) const IDENTIFIERS: &[&str] = &[
    "attribution-reporting-eligible",
    "attribution-reporting-support",
    "sec-ad-auction-fetch",
    "sec-browsing-topics",
    "sec-shared-storage-data-origin",
    "sec-shared-storage-writable",
    "x-acr",
    "x-client-data",
    "x-msisdn",
    "x-nokia-msisdn",
    "x-uidh",
    "x-up-calling-line-id",
    "x-up-subno",
    "x-wap-msisdn",
    "x-wap-profile",
];

/// What starts tracking without cookies (Topics, Attribution Reporting, Shared Storage, Protected Audience).
pub(super) const ADVERTISING: &[&str] = &[
    "attribution-reporting-info",
    "attribution-reporting-register-os-source",
    "attribution-reporting-register-os-trigger",
    "attribution-reporting-register-source",
    "attribution-reporting-register-trigger",
    "observe-browsing-topics",
    "shared-storage-write",
];
/// Beginnings of names of the same.
pub(super) const ADVERTISING_PREFIX: &str = "ad-auction-";

/// What makes browsers report to an address.
pub(super) const REPORTS: &[&str] = &["nel", "report-to", "reporting-endpoints"];

/// The advertising interfaces, closed for the page and its frames.
pub(super) const CLOSED_PERMISSIONS: &str = "attribution-reporting=(), browsing-topics=(), interest-cohort=(), \
    join-ad-interest-group=(), private-aggregation=(), private-state-token-issuance=(), \
    private-state-token-redemption=(), run-ad-auction=(), shared-storage=()";

//! Cookies of common parts.
//!
//! Names and facts come from the sources named with each preset; what is marked "Open Cookie Database" is from the data
//! of that project (jkwakman/Open-Cookie-Database, Apache-2.0).

use serde::{Deserialize, Serialize};

use crate::category::Category;

/// The cookies of a common part: [`PolicyBuilder::preset`](crate::PolicyBuilder::preset), or `presets = ["stripe"]` in
/// a file. A rule of the application's own for the same name stands above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Preset {
    /// tower-sessions: `id`, and `tower.sid` of releases before 0.5.
    TowerSessions,
    /// axum-login: keeps its data in the session of tower-sessions.
    AxumLogin,
    /// axum-messages: keeps its flash messages in the session of tower-sessions.
    AxumMessages,
    /// axum-flash.
    AxumFlash,
    /// axum_csrf, with and without its host prefix.
    AxumCsrf,
    /// tower-surf, with and without its host prefix, which it writes in capitals.
    TowerSurf,
    /// axum_session and axum_session_auth, with and without the host prefix.
    AxumSession,
    /// axum-sessions (the predecessor of tower-sessions) and axum-csrf-sync-pattern on it.
    AxumSessions,
    /// leptos_i18n.
    #[serde(rename = "leptos-i18n")]
    LeptosI18n,
    /// oauth2-proxy in front of the application, its split and CSRF cookies included.
    #[serde(rename = "oauth2-proxy")]
    Oauth2Proxy,
    /// Stripe.js: fraud prevention. Load it where the visitor pays.
    Stripe,
    /// Cloudflare in front of the application.
    Cloudflare,
    /// Cloudflare Access in front of the application, which may check `CF_Authorization` itself.
    CloudflareAccess,
    /// AWS load balancers: stickiness and sign-in.
    AwsLoadBalancer,
    /// AWS WAF.
    AwsWaf,
    /// Google Analytics 4, and Universal Analytics before it.
    GoogleAnalytics,
    /// Google Ads conversion linking.
    GoogleAds,
    /// Meta Pixel.
    Meta,
    /// Matomo on its own script; its opt-out cookies are essential.
    Matomo,
    /// Microsoft Clarity.
    MicrosoftClarity,
}

/// A cookie of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownCookie {
    /// Its name, or a prefix and `*`.
    pub name: &'static str,
    /// Its category.
    pub category: Category,
    /// What it is for.
    pub purpose: &'static str,
    /// Who reads it.
    pub provider: &'static str,
}

const fn cookie(name: &'static str, category: Category, purpose: &'static str, provider: &'static str) -> KnownCookie {
    KnownCookie { name, category, purpose, provider }
}

impl Preset {
    /// Every preset.
    pub const ALL: &'static [Self] = &[
        Self::TowerSessions,
        Self::AxumLogin,
        Self::AxumMessages,
        Self::AxumFlash,
        Self::AxumCsrf,
        Self::TowerSurf,
        Self::AxumSession,
        Self::AxumSessions,
        Self::LeptosI18n,
        Self::Oauth2Proxy,
        Self::Stripe,
        Self::Cloudflare,
        Self::CloudflareAccess,
        Self::AwsLoadBalancer,
        Self::AwsWaf,
        Self::GoogleAnalytics,
        Self::GoogleAds,
        Self::Meta,
        Self::Matomo,
        Self::MicrosoftClarity,
    ];

    /// Where the names come from.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::TowerSessions => "tower-sessions 0.15.0, `SessionConfig::default` in src/service.rs; CHANGELOG 0.5.0",
            Self::AxumLogin => "axum-login 0.18.0, src/service.rs (session key `axum-login.data`)",
            Self::AxumMessages => "axum-messages 0.8.0, src/lib.rs (session key `axum-messages.data`)",
            Self::AxumFlash => "axum-flash 0.8.0, `COOKIE_NAME` in src/lib.rs",
            Self::AxumCsrf => "axum_csrf 0.12.0, `CsrfConfig::default` in src/config.rs and src/token.rs",
            Self::TowerSurf => "tower-surf 0.3.0, src/surf.rs and src/token.rs",
            Self::AxumSession => {
                "axum_session 0.22.1, `CookieAndHeaderConfig::default` in src/config.rs and src/headers.rs"
            }
            Self::AxumSessions => "axum-sessions 0.6.1, src/session.rs",
            Self::LeptosI18n => "leptos_i18n 0.6.2, `COOKIE_PREFERED_LANG` in src/context.rs",
            Self::Oauth2Proxy => {
                "oauth2-proxy, `cookieDefaults` in pkg/apis/options/cookie.go, pkg/sessions/cookie/session_store.go, pkg/cookies/csrf.go"
            }
            Self::Stripe => "Stripe docs, \"Cookies\" (js/appendix/cookies); names: Open Cookie Database",
            Self::Cloudflare => "Cloudflare docs, \"Cloudflare Cookies\" and \"Waiting Room cookies\"",
            Self::CloudflareAccess => "Cloudflare docs, \"Authorization cookie\"",
            Self::AwsLoadBalancer => {
                "AWS docs, \"Sticky sessions for your Application Load Balancer\", \"Configure sticky sessions for your Classic Load Balancer\", \"Authenticate users using an Application Load Balancer\""
            }
            Self::AwsWaf => "AWS docs, \"AWS WAF token characteristics\"",
            Self::GoogleAnalytics => {
                "Google, \"[GA4] Cookie usage on websites\", \"Google Analytics Cookie Usage on Websites\"; FPID and FPLC: server-side tagging"
            }
            Self::GoogleAds => {
                "Google, \"Use Google Analytics to support Google Ads conversions\", \"Google Analytics Cookie Usage on Websites\"; other names: Open Cookie Database"
            }
            Self::Meta => "Meta, \"ClickID and the fbp and fbc Parameters\"; facebook/capi-param-builder",
            Self::Matomo => "Matomo FAQ 146, \"What cookies are created by the Matomo JavaScript Tracking client?\"",
            Self::MicrosoftClarity => "Microsoft, \"Cookie list\" of Clarity",
        }
    }

    /// The cookies.
    #[must_use]
    pub const fn cookies(self) -> &'static [KnownCookie] {
        match self {
            Self::TowerSessions => TOWER_SESSIONS,
            Self::AxumLogin => AXUM_LOGIN,
            Self::AxumMessages => AXUM_MESSAGES,
            Self::AxumFlash => AXUM_FLASH,
            Self::AxumCsrf => AXUM_CSRF,
            Self::TowerSurf => TOWER_SURF,
            Self::AxumSession => AXUM_SESSION,
            Self::AxumSessions => AXUM_SESSIONS,
            Self::LeptosI18n => LEPTOS_I18N,
            Self::Oauth2Proxy => OAUTH2_PROXY,
            Self::Stripe => STRIPE,
            Self::Cloudflare => CLOUDFLARE,
            Self::CloudflareAccess => CLOUDFLARE_ACCESS,
            Self::AwsLoadBalancer => AWS_LOAD_BALANCER,
            Self::AwsWaf => AWS_WAF,
            Self::GoogleAnalytics => GOOGLE_ANALYTICS,
            Self::GoogleAds => GOOGLE_ADS,
            Self::Meta => META,
            Self::Matomo => MATOMO,
            Self::MicrosoftClarity => MICROSOFT_CLARITY,
        }
    }
}

const ESSENTIAL: Category = Category::ESSENTIAL;
const FUNCTIONAL: Category = Category::FUNCTIONAL;
const ANALYTICS: Category = Category::ANALYTICS;
const MARKETING: Category = Category::MARKETING;

const TOWER_SESSIONS: &[KnownCookie] = &[
    cookie("id", ESSENTIAL, "Links the browser to its session on the server", "this site"),
    cookie("tower.sid", ESSENTIAL, "Links the browser to its session on the server", "this site"),
];
const AXUM_LOGIN: &[KnownCookie] =
    &[cookie("id", ESSENTIAL, "Links the browser to its session on the server", "this site")];
const AXUM_MESSAGES: &[KnownCookie] =
    &[cookie("id", ESSENTIAL, "Links the browser to its session on the server", "this site")];
const AXUM_FLASH: &[KnownCookie] =
    &[cookie("axum-flash", ESSENTIAL, "Carries one-time notices from one page to the next", "this site")];
const AXUM_CSRF: &[KnownCookie] = &[
    cookie("Csrf_Token", ESSENTIAL, "Stops forged requests", "this site"),
    cookie("__Host-Csrf_Token", ESSENTIAL, "Stops forged requests", "this site"),
];
const TOWER_SURF: &[KnownCookie] = &[
    cookie("__HOST-csrf_token", ESSENTIAL, "Stops forged requests", "this site"),
    cookie("csrf_token", ESSENTIAL, "Stops forged requests", "this site"),
];
const AXUM_SESSION: &[KnownCookie] = &[
    cookie("session", ESSENTIAL, "Links the browser to its session on the server", "this site"),
    cookie("store", ESSENTIAL, "Remembers that a session may be stored", "this site"),
    cookie("__Host-session", ESSENTIAL, "Links the browser to its session on the server", "this site"),
    cookie("__Host-store", ESSENTIAL, "Remembers that a session may be stored", "this site"),
];
const AXUM_SESSIONS: &[KnownCookie] =
    &[cookie("sid", ESSENTIAL, "Links the browser to its session on the server", "this site")];
const LEPTOS_I18N: &[KnownCookie] =
    &[cookie("i18n_pref_locale", FUNCTIONAL, "Remembers the language that the visitor picked", "this site")];
const OAUTH2_PROXY: &[KnownCookie] = &[
    cookie("_oauth2_proxy", ESSENTIAL, "Keeps the visitor signed in at the proxy", "oauth2-proxy"),
    cookie(
        "_oauth2_proxy_*",
        ESSENTIAL,
        "Parts of a large session, and the anti-forgery cookie of signing in",
        "oauth2-proxy",
    ),
];
const STRIPE: &[KnownCookie] = &[
    cookie("__stripe_mid", ESSENTIAL, "Recognises the device, against payment fraud", "Stripe"),
    cookie("__stripe_sid", ESSENTIAL, "Marks the visit, against payment fraud", "Stripe"),
];
const CLOUDFLARE: &[KnownCookie] = &[
    cookie("__cf_bm", ESSENTIAL, "Tells bots from people", "Cloudflare"),
    cookie("cf_clearance", ESSENTIAL, "Proves that a challenge was passed", "Cloudflare"),
    cookie("__cflb", ESSENTIAL, "Keeps the visitor on one origin server", "Cloudflare"),
    cookie("_cfuvid", ESSENTIAL, "Tells visitors of one address apart, for rate limits", "Cloudflare"),
    cookie("__cfruid", ESSENTIAL, "Rate limits", "Cloudflare"),
    cookie("__cfseq", ESSENTIAL, "Order of requests, for sequence rules", "Cloudflare"),
    cookie("__cfwaitingroom*", ESSENTIAL, "Keeps the place in the waiting room", "Cloudflare"),
    cookie("cf_ob_info", ESSENTIAL, "Tells that the origin failed", "Cloudflare"),
    cookie("cf_use_ob", ESSENTIAL, "Asks for the stored copy of a page", "Cloudflare"),
    cookie("cf_chl_rc_i", ESSENTIAL, "Finds problems with challenges", "Cloudflare"),
    cookie("cf_chl_rc_ni", ESSENTIAL, "Finds problems with challenges", "Cloudflare"),
    cookie("cf_chl_rc_m", ESSENTIAL, "Finds problems with challenges", "Cloudflare"),
];
const CLOUDFLARE_ACCESS: &[KnownCookie] = &[
    cookie("CF_Authorization", ESSENTIAL, "Proves that the visitor signed in", "Cloudflare"),
    cookie("CF_AppSession", ESSENTIAL, "Stops forged requests", "Cloudflare"),
    cookie("CF_Binding", ESSENTIAL, "Binds the sign-in to the browser", "Cloudflare"),
];
const AWS_LOAD_BALANCER: &[KnownCookie] = &[
    cookie("AWSALB", ESSENTIAL, "Keeps the visitor on one server", "Amazon Web Services"),
    cookie("AWSALBCORS", ESSENTIAL, "Keeps the visitor on one server", "Amazon Web Services"),
    cookie("AWSALBAPP*", ESSENTIAL, "Keeps the visitor on one server", "Amazon Web Services"),
    cookie("AWSALBTG", ESSENTIAL, "Keeps the visitor on one server", "Amazon Web Services"),
    cookie("AWSALBTGCORS", ESSENTIAL, "Keeps the visitor on one server", "Amazon Web Services"),
    cookie("AWSELB", ESSENTIAL, "Keeps the visitor on one server", "Amazon Web Services"),
    cookie("AWSELBCORS", ESSENTIAL, "Keeps the visitor on one server", "Amazon Web Services"),
    cookie(
        "AWSELBAuthSessionCookie*",
        ESSENTIAL,
        "Keeps the visitor signed in at the load balancer",
        "Amazon Web Services",
    ),
    cookie("AWSALBAuthNonce", ESSENTIAL, "Ties the sign-in answer to the browser that began it", "Amazon Web Services"),
];
const AWS_WAF: &[KnownCookie] =
    &[cookie("aws-waf-token", ESSENTIAL, "Shows that the browser passed a challenge", "Amazon Web Services")];
const GOOGLE_ANALYTICS: &[KnownCookie] = &[
    cookie("_ga", ANALYTICS, "Tells visitors apart", "Google"),
    cookie("_ga_*", ANALYTICS, "Keeps the state of the visit", "Google"),
    cookie("FPID", ANALYTICS, "Tells visitors apart, set by a tagging server", "Google"),
    cookie("FPLC", ANALYTICS, "Follows a visitor across linked domains", "Google"),
    cookie("_gid", ANALYTICS, "Tells visitors apart for a day", "Google"),
    cookie("_gat", ANALYTICS, "Limits the number of requests", "Google"),
    cookie("_gat_*", ANALYTICS, "Limits the number of requests", "Google"),
    cookie("_dc_gtm_*", ANALYTICS, "Limits the number of requests", "Google"),
    cookie("AMP_TOKEN", ANALYTICS, "Fetches a client id for AMP pages", "Google"),
    cookie("__utma", ANALYTICS, "Tells visitors apart", "Google"),
    cookie("__utmb", ANALYTICS, "Detects a new visit", "Google"),
    cookie("__utmc", ANALYTICS, "Detects a new visit", "Google"),
    cookie("__utmt", ANALYTICS, "Limits the number of requests", "Google"),
    cookie("__utmz", ANALYTICS, "Where the visitor came from", "Google"),
    cookie("__utmv", ANALYTICS, "A variable that the site sets", "Google"),
];
const GOOGLE_ADS: &[KnownCookie] = &[
    cookie("_gcl_*", MARKETING, "Links ad clicks to what the visitor does", "Google"),
    cookie("_gac_*", MARKETING, "Campaign data for ad conversions", "Google"),
    cookie("FPGCLAW", MARKETING, "Links ad clicks to what the visitor does", "Google"),
    cookie("FPGCLDC", MARKETING, "Links ad clicks to what the visitor does", "Google"),
    cookie("FPGCLGB", MARKETING, "Links ad clicks to what the visitor does", "Google"),
    cookie("__gads", MARKETING, "Advertising", "Google"),
    cookie("__gpi", MARKETING, "Advertising", "Google"),
];
const META: &[KnownCookie] = &[
    cookie("_fbp", MARKETING, "Recognises the browser for ad measurement", "Meta"),
    cookie("_fbc", MARKETING, "Keeps the id of an ad click", "Meta"),
];
const MATOMO: &[KnownCookie] = &[
    cookie("_pk_id*", ANALYTICS, "Tells visitors apart", "Matomo"),
    cookie("_pk_ref*", ANALYTICS, "Where the visitor came from", "Matomo"),
    cookie("_pk_ses*", ANALYTICS, "Keeps the state of the visit", "Matomo"),
    cookie("_pk_cvar*", ANALYTICS, "Variables of the visit", "Matomo"),
    cookie("_pk_hsr*", ANALYTICS, "Recording of the visit", "Matomo"),
    cookie("mtm_consent", ESSENTIAL, "Remembers the choice", "Matomo"),
    cookie("mtm_consent_removed", ESSENTIAL, "Remembers the choice", "Matomo"),
    cookie("mtm_cookie_consent", ESSENTIAL, "Remembers the choice", "Matomo"),
];
const MICROSOFT_CLARITY: &[KnownCookie] = &[
    cookie("_clck", ANALYTICS, "Tells visitors apart", "Microsoft"),
    cookie("_clsk", ANALYTICS, "Joins page views into one recording", "Microsoft"),
];

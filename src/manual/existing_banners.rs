//! A banner that the site already has, and a policy made from what the site already sets.
//!
//! # Keep your banner
//!
//! A banner in the page can hold back the scripts that it knows. It cannot stop a `Set-Cookie` of the server, nor take
//! a cookie out of a request. This layer does, and it obeys the banner that is there: name it.
//!
//! ```
//! use tower_consent::{Banner, Category, ConsentLayer, ConsentSource, Policy};
//!
//! let policy = Policy::builder()
//!     .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
//!     .cookies(Category::MARKETING, ["_fbp"])
//!     .source(ConsentSource::banner(Banner::OneTrust)) // C0002 is analytics, C0004 and C0005 are marketing
//!     .build()?;
//! let layer = ConsentLayer::new(policy);
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
//! In a file, with everything that can be said of a source:
//!
//! ```
//! # let policy: tower_consent::PolicyBuilder = toml::from_str(r#"
//! # categories = [{ name = "analytics" }, { name = "marketing" }]
//! # services = [{ name = "youtube", category = "marketing" }]
//! [[sources]]
//! banner = "klaro"
//! cookie = "choices"                    # where the site gave it another name
//!
//! [sources.categories]                  # our category = what the banner calls it; ALL of them must be granted
//! analytics = ["matomo"]
//! marketing = ["pixel", "youtube"]
//!
//! [sources.services]
//! youtube = ["youtube"]
//!
//! [[sources]]
//! banner = "cookieconsent-v3"
//! revision = "2"                        # the banner's own revision that counts now
//! scopes = [{ domain = "example.com" }] # where its cookie stands; default: the host, and `site_domain`
//! reissue = { domain = "example.com" }  # set it again by the server: see below
//! # "#).unwrap();
//! # policy.build().unwrap();
//! ```
//!
//! # The banners
//!
//! That a banner's cookie is there is no consent: most banners write one before anybody has clicked. Each is read by what
//! its tool marks a decision with; anything else is *undecided*. Tables of real values, recorded from the real tools where they
//! can be run, are what the readers are tested by. *Keys* are what the lists in `categories` and `services`
//! name; where a tool has usual ones they need not be given.
//!
//! | name | cookie | keys | usual keys | revision | time |
//! |---|---|---|---|---|---|
//! | `cookieconsent-v3` | `cc_cookie` | categories; `category/service` | functionality or preferences, analytics, marketing or targeting or ads | `revision` | yes |
//! | `cookieconsent-v2` | `cc_cookie` | categories | functionality, analytics, marketing | `revision` | yes |
//! | `klaro` | `klaro` | services | none: the site's own | - | - |
//! | `osano` (open source) | `cookieconsent_status` | one question | everything | - | - |
//! | `onetrust` | `OptanonConsent`, `OptanonAlertBoxClosed` | groups | C0002 analytics, C0003 functional, C0004 and C0005 marketing | - | yes |
//! | `cookiebot` | `CookieConsent` | preferences, statistics, marketing | the same | `ver` | mostly |
//! | `cookieyes` | `cookieyes-consent` | its categories | functional; analytics and performance; advertisement | `lastRenewedDate` | - |
//! | `cookie-law-info` | `CookieLawInfoConsent`, `viewed_cookie_policy` | its categories | as CookieYes | `ver` | - |
//! | `complianz` | `cmplz_*` | preferences, statistics, marketing | the same | `cmplz_policy_id` | - |
//! | `tarteaucitron` | `tarteaucitron` | services; `asked:matomo` for those that it exempts | by the types of its own services | - | - |
//! | `didomi` | `didomi_token` | purposes; `vendor:id` | none: the site's own | - | yes |
//! | `iubenda` | `_iub_cs-*` | purposes 1 to 5 | 2 and 3 functional, 4 analytics, 5 marketing | - | yes |
//! | `gov-uk` | `cookies_policy`, `cookies_preferences_set` | settings, usage, campaigns | the same | - | - |
//! | `aspnet` | `.AspNet.Consent` | one question | everything | - | - |
//! | `c15t` | `c15t` | its categories | functionality with experience, measurement, marketing | `i.mpf` | yes |
//! | `django-cookie-consent` | `cookie_consent` | groups | none: the site's own | each group's version | - |
//! | `react-cookie-consent` | `CookieConsent` | one question | everything | - | - |
//! | `tcf` | `euconsent-v2` | purposes 1 to 11; `vendor:id`, `publisher:id` | functional 1, 5, 6, 11; analytics 1, 8, 9; marketing 1, 2, 3, 4, 7 | policy version | yes |
//! | `gpp` | `__gpp` | as `tcf`; `sale`; `canada:2` | as `tcf`; an opt-out of sale, sharing or targeting is one of marketing | policy version | at times |
//! | `us-privacy` | `usprivacy` | `sale` | marketing, opt-out only | - | - |
//! | second tier | | | | | |
//! | `borlabs` | `borlabs-cookie` | groups; `group/service` | external-media, statistics, marketing | `version` | its own end |
//! | `segment-consent-manager` | `tracking-preferences` | categories; `destinations/name` | functional, marketingAndAnalytics, advertising | - | - |
//! | `fides` | `fides_consent` | keys of notices | none: the site's own | `tcf_version_hash` | yes |
//! | `cookiefirst` | `cookiefirst-consent` | functional, performance, advertising | the same | `version` | yes |
//! | `cookiescript` | `CookieScriptConsent` | functionality, performance, targeting | the same | - | at times |
//! | `axeptio` | `axeptio_cookies` | vendors | none: the site's own | `$$cookiesVersion` | yes |
//! | `civic-cookie-control` | `CookieControl` | optional cookies | none: the site's own | `statement.updated` | yes |
//! | `drupal-eu-cookie-compliance` | `cookie-agreed` | one question; categories | everything; the site's own must be given | `cookie-agreed-version` | - |
//! | `cookie-information` | `CookieInformationConsent` | its categories | functional, statistic, marketing | - | yes |
//!
//! [`Banner`](crate::Banner) says of each what its keys are. What cannot be read on a server: Usercentrics and any banner
//! that is told to use local storage (the server never sees it; let the page post the choice to the consent pages' API),
//! Osano's commercial banner and `didomi_dcs` (binary or encrypted). What is not read because nobody outside knows what
//! the values mean: TrustArc, HubSpot, Shopify, Zaraz.
//!
//! Some tools write what looks like a click where nobody clicked, and their values do not tell: tarteaucitron with
//! `serviceDefaultState: true` or `highPrivacy: false`, react-cookie-consent accepted by scrolling, Segment's window closed
//! with questions open, Klaro's defaults saved with a contextual *accept*, a TCF or GPP string that a CMP writes at once.
//! Switch that off in the banner: C-673/17 takes none of it for consent. The services that tarteaucitron exempts stand in
//! its cookie as granted before any click; they never count, unless the site has them ask and maps `asked:...`.
//!
//! # Which choice counts
//!
//! 1. The sources are asked in the policy's order, and our own cookie last, unless
//!    [`ConsentSource::own`](crate::ConsentSource::own) puts it elsewhere. The first that holds a choice counts, so that a
//!    later click in the banner does. A later source replaces it only if both choices have a day and its own is later.
//! 2. A category counts as granted if *all* of the keys that stand for it are. Of two copies of a cookie (a host's and its
//!    parent domain's) the newer counts if both carry a time, and otherwise what both allow.
//! 3. A broken, oversized or foreign value under the banner's name closes everything that is not essential: it may
//!    have held a refusal. The banner itself will ask again.
//! 4. With a `revision`, a choice at another one is outdated: refusals stand, also against what another source grants, and
//!    grants are closed. A choice that carries its
//!    time is also held against the dates of the policy's own [revisions](crate::Revision), and against its lifetimes.
//! 5. A banner does not write down which signals the browser sent. So DNT and Sec-GPC beat a choice made there.
//! 6. The IAB's US signals only ever take away: "did not opt out" is no consent, and a section of GPP that cannot be read
//!    is taken for an objection.
//! 7. A visitor who chooses on the [consent pages](crate::ConsentPages) has left the banner's choice: the same answer
//!    expires the banner's cookies, so that it asks again: host-only, at the host as a Domain, and at the `site_domain`, or at
//!    the `scopes` that you name. Where the banner writes elsewhere, name that.
//!
//! [`Decision::banner`](crate::Decision::banner) tells where a choice came from. [`Banner::detect`](crate::Banner::detect)
//! finds known banners in any request, for reports; enforcement only reads what the policy names.
//!
//! # Safari forgets in seven days
//!
//! Safari deletes cookies that a script wrote after seven days, and the banner asks again. With `reissue` the server sets
//! the cookie again, byte for byte, with each page, at the scope that you declare, never `HttpOnly` (the banner
//! could not read it), and never for longer than the choice lives by this policy. Only a value that carries its time is set
//! again: otherwise the choice would never end. Such a page has a `Set-Cookie`, so no shared cache keeps it.
//!
//! # From what is there to a policy
#![cfg_attr(not(feature = "catalogue"), doc = "(With feature `catalogue` the reports say more.)")]
//!
//! Nobody remembers all cookies of a running site. Three ways to find out, from the cheapest to the surest:
//!
//! 1. Before any code: record a visit in the browser's developer tools (network, *save all as HAR*), and run
//!    `cargo run --example inventory -- visit.har > policy.toml`. What nobody knows is marked for a person to decide.
//! 2. In report-only: an [`Inventory`](crate::Inventory) gathers, without values, which cookies pass in both directions,
//!    how often, with which attributes, and writes the same draft.
//! 3. For good: in your own tests, let the inventory fail what sets a cookie that the policy does not declare.
//!
//! Undeclared names can also be judged by the Open Cookie Database (`unknown = "catalogue"`, feature `catalogue`): names
//! that it knows as analytics or marketing then wait for that consent. A declared name always stands above it, names that
//! frameworks give their own sessions are left alone, and what it does not know is stripped. It never makes anything
//! essential: what it calls functional (payment, load balancers) waits for consent to *functional*, so declare those. And a
//! prefix under five bytes is too little to go by: GA4's `_ga_ABC123` counts as unknown until it is declared.

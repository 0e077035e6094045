//! Every default in one place, and the form of a policy file.
//!
//! # Policy
//!
//! [`PolicyBuilder`](crate::PolicyBuilder) has a method for each; in a file they are fields of these names.
//!
//! | setting | default | other values |
//! |---|---|---|
//! | `mode` | `enforce` | `report-only` |
//! | `regime` (where nobody has decided) | `opt-in` | `opt-in-with-exemptions`, `opt-out`; by request with `regions` or [`regime_resolver`] |
//! | `regions` (the regime by country) | none | the header of a trusted proxy: [`Regions`](crate::Regions) |
//! | `sources` (where a choice is read from) | our own cookie | banners that the site has: [`ConsentSource`](crate::ConsentSource), [`existing_banners`](super::existing_banners) |
//! | `unknown` (cookies that no rule declares) | `strip` | `pass`, `report`; `catalogue` (feature): judged by the Open Cookie Database |
//! | `site_domain` | none: cookies are expired on the host only | a domain |
//! | `grant_lifetime` | 6 calendar months, from the start of the UTC day | up to 13 months |
//! | `refusal_lifetime` | 6 calendar months, from the end of the UTC day; without end where anything passes until it is refused (opt-out, an exemption, a resolver) | up to 13 months or 400 days |
//! | `revisions` | one: number 1, no date | a list: numbers from 1 to 99,999,999, dates, `material` or `notice`, what changed |
//! | `outdated_grants` | `close`: a grant from before a material revision is asked for anew | `keep-scope` |
//! | `banner_under_signal` | `false`: under an honoured signal nobody is asked unasked | `true` |
//! | `about` | nothing | controller, contact, links to privacy policy, imprint, recipients; transfers; statements |
//! | `retention` | consent records 36 months, rights requests 24, counters 25, visit log 30 days, inventory 90 days | any; records at least as long as a grant lives |
//! | `visits` (what the visit log holds, and of whom) | needs category `analytics`; details: [`VisitRules`](crate::VisitRules) | another category or a service; more or less of who may be tracked, only less of who may not |
//! | `no_sale` | `false` | `true`: a service with `sale_or_sharing` is then an error |
//! | `signals.dnt`, `signals.gpc` | `all`: everything that is not essential | a list of categories, `no-cookies`, `ignore` |
//! | `signals.always` | `false`: a choice made in knowledge of the signal beats it | `true` |
//! | `floors` | none | `secure`, `http_only`, `same_site` |
//! | `caches` | `private` | `vary-only` |
//! | `presets`, `auth_cookies`, `essential`, `categories`, `services`, `cookies` | none | |
//! | `tokens` | cookie `__Host-token`, `lifetime` 7 days, no `idle_limit` | a shorter life; a longer one, up to 400 days, with `longer_than_seven_days`; an idle limit of at least 60 seconds |
//! | `consent_cookie` | `__Host-consent`: [below](#the-consent-cookie) | another name, a Domain, plain HTTP |
//! | MAC keys | none: the consent cookie is not authenticated | [`mac_key`]; never in a file |
//! | hooks | none | [`stand_down`], [`narrow`], [`drop_cookie`]; never in a file |
//!
//! [`regime_resolver`]: crate::PolicyBuilder::regime_resolver
//! [`mac_key`]: crate::PolicyBuilder::mac_key
//! [`stand_down`]: crate::PolicyBuilder::stand_down
//! [`narrow`]: crate::PolicyBuilder::narrow
//! [`drop_cookie`]: crate::PolicyBuilder::drop_cookie
//!
//! # Entries of the policy
//!
//! | setting | default |
//! |---|---|
//! | a cookie rule's `scopes` | the host, and `site_domain`; path `/`. A `__Host-` name: the host |
//! | a cookie rule's `max_age`, `add_max_age` | no limit; nothing is added |
//! | a cookie rule's `secure`, `partitioned` | `false` |
//! | a cookie rule's `floors` | the policy's |
//! | a cookie rule's `purpose`, `provider` | none |
//! | an `auth_cookies` entry | essential, at most 7 days |
//! | a category's `kind` | `asked-for` |
//! | a category's or service's `since` | 1 |
//! | a category's `label`, `purpose` | of the built-in ones: texts in five languages; of others: the name, none |
//! | a service's `label`, `provider`, `purpose`, `transfers`, `privacy_policy` | the name, none |
//! | a service's `hosts`, `sale_or_sharing` | none, `false` |
//!
//! # The consent cookie
//!
//! | setting | default |
//! |---|---|
//! | `name` | `__Host-consent`; [`ConsentCookie::shared`] `__Secure-consent`, [`ConsentCookie::plain_http`] `consent` |
//! | Domain, Path | no Domain, `/` |
//! | Secure, HttpOnly | yes, yes |
//! | SameSite | `Lax` |
//! | Max-Age | what is left of the longest part of the choice, at most 400 days |
//! | renewal | a grant: never. A refusal where anything passes until it is refused: on a page, once it is older than 200 days; its day and the grants beside it stay as they were |
//!
//! [`ConsentCookie::shared`]: crate::ConsentCookie::shared
//! [`ConsentCookie::plain_http`]: crate::ConsentCookie::plain_http
//!
//! # Tokens and their stores
//!
//! | setting | default |
//! |---|---|
//! | a token | 256 bits of the operating system, 43 characters of base64url |
//! | its life | 604,800 seconds from its issue, never longer by use; the policy's, where that is shorter |
//! | idle limit | none; uses are noted at most every tenth of it |
//! | its cookie | Secure, HttpOnly, SameSite=Lax, Path `/`, no Domain; Max-Age is what is left of its life, or none for [`NewToken::browser_session`] |
//! | deletion of ended tokens | one sweep interval (5 minutes) after their end at the earliest, two at the latest |
//! | [`MemoryStore`](crate::MemoryStore) | 1,000,000 tokens |
//! | `RedbStore` | 100,000 tokens in use in memory, beside 64 MiB of the file's pages |
//! | `RedisStore` | keys begin with `tower-consent`; 1 second for an answer, 2 for a connection |
//! | `PostgresStore` | 10 connections; 2 seconds for an operation; the first schema of the search path |
//!
//! [`NewToken::browser_session`]: crate::NewToken::browser_session
//!
//! # Consent records
//!
//! | setting | default |
//! |---|---|
//! | [`Records`](crate::Records) | no chain key; a purge every hour, from the first record on |
//! | what an account objects to | remembered for 60 seconds |
//! | withdrawals that wait for a store that is down | at most 10,000, in memory |
//! | [`DueRule`](crate::DueRule) | 30 days |
//! | [`MemoryStore`](crate::MemoryStore) | 100,000 entries |
//!
//! # The consent pages
//!
//! `ConsentPages`, feature `pages`.
//!
//! | setting | default |
//! |---|---|
//! | trusted origins | none: consent comes only from pages of this very site, and CORS is answered to nobody |
//! | languages | English, German, French, Spanish, Arabic, by `Accept-Language`; English for everybody else |
//! | look, style sheet | the templates of the crate; none besides the default one |
//! | Google's Consent Mode | not informed |
//! | body of a request | at most 16 KiB; more is answered with 413 |
//! | texts and links | of the policy (`about`, categories, services, cookies); what it does not say is left out |
//! | records | those of the layer, where it has some; otherwise those that the pages were given |
//! | caches | `no-store`; the style and the script for an hour, with an `ETag` |
//! | Content-Security-Policy of the pages | `default-src 'none'`; script, style, images, connections and forms of this site |
//! | the banner | where nobody has decided, or something is new; not under a signal that is honoured, not under opt-out |
//!
//! # The layer
//!
//! | setting | default |
//! |---|---|
//! | clock | the machine's |
//! | observers | none, apart from features `tracing` (on) and `metrics` (off) |
//! | `consent-debug` header | off; never in a release build |
//!
//! # Beside cookies
//!
//! | setting | default |
//! |---|---|
//! | [`VisitLog`](crate::VisitLog) | none; 8,192 lines wait at most, what is over is looked for every minute |
//! | [`JsonLinesSink`](crate::JsonLinesSink) | a file a UTC day, and another after 64 MiB; mode 0600 |
//! | the client's address | unknown until `with_peer` says where it stands; no proxy is believed |
//! | [`VisitCounts`](crate::VisitCounts) | none; groups of at least 10, the first 200 paths of a day, in memory |
//! | [`HiddenFields`](crate::HiddenFields) | none; its table says what is on |
//! | [`ContentSecurityPolicy`](crate::ContentSecurityPolicy) | none; nothing is switched on |
//!
//! # What changes them
//!
//! | of | methods |
//! |---|---|
//! | the policy | those of [`PolicyBuilder`](crate::PolicyBuilder), named as the fields of a file |
//! | [`ConsentLayer`](crate::ConsentLayer) | `with_records`, `with_tokens`, `with_visits`, `with_counts`, `with_hidden`, `with_csp`, `with_inventory`, `add_observer`, `with_clock`, `with_debug_header` |
//! | `ConsentPages` | `with_trusted_origins`, `with_languages`, `with_look`, `with_stylesheet`, `with_google_consent`, `with_body_limit` |
//! | [`Tokens::builder`](crate::Tokens::builder) | `lifetime`, `idle_limit`, `policy`, `clock` |
//! | [`TokenLayer`](crate::TokenLayer) | `with_cookie_name`, `with_answer` |
//! | [`Records::builder`](crate::Records::builder) | `chain_key`, `retention`, `clock` |
//! | [`DueRule`](crate::DueRule) | `holidays`, `worked_weekends` |
//! | [`MemoryStore::builder`](crate::MemoryStore::builder) | `capacity`, `record_capacity`, `sweep_interval`, `clock` |
//! | `RedbStore::builder` | `cache_tokens`, `sweep_interval`, `clock` |
//! | `RedisStore::builder` | `key_prefix`, `sweep_interval`, `response_timeout`, `connect_timeout`, `root_certificates`, `client_certificate`, `accept_eviction`, `accept_weak_persistence`, `accept_records_without_append_only_file` |
//! | `PostgresStore::builder` | `pool_size`, `timeout`, `sweep_interval`, `schema`, `root_certificates`, `accept_unsafe` |
//! | [`VisitLog::builder`](crate::VisitLog::builder), [`VisitLayer`](crate::VisitLayer) | `add_sink`, `capacity`, `clock`; `with_peer`, `with_proxies` |
//! | [`VisitCounts::builder`](crate::VisitCounts::builder) | `minimum`, `pages`, `clock` |
//! | [`HiddenFields`](crate::HiddenFields) | `referrer`, `own_referrer`, `addresses`, `detailed_hints`, `brief_hints`, `identifiers`, `advertising`, `reports`, `permissions_policy`, `add_request_field`, `add_answer_field` |
//! | [`ContentSecurityPolicy`](crate::ContentSecurityPolicy) | one for each kind; `also`, `report_only`, `report_uri`, `report_to` |
//! | [`Inventory`](crate::Inventory), its draft | `with_clock`; `with_site_domain` |
//!
//! # Limits
//!
//! | what | number |
//! |---|---|
//! | categories, services | 32, 256 |
//! | a name of a category or service | 1 to 32 of `a-z 0-9 _ -` |
//! | a prefix before its `*` | at least 3 bytes |
//! | an id of a key; a key | 1 to 5 of `a-z 0-9 _ -`; at least 32 bytes |
//! | the largest consent cookie that a policy can lead to | 3,800 bytes; a policy with more is refused |
//! | expiry in one answer | 20 lines and 4,096 bytes; where more are due, each page begins at another |
//! | scopes of a cookie rule | 20; 10 of a partitioned cookie |
//! | a choice ahead of the server's clock | one day |
//! | a token's subject, label, data | 255, 255 and 1,024 bytes |
//! | a record's subject, data; a text that was shown | 255 bytes, 16 KiB; 256 KiB |
//! | a correction in a person's own words | 2,000 bytes |
//! | the path that a form leads back to | 2,048 bytes |
//! | undeclared names that are warned of | 256 in each direction; a name once, whichever way it was seen first |
//!
//! # The same in code
//!
//! ```
//! use tower_consent::{Category, Mode, Policy};
//!
//! let policy = Policy::builder().build()?;
//! assert_eq!(policy.mode(), Mode::Enforce);
//! assert_eq!(policy.revision().number(), 1);
//! assert_eq!(policy.consent_cookie_name(), "__Host-consent");
//! assert!(!policy.has_mac_keys());
//! // Visitors are asked for nothing until a rule, a service or an entry brings a category.
//! assert_eq!(policy.categories(), [Category::ESSENTIAL]);
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
//! # A complete policy file
//!
//! In TOML, with every field. The same policy in JSON is `examples/policies/complete.json`; any other serde format
//! works too. Keys and hooks are added in code.
//!
#![doc = concat!("```toml\n", include_str!("../../examples/policies/complete.toml"), "```")]
//!
//! ```
//! use tower_consent::{Category, PolicyBuilder};
//!
//! # let toml_text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/complete.toml"));
//! # let json_text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/complete.json"));
//! # let secret = [7; 32];
//! let builder: PolicyBuilder = toml::from_str(toml_text)?;
//! let same: PolicyBuilder = serde_json::from_str(json_text)?;
//! # assert_eq!(format!("{builder:?}"), format!("{same:?}"));
//!
//! let policy = builder.mac_key("k1", secret).build()?;
//! assert_eq!((policy.revision().number(), policy.material_revision()), (4, 3));
//! assert_eq!(policy.lookup(b"_gcl_au"), Some((Category::MARKETING, Some("google-ads"))));
//! # same.build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

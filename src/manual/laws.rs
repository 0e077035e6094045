//! Which rule asks for which setting.
//!
//! **This is no legal advice.** It says what the developers read, and which setting follows it. Whether a cookie is
//! essential, which law covers a visitor, and what a site must write in its policy, are decided by people who know the
//! site and the law. No setting makes a site compliant: see [what a server cannot reach], and [`limits`](super::limits).
//!
//! The numbers (R1 and so on) are those of the requirements that this crate is tested by; comments and tests cite them.
//! The column *read* says how good our source is: *text*, the primary text was read; *copy*, the text as others print
//! it; *summary*, a secondary source (a law firm, a vendor, an encyclopaedia); *memory*, quoted unchecked; *own*, our
//! conclusion from other lines. Every number from R1 to R128 stands in one of the tables.
//!
//! [what a server cannot reach]: super::deployment#what-a-server-cannot-reach
//!
//! # Consent (EU/EEA, UK)
//!
//! | no. | rule | source | read | setting |
//! |---|---|---|---|---|
//! | R85 | Prior consent for all storing and reading on the device that is not exempt, personal data or not | Directive 2002/58/EC Art. 5(3); CJEU C-673/17 (Planet49) | text, summary | default: [`Regime::OptIn`], and refused cookies are taken out of requests too |
//! | R86 | A clear act. Silence, scrolling, and browsing on are no consent; no box is ticked beforehand | CJEU C-673/17; EDPB Guidelines 05/2020; CNIL | summary | nothing but a choice ever grants; the pages tick nothing beforehand; with pages of your own, [`Decision::prompt`] says when to ask |
//! | R87 | A decision for each purpose; what comes later was not consented to | GDPR Art. 6(1)(a) | memory | categories and services are granted by name; `since` on what is new |
//! | R88 | To refuse is as easy as to accept | CNIL; EDPB Cookie Banner Task Force, January 2023 | summary | the pages show both alike, on the same layer, in one click each; with templates of your own that is your part |
//! | R89 | Withdrawal at any time, as easy as consent | GDPR Art. 7(3) | summary | the footer of the pages, in one click; [`Choices::withdraw`]: in force in the same answer, also where the store is down, and what is there is expired |
//! | R90 | A refusal is remembered as long as consent, and not asked about again for 6 months | CNIL Recommendation 2020-092; Garante, 10 June 2021 | summary | default: `refusal_lifetime` of 6 calendar months, from the end of the day |
//! | R91 | Ask again when purposes, vendors or retention change, and not for an edited text | ICO | summary | list a *material* revision for the former, a *notice* for the latter ([`Revision`]); a refusal stays |
//! | R92 | An expired or unreadable choice is neither consent nor refusal | | own | reported by [`Decision::undecided`] |
//! | R93 | Own statistics, and appearance, need no consent until the visitor objects | Data (Use and Access) Act 2025 (UK); CNIL for audience measurement (R109) | summary | [`Regime::OptInWithExemptions`] for those visitors ([`Regions`](crate::Regions) knows which, and for which purposes), and `kind = "exempt-until-objected"`, for statistics of your own alone: not for Google Analytics (R111) |
//! | R94 | Proposed: one click to refuse, no new question for 6 months, signals of the browser that must be heeded | EU Digital Omnibus, Art. 88a and 88b (a proposal, no law) | summary | no setting: that is how it is; another signal needs a new version of this crate |
//! | R95 | Itemised notice, withdrawal as easy as consent, proof | Digital Personal Data Protection Act (India), s. 6 | summary | as above, and [`Records`] |
//! | R104 | The cookie that holds the choice should not itself identify anybody | IAB TCF 2.2 | text | no random id, and only the day of the choice |
//! | R103 | No dark patterns; both answers alike | 11 CCR 7004 | memory | as R88 |
//! | R105-R107 | Calendar months; never longer by visiting; over at the very second of the end | CNIL; our reading | summary, own | a grant is never renewed; no setting |
//! | R108, R109, R111 | Exempt: sign-in, cart, CSRF, load balancing, the choice itself. Never exempt: advertising, third-party analytics | Article 29 Working Party, WP194; CNIL | summary | declare only the former as essential |
//! | R110 | Between the two: what passes until somebody objects | CNIL; Data (Use and Access) Act 2025 (UK) | summary, own | `kind = "exempt-until-objected"`; an objection is a refusal, and by default a signal is one |
//! | R113-R115 | Consent can be proved: who, when, which text, what; only ever added to; before it acts | GDPR Art. 7(1); EDPB Guidelines 05/2020; CNIL | summary, own | [`ConsentLayer::with_records`] and [`Choices`]; methods that keep no proof are named `…_unrecorded` |
//! | R116 | Records end too | GDPR Art. 5(1)(e) | summary | `retention`: purged by itself |
//! | R117 | No cookie values and no tokens in logs | OWASP ASVS 16.2.5 | text | no setting: reports hold names alone |
//! | R118 | The consent cookie: first-party, `__Host-`, Secure, small, authenticated | RFC 6265bis section 4.1.3 | text | default, apart from the MAC: set [`PolicyBuilder::mac_key`] |
//!
//! # Signals
//!
//! | no. | rule | source | read | setting |
//! |---|---|---|---|---|
//! | R1-R5 | `DNT: 1`, with or without an extension, asks not to be tracked | W3C Tracking Preference Expression, section 5 | text | default: `signals.dnt = "all"` |
//! | R6 | `DNT: 0` is not consent | follows from R85, R86 | own | no setting: it never grants anything |
//! | R8, R9 | A `Tk` field can tell what the server does about tracking | W3C Tracking Preference Expression | text | none: not sent. No browser reads it; people read the footer |
//! | R10, R11 | A status resource at `/.well-known/dnt/`, which sets no cookie | W3C Tracking Preference Expression | text | none: not served. A route of your own; inside of the layer it keeps its cookies out |
//! | R12, R13 | Further promises: data gone after 48 hours, a policy text at `/.well-known/dnt-policy.txt` | W3C Tracking Preference Expression; EFF DNT Policy 1.0 | text | none: to post them is a promise of yours; `retention.visit_log` for the ten days of the latter |
//! | R14, R22 | Which browsers send a signal: DNT ever fewer, Sec-GPC ever more; in California all must be able to from 2027 | vendors' notes; AB 566 | summary | no setting: both are read |
//! | R15-R17 | `Sec-GPC: 1` exactly | W3C Global Privacy Control | text | default: `signals.gpc = "all"` |
//! | R7, R18 | Intermediaries leave the headers in place | both | text | the layer does; your proxy must too |
//! | R19 | GPC is about sale, sharing and cross-context advertising. All that is not essential is more than any statute asks | W3C Global Privacy Control | text, own | to follow the letter: `signals.gpc = ["marketing"]` |
//! | R20 | A site can say at `/.well-known/gpc.json` that it obeys | W3C Global Privacy Control, section 4 | text | `GpcResource` |
//! | R21 | Every kind of request carries the signal | Web Platform Tests | text | every request is judged, images and API calls too |
//! | R23 | An entry for each request that carries a signal is not asked for | W3C Global Privacy Control | text | no setting: a choice is recorded, with the signals of that moment; a signal alone is not |
//! | R96, R102 | The signal is a valid opt-out in California and eleven other states of the US | 11 CCR 7025(c); state laws | copy, summary | keep the default under [`Regime::OptOut`]; [`Regions`](crate::Regions) refuse a policy that would ignore it in the US |
//! | R97 | The signal beats an older consent; a consent given in its knowledge beats the signal | 11 CCR 7025(c)(3) | copy | default; `signals.always = true` for a policy that promises more |
//! | R98 | For a known consumer the opt-out stays when the signal does not come along | 11 CCR 7025(c)(5) | copy | [`AccountLink`] |
//! | R99 | From 1 January 2026: show that the signal was honoured | 11 CCR 7025(c)(6) | summary | the footer of the pages; with pages of your own, [`Decision::honoured_signals`] |
//! | R100 | Do not ask again for 12 months after an opt-out; opting in again takes two steps; requests are kept for 24 months | Cal. Civ. Code 1798.135(c)(4); 11 CCR 7028(a), 7101 | summary, memory | a refusal does not lapse under opt-out, [`Decision::prompt`] waits, [`Choices::confirmed`]; `retention.rights_requests` |
//! | R101 | A cookie banner alone is no way to opt out | 11 CCR 7026(a)(4) | copy | the footer of the pages stands on every page |
//!
//! # Cookies
//!
//! | no. | rule | source | read | setting |
//! |---|---|---|---|---|
//! | R24-R37 | Browsers store what other parsers reject | RFC 6265bis; Web Platform Tests | text | no setting: cookies are judged as bytes, by the browser's rules |
//! | R38, R66, R68 | Nameless cookies and names that begin with `$` smuggle others | RFC 6265bis section 8; RFC 2109 | text, own | no setting: always dropped |
//! | R39-R41 | Lines are never joined or written anew, and are filtered on every status | RFC 6265bis; RFC 9110 | text | no setting |
//! | R42, R51, R72 | One odd byte must not hide the visitor's other cookies, and no reader's habit may open a gap | tests of parsers in use | own | no setting: each pair is judged by itself |
//! | R43, R54, R60 | Header fields have limits; work grows with their length and no faster | RFC 6265bis; RFC 9110 section 5.4 | text, own | expiry: 20 lines and 4 KiB in an answer. A limit on whole requests is your server's |
//! | R44 | Partitioned cookies exist once in each partition | CHIPS | text, memory | [`CookieRule::partitioned`](crate::CookieRule::partitioned) |
//! | R45 | A cookie without SameSite is not one of every kind of request | RFC 6265bis | text | `floors.same_site` |
//! | R46-R48 | Several Cookie fields and crumbs are one; `;` alone divides | RFC 9113 section 8.2.3; RFC 6265bis | text, own | no setting |
//! | R52, R70 | Names alone tell, and quotes mean nothing | RFC 6265bis; known attacks | text, own | no setting |
//! | R50, R67, R71 | Parsers that decode or trim take a look-alike name for another | known attacks on other parsers; tests of parsers in use | own | no setting: where unknown names pass, look-alikes of declared ones do not |
//! | R49 | A list of what is refused can be walked around; a list of what is allowed cannot | | own | default: `unknown = "strip"` |
//! | R53, R69, R73 | A neighbouring subdomain can plant a consent cookie | RFC 6265 section 8.6 | text, own | default: `__Host-consent`; two that differ count as none |
//! | R73 | Another site can send a form in the visitor's name | known attacks (CSRF) | own | default: the pages take a grant only from this very site; `with_trusted_origins` for others |
//! | R55-R63 | A deletion reaches only the same name, Domain, Path and partition | RFC 6265bis section 5.7 | text | `site_domain`, `scopes`, `partitioned` |
//! | R75, R76 | A shared cache stores `Set-Cookie` and replays it | RFC 9111 section 7.3 | text | default: `caches = "private"` |
//! | R77-R80 | What the application said of caches is merged and never weakened, on 304 and every other status | RFC 9110; RFC 9111 | text, own | no setting |
//! | R81 | A cache inside of the layer sees other cookies than one outside | our reading | own | let it store only what does not ask the decision |
//! | R112 | A sign-in cookie that survives the browser session is exempt only if the visitor asked for it ("remember me") | Article 29 Working Party, WP194 section 3.2 | memory | put *keep me signed in* on the form, unticked, and without the tick [`NewToken::browser_session`]; for other libraries' cookies leave out `add_max_age`, `auth_cookies` caps at 7 days and adds nothing |
//!
//! # Sign-in tokens
//!
//! | no. | rule | source | read | setting |
//! |---|---|---|---|---|
//! | R119, R120 | At least 128 random bits without meaning; the store keeps only a hash | OWASP ASVS 7.2.3, 11.4.1 | summary | no setting: 256 bits, SHA-256 |
//! | R121 | The server ends a session, not the cookie's Max-Age | NIST SP 800-63B | summary | no setting: [`Tokens`] and its clock |
//! | R122 | `__Host-`, Secure, HttpOnly, SameSite, no Domain; never in a URL, a body or a log | OWASP ASVS 3.3 | summary | default: `__Host-token` |
//! | R123, R74 | A new token at each sign-in, and the old one ended | OWASP ASVS 7.2.4 | summary | no setting: [`SignIn::issue`]; [`Session::rotate`] after a change of rights |
//! | R124, R64, R65 | A sign-out ends it on the server first; `Clear-Site-Data` would also take the choice, and `"cache"` is uneven | OWASP ASVS 7.4.1; W3C Clear Site Data | summary, text | [`Session::end`], from a POST; what it asks the browser to clear never names cookies |
//! | R125 | All sessions of an account can be listed and ended | OWASP ASVS 7.4, 7.5 | summary | [`Tokens::list`], [`Tokens::revoke_all`] |
//! | R126 | Seven days meet AAL1 (30 days), not AAL2 or AAL3 (24 and 12 hours); an idle limit by risk | NIST SP 800-63B; OWASP ASVS 7.3.1 | summary | `tokens.lifetime`, `tokens.idle_limit` |
//! | R127 | Sign-in and consent do not touch each other | | own | no setting |
//! | R128 | Answers to who is signed in stay out of caches | OWASP ASVS 14.3.2 | summary | no setting: `private, no-cache`, and `no-store` where a token is issued or ended |
//!
//! # Without cookies
//!
//! | no. | rule | source | read | setting |
//! |---|---|---|---|---|
//! | R82, R83 | Tracking also begins without a cookie: by interfaces of advertising, client hints, reports to others | vendors' documents; own | summary | [`HiddenFields`]: by the decision, each by a switch |
//! | R84 | ETags, addresses, and what scripts work out are covered by the law as well | EDPB Guidelines 2/2023 | text | an address is written only of who may be tracked: [`VisitRules`]; scripts wait for consent, and [`ConsentLayer::with_csp`] holds back those of refused services; the rest is yours: [what a server cannot reach] |
//! | M1 | An address is personal data | C-582/14 (Breyer) | memory | `[visits]`: none of who may not be tracked; [`anonymize`](crate::anonymize) |
//! | T9 | No sale and no sharing, once opted out or promised | Cal. Civ. Code 1798.120 | summary | `no_sale = true` |
//!
//! # A site under several laws
//!
//! The regime can differ by request. The resolver reads a header that your proxy sets, and that it removes from what
//! visitors send:
//!
//! ```
//! use http::HeaderName;
//! use tower_consent::{Category, CategoryEntry, Policy, Regime};
//!
//! let region = HeaderName::from_static("x-country");
//! let policy = Policy::builder()
//!     .category(CategoryEntry::from(Category::ANALYTICS).exempt_until_objected())
//!     .cookies(Category::ANALYTICS, ["_pk_*"])
//!     .cookies(Category::MARKETING, ["_fbp"])
//!     .regime_resolver([region.clone()], move |request| {
//!         match request.headers.get(&region).map(|country| country.as_bytes()) {
//!             // The header names no state: the signals are honoured in all of the US.
//!             Some(b"US") => Regime::OptOut,
//!             Some(b"GB") => Regime::OptInWithExemptions,
//!             // Unknown is the strictest.
//!             _ => Regime::OptIn,
//!         }
//!     })
//!     .build()?;
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
//! [`NewToken::browser_session`]: crate::NewToken::browser_session
//! [`SignIn::issue`]: crate::SignIn::issue
//! [`Session::rotate`]: crate::Session::rotate
//! [`Session::end`]: crate::Session::end
//! [`Tokens`]: crate::Tokens
//! [`Tokens::list`]: crate::Tokens::list
//! [`Tokens::revoke_all`]: crate::Tokens::revoke_all
//! [`Regime::OptIn`]: crate::Regime::OptIn
//! [`Regime::OptOut`]: crate::Regime::OptOut
//! [`Regime::OptInWithExemptions`]: crate::Regime::OptInWithExemptions
//! [`Choices::withdraw`]: crate::Choices::withdraw
//! [`Decision::undecided`]: crate::Decision::undecided
//! [`Decision::honoured_signals`]: crate::Decision::honoured_signals
//! [`Decision::prompt`]: crate::Decision::prompt
//! [`PolicyBuilder::mac_key`]: crate::PolicyBuilder::mac_key
//! [`Revision`]: crate::Revision
//! [`Records`]: crate::Records
//! [`Choices`]: crate::Choices
//! [`Choices::confirmed`]: crate::Choices::confirmed
//! [`ConsentLayer::with_hidden`]: crate::ConsentLayer::with_hidden
//! [`ConsentLayer::with_csp`]: crate::ConsentLayer::with_csp
//! [`ConsentLayer::with_records`]: crate::ConsentLayer::with_records
//! [`HiddenFields`]: crate::HiddenFields
//! [`VisitRules`]: crate::VisitRules
//! [`AccountLink`]: crate::AccountLink

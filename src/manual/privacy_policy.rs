//! From a privacy policy to a policy file.
//!
//! A privacy policy is a list of promises. This chapter takes a published one, sentence by sentence, and shows for each what a
//! server must do, which setting does it, and which test would fail if it did not. The result is
//! `examples/policies/capsolver.toml`; four more stand beside it: `2captcha.toml`, `browsec.toml`, `filehost.toml`,
//! `vendor.toml`. `cargo run --example demo -- --policy capsolver` starts a shop that keeps it.
//!
//! The sentences are told in our own words, of the text of 3 November 2023. The names of cookies are examples. This is no legal
//! advice: whether a policy is lawful, and whether it is the right one, is not for a library to say.
//!
//! # How to go about it
//!
//! 1. **Number the sentences.** One promise each; leave out what promises nothing.
//! 2. **Sort them.** Some bind a server (which cookies, for how long, who is told). Some bind people (answers within 30 days):
//!    a server can remind them of it. Some bind nobody's code ("not for children"): they are shown as text,
//!    `about.statements`.
//! 3. **Take the strictest reading** that the words bear. "No cookie is placed" means the cookie of the log-in, too.
//! 4. **Write the setting**, with the sentence's number beside it.
//! 5. **Write the test**, under the number. It looks from outside: at answers, at a browser's jar, at what lies in the
//!    stores and logs. Here they are `tests/policies/capsolver.rs::c1` and so on.
//! 6. **Run the [report-only](super::deployment#the-first-day) day**, and declare what it finds, or take it off the site.
//!
//! # The cookie section of CapSolver, sentence by sentence
//!
//! ## C1. Cookies let you log in; a visitor may reject all of them, or allow certain ones
//!
//! Two promises: what log-in needs works under every choice, and everything else waits for one, by category and by name.
//!
//! ```toml
//! regime = "opt-in"
//! unknown = "strip"
//! ```
//!
//! Log-in is essential by itself where it uses [`Tokens`](crate::Tokens); the session cookie of another library is declared
//! with `auth_cookies`. What no line of the file declares is stripped: nobody can have agreed to it. The pages offer
//! *reject all* beside *accept all*, and a switch for each category and service.
//!
//! Test `c1`: the jar after each choice, what the handler saw, and whether the sign-in still works.
//!
//! ## C2. With cookies disabled, some features may not work
//!
//! No setting: nothing may break. A browser that keeps no cookie is never sent round in circles. Its choice leads to a page
//! that says that it could not be saved; `RequireRevision` answers in place. The sentence itself stands on the page
//! of cookies:
//!
//! ```toml
//! { en = "You can set your browser to reject all cookies or some of them. Some features of our services may then not work.", de = "Sie können im Browser alle oder einzelne Cookies ablehnen. Manche Funktionen unserer Dienste arbeiten dann vielleicht nicht." },
//! ```
//!
//! Test `c2`: every page, every form, the gate and the sign-in, without a jar.
//!
//! ## C3. Do Not Track and similar signals are respected: no information is tracked and no cookie is placed
//!
//! The strictest sentence of all. "Similar" is Global Privacy Control. "No cookie" is none, so `no-cookies` and not `all`.
//! "No information is tracked": the visit log has no line of such a visitor, and the counters have nothing but totals.
//!
//! ```toml
//! [signals]
//! dnt = "no-cookies"
//! gpc = "no-cookies"
//! ```
//!
//! ```toml
//! untracked = { log = false }
//! ```
//!
//! What that costs stands [below](#what-strict-do-not-track-costs). A site that means "no cookie that is not needed" says
//! `"all"`, the default; and a choice that the visitor makes in knowledge of the signal then counts, unless `always = true`.
//!
//! Test `c3`: both forms, under both signals, also over a grant of before. In real browsers: `tests/browser/strict.rs`.
//!
//! ## C4. Tokens authenticate the logged-in user, who need not log in each time
//!
//! [`ConsentLayer::with_tokens`](crate::ConsentLayer::with_tokens): an opaque secret that means nothing outside of the store, in a cookie or as
//! `Authorization: Bearer`.
//!
//! Test `c4`.
//!
//! ## C5. Tokens are stored for seven days
//!
//! From the sign-in, used or not, in the store and in the cookie; and then deleted, not only ignored.
//!
//! ```toml
//! [tokens]
//! lifetime = "7 days"
//! ```
//!
//! It is the default; a longer life is refused unless the file says `longer_than_seven_days`.
//!
//! Test `c5`: the last second and the one after it, by cookie and by bearer; and the store, which is empty by itself.
//!
//! ## C6. Tokens are deleted automatically at log-out
//!
//! No setting: [`Session::end`](crate::Session::end) deletes in the store first. After its answer every server refuses the token.
//!
//! Test `c6`: two servers on one store.
//!
//! # The rest of it
//!
//! | sentence | setting or call | test |
//! |---|---|---|
//! | C7 address, use and calls are logged, to run and improve the service | `[visits]`: what is written of who agreed; [`ConsentLayer::with_visits`](crate::ConsentLayer::with_visits) | `c7` |
//! | C8 a named vendor gets data with explicit consent only | `[[services]]`; [`Decision::permit`](crate::Decision::permit) for handlers, `hosts` and [`ConsentLayer::with_csp`](crate::ConsentLayer::with_csp) for the page | `c8` |
//! | C9 kept no longer than needed, and not beyond the account | `[retention]`, a line for every kind of thing; purged by itself | `c9` |
//! | C10 access, copy, correction, deletion, restriction, portability, objection, withdrawal | the page *your data*; [`Rights`](crate::Rights) | `c10` |
//! | C11 deleting the account deletes its data | [`Rights::erase`](crate::Rights::erase), one call | `c11` |
//! | C12 requests are answered in 15 working days, or 30 days | [`Rights::receive`](crate::Rights::receive) with a [`DueRule`](crate::DueRule): the day is on record | `c12` |
//! | C13 substantial changes are told and consent is refreshed; use may be suspended until then | `[[revisions]]`, material by default; `RequireRevision` on the routes that wait | `c13` |
//! | C14 not for people under 18 | `about.statements`; an application that knows better refuses on their behalf with [`narrow`](crate::PolicyBuilder::narrow) | |
//!
//! The whole file:
#![doc = concat!("```toml\n", include_str!("../../examples/policies/capsolver.toml"), "```")]
//!
//! And what stands beside it, in code. A key and hooks never stand in a file.
//!
//! ```
//! use tower_consent::{
//!     ConsentLayer, ContentSecurityPolicy, Decision, MemorySink, MemoryStore, Permit, PolicyBuilder, Records, Tokens,
//!     Vendor, VisitCounts, VisitLog,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/capsolver.toml"));
//! // let text = std::fs::read_to_string("capsolver.toml")?;
//! let policy = toml::from_str::<PolicyBuilder>(&text)?.mac_key("2026a", [7; 32]).build()?;
//! let store = MemoryStore::new();
//! let layer = ConsentLayer::new(policy)
//!     .with_records(Records::builder(store.clone()).chain_key([9; 32]).build()) // C9, C10
//!     .with_tokens(Tokens::new(store))                                          // C4, C5, C6
//!     .with_visits(VisitLog::to(MemorySink::new())?)                            // C3, C7
//!     .with_counts(VisitCounts::new())                                          // C3
//!     .with_csp(ContentSecurityPolicy::new().scripts().connections());          // C8
//! # let _ = layer;
//!
//! // C8: what hands data to the vendor cannot be called without the visitor's consent.
//! struct Tidio;
//!
//! impl Vendor for Tidio {
//!     const SERVICE: &'static str = "tidio";
//! }
//!
//! fn open_chat(_: Permit<'_, Tidio>, mail: &str) {
//!     println!("told Tidio of {mail}");
//! }
//!
//! fn help(consent: &Decision, mail: &str) {
//!     if let Some(permit) = consent.permit::<Tidio>() {
//!         open_chat(permit, mail);
//!     }
//! }
//! # help(&Decision::no_layer(), "ada@example.com");
//! # Ok(())
//! # }
//! ```
//!
//! # What strict Do Not Track costs
//!
//! Under a signal with the scope [`NoCookies`](crate::SignalScope::NoCookies) no line that stores anything leaves, whoever wrote
//! it. Essential cookies that the browser has already still reach the application, and deletions leave. Everything that knows
//! a visitor by a new cookie alone does not know them any more:
//!
//! | what | why | what to do |
//! |---|---|---|
//! | sign-in by cookie | the cookie does not leave | [`SignIn::issue`](crate::SignIn::issue) gives a bearer token instead: [`SignedIn::bearer`](crate::SignedIn::bearer). A script holds it in a variable and sends it with `fetch`; it is gone with the page. `examples/demo` has such a page |
//! | session libraries (tower-sessions, axum-login) | they know nobody without a cookie: each request begins a new session | hide what needs one: [`Decision::forbids_storing`](crate::Decision::forbids_storing) says so. Give their sessions a short life, or the store fills |
//! | CSRF by cookie (double submit, a token in the session) | the token of the form has no cookie to be compared with: every form is refused | check where the form comes from, by `Sec-Fetch-Site` or `Origin`, as the consent pages do; a bearer token needs no such check, since no browser adds it by itself |
//! | flash messages | they wait in a cookie for the next page | say it on the page that answers, and do not redirect |
//! | sign-in with another company (OAuth, OpenID Connect) | `state` and `nonce` wait in a cookie until the visitor comes back | keep `state` on the server, under a key that goes along in the address; it binds to no browser then, so ask the visitor to confirm |
//! | a cart, a language, a theme | they are remembered in a cookie | the cart in the account; the language from `Accept-Language`; the theme from `prefers-color-scheme` |
//! | stickiness and bot protection of a proxy | its cookies are set outside of this layer, and are not seen by it | they are the proxy's to switch off |
//! | the choice itself | its cookie is a cookie, too | nothing: there is nothing to choose. The pages say so, and `RequireRevision` lets such a visitor through |
//!
//! `localStorage` and its like are a script's own affair, which no server hears of: a script that stores something under the
//! signal breaks the promise. The library's own stores nothing.
//!
//! # Promises that are not kept to the letter
//!
//! Three sentences of the five policies are kept otherwise than they are written, and each on purpose:
//!
//! | sentence | what is done |
//! |---|---|
//! | "continued use is acceptance" (T7, M6) | never of cookies: only a choice grants anything (R86). Changes are told |
//! | "the duration of the visit" (L1) | the duration of each request. That of a visit needs an identifier that goes from page to page |
//! | "an id is stored permanently" (B2) | as long as browsers keep anything, 400 days, in a category of its own; and no longer than the consent to it |
//!
//! # The other four
//!
//! | sentence | setting or call | test |
//! |---|---|---|
//! | T1, T2 anonymous visits; refusing is always possible | `regime = "opt-in"`; a refusal has no number | `two_captcha::t1`, `t2` |
//! | T3, B3 kind of browser and system, of nobody in particular | `[visits] tracked = { user_agent = "family", .. }`, [`VisitCounts`](crate::VisitCounts) | `two_captcha::t3`, `browsec::b3` |
//! | T5 aggregates go to partners | [`CountReport`](crate::CountReport): no group below ten, and none that can be worked out | `two_captcha::t5` |
//! | T4, L2 as C2 | | `two_captcha::t4`, `filehost::l2` |
//! | T6, L4 third parties, with permission | `[[services]]`, [`Decision::permit`](crate::Decision::permit) | `two_captcha::t6`, `filehost::l4` |
//! | T7, B5, L6 changes are told | `kind = "notice"` | `two_captcha::t7`, `browsec::b5`, `filehost::l6` |
//! | T8 credentials are secure | no setting: the store knows digests | `two_captcha::t8` |
//! | T9 nothing is sold | `no_sale = true` | `two_captcha::t9` |
//! | B1 cookies, possibly persistent | `max_age` of each | `browsec::b1` |
//! | B2 a permanent anonymous number | a category of its own | `browsec::b2` |
//! | B6 data is collected only while the service is used | no setting: no beacon, no call in the background | `browsec::b6` |
//! | L1 address, time, duration in the log | `[visits] tracked`, a category of its own for it | `filehost::l1` |
//! | L3 the vendor against attacks sets cookies | an essential service | `filehost::l3` |
//! | L5 no change weakens what was consented to | `outdated_grants = "keep-scope"` | `filehost::l5` |
//! | M1, M2 an address is personal; what is left after removing the personal parts is not | `[visits]`, [`anonymize`](crate::anonymize) | `vendor::m1`, `m2` |
//! | M3 used as permitted | a category for each purpose; [`Decision::allows`](crate::Decision::allows) | `vendor::m3` |
//! | M4 destroyed when it is not needed | `[retention]` | `vendor::m4` |
//! | M6 as C13 and T7 | `[[revisions]]` | `vendor::m6` |
//! | B4, M5 | `about.statements` | |

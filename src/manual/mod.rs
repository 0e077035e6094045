//! Documentation only: what does not belong to one type.
//!
//! In the order in which they are read:
//!
//! | chapter | what it answers |
//! |---|---|
#![cfg_attr(
    feature = "pages",
    doc = "| [`banner`] | How do I get from nothing to a banner that is obeyed? What do the pages answer, and the JSON API? |"
)]
//! | [`recipes`] | How does it go with axum, hyper, tower-sessions, axum-login, nginx, a CDN, a single-page application, subdomains, tonic? |
//! | **A policy** | |
//! | [`privacy_policy`] | How do I get from the text of a privacy policy to a policy file? What does strict Do Not Track cost? |
//! | [`existing_banners`] | How is the banner obeyed that the site already has? How do I get a policy from what the site sets? |
//! | [`moving`] | How do I move over from autumn-web's consent, axum_session's opt-in, ASP.NET Core's CookiePolicy? |
//! | **In service** | |
//! | [`deployment`] | How do I start on a running site? Where does the layer go? What must a proxy pass on? How do I guard a site in another language? |
//! | [`visits`] | What does a server give away of a visit, beside cookies? The visit log, counters, header fields, third parties in the page |
//! | [`attacks`] | What do attackers try, and which limits must the server set itself? |
//! | [`records`] | What is written of a choice, who can see it, and how is it proved? |
//! | [`sessions`] | How do I keep tower-sessions or axum-login to seven days, and how do I move to tokens? |
//! | [`stores`] | Which store for tokens and records? What does each promise, and what can still go wrong? |
//! | [`scale`] | What do many servers share? What does a request, a token, a record cost, and what breaks first as a site grows? |
//! | [`limits`] | What can it not do, and what do I do about that? |
//! | **Reference** | |
//! | [`defaults`] | What holds if I set nothing? What can a policy file say? |
//! | [`laws`] | Which rule asks for which setting, and where does it stand? |
//! | [`cookie_format`] | What is in the consent cookie? |
//! | [`dependencies`] | What comes into my build, and why? |

pub mod attacks;
#[cfg(feature = "pages")]
pub mod banner;
pub mod cookie_format;
pub mod defaults;
pub mod dependencies;
pub mod deployment;
pub mod existing_banners;
pub mod laws;
pub mod limits;
pub mod moving;
pub mod privacy_policy;
pub mod recipes;
pub mod records;
pub mod scale;
pub mod sessions;
pub mod stores;
pub mod visits;

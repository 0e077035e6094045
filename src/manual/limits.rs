//! What this crate cannot do, and what to do about it.
//!
//! A layer on a server sees the header fields of its own site's requests and answers. Everything else that a privacy policy
//! promises is kept by you, or not at all.
//!
//! # What it never sees
//!
//! | what | why | what to do |
//! |---|---|---|
//! | cookies of other hosts (third-party cookies) | they travel between the browser and that host alone (R62) | do not put the script, frame or image into the page before [`Decision::allows`](crate::Decision::allows) it, or mark it with `data-consent`; [`with_csp`](crate::ConsentLayer::with_csp) makes the browser hold back what a refused service loads |
//! | cookies that a script of your page sets, until the next request | the script writes them in the browser; then they are stripped, and expired on the next document (R62) | start the script only where it is allowed |
//! | local storage, IndexedDB, caches of a service worker, fingerprints | no request shows them; the law covers them as well (R84, R85) | ask in the script: `consent:change`, `/privacy/api/state` |
//! | an `ETag` or an address that recognises a browser | they are no cookies (R84) | [`HiddenFields`](crate::HiddenFields) and [`VisitRules`](crate::VisitRules) for what handlers and the log see; give no `ETag` of your own to each visitor |
//! | cookies that another server of your domain sets with `Domain=example.com` | its answers do not pass here; its cookies are stripped from requests here, and expired at the `site_domain` if a rule declares them | put the layer, or `examples/guard`, before that server too |
//! | what a proxy, a CDN or a load balancer sets or logs | it stands outside | [`Behind a CDN`](super::recipes#behind-a-cdn) |
//! | layers outside of it, and axum routes that are added after `.layer` | they are not inside | [where the layer goes](super::deployment#where-the-layer-goes) |
//! | data in the body of a page: a visitor's id in a script, a pixel with a query | bodies pass unread | [`Decision::permit`](crate::Decision::permit) for what hands data on |
//! | trailers, WebSocket messages, server-sent events | judged when they began; a withdrawal does not close them | close them yourself where you take the choice |
//!
//! # What it sees too late
//!
//! - **The first request** of a browser with old cookies: they are stripped before the application, and have been sent all the
//!   same. Nobody can stop that on a server.
//! - **A page that a cache stored before the layer was there**, or that a CDN stores by a rule of its own: it is answered
//!   without asking anybody. Empty such caches on the first day.
//! - **A page in the browser's memory** (the back button) or in a tab that stays open shows what was allowed when it was loaded.
//!   Its next request is judged anew.
//! - **Cookies at a scope that no rule names.** A request shows a name, and neither Domain nor Path. They are stripped for good,
//!   and expired only where the policy says they stand (R55, R58).
//! - **Copies in other partitions** (R44): expired when the visitor is there.
//!
//! # What it does not know
//!
//! - **Who sits before the browser.** A choice is of a browser, not of a person; with an account,
//!   [`AccountLink`](crate::AccountLink) keeps an objection on all browsers of it. A grant is never carried over.
//! - **Whether a cookie is what you declare it to be.** Essential is what you call so. `manual::laws` says what the law calls
//!   so, and how well that was read.
//! - **What the text of your policy says.** The record keeps the text that the pages showed. That it is true is yours.
//! - **Which law covers a visitor.** [`Regions`](crate::Regions) believe a header field; a country is no residence, and the
//!   field is as good as who sets it.
//! - **Whether a browser keeps cookies.** One that keeps none is asked on each page, and nothing passes.
//! - **That a visitor deleted the cookie of the choice.** Then nobody has decided. Under opt-out that ends the refusal of who
//!   has no account, unless the browser sends a signal (R74, R98).
//!
//! # What it cannot prove
//!
//! A record shows that a browser sent a choice, when, and which text the server showed. It does not show who clicked, nor that
//! the page looked as it should. The chain shows that nothing was changed by somebody without its key; whoever has the key
//! and the store can write another chain. See [`records`](super::records).
//!
//! # What a proxy or an attacker can still do
//!
//! - **Whoever can write your cookies** (a hijacked subdomain, where the consent cookie has a Domain) can plant a refusal or
//!   another browser's consent, never invent one where a MAC key is set (R69, R73).
//! - **Whoever runs script in your page** (XSS) acts as the visitor, and may send a grant from your own origin.
//! - **Who asks very often** costs records: put a rate limit before `/privacy/choice`, and let refusals through.
//! - **Who can read the store** reads what records hold: no address, no user agent; accounts by the name that you gave.
//!
//! # What `examples/guard` cannot do
//!
//! It is an example: no TLS before it and none to the site, HTTP/1.1 to the site only, no 103, no WebSocket over HTTP/2, no
//! second try of a request, no draining at its end. See [`deployment`](super::deployment#before-a-site-in-any-language).
//!
//! # What no library can do
//!
//! Make a site lawful. Write the privacy policy, the contracts with processors, the answers to people who ask. Decide whether
//! a purpose is legitimate. `manual::laws` says which setting follows which rule; that is all it says.

//! What a server gives away of a visit, beside cookies.
//!
//! A policy that says "we do not track you" is not kept by cookies alone. A log line with an address, a `Referer` that a
//! library reads, a script of a third party in the page: each tells who came. This chapter goes through them. What the server
//! itself writes and reads goes by one answer, [`Decision::may_track`](crate::Decision::may_track): what the policy's
//! `[visits]` names is allowed. What a third party gets goes by its service.
//!
//! | what gives a visit away | what keeps it | on by itself |
//! |---|---|---|
//! | the lines of an access log | [`with_visits`](crate::ConsentLayer::with_visits) | no: **switch the server's own log off**, and that of the proxy |
//! | statistics | [`with_counts`](crate::ConsentLayer::with_counts) | no |
//! | header fields that handlers and libraries read | [`with_hidden`](crate::ConsentLayer::with_hidden) | no |
//! | answers that start tracking without cookies | [`with_hidden`](crate::ConsentLayer::with_hidden) | no |
//! | scripts, images, frames and connections of third parties | [`with_csp`](crate::ConsentLayer::with_csp) | no |
//! | data that a handler hands on | [`Decision::permit`](crate::Decision::permit) | a function that asks for a [`Permit`](crate::Permit) cannot be called without one |
//! | reports and metrics of this crate | never hold a value of a cookie, a query or a token | yes |
//!
//! # All of it
//!
//! ```no_run
//! use std::net::SocketAddr;
//!
//! use axum::{Router, extract::ConnectInfo, routing::get};
//! use tower_consent::{
//!     ConsentLayer, ContentSecurityPolicy, HiddenFields, JsonLinesSink, PolicyBuilder, ProxyHeader, TrustedProxies,
//!     VisitCounts, VisitLayer, VisitLog,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = toml::from_str::<PolicyBuilder>(r#"
//!     [visits]
//!     category = "analytics"
//!     tracked = { address = "truncated" }     # even of who agreed no whole address
//!     untracked = { time = "hour" }           # less than the little that is written otherwise
//!
//!     [retention]
//!     visit_log = "14 days"
//!
//!     [[services]]
//!     name = "matomo"
//!     category = "analytics"
//!     hosts = ["stats.example.com"]
//! "#)?.build()?;
//!
//! let log = VisitLog::to(JsonLinesSink::open("visits")?)?;
//! let visits = VisitLayer::new(log)
//!     .with_peer(|parts| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
//!     .with_proxies(TrustedProxies::new(ProxyHeader::XForwardedFor, ["10.0.0.0/8"])?);
//!
//! let app = Router::new().route("/", get(async || "hello")).layer(
//!     ConsentLayer::new(policy)
//!         .with_hidden(HiddenFields::new())
//!         .with_visits(visits)
//!         .with_counts(VisitCounts::new())
//!         .with_csp(ContentSecurityPolicy::new().scripts().images().frames().connections()),
//! );
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Who may be tracked
//!
//! The category (or service) that `[visits]` names must be allowed: by choice, by the regime, by an exemption. It cannot be
//! *essential*: then a signal or a refusal would change nothing. Without one, and without the category *analytics*, nobody may
//! be tracked. Where the answer changes the decision (a withdrawal, a grant, a [`Narrow`](crate::Narrow)) the more private of
//! both counts, so a visit that was begun under a refusal is never written as if there had been none.
//!
//! A site whose law demands whole addresses for a time (against fraud or attacks) keeps them elsewhere, under its own rules and
//! who may read it; this log is not the place.
//!
//! # The visit log
//!
//! [`VisitRules`](crate::VisitRules) has the table of what is written. A line is JSON, one a request; of who may be tracked, and
//! of who may not:
//!
//! ```json
//! {"time":"2026-11-22T10:40:09Z","method":"GET","host":"example.com","path":"/","status":200,"duration_ms":3,"bytes":1200,
//!  "address":"192.0.2.7","user_agent":"Mozilla/5.0","referrer":"https://example.org/a","is_tracked":true,"is_complete":true}
//! {"time":"2026-11-22T10:40Z","method":"GET","host":"example.com","path":"/","status":200,"duration_ms":3,"bytes":1200,
//!  "is_tracked":false,"is_complete":true}
//! ```
//!
//! Lines of who may not be tracked wait until their minute is over (or their hour or day, where `time` says so), and are
//! written in the order of their text: in the order of their coming they would tell who went where. `flush` writes them at once.
//!
//! A request never waits for it: the queue is bounded, and what does not fit is dropped and counted. Files are named by the UTC day
//! and deleted when the day is older than `visit_log` of the [retention table](crate::Retention), also while nobody visits.
//! **A path can be personal** (`/reset/5f2c…`): keep secrets out of paths, or set `path = "none"`.
//!
//! Only a proxy that you name is believed, and only the one field that you name: every other one is written by visitors. See
//! [`TrustedProxies`](crate::TrustedProxies).
//!
//! # Counters
//!
//! [`VisitCounts`](crate::VisitCounts) knows no one: numbers under a few names, by the day. Who may not be tracked is in the totals
//! only. A day is shown when it is over, a group below ten never, and none that could be worked out from what is shown:
//! [`CountReport`](crate::CountReport) has the rules. They are in memory;
//! [`Records::keep_counts`](crate::Records::keep_counts) keeps them beside the records, for many servers (with one minimum for
//! all of them) and over a restart: then call [`Records::purge`](crate::Records::purge) at shut-down, which writes what is left.
//! `cargo run --example demo -- --sample-days` draws them at `/statistics`.
//!
//! A group is of visits, not of persons: who keeps no identifiers cannot tell ten visits of one from one of ten each.
//!
//! # Third parties in the page
//!
//! A page without a refused service's tag is best: `Decision::allows_service` in the template, or `data-consent` on the tag.
//! [`ContentSecurityPolicy`](crate::ContentSecurityPolicy) is the second lock: should a tag slip through, or a script load another,
//! the browser blocks it. Its line stands beside the application's own and never opens what that one closes. After a choice
//! that opens or closes something the pages' script loads the page anew, because a page keeps the policy that it came with.
//!
//! # Order
//!
//! What is added to the layer last stands outermost among these: so `with_hidden` before `with_counts`, which else would not see
//! where a visit came from. The visit log reads nothing of who may not be tracked, wherever it stands.
//!
//! # What this does not see
//!
//! Logs of proxies, load balancers and the operating system; fields that a CDN keeps for itself; what an `ETag` of the
//! application's own tells of a browser that comes back (R84); what a script that runs in the page stores or sends to your own
//! host.

//! From nothing to a banner that is obeyed, in ten minutes.
//!
#![cfg_attr(
    doc,
    doc = concat!(
        "<p><img alt=\"A shop with the banner at its foot: purposes, recipients, lifetimes; two equal buttons, Accept all and \
         Reject all; a link to choose\" width=\"720\" src=\"data:image/svg+xml,",
        include_str!("pictures/banner-light.svg"),
        "\"></p>"
    )
)]
//!
//! # 1. A project
//!
//! ```sh
//! cargo new site && cd site
//! cargo add axum tower-consent --features tower-consent/axum
//! cargo add tokio --features macros,net,rt-multi-thread
//! ```
//!
//! # 2. A site that keeps its policy
//!
//! The whole of `src/main.rs`. The policy declares what the site sets; the pages ask; the records prove; the layer holds
//! everything to it.
//!
//! ```no_run
//! use axum::{Router, middleware::map_response, response::{AppendHeaders, Html, IntoResponse, Response}, routing::get};
//! use tower_consent::{About, Category, ConsentLayer, ConsentPages, CookieRule, Fragments, Policy, RedbStore, Revision};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let policy = Policy::builder()
//!         .about(About::new("Example Ltd, 1 Example Road, Dublin").contact("privacy@example.com"))
//!         .revision(Revision::new(1).on(2026, 11, 22))
//!         .essential(["session"])
//!         .cookie(CookieRule::new("visits", Category::ANALYTICS).purpose("Counts visits").provider("This site"))
//!         .build()?;
//!     let store = RedbStore::open("consent.redb")?; // or MemoryStore, RedisStore, PostgresStore
//!     let pages = ConsentPages::at("/privacy", store.clone());
//!
//!     let app = Router::new()
//!         .route("/", get(home))
//!         .with_state(pages.clone())                // the fragments come from here
//!         .nest_service("/privacy", pages)
//!         .layer(map_response(a_library_that_does_not_ask))
//!         .layer(ConsentLayer::new(policy).with_records(store)); // added last: the outermost
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
//!     Ok(())
//! }
//!
//! async fn home(fragments: Fragments) -> Html<String> {
//!     Html(format!(
//!         r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Teapots</title>{}</head>
//!            <body><h1>Teapots</h1>
//!            <script type="text/plain" data-consent="analytics">document.title += " (counted)";</script>
//!            <footer>{}</footer>{}</body></html>"#,
//!         fragments.head, fragments.footer, fragments.banner
//!     ))
//! }
//!
//! async fn a_library_that_does_not_ask(response: Response) -> impl IntoResponse {
//!     let lines = [("set-cookie", "session=8a1f; Path=/; HttpOnly"), ("set-cookie", "visits=1; Path=/")];
//!     (AppendHeaders(lines), response)
//! }
//! ```
//!
//! Three fragments go into the site's own layout: [`head`](crate::Fragments::head) (style and script),
//! [`footer`](crate::Fragments::footer) on **every** page (the way to the choices, and to withdraw), and
//! [`banner`](crate::Fragments::banner), which is empty where nobody is to be asked. They are HTML that is escaped already:
//! `{{ fragments.head|safe }}` in askama, `(PreEscaped(&fragments.head))` in maud. `examples/pages_askama.rs` and
//! `examples/pages_maud.rs` are such sites; `examples/hyper.rs` is one without a framework.
//!
//! # 3. What to see
//!
//! `cargo run`, and <http://localhost:8080> in a browser with its developer tools open, at the cookies (*Application* in
//! Chromium, *Storage* in Firefox):
//!
//! 1. The banner is there. `session` is among the cookies, `visits` is not, although the library set both. The title says
//!    *Teapots*.
//! 2. *Accept all*: the banner goes without a page load. The title says *(counted)*: the script has run. `visits` is there:
//!    the library sets it with every answer, and that one was judged by the new choice.
//! 3. *Withdraw consent* in the footer: `visits` is gone from the browser with that very answer.
//! 4. Switch Global Privacy Control or Do Not Track on, in a new private window: no banner, and nothing passes. The
//!    privacy settings say that the signal was honoured.
//! 5. Switch scripts off: the buttons work, as forms.
//!
#![cfg_attr(
    doc,
    doc = concat!(
        "<p><img alt=\"The preferences page: a switch for each category and service, all off; who is responsible; how long a \
         choice counts\" width=\"480\" src=\"data:image/svg+xml,",
        include_str!("pictures/preferences.svg"),
        "\"></p>"
    )
)]
//!
//! The same as a test of your application, with feature `test`, whose visitor keeps cookies as a browser does:
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use tower::ServiceExt;
//! use tower_consent::{Category, ConsentLayer, ConsentPages, Fragments, MemoryStore, Policy, test::Visitor};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let pages = ConsentPages::at("/privacy", store.clone());
//! let policy = Policy::builder().cookies(Category::ANALYTICS, ["visits"]).build()?;
//! let home = |fragments: Fragments| async { ([("set-cookie", "visits=1; Path=/")], fragments.banner) };
//! let app = Router::new()
//!     .route("/", get(home))
//!     .with_state(pages.clone())
//!     .nest_service("/privacy", pages)
//!     .layer(ConsentLayer::new(policy).with_records(store));
//!
//! let (home, choice) = ("https://example.com/", "https://example.com/privacy/choice");
//! let form = "application/x-www-form-urlencoded";
//! let mut visitor = Visitor::undecided();
//! let answer = app.clone().oneshot(visitor.request(home).body(Body::empty())?).await?;
//! visitor.receive(home, &answer);
//! visitor.assert_lacks("visits");
//!
//! let accept = Body::from("action=accept-all&revision=1&return=/");
//! let answer = app.clone().oneshot(visitor.form(choice).header("content-type", form).body(accept)?).await?;
//! visitor.receive(choice, &answer);
//! let answer = app.clone().oneshot(visitor.request(home).body(Body::empty())?).await?;
//! visitor.receive(home, &answer);
//! visitor.assert_holds("visits");
//!
//! let withdraw = Body::from("action=withdraw&return=/");
//! let answer = app.oneshot(visitor.form(choice).header("content-type", form).body(withdraw)?).await?;
//! visitor.receive(choice, &answer);
//! visitor.assert_lacks("visits");
//! # Ok(())
//! # }
//! ```
//!
//! # 4. Scripts, frames and whole routes
//!
//! What another host's script stores, no server sees. So it must not run before it is allowed:
//!
//! ```html
//! <script type="text/plain" data-consent="analytics" data-src="/statistics.js"></script>
//! <script type="text/plain" data-consent-service="google-ads" data-src="https://ads.example/tag.js"></script>
//! <p data-consent-placeholder="films">The film needs your consent. <a href="/privacy/">Choose</a></p>
//! <iframe data-consent-service="films" data-src="https://films.example/7" hidden></iframe>
//! ```
//!
//! They run and load as soon as the category or the service is allowed, and `document` gets the event `consent:change`,
//! whose `detail` is the [state](#single-page-applications). What each attribute does is listed in [`look`]. Google's tags
//! are told by [`with_google_consent`]. With [`with_csp`](crate::ConsentLayer::with_csp) the page is loaded anew after a choice that
//! opens or closes something (the state says `reloads`).
//!
//! On the server, ask the [`Decision`]. Content that is nothing without consent answers with the question in its place,
//! which leads back to it:
//!
//! ```
//! use axum::{extract::State, http::{HeaderMap, Uri}, response::{Html, IntoResponse, Response}};
//! use tower_consent::{ConsentPages, Decision};
//!
//! async fn film(State(pages): State<ConsentPages>, decision: Decision, headers: HeaderMap, uri: Uri) -> Response {
//!     if decision.allows_service("films") {
//!         return Html("the film").into_response();
//!     }
//!     pages.prompt_page(&decision, &headers, uri.path(), "films").into_response()
//! }
//! # let _: axum::routing::MethodRouter<ConsentPages> = axum::routing::get(film);
//! ```
//!
//! # 5. The policy for people
//!
//! The pages show what the policy says: write it for visitors. Texts may have [languages](crate::Text), in code and in a
//! [file](super::defaults#a-complete-policy-file). The declaration of cookies makes itself from it, at `/privacy/cookies`,
//! or inside of a page of yours ([`Declaration`](crate::look::Declaration), as `examples/pages_maud.rs` has it).
//!
//! ```
//! use tower_consent::{About, Category, CookieRule, Lifetime, Policy, RuleTarget, ServiceEntry, Text};
//!
//! let policy = Policy::builder()
//!     .about(
//!         About::new("Example Ltd, 1 Example Road, Dublin")
//!             .contact("privacy@example.com")
//!             .privacy_policy("/privacy-policy")
//!             .imprint("/imprint"),
//!     )
//!     .service_entry(
//!         ServiceEntry::new("google-ads", "marketing")
//!             .label("Google Ads")
//!             .provider("Google Ireland Limited")
//!             .transfers("USA, EU-US Data Privacy Framework")
//!             .privacy_policy("https://policies.google.com/privacy"),
//!     )
//!     .cookie(
//!         CookieRule::new("_gcl_*", RuleTarget::service("google-ads"))
//!             .purpose(Text::new("Links clicks to orders").with("de", "Verbindet Klicks mit Bestellungen"))
//!             .max_age(Lifetime::days(90)),
//!     )
//!     .build()?;
//! assert_eq!(policy.lookup(b"_gcl_au"), Some((Category::MARKETING, Some("google-ads"))));
//! # Ok::<(), tower_consent::ConfigError>(())
//! ```
//!
#![cfg_attr(
    doc,
    doc = concat!(
        "<p><img alt=\"The declaration of cookies: each with its purpose, provider and lifetime, by category; each service with \
         its company and its transfers\" width=\"480\" src=\"data:image/svg+xml,",
        include_str!("pictures/declaration.svg"),
        "\"></p>"
    )
)]
//!
//! # 6. Your own look
//!
//! **Colours and sizes** are custom properties, which any style sheet of yours sets. **Whole rules** go into a style sheet
//! that the pages load after theirs. **Words and languages** are replaced one by one. **Templates** are replaced by a
//! [`Look`], which writes only what it wants otherwise, with any template engine.
//!
//! ```css
//! :root { --consent-accent: #7a1fa2; --consent-radius: 0; }
//! @media (prefers-color-scheme: dark) { :root { --consent-accent: #e1b0ff; } }
//! ```
//!
//! ```
//! use tower_consent::{ConsentPages, Language, Languages, Look, MemoryStore, look::Page};
//!
//! /// The site's own frame around every page.
//! #[derive(Debug)]
//! struct OurLook;
//!
//! impl Look for OurLook {
//!     fn page(&self, page: &Page<'_>) -> String {
//!         format!(
//!             r#"<!doctype html><html lang="{}" dir="{}"><head><meta charset="utf-8"><title>{}</title>
//!                <link rel="stylesheet" href="{}/style.css">{}</head><body>{}{}</body></html>"#,
//!             page.scene.language.tag(), page.scene.language.direction(), page.title,
//!             page.scene.base, page.script, page.content, page.footer
//!         )
//!     }
//! }
//!
//! let german = Language::built_in("de").expect("it is").replace("accept_all", "Alles erlauben")?;
//! let dutch: Language = serde_json::from_str(r#"{"tag": "nl", "messages": {"accept_all": "Alles accepteren"}}"#)?;
//! let pages = ConsentPages::at("/privacy", MemoryStore::new())
//!     .with_stylesheet("/site.css")
//!     .with_languages(Languages::default().with(german).with(dutch))
//!     .with_look(OurLook);
//! # assert_eq!(pages.path(), "/privacy");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The banner in the dark:
//!
#![cfg_attr(
    doc,
    doc = concat!(
        "<p><img alt=\"The same banner in dark colours\" width=\"720\" src=\"data:image/svg+xml,",
        include_str!("pictures/banner-dark.svg"),
        "\"></p>"
    )
)]
//!
//! # 7. The proof
//!
//! Each grant is written, with the text that was shown, before the answer that acts on it leaves. Its number stands in the
//! visitor's consent cookie (behind `#`), and nowhere else; of somebody who is signed in the record names the account.
//!
//! ```
//! use std::sync::Arc;
//! use tower_consent::{ConsentLayer, Decision, MemoryStore, Owner, Policy, Records};
//!
//! # async fn prove(secret: [u8; 32], decision: Decision) -> Result<(), tower_consent::StoreError> {
//! // Instead of the store itself, where its administrator must not be able to change the past:
//! let records = Records::builder(MemoryStore::new()).chain_key(secret).build();
//! let layer = ConsentLayer::new(Policy::default()).with_records(records.clone());
//!
//! let of_an_account = records.proof(&Owner::Subject(Arc::from("user-17"))).await?;
//! println!("{}", of_an_account.to_json());
//! // In a handler: of the browser that asks.
//! if let Some(number) = decision.choice().and_then(|choice| choice.record_id()) {
//!     println!("{}", records.proof(&Owner::Record(number)).await?.to_json());
//! }
//! assert!(records.verify().await?.is_intact());
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
//!
//! What is in it, and what it cannot show: [`manual::records`](super::records).
//!
//! # 8. When the policy changes
//!
//! A new purpose, recipient or lifetime is a *material* revision: earlier grants are closed, and the banner asks again and
//! says why. An edited sentence is a *notice*: every choice stays, and a notice is shown until it was seen.
//!
//! ```
//! use tower_consent::{ConsentLayer, Policy, PolicyHandle, Revision};
//!
//! let first = || Policy::builder().revision(Revision::new(1).on(2026, 11, 22));
//! let handle = PolicyHandle::new(first().build()?);
//! let layer = ConsentLayer::new(handle.clone());
//!
//! // While the server runs: each request is judged by one policy, from its first byte to its answer.
//! let second = Revision::new(2).on(2027, 2, 1).notice().changes("A clearer sentence on backups.");
//! handle.publish(first().revision(second).build()?)?;
//! # let _ = layer;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where the policy promises that nobody goes on without knowing it, [`RequireRevision`](crate::RequireRevision) stands before
//! those routes. It answers with the page of what changed; the pages themselves are never held up.
//!
//! # 9. People with an account
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::Router;
//! use tower_consent::{AccountLink, ConsentLayer, ConsentPages, MemoryStore, Policy, Tokens};
//!
//! # fn app(secret: [u8; 32]) -> Result<Router, tower_consent::ConfigError> {
//! let store = MemoryStore::new();
//! let policy = Policy::builder().mac_key("k1", secret).build()?; // so that a browser's own record is known by its cookie
//! let app = Router::new()
//!     .nest_service("/privacy", ConsentPages::at("/privacy", store.clone()))
//!     .layer(AccountLink) // an opt-out holds on every browser of the account
//!     .layer(ConsentLayer::new(policy).with_records(store.clone()).with_tokens(Tokens::new(store)));
//! # Ok(app)
//! # }
//! # }
//! ```
//!
//! At `/privacy/your-data` visitors see whether something is stored of them, and export, correct, erase it or object: by their
//! session, or by an authenticated consent cookie. Staff does the same, and keeps the list of requests with their due
//! days, by [`Rights`](crate::Rights).
//!
//! # 10. Regions
//!
//! The regime can follow a header of your proxy: [a site under several laws](super::laws#a-site-under-several-laws). Under
//! [`Regime::OptOut`](crate::Regime::OptOut) nobody is asked first; the footer says *Your privacy choices* with its icon, has
//! the opt-out in one click, and shows that a signal was honoured. To opt in again takes two steps, and is not asked for. Tell
//! the world that the signal is obeyed: [`GpcResource`](crate::GpcResource), at `/.well-known/gpc.json`.
//!
//! # The paths
//!
//! Below the public path. A router that nests services strips it, bare hyper does not: both work.
//!
//! | path | what |
//! |---|---|
//! | `GET /` | the preferences; `?return=` an own path to go back to |
//! | `GET /cookies` | the declaration of cookies |
//! | `GET /update` | what changed in the policy |
//! | `GET /your-data` | what is stored of this visitor |
//! | `POST /choice` | a choice, by form: `action` = `accept-all`, `reject-all`, `save` (with `category` and `service`), `withdraw`, `opt-out`, `note`; `revision`; `return` |
//! | `POST /your-data` | `action` = `export`, `erase` (with `confirm` = `yes`), `object`, `correct` (with `text`) |
//! | `GET /style.css`, `GET /consent.js` | the style and the script: the only answers that caches may keep, for an hour |
//! | `GET /api/state` | the state, as JSON |
//! | `POST /api/choice`, `POST /api/withdraw` | a choice, as JSON; the answer is the new state |
//! | `GET /api/openapi.json` | the description of the API (OpenAPI 3.1) |
//!
//! A grant must come from a page of this site or of a [trusted origin], and name the revision that was shown. A refusal or
//! withdrawal is taken from anywhere.
//!
//! # Single-page applications
//!
//! The API says what is allowed, why, and whether to ask. What is wrong is a problem (RFC 9457) whose `code` is for programs:
//! `revision-outdated` (the policy has changed since: ask again), `confirmation-needed` (an opt-in after an opt-out: send it
//! once more with `confirm`), `closed-by-signal`, `foreign-origin`, `unavailable`.
//!
//! A hook and a banner in React:
//!
#![doc = concat!("```tsx\n", include_str!("banner.tsx"), "```")]
//!
//! ```tsx
//! // Anywhere: rendered where it is allowed, and taken away where that ends.
//! const { state } = useConsent();
//! return state?.services["films"]?.allowed ? <Film /> : <p>The film needs your consent. <a href="/privacy/">Choose</a></p>;
//! ```
//!
//! What the application's own banner says is its own duty: purposes, controller, recipients, both answers alike. The record
//! of such a choice says `api`, and keeps the text of the preferences page, so link to it. On an application of another
//! origin, which must be [trusted][trusted origin], `fetch` with the full address and `credentials: "include"`; the browser
//! sends the consent cookie along only from the same site (`app.example.com` to `www.example.com`).
//!
//! # What is left to you
//!
//! - To declare every cookie truthfully, and to call essential only what is ([`manual::laws`](super::laws)).
//! - To give each third party's script and frame its attribute, or to ask the [`Decision`] before you render it.
//! - Local storage and its like, which your scripts write: ask in the same way.
//! - The footer on every page; the privacy policy and the imprint, of which the library knows only the links.
//! - A [MAC key](crate::PolicyBuilder::mac_key) and a [chain key](crate::RecordsBuilder::chain_key), from your vault; backups of
//!   the store; a rate limit before the pages.
//! - On a site that runs already: [report-only first](super::deployment#the-first-day).
//!
//! The pictures are what a browser laid out in the browser tests, drawn again as SVG; `bash tests/pictures` makes them anew.
//!
//! [`look`]: crate::look#what-the-script-looks-for
//! [`Look`]: crate::Look
//! [`Decision`]: crate::Decision
//! [`with_google_consent`]: crate::ConsentPages::with_google_consent
//! [trusted origin]: crate::ConsentPages::with_trusted_origins

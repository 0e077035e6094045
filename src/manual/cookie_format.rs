//! What is in the consent cookie.
//!
//! The value can be read by a person in the browser's developer tools. It is made of cookie-octets only (RFC 6265
//! section 4.1.1), so it is never encoded:
//!
//! ```text
//! 1:3:2026-11-21+functional+analytics!marketing!@youtube:dg~k1~MAC
//! ```
//!
//! | part | meaning |
//! |---|---|
//! | `1` | version of this format |
//! | `:3` | revision of the policy that was shown; `:3.5` where the notice of revision 5 was taken note of since |
//! | `:2026-11-21` | UTC day of the decision. Only the day, so that the cookie does not identify anybody by its time |
//! | `+functional` | a granted category |
//! | `!marketing` | a refused category |
//! | `+@name`, `!@name` | a granted or refused service, written only where it differs from its category |
//! | `:dg` | the signals that the browser sent at the time: `d` for DNT, `g` for Sec-GPC |
//! | `#…` | the id of a record that proves the choice: only with a grant, and only where records are kept |
//! | `~k1~…` | the id of the key, and the HMAC-SHA-256 of everything before the first `~` in base64url: only with [MAC keys] |
//!
//! The expiry is not in it. It is worked out from the day and the policy, so that a policy with a shorter lifetime also
//! shortens choices that were made before.
//!
//! # What counts as no consent
//!
//! A value that is not exactly of this form, a value without a MAC where the policy has keys, a value with a MAC where
//! it has none, a day more than one day ahead, a revision that the policy does not have yet, and two consent cookies
//! that differ. Then nothing passes that is not essential, in every regime, because the cookie may hold a refusal
//! ([`UndecidedReason::is_unusable`]). A name that the policy no longer has is passed over.
//!
//! # Reading it in a script
//!
//! The cookie is HttpOnly by default, and the answer belongs into the page that the server renders:
//! [`Decision::allows`]. A script that must read the cookie itself needs [`ConsentCookie::script_readable`]. Look there
//! for `+analytics`, at its end followed by `+`, `!`, `:`, `#`, `~` or nothing: `+analytics2` is another category. Note
//! that the cookie does not say what a signal or a newer policy has closed since; the server's decision does.
//!
//! ```
//! use tower_consent::{Category, ConsentLayer, Decision, ManualClock, Policy};
//! use tower::{Layer, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder()
//!     .cookies(Category::ANALYTICS, ["_ga"])
//!     .cookies(Category::MARKETING, ["_fbp"])
//!     .build()?;
//! // An application that accepts all, on 21 November 2026.
//! let accept = tower::service_fn(async |request: http::Request<()>| {
//!     let context = tower_consent::ConsentContext::of(request.extensions());
//!     let decision = context.map_or_else(Decision::no_layer, |context| context.decision().clone());
//!     let mut response = http::Response::new(());
//!     decision.grant_all_unrecorded().apply(response.headers_mut());
//!     Ok::<_, std::convert::Infallible>(response)
//! });
//! let service = ConsentLayer::new(policy).with_clock(ManualClock::at(1_795_219_200)).layer(accept);
//!
//! let response = service.oneshot(http::Request::new(())).await?;
//! let line = response.headers()["set-cookie"].to_str()?;
//! assert!(line.starts_with("__Host-consent=1:1:2026-11-21+analytics+marketing;"));
//! # Ok(())
//! # }
//! ```
//!
//! [MAC keys]: crate::PolicyBuilder::mac_key
//! [`UndecidedReason::is_unusable`]: crate::UndecidedReason::is_unusable
//! [`Decision::allows`]: crate::Decision::allows
//! [`ConsentCookie::script_readable`]: crate::ConsentCookie::script_readable

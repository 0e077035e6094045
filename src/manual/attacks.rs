//! What attackers try: what the layer withstands by itself, and what the server around it must be told.
//!
//! # What the layer withstands
//!
//! | attack | what becomes of it |
//! |---|---|
//! | nameless cookies and names with `$`, both ways | they never pass, whatever the policy says of undeclared names |
//! | names in disguise: blanks of Unicode, percent signs, quotes | names are compared byte by byte; one that a reader would take for another cookie is stripped, and its neighbours on the line stay |
//! | cookies spread over lines and crumbs, beside bytes that are no text | every line is read, and none hides another |
//! | copies of our own cookies from a neighbouring host | two that differ count as none; the prefix `__Host-` keeps browsers from taking them at all |
//! | written or changed consent | nothing without the MAC of a key of the policy, which is compared in constant time. Without a key, what `__Host-` lets through is believed |
//! | consent by a link, a picture, a form of another site | a grant comes by POST from a page of this site; a refusal may come from anywhere |
//! | planted, tossed, replayed tokens | only what was issued counts, by cookie or `Bearer`; a sign-in ends what came with the request, and a log-out ends it in the store first. What is no token by its form never reaches the store |
//! | a jar that is flooded until the refusal falls out | under opt-in nothing opens; under opt-out [`AccountLink`](crate::AccountLink) keeps the refusal of who is signed in |
//! | line breaks in ways back, languages, hosts, origins, names and values of cookies | a way back is a path of this site or none; everything else is escaped, or is text that a header can hold |
//! | texts, names and addresses of the policy itself | refused when it is built, with place and value, or escaped wherever they stand |
//! | requests full of anything | the work grows with the length of the request, and not with its square |
//!
//! Each has a test in `tests/attacks`, over real connections by HTTP/1.1 and HTTP/2; but work is counted without a connection,
//! in instructions.
//!
//! # Slow and huge requests
//!
//! The layer sees a request once its head is whole. Until then it is the server's, and so are the numbers of connections and
//! streams. With `hyper`:
//!
//! | what | unless told otherwise | setting |
//! |---|---|---|
//! | a head that comes by drops (HTTP/1.1) | waited for without end where the server has no timer, as with `axum::serve` | `http1().timer(..).header_read_timeout(..)` |
//! | a peer that falls silent (HTTP/2) | kept | `http2().timer(..).keep_alive_interval(..).keep_alive_timeout(..)` |
//! | the size of a head | about 400 KiB by HTTP/1.1, 16 KiB by HTTP/2, where each field counts 32 bytes more; above it 431 | `http1().max_buf_size(..)`, `http2().max_header_list_size(..)` |
//! | the number of fields (HTTP/1.1) | 100; above it 431 | `http1().max_headers(..)` |
//! | streams of a connection (HTTP/2) | 200 | `http2().max_concurrent_streams(..)` |
//! | connections | as many as there are files | a limit where they are accepted, or the proxy's |
//! | the body of a form or a call to the consent pages | 16 KiB; above it 413, and no more is read | `ConsentPages::with_body_limit` |
//! | a body that comes by drops | waited for: it holds up nobody else, and grants nothing before it is whole | a timeout outside of the layer, or the proxy's |
//!
//! ```
//! use std::time::Duration;
//!
//! use hyper_util::{
//!     rt::{TokioExecutor, TokioTimer},
//!     server::conn::auto,
//! };
//!
//! let mut server = auto::Builder::new(TokioExecutor::new());
//! server
//!     .http1()
//!     .timer(TokioTimer::new())
//!     .header_read_timeout(Duration::from_secs(10))
//!     // No browser sends as much; what passes must still be filtered.
//!     .max_buf_size(64 * 1024);
//! server
//!     .http2()
//!     .timer(TokioTimer::new())
//!     .keep_alive_interval(Duration::from_secs(20))
//!     .keep_alive_timeout(Duration::from_secs(10));
//! // Then, for each connection: server.serve_connection_with_upgrades(io, service).
//! ```
//!
//! A proxy in front has the same settings under other names (nginx: `client_header_timeout`, `client_body_timeout`,
//! `large_client_header_buffers`), and buffers slow bodies. Then the server behind it meets whole requests only.
//!
//! # Memory
//!
//! A request that waits for its handler holds about 2.6 KB more with consent, records, token, visit log, hidden fields and
//! Content-Security-Policy than without them, for a jar of 22 cookies; hyper and the sockets' buffers hold 17 KB. Measured with
//! 10,000 requests in flight, 6,000 of them over sockets of their own; nothing of it is left when they are answered but lines
//! that the log has not written yet.

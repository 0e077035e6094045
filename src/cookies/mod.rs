//! Surgery on `Cookie` and `Set-Cookie` lines.
//!
//! 1. Cookies are judged as bytes, as browsers judge them (rfc6265bis sections 5.6 and 5.7): a line is split at `;`, blanks
//!    are SP and HTAB, the first `=` ends the name. No quotes, no commas, no percent-decoding. A line that other parsers
//!    cannot read is judged all the same.
//! 2. What stays keeps its bytes and its order. A `Set-Cookie` line is kept whole or dropped whole; what a policy adds is
//!    appended, because the last attribute of a name wins.
//! 3. Nothing is rewritten, and nothing allocated, where nothing is to be stripped.

pub(crate) mod banner;
pub(crate) mod cache;
pub(crate) mod change;
mod date;
mod disguise;
pub(crate) mod expire;
pub(crate) mod judge;
pub(crate) mod pairs;
pub(crate) mod request;
pub(crate) mod response;
mod semicolons;
pub(crate) mod set_cookie;
mod swar;

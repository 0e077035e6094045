//! What both benches share: the requests, the contenders, and the loop that runs them.

pub(crate) mod contenders;
pub(crate) mod ours;
pub(crate) mod profiles;
pub(crate) mod today;

use std::error::Error;

use bytes::Bytes;
use http_body_util::Full;

/// The body of every request and answer. A plain buffer: no contender looks at it.
pub(crate) type Body = Full<Bytes>;

/// What goes wrong in a bench ends it with a sentence.
pub(crate) type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

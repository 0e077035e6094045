//! What a server gives away of a visit, beside cookies: the visit log, counters, header fields.

pub mod anonymize;
mod csp;

#[cfg(feature = "pages")]
pub(crate) use self::csp::depends_on_visitor;
pub use self::csp::{ContentSecurityPolicy, CspLayer, CspService, Load};

//! What a server gives away of a visit, beside cookies: the visit log, counters, header fields.

pub mod anonymize;
mod csp;
mod document;
mod hidden;

#[cfg(feature = "pages")]
pub(crate) use self::csp::depends_on_visitor;
use self::document::is_document;
pub use self::{
    csp::{ContentSecurityPolicy, CspLayer, CspService, Load},
    hidden::{HiddenFields, HiddenLayer, HiddenService},
};

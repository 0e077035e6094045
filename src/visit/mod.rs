//! What a server gives away of a visit, beside cookies: the visit log, counters, header fields.

pub mod anonymize;

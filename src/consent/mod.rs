//! What a visitor chose.
//!
//! 1. A [`Choice`] names what was granted and what was refused, per category and service, on which *day* (never the
//!    second: the cookie must not tell visitors apart), at which revision of the policy, and which signals the browser
//!    sent with it.
//! 2. Silence is no choice, and neither is an old, broken, forged or doubled cookie: that is a [`Consent`] that is
//!    *undecided*, with its [`UndecidedReason`].
//! 3. A choice is kept as bits over the table of the policy's names ([`Names`]), so that reading it allocates nothing.
//!    [`NamedChoice`] gives the names back.

mod choice;
mod names;
mod state;

pub(crate) use self::{
    choice::{Choice, SourceIndex, Verdicts},
    names::{CategoryBits, CategoryIndex, MAX_CATEGORIES, MAX_SERVICES, ServiceIndex, Target},
    state::{Consent, Reading},
};
pub use self::{
    choice::{NamedChoice, RecordId, RecordIdError},
    names::Names,
    state::UndecidedReason,
};

//! Where a choice is read from.
//!
//! 1. A reader takes the bytes of a cookie's value and a borrowed table of names; it never sees the policy or the clock.
//! 2. Reading is total: any bytes give an answer, none gives a panic, and what cannot be read is *undecided*.
//!
//! [`own`] is the format of this crate's own consent cookie, [`iab`] those of the IAB.

pub(crate) mod iab;
pub(crate) mod mac;
pub(crate) mod own;

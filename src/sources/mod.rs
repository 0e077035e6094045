//! Where a choice is read from.
//!
//! 1. A reader takes the bytes of cookies and a borrowed table of names; it never sees the policy or the clock.
//! 2. Reading is total: any bytes give an answer, none gives a panic, and what cannot be read is *undecided*.
//! 3. That a banner's cookie is there is no consent: most banners write one before anybody has chosen. Each reader knows
//!    by what its tool marks a decision.
//!
//! [`own`] is the format of this crate's own consent cookie, [`iab`] those of the IAB. [`banner`] lists the banners of others; each has its file
//! under `banners`, which holds all that is known of it.

pub(crate) mod answers;
pub(crate) mod banner;
mod banners;
pub(crate) mod iab;
pub(crate) mod jar;
pub(crate) mod mac;
pub(crate) mod own;
pub(crate) mod reading;
mod scalar;
mod text;

pub use self::banner::Banner;

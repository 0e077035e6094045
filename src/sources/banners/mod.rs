//! One file for each banner: its cookies, its usual mapping, by what it marks a decision, and how its value is read.

pub(super) mod gpp;
pub(super) mod klaro;
pub(super) mod tcf;
pub(super) mod us_privacy;

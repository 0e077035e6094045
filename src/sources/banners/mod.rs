//! One file for each banner: its cookies, its usual mapping, by what it marks a decision, and how its value is read.

pub(super) mod klaro;

//! One file for each banner: its cookies, its usual mapping, by what it marks a decision, and how its value is read.

pub(super) mod cookieconsent_v2;
pub(super) mod cookieconsent_v3;
pub(super) mod klaro;
pub(super) mod osano;

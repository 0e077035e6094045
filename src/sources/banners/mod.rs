//! One file for each banner: its cookies, its usual mapping, by what it marks a decision, and how its value is read.

pub(super) mod complianz;
pub(super) mod cookie_law_info;
pub(super) mod cookiebot;
pub(super) mod cookieconsent_v2;
pub(super) mod cookieconsent_v3;
pub(super) mod cookieyes;
pub(super) mod gpp;
pub(super) mod klaro;
mod object_literal;
pub(super) mod onetrust;
pub(super) mod osano;
pub(super) mod tcf;
pub(super) mod us_privacy;

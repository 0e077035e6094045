//! One file for each banner: its cookies, its usual mapping, by what it marks a decision, and how its value is read.

pub(super) mod asp_net;
pub(super) mod c15t;
pub(super) mod complianz;
pub(super) mod cookie_law_info;
pub(super) mod cookiebot;
pub(super) mod cookieconsent_v2;
pub(super) mod cookieconsent_v3;
pub(super) mod cookieyes;
pub(super) mod didomi;
pub(super) mod django_cookie_consent;
pub(super) mod gov_uk;
pub(super) mod gpp;
pub(super) mod iubenda;
pub(super) mod klaro;
mod object_literal;
pub(super) mod onetrust;
pub(super) mod osano;
pub(super) mod react_cookie_consent;
pub(super) mod tarteaucitron;
pub(super) mod tcf;
pub(super) mod us_privacy;

//! One file for each banner: its cookies, its usual mapping, by what it marks a decision, and how its value is read.

pub(super) mod asp_net;
pub(super) mod axeptio;
pub(super) mod borlabs;
pub(super) mod c15t;
pub(super) mod civic_cookie_control;
pub(super) mod cookie_first;
pub(super) mod cookie_information;
pub(super) mod cookie_script;
pub(super) mod cookieconsent_v2;
pub(super) mod cookieconsent_v3;
pub(super) mod didomi;
pub(super) mod django_cookie_consent;
pub(super) mod drupal_eu_cookie_compliance;
pub(super) mod fides;
pub(super) mod gov_uk;
pub(super) mod iubenda;
pub(super) mod klaro;
pub(super) mod osano;
pub(super) mod react_cookie_consent;
pub(super) mod segment_consent_manager;
pub(super) mod tarteaucitron;

//! Cookies that are known by name.
//!
//! [`Preset`]s are the cookies of common parts, each with its source. A preset is only ever in force where the policy
//! names it: many of these names (`id`, `session`) mean something else in another application.
//!
//! Feature `catalogue`: [`Catalogue`] knows the names of the Open Cookie Database, and [`framework_cookie`] those that
//! frameworks give to their own sessions, CSRF tokens, messages and languages.

#[cfg(feature = "catalogue")]
mod frameworks;
#[cfg(feature = "catalogue")]
mod hash;
#[cfg(feature = "catalogue")]
mod lookup;
mod presets;
#[cfg(feature = "catalogue")]
mod table;

#[cfg(feature = "draft")]
pub(crate) use self::frameworks::ANYBODY;
#[cfg(feature = "catalogue")]
pub(crate) use self::frameworks::is_encoded_by_framework;
pub use self::presets::{KnownCookie, Preset};
#[cfg(feature = "catalogue")]
pub use self::{
    frameworks::{FrameworkCookie, framework_cookie},
    lookup::{Catalogue, CatalogueEntry, CatalogueLabel},
};

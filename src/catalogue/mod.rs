//! Cookies that are known by name.
//!
//! [`Preset`]s are the cookies of common parts, each with its source. A preset is only ever in force where the policy
//! names it: many of these names (`id`, `session`) mean something else in another application.

mod presets;

pub use self::presets::{KnownCookie, Preset};

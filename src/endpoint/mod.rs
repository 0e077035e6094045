//! The consent pages, the banner and the JSON API.
//!
//! 1. One plain `tower` service ([`ConsentPages`]), inside of a consent layer: policy and decision are those of the
//!    request.
//! 2. State changes by POST alone. A grant must come from a page of this site or of a trusted origin, name the revision
//!    that was shown, and be recorded before it acts. A refusal or withdrawal is taken from anywhere, and never fails.
//! 3. Everything works without a script: forms, and 303 back to where the visitor was, which is a path of this site.
//! 4. Nothing but the style and the script may be stored by a cache.
//! 5. What is wrong with a request is said with the field and its value: as a page, or as a problem (RFC 9457).

mod answer;
mod api;
mod asset;
mod body;
mod choose;
mod description;
mod fault;
mod form;
mod fragments;
mod gate;
mod gpc;
mod json;
pub mod look;
mod origin;
mod own_path;
mod prompt;
mod public_path;
mod rights;
mod route;
mod service;
mod show;
mod state;
mod urlencoded;
mod visit;
mod wish;

pub use self::{
    fragments::Fragments,
    gate::{RequireRevision, RequireRevisionFuture, RequireRevisionService},
    gpc::GpcResource,
    origin::OriginError,
    prompt::{Needed, PromptPage},
    service::{ConsentPages, PagesFuture},
};

//! The consent pages over HTTP: inside of axum, and on bare hyper.

mod api;
mod assets;
mod choices;
mod description;
mod fragments;
mod gate;
mod malformed;
mod methods;
mod old_forms;
mod origins;
mod own_paths;
mod pages;
mod rights;
mod sessions;
mod signals;
mod site;
mod well_known;

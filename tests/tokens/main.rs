//! Sign-in tokens from outside: HTTP in, HTTP out, and what the store was asked meanwhile.

mod answers;
mod attacks;
mod bearer;
mod caches;
mod consent;
mod cookie;
mod failures;
mod hyper;
mod lazy;
mod life;
mod logout;
mod races;
mod rotation;
mod secret;
mod sessions;
mod signals;
mod site;
mod told;
mod watched;

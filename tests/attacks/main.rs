//! What attackers try, over real connections: a server on a port of its own with the whole stack, raw bytes by HTTP/1.1,
//! and HTTP/2. A name begins with the number of the rule that the attack breaks (R66-R74), where it has one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cookies;
mod forging;
mod many;
mod sessions;
mod site;
mod sizes;
mod slow;
mod splitting;
mod texts;
#[path = "../tokens/watched.rs"]
#[allow(dead_code)]
mod watched;
mod wire;
mod work;

//! One place that makes less of what a browser tells: used by the visit log, by the counters, and by who asks.
//!
//! 1. An [address](fn@address) becomes its network: /24 of IPv4, /48 of IPv6, and never more than /24 of an IPv4 address
//!    that stands inside of an IPv6 one.
//! 2. A [user agent](fn@user_agent) becomes the family of its browser and that of its operating system: one of a few names,
//!    never a version or a device.
//! 3. A [referrer](fn@referrer) becomes its origin.
//!
//! What is cut off leaves no trace: two inputs that differ only there have the same output. Nothing here keeps a table, a hash
//! or a key by which it could be found again.
//!
//! ```
//! use tower_consent::anonymize;
//!
//! assert_eq!(anonymize::address("192.0.2.77".parse()?).to_string(), "192.0.2.0");
//! assert_eq!(anonymize::address("2001:db8:1:2::77".parse()?).to_string(), "2001:db8:1::");
//! let agent = anonymize::user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
//! assert_eq!(agent.to_string(), "firefox on linux");
//! let origin = anonymize::referrer("https://search.example/?q=my+illness");
//! assert_eq!(origin.as_deref(), Some("https://search.example"));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! # Caveats
//!
//! The /24 of an address with its time and a rare browser can still be one household's: what of it is written follows from
//! the policy ([`VisitRules`](crate::VisitRules)), and of who may not be tracked none of it is. A host name can name a person
//! (`anna.blog.example`).

mod address;
mod referrer;
mod user_agent;

pub use self::{
    address::address,
    referrer::{referrer, referrer_path},
    user_agent::{Agent, BrowserFamily, SystemFamily, user_agent},
};

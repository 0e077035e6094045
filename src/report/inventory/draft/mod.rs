//! A draft policy, from what was seen.
//!
//! 1. What the policy at hand declares stays as it says. Then: names that frameworks use, presets, the catalogue. What
//!    nobody knows is declared as nothing, so the default strips it, and is listed for a person to decide.
//! 2. A preset is proposed for cookies of a third party, and for a site's own part where the names that tell it are there.
//!    A name with something of the visit in it (`_ga_ABC123`) becomes the prefix by which it is known.
//! 3. Names are anybody's bytes. Only tokens stand in strings; everything else only in comments, escaped byte by byte.
//! 4. What is written was built as a policy before: a line that would make it fail is not written.

mod evidence;
mod plan;
mod propose;
mod toml;

use std::fmt;

use self::plan::Plan;
use super::{DroppedSightings, Inventory, SeenCookie};
use crate::policy::Policy;

/// A whole policy file to begin with, written from what an [`Inventory`] has seen: [`Inventory::draft`].
///
/// Shown ([`Display`](fmt::Display)), it is TOML with comments that say why each line is there. It is complete:
/// `toml::from_str::<PolicyBuilder>(&draft.to_string())?.build()?` gives a policy, which only reports until a person has
/// read the draft and sets `mode = "enforce"`.
///
/// What a policy says beside cookies (controller, revisions, lifetimes, signals, floors) is not repeated from the policy
/// at hand; its own cookies and the cookies, services and categories that were seen are.
#[derive(Clone, Debug)]
pub struct Draft {
    plan: Plan,
    dropped: DroppedSightings,
}

impl Inventory {
    /// A draft policy from what was seen. What `policy` declares of it stays as it is declared; for a first draft give one
    /// that declares nothing: `Policy::builder().build()?`.
    ///
    /// ```
    /// use http::{HeaderMap, header::SET_COOKIE};
    /// use tower_consent::{Category, Inventory, Policy, PolicyBuilder};
    ///
    /// let inventory = Inventory::new();
    /// let nothing = Policy::builder().build()?;
    /// let mut answer = HeaderMap::new();
    /// for line in ["sessionid=s; HttpOnly; Path=/", "_ga_ABC123=GS2; Max-Age=3600", "mine=1"] {
    ///     answer.append(SET_COOKIE, line.parse()?);
    /// }
    /// inventory.see_response(&answer, &nothing);
    ///
    /// let draft = inventory.draft(&nothing).with_site_domain("example.com");
    /// let policy = toml::from_str::<PolicyBuilder>(&draft.to_string())?.build()?;
    /// assert_eq!(policy.lookup(b"sessionid"), Some((Category::ESSENTIAL, None)));
    /// assert_eq!(policy.lookup(b"_ga_another"), Some((Category::ANALYTICS, None)));
    /// assert_eq!(policy.lookup(b"mine"), None);
    /// assert_eq!(draft.undecided().next().unwrap().name().to_string(), "mine");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn draft(&self, policy: &Policy) -> Draft {
        let snapshot = self.snapshot(policy);
        Draft { plan: Plan::new(snapshot.cookies, policy), dropped: snapshot.dropped }
    }
}

impl Draft {
    /// The domain on which third-party scripts put their cookies. Without this, the draft takes it from the `Domain` of
    /// the cookies that were seen, if they agree. One that cannot be a domain is left out, with a comment.
    #[must_use]
    pub fn with_site_domain(mut self, domain: impl Into<String>) -> Self {
        self.plan.set_site_domain(domain.into());
        self
    }

    /// The cookies that a person must decide: nobody knows their names, or no file can hold them.
    pub fn undecided(&self) -> impl Iterator<Item = &SeenCookie> {
        self.plan.undecided()
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&toml::write(&self.plan, self.dropped))
    }
}

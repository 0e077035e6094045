//! Records of consent: what proves a choice, and what a person can ask of it.
//!
//! 1. A choice is **written before the response that acts on it** (R115). Where the store is down a grant is not given; a
//!    refusal or a withdrawal takes effect all the same, and is written as soon as the store is back.
//! 2. A record names time, revision, the hash of the text that was shown, what was granted and refused, how, in which
//!    language, under which signals (R113). No address, no user agent.
//! 3. **Who refuses gets no identifier**, and no record: a refusal without an earlier grant is only counted by day.
//! 4. Entries are only ever added, in a **keyed chain** over salted commitments, one chain for each process that writes:
//!    what is altered, dropped or inserted is found; what is erased is gone, and the chain still verifies.
//! 5. Everything has an end: the policy's [`Retention`](crate::Retention), purged by itself.

mod account;
mod chain;
mod choices;
mod counts;
mod due;
mod event;
mod layer;
mod ledger;
mod listing;
mod objection;
mod proof;
mod purge;
mod records;
mod rights;
mod verify;

pub use self::{
    account::{AccountLink, AccountLinkFuture, AccountLinkService},
    choices::{ChoiceError, Choices},
    due::{DueRule, WorkingDays},
    event::{ChoiceMethod, Outcome},
    layer::{RecordLayer, RecordService},
    proof::Proof,
    records::{Records, RecordsBuilder},
    rights::{Erased, RequestKind, Rights, RightsRequest},
    verify::{ChainHead, Finding, FindingKind, Verification},
};

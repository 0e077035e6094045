//! Records of consent: what is in them, who can see it, and how a proof is given.
//!
//! # What is written, and when
//!
//! [`ConsentLayer::with_records`] and the [consent pages] write a record **before** the answer that acts on it leaves. Where
//! the store is down, nothing is granted; a refusal or withdrawal takes effect all the same, and is written with the next
//! record, or by the hourly purge, under the time at which it happened. (It waits in memory: a process that ends meanwhile
//! loses it. At most 10,000 wait.)
//!
//! A refusal without an earlier grant gets no number and no record. It is counted by day, so that nobody can fill the disk
//! with refusals, and nobody who refuses is told apart. Each grant does write a record; put a rate limit before the
//! pages if that matters to you.
//!
//! # The fields of an event
//!
//! | field | what it says |
//! |---|---|
//! | `time` | when, in UTC |
//! | `outcome` | `grant`, `refuse`, `withdraw`, `object` (an opt-out of an account), `correct` |
//! | `state` | of a grant: `in-force`, `superseded`, `withdrawn`, `expired` |
//! | `ends` | of a grant: when it ends at the latest |
//! | `revision` | of the policy |
//! | `text` | SHA-256 of the exact text that was shown; the text itself stands under `texts` |
//! | `granted`, `refused` | categories by name |
//! | `granted_services`, `refused_services` | services that differ from their category |
//! | `method` | `banner`, `page`, `footer`, `api`, `signal`, `application` |
//! | `language` | of what was shown |
//! | `dnt`, `gpc` | whether the browser sent the signal |
//! | `regime` | what held where nobody decides |
//! | `since` | when it was first said, of an opt-out that was written anew before its record was purged |
//! | `note` | the person's own words, of a correction |
//! | `record` | the number in the browser's consent cookie, only with a grant |
//! | `subject` | the account, where somebody was signed in |
//! | `chain`, `number`, `link` | the place in the chain, and its keyed hash |
//! | `library` | name and version of what wrote it |
//!
//! There is no address, and no user agent. Requests of persons have `request` (`received`, `answered`), `kind` and `due`
//! instead. [`Rights::export`] adds `sessions`: `issued`, `ends`, `last_used`, `label`, `data`.
//!
//! # The proof
//!
//! ```
//! use tower_consent::{MemoryStore, Owner, RecordId, Records};
//!
//! # async fn prove() -> Result<(), tower_consent::StoreError> {
//! let records = Records::builder(MemoryStore::new()).chain_key([7; 32]).build();
//! let proof = records.proof(&Owner::Record(RecordId::from_bytes([1; 16]))).await?;
//! std::fs::write("proof.json", proof.to_json()).ok();
//! # Ok(())
//! # }
//! ```
//!
//! # What the chain finds, and what it cannot
//!
//! Found: an entry or a body that was altered, dropped or inserted in the middle; a body that is gone without an erasure; one
//! that came back; a checkpoint that the key did not write. Not found: that the newest entries of a chain are missing, or a
//! whole chain, unless a [head](crate::Records::heads) of it was kept elsewhere; that something was never written; and anything
//! done by who knows the key. Without a [key](crate::RecordsBuilder::chain_key) only accidents are found.
//!
//! One more limit: a record that was written although its answer was lost on the way (a time-out of the store) says *grant*
//! where the visitor saw an error. It errs on the visible side: the visitor's cookie grants nothing.
//!
//! # Erasure and retention
//!
//! An erasure takes the bodies, salts included, in one step with an entry that names the places. What stays of an entry is
//! its place, time and kind, and two hashes that say nothing any more. What the stores leave in their files stands in
//! [`manual::stores`](super::stores). Records that are over go by themselves ([`Retention`]); a checkpoint stays in their
//! place. The opt-out of an account that is still there is written anew before it is purged.
//!
//! [`ConsentLayer::with_records`]: crate::ConsentLayer::with_records
//! [`Rights::export`]: crate::Rights::export
//! [`Retention`]: crate::Retention
//! [`Records`]: crate::Records
//! [consent pages]: crate

//! What this crate brings into a build, and why.
//!
//! One line for each crate that `Cargo.toml` names for normal builds; a test holds the table to that file. What tests and benches
//! use stands there with its reason. `cargo deny check licenses bans sources` holds all of them, and what they bring, to
//! `deny.toml`. This crate has no `unsafe` code: `#![forbid(unsafe_code)]`.
//!
//! # Always
//!
//! | crate | what it is for | in the public interface |
//! |---|---|---|
//! | `aho-corasick` | all words of a user agent in one pass | no |
//! | `arc-swap` | a policy that is published at run time, loaded without a lock for each request | no |
//! | `base64` | record ids and MACs as base64url | no |
//! | `bytes` | header values from buffers of exact capacity; bodies of the pages | `Bytes` |
//! | `cookie` | writes our own `Set-Cookie` lines; never reads | no |
//! | `getrandom` | secrets and record ids, from the operating system | no |
//! | `hmac` | the MAC of the consent cookie, the keyed chain of records | no |
//! | `http` | requests, responses, header maps | yes: it is what the layer works on |
//! | `http-body` | an answer's body is watched to its end, for the visit log | `Body`, on `VisitBody` |
//! | `memchr` | the separators of a Cookie line at memory speed | no |
//! | `pin-project-lite` | futures that pin the inner one without `unsafe` of our own | no |
//! | `serde` | policies are read from files; records are written | `Serialize`, `Deserialize` on policies, texts, proofs |
//! | `serde_json` | records, proofs and the JSON API | no |
//! | `sha2` | digests of tokens, the chain of records | no |
//! | `time` | calendar months; days of choices and reports | `Date` |
//! | `tokio` | a cell whose first user may await, and a thread that waits for a store; no runtime is started | no |
//! | `tower` | `Layer` and `Service`: what this crate is | `Layer`, `Service`, `Stack`, `Identity` |
//! | `wide` | all semicolons of 64 bytes at once, without `unsafe` of our own | no |
//!
//! # By feature
//!
//! | crate | feature | what it is for | in the public interface |
//! |---|---|---|---|
//! | `askama` | `pages` | HTML that is checked when compiled, and escapes what it shows | `Template`, on the parts of `look` |
//! | `http-body-util` | `pages` | reads forms and JSON, no more of them than allowed | `Full`: the body of the pages' answers |
//! | `axum-core` | `axum` | the traits of extractors and response parts, as axum asks of libraries | yes |
//! | `metrics` | `metrics` | counters through the facade | no |
//! | `tracing` | `tracing` | events through the facade | no |
//! | `toml_writer` | `draft` | writes the strings of a draft policy | no |
//! | `redb` | `redb` | a store in one file, in pure Rust | no |
//! | `redis` | `redis` | the driver that most use | connections of your own |
//! | `tokio-postgres` | `postgres` | the driver that most use | no |
//! | `deadpool-postgres` | `postgres` | the pool that is most used with it | a pool of your own |
//! | `tokio-postgres-rustls` | `postgres` | TLS to PostgreSQL without OpenSSL | no |
//! | `rustls` | `postgres`, `redis` | TLS | no |
//! | `webpki-roots` | `postgres` | the roots that browsers trust | no |
//!
//! A crate of the last column is part of what we promise: a new major version of it is one of ours. `tests/public_api` has the list
//! of their types, and the whole interface as text.

//! Documentation only: what does not belong to one type.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`deployment`] | How do I start on a running site? Where does the layer go? What must a proxy pass on? |
//! | [`sessions`] | How do I keep tower-sessions or axum-login to seven days, and how do I move to tokens? |
//! | [`defaults`] | What holds if I set nothing? What can a policy file say? |
//! | [`stores`] | Which store for tokens? What does each promise, and what can still go wrong? |
//! | [`laws`] | Which rule asks for which setting, and where does it stand? |
//! | [`cookie_format`] | What is in the consent cookie? |

pub mod cookie_format;
pub mod defaults;
pub mod deployment;
pub mod laws;
pub mod records;
pub mod sessions;
pub mod stores;

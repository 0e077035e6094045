//! A property test without files of old failures: the inputs are small, and a failure prints its own.

use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestError, TestRunner},
};

/// Enough cases to be worth a claim in CI, few enough that the loop of a developer stays quick.
pub(crate) fn hold<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), String>) {
    hold_for(if std::env::var_os("CI").is_some() { 100_000 } else { 5_000 }, strategy, property);
}

/// The same for so many cases.
pub(crate) fn hold_for<S: Strategy>(cases: u32, strategy: &S, property: impl Fn(S::Value) -> Result<(), String>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    match TestRunner::new(config).run(strategy, |value| property(value).map_err(TestCaseError::fail)) {
        Ok(()) => {}
        // The reason shows the lines as text, the value would show them as numbers.
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(error) => panic!("{error}"),
    }
}

//! The regime of each country, ready for requests: no search, no allocation.

use http::{HeaderMap, HeaderName};

use super::header::Form;
use crate::policy::Regime;

const LETTERS: usize = 26;

/// What each pair of letters stands for. A pair that is no country is opt-in.
#[derive(Clone, Debug)]
pub(in crate::policy) struct CountryTable {
    header: HeaderName,
    form: Form,
    regimes: Vec<Regime>,
}

impl CountryTable {
    pub(super) fn new(header: HeaderName, form: Form) -> Self {
        Self { header, form, regimes: vec![Regime::OptIn; LETTERS * LETTERS] }
    }

    pub(super) fn set(&mut self, code: &str, regime: Regime) {
        let code = code.as_bytes().try_into().ok();
        if let Some(slot) = code.and_then(place).and_then(|place| self.regimes.get_mut(place)) {
            *slot = regime;
        }
    }

    pub(super) const fn header(&self) -> &HeaderName {
        &self.header
    }

    /// What holds for a request. Several copies of the header are no answer, be they alike: a proxy that lets a visitor's
    /// own copy through is none to trust.
    pub(in crate::policy) fn regime(&self, headers: &HeaderMap) -> Regime {
        let mut copies = headers.get_all(&self.header).iter();
        let (Some(value), None) = (copies.next(), copies.next()) else {
            return Regime::OptIn;
        };
        let known = self.form.code(value.as_bytes()).and_then(place);
        known.and_then(|place| self.regimes.get(place)).copied().unwrap_or(Regime::OptIn)
    }

    /// Whether a regime holds anywhere.
    pub(in crate::policy) fn has(&self, regime: Regime) -> bool {
        self.regimes.contains(&regime)
    }
}

fn place(code: [u8; 2]) -> Option<usize> {
    let [first, second] = code.map(|letter| letter.is_ascii_uppercase().then(|| usize::from(letter - b'A')));
    Some(first? * LETTERS + second?)
}

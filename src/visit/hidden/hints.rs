//! Client hints (RFC 8942): which tell much, and which each request has.

/// How much a hint tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// Each request to a secure site has it, without being asked for.
    Brief,
    /// It must be asked for, because it tells much.
    Detailed,
}

/// Those of Client Hints' first days, without a prefix.
const OLD: &[&str] = &["device-memory", "downlink", "dpr", "ect", "rtt", "viewport-height", "viewport-width", "width"];

impl Hint {
    /// What the name of a header field stands for, in any case. `Save-Data` is not among them: it is a wish.
    pub(super) fn of(name: &str) -> Option<Self> {
        let is = |known: &&str| name.eq_ignore_ascii_case(known);
        if ["sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform"].iter().any(is) {
            return Some(Self::Brief);
        }
        let is_new = name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sec-ch-"));
        // What is not known yet tells much.
        (is_new || OLD.iter().any(is)).then_some(Self::Detailed)
    }
}

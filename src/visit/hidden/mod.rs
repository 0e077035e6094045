//! Header fields that tell who a visitor is without any cookie: hidden from handlers, and dropped from answers, where the
//! visit may not be tracked.

mod addresses;
mod answer;
mod hints;
mod layer;
mod names;
mod request;

use http::HeaderName;

pub(crate) use self::layer::hide_again;
pub use self::layer::{HiddenLayer, HiddenService};
use crate::policy::{AddressDetail, ReferrerDetail};

/// What is hidden where a visit may not be tracked ([`Decision::may_track`](crate::Decision::may_track)), for
/// [`ConsentLayer::with_hidden`](crate::ConsentLayer::with_hidden).
///
/// ```
/// use tower_consent::{AddressDetail, Category, ConsentLayer, HiddenFields, Policy};
///
/// let policy = Policy::builder().cookies(Category::ANALYTICS, ["_ga"]).build()?;
/// let layer = ConsentLayer::new(policy).with_hidden(HiddenFields::new().addresses(AddressDetail::Truncated));
/// # let _ = layer;
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// # Defaults
///
/// What can break an application is off.
///
/// | in requests, for handlers | method | default | what can break |
/// |---|---|---|---|
/// | `Referer` of other sites | [`referrer`](Self::referrer) | its origin | campaigns that are read from its path |
/// | `Referer` of this site | [`own_referrer`](Self::own_referrer) | as it came | ways back to the page before |
/// | client hints that tell much: versions, model, memory, sizes, network, preferences (each `Sec-CH-…` that is not below, `DPR`, `Width`, `Viewport-Width`, `Viewport-Height`, `Device-Memory`, `RTT`, `Downlink`, `ECT`) | [`detailed_hints`](Self::detailed_hints) | hidden | nothing: most browsers never send them |
/// | client hints that each request has: `Sec-CH-UA`, `Sec-CH-UA-Mobile`, `Sec-CH-UA-Platform` | [`brief_hints`](Self::brief_hints) | as they came | pages for telephones |
/// | addresses that proxies tell: `X-Forwarded-For`, `Forwarded`, `X-Real-IP`, `CF-Connecting-IP` and their like; with them cities, coordinates and TLS fingerprints, which are hidden as soon as addresses are not whole | [`addresses`](Self::addresses) | as they came | rate limits, protection against abuse |
/// | numbers of subscribers that networks add (`X-UIDH`, `X-MSISDN`), interests and advertising marks that browsers add (`Sec-Browsing-Topics`, `Attribution-Reporting-Eligible`) | [`identifiers`](Self::identifiers) | hidden | nothing |
///
/// | in answers | method | default | what can break |
/// |---|---|---|---|
/// | `Observe-Browsing-Topics`, `Attribution-Reporting-Register-…`, `Attribution-Reporting-Info`, `Shared-Storage-Write`, `Ad-Auction-…` | [`advertising`](Self::advertising) | dropped | nothing |
/// | in `Accept-CH` and `Critical-CH` what asks for the hints above; an `Accept-CH` that is left empty makes the browser forget what it was asked for | [`detailed_hints`](Self::detailed_hints) | dropped | pictures of exact size |
/// | `NEL` (a browser that has one is told to forget it), `Report-To`, `Reporting-Endpoints` | [`reports`](Self::reports) | stay | reports of errors and of a security policy |
/// | a `Permissions-Policy` line that closes the advertising interfaces, on documents | [`permissions_policy`](Self::permissions_policy) | not written | pages that use them |
///
/// Nothing changes while the policy is in [`Mode::ReportOnly`](crate::Mode), and where the layer stands down. An answer with a
/// field that depends on the visitor is kept out of shared caches.
///
/// # Caveats
///
/// `Origin` and `Sec-Fetch-Site` are never touched: protection against forged requests goes by them. One that goes by
/// `Referer` alone sees this site's own, or its origin; with `own_referrer(ReferrerDetail::None)` it refuses every form.
///
/// The address of the connection is not a header field: what a server puts into the request's extensions stays. So does
/// `User-Agent`; [`add_request_field`](Self::add_request_field) hides it, and what else an application knows of.
///
/// What stands outside of the consent layer sees all fields; so does the visit log, which knows by itself what to write,
/// and what else is added to the layer after this.
#[derive(Clone, Debug)]
pub struct HiddenFields {
    referrer: ReferrerDetail,
    own_referrer: ReferrerDetail,
    addresses: AddressDetail,
    hides_detailed_hints: bool,
    hides_brief_hints: bool,
    hides_identifiers: bool,
    drops_advertising: bool,
    drops_reports: bool,
    closes_permissions: bool,
    request_fields: Vec<HeaderName>,
    answer_fields: Vec<HeaderName>,
}

impl Default for HiddenFields {
    fn default() -> Self {
        Self {
            referrer: ReferrerDetail::Origin,
            own_referrer: ReferrerDetail::Query,
            addresses: AddressDetail::Full,
            hides_detailed_hints: true,
            hides_brief_hints: false,
            hides_identifiers: true,
            drops_advertising: true,
            drops_reports: false,
            closes_permissions: false,
            request_fields: Vec::new(),
            answer_fields: Vec::new(),
        }
    }
}

impl HiddenFields {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How much of a `Referer` stays that names another site.
    #[must_use]
    pub fn referrer(mut self, detail: ReferrerDetail) -> Self {
        self.referrer = detail;
        self
    }

    /// How much of a `Referer` stays that names the host of the request.
    #[must_use]
    pub fn own_referrer(mut self, detail: ReferrerDetail) -> Self {
        self.own_referrer = detail;
        self
    }

    /// How much of the addresses stays that proxies tell.
    #[must_use]
    pub fn addresses(mut self, detail: AddressDetail) -> Self {
        self.addresses = detail;
        self
    }

    /// Whether client hints that tell much are hidden, and no longer asked for.
    #[must_use]
    pub fn detailed_hints(mut self, hidden: bool) -> Self {
        self.hides_detailed_hints = hidden;
        self
    }

    /// Whether the client hints that each request has are hidden too.
    #[must_use]
    pub fn brief_hints(mut self, hidden: bool) -> Self {
        self.hides_brief_hints = hidden;
        self
    }

    /// Whether numbers of subscribers, interests and advertising marks are hidden.
    #[must_use]
    pub fn identifiers(mut self, hidden: bool) -> Self {
        self.hides_identifiers = hidden;
        self
    }

    /// Whether fields that start the advertising interfaces of browsers are dropped from answers.
    #[must_use]
    pub fn advertising(mut self, dropped: bool) -> Self {
        self.drops_advertising = dropped;
        self
    }

    /// Whether fields that let browsers report to an address, about later requests too, are dropped from answers.
    #[must_use]
    pub fn reports(mut self, dropped: bool) -> Self {
        self.drops_reports = dropped;
        self
    }

    /// Whether documents close the advertising interfaces of browsers for themselves and for what stands in their frames.
    #[must_use]
    pub fn permissions_policy(mut self, written: bool) -> Self {
        self.closes_permissions = written;
        self
    }

    /// Hides another field of requests.
    #[must_use]
    pub fn add_request_field(mut self, name: HeaderName) -> Self {
        self.request_fields.push(name);
        self
    }

    /// Drops another field of answers.
    #[must_use]
    pub fn add_answer_field(mut self, name: HeaderName) -> Self {
        self.answer_fields.push(name);
        self
    }
}

//! A site that counts.

use std::{convert::Infallible, future::Ready};

use http::{HeaderName, HeaderValue, Request, Response};
use time::{Date, macros::date};
use tower::{Layer, Service};
use tower_consent::{
    Category, ConsentLayer, CountReport, DayReport, ManualClock, Policy, PolicyBuilder, VisitCounts, VisitCountsBuilder,
};

pub(crate) const DAY: Date = date!(2026 - 11 - 21);
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
/// What a browser sends with a page that was typed in.
pub(crate) const TYPED: &[(&str, &str)] =
    &[("sec-fetch-dest", "document"), ("sec-fetch-site", "none"), ("user-agent", FIREFOX)];
pub(crate) const ALL: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-21+analytics+marketing");
pub(crate) const ANALYTICS: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-21+analytics!marketing");
pub(crate) const MARKETING: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-21+marketing!analytics");
pub(crate) const NOTHING: (&str, &str) = ("cookie", "__Host-consent=1:1:2026-11-21!analytics!marketing");

pub(crate) fn policy() -> PolicyBuilder {
    Policy::builder().essential(["csrf"]).cookies(Category::ANALYTICS, ["_ga"]).cookies(Category::MARKETING, ["_fbp"])
}

pub(crate) struct Site {
    pub(crate) counts: VisitCounts,
    pub(crate) clock: ManualClock,
    layer: ConsentLayer<tower::layer::util::Stack<tower::layer::util::Identity, tower_consent::CountLayer>>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(policy(), |counts| counts)
    }

    pub(crate) fn with(policy: PolicyBuilder, set: impl FnOnce(VisitCountsBuilder) -> VisitCountsBuilder) -> Self {
        let clock = ManualClock::at(DAY.midnight().assume_utc().unix_timestamp() + 40_000);
        let counts = set(VisitCounts::builder().clock(clock.clone())).build();
        let layer = ConsentLayer::new(policy.build().unwrap()).with_clock(clock.clone()).with_counts(counts.clone());
        Self { counts, clock, layer }
    }

    /// One request, and its answer while it is not sent yet.
    pub(crate) fn answer<'l>(
        &self,
        path: &str,
        fields: impl IntoIterator<Item = &'l (&'l str, &'l str)>,
        answer: impl Fn(&Request<()>) -> Response<()>,
    ) -> Response<()> {
        let mut request = Request::builder().uri(path).body(()).unwrap();
        for (name, value) in fields {
            match *name {
                "method" => *request.method_mut() = value.parse().unwrap(),
                name => {
                    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                    request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
                }
            }
        }
        let handler = tower::service_fn(|request: Request<()>| -> Ready<Result<_, Infallible>> {
            std::future::ready(Ok(answer(&request)))
        });
        futures_ready(self.layer.layer(handler).call(request))
    }

    /// A page as often as said.
    pub(crate) fn pages(&self, times: u64, path: &str, fields: &[(&str, &str)]) {
        for _ in 0..times {
            self.answer(path, fields, |_| page());
        }
    }

    /// Visits that were typed in, with these fields.
    pub(crate) fn visits(&self, times: u64, path: &str, fields: &[(&str, &str)]) {
        self.pages(times, path, &[TYPED, fields].concat());
    }

    /// Ends the day, and gives what is shown.
    pub(crate) fn report(&self) -> CountReport {
        self.clock.advance(86_400);
        self.counts.report()
    }

    /// Ends the day, and gives what is shown of it.
    pub(crate) fn day(&self) -> DayReport {
        self.report().days().last().expect("a day").clone()
    }
}

pub(crate) fn page() -> Response<()> {
    Response::builder().header("content-type", "text/html; charset=utf-8").body(()).unwrap()
}

fn futures_ready<T>(future: impl Future<Output = Result<T, Infallible>>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(Ok(answer)) => answer,
        std::task::Poll::Ready(Err(never)) => match never {},
        std::task::Poll::Pending => panic!("not ready"),
    }
}

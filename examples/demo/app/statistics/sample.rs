//! Made-up days: visitors who never were, counted by the same layer as real ones.

use std::convert::Infallible;

use axum::http::{Request, Response, header};
use tower::{Layer, Service};
use tower_consent::{
    Clock as _, ConfigError, ConsentContext, ConsentLayer, CountReport, ManualClock, PolicyBuilder, SystemClock,
    VisitCounts,
};

const DAYS: i64 = 14;

/// The last two weeks, the same at each start but for their dates.
pub(super) fn days(policy: PolicyBuilder) -> Result<CountReport, ConfigError> {
    let clock = ManualClock::at(SystemClock.unix_seconds() - DAYS * 86_400);
    let counts = VisitCounts::builder().clock(clock.clone()).build();
    let layer = ConsentLayer::new(policy.build()?).with_clock(clock.clone()).with_counts(counts.clone());
    let mut service = layer.layer(tower::service_fn(answer));
    let mut dice = Dice(42);
    for day in 0..DAYS as u64 {
        for _ in 0..120 + 6 * day + dice.roll(40) {
            drop(poll(service.call(visitor(&mut dice, day))));
        }
        clock.advance(86_400);
    }
    Ok(counts.report())
}

fn visitor(dice: &mut Dice, day: u64) -> Request<&'static str> {
    let choice = match dice.roll(100) {
        // They learn to trust it.
        at if at < 30 + day => "accept",
        60..75 => "refuse",
        _ => "",
    };
    let mut request = Request::builder().header("sec-fetch-dest", "document").header("sec-fetch-site", "none");
    match dice.roll(20) {
        0 | 1 => request = request.header("dnt", "1"),
        2..=4 => request = request.header("sec-gpc", "1"),
        5 => request = request.header("dnt", "1").header("sec-gpc", "1"),
        _ => {}
    }
    if dice.roll(3) == 0 {
        request = request.header(header::COOKIE, "_ga=sample; lang=de; _fbp=sample");
    }
    // Nothing here can be refused.
    request.body(choice).unwrap_or_default()
}

/// A page; the answer of who agrees or refuses takes the choice along.
async fn answer(request: Request<&'static str>) -> Result<Response<()>, Infallible> {
    let mut page = Response::new(());
    page.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
    if let Some(context) = ConsentContext::of(request.extensions()) {
        match *request.body() {
            "accept" => context.peek().grant_all_unrecorded().apply(page.headers_mut()),
            "refuse" => context.peek().refuse_all().apply(page.headers_mut()),
            _ => {}
        }
    }
    Ok(page)
}

/// Nothing here waits.
fn poll<F: Future>(future: F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

/// The same numbers each time (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

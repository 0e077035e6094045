//! Counters of visits in the store: of many servers, over a restart, while the store is down.

use std::{sync::atomic::Ordering, time::Duration};

use http::{Request, Response};
use tower::ServiceExt as _;
use tower_consent::{
    ConsentLayer, ConsentStore, CountReport, DayCount, Lifetime, ManualClock, MemoryStore, Records, Retention,
    VisitCounts,
};

use super::{
    failing::Flaky,
    site::{DAY, START, builder},
};

/// A server on a store.
struct Server {
    counts: VisitCounts,
    records: Records,
    clock: ManualClock,
}

impl Server {
    fn on(store: impl ConsentStore, clock: &ManualClock) -> Self {
        let counts = VisitCounts::builder().clock(clock.clone()).build();
        let records = Records::builder(store).clock(clock.clone()).build();
        records.keep_counts(&counts);
        Self { counts, records, clock: clock.clone() }
    }

    async fn visits(&self, times: usize) {
        let layer = ConsentLayer::new(builder().build().unwrap());
        let layer = layer.with_clock(self.clock.clone()).with_counts(self.counts.clone());
        for _ in 0..times {
            let page = tower::service_fn(async |_: Request<()>| {
                Ok::<_, std::convert::Infallible>(
                    Response::builder().header("content-type", "text/html").body(()).unwrap(),
                )
            });
            let request = Request::builder().uri("/a").header("sec-fetch-dest", "document");
            let request = request.header("cookie", "_ga=1; _fbp=2").header("user-agent", "curl/8");
            drop(tower::Layer::layer(&layer, page).oneshot(request.body(()).unwrap()).await);
        }
    }
}

fn visits(report: &CountReport) -> Vec<(String, Option<u64>)> {
    report.days().iter().map(|day| (day.day.to_string(), day.visits)).collect()
}

/// The first second of a day.
fn midnight() -> ManualClock {
    ManualClock::at(START - START % DAY)
}

/// The sum of two servers, and of one that was started again; each shows the same, and a day only when nobody adds to it any more.
#[tokio::test]
async fn servers_on_a_store_show_one_sum() {
    let (store, clock) = (MemoryStore::new(), midnight());
    let one = Server::on(store.clone(), &clock);
    one.visits(6).await;
    one.records.purge().await.unwrap();
    drop(one);
    let [one, two] = [(); 2].map(|()| Server::on(store.clone(), &clock));
    one.visits(7).await;
    one.records.purge().await.unwrap();
    one.visits(2).await;
    two.visits(8).await;
    for _ in 0..2 {
        for server in [&one, &two] {
            assert_eq!(visits(&server.records.visit_report().await.unwrap()), []);
            assert_eq!(visits(&server.counts.report()), [], "what one server has is not shown beside the sum");
        }
        clock.advance(DAY - 1);
    }
    one.visits(40).await;
    clock.advance(2);
    for server in [&one, &two] {
        let report = server.records.visit_report().await.unwrap();
        assert_eq!(visits(&report), [("2027-01-15".to_owned(), Some(23))]);
        assert_eq!((server.counts.report(), report.days()[0].stripped.len()), (report, 2));
    }
    clock.advance(DAY);
    assert_eq!(visits(&two.records.visit_report().await.unwrap())[1], ("2027-01-16".to_owned(), Some(40)));
    assert_eq!(one.records.day_counts().await.unwrap(), [], "small groups are not shown another way");
    // Names of counters are short, and none names a person.
    let kept = store.counts().await.unwrap();
    assert!(kept.len() >= 8 && kept.iter().all(|count| count.what.len() <= 64), "{kept:?}");
}

/// What a server writes too late is given up: what was shown of a day stays as it is.
#[tokio::test]
async fn a_day_that_was_shown_does_not_change() {
    let (store, clock) = (MemoryStore::new(), midnight());
    let one = Server::on(store.clone(), &clock);
    one.visits(30).await;
    let flaky = Flaky { inner: store.clone(), ..Flaky::new() };
    flaky.set_down(true);
    let late = Server::on(flaky.clone(), &clock);
    late.visits(1).await;
    one.records.purge().await.unwrap();
    // The last moment to write is an hour before the end of the day after.
    clock.advance(2 * DAY - 3_601);
    late.records.purge().await.unwrap_err();
    clock.advance(1);
    flaky.set_down(false);
    late.records.purge().await.unwrap();
    clock.advance(3_600);
    let first = one.records.visit_report().await.unwrap();
    assert_eq!(visits(&first), [("2027-01-15".to_owned(), Some(30))]);
    late.records.purge().await.unwrap();
    assert_eq!(one.records.visit_report().await.unwrap(), first);
}

/// A store that is down: nothing is lost, and nothing counted twice.
#[tokio::test]
async fn a_store_that_is_down_loses_nothing() {
    let (store, clock) = (Flaky::new(), midnight());
    let server = Server::on(store.clone(), &clock);
    server.visits(25).await;
    store.set_down(true);
    server.records.visit_report().await.unwrap_err();
    server.visits(4).await;
    clock.advance(DAY);
    server.records.purge().await.unwrap_err();
    store.set_down(false);
    server.records.purge().await.unwrap();
    clock.advance(DAY);
    let report = server.records.visit_report().await.unwrap();
    assert_eq!(visits(&report), [("2027-01-15".to_owned(), Some(29))]);
    assert_eq!(report.days()[0].page_views, Some(29));
}

/// Who asks for the report may go away while the store is at work: what was about to be written is not lost.
#[tokio::test]
async fn a_report_that_is_given_up_loses_nothing() {
    let (store, clock) = (Flaky::new(), midnight());
    let server = Server::on(store.clone(), &clock);
    // The purge at the start would hang with them.
    while store.purges.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.visits(25).await;
    store.set_hanging(true);
    for _ in 0..3 {
        let asked = tokio::time::timeout(Duration::from_millis(1), server.records.visit_report()).await;
        asked.unwrap_err();
    }
    store.set_hanging(false);
    server.records.purge().await.unwrap();
    clock.advance(2 * DAY);
    let report = server.records.visit_report().await.unwrap();
    assert_eq!(visits(&report), [("2027-01-15".to_owned(), Some(25))]);
    assert_eq!((report.days()[0].page_views, report.days()[0].stripped.len()), (Some(25), 2));
}

/// A day that is over is not shown, also where the store has not let go of it yet.
#[tokio::test]
async fn a_day_that_is_over_is_not_read() {
    let (store, clock) = (MemoryStore::new(), midnight());
    let server = Server::on(store.clone(), &clock);
    server.visits(20).await;
    server.records.purge().await.unwrap();
    let kept = builder().retention(Retention::default().with_day_counts(Lifetime::days(30)));
    let _layer = ConsentLayer::new(kept.build().unwrap()).with_counts(server.counts.clone());
    for (days, shown) in [(29, 1), (1, 0)] {
        clock.advance(days * DAY);
        assert_eq!(visits(&server.records.visit_report().await.unwrap()).len(), shown);
        assert_eq!(visits(&server.counts.report()).len(), shown);
    }
    assert!(!store.counts().await.unwrap().is_empty(), "the records keep them for longer");
}

/// What was shown of one server alone is not shown any more beside the sum of all.
#[tokio::test]
async fn days_from_before_are_of_one_server() {
    let clock = midnight();
    let counts = VisitCounts::builder().clock(clock.clone()).build();
    let records = Records::builder(MemoryStore::new()).clock(clock.clone()).build();
    let server = Server { counts, records, clock };
    server.visits(20).await;
    server.clock.advance(DAY);
    assert_eq!(visits(&server.counts.report()), [("2027-01-15".to_owned(), Some(20))]);
    assert_eq!(visits(&server.records.visit_report().await.unwrap()), [], "nothing is kept here");
    server.records.keep_counts(&server.counts);
    assert_eq!(visits(&server.counts.report()), []);
}

/// Retention holds for them as for every counter; what others wrote under such a name is left out.
#[tokio::test]
async fn they_go_with_the_other_counters() {
    let (store, clock) = (MemoryStore::new(), midnight());
    let server = Server::on(store.clone(), &clock);
    server.visits(20).await;
    server.records.purge().await.unwrap();
    let day = store.counts().await.unwrap()[0].day;
    for label in
        ["visit:group:t:granted-all", "visit:views:x", "visit:browser:anna", "visit:x:y", "visit:", "refuse banner"]
    {
        store.count(DayCount::new(day, label, 50)).await.unwrap();
    }
    clock.advance(2 * DAY);
    let report = server.records.visit_report().await.unwrap();
    assert_eq!((visits(&report), report.days()[0].browsers.len()), (vec![("2027-01-15".to_owned(), Some(20))], 0));
    let others = server.records.day_counts().await.unwrap();
    assert_eq!(others.iter().map(|count| (&*count.what, count.count)).collect::<Vec<_>>(), [("refuse banner", 50)]);
    clock.advance(800 * DAY);
    server.records.purge().await.unwrap();
    assert_eq!(store.counts().await.unwrap(), []);
    assert_eq!(visits(&server.records.visit_report().await.unwrap()), []);
}

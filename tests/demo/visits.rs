//! The demo's visit log.

use tower_consent::{MemorySink, MemoryStore, Records, Tokens, VisitLog};

use crate::{
    ACCEPT, DOCUMENT, app,
    app::statistics::Statistics,
    policy_file,
    site::{PROTOCOLS, Site},
};

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const REFERRER: &str = "https://search.example/found?q=teapots";

/// The same browser before and after it agreed, and with a signal.
#[tokio::test]
async fn it_knows_who_agreed_and_nobody_else() {
    for protocol in PROTOCOLS {
        let (sink, store) = (MemorySink::new(), MemoryStore::new());
        let log = VisitLog::to(sink.clone()).expect("a thread");
        let (tokens, records) = (Tokens::new(store.clone()), Records::new(store));
        let statistics = Statistics::default();
        let router = app::app(policy_file(), tokens, records, statistics, log.clone()).expect("a policy");
        let site = Site::serve(router, protocol).await;
        let brings = [DOCUMENT, ("user-agent", AGENT), ("referer", REFERRER)];

        site.get("/shop?before=1", &[], &brings).await;
        let answer = site.post("/privacy/choice", &[], &brings, ACCEPT).await;
        let consent = answer.consent().expect("a grant");
        site.get("/shop?after=1", &[&consent], &brings).await;
        site.get("/shop", &[&consent], &[DOCUMENT, ("user-agent", AGENT), ("referer", REFERRER), ("dnt", "1")]).await;

        log.flush();
        let visits = sink.visits();
        let told = |visit: &tower_consent::Visit| {
            (visit.is_tracked(), visit.user_agent().map(str::to_owned), visit.referrer().map(str::to_owned))
        };
        let (tracked, untracked): (Vec<_>, Vec<_>) = visits.iter().map(told).partition(|(is_tracked, ..)| *is_tracked);
        assert_eq!(tracked, [(true, Some(AGENT.into()), Some("https://search.example/found".into()))]);
        assert_eq!(untracked, vec![(false, None, None); 3], "before, the choice itself, and under the signal");
        assert!(visits.iter().all(|visit| visit.path().is_some_and(|path| !path.contains('?'))), "{visits:?}");
    }
}

//! The page of statistics.

use axum::http::StatusCode;
use serde_json::Value;
use tower_consent::{MemorySink, MemoryStore, Records, Tokens, VisitLog};

use crate::{
    app::{self, statistics::Statistics},
    policy_file,
    site::{PROTOCOLS, Site},
};

fn with_sample() -> axum::Router {
    let store = MemoryStore::new();
    let statistics = Statistics::with_sample(policy_file()).expect("a policy");
    let visits = VisitLog::to(MemorySink::new()).expect("a thread");
    app::app(policy_file(), Tokens::new(store.clone()), Records::new(store), statistics, visits).expect("a policy")
}

/// Only days that are over are shown: a server that was just started has none, however often it is visited.
#[tokio::test]
async fn the_running_day_is_not_shown() {
    for protocol in PROTOCOLS {
        let site = Site::start(policy_file(), protocol).await;
        for _ in 0..30 {
            site.get("/", &[], &[("sec-fetch-dest", "document")]).await;
        }
        let page = site.get("/statistics", &[], &[]).await;
        assert!(page.body.contains("No day is over yet.") && !page.body.contains("<svg"), "{}", page.body);
        assert!(!page.body.contains("Made up."));
        let json: Value = serde_json::from_str(&site.get("/statistics.json", &[], &[]).await.body).expect("JSON");
        assert_eq!(json, serde_json::json!({ "minimum": 10, "days": [] }));
        assert_eq!(site.get("/statistics.prom", &[], &[]).await.body, "");
    }
}

/// Made-up days are said to be made up, and the three charts say what the table and the JSON say.
#[tokio::test]
async fn made_up_days_are_said_to_be() {
    for protocol in PROTOCOLS {
        let site = Site::serve(with_sample(), protocol).await;
        let page = site.get("/statistics", &[], &[]).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("<b>Made up.</b>") && !page.body.contains("No day is over yet."));
        assert_eq!((page.body.matches("<svg role=\"img\"").count(), page.body.matches("<figcaption>").count()), (3, 3));
        // The content security policy of the site would stop these.
        assert!(!page.body.contains("style=") && !page.body.contains("<style"), "{}", page.body);
        let json: Value = serde_json::from_str(&site.get("/statistics.json", &[], &[]).await.body).expect("JSON");
        let days = json["days"].as_array().expect("days");
        assert_eq!(days.len(), 14);
        for day in days {
            let (date, visits) = (day["day"].as_str().expect("a day"), day["visits"].as_u64().expect("visits"));
            assert!((120..260).contains(&visits), "{day}");
            let row = format!("<tr><th scope=\"row\"><time datetime=\"{date}\">{date}</time></th><td>{visits}</td>");
            assert!(page.body.contains(&row), "{row}: {}", page.body);
            for cell in day["stripped"].as_array().expect("cells") {
                assert!(page.body.contains(&format!("<td>{}</td>", cell["count"])));
                assert!(page.body.contains(&format!("Held back: {}</th>", cell["name"].as_str().expect("a name"))));
            }
        }
        let last = days.last().expect("a day")["visits"].as_u64().expect("visits");
        let text = site.get("/statistics.prom", &[], &[]).await.body;
        assert!(text.contains(&format!("\nconsent_day_visits {last}\n")), "{text}");
    }
}

//! When a line is written, and what it says of the answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use tokio::io::AsyncReadExt;

use crate::site::{GRANT, REFUSAL, Site, policy, send};

#[tokio::test]
async fn every_answer_is_counted_to_its_end() {
    let site = Site::new(policy()).await;
    for (what, method, status, bytes, is_complete) in [
        ("/", "GET", Some(200), 6, true),
        ("POST /", "POST", Some(200), 6, true),
        ("HEAD /", "HEAD", Some(200), 0, true),
        ("/empty", "GET", Some(204), 0, true),
        ("/pieces", "GET", Some(200), 18, true),
        ("/broken", "GET", Some(200), 12, false),
        ("/panic", "GET", None, 0, false),
        ("/nowhere", "GET", Some(404), 12, true),
        ("DELETE /", "DELETE", Some(405), 0, true),
    ] {
        for who in [GRANT, REFUSAL] {
            let visit = site.visit(what, &[who]).await;
            let seen = (visit.method(), visit.status().map(|status| status.as_u16()), visit.bytes());
            assert_eq!(seen, (method, status, bytes), "{what}");
            assert_eq!((visit.is_complete(), visit.is_tracked()), (is_complete, who == GRANT), "{what}");
        }
    }
}

/// Who goes away before the end has a line too.
#[tokio::test]
async fn a_visitor_who_goes_away_is_written_down() {
    let site = Site::new(policy()).await;
    let mut stream = send(site.address, "/endless", &[GRANT]).await;
    let mut piece = [0; 512];
    while !String::from_utf8_lossy(&piece).contains("piece") {
        assert!(stream.read(&mut piece).await.unwrap() > 0, "the connection ended");
    }
    assert_eq!(site.visits().len(), 0, "the answer is under way");
    drop(stream);
    let visit = site.when(1).await.pop().unwrap();
    assert_eq!((visit.status().map(|status| status.as_u16()), visit.bytes()), (Some(200), 6));
    assert_eq!((visit.is_complete(), visit.is_tracked()), (false, true));

    drop(send(site.address, "/never", &[GRANT]).await);
    let visit = site.when(2).await.pop().unwrap();
    assert_eq!((visit.status(), visit.bytes(), visit.path()), (None, 0, Some("/never")));
    assert_eq!((visit.is_complete(), visit.is_tracked()), (false, true));
}

/// What the visitor gets is what came without the log.
#[tokio::test]
async fn the_answer_is_not_changed() {
    let site = Site::new(policy()).await;
    for what in ["/", "HEAD /", "/empty", "/pieces", "/nowhere", "DELETE /"] {
        let bare = crate::site::serve(crate::site::routes()).await;
        let (with, without) = (site.ask(what, &[]).await, crate::site::ask(bare, what, &[]).await);
        let plain = |text: &str| text.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n");
        assert_eq!((with.status, plain(&with.text)), (without.status, plain(&without.text)), "{what}");
    }
}

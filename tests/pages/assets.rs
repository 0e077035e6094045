//! The style and the script: cacheable by everybody, with a tag.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::site::{CARRIERS, Site, policy, raw};

#[tokio::test]
async fn files_with_a_tag() {
    for carrier in CARRIERS {
        let site = Site::on(carrier, policy(), |pages| pages).await;
        for (path, kind) in [
            ("/privacy/style.css", "text/css; charset=utf-8"),
            ("/privacy/consent.js", "text/javascript; charset=utf-8"),
        ] {
            // Asked as a visitor asks, whose decision does not matter.
            let answer = site.get(&mut site.visitor(), path).await;
            assert_eq!((answer.status, answer.field("content-type")), (200, Some(kind)));
            assert_eq!(answer.field("cache-control"), Some("public, max-age=3600"));
            assert_eq!(answer.field("x-content-type-options"), Some("nosniff"));
            assert_eq!((answer.field("vary"), answer.field("set-cookie")), (None, None));
            let tag = answer.field("etag").unwrap();
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 18, "{tag}");
            let (weak, listed) = (format!("W/{tag}"), format!("\"x\", {tag}"));
            for (known, status) in
                [(tag, 304), (&weak, 304), (&listed, 304), ("*", 304), ("\"x\"", 200), ("", 200), (&tag[1..17], 200)]
            {
                let again = site.send(raw("GET", path, &[("if-none-match", known)]).body("").unwrap()).await;
                assert_eq!((again.status, again.body.is_empty()), (status, status == 304), "{known}");
                assert_eq!(again.field("etag"), Some(tag));
                assert_eq!(again.field("cache-control"), Some("public, max-age=3600"));
            }
        }
        let style = site.get(&mut site.visitor(), "/privacy/style.css").await;
        let script = site.get(&mut site.visitor(), "/privacy/consent.js").await;
        assert_ne!(style.field("etag"), script.field("etag"));
    }
}

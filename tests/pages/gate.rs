//! The gate: who does not know the revision is shown what changed, in place, and goes on from there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use tower::{Layer, Service, service_fn};
use tower_consent::{
    ConsentLayer, ConsentPages, MemoryStore, OutdatedGrants, RequireRevision, RequireRevisionFuture, Revision,
};

use crate::site::{Answer, JSON, Site, policy, raw};

#[tokio::test]
async fn through_and_held() {
    let site = Site::new().await;
    let mut visitor = site.visitor();
    let page = site.get(&mut visitor, "/gated?page=2").await;
    assert_eq!((page.status, page.field("location")), (403, None), "no redirect, so no loop");
    assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.all("cache-control"), "no-store");
    for text in ["value=\"accept-all\"", "value=\"reject-all\"", "name=\"return\" value=\"/gated?page=2\""] {
        page.assert_says(text);
    }
    page.assert_lacks("has changed"); // to whoever has not decided yet nothing has
    // The pages are never held up.
    for path in ["/privacy/", "/privacy/update", "/privacy/cookies", "/privacy/your-data", "/shop"] {
        assert_eq!(site.get(&mut visitor, path).await.status, 200, "{path}");
    }
    // A refusal is an answer too.
    let answer = site.choose(&mut visitor, "action=reject-all&return=/gated%3Fpage%3D2").await;
    let answer = site.get(&mut visitor, answer.location()).await;
    assert_eq!(answer.location(), "/gated?page=2");
    let through = site.get(&mut visitor, "/gated?page=2").await;
    assert_eq!((through.status, through.body.as_str()), (200, "through"));
    assert!(through.all("cache-control").contains("private"), "a shared cache must not let the next one through");
    assert!(through.all("vary").to_lowercase().contains("cookie"));

    // A material revision: held again; a notice: not.
    let fourth = policy().revision(Revision::new(4).on(2026, 11, 22).changes("New recipients."));
    site.handle.publish(fourth.clone().build().unwrap()).unwrap();
    let page = site.get(&mut visitor, "/gated").await;
    assert_eq!(page.status, 403);
    page.assert_says("Our privacy policy has changed");
    page.assert_says("New recipients.");
    let answer = site.choose(&mut visitor, "action=note&revision=4&return=/gated").await;
    assert_eq!(answer.location(), "/gated");
    assert_eq!(site.get(&mut visitor, "/gated").await.body, "through");
    let fifth = fourth.revision(Revision::new(5).notice());
    site.handle.publish(fifth.build().unwrap()).unwrap();
    assert_eq!(site.get(&mut visitor, "/gated").await.body, "through");
}

/// Methods and programs.
#[tokio::test]
async fn forms_and_programs() {
    let site = Site::new().await;
    let head = site.send(raw("HEAD", "/gated", &[]).body("").unwrap()).await;
    assert_eq!((head.status, head.body.as_str()), (403, ""));
    let post = site.send(raw("POST", "/gated", &[]).body("a=b").unwrap()).await;
    assert_eq!(post.status, 403, "nothing was carried out");
    post.assert_says("name=\"return\" value=\"/privacy/\"");
    let program = site.send(raw("GET", "/gated", &[("accept", JSON)]).body("").unwrap()).await;
    assert_eq!((program.status, program.problem().as_str()), (403, "revision-unknown"));
    assert_eq!((&program.json()["update"], &program.json()["revision"]), (&"/privacy/update".into(), &3.into()));
    assert_eq!(program.all("cache-control"), "no-store");
    for path in ["//evil.example/gated", "/gated\\..\\x"] {
        let target = format!("/gated?{}", url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>());
        assert_eq!(site.send(raw("GET", &target, &[]).body("").unwrap()).await.status, 403);
    }
}

/// A policy that keeps the scope of older grants still asks for a look at what changed.
#[tokio::test]
async fn grants_that_keep_their_scope() {
    let site = Site::with(policy().outdated_grants(OutdatedGrants::KeepScope)).await;
    let mut visitor = site.visitor();
    site.choose(&mut visitor, "action=accept-all&revision=3").await;
    let next = policy().outdated_grants(OutdatedGrants::KeepScope).revision(Revision::new(4).on(2026, 11, 22));
    site.handle.publish(next.build().unwrap()).unwrap();
    let page = site.get(&mut visitor, "/gated").await;
    assert_eq!(page.status, 403);
    page.assert_says("value=\"note\"");
    site.choose(&mut visitor, "action=note&revision=4&return=/gated").await;
    assert_eq!(site.get(&mut visitor, "/gated").await.body, "through");
    assert_eq!(site.state(&mut visitor).await["services"]["meta"]["reason"], "granted");
}

/// On bare services: the handler is not called, readiness and errors are its own, the pages pass wherever the gate stands.
#[tokio::test]
async fn a_gate_around_everything() {
    let site = Site::new().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let pages = ConsentPages::at("/privacy", MemoryStore::new());
    let inner = pages.clone();
    let everything = service_fn(move |request: Request<Full<Bytes>>| {
        counter.fetch_add(1, Ordering::SeqCst);
        let mut pages = inner.clone();
        async move {
            match request.uri().path() {
                path if path.starts_with("/privacy") => pages.call(request).await,
                _ => Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"in")))),
            }
        }
    });
    let gate = RequireRevision::new(pages);
    let mut service = ConsentLayer::new(Arc::clone(&site.policy)).layer(gate.layer(everything.clone()));
    for (path, status, called) in
        [("/x", 403, 0), ("/privacy", 200, 1), ("/privacy/cookies", 200, 2), ("/privacy-policy", 403, 2)]
    {
        let answer = service.call(Request::get(path).body(Full::default()).unwrap()).await.unwrap();
        assert_eq!((answer.status().as_u16(), calls.load(Ordering::SeqCst)), (status, called), "{path}");
    }
    // Without a consent layer nobody can tell.
    let answer = gate.layer(everything).call(Request::get("/x").body(Full::default()).unwrap()).await.unwrap();
    let answer = Answer::of(answer).await;
    assert_eq!((answer.status, calls.load(Ordering::SeqCst)), (500, 2));
    answer.assert_says("ConsentLayer");

    fn is_send<T: Send>() {}
    is_send::<RequireRevisionFuture<std::future::Ready<()>>>();
}

//! The consent pages inside of a layer with records: one writer, one chain, one key.

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use tower::ServiceExt as _;
use tower_consent::{ConsentLayer, ConsentPages, MemoryStore, Records};

use crate::site::{KEY, builder};

#[tokio::test]
async fn the_pages_write_the_records_of_the_layer() {
    let store = MemoryStore::new();
    let records = Records::builder(store.clone()).chain_key(KEY).build();
    // As an application would write it: the store alone, without the key.
    let pages = ConsentPages::at("/privacy", store);
    let layer = ConsentLayer::new(builder().build().unwrap()).with_records(records.clone());
    let app = Router::new().nest_service("/privacy", pages).layer(layer);
    for _ in 0..3 {
        let request = Request::post("/privacy/choice")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from("action=accept-all&revision=1&method=banner"))
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
    }
    let verification = records.verify().await.unwrap();
    assert!(verification.is_intact(), "{:?}", verification.findings);
    assert_eq!((verification.chains, verification.entries), (1, 3));
}

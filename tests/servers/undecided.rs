//! Somebody who comes for the first time.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_consent::{Category, ConsentContext, ConsentLayer, Decision, Policy};

/// The decision of a visitor who has not decided.
pub(crate) async fn undecided() -> Decision {
    let policy = Policy::builder()
        .cookies(Category::ANALYTICS, ["_ga", "_ga_*"])
        .cookies(Category::MARKETING, ["_fbp"])
        .mac_key("fleet", [7; 32])
        .build()
        .unwrap();
    let service = service_fn(async |request: Request<()>| {
        let decision = ConsentContext::of(request.extensions()).map(|context| context.decision().clone());
        Ok::<_, Infallible>(Response::new(decision))
    });
    ConsentLayer::new(policy).layer(service).oneshot(Request::new(())).await.unwrap().into_body().unwrap()
}

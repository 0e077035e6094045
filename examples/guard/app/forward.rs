//! One request on to the site, and its answer back.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode, Version,
    header::{CONNECTION, UPGRADE},
};
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    upgrade::{self, OnUpgrade},
};
use hyper_util::{
    client::legacy::{Client, ResponseFuture, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::{sync::watch, time::timeout};

use super::{
    Outgoing, Patience,
    body::Moving,
    fields::{self, Visitor},
    refusal::Refusal,
};

pub(super) type Connections = Client<HttpConnector, Moving<Incoming>>;

/// Shorter than what common servers keep an idle connection for (Node 5 s), so that none is used that they are closing.
const KEPT_IDLE: Duration = Duration::from_secs(2);

/// The connections to the site.
pub(super) fn connections(patience: &Patience) -> Connections {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(patience.connect));
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(KEPT_IDLE)
        .set_host(true)
        .build(connector)
}

/// What a request is sent on with.
#[derive(Debug)]
pub(super) struct Way<'w> {
    pub(super) connections: &'w Connections,
    pub(super) site: &'w http::uri::Authority,
    pub(super) patience: &'w Patience,
    pub(super) visitor: Visitor,
    /// What the site is told of the visitor's choice.
    pub(super) allows: Option<HeaderValue>,
}

impl Way<'_> {
    /// Sends a request on. Whatever fails becomes an answer.
    pub(super) async fn forward(self, request: Request<Moving<Incoming>>) -> Response<Outgoing> {
        let version = request.version();
        self.attempt(request).await.unwrap_or_else(|refusal| refusal.answer(version))
    }

    async fn attempt(self, mut request: Request<Moving<Incoming>>) -> Result<Response<Outgoing>, Refusal> {
        let visitors_end = upgrade::on(&mut request);
        let (mut parts, body) = request.into_parts();
        fields::check(&parts)?;
        let host = fields::host(&parts)?;
        let is_web_socket = fields::asks_for_web_socket(&parts);
        fields::prepare(&mut parts.headers, parts.version, self.visitor, host.as_ref());
        if let Some(allows) = self.allows {
            parts.headers.insert(fields::CONSENT_ALLOWS, allows);
        }
        if is_web_socket {
            ask_for_web_socket(&mut parts.headers);
        }
        let moved = body.watch();
        let mut onward = Request::new(body);
        *onward.method_mut() = parts.method;
        *onward.uri_mut() = fields::at_site(self.site, &parts.uri)?;
        *onward.headers_mut() = parts.headers;
        let answer = self::answer(self.connections.request(onward), moved, self.patience).await?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return if is_web_socket { connect(visitors_end, answer) } else { Err(Refusal::GARBLED) };
        }
        if answer.status().is_informational() || fields::has_odd_coding(answer.headers()) {
            return Err(Refusal::GARBLED);
        }
        let (mut parts, body) = answer.into_parts();
        fields::clean_answer(&mut parts.headers);
        let mut answer = Response::new(Moving::new(body, self.patience.idle).boxed_unsync());
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = parts.headers;
        Ok(answer)
    }
}

/// Waits for the answer. As long as the request's own body moves, the site has nothing to answer yet.
async fn answer(
    mut coming: ResponseFuture,
    mut moved: watch::Receiver<()>,
    patience: &Patience,
) -> Result<Response<Incoming>, Refusal> {
    let mut is_uploading = true;
    loop {
        // A visitor who stops sending is found out first, by the body itself.
        let longest = if is_uploading { patience.idle + patience.answer } else { patience.answer };
        let wait = timeout(longest, async {
            tokio::select! {
                answer = &mut coming => Some(answer),
                moved = moved.changed(), if is_uploading => {
                    is_uploading = moved.is_ok();
                    None
                }
            }
        });
        match wait.await {
            Ok(Some(Ok(answer))) => return Ok(answer),
            Ok(Some(Err(error))) => {
                let refusal = Refusal::of(&error);
                tracing::warn!(%error, cause = ?std::error::Error::source(&error), "the site gave no answer");
                return Err(refusal);
            }
            Ok(None) => {}
            Err(_elapsed) => return Err(Refusal::LATE),
        }
    }
}

fn ask_for_web_socket(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

/// Joins the two ends of a WebSocket, and answers the visitor that they are.
fn connect(visitors_end: OnUpgrade, mut answer: Response<Incoming>) -> Result<Response<Outgoing>, Refusal> {
    if !fields::is_web_socket(answer.headers()) {
        return Err(Refusal::GARBLED);
    }
    let sites_end = upgrade::on(&mut answer);
    tokio::spawn(async move {
        // The visitor's end opens when the answer has left.
        let (Ok(visitor), Ok(site)) = tokio::join!(visitors_end, sites_end) else { return };
        let (mut visitor, mut site) = (TokioIo::new(visitor), TokioIo::new(site));
        if let Err(error) = tokio::io::copy_bidirectional(&mut visitor, &mut site).await {
            tracing::debug!(%error, "a WebSocket ended");
        }
    });
    let mut headers = std::mem::take(answer.headers_mut());
    fields::clean_answer(&mut headers);
    ask_for_web_socket(&mut headers);
    let mut answer = Response::new(super::nothing());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *answer.version_mut() = Version::HTTP_11;
    *answer.headers_mut() = headers;
    Ok(answer)
}

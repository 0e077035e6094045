//! The layer around a gRPC service of tonic: `cargo run --example tonic`. It answers HTTP/2 on port 3007, `POST
//! /shop.Prices/Ask`, with a text for a text, as far as there is a price.
//!
//! gRPC carries cookies as metadata, and browsers send them with gRPC-Web. The layer goes around tonic's service as around every
//! other: what it takes away no method sees, what a method sets is held to the policy, and the decision stands in the
//! request's extensions. Messages and trailers pass untouched.
//!
//! There is no `.proto` file here, and a text in place of protobuf: what tonic generates from one is the `match` in [`answer`].
//! With tonic's own server it is `Server::builder().layer(ConsentLayer::new(policy)).add_service(…)`.

use std::{convert::Infallible, error::Error, net::SocketAddr};

use bytes::{Buf, BufMut};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataValue,
    server::Grpc,
};
use tower::{Layer, service_fn};
use tower_consent::{Category, ConsentContext, ConsentLayer, Decision, Policy};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 3007))).await?;
    println!("listening on http://localhost:{}", listener.local_addr()?.port());
    serve(listener).await
}

/// Serves until the listener fails.
pub(crate) async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error>> {
    let policy = Policy::builder().essential(["basket"]).cookies(Category::ANALYTICS, ["_ga"]).build()?;
    // One service for all connections: its clones share the policy.
    let service = ConsentLayer::new(policy).layer(service_fn(answer));
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new()).http2_only();
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("connection: {error}");
            }
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<tonic::body::Body>, Infallible> {
    Ok(match request.uri().path() {
        "/shop.Prices/Ask" => Grpc::new(Text).unary(service_fn(price), request).await,
        _ => Status::unimplemented("no such method").into_http(),
    })
}

/// A method, written as always.
async fn price(request: tonic::Request<String>) -> Result<tonic::Response<String>, Status> {
    // Without the layer there is no context, and everything is refused.
    let decision = ConsentContext::of(request.extensions()).map(|context| context.decision().clone());
    let decision = decision.unwrap_or_else(Decision::no_layer);
    let cookies = request.metadata().get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let pence = match request.get_ref().as_str() {
        "teapot" => 1_850,
        _ => return Err(Status::not_found("no price")),
    };
    let counts = if decision.allows(Category::ANALYTICS) { "is counted" } else { "is not counted" };
    let mut answer = tonic::Response::new(format!("{pence}; this {counts}; cookies: {cookies}"));
    // The method does not care: the layer keeps what may leave.
    for line in ["basket=17; Path=/; HttpOnly; Secure", "_ga=GA1.1.1; Path=/"] {
        answer.metadata_mut().append("set-cookie", MetadataValue::from_static(line));
    }
    Ok(answer)
}

/// Messages that are texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let text = from.copy_to_bytes(from.remaining());
        String::from_utf8(text.into()).map(Some).map_err(|_bytes| Status::invalid_argument("not a text"))
    }
}

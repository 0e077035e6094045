//! A form whose text goes to a vendor only where the visitor agreed: the function that hands it out cannot be called
//! otherwise.
//!
//! `cargo run --example vendor`, then with curl 7.79 or newer (for loopback a `Secure` cookie needs no TLS, as browsers
//! have it):
//!
//! ```console
//! $ curl -d 'text=hello' http://localhost:3000/ask
//! $ curl -c jar -X POST http://localhost:3000/accept
//! $ curl -b jar -d 'text=hello' http://localhost:3000/ask
//! $ curl -b jar -H 'Sec-GPC: 1' -d 'text=hello' http://localhost:3000/ask
//! ```
//!
//! Only the third goes to the vendor.

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_consent::{
    ConsentChange, ConsentLayer, Decision, Permit, Policy, Selection, SelectionError, ServiceEntry, Vendor,
};

/// The chat, as the policy names it.
#[derive(Debug)]
pub(crate) struct Tidio;

impl Vendor for Tidio {
    const SERVICE: &'static str = "tidio";
}

/// What the vendor has got. A real one would be told over the network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chat {
    told: Arc<Mutex<Vec<String>>>,
}

impl Chat {
    /// Hands a visitor's words to Tidio. Without their consent there is no permit, and no way to call this.
    pub(crate) fn open(&self, _: Permit<'_, Tidio>, text: String) {
        self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(text);
    }

    /// What has gone there.
    #[must_use]
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// What a visitor asks.
#[derive(Debug, Deserialize)]
struct Question {
    text: String,
}

async fn home(State(chat): State<Chat>) -> String {
    format!("POST text=... to /ask. {} questions have gone to Tidio.\n", chat.told().len())
}

async fn ask(consent: Decision, State(chat): State<Chat>, Form(question): Form<Question>) -> &'static str {
    match consent.permit::<Tidio>() {
        Some(permit) => {
            chat.open(permit, question.text);
            "Somebody will answer in the chat.\n"
        }
        None => "We keep your question here, and answer by letter.\n",
    }
}

/// A site with a question form asks with [`tower_consent::ConsentPages`]; two plain routes are enough here.
async fn accept(consent: Decision) -> Response {
    answer(consent.choose_unrecorded(&Selection::none().grant_service(Tidio::SERVICE)))
}

async fn refuse(consent: Decision) -> Response {
    answer(Ok(consent.refuse_all()))
}

fn answer(change: Result<ConsentChange, SelectionError>) -> Response {
    match change {
        Ok(change) => {
            let mut answer = StatusCode::NO_CONTENT.into_response();
            change.apply(answer.headers_mut());
            answer
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

/// The application.
///
/// # Errors
///
/// A policy that cannot be built.
pub(crate) fn app(chat: Chat) -> Result<Router, Box<dyn Error>> {
    let policy = Policy::builder()
        .service_entry(ServiceEntry::new(Tidio::SERVICE, "functional").provider("Tidio LLC").purpose("The chat"))
        .no_sale()
        .build()?;
    Ok(Router::new()
        .route("/", get(home))
        .route("/ask", post(ask))
        .route("/accept", post(accept))
        .route("/refuse", post(refuse))
        .with_state(chat)
        .layer(ConsentLayer::new(policy)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app(Chat::default())?).await?;
    Ok(())
}

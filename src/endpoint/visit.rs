//! One request: found its place, checked, answered.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body::Body;

use super::{
    answer::{self, Answer},
    api,
    body::{self, BodyError},
    choose,
    fault::{Fault, FaultKind},
    look::Language,
    origin::Source,
    rights,
    route::Route,
    service::Settings,
    show,
    urlencoded::{self, Fields},
};
use crate::{decide::Decision, enforce::ConsentContext, record::Records};

/// A request inside of a consent layer.
pub(super) struct Visit {
    pub(super) settings: Arc<Settings>,
    pub(super) parts: Parts,
    pub(super) decision: Decision,
    pub(super) source: Source,
}

impl Visit {
    /// The records of the layer, where it has some: one writer, one chain, one key for all choices of a site.
    pub(super) fn records(&self) -> &Records {
        Records::of(&self.parts.extensions).unwrap_or(&self.settings.records)
    }

    /// The language that the visitor reads.
    pub(super) fn language(&self) -> &Language {
        language(&self.settings, &self.parts.headers)
    }

    /// The language of the page that a form stood on, if it says one that is known here.
    pub(super) fn shown_language(&self, tag: Option<&str>) -> &Language {
        tag.and_then(|tag| self.settings.languages.find(tag)).unwrap_or_else(|| self.language())
    }
}

pub(super) fn language<'s>(settings: &'s Settings, headers: &HeaderMap) -> &'s Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).map_or(&b""[..], HeaderValue::as_bytes);
    settings.languages.negotiate(accepted)
}

/// Answers a request.
pub(super) async fn serve<B: Body>(settings: Arc<Settings>, request: Request<B>) -> Answer {
    let (parts, body) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let Some(route) = Route::find(&settings.path, parts.uri.path()) else {
        let answer = missing(&settings, &parts);
        return if is_head { answer::without_body(answer) } else { answer };
    };
    let source = Source::of(&parts.uri, &parts.headers, &settings.trusted);
    let mut answer = if parts.method == Method::OPTIONS {
        options(route, &parts.headers, &source)
    } else if route.knows(&parts.method) {
        respond(&settings, route, parts, body, source.clone()).await
    } else {
        let fault = Fault::of_field(FaultKind::WrongMethod, "method", parts.method.as_str(), route.allow());
        answer::allow(refuse(&settings, &parts, route.is_api(), &fault), route.allow())
    };
    if route.is_api() {
        answer_origin(answer.headers_mut(), &source);
    }
    if is_head { answer::without_body(answer) } else { answer }
}

async fn respond<B: Body>(settings: &Arc<Settings>, route: Route, parts: Parts, body: B, source: Source) -> Answer {
    // What is the same for everybody needs no decision, and does not mark the answer as one visitor's.
    match route {
        Route::Style => return settings.style.answer(&parts.headers),
        Route::Script => return settings.script.answer(&parts.headers),
        Route::ApiDescription => return answer::json(StatusCode::OK, settings.description.clone()),
        _ => {}
    }
    let Some(context) = ConsentContext::of(&parts.extensions) else {
        return refuse(settings, &parts, route.is_api(), &Fault::no_layer());
    };
    let decision = context.decision().clone();
    let visit = Visit { settings: Arc::clone(settings), parts, decision, source };
    let answered = match (route, visit.parts.method == Method::POST) {
        (Route::Choice, _) => match form(&visit, body).await {
            Ok(fields) => choose::by_form(&visit, &fields).await,
            Err(fault) => Err(fault),
        },
        (Route::YourData, true) => match form(&visit, body).await {
            Ok(fields) => rights::exercise(&visit, &fields).await,
            Err(fault) => Err(fault),
        },
        (Route::YourData, false) => rights::page(&visit).await,
        (Route::ApiState, _) => Ok(api::state(&visit)),
        (Route::ApiChoice, _) => match json(&visit, body).await {
            Ok(body) => api::choose(&visit, &body).await,
            Err(fault) => Err(fault),
        },
        // Whatever it says, it is a withdrawal.
        (Route::ApiWithdraw, _) => api::withdraw(&visit).await,
        (Route::Cookies, _) => Ok(answer::page(StatusCode::OK, show::declaration(&visit))),
        (Route::Update, _) => {
            let back = back(&visit);
            let html = show::update(&visit.settings, &visit.decision, visit.language(), back.as_deref());
            Ok(answer::page(StatusCode::OK, html))
        }
        _ => Ok(choose::preferences(&visit)),
    };
    answered.unwrap_or_else(|mut fault| {
        let refused = fault.refused.take();
        let mut answer = refuse(settings, &visit.parts, route.is_api(), &fault);
        if let Some(refused) = refused {
            refused.apply(answer.headers_mut());
        }
        answer
    })
}

/// The path to go back to that the address names, if it is one of this site.
pub(super) fn back(visit: &Visit) -> Option<String> {
    let fields = Fields::parse(visit.parts.uri.query().unwrap_or_default().as_bytes()).ok()?;
    let path = fields.all("return").next()?;
    super::own_path::own_path(path).map(str::to_owned)
}

async fn form<B: Body>(visit: &Visit, body: B) -> Result<Fields, Fault> {
    urlencoded::require_type(&visit.parts.headers, "application/x-www-form-urlencoded")?;
    Fields::parse(&read(visit, body).await?)
}

async fn json<B: Body>(visit: &Visit, body: B) -> Result<Vec<u8>, Fault> {
    urlencoded::require_type(&visit.parts.headers, "application/json")?;
    read(visit, body).await
}

async fn read<B: Body>(visit: &Visit, body: B) -> Result<Vec<u8>, Fault> {
    let limit = visit.settings.body_limit;
    body::read(body, &visit.parts.headers, limit).await.map_err(|error| match error {
        BodyError::TooLarge => Fault::new(FaultKind::TooLarge, format!("The body has more than {limit} bytes.")),
        BodyError::Broken => Fault::new(FaultKind::Malformed, "The body ended before it was whole."),
    })
}

/// Says what is wrong: to programs as a problem, to people as a page.
fn refuse(settings: &Settings, parts: &Parts, is_api: bool, fault: &Fault) -> Answer {
    if is_api || prefers_json(&parts.headers) {
        return answer::problem(fault);
    }
    answer::page(fault.kind.status(), show::fault(settings, &parts.headers, fault))
}

fn missing(settings: &Settings, parts: &Parts) -> Answer {
    let path = parts.uri.path();
    let is_api = settings.path.strip(path).unwrap_or(path).starts_with("/api/");
    refuse(settings, parts, is_api, &Fault::new(FaultKind::NotFound, "There is nothing at this address."))
}

/// Whether a program asks, and no browser that shows pages.
pub(super) fn prefers_json(headers: &HeaderMap) -> bool {
    let accepts = |wanted: &str| {
        let mut lines = headers.get_all(header::ACCEPT).iter();
        lines.any(|line| memchr::memmem::find(line.as_bytes(), wanted.as_bytes()).is_some())
    };
    (accepts("application/json") || accepts("application/problem+json")) && !accepts("text/html")
}

/// The answer to `OPTIONS`; to a trusted origin that asks before it calls, what it may send.
fn options(route: Route, headers: &HeaderMap, source: &Source) -> Answer {
    let mut answer = answer::allow(answer::nothing(), route.allow());
    let asks = headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if asks && route.is_api() && source.trusted_origin().is_some() {
        let methods = if route.knows(&Method::POST) { "POST" } else { "GET" };
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    answer
}

/// Lets a trusted origin read the answer (Fetch standard, CORS protocol).
fn answer_origin(headers: &mut HeaderMap, source: &Source) {
    answer::vary(headers, &header::ORIGIN);
    let origin = source.trusted_origin().and_then(|origin| HeaderValue::from_str(origin).ok());
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

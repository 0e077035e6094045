//! A site as sites are: it sets what it likes, its own cookies and other people's, and leaves the policy to the layer.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    Form,
    http::{HeaderMap, HeaderValue, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use tower_consent::{CookieOrigin, Decision, Fragments, Policy, Preset};
use tower_sessions::{
    Session,
    session::{Error, Id},
};

use super::{film, message::message, own_cookies, page::render};

/// What Google's, Meta's and Cloudflare's scripts and servers put into a browser.
const OTHER_PEOPLES: [&str; 6] = [
    "_ga=GA1.1.1734567890.1762128000; Path=/; Max-Age=34560000",
    "_ga_S1H0P12345=GS2.1.s1762128000$o1$g1$t1762128042$j18$l0$h0; Path=/; Max-Age=34560000",
    "_gid=GA1.1.987654321.1762128000; Path=/; Max-Age=86400",
    "_fbp=fb.1.1762128000123.1098115397; Path=/; Max-Age=7776000; SameSite=Lax",
    "_gcl_au=1.1.1357924680.1762128000; Path=/; Max-Age=7776000",
    "__cf_bm=3lWq0yT5s9a8Zk.1762128000-1.0.1.1-bm; Path=/; Max-Age=1800; Secure; HttpOnly; SameSite=None",
];

/// A code, its name, and a greeting.
type Language = (&'static str, &'static str, &'static str);

const LANGUAGES: [Language; 3] = [
    ("en", "English", "Welcome to the shop"),
    ("de", "Deutsch", "Willkommen im Laden"),
    ("fr", "Français", "Bienvenue"),
];

#[derive(Template)]
#[template(path = "shop.html", config = "examples/demo/askama.toml")]
struct Shop {
    fragments: Fragments,
    stores_nothing: bool,
    /// Whether the policy knows of the company that the film comes from.
    has_film: bool,
    greeting: &'static str,
    language: &'static str,
    languages: [Language; 3],
    visits: u32,
    cart: u32,
    csrf: String,
}

/// The shop's page. It sets every cookie that such a page sets, without a thought for consent.
pub(super) async fn shop(
    decision: Decision,
    fragments: Fragments,
    session: Session,
    jar: CookieJar,
) -> Result<Response, ShopError> {
    let visits = session.get::<u32>("visits").await?.unwrap_or_default().saturating_add(1);
    session.insert("visits", visits).await?;
    let cart = session.get::<u32>("cart").await?.unwrap_or_default();
    // 128 random bits, as the session ids are.
    let csrf = jar.get("csrf").map_or_else(|| Id::default().to_string(), |cookie| cookie.value().to_owned());
    let (language, _, greeting) = language(jar.get("lang").map_or("en", |cookie| cookie.value()));

    let mut headers = HeaderMap::new();
    for line in [
        format!("csrf={csrf}; Path=/; HttpOnly; SameSite=Strict"),
        format!("cart={cart}; Path=/; SameSite=Lax"),
        format!("lang={language}; Path=/; Max-Age=31536000; SameSite=Lax"),
    ] {
        // The token came from the visitor: what is no header value is not sent back.
        headers.extend(HeaderValue::try_from(line).ok().map(|line| (SET_COOKIE, line)));
    }
    headers.extend(OTHER_PEOPLES.map(|line| (SET_COOKIE, HeaderValue::from_static(line))));
    headers
        .extend(declared(decision.policy()).filter_map(|line| Some((SET_COOKIE, HeaderValue::try_from(line).ok()?))));
    let page = Shop {
        fragments,
        stores_nothing: decision.forbids_storing().is_some(),
        has_film: decision.policy().services().any(|(name, _)| name == film::SERVICE),
        greeting,
        language,
        languages: LANGUAGES,
        visits,
        cart,
        csrf,
    };
    Ok((headers, render(StatusCode::OK, &page)).into_response())
}

/// Lines for the cookies that another policy than the demo's own declares: as if the site that it was made for were here.
/// They live as long as a line can ask for.
fn declared(policy: &Policy) -> impl Iterator<Item = String> {
    let presets = Preset::ALL.iter().flat_map(|preset| preset.cookies());
    let known: BTreeSet<_> =
        presets.map(|cookie| cookie.name.trim_end_matches('*')).chain(own_cookies::NAMES).collect();
    let cookies = policy.declared_cookies().filter(|cookie| cookie.origin == CookieOrigin::Rule);
    cookies.filter(move |cookie| !known.contains(cookie.name)).map(|cookie| {
        let end = if cookie.is_prefix { "DEMO" } else { "" };
        format!("{}{end}=1; Path=/; Max-Age=315360000; SameSite=Lax", cookie.name)
    })
}

/// The language of this code, or the first.
fn language(code: &str) -> Language {
    let [first, ..] = LANGUAGES;
    LANGUAGES.into_iter().find(|(known, ..)| *known == code).unwrap_or(first)
}

#[derive(Deserialize)]
pub(super) struct CartForm {
    csrf: String,
}

/// Puts a teapot into the cart, for who can show the CSRF cookie.
pub(super) async fn add_to_cart(
    session: Session,
    jar: CookieJar,
    Form(form): Form<CartForm>,
) -> Result<Response, ShopError> {
    if jar.get("csrf").is_none_or(|cookie| cookie.value() != form.csrf) {
        let text = "The form does not belong to the CSRF cookie. Open the shop and try again.";
        return Ok(message(StatusCode::FORBIDDEN, "Nothing was added", text));
    }
    let cart = session.get::<u32>("cart").await?.unwrap_or_default().saturating_add(1);
    session.insert("cart", cart).await?;
    Ok(([(SET_COOKIE, format!("cart={cart}; Path=/; SameSite=Lax"))], Redirect::to("/shop")).into_response())
}

#[derive(Template)]
#[template(path = "checkout.html", config = "examples/demo/askama.toml")]
struct Checkout {
    fragments: Fragments,
    cart: u32,
}

/// The last page before an order: nobody orders under a policy that they have not seen.
pub(super) async fn checkout(fragments: Fragments, session: Session) -> Result<Response, ShopError> {
    let cart = session.get::<u32>("cart").await?.unwrap_or_default();
    Ok(render(StatusCode::OK, &Checkout { fragments, cart }))
}

/// An order: the cart is empty then.
pub(super) async fn order(session: Session) -> Result<Response, ShopError> {
    session.insert("cart", 0).await?;
    Ok(message(StatusCode::OK, "Thank you", "This is a demo: nothing is sent, and nothing is to be paid."))
}

#[derive(Deserialize)]
pub(super) struct LanguageForm {
    language: String,
}

/// Remembers a language: whether that lasts is up to the visitor's choice, not to this handler.
pub(super) async fn pick_language(Form(form): Form<LanguageForm>) -> impl IntoResponse {
    let (language, ..) = language(&form.language);
    let line = format!("lang={language}; Path=/; Max-Age=31536000; SameSite=Lax");
    ([(SET_COOKIE, line)], Redirect::to("/shop"))
}

#[derive(Template)]
#[template(path = "everything.html", config = "examples/demo/askama.toml")]
struct Everything {
    fragments: Fragments,
    lines: Vec<String>,
}

/// Sets every cookie it can: all that the presets know, and some that nobody declared.
pub(super) async fn set_everything(decision: Decision, fragments: Fragments) -> Response {
    const TRICKS: [&str; 8] = [
        "undeclared=1; Path=/",
        "_GA=upper-case; Path=/",
        "_ga%20=percent-encoded; Path=/",
        "_fbp =blank-before-the-equals-sign; Path=/",
        "\"_ga\"=quoted; Path=/",
        "=nameless; Path=/",
        "$Version=1; Path=/",
        "_ga=GA1.1.1.1; Path=/; Expires=Fri, 31 Dec 9999 23:59:59 GMT; Secure; SameSite=None; Partitioned",
    ];
    // `id` holds the session of this very visitor: with another value the cart would be gone.
    let known = Preset::ALL.iter().flat_map(|preset| preset.cookies()).filter(|cookie| cookie.name != "id");
    // Several presets know the same name.
    let known: BTreeSet<_> = known
        .map(|cookie| {
            let is_host = cookie.name.to_ascii_lowercase().starts_with("__host-");
            let secure = if is_host { "; Secure" } else { "" };
            format!("{}=1; Path=/; Max-Age=3600{secure}", cookie.name.replace('*', "DEMO"))
        })
        .collect();
    let lines: Vec<_> = known.into_iter().chain(declared(decision.policy())).chain(TRICKS.map(str::to_owned)).collect();
    let headers: HeaderMap =
        lines.iter().filter_map(|line| HeaderValue::from_str(line).ok()).map(|line| (SET_COOKIE, line)).collect();
    (headers, render(StatusCode::OK, &Everything { fragments, lines })).into_response()
}

/// The session could not be read or written.
#[derive(Debug)]
pub(super) struct ShopError(Error);

impl From<Error> for ShopError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        tracing::error!("session: {}", self.0);
        message(StatusCode::INTERNAL_SERVER_ERROR, "The shop is closed", "Its sessions cannot be read.")
    }
}

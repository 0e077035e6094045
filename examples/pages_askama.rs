//! A small site with askama templates, whose banner is obeyed: `cargo run --example pages_askama`, then
//! <http://localhost:3002>, or
//!
//! ```console
//! $ curl -i http://localhost:3002/                              # the banner, and no `visits` cookie
//! $ curl -i http://localhost:3002/film                          # 403: the question in place of the film
//! $ curl -i -b jar -c jar -H 'Sec-Fetch-Site: same-origin' -d 'action=accept-all&revision=1&return=/film' \
//!        http://localhost:3002/privacy/choice
//! $ curl -i -b jar -c jar http://localhost:3002/film            # the film, and the cookie
//! ```
//!
//! The records of the choices are kept in `target/pages_askama.redb`.

use std::error::Error;

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::SET_COOKIE},
    middleware::map_response,
    response::{AppendHeaders, Html, IntoResponse, Response},
    routing::get,
};
use tower_consent::{
    About, Category, ConsentLayer, ConsentPages, CookieRule, Decision, Fragments, GpcResource, Policy, PolicyHandle,
    RedbStore, RequireRevision, Revision, ServiceEntry,
};

/// The site's own layout. The fragments are HTML already, so they are not escaped once more.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{ title }}</title>
{{ fragments.head|safe }}
</head>
<body>
<nav><a href="/">Home</a> <a href="/film">The film</a> <a href="/members">Members</a>
<a href="/privacy/cookies">Cookies</a></nav>
<main><h1>{{ title }}</h1><p>{{ text }}</p></main>
<script type="text/plain" data-consent="analytics">document.title += " (counted)";</script>
<footer>{{ fragments.footer|safe }}</footer>
{{ fragments.banner|safe }}
</body>
</html>
"#
)]
struct Page<'p> {
    title: &'p str,
    text: &'p str,
    fragments: Fragments,
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        match self.render() {
            Ok(html) => Html(html).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

async fn home(fragments: Fragments) -> impl IntoResponse {
    Page { title: "Teapots", text: "Our finest.", fragments }
}

/// Content that needs a service: where it is refused, the question stands in its place, and leads back here.
async fn film(
    State(pages): State<ConsentPages>,
    decision: Decision,
    headers: HeaderMap,
    uri: Uri,
    fragments: Fragments,
) -> Response {
    if decision.allows_service("films") {
        return Page { title: "The film", text: "How a teapot is made.", fragments }.into_response();
    }
    pages.prompt_page(&decision, &headers, uri.path(), "films").into_response()
}

/// Stands for any library that does not ask.
async fn count_visits(response: Response) -> impl IntoResponse {
    (AppendHeaders([(SET_COOKIE, "visits=1; Path=/; Max-Age=34560000")]), response)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let films = ServiceEntry::new("films", "functional").label("Example Films").purpose("Shows films inside our pages");
    let visits = CookieRule::new("visits", Category::ANALYTICS).purpose("Counts visits").provider("This site");
    let policy = Policy::builder()
        .about(About::new("Example Ltd, 1 Example Road, Dublin").contact("privacy@example.com"))
        .revision(Revision::new(1).on(2026, 11, 22))
        .service_entry(films)
        .cookie(visits)
        .build()?;
    let policy = PolicyHandle::new(policy); // one for all who need it; another can be published

    let store = RedbStore::open("target/pages_askama.redb")?;
    let pages = ConsentPages::at("/privacy", store.clone());
    let app = Router::new()
        .route("/", get(home))
        .route("/film", get(film))
        // Only for who knows the current revision: a route of which the policy says so.
        .route("/members", get(home).layer(RequireRevision::new(pages.clone())))
        .with_state(pages.clone())
        .nest_service("/privacy", pages)
        .route_service("/.well-known/gpc.json", GpcResource::of(policy.clone()))
        .layer(map_response(count_visits))
        .layer(ConsentLayer::new(policy).with_records(store)); // added last: the outermost

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3002").await?;
    println!("listening on http://localhost:{}", listener.local_addr()?.port());
    axum::serve(listener, app).await?;
    Ok(())
}

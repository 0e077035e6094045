//! The same small site with maud, in memory, with the declaration of cookies inside a page of its own:
//! `cargo run --example pages_maud`, then <http://localhost:3003>, or
//!
//! ```console
//! $ curl -i -H 'Accept-Language: de' http://localhost:3003/     # the banner in German
//! $ curl -i http://localhost:3003/privacy-policy                # the cookies of the policy, inside the site's own page
//! $ curl -i -H 'Sec-Fetch-Site: same-origin' -d 'action=save&category=analytics&revision=1&return=/' \
//!        http://localhost:3003/privacy/choice
//! ```

use std::error::Error;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header::ACCEPT_LANGUAGE},
    response::Html,
    routing::get,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tower_consent::{
    About, Category, ConsentLayer, ConsentPages, CookieRule, Decision, Fragments, Languages, Lifetime, MemoryStore,
    Policy, Revision,
    look::{Declaration, Scene},
};

/// The site's own layout. The fragments are HTML already, so they are not escaped once more.
fn page(title: &str, fragments: &Fragments, content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                (PreEscaped(&fragments.head))
                link rel="stylesheet" href="/style.css";
            }
            body {
                nav { a href="/" { "Home" } " " a href="/privacy-policy" { "Privacy policy" } }
                main { (content) }
                script type="text/plain" data-consent="analytics" data-src="/statistics.js" {}
                footer { (PreEscaped(&fragments.footer)) }
                (PreEscaped(&fragments.banner))
            }
        }
    };
    Html(page.into_string())
}

async fn home(decision: Decision, fragments: Fragments) -> Html<String> {
    let statistics = decision.verdict(Category::ANALYTICS).to_string();
    page("Teapots", &fragments, &html! { h1 { "Teapots" } p { "Analytics: " (statistics) } })
}

/// The declaration as a fragment: the same that `/privacy/cookies` shows.
async fn privacy_policy(
    State(pages): State<ConsentPages>,
    decision: Decision,
    headers: HeaderMap,
    fragments: Fragments,
) -> Html<String> {
    let languages = Languages::default();
    let accepted = headers.get(ACCEPT_LANGUAGE).map_or(&b""[..], |value| value.as_bytes());
    let scene = Scene::new(pages.path(), languages.negotiate(accepted), "/privacy-policy");
    let cookies = Declaration::new(&decision, scene).to_html();
    let content = html! {
        p { "What we promise stands here, and below it every cookie that we name." }
        (PreEscaped(cookies))
    };
    page("Privacy policy", &fragments, &content)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let visits = CookieRule::new("visits", Category::ANALYTICS)
        .purpose("Counts visits")
        .provider("This site")
        .max_age(Lifetime::months(6));
    let policy = Policy::builder()
        .about(About::new("Example Ltd, 1 Example Road, Dublin").privacy_policy("/privacy-policy"))
        .revision(Revision::new(1).on(2026, 11, 22))
        .cookie(visits)
        .build()?;

    let store = MemoryStore::new();
    // The site's own colours go onto the pages as well: a path of this site, and custom properties in the file.
    let pages = ConsentPages::at("/privacy", store.clone()).with_stylesheet("/style.css");
    let app = Router::new()
        .route("/", get(home))
        .route("/privacy-policy", get(privacy_policy))
        .route("/style.css", get(|| async { ([("content-type", "text/css")], ":root { --consent-accent: #7a1fa2; }") }))
        .route("/statistics.js", get(|| async { ([("content-type", "text/javascript")], "document.title += ' *';") }))
        .with_state(pages.clone())
        .nest_service("/privacy", pages)
        .layer(ConsentLayer::new(policy).with_records(store)); // added last: the outermost

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3003").await?;
    println!("listening on http://localhost:{}", listener.local_addr()?.port());
    axum::serve(listener, app).await?;
    Ok(())
}

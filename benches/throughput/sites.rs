//! The contenders: one axum application each, with one page.

use std::{
    net::Ipv4Addr,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    handler::Handler,
    http::header::{COOKIE, SET_COOKIE},
    response::Response,
    routing::{get, post},
};
use axum_login::{AuthManagerLayerBuilder, AuthSession};
use http::HeaderValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::net::TcpListener;
use tower::{
    ServiceExt,
    layer::{layer_fn, util::Identity},
};
use tower_consent::{
    Banner, ConsentLayer, ConsentSource, JsonLinesSink, MemoryStore, PolicyBuilder, RedbStore, RedisStore, Session,
    TokenRules, TokenStore, Tokens, VisitLayer, VisitLog,
};
use tower_cookies::{CookieManagerLayer, Cookies};
use tower_sessions::{SessionManagerLayer, SessionStore};

use super::{
    Result,
    common::{
        ours,
        profiles::{CONSENT, ConsentKind, SESSION, set_cookie_lines},
        today,
    },
    peers::{RedisSessions, Users},
};

/// The path of the page, and of what tells what the page has seen.
pub(crate) const PAGE: &str = "/account/orders";
pub(crate) const SEEN: &str = "/seen";
/// `Set-Cookie` lines of each answer.
pub(crate) const LINES: usize = 1;

/// One way of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// A page and nothing round it.
    Bare,
    /// A layer that does nothing: what axum takes for having one.
    Empty,
    TowerCookies,
    Sessions,
    SessionsRedis,
    AxumLogin,
    /// What an application does by hand.
    Today,
    /// Consent with a MAC, and a token in memory.
    Ours,
    OursRedb,
    OursRedis,
    /// And a line for each visit.
    OursVisits,
    /// With the choice in the cookie of another banner.
    OursBanner,
}

impl Contender {
    pub(crate) const ALL: [Self; 12] = [
        Self::Bare,
        Self::Empty,
        Self::TowerCookies,
        Self::Sessions,
        Self::SessionsRedis,
        Self::AxumLogin,
        Self::Today,
        Self::Ours,
        Self::OursRedb,
        Self::OursRedis,
        Self::OursVisits,
        Self::OursBanner,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Empty => "empty-layer",
            Self::TowerCookies => "tower-cookies",
            Self::Sessions => "tower-sessions",
            Self::SessionsRedis => "tower-sessions-redis",
            Self::AxumLogin => "axum-login",
            Self::Today => "today",
            Self::Ours => "ours",
            Self::OursRedb => "ours-redb",
            Self::OursRedis => "ours-redis",
            Self::OursVisits => "ours-visits",
            Self::OursBanner => "ours-onetrust",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|contender| contender.name() == name);
        found.ok_or_else(|| format!("no contender {name:?}").into())
    }

    pub(crate) fn needs_redis(self) -> bool {
        matches!(self, Self::SessionsRedis | Self::OursRedis)
    }

    /// Whether its page looks for the sign-in.
    pub(crate) fn looks(self) -> bool {
        !matches!(self, Self::Bare | Self::Empty)
    }

    /// Whether it takes out what the visitor refused.
    pub(crate) fn enforces(self) -> bool {
        !matches!(
            self,
            Self::Bare | Self::Empty | Self::TowerCookies | Self::Sessions | Self::SessionsRedis | Self::AxumLogin
        )
    }
}

/// What the page saw of its last request.
static COOKIE_BYTES: AtomicUsize = AtomicUsize::new(0);
static FOUND: AtomicBool = AtomicBool::new(false);
/// Where lines of visits are written, if they are.
static LOG: OnceLock<VisitLog> = OnceLock::new();

/// Every page ends here, with what it has looked for.
fn answer(request: &Request, found: bool) -> Response {
    static LINE: OnceLock<Vec<HeaderValue>> = OnceLock::new();
    let cookie = request.headers().get(COOKIE);
    COOKIE_BYTES.store(cookie.map_or(0, HeaderValue::len), Ordering::Relaxed);
    FOUND.store(found, Ordering::Relaxed);
    let mut response = Response::new(Body::from("hello, world"));
    for line in LINE.get_or_init(|| set_cookie_lines(LINES).to_vec()) {
        response.headers_mut().append(SET_COOKIE, line.clone());
    }
    response
}

/// Bytes of cookies, whether the page found what it looked for, and lines of visits that were dropped; by then the others are
/// written.
async fn seen() -> String {
    LOG.get().inspect(|log| log.flush());
    let dropped = LOG.get().map_or(0, VisitLog::dropped);
    format!("{} {} {dropped}", COOKIE_BYTES.load(Ordering::Relaxed), FOUND.load(Ordering::Relaxed))
}

/// An application, and the cookies by which it knows a visitor.
struct Site {
    router: Router,
    consent: (&'static str, String),
    session: String,
}

impl Site {
    fn new(router: Router, kind: ConsentKind, session: String) -> Self {
        Self { router, consent: (CONSENT, ours::consent_value(kind)), session }
    }
}

fn page<T: 'static>(handler: impl Handler<T, ()>) -> Router {
    Router::new().route(PAGE, get(handler))
}

/// Serves until the process ends, and says on the output where, and for which cookies.
pub(crate) fn serve(settings: &[String]) -> Result<()> {
    let [name, choice, folder, redis @ ..] = settings else { return Err("--serve: too few settings".into()) };
    let kind = if choice == "refused" { ConsentKind::Refused } else { ConsentKind::Granted };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let redis = redis.first().map(String::as_str);
        let site = site(Contender::named(name)?, kind, folder.as_ref(), redis).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (consent, value) = &site.consent;
        println!("{} {consent}={value} {}", listener.local_addr()?.port(), site.session);
        axum::serve(listener, site.router.route(SEEN, get(seen))).await?;
        Ok(())
    })
}

async fn site(contender: Contender, kind: ConsentKind, folder: &Path, redis: Option<&str>) -> Result<Site> {
    let redis = || redis.ok_or("there is no Redis");
    let plain = |router| Ok(Site::new(router, kind, today::session_id()));
    match contender {
        Contender::Bare => plain(page(async |request: Request| answer(&request, false))),
        Contender::Empty => plain(page(async |request: Request| answer(&request, false)).layer(Identity::new())),
        Contender::TowerCookies => {
            let handler = async |cookies: Cookies, request: Request| answer(&request, cookies.get(SESSION).is_some());
            plain(page(handler).layer(CookieManagerLayer::new()))
        }
        Contender::Sessions => plain(with_sessions(today::sessions()?)),
        Contender::SessionsRedis => {
            let store = RedisSessions::connect(redis()?).await?;
            store.save(&today::record()).await?;
            plain(with_sessions(store))
        }
        Contender::AxumLogin => axum_login(kind).await,
        Contender::Today => {
            let consent = today::consent_value(kind);
            let router = with_sessions(today::sessions()?).layer(layer_fn(today::filter));
            Ok(Site { router, consent: (CONSENT, consent), session: today::session_id() })
        }
        Contender::Ours => ours(kind, MemoryStore::new(), Extra::None).await,
        Contender::OursRedb => ours(kind, RedbStore::open(folder.join("tokens.redb"))?, Extra::None).await,
        Contender::OursRedis => ours(kind, RedisStore::connect(redis()?).await?, Extra::None).await,
        Contender::OursVisits => {
            let log = VisitLog::to(JsonLinesSink::open(folder.join("visits"))?)?;
            ours(kind, MemoryStore::new(), Extra::Visits(LOG.get_or_init(|| log).clone())).await
        }
        Contender::OursBanner => {
            let site = ours(kind, MemoryStore::new(), Extra::Banner).await?;
            // When OneTrust's banner was closed: what it granted stands in the cookie that `real` has of it.
            let closed = OffsetDateTime::from(SystemTime::now() - Duration::from_secs(86_400)).format(&Rfc3339)?;
            Ok(Site { consent: ("OptanonAlertBoxClosed", closed), ..site })
        }
    }
}

/// tower-sessions over a page that asks who is signed in.
fn with_sessions(store: impl SessionStore + Clone) -> Router {
    let handler = async |session: tower_sessions::Session, request: Request| {
        let user = session.get::<String>("user").await;
        answer(&request, user.is_ok_and(|user| user.is_some()))
    };
    page(handler).layer(SessionManagerLayer::new(store).with_name(SESSION))
}

/// axum-login, with somebody who has signed in.
async fn axum_login(kind: ConsentKind) -> Result<Site> {
    const SIGN_IN: &str = "/sign-in";
    let store = tower_sessions_memory_store::MemoryStore::default();
    let sessions = axum_login::tower_sessions::SessionManagerLayer::new(store).with_name(SESSION);
    let handler = async |auth: AuthSession<Users>, request: Request| answer(&request, auth.user.is_some());
    let sign_in = async |mut auth: AuthSession<Users>| {
        let user = auth.authenticate("user-17".to_owned()).await.map_err(|error| error.to_string())?;
        auth.login(&user.ok_or("nobody")?).await.map_err(|error| error.to_string())
    };
    let router = page(handler).route(SIGN_IN, post(sign_in));
    let router = router.layer(AuthManagerLayerBuilder::new(Users, sessions).build());
    let request = Request::post(SIGN_IN).body(Body::empty())?;
    let answer = router.clone().oneshot(request).await?;
    let line = answer.headers().get(SET_COOKIE).ok_or("axum-login sets no cookie")?.to_str()?;
    let value = line.split(';').next().and_then(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned());
    Ok(Site::new(router, kind, value.ok_or("axum-login sets no session")?))
}

/// What this library does beside consent and sign-in.
enum Extra {
    None,
    Visits(VisitLog),
    Banner,
}

/// The whole layer over a page that asks who is signed in.
async fn ours(kind: ConsentKind, store: impl TokenStore, extra: Extra) -> Result<Site> {
    let tokens = Tokens::new(store);
    let token = tokens.issue("user-17").await?.token().expose();
    let handler = async |session: Option<Session>, request: Request| answer(&request, session.is_some());
    let layer = |policy: PolicyBuilder| policy.build().map(|policy| ConsentLayer::new(policy).with_tokens(tokens));
    let rules = TokenRules::default().with_cookie_name(SESSION);
    // What the library knows by itself is not declared.
    let own: &[_] = match extra {
        Extra::Banner => &[CONSENT, SESSION, "OptanonConsent"],
        _ => &[CONSENT, SESSION],
    };
    let policy = ours::declared(own).tokens(rules).mac_key("k1", [7; 32]);
    let router = match extra {
        Extra::None => page(handler).layer(layer(policy)?),
        Extra::Visits(log) => {
            let visits = VisitLayer::new(log).with_peer(|_| Some(Ipv4Addr::new(198, 51, 100, 7).into()));
            page(handler).layer(layer(policy)?.with_visits(visits))
        }
        Extra::Banner => page(handler).layer(layer(policy.source(ConsentSource::banner(Banner::OneTrust)))?),
    };
    Ok(Site::new(router, kind, token))
}

//! Java, .NET, Go, Rust, Elixir, Swift, Crystal, ColdFusion.

use super::{CSRF, Group, Known, LANGUAGE, MESSAGE, REMEMBERED, SESSION, SIGN_IN};

pub(super) static GROUPS: &[Group] = &[
    Group::new(
        "Java servlets",
        "Jakarta Servlet specification, section 7.1.1; Tomcat: JSESSIONIDSSO; Jenkins: `JSESSIONID.<suffix>`",
        &[Known::new("JSESSIONID", SESSION), Known::new("JSESSIONID*", SESSION)],
    ),
    Group::new(
        "Spring",
        "Spring Session: DefaultCookieSerializer; Spring Security: AbstractRememberMeServices, CookieCsrfTokenRepository; Spring MVC: CookieLocaleResolver",
        &[
            Known::new("SESSION", SESSION),
            Known::new("remember-me", REMEMBERED),
            Known::new("XSRF-TOKEN", CSRF),
            Known::new("org.springframework.web.servlet.i18n.CookieLocaleResolver.LOCALE", LANGUAGE),
        ],
    ),
    Group::new(
        "Apache Shiro",
        "Shiro, CookieRememberMeManager: DEFAULT_REMEMBER_ME_COOKIE_NAME",
        &[Known::new("rememberMe", REMEMBERED)],
    ),
    Group::new(
        "Play",
        "Play, reference.conf: play.http.session, play.http.flash, play.i18n",
        &[Known::new("PLAY_SESSION", SESSION), Known::new("PLAY_FLASH", MESSAGE), Known::new("PLAY_LANG", LANGUAGE)],
    ),
    Group::new(
        "Vert.x",
        "vertx-web, SessionHandler: DEFAULT_SESSION_COOKIE_NAME",
        &[Known::new("vertx-web.session", SESSION)],
    ),
    Group::new(
        "Quarkus",
        "Quarkus guides: quarkus.http.auth.form.cookie-name, quarkus.rest-csrf.cookie-name, \"OIDC\": q_session, q_auth",
        &[
            Known::new("quarkus-credential", SIGN_IN),
            Known::new("quarkus-redirect-location", SIGN_IN),
            Known::new("q_session*", SESSION),
            Known::new("q_auth*", SIGN_IN),
        ],
    ),
    Group::new(
        "ASP.NET Core",
        "ASP.NET Core docs: CookieAuthenticationDefaults.CookiePrefix, AntiforgeryOptions, SessionDefaults.CookieName, CookieRequestCultureProvider",
        &[Known::new(".AspNetCore.*", SESSION)],
    ),
    Group::new(
        "ASP.NET",
        "ASP.NET docs: sessionState cookieName, forms authentication, anonymousIdentification, roleManager; AntiForgeryConfig; OWIN: CookieAuthenticationDefaults, OpenIdConnectAuthenticationDefaults.CookiePrefix",
        &[
            Known::new("ASP.NET_SessionId", SESSION),
            Known::new(".ASPXAUTH", SIGN_IN),
            Known::new(".ASPXANONYMOUS", SESSION),
            Known::new(".ASPXROLES", SIGN_IN),
            Known::new("__RequestVerificationToken*", CSRF),
            Known::new(".AspNet.*", SIGN_IN),
            Known::new("OpenIdConnect.nonce.*", SIGN_IN),
            Known::new("__AntiXsrfToken", CSRF),
        ],
    ),
    Group::new("Classic ASP", "IIS docs, \"Session object\"", &[Known::new("ASPSESSIONID*", SESSION)]),
    Group::new(
        "Umbraco",
        "Umbraco, Constants.Web: UMB_UCONTEXT; antiforgery constants",
        &[Known::new("UMB_UCONTEXT*", SIGN_IN), Known::new("UMB-XSRF-*", CSRF)],
    ),
    Group::new("DNN", "DNN, web.config: authentication forms name", &[Known::new(".DOTNETNUKE", SIGN_IN)]),
    Group::new(
        "Orchard Core",
        "Orchard Core, OrchardCore.Users and HttpModules: cookie names",
        &[Known::new("orchantiforgery_*", CSRF), Known::new("orchauth_*", SIGN_IN)],
    ),
    Group::new(
        "Phoenix",
        "Phoenix, mix phx.new: `_<application>_key` in endpoint.ex; mix phx.gen.auth: `_<application>_web_user_remember_me`",
        &[Known::new("_*_key", SESSION), Known::new("_*_user_remember_me", REMEMBERED)],
    ),
    Group::new("gorilla/csrf", "gorilla/csrf README and csrf.go: cookieName", &[Known::new("_gorilla_csrf", CSRF)]),
    Group::new("nosurf", "nosurf: CookieName", &[Known::new("csrf_token", CSRF)]),
    Group::new(
        "Beego",
        "Beego docs, \"Session\": sessionname",
        &[Known::new("beegosessionID", SESSION), Known::new("gosessionid", SESSION)],
    ),
    Group::new("Fiber", "Fiber docs, csrf: CookieName", &[Known::new("csrf_", CSRF)]),
    Group::new("Gitea", "Gitea docs, config cheat sheet: session COOKIE_NAME", &[Known::new("i_like_gitea", SESSION)]),
    Group::new(
        "Grafana",
        "Grafana docs, configuration: login_cookie_name",
        &[Known::new("grafana_session", SESSION), Known::new("grafana_session_expiry", SESSION)],
    ),
    Group::new(
        "Revel",
        "Revel docs: cookie.prefix",
        &[Known::new("REVEL_SESSION", SESSION), Known::new("REVEL_FLASH", MESSAGE), Known::new("REVEL_LANG", LANGUAGE)],
    ),
    Group::new(
        "tower-sessions, actix-session",
        "tower-sessions 0.15.0, SessionConfig::default, CHANGELOG 0.5.0; actix-session docs: cookie_name",
        &[Known::new("id", SESSION), Known::new("tower.sid", SESSION)],
    ),
    Group::new("axum_csrf", "axum_csrf 0.12.0, CsrfConfig::default", &[Known::new("Csrf_Token", CSRF)]),
    Group::new("tower-surf", "tower-surf 0.3.0, src/surf.rs", &[Known::new("__HOST-csrf_token", CSRF)]),
    Group::new("axum-flash", "axum-flash 0.8.0, COOKIE_NAME in src/lib.rs", &[Known::new("axum-flash", MESSAGE)]),
    Group::new(
        "Actix",
        "actix-identity: default name; actix-web-flash-messages: cookie name",
        &[Known::new("actix-identity", SIGN_IN), Known::new("_flash", MESSAGE)],
    ),
    Group::new(
        "Poem",
        "poem: CookieConfig, Csrf",
        &[Known::new("poem-session", SESSION), Known::new("poem-csrf-token", CSRF)],
    ),
    Group::new(
        "Salvo",
        "salvo: SessionHandler, flash",
        &[Known::new("salvo.session.id", SESSION), Known::new("salvo.flash", MESSAGE)],
    ),
    Group::new(
        "leptos_i18n",
        "leptos_i18n 0.6.2, COOKIE_PREFERED_LANG in src/context.rs",
        &[Known::new("i18n_pref_locale", LANGUAGE)],
    ),
    Group::new("Vapor", "Vapor docs, \"Sessions\": cookieName", &[Known::new("vapor-session", SESSION)]),
    Group::new("Kemal", "kemal-session README: cookie_name", &[Known::new("kemal_sessid", SESSION)]),
    Group::new(
        "ColdFusion",
        "ColdFusion docs, \"Client identifiers\"",
        &[Known::new("CFID", SESSION), Known::new("CFTOKEN", SESSION), Known::new("CFAUTHORIZATION_*", SIGN_IN)],
    ),
];

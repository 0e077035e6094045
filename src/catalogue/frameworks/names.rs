//! The names, by framework.

use super::{Group, Known};

const SESSION: &str = "session";
const SIGN_IN: &str = "sign-in";
const REMEMBERED: &str = "remembered sign-in";
const CSRF: &str = "CSRF";
const MESSAGE: &str = "one-time message";
const LANGUAGE: &str = "language";
const APPEARANCE: &str = "appearance";

/// The loosest stand last.
pub(super) static ALL: &[Group] = &[
    group(
        "Django",
        "Django docs, \"Settings\": SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME; contrib/messages/storage/cookie.py",
        &[
            Known::new("sessionid", SESSION),
            Known::new("csrftoken", CSRF),
            Known::new("django_language", LANGUAGE),
            Known::new("messages", MESSAGE),
        ],
    ),
    group(
        "Rails",
        "Rails guides, \"Configuring Rails Applications\": config.session_store (`_<application>_session`); `_session_id` before that",
        &[Known::new("_session_id", SESSION), Known::new("_rails_session", SESSION), Known::new("_*_session", SESSION)],
    ),
    group(
        "Devise",
        "Devise, lib/devise/models/rememberable.rb: `remember_<scope>_token`",
        &[Known::new("remember_user_token", REMEMBERED), Known::new("remember_*_token", REMEMBERED)],
    ),
    group("Rack", "Rack, lib/rack/session/abstract/id.rb: DEFAULT_OPTIONS", &[Known::new("rack.session", SESSION)]),
    group(
        "Laravel",
        "Laravel, config/session.php: cookie (`<application>_session`, `<application>-session`); VerifyCsrfToken.php; SessionGuard.php: getRecallerName; Passport: laravel_token",
        &[
            Known::new("laravel_session", SESSION),
            Known::new("laravel-session", SESSION),
            Known::new("XSRF-TOKEN", CSRF),
            Known::new("remember_web_*", REMEMBERED),
            Known::new("laravel_token", SIGN_IN),
        ],
    ),
    group("PHP", "PHP manual, \"Sessions: Runtime Configuration\": session.name", &[Known::new("PHPSESSID", SESSION)]),
    group(
        "Symfony",
        "Symfony docs, \"How to Add Remember Me Login Functionality\": name; \"Stateless CSRF Tokens\": cookie_name",
        &[Known::new("REMEMBERME", REMEMBERED), Known::new("csrf-token", CSRF), Known::new("csrf-token_*", CSRF)],
    ),
    group(
        "CakePHP",
        "CakePHP book, \"Sessions\", \"Cross Site Request Forgery (CSRF) Middleware\": cookieName; Authentication plugin: CookieAuth",
        &[Known::new("CAKEPHP", SESSION), Known::new("csrfToken", CSRF), Known::new("CookieAuth", REMEMBERED)],
    ),
    group(
        "CodeIgniter",
        "CodeIgniter, app/Config/Session.php: cookieName; app/Config/Security.php: cookieName",
        &[Known::new("ci_session", SESSION), Known::new("csrf_cookie_name", CSRF)],
    ),
    group(
        "Yii",
        "Yii, web/Request.php: csrfParam; web/User.php: identityCookie; the advanced template's config/main.php",
        &[
            Known::new("_csrf", CSRF),
            Known::new("_identity", REMEMBERED),
            Known::new("_csrf-*", CSRF),
            Known::new("_identity-*", REMEMBERED),
            Known::new("advanced-frontend", SESSION),
            Known::new("advanced-backend", SESSION),
        ],
    ),
    group(
        "Nette",
        "Nette, Http/Helpers.php: StrictCookieName",
        &[Known::new("_nss", CSRF), Known::new("nette-samesite", CSRF)],
    ),
    group(
        "WordPress",
        "WordPress docs, \"Cookies\"; wp-includes/default-constants.php",
        &[
            Known::new("wordpress_logged_in_*", SIGN_IN),
            Known::new("wordpress_sec_*", SIGN_IN),
            Known::new("wordpress_test_cookie", SESSION),
            Known::new("wordpress_*", SIGN_IN),
            Known::new("wp-settings-*", APPEARANCE),
            Known::new("wp-postpass_*", SIGN_IN),
            Known::new("wp_lang", LANGUAGE),
        ],
    ),
    group(
        "WooCommerce",
        "WooCommerce docs, \"WooCommerce Cookies\"",
        &[
            Known::new("wp_woocommerce_session_*", SESSION),
            Known::new("woocommerce_cart_hash", SESSION),
            Known::new("woocommerce_items_in_cart", SESSION),
        ],
    ),
    group(
        "Drupal",
        "Drupal, core/lib/Drupal/Core/Session/SessionConfiguration.php: getName",
        &[Known::new("SESS*", SESSION), Known::new("SSESS*", SESSION)],
    ),
    group(
        "Joomla",
        "Joomla, plugins/authentication/cookie: `joomla_remember_me_`; libraries/src/Application: joomla_user_state",
        &[Known::new("joomla_remember_me_*", REMEMBERED), Known::new("joomla_user_state", SIGN_IN)],
    ),
    group(
        "TYPO3",
        "TYPO3 docs, $TYPO3_CONF_VARS: FE.cookieName, BE.cookieName",
        &[
            Known::new("fe_typo_user", SESSION),
            Known::new("be_typo_user", SESSION),
            Known::new("be_lastLoginProvider", SIGN_IN),
        ],
    ),
    group(
        "Magento",
        "Adobe Commerce docs, \"Cookie reference\"",
        &[
            Known::new("form_key", CSRF),
            Known::new("mage-messages", MESSAGE),
            Known::new("mage-cache-sessid", SESSION),
            Known::new("mage-cache-storage*", SESSION),
            Known::new("mage-cache-timeout*", SESSION),
            Known::new("private_content_version", SESSION),
            Known::new("X-Magento-Vary", SESSION),
            Known::new("admin", SESSION),
            Known::new("frontend", SESSION),
            Known::new("store", SESSION),
        ],
    ),
    group("PrestaShop", "PrestaShop, classes/Cookie.php", &[Known::new("PrestaShop-*", SESSION)]),
    group(
        "Shopware",
        "Shopware docs, \"HTTP cache\"; Storefront session name",
        &[
            Known::new("session-", SESSION),
            Known::new("sw-states", SESSION),
            Known::new("sw-context-token", SESSION),
            Known::new("sw-cache-hash", SESSION),
        ],
    ),
    group("OpenCart", "OpenCart, system/config/default.php: session_name", &[Known::new("OCSESSID", SESSION)]),
    group(
        "Craft CMS",
        "Craft docs, \"Cookies\"",
        &[Known::new("CraftSessionId", SESSION), Known::new("CRAFT_CSRF_TOKEN", CSRF)],
    ),
    group(
        "phpMyAdmin",
        "phpMyAdmin docs, FAQ on cookies",
        &[Known::new("phpMyAdmin", SESSION), Known::new("pmaUser-*", SIGN_IN), Known::new("pmaAuth-*", SIGN_IN)],
    ),
    group(
        "Java servlets",
        "Jakarta Servlet specification, section 7.1.1; Tomcat: JSESSIONIDSSO; Jenkins: `JSESSIONID.<suffix>`",
        &[Known::new("JSESSIONID", SESSION), Known::new("JSESSIONID*", SESSION)],
    ),
    group(
        "Spring",
        "Spring Session: DefaultCookieSerializer; Spring Security: AbstractRememberMeServices, CookieCsrfTokenRepository; Spring MVC: CookieLocaleResolver",
        &[
            Known::new("SESSION", SESSION),
            Known::new("remember-me", REMEMBERED),
            Known::new("XSRF-TOKEN", CSRF),
            Known::new("org.springframework.web.servlet.i18n.CookieLocaleResolver.LOCALE", LANGUAGE),
        ],
    ),
    group(
        "Apache Shiro",
        "Shiro, CookieRememberMeManager: DEFAULT_REMEMBER_ME_COOKIE_NAME",
        &[Known::new("rememberMe", REMEMBERED)],
    ),
    group(
        "Play",
        "Play, reference.conf: play.http.session, play.http.flash, play.i18n",
        &[Known::new("PLAY_SESSION", SESSION), Known::new("PLAY_FLASH", MESSAGE), Known::new("PLAY_LANG", LANGUAGE)],
    ),
    group(
        "Vert.x",
        "vertx-web, SessionHandler: DEFAULT_SESSION_COOKIE_NAME",
        &[Known::new("vertx-web.session", SESSION)],
    ),
    group(
        "Quarkus",
        "Quarkus guides: quarkus.http.auth.form.cookie-name, quarkus.rest-csrf.cookie-name, \"OIDC\": q_session, q_auth",
        &[
            Known::new("quarkus-credential", SIGN_IN),
            Known::new("quarkus-redirect-location", SIGN_IN),
            Known::new("q_session*", SESSION),
            Known::new("q_auth*", SIGN_IN),
        ],
    ),
    group(
        "Keycloak",
        "Keycloak, CookieType.java",
        &[Known::new("KEYCLOAK_*", SESSION), Known::new("AUTH_SESSION_ID*", SESSION), Known::new("KC_*", SESSION)],
    ),
    group("Apereo CAS", "CAS docs, \"Ticket-granting cookie\"", &[Known::new("TGC", SIGN_IN)]),
    group(
        "Shibboleth",
        "Shibboleth Service Provider docs, \"Sessions\": cookies",
        &[
            Known::new("_shibsession_*", SESSION),
            Known::new("_shibstate_*", SIGN_IN),
            Known::new("_opensaml_req_*", SIGN_IN),
        ],
    ),
    group(
        "ASP.NET Core",
        "ASP.NET Core docs: CookieAuthenticationDefaults.CookiePrefix, AntiforgeryOptions, SessionDefaults.CookieName, CookieRequestCultureProvider",
        &[Known::new(".AspNetCore.*", SESSION)],
    ),
    group(
        "ASP.NET",
        "ASP.NET docs: sessionState cookieName, forms authentication, anonymousIdentification, roleManager; AntiForgeryConfig; OWIN: CookieAuthenticationDefaults",
        &[
            Known::new("ASP.NET_SessionId", SESSION),
            Known::new(".ASPXAUTH", SIGN_IN),
            Known::new(".ASPXANONYMOUS", SESSION),
            Known::new(".ASPXROLES", SIGN_IN),
            Known::new("__RequestVerificationToken", CSRF),
            Known::new("__RequestVerificationToken*", CSRF),
            Known::new(".AspNet.*", SIGN_IN),
            Known::new("__AntiXsrfToken", CSRF),
        ],
    ),
    group("Classic ASP", "IIS docs, \"Session object\"", &[Known::new("ASPSESSIONID*", SESSION)]),
    group(
        "Duende IdentityServer",
        "IdentityServer docs, AuthenticationOptions; IdentityServerConstants",
        &[Known::new("idsrv", SIGN_IN), Known::new("idsrv.*", SIGN_IN)],
    ),
    group(
        "Umbraco",
        "Umbraco, Constants.Web: UMB_UCONTEXT; antiforgery constants",
        &[Known::new("UMB_UCONTEXT*", SIGN_IN), Known::new("UMB-XSRF-*", CSRF)],
    ),
    group("DNN", "DNN, web.config: authentication forms name", &[Known::new(".DOTNETNUKE", SIGN_IN)]),
    group(
        "Orchard Core",
        "Orchard Core, OrchardCore.Users and HttpModules: cookie names",
        &[Known::new("orchantiforgery_*", CSRF), Known::new("orchauth_*", SIGN_IN)],
    ),
    group("Express", "express-session README: name", &[Known::new("connect.sid", SESSION)]),
    group(
        "cookie-session",
        "cookie-session README: name, keys",
        &[
            Known::new("session", SESSION),
            Known::new("session.sig", SESSION),
            Known::new("express:sess", SESSION),
            Known::new("express:sess.sig", SESSION),
        ],
    ),
    group("csurf", "csurf README: cookie.key", &[Known::new("_csrf", CSRF)]),
    group("csrf-csrf", "csrf-csrf README: cookieName", &[Known::new("psifi.x-csrf-token", CSRF)]),
    group(
        "Koa",
        "koa-session README: key; koa-generic-session README: key",
        &[
            Known::new("koa.sess", SESSION),
            Known::new("koa.sess.sig", SESSION),
            Known::new("koa:sess", SESSION),
            Known::new("koa:sess.sig", SESSION),
            Known::new("koa.sid", SESSION),
            Known::new("koa.sid.sig", SESSION),
        ],
    ),
    group("Fastify", "@fastify/session README: cookieName", &[Known::new("sessionId", SESSION)]),
    group(
        "hapi",
        "@hapi/cookie API: cookie.name; @hapi/crumb API: key; @hapi/yar API: name",
        &[Known::new("sid", SESSION), Known::new("crumb", CSRF)],
    ),
    group("Sails", "Sails docs, sails.config.session: name", &[Known::new("sails.sid", SESSION)]),
    group(
        "AdonisJS",
        "AdonisJS, config/session.ts: cookieName; auth: remember_<guard>",
        &[
            Known::new("adonis-session", SESSION),
            Known::new("adonis-session*", SESSION),
            Known::new("remember_web", REMEMBERED),
        ],
    ),
    group(
        "Next.js",
        "Next.js docs, \"Internationalization\", \"Draft Mode\"",
        &[
            Known::new("NEXT_LOCALE", LANGUAGE),
            Known::new("__prerender_bypass", SESSION),
            Known::new("__next_preview_data", SESSION),
        ],
    ),
    group(
        "Auth.js (NextAuth.js)",
        "Auth.js, packages/core/src/lib/utils/cookie.ts: defaultCookies",
        &[Known::new("next-auth.*", SIGN_IN), Known::new("authjs.*", SIGN_IN)],
    ),
    group("Better Auth", "Better Auth docs, \"Cookies\"", &[Known::new("better-auth.*", SIGN_IN)]),
    group(
        "Nuxt",
        "@nuxtjs/i18n docs: detectBrowserLanguage.cookieKey; nuxt-auth-utils README; @nuxtjs/auth docs: cookie",
        &[
            Known::new("i18n_redirected", LANGUAGE),
            Known::new("nuxt-session", SESSION),
            Known::new("auth.strategy", SIGN_IN),
            Known::new("auth.redirect", SIGN_IN),
            Known::new("auth.token", SIGN_IN),
            Known::new("auth._token.*", SIGN_IN),
            Known::new("auth._token_expiration.*", SIGN_IN),
            Known::new("auth._refresh_token.*", SIGN_IN),
        ],
    ),
    group("i18next", "i18next-browser-languageDetector README: lookupCookie", &[Known::new("i18next", LANGUAGE)]),
    group("Paraglide", "Paraglide JS docs, \"Strategy\": cookieName", &[Known::new("PARAGLIDE_LOCALE", LANGUAGE)]),
    group(
        "Remix, Firebase Hosting",
        "Remix docs, \"Sessions\"; Firebase docs, \"Manage cache behavior\": __session",
        &[Known::new("__session", SESSION)],
    ),
    group("Lucia", "Lucia docs: sessionCookie.name", &[Known::new("auth_session", SIGN_IN)]),
    group(
        "Supabase",
        "@supabase/ssr: `sb-<project>-auth-token`, in parts and with a code verifier; auth-helpers: sb-access-token",
        &[
            Known::new("sb-access-token", SIGN_IN),
            Known::new("sb-refresh-token", SIGN_IN),
            Known::new("sb-*-auth-token*", SIGN_IN),
        ],
    ),
    group(
        "Clerk",
        "Clerk docs, \"Clerk cookies\"",
        &[
            Known::new("__client", SIGN_IN),
            Known::new("__client_uat", SIGN_IN),
            Known::new("__client_uat_*", SIGN_IN),
            Known::new("__session_*", SESSION),
            Known::new("__clerk_*", SIGN_IN),
            Known::new("clerk_active_context", SIGN_IN),
        ],
    ),
    group(
        "Auth0",
        "nextjs-auth0 and express-openid-connect: appSession, __txn_, auth_verification; auth0-spa-js; Auth0 docs, \"Cookies\"",
        &[
            Known::new("appSession", SESSION),
            Known::new("appSession.*", SESSION),
            Known::new("__txn_*", SIGN_IN),
            Known::new("auth_verification", SIGN_IN),
            Known::new("auth0", SESSION),
            Known::new("auth0_compat", SESSION),
            Known::new("auth0.*", SIGN_IN),
            Known::new("a0_users:sess", SESSION),
            Known::new("a0_users:sess.sig", SESSION),
        ],
    ),
    group(
        "Ory",
        "Ory docs: session cookies, anti-CSRF cookies",
        &[
            Known::new("ory_kratos_session", SESSION),
            Known::new("ory_session_*", SESSION),
            Known::new("csrf_token_*", CSRF),
            Known::new("ory_hydra_*", SIGN_IN),
        ],
    ),
    group("Authelia", "Authelia docs, session: name", &[Known::new("authelia_session", SESSION)]),
    group(
        "authentik",
        "authentik, root/settings.py: SESSION_COOKIE_NAME, CSRF_COOKIE_NAME; proxy outpost",
        &[
            Known::new("authentik_session", SESSION),
            Known::new("authentik_csrf", CSRF),
            Known::new("authentik_*", SESSION),
        ],
    ),
    group("WorkOS AuthKit", "AuthKit README: WORKOS_COOKIE_NAME", &[Known::new("wos-session", SESSION)]),
    group(
        "Stytch",
        "Stytch docs: session cookies",
        &[Known::new("stytch_session", SESSION), Known::new("stytch_session_jwt", SESSION)],
    ),
    group(
        "AWS Amplify",
        "Amplify docs, CookieStorage: CognitoIdentityServiceProvider.<client>",
        &[Known::new("CognitoIdentityServiceProvider.*", SIGN_IN)],
    ),
    group(
        "oauth2-proxy",
        "oauth2-proxy, pkg/apis/options/cookie.go: cookieDefaults",
        &[Known::new("_oauth2_proxy", SIGN_IN), Known::new("_oauth2_proxy_*", SIGN_IN)],
    ),
    group(
        "mod_auth_openidc",
        "mod_auth_openidc, auth_openidc.conf: OIDCCookie, OIDCStateCookiePrefix",
        &[
            Known::new("mod_auth_openidc_session", SESSION),
            Known::new("mod_auth_openidc_session*", SESSION),
            Known::new("mod_auth_openidc_state_*", SIGN_IN),
        ],
    ),
    group(
        "traefik-forward-auth",
        "traefik-forward-auth README: cookie-name, csrf-cookie-name",
        &[Known::new("_forward_auth", SIGN_IN), Known::new("_forward_auth_csrf*", CSRF)],
    ),
    group(
        "Pomerium",
        "Pomerium docs, \"Cookie settings\": cookie name",
        &[Known::new("_pomerium", SIGN_IN), Known::new("_pomerium*", SIGN_IN)],
    ),
    group(
        "Cloudflare Access",
        "Cloudflare docs, \"Authorization cookie\"",
        &[
            Known::new("CF_Authorization", SIGN_IN),
            Known::new("CF_AppSession", CSRF),
            Known::new("CF_Binding", SIGN_IN),
        ],
    ),
    group(
        "Flask",
        "Flask docs, \"Configuration Handling\": SESSION_COOKIE_NAME; Flask-Login docs: REMEMBER_COOKIE_NAME; Flask-JWT-Extended docs: JWT_ACCESS_COOKIE_NAME",
        &[
            Known::new("remember_token", REMEMBERED),
            Known::new("access_token_cookie", SIGN_IN),
            Known::new("refresh_token_cookie", SIGN_IN),
            Known::new("csrf_access_token", CSRF),
            Known::new("csrf_refresh_token", CSRF),
        ],
    ),
    group(
        "Pyramid",
        "Pyramid docs: AuthTktCookieHelper, default_locale_negotiator",
        &[Known::new("auth_tkt", SIGN_IN), Known::new("_LOCALE_", LANGUAGE)],
    ),
    group(
        "Zope, Plone",
        "Zope: BrowserIdManager; plone.session: cookie_name; Plone: statusmessages, I18N_LANGUAGE",
        &[
            Known::new("_ZopeId", SESSION),
            Known::new("__ac", SIGN_IN),
            Known::new("statusmessages", MESSAGE),
            Known::new("I18N_LANGUAGE", LANGUAGE),
        ],
    ),
    group(
        "Odoo",
        "Odoo, odoo/http.py; addons/http_routing: frontend_lang",
        &[Known::new("session_id", SESSION), Known::new("frontend_lang", LANGUAGE)],
    ),
    group("Tornado", "Tornado docs, \"Authentication and security\": _xsrf", &[Known::new("_xsrf", CSRF)]),
    group(
        "Streamlit",
        "Streamlit, web/server: _streamlit_xsrf, _streamlit_user",
        &[Known::new("_streamlit_xsrf", CSRF), Known::new("_streamlit_user", SIGN_IN)],
    ),
    group("web2py", "web2py, gluon/globals.py: `session_id_<application>`", &[Known::new("session_id_*", SESSION)]),
    group("aiohttp-session", "aiohttp-session docs: cookie_name", &[Known::new("AIOHTTP_SESSION", SESSION)]),
    group(
        "FastAPI Users",
        "FastAPI Users docs, CookieTransport: cookie_name",
        &[Known::new("fastapiusersauth", SIGN_IN)],
    ),
    group(
        "Phoenix",
        "Phoenix, mix phx.new: `_<application>_key` in endpoint.ex; mix phx.gen.auth: `_<application>_web_user_remember_me`",
        &[Known::new("_*_key", SESSION), Known::new("_*_user_remember_me", REMEMBERED)],
    ),
    group("gorilla/csrf", "gorilla/csrf README and csrf.go: cookieName", &[Known::new("_gorilla_csrf", CSRF)]),
    group("nosurf", "nosurf: CookieName", &[Known::new("csrf_token", CSRF)]),
    group(
        "Beego",
        "Beego docs, \"Session\": sessionname",
        &[Known::new("beegosessionID", SESSION), Known::new("gosessionid", SESSION)],
    ),
    group("Fiber", "Fiber docs, csrf: CookieName", &[Known::new("csrf_", CSRF)]),
    group("Gitea", "Gitea docs, config cheat sheet: session COOKIE_NAME", &[Known::new("i_like_gitea", SESSION)]),
    group(
        "Grafana",
        "Grafana docs, configuration: login_cookie_name",
        &[Known::new("grafana_session", SESSION), Known::new("grafana_session_expiry", SESSION)],
    ),
    group(
        "Revel",
        "Revel docs: cookie.prefix",
        &[Known::new("REVEL_SESSION", SESSION), Known::new("REVEL_FLASH", MESSAGE), Known::new("REVEL_LANG", LANGUAGE)],
    ),
    group(
        "tower-sessions, actix-session",
        "tower-sessions 0.15.0, SessionConfig::default, CHANGELOG 0.5.0; actix-session docs: cookie_name",
        &[Known::new("id", SESSION), Known::new("tower.sid", SESSION)],
    ),
    group("axum_csrf", "axum_csrf 0.12.0, CsrfConfig::default", &[Known::new("Csrf_Token", CSRF)]),
    group("tower-surf", "tower-surf 0.3.0, src/surf.rs", &[Known::new("__HOST-csrf_token", CSRF)]),
    group("axum-flash", "axum-flash 0.8.0, COOKIE_NAME in src/lib.rs", &[Known::new("axum-flash", MESSAGE)]),
    group(
        "Actix",
        "actix-identity: default name; actix-web-flash-messages: cookie name",
        &[Known::new("actix-identity", SIGN_IN), Known::new("_flash", MESSAGE)],
    ),
    group(
        "Poem",
        "poem: CookieConfig, Csrf",
        &[Known::new("poem-session", SESSION), Known::new("poem-csrf-token", CSRF)],
    ),
    group(
        "Salvo",
        "salvo: SessionHandler, flash",
        &[Known::new("salvo.session.id", SESSION), Known::new("salvo.flash", MESSAGE)],
    ),
    group(
        "leptos_i18n",
        "leptos_i18n 0.6.2, COOKIE_PREFERED_LANG in src/context.rs",
        &[Known::new("i18n_pref_locale", LANGUAGE)],
    ),
    group("Vapor", "Vapor docs, \"Sessions\": cookieName", &[Known::new("vapor-session", SESSION)]),
    group("Kemal", "kemal-session README: cookie_name", &[Known::new("kemal_sessid", SESSION)]),
    group("Mojolicious", "Mojolicious::Sessions: cookie_name", &[Known::new("mojolicious", SESSION)]),
    group("Dancer", "Dancer2::Core::Role::SessionFactory: cookie_name", &[Known::new("dancer.session", SESSION)]),
    group("CGI::Session", "CGI::Session: name", &[Known::new("CGISESSID", SESSION)]),
    group(
        "ColdFusion",
        "ColdFusion docs, \"Client identifiers\"",
        &[Known::new("CFID", SESSION), Known::new("CFTOKEN", SESSION), Known::new("CFAUTHORIZATION_*", SIGN_IN)],
    ),
    group(
        "Applications of all kinds",
        "what many applications call a cookie of their own, and the Open Cookie Database knows as another domain's: its exact rows",
        &[
            Known::new("auth_token", SIGN_IN),
            Known::new("token", SIGN_IN),
            Known::new("uid", SIGN_IN),
            Known::new("pid", SESSION),
            Known::new("u", SIGN_IN),
            Known::new("c", SESSION),
            Known::new("locale", LANGUAGE),
            Known::new("lang", LANGUAGE),
        ],
    ),
    group(
        "Laravel, Catalyst",
        "Laravel, config/session.php: cookie; Catalyst::Plugin::Session::State::Cookie: cookie_name",
        &[Known::new("*_session", SESSION), Known::new("*-session", SESSION)],
    ),
];

const fn group(framework: &'static str, source: &'static str, names: &'static [Known]) -> Group {
    Group { framework, source, names }
}

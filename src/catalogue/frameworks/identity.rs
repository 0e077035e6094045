//! Sign-in services, and proxies that ask for it.

use super::{CSRF, Group, Known, SESSION, SIGN_IN};

pub(super) static GROUPS: &[Group] = &[
    Group::new(
        "Keycloak",
        "Keycloak, CookieType.java",
        &[Known::new("KEYCLOAK_*", SESSION), Known::new("AUTH_SESSION_ID*", SESSION), Known::new("KC_*", SESSION)],
    ),
    Group::new("Apereo CAS", "CAS docs, \"Ticket-granting cookie\"", &[Known::new("TGC", SIGN_IN)]),
    Group::new(
        "Shibboleth",
        "Shibboleth Service Provider docs, \"Sessions\": cookies",
        &[
            Known::new("_shibsession_*", SESSION),
            Known::new("_shibstate_*", SIGN_IN),
            Known::new("_opensaml_req_*", SIGN_IN),
        ],
    ),
    Group::new(
        "Duende IdentityServer",
        "IdentityServer docs, AuthenticationOptions; IdentityServerConstants",
        &[Known::new("idsrv", SIGN_IN), Known::new("idsrv.*", SIGN_IN)],
    ),
    Group::new(
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
    Group::new(
        "Ory",
        "Ory docs: session cookies, anti-CSRF cookies",
        &[
            Known::new("ory_kratos_session", SESSION),
            Known::new("ory_session_*", SESSION),
            Known::new("csrf_token_*", CSRF),
            Known::new("ory_hydra_*", SIGN_IN),
        ],
    ),
    Group::new("Authelia", "Authelia docs, session: name", &[Known::new("authelia_session", SESSION)]),
    Group::new(
        "authentik",
        "authentik, root/settings.py: SESSION_COOKIE_NAME, CSRF_COOKIE_NAME; proxy outpost",
        &[
            Known::new("authentik_session", SESSION),
            Known::new("authentik_csrf", CSRF),
            Known::new("authentik_*", SESSION),
        ],
    ),
    Group::new("WorkOS AuthKit", "AuthKit README: WORKOS_COOKIE_NAME", &[Known::new("wos-session", SESSION)]),
    Group::new(
        "Stytch",
        "Stytch docs: session cookies",
        &[Known::new("stytch_session", SESSION), Known::new("stytch_session_jwt", SESSION)],
    ),
    Group::new(
        "AWS Amplify",
        "Amplify docs, CookieStorage: CognitoIdentityServiceProvider.<client>",
        &[Known::new("CognitoIdentityServiceProvider.*", SIGN_IN)],
    ),
    Group::new(
        "oauth2-proxy",
        "oauth2-proxy, pkg/apis/options/cookie.go: cookieDefaults",
        &[Known::new("_oauth2_proxy", SIGN_IN), Known::new("_oauth2_proxy_*", SIGN_IN)],
    ),
    Group::new(
        "mod_auth_openidc",
        "mod_auth_openidc, auth_openidc.conf: OIDCCookie, OIDCStateCookiePrefix",
        &[Known::new("mod_auth_openidc_session*", SESSION), Known::new("mod_auth_openidc_state_*", SIGN_IN)],
    ),
    Group::new(
        "traefik-forward-auth",
        "traefik-forward-auth README: cookie-name, csrf-cookie-name",
        &[Known::new("_forward_auth", SIGN_IN), Known::new("_forward_auth_csrf*", CSRF)],
    ),
    Group::new("Pomerium", "Pomerium docs, \"Cookie settings\": cookie name", &[Known::new("_pomerium*", SIGN_IN)]),
    Group::new(
        "Cloudflare Access",
        "Cloudflare docs, \"Authorization cookie\"",
        &[
            Known::new("CF_Authorization", SIGN_IN),
            Known::new("CF_AppSession", CSRF),
            Known::new("CF_Binding", SIGN_IN),
        ],
    ),
];

//! JavaScript.

use super::{CSRF, Group, Known, LANGUAGE, REMEMBERED, SESSION, SIGN_IN};

pub(super) static GROUPS: &[Group] = &[
    Group::new("Express", "express-session README: name", &[Known::new("connect.sid", SESSION)]),
    Group::new(
        "cookie-session",
        "cookie-session README: name, keys",
        &[
            Known::new("session", SESSION),
            Known::new("session.sig", SESSION),
            Known::new("express:sess", SESSION),
            Known::new("express:sess.sig", SESSION),
        ],
    ),
    Group::new("csurf", "csurf README: cookie.key", &[Known::new("_csrf", CSRF)]),
    Group::new("csrf-csrf", "csrf-csrf README: cookieName", &[Known::new("psifi.x-csrf-token", CSRF)]),
    Group::new(
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
    Group::new("Fastify", "@fastify/session README: cookieName", &[Known::new("sessionId", SESSION)]),
    Group::new(
        "hapi",
        "@hapi/cookie API: cookie.name; @hapi/crumb API: key; @hapi/yar API: name",
        &[Known::new("sid", SESSION), Known::new("crumb", CSRF)],
    ),
    Group::new("Sails", "Sails docs, sails.config.session: name", &[Known::new("sails.sid", SESSION)]),
    Group::new(
        "AdonisJS",
        "AdonisJS, config/session.ts: cookieName; auth: remember_<guard>",
        &[Known::new("adonis-session*", SESSION), Known::new("remember_web", REMEMBERED)],
    ),
    Group::new(
        "Next.js",
        "Next.js docs, \"Internationalization\", \"Draft Mode\"",
        &[
            Known::new("NEXT_LOCALE", LANGUAGE),
            Known::new("__prerender_bypass", SESSION),
            Known::new("__next_preview_data", SESSION),
        ],
    ),
    Group::new(
        "Auth.js (NextAuth.js)",
        "Auth.js, packages/core/src/lib/utils/cookie.ts: defaultCookies",
        &[Known::new("next-auth.*", SIGN_IN), Known::new("authjs.*", SIGN_IN)],
    ),
    Group::new("Better Auth", "Better Auth docs, \"Cookies\"", &[Known::new("better-auth.*", SIGN_IN)]),
    Group::new(
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
    Group::new("i18next", "i18next-browser-languageDetector README: lookupCookie", &[Known::new("i18next", LANGUAGE)]),
    Group::new("Paraglide", "Paraglide JS docs, \"Strategy\": cookieName", &[Known::new("PARAGLIDE_LOCALE", LANGUAGE)]),
    Group::new(
        "Remix, Firebase Hosting",
        "Remix docs, \"Sessions\"; Firebase docs, \"Manage cache behavior\": __session",
        &[Known::new("__session", SESSION)],
    ),
    Group::new("Lucia", "Lucia docs: sessionCookie.name", &[Known::new("auth_session", SIGN_IN)]),
    Group::new(
        "Supabase",
        "@supabase/ssr: `sb-<project>-auth-token`, in parts and with a code verifier; auth-helpers: sb-access-token",
        &[
            Known::new("sb-access-token", SIGN_IN),
            Known::new("sb-refresh-token", SIGN_IN),
            Known::new("sb-*-auth-token*", SIGN_IN),
        ],
    ),
    Group::new(
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
];

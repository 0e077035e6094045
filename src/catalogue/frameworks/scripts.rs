//! Python, Ruby, PHP, Perl and what is built with them.

use super::{APPEARANCE, CSRF, Group, Known, LANGUAGE, MESSAGE, REMEMBERED, SESSION, SIGN_IN};

pub(super) static GROUPS: &[Group] = &[
    Group::new(
        "Django",
        "Django docs, \"Settings\": SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME; contrib/messages/storage/cookie.py",
        &[
            Known::new("sessionid", SESSION),
            Known::new("csrftoken", CSRF),
            Known::new("django_language", LANGUAGE),
            Known::new("messages", MESSAGE),
        ],
    ),
    Group::new(
        "Rails",
        "Rails guides, \"Configuring Rails Applications\": config.session_store (`_<application>_session`); `_session_id` before that",
        &[Known::new("_session_id", SESSION), Known::new("_rails_session", SESSION), Known::new("_*_session", SESSION)],
    ),
    Group::new(
        "Devise",
        "Devise, lib/devise/models/rememberable.rb: `remember_<scope>_token`",
        &[Known::new("remember_user_token", REMEMBERED), Known::new("remember_*_token", REMEMBERED)],
    ),
    Group::new(
        "Rack",
        "Rack, lib/rack/session/abstract/id.rb: DEFAULT_OPTIONS",
        &[Known::new("rack.session", SESSION)],
    ),
    Group::new(
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
    Group::new(
        "PHP",
        "PHP manual, \"Sessions: Runtime Configuration\": session.name",
        &[Known::new("PHPSESSID", SESSION)],
    ),
    Group::new(
        "Symfony",
        "Symfony docs, \"How to Add Remember Me Login Functionality\": name; \"Stateless CSRF Tokens\": cookie_name",
        &[Known::new("REMEMBERME", REMEMBERED), Known::new("csrf-token", CSRF), Known::new("csrf-token_*", CSRF)],
    ),
    Group::new(
        "CakePHP",
        "CakePHP book, \"Sessions\", \"Cross Site Request Forgery (CSRF) Middleware\": cookieName; Authentication plugin: CookieAuth",
        &[Known::new("CAKEPHP", SESSION), Known::new("csrfToken", CSRF), Known::new("CookieAuth", REMEMBERED)],
    ),
    Group::new(
        "CodeIgniter",
        "CodeIgniter, app/Config/Session.php: cookieName; app/Config/Security.php: cookieName",
        &[Known::new("ci_session", SESSION), Known::new("csrf_cookie_name", CSRF)],
    ),
    Group::new(
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
    Group::new(
        "Nette",
        "Nette, Http/Helpers.php: StrictCookieName",
        &[Known::new("_nss", CSRF), Known::new("nette-samesite", CSRF)],
    ),
    Group::new(
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
    Group::new(
        "WooCommerce",
        "WooCommerce docs, \"WooCommerce Cookies\"",
        &[
            Known::new("wp_woocommerce_session_*", SESSION),
            Known::new("woocommerce_cart_hash", SESSION),
            Known::new("woocommerce_items_in_cart", SESSION),
        ],
    ),
    Group::new(
        "Drupal",
        "Drupal, core/lib/Drupal/Core/Session/SessionConfiguration.php: getName",
        &[Known::new("SESS*", SESSION), Known::new("SSESS*", SESSION)],
    ),
    Group::new(
        "Joomla",
        "Joomla, plugins/authentication/cookie: `joomla_remember_me_`; libraries/src/Application: joomla_user_state",
        &[Known::new("joomla_remember_me_*", REMEMBERED), Known::new("joomla_user_state", SIGN_IN)],
    ),
    Group::new(
        "TYPO3",
        "TYPO3 docs, $TYPO3_CONF_VARS: FE.cookieName, BE.cookieName",
        &[
            Known::new("fe_typo_user", SESSION),
            Known::new("be_typo_user", SESSION),
            Known::new("be_lastLoginProvider", SIGN_IN),
        ],
    ),
    Group::new(
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
    Group::new("PrestaShop", "PrestaShop, classes/Cookie.php", &[Known::new("PrestaShop-*", SESSION)]),
    Group::new(
        "Shopware",
        "Shopware docs, \"HTTP cache\"; Storefront session name",
        &[
            Known::new("session-", SESSION),
            Known::new("sw-states", SESSION),
            Known::new("sw-context-token", SESSION),
            Known::new("sw-cache-hash", SESSION),
        ],
    ),
    Group::new("OpenCart", "OpenCart, system/config/default.php: session_name", &[Known::new("OCSESSID", SESSION)]),
    Group::new(
        "Craft CMS",
        "Craft docs, \"Cookies\"",
        &[Known::new("CraftSessionId", SESSION), Known::new("CRAFT_CSRF_TOKEN", CSRF)],
    ),
    Group::new(
        "phpMyAdmin",
        "phpMyAdmin docs, FAQ on cookies",
        &[Known::new("phpMyAdmin", SESSION), Known::new("pmaUser-*", SIGN_IN), Known::new("pmaAuth-*", SIGN_IN)],
    ),
    Group::new(
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
    Group::new(
        "Pyramid",
        "Pyramid docs: AuthTktCookieHelper, default_locale_negotiator",
        &[Known::new("auth_tkt", SIGN_IN), Known::new("_LOCALE_", LANGUAGE)],
    ),
    Group::new(
        "Zope, Plone",
        "Zope: BrowserIdManager; plone.session: cookie_name; Plone: statusmessages, I18N_LANGUAGE",
        &[
            Known::new("_ZopeId", SESSION),
            Known::new("__ac", SIGN_IN),
            Known::new("statusmessages", MESSAGE),
            Known::new("I18N_LANGUAGE", LANGUAGE),
        ],
    ),
    Group::new(
        "Odoo",
        "Odoo, odoo/http.py; addons/http_routing: frontend_lang",
        &[Known::new("session_id", SESSION), Known::new("frontend_lang", LANGUAGE)],
    ),
    Group::new("Tornado", "Tornado docs, \"Authentication and security\": _xsrf", &[Known::new("_xsrf", CSRF)]),
    Group::new(
        "Streamlit",
        "Streamlit, web/server: _streamlit_xsrf, _streamlit_user",
        &[Known::new("_streamlit_xsrf", CSRF), Known::new("_streamlit_user", SIGN_IN)],
    ),
    Group::new(
        "web2py",
        "web2py, gluon/globals.py: `session_id_<application>`",
        &[Known::new("session_id_*", SESSION)],
    ),
    Group::new("aiohttp-session", "aiohttp-session docs: cookie_name", &[Known::new("AIOHTTP_SESSION", SESSION)]),
    Group::new(
        "FastAPI Users",
        "FastAPI Users docs, CookieTransport: cookie_name",
        &[Known::new("fastapiusersauth", SIGN_IN)],
    ),
    Group::new("Mojolicious", "Mojolicious::Sessions: cookie_name", &[Known::new("mojolicious", SESSION)]),
    Group::new("Dancer", "Dancer2::Core::Role::SessionFactory: cookie_name", &[Known::new("dancer.session", SESSION)]),
    Group::new("CGI::Session", "CGI::Session: name", &[Known::new("CGISESSID", SESSION)]),
];

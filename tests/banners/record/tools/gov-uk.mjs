import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// The functions are part of a Ruby gem (alphagov/govuk_publishing_components, lib/cookie-functions.js): JSON.stringify of
// the four answers in this order, written without any escaping; and a second cookie by the banner's and the page's buttons.
const policy = (settings, usage, campaigns, more = {}) => JSON.stringify({ essential: true, settings, usage, campaigns, ...more });
const SET = 'cookies_preferences_set=true';

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const value = text => `cookies_policy=${text}`;
    const with_ = text => `${value(text)}; ${SET}`;
    return {
        banner: 'gov-uk', tool: 'govuk_publishing_components (cookie functions)', version: 'commit c451fbe9', status: 'source',
        source: 'alphagov/govuk_publishing_components#app/assets/javascripts/govuk_publishing_components/lib/cookie-functions.js and components/cookie-banner.js; forms of other services: code search for cookies_preferences_set=true',
        cookies: [{ name: 'cookies_policy', prefix: false, attributes: 'path=/; expires=<365 days>; Secure on https' },
            { name: 'cookies_preferences_set', prefix: false, attributes: 'path=/; expires=<365 days>; Secure on https' },
            { name: 'seen_cookie_message', prefix: false, attributes: 'path=/; expires=<28 days>; older versions' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('page loaded, nothing clicked: the defaults', value(policy(false, false, false)), {}, none()),
            seen('page loaded, nothing clicked: the defaults of older versions', value(policy(true, true, true)), {}, none()),
            seen('accepted', with_(policy(true, true, true)), {}, decided(three, [])),
            seen('rejected', with_(policy(false, false, false)), {}, decided([], three)),
            seen('mixed, on the cookie page', with_(policy(true, true, false)), {}, decided(['functional', 'analytics'], ['marketing'])),
            seen('changed', with_(policy(false, false, true)), {}, decided(['marketing'], ['functional', 'analytics'])),
            seen('the other order of the cookies', `${SET}; ${value(policy(false, true, false))}`, {}, decided(['analytics'], ['functional', 'marketing'])),
            seen('a sister service: percent-encoded', with_(encodeURIComponent(policy(false, true, false))), {}, decided(['analytics'], ['functional', 'marketing'])),
            seen('a sister service: base64, with a time', with_(Buffer.from(policy(true, true, false, { timestamp: 1759290394 })).toString('base64')), {}, decided(['functional', 'analytics'], ['marketing'])),
            seen('a sister service: other names, mapped', with_(encodeURIComponent('{"essential":true,"usage":false,"preferences":true}')), { categories: { functional: ['preferences'], analytics: ['usage'], marketing: ['campaigns'] } },
                decided(['functional'], ['analytics'])),
            seen('a category that the service does not have', with_('{"essential":true,"settings":true,"usage":true}'), {}, decided(['functional', 'analytics'], [])),
            seen('a category for services', with_(policy(true, true, false)), { services: { matomo: ['usage'], youtube: ['campaigns', 'settings'] } }, decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'])),
            seen('only the mark', SET, {}, none()),
            byHand('the mark is not true', `${value(policy(true, true, true))}; cookies_preferences_set=false`, {}, none()),
            byHand('the mark within another name', `${value(policy(true, true, true))}; x_cookies_preferences_set=true`, {}, none()),
            byHand('an answer that is none', with_('{"essential":true,"settings":"true","usage":1,"campaigns":null}'), {}, malformed()),
            byHand('a plain word', with_('accept'), {}, malformed()),
            byHand('cut short', with_('{"essential":true,"settings":tr'), {}, malformed()),
            byHand('a list', with_('["usage"]'), {}, malformed()),
            byHand('empty', with_(''), {}, malformed()),
            byHand('too long', with_(policy(true, true, true, { x: 'a'.repeat(LONG) })), {}, malformed()),
        ],
    };
}

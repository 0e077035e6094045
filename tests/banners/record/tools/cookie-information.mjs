import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// A hosted service: values as they stand in recordings of requests in public code, with other ids, hosts and times.
const TIME = '2026-02-11T21:53:14.188Z';
const AT = '2026-02-11T21:53:14Z';
const KEYS = ['necessary', 'functional', 'statistic', 'marketing', 'unclassified'].map(name => `cookie_cat_${name}`);
const value = (on, { time = TIME, keys = KEYS, agent = 'Mozilla/5.0 (X11; Linux x86_64)' } = {}) => {
    const is = key => key === KEYS[0] || on.includes(key.slice('cookie_cat_'.length));
    return `CookieInformationConsent=${encodeURIComponent(JSON.stringify({ website_uuid: '40b8f6d1-2c7e-4a93-b5d0-8e1f3c6a7d29', timestamp: time, consent_url: 'https://www.shop.test/a?b=1', consent_website: 'shop.test', consent_domain: 'www.shop.test',
        user_uid: 'a6d1c0f2-94e7-4b3a-8d5c-7f20e9b16c48', consents_approved: keys.filter(is), consents_denied: keys.filter(key => !is(key)), user_agent: agent }))}`;
};

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    return {
        banner: 'cookie-information', tool: 'Cookie Information', version: '2021 to 2026', status: 'observed',
        source: 'Cookie headers in public code (code search for CookieInformationConsent=%7B), ids, hosts and times made up',
        cookies: [{ name: 'CookieInformationConsent', prefix: false, attributes: 'Path=/; SameSite=Lax; Secure on https; 365 days; host-only, or Domain=.<root> where subdomains share it' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('everything accepted', value(['functional', 'statistic', 'marketing', 'unclassified']), {}, decided(three, [], AT)),
            seen('everything rejected', value([]), {}, decided([], three, AT)),
            seen('mixed', value(['functional', 'statistic']), {}, decided(['functional', 'analytics'], ['marketing'], AT)),
            seen('changed', value(['marketing'], { time: '2026-03-01T08:00:00.000Z' }), {}, decided(['marketing'], ['functional', 'analytics'], '2026-03-01T08:00:00Z')),
            seen('a category that the site does not have', value(['statistic'], { keys: KEYS.filter(key => !key.endsWith('functional')) }), {}, decided(['analytics'], ['marketing'], AT)),
            seen('its keys mapped otherwise, services', value(['functional', 'statistic', 'marketing']), { categories: { functional: ['cookie_cat_functional'], analytics: ['cookie_cat_statistic'], marketing: ['cookie_cat_marketing', 'cookie_cat_unclassified'] }, services: { matomo: ['cookie_cat_statistic'], youtube: ['cookie_cat_unclassified'] } },
                decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'], AT)),
            byHand('approved and denied at once', `CookieInformationConsent=${encodeURIComponent(JSON.stringify({ timestamp: TIME, consents_approved: ['cookie_cat_marketing'], consents_denied: ['cookie_cat_marketing'] }))}`, {}, decided([], ['marketing'], AT)),
            byHand('lists that are none', `CookieInformationConsent=${encodeURIComponent(JSON.stringify({ timestamp: TIME, consents_approved: 'cookie_cat_marketing', consents_denied: [] }))}`, {}, malformed()),
            byHand('a time that is none', value([], { time: 'now' }), {}, malformed()),
            byHand('a plain word', 'CookieInformationConsent=true', {}, malformed()),
            byHand('another tool\'s JSON', 'CookieInformationConsent=%7B%22analytics%22%3Atrue%7D', {}, malformed()),
            byHand('cut short', value([]).slice(0, -9), {}, malformed()),
            byHand('empty', 'CookieInformationConsent=', {}, malformed()),
            byHand('too long', value([], { agent: 'a'.repeat(LONG) }), {}, malformed()),
        ],
    };
}

import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// A hosted service: values as they stand in recordings of requests in public code, with other ids and times.
const KEY = '7d04e2b9-61fa-4c3d-9b58-a2c7f0e1d846';
const json = fields => JSON.stringify(fields);
const value = (action, categories, more = {}) => `CookieScriptConsent=${json({ ...more, action, categories: JSON.stringify(categories), key: KEY })}`;

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const all = ['targeting', 'functionality', 'performance'];
    const time = { bannershown: 1, consenttime: 1718103120 };
    const AT = '2024-06-11T10:52:00Z';
    const timed = (action, categories) => `CookieScriptConsent=${json({ bannershown: 1, action, consenttime: 1718103120, categories: JSON.stringify(categories), key: KEY })}`;
    const googleMap = { googleconsentmap: { ad_storage: 'targeting', analytics_storage: 'performance', ad_user_data: 'targeting', ad_personalization: 'targeting', functionality_storage: 'functionality', personalization_storage: 'functionality', security_storage: 'functionality' } };
    return {
        banner: 'cookiescript', tool: 'CookieScript', version: '2021 to 2026', status: 'observed',
        source: 'Cookie headers in public code (code search for CookieScriptConsent={), ids and times made up',
        cookies: [{ name: 'CookieScriptConsent', prefix: false, attributes: 'Path=/; Domain=.<host> or .<root>; SameSite=Lax or None; Secure on https; 30 to 365 days by the site' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('the banner was shown, nothing clicked', 'CookieScriptConsent={"bannershown":1}', {}, none()),
            seen('everything accepted', timed('accept', all), {}, decided(three, [], AT)),
            seen('everything accepted, without a time', value('accept', all), {}, decided(three, [])),
            seen('everything rejected', timed('reject', []), {}, decided([], three, AT)),
            seen('everything rejected, the oldest form', 'CookieScriptConsent={"action":"reject","categories":"[]"}', {}, decided([], three)),
            seen('mixed: refusals are left out', value('accept', ['performance']), {}, decided(['analytics'], ['functional', 'marketing'])),
            seen('mixed', value('accept', ['performance', 'targeting']), {}, decided(['analytics', 'marketing'], ['functional'])),
            seen('with the map for Google', `CookieScriptConsent=${json({ ...googleMap, bannershown: 1, action: 'accept', consenttime: 1718103120, categories: '["functionality"]', key: KEY })}`, {}, decided(['functional'], ['analytics', 'marketing'], AT)),
            seen('percent-encoded', `CookieScriptConsent=${encodeURIComponent(json({ action: 'accept', categories: '["targeting","functionality"]' }))}`, {}, decided(['functional', 'marketing'], ['analytics'])),
            seen('its keys mapped otherwise, services', value('accept', ['performance', 'unclassified']), { categories: { functional: ['functionality'], analytics: ['performance'], marketing: ['targeting', 'unclassified'] }, services: { matomo: ['performance'], youtube: ['targeting'] } },
                decided(['analytics', '@matomo'], ['functional', 'marketing', '@youtube'])),
            byHand('rejected, but categories are listed', value('reject', all), {}, decided([], three)),
            byHand('categories as a real list', `CookieScriptConsent=${json({ action: 'accept', categories: ['performance'] })}`, {}, malformed()),
            byHand('an action that is none', value('maybe', all), {}, malformed()),
            byHand('a plain word', 'CookieScriptConsent=accept', {}, malformed()),
            byHand('cut short', value('accept', all).slice(0, -9), {}, malformed()),
            byHand('empty', 'CookieScriptConsent=', {}, malformed()),
            byHand('too long', value('accept', all, { ...time, x: 'a'.repeat(LONG) }), {}, malformed()),
        ],
    };
}

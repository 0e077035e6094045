import { LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// A hosted service: values as they stand in recordings of requests in public code, with other ids and times.
const VERSION = '9a1f0c3e-52d7-4b8e-8c66-2f7d1e0b9a54';
const SECONDS = 1738597020;
const AT = '2025-02-03T15:37:00Z';
const value = (p, f, a, { timestamp = SECONDS, more = {} } = {}) => `cookiefirst-consent=${encodeURIComponent(JSON.stringify({ necessary: true, performance: p, functional: f, advertising: a, timestamp, type: 'category', version: VERSION, ...more }))}`;

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    return {
        banner: 'cookiefirst', tool: 'CookieFirst', version: '2022 to 2025', status: 'observed',
        source: 'Cookie headers in public code (code search for cookiefirst-consent=%7B), ids and times made up',
        cookies: [{ name: 'cookiefirst-consent', prefix: false, attributes: 'Path=/; Domain=<host> or .<root>; SameSite=Lax or None; Secure; 365 days' },
            { name: 'cookiefirst-id', prefix: false, attributes: 'as cookiefirst-consent' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('everything accepted', value(true, true, true), {}, decided(three, [], AT)),
            seen('everything rejected', value(false, false, false), {}, decided([], three, AT)),
            seen('mixed', value(true, false, false), {}, decided(['analytics'], ['functional', 'marketing'], AT)),
            seen('changed', value(false, true, true, { timestamp: SECONDS + 86400 }), {}, decided(['functional', 'marketing'], ['analytics'], '2025-02-04T15:37:00Z')),
            seen('its keys mapped otherwise, services', value(true, false, true), { categories: { functional: ['functional'], analytics: ['performance'], marketing: ['advertising', 'functional'] }, services: { matomo: ['performance'], youtube: ['advertising'] } },
                decided(['analytics', '@matomo', '@youtube'], ['functional', 'marketing'], AT)),
            seen('the version that counts', value(true, true, true), { revision: VERSION }, decided(three, [], AT)),
            seen('another version', value(true, true, true), { revision: '00000000-52d7-4b8e-8c66-2f7d1e0b9a54' }, outdated(AT)),
            byHand('an answer that is none', value('yes', true, 1), {}, malformed()),
            byHand('a time that is none', value(true, true, true, { timestamp: 'now' }), {}, malformed()),
            byHand('a plain word', 'cookiefirst-consent=true', {}, malformed()),
            byHand('cut short', value(true, true, true).slice(0, -9), {}, malformed()),
            byHand('empty', 'cookiefirst-consent=', {}, malformed()),
            byHand('too long', value(true, true, true, { more: { x: 'a'.repeat(LONG) } }), {}, malformed()),
        ],
    };
}

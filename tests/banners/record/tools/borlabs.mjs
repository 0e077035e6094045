import { LONG, after, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// A commercial WordPress plugin: values as they stand in recordings of requests in public code, with other ids and hosts.
const json = (consents, { version = '1', v3 = false, expires = 'Sat, 21 Nov 2037 09:54:17 GMT', uid = 'anonymous', more = {} } = {}) =>
    JSON.stringify({ consents, domainPath: 'www.shop.test/', expires, uid, ...(v3 ? { v3: true } : {}), version: v3 ? Number(version) : version, ...more });
const value = (consents, options) => `borlabs-cookie=${encodeURIComponent(json(consents, options))}`;

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const essential = ['borlabs-cookie', 'wpml'];
    const media = ['facebook', 'googlemaps', 'instagram', 'openstreetmap', 'twitter', 'vimeo', 'youtube'];
    const all = { essential, statistics: ['google-analytics', 'matomo'], marketing: ['google-adsense', 'facebook-pixel'], 'external-media': media };
    return {
        banner: 'borlabs', tool: 'Borlabs Cookie (WordPress)', version: '2.x, 3.x', status: 'observed',
        source: 'Cookie headers in public code (code search for borlabs-cookie=%7B%22consents), ids and hosts made up',
        cookies: [{ name: 'borlabs-cookie', prefix: false, attributes: 'Path=<domainPath\'s path>; Domain as the site set it; SameSite=Lax; Secure on https; lifetime of the site, in the value\'s expires' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('everything accepted', value(all), {}, decided(three, [])),
            seen('everything accepted, version 3 of the tool', value(all, { v3: true }), {}, decided(three, [])),
            seen('only what is essential: refused groups are left out', value({ essential }), {}, decided([], three)),
            seen('only what is essential, with an id', value({ essential: ['borlabs-cookie', 'phpsessid'] }, { version: '11', uid: 'q7mz2k4c-8rv1xw0n-5hd9tb3y-e6pj8sua' }), {}, decided([], three)),
            seen('media only', value({ essential, 'external-media': media }), {}, decided(['functional'], ['analytics', 'marketing'])),
            seen('statistics and marketing', value({ essential, statistics: ['matomo'], marketing: ['facebook-pixel'] }), {}, decided(['analytics', 'marketing'], ['functional'])),
            seen('services within groups', value({ essential, statistics: ['google-analytics'], 'external-media': ['youtube'] }), { services: { matomo: ['statistics/matomo'], youtube: ['external-media/youtube'] } },
                decided(['functional', 'analytics', '@youtube'], ['marketing', '@matomo'])),
            seen('media counted as marketing', value({ essential, marketing: ['facebook-pixel'] }), { categories: { functional: ['external-media'], analytics: ['statistics'], marketing: ['marketing', 'external-media'] } }, decided([], three)),
            seen('the version that counts', value(all, { version: '2' }), { revision: '2' }, decided(three, [])),
            seen('an older version', value(all, { version: '2' }), { revision: '3' }, outdated()),
            seen('an older version, a number', value(all, { version: '2', v3: true }), { revision: '3' }, outdated()),
            seen('the version that counts, a number', value(all, { version: '3', v3: true }), { revision: '3' }, decided(three, [])),
            byHand('its own end has passed', value(all, { expires: 'Sun, 21 Dec 2025 09:54:17 GMT' }), {}, after('2025-12-22T00:00:00Z')),
            byHand('a group that is accepted without services', value({ essential, statistics: [] }), {}, decided([], three)),
            byHand('nothing at all', 'borlabs-cookie=%7B%7D', {}, malformed()),
            byHand('consents as a list', value(['statistics']), {}, malformed()),
            byHand('a plain word', 'borlabs-cookie=all', {}, malformed()),
            byHand('cut short', value(all).slice(0, -9), {}, malformed()),
            byHand('empty', 'borlabs-cookie=', {}, malformed()),
            byHand('too long', value(all, { more: { x: 'a'.repeat(LONG) } }), {}, malformed()),
        ],
    };
}

import { LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// A hosted service: values as they stand in recordings of requests in public code, with other ids and times.
const DATE = '2024-12-20T18:55:15.412Z';
const AT = '2024-12-20T18:55:15Z';
const ID = '5fc66899f818424c2a689c82';
/** js-cookie leaves braces, colons and dollars as they are. */
const escaped = text => encodeURIComponent(text).replace(/%(2[346BF]|3[AC-F]|40|5[BDE]|60|7[BCD])/g, decodeURIComponent);
const json = (vendors, { completed = true, version = { name: 'shop-fr', identifier: ID }, date = DATE } = {}) => JSON.stringify({ '$$token': 'q3v8xk1m5ztr0c7h2w9bnd', '$$date': date, ...(version === null ? {} : { '$$cookiesVersion': version }), ...vendors, '$$completed': completed });
const list = vendors => { const on = Object.entries(vendors).filter(([, on]) => on).map(([name]) => name); return encodeURIComponent(`,${on.join(',')},`); };
const value = (vendors, options) => `axeptio_cookies=${escaped(json(vendors, options))}; axeptio_authorized_vendors=${list(vendors)}; axeptio_all_vendors=${encodeURIComponent(`,${Object.keys(vendors).join(',')},`)}`;

export default async function () {
    const map = { categories: { functional: ['gmaps'], analytics: ['google_analytics', 'matomo'], marketing: ['facebook_pixel', 'Google_Ads'] }, services: { matomo: ['matomo'], youtube: ['youtube'] } };
    const names = ['gmaps', 'google_analytics', 'matomo', 'facebook_pixel', 'Google_Ads', 'youtube'];
    const of = (...on) => Object.fromEntries(names.map(name => [name, on.includes(name)]));
    const three = ['functional', 'analytics', 'marketing'];
    const five = [...three, '@matomo', '@youtube'];
    return {
        banner: 'axeptio', tool: 'Axeptio', version: '2021 to 2026', status: 'observed',
        source: 'Cookie headers in public code (code search for axeptio_cookies={), ids and times made up',
        cookies: [{ name: 'axeptio_cookies', prefix: false, attributes: 'Domain=<the site\'s userCookiesDomain> or host-only; Path=/; SameSite=Lax or None; Secure; 190 days' },
            { name: 'axeptio_authorized_vendors', prefix: false, attributes: 'as axeptio_cookies' },
            { name: 'axeptio_all_vendors', prefix: false, attributes: 'as axeptio_cookies' }],
        cases: [
            seen('no cookie', '', map, none()),
            seen('page loaded, nothing clicked', value({}, { completed: false, version: {} }), map, none()),
            seen('page loaded, nothing clicked, older form', value({}, { completed: false, version: null }), map, none()),
            seen('everything accepted', value(of(...names)), map, decided(five, [], AT)),
            seen('everything accepted, older form', value(of(...names), { version: null }), map, decided(five, [], AT)),
            seen('everything rejected', value(of()), map, decided([], five, AT)),
            seen('mixed: one of two vendors of marketing', value(of('gmaps', 'google_analytics', 'matomo', 'facebook_pixel')), map, decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'], AT)),
            seen('changed', value(of('youtube', 'facebook_pixel', 'Google_Ads'), { date: '2025-01-05T09:00:00.000Z' }), map, decided(['marketing', '@youtube'], ['functional', 'analytics', '@matomo'], '2025-01-05T09:00:00Z')),
            seen('a vendor that was not asked for', value({ gmaps: true, google_analytics: true }), map, decided(['functional'], [], AT)),
            seen('not escaped', `axeptio_cookies=${json(of('gmaps'))}`, map, decided(['functional'], ['analytics', 'marketing', '@matomo', '@youtube'], AT)),
            seen('the configuration that counts', value(of(...names)), { ...map, revision: ID }, decided(five, [], AT)),
            seen('another configuration', value(of(...names)), { ...map, revision: '645cb096c665b447c8563f27' }, outdated(AT)),
            byHand('begun, not completed', value(of(...names), { completed: false }), map, none()),
            byHand('an answer that is none', value({ gmaps: 'yes', matomo: 1 }), map, malformed()),
            byHand('completed that is no answer', value(of(...names), { completed: 'true' }), map, malformed()),
            byHand('a time that is none', value(of(...names), { date: 'now' }), map, malformed()),
            byHand('only the list of vendors', 'axeptio_authorized_vendors=%2Cmatomo%2C; axeptio_all_vendors=%2Cmatomo%2C', map, none()),
            byHand('a plain word', 'axeptio_cookies=true', map, malformed()),
            byHand('cut short', `axeptio_cookies=${escaped(json(of(...names))).slice(0, -9)}`, map, malformed()),
            byHand('empty', 'axeptio_cookies=', map, malformed()),
            byHand('too long', `axeptio_cookies=${escaped(json({ ...of(...names), ['x'.repeat(LONG)]: true }))}`, map, malformed()),
        ],
    };
}

import { LONG, after, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// A licensed service: values as they stand in recordings of requests in public code, with other ids and times.
const MILLIS = 1725030992628;
const AT = '2024-08-30T15:16:32Z';
const value = (optional, { interacted = true, statement = { shown: true, updated: '17/01/2022' }, date = MILLIS, expiry = 90, more = {} } = {}) =>
    `CookieControl=${JSON.stringify({ necessaryCookies: ['CookieControl', 'PHPSESSID', '_gac_*'], optionalCookies: optional, ...more, statement, consentDate: date, consentExpiry: expiry, interactedWith: interacted, user: '3F0A61C8-7B2D-4E95-A1D4-9C58E7B20F63' })}`;

export default async function () {
    const map = { categories: { functional: ['preferences'], analytics: ['analytics'], marketing: ['Marketing'] }, services: { matomo: ['analytics'], youtube: ['Marketing', 'preferences'] } };
    const three = ['functional', 'analytics', 'marketing'];
    const five = [...three, '@matomo', '@youtube'];
    const of = (p, a, m) => Object.fromEntries([['preferences', p], ['analytics', a], ['Marketing', m]].filter(([, on]) => on !== undefined).map(([name, on]) => [name, on === true ? 'accepted' : on === false ? 'revoked' : on]));
    return {
        banner: 'civic-cookie-control', tool: 'Civic Cookie Control', version: '8, 9', status: 'observed',
        source: 'Cookie headers in public code (code search for CookieControl={"), ids and times made up',
        cookies: [{ name: 'CookieControl', prefix: false, attributes: 'Path=/; SameSite=Lax (or Strict, by an option); Secure on https; 90 days (consentCookieExpiry); host-only, or Domain=.<root> where subdomains share it' },
            { name: 'CookieControlTC', prefix: false, attributes: 'as CookieControl; where TCF is on' }],
        cases: [
            seen('no cookie', '', map, none()),
            seen('page loaded, nothing clicked', value({}, { interacted: false }), map, none()),
            seen('page loaded, nothing clicked: legitimate interest', value({ performance: 'legitimate interest', analytics: 'legitimate interest' }, { interacted: false, more: { initialState: { type: 'notify' } } }), map, none()),
            seen('everything accepted', value(of(true, true, true)), map, decided(five, [], AT)),
            seen('everything rejected', value(of(false, false, false)), map, decided([], five, AT)),
            seen('mixed', value(of(false, true, true)), map, decided(['analytics', 'marketing', '@matomo'], ['functional', '@youtube'], AT)),
            seen('changed', value(of(true, false, false), { date: MILLIS + 86400000 }), map, decided(['functional'], ['analytics', 'marketing', '@matomo', '@youtube'], '2024-08-31T15:16:32Z')),
            seen('closed without an answer', value({}, { statement: {} }), map, none()),
            seen('one answered', value(of(undefined, true, undefined)), map, decided(['analytics', '@matomo'], [], AT)),
            seen('a legitimate interest is no consent', value(of('legitimate interest', true, false)), map, decided(['analytics', '@matomo'], ['marketing', '@youtube'], AT)),
            seen('another order of the fields', `CookieControl={"consentDate":${MILLIS},"interactedWith":true,"necessaryCookies":["_gid"],"consentExpiry":90,"optionalCookies":{"analytics":"accepted","Marketing":"revoked"}}`, map, decided(['analytics', '@matomo'], ['marketing', '@youtube'], AT)),
            seen('the statement that counts', value(of(true, true, true)), { ...map, revision: '17/01/2022' }, decided(five, [], AT)),
            seen('an older statement', value(of(true, true, true)), { ...map, revision: '01/06/2024' }, outdated(AT)),
            byHand('its own end has passed', value(of(true, true, true)), map, after('2024-12-01T00:00:00Z')),
            byHand('percent-encoded', `CookieControl=${encodeURIComponent(value(of(true, true, true)).slice('CookieControl='.length))}`, map, decided(five, [], AT)),
            byHand('an answer that is none', value(of('yes', true, true)), map, malformed()),
            byHand('interactedWith that is no answer', value(of(true, true, true), { interacted: 'true' }), map, malformed()),
            byHand('a time that is none', value(of(true, true, true), { date: 'now' }), map, malformed()),
            byHand('a plain word', 'CookieControl=accepted', map, malformed()),
            byHand('cut short', value(of(true, true, true)).slice(0, -9), map, malformed()),
            byHand('empty', 'CookieControl=', map, malformed()),
            byHand('too long', value(of(true, true, true), { more: { iabConsent: 'C'.repeat(LONG) } }), map, malformed()),
        ],
    };
}

import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// fides.js comes with a server: values by its source (clients/fides-js/src/lib/cookie.ts, consent-types.ts) and as they
// stand in recordings in public code, with other ids and times.
const CREATED = '2025-09-12T19:54:45.683Z';
const UPDATED = '2025-09-12T19:54:47.236Z';
const AT = '2025-09-12T19:54:47Z';
const json = (consent, method, { updated = UPDATED, string, meta = {} } = {}) => JSON.stringify({ consent, identity: { fides_user_device_id: '5c1e7a40-93d2-4f68-b1aa-0e2d7c9f4b36' },
    fides_meta: { version: '0.9.0', createdAt: CREATED, updatedAt: updated, ...(method === undefined ? {} : { consentMethod: method }), ...meta }, tcf_consent: {}, ...(string === undefined ? {} : { fides_string: string }) });
const value = (...args) => `fides_consent=${encodeURIComponent(json(...args))}`;

export default async function () {
    const map = { categories: { functional: ['functional'], analytics: ['analytics'], marketing: ['marketing', 'data_sales_and_sharing'] }, services: { matomo: ['analytics'], youtube: ['embedded_video'] } };
    const all = { essential: true, functional: true, analytics: true, marketing: true, data_sales_and_sharing: true, embedded_video: true };
    const no = { essential: true, functional: false, analytics: false, marketing: false, data_sales_and_sharing: false, embedded_video: false };
    const three = ['functional', 'analytics', 'marketing'];
    const five = [...three, '@matomo', '@youtube'];
    return {
        banner: 'fides', tool: 'Fides (fides.js)', version: '0.9.0 (cookie)', status: 'source',
        source: 'ethyca/fides#clients/fides-js/src/lib/cookie.ts; Cookie headers in public code (code search for fides_consent=%7B), ids and times made up',
        cookies: [{ name: 'fides_consent', prefix: false, attributes: 'Domain=<widest that can be set>; Path=/; SameSite=Lax (or None by an option); 365 days' },
            { name: 'fides_consent_', prefix: true, attributes: 'as fides_consent; with a suffix of the site' }],
        cases: [
            seen('no cookie', '', map, none()),
            seen('page loaded, nothing clicked: never saved', value({}, undefined, { updated: '' }), map, none()),
            seen('written by a script, not by a person', value(all, 'script'), map, none()),
            seen('written by a script, as seen: a US notice', value({ targeted_advertising_gpp_us_national: true }, 'script', { string: ',,DBABLA~BVQqAAAAAABo.QA' }), map, none()),
            seen('written because of GPC', value(no, 'gpc'), map, none()),
            seen('everything accepted', value(all, 'accept'), map, decided(five, [], AT)),
            seen('everything rejected', value(no, 'reject'), map, decided([], five, AT)),
            seen('saved, mixed: one of two notices of marketing', value({ ...all, data_sales_and_sharing: false, functional: false }, 'save'), map, decided(['analytics', '@matomo', '@youtube'], ['functional', 'marketing'], AT)),
            seen('changed', value({ ...no, functional: true }, 'save', { updated: '2025-10-01T08:00:00.000Z' }), map, decided(['functional'], ['analytics', 'marketing', '@matomo', '@youtube'], '2025-10-01T08:00:00Z')),
            seen('answers as words', value({ functional: 'opt_in', analytics: 'opt_out', marketing: 'opt_in', data_sales_and_sharing: 'opt_in' }, 'save'), map, decided(['functional', 'marketing'], ['analytics', '@matomo'], AT)),
            seen('only acknowledged: no consent', value({ functional: 'acknowledge', analytics: 'acknowledge' }, 'acknowledge'), map, none()),
            seen('a notice that the record does not have', value({ functional: true, analytics: true }, 'save'), map, decided(['functional', 'analytics', '@matomo'], [], AT)),
            seen('base64', `fides_consent=${Buffer.from(json({ ...all, analytics: false }, 'save')).toString('base64')}`, map, decided(['functional', 'marketing', '@youtube'], ['analytics', '@matomo'], AT)),
            seen('with a suffix', `fides_consent_shop=${encodeURIComponent(json(all, 'accept'))}`, { ...map, cookie: 'fides_consent_shop' }, decided(five, [], AT)),
            byHand('waved away: what stood on by default is no consent, what stood off is refused', value({ functional: true, analytics: false }, 'dismiss'), { categories: { functional: ['functional'], analytics: ['analytics'] } }, decided([], ['analytics'], AT)),
            byHand('an answer that is none', value({ analytics: 1 }, 'save'), map, malformed()),
            byHand('a time that is none', value(all, 'accept', { updated: 'today' }), map, malformed()),
            byHand('a plain word', 'fides_consent=accept', map, malformed()),
            byHand('another tool\'s JSON', 'fides_consent=%7B%22analytics%22%3Atrue%7D', map, malformed()),
            byHand('cut short', value(all, 'accept').slice(0, -9), map, malformed()),
            byHand('empty', 'fides_consent=', map, malformed()),
            byHand('too long', value(all, 'accept', { string: 'C'.repeat(LONG) }), map, malformed()),
        ],
    };
}

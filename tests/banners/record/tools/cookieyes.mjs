import { LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// The tool is a hosted service and a plugin: values as they stand in recordings of requests in public code, other ids.
const ID = 'a3VxT1pLc2RNeWJQd0hKZ0ZsNm52WGVSMjlDOHRZaUU';

function value({ f, a, p = a, m, o, action = 'yes', consent = 'yes', necessary = 'yes', more = '' }) {
    return `cookieyes-consent=consentid:${ID},consent:${consent},action:${action},necessary:${necessary},functional:${f},analytics:${a},performance:${p},advertisement:${m}${o === undefined ? '' : `,other:${o}`}${more}`;
}

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const yes = { f: 'yes', a: 'yes', m: 'yes' };
    const no = { f: 'no', a: 'no', m: 'no', consent: 'no' };
    return {
        banner: 'cookieyes', tool: 'CookieYes', version: '3.x', status: 'observed',
        source: 'Cookie headers in public code (code search for cookieyes-consent=consentid:), ids made up',
        cookies: [{ name: 'cookieyes-consent', prefix: false, attributes: 'Path=/; Domain=.<root>; SameSite=Strict or Lax by version; Secure on https; 365 days' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('page loaded, nothing clicked: all empty', value({ f: '', a: '', m: '', o: '', consent: '', action: '', necessary: '' }), {}, none()),
            seen('page loaded, nothing clicked: defaults of an opt-in law', value({ f: 'yes', a: 'no', m: 'no', consent: 'no', action: '' }), {}, none()),
            seen('page loaded, nothing clicked: defaults of an opt-out law', value({ ...yes, o: 'yes', action: 'no' }), {}, none()),
            seen('everything accepted', value({ ...yes, o: 'yes' }), {}, decided(three, [])),
            seen('everything accepted, without "other"', value(yes), {}, decided(three, [])),
            seen('everything rejected', value({ ...no, o: 'no' }), {}, decided([], three)),
            seen('mixed', value({ f: 'yes', a: 'yes', m: 'no', o: 'no' }), {}, decided(['functional', 'analytics'], ['marketing'])),
            seen('analytics accepted, performance refused: both are analytics', value({ f: 'no', a: 'yes', p: 'no', m: 'no' }), {}, decided([], three)),
            seen('changed', value({ f: 'no', a: 'no', m: 'yes', o: 'no' }), {}, decided(['marketing'], ['functional', 'analytics'])),
            seen('its keys mapped otherwise, services', value({ f: 'no', a: 'yes', p: 'no', m: 'no', o: 'yes' }), { categories: { functional: ['functional'], analytics: ['analytics'], marketing: ['advertisement', 'other'] }, services: { matomo: ['analytics'], youtube: ['other'] } },
                decided(['analytics', '@matomo', '@youtube'], ['functional', 'marketing'])),
            seen('renewed since: the site\'s date that counts', value({ ...yes, o: 'yes', more: ',lastRenewedDate:1696401840000' }), { revision: '1696401840000' }, decided(three, [])),
            seen('renewed since: an older date', value({ ...yes, o: 'yes', more: ',lastRenewedDate:1696401840000' }), { revision: '1759474000000' }, outdated()),
            seen('renewed since: none yet', value(yes), { revision: '1759474000000' }, outdated()),
            byHand('percent-encoded', `cookieyes-consent=${encodeURIComponent(value(yes).slice('cookieyes-consent='.length))}`, {}, decided(three, [])),
            byHand('decided, but one category has no answer', value({ f: '', a: 'yes', m: 'no' }), {}, decided(['analytics'], ['marketing'])),
            byHand('renewed later than the site says: the site was renewed again', value({ ...yes, more: ',lastRenewedDate:1759474000000' }), { revision: '1696401840000' }, decided(three, [])),
            byHand('one category twice: yes and no', value({ ...yes, more: ',analytics:no' }), {}, decided(['functional', 'marketing'], ['analytics'])),
            byHand('an action twice', value({ ...yes, more: ',action:no' }), {}, none()),
            byHand('no id', value(yes).replace(/consentid:[^,]*,/, ''), {}, malformed()),
            byHand('an answer that is none', value({ f: 'true', a: 'yes', m: 'no' }), {}, malformed()),
            byHand('no action at all', `cookieyes-consent=consentid:${ID},necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes`, {}, none()),
            byHand('a plain word', 'cookieyes-consent=yes', {}, malformed()),
            byHand('another tool\'s JSON', 'cookieyes-consent=%7B%22analytics%22%3Atrue%7D', {}, malformed()),
            byHand('empty', 'cookieyes-consent=', {}, malformed()),
            byHand('too long', value({ ...yes, more: `,x:${'a'.repeat(LONG)}` }), {}, malformed()),
        ],
    };
}

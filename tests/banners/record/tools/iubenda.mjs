import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';

// The tool is a hosted service: values as they stand in recordings of requests in public code, with other ids and times.
const ID = 71000001;
const TIME = '2025-02-05T15:40:00.391Z';
const AT = '2025-02-05T15:40:00Z';
const value = (fields, { timestamp = TIME, id = ID } = {}) =>
    `_iub_cs-${id}=${encodeURIComponent(JSON.stringify({ timestamp, version: '1.75.1', ...fields, id, cons: { rand: '157518' } }))}`;
const purposes = (...on) => ({ purposes: Object.fromEntries(['1', '2', '3', '4', '5'].map(id => [id, id === '1' || on.includes(id)])) });

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const all = purposes('2', '3', '4', '5');
    return {
        banner: 'iubenda', tool: 'iubenda Cookie Solution', version: '1.48 to 1.75', status: 'observed',
        source: 'Cookie headers in public code (code search for _iub_cs-), ids and times made up; the numbering from two independent readers there',
        cookies: [
            { name: '_iub_cs-', prefix: true, attributes: 'Domain=.<root> (or localConsentDomain); Path=/; SameSite=Lax; Secure on https; 365 days; the rest of the name is the policy\'s id' },
            { name: '_iub_previous_preference_id', prefix: false, attributes: 'as _iub_cs-' },
            { name: 'usprivacy', prefix: false, attributes: 'as _iub_cs-; in the US' },
            { name: 'euconsent-v2', prefix: false, attributes: 'as _iub_cs-; where TCF is on' },
        ],
        companions: ['-granular', '-uspr'],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('page loaded, nothing clicked: only the policy\'s id', `_iub_cs-${ID}=%7B%22id%22%3A${ID}%7D`, {}, none()),
            seen('the same in the US, with what belongs to it', `_iub_cs-${ID}=%7B%22id%22%3A${ID}%7D; usprivacy=%7B%22uspString%22%3A%221YN-%22%2C%22firstAcknowledgeDate%22%3A%222025-03-11T02%3A02%3A36.285Z%22%2C%22optOutDate%22%3Anull%7D; _iub_cs-${ID}-uspr=%7B%22s%22%3Atrue%2C%22sh%22%3Atrue%2C%22adv%22%3Atrue%7D`, {}, none()),
            seen('everything accepted', value(all), {}, decided(three, [], AT)),
            seen('everything rejected', value(purposes()), {}, decided([], three, AT)),
            seen('mixed', value(purposes('4')), {}, decided(['analytics'], ['functional', 'marketing'], AT)),
            seen('functionality accepted, experience refused: both are functional', value(purposes('2', '4')), {}, decided(['analytics'], ['functional', 'marketing'], AT)),
            seen('only what the site offers is listed', value({ purposes: { 1: true, 3: true, 4: true } }), {}, decided(['functional', 'analytics'], [], AT)),
            seen('only what the site offers is listed, one refused', value({ purposes: { 1: true, 4: false, 5: true } }), {}, decided(['marketing'], ['analytics'], AT)),
            seen('changed', value(purposes('2', '3', '5'), { timestamp: '2025-06-01T08:00:00.000Z' }), {}, decided(['functional', 'marketing'], ['analytics'], '2025-06-01T08:00:00Z')),
            seen('without categories, accepted', value({ consent: true }), {}, decided(three, [], AT)),
            seen('without categories, rejected', value({ consent: false }), {}, decided([], three, AT)),
            seen('with its companions', `${value(purposes('4'))}; _iub_cs-${ID}-granular=%7B%22gac%22%3A%7B%22mode%22%3A%22all%22%7D%7D; _iub_previous_preference_id=2025/02/05/15/40/00/391/157518`, {}, decided(['analytics'], ['functional', 'marketing'], AT)),
            seen('purposes mapped, services', value(purposes('2', '4')), { categories: { functional: ['2'], analytics: ['4'], marketing: ['5', '3'] }, services: { matomo: ['4'], youtube: ['3'] } },
                decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'], AT)),
            seen('one policy of the site by name', value(all), { cookie: `_iub_cs-${ID}` }, decided(three, [], AT)),
            byHand('purposes without a time', `_iub_cs-${ID}=${encodeURIComponent(JSON.stringify({ ...all, id: ID }))}`, {}, none()),
            byHand('not encoded', decodeURIComponent(value(all)), {}, decided(three, [], AT)),
            byHand('an answer that is none', value({ purposes: { 1: true, 4: 'true', 5: 1 } }), {}, malformed()),
            byHand('purposes as a list', value({ purposes: ['4', '5'] }), {}, malformed()),
            byHand('a time that is none', value(all, { timestamp: 'now' }), {}, malformed()),
            byHand('two policies, one refuses: the newer counts', `${value(all)}; ${value(purposes(), { id: 71000002, timestamp: '2025-03-05T15:40:00.391Z' })}`, {}, decided([], three, '2025-03-05T15:40:00Z')),
            byHand('cut short', value(all).slice(0, -9), {}, malformed()),
            byHand('a plain word', `_iub_cs-${ID}=true`, {}, malformed()),
            byHand('empty', `_iub_cs-${ID}=`, {}, malformed()),
            byHand('too long', value({ ...all, x: 'a'.repeat(LONG) }), {}, malformed()),
        ],
    };
}

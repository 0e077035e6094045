import { LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// A plugin of the past: values as they stand in recordings of requests in public code.
const wrapped = object => `CookieLawInfoConsent=${Buffer.from(JSON.stringify(object)).toString('base64')}`;
const boxes = list => Object.entries(list).map(([name, answer]) => `cookielawinfo-checkbox-${name}=${answer}`).join('; ');
const words = object => Object.fromEntries(Object.entries(object).map(([name, on]) => [name, on ? 'yes' : 'no']));

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const record = (on, { f = on, p = on, a = on, m = on } = {}) => ({ necessary: true, functional: f, performance: p, analytics: a, advertisement: m, others: on });
    const all = record(true);
    const nothing = record(false);
    const header = (object, viewed = 'viewed_cookie_policy=yes') => `${boxes(words(object))}; ${wrapped(object)}; ${viewed}`;
    const texts = object => Object.fromEntries([['ver', '1'], ...Object.entries(object).map(([name, on]) => [name, String(on)])]);
    const preference = 'cli_user_preference=en-cli-yes-checkbox-necessary-yes-checkbox-non-necessary-yes';
    return {
        banner: 'cookie-law-info', tool: 'Cookie Law Info (the WordPress plugin before CookieYes 3)', version: '1.x, 2.x', status: 'observed',
        source: 'Cookie headers in public code (code search for CookieLawInfoConsent=eyJ)',
        cookies: [
            { name: 'CookieLawInfoConsent', prefix: false, attributes: 'Path=/; 365 days (cookie duration of the site); Secure on https in later versions' },
            { name: 'viewed_cookie_policy', prefix: false, attributes: 'Path=/; 365 days; Secure on https in later versions' },
            { name: 'cookielawinfo-checkbox-', prefix: true, attributes: 'Path=/; 365 days, written by the server too' },
            { name: 'cli_user_preference', prefix: false, attributes: 'Path=/; 365 days' },
        ],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('page loaded, nothing clicked: the boxes\' defaults', `${boxes(words(all))}; ${wrapped(all)}`, {}, none()),
            seen('page loaded, nothing clicked: only boxes', boxes(words(record(false))), {}, none()),
            seen('everything accepted', header(all), {}, decided(three, [])),
            seen('everything rejected', header(nothing), {}, decided([], three)),
            seen('everything rejected, marked by "no"', header(nothing, 'viewed_cookie_policy=no'), {}, decided([], three)),
            seen('mixed', header(record(false, { f: true, a: true, p: true })), {}, decided(['functional', 'analytics'], ['marketing'])),
            seen('analytics accepted, performance refused: both are analytics', header(record(false, { a: true })), {}, decided([], three)),
            seen('answers as texts, with a version', `${boxes(words(all))}; viewed_cookie_policy=yes; ${wrapped(texts(all))}`, {}, decided(three, [])),
            seen('refusals as texts', `viewed_cookie_policy=yes; ${wrapped(texts(nothing))}`, {}, decided([], three)),
            seen('the small form, accepted', `cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-non-necessary=yes; ${wrapped({ necessary: true, 'non-necessary': true })}; viewed_cookie_policy=yes`, {}, decided(three, [])),
            seen('the small form, refused', `cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-non-necessary=no; ${wrapped({ necessary: true, 'non-necessary': false })}; viewed_cookie_policy=yes`, {}, decided([], three)),
            seen('the small form, with the preference cookie', `cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-non-necessary=yes; viewed_cookie_policy=yes; ${preference}; ${wrapped({ ver: '1', necessary: 'true', 'non-necessary': 'true' })}`, {}, decided(three, [])),
            seen('only what is necessary is listed', `cookielawinfo-checkbox-necessary=yes; ${wrapped({ necessary: true })}; viewed_cookie_policy=yes`, {}, none()),
            seen('its keys mapped otherwise, services', header(record(false, { f: true, a: true })), { categories: { functional: ['functional'], analytics: ['analytics'], marketing: ['advertisement'] }, services: { matomo: ['analytics'], youtube: ['others'] } },
                decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'])),
            byHand('the padding percent-encoded', header(record(false, { f: true, a: true })).replace(/=(?=;)/g, '%3D').replace(/yes%3D/g, 'yes='), {}, decided(['functional'], ['analytics', 'marketing'])),
            byHand('rejected by the button, which leaves the boxes as they were', header(all, 'viewed_cookie_policy=no'), {}, decided([], three)),
            byHand('a box that is off, and on in the other cookie', header(all).replace('checkbox-analytics=yes', 'checkbox-analytics=no'), {}, decided(['functional', 'marketing'], ['analytics'])),
            byHand('only boxes, one spelt as the plugin once did', 'cookielawinfo-checbox-functional=yes; cookielawinfo-checbox-analytics=no; viewed_cookie_policy=yes', {}, decided(['functional'], ['analytics'])),
            byHand('the version that counts', `${wrapped(texts(all))}; viewed_cookie_policy=yes`, { revision: '1' }, decided(three, [])),
            byHand('an older version', `${wrapped(texts(all))}; viewed_cookie_policy=yes`, { revision: '2' }, outdated()),
            byHand('a version that counts, and none in the record', header(all), { revision: '1' }, outdated()),
            byHand('a version that counts, and no record', 'cookielawinfo-checkbox-analytics=yes; viewed_cookie_policy=yes', { revision: '1' }, outdated()),
            byHand('a box with an answer that is none', 'cookielawinfo-checkbox-analytics=1; viewed_cookie_policy=yes', {}, malformed()),
            byHand('a mark that is neither yes nor no', header(all, 'viewed_cookie_policy=1'), {}, malformed()),
            byHand('no base64', 'CookieLawInfoConsent=yes; viewed_cookie_policy=yes', {}, malformed()),
            byHand('base64 of no JSON', `CookieLawInfoConsent=${Buffer.from('analytics').toString('base64')}; viewed_cookie_policy=yes`, {}, malformed()),
            byHand('an answer that is none', `${wrapped({ necessary: true, analytics: 1 })}; viewed_cookie_policy=yes`, {}, malformed()),
            byHand('too long', `${wrapped({ ...all, x: 'a'.repeat(LONG) })}; viewed_cookie_policy=yes`, {}, malformed()),
        ],
    };
}

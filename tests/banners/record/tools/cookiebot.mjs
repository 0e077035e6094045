import { LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// The tool is a hosted service: values as they stand in recordings of requests in public code, with other stamps and times.
const STAMP = 'k4mQ0nVbT2sYc7RzPq1LxEwJ8uHgD5aFi9oN6vKtM3eBjXlWdSyUCg==';
const UTC = 1790826394701;
const AT = '2026-10-01T03:46:34Z';

function value({ stamp = STAMP, p, s, m, method = '%2Cmethod:%27explicit%27', ver = 1, utc = UTC, more = '', region = 'de' }) {
    return `CookieConsent={stamp:%27${stamp}%27%2Cnecessary:true%2Cpreferences:${p}%2Cstatistics:${s}%2Cmarketing:${m}${method}%2Cver:${ver}%2Cutc:${utc}${more}%2Cregion:%27${region}%27}`;
}

export default async function () {
    const three = ['functional', 'analytics', 'marketing'];
    const yes = { p: true, s: true, m: true };
    const no = { p: false, s: false, m: false };
    const implied = '%2Cmethod:%27implied%27';
    return {
        banner: 'cookiebot', tool: 'Cookiebot', version: 'uc.js of 2022 to 2026', status: 'observed',
        source: 'CybotAS/CookiebotWP#src/lib/Cookie_Consent.php (0, -1, categories); Cookie headers in public code (code search for CookieConsent={stamp:), stamps and times made up',
        cookies: [{ name: 'CookieConsent', prefix: false, attributes: 'Path=/; SameSite=Lax; Secure on https; 365 days; host-only, or Domain=<root> where the site shares it' },
            { name: 'CookieConsentBulkSetting-', prefix: true, attributes: 'as CookieConsent; bulk consent over several domains' },
            { name: 'CookieConsentBulkTicket', prefix: false, attributes: 'as CookieConsent; bulk consent over several domains' }],
        cases: [
            seen('no cookie', '', {}, none()),
            seen('everything accepted', value(yes), {}, decided(three, [], AT)),
            seen('everything declined', value(no), {}, decided([], three, AT)),
            seen('mixed', value({ p: true, s: true, m: false }), {}, decided(['functional', 'analytics'], ['marketing'], AT)),
            seen('changed: a later time', value({ p: false, s: true, m: true, utc: 1790912794701 }), {}, decided(['analytics', 'marketing'], ['functional'], '2026-10-02T03:46:34Z')),
            seen('outside of the region where it asks: implied', value({ ...yes, stamp: '-1', method: implied, region: 'VN' }), {}, none()),
            seen('implied, with a stamp', value({ ...yes, method: implied, region: 'is' }), {}, none()),
            seen('before 2023: no method', value({ ...yes, method: '', region: 'cz' }), {}, decided(three, [], AT)),
            seen('before 2023: no method, declined', value({ ...no, method: '', region: 'gb' }), {}, decided([], three, AT)),
            seen('with a TCF string and Google\'s vendors', value({ ...no, more: '%2Ciab2:%27CP5jqEAP5jqEACGABBENAmEgAAAAAAAAAAAAAAAAAAAA.YAAAAAAAAAAA%27%2Cgacm:%272~AA==fmR2Lg==AAAAAAAAAABCAABAAAgAIAAABAAAAAAACAAAAAAAAAAQAA%27' }), {}, decided([], three, AT)),
            seen('a TCF string that is empty, implied', value({ ...yes, stamp: '-1', method: implied, more: '%2Ciab2:%27%27', region: 'VN' }), {}, none()),
            seen('declined, the short old form', 'CookieConsent=0', {}, decided([], three)),
            seen('not asked, the short old form', 'CookieConsent=-1', {}, none()),
            seen('the version that counts', value({ ...yes, ver: 2 }), { revision: '2' }, decided(three, [], AT)),
            seen('an older version', value({ ...yes, ver: 1 }), { revision: '2' }, outdated(AT)),
            seen('its keys mapped otherwise', value({ p: true, s: true, m: false }), { categories: { functional: ['preferences'], analytics: ['statistics', 'marketing'], marketing: ['marketing'] }, services: { matomo: ['statistics'], youtube: ['marketing'] } },
                decided(['functional', '@matomo'], ['analytics', 'marketing', '@youtube'], AT)),
            byHand('not escaped', `CookieConsent={stamp:'${STAMP}',necessary:true,preferences:false,statistics:true,marketing:false,method:'explicit',ver:1,utc:${UTC},region:'de'}`, {}, decided(['analytics'], ['functional', 'marketing'], AT)),
            byHand('fully percent-encoded', `CookieConsent=${encodeURIComponent(`{stamp:'${STAMP}',necessary:true,preferences:false,statistics:true,marketing:false,method:'explicit',ver:1,utc:${UTC},region:'de'}`)}`, {}, decided(['analytics'], ['functional', 'marketing'], AT)),
            byHand('react-cookie-consent\'s value', 'CookieConsent=true', {}, malformed()),
            byHand('react-cookie-consent\'s refusal', 'CookieConsent=false', {}, malformed()),
            byHand('a home-made word', 'CookieConsent=allow', {}, malformed()),
            byHand('a home-made number', 'CookieConsent=1', {}, malformed()),
            byHand('JSON of something else', 'CookieConsent={%22necessary%22:true%2C%22statistics%22:true}', {}, malformed()),
            byHand('no stamp', value(yes).replace(/stamp:[^,]*?%2C/, ''), {}, malformed()),
            byHand('a category is missing', value(yes).replace('marketing:true%2C', ''), {}, malformed()),
            byHand('a method that is not known', value({ ...yes, method: '%2Cmethod:%27other%27' }), {}, none()),
            byHand('a method that is no text', value({ ...yes, method: '%2Cmethod:true' }), {}, malformed()),
            byHand('a stamp that says that nobody was asked', value({ ...yes, stamp: '-1', method: '' }), {}, none()),
            byHand('escaped twice', value(yes).replaceAll('%', '%25'), {}, malformed()),
            byHand('an answer that is none', value({ p: 1, s: "%27true%27", m: 'yes' }), {}, malformed()),
            byHand('cut short', value(yes).slice(0, -20), {}, malformed()),
            byHand('a key that stands within a text', value({ ...no, region: 'x%27%2Cmarketing:true%2Cz:%27' }), {}, malformed()),
            byHand('empty', 'CookieConsent=', {}, malformed()),
            byHand('too long', value({ ...yes, more: `%2Ciab2:%27${'C'.repeat(LONG)}%27` }), {}, malformed()),
        ],
    };
}

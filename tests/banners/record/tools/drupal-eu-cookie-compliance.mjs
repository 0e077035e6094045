import { ALL, LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';

// A Drupal module: values as they stand in recordings of requests in public code. What 0, 1 and 2 stand for is the
// module's own default (cookie_value_disagreed, cookie_value_agreed_show_thank_you, cookie_value_agreed).
const js = text => text.replaceAll('"', '%22').replaceAll(',', '%2C');

export default async function () {
    const header = (agreed, categories, version = '1.0.0') => [version && `cookie-agreed-version=${version}`, categories && `cookie-agreed-categories=${js(JSON.stringify(categories))}`, agreed !== undefined && `cookie-agreed=${agreed}`].filter(Boolean).join('; ');
    const map = { categories: { functional: ['functional'], analytics: ['statistical'], marketing: ['marketing', 'social'] }, services: { matomo: ['statistical'], youtube: ['social'] } };
    const three = ['functional', 'analytics', 'marketing'];
    const five = [...three, '@matomo', '@youtube'];
    const all = ['necessary', 'functional', 'statistical', 'marketing', 'social'];
    return {
        banner: 'drupal-eu-cookie-compliance', tool: 'EU Cookie Compliance (Drupal)', version: '8.x-1.x, 7.x-1.x', status: 'observed',
        source: 'Cookie headers in public code (code search for cookie-agreed-categories=); the module\'s script (cookie_value_disagreed 0, _agreed_show_thank_you 1, _agreed 2)',
        cookies: [{ name: 'cookie-agreed', prefix: false, attributes: 'path=/ (or the site\'s base); domain as the site set it; 100 days, or as the site set it' },
            { name: 'cookie-agreed-categories', prefix: false, attributes: 'as cookie-agreed' },
            { name: 'cookie-agreed-version', prefix: false, attributes: 'as cookie-agreed' }],
        cases: [
            seen('no cookie', '', map, none()),
            seen('one question, agreed', 'cookie-agreed=2; cookie-agreed-version=1.0.0', {}, decided(ALL, [])),
            seen('one question, agreed, the thanks still to be shown', 'cookie-agreed=1', {}, decided(ALL, [])),
            seen('one question, refused', 'cookie-agreed=0; cookie-agreed-version=1.0.0', {}, decided([], ALL)),
            seen('categories, everything accepted', header(2, all), map, decided(five, [])),
            seen('categories, only what is necessary: refusals are left out', header(2, ['necessary']), map, decided([], five)),
            seen('categories, refused', header(0, []), map, decided([], five)),
            seen('categories, mixed', header(2, ['necessary', 'statistical', 'marketing'], '1.0.1'), map, decided(['analytics', '@matomo'], ['functional', 'marketing', '@youtube'])),
            seen('categories, changed', header(2, ['necessary', 'functional', 'social']), map, decided(['functional', '@youtube'], ['analytics', 'marketing', '@matomo'])),
            seen('categories, raw JSON', 'cookie-agreed-version=1.0.0; cookie-agreed-categories=["functional"]; cookie-agreed=2', map, decided(['functional'], ['analytics', 'marketing', '@matomo', '@youtube'])),
            seen('categories, fully percent-encoded', 'cookie-agreed-categories=%5B%22statistical%22%2C%22marketing%22%2C%22social%22%2C%22functional%22%5D; cookie-agreed=2', map, decided(five, [])),
            seen('only categories: nobody has decided', header(undefined, all), map, none()),
            seen('the version that counts', header(2, all), { ...map, revision: '1.0.0' }, decided(five, [])),
            seen('an older version', header(2, all), { ...map, revision: '1.1.0' }, outdated()),
            seen('no version', header(2, all, null), { ...map, revision: '1.0.0' }, outdated()),
            byHand('refused, but categories are left over', header(0, all), map, decided([], five)),
            byHand('a number that is none', 'cookie-agreed=3', {}, malformed()),
            byHand('a plain word', 'cookie-agreed=true', {}, malformed()),
            byHand('categories that are none', 'cookie-agreed=2; cookie-agreed-categories=functional', map, malformed()),
            byHand('empty', 'cookie-agreed=', {}, malformed()),
            byHand('too long', `cookie-agreed=2${'0'.repeat(LONG)}`, {}, malformed()),
        ],
    };
}

import { LONG, byHand, decided, malformed, none, seen, value } from '../cases.mjs';
import { attributes, bundle, version } from '../site.mjs';

// The manager's window needs a Segment account for its list of destinations; its own function writes what that window hands on.
export default async function (site) {
    site.serve('/segment.js', await bundle("import { savePreferences } from '@segment/consent-manager/esm/consent-manager-builder/preferences.js'; window.savePreferences = savePreferences;"), 'text/javascript');
    site.serve('/segment', '<!doctype html><title>segment</title><script src="/segment.js"></script>');
    const own = /^(tracking-preferences|choices)$/;
    const save = (...all) => async p => {
        for (const preferences of all) {
            await p.evaluate(preferences => window.savePreferences(preferences), preferences);
        }
    };
    const custom = (functional, marketingAndAnalytics, advertising) => ({ marketingAndAnalytics, advertising, functional });
    const destinations = (amplitude, youtube, chat) => ({ Amplitude: amplitude, 'Google Ads': youtube, 'Help Scout': chat });
    const both = (f, a, m) => ({ customPreferences: custom(f, a, m), destinationPreferences: destinations(a, m, f) });
    const untouched = await site.visit('/segment', own);
    const all = await site.visit('/segment', own, save(both(true, true, true)));
    const no = await site.visit('/segment', own, save(both(false, false, false)));
    const mixed = await site.visit('/segment', own, save(both(true, true, false)));
    const changed = await site.visit('/segment', own, save(both(true, true, true), both(false, false, true)));
    const open = await site.visit('/segment', own, save({ customPreferences: custom(null, null, null), destinationPreferences: {} }));
    const half = await site.visit('/segment', own, save({ customPreferences: custom(true, null, false), destinationPreferences: { 'Help Scout': true } }));
    const only = await site.visit('/segment', own, save({ destinationPreferences: destinations(true, false, true), customPreferences: undefined }));
    const ownCategories = await site.visit('/segment', own, save({ customPreferences: { Measuring: true, Ads: false }, destinationPreferences: { Amplitude: true } }));
    const named = await site.visit('/segment', own, save({ ...both(true, true, true), cookieName: 'choices', cookieExpires: 90, cookieAttributes: { sameSite: 'Lax', secure: true } }));
    const three = ['functional', 'analytics', 'marketing'];
    const services = { services: { matomo: ['destinations/Amplitude'], youtube: ['destinations/Google Ads'] } };
    return {
        banner: 'segment-consent-manager', tool: '@segment/consent-manager', version: version('@segment/consent-manager'), status: 'run',
        source: 'npm @segment/consent-manager (its preferences module), in Chromium, tests/banners/record/tools/segment-consent-manager.mjs',
        cookies: [{ name: 'tracking-preferences', prefix: false, attributes: attributes(all.written, 'tracking-preferences') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('page loaded, nothing clicked: no cookie', untouched.cookie, {}, none()),
            seen('everything accepted', all.cookie, {}, decided(three, [])),
            seen('everything accepted, destinations too', all.cookie, services, decided([...three, '@matomo', '@youtube'], [])),
            seen('everything refused', no.cookie, services, decided([], [...three, '@matomo', '@youtube'])),
            seen('mixed', mixed.cookie, services, decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'])),
            seen('advertising without "marketing and analytics": marketing needs both', changed.cookie, services, decided(['@youtube'], [...three, '@matomo'])),
            seen('all questions left open', open.cookie, {}, none()),
            seen('some questions left open', half.cookie, {}, decided(['functional'], ['marketing'])),
            seen('destinations only', only.cookie, services, decided(['@matomo'], ['@youtube'])),
            seen('own categories, mapped', ownCategories.cookie, { categories: { functional: ['Comfort'], analytics: ['Measuring'], marketing: ['Ads'] } }, decided(['analytics'], ['marketing'])),
            seen('another name for the cookie', named.cookie, { cookie: 'choices' }, decided(three, [])),
            byHand('not escaped', `tracking-preferences=${decodeURIComponent(value(all.cookie, 'tracking-preferences'))}`, {}, decided(three, [])),
            byHand('another version of the format', all.cookie.replace('%22version%22:1', '%22version%22:2'), {}, malformed()),
            byHand('an answer that is none', all.cookie.replace('%22advertising%22:true', '%22advertising%22:1'), {}, malformed()),
            byHand('a plain word', 'tracking-preferences=true', {}, malformed()),
            byHand('another tool\'s JSON', 'tracking-preferences=%7B%22analytics%22%3Atrue%7D', {}, malformed()),
            byHand('cut short', all.cookie.slice(0, -9), {}, malformed()),
            byHand('empty', 'tracking-preferences=', {}, malformed()),
            byHand('too long', all.cookie.replace('{', `{%22x%22:%22${'a'.repeat(LONG)}%22%2C`), {}, malformed()),
        ],
    };
}

// Prints the usual mapping of tarteaucitron's services, for src/sources/banners/tarteaucitron/services.txt: each service that the
// tool ships, the type under which it shows it, and our category for that type. Facts only; how to run: see record.mjs.
//
//   node tests/banners/record/services.mjs > src/sources/banners/tarteaucitron/services.txt

import { Site, version } from './site.mjs';

// What is shown to a visitor as advertising, a video, a social network or comments is run by somebody who profiles;
// "other" can be anything. Chats and interfaces (maps, fonts, forms) serve the page that was asked for.
const CATEGORIES = { ads: 'marketing', analytic: 'analytics', api: 'functional', comment: 'marketing', other: 'marketing',
    social: 'marketing', support: 'functional', video: 'marketing' };
// Google's consent types stand under one heading.
const CONSENT_TYPES = { gcmadstorage: 'marketing', gcmadsuserdata: 'marketing', gcmanalyticsstorage: 'analytics',
    gcmfunctionality: 'functional', gcmpersonalization: 'functional', gcmsecurity: 'essential' };

const site = await Site.open();
let services;
site.serve('/services', `<!doctype html><script src="/m/tarteaucitronjs/tarteaucitron.js"></script>
<script>tarteaucitron.services = {};</script><script src="/m/tarteaucitronjs/tarteaucitron.services.js"></script>`);
await site.visit('/services', /^$/, async page => {
    services = await page.evaluate(() => Object.values(window.tarteaucitron.services).map(one => [one.key, one.type, one.needConsent === false]));
});
await site.close();

console.log(`# The services of tarteaucitronjs ${version('tarteaucitronjs')} (MIT): key, its type there, our usual category; "exempt": the tool starts it
# without asking and writes true before any click (needConsent false). Made by tests/banners/record/services.mjs.`);
for (const [key, type, exempt] of services.sort(([a], [b]) => a < b ? -1 : 1)) {
    const category = CONSENT_TYPES[key] ?? CATEGORIES[type];
    if (category === undefined) {
        throw new Error(`no category for ${key}, of type ${type}`);
    }
    console.log(`${key} ${type} ${category}${exempt ? ' exempt' : ''}`);
}

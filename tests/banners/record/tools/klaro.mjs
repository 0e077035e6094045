import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';
import { attributes, version } from '../site.mjs';

const page = (extra = '') => `<!doctype html><title>klaro</title>
<script>window.klaroConfig = { acceptAll: true, mustConsent: false, translations: { zz: { privacyPolicyUrl: '/p' } }, services: [
  { name: 'session', purposes: ['essential'], required: true },
  { name: 'matomo', purposes: ['analytics'] },
  { name: 'youtube', purposes: ['marketing'] },
  { name: 'pixel', purposes: ['marketing'] },
  { name: 'chat', purposes: ['functional'] }], ${extra} };</script>
<script src="/m/klaro/dist/klaro.js"></script><h1>x</h1>`;

const map = { categories: { functional: ['chat'], analytics: ['matomo'], marketing: ['youtube', 'pixel'] },
    services: { youtube: ['youtube'], matomo: ['matomo'] } };
const bare = { categories: map.categories };

export default async function (site) {
    site.serve('/klaro', page());
    site.serve('/klaro-old', page().replace("{ name: 'chat', purposes: ['functional'] }", ''));
    site.serve('/klaro-wide', page("cookieDomain: 'shop.test'"));
    site.serve('/klaro-named', page("storageName: 'choices', cookieDomain: 'shop.test'"));
    const own = /^(klaro|choices)$/;
    const click = name => async p => { await p.click(`.klaro .${name}`); };
    const change = wanted => async p => {
        await p.evaluate(() => window.klaro.show(undefined, true));
        for (const [name, on] of Object.entries(wanted)) {
            await p.$eval(`#service-item-${name}`, (box, on) => box.checked !== on && box.click(), on);
        }
        await p.click('.klaro .cm-btn-accept:not(.cm-btn-accept-all)');
    };
    const all = await site.visit('/klaro', own, click('cm-btn-success'));
    const reject = await site.visit('/klaro', own, click('cn-decline'));
    const untouched = await site.visit('/klaro', own);
    const mixed = await site.visit('/klaro', own, change({ matomo: true, youtube: true, pixel: false, chat: false }));
    const first = await site.visit('/klaro', own, click('cm-btn-success'), { keep: true });
    const changed = await site.visit('/klaro', own, change({ matomo: false, youtube: true, pixel: true, chat: true }), { context: first.context });
    const older = await site.visit('/klaro-old', own, click('cm-btn-success'));
    const narrow = await site.visit('/klaro', own, click('cm-btn-success'), { keep: true });
    const twice = await site.visit('/klaro-wide', own, change({ matomo: false, youtube: true, pixel: true, chat: true }), { context: narrow.context });
    const named = await site.visit('/klaro-named', own, click('cm-btn-success'));

    return {
        banner: 'klaro', tool: 'klaro', version: version('klaro'), status: 'run', source: 'npm klaro, in Chromium, tests/banners/record/tools/klaro.mjs',
        cookies: [{ name: 'klaro', prefix: false, attributes: attributes(all.written, 'klaro') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('page loaded, nothing clicked: no cookie', untouched.cookie, map, none()),
            seen('everything accepted', all.cookie, map, decided(['functional', 'analytics', 'marketing', '@youtube', '@matomo'], [])),
            seen('everything accepted, categories only', all.cookie, bare, decided(['functional', 'analytics', 'marketing'], [])),
            seen('everything declined', reject.cookie, map, decided([], ['functional', 'analytics', 'marketing', '@youtube', '@matomo'])),
            seen('one of two marketing services: the category needs both', mixed.cookie, map,
                decided(['analytics', '@youtube', '@matomo'], ['functional', 'marketing'])),
            seen('accepted, then changed', changed.cookie, map, decided(['functional', 'marketing', '@youtube'], ['analytics', '@matomo'])),
            seen('the site has a service more than the record: that one was never asked', older.cookie, map,
                decided(['analytics', 'marketing', '@youtube', '@matomo'], [])),
            seen('a mapped service that the tool does not know', all.cookie, { categories: { analytics: ['matomo', 'hotjar'], functional: ['chat'] } },
                decided(['functional'], [])),
            seen('a copy of the host and one of its parent domain: what both allow', twice.cookie, map, decided(['functional', 'marketing', '@youtube'], ['analytics', '@matomo'])),
            seen('another name for the cookie', named.cookie, { ...map, cookie: 'choices' },
                decided(['functional', 'analytics', 'marketing', '@youtube', '@matomo'], [])),
            byHand('numbers and strings are no answers', 'klaro=%7B%22matomo%22%3A1%2C%22youtube%22%3A%22true%22%2C%22pixel%22%3Atrue%2C%22chat%22%3Anull%7D', map, malformed()),
            byHand('not encoded', 'klaro={"matomo":true,"youtube":false,"pixel":true,"chat":true}', map,
                decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'])),
            byHand('encoded twice', 'klaro=%257B%2522matomo%2522%253Atrue%257D', map, malformed()),
            byHand('cut short', all.cookie.slice(0, -6), map, malformed()),
            byHand('an empty object', 'klaro=%7B%7D', map, none()),
            byHand('an array', 'klaro=%5B%22matomo%22%5D', map, malformed()),
            byHand('empty', 'klaro=', map, malformed()),
            byHand('too long', `klaro=%7B%22matomo%22%3Atrue%2C%22x%22%3A%22${'a'.repeat(LONG)}%22%7D`, bare, malformed()),
        ],
    };
}

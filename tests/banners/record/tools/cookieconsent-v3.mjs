import { LONG, byHand, decided, decodedJson, malformed, moment, none, outdated, seen } from '../cases.mjs';
import { attributes, version } from '../site.mjs';

const page = (names = {}, extra = '') => {
    const { f = 'functionality', a = 'analytics', m = 'marketing' } = names;
    return `<!doctype html><title>cookieconsent</title><link rel="stylesheet" href="/m/vanilla-cookieconsent/dist/cookieconsent.css">
<script src="/m/vanilla-cookieconsent/dist/cookieconsent.umd.js"></script><h1>x</h1>
<script>CookieConsent.run({ ${extra}
  categories: { necessary: { enabled: true, readOnly: true }, '${f}': {}, '${a}': { services: { matomo: { label: 'Matomo' } } },
    '${m}': { services: { youtube: { label: 'YouTube' }, pixel: { label: 'Pixel' } } } },
  language: { default: 'en', translations: { en: {
    consentModal: { title: 't', description: 'd', acceptAllBtn: 'all', acceptNecessaryBtn: 'none', showPreferencesBtn: 'more' },
    preferencesModal: { title: 't', acceptAllBtn: 'all', acceptNecessaryBtn: 'none', savePreferencesBtn: 'save', sections: [
      { title: 'n', linkedCategory: 'necessary' }, { title: 'f', linkedCategory: '${f}' },
      { title: 'a', linkedCategory: '${a}' }, { title: 'm', linkedCategory: '${m}' }] } } } } });</script>`;
};

export default async function (site) {
    site.serve('/v3', page());
    site.serve('/v3-revision', page({}, 'revision: 2,'));
    site.serve('/v3-names', page({ f: 'komfort', a: 'statistik', m: 'werbung' }));
    site.serve('/v3-optout', page({}, "mode: 'opt-out',").replaceAll("': { services", "': { enabled: true, services"));
    site.serve('/v3-wide', page({}, "cookie: { domain: 'shop.test' },"));
    site.serve('/v3-named', page({}, "cookie: { name: 'choices', domain: 'shop.test', expiresAfterDays: 90, sameSite: 'Strict' },"));
    const own = /^(cc_cookie|choices)$/;
    const button = role => async p => { await p.click(`#cc-main .cm__btn[data-role="${role}"]`); };
    const choose = wanted => async p => {
        await p.evaluate(() => window.CookieConsent.showPreferences());
        await p.waitForSelector('#cc-main .pm__btn[data-role="save"]');
        for (const [name, on] of Object.entries(wanted)) {
            await p.$eval(`#cc-main .section__toggle[value="${name}"]`, (box, on) => box.checked !== on && box.click(), on);
        }
        await p.click('#cc-main .pm__btn[data-role="save"]');
    };
    const at = visit => moment(decodedJson(visit.cookie, visit.cookie.split('=')[0]).lastConsentTimestamp);

    const untouched = await site.visit('/v3', own);
    const all = await site.visit('/v3', own, button('all'), { keep: true });
    const reject = await site.visit('/v3', own, button('necessary'));
    const one = await site.visit('/v3', own, choose({ functionality: true, youtube: true }));
    const two = await site.visit('/v3', own, choose({ analytics: true, youtube: true, pixel: true }));
    await new Promise(done => setTimeout(done, 1500));
    const changed = await site.visit('/v3', own, choose({ analytics: false, pixel: false }), { context: all.context });
    const narrow = await site.visit('/v3', own, button('all'), { keep: true });
    await new Promise(done => setTimeout(done, 1500));
    const twice = await site.visit('/v3-wide', own, choose({ analytics: false, pixel: false }), { context: narrow.context });
    const times = twice.cookie.split('; ').map(pair => moment(decodedJson(pair, 'cc_cookie').lastConsentTimestamp)).sort();
    const revised = await site.visit('/v3-revision', own, button('all'));
    const names = await site.visit('/v3-names', own, button('all'));
    const named = await site.visit('/v3-named', own, button('all'));
    const optOut = await site.visit('/v3-optout', own);

    const services = { services: { youtube: ['marketing/youtube'], matomo: ['analytics/matomo'] } };
    const edited = (edit, from = all) => {
        const data = decodedJson(from.cookie, 'cc_cookie');
        edit(data);
        return `cc_cookie=${encodeURIComponent(JSON.stringify(data))}`;
    };
    const three = ['functional', 'analytics', 'marketing'];
    return {
        banner: 'cookieconsent-v3', tool: 'vanilla-cookieconsent', version: version('vanilla-cookieconsent'), status: 'run',
        source: 'npm vanilla-cookieconsent, in Chromium, tests/banners/record/tools/cookieconsent-v3.mjs', recorded_at: moment(new Date()),
        cookies: [{ name: 'cc_cookie', prefix: false, attributes: attributes(all.written, 'cc_cookie') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('page loaded, nothing clicked: no cookie', untouched.cookie, {}, none()),
            seen('opt-out mode, nothing clicked: no cookie', optOut.cookie, {}, none()),
            seen('everything accepted', all.cookie, {}, decided(three, [], at(all))),
            seen('everything accepted, services too', all.cookie, services, decided([...three, '@youtube', '@matomo'], [], at(all))),
            seen('everything rejected', reject.cookie, {}, decided([], three, at(reject))),
            seen('everything rejected, services too', reject.cookie, services, decided([], [...three, '@youtube', '@matomo'], at(reject))),
            seen('one of two marketing services: the tool lists the category, the services tell the rest', one.cookie,
                { services: { youtube: ['marketing/youtube'], pixel: ['marketing/pixel'] } },
                decided(['functional', 'marketing', '@youtube'], ['analytics', '@pixel'], at(one))),
            seen('one of two marketing services: the tool itself counts the category as accepted', one.cookie, {},
                decided(['functional', 'marketing'], ['analytics'], at(one))),
            seen('a category and both services of another', two.cookie, services,
                decided(['analytics', 'marketing', '@youtube', '@matomo'], ['functional'], at(two))),
            seen('accepted, then changed: the last time counts', changed.cookie, services,
                decided(['functional', 'marketing', '@youtube'], ['analytics', '@matomo'], at(changed))),
            seen('a copy of the host and one of its parent domain: the newer counts', twice.cookie, {}, decided(['functional', 'marketing'], ['analytics'], times.at(-1))),
            seen('the revision that counts', revised.cookie, { revision: '2' }, decided(three, [], at(revised))),
            seen('an older revision', revised.cookie, { revision: '3' }, outdated(at(revised))),
            seen('revisions not in use when it was written', all.cookie, { revision: '2' }, outdated(at(all))),
            seen('no revision asked for', revised.cookie, {}, decided(three, [], at(revised))),
            seen('own category names, mapped', names.cookie,
                { categories: { functional: ['komfort'], analytics: ['statistik'], marketing: ['werbung'] } }, decided(three, [], at(names))),
            seen('own category names, not mapped: nothing is guessed', names.cookie, {}, decided([], three, at(names))),
            seen('two of the tool\'s categories for one of ours, one refused', two.cookie,
                { categories: { functional: ['functionality'], analytics: ['analytics'], marketing: ['marketing', 'functionality'] } },
                decided(['analytics'], ['functional', 'marketing'], at(two))),
            seen('another name for the cookie', named.cookie, { cookie: 'choices' }, decided(three, [], at(named))),
            byHand('not encoded', `cc_cookie=${JSON.stringify(decodedJson(all.cookie, 'cc_cookie'))}`, {}, decided(three, [], at(all))),
            byHand('no consentId: the tool asks again', edited(data => { delete data.consentId; }), {}, none()),
            byHand('an id that is no version 4 UUID: the tool asks again', edited(data => { data.consentId = 'x'; }), {}, none()),
            byHand('no time: the tool asks again', edited(data => { delete data.lastConsentTimestamp; }), {}, none()),
            byHand('its own end has passed', edited(data => {
                data.expirationTime = 1577836800000; data.consentTimestamp = data.lastConsentTimestamp = '2019-07-03T00:00:00.000Z';
            }), {}, none()),
            byHand('other usual names: all that the site has are needed', edited(data => {
                data.categories = ['necessary', 'preferences', 'ads'];
                data.services = { necessary: [], preferences: [], analytics: [], ads: [], marketing: [] };
            }), {}, decided(['functional'], ['analytics', 'marketing'], at(all))),
            byHand('a service that is called as a refused category is', edited(data => {
                data.categories = ['necessary', 'analytics'];
                data.services = { necessary: [], functionality: [], analytics: ['marketing'], marketing: [] };
            }), {}, decided(['analytics'], ['functional', 'marketing'], at(all))),
            byHand('no services: what was refused is not known', edited(data => { delete data.services; }), {}, malformed()),
            byHand('an array in place of the object', `cc_cookie=${JSON.stringify((({ categories, services, revision, consentId, consentTimestamp, lastConsentTimestamp, expirationTime }) =>
                [categories, services, revision, consentId, consentTimestamp, lastConsentTimestamp, expirationTime])(decodedJson(all.cookie, 'cc_cookie')))}`, {}, malformed()),
            byHand('a time that is none', edited(data => { data.lastConsentTimestamp = 'today'; }), {}, malformed()),
            byHand('categories is no list', edited(data => { data.categories = { analytics: true }; }), {}, malformed()),
            byHand('cut short', all.cookie.slice(0, -9), {}, malformed()),
            byHand('a plain word', 'cc_cookie=allow', {}, malformed()),
            byHand('Klaro\'s shape', 'cc_cookie=%7B%22analytics%22%3Atrue%7D', {}, malformed()),
            byHand('too long', edited(data => { data.data = 'a'.repeat(LONG); }), {}, malformed()),
        ],
    };
}

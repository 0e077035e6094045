import { LONG, byHand, decided, malformed, moment, none, outdated, seen, value } from '../cases.mjs';
import { attributes, version } from '../site.mjs';

const page = (extra = '', m = 'marketing') => {
    const block = (name, more) => `{ title: '${name}', description: 'd', toggle: { value: '${name}', enabled: ${more}, readonly: ${more} } }`;
    return `<!doctype html><title>cookieconsent 2</title><link rel="stylesheet" href="/m/vanilla-cookieconsent-v2/dist/cookieconsent.css">
<script src="/m/vanilla-cookieconsent-v2/dist/cookieconsent.js"></script><h1>x</h1>
<script>window.cc = initCookieConsent(); cc.run({ current_lang: 'en', autorun: true, ${extra} languages: { en: {
  consent_modal: { title: 't', description: 'd', primary_btn: { text: 'all', role: 'accept_all' }, secondary_btn: { text: 'none', role: 'accept_necessary' } },
  settings_modal: { title: 't', save_settings_btn: 'save', accept_all_btn: 'all', blocks: [
    ${block('necessary', true)}, ${block('functionality', false)}, ${block('analytics', false)}, ${block(m, false)}] } } } });</script>`;
};

export default async function (site) {
    site.serve('/v2', page());
    site.serve('/v2-rfc', page('use_rfc_cookie: true,'));
    site.serve('/v2-revision', page('revision: 2,'));
    site.serve('/v2-names', page('', 'werbung'));
    site.serve('/v2-named', page("cookie_name: 'choices', cookie_domain: 'shop.test',"));
    const own = /^(cc_cookie|choices)$/;
    const click = id => async p => { await p.waitForSelector(`#${id}`, { state: 'attached' }); await p.$eval(`#${id}`, e => e.click()); await p.waitForTimeout(200); };
    const choose = wanted => async p => {
        await p.evaluate(() => window.cc.showSettings(0));
        await p.waitForSelector('#s-sv-bn', { state: 'attached' });
        for (const [name, on] of Object.entries(wanted)) {
            await p.$eval(`.c-tgl[value="${name}"]`, (box, on) => box.checked !== on && box.click(), on);
        }
        await click('s-sv-bn')(p);
    };
    const json = text => JSON.parse(text.startsWith('%') ? decodeURIComponent(text) : text);
    const data = visit => json(value(visit.cookie, visit.cookie.split('=')[0]));
    const at = visit => moment(data(visit).last_consent_update);

    const untouched = await site.visit('/v2', own);
    const all = await site.visit('/v2', own, click('c-p-bn'), { keep: true });
    const reject = await site.visit('/v2', own, click('c-s-bn'));
    const mixed = await site.visit('/v2', own, choose({ functionality: true, marketing: true }));
    await new Promise(done => setTimeout(done, 1500));
    const changed = await site.visit('/v2', own, choose({ analytics: false, marketing: false }), { context: all.context });
    const rfc = await site.visit('/v2-rfc', own, click('c-p-bn'));
    const rfcReject = await site.visit('/v2-rfc', own, click('c-s-bn'));
    const revised = await site.visit('/v2-revision', own, click('c-p-bn'));
    const names = await site.visit('/v2-names', own, click('c-p-bn'));
    const named = await site.visit('/v2-named', own, click('c-p-bn'));

    const three = ['functional', 'analytics', 'marketing'];
    const edited = edit => { const copy = data(all); edit(copy); return `cc_cookie=${JSON.stringify(copy)}`; };
    return {
        banner: 'cookieconsent-v2', tool: 'vanilla-cookieconsent', version: version('vanilla-cookieconsent-v2'), status: 'run',
        source: 'npm vanilla-cookieconsent, in Chromium, tests/banners/record/tools/cookieconsent-v2.mjs', recorded_at: moment(new Date()),
        cookies: [{ name: 'cc_cookie', prefix: false, attributes: attributes(all.written, 'cc_cookie') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('page loaded, nothing clicked: no cookie', untouched.cookie, {}, none()),
            seen('everything accepted, raw JSON', all.cookie, {}, decided(three, [], at(all))),
            seen('everything rejected, raw JSON', reject.cookie, {}, decided([], three, at(reject))),
            seen('a mixed choice', mixed.cookie, {}, decided(['functional', 'marketing'], ['analytics'], at(mixed))),
            seen('accepted, then changed: the last time counts', changed.cookie, {}, decided(['functional'], ['analytics', 'marketing'], at(changed))),
            seen('everything accepted, use_rfc_cookie', rfc.cookie, {}, decided(three, [], at(rfc))),
            seen('everything rejected, use_rfc_cookie', rfcReject.cookie, {}, decided([], three, at(rfcReject))),
            seen('the revision that counts', revised.cookie, { revision: '2' }, decided(three, [], at(revised))),
            seen('an older revision', revised.cookie, { revision: '3' }, outdated(at(revised))),
            seen('revisions not in use when it was written', all.cookie, { revision: '2' }, outdated(at(all))),
            seen('own category names, mapped', names.cookie,
                { categories: { functional: ['functionality'], analytics: ['analytics'], marketing: ['werbung'] } }, decided(three, [], at(names))),
            seen('own category names, not mapped: nothing is guessed', names.cookie, {}, decided(['functional', 'analytics'], ['marketing'], at(names))),
            seen('a category of the tool for a service', mixed.cookie, { services: { youtube: ['marketing'], matomo: ['analytics'] } },
                decided(['functional', 'marketing', '@youtube'], ['analytics', '@matomo'], at(mixed))),
            seen('another name for the cookie', named.cookie, { cookie: 'choices' }, decided(three, [], at(named))),
            byHand('version 2.8 and older: only `level`, no id, no time: the tool asks again',
                'cc_cookie={"level":["necessary","analytics"],"revision":0,"data":null,"rfc_cookie":false}', {}, none()),
            byHand('no consent_uuid: the tool asks again', edited(copy => { delete copy.consent_uuid; }), {}, none()),
            byHand('no last_consent_update: the tool asks again', edited(copy => { delete copy.last_consent_update; }), {}, none()),
            byHand('an array in place of the object', `cc_cookie=${JSON.stringify((({ categories, level, revision, consent_uuid, consent_date, last_consent_update }) =>
                [categories, level, revision, consent_uuid, consent_date, last_consent_update])(data(all)))}`, {}, malformed()),
            byHand('no shape of it', 'cc_cookie={"consent_uuid":"bc705d5d-296f-4c72-a536-eb30d799f14b"}', {}, malformed()),
            byHand('categories is no list', edited(copy => { copy.categories = 'analytics'; }), {}, malformed()),
            byHand('cut short', all.cookie.slice(0, -9), {}, malformed()),
            byHand('a plain word', 'cc_cookie=deny', {}, malformed()),
            byHand('too long', edited(copy => { copy.data = 'a'.repeat(LONG); }), {}, malformed()),
        ],
    };
}

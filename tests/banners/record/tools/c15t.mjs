import { LONG, byHand, decided, malformed, moment, none, outdated, seen, value } from '../cases.mjs';
import { attributes, bundle, version } from '../site.mjs';

const page = `<!doctype html><title>c15t</title><h1>x</h1><script src="/c15t.js"></script>`;

export default async function (site) {
    site.serve('/c15t.js', await bundle(`
        import { getOrCreateConsentRuntime } from 'c15t';
        const options = { mode: 'offline', ...(window.c15tOptions ?? {}),
            offlinePolicy: { policyPacks: undefined }, consentCategories: ['necessary', 'functionality', 'experience', 'measurement', 'marketing'] };
        const { consentStore } = getOrCreateConsentRuntime(options, { consentCategories: options.consentCategories });
        window.store = consentStore;
    `), 'text/javascript');
    site.serve('/c15t', page);
    site.serve('/c15t-named', page.replace('<script', "<script>window.c15tOptions = { storageConfig: { storageKey: 'choices', crossSubdomain: true } };</script><script"));
    const own = /^(c15t|choices)$/;
    const ready = async p => { await p.waitForFunction(() => window.store !== undefined); await p.waitForTimeout(400); };
    const save = type => async p => { await ready(p); await p.evaluate(type => window.store.getState().saveConsents(type), type); await p.waitForTimeout(400); };
    const choose = wanted => async p => {
        await ready(p);
        await p.evaluate(wanted => {
            for (const [name, on] of Object.entries(wanted)) {
                window.store.getState().setSelectedConsent(name, on);
            }
        }, wanted);
        await p.evaluate(() => window.store.getState().saveConsents('custom'));
        await p.waitForTimeout(400);
    };
    const at = visit => moment(Number(/(?:^|,)i\.t:(\d+)/.exec(value(visit.cookie, visit.cookie.split('=')[0]))[1]));
    const untouched = await site.visit('/c15t', own, ready);
    const all = await site.visit('/c15t', own, save('all'), { keep: true });
    const reject = await site.visit('/c15t', own, save('necessary'));
    const mixed = await site.visit('/c15t', own, choose({ functionality: true, experience: false, measurement: true, marketing: false }));
    const both = await site.visit('/c15t', own, choose({ functionality: true, experience: true, measurement: false, marketing: true }));
    await new Promise(done => setTimeout(done, 1500));
    const changed = await site.visit('/c15t', own, choose({ functionality: true, experience: true, measurement: false, marketing: false }), { context: all.context });
    const named = await site.visit('/c15t-named', own, save('all'));

    const text = value(all.cookie, 'c15t');
    const fingerprint = /i\.mpf:([0-9a-f]+)/.exec(text)[1];
    const three = ['functional', 'analytics', 'marketing'];
    return {
        banner: 'c15t', tool: 'c15t', version: version('c15t'), status: 'run', source: 'npm c15t, in Chromium, tests/banners/record/tools/c15t.mjs', recorded_at: moment(new Date()),
        cookies: [{ name: 'c15t', prefix: false, attributes: attributes(all.written, 'c15t') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('page loaded, nothing clicked: no cookie', untouched.cookie, {}, none()),
            seen('everything accepted', all.cookie, {}, decided(three, [], at(all))),
            seen('only what is necessary: refusals are left out', reject.cookie, {}, decided([], three, at(reject))),
            seen('functionality without experience: both are functional', mixed.cookie, {}, decided(['analytics'], ['functional', 'marketing'], at(mixed))),
            seen('functionality and experience', both.cookie, {}, decided(['functional', 'marketing'], ['analytics'], at(both))),
            seen('accepted, then changed', changed.cookie, {}, decided(['functional'], ['analytics', 'marketing'], at(changed))),
            seen('its keys mapped otherwise, services', mixed.cookie, { categories: { functional: ['functionality'], analytics: ['measurement'], marketing: ['marketing', 'experience'] }, services: { matomo: ['measurement'], youtube: ['experience'] } },
                decided(['functional', 'analytics', '@matomo'], ['marketing', '@youtube'], at(mixed))),
            seen('the policy that counts', all.cookie, { revision: fingerprint }, decided(three, [], at(all))),
            seen('another policy', all.cookie, { revision: 'f'.repeat(64) }, outdated(at(all))),
            seen('another name for the cookie, all subdomains', named.cookie, { cookie: 'choices' }, decided(three, [], at(named))),
            byHand('older versions list refusals', all.cookie.replace('c.measurement:1', 'c.measurement:0'), {}, decided(['functional', 'marketing'], ['analytics'], at(all))),
            byHand('version 1: an id and no subject, the tool asks again', 'c15t=c.necessary:1,c.functionality:1,c.measurement:1,c.experience:1,c.marketing:1,i.t:1759290394701,i.id:cns_4Xc8mQ2v', {}, outdated('2025-10-01T03:46:34Z')),
            byHand('no time: nobody has decided', 'c15t=c.necessary:1,c.functionality:1,c.measurement:1,c.experience:1,c.marketing:1', {}, none()),
            byHand('no policy in the record', 'c15t=c.necessary:1,c.measurement:1,i.t:1759290394701,i.sid:sub_111D6gS5yzPHbPWsbf44fab9YY', { revision: fingerprint }, outdated('2025-10-01T03:46:34Z')),
            byHand('an answer that is none', 'c15t=c.necessary:1,c.measurement:true,c.marketing:yes,i.t:1759290394701,i.sid:sub_111D6gS5yzPHbPWsbf44fab9YY', {}, malformed()),
            byHand('a time that is none', all.cookie.replace(/i\.t:\d+/, 'i.t:soon'), {}, malformed()),
            byHand('a plain word', 'c15t=all', {}, malformed()),
            byHand('another tool\'s JSON', 'c15t=%7B%22analytics%22%3Atrue%7D', {}, malformed()),
            byHand('empty', 'c15t=', {}, malformed()),
            byHand('too long', `${all.cookie},i.eid:${'a'.repeat(LONG)}`, {}, malformed()),
        ],
    };
}

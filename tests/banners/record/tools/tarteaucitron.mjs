import { LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';
import { attributes, version } from '../site.mjs';

const page = (options = '', services = ['gtag', 'youtube', 'facebook', 'tawkto']) => `<!doctype html><title>tarteaucitron</title>
<script src="/m/tarteaucitronjs/tarteaucitron.js"></script><h1>x</h1><div class="youtube_player" videoID="x" width="1" height="1"></div>
<script>tarteaucitron.init({ privacyUrl: '', hashtag: '#t', cookieName: 'tarteaucitron', orientation: 'middle', highPrivacy: true,
  AcceptAllCta: true, DenyAllCta: true, googleConsentMode: false, bingConsentMode: false, pianoConsentMode: false, ${options} });
tarteaucitron.user.matomoId = 1; tarteaucitron.user.matomoHost = 'https://stats.shop.test/'; tarteaucitron.user.tawktoId = 'x';
tarteaucitron.user.gtagUa = 'G-XXXXXXX';
${services.map(name => `(tarteaucitron.job = tarteaucitron.job || []).push('${name}');`).join('\n')}</script>`;

export default async function (site) {
    site.serve('/tac', page());
    site.serve('/tac-more', page('', ['gtag', 'youtube', 'facebook', 'tawkto', 'dailymotion']));
    site.serve('/tac-exempt', page('', ['matomo', 'plausible', 'youtube']));
    site.serve('/tac-asked', page('alwaysNeedConsent: true,', ['matomo', 'youtube']));
    site.serve('/tac-true', page('serviceDefaultState: true,'));
    site.serve('/tac-google', page('googleConsentMode: true,', ['gtag', 'gcmadstorage', 'gcmadsuserdata', 'gcmanalyticsstorage', 'gcmfunctionality', 'gcmpersonalization', 'gcmsecurity']));
    site.serve('/tac-named', page("cookieName: 'choices', cookieDomain: '.shop.test',"));
    const own = /^(tarteaucitron|choices)$/;
    const loaded = async p => { await p.waitForSelector('#tarteaucitronPersonalize2', { state: 'attached' }); await p.waitForTimeout(500); };
    const click = (...ids) => async p => {
        await loaded(p);
        for (const id of ids) {
            await p.$eval(`#${id}`, e => e.click());
        }
        await p.waitForTimeout(200);
    };
    const untouched = await site.visit('/tac', own, loaded);
    const all = await site.visit('/tac', own, click('tarteaucitronPersonalize2'), { keep: true });
    const reject = await site.visit('/tac', own, click('tarteaucitronAllDenied2'));
    const one = await site.visit('/tac', own, click('gtagAllowed'));
    const mixed = await site.visit('/tac', own, click('gtagAllowed', 'youtubeAllowed', 'facebookDenied', 'tawktoDenied'));
    const changed = await site.visit('/tac', own, click('gtagDenied', 'youtubeDenied'), { context: all.context });
    const accepted = await site.visit('/tac', own, click('tarteaucitronPersonalize2'), { keep: true });
    const more = await site.visit('/tac-more', own, loaded, { context: accepted.context });
    const google = await site.visit('/tac-google', own, click('tarteaucitronPersonalize2'));
    const googleNone = await site.visit('/tac-google', own, loaded);
    const named = await site.visit('/tac-named', own, click('tarteaucitronPersonalize2'));
    const exempt = await site.visit('/tac-exempt', own, loaded);
    const exemptAll = await site.visit('/tac-exempt', own, click('tarteaucitronPersonalize2'));
    const exemptNone = await site.visit('/tac-exempt', own, click('tarteaucitronAllDenied2'));
    const asked = await site.visit('/tac-asked', own, loaded);
    const askedAll = await site.visit('/tac-asked', own, click('tarteaucitronPersonalize2'));
    const preset = await site.visit('/tac-true', own, loaded);

    const services = { services: { youtube: ['youtube'], matomo: ['gtag'] } };
    const three = ['functional', 'analytics', 'marketing'];
    const mapped = { categories: { functional: ['tawkto'], analytics: ['gtag'], marketing: ['youtube', 'facebook'] } };
    return {
        banner: 'tarteaucitron', tool: 'tarteaucitronjs', version: version('tarteaucitronjs'), status: 'run',
        source: 'npm tarteaucitronjs, in Chromium, tests/banners/record/tools/tarteaucitron.mjs',
        cookies: [{ name: 'tarteaucitron', prefix: false, attributes: attributes(all.written, 'tarteaucitron') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('page loaded, nothing clicked: all services wait', untouched.cookie, {}, none()),
            seen('page loaded, nothing clicked, services mapped', untouched.cookie, { ...mapped, ...services }, none()),
            seen('Google\'s consent types, nothing clicked', googleNone.cookie, {}, none()),
            seen('everything accepted, the tool\'s own types', all.cookie, {}, decided(three, [])),
            seen('everything accepted, mapped, services too', all.cookie, { ...mapped, ...services }, decided([...three, '@youtube', '@matomo'], [])),
            seen('everything denied', reject.cookie, {}, decided([], three)),
            seen('everything denied, mapped, services too', reject.cookie, { ...mapped, ...services }, decided([], [...three, '@youtube', '@matomo'])),
            seen('one service answered, the others wait', one.cookie, services, decided(['analytics', '@matomo'], [])),
            seen('a mixed choice: marketing has one of two', mixed.cookie, services,
                decided(['analytics', '@youtube', '@matomo'], ['functional', 'marketing'])),
            seen('a mixed choice, mapped', mixed.cookie, { ...mapped, ...services },
                decided(['analytics', '@youtube', '@matomo'], ['functional', 'marketing'])),
            seen('accepted, then changed: the record is written in another order', changed.cookie, services,
                decided(['functional'], ['analytics', 'marketing', '@youtube', '@matomo'])),
            seen('the site has a service more than was asked: its category waits', more.cookie, services,
                decided(['functional', 'analytics', '@youtube', '@matomo'], [])),
            seen('Google\'s consent types accepted', google.cookie, {}, decided(three, [])),
            seen('serviceDefaultState true: the tool writes `true` before any click, and nothing in the value tells', preset.cookie, {}, decided(three, [])),
            seen('services that the tool exempts are `true` before any click', exempt.cookie, {}, none()),
            seen('the same, mapped: still nobody clicked', exempt.cookie, { categories: { analytics: ['matomo', 'plausible'] } }, none()),
            seen('exempt services after "accept all": their `true` looks the same and tells nothing', exemptAll.cookie, {}, decided(['marketing'], [])),
            seen('exempt services, refused', exemptNone.cookie, {}, decided([], ['analytics', 'marketing'])),
            seen('alwaysNeedConsent: exempt services wait like the others', asked.cookie, {}, none()),
            seen('alwaysNeedConsent, and the policy knows it: nothing clicked', asked.cookie, { categories: { analytics: ['asked:matomo'] } }, none()),
            seen('alwaysNeedConsent, and the policy knows it: accepted', askedAll.cookie, { categories: { analytics: ['asked:matomo'], marketing: ['youtube'] } }, decided(['analytics', 'marketing'], [])),
            seen('another name for the cookie', named.cookie, { cookie: 'choices' }, decided(three, [])),
            byHand('a name that ends like another', 'tarteaucitron=!xgtag=true!gtag=wait', services, none()),
            byHand('a service of the site\'s own, not mapped', 'tarteaucitron=!shopstats=true!gtag=false', {}, decided([], ['analytics'])),
            byHand('a service of the site\'s own, mapped', 'tarteaucitron=!shopstats=true!gtag=false', { categories: { analytics: ['shopstats'] } },
                decided(['analytics'], [])),
            byHand('only unknown services', 'tarteaucitron=!shopstats=wait', {}, none()),
            byHand('old versions: a pseudo-service holds an id', 'tarteaucitron=!id=k3jq8x2v!gtag=true', services, decided(['analytics', '@matomo'], [])),
            byHand('a word that is no answer', 'tarteaucitron=!gtag=yes', services, none()),
            byHand('empty', 'tarteaucitron=', {}, malformed()),
            byHand('a plain word', 'tarteaucitron=allow', {}, malformed()),
            byHand('JSON', 'tarteaucitron=%7B%22matomo%22%3Atrue%7D', {}, malformed()),
            byHand('too long', `tarteaucitron=!gtag=true!${'a'.repeat(LONG)}=true`, {}, malformed()),
        ],
    };
}

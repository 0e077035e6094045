import { ALL, LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';
import { attributes, bundle, version } from '../site.mjs';

const page = (props = '') => `<!doctype html><title>react-cookie-consent</title><div id="root"></div><script>window.consentProps = ${props || '{}'};</script><script src="/rcc.js"></script>`;

export default async function (site) {
    site.serve('/rcc.js', await bundle(`
        import { createElement } from 'react';
        import { createRoot } from 'react-dom/client';
        import CookieConsent from 'react-cookie-consent';
        createRoot(document.getElementById('root')).render(createElement(CookieConsent, { enableDeclineButton: true, ...window.consentProps }, 'Cookies?'));
    `), 'text/javascript');
    site.serve('/rcc', page());
    site.serve('/rcc-scroll', page('{ acceptOnScroll: true, acceptOnScrollPercentage: 0 }').replace('<div', '<p style="height:9000px">x</p><div'));
    site.serve('/rcc-none', page("{ sameSite: 'none' }"));
    site.serve('/rcc-named', page("{ cookieName: 'choices', cookieValue: { yes: 1 }, declineCookieValue: { yes: 0 }, expires: 30, extraCookieOptions: { domain: 'shop.test' } }"));
    const own = /^(CookieConsent|choices)(-legacy)?$/;
    const click = id => async p => { await p.waitForSelector(`#rcc-${id}`); await p.click(`#rcc-${id}`); await p.waitForTimeout(200); };
    const untouched = await site.visit('/rcc', own, p => p.waitForSelector('#rcc-confirm-button'));
    const accept = await site.visit('/rcc', own, click('confirm-button'), { keep: true });
    const again = await site.visit('/rcc', own, async p => {
        await p.evaluate(() => { document.cookie = 'CookieConsent=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/'; });
        await p.reload();
        await click('decline-button')(p);
    }, { context: accept.context });
    const decline = await site.visit('/rcc', own, click('decline-button'));
    const scroll = await site.visit('/rcc-scroll', own, async p => { await p.waitForSelector('#rcc-confirm-button'); await p.mouse.wheel(0, 3000); await p.waitForTimeout(600); });
    const legacy = await site.visit('/rcc-none', own, click('confirm-button'));
    const legacyNo = await site.visit('/rcc-none', own, click('decline-button'));
    const named = await site.visit('/rcc-named', own, click('confirm-button'));
    return {
        banner: 'react-cookie-consent', tool: 'react-cookie-consent', version: version('react-cookie-consent'), status: 'run',
        source: 'npm react-cookie-consent, in Chromium, tests/banners/record/tools/react-cookie-consent.mjs',
        cookies: [{ name: 'CookieConsent', prefix: false, attributes: attributes(accept.written, 'CookieConsent') },
            { name: 'CookieConsent-legacy', prefix: false, attributes: attributes(legacy.written, 'CookieConsent-legacy') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('page loaded, nothing clicked: no cookie', untouched.cookie, {}, none()),
            seen('accepted', accept.cookie, {}, decided(ALL, [])),
            seen('declined', decline.cookie, {}, decided([], ALL)),
            seen('accepted, deleted, then declined', again.cookie, {}, decided([], ALL)),
            seen('accepted by scrolling (the site wished it so): the value looks like a click', scroll.cookie, {}, decided(ALL, [])),
            seen('SameSite None: with a twin', legacy.cookie, {}, decided(ALL, [])),
            seen('SameSite None: with a twin, declined', legacyNo.cookie, {}, decided([], ALL)),
            seen('a value of the site\'s own: not read', named.cookie, { cookie: 'choices' }, malformed()),
            byHand('another name for the cookie', 'choices=true', { cookie: 'choices' }, decided(ALL, [])),
            byHand('only the twin is left', 'CookieConsent-legacy=true', {}, none()),
            byHand('Cookiebot\'s value, accepted', 'CookieConsent={stamp:%27k4mQ0nVbT2sYc7RzPq1LxEwJ8uHgD5aFi9oN6vKtM3eBjXlWdSyUCg==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1790826394701%2Cregion:%27de%27}', {}, malformed()),
            byHand('Cookiebot\'s short forms', 'CookieConsent=-1', {}, malformed()),
            byHand('Cookiebot\'s short refusal', 'CookieConsent=0', {}, malformed()),
            byHand('another case of the letters', 'CookieConsent=True', {}, malformed()),
            byHand('quoted', 'CookieConsent="true"', {}, malformed()),
            byHand('a home-made word', 'CookieConsent=allow', {}, malformed()),
            byHand('empty', 'CookieConsent=', {}, malformed()),
            byHand('too long', `CookieConsent=true${'e'.repeat(LONG)}`, {}, malformed()),
        ],
    };
}

import { ALL, LONG, byHand, decided, malformed, none, seen } from '../cases.mjs';
import { attributes, version } from '../site.mjs';

const page = options => `<!doctype html><title>osano</title><link rel="stylesheet" href="/m/cookieconsent/build/cookieconsent.min.css">
<script src="/m/cookieconsent/build/cookieconsent.min.js"></script><h1>x</h1>
<script>window.cookieconsent.initialise({ revokable: true, animateRevokable: false, ${options} }, popup => { window.popup = popup; });</script>`;

export default async function (site) {
    const palette = "palette: { popup: { background: '#000' }, button: { background: '#fff' } },";
    site.serve('/osano-in', page(`${palette} type: 'opt-in'`));
    site.serve('/osano-out', page(`${palette} type: 'opt-out'`));
    site.serve('/osano-info', page(palette));
    site.serve('/osano-time', page(`${palette} type: 'opt-in', dismissOnTimeout: 100`));
    site.serve('/osano-named', page(`${palette} type: 'opt-in', cookie: { name: 'choices', domain: 'shop.test', expiryDays: 30, secure: true }`));
    const own = /^(cookieconsent_status|choices)$/;
    const click = name => async p => { await p.$eval(`.cc-window .cc-${name}`, e => e.click()); await p.waitForTimeout(100); };

    const untouched = await site.visit('/osano-in', own);
    const allow = await site.visit('/osano-in', own, click('allow'), { keep: true });
    const deny = await site.visit('/osano-in', own, click('deny'));
    const changed = await site.visit('/osano-in', own, async p => {
        await p.$eval('.cc-revoke', e => e.click());
        await click('deny')(p);
    }, { context: allow.context });
    const outDeny = await site.visit('/osano-out', own, click('deny'));
    const outAllow = await site.visit('/osano-out', own, click('allow'));
    const outUntouched = await site.visit('/osano-out', own);
    const info = await site.visit('/osano-info', own, click('dismiss'));
    const timed = await site.visit('/osano-time', own, p => p.waitForTimeout(600));
    const named = await site.visit('/osano-named', own, click('allow'));

    return {
        banner: 'osano', tool: 'cookieconsent (Osano, open source)', version: version('cookieconsent'), status: 'run',
        source: 'npm cookieconsent, in Chromium, tests/banners/record/tools/osano.mjs',
        cookies: [{ name: 'cookieconsent_status', prefix: false, attributes: attributes(allow.written, 'cookieconsent_status') }],
        renamed: attributes(named.written, 'choices'),
        cases: [
            seen('opt-in, page loaded, nothing clicked: no cookie', untouched.cookie, {}, none()),
            seen('opt-in, allow', allow.cookie, {}, decided(ALL, [])),
            seen('opt-in, deny', deny.cookie, {}, decided([], ALL)),
            seen('allowed, then revoked and denied', changed.cookie, {}, decided([], ALL)),
            seen('opt-out, page loaded, nothing clicked: no cookie', outUntouched.cookie, {}, none()),
            seen('opt-out, deny', outDeny.cookie, {}, decided([], ALL)),
            seen('opt-out, allow', outAllow.cookie, {}, decided(ALL, [])),
            seen('a mere notice, dismissed: nobody was asked', info.cookie, {}, none()),
            seen('dismissed by a timer: nobody clicked', timed.cookie, {}, none()),
            seen('another name for the cookie', named.cookie, { cookie: 'choices' }, decided(ALL, [])),
            byHand('another case of the letters is another word', 'cookieconsent_status=Allow', {}, malformed()),
            byHand('quoted', 'cookieconsent_status="allow"', {}, malformed()),
            byHand('a word that begins like it', 'cookieconsent_status=allowed', {}, malformed()),
            byHand('empty', 'cookieconsent_status=', {}, malformed()),
            byHand('home-made: true', 'cookieconsent_status=true', {}, malformed()),
            byHand('another tool\'s JSON', 'cookieconsent_status=%7B%22analytics%22%3Atrue%7D', {}, malformed()),
            byHand('too long', `cookieconsent_status=allow${'y'.repeat(LONG)}`, {}, malformed()),
        ],
    };
}

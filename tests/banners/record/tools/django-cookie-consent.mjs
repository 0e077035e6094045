import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LONG, byHand, decided, malformed, none, outdated, seen } from '../cases.mjs';
import { HOST } from '../site.mjs';

const program = join(dirname(fileURLToPath(import.meta.url)), '..', 'django_site.py');

export default async function (site) {
    const python = process.env.RECORD_PYTHON ?? 'python3';
    const server = spawn(python, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
        const port = await new Promise((done, failed) => {
            server.stdout.once('data', data => done(String(data).trim()));
            server.once('exit', code => failed(new Error(`${python} ${program} ended with ${code}`)));
        });
        return await record(site, `http://${HOST}:${port}`, server, python);
    } finally {
        server.kill();
    }
}

async function record(site, origin, server, python) {
    // Set by the server and HttpOnly: what a page's script would see says nothing.
    const visit = async (clicks, before) => {
        const context = before ?? await site.browser.newContext();
        const page = await context.newPage();
        let setCookie;
        page.on('response', async response => { setCookie = (await response.headerValue('set-cookie')) ?? setCookie; });
        await page.goto(`${origin}/`);
        for (const text of clicks) {
            await Promise.all([page.waitForURL(`${origin}/`), page.getByRole('button', { name: text, exact: true }).click()]);
        }
        const cookie = await page.evaluate(() => fetch('/seen').then(answer => answer.text()));
        await page.close();
        return { cookie, context, setCookie };
    };
    const untouched = await visit([]);
    const all = await visit(['accept all']);
    const reject = await visit(['decline all']);
    const mixed = await visit(['accept analytics', 'decline marketing']);
    const changed = await visit(['decline analytics', 'accept marketing'], all.context);
    const empty = await visit(['accept empty', 'accept functional']);
    const old = await visit(['accept functional', 'accept analytics', 'decline marketing']);
    const version = (await import('node:child_process')).execFileSync(python, ['-c', 'import importlib.metadata as m; print(m.version("django-cookie-consent"))'], { encoding: 'utf8' }).trim();

    const map = { categories: { functional: ['functional'], analytics: ['analytics'], marketing: ['marketing'] } };
    const three = ['functional', 'analytics', 'marketing'];
    const [FIRST, SECOND, THIRD] = ['2026-03-01T10:00:00.123456+00:00', '2026-03-02T10:00:00.123456+00:00', '2026-03-03T10:00:00.123456+00:00'];
    const value = text => `cookie_consent="${text}"`;
    return {
        banner: 'django-cookie-consent', tool: 'django-cookie-consent', version, status: 'run',
        source: 'PyPI django-cookie-consent behind wsgiref, Chromium clicks its forms, tests/banners/record/tools/django-cookie-consent.mjs',
        cookies: [{ name: 'cookie_consent', prefix: false, attributes: (all.setCookie ?? '').split('; ').slice(1).map(part => part.replace(/^expires=.*/, 'expires=<365 days>')).join('; ') }],
        cases: [
            seen('page loaded, nothing clicked: no cookie', untouched.cookie, map, none()),
            seen('everything accepted', all.cookie, map, decided(three, [])),
            seen('everything declined', reject.cookie, map, decided([], three)),
            seen('one accepted, one declined, one not answered', mixed.cookie, map, decided(['analytics'], ['marketing'])),
            seen('changed', changed.cookie, map, decided(['functional', 'marketing'], ['analytics'])),
            seen('a group without cookies has an empty version, which is accepted', empty.cookie, { categories: { functional: ['functional', 'empty'] } }, decided(['functional'], [])),
            seen('groups for services', mixed.cookie, { ...map, services: { matomo: ['analytics'], youtube: ['marketing'] } }, decided(['analytics', '@matomo'], ['marketing', '@youtube'])),
            seen('all versions are at least the one that counts', all.cookie, { ...map, revision: FIRST }, decided(three, [])),
            seen('all versions are older than the one that counts', all.cookie, { ...map, revision: '2026-06-01T00:00:00+00:00' }, outdated()),
            seen('one group is older than the version that counts: that one is open again', old.cookie, { ...map, revision: SECOND }, decided(['analytics'], ['marketing'])),
            seen('a refusal has no version and stays', reject.cookie, { ...map, revision: '2026-06-01T00:00:00+00:00' }, decided([], three)),
            byHand('without quotes', `cookie_consent=functional=${FIRST}|analytics=-1|marketing=${THIRD}`, map, decided(['functional', 'marketing'], ['analytics'])),
            byHand('percent-encoded', `cookie_consent=${encodeURIComponent(`functional=${FIRST}|analytics=-1`)}`, map, decided(['functional'], ['analytics'])),
            byHand('a group that the policy does not map', value(`social=${FIRST}`), map, none()),
            byHand('a group twice: the library takes the last, we the stricter', value(`analytics=-1|analytics=${SECOND}`), map, decided([], ['analytics'])),
            byHand('a version that is no time', value('analytics=yes'), map, malformed()),
            byHand('a plain word', 'cookie_consent=accepted', map, malformed()),
            byHand('home-made: true', 'cookie_consent=true', map, malformed()),
            byHand('another tool\'s JSON', 'cookie_consent=%7B%22analytics%22%3Atrue%7D', map, malformed()),
            byHand('one quote only', `cookie_consent="analytics=${SECOND}`, map, malformed()),
            byHand('empty', 'cookie_consent=', map, malformed()),
            byHand('too long', value(`analytics=${SECOND}|${'a'.repeat(LONG)}=-1`), map, malformed()),
        ],
    };
}

// A loopback site over TLS whose server keeps the Cookie headers that it gets, and the browser that visits it.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const MODULES = resolve(process.env.RECORD_MODULES ?? join(root, 'target/record/node_modules'));
export const installed = createRequire(join(MODULES, 'x.js'));

/** A host with a parent domain, so that a tool that widens its cookie's domain shows it. */
export const HOST = 'www.shop.test';

export const version = name => JSON.parse(readFileSync(join(MODULES, name, 'package.json'), 'utf8')).version;

const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update',
    // Several banners stay away from what calls itself a robot.
    '--disable-blink-features=AutomationControlled', '--host-resolver-rules=MAP * 127.0.0.1'];

const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.html': 'text/html' };

/** A script for the browser, from source that imports packages. */
export async function bundle(source) {
    const { build } = installed('esbuild');
    const done = await build({ stdin: { contents: source, resolveDir: MODULES, loader: 'jsx' }, bundle: true, write: false, format: 'iife',
        define: { 'process.env.NODE_ENV': '"production"', global: 'window' }, logLevel: 'error' });
    return done.outputFiles[0].text;
}

export class Site {
    static async open() {
        const site = new Site();
        const folder = mkdtempSync(join(tmpdir(), 'record-'));
        execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`,
            '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')], { stdio: 'ignore' });
        const options = { key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')), maxHeaderSize: 65536 };
        rmSync(folder, { recursive: true });
        site.pages = new Map();
        site.headers = [];
        site.server = createServer(options, (request, response) => site.answer(request, response));
        await new Promise(done => site.server.listen(0, '127.0.0.1', done));
        site.origin = `https://${HOST}:${site.server.address().port}`;
        const { chromium } = installed('playwright-core');
        site.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
        site.agent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${site.browser.version().split('.')[0]}.0.0.0 Safari/537.36`;
        return site;
    }

    async close() {
        await this.browser.close();
        this.server.closeAllConnections();
        await new Promise(done => this.server.close(done));
    }

    answer(request, response) {
        const path = new URL(request.url, this.origin).pathname;
        if (path === '/seen') {
            const raw = request.rawHeaders;
            const lines = raw.flatMap((name, at) => at % 2 === 0 && name.toLowerCase() === 'cookie' ? [raw[at + 1]] : []);
            this.headers.push(lines.join('; '));
            response.end('ok');
        } else if (this.pages.has(path)) {
            const { type, body } = this.pages.get(path);
            response.setHeader('content-type', `${type}; charset=utf-8`);
            response.end(body);
        } else if (path.startsWith('/m/') && existsSync(join(MODULES, path.slice(3)))) {
            response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
            response.end(readFileSync(join(MODULES, path.slice(3))));
        } else {
            response.statusCode = 404;
            response.end();
        }
    }

    /** Serves `body` at `path`. */
    serve(path, body, type = 'text/html') {
        this.pages.set(path, { type, body });
    }

    /**
     * A new visitor (no cookies) opens `path`; `act` clicks; then the browser asks the server for something, and the
     * Cookie header of that request is the answer, cut down to the cookies that `own` (a pattern) matches.
     * `visitor` keeps the browser's state for a second visit.
     */
    async visit(path, own, act = async () => {}, options = {}) {
        const context = options.context ?? await this.browser.newContext({ ignoreHTTPSErrors: true, userAgent: this.agent, ...options.browser });
        const page = await context.newPage();
        await page.addInitScript(() => {
            const real = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
            window.__written = [];
            Object.defineProperty(Document.prototype, 'cookie', {
                configurable: true,
                get() { return real.get.call(this); },
                set(text) { window.__written.push(String(text)); real.set.call(this, text); },
            });
        });
        const errors = [];
        page.on('pageerror', error => errors.push(String(error)));
        try {
            page.setDefaultTimeout(8000);
            await page.goto(this.origin + path, { waitUntil: 'load' });
            await act(page);
        } catch (error) {
            throw new Error(`${path}: ${error.message}\nin the page: ${errors.join('\n')}`);
        }
        const written = await page.evaluate(() => window.__written);
        await page.evaluate(() => fetch('/seen', { cache: 'no-store' }));
        const header = this.headers.at(-1);
        const cookie = header.split('; ').filter(pair => own.test(pair.split('=')[0])).join('; ');
        const jar = await context.cookies();
        await page.close();
        const visitor = { cookie, written, jar, context };
        if (!options.keep) {
            await context.close();
        }
        return visitor;
    }
}

/** The attributes of the last write of a cookie, as the tool spells them, with the time as a number of days. */
export function attributes(written, name) {
    const line = written.filter(text => text.trimStart().startsWith(`${name}=`)).at(-1);
    if (line === undefined) {
        return undefined;
    }
    return line.split(';').slice(1).map(part => part.trim()).filter(part => part !== '').map(part => {
        const [key, text] = [part.split('=')[0], part.slice(part.indexOf('=') + 1)];
        if (key.toLowerCase() === 'expires') {
            return `${key}=<${Math.round((Date.parse(text) - Date.now()) / 864e5)} days>`;
        }
        return part.replaceAll(HOST, '<host>');
    }).join('; ');
}

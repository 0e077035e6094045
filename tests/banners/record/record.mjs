// Runs the real tools in a real Chromium and writes what they put into cookies.
//
//   mkdir -p target/record && cp tests/banners/record/package.json target/record/
//   npm install --prefix target/record --no-package-lock --no-audit --no-fund --legacy-peer-deps
//   node tests/banners/record/record.mjs klaro                # prints the table
//   node tests/banners/record/record.mjs klaro --write        # into tests/banners/values/klaro.json
//   node tests/banners/record/record.mjs --all --write
//
// RECORD_MODULES: where the packages are (default target/record/node_modules). CHROMIUM: the browser
// (default /usr/bin/chromium). openssl makes the certificate of the loopback server, so that `Secure` is written.
// django-cookie-consent: RECORD_PYTHON names a Python that has it (default python3).
//
// With `--write` a case takes the place of the one of its name; cases of other names stay in the table.
// One file of `tools/` drives one tool. Every `cookie` is the Cookie header as the server got it, byte for byte,
// cut down to the banner's own cookies. `"by": "hand"` marks a case that no tool writes (too long, another tool's
// shape). What a case expects is written in the driver beside the clicks; `decided_at` is the value's own time in
// whole seconds. In settings, `{}` means the defaults of that banner. The states of an expectation are those of a
// reader: decided, none, outdated, expired, malformed, ambiguous; what is neither granted nor refused is undecided.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Site } from './site.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const tools = readdirSync(join(here, 'tools')).map(name => name.replace(/\.mjs$/, '')).sort();
const wanted = process.argv.includes('--all') ? tools : process.argv.slice(2).filter(word => !word.startsWith('--'));
if (wanted.length === 0) {
    console.error(`usage: record.mjs TOOL... [--write]; tools: ${tools.join(' ')}`);
    process.exit(2);
}

const site = await Site.open();
try {
    for (const tool of wanted) {
        const table = await (await import(`./tools/${tool}.mjs`)).default(site);
        const file = join(here, '..', 'values', `${table.banner}.json`);
        if (process.argv.includes('--write')) {
            writeFileSync(file, write(existsSync(file) ? withOthers(table, JSON.parse(readFileSync(file, 'utf8'))) : table));
            console.error(`${table.banner}: ${table.cases.length} cases`);
        } else {
            process.stdout.write(write(table));
        }
    }
} finally {
    await site.close();
}

/** Cases that no driver makes stay where they are: they were written into the table by hand. */
function withOthers(table, before) {
    const made = new Set(table.cases.map(one => one.name));
    return { ...table, cases: [...table.cases, ...before.cases.filter(one => !made.has(one.name))] };
}

/** One line for each field of the head and of a case: a diff then shows what a new version changed. */
function write(table) {
    const { cookies, cases, ...head } = table;
    const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
    const rows = list => list.map(row => `    ${JSON.stringify(row)}`).join(',\n');
    const blocks = cases.map(one => {
        const fields = Object.entries(one).map(([key, value]) => `      ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
        return `    {\n${fields.join(',\n')}\n    }`;
    });
    return `{\n${lines.join('\n')}\n  "cookies": [\n${rows(cookies)}\n  ],\n  "cases": [\n${blocks.join(',\n')}\n  ]\n}\n`;
}

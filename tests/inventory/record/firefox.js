// npm run firefox: visits the site in a real Firefox whose network monitor exports by itself, and writes ../firefox.har.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { spawn } from "node:child_process";
import { ADDRESSES, serve, tidy } from "./site.js";

const server = await serve();
const profile = fs.mkdtempSync(path.join(os.tmpdir(), "har-"));
const folder = path.join(profile, "har");
const preferences = {
    "devtools.netmonitor.har.enableAutoExportToFile": true,
    "devtools.netmonitor.har.defaultLogDir": folder,
    "devtools.netmonitor.har.forceExport": true,
    "devtools.netmonitor.har.includeResponseBodies": false,
    "devtools.netmonitor.har.pageLoadedTimeout": 1500,
    "devtools.netmonitor.persistlog": false,
    "devtools.toolbox.selectedTool": "netmonitor",
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": server.address().port,
    "browser.shell.checkDefaultBrowser": false,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": false,
    "dom.security.https_first": false,
    "dom.security.https_first_schemeless": false,
};
fs.writeFileSync(path.join(profile, "user.js"),
    Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const entries = [];
let log;
// One start for each address, with one profile: the monitor exports a page when it has loaded.
for (const address of ADDRESSES) {
    fs.rmSync(folder, { recursive: true, force: true });
    const firefox = spawn(process.env.FIREFOX ?? "firefox",
        ["--headless", "--no-remote", "--profile", profile, "--devtools", address], { stdio: "ignore" });
    for (let tries = 0; tries < 60 && !fs.existsSync(folder); tries += 1) {
        await wait(500);
    }
    await wait(3000);
    firefox.kill();
    await new Promise((done) => (firefox.exitCode === null && firefox.signalCode === null ? firefox.once("exit", done) : done()));
    if (!fs.existsSync(folder)) {
        throw new Error(`Firefox exported nothing for ${address}`);
    }
    for (const name of fs.readdirSync(folder)) {
        ({ log } = JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
        entries.push(...log.entries);
    }
}
server.close();
log.entries = entries;
fs.writeFileSync(new URL("../firefox.har", import.meta.url), tidy({ log }));
fs.rmSync(profile, { recursive: true });

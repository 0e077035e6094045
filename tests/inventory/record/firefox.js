// npm run firefox: visits the site in a real Firefox with its network monitor open, and writes ../firefox.har. GECKODRIVER
// names another driver.
import fs from "node:fs";
import { spawn } from "node:child_process";
import { ADDRESSES, serve, tidy } from "./site.js";

const server = await serve();
const port = 4455;
const driver = spawn(process.env.GECKODRIVER ?? "geckodriver", ["--port", String(port), "--allow-system-access"], { stdio: "ignore" });

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function ask(method, path, body) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body),
    });
    const { value } = await answer.json();
    if (value?.error) {
        throw new Error(`${path}: ${value.error}: ${value.message}`);
    }
    return value;
}

try {
    for (let tries = 0; tries < 50; tries += 1) {
        if (await ask("GET", "/status").catch(() => null)) {
            break;
        }
        await wait(200);
    }
    const { sessionId } = await ask("POST", "/session", { capabilities: { alwaysMatch: { browserName: "firefox", "moz:firefoxOptions": {
        args: ["-headless"],
        prefs: {
            "devtools.netmonitor.persistlog": true,
            "devtools.toolbox.host": "window",
            "network.proxy.type": 1,
            "network.proxy.http": "127.0.0.1",
            "network.proxy.http_port": server.address().port,
            "dom.security.https_first": false,
        },
    } } } });
    const session = `/session/${sessionId}`;
    const inside = (script) => ask("POST", `${session}/execute/async`, {
        script: `const done = arguments[0]; (async () => { ${script} })().then(done, (error) => done("failed: " + error));`,
        args: [],
    });
    const context = (name) => ask("POST", `${session}/moz/context`, { context: name });
    await ask("POST", `${session}/timeouts`, { script: 60000 });
    await context("chrome");
    const opened = await inside(`
        const { require } = ChromeUtils.importESModule("resource://devtools/shared/loader/Loader.sys.mjs");
        const { gDevTools } = require("devtools/client/framework/devtools");
        const toolbox = await gDevTools.showToolboxForTab(gBrowser.selectedTab, { toolId: "netmonitor" });
        await toolbox.getPanelWhenReady("netmonitor");
        return "open";`);
    console.log(opened);
    for (const address of ADDRESSES) {
        await context("content");
        await ask("POST", `${session}/url`, { url: address });
        await wait(2000);
    }
    await context("chrome");
    const har = await inside(`
        const { require } = ChromeUtils.importESModule("resource://devtools/shared/loader/Loader.sys.mjs");
        const { gDevTools } = require("devtools/client/framework/devtools");
        const toolbox = await gDevTools.getToolboxForTab(gBrowser.selectedTab);
        return JSON.stringify(await toolbox.getHARFromNetMonitor());`);
    const read = JSON.parse(har);
    fs.writeFileSync(new URL("../firefox.har", import.meta.url), tidy(read.log ? read : { log: read }));
    await ask("DELETE", session);
} finally {
    driver.kill();
    server.close();
}

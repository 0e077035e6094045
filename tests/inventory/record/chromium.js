// npm run chromium: visits the site in a real Chromium, and writes ../chromium.har. CHROMIUM names another browser.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { ADDRESSES, serve, tidy } from "./site.js";

const server = await serve();
const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "har-")), "visit.har");
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", `--host-resolver-rules=MAP *.test:80 127.0.0.1:${server.address().port}`],
});
const context = await browser.newContext({ recordHar: { path: file, content: "omit" } });
const page = await context.newPage();
for (const address of ADDRESSES) {
    await page.goto(address, { waitUntil: "networkidle" });
}
await context.close();
await browser.close();
server.close();
fs.writeFileSync(new URL("../chromium.har", import.meta.url), tidy(JSON.parse(fs.readFileSync(file, "utf8"))));
fs.rmSync(path.dirname(file), { recursive: true });

// A small shop on loopback, and a tracker on another host. Every value of a cookie holds SECRET, so that a test can see
// whether one gets out.
import http from "node:http";

const YEAR = 31536000;

const page = `<!doctype html><meta charset="utf-8"><title>Shop</title>
<img src="http://pixel.tracker.test/pixel" alt="">
<script>
  const month = "; Max-Age=2592000; Path=/; Domain=shop.test; SameSite=Lax";
  document.cookie = "_ga=SECRET-ga" + month;
  document.cookie = "_ga_ABC123DEF4=SECRET-ga4" + month;
  document.cookie = "_fbp=SECRET-fbp" + month;
  document.cookie = "_hjSessionUser_1234567=SECRET-hj" + month;
  document.cookie = "seen_intro=SECRET-intro; Path=/";
</script>
<h1>Shop</h1>`;

function shop(request, response) {
    // A browser that takes this for its proxy sends whole addresses.
    const { pathname } = new URL(request.url, "http://shop.test");
    if (pathname === "/") {
        response.setHeader("Set-Cookie", [
            "sessionid=SECRET-session; Path=/; HttpOnly; SameSite=Lax",
            `csrftoken=SECRET-csrf; Path=/; Max-Age=${YEAR}; SameSite=Lax`,
            `django_language=SECRET-language; Path=/; Max-Age=${YEAR}`,
            "promo_box=SECRET-promo; Path=/; Expires=" + new Date(Date.now() + 86400000).toUTCString(),
        ]);
        response.setHeader("Content-Type", "text/html");
        response.end(page);
    } else if (pathname === "/sign-in") {
        response.writeHead(303, {
            "Location": "/account",
            "Set-Cookie": ["sessionid=SECRET-session-2; Path=/; HttpOnly; SameSite=Lax", "promo_box=; Path=/; Max-Age=0"],
        }).end();
    } else {
        response.setHeader("Content-Type", "text/html");
        response.end("<!doctype html><title>Account</title><h1>Account</h1>");
    }
}

function tracker(request, response) {
    response.setHeader("Set-Cookie", "tracker_id=SECRET-tracker; Path=/; SameSite=None; Secure");
    response.setHeader("Content-Type", "image/gif");
    response.end(Buffer.from("R0lGODlhAQABAAAAACwAAAAAAQABAAA=", "base64"));
}

// Gives the port of a server on loopback; the host name says which site is asked.
export function serve() {
    const server = http.createServer((request, response) =>
        request.headers.host.includes("tracker") ? tracker(request, response) : shop(request, response));
    return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(server)));
}

export const ADDRESSES = ["http://www.shop.test/", "http://www.shop.test/", "http://www.shop.test/sign-in"];

// Takes out what says something of the machine, and what only takes room.
export function tidy(har) {
    const log = har.log;
    for (const entry of log.entries) {
        for (const field of ["_securityDetails", "_serverPort", "serverIPAddress", "connection", "_monotonicTime",
            "_resourceType", "_initiator", "_frameref", "timings", "cache"]) {
            delete entry[field];
        }
        delete entry.response.content;
        const keep = /^(cookie|set-cookie|host|content-type)$/i;
        for (const message of [entry.request, entry.response]) {
            message.headers = message.headers.filter((field) => keep.test(field.name));
        }
    }
    log.entries = log.entries.filter((entry) => /\.test\//.test(entry.request.url) && !/favicon/.test(entry.request.url));
    return JSON.stringify({ log: { version: log.version, creator: log.creator, browser: log.browser, entries: log.entries } },
        null, 1) + "\n";
}

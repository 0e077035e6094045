// An ordinary site: Express, a session library that sets its cookie on every first page, and a statistics cookie that nobody
// asked for.
const express = require("express");
const session = require("express-session");

const app = express();
app.set("trust proxy", "loopback");
app.use(session({ secret: "for tests alone", resave: false, saveUninitialized: true }));
app.use((request, response, next) => {
  response.cookie("_ga", "GA1.1.1234567890", { maxAge: 34560000000, path: "/" });
  response.cookie("undeclared", "1");
  next();
});
app.get("/", (request, response) => {
  request.session.visits = (request.session.visits || 0) + 1;
  response.type("html").send(`<!doctype html><html lang="en"><title>Shop</title><script src="/privacy/include.js" defer></script>
<script type="text/plain" data-consent="analytics">document.body.dataset.counted = "yes"</script>
<p>visits: ${request.session.visits}</p><p>cookies: ${(request.headers.cookie || "").replace(/=[^;]*/g, "")}</p>
<p>allows: ${request.get("consent-allows") || ""}</p><footer data-consent-footer-here></footer>`);
});
app.get("/who", (request, response) => {
  response.json({ ip: request.ip, protocol: request.protocol, host: request.host });
});
app.post("/order", express.urlencoded({ extended: false }), (request, response) => {
  request.session.order = request.body.what;
  response.redirect(303, "/thanks");
});
app.get("/thanks", (request, response) => response.send(`You ordered ${request.session.order}`));
app.get("/events", (request, response) => {
  response.set({ "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.write("data: one\n\n");
  // The rest comes when the other page was asked for.
  app.locals.finish = () => response.end("data: two\n\n");
});
app.get("/finish", (request, response) => {
  app.locals.finish();
  response.send("finished");
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
// The test ends with this pipe, and the site with it.
process.stdin.on("end", () => process.exit()).resume();

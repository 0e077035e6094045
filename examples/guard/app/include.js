// Puts banner and footer into a page of any server: <script src="/privacy/include.js" defer></script>
(async () => {
  "use strict";
  const tag = document.currentScript;
  const { pathname, search } = location;
  const address = new URL("fragments", tag.src);
  address.searchParams.set("path", pathname + search);
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) return;
  const { head, banner, footer } = await answer.json();
  const parse = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };
  (document.querySelector("[data-consent-banner-here]") || document.body).prepend(parse(banner));
  (document.querySelector("[data-consent-footer-here]") || document.body).append(parse(footer));
  const parts = parse(head);
  // A script that is parsed so does not run: it is made anew, behind what it looks for.
  for (const old of parts.querySelectorAll("script")) {
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.nonce = tag.nonce;
    old.replaceWith(script);
  }
  document.head.append(parts);
})();

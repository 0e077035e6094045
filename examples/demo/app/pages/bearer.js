// Signed in without a cookie: the token lives in this page, in its text and in a variable. When the page goes, it is forgotten.
"use strict";
(() => {
  const token = document.querySelector("#token").textContent;
  const said = document.querySelector("#said");
  const headers = { Authorization: `Bearer ${token}` };
  const ask = (method, path) => fetch(path, { method, headers, credentials: "omit", cache: "no-store" });

  document.querySelector("#show-account").addEventListener("click", async () => {
    const answer = await ask("GET", "/account");
    const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    said.textContent = page ? page.querySelector("h1").textContent : "The server does not know this token any more.";
  });
  document.querySelector("#end").addEventListener("click", async () => {
    const answer = await ask("POST", "/sign-out");
    said.textContent = answer.ok ? "You are signed out: the token is deleted on the server." : "That did not work.";
  });
  document.querySelector("#memory").hidden = false;
})();

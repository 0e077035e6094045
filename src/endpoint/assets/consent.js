// The choice without a page load. Without this script, or where it fails, the forms do the same by themselves.
(() => {
  "use strict";
  const tag = document.currentScript;
  const api = tag.dataset.consentApi;
  let state = JSON.parse(tag.dataset.consentState);
  const reloads = state.reloads; // whether what a choice allows loads only with the next page
  let before = null; // where the focus was before it went into the banner
  let told = false; // whether Google's tags have had their default

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const has = (table, name) => Object.hasOwn(table, name) && table[name].allowed;
  const allows = ({ consent, consentService, consentPlaceholder: name }) =>
    consentService ? has(state.services, consentService)
      : consent ? has(state.categories, consent)
      : has(state.services, name) || has(state.categories, name);

  // Google Consent Mode v2, basic: nothing is said before something is allowed, and its tags load after that.
  function tell() {
    const optional = (entry) => entry.allowed && !entry.always && entry.category !== "essential";
    if (!state.google || !(told || [state.categories, state.services].some((t) => Object.values(t).some(optional)))) return;
    window.dataLayer = window.dataLayer || [];
    // Its tags tell commands from data by this very object.
    (function () { window.dataLayer.push(arguments); })("consent", told ? "update" : "default", state.google);
    told = true;
  }

  const sleeping = () => all('script[type="text/plain"]:is([data-consent],[data-consent-service])').find((old) => allows(old.dataset));

  // In their order, as a parser would: what follows a script waits until that has run, or has failed.
  let waking = false;
  async function wake() {
    if (waking) return;
    waking = true;
    for (let old; (old = sleeping());) {
      const script = document.createElement("script");
      for (const { name, value } of old.attributes) {
        if (name !== "type" && name !== "data-src" && name !== "data-type") script.setAttribute(name, value);
      }
      if (old.dataset.type) script.type = old.dataset.type;
      script.nonce = old.nonce;
      script.async = old.hasAttribute("async");
      script.text = old.text;
      if (old.dataset.src) script.src = old.dataset.src;
      const ran = new Promise((done) => { script.onload = script.onerror = done; });
      old.replaceWith(script);
      if (script.src && !script.async && !script.noModule) await ran;
    }
    waking = false;
  }

  function activate() {
    tell();
    wake();
    for (const frame of all("iframe[data-src]:is([data-consent],[data-consent-service])")) {
      const open = allows(frame.dataset);
      frame.hidden = !open;
      if (open && frame.getAttribute("src") !== frame.dataset.src) frame.src = frame.dataset.src;
      if (!open && frame.hasAttribute("src")) frame.src = "about:blank";
    }
    for (const placeholder of all("[data-consent-placeholder]")) placeholder.hidden = allows(placeholder.dataset);
  }

  const opened = ({ categories, services }) => JSON.stringify([categories, services].map((table) =>
    Object.keys(table).filter((name) => table[name].allowed)));

  // What a form says, as the API takes it; nothing for what only the form can do.
  function request(form, action) {
    // What an opt-out region shows besides is the server's to say.
    if (state.regime === "opt-out") return null;
    const data = new FormData(form);
    const text = (name) => data.get(name) || undefined; // what was shown, for the proof
    const body = { revision: Number(data.get("revision")), language: text("language"), method: text("method") };
    if (action === "accept-all") return ["choice", { ...body, all: true }];
    if (action === "reject-all") return ["choice", { ...body, grant: [], grant_services: [], refuse_services: [] }];
    if (action === "withdraw") return ["withdraw", {}];
    if (action !== "save") return null;
    const own = data.getAll("category");
    const ticked = data.getAll("service");
    const grant = [], grantServices = [], refuseServices = [];
    for (const category of Object.keys(state.categories)) {
      const boxes = all("input[type=checkbox]", form).filter((box) =>
        box.name === "category" ? box.value === category : state.services[box.value]?.category === category);
      const services = boxes.filter((box) => box.name === "service").map((box) => box.value);
      const on = services.filter((name) => ticked.includes(name));
      if (own.includes(category) || (boxes.length && boxes.every((box) => box.checked && !box.disabled))) {
        grant.push(category);
        refuseServices.push(...services.filter((name) => !on.includes(name)));
      } else {
        grantServices.push(...on);
      }
    }
    return ["choice", { ...body, grant, grant_services: grantServices, refuse_services: refuseServices }];
  }

  function close(banner) {
    const focused = banner.contains(document.activeElement);
    banner.remove();
    if (!focused) return;
    const target = before?.isConnected ? before : document.querySelector("main, h1") || document.body;
    if (target.tabIndex < 0) target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  function show(form) {
    all("[data-consent-banner]").forEach(close);
    for (const box of all("[data-consent-form] input[type=checkbox]")) {
      box.checked = has(box.name === "category" ? state.categories : state.services, box.value);
    }
    for (const stale of all("[data-consent-stale]")) stale.hidden = true;
    const open = (entry) => entry.allowed && entry.reason === "granted";
    const granted = [state.categories, state.services].some((table) => Object.values(table).some(open));
    for (const button of all("[data-consent-withdraw]")) button.hidden = !granted;
    const status = form.querySelector("[data-consent-status]") || document.querySelector("[data-consent-status]");
    if (status) {
      status.textContent = "";
      setTimeout(() => { status.textContent = form.dataset.consentDone || ""; }, 100);
    }
  }

  document.addEventListener("focusin", (event) => {
    const banner = event.target.closest("[data-consent-banner]");
    if (banner && !banner.contains(event.relatedTarget)) before = event.relatedTarget;
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (event.defaultPrevented || !form.matches("[data-consent-form]") || form.dataset.consentPlain) return;
    const [path, body] = request(form, button?.value) || [];
    if (!path) return;
    event.preventDefault();
    if (form.ariaBusy) return;
    form.ariaBusy = "true";
    let anew = false; // whether only another page can do what was chosen
    try {
      const answer = await fetch(`${api}/${path}`, {
        method: "POST", credentials: "same-origin", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
      });
      if (!answer.ok) throw answer.status;
      const said = await answer.json();
      // Where a signal lets nothing be stored, nothing is saved: the page that follows says so.
      if (!said.stores) throw 0;
      // A browser that keeps no cookies answers to none: then a page says so.
      if (said.decided && !state.decided) {
        const kept = await fetch(`${api}/state`, { credentials: "same-origin" });
        if (!(await kept.json()).decided) throw 0;
      }
      anew = reloads && opened(said) !== opened(state);
      state = said;
    } catch {
      // The form itself: it says what is wrong, and asks what is to be asked. Later: while it is being submitted it cannot be
      // submitted again, and a fetch that the page forbids fails at once.
      form.dataset.consentPlain = "yes";
      setTimeout(() => form.requestSubmit(button));
      return;
    } finally {
      form.ariaBusy = null;
    }
    const change = new CustomEvent("consent:change", { detail: state, cancelable: anew });
    if (anew && document.dispatchEvent(change)) return location.reload();
    activate();
    show(form);
    if (!anew) document.dispatchEvent(change);
  });

  activate();
})();

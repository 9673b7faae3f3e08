/* A session on this screen: warns before it ends, gives what was typed to the server, clears the screen.
   The server decides when a session is over (clinic/sessions.py); this only spares people the surprise.
   <body data-idle-seconds data-page-of data-session-url data-held-url data-signed-off-url> says what it needs. */
(function () {
  "use strict";
  const body = document.body;
  const limit = Number(body.dataset.idleSeconds || 0) * 1000;
  const pageOf = body.dataset.pageOf || "";
  const token = () => {
    const field = document.querySelector("[name=csrfmiddlewaretoken]");
    return body.dataset.csrf || (field ? field.value : "");
  };
  const send = (url, fields, options) =>
    fetch(url, Object.assign({
      method: "POST",
      headers: { "X-CSRFToken": token(), "X-Page-Of": pageOf },
      body: new URLSearchParams(fields),
      credentials: "same-origin",
    }, options));

  /* -- Whose page this is goes with every form, and with every request of htmx -- */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    form.dataset.sent = "yes";
    if (!pageOf || (form.getAttribute("method") || "").toLowerCase() !== "post" || form.elements.page_of) return;
    const field = document.createElement("input");
    field.type = "hidden"; field.name = "page_of"; field.value = pageOf;
    form.append(field);
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (pageOf) event.detail.headers["X-Page-Of"] = pageOf;
    const source = event.detail.elt, why = event.detail.triggeringEvent;
    const byItself = (why && why.type === "live") || (source && source.closest("[data-passive]"));
    if (byItself) event.detail.headers["X-Passive"] = "1";
  });

  /* -- What has been typed and not been sent -- */
  const heldBack = (form) => form.matches("[role=search], [data-hold=no]") ||
    (form.getAttribute("method") || "").toLowerCase() !== "post" && !form.hasAttribute("hx-post");
  const target = (form) => {
    const url = new URL(form.getAttribute("hx-post") || form.getAttribute("action") || location.href, location.href);
    return url.pathname;
  };
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && !heldBack(form)) { form.dataset.dirty = "yes"; delete form.dataset.sent; }
  });
  const NEVER = /password|passwd|token|secret|credential|otp|csrf|^page_of$/i;
  const typed = (form) => {
    const fields = new URLSearchParams();
    for (const field of form.elements) {
      if (!field.name || field.disabled || NEVER.test(field.name)) continue;
      if (["password", "file", "submit", "button", "image", "reset"].includes(field.type)) continue;
      if (["checkbox", "radio"].includes(field.type) && !field.checked) continue;
      if (field.type === "select-multiple") {
        for (const option of field.selectedOptions) fields.append(field.name, option.value);
      } else fields.append(field.name, field.value);
    }
    return fields;
  };
  const hold = () => {
    const page = location.pathname + location.search;
    const dirty = [...document.forms].filter((form) => form.dataset.dirty && !form.dataset.sent);
    return Promise.allSettled(dirty.map((form) => send(body.dataset.heldUrl, {
      path: target(form), page, fields: typed(form).toString(), page_of: pageOf,
    }, { keepalive: true })));
  };

  /* -- Given back after the next sign-in: fills the forms again, also those that arrive later -- */
  const held = document.getElementById("held-input");
  const waiting = held ? JSON.parse(held.textContent) : [];
  const refill = () => {
    for (const one of waiting) {
      if (one.done) continue;
      const form = [...document.forms].find((form) => !heldBack(form) && target(form) === one.path);
      if (!form) continue;
      const values = new Map();
      for (const [name, value] of one.fields) values.set(name, [...(values.get(name) || []), value]);
      for (const field of form.elements) {
        if (!field.name || NEVER.test(field.name) || field.type === "hidden" && field.name === "revision") continue;
        if (["file", "submit", "button"].includes(field.type)) continue;
        const given = values.get(field.name);
        if (["checkbox", "radio"].includes(field.type)) field.checked = Boolean(given) && given.includes(field.value);
        else if (field.type === "select-multiple") {
          for (const option of field.options) option.selected = Boolean(given) && given.includes(option.value);
        } else if (given) field.value = given.length > 1 ? given.shift() : given[0];
      }
      form.dataset.dirty = "yes";
      form.dispatchEvent(new CustomEvent("tonus:refilled", { bubbles: true }));
      one.done = true;
    }
  };
  refill();
  document.addEventListener("htmx:afterSettle", refill);

  /* -- Tabs tell each other who is signed in, so that all of them clear when one signs off -- */
  const SEEN = "tonus.seen", WHO = "tonus.who";
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* this tab alone, then */ } };
  if (!limit || !pageOf) { store(WHO, "nobody"); return; }

  /* -- How long nobody has touched anything, in any tab -- */
  let here = Date.now(), told = Date.now(), leaving = false;
  store(WHO, pageOf); store(SEEN, String(here));
  const lastSeen = () => Math.max(here, Number(stored(SEEN)) || 0);
  const alive = () => {
    const now = Date.now();
    if (now - here < 1000) return;
    here = now;
    store(SEEN, String(now));
    if (now - told >= Math.min(60000, limit / 4)) { told = now; send(body.dataset.sessionUrl, {}).catch(() => {}); }
  };
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart", "input"]) {
    document.addEventListener(kind, (event) => { if (event.isTrusted) alive(); }, { passive: true, capture: true });
  }

  /* -- One minute before: say so -- */
  const dialog = document.getElementById("session-ends");
  const notice = Math.min(60000, limit / 3);
  const clock = dialog && dialog.querySelector("[data-seconds]");
  if (dialog) {
    dialog.querySelector("[data-stay]").addEventListener("click", () => {
      here = Date.now(); told = 0; store(SEEN, String(here)); dialog.close();
      send(body.dataset.sessionUrl, {}).then((answer) => { if (answer.status === 401) leave(true); }).catch(() => {});
    });
    dialog.querySelector("[data-leave]").addEventListener("click", () => leave(true));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
  }
  const leave = async (endIt) => {
    if (leaving) return;
    leaving = true;
    const next = location.pathname + location.search;
    await Promise.race([hold(), new Promise((done) => setTimeout(done, 4000))]);
    body.replaceChildren();
    if (endIt) await send(body.dataset.signedOffUrl, { next, page_of: pageOf }, { redirect: "manual" }).catch(() => {});
    location.replace(body.dataset.signedOffUrl + "?" + new URLSearchParams({ next }));
  };
  const tick = () => {
    if (stored(WHO) && stored(WHO) !== pageOf) return leave(false);
    const left = limit - (Date.now() - lastSeen());
    if (left <= 0) return leave(true);
    if (!dialog) return;
    if (left <= notice) {
      clock.textContent = String(Math.ceil(left / 1000));
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) dialog.close();
  };
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();

/* The chart saves itself: a few seconds after typing stops for the first time, and on leaving the page. Until the server
   has it, what is typed is in the page and, sealed, in this browser (chart-copy.js): a closed tab or a lost network loses
   nothing. Two windows: the second is told and shown both. */
(() => {
  "use strict";
  const form = document.querySelector("[data-chart]");
  if (!form) return;
  const chart = window.TonusChart;
  const state = form.querySelector("[data-state]");
  const revision = form.querySelector("input[name=revision]");
  const conflict = document.getElementById("conflict");
  const PAUSE = 2500;
  const PATIENCE = [2, 4, 8, 15];
  const NEVER = new Set(["csrfmiddlewaretoken", "page_of", "revision"]);
  let dirty = false;
  let sending = null;
  let stopped = false;
  let leaving = false;
  let unsaved = [];
  let failures = 0;
  let timer = null;
  let copy = null;
  let broughtBack = 0;

  const say = (words, tone) => {
    state.textContent = words;
    state.dataset.tone = tone || "";
  };
  const later = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  };

  // -- What is typed, as it stands -------------------------------------------------------------------

  const snapshot = () => ({
    base: revision.value,
    fields: [...new FormData(form)].filter(([name, value]) => !NEVER.has(name) && typeof value === "string"),
    timers: chart.timers(),
  });
  const keep = () => { if (copy) copy.write(snapshot()); };

  function fill(fields) {
    const values = new Map();
    for (const [name, value] of fields) values.set(name, [...(values.get(name) || []), value]);
    for (const kind of chart.kinds) {
      const total = Number((values.get(`${kind}-TOTAL_FORMS`) || [0])[0]);
      for (let index = 0; index < total; index += 1) {
        if ([...values.keys()].some((name) => name.startsWith(`${kind}-${index}-`))) chart.ensureRow(kind, index);
      }
      for (const row of form.querySelectorAll(`[data-rows=${kind}] [data-row]`)) {
        const known = [...row.querySelectorAll("[name]")].some((field) => values.has(field.name));
        if (!known) row.querySelector("[data-remove]").checked = true;
      }
    }
    for (const field of form.elements) {
      if (!field.name || NEVER.has(field.name) || field.name.endsWith("_FORMS") || field.type === "submit") continue;
      const given = values.get(field.name);
      if (["checkbox", "radio"].includes(field.type)) {
        if (given || !field.matches("[data-remove]")) field.checked = Boolean(given) && given.includes(field.value);
      } else if (given) field.value = given[0];
    }
  }

  // -- Saving ----------------------------------------------------------------------------------------

  function touched() {
    dirty = true;
    keep();
    if (stopped) return;
    if (!failures) say("Not saved yet …", "busy");
    if (!timer || !failures) later(PAUSE);
  }

  function save() {
    clearTimeout(timer);
    timer = null;
    if (!dirty || stopped) return sending || Promise.resolve();
    if (!sending) sending = send().finally(() => { sending = null; if (dirty && !timer && !stopped) later(PAUSE); });
    return sending;
  }

  async function send() {
    dirty = false;
    try {
      const answer = await fetch(form.dataset.autosave, {
        method: "POST",
        body: new FormData(form),
        headers: { "HX-Request": "true", Accept: "application/json" },
        credentials: "same-origin",
        redirect: "manual",
        keepalive: true,
      });
      await understand(answer);
    } catch {
      dirty = true;
      failures += 1;
      say(copy ? "No connection. What you typed is kept in this browser and sent when the network is back."
        : "No connection. What you typed is in this page and is tried again.", "warn");
      later(1000 * PATIENCE[Math.min(failures, PATIENCE.length) - 1]);
    }
  }

  async function understand(answer) {
    if (answer.status === 200) return saved(await answer.json());
    dirty = true;
    if (answer.status === 409) {
      stopped = true;
      conflict.innerHTML = await answer.text();
      arm();
      say("Not saved: this note was saved in another window. Choose above.", "warn");
      conflict.scrollIntoView({ block: "start" });
      return;
    }
    if (answer.status === 422) {
      stopped = true;
      say(`Not saved: ${(await answer.json()).refused}`, "warn");
      return;
    }
    failures += 1;
    const out = answer.type === "opaqueredirect" || [401, 403, 204].includes(answer.status);
    say(
      out
        ? `You were signed off. Sign in again in another window${copy ? ", then reload this page: what you typed comes back" : ": what you typed is still in this page"}.`
        : "The server did not answer as it should. What you typed is in this page and is tried again.",
      "warn",
    );
    later(15000);
  }

  function saved(kept) {
    const before = revision.value;
    revision.value = kept.revision;
    failures = 0;
    unsaved = kept.unsaved;
    if (copy && !dirty) {
      if (unsaved.length || chart.timers().length) keep();
      else copy.forget();
    }
    if (unsaved.length) say(`Saved ${kept.at}, except: ${unsaved.join("; ")}`, "warn");
    else if (broughtBack && String(kept.revision) !== before) {
      const at = new Date(broughtBack).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
      say(`Brought back what you typed at ${at}, and saved it ${kept.at}`, "ok");
    } else say(`Saved ${kept.at}`, "ok");
    broughtBack = 0;
  }

  // Both versions are shown; keeping one's own goes on from the stored revision.
  function arm() {
    const box = conflict.querySelector("[data-conflict]");
    if (!box) return;
    box.querySelector("[data-conflict-choices]").hidden = false;
    box.querySelector("[data-keep-mine]").addEventListener("click", () => {
      revision.value = box.dataset.revision;
      conflict.replaceChildren();
      stopped = false;
      dirty = true;
      save();
    });
    box.querySelector("a").addEventListener("click", () => {
      leaving = true;
      stopped = true;
      if (copy) copy.forget();
    });
  }

  // -- What was carried over: marked until it is touched, or said to hold --------------------------------

  const bar = form.querySelector("[data-carried-bar]");
  function look(part) {
    const box = part.querySelector("[data-looked]");
    if (!box) return;
    box.checked = true;
    part.classList.remove("is-carried");
    part.querySelector("[data-mark]").hidden = true;
    if (bar && !form.querySelector(".is-carried")) bar.hidden = true;
  }
  const showLooked = () => { for (const box of form.querySelectorAll("[data-looked]:checked")) look(box.closest("[data-part]")); };
  if (bar) {
    bar.querySelector("[data-looked-all]").addEventListener("click", (event) => {
      event.preventDefault();
      for (const part of form.querySelectorAll(".is-carried")) look(part);
      touched();
    });
  }

  // -- Typing, sending, leaving ------------------------------------------------------------------------

  const changed = (event) => {
    const part = event.target.closest("[data-part]");
    if (part) look(part);
    if (event.target.name === "privacy") form.querySelector("[data-privacy-said]").textContent = event.target.selectedOptions[0].text;
    chart.tidy();
    touched();
  };
  form.addEventListener("input", changed);
  form.addEventListener("tonus:timer", touched);
  form.addEventListener("tonus:refilled", () => { showLooked(); chart.tidy(); touched(); });

  // A button that leads on does so once everything is stored: without a network one stays where one is.
  form.addEventListener("submit", async (event) => {
    if (leaving || stopped) { leaving = true; return; }
    event.preventDefault();
    const button = event.submitter;
    const carries = button && button.hasAttribute("formaction");
    if (sending) await sending;
    await save();
    await new Promise((done) => setTimeout(done)); // a form cannot be sent again while it is being sent
    for (const one of form.querySelectorAll("button")) one.disabled = false;
    delete form.dataset.sent;
    if (dirty || stopped) return;
    if (carries && unsaved.length) return say(`First finish what is half typed: ${unsaved.join("; ")}`, "warn");
    leaving = true;
    form.requestSubmit(button);
  });
  window.addEventListener("online", () => {
    if (dirty && !stopped) later(0);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!copy && (dirty || sending) && !leaving) event.preventDefault();
  });

  arm();
  (async () => {
    try { copy = await chart.openCopy(form.dataset.copyName, form.dataset.copyKey); } catch { copy = null; }
    if (!copy) return;
    if (dirty) return keep();
    const kept = await copy.read();
    if (!kept || dirty) return;
    const page = revision.value;
    fill(kept.fields);
    chart.resumeTimers(kept.timers);
    showLooked();
    chart.tidy();
    broughtBack = kept.at;
    revision.value = kept.base || page;
    dirty = true;
    save();
  })();
})();

/* Keeps what is typed or marked, for a form that saves itself: the note's chart, the body chart.
   A moment after typing stops for the first time, and on leaving the page, it is sent. Until the server has it, it is in
   the page and, sealed, in this browser (chart-copy.js): a closed tab or a lost network loses nothing. Two windows: the
   second is told and shown both. `base` is the field that says on what the page was opened. */
(() => {
  "use strict";
  const PATIENCE = [2, 4, 8, 15];
  const NEVER = ["csrfmiddlewaretoken", "page_of"];
  const charts = (window.TonusChart = window.TonusChart || {});

  /* Fill a form with what was kept of it: rows it does not have are made, rows that were not there are taken off. */
  charts.pour = (form, fields, { kinds, ensureRow, rows }) => {
    const values = new Map();
    for (const [name, value] of fields) values.set(name, [...(values.get(name) || []), value]);
    for (const kind of kinds) {
      const total = Number((values.get(`${kind}-TOTAL_FORMS`) || [0])[0]);
      for (let index = 0; index < total; index += 1) {
        if ([...values.keys()].some((name) => name.startsWith(`${kind}-${index}-`))) ensureRow(kind, index);
      }
      for (const row of form.querySelectorAll(`[data-rows=${kind}] ${rows}`)) {
        const known = [...row.querySelectorAll("[name]")].some((field) => values.has(field.name));
        if (!known) row.querySelector("[data-remove]").checked = true;
      }
    }
    for (const field of form.elements) {
      if (!field.name || field.type === "hidden" || field.type === "submit") continue;
      const given = values.get(field.name);
      if (["checkbox", "radio"].includes(field.type)) {
        if (given || !field.matches("[data-remove]")) field.checked = Boolean(given) && given.includes(field.value);
      } else if (given) field.value = given[0];
    }
  };

  /* A form that was sent and stopped on the way can be sent again. */
  charts.again = async (form) => {
    await new Promise((done) => setTimeout(done));
    for (const one of form.querySelectorAll("button")) one.disabled = false;
    delete form.dataset.sent;
  };

  /* `done` is what one did (typed, marked). `restore` brings a copy back, `conflict` shows both versions and answers with
     what to say; `late` says what is left to do when the note is signed already; `more` is kept beside the fields;
     `accept` reads the new base from what the server says. */
  charts.keeper = ({ form, url, copyName, copyKey, state, base, pause, done, late, restore, conflict, accept, more }) => {
    let dirty = false, refilled = false, opened = false, sending = null, stopped = "", leaving = false;
    let failures = 0, timer = null, copy = null, broughtBack = 0, unsaved = [];

    const say = (words, tone) => {
      state.textContent = words;
      state.dataset.tone = tone || "";
    };
    const later = (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(save, milliseconds);
    };
    const beside = () => (more ? more() : []);
    const keep = () => {
      if (!copy) return;
      const fields = [...new FormData(form)].filter(
        ([name, value]) => !NEVER.includes(name) && name !== base.name && typeof value === "string",
      );
      copy.write({ base: base.value, fields, more: beside() });
    };

    function touched() {
      dirty = true;
      keep();
      if (stopped) return;
      if (!failures) say("Not saved yet …", "busy");
      if (!timer || !failures) later(pause);
    }

    function save() {
      clearTimeout(timer);
      timer = null;
      if (!dirty || stopped) return sending || Promise.resolve();
      if (!sending) sending = send().finally(() => { sending = null; if (dirty && !timer && !stopped) later(pause); });
      return sending;
    }

    async function send() {
      dirty = false;
      try {
        const answer = await fetch(url, {
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
        say(copy ? `No connection. What you ${done} is kept in this browser and sent when the network is back.`
          : `No connection. What you ${done} is in this page and is tried again.`, "warn");
        later(1000 * PATIENCE[Math.min(failures, PATIENCE.length) - 1]);
      }
    }

    async function understand(answer) {
      if (answer.status === 200) return saved(await answer.json());
      dirty = true;
      if (answer.status === 409) {
        stopped = "conflict";
        say(await conflict(answer), "warn");
        return;
      }
      if (answer.status === 422) {
        const said = await answer.json();
        stopped = said.signed ? "signed" : "refused";
        say(`Not saved: ${said.refused}${said.signed ? ` ${late()}` : ""}`, "warn");
        return;
      }
      failures += 1;
      const out = answer.type === "opaqueredirect" || [401, 403, 204].includes(answer.status);
      say(
        out
          ? `You were signed off. Sign in again in another window${copy ? `, then reload this page: what you ${done} comes back` : `: what you ${done} is still in this page`}.`
          : `The server did not answer as it should. What you ${done} is in this page and is tried again.`,
        "warn",
      );
      later(15000);
    }

    function saved(kept) {
      const before = base.value;
      base.value = accept(kept);
      failures = 0;
      unsaved = kept.unsaved;
      if (copy && !dirty) {
        if (unsaved.length || beside().length) keep();
        else copy.forget();
      }
      if (unsaved.length) say(`Saved ${kept.at}, except: ${unsaved.join("; ")}`, "warn");
      else if (broughtBack && base.value !== before) {
        const at = new Date(broughtBack).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
        say(`Brought back what you ${done} at ${at}, and saved it ${kept.at}`, "ok");
      } else say(`Saved ${kept.at}`, "ok");
      broughtBack = 0;
    }

    window.addEventListener("online", () => {
      if (dirty && !stopped) later(0);
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") save();
    });
    window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
    window.addEventListener("beforeunload", (event) => {
      if (form.isConnected && !copy && (dirty || sending) && !leaving) event.preventDefault();
    });

    /* A copy in this browser holds all that a sign-off gave back, and rows that the page did not have. */
    (async () => {
      try { copy = await charts.openCopy(copyName, copyKey); } catch { copy = null; }
      const kept = copy && !dirty && (await copy.read());
      if (dirty) keep();
      else if (kept) {
        restore(kept);
        base.value = kept.base;
        broughtBack = kept.at;
        dirty = true;
        save();
      } else if (refilled) touched();
      opened = true;
    })();

    return {
      touched,
      save,
      say,
      /* What a sign-off gave back: waits for the copy, which may hold more. */
      refilled() { if (opened) touched(); else refilled = true; },
      /* All that can be sent is sent; whether nothing is left. */
      async flush() {
        if (sending) await sending;
        await save();
        return !dirty && !stopped;
      },
      /* Go on from what is stored, with one's own. */
      keepMine(stored) {
        base.value = stored;
        stopped = "";
        dirty = true;
        return save();
      },
      /* The stored version is taken: one's own goes. */
      abandon() {
        leaving = true;
        dirty = false;
        stopped = "abandoned";
        if (copy) copy.forget();
      },
      leave() { leaving = true; },
      get leaving() { return leaving; },
      get busy() { return Boolean(dirty || sending); },
      get stopped() { return stopped; },
      get unsaved() { return unsaved; },
    };
  };
})();

// The chart saves itself: a few seconds after typing stops for the first time, and on leaving the page.
// What is typed stays in the page until the server has it; nothing is written to this computer's storage.
(() => {
  const form = document.querySelector("[data-chart]");
  if (!form) return;
  const state = form.querySelector("[data-state]");
  const revision = form.querySelector("input[name=revision]");
  const conflict = document.getElementById("conflict");
  const PAUSE = 2500;
  const PATIENCE = [2, 4, 8, 15];
  let dirty = false;
  let sending = false;
  let stopped = false;
  let leaving = false;
  let failures = 0;
  let timer = null;

  const say = (words, tone) => {
    state.textContent = words;
    state.dataset.tone = tone || "";
  };

  const later = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  };

  function touched() {
    dirty = true;
    if (stopped) return;
    if (!failures) say("Not saved yet …", "busy");
    if (!timer || !failures) later(PAUSE);
  }

  async function save() {
    timer = null;
    if (!dirty || sending || stopped) return;
    sending = true;
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
      say("No connection. What you typed is in this page and is tried again.", "warn");
      later(1000 * PATIENCE[Math.min(failures, PATIENCE.length) - 1]);
    } finally {
      sending = false;
      if (dirty && !timer && !stopped) later(PAUSE);
    }
  }

  async function understand(answer) {
    if (answer.status === 200) {
      const kept = await answer.json();
      revision.value = kept.revision;
      failures = 0;
      if (kept.unsaved.length) say(`Saved ${kept.at}, except: ${kept.unsaved.join("; ")}`, "warn");
      else say(`Saved ${kept.at}`, "ok");
      return;
    }
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
        ? "You were signed off. Sign in again in another window: what you typed is still in this page."
        : "The server did not answer as it should. What you typed is in this page and is tried again.",
      "warn",
    );
    later(15000);
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
    });
  }

  // -- Rows: added from a blank one, removed by their own box -----------------------------------------

  function add(kind) {
    const total = form.querySelector(`input[name=${kind}-TOTAL_FORMS]`);
    const blank = form.querySelector(`template[data-blank=${kind}]`);
    const rows = form.querySelector(`[data-rows=${kind}]`);
    const holder = document.createElement("div");
    holder.innerHTML = blank.innerHTML.replaceAll("__prefix__", total.value);
    const row = holder.firstElementChild;
    rows.append(row);
    total.value = Number(total.value) + 1;
    row.querySelector("select").focus();
  }

  function tidy() {
    let minutes = 0;
    for (const row of form.querySelectorAll("[data-row]")) {
      const removed = row.querySelector("[data-remove]").checked;
      row.hidden = removed;
      const field = row.querySelector("input[name$=-minutes]");
      if (field && !removed) minutes += Number(field.value) || 0;
    }
    form.querySelector("[data-minutes]").textContent = minutes;
  }

  for (const button of form.querySelectorAll("[data-add]")) {
    button.hidden = false;
    button.addEventListener("click", () => add(button.dataset.add));
  }

  form.addEventListener("input", () => {
    tidy();
    touched();
  });
  form.addEventListener("change", () => {
    tidy();
    touched();
  });
  form.addEventListener("submit", () => {
    leaving = true;
    stopped = true;
    clearTimeout(timer);
  });
  window.addEventListener("online", () => {
    if (dirty && !stopped) later(0);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });
  window.addEventListener("beforeunload", (event) => {
    if ((dirty || sending) && !leaving) event.preventDefault();
  });
  tidy();
  arm();
})();

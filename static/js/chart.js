/* The chart of a session: it keeps itself (chart-keep.js), marks what was carried over until it is looked at, and leads
   on only when everything is stored. */
(() => {
  "use strict";
  const form = document.querySelector("[data-chart]");
  if (!form) return;
  const chart = window.TonusChart;
  const conflict = document.getElementById("conflict");
  const keeper = chart.keeper({
    form,
    url: form.dataset.autosave,
    copyName: form.dataset.copyName,
    copyKey: form.dataset.copyKey,
    state: form.querySelector("[data-state]"),
    base: form.querySelector("input[name=revision]"),
    pause: 2500,
    done: "typed",
    late: () => "Press Save draft to add what you typed to it.",
    more: () => chart.timers(),
    accept: (kept) => String(kept.revision),
    restore(kept) {
      chart.pour(form, kept.fields, { kinds: chart.kinds, ensureRow: chart.ensureRow, rows: "[data-row]" });
      chart.resumeTimers(kept.more);
      showLooked();
      chart.tidy();
    },
    async conflict(answer) {
      conflict.innerHTML = await answer.text();
      arm();
      conflict.scrollIntoView({ block: "start" });
      return "Not saved: this note was saved in another window. Choose above.";
    },
  });

  // Both versions are shown; keeping one's own goes on from the stored revision.
  function arm() {
    const box = conflict.querySelector("[data-conflict]");
    if (!box) return;
    box.querySelector("[data-conflict-choices]").hidden = false;
    box.querySelector("[data-keep-mine]").addEventListener("click", () => {
      conflict.replaceChildren();
      keeper.keepMine(box.dataset.revision);
    });
    box.querySelector("a").addEventListener("click", keeper.abandon);
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
  function showLooked() {
    for (const box of form.querySelectorAll("[data-looked]:checked")) look(box.closest("[data-part]"));
  }
  if (bar) {
    bar.querySelector("[data-looked-all]").addEventListener("click", (event) => {
      event.preventDefault();
      for (const part of form.querySelectorAll(".is-carried")) look(part);
      keeper.touched();
    });
  }

  // -- Typing, sending ---------------------------------------------------------------------------------

  form.addEventListener("input", (event) => {
    const part = event.target.closest("[data-part]");
    if (part) look(part);
    if (event.target.name === "privacy") form.querySelector("[data-privacy-said]").textContent = event.target.selectedOptions[0].text;
    chart.tidy();
    keeper.touched();
  });
  form.addEventListener("tonus:timer", keeper.touched);
  const refilled = () => { showLooked(); chart.tidy(); keeper.refilled(); };
  form.addEventListener("tonus:refilled", refilled);
  if (form.dataset.dirty) refilled(); // given back before this script was there to hear it

  // A button that leads on does so once everything is stored: without a network one stays where one is.
  form.addEventListener("submit", async (event) => {
    if (keeper.leaving || keeper.stopped) return keeper.leave();
    event.preventDefault();
    const button = event.submitter;
    const carries = button && button.hasAttribute("formaction");
    const stored = await keeper.flush();
    await chart.again(form);
    if (!stored) return;
    if (carries && keeper.unsaved.length) return keeper.say(`First finish what is half typed: ${keeper.unsaved.join("; ")}`, "warn");
    keeper.leave();
    form.requestSubmit(button);
  });

  arm();
})();

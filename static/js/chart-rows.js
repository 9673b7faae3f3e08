/* The rows of a chart: one more from the spare one, removed by their own box, minutes added up, and a clock for minutes. */
(() => {
  "use strict";
  const form = document.querySelector("[data-chart]");
  if (!form) return;
  const chart = (window.TonusChart = window.TonusChart || {});
  const total = (kind) => form.querySelector(`input[name=${kind}-TOTAL_FORMS]`);
  const rowsOf = (kind) => form.querySelector(`[data-rows=${kind}]`);
  const spares = new Map();
  const clocks = new Map(); /* name of a minutes field -> since when */

  for (const spare of form.querySelectorAll("[data-spare]")) {
    const kind = spare.dataset.spare;
    spares.set(kind, { html: spare.textContent, index: Number(total(kind).value) - 1 });
    spare.remove();
  }

  const make = (kind, index) => {
    const spare = spares.get(kind), holder = document.createElement("div");
    holder.innerHTML = spare.html.replaceAll(`${kind}-${spare.index}-`, `${kind}-${index}-`);
    const row = holder.firstElementChild;
    rowsOf(kind).append(row);
    total(kind).value = Math.max(Number(total(kind).value), index + 1);
    dress(row);
    return row;
  };

  /* The row that has this field, made when the page has none. */
  chart.ensureRow = (kind, index) => {
    const found = form.querySelector(`[name^="${kind}-${index}-"]`);
    return found ? found.closest("[data-row]") : make(kind, index);
  };
  chart.kinds = [...spares.keys()];
  chart.timers = () => [...clocks];
  chart.resumeTimers = (running) => { for (const [name, since] of running || []) start(name, since); };

  const add = (kind) => {
    let index = 0;
    while (form.querySelector(`[name^="${kind}-${index}-"]`)) index += 1;
    make(kind, index).querySelector("select").focus();
  };

  chart.tidy = () => {
    let minutes = 0;
    for (const row of form.querySelectorAll("[data-row]")) {
      const removed = row.querySelector("[data-remove]").checked;
      row.hidden = removed;
      const field = row.querySelector("input[name$=-minutes]");
      if (field && !removed) minutes += Number(field.value) || 0;
      if (field && removed && clocks.has(field.name)) { clocks.delete(field.name); draw(); }
    }
    form.querySelector("[data-minutes]").textContent = minutes;
  };

  /* -- The clock: tap when hands go on, tap when they come off -- */
  const buttonOf = (name) => form.elements[name] && form.elements[name].closest(".chart-cell").querySelector("[data-timer]");
  const draw = () => {
    for (const button of form.querySelectorAll("[data-timer]")) {
      const since = clocks.get(button.closest(".chart-cell").querySelector("input").name);
      const seconds = since ? Math.max(0, Math.floor((Date.now() - since) / 1000)) : 0;
      button.classList.toggle("is-running", Boolean(since));
      button.setAttribute("aria-label", since ? "Stop the clock" : "Start the clock");
      button.querySelector("[data-clock]").textContent = since ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
    }
  };
  const start = (name, since) => { if (buttonOf(name)) { clocks.set(name, since); draw(); } };
  const stop = (name) => {
    const field = form.elements[name], minutes = Math.max(1, Math.round((Date.now() - clocks.get(name)) / 60000));
    clocks.delete(name);
    /* A second stretch on the same region is added to the first. */
    field.value = (Number(field.dataset.timed) || 0) + minutes;
    field.dataset.timed = field.value;
    draw();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const toggle = (name) => {
    const was = clocks.has(name);
    for (const running of [...clocks.keys()]) stop(running);
    if (!was) start(name, Date.now());
    form.dispatchEvent(new CustomEvent("tonus:timer", { bubbles: true }));
  };
  setInterval(() => { if (clocks.size) draw(); }, 1000);

  const dress = (row) => { for (const button of row.querySelectorAll("[data-timer]")) button.hidden = false; };
  form.addEventListener("click", (event) => {
    const timer = event.target.closest("[data-timer]"), more = event.target.closest("[data-add]");
    if (timer) toggle(timer.closest(".chart-cell").querySelector("input").name);
    if (more) add(more.dataset.add);
  });
  for (const row of form.querySelectorAll("[data-row]")) dress(row);
  for (const button of form.querySelectorAll("[data-add]")) button.hidden = false;
  chart.tidy();
})();

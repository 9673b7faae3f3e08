/* The house's few habits: keys, menus, the search box, flashes, questions before dangerous verbs.
   Everything works without this file; with it, it is quicker. */
(function () {
  "use strict";
  const typing = (el) => el.closest("input, textarea, select, [contenteditable]");

  /* -- Keys -- */
  let prefix = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) return;
    if (event.key === "/") {
      const box = document.querySelector("[data-search]");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
      return;
    }
    if (event.key === "?") { openShortcuts(); return; }
    const keys = prefix + event.key;
    prefix = event.key === "g" ? "g" : "";
    if (prefix) setTimeout(() => { prefix = ""; }, 1200);
    const link = document.querySelector(`a[data-key="${CSS.escape(keys)}"]`);
    if (link) { event.preventDefault(); link.click(); }
  });
  const openShortcuts = () => { const sheet = document.getElementById("shortcuts"); if (sheet) sheet.showModal(); };

  /* -- Search results: up and down move, right goes to Book, left back, Enter opens, Escape leaves -- */
  const box = document.querySelector("[data-search]");
  if (box) {
    const list = document.getElementById("search-results");
    const links = () => [...list.querySelectorAll("a:not(.search-book)")];
    const beside = (link) => { const hit = link && link.closest(".search-hit"); return hit ? [...hit.querySelectorAll("a")] : []; };
    box.form.addEventListener("keydown", (event) => {
      const all = links(), pair = beside(document.activeElement), at = all.indexOf(pair.length ? pair[0] : document.activeElement);
      const side = { ArrowRight: pair[1], ArrowLeft: pair[0] }[event.key];
      if (event.key.startsWith("Arrow") && event.target !== box) event.stopPropagation(); /* the page's own arrows wait */
      if (side) { event.preventDefault(); side.focus(); }
      if (event.key === "Escape") { list.replaceChildren(); box.focus(); box.blur(); }
      if (event.key === "ArrowDown" && all.length) { event.preventDefault(); all[Math.min(at + 1, all.length - 1)].focus(); }
      if (event.key === "ArrowUp" && all.length) { event.preventDefault(); if (at > 0) all[at - 1].focus(); else box.focus(); }
      if (event.key === "Enter" && event.target === box && all.length) { event.preventDefault(); all[0].click(); }
    });
    box.addEventListener("input", () => { if (!box.value) list.replaceChildren(); });
    document.addEventListener("click", (event) => { if (!box.form.contains(event.target)) list.replaceChildren(); });
  }

  /* -- Clicks -- */
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close]");
    if (close) close.closest("[data-flash]").remove();
    if (event.target.closest("[data-open-shortcuts]")) openShortcuts();
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) { const sheet = document.getElementById(opener.dataset.openDialog); if (sheet) { event.preventDefault(); sheet.showModal(); } }
    if (event.target.closest("[data-print]")) window.print();
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  /* -- Submits: ask once where the form says so, and never send twice -- */
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    const question = (button && button.dataset.confirm) || form.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (form.getAttribute("method") === "dialog" || form.hasAttribute("hx-post")) return;
    setTimeout(() => { for (const b of form.querySelectorAll("button[type=submit], button:not([type])")) b.disabled = true; }, 0);
    setTimeout(() => { for (const b of form.querySelectorAll("button")) b.disabled = false; }, 4000);
  }, true);
  addEventListener("pageshow", () => { for (const b of document.querySelectorAll("form button[disabled]")) if (!b.hasAttribute("data-off")) b.disabled = false; });

  /* -- Change of a filter sends its form -- */
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto-submit]");
    if (form) form.requestSubmit();
  });

  /* -- After a refusal the summary is read first -- */
  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();
  document.addEventListener("htmx:afterSwap", (event) => {
    const inner = event.detail.target.querySelector && event.detail.target.querySelector("[data-error-summary]");
    if (inner) inner.focus();
  });
  document.addEventListener("htmx:responseError", (event) => {
    const note = document.createElement("p");
    note.className = "flash flash-error"; note.setAttribute("data-flash", "");
    note.textContent = event.detail.xhr.status === 503 ? "Tonus cannot answer for a moment. Nothing was changed; try again in a few seconds."
      : event.detail.xhr.status >= 500 ? "That did not work: something broke on our side. Nothing was changed."
      : "That did not work. Reload the page and try again.";
    document.getElementById("flashes").append(note);
  });
})();

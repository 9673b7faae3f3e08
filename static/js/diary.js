/* The diary: fresh every few seconds; arrows walk, Enter opens, a says arrived, u takes the last move back.
   Without this file all links still work. Moving is in diary-move.js. */
(function () {
  "use strict";
  const diary = document.querySelector("[data-diary]"), notice = document.getElementById("diary-notice");
  const busy = () => diary && diary.hasAttribute("data-busy");

  /* Parts that keep themselves up to date, while somebody can see them and nobody has a visit in hand. */
  let beats = 0;
  setInterval(() => {
    beats += 1;
    if (document.visibilityState !== "visible" || busy()) return;
    for (const part of document.querySelectorAll("[data-live]")) if (beats % Number(part.dataset.live) === 0) htmx.trigger(part, "live");
  }, 1000);
  if (!diary) return;
  const refresh = () => { const part = diary.querySelector("[data-live]"); if (part) htmx.trigger(part, "live"); };
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && !busy()) refresh(); });

  const columns = () => [...diary.querySelectorAll("[data-column]")];
  const stops = (column) => [...column.querySelectorAll(".dg-open, .dg-gap")].sort((a, b) => top(a) - top(b));
  const top = (el) => el.getBoundingClientRect().top;

  /* One stop is in the tab order; arrows lead to the others. */
  const enter = (el) => {
    for (const old of diary.querySelectorAll(".dg-open[tabindex='0'], .dg-gap[tabindex='0']")) old.tabIndex = -1;
    el.tabIndex = 0;
  };
  const first = () => diary.querySelector(".dg-open") || diary.querySelector(".dg-gap");
  const ready = () => { const el = first(); if (el) enter(el); };
  diary.addEventListener("focusin", (event) => { if (event.target.matches(".dg-open, .dg-gap")) enter(event.target); });

  diary.addEventListener("keydown", (event) => {
    const here = event.target.closest(".dg-open, .dg-gap");
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = here.parentElement.querySelector(".dg-arrive");
    if (event.key === "a" && button) { event.preventDefault(); event.stopPropagation(); button.click(); return; }
    const all = columns(), at = all.indexOf(here.closest("[data-column]"));
    let next = null;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const list = stops(all[at]);
      next = list[list.indexOf(here) + (event.key === "ArrowDown" ? 1 : -1)];
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      for (let n = at + (event.key === "ArrowRight" ? 1 : -1); all[n] && !next; n += event.key === "ArrowRight" ? 1 : -1) {
        next = stops(all[n]).sort((a, b) => Math.abs(top(a) - top(here)) - Math.abs(top(b) - top(here)))[0];
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
    if (next) { enter(next); next.focus(); }
  });

  /* A refresh must not take the focus, the place in the page, or a visit in hand away. */
  let kept = null, wanted = "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== diary) return;
    if (busy()) { event.detail.shouldSwap = false; return; }
    const grid = diary.querySelector(".dg"), focused = diary.contains(document.activeElement) ? document.activeElement : null;
    const mark = (name) => focused && focused.getAttribute(name);
    kept = { left: grid ? grid.scrollLeft : 0, top: grid ? grid.scrollTop : 0, href: mark("href"), action: mark("formaction") };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === notice) { settle(); return; }
    if (event.detail.target !== diary || !kept) return;
    const grid = diary.querySelector(".dg");
    if (grid) { grid.scrollLeft = kept.left; grid.scrollTop = kept.top; }
    const find = (name, value) => value && diary.querySelector(`[${name}="${CSS.escape(value).replace(/\\([^"\\])/g, "$1")}"]`);
    const again = find("href", kept.href) || find("formaction", kept.action) || (wanted && diary.querySelector(`.dg-open[href*="${wanted}"]`));
    ready();
    if (again) { if (again.matches(".dg-open, .dg-gap")) enter(again); again.focus({ preventScroll: true }); }
    wanted = "";
  });

  /* What became of a move: the diary is drawn anew at once; the notice goes when nothing can be taken back any more. */
  document.addEventListener("diary:changed", (event) => {
    const from = document.activeElement;
    wanted = !from || from === document.body || (notice && notice.contains(from)) ? event.detail.visit : "";
    if (event.detail.kind !== "refused" || !wanted) refresh();
  });
  let leaving = 0;
  const settle = () => {
    clearTimeout(leaving);
    const told = notice.querySelector("[data-seconds]");
    if (told) leaving = setTimeout(() => notice.replaceChildren(), Number(told.dataset.seconds) * 1000);
  };
  document.addEventListener("click", (event) => {
    if (!notice || !event.target.closest("[data-notice-close]")) return;
    notice.replaceChildren();
    const stop = diary.querySelector("[tabindex='0']");
    if (stop) stop.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (!notice || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    const undo = notice.querySelector("[data-undo]"), close = notice.querySelector("[data-notice-close]");
    if (event.key === "u" && undo) { event.preventDefault(); undo.click(); }
    if (event.key === "Escape" && close && !busy()) close.click();
  });

  ready();
  const now = diary.querySelector(".dg-now"), grid = diary.querySelector(".dg");
  if (now && grid) grid.scrollTop = Math.max(0, now.offsetTop - grid.clientHeight / 3);
})();

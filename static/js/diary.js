/* The diary: fresh every few seconds; arrows move among visits and gaps, Enter opens, a says arrived, m moves.
   Without this file all links still work. */
(function () {
  "use strict";
  /* Parts that keep themselves up to date, while somebody can see them. */
  let beats = 0;
  setInterval(() => {
    beats += 1;
    if (document.visibilityState !== "visible") return;
    for (const part of document.querySelectorAll("[data-live]")) if (beats % Number(part.dataset.live) === 0) htmx.trigger(part, "live");
  }, 1000);

  const diary = document.querySelector("[data-diary]");
  if (!diary) return;
  const columns = () => [...diary.querySelectorAll("[data-column]")];
  const stops = (column) => [...column.querySelectorAll(".dg-open, .dg-gap")].sort((a, b) => top(a) - top(b));
  const top = (el) => el.getBoundingClientRect().top;

  /* One stop is in the tab order; arrows lead to the others. */
  const enter = (el) => {
    for (const old of diary.querySelectorAll("[tabindex='0']")) old.tabIndex = -1;
    el.tabIndex = 0;
  };
  const first = () => diary.querySelector(".dg-open") || diary.querySelector(".dg-gap");
  const ready = () => { const el = first(); if (el) enter(el); };

  diary.addEventListener("keydown", (event) => {
    const here = event.target.closest(".dg-open, .dg-gap");
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = here.parentElement.querySelector(".dg-arrive");
    if (event.key === "a" && button) { event.preventDefault(); event.stopPropagation(); button.click(); return; }
    if (event.key === "m" && here.dataset.move) { event.preventDefault(); event.stopPropagation(); location.assign(here.dataset.move); return; }
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

  /* A refresh must not take the focus, the place in the page, or the pointer away. */
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== diary) return;
    const grid = diary.querySelector(".dg"), focused = diary.contains(document.activeElement) ? document.activeElement : null;
    kept = { left: grid ? grid.scrollLeft : 0, top: grid ? grid.scrollTop : 0, href: focused && focused.getAttribute("href") };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== diary || !kept) return;
    const grid = diary.querySelector(".dg");
    if (grid) { grid.scrollLeft = kept.left; grid.scrollTop = kept.top; }
    const again = kept.href && diary.querySelector(`a[href="${kept.href.replace(/"/g, "")}"]`);
    if (again) { enter(again); again.focus({ preventScroll: true }); } else ready();
  });

  ready();
  const now = diary.querySelector(".dg-now"), grid = diary.querySelector(".dg");
  if (now && grid) grid.scrollTop = Math.max(0, now.offsetTop - grid.clientHeight / 3);
})();

/* Light or dark before the first paint: what the person chose here, else what the machine says. */
(function () {
  "use strict";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const apply = () => document.documentElement.setAttribute("data-bs-theme", chosen() || (dark.matches ? "dark" : "light"));
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-toggle-theme]")) return;
    const now = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", now); } catch { /* a private window: only for this page */ }
    document.documentElement.setAttribute("data-bs-theme", now);
  });
})();

/* Touched visits: says what the button will do, takes all proposals at once, keeps the choices in the address. */
(function () {
  "use strict";
  const form = document.querySelector("[data-touched]");
  if (!form) return;
  const go = form.querySelector("[data-go]"), rows = () => [...form.querySelectorAll("[data-row]")];
  const words = { move: "move", off: "call off", call: "leave to call" };

  const show = () => {
    const counts = { move: 0, off: 0, call: 0, leave: 0 }, address = new URLSearchParams();
    for (const row of rows()) {
      const chosen = row.querySelector("input[type=radio]:checked");
      if (!chosen) continue;
      counts[chosen.dataset.does] += 1;
      if (!chosen.hasAttribute("data-best")) address.set(chosen.name, chosen.value);
    }
    const parts = Object.keys(words).filter((key) => counts[key]).map((key) => `${words[key]} ${counts[key]}`);
    const said = parts.join(", ");
    go.textContent = said ? said[0].toUpperCase() + said.slice(1) + (counts.move || counts.off ? ", and tell the patients" : "") : "Nothing is chosen";
    go.toggleAttribute("data-off", !said); go.disabled = !said;
    const query = address.toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  };

  form.addEventListener("change", show);
  for (const button of form.querySelectorAll("[data-all]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      for (const row of rows()) {
        const one = row.querySelector(button.dataset.all === "best" ? "[data-best]" : "[value=leave]");
        if (one) one.checked = true;
      }
      show();
    });
  }
  show();
})();

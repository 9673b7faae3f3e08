// From the search field into the list of codes and back, by arrow keys. Without this, Tab does the same.
(() => {
  const form = document.querySelector("[data-code-search]");
  if (!form) return;
  const field = form.querySelector("input[name=q]");
  const list = form.querySelector("#codes");
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !list.querySelector("input:checked")) {
      const only = list.querySelectorAll("input[name=code]");
      if (only.length) {
        event.preventDefault();
        only[0].checked = true;
        only[0].focus();
      }
    }
    if (event.key === "ArrowDown") {
      const first = list.querySelector("input:checked") || list.querySelector("input[name=code]");
      if (!first) return;
      event.preventDefault();
      first.checked = true;
      first.focus();
    }
  });
  list.addEventListener("keydown", (event) => {
    const first = list.querySelector("input[name=code]");
    if (event.key === "Escape" || (event.key === "ArrowUp" && event.target === first)) {
      event.preventDefault();
      field.focus();
    }
  });
})();

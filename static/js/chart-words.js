/* Snippets: a dot, a short name and a space become the words; or one of the list, put where one last typed. */
(() => {
  "use strict";
  const form = document.querySelector("[data-chart]"), told = document.getElementById("snippets");
  if (!form || !told) return;
  const words = new Map(JSON.parse(told.textContent).map((one) => [one.short, one.text]));
  const SHORT = /(^|\s)\.([a-z0-9][a-z0-9-]*)[ \n]$/;
  let last = null;

  const put = (field, text, from, to) => {
    field.focus();
    field.setSelectionRange(from, to);
    /* As typing does it, so that Ctrl+Z takes it back. */
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, from, to, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  form.addEventListener("focusin", (event) => { if (event.target.matches("[data-words]")) last = event.target; });
  form.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches("[data-words]") || !/^insert(Text|LineBreak|CompositionText)$/.test(event.inputType || "")) return;
    const caret = field.selectionStart, found = SHORT.exec(field.value.slice(0, caret));
    if (found && words.has(found[2])) put(field, `${words.get(found[2])} `, caret - found[2].length - 2, caret);
  });

  const sheet = document.querySelector("[data-snippets-sheet]");
  const open = form.querySelector("[data-snippets-open]");
  open.hidden = false;
  open.addEventListener("click", () => sheet.showModal());
  sheet.addEventListener("click", (event) => {
    const one = event.target.closest("[data-snippet]");
    if (!one) return;
    sheet.close();
    const field = last || form.elements.subjective, at = field.selectionEnd;
    const before = field.value.slice(0, at), gap = before && !/\s$/.test(before) ? " " : "";
    put(field, `${gap}${words.get(one.dataset.snippet)} `, at, at);
  });
})();

// A press on a field puts it where the cursor stood last, in the subject or in the words.
(() => {
  const form = document.querySelector("[data-wording]");
  if (!form) return;
  const inputs = [...form.querySelectorAll("textarea, input[type=text]")];
  let last = form.querySelector("textarea");
  inputs.forEach((input) => input.addEventListener("focus", () => { last = input; }));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-put]");
    if (!button || !last) return;
    last.setRangeText(button.dataset.put, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();

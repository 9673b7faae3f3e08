// A button beside a field copies it. Without this file, or where the browser refuses, the field is there to select.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = document.querySelector("[data-copy-said]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = button.dataset.copied || "Copied. Paste it into your calendar program.";
    } catch {
      said.textContent = "The browser does not let this page copy. It is selected: press Ctrl and C, or ⌘ and C.";
    }
  });
}
